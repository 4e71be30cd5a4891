/* SPDX-License-Identifier: Apache-2.0 */
/* Collections on connections: what each side makes of the other's. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "lib/ctx.h"
#include "pair.h"

#define SOFT "application/eat+cwt; eat_profile=\\\"tag:sealtls,2026:soft\\\""
#define PART(label, key, value)                                       \
	"\"" label "\":{\"driver\":\"soft\",\"conf\":{\"key\":\"" key \
	"\",\"measurements\":\"app=" value "\"}}"
#define ATTEST(members)                                                   \
	"{\"attesters\":[{\"driver\":\"collection\",\"subject\":\"cpu\"," \
	"\"members\":{" members "}}]"

static const struct row {
	const char *name, *attester; /* of the client, JSON */
	enum seal_outcome want;
} rows[] = {
	{ "both",
	    ATTEST(PART("cpu", "client.signer", "00ff") "," PART(
		"gpu", "client.signer", "00aa")),
	    SEAL_ACCEPTED },
	{ "in another order",
	    ATTEST(PART("gpu", "client.signer", "00aa") "," PART(
		"cpu", "client.signer", "00ff")),
	    SEAL_ACCEPTED },
	{ "one alone", ATTEST(PART("cpu", "client.signer", "00ff")),
	    SEAL_REFUSED_POLICY },
	{ "one more",
	    ATTEST(PART("cpu", "client.signer", "00ff") "," PART("gpu",
		"client.signer", "00aa") "," PART("x", "client.signer", "00")),
	    SEAL_REFUSED_POLICY },
	{ "swapped",
	    ATTEST(PART("cpu", "client.signer", "00aa") "," PART(
		"gpu", "client.signer", "00ff")),
	    SEAL_REFUSED_POLICY },
	{ "of another key",
	    ATTEST(PART("cpu", "server.signer", "00ff") "," PART(
		"gpu", "server.signer", "00aa")),
	    SEAL_REFUSED_KEY },
	{ "no collection",
	    "{\"attesters\":[{\"driver\":\"soft\",\"conf\":{\"key\":"
	    "\"client.signer\"}}]",
	    SEAL_UNSUPPORTED },
};

static void
write_policy(struct world *w)
{
	world_write(w, "collection",
	    "{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":\"none\"},"
	    "\"accept\":[{\"scheme\":\"application/cmw+cbor\",\"members\":{"
	    "\"cpu\":{\"scheme\":\"" SOFT
	    "\",\"debug\":true,\"signers\":[{\"spki_sha256\":\"%s\"}],"
	    "\"measurements\":{\"app\":\"00ff\"}},\"gpu\":{\"scheme\":\"" SOFT
	    "\",\"debug\":true,\"signers\":[{\"spki_sha256\":\"%s\"}],"
	    "\"measurements\":{\"app\":\"00aa\"}}}}]}",
	    w->client_pin, w->client_pin);
}

static void
on_connections(void **state)
{
	struct world *w = *state;

	write_policy(w);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		bool accepted = r->want == SEAL_ACCEPTED;
		struct seal_verdict *v;
		char client[2048];
		struct pair p;
		size_t n = 0;

		snprintf(client, sizeof(client),
		    "%s,\"identity\":{\"mode\":\"pkix\",\"name\":"
		    "\"server.example\",\"ca\":\"server.pem\"}}",
		    r->attester);
		pair_open(&p, w, world_ctx(w, client),
		    world_ctx(w, "{\"policy\":\"collection\"}"), false);
		pair_run(&p);
		if (seal_conn_outcome(p.server.conn) != r->want)
			fail_msg("%s: expected %s, got %s (%s)", r->name,
			    seal_outcome_name(r->want),
			    seal_outcome_name(seal_conn_outcome(p.server.conn)),
			    seal_conn_diag(p.server.conn)->text);
		seal_write(p.server.conn, "ping", 4, &n);
		assert_int_equal(n, accepted ? 4 : 0);
		v = accepted ? seal_conn_verdict(p.server.conn) : NULL;
		if (v != NULL) {
			assert_string_equal(
			    seal_verdict_scheme(v), "application/cmw+cbor");
			assert_string_equal(
			    seal_verdict_claim(v, "cpu/soft.measurement.app"),
			    "00ff");
			assert_string_equal(
			    seal_verdict_claim(v, "gpu/soft.measurement.app"),
			    "00aa");
			assert_int_equal(
			    seal_verdict_level(v), SEAL_LEVEL_TRAFFIC);
		}
		pair_close(&p);
	}
}

