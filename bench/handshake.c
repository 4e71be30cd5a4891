/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What attestation costs: CPU of both peers of a TLS 1.3 connection and the
 * heap that an idle one holds, in one process, without a network. Cases run
 * interleaved, round by round, and are told as ratios to plain mutual TLS
 * with explicit chains (SSL_MODE_NO_AUTO_CHAIN) in the same round.
 *
 * Attestation in the handshake has a yardstick of its own: the same handshake
 * without it, with the same keys, certificates, settings and checks (chain and
 * name), and for each piece of Evidence one signature, made and verified as
 * libssl does its own, whose keys are imported once. All else is what
 * attestation costs: the extension and its bytes in the TLS transcript, the
 * binder, making and reading the Evidence, policy and verdict, the fibre.
 *
 * handshake DIR [ROUNDS [CASE]]; DIR is made by bench/run. With CASE, only
 * that one runs, ROUNDS times: for callgrind.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/ssl.h>
#include <sealtls/openssl.h>

#include "lib/ctx.h"
#include "figures.h"
#include "signature.h"

#define PER_ROUND 8   /* connections of each case in a round */
#define IDLE_CONNS 64 /* for the heap figures */
#define PATH 512

enum part { PART_TLS, PART_ATTEST, PART_APPRAISE, PARTS };

struct side {
	SSL_CTX *tls;
	struct seal_ctx *seal; /* NULL: plain TLS */
};

struct bench_case {
	const char *name;
	const char *client_conf, *server_conf; /* NULL: plain TLS */
	bool client_cert, cold;
	bool intra;       /* the attesters' certificates are TLS's */
	size_t yardstick; /* of intra: the same handshake without Evidence */
	unsigned made;    /* of intra: pieces of Evidence */
	struct side client, server;
	double *us;          /* of each round */
	double parts[PARTS]; /* of one connection a round besides */
};

enum { PLAIN_MUTUAL, PLAIN_SERVER }; /* in cases */

static struct bench_case cases[] = {
	{ "plain mutual TLS (yardstick)", NULL, NULL, true, false },
	{ "plain server-auth TLS", NULL, NULL, false, false },
	{ "attested server, cold", "c-plain", "s-soft", false, true },
	{ "attested server, warm", "c-plain", "s-soft", false, false },
	{ "attested mutual, no client cert, cold", "c-soft", "s-mutual", false,
	    true },
	{ "attested mutual, no client cert, warm", "c-soft", "s-mutual", false,
	    false },
	{ "attested mutual, client cert, cold", "c-soft", "s-mutual-pkix", true,
	    true },
	{ "attested mutual, client cert, warm", "c-soft", "s-mutual-pkix", true,
	    false },
	{ "in the handshake: server", "c-intra", "s-intra", false, false, true,
	    PLAIN_SERVER, 1 },
	{ "in the handshake: mutual", "c-intra-mutual", "s-intra-mutual", true,
	    false, true, PLAIN_MUTUAL, 2 },
};
#define CASES (sizeof(cases) / sizeof(cases[0]))
#define TARGET 1.05 /* of the yardstick and the signatures of Evidence */

static const char *dir;

static void
die(const char *what, const struct seal_diag *d)
{
	fprintf(stderr, "bench: %s: %s\n", what, d != NULL ? d->text : "");
	exit(1);
}

static const char *
file(const char *name)
{
	static char path[4][PATH];
	static unsigned next;
	char *p = path[next++ % 4];

	snprintf(p, PATH, "%s/%s", dir, name);
	return p;
}

/* ---- Both sides of a case ---- */

