/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live connections with every machine whose device a test plays: each mode,
 * role and hash. The subject keys are in this process's memory, so each of
 * these drivers attests in either role, in the handshake and after it.
 */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "appraise/folder_fixture.h"
#include "appraise/verdict_fixture.h"
#include "base/text.h"
#include "crypto/fixture.h"
#include "evidence/device_fixture.h"
#include "lib/ctx.h"
#include "pair.h"

#define POLICY_MAX 4096
#define TWICE(c) c c
#define HEX32(c) TWICE(TWICE(TWICE(TWICE(TWICE(c)))))
#define HEX48(c) HEX32(c) TWICE(TWICE(TWICE(TWICE(c))))
#define PSA_BOOT HEX32("55")
#define SNP_RULES(digest)                                            \
	"\"crl\":false,\"tcb\":{\"reported\":{\"boot_loader\":3,"    \
	"\"tee\":0,\"snp\":8,\"microcode\":115}},\"measurements\":{" \
	"\"measurement\":\"" digest "\"}"
#define PSA_RULES(digest)                                   \
	"\"software\":[{\"measurement\":\"" PSA_BOOT "\"}," \
	"{\"measurement\":\"" digest "\"}]"

static const struct machine {
	const struct played *device;
	const char *rules, *other; /* of a policy: its measurement, another */
	const char *measured;      /* the check that another fails */
} machines[] = {
	{ &sev_guest_device, SNP_RULES(HEX48("11")), SNP_RULES(HEX48("12")),
	    "snp.measurement" },
	{ &tdx_guest_device,
	    "\"measurements\":{\"mrtd\":\"" HEX48("11") "\"},\"tcb\":{}",
	    "\"measurements\":{\"mrtd\":\"" HEX48("12") "\"},\"tcb\":{}",
	    "tdx.measurement" },
	{ &nitro_device, "\"pcrs\":{\"sha384\":{\"0\":\"" HEX48("a0") "\"}}",
	    "\"pcrs\":{\"sha384\":{\"0\":\"" HEX48("a1") "\"}}", "nitro.pcr" },
	{ &psa_device, PSA_RULES(HEX48("66")), PSA_RULES(HEX48("67")),
	    "psa.software" },
};
#define MACHINES (sizeof(machines) / sizeof(machines[0]))

static const struct way {
	const char *name, *mode;
	bool client_attests;
	unsigned times; /* that it does */
	enum seal_level level;
} ways[] = {
	{ "after the handshake, the server", "post", false, 1,
	    SEAL_LEVEL_TRAFFIC },
	{ "after the handshake, the client", "post", true, 1,
	    SEAL_LEVEL_TRAFFIC },
	{ "in the handshake, the server", "intra", false, 1,
	    SEAL_LEVEL_TRANSCRIPT },
	{ "in the handshake, the client", "intra", true, 1,
	    SEAL_LEVEL_TRANSCRIPT },
	{ "in both, the server", "both", false, 2, SEAL_LEVEL_TRAFFIC },
	{ "in both, the client", "both", true, 2, SEAL_LEVEL_TRAFFIC },
};

static const struct judge {
	const char *name;
	bool stranger, other; /* whose root; which measurement */
	enum seal_outcome want;
} judges[] = {
	{ "as it should be", false, false, SEAL_ACCEPTED },
	{ "another root", true, false, SEAL_REFUSED_KEY },
	{ "another measurement", false, true, SEAL_REFUSED_POLICY },
};

/* ---- Two peers ---- */

static struct seal_ctx *
relying(struct world *w, const struct machine *m, const struct way *way,
    const struct judge *j)
{
	char conf[64];
	struct wr whom;

	wr_init_heap(&whom, POLICY_MAX);
	wr_printf(&whom, "\"scheme\":");
	json_text(&whom, m->device->driver->media_type);
	wr_printf(&whom, ",\"signers\":[");
	m->device->put_signer(j->stranger, &whom);
	world_write(w, "policy",
	    "{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":\"none\"},"
	    "\"min_binding\":\"%s\",%s\"accept\":[{%.*s],\"debug\":false,%s}]}",
	    way->level == SEAL_LEVEL_TRANSCRIPT ? "transcript" : "traffic",
	    m->device->endorse != NULL ? "\"endorsements\":\"collateral\","
				       : "",
	    (int)whom.n, (const char *)whom.p, j->other ? m->other : m->rules);
	wr_free(&whom);
	snprintf(conf, sizeof(conf), "{\"mode\":\"%s\",\"policy\":\"policy\"}",
	    way->mode);
	return world_ctx(w, conf);
}

static struct seal_ctx *
attesting(struct world *w, const struct machine *m, const struct way *way)
{
	struct attester *a = NULL;
	struct seal_diag d = { 0 };
	struct seal_ctx *c;
	char conf[128];

	snprintf(conf, sizeof(conf), "{\"mode\":\"%s\"%s}", way->mode,
	    way->client_attests ? ",\"identity\":{\"mode\":\"pkix\","
				  "\"ca\":\"server.pem\"}"
				: "");
	c = world_ctx(w, conf);
	if (played_attester(m->device, m->device->kv, &a, &d) != 0 ||
	    ctx_add_attester(c, a, &d) != 0)
		fail_msg("%s: %s", m->device->driver->name, d.text);
	assert_false(seal_ctx_insecure(c));
	return c;
}

