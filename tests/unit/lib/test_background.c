/* SPDX-License-Identifier: Apache-2.0 */
/* Background check: a Verifier that is down, late, or lies, and what becomes
 * of the connection (PROTOCOL 7). */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fake/fake.h"
#include "format/eat.h"
#include "pair.h"

/* What the Verifier saw, and what it signs. */
struct desk {
	const char *claims;
	unsigned asked, bound; /* Evidence over the nonce that it was given */
};

static bool
issue(void *arg, const struct fake_question *q, struct wr *out)
{
	struct eat_soft *e = calloc(1, sizeof(*e));
	struct desk *desk = arg;

	desk->asked++;
	if (eat_soft_parse(q->evidence, e, NULL) == 0 &&
	    span_is(q->media_type, EAT_SOFT_TYPE) &&
	    span_equal(e->claims.nonce, q->nonce))
		desk->bound++;
	free(e);
	b64url_encode(span_str("{\"alg\":\"none\"}"), out);
	wr_u8(out, '.');
	b64url_encode(span_str(desk->claims), out);
	wr_bytes(out, span_str(".c2ln"));
	return true;
}

struct lie_case {
	const char *name;
	enum fake_lie lie;
	const char *claims;
	enum seal_outcome want;
	bool asked; /* the Evidence has reached the Verifier */
};

#define FORGED                                                \
	"{\"eat_profile\":\"tag:ietf.org,2026:rats/ear#04\"," \
	"\"iat\":1,\"exp\":4000000000,\"submods\":{\"a\":{"   \
	"\"ear_status\":\"affirming\"}}}"

/* The policy of these rows would accept the Evidence itself: what is refused
 * here is refused for the Verifier's sake. */
static const struct lie_case cases[] = {
	{ "unsigned result", FAKE_HONEST, FORGED, SEAL_REFUSED_POLICY, true },
	{ "slow, unsigned", FAKE_SLOW, FORGED, SEAL_REFUSED_POLICY, true },
	{ "calls itself the Evidence", FAKE_HONEST,
	    "{\"eat_profile\":\"tag:sealtls,2026:soft\",\"iat\":1}",
	    SEAL_REFUSED_POLICY, true },
	{ "no profile", FAKE_HONEST, "{\"iat\":1}", SEAL_UNAVAILABLE, true },
	{ "no claims", FAKE_HONEST, "x", SEAL_UNAVAILABLE, true },
	{ "session failed", FAKE_FAILED, FORGED, SEAL_REFUSED_EVIDENCE, true },
	{ "refuses", FAKE_REFUSES, FORGED, SEAL_REFUSED_EVIDENCE, false },
	{ "unknown type", FAKE_UNKNOWN_TYPE, FORGED, SEAL_UNSUPPORTED, false },
	{ "denies", FAKE_DENIES, FORGED, SEAL_UNAVAILABLE, false },
	{ "absent", FAKE_ABSENT, FORGED, SEAL_UNAVAILABLE, false },
	{ "out of order", FAKE_ERROR, FORGED, SEAL_UNAVAILABLE, false },
	{ "busy", FAKE_BUSY, FORGED, SEAL_UNAVAILABLE, false },
	{ "redirect", FAKE_REDIRECT, FORGED, SEAL_UNAVAILABLE, false },
	{ "hangs", FAKE_HANG, FORGED, SEAL_UNAVAILABLE, false },
	{ "drips", FAKE_DRIP, FORGED, SEAL_UNAVAILABLE, false },
	{ "truncated", FAKE_TRUNCATED, FORGED, SEAL_UNAVAILABLE, false },
	{ "huge", FAKE_HUGE, FORGED, SEAL_UNAVAILABLE, false },
	{ "closes", FAKE_CLOSES, FORGED, SEAL_UNAVAILABLE, false },
	{ "no HTTP", FAKE_NOT_HTTP, FORGED, SEAL_UNAVAILABLE, false },
	{ "no JSON", FAKE_NOT_JSON, FORGED, SEAL_UNAVAILABLE, false },
	{ "other nonce", FAKE_OTHER_NONCE, FORGED, SEAL_UNAVAILABLE, false },
	{ "no result", FAKE_NO_RESULT, FORGED, SEAL_UNAVAILABLE, true },
	{ NULL },
};

/* One side attests with soft Evidence, the other has it judged. */
static void
configure(struct world *w, unsigned port, unsigned timeout_ms,
    bool server_relies, char *client, char *server, size_t cap)
{
	snprintf(server_relies ? server : client, cap,
	    "{\"policy\":\"%s\",\"verifiers\":[{\"name\":\"v\",\"api\":"
	    "\"veraison\",\"url\":\"http://127.0.0.1:%u\",\"id\":\"v\","
	    "\"plain_http\":true,\"timeout_ms\":%u,\"judges\":["
	    "\"application/eat+cwt; "
	    "eat_profile=\\\"tag:sealtls,2026:soft\\\"\"]}]}",
	    server_relies ? "of-client" : "of-server", port, timeout_ms);
	snprintf(server_relies ? client : server, cap,
	    "{\"attesters\":[{\"driver\":\"soft\",\"conf\":{\"key\":\"%s\","
	    "\"measurements\":\"app=00ff\"}}]%s}",
	    server_relies ? "client.signer" : "server.signer",
	    server_relies ? ",\"identity\":{\"mode\":\"pkix\",\"name\":"
			    "\"server.example\",\"ca\":\"server.pem\"}"
			  : "");
	world_policy(
	    w, "of-server", w->server_pin, "00ff", "{\"mode\":\"none\"}", "");
	world_policy(
	    w, "of-client", w->client_pin, "00ff", "{\"mode\":\"none\"}", "");
}

