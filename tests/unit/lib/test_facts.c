/* SPDX-License-Identifier: Apache-2.0 */
/* What a TLS stack may report after its handshake, and what of it is refused
 * before a byte of attestation is sent. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "pair.h"

/* A stack whose handshake is done at once and whose facts the row tells. */
struct fake {
	struct seal_stack_facts facts;
	unsigned writes;
	bool gone;     /* nothing can be written any more */
	int last_word; /* what reading then fails with; 0: with nothing */
};

static enum seal_io
fake_read(void *tls, void *buf, size_t cap, size_t *ret_n, struct seal_diag *d)
{
	const struct fake *f = tls;

	(void)buf;
	(void)cap;
	*ret_n = 0;
	if (f->last_word == 0)
		return SEAL_IO_WANT_READ;
	seal_fail(d, f->last_word, "alert");
	return SEAL_IO_ERROR;
}

static enum seal_io
fake_write(void *tls, const void *buf, size_t n, struct seal_diag *d)
{
	struct fake *f = tls;

	(void)buf;
	(void)n;
	f->writes++;
	if (!f->gone)
		return SEAL_IO_DONE;
	seal_fail(d, SEAL_E_IO, "reset");
	return SEAL_IO_ERROR;
}

static int
fake_facts(void *tls, struct seal_stack_facts *ret, struct seal_diag *d)
{
	(void)d;
	*ret = ((struct fake *)tls)->facts;
	return 0;
}

static const struct seal_stack fake_stack = { SEAL_STACK_ABI, "fake",
	stack_done, fake_read, fake_write, stack_done, stack_exporter,
	fake_facts };

/* A row names the one fact that is not as it should be. */
struct facts_case {
	const char *name;
	struct seal_stack_facts facts;
	int want;
};

#define FACTS(...)                                                     \
	{                                                              \
		.role = SEAL_CLIENT, .version = 0x0304, .hash = 256,   \
		.group = 0x001d, .peer_verified = 1, .alpn = "seal/1", \
		.peer_spki = { 1 }, .peer_spki_n = 1, __VA_ARGS__      \
	}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#ifdef __clang__
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#endif
static const struct facts_case facts_cases[] = {
	{ "as it should be", FACTS(.resumed = 0), 0 },
	{ "SHA-384", FACTS(.hash = 384), 0 },
	{ "DTLS 1.3", FACTS(.version = 0xfefc), 0 },
	{ "hybrid group", FACTS(.group = 0x11ec), 0 },
	{ "TLS 1.2", FACTS(.version = 0x0303), SEAL_E_TLS },
	{ "DTLS 1.2", FACTS(.version = 0xfefd), SEAL_E_TLS },
	{ "no version", FACTS(.version = 0), SEAL_E_TLS },
	{ "resumed", FACTS(.resumed = 1), SEAL_E_RESUMED },
	{ "finite-field group", FACTS(.group = 0x0100), SEAL_E_TLS },
	{ "no group", FACTS(.group = 0), SEAL_E_TLS },
	{ "no ALPN", FACTS(.alpn = ""), SEAL_E_UNSUPPORTED },
	{ "other ALPN", FACTS(.alpn = "h2"), SEAL_E_UNSUPPORTED },
	{ "longer ALPN", FACTS(.alpn = "seal/1x"), SEAL_E_UNSUPPORTED },
	{ "no hash", FACTS(.hash = 0), SEAL_E_TLS },
	{ "SHA-512", FACTS(.hash = 512), SEAL_E_TLS },
	{ "other role", FACTS(.role = SEAL_SERVER), SEAL_E_STATE },
	{ "not verified", FACTS(.peer_verified = 0), SEAL_E_IDENTITY },
	{ "no certificate", FACTS(.peer_spki_n = 0), SEAL_E_IDENTITY },
	{ NULL },
};
#pragma GCC diagnostic pop

