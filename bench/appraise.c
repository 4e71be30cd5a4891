/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What judging Evidence costs: CPU of appraise() against the operations with
 * public keys that it cannot do without, measured in the same rounds; and its
 * allocations. Three ways: nothing is known; issuers and collateral are, the
 * machine is not; the machine is known too.
 *
 * The floor holds verifications, each by EVP_DigestVerify() on a key that is
 * there and over 672 bytes, and the imports of keys that were not seen before,
 * by our own reader of their SPKI (appraise_make.c says how many). It holds no
 * decoding of certificates: libcrypto's of one costs two verifications with
 * P-256 (d2i_X509), and what is ordinary is read by our own reader; and no
 * hash but those of what is signed, no JSON and CBOR, no policy, no verdict.
 * What reading costs is printed by itself. Loading the policy with its anchors
 * is no part of judging.
 *
 * appraise [ROUNDS [KIND [WAY]]]: with WAY, 0 to 2, that alone: for callgrind,
 * where timed() and floor_run() stand for MACHINES - 1 machines a round
 * (--toggle-collect), floor_run() for one P-256 verification each besides.
 */
#include "appraise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "crypto/fixture.h"
#include "figures.h"

#define MACHINES 12 /* of one round */
#define ROUNDS_MAX 1000
#define KEYS 1024
/* Intel's library (QVL), all four of its calls for a TDX quote with collateral,
 * in verifications with P-256 on one machine; ours is to be 0.3 of it. */
#define QVL_P256 64

/* ---- Allocations, of all libraries ---- */

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
void *malloc(size_t n);
void *calloc(size_t n, size_t size);
void *realloc(void *p, size_t n);
static unsigned long allocations;

void *
malloc(size_t n)
{
	allocations++;
	return __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	allocations++;
	return __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	allocations++;
	return __libc_realloc(p, n);
}

/* ---- What a Relying Party has ---- */

struct party {
	const struct kind *k;
	struct policy *policy;
	struct endorsements *given;
	struct key_cache *keys;
	struct cert_cache *certs;
};

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "bench: %s: %s\n", what, why);
	exit(1);
}

/* Nothing in it is known from before. */
static struct endorsements *
copy(const struct endorsements *e)
{
	struct endorsements *ret = endorse_new();

	for (size_t i = 0; e != NULL && i < e->n; i++)
		if (endorse_add(
			ret, e->items[i].name, e->items[i].bytes, NULL) != 0)
			die("endorsements", "out of memory");
	return ret;
}

static void
party_open(
    struct party *p, const struct kind *k, const struct endorsements *given)
{
	struct seal_diag d = { 0 };
	struct wr text;

	*p = (struct party){ .k = k, .given = copy(given) };
	wr_init_heap(&text, 8192);
	wr_printf(&text,
	    "{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":\"none\"},"
	    "\"accept\":[{\"scheme\":\"%s\",\"debug\":false,",
	    k->type);
	k->rules(&text);
	wr_printf(&text, "}]}");
	if (policy_load(wr_view(&text), "/", &p->policy, &d) != 0)
		die(k->name, d.text);
	wr_free(&text);
	p->keys = key_cache_new(KEYS);
	p->certs = cert_cache_new(KEYS);
}

static void
party_close(struct party *p)
{
	policy_free(&p->policy);
	endorse_free(&p->given);
	key_cache_free(&p->keys);
	cert_cache_free(&p->certs);
}

static void
appraise_one(struct party *p, const struct wr *evidence)
{
	const struct appraisal_in in = { .media_type = span_str(p->k->type),
		.evidence = wr_view(evidence),
		.expected = &make_binding,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = NOW,
		.keys = p->keys,
		.certs = p->certs,
		.endorse = p->given,
		.binder_known = true };
	struct seal_verdict *v = verdict_new();

	if (appraise(p->policy, &in, v) != 0)
		die(p->k->name, v->diag != NULL ? v->diag->text : "refused");
	seal_verdict_free(&v);
}

/* ---- Measuring ---- */

struct series {
	double us[ROUNDS_MAX], floor_us[ROUNDS_MAX], ratio[ROUNDS_MAX];
	unsigned long allocations;
};

struct work {
	const struct kind *k;
	struct endorsements *given;
	struct wr evidence[MACHINES];
	struct series series[WAYS];
};

