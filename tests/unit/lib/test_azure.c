/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A confidential VM of Azure that lies about the binder, over live connections:
 * everything else about its Evidence is as it should be.
 */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "evidence/drivers.h"
#include "evidence/swtpm.h"
#include "fake/azure.h"
#include "format/tar.h"
#include "lib/ctx.h"
#include "pair.h"

static struct swtpm tpm;
static bool installed;
static unsigned port;
static enum lie { HONEST, OTHER_BINDER, EMPTY_BINDER, OLD_EVIDENCE } lie;
static struct wr old;

/* What a machine can do whose owner is not honest. */
static int
lying_collect(void *ctx, const struct seal_binding *b, uint64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	struct seal_binding other = *b;

	if (lie == OLD_EVIDENCE) {
		wr_bytes(out, wr_view(&old));
		return 0;
	}
	other.binder[0] ^= lie == OTHER_BINDER;
	if (lie == EMPTY_BINDER)
		other.size = 0;
	return evidence_azure.collect(ctx, &other, deadline_ms, out, d);
}

static void
add_liar(struct seal_ctx *c)
{
	static struct evidence_driver driver;
	char imds[64];
	struct conf_pair pairs[] = {
		{ "tcti", tpm.tcti },
		{ "lock_dir", tpm.dir },
		{ "pcrs", "sha256:0" },
		{ "imds", imds },
	};
	const struct conf conf = { pairs, sizeof(pairs) / sizeof(pairs[0]) };
	struct attester *a = NULL;
	struct seal_diag d = { 0 };

	snprintf(imds, sizeof(imds), "http://127.0.0.1:%u", port);
	driver = evidence_azure;
	driver.collect = lying_collect;
	if (attester_open_driver(&driver, &conf, &a, &d) != 0 ||
	    ctx_add_attester(c, a, &d) != 0)
		fail_msg("%s", d.text);
}

static void
write_policy(struct world *w)
{
	char ones[97], zeros[65];

	memset(ones, '1', sizeof(ones));
	memset(zeros, '0', sizeof(zeros));
	ones[96] = zeros[64] = '\0';
	world_write(w, "azure",
	    "{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":\"none\"},"
	    "\"accept\":[{\"scheme\":\"application/cmw+cbor\",\"members\":{"
	    "\"platform\":{\"scheme\":"
	    "\"application/vnd.sealtls.azure-hcl-snp+cbor\",\"debug\":false,"
	    "\"signers\":[{\"ca\":\"%s/root.pem\"}],\"crl\":false,"
	    "\"tcb\":{\"reported\":{\"boot_loader\":3,\"tee\":0,\"snp\":8,"
	    "\"microcode\":115}},\"measurements\":{\"measurement\":\"%s\"}},"
	    "\"tpm\":{\"scheme\":\"application/vnd.sealtls.tpm-quote+cbor\","
	    "\"debug\":false,\"signers\":[{\"member\":\"platform\"}],"
	    "\"pcrs\":{\"sha256\":{\"0\":\"%s\"}}}}}]}",
	    tpm.dir, ones, zeros);
}

static void
binders(void **state)
{
	static const struct {
		const char *name;
		enum lie lie;
		enum seal_outcome want;
	} rows[] = {
		{ "honest", HONEST, SEAL_ACCEPTED },
		{ "a binder of another connection", OTHER_BINDER,
		    SEAL_REFUSED_EVIDENCE },
		{ "no binder", EMPTY_BINDER, SEAL_REFUSED_EVIDENCE },
		{ "yesterday's", OLD_EVIDENCE, SEAL_REFUSED_EVIDENCE },
		{ "honest again", HONEST, SEAL_ACCEPTED },
	};
	struct world *w = *state;

	if (!installed)
		skip();
	write_policy(w);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seal_ctx *client =
		    world_ctx(w, "{\"identity\":{\"mode\":\"pkix\",\"name\":"
				 "\"server.example\",\"ca\":\"server.pem\"}}");
		enum seal_outcome got;
		struct pair p;

		add_liar(client);
		lie = rows[i].lie;
		pair_open(&p, w, client, world_ctx(w, "{\"policy\":\"azure\"}"),
		    false);
		pair_run(&p);
		got = seal_conn_outcome(p.server.conn);
		if (got != rows[i].want)
			fail_msg("%s: expected %s, got %s (%s)", rows[i].name,
			    seal_outcome_name(rows[i].want),
			    seal_outcome_name(got),
			    seal_conn_diag(p.server.conn)->text);
		pair_close(&p);
	}
}