static void
facts(void **state)
{
	struct world *w = *state;

	world_policy(w, "p", w->server_pin, "00ff",
	    "{\"mode\":\"pkix\",\"ca\":\"server.pem\"}", "");
	for (const struct facts_case *c = facts_cases; c->name != NULL; c++) {
		struct seal_ctx *ctx = world_ctx(w, "{\"policy\":\"p\"}");
		struct fake f = { .facts = c->facts };
		struct seal_diag d = { 0 };
		struct seal_conn *conn =
		    seal_conn_stack(ctx, &fake_stack, &f, SEAL_CLIENT, &d);

		assert_non_null(conn);
		seal_conn_step(conn);
		if (seal_conn_diag(conn)->code != c->want)
			fail_msg("%s: %s (%s)", c->name,
			    seal_error_name(seal_conn_diag(conn)->code),
			    seal_conn_diag(conn)->text);
		/* Nothing is said to a peer whose facts are refused. */
		if ((f.writes == 0) != (c->want != 0))
			fail_msg("%s: %u writes", c->name, f.writes);
		seal_conn_free(&conn);
		seal_ctx_free(&ctx);
	}
}

static void
stack_is_checked(void **state)
{
	struct world *w = *state;
	struct seal_stack old = fake_stack;
	struct seal_ctx *ctx = world_ctx(w, "{}");
	struct seal_diag d = { 0 };
	struct fake f = { { 0 } };

	old.abi++;
	assert_null(seal_conn_stack(ctx, &old, &f, SEAL_CLIENT, &d));
	assert_int_equal(d.code, SEAL_E_ARGUMENT);
	assert_null(seal_conn_stack(ctx, NULL, &f, SEAL_CLIENT, NULL));
	assert_null(
	    seal_conn_stack(ctx, &fake_stack, &f, (enum seal_role)0, NULL));
	seal_ctx_free(&ctx);
}

/* ---- Configuration ---- */

struct config_case {
	const char *name, *json;
	int load, use; /* of loading, and of the first connection */
};

static const struct config_case config_cases[] = {
	{ "empty", "{}", 0, 0 },
	{ "policy", "{\"policy\":\"p\"}", 0, 0 },
	{ "everything",
	    "{\"policy\":\"p\",\"require\":false,\"alpn\":[\"h2\"],"
	    "\"reveal_after_peer\":false,\"deadlines_ms\":{\"attest\":1000,"
	    "\"answer\":500,\"spacing\":0},\"lease_floor_s\":10,"
	    "\"cmw_extension\":65281}",
	    0, 0 },
	{ "no object", "[]", SEAL_E_CONFIG, 0 },
	{ "no JSON", "{", SEAL_E_CONFIG, 0 },
	{ "trailing text", "{} x", SEAL_E_CONFIG, 0 },
	{ "unknown key", "{\"polizy\":\"p\"}", SEAL_E_CONFIG, 0 },
	{ "key twice", "{\"policy\":\"p\",\"policy\":\"p\"}", SEAL_E_CONFIG,
	    0 },
	{ "policy is a number", "{\"policy\":1}", SEAL_E_CONFIG, 0 },
	{ "no such policy", "{\"policy\":\"q\"}", SEAL_E_IO, 0 },
	{ "require without policy", "{\"require\":true}", SEAL_E_CONFIG, 0 },
	{ "require is text", "{\"policy\":\"p\",\"require\":\"no\"}",
	    SEAL_E_CONFIG, 0 },
	{ "alpn is text", "{\"alpn\":\"h2\"}", SEAL_E_CONFIG, 0 },
	{ "alpn without a name", "{\"alpn\":[\"\"]}", SEAL_E_CONFIG, 0 },
	{ "alpn of numbers", "{\"alpn\":[1]}", SEAL_E_CONFIG, 0 },
	{ "attesters is no list", "{\"attesters\":{}}", SEAL_E_CONFIG, 0 },
	{ "attester without driver", "{\"attesters\":[{\"conf\":{}}]}",
	    SEAL_E_CONFIG, 0 },
	{ "attester with more",
	    "{\"attesters\":[{\"driver\":\"soft\","
	    "\"x\":1}]}",
	    SEAL_E_CONFIG, 0 },
	{ "unknown driver", "{\"attesters\":[{\"driver\":\"sgx9\"}]}",
	    SEAL_E_CONFIG, 0 },
	{ "driver with an unknown setting",
	    "{\"attesters\":[{\"driver\":\"soft\",\"conf\":{\"kay\":\"x\"}}]}",
	    SEAL_E_CONFIG, 0 },
	{ "driver with a number",
	    "{\"attesters\":[{\"driver\":\"soft\",\"conf\":{\"key\":1}}]}",
	    SEAL_E_CONFIG, 0 },
	{ "deadline too short", "{\"deadlines_ms\":{\"attest\":1}}",
	    SEAL_E_CONFIG, 0 },
	{ "unknown deadline", "{\"deadlines_ms\":{\"x\":1000}}", SEAL_E_CONFIG,
	    0 },
	{ "deadline is text", "{\"deadlines_ms\":{\"attest\":\"1\"}}",
	    SEAL_E_CONFIG, 0 },
	{ "lease floor zero", "{\"lease_floor_s\":0}", SEAL_E_CONFIG, 0 },
	{ "extension too large", "{\"cmw_extension\":65536}", SEAL_E_CONFIG,
	    0 },
	{ "identity beside a policy",
	    "{\"policy\":\"p\",\"identity\":{\"mode\":\"none\"}}", 0,
	    SEAL_E_CONFIG },
	{ "reveal after a peer that need not attest",
	    "{\"policy\":\"p\",\"require\":false,"
	    "\"reveal_after_peer\":true}",
	    0, SEAL_E_CONFIG },
	{ "reveal after a peer that is not asked",
	    "{\"reveal_after_peer\":true}", 0, SEAL_E_CONFIG },
	{ "nothing authenticates anybody", "{\"identity\":{\"mode\":\"none\"}}",
	    0, SEAL_E_CONFIG },
	{ "nothing required, nobody known",
	    "{\"policy\":\"none\",\"require\":false}", 0, SEAL_E_CONFIG },
	{ NULL },
};

