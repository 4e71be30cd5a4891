/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "base/limits.h"
#include "crypto/sig.h"
#include "evidence/driver.h"
#include "replay.h"

#define COLLECT_MS 20000u

static const struct span exporter = STR("0123456789abcdef0123456789abcdef");

static struct attester *
opened(void)
{
	struct attester *a = NULL;
	struct seal_diag d = { 0 };

	if (attester_open_driver(&replay_driver, NULL, &a, &d) != 0)
		fail_msg("open: %s", d.text);
	return a;
}

/* ---- open ---- */

static void
test_settings(void **state)
{
	static const struct {
		const char *name, *key, *second;
		int want;
	} rows[] = {
		{ "none", NULL, NULL, 0 },
		{ "one", "colour", NULL, 0 },
		{ "two", "colour", "size", 0 },
		{ "unknown", "color", NULL, SEAL_E_CONFIG },
		{ "known, then unknown", "size", "Size", SEAL_E_CONFIG },
		{ "empty name", "", NULL, SEAL_E_CONFIG },
		{ "twice", "size", "size", SEAL_E_CONFIG },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct conf_pair pairs[] = { { rows[i].key, "x" },
			{ rows[i].second, "y" } };
		struct conf conf = { pairs, (size_t)(rows[i].key != NULL) +
						(rows[i].second != NULL) };
		struct attester *a = NULL;
		struct seal_diag d = { 0 };
		int r;

		replay_reset();
		r = attester_open_driver(&replay_driver, &conf, &a, &d);
		if (r != rows[i].want || (r != 0) != (a == NULL))
			fail_msg("%s: got %d (%s)", rows[i].name, r, d.text);
		attester_free(&a);
		assert_int_equal(replay.opens, r == 0 ? 1 : 0);
		assert_int_equal(replay.closes, replay.opens);
	}
}

static void
open_fails(const char *name, int want)
{
	struct attester *a = NULL;
	struct seal_diag d = { 0 };
	int r = attester_open_driver(&replay_driver, NULL, &a, &d);

	if (r != want || d.code != want || a != NULL)
		fail_msg("%s: got %d (%s)", name, r, d.text);
	/* close comes also after a failed open. */
	assert_int_equal(replay.closes, replay.opens);
	replay_reset();
}

static void
test_open_fails(void **state)
{
	struct evidence_driver other = replay_driver;
	struct attester *a = NULL;

	(void)state;
	replay_reset();
	replay.open_r = SEAL_E_UNAVAILABLE;
	open_fails("open", SEAL_E_UNAVAILABLE);
	replay.subject_r = SEAL_E_IO;
	open_fails("subject", SEAL_E_IO);
	replay.bad_chain = true;
	open_fails("chain with a trailing byte", SEAL_E_DECODE);
	replay.chain_n = LIMIT_CHAIN + 1;
	open_fails("chain too long", SEAL_E_LIMIT);
	other.abi++;
	assert_int_equal(
	    attester_open_driver(&other, NULL, &a, NULL), SEAL_E_ARGUMENT);
	assert_int_equal(
	    attester_open("no such driver", NULL, &a, NULL), SEAL_E_CONFIG);
	assert_int_equal(replay.opens, 0);
	attester_free(&a); /* NULL is fine */
}

static void
test_facts(void **state)
{
	struct attester *a;
	const struct span *chain = NULL;

	(void)state;
	replay_reset();
	replay.chain_n = LIMIT_CHAIN;
	replay.binder_max = 32;
	a = opened();
	assert_string_equal(attester_name(a), "replay");
	assert_string_equal(attester_media_type(a), "application/x-replay");
	assert_true(attester_insecure(a));
	assert_int_equal(attester_chain(a, &chain), LIMIT_CHAIN);
	assert_true(chain[0].n > 0);
	assert_true(attester_spki(a).n > 0);
	assert_true(attester_fits(a, HASH_SHA256));
	assert_false(attester_fits(a, HASH_SHA384));
	assert_false(attester_fits(a, HASH_NONE));
	attester_free(&a);
	replay.binder_max = 0;
	a = opened();
	assert_true(attester_fits(a, HASH_SHA512));
	attester_free(&a);
}