static SSL_CTX *
tls_new(bool server, bool with_cert, bool verify_peer)
{
	const char *who = server ? "server" : "client";
	char name[64];
	SSL_CTX *c =
	    SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());

	SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION);
	SSL_CTX_set_num_tickets(c, 0);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(c, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set1_groups_list(c, "X25519");
	if (with_cert) {
		snprintf(name, sizeof(name), "%s.pem", who);
		if (SSL_CTX_use_certificate_chain_file(c, file(name)) != 1)
			die(name, NULL);
		snprintf(name, sizeof(name), "%s.key", who);
		if (SSL_CTX_use_PrivateKey_file(
			c, file(name), SSL_FILETYPE_PEM) != 1)
			die(name, NULL);
	}
	if (SSL_CTX_load_verify_locations(c, file("ca.pem"), NULL) != 1)
		die("ca.pem", NULL);
	if (verify_peer)
		SSL_CTX_set_verify(
		    c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return c;
}

static struct seal_ctx *
seal_new(const char *conf, bool cold)
{
	struct seal_ctx *c = seal_ctx_new();
	struct seal_diag d = { 0 };
	char name[64];

	snprintf(name, sizeof(name), "%s.json", conf);
	if (seal_ctx_load_file(c, file(name), &d) != 0)
		die(name, &d);
	if (cold) {
		cert_cache_free(&c->certs);
		key_cache_free(&c->keys);
	}
	return c;
}

static void
case_prepare(struct bench_case *b)
{
	struct seal_diag d = { 0 };

	b->client.tls = tls_new(false, b->client_cert && !b->intra, true);
	b->server.tls = tls_new(true, !b->intra, b->client_cert);
	if (b->client_conf == NULL)
		return;
	b->client.seal = seal_new(b->client_conf, b->cold);
	b->server.seal = seal_new(b->server_conf, b->cold);
	if (seal_openssl_prepare(
		b->client.seal, b->client.tls, SEAL_CLIENT, &d) != 0 ||
	    seal_openssl_prepare(
		b->server.seal, b->server.tls, SEAL_SERVER, &d) != 0)
		die(b->name, &d);
}

/* ---- One connection ---- */

struct pair {
	SSL *client, *server;
	struct seal_conn *c, *s;
};

static void
pair_open(struct bench_case *b, struct pair *p)
{
	BIO *left, *right;
	struct seal_diag d = { 0 };

	p->client = SSL_new(b->client.tls);
	p->server = SSL_new(b->server.tls);
	BIO_new_bio_pair(&left, 1 << 17, &right, 1 << 17);
	SSL_set_bio(p->client, left, left);
	SSL_set_bio(p->server, right, right);
	if (b->client.seal == NULL) {
		SSL_set_connect_state(p->client);
		SSL_set_accept_state(p->server);
		SSL_set1_host(p->client, "bench.example");
		return;
	}
	p->c = seal_conn_openssl(
	    b->client.seal, p->client, SEAL_CLIENT, "bench.example", &d);
	p->s =
	    seal_conn_openssl(b->server.seal, p->server, SEAL_SERVER, NULL, &d);
	if (p->c == NULL || p->s == NULL)
		die(b->name, &d);
}

/* Looking at the clock costs what it tells: not where the whole is measured. */
static bool by_parts;

static void
run_job(struct bench_case *b, struct seal_conn *c)
{
	struct seal_job *j = seal_conn_job(c);
	double start = by_parts ? cpu_us() : 0;
	enum part part = PART_ATTEST;
	unsigned before = seal_conn_verdict_count(c);

	seal_job_run(j);
	start = by_parts ? cpu_us() - start : 0;
	seal_conn_job_done(c, &j);
	if (seal_conn_verdict_count(c) != before)
		part = PART_APPRAISE;
	b->parts[part] += start;
}

static bool
step(struct bench_case *b, struct seal_conn *c)
{
	enum seal_step s = seal_conn_step(c);

	if (s == SEAL_ERROR)
		die(b->name, seal_conn_diag(c));
	if (s == SEAL_WANT_JOB)
		run_job(b, c);
	return s == SEAL_READY;
}

static void
pair_establish(struct bench_case *b, struct pair *p)
{
	bool c = false, s = false;

	for (int i = 0; !(c && s); i++) {
		if (i > 1000)
			die(b->name, NULL);
		if (p->c == NULL) {
			c = SSL_do_handshake(p->client) == 1;
			s = SSL_do_handshake(p->server) == 1;
		} else {
			c = step(b, p->c);
			s = step(b, p->s);
		}
	}
}

static void
pair_echo(struct bench_case *b, struct pair *p)
{
	char buf[64] = { 1 };
	size_t n = 0;

	if (p->c == NULL) {
		SSL_write(p->client, buf, sizeof(buf));
		SSL_read(p->server, buf, sizeof(buf));
		SSL_write(p->server, buf, sizeof(buf));
		if (SSL_read(p->client, buf, sizeof(buf)) != sizeof(buf))
			die(b->name, NULL);
		return;
	}
	seal_write(p->c, buf, sizeof(buf), &n);
	seal_read(p->s, buf, sizeof(buf), &n);
	seal_write(p->s, buf, sizeof(buf), &n);
	if (seal_read(p->c, buf, sizeof(buf), &n) != SEAL_READY || n != 64)
		die(b->name, seal_conn_diag(p->c));
}

static void
pair_close(struct pair *p)
{
	seal_conn_free(&p->c);
	seal_conn_free(&p->s);
	SSL_free(p->client);
	SSL_free(p->server);
}

static void
connect_once(struct bench_case *b)
{
	struct pair p = { 0 };

	pair_open(b, &p);
	pair_establish(b, &p);
	pair_echo(b, &p);
	pair_close(&p);
}

/* ---- Figures ---- */

static void
report(const struct bench_case *b, size_t rounds, double *ratio)
{
	double total = 0, n = (double)(rounds * PER_ROUND);
	double attest = b->parts[PART_ATTEST] / (double)rounds;
	double appraise = b->parts[PART_APPRAISE] / (double)rounds;

	for (size_t i = 0; i < rounds; i++) {
		ratio[i] = b->us[i] / cases[0].us[i];
		total += b->us[i];
	}
	sort_figures(ratio, rounds);
	printf("%-40s %6.2fx  (%.2f-%.2f)  %6.0f us = tls and glue %.0f, "
	       "attest %.0f, appraise %.0f\n",
	    b->name, ratio[rounds / 2], ratio[rounds / 4],
	    ratio[rounds * 3 / 4], total / n, total / n - attest - appraise,
	    attest, appraise);
}

/* ---- In the handshake: against plain TLS and the signatures of Evidence ----
 */

static double *signatures; /* us of one, made and verified, of each round */

/* Each behind a plain handshake, which leaves the caches as one does: alone
 * they would cost less than anybody has them for. */
static void
time_signatures(size_t round)
{
	for (int i = 0; i < PER_ROUND; i++) {
		double start;

		connect_once(&cases[PLAIN_SERVER]);
		start = cpu_us();
		if (!sign_and_verify())
			die("signature", NULL);
		signatures[round] += (cpu_us() - start) / PER_ROUND;
	}
}

static void
report_intra(const struct bench_case *b, size_t rounds, double *ratio)
{
	const struct bench_case *plain = &cases[b->yardstick];

	for (size_t i = 0; i < rounds; i++)
		ratio[i] = b->us[i] /
			   (plain->us[i] + PER_ROUND * b->made * signatures[i]);
	sort_figures(ratio, rounds);
	printf("%-40s %6.3fx  (%.3f-%.3f)  of %s and %u signature%s made and "
	       "verified; target %.2fx: %s\n",
	    b->name, ratio[rounds / 2], ratio[rounds / 4],
	    ratio[rounds * 3 / 4], plain->name, b->made, b->made > 1 ? "s" : "",
	    TARGET, ratio[rounds / 2] <= TARGET ? "met" : "missed");
}

static void
report_all_intra(size_t rounds, double *ratio)
{
	double total = 0;

	for (size_t i = 0; i < rounds; i++)
		total += signatures[i];
	printf("\nin the handshake; one signature, made and verified: %.0f "
	       "us\n",
	    total / (double)rounds);
	for (size_t i = 0; i < CASES; i++)
		if (cases[i].intra)
			report_intra(&cases[i], rounds, ratio);
}

/* Heap of one established, idle connection's end, by what malloc holds. */
static double
heap_idle(struct bench_case *b)
{
	struct pair p[IDLE_CONNS] = { 0 };
	size_t before;

	connect_once(b);
	before = mallinfo2().uordblks;
	for (size_t i = 0; i < IDLE_CONNS; i++) {
		pair_open(b, &p[i]);
		pair_establish(b, &p[i]);
		pair_echo(b, &p[i]);
	}
	before = mallinfo2().uordblks - before;
	for (size_t i = 0; i < IDLE_CONNS; i++)
		pair_close(&p[i]);
	return (double)before / IDLE_CONNS;
}

static void
report_heap(void)
{
	double plain = heap_idle(&cases[1]), attested = heap_idle(&cases[3]),
	       mutual = heap_idle(&cases[5]);

	printf("\nheap of an idle connection, both ends (BIO pair included)\n"
	       "plain server-auth     %8.0f bytes\n"
	       "attested server       %8.0f bytes, %+.0f an end\n"
	       "attested mutual       %8.0f bytes, %+.0f an end\n",
	    plain, attested, (attested - plain) / 2, mutual,
	    (mutual - plain) / 2);
}

static void
run_round(struct bench_case *b, size_t round)
{
	double start = cpu_us();

	for (int i = 0; i < PER_ROUND; i++)
		connect_once(b);
	b->us[round] = cpu_us() - start;
	by_parts = true;
	connect_once(b);
	by_parts = false;
}

/* So that the first round finds what the others do. */
static void
warm_up(struct bench_case *b)
{
	for (int i = 0; i < PER_ROUND; i++)
		connect_once(b);
}

int
main(int argc, char **argv)
{
	size_t rounds = argc > 2 ? (size_t)atoi(argv[2]) : 60;
	double *ratio = calloc(rounds, sizeof(*ratio));

	if (argc < 2 || rounds == 0 || ratio == NULL)
		return fprintf(stderr, "handshake DIR [ROUNDS [CASE]]\n"), 1;
	dir = argv[1];
	signatures = calloc(rounds, sizeof(double));
	if (argc > 3) {
		struct bench_case *b = &cases[(size_t)atoi(argv[3]) % CASES];

		case_prepare(b);
		for (size_t i = 0; i < rounds; i++)
			connect_once(b);
		free(ratio);
		return 0;
	}
	for (size_t i = 0; i < CASES; i++) {
		case_prepare(&cases[i]);
		cases[i].us = calloc(rounds, sizeof(double));
		warm_up(&cases[i]);
	}
	for (size_t r = 0; r < rounds; r++) {
		for (size_t i = 0; i < CASES; i++)
			run_round(&cases[(i + r) % CASES], r);
		time_signatures(r);
	}
	printf("CPU of both peers per connection, %zu rounds of %d, ratio to "
	       "the yardstick: median (quartiles)\n",
	    rounds, PER_ROUND);
	for (size_t i = 0; i < CASES; i++)
		report(&cases[i], rounds, ratio);
	report_all_intra(rounds, ratio);
	report_heap();
	free(ratio);
	return 0;
}