static double p256_us[ROUNDS_MAX];

/* One stopwatch for all machines, as for the floor; but for what is cold,
 * where it has to stop in between. */
__attribute__((noinline)) static double
timed(struct party *p, const struct wr *evidence, size_t n, bool same,
    struct series *s)
{
	unsigned long before = allocations;
	double start = cpu_us(), us;

	for (size_t i = 0; i < n; i++)
		appraise_one(p, &evidence[same ? 0 : i]);
	us = cpu_us() - start;
	s->allocations = (allocations - before) / n;
	return us;
}

static double
one_way(struct work *w, enum way way, struct series *s)
{
	struct party p;
	double us = 0;

	if (way != COLD) {
		party_open(&p, w->k, w->given);
		appraise_one(&p, &w->evidence[0]);
		us = timed(&p, &w->evidence[way == CACHED ? 0 : 1],
		    MACHINES - 1, way == CACHED, s);
		party_close(&p);
	}
	for (size_t i = 1; way == COLD && i < MACHINES; i++) {
		party_open(&p, w->k, w->given);
		us += timed(&p, &w->evidence[i], 1, true, s);
		party_close(&p);
	}
	return us / (MACHINES - 1);
}

static double
floor_of(const unsigned ops[OPS])
{
	double start = cpu_us();

	for (size_t i = 1; i < MACHINES; i++)
		floor_run(ops);
	return (cpu_us() - start) / (MACHINES - 1);
}

static void
measure(struct work *w, int only, size_t round)
{
	for (int way = 0; way < WAYS; way++) {
		struct series *s = &w->series[way];

		if (only >= 0 && way != only)
			continue;
		s->us[round] = one_way(w, (enum way)way, s);
		s->floor_us[round] = floor_of(w->k->floor[way]);
		s->ratio[round] = s->us[round] / s->floor_us[round];
	}
}

static void
report(struct work *w, int only, size_t rounds, double unit)
{
	static const char *const names[WAYS] = { "nothing known",
		"issuers known", "machine known" };

	for (int way = 0; way < WAYS; way++) {
		struct series *s = &w->series[way];
		double us = median(s->us, rounds);

		if (only >= 0 && way != only)
			continue;
		printf("%-5s %-14s %7.1f us %5.1f P-256; floor %7.1f us: "
		       "%.2f x; %lu allocations\n",
		    w->k->name, names[way], us, us / unit,
		    median(s->floor_us, rounds), median(s->ratio, rounds),
		    s->allocations);
	}
}

static void
report_more(struct work *w, size_t rounds, double unit)
{
	if (strcmp(w->k->name, "TDX") == 0)
		printf("      nothing known: %.2f of what Intel's library "
		       "takes (%d P-256)\n",
		    median(w->series[COLD].us, rounds) / unit / QVL_P256,
		    QVL_P256);
	parse_report(w->k, wr_view(&w->evidence[0]), w->given, unit);
}

static void
prepare(struct work *w, const struct kind *k)
{
	w->k = k;
	for (size_t i = 0; i < MACHINES; i++)
		k->make(&w->evidence[i]);
	w->given = k->given != NULL ? k->given() : NULL;
}

int
main(int argc, char **argv)
{
	static struct work work[8];
	size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 15, n = 0;
	int only = argc > 3 ? (int)strtol(argv[3], NULL, 10) : -1;
	const unsigned one[OPS] = { [VERIFY_P256] = 1 };
	double unit;
	bool rsa;

	if (rounds == 0 || rounds > ROUNDS_MAX)
		die("appraise", "1 to 1000 rounds");
	rsa = argc < 3 || strcmp(argv[2], "SNP") == 0;
	floor_setup(rsa);
	make_setup(rsa);
	for (const struct kind *k = kinds; k->name != NULL; k++)
		if (argc < 3 || strcmp(argv[2], k->name) == 0)
			prepare(&work[n++], k);
	for (size_t r = 0; r < rounds; r++) {
		p256_us[r] = floor_of(one);
		for (size_t i = 0; i < n; i++)
			measure(&work[i], only, r);
	}
	unit = median(p256_us, rounds);
	for (size_t i = 0; i < n; i++) {
		report(&work[i], only, rounds, unit);
		if (only < 0)
			report_more(&work[i], rounds, unit);
	}
	make_teardown();
	return 0;
}