/* Who has a setting for the subject key's file has the key in memory. */
static void
test_keys(void **state)
{
	(void)state;
	for (size_t i = 0; evidence_drivers[i] != NULL; i++) {
		const struct evidence_driver *by = evidence_drivers[i];
		bool set = false;

		for (size_t k = 0; by->keys[k] != NULL; k++)
			set = set || strcmp(by->keys[k], "key") == 0;
		if (set && by->key == NULL)
			fail_msg("%s: no key()", by->name);
	}
}

/* ---- doc/config.schema.json ---- */

/* The settings of one driver, as the schema has them. */
static json_t *
settings_of(json_t *schema, const char *name)
{
	json_t *blocks = NULL, *one, *found = NULL;
	const char *is;
	size_t i;

	assert_int_equal(json_unpack(schema, "{s:{s:{s:{s:o}}}}", "properties",
			     "attesters", "items", "allOf", &blocks),
	    0);
	json_array_foreach(blocks, i, one)
	{
		assert_int_equal(json_unpack(one, "{s:{s:{s:{s:s}}}}", "if",
				     "properties", "driver", "const", &is),
		    0);
		if (strcmp(is, name) == 0)
			json_unpack(one, "{s:{s:{s:{s:o}}}}", "then",
			    "properties", "conf", "properties", &found);
	}
	if (found == NULL)
		fail_msg("%s: not in the schema", name);
	return found;
}

/* Every setting stands in the schema, and every one in it is known. */
static void
test_schema(void **state)
{
	const char *root = getenv("SEAL_SOURCE_ROOT");
	json_t *schema;
	char path[1024];

	(void)state;
	snprintf(path, sizeof(path), "%s/doc/config.schema.json",
	    root == NULL ? "." : root);
	schema = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(schema);
	for (size_t i = 0; evidence_drivers[i] != NULL; i++) {
		const struct evidence_driver *by = evidence_drivers[i];
		json_t *settings = settings_of(schema, by->name);
		size_t n = 0;

		for (; by->keys[n] != NULL; n++)
			if (json_object_get(settings, by->keys[n]) == NULL)
				fail_msg("%s: '%s' is not in the schema",
				    by->name, by->keys[n]);
		if (json_object_size(settings) != n)
			fail_msg("%s: the schema has others", by->name);
	}
	json_decref(schema);
}

static void
test_table(void **state)
{
	(void)state;
	assert_non_null(evidence_driver_find("tpm2"));
	assert_non_null(evidence_driver_find("soft"));
	assert_null(evidence_driver_find("replay"));
	assert_null(evidence_driver_find(""));
	assert_false(evidence_driver_find("tpm2")->insecure);
	assert_true(evidence_driver_find("soft")->insecure);
}

/* ---- Bindings: PROTOCOL 5.4 rule 2 and 5.5 rule 1 ---- */

static void
bind_good(struct seal_binding *b, struct attester *a)
{
	assert_int_equal(
	    binding_post(HASH_SHA256, attester_spki(a), exporter, b, NULL), 0);
}

static void
bind_intra(struct seal_binding *b, struct attester *a)
{
	assert_int_equal(binding_intra(HASH_SHA256, attester_spki(a), exporter,
			     false, b, NULL),
	    0);
}

static void
bind_offline(struct seal_binding *b, struct attester *a)
{
	assert_int_equal(
	    binding_offline(exporter, attester_spki(a), b, NULL), 0);
}

static void
bind_none(struct seal_binding *b, struct attester *a)
{
	(void)a;
	memset(b, 0, sizeof(*b));
}

static void
bind_kind_zero(struct seal_binding *b, struct attester *a)
{
	bind_good(b, a);
	b->kind = BINDING_NONE;
}

static void
bind_size_zero(struct seal_binding *b, struct attester *a)
{
	bind_good(b, a);
	b->size = 0;
}

