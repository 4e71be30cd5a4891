/* SPDX-License-Identifier: Apache-2.0 */
/* Signed results of a Verifier that judges for the Relying Party or for the
 * attester: what is true connects, and each lie ends as PROTOCOL 7 says. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fake/fake.h"
#include "format/ear.h"
#include "format/eat.h"
#include "jose/token.h"
#include "end_datagram.h"
#include "ends.h"
#include "pair.h"

#define ID "https://verifier.example"
#define TRUSTEE "tag:github.com,2024:confidential-containers/Trustee"

/* What the Verifier signs. */
struct desk {
	struct privkey *key, *other;
	struct jwk jwk;
	void (*lie)(struct ear *e);
	bool other_key, spoil;
	int64_t now;
};

/* ---- Lies ---- */

static void
other_nonce(struct ear *e)
{
	e->nonce[0] ^= 1;
}

static void
no_nonce(struct ear *e)
{
	e->n_nonce = 0;
}

static uint8_t strange_spki[LIMIT_SPKI];
static size_t n_strange_spki;

static void
other_subject(struct ear *e)
{
	memcpy(e->spki, strange_spki, e->n_spki = n_strange_spki);
}

static void
no_subject(struct ear *e)
{
	e->n_spki = 0;
}

static void
expired(struct ear *e)
{
	e->iat -= 50;
	e->exp = e->iat + 49;
}

static void
old(struct ear *e)
{
	e->iat -= 61;
}

static void
contraindicated(struct ear *e)
{
	e->submods[0].status = AR4SI_TIER_CONTRAINDICATED;
}

static void
another_verifier(struct ear *e)
{
	strcpy(e->developer, "https://verifier.exampl");
}

/* ---- What it signs ---- */

static int
sign_with(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	return privkey_sign(ctx, scheme, tbs, out, d);
}

static void
fill(struct ear *e, const struct eat_soft *evidence,
    const struct fake_question *q, int64_t now)
{
	struct wr spki;

	e->iat = now;
	e->has_exp = true;
	e->exp = now + 300;
	strcpy(e->developer, ID);
	memcpy(e->nonce, q->nonce.p, e->n_nonce = q->nonce.n);
	wr_init(&spki, e->spki, sizeof(e->spki));
	if (cose_key_to_spki(evidence->claims.cnf_key, &spki, NULL) == 0)
		e->n_spki = spki.n;
	e->n_submods = 1;
	strcpy(e->submods[0].name, "soft");
	e->submods[0].status = AR4SI_TIER_AFFIRMING;
	e->submods[0].has_vector = true;
	e->submods[0].vector[AR4SI_EXECUTABLES] = AR4SI_AFFIRMING;
}

/* What Trustee says: the report data that it found, here the soft Evidence's
 * nonce and zeros, and no cnf. */
static bool
issue_trustee(const struct desk *desk, const struct eat_soft *evidence,
    const struct ear_signer *by, struct wr *out)
{
	uint8_t data[64] = { 0 };
	char hex[2 * sizeof(data) + 1] = "", claims[1024];
	struct wr w;

	memcpy(data, evidence->claims.nonce.p, evidence->claims.nonce.n);
	data[0] ^= desk->lie == other_nonce;
	wr_init(&w, hex, sizeof(hex) - 1);
	wr_hex(&w, span_of(data, sizeof(data)));
	snprintf(claims, sizeof(claims),
	    "{\"eat_profile\":\"" TRUSTEE "\",\"iat\":%lld,\"exp\":%lld,"
	    "\"ear.verifier-id\":{\"developer\":\"" ID "\",\"build\":\"1\"},"
	    "\"submods\":{\"cpu0\":{\"ear.status\":\"%s\","
	    "\"ear.trustworthiness-vector\":{\"executables\":3},"
	    "\"ear.veraison.annotated-evidence\":{\"report_data\":\"%s\"}}}}",
	    (long long)desk->now, (long long)desk->now + 300,
	    desk->lie == contraindicated ? "contraindicated" : "affirming",
	    hex);
	return jws_sign(out, by->scheme, NULL, NULL, span_str(claims),
		   sign_with, by->ctx, NULL) == 0;
}

