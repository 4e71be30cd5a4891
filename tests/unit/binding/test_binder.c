/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "base/limits.h"
#include "binding/binder.h"

static const uint8_t bytes[LIMIT_SPKI + 1] = { 1, 2, 3, 4, 5, 6, 7 };

/* spki, then the exporter or transcript hash, by their sizes alone. */
struct binder_case {
	const char *name;
	enum hash hash;
	size_t spki, value;
	int post, intra;
};

static const struct binder_case cases[] = {
	{ "good, 32", HASH_SHA256, 91, 32, 0, 0 },
	{ "good, 48", HASH_SHA384, 91, 48, SEAL_E_ARGUMENT, 0 },
	{ "SHA-384 over 32", HASH_SHA384, 91, 32, 0, SEAL_E_ARGUMENT },
	{ "largest key", HASH_SHA256, LIMIT_SPKI, 32, 0, 0 },
	{ "no key", HASH_SHA256, 0, 32, SEAL_E_KEY, SEAL_E_KEY },
	{ "key too large", HASH_SHA256, LIMIT_SPKI + 1, 32, SEAL_E_KEY,
	    SEAL_E_KEY },
	{ "no value", HASH_SHA256, 91, 0, SEAL_E_ARGUMENT, SEAL_E_ARGUMENT },
	{ "value too short", HASH_SHA256, 91, 31, SEAL_E_ARGUMENT,
	    SEAL_E_ARGUMENT },
	{ "value too long", HASH_SHA256, 91, 33, SEAL_E_ARGUMENT,
	    SEAL_E_ARGUMENT },
	{ "no hash", HASH_NONE, 91, 32, SEAL_E_ARGUMENT, SEAL_E_ARGUMENT },
	{ "no hash, no value", HASH_NONE, 91, 0, SEAL_E_ARGUMENT,
	    SEAL_E_ARGUMENT },
	{ "SHA-1", HASH_SHA1, 91, 32, SEAL_E_ARGUMENT, SEAL_E_ARGUMENT },
	{ "SHA-1 over 20", HASH_SHA1, 91, 20, SEAL_E_ARGUMENT,
	    SEAL_E_ARGUMENT },
	{ NULL },
};

static void
expect(const char *name, int want, int r, const struct seal_binding *b,
    const struct seal_diag *d)
{
	if (r != want)
		fail_msg("%s: got %d (%s)", name, r, d->text);
	/* What failed left the output alone. */
	if (binding_valid(b) != (want == 0) || (want == 0) != (b->size != 0))
		fail_msg("%s: %zu bytes", name, b->size);
}

/* PROTOCOL 5.4 rule 2: no binding is ever empty. */
static void
each_argument(void **state)
{
	(void)state;
	for (const struct binder_case *c = cases; c->name != NULL; c++) {
		struct span spki = { bytes, c->spki }, v = { bytes, c->value };
		struct seal_binding post = { 0 }, intra = { 0 };
		struct seal_diag d = { 0 };

		expect(c->name, c->post,
		    binding_post(c->hash, spki, v, &post, &d), &post, &d);
		d = (struct seal_diag){ 0 };
		expect(c->name, c->intra,
		    binding_intra(c->hash, spki, v, false, &intra, &d), &intra,
		    &d);
	}
}

/* Each of the arguments changes the value, and no two carriers share one. */
static void
all_differ(void **state)
{
	struct span key = { bytes, 91 }, key2 = { bytes + 1, 91 };
	struct span v = { bytes, 32 }, v2 = { bytes + 1, 32 };
	struct seal_binding b[8] = { 0 };

	(void)state;
	assert_int_equal(binding_post(HASH_SHA256, key, v, &b[0], NULL), 0);
	assert_int_equal(binding_post(HASH_SHA256, key2, v, &b[1], NULL), 0);
	assert_int_equal(binding_post(HASH_SHA256, key, v2, &b[2], NULL), 0);
	assert_int_equal(
	    binding_intra(HASH_SHA256, key, v, false, &b[3], NULL), 0);
	assert_int_equal(
	    binding_intra(HASH_SHA256, key, v, true, &b[4], NULL), 0);
	assert_int_equal(
	    binding_intra(HASH_SHA256, key2, v, false, &b[5], NULL), 0);
	assert_int_equal(
	    binding_intra(HASH_SHA256, key, v2, false, &b[6], NULL), 0);
	assert_int_equal(binding_offline(v, key, &b[7], NULL), 0);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(binding_value(&b[i]).n, 32);
		for (size_t j = 0; j < i; j++)
			assert_false(span_equal(
			    binding_value(&b[i]), binding_value(&b[j])));
	}
}