static void
configuration(void **state)
{
	struct world *w = *state;

	world_policy(w, "p", w->server_pin, "00ff",
	    "{\"mode\":\"pkix\",\"ca\":\"server.pem\"}", "");
	world_policy(
	    w, "none", w->server_pin, "00ff", "{\"mode\":\"none\"}", "");
	for (const struct config_case *c = config_cases; c->name != NULL; c++) {
		struct seal_ctx *ctx = seal_ctx_new();
		struct seal_diag d = { 0 };
		struct seal_conn *conn = NULL;
		struct fake f = { { 0 } };
		int r = seal_ctx_load(ctx, c->json, w->dir, &d);

		if (r != c->load)
			fail_msg(
			    "%s: %s (%s)", c->name, seal_error_name(r), d.text);
		if (r == 0)
			conn = seal_conn_stack(
			    ctx, &fake_stack, &f, SEAL_CLIENT, &d);
		if (r == 0 && (conn == NULL ? d.code : 0) != c->use)
			fail_msg("%s: use: %s", c->name, d.text);
		/* In use, it changes no more. */
		if (conn != NULL)
			assert_int_equal(
			    seal_ctx_load(ctx, "{}", NULL, NULL), SEAL_E_STATE);
		seal_conn_free(&conn);
		seal_ctx_free(&ctx);
	}
}

/* A peer that refused and is gone: its alert says why, a write that failed
 * does not. */
static void
last_word(void **state)
{
	static const struct {
		int said, want;
	} rows[] = { { SEAL_E_TLS, SEAL_E_TLS }, { 0, SEAL_E_IO } };
	struct world *w = *state;

	world_policy(
	    w, "none", w->server_pin, "00ff", "{\"mode\":\"none\"}", "");
	for (size_t i = 0; i < 2; i++) {
		struct seal_ctx *ctx = world_ctx(w, "{\"policy\":\"none\"}");
		struct fake f = { .facts = facts_cases[0].facts,
			.gone = true,
			.last_word = rows[i].said };
		struct seal_diag d = { 0 };
		struct seal_conn *conn =
		    seal_conn_stack(ctx, &fake_stack, &f, SEAL_CLIENT, &d);

		assert_non_null(conn);
		seal_conn_step(conn);
		assert_int_equal(seal_conn_diag(conn)->code, rows[i].want);
		seal_conn_free(&conn);
		seal_ctx_free(&ctx);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts),
		cmocka_unit_test(stack_is_checked),
		cmocka_unit_test(configuration),
		cmocka_unit_test(last_word),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
