/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "appraise/folder_fixture.h"
#include "appraise/verdict_fixture.h"
#include "base/text.h"
#include "carriers.h"
#include "lib/ctx.h"

#define POLICY_MAX 4096

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

/* One of what a policy accepts. */
static void
put_entry(const struct machine *m, const struct judge *j, struct wr *out)
{
	if (m->member != NULL)
		wr_printf(out,
		    "{\"scheme\":\"application/cmw+cbor\",\"members\":{\"%s\":",
		    m->member);
	wr_printf(out, "{\"scheme\":");
	json_text(
	    out, m->type != NULL ? m->type : m->device->driver->media_type);
	wr_printf(out, ",\"signers\":[");
	m->device->put_signer(j->stranger, out);
	wr_printf(out, "],\"debug\":false,%s}%s",
	    j->other ? m->other : m->rules, m->member != NULL ? "}}" : "");
}

static struct seal_ctx *
relying(struct world *w, const struct machine *m, const struct way *way,
    const struct judge *j)
{
	char conf[64];
	struct wr entry;

	wr_init_heap(&entry, POLICY_MAX);
	put_entry(m, j, &entry);
	world_write(w, "policy",
	    "{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":\"none\"},"
	    "\"min_binding\":\"%s\",%s\"accept\":[%.*s]}",
	    way->level == SEAL_LEVEL_TRANSCRIPT ? "transcript" : "traffic",
	    m->device->endorse != NULL ? "\"endorsements\":\"collateral\","
				       : "",
	    (int)entry.n, (const char *)entry.p);
	wr_free(&entry);
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
run_row(struct world *w, const struct machine *m, const struct way *way,
    const struct judge *j, unsigned hash)
{
	bool accepted = j->want == SEAL_ACCEPTED;
	char where[128], failed[64] = "";
	struct pair p;

	snprintf(where, sizeof(where), "%s, SHA-%u, %s: %s",
	    m->device->driver->name, hash, way->name, j->name);
	if (!accepted)
		snprintf(failed, sizeof(failed), "%s%s%s",
		    m->member != NULL ? m->member : "",
		    m->member != NULL ? "/" : "",
		    j->stranger ? "signer" : m->measured);
	played_asked = (struct played_asked){ 0 };
	meet(&p, w, m, way, j, hash);
	check_verdict(where,
	    way->client_attests ? p.server.conn : p.client.conn, j->want,
	    way->level, failed);
	check_asked(where, hash, accepted ? way->times : 1);
	check_data(where, &p, way, accepted);
	pair_close(&p);
}

void
carriers_run(struct world *w, const struct machine *m)
{
	if (m->device->endorse != NULL) {
		struct endorsements *e = m->device->endorse();
		char dir[96];

		snprintf(dir, sizeof(dir), "%s/collateral", w->dir);
		folder_put(dir, e);
		endorse_free(&e);
	}
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		for (size_t k = 0; k < sizeof(judges) / sizeof(judges[0]);
		     k++) {
			run_row(w, m, &ways[i], &judges[k], 256);
			run_row(w, m, &ways[i], &judges[k], 384);
		}
}
