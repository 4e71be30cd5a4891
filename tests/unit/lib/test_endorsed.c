/* SPDX-License-Identifier: Apache-2.0 */
/* Connections with confidential machines, which the tests play: what vouches
 * for them comes out of the folder that the policy names. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../appraise/dcap_fixture.h"
#include "../appraise/folder_fixture.h"
#include "../appraise/snp_fixture.h"
#include "base/text.h"
#include "cbor/cbor.h"
#include "evidence/driver.h"
#include "format/tsm_report.h"
#include "lib/ctx.h"
#include "lib/staple.h"
#include "pair.h"

#define RSA_SIZE 256
#define LEASE_S 60

/* ---- Attesters: the soft one's key, another's Evidence ---- */

static int
collect_quote(enum quote_tee tee, const struct seal_binding *b, struct wr *out)
{
	struct dcap_recipe r = { .tee = tee };
	struct span binder = binding_value(b);
	struct wr quote;

	memcpy(r.report_data, binder.p, binder.n);
	dcap_quote(&r, &quote);
	wr_bytes(out, wr_view(&quote));
	wr_free(&quote);
	return out->error;
}

static int
collect_tdx(void *ctx, const struct seal_binding *b, uint64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	(void)ctx;
	(void)deadline_ms;
	(void)d;
	return collect_quote(QUOTE_TDX, b, out);
}

static int
collect_sgx(void *ctx, const struct seal_binding *b, uint64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	(void)ctx;
	(void)deadline_ms;
	(void)d;
	return collect_quote(QUOTE_SGX, b, out);
}

static int
collect_snp(void *ctx, const struct seal_binding *b, uint64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	uint8_t rep[SNP_REPORT_SIZE];

	(void)ctx;
	(void)deadline_ms;
	(void)d;
	snp_make_report_over(rep, binding_value(b));
	wr_bytes(out, span_of(rep, sizeof(rep)));
	return out->error;
}

/* The same as ratsd passes it on. */
static int
collect_tsm(void *ctx, const struct seal_binding *b, uint64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	uint8_t rep[SNP_REPORT_SIZE];

	(void)ctx;
	(void)deadline_ms;
	(void)d;
	snp_make_report_over(rep, binding_value(b));
	cbor_put_map(out, 2);
	cbor_put_text(out, span_str("outblob"));
	cbor_put_bytes(out, span_of(rep, sizeof(rep)));
	cbor_put_text(out, span_str("provider"));
	cbor_put_text(out, span_str("sev_guest"));
	return out->error;
}

struct kind {
	const char *name, *type, *rules;
	int (*collect)(void *ctx, const struct seal_binding *b,
	    uint64_t deadline_ms, struct wr *out, struct seal_diag *d);
	const char *(*root)(void);
	const char *sent; /* the type of what is sent; NULL: type */
};

#define TWICE(c) c c
#define HEX32(c) TWICE(TWICE(TWICE(TWICE(TWICE(c)))))
#define HEX48(c) HEX32(c) TWICE(TWICE(TWICE(TWICE(c))))
#define SNP_RULES                                                         \
	"\"tcb\":{\"reported\":{\"boot_loader\":3,\"tee\":0,\"snp\":8,"   \
	"\"microcode\":115}},\"measurements\":{\"measurement\":\"" HEX48( \
	    "11") "\"}"
static const struct kind kinds[] = {
	{ "TDX", QUOTE_TDX_TYPE,
	    "\"measurements\":{\"mrtd\":\"" HEX48("11") "\"}", collect_tdx,
	    dcap_root_file },
	{ "SGX", QUOTE_SGX_TYPE,
	    "\"measurements\":{\"mrenclave\":\"" HEX32("22") "\"}", collect_sgx,
	    dcap_root_file },
	{ "SNP", SNP_TYPE, SNP_RULES, collect_snp, snp_root_file },
	{ "SNP in a TSM report", SNP_TYPE, SNP_RULES, collect_tsm,
	    snp_root_file, TSM_REPORT_TYPE },
};
enum { KIND_TDX, KIND_SGX, KIND_SNP, KIND_TSM, KINDS };

static struct seal_ctx *
attester(struct world *w, const struct kind *k)
{
	static struct evidence_driver driver;
	const struct evidence_driver *soft = evidence_driver_find("soft");
	struct seal_ctx *c = world_ctx(w, "{}");
	char key[128];
	struct conf_pair pair = { "key", key };
	struct conf conf = { &pair, 1 };
	struct seal_diag d = { 0 };

	driver = *soft;
	driver.name = k->name;
	driver.media_type = k->sent != NULL ? k->sent : k->type;
	driver.collect = k->collect;
	driver.insecure = false;
	snprintf(key, sizeof(key), "%s/server.signer", w->dir);
	if (attester_open_driver(&driver, &conf, &c->attesters[0], &d) != 0)
		fail_msg("%s: %s", k->name, d.text);
	c->n_attesters = 1;
	return c;
}