static void
meet(struct pair *p, struct world *w, const struct machine *m,
    const struct way *way, const struct judge *j, unsigned hash)
{
	struct seal_ctx *judge = relying(w, m, way, j);
	struct seal_ctx *attester = attesting(w, m, way);

	if (way->client_attests)
		pair_open_over(p, w, attester, judge, false, &end_openssl,
		    &end_openssl, hash);
	else if (strcmp(way->mode, "post") == 0)
		pair_open_over(p, w, judge, attester, false, &end_openssl,
		    &end_openssl, hash);
	else
		pair_open_bare_over(
		    p, w, judge, attester, &end_openssl, &end_openssl, hash);
	pair_run(p);
}

/* ---- What comes of it ---- */

/* PROTOCOL 5.3: the whole binder, of the suite's hash, and in a field of 64
 * bytes zeros behind it; for each carriage anew. */
static void
check_asked(const char *where, unsigned hash, unsigned times)
{
	static const uint8_t zeros[64];
	const struct played_asked *a = &played_asked;
	size_t n = hash / 8;

	if ((a->n != n && a->n != 64) ||
	    memcmp(a->bytes + n - 16, zeros, 16) == 0 ||
	    memcmp(a->bytes + n, zeros, a->n - n) != 0)
		fail_msg("%s: no binder of %zu bytes", where, n);
	if (a->times != times)
		fail_msg("%s: asked %u times", where, a->times);
}

static void
check_verdict(const char *where, struct seal_conn *c, enum seal_outcome want,
    enum seal_level level, const char *failed)
{
	struct seal_verdict *v = seal_conn_verdict(c);
	enum seal_outcome got = seal_conn_outcome(c);

	if (got != want || v == NULL || seal_verdict_outcome(v) != want ||
	    strcmp(first_failed(v), failed) != 0)
		fail_msg("%s: expected %s by '%s', got %s by '%s' (%s)", where,
		    seal_outcome_name(want), failed, seal_outcome_name(got),
		    v == NULL ? "" : first_failed(v), seal_conn_diag(c)->text);
	if (want == SEAL_ACCEPTED)
		assert_int_equal(seal_verdict_level(v), level);
}

/* Of who relies on the other: goes both ways, or not at all. */
static void
check_data(
    const char *where, struct pair *p, const struct way *way, bool accepted)
{
	struct side *judge = way->client_attests ? &p->server : &p->client;
	struct side *other = way->client_attests ? &p->client : &p->server;
	size_t sent = 0, came = 0, ignored = 0;
	char buf[8];

	(void)seal_write(judge->conn, "ping", 4, &sent);
	(void)seal_write(other->conn, "pong", 4, &ignored);
	pair_run(p);
	(void)seal_read(judge->conn, buf, sizeof(buf), &came);
	if (sent != (accepted ? 4 : 0) || came != (accepted ? 4 : 0))
		fail_msg("%s: %zu bytes taken, %zu given", where, sent, came);
}

static void
on_connections(void **state, const struct machine *m, unsigned hash)
{
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		for (size_t k = 0; k < sizeof(judges) / sizeof(judges[0]);
		     k++) {
			const struct way *way = &ways[i];
			const struct judge *j = &judges[k];
			char where[128];
			struct pair p;

			snprintf(where, sizeof(where), "%s, SHA-%u, %s: %s",
			    m->device->driver->name, hash, way->name, j->name);
			played_asked = (struct played_asked){ 0 };
			meet(&p, w, m, way, j, hash);
			check_verdict(where,
			    way->client_attests ? p.server.conn : p.client.conn,
			    j->want, way->level,
			    j->stranger ? "signer"
			    : j->other  ? m->measured
					: "");
			check_asked(where, hash,
			    j->want == SEAL_ACCEPTED ? way->times : 1);
			check_data(where, &p, way, j->want == SEAL_ACCEPTED);
			pair_close(&p);
		}
}

static void
connections(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < MACHINES; i++) {
		struct endorsements *e = NULL;
		char dir[96];

		if (machines[i].device->endorse != NULL) {
			e = machines[i].device->endorse();
			snprintf(dir, sizeof(dir), "%s/collateral", w->dir);
			folder_put(dir, e);
			endorse_free(&e);
		}
		on_connections(state, &machines[i], 256);
		on_connections(state, &machines[i], 384);
	}
}

/* ---- All ---- */

static int
set_up(void **state)
{
	int r = world_setup(state);

	fixture_clock = ((struct world *)*state)->unix_s;
	for (size_t i = 0; i < MACHINES; i++)
		machines[i].device->set_up();
	return r;
}

static int
tear_down(void **state)
{
	for (size_t i = 0; i < MACHINES; i++)
		machines[i].device->tear_down();
	return world_teardown(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