/* PROTOCOL 5.5 rule 1: the nonce alone, with its own domain. */
static void
offline_nonces(void **state)
{
	struct span parts[] = { STR("SEAL offline evidence v1"), { bytes, 8 } };
	struct span key = { bytes, 91 };
	uint8_t want[HASH_MAX];

	(void)state;
	for (size_t n = 0; n < 80; n++) {
		struct seal_binding b = { 0 };
		bool good = n >= 8 && n <= 64;

		assert_int_equal(
		    binding_offline(span_of(bytes, n), key, &b, NULL),
		    good ? 0 : SEAL_E_ARGUMENT);
		assert_int_equal(binding_valid(&b), good);
		if (n != 8)
			continue;
		assert_int_equal(
		    hash_parts(HASH_SHA256, parts, 2, want, NULL), 0);
		assert_true(span_equal(binding_value(&b), span_of(want, 32)));
		assert_int_equal(b.kind, BINDING_OFFLINE);
	}
}

static void
replayed_sizes(void **state)
{
	(void)state;
	for (size_t n = 0; n < 80; n++) {
		struct seal_binding b = { 0 };
		bool good = n == 32 || n == 48 || n == 64;

		assert_int_equal(binding_replay(span_of(bytes, n),
				     span_of(NULL, 0), &b, NULL),
		    good ? 0 : SEAL_E_ARGUMENT);
		assert_int_equal(binding_value(&b).n, good ? n : 0);
		assert_int_equal(binding_raw_nonce(span_of(bytes, n),
				     span_of(NULL, 0), &b, NULL),
		    good ? 0 : SEAL_E_UNSUPPORTED);
	}
}

struct valid_case {
	const char *name;
	struct seal_binding b;
	bool want;
};

static const struct valid_case valid_cases[] = {
	{ "good", { BINDING_POST, HASH_SHA256, 32 }, true },
	{ "zero", { 0 }, false },
	{ "no kind", { 0, HASH_SHA256, 32 }, false },
	{ "unknown kind", { BINDING_RAW_NONCE + 1, HASH_SHA256, 32 }, false },
	{ "no hash", { BINDING_POST, HASH_NONE, 32 }, false },
	{ "no hash, no size", { BINDING_POST, HASH_NONE, 0 }, false },
	{ "unknown hash", { BINDING_POST, 99, 0 }, false },
	{ "SHA-1", { BINDING_POST, HASH_SHA1, 20 }, false },
	{ "empty", { BINDING_POST, HASH_SHA256, 0 }, false },
	{ "cut", { BINDING_POST, HASH_SHA384, 32 }, false },
	{ NULL },
};

static void
only_whole_ones_are_valid(void **state)
{
	(void)state;
	for (const struct valid_case *c = valid_cases; c->name != NULL; c++) {
		if (binding_valid(&c->b) != c->want ||
		    (binding_value(&c->b).n > 0) != c->want)
			fail_msg("%s", c->name);
	}
	assert_false(binding_valid(NULL));
	assert_int_equal(binding_value(NULL).n, 0);
}

/* PROTOCOL 5.5 rule 1: both lengths are part of what is hashed. */
static void
verifier_nonces(void **state)
{
	static const uint8_t head[] = { 0, 2, 'v', '1', 0, 8 };
	struct span parts[] = { STR("SEAL verifier nonce v1"),
		{ head, sizeof(head) }, { bytes, 8 } };
	struct span key = { 0 }, id = STR("v1");
	struct seal_binding b = { 0 }, other = { 0 };
	uint8_t want[HASH_MAX];

	(void)state;
	assert_int_equal(hash_parts(HASH_SHA256, parts, 3, want, NULL), 0);
	assert_int_equal(
	    binding_verifier(id, span_of(bytes, 8), key, &b, NULL), 0);
	assert_int_equal(b.kind, BINDING_VERIFIER);
	assert_int_equal(b.size, 32);
	assert_memory_equal(b.binder, want, 32);
	for (size_t n = 0; n < 66; n++)
		if ((binding_verifier(id, span_of(bytes, n), key, &other,
			 NULL) == 0) != (n >= 8 && n <= 64))
			fail_msg("a nonce of %zu", n);
	for (size_t n = 0; n < 130; n++)
		if ((binding_verifier(span_of(bytes, n), span_of(bytes, 8), key,
			 &other, NULL) == 0) != (n >= 1 && n <= 128))
			fail_msg("a name of %zu", n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_argument),
		cmocka_unit_test(all_differ),
		cmocka_unit_test(offline_nonces),
		cmocka_unit_test(verifier_nonces),
		cmocka_unit_test(replayed_sizes),
		cmocka_unit_test(only_whole_ones_are_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