/* The same in a collection, with the collateral of the folder beside it. */
static struct seal_ctx *
stapler(struct world *w, const struct kind *k)
{
	struct seal_ctx *c = attester(w, k);
	struct attester_part part = { strdup("cpu"), c->attesters[0] };
	struct attester_staple staple = { .ctx = NULL };
	struct seal_diag d = { 0 };
	char dir[96];

	snprintf(dir, sizeof(dir), "%s/stapled", w->dir);
	if (staple_open(dir, &staple, &d) != 0 ||
	    attester_open_parts(&part, 1, &staple, &c->attesters[0], &d) != 0)
		fail_msg("%s: %s", k->name, d.text);
	return c;
}

/* ---- Those who rely on them ---- */

enum given { NOTHING, GOOD, REVOKED };

static void
provide_in(struct world *w, const char *folder, int kind, enum given what)
{
	const struct snp_given g = { VCEK, true, false, what };
	struct dcap_recipe r = { .tee =
				     kind == KIND_SGX ? QUOTE_SGX : QUOTE_TDX };
	struct endorsements *e;
	char dir[96];

	r.revoke_pck = what == REVOKED;
	e = what == NOTHING    ? endorse_new()
	    : kind >= KIND_SNP ? snp_endorse(&g)
			       : dcap_given(&r);
	snprintf(dir, sizeof(dir), "%s/%s", w->dir, folder);
	folder_put(dir, e);
	endorse_free(&e);
}

static void
provide(struct world *w, int kind, enum given what)
{
	provide_in(w, "collateral", kind, what);
}

static void
open_pair(struct pair *p, struct world *w, int kind)
{
	const struct kind *k = &kinds[kind];

	world_write(w, "policy",
	    "{\"version\":1,\"max_age_s\":60,\"lease_s\":%d,"
	    "\"identity\":{\"mode\":\"none\"},\"endorsements\":\"collateral\","
	    "\"accept\":[{\"scheme\":\"%s\",\"signers\":[{\"ca\":\"%s\"}],"
	    "\"debug\":false,%s}]}",
	    LEASE_S, k->type, k->root(), k->rules);
	pair_open(p, w, world_ctx(w, "{\"policy\":\"policy\"}"), attester(w, k),
	    false);
	pair_run(p);
}

static enum seal_outcome
outcome(struct pair *p)
{
	struct seal_verdict *v = seal_conn_verdict(p->client.conn);
	enum seal_outcome o =
	    v == NULL ? SEAL_TIMEOUT : seal_verdict_outcome(v);

	return o;
}

static void
accepted_with_collateral(void **state)
{
	struct world *w = *state;

	for (int k = 0; k < KINDS; k++) {
		for (int what = NOTHING; what <= REVOKED; what++) {
			struct pair p;

			provide(w, k, (enum given)what);
			open_pair(&p, w, k);
			if ((outcome(&p) == SEAL_ACCEPTED) != (what == GOOD) ||
			    (side_step(&p.client) == SEAL_ERROR) !=
				(what != GOOD))
				fail_msg("%s, %d: %d", kinds[k].name, what,
				    outcome(&p));
			pair_close(&p);
		}
	}
}

/* Collateral that arrives while a connection lives counts at its next
 * attestation: one list that revokes ends it. */
static void
revoked_while_it_lives(void **state)
{
	struct world *w = *state;

	for (int k = 0; k < KINDS; k++) {
		struct pair p;

		provide(w, k, GOOD);
		open_pair(&p, w, k);
		assert_int_equal(outcome(&p), SEAL_ACCEPTED);
		w->boot_ms += LEASE_S * 500;
		w->unix_s += LEASE_S / 2;
		pair_run(&p);
		assert_int_equal(outcome(&p), SEAL_ACCEPTED);
		provide(w, k, REVOKED);
		w->boot_ms += LEASE_S * 500;
		w->unix_s += LEASE_S / 2;
		pair_run(&p);
		if (side_step(&p.client) != SEAL_ERROR)
			fail_msg("%s: lives on", kinds[k].name);
		pair_close(&p);
	}
}

/* ---- Collateral that comes along ---- */

static void
open_stapled(struct pair *p, struct world *w, int kind, bool taken)
{
	const struct kind *k = &kinds[kind];

	world_write(w, "policy",
	    "{\"version\":1,\"max_age_s\":60,\"lease_s\":%d,"
	    "\"identity\":{\"mode\":\"none\"},"
	    "\"accept\":[{\"scheme\":\"application/cmw+cbor\",\"members\":{"
	    "\"cpu\":{\"scheme\":\"%s\",\"signers\":[{\"ca\":\"%s\"}],"
	    "\"debug\":false,\"stapled\":%s,%s}}}]}",
	    LEASE_S, k->type, k->root(), taken ? "true" : "false", k->rules);
	pair_open(p, w, world_ctx(w, "{\"policy\":\"policy\"}"), stapler(w, k),
	    false);
	pair_run(p);
}

