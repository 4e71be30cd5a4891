/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an appraisal costs a Verifier: CPU of seal_verifier_appraise(), result
 * signed, against the signature operations that it cannot do without, measured
 * in the same rounds; and the heap over many of them. No network, no store.
 * verifier DIR [ROUNDS [MANY]]; DIR is made by bench/verifier. A technology is
 * a row here and an attester's configuration there, or is played.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <sealtls/tools.h>
#include <sealtls/verifier.h>

#include "appraise.h"
#include "figures.h"
#include "format/cmw.h"
#include "lib/ctx.h"
#include "verifier_snp.h"

#define ID "https://bench.example"
#define PER_ROUND 50
#define PATH 512
#define SIGNED 400 /* bytes that a signature of the floor is over */

struct row {
	const char *name, *conf; /* of the attester, in DIR; none: left out;
				    NULL: an SNP machine is played */
	enum op verify;          /* of Evidence whose keys' chain is cached, */
	int verifications;       /* as often as that */
	struct seal_verifier *verifier;
	struct wr evidence;
	uint8_t nonce[32];
	double *us, *floor_us; /* of each round */
};

static struct row rows[] = {
	{ "software Evidence", "soft.json", VERIFY_P256, 1 },
	{ "TPM quote and certified key", "tpm.json", VERIFY_P256, 2 },
	{ "SNP report", NULL, VERIFY_P384, 1 },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const char *dir;
static EVP_PKEY *floor_key;
static uint8_t floor_text[SIGNED], floor_signature[128];
static size_t floor_n = sizeof(floor_signature);

static void
die(const char *what, const struct seal_diag *d)
{
	fprintf(stderr, "bench: %s: %s\n", what, d != NULL ? d->text : "");
	exit(1);
}

static const char *
file(const char *name)
{
	static char path[PATH];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* ---- The floor: results are signed with P-256 ---- */

static void
floor_sign(void)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();

	floor_n = sizeof(floor_signature);
	if (EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, floor_key) != 1 ||
	    EVP_DigestSign(c, floor_signature, &floor_n, floor_text, SIGNED) !=
		1)
		die("floor", NULL);
	EVP_MD_CTX_free(c);
}

/* ---- A kind of Evidence ---- */

/* Over a nonce of the Verifier's, as for a passport. */
static void
collect(struct row *k, struct seal_ctx *ctx)
{
	struct attester *a = ctx->attesters[0];
	struct seal_binding binding;
	struct seal_diag d = { 0 };
	struct wr evidence;

	memset(k->nonce, 7, sizeof(k->nonce));
	wr_init_heap(&evidence, LIMIT_CMW);
	wr_init_heap(&k->evidence, LIMIT_CMW);
	if (binding_verifier(span_str(ID), span_of(k->nonce, sizeof(k->nonce)),
		attester_spki(a), &binding, &d) != 0 ||
	    attester_collect(a, &binding, 30000, &evidence, &d) != 0)
		die(k->name, &d);
	cmw_write_record(
	    &k->evidence, span_str(attester_media_type(a)), wr_view(&evidence));
	wr_free(&evidence);
}

static void
open_verifier(struct row *k, const char *policy)
{
	char key[PATH];
	const struct seal_verifier_args args = {
		.id = ID, .key_file = key, .anchors_dir = dir
	};
	struct seal_diag d = { 0 };

	snprintf(key, sizeof(key), "%s", file("results.key"));
	if (seal_verifier_new(&args, &k->verifier, &d) != 0 ||
	    seal_verifier_set_policy(
		k->verifier, "bench", policy, strlen(policy), &d) != 0)
		die(k->name, &d);
}

static void
play_snp(struct row *k)
{
	struct seal_binding binding;

	memset(k->nonce, 7, sizeof(k->nonce));
	if (binding_verifier(span_str(ID), span_of(k->nonce, sizeof(k->nonce)),
		span_of(NULL, 0), &binding, NULL) != 0)
		die(k->name, NULL);
	snp_play(dir, binding_value(&binding), &k->evidence);
	open_verifier(k, snp_policy);
}

/* The policy that pins this very Evidence. */
static void
learn(struct row *k)
{
	struct span in = wr_view(&k->evidence);
	struct seal_appraise_args from = { .evidence = in.p,
		.evidence_n = in.n,
		.unix_s = (int64_t)time(NULL) };
	struct seal_verdict *v = NULL;
	struct seal_diag d = { 0 };
	char *policy = NULL;

	if (seal_policy_learn(&from, &policy, &v, &d) != 0)
		die(k->name, &d);
	open_verifier(k, policy);
	seal_verdict_free(&v);
	free(policy);
}

