/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "base/text.h"
#include "format/ima.h"

#include "ima_fixture.h"

static uint8_t room[65536];
static const uint8_t big[IMA_DATA_MAX + 1];

static struct wr
writer(void)
{
	struct wr w;

	wr_init(&w, room, sizeof(room));
	return w;
}

#define DIGEST STR("sha256:\0ABCDEFGHABCDEFGHABCDEFGHABCDEFGH")

static const struct ima_recipe ng = { 10, "ima-ng", DIGEST, STR("/bin/init\0"),
	false, { 0 }, false, 0 };
static const struct ima_recipe sig = { 10, "ima-sig", DIGEST, STR("/bin/sh\0"),
	true, STR("\3\2signature"), false, 0 };
static const struct ima_recipe unsigned_file = { 10, "ima-sig", DIGEST,
	STR("/bin/ls\0"), true, STR(""), false, 0 };
static const struct ima_recipe buffer = { 10, "ima-buf", DIGEST,
	STR("kexec-cmdline\0"), true, STR("quiet ro"), false, 0 };
static const struct ima_recipe violation = { 10, "ima-ng", DIGEST,
	STR("/var/log/x\0"), false, { 0 }, true, 0 };

static void
reads_binary(void **state)
{
	struct ima_entry e;
	struct ima_iter it;
	struct wr w = writer();

	(void)state;
	ima_put(&w, &ng);
	ima_put(&w, &sig);
	ima_put(&w, &violation);
	ima_put(&w, &buffer);
	ima_begin(wr_view(&w), &it);
	assert_int_equal(ima_next(&it, &e, NULL), 1);
	assert_true(span_is(e.name, "/bin/init"));
	assert_true(span_is(e.file_alg, "sha256"));
	assert_int_equal(e.file_digest.n, 32);
	assert_false(e.violation);
	assert_int_equal(ima_next(&it, &e, NULL), 1);
	assert_int_equal(e.template, IMA_SIG);
	assert_true(span_is(e.data, "\3\2signature"));
	assert_int_equal(ima_next(&it, &e, NULL), 1);
	assert_true(e.violation);
	assert_int_equal(e.number, 2);
	assert_int_equal(ima_next(&it, &e, NULL), 1);
	assert_int_equal(e.template, IMA_BUF);
	assert_true(span_is(e.name, "kexec-cmdline"));
	assert_true(span_is(e.data, "quiet ro"));
	assert_int_equal(ima_next(&it, &e, NULL), 0);
}

static const struct {
	const char *name;
	struct ima_recipe r;
	int want;
} bad[] = {
	{ "a template digest that is not over the fields",
	    { 10, "ima-ng", DIGEST, STR("/bin/init\0"), false, { 0 }, false,
		1 },
	    SEAL_E_EVIDENCE },
	{ "an old template",
	    { 10, "ima", DIGEST, STR("/a\0"), false, { 0 }, false, 0 },
	    SEAL_E_DECODE },
	{ "ima-ng with a signature",
	    { 10, "ima-ng", DIGEST, STR("/a\0"), true, STR("s"), false, 0 },
	    SEAL_E_DECODE },
	{ "ima-sig without one",
	    { 10, "ima-sig", DIGEST, STR("/a\0"), false, { 0 }, false, 0 },
	    SEAL_E_DECODE },
	{ "ima-buf without a buffer",
	    { 10, "ima-buf", DIGEST, STR("/a\0"), false, { 0 }, false, 0 },
	    SEAL_E_DECODE },
	{ "ima-modsig",
	    { 10, "ima-modsig", DIGEST, STR("/a\0"), true, STR("s"), false, 0 },
	    SEAL_E_DECODE },
	{ "a buffer over its limit",
	    { 10, "ima-buf", DIGEST, STR("/a\0"), true, { big, sizeof(big) },
		false, 0 },
	    SEAL_E_DECODE },
	{ "a name without NUL",
	    { 10, "ima-ng", DIGEST, STR("/a"), false, { 0 }, false, 0 },
	    SEAL_E_DECODE },
	{ "a NUL within the name",
	    { 10, "ima-ng", DIGEST, STR("/a\0b\0"), false, { 0 }, false, 0 },
	    SEAL_E_DECODE },
	{ "no name", { 10, "ima-ng", DIGEST, STR(""), false, { 0 }, false, 0 },
	    SEAL_E_DECODE },
	{ "a digest without algorithm",
	    { 10, "ima-ng", STR(":\0ABCD"), STR("/a\0"), false, { 0 }, false,
		0 },
	    SEAL_E_DECODE },
	{ "a digest without colon",
	    { 10, "ima-ng", STR("sha256"), STR("/a\0"), false, { 0 }, false,
		0 },
	    SEAL_E_DECODE },
	{ "a digest without NUL",
	    { 10, "ima-ng", STR("sha256:AB"), STR("/a\0"), false, { 0 }, false,
		0 },
	    SEAL_E_DECODE },
	{ "an empty digest",
	    { 10, "ima-ng", STR("sha256:\0"), STR("/a\0"), false, { 0 }, false,
		0 },
	    SEAL_E_DECODE },
};