static void
stapled_on_connections(void **state)
{
	struct world *w = *state;

	for (int k = 0; k < KINDS; k++)
		for (int row = 0; row < 3; row++) {
			bool good = row == 0;
			struct pair p;

			provide_in(w, "stapled", k, row == 1 ? REVOKED : GOOD);
			open_stapled(&p, w, k, row != 2);
			if ((outcome(&p) == SEAL_ACCEPTED) != good ||
			    (side_step(&p.client) == SEAL_ERROR) == good)
				fail_msg("%s, %d: %d", kinds[k].name, row,
				    outcome(&p));
			pair_close(&p);
		}
}

/* What the folder holds when Evidence is made counts; while it cannot be
 * packed, what it held before. */
static void
stapled_anew(void **state)
{
	struct world *w = *state;
	char path[128];

	for (int k = 0; k < KINDS; k++) {
		struct pair p;

		provide_in(w, "stapled", k, GOOD);
		open_stapled(&p, w, k, true);
		assert_int_equal(outcome(&p), SEAL_ACCEPTED);
		snprintf(path, sizeof(path), "%s/stapled", w->dir);
		folder_clear(path);
		w->boot_ms += LEASE_S * 500;
		w->unix_s += LEASE_S / 2;
		pair_run(&p);
		assert_int_equal(outcome(&p), SEAL_ACCEPTED);
		assert_int_not_equal(side_step(&p.client), SEAL_ERROR);
		provide_in(w, "stapled", k, REVOKED);
		w->boot_ms += LEASE_S * 500;
		w->unix_s += LEASE_S / 2;
		pair_run(&p);
		if (side_step(&p.client) != SEAL_ERROR)
			fail_msg("%s: lives on", kinds[k].name);
		pair_close(&p);
	}
}

static void
nothing_to_staple(void **state)
{
	static const struct {
		const char *text;
		bool ok;
	} rows[] = {
		{ "\"staple\":\"stapled\",", true },
		{ "\"staple\":\"empty\",", false },
		{ "\"staple\":\"missing\",", false },
		{ "\"staple\":\"big\",", false },
		{ "\"staple\":1,", false },
		{ "\"staple\":\"\",", false },
	};
	struct endorsements *e = endorse_new(), *big = endorse_new();
	struct world *w = *state;
	char dir[96];

	provide_in(w, "stapled", KIND_TDX, GOOD);
	snprintf(dir, sizeof(dir), "%s/empty", w->dir);
	folder_put(dir, e);
	for (int i = 0; i < 40; i++) {
		struct dcap_recipe r = { .tee = QUOTE_TDX, .evaluation = i };

		dcap_documents(&r, big);
	}
	snprintf(dir, sizeof(dir), "%s/big", w->dir);
	folder_put(dir, big);
	endorse_free(&e);
	endorse_free(&big);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seal_ctx *c = seal_ctx_new();
		struct seal_diag d = { 0 };
		char text[512];
		int r;

		snprintf(text, sizeof(text),
		    "{\"attesters\":[{\"driver\":\"collection\",%s"
		    "\"subject\":\"cpu\",\"members\":{\"cpu\":{\"driver\":"
		    "\"soft\",\"conf\":{\"key\":\"server.signer\"}}}}]}",
		    rows[i].text);
		r = seal_ctx_load(c, text, w->dir, &d);
		if (r != (rows[i].ok ? 0 : SEAL_E_CONFIG))
			fail_msg("%s: %d (%s)", rows[i].text, r, d.text);
		seal_ctx_free(&c);
	}
	for (const char *const *name =
		 (const char *const[]){ "empty", "big", "stapled", NULL };
	     *name != NULL; name++) {
		snprintf(dir, sizeof(dir), "%s/%s", w->dir, *name);
		folder_remove(dir);
	}
}

static int
setup(void **state)
{
	int r = world_setup(state);

	fixture_clock = ((struct world *)*state)->unix_s;
	dcap_setup();
	snp_setup(RSA_SIZE);
	return r;
}

static int
teardown(void **state)
{
	dcap_teardown();
	snp_teardown();
	return world_teardown(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted_with_collateral),
		cmocka_unit_test(revoked_while_it_lives),
		cmocka_unit_test(stapled_on_connections),
		cmocka_unit_test(stapled_anew),
		cmocka_unit_test(nothing_to_staple),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