static bool
issue(void *arg, const struct fake_question *q, struct wr *out)
{
	struct eat_soft *evidence = calloc(1, sizeof(*evidence));
	struct ear *e = calloc(1, sizeof(*e));
	struct desk *desk = arg;
	struct ear_signer by = { .scheme = desk->jwk.scheme,
		.sign = sign_with,
		.ctx = desk->other_key ? desk->other : desk->key };
	bool ok;

	ok = eat_soft_parse(q->evidence, evidence, NULL) == 0;
	if (ok && q->trustee) {
		ok = issue_trustee(desk, evidence, &by, out);
	} else if (ok) {
		fill(e, evidence, q, desk->now);
		if (desk->lie != NULL)
			desk->lie(e);
		ok = ear_sign_jwt(e, &by, out, NULL) == 0;
	}
	if (ok && desk->spoil)
		out->p[out->n - 9] = out->p[out->n - 9] == 'A' ? 'B' : 'A';
	free(evidence);
	free(e);
	return ok;
}

struct row {
	const char *name;
	void (*lie)(struct ear *e);
	bool other_key, spoil;
	enum seal_outcome want;
	bool trustee;
};

static const struct row rows[] = {
	{ "true", NULL, false, false, SEAL_ACCEPTED },
	{ "bad signature", NULL, false, true, SEAL_REFUSED_EVIDENCE },
	{ "another key", NULL, true, false, SEAL_REFUSED_EVIDENCE },
	{ "another nonce", other_nonce, false, false, SEAL_REFUSED_EVIDENCE },
	{ "no nonce", no_nonce, false, false, SEAL_REFUSED_EVIDENCE },
	{ "another subject", other_subject, false, false, SEAL_REFUSED_KEY },
	{ "no subject", no_subject, false, false, SEAL_REFUSED_KEY },
	{ "expired", expired, false, false, SEAL_STALE },
	{ "too old", old, false, false, SEAL_STALE },
	{ "contraindicated", contraindicated, false, false,
	    SEAL_REFUSED_POLICY },
	{ "another Verifier's name", another_verifier, false, false,
	    SEAL_REFUSED_POLICY },

	{ "Trustee", NULL, false, false, SEAL_ACCEPTED, true },
	{ "Trustee, another key", NULL, true, false, SEAL_REFUSED_EVIDENCE,
	    true },
	{ "Trustee, bad signature", NULL, false, true, SEAL_REFUSED_EVIDENCE,
	    true },
	{ "Trustee, other report data", other_nonce, false, false,
	    SEAL_REFUSED_EVIDENCE, true },
	{ "Trustee, contraindicated", contraindicated, false, false,
	    SEAL_REFUSED_POLICY, true },
};

/* ---- Connections ---- */

#define VERIFIERS                                                    \
	"\"verifiers\":[{\"name\":\"v\",\"api\":\"%s\","             \
	"\"url\":\"http://127.0.0.1:%u\",\"id\":\"" ID "\",\"plain_" \
	"http\":true%s}]"
#define SOFT "application/eat+cwt; eat_profile=\\\"tag:sealtls,2026:soft\\\""

/* passport: the attester asks, and presents; otherwise the Relying Party. */
static void
configure(unsigned port, bool trustee, bool server_relies, bool passport,
    char *client, char *server, size_t cap)
{
	const char *api = trustee ? "trustee\",\"tee\":\"sample" : "veraison";

	snprintf(server_relies ? server : client, cap,
	    "{\"policy\":\"%s\"," VERIFIERS "}",
	    trustee ? "trustees" : "results", api, port,
	    passport ? "" : ",\"judges\":[\"" SOFT "\"]");
	snprintf(server_relies ? client : server, cap,
	    "{\"attesters\":[{\"driver\":\"soft\",\"conf\":{\"key\":\"%s\"}%s}]"
	    "%s," VERIFIERS "}",
	    server_relies ? "client.signer" : "server.signer",
	    passport ? ",\"passport\":{\"verifier\":\"v\",\"mode\":"
		       "\"interactive\"}"
		     : "",
	    server_relies ? ",\"identity\":{\"mode\":\"pkix\",\"name\":"
			    "\"server.example\",\"ca\":\"server.pem\"}"
			  : "",
	    api, port, "");
}

