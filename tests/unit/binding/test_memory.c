/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <openssl/err.h>
#include <string.h>

#include "allocfail.h"
#include "binding/binder.h"
#include "forge.h"

#define MANY 20000 /* more allocations than any call here makes */

static struct ea_keys keys;
static struct ea_request req;
static uint8_t req_buf[256], good_buf[4096], bad_buf[4096], empty_buf[128];
static struct span good, bad_signature, empty;

static int
do_authenticate(void)
{
	struct ea_identity id = person_identity(person(P256), span_str("cmw"));
	struct wr w;
	int r;

	wr_init_heap(&w, LIMIT_FRAME_AUTHENTICATOR);
	r = ea_authenticate(&w, &keys, &req, CMW_TYPE, &id, NULL);
	wr_free(&w);
	return r;
}

static int
do_request(void)
{
	struct wr w;
	int r;

	wr_init_heap(&w, LIMIT_FRAME_REQUEST);
	r = ea_request_write(&w, EA_CLIENT, span_str("c"), CMW_TYPE, NULL);
	wr_free(&w);
	return r;
}

static int
do_refuse(void)
{
	struct wr w;
	int r;

	wr_init_heap(&w, LIMIT_FRAME_AUTHENTICATOR);
	r = ea_refuse(&w, &keys, &req, NULL);
	wr_free(&w);
	return r;
}

static int
validate(struct span in)
{
	struct ea_peer peer = { 0 };
	int r = ea_validate(
	    in, &keys, &req, CMW_TYPE, NULL, NULL, NULL, &peer, NULL);

	assert_true((r == 0) == (peer.leaf != NULL));
	cert_unref(&peer.leaf);
	return r;
}

static int
do_validate(void)
{
	return validate(good);
}

static int
do_validate_bad(void)
{
	return validate(bad_signature);
}

static int
do_validate_empty(void)
{
	return validate(empty);
}

static int
do_binder(void)
{
	struct seal_binding b = { 0 };
	int r = binding_post(
	    HASH_SHA384, span_of(good_buf, 91), span_of(bad_buf, 32), &b, NULL);

	assert_true((r == 0) == binding_valid(&b));
	return r;
}

static int
do_intra_binder(void)
{
	struct seal_binding b = { 0 };
	int r = binding_intra(HASH_SHA384, span_of(good_buf, 91),
	    span_of(bad_buf, 48), false, &b, NULL);

	assert_true((r == 0) == binding_valid(&b));
	return r;
}

static int
do_offline_binder(void)
{
	struct seal_binding b = { 0 };
	int r = binding_offline(
	    span_of(good_buf, 32), span_of(good_buf, 91), &b, NULL);

	assert_true((r == 0) == binding_valid(&b));
	return r;
}

static int
do_mark(void)
{
	struct ea_contexts c = { 0 };
	int r = ea_contexts_mark(&c, req.context, NULL);

	ea_contexts_free(&c);
	return r;
}

struct memory_case {
	const char *name;
	int (*call)(void);
	int want; /* with all the memory that it asks for */
};

static const struct memory_case cases[] = {
	{ "request", do_request, 0 },
	{ "authenticate", do_authenticate, 0 },
	{ "refuse", do_refuse, 0 },
	{ "validate", do_validate, 0 },
	{ "validate a bad signature", do_validate_bad, SEAL_E_EA_SIGNATURE },
	{ "validate an empty one", do_validate_empty, SEAL_E_EA_EMPTY },
	{ "binder", do_binder, 0 },
	{ "intra binder", do_intra_binder, 0 },
	{ "offline binder", do_offline_binder, 0 },
	{ "mark", do_mark, 0 },
	{ NULL },
};

/* Each allocation fails in turn, libcrypto's included: what was wrong never
 * passes, nothing leaks, and the error queue stays as it was. */
static void
each_allocation_fails(void **state)
{
	(void)state;
	for (const struct memory_case *c = cases; c->name != NULL; c++) {
		size_t n = 1;
		int r = c->call(); /* lets libcrypto set itself up */

		for (; n < MANY; n++) {
			allocfail_at(n);
			r = c->call();
			if (!allocfail_hit())
				break;
			if (c->want != 0 && r == 0)
				fail_msg("%s: accepted at %zu", c->name, n);
			assert_int_equal(ERR_peek_error(), 0);
		}
		allocfail_off();
		if (r != c->want || n == 1 || n == MANY)
			fail_msg("%s: %zu allocations, %d", c->name, n, r);
	}
}

static int
set_up(void **state)
{
	static const uint16_t schemes[] = { SIG_ECDSA_P256_SHA256 };
	struct forge f;
	struct wr w;

	(void)state;
	keys = test_keys(HASH_SHA256, 1);
	wr_init(&w, req_buf, sizeof(req_buf));
	req = make_request(&w, EA_CLIENT, schemes, 1);
	f = forge_new(&keys, &req, person(P256));
	wr_init(&w, good_buf, sizeof(good_buf));
	forge_write(&f, &w);
	good = wr_view(&w);
	f.sign_request = span_of(NULL, 0);
	wr_init(&w, bad_buf, sizeof(bad_buf));
	forge_write(&f, &w);
	bad_signature = wr_view(&w);
	wr_init(&w, empty_buf, sizeof(empty_buf));
	assert_int_equal(ea_refuse(&w, &keys, &req, NULL), 0);
	empty = wr_view(&w);
	ERR_clear_error();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	people_free();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_fails),
	};

	allocfail_include_libraries();
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