static void
refuses_binary(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct seal_diag d = { 0 };
		struct ima_replay p = { .n_entries = 77 };
		struct wr w = writer();
		int r;

		ima_put(&w, &ng);
		ima_put(&w, &bad[i].r);
		r = ima_replay(wr_view(&w), TPM_ALG_SHA256, &p, &d);
		if (r != bad[i].want)
			fail_msg("%s: got %d (%s)", bad[i].name, r, d.text);
		assert_int_equal(p.n_entries, 77);
	}
}

/* No prefix of a log passes but those that end with an entry. */
static void
cut_anywhere(void **state)
{
	struct ima_replay p;
	struct wr w = writer();
	size_t good = 0;

	(void)state;
	ima_put(&w, &ng);
	ima_put(&w, &sig);
	ima_put(&w, &violation);
	for (size_t n = 1; n < w.n; n++)
		good +=
		    ima_replay(span_of(room, n), TPM_ALG_SHA1, &p, NULL) == 0;
	assert_int_equal(good, 2);
}

static void
replays(void **state)
{
	struct ima_replay p = { 0 };
	uint8_t want[HASH_MAX] = { 0 }, ff[HASH_MAX], fields[256];
	uint8_t digest[HASH_MAX];
	struct wr w = writer(), f;

	(void)state;
	memset(ff, 0xff, sizeof(ff));
	wr_init(&f, fields, sizeof(fields));
	ima_put_vec(&f, ng.digest);
	ima_put_vec(&f, ng.name);
	ima_put(&w, &ng);
	ima_put(&w, &violation);
	for (uint16_t bank = TPM_ALG_SHA256; bank <= TPM_ALG_SHA512; bank++) {
		enum hash h = tpm_hash(bank);
		struct span s = span_of(want, hash_size(h));
		struct span one[2] = { s, span_of(digest, s.n) };
		struct span two[2] = { s, span_of(ff, s.n) };

		memset(want, 0, sizeof(want));
		assert_int_equal(hash_one(h, wr_view(&f), digest, NULL), 0);
		assert_int_equal(hash_parts(h, one, 2, want, NULL), 0);
		assert_int_equal(hash_parts(h, two, 2, want, NULL), 0);
		assert_int_equal(ima_replay(wr_view(&w), bank, &p, NULL), 0);
		assert_int_equal(p.n_entries, 2);
		assert_int_equal(p.n_violations, 1);
		assert_memory_equal(p.value, want, s.n);
	}
	assert_int_equal(
	    ima_replay(wr_view(&w), 0x12, &p, NULL), SEAL_E_UNSUPPORTED);
	w = writer();
	ima_put(&w, &ng);
	room[0] = 11;
	assert_int_equal(ima_replay(wr_view(&w), TPM_ALG_SHA1, &p, NULL),
	    SEAL_E_UNSUPPORTED);
}

/* The start that makes a value is found, whatever comes behind it. */
static void
finds(void **state)
{
	static const struct ima_recipe *const all[] = { &ng, &violation, &sig };
	struct ima_replay p = { 0 }, after[3];
	struct seal_diag d = { 0 };
	size_t ends[3], n = 77;
	struct wr w = writer();

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		ima_put(&w, all[i]);
		ends[i] = w.n;
		assert_int_equal(
		    ima_replay(wr_view(&w), TPM_ALG_SHA256, &after[i], NULL),
		    0);
	}
	wr_u8(&w, 1); /* of an entry that is being written */
	for (size_t i = 0; i < 3; i++) {
		struct span value = span_of(after[i].value, 32);

		assert_int_equal(
		    ima_find(wr_view(&w), TPM_ALG_SHA256, value, &p, &n, NULL),
		    0);
		assert_int_equal(n, ends[i]);
		assert_int_equal(p.n_entries, i + 1);
		assert_int_equal(p.n_violations, i > 0);
	}
	n = 77;
	after[1].value[31] ^= 1;
	w.n--;
	assert_int_equal(ima_find(wr_view(&w), TPM_ALG_SHA256,
			     span_of(after[1].value, 32), &p, &n, &d),
	    SEAL_E_EVIDENCE);
	assert_non_null(strstr(d.text, "3 entries"));
	/* A value of another bank, and of none. */
	assert_int_equal(ima_find(wr_view(&w), TPM_ALG_SHA384,
			     span_of(after[2].value, 32), &p, &n, NULL),
	    SEAL_E_EVIDENCE);
	assert_int_equal(ima_find(wr_view(&w), 0x12,
			     span_of(after[2].value, 32), &p, &n, NULL),
	    SEAL_E_UNSUPPORTED);
	/* An entry that is none, before the value. */
	room[ends[0]] = 11;
	assert_int_equal(ima_find(wr_view(&w), TPM_ALG_SHA256,
			     span_of(after[2].value, 32), &p, &n, NULL),
	    SEAL_E_UNSUPPORTED);
	assert_int_equal(n, 77);
}