static void
bind_size_short(struct seal_binding *b, struct attester *a)
{
	bind_good(b, a);
	b->size = 31;
}

static void
bind_replay(struct seal_binding *b, struct attester *a)
{
	assert_int_equal(
	    binding_replay(exporter, attester_spki(a), b, NULL), 0);
}

static void
bind_other_key(struct seal_binding *b, struct attester *a)
{
	static uint8_t spki[LIMIT_SPKI];
	struct span s = attester_spki(a);

	memcpy(spki, s.p, s.n);
	spki[s.n - 1] ^= 1;
	assert_int_equal(
	    binding_post(HASH_SHA256, span_of(spki, s.n), exporter, b, NULL),
	    0);
}

static void
bind_no_key(struct seal_binding *b, struct attester *a)
{
	bind_good(b, a);
	b->spki.n = 0;
}

static void
bind_long(struct seal_binding *b, struct attester *a)
{
	assert_int_equal(
	    binding_post(HASH_SHA384, attester_spki(a), exporter, b, NULL), 0);
}

static void
test_bindings(void **state)
{
	static const struct {
		const char *name;
		void (*make)(struct seal_binding *b, struct attester *a);
		int want;
	} rows[] = {
		{ "post-handshake", bind_good, 0 },
		{ "in the handshake", bind_intra, 0 },
		{ "offline", bind_offline, 0 },
		{ "all zero", bind_none, SEAL_E_BINDER },
		{ "kind zero", bind_kind_zero, SEAL_E_BINDER },
		{ "size zero", bind_size_zero, SEAL_E_BINDER },
		{ "size short", bind_size_short, SEAL_E_BINDER },
		{ "recorded", bind_replay, SEAL_E_BINDER },
		{ "another key", bind_other_key, SEAL_E_BINDER },
		{ "no key", bind_no_key, SEAL_E_BINDER },
		{ "too long for it", bind_long, SEAL_E_UNSUPPORTED },
	};
	struct attester *a;

	(void)state;
	replay_reset();
	replay.binder_max = 32;
	a = opened();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seal_diag d = { 0 };
		struct seal_binding b;
		struct wr w;
		int r, before = replay.collects;

		wr_init_heap(&w, LIMIT_CMW);
		rows[i].make(&b, a);
		r = attester_collect(a, &b, COLLECT_MS, &w, &d);
		if (r != rows[i].want)
			fail_msg("%s: got %d (%s)", rows[i].name, r, d.text);
		assert_int_equal(replay.collects, before + (r == 0 ? 1 : 0));
		assert_int_equal(w.n, r == 0 ? replay.evidence.n : 0);
		wr_free(&w);
	}
	attester_free(&a);
}

/* ---- Results ---- */

/* Half a result never gets out. */
static void
test_collect_fails(void **state)
{
	static uint8_t large[LIMIT_CMW + 1];
	struct attester *a;
	struct seal_binding b;
	uint8_t small[4];
	struct wr w;

	(void)state;
	replay_reset();
	a = opened();
	bind_good(&b, a);
	wr_init_heap(&w, 2 * LIMIT_CMW);
	replay.collect_r = SEAL_E_IO;
	assert_int_equal(
	    attester_collect(a, &b, COLLECT_MS, &w, NULL), SEAL_E_IO);
	replay.collect_r = 0;
	replay.evidence = span_of(NULL, 0);
	assert_int_equal(
	    attester_collect(a, &b, COLLECT_MS, &w, NULL), SEAL_E_EVIDENCE);
	replay.evidence = span_of(large, sizeof(large));
	assert_int_equal(
	    attester_collect(a, &b, COLLECT_MS, &w, NULL), SEAL_E_LIMIT);
	assert_int_equal(w.n, 0);
	replay_reset();
	wr_init(&w, small, sizeof(small));
	assert_int_equal(
	    attester_collect(a, &b, COLLECT_MS, &w, NULL), SEAL_E_LIMIT);
	attester_free(&a);
}