static void
check(struct world *w, struct desk *desk, const struct row *row,
    bool server_relies, bool passport, const struct end_stack *over)
{
	struct fake_conf fc = { .issue = issue, .arg = desk };
	char client[1024], server[1024], buf[8];
	struct fake *f = fake_start(&fc);
	bool accepted = row->want == SEAL_ACCEPTED;
	struct seal_conn *relying;
	struct pair p;
	size_t n = 0;

	assert_non_null(f);
	desk->lie = row->lie;
	desk->other_key = row->other_key;
	desk->spoil = row->spoil;
	desk->now = w->unix_s;
	configure(fake_port(f), row->trustee, server_relies, passport, client,
	    server, sizeof(client));
	pair_open_over(&p, w, world_ctx(w, client), world_ctx(w, server), false,
	    over, over, 0);
	pair_run(&p);
	relying = server_relies ? p.server.conn : p.client.conn;
	if (seal_conn_outcome(relying) != row->want)
		fail_msg("%s, %s by the %s, over %s: expected %s, got %s (%s)",
		    row->name, passport ? "presented to" : "asked for",
		    server_relies ? "server" : "client", over->name,
		    seal_outcome_name(row->want),
		    seal_outcome_name(seal_conn_outcome(relying)),
		    seal_conn_diag(relying)->text);
	seal_write(relying, "ping", 4, &n);
	assert_int_equal(n, accepted ? 4 : 0);
	seal_read(relying, buf, sizeof(buf), &n);
	assert_int_equal(n, 0);
	pair_close(&p);
	fake_stop(&f);
}

static void
prepare(struct world *w, struct desk *desk)
{
	uint8_t buf[LIMIT_SPKI];
	json_t *j;
	struct wr spki;
	char *text;

	wr_init(&spki, strange_spki, sizeof(strange_spki));
	assert_int_equal(privkey_generate(CURVE_P256, &desk->key, NULL), 0);
	assert_int_equal(privkey_generate(CURVE_P256, &desk->other, NULL), 0);
	assert_int_equal(privkey_spki(desk->other, &spki, NULL), 0);
	n_strange_spki = spki.n;
	wr_init(&spki, buf, sizeof(buf));
	assert_int_equal(privkey_spki(desk->key, &spki, NULL), 0);
	assert_int_equal(
	    jwk_from_spki(wr_view(&spki), NULL, &desk->jwk, NULL), 0);
	j = jwk_json_public(&desk->jwk);
	assert_non_null(text = json_dumps(j, 0));
	world_write(w, "v.jwk", "%s", text);
	free(text);
	json_decref(j);
	world_write(w, "trustees",
	    "{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":\"none\"},"
	    "\"accept\":[{\"scheme\":\"ear\",\"signers\":[{\"jwks\":\"v.jwk\"}]"
	    ",\"verifier\":\"" ID "\",\"vector\":{\"executables\":"
	    "\"affirming\"},\"cnf\":false,\"profiles\":[\"" TRUSTEE "\"]}]}");
	world_write(w, "results",
	    "{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":\"none\"},"
	    "\"accept\":[{\"scheme\":\"ear\",\"signers\":[{\"jwks\":\"v.jwk\"}]"
	    ",\"verifier\":\"" ID
	    "\",\"vector\":{\"executables\":\"affirming\"}}]}");
}

static const struct end_stack *const over[] = {
	&end_openssl,
	&end_datagram,
#ifdef SEAL_STACK_NSS
	&end_nss_dtls,
#endif
};

static void
told(void **state)
{
	struct world *w = *state;
	struct desk desk = { 0 };

	prepare(w, &desk);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (unsigned k = 0; k < 4 * sizeof(over) / sizeof(over[0]);
		     k++)
			check(w, &desk, &rows[i], k & 1, k & 2, over[k / 4]);
	privkey_free(&desk.key);
	privkey_free(&desk.other);
	jwk_wipe(&desk.jwk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