/* It is a collection already, so it can be no member of another. */
static void
as_member(void **state)
{
	struct attester_part part = { strdup("vm"), NULL };
	struct attester_staple none = { NULL, NULL, NULL };
	struct seal_ctx *c = seal_ctx_new();
	struct attester *a = NULL;
	struct seal_diag d = { 0 };

	(void)state;
	if (!installed)
		skip();
	add_liar(c);
	part.by = c->attesters[--c->n_attesters];
	assert_int_equal(
	    attester_open_parts(&part, 1, &none, &a, &d), SEAL_E_CONFIG);
	assert_non_null(strstr(d.text, "collection of its own"));
	attester_part_wipe(&part);
	seal_ctx_free(&c);
}

/* ---- With what goes along ---- */

enum packed { A_PACK, NO_PACK, TOO_LARGE };
static enum packed packed;

static int
give_pack(void *ctx, struct span *ret, struct seal_diag *d)
{
	static uint8_t big[LIMIT_CMW], small[4 * TAR_BLOCK];
	struct wr w;

	(void)ctx;
	if (packed == NO_PACK)
		return seal_fail(d, SEAL_E_IO, "no pack");
	wr_init(&w, small, sizeof(small));
	tar_put(&w, "one", span_str("of no use"));
	tar_end(&w);
	assert_int_equal(w.error, 0);
	*ret = packed == TOO_LARGE ? span_of(big, sizeof(big)) : wr_view(&w);
	return 0;
}

static void
closed(void *ctx)
{
	++*(int *)ctx;
}

/* Its members stay as they are, and another item stands behind them. */
static void
with_collateral(void **state)
{
	static const struct {
		enum packed packed;
		enum lie lie;
		enum seal_outcome want;
	} rows[] = { { A_PACK, HONEST, SEAL_ACCEPTED },
		{ A_PACK, OTHER_BINDER, SEAL_REFUSED_EVIDENCE },
		{ NO_PACK, HONEST, SEAL_UNAVAILABLE },
		{ TOO_LARGE, HONEST, SEAL_UNAVAILABLE },
		{ A_PACK, HONEST, SEAL_ACCEPTED } };
	struct world *w = *state;

	if (!installed)
		skip();
	write_policy(w);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int n_closed = 0;
		struct attester_staple s = { &n_closed, give_pack, closed };
		struct seal_ctx *client =
		    world_ctx(w, "{\"identity\":{\"mode\":\"pkix\",\"name\":"
				 "\"server.example\",\"ca\":\"server.pem\"}}");
		struct attester *a, *all = NULL;
		enum seal_outcome got;
		struct pair p;

		add_liar(client);
		a = client->attesters[--client->n_attesters];
		assert_int_equal(attester_open_stapled(&a, &s, &all, NULL), 0);
		assert_true(a == NULL && s.ctx == NULL);
		assert_int_equal(ctx_add_attester(client, all, NULL), 0);
		lie = rows[i].lie;
		packed = rows[i].packed;
		pair_open(&p, w, client, world_ctx(w, "{\"policy\":\"azure\"}"),
		    false);
		pair_run(&p);
		got = seal_conn_outcome(p.server.conn);
		if (got != rows[i].want)
			fail_msg("row %zu: expected %s, got %s (%s)", i,
			    seal_outcome_name(rows[i].want),
			    seal_outcome_name(got),
			    seal_conn_diag(p.server.conn)->text);
		pair_close(&p);
		assert_int_equal(n_closed, 1);
	}
	lie = HONEST;
}

static void
keep_old(void)
{
	struct seal_ctx *c = seal_ctx_new();
	static const uint8_t nonce[32] = { 7 };
	struct seal_binding b;
	struct seal_diag d = { 0 };

	add_liar(c);
	wr_init_heap(&old, LIMIT_CMW);
	assert_int_equal(
	    binding_post(HASH_SHA256, attester_spki(c->attesters[0]),
		span_of(nonce, 32), &b, NULL),
	    0);
	lie = HONEST;
	if (attester_collect(c->attesters[0], &b, 20000, &old, &d) != 0)
		fail_msg("%s", d.text);
	seal_ctx_free(&c);
}

static int
setup(void **state)
{
	if ((installed = swtpm_start(&tpm))) {
		azure_vm_start(AZURE_VM_SNP, tpm.tcti, tpm.dir);
		port = azure_host_start(AZURE_VM_SNP);
		keep_old();
	} else {
		print_message("skipped: swtpm is not installed\n");
	}
	return world_setup(state);
}

static int
teardown(void **state)
{
	if (installed)
		azure_vm_stop();
	wr_free(&old);
	swtpm_stop(&tpm);
	return world_teardown(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(binders),
		cmocka_unit_test(as_member),
		cmocka_unit_test(with_collateral),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