static void
test_sign(void **state)
{
	struct attester *a;
	struct pubkey *key = NULL;
	uint8_t buf[LIMIT_SIGNATURE];
	struct wr w;

	(void)state;
	replay_reset();
	a = opened();
	wr_init(&w, buf, sizeof(buf));
	assert_int_equal(
	    attester_sign(a, SIG_ECDSA_P256_SHA256, exporter, &w, NULL), 0);
	assert_int_equal(pubkey_from_spki(attester_spki(a), &key, NULL), 0);
	assert_int_equal(pubkey_verify(key, SIG_ECDSA_P256_SHA256, exporter,
			     wr_view(&w), NULL),
	    0);
	wr_init(&w, buf, sizeof(buf));
	assert_int_equal(
	    attester_sign(a, SIG_ED25519, exporter, &w, NULL), SEAL_E_KEY);
	assert_int_equal(
	    attester_sign(a, SIG_NONE, exporter, &w, NULL), SEAL_E_KEY);
	replay.sign_r = SEAL_E_UNAVAILABLE;
	assert_int_equal(
	    attester_sign(a, SIG_ECDSA_P256_SHA256, exporter, &w, NULL),
	    SEAL_E_UNAVAILABLE);
	assert_int_equal(w.n, 0);
	pubkey_unref(&key);
	attester_free(&a);
}

/* ---- Threads ---- */

struct thread {
	pthread_t id;
	struct attester *a;
	struct seal_binding b;
	uint32_t timeout_ms;
	int r;
};

static void *
collect_thread(void *arg)
{
	struct thread *t = arg;
	struct wr w;

	wr_init_heap(&w, LIMIT_CMW);
	t->r = attester_collect(t->a, &t->b, t->timeout_ms, &w, NULL);
	wr_free(&w);
	return NULL;
}

static void
start(struct thread *t, struct attester *a, uint8_t mark, uint32_t timeout_ms)
{
	t->a = a;
	t->timeout_ms = timeout_ms;
	bind_good(&t->b, a);
	t->b.binder[0] = mark; /* the driver writes it down */
	assert_int_equal(pthread_create(&t->id, NULL, collect_thread, t), 0);
}

static void
nap(unsigned ms)
{
	struct timespec ts = { .tv_nsec = (long)ms * 1000000 };

	nanosleep(&ts, NULL);
}

/* One at a time, and in the order in which they came. */
static void
test_fifo(void **state)
{
	struct thread t[6];
	struct attester *a;

	(void)state;
	replay_reset();
	a = opened();
	replay.collect_ms = 300; /* so that all the others queue up */
	for (uint8_t i = 0; i < 6; i++) {
		start(&t[i], a, i, COLLECT_MS);
		while (i == 0 && replay.inside == 0)
			nap(1);
		nap(40); /* to get there, also on a busy machine */
	}
	for (int i = 0; i < 6; i++) {
		pthread_join(t[i].id, NULL);
		assert_int_equal(t[i].r, 0);
		assert_int_equal(replay.order[i], i);
	}
	assert_int_equal(replay.overlaps, 0);
	attester_free(&a);
}

/* Who waits too long leaves the queue, and those behind move up. */
static void
test_wait_times_out(void **state)
{
	struct thread t[3];
	struct attester *a;

	(void)state;
	replay_reset();
	a = opened();
	replay.collect_ms = 400;
	start(&t[0], a, 0, COLLECT_MS);
	while (replay.inside == 0)
		nap(1);
	start(&t[1], a, 1, 30);
	nap(10);
	start(&t[2], a, 2, COLLECT_MS);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i].id, NULL);
	assert_int_equal(t[0].r, 0);
	assert_int_equal(t[1].r, SEAL_E_UNAVAILABLE);
	assert_int_equal(t[2].r, 0);
	assert_int_equal(replay.collects, 2);
	assert_int_equal(replay.order[1], 2);
	attester_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_open_fails),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_schema),
		cmocka_unit_test(test_bindings),
		cmocka_unit_test(test_collect_fails),
		cmocka_unit_test(test_sign),
		cmocka_unit_test(test_fifo),
		cmocka_unit_test(test_wait_times_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