static void
appraise_one(struct row *k)
{
	struct span in = wr_view(&k->evidence);
	struct seal_verifier_ask ask = { .evidence = in.p,
		.evidence_n = in.n,
		.nonce = k->nonce,
		.nonce_n = sizeof(k->nonce),
		.origin = SEAL_NONCE_FRESH };
	struct seal_verifier_answer answer = { 0 };
	struct seal_diag d = { 0 };

	if (seal_verifier_appraise(k->verifier, &ask, &answer, &d) != 0)
		die(k->name, &d);
	if (seal_verdict_outcome(answer.verdict) != SEAL_ACCEPTED)
		die(k->name, seal_verdict_diag(answer.verdict));
	seal_verifier_answer_wipe(&answer);
}

static bool
attest(struct row *k)
{
	struct seal_ctx *ctx;
	struct seal_diag d = { 0 };

	if (access(file(k->conf), R_OK) != 0) {
		printf("%-30s left out: there is no %s\n", k->name, k->conf);
		return false;
	}
	if ((ctx = seal_ctx_new()) == NULL ||
	    seal_ctx_load_file(ctx, file(k->conf), &d) != 0)
		die(k->name, &d);
	collect(k, ctx);
	seal_ctx_free(&ctx);
	learn(k);
	return true;
}

static bool
prepare(struct row *k, size_t rounds)
{
	if (k->conf == NULL)
		play_snp(k);
	else if (!attest(k))
		return false;
	k->us = calloc(rounds, sizeof(*k->us));
	k->floor_us = calloc(rounds, sizeof(*k->floor_us));
	appraise_one(k); /* fills caches */
	return true;
}

/* ---- Measuring ---- */

static void
measure(struct row *k, size_t round)
{
	double start = cpu_us();

	for (int i = 0; i < PER_ROUND; i++)
		appraise_one(k);
	k->us[round] = (cpu_us() - start) / PER_ROUND;
	start = cpu_us();
	for (int i = 0; i < PER_ROUND; i++) {
		for (int n = 0; n < k->verifications; n++)
			floor_do(k->verify);
		floor_sign();
	}
	k->floor_us[round] = (cpu_us() - start) / PER_ROUND;
}

static void
report(struct row *k, size_t rounds)
{
	double us = median(k->us, rounds);
	double floor_us = median(k->floor_us, rounds);

	printf("%-30s %6.1f us, %5.0f per CPU-second; floor of %d "
	       "verifications and a signature %6.1f us: %.0f %%\n",
	    k->name, us, 1e6 / us, k->verifications, floor_us,
	    floor_us / us * 100);
}

static size_t
heap_bytes(void)
{
	return mallinfo2().uordblks;
}

static void
memory(struct row *k, long many)
{
	size_t first, last;

	for (long i = 0; i < many / 100; i++)
		appraise_one(k);
	first = heap_bytes();
	for (long i = 0; i < many; i++)
		appraise_one(k);
	last = heap_bytes();
	printf("%-30s heap over %ld appraisals: %zu, then %zu bytes\n", k->name,
	    many, first, last);
	if (last > first + 65536)
		die(k->name, &(struct seal_diag){ .text = "memory grows" });
}

int
main(int argc, char **argv)
{
	size_t rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 40;
	long many = argc > 3 ? strtol(argv[3], NULL, 10) : 100000;
	bool there[ROWS];

	if (argc < 2 || rounds == 0) {
		fprintf(stderr, "verifier DIR [ROUNDS [MANY]]\n");
		return 1;
	}
	dir = argv[1];
	if ((floor_key = EVP_EC_gen("P-256")) == NULL)
		die("floor", NULL);
	floor_sign();
	floor_setup(false);
	for (size_t i = 0; i < ROWS; i++)
		there[i] = prepare(&rows[i], rounds);
	for (size_t r = 0; r < rounds; r++)
		for (size_t i = 0; i < ROWS; i++)
			if (there[i])
				measure(&rows[i], r);
	for (size_t i = 0; i < ROWS; i++)
		if (there[i])
			report(&rows[i], rounds);
	for (size_t i = 0; i < ROWS; i++)
		if (there[i])
			memory(
			    &rows[i], rows[i].conf == NULL ? many / 10 : many);
	return 0;
}