/* Configurations that are none. */
static void
refused(void **state)
{
	static const char *const texts[] = {
		"{\"attesters\":[{\"driver\":\"collection\",\"members\":{" PART(
		    "cpu", "client.signer", "00") "}}]}",
		"{\"attesters\":[{\"driver\":\"collection\",\"subject\":\"x\","
		"\"members\":{" PART("cpu", "client.signer", "00") "}}]}",
		"{\"attesters\":[{\"driver\":\"soft\",\"subject\":\"cpu\","
		"\"members\":{" PART("cpu", "client.signer", "00") "}}]}",
		"{\"attesters\":[{\"driver\":\"collection\"}]}",
		ATTEST(PART("cpu", "client.signer", "00") "," PART(
		    "gpu", "server.signer", "00")) "}",
		ATTEST(PART("cpu", "client.signer",
		    "00") ",\"gpu\":{"
			  "\"driver\":\"collection\"}") "}",
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct seal_ctx *c = seal_ctx_new();
		struct seal_diag d = { 0 };

		if (seal_ctx_load(c, texts[i], w->dir, &d) != SEAL_E_CONFIG)
			fail_msg("%s: %d (%s)", texts[i], d.code, d.text);
		seal_ctx_free(&c);
	}
}

/* ---- Attesters that a machine may lack ---- */

#define SOME "{\"driver\":\"soft\",\"conf\":{\"key\":\"client.signer\"}}"
#define NO_TSM "{\"driver\":\"tsm\",\"conf\":{\"dir\":\"/nonexistent\"}"
#define NO_TDX                                                   \
	"{\"driver\":\"tdx_guest\",\"optional\":true,\"conf\":{" \
	"\"device\":\"/nonexistent\"}}"
#define OPTIONAL ",\"optional\":true}"

static void
optional(void **state)
{
	static const struct {
		const char *list;
		int want;
		size_t n, left_out;
	} lists[] = {
		{ SOME, 0, 1 },
		{ NO_TSM OPTIONAL "," SOME, 0, 1, 1 },
		{ SOME "," NO_TSM OPTIONAL, 0, 1, 1 },
		{ NO_TSM OPTIONAL "," NO_TDX "," SOME, 0, 1, 2 },
		{ NO_TSM OPTIONAL "," NO_TDX, SEAL_E_UNSUPPORTED, 0, 2 },
		{ NO_TSM OPTIONAL, SEAL_E_UNSUPPORTED, 0, 1 },
		{ NO_TSM "}," SOME, SEAL_E_UNSUPPORTED, 0 },
		{ NO_TSM ",\"optional\":false}," SOME, SEAL_E_UNSUPPORTED, 0 },
		{ NO_TSM ",\"optional\":\"yes\"}," SOME, SEAL_E_CONFIG, 0 },
		/* Anything else than a machine's lack is an error. */
		{ "{\"driver\":\"tsm\",\"conf\":{\"x\":\"1\"}" OPTIONAL
		  "," SOME,
		    SEAL_E_CONFIG, 0 },
		{ "{\"driver\":\"soft\",\"conf\":{\"key\":\"nowhere\"}" OPTIONAL
		  "," SOME,
		    SEAL_E_IO, 0 },
		{ "{\"driver\":\"collection\",\"subject\":\"cpu\","
		  "\"members\":{\"cpu\":" NO_TSM "}}" OPTIONAL "," SOME,
		    0, 1, 1 },
		{ "{\"driver\":\"collection\",\"subject\":\"cpu\","
		  "\"members\":{\"cpu\":" NO_TSM OPTIONAL "}}," SOME,
		    SEAL_E_CONFIG, 0 },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct seal_ctx *c = seal_ctx_new();
		struct seal_diag d = { 0 };
		char text[1024];
		int r;

		snprintf(
		    text, sizeof(text), "{\"attesters\":[%s]}", lists[i].list);
		r = seal_ctx_load(c, text, w->dir, &d);
		if (r != lists[i].want || c->n_attesters != lists[i].n ||
		    (r == 0) != (d.code == 0) || d.code != r)
			fail_msg("%s: %d, %zu attesters (%s)", text, r,
			    c->n_attesters, d.text);
		for (size_t k = 0; k <= lists[i].left_out; k++)
			if ((seal_ctx_left_out(c, k) != NULL) !=
			    (k < lists[i].left_out))
				fail_msg("%s: left out: %s", text,
				    seal_ctx_left_out(c, k));
		seal_ctx_free(&c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_connections),
		cmocka_unit_test(refused),
		cmocka_unit_test(optional),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