/* The same entries as text, which replays to the same. */
static void
put_line(struct wr *w, const struct ima_recipe *r)
{
	uint8_t buf[512];
	struct wr e;

	wr_init(&e, buf, sizeof(buf));
	ima_put(&e, r);
	wr_printf(w, "10 ");
	wr_hex(w, span_of(buf + 4, 20));
	wr_printf(w, " %s sha256:", r->template);
	wr_hex(w, span_of(r->digest.p + 8, r->digest.n - 8));
	wr_printf(w, " %s", (const char *)r->name.p);
	if (r->has_sig) {
		wr_printf(w, " ");
		wr_hex(w, r->sig);
	}
	wr_printf(w, "\n");
}

static void
reads_text(void **state)
{
	static const struct ima_recipe *const all[] = { &ng, &sig,
		&unsigned_file, &violation, &buffer };
	struct ima_replay text = { 0 }, binary = { 0 };
	struct seal_diag d = { 0 };
	struct wr w = writer();
	size_t good = 0;

	(void)state;
	for (size_t i = 0; i < 5; i++)
		ima_put(&w, all[i]);
	assert_int_equal(
	    ima_replay(wr_view(&w), TPM_ALG_SHA256, &binary, &d), 0);
	w = writer();
	for (size_t i = 0; i < 5; i++)
		put_line(&w, all[i]);
	if (ima_replay(wr_view(&w), TPM_ALG_SHA256, &text, &d) != 0)
		fail_msg("%s", d.text);
	assert_int_equal(text.n_entries, 5);
	assert_memory_equal(text.value, binary.value, 32);
	for (size_t n = 1; n < w.n; n++)
		good += ima_replay(
			    span_of(room, n), TPM_ALG_SHA256, &text, NULL) == 0;
	assert_int_equal(good, 4);
}

#define HEX40 "0000000000000000000000000000000000000000"

static const char *const bad_lines[] = {
	"10\n",
	"11 " HEX40 " ima-ng sha1:" HEX40 " /a\n",
	"10 " HEX40 "00 ima-ng sha1:" HEX40 " /a\n",
	"10 00 ima-ng sha1:" HEX40 " /a\n",
	"10 " HEX40 " ima-modsig sha1:" HEX40 " /a\n",
	"10 " HEX40 " ima-ng sha1" HEX40 " /a\n",
	"10 " HEX40 " ima-ng sha1: /a\n",
	"10 " HEX40 " ima-ng sha1:zz /a\n",
	"10 " HEX40 " ima-ng sha1:" HEX40 " /a b\n",
	"10 " HEX40 " ima-ng sha1:" HEX40 "\n",
	"10 " HEX40 " ima-sig sha1:" HEX40 " /a zz\n",
	"10 " HEX40 " ima-ng sha1:" HEX40 " /a\n\n",
	"10  ima-ng sha1:" HEX40 " /a\n",
	NULL,
};

static void
refuses_text(void **state)
{
	struct ima_replay p;

	(void)state;
	for (size_t i = 0; bad_lines[i] != NULL; i++)
		if (ima_replay(span_str(bad_lines[i]), TPM_ALG_SHA256, &p,
			NULL) != SEAL_E_DECODE)
			fail_msg("%s", bad_lines[i]);
	assert_int_equal(
	    ima_replay(span_str("10 " HEX40 " ima-ng sha1:" HEX40 " /a\n"),
		TPM_ALG_SHA256, &p, NULL),
	    0);
	assert_int_equal(p.n_violations, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_binary),
		cmocka_unit_test(refuses_binary),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(replays),
		cmocka_unit_test(finds),
		cmocka_unit_test(reads_text),
		cmocka_unit_test(refuses_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