static void
check(struct world *w, const struct lie_case *c, bool server_relies)
{
	struct desk desk = { .claims = c->claims };
	struct fake_conf fc = { .lie = c->lie, .issue = issue, .arg = &desk };
	struct fake *f = fake_start(&fc);
	char client[1024], server[1024], buf[8];
	struct seal_conn *relying;
	struct pair p;
	size_t n = 0;

	assert_non_null(f);
	configure(w, fake_port(f),
	    c->want == SEAL_UNAVAILABLE && !c->asked ? 300 : 5000,
	    server_relies, client, server, sizeof(client));
	pair_open(&p, w, world_ctx(w, client), world_ctx(w, server), false);
	pair_run(&p);
	w->boot_ms += 3000;
	pair_run(&p);
	relying = server_relies ? p.server.conn : p.client.conn;
	if (seal_conn_outcome(relying) != c->want)
		fail_msg("%s, by the %s: expected %s, got %s (%s)", c->name,
		    server_relies ? "server" : "client",
		    seal_outcome_name(c->want),
		    seal_outcome_name(seal_conn_outcome(relying)),
		    seal_conn_diag(relying)->text);
	seal_write(relying, "ping", 4, &n);
	assert_int_equal(n, 0);
	seal_read(relying, buf, sizeof(buf), &n);
	assert_int_equal(n, 0);
	pair_close(&p);
	fake_stop(&f);
	if ((desk.asked > 0) != c->asked || desk.bound != desk.asked)
		fail_msg("%s: asked %u times, %u over the binder", c->name,
		    desk.asked, desk.bound);
}

static void
lies(void **state)
{
	for (const struct lie_case *c = cases; c->name != NULL; c++) {
		check(*state, c, false);
		check(*state, c, true);
	}
}

/* ---- Configuration ---- */

struct conf_case {
	const char *name, *json;
	int want;
};

#define V(extra)                                                       \
	"\"verifiers\":[{\"name\":\"v\",\"api\":\"veraison\",\"url\":" \
	"\"https://v.example\",\"id\":\"v\"" extra "}]"

static const struct conf_case confs[] = {
	{ "a verifier", "{" V("") "}", 0 },
	{ "unknown key", "{" V(",\"x\":1") "}", SEAL_E_CONFIG },
	{ "no list", "{\"verifiers\":{}}", SEAL_E_CONFIG },
	{ "none", "{\"verifiers\":[]}", SEAL_E_CONFIG },
	{ "no id",
	    "{\"verifiers\":[{\"name\":\"v\",\"api\":\"veraison\",\"url\":"
	    "\"https://v\"}]}",
	    SEAL_E_CONFIG },
	{ "unknown api",
	    "{\"verifiers\":[{\"name\":\"v\",\"api\":\"x\",\"url\":"
	    "\"https://v\",\"id\":\"v\"}]}",
	    SEAL_E_CONFIG },
	{ "plain http elsewhere",
	    "{\"verifiers\":[{\"name\":\"v\",\"api\":\"veraison\",\"url\":"
	    "\"http://192.0.2.1\",\"id\":\"v\",\"plain_http\":true}]}",
	    SEAL_E_CONFIG },
	{ "judges", "{" V(",\"judges\":[\"a/b\"]") "}", 0 },
	{ "judges nothing", "{" V(",\"judges\":[]") "}", SEAL_E_CONFIG },
	{ "judges twice", "{" V(",\"judges\":[\"a/b\",\"A/b\"]") "}",
	    SEAL_E_CONFIG },
	{ "judges a number", "{" V(",\"judges\":[1]") "}", SEAL_E_CONFIG },
	{ "half a certificate", "{" V(",\"cert\":\"a\"") "}", SEAL_E_CONFIG },
	{ "no time", "{" V(",\"timeout_ms\":0") "}", SEAL_E_CONFIG },
	{ "passport",
	    "{" V(
		"") ",\"attesters\":[{\"driver\":\"soft\",\"conf\":"
		    "{\"key\":\"server.signer\"},\"passport\":{\"verifier\":\"v\","
		    "\"mode\":\"cached\",\"max_age_s\":60}}]}",
	    0 },
	{ "passport of nobody",
	    "{\"attesters\":[{\"driver\":\"soft\",\"conf\":"
	    "{\"key\":\"server.signer\"},\"passport\":{\"verifier\":\"v\","
	    "\"mode\":\"cached\"}}]}",
	    SEAL_E_CONFIG },
	{ "passport of another mode",
	    "{" V(
		"") ",\"attesters\":[{\"driver\":\"soft\",\"conf\":"
		    "{\"key\":\"server.signer\"},\"passport\":{\"verifier\":\"v\","
		    "\"mode\":\"x\"}}]}",
	    SEAL_E_CONFIG },
	{ NULL },
};

static void
configurations(void **state)
{
	struct world *w = *state;

	for (const struct conf_case *c = confs; c->name != NULL; c++) {
		struct seal_ctx *ctx = seal_ctx_new();
		struct seal_diag d = { 0 };
		int r = seal_ctx_load(ctx, c->json, w->dir, &d);

		if (r != c->want)
			fail_msg("%s: got %d (%s)", c->name, r, d.text);
		seal_ctx_free(&ctx);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lies),
		cmocka_unit_test(configurations),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
