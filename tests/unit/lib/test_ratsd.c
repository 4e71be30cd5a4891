/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver of ratsd against one that is played here, on a port and on a
 * socket in the file system, and that lies; and live connections with it.
 */
#include "test.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "appraise/policy.h"
#include "appraise/snp_fixture.h"
#include "appraise/verdict.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "evidence/drivers.h"
#include "fake/http.h"
#include "format/ratsd.h"
#include "format/tsm_report.h"
#include "carriers.h"
#include "lib/ctx.h"

#define RSA_SIZE 256
#define COLLECT_MS 20000u
#define SHORT_MS 300u
#define ANSWER_MAX 65536u
#define LABEL "tsm-report"
#define CLAIMS_TYPE \
	"application/eat-ucs+cbor; eat_profile=\"" RATSD_PROFILE "\""

enum lie {
	HONEST,
	PLAIN,  /* hands its question on as it is */
	FIRST,  /* knows version 1 alone, and says so */
	HANG,   /* for ever */
	HUGE_,  /* an answer without an end */
	BROKEN, /* 500 */
	HTML,
	REDIRECT,
	EMPTY,
	NONCE,     /* claims another */
	DATA,      /* its attester signed something else */
	NO_CLAIMS, /* none beside the Evidence */
	PROFILE,   /* claims of another kind */
	ALONE,     /* claims and nothing else */
	RECORD,    /* no collection */
	TAIL,      /* a byte too many */
	FIRST_NONCE,
	FIRST_PROFILE,
	FIRST_DATA,
	OTHER_TYPE, /* Evidence that nobody here makes */
};

static atomic_int lie;
static unsigned port;
static char socket_path[108];
static atomic_uint challenges;

/* ---- ratsd ---- */

static bool
asked(const struct request *q, uint8_t nonce[64])
{
	static const char prefix[] = "\"nonce\":\"";
	const char *at = strstr((const char *)q->body, prefix), *end;
	struct wr w;

	if (at == NULL || (end = strchr(at + strlen(prefix), '"')) == NULL)
		return false;
	at += strlen(prefix);
	wr_init(&w, nonce, 64);
	return b64url_decode(span_of(at, (size_t)(end - at)), &w) && w.n == 64;
}

static void
put_report(const uint8_t nonce[64], struct wr *out)
{
	static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
	uint8_t report[SNP_REPORT_SIZE], data[64], table[16384] = { 0 };
	struct snp_change changes[8];
	size_t n;

	memcpy(data, nonce, 64);
	if (lie != PLAIN && lie != FIRST)
		assert_int_equal(
		    shake256(span_of(nonce, 64), data, 64, NULL), 0);
	data[63] ^= lie == DATA || lie == FIRST_DATA;
	for (size_t i = 0; i < 8; i++) {
		changes[i] = (struct snp_change){ .at = 0x50 + 8 * i, .n = 8 };
		memcpy(changes[i].value, data + 8 * i, 8);
	}
	pthread_mutex_lock(&one);
	snp_make_report(report, 3, changes, 8);
	n = snp_certificates(table, sizeof(table));
	pthread_mutex_unlock(&one);
	cbor_put_map(out, 3);
	cbor_put_text(out, span_str("auxblob"));
	cbor_put_bytes(out, span_of(table, n));
	cbor_put_text(out, span_str("outblob"));
	cbor_put_bytes(out, span_of(report, sizeof(report)));
	cbor_put_text(out, span_str("provider"));
	cbor_put_text(out, span_str("sev_guest"));
}

static void
put_claims(const uint8_t nonce[64], struct wr *out)
{
	uint8_t told[64];

	memcpy(told, nonce, 64);
	told[5] ^= lie == NONCE;
	cbor_put_tag(out, 601);
	cbor_put_map(out, 7);
	cbor_put_uint(out, 10);
	cbor_put_bytes(out, span_of(told, 64));
	cbor_put_uint(out, 258);
	cbor_put_uint(out, 48482);
	cbor_put_uint(out, 265);
	cbor_put_text(
	    out, span_str(lie == PROFILE ? "tag:other" : RATSD_PROFILE));
	cbor_put_uint(out, 270);
	cbor_put_text(out, span_str("ratsd"));
	cbor_put_uint(out, 271);
	cbor_put_array(out, 1);
	cbor_put_text(out, span_str("1.0.0"));
	cbor_put_int(out, -65537);
	cbor_put_text(out, span_str("shake-256"));
	cbor_put_int(out, -65538);
	cbor_put_map(out, 1);
	cbor_put_text(out, span_str(LABEL));
	cbor_put_uint(out, 64);
}

static struct cmw_item
record(const char *label, const char *type, const struct wr *value)
{
	return (struct cmw_item){ .kind = CMW_RECORD,
		.depth = 1,
		.label = span_str(label),
		.media_type = span_str(type),
		.value = wr_view(value) };
}

static void
put_collection(const uint8_t nonce[64], bool first, struct wr *out)
{
	struct cmw_item items[3] = { { .kind = CMW_COLLECTION,
	    .collection_type = span_str(RATSD_COLLECTION) } };
	struct wr claims, report;
	size_t n = 1;

	wr_init_heap(&claims, ANSWER_MAX);
	wr_init_heap(&report, ANSWER_MAX);
	put_claims(nonce, &claims);
	put_report(nonce, &report);
	if (!first && lie != NO_CLAIMS)
		items[n++] = record("__ratsd", CLAIMS_TYPE, &claims);
	if (lie != ALONE)
		items[n++] = record(LABEL,
		    lie == OTHER_TYPE ? "application/vnd.example"
				      : TSM_REPORT_TYPE,
		    &report);
	if (lie == RECORD)
		cmw_write_record(
		    out, span_str(TSM_REPORT_TYPE), wr_view(&report));
	else
		assert_int_equal(first ? cmw_write_json(out, items, n)
				       : cmw_write_cbor(out, items, n),
		    0);
	wr_free(&claims);
	wr_free(&report);
}

static void
put_second(const uint8_t nonce[64], struct wr *out)
{
	struct wr payload;

	wr_init_heap(&payload, ANSWER_MAX);
	put_collection(nonce, false, &payload);
	cbor_put_tag(out, 18);
	cbor_put_array(out, 4);
	cbor_put_bytes(out, span_str(""));
	cbor_put_map(out, 0);
	cbor_put_bytes(out, wr_view(&payload));
	cbor_put_bytes(out, span_of("", 1));
	if (lie == TAIL)
		wr_u8(out, 0);
	wr_free(&payload);
}

static void
put_first(const uint8_t nonce[64], struct wr *out)
{
	uint8_t told[64];
	struct wr cmw;

	memcpy(told, nonce, 64);
	told[5] ^= lie == FIRST_NONCE;
	wr_init_heap(&cmw, ANSWER_MAX);
	put_collection(nonce, true, &cmw);
	wr_printf(out, "{\"eat_profile\":\"%s\",\"eat_nonce\":\"",
	    lie == FIRST_PROFILE ? "tag:other" : RATSD_PROFILE_1);
	b64url_encode(span_of(told, 64), out);
	wr_printf(out, "\",\"cmw\":\"");
	b64url_encode(wr_view(&cmw), out);
	wr_printf(out, "\"}");
	wr_free(&cmw);
}

/* True: the request has had what it gets. */
static bool
misbehave(struct io *io)
{
	switch ((enum lie)lie) {
	case HANG:
		while (lie == HANG)
			poll(NULL, 0, 10);
		break;
	case HUGE_:
		io_text(io,
		    "HTTP/1.1 200 OK\r\nContent-Type: " RATSD_TYPE "\r\n\r\n");
		while (io_text(io, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"))
			;
		break;
	case BROKEN:
		answer(io, 500, "text/plain", NULL, "out of order");
		return true;
	case HTML:
		answer(io, 200, "text/html", NULL, "<html></html>");
		return true;
	case REDIRECT:
		answer(io, 307, RATSD_TYPE, "/elsewhere", "");
		return true;
	case EMPTY:
		answer(io, 200, RATSD_TYPE, NULL, "");
		return true;
	default:
		return false;
	}
	io->closed = true;
	return true;
}

static bool
speaks_first(void)
{
	return lie == FIRST || lie == FIRST_NONCE || lie == FIRST_PROFILE ||
	       lie == FIRST_DATA;
}

static void
challenge(struct io *io, const struct request *q)
{
	uint8_t nonce[64];
	struct wr out;

	challenges++;
	if (misbehave(io))
		return;
	if (strcmp(q->content_type, "application/vnd.veraison.chares+json") !=
		0 ||
	    !asked(q, nonce))
		return answer(io, 400, "application/problem+json", NULL, "{}");
	/* It compares what is accepted as a whole. */
	if (speaks_first() && strcmp(q->accept, RATSD_TYPE_1) != 0)
		return answer(io, 406, "application/problem+json", NULL, "{}");
	played_ask(span_of(nonce, 64));
	wr_init_heap(&out, ANSWER_MAX * 2);
	if (speaks_first())
		put_first(nonce, &out);
	else
		put_second(nonce, &out);
	assert_int_equal(out.error, 0);
	answer_bytes(io, 200, speaks_first() ? RATSD_TYPE_1 : RATSD_TYPE, NULL,
	    wr_view(&out));
	wr_free(&out);
}

static void *
serve(void *arg)
{
	struct io io = { .fd = (int)(intptr_t)arg };
	struct request q;

	while (!io.closed && request_read(&io, &q)) {
		if (strcmp(q.path, "/ratsd/subattesters") == 0)
			answer(&io, 200,
			    "application/vnd.veraison.attesters+json", NULL,
			    "[{\"name\":\"" LABEL "\"}]");
		else if (strcmp(q.path, "/ratsd/chares") == 0)
			challenge(&io, &q);
		else
			answer(&io, 404, "text/plain", NULL, "");
		free(q.body);
	}
	io_end(&io);
	close(io.fd);
	return NULL;
}

static void *
accept_all(void *arg)
{
	for (;;) {
		int fd = accept((int)(intptr_t)arg, NULL, NULL);
		pthread_t t;

		if (fd != -1 &&
		    pthread_create(&t, NULL, serve, (void *)(intptr_t)fd) == 0)
			pthread_detach(t);
	}
	return NULL;
}

static void
listen_on(int fd)
{
	pthread_t t;

	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(
	    pthread_create(&t, NULL, accept_all, (void *)(intptr_t)fd), 0);
	pthread_detach(t);
}

static void
start(const char *dir)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_un u = { .sun_family = AF_UNIX };
	int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int local = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t n = sizeof(a);

	assert_int_equal(bind(tcp, (struct sockaddr *)&a, n), 0);
	assert_int_equal(getsockname(tcp, (struct sockaddr *)&a, &n), 0);
	port = ntohs(a.sin_port);
	listen_on(tcp);
	snprintf(socket_path, sizeof(socket_path), "%.60s/ratsd.sock", dir);
	memcpy(u.sun_path, socket_path, sizeof(u.sun_path));
	assert_int_equal(bind(local, (struct sockaddr *)&u, sizeof(u)), 0);
	listen_on(local);
}

/* ---- The driver ---- */

static int
open_ratsd(bool local, const char *key, const char *value,
    struct attester **ret, struct seal_diag *d)
{
	char url[64];
	struct conf_pair pairs[3] = { { "url", url }, { key, value } };
	struct conf conf = { pairs, key != NULL ? 2 : 1 };

	snprintf(url, sizeof(url), "http://127.0.0.1:%u", port);
	if (local) {
		pairs[conf.n++] = (struct conf_pair){ "socket", socket_path };
		snprintf(url, sizeof(url), "http://ratsd");
	}
	return attester_open("ratsd", &conf, ret, d);
}

static void
opening(void **state)
{
	static const struct {
		const char *name, *key, *value;
		bool local;
		int want;
	} rows[] = {
		{ "on a port", NULL, NULL, false, 0 },
		{ "on a socket", NULL, NULL, true, 0 },
		{ "some of its attesters", "attesters", LABEL, false, 0 },
		{ "no such key", "key", "/nonexistent", false, SEAL_E_IO },
		{ "unknown setting", "nonce", "1", false, SEAL_E_CONFIG },
	};

	(void)state;
	lie = HONEST;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct attester *a = NULL;
		struct seal_diag d = { 0 };
		int r = open_ratsd(
		    rows[i].local, rows[i].key, rows[i].value, &a, &d);

		if (r != rows[i].want)
			fail_msg("%s: %d (%s)", rows[i].name, r, d.text);
		attester_free(&a);
	}
}

static void
places(void **state)
{
	static const char *const urls[] = { "http://203.0.113.1:8895",
		"http://169.254.169.254", "ftp://127.0.0.1",
		"http://user@127.0.0.1", "http://127.0.0.1/?a=b" };

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct conf_pair pair = { "url", urls[i] };
		struct conf conf = { &pair, 1 };
		struct attester *a = NULL;

		assert_int_equal(
		    attester_open("ratsd", &conf, &a, NULL), SEAL_E_CONFIG);
	}
}

static const struct row {
	const char *name;
	enum lie lie;
	int want;
	unsigned asks;    /* at most */
	const char *says; /* in the story */
} rows[] = {
	{ "version 2", HONEST, 0, 1, NULL },
	{ "the question handed on", PLAIN, 0, 1, NULL },
	{ "version 1", FIRST, 0, 2, NULL },
	{ "for ever", HANG, SEAL_E_UNAVAILABLE, 1, NULL },
	{ "without an end", HUGE_, SEAL_E_UNAVAILABLE, 1, "at most" },
	{ "out of order", BROKEN, SEAL_E_UNAVAILABLE, 1, "status 500" },
	{ "another type", HTML, SEAL_E_UNAVAILABLE, 1, "text/html" },
	{ "sent elsewhere", REDIRECT, SEAL_E_UNAVAILABLE, 1, "no redirect" },
	{ "nothing", EMPTY, SEAL_E_DECODE, 1, NULL },
	{ "another nonce", NONCE, SEAL_E_EVIDENCE, 1, "nonce" },
	{ "other report data", DATA, SEAL_E_EVIDENCE, 1, "report data" },
	{ "no claims", NO_CLAIMS, SEAL_E_DECODE, 1, "__ratsd" },
	{ "another profile", PROFILE, SEAL_E_DECODE, 1, "profile" },
	{ "no Evidence", ALONE, SEAL_E_EVIDENCE, 1, "found none" },
	{ "no collection", RECORD, SEAL_E_DECODE, 1, NULL },
	{ "a byte more", TAIL, SEAL_E_DECODE, 1, NULL },
	{ "version 1, another nonce", FIRST_NONCE, SEAL_E_EVIDENCE, 2,
	    "nonce" },
	{ "version 1, another profile", FIRST_PROFILE, SEAL_E_DECODE, 2,
	    "eat_profile" },
	{ "version 1, other report data", FIRST_DATA, SEAL_E_EVIDENCE, 2,
	    "report data" },
	{ "Evidence of another kind", OTHER_TYPE, 0, 1, NULL },
};

static void
expect_evidence(const char *name, bool other, struct span evidence)
{
	struct cmw cmw;

	assert_int_equal(cmw_parse(evidence, &cmw, NULL), 0);
	if (cmw.n != 2 || !span_is(cmw.items[1].label, LABEL) ||
	    !span_is(cmw.items[0].collection_type, RATSD_COLLECTION) ||
	    !span_is(cmw.items[1].media_type,
		other ? "application/vnd.example" : SNP_TYPE))
		fail_msg("%s: other Evidence", name);
	cmw_free(&cmw);
}

static void
collecting(void **state)
{
	static const struct span exporter =
	    STR("0123456789abcdef0123456789abcdef");
	struct attester *a = NULL;

	(void)state;
	lie = HONEST;
	assert_int_equal(open_ratsd(false, "attesters", LABEL, &a, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int h = 0; h < 2; h++) {
			struct seal_diag d = { 0 };
			struct seal_binding b;
			struct wr w;
			int r;

			lie = rows[i].lie;
			challenges = 0;
			wr_init_heap(&w, LIMIT_CMW);
			assert_int_equal(
			    binding_post(h == 0 ? HASH_SHA256 : HASH_SHA384,
				attester_spki(a), exporter, &b, NULL),
			    0);
			r = attester_collect(a, &b,
			    rows[i].lie == HANG ? SHORT_MS : COLLECT_MS, &w,
			    &d);
			if (r != rows[i].want ||
			    (r != 0 && d.text[0] == '\0') ||
			    (rows[i].says != NULL &&
				strstr(d.text, rows[i].says) == NULL))
				fail_msg(
				    "%s: %d (%s)", rows[i].name, r, d.text);
			if (r == 0)
				expect_evidence(rows[i].name,
				    rows[i].lie == OTHER_TYPE, wr_view(&w));
			else
				assert_int_equal(w.n, 0);
			if (challenges > rows[i].asks)
				fail_msg("%s: asked %u times", rows[i].name,
				    challenges);
			wr_free(&w);
		}
	lie = HONEST;
	attester_free(&a);
}

/* ---- Connections ---- */

static void
write_policy(struct world *w, const char *name, const char *digit)
{
	char digest[97];

	for (size_t i = 0; i < 96; i++)
		digest[i] = digit[0];
	digest[96] = '\0';
	world_write(w, name,
	    "{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":\"none\"},"
	    "\"accept\":[{\"scheme\":\"application/cmw+cbor\",\"members\":{"
	    "\"" LABEL "\":{\"scheme\":\"" SNP_TYPE "\",\"debug\":false,"
	    "\"signers\":[{\"ca\":\"%s\"}],\"crl\":false,"
	    "\"tcb\":{\"reported\":{\"boot_loader\":3,\"tee\":0,\"snp\":8,"
	    "\"microcode\":115}},\"measurements\":{\"measurement\":\"%s\"}}"
	    "}}]}",
	    snp_root_file(), digest);
}

static void
on_connections(void **state)
{
	static const struct {
		const char *name, *policy;
		enum lie lie;
		enum seal_outcome want;
	} live[] = {
		{ "version 2", "one", HONEST, SEAL_ACCEPTED },
		{ "the question handed on", "one", PLAIN, SEAL_ACCEPTED },
		{ "version 1", "one", FIRST, SEAL_ACCEPTED },
		{ "measured otherwise", "two", HONEST, SEAL_REFUSED_POLICY },
		{ "out of order", "one", BROKEN, SEAL_UNAVAILABLE },
	};
	struct world *w = *state;

	write_policy(w, "one", "1");
	write_policy(w, "two", "2");
	for (size_t i = 0; i < sizeof(live) / sizeof(live[0]); i++) {
		struct seal_ctx *client =
		    world_ctx(w, "{\"identity\":{\"mode\":\"pkix\",\"name\":"
				 "\"server.example\",\"ca\":\"server.pem\"}}");
		struct attester *a = NULL;
		enum seal_outcome got;
		char server[64];
		struct pair p;

		lie = HONEST;
		assert_int_equal(open_ratsd(i % 2, NULL, NULL, &a, NULL), 0);
		assert_int_equal(ctx_add_attester(client, a, NULL), 0);
		lie = live[i].lie;
		snprintf(server, sizeof(server), "{\"policy\":\"%s\"}",
		    live[i].policy);
		pair_open(&p, w, client, world_ctx(w, server), false);
		pair_run(&p);
		got = seal_conn_outcome(p.server.conn);
		if (got != live[i].want)
			fail_msg("%s: expected %s, got %s (%s)", live[i].name,
			    seal_outcome_name(live[i].want),
			    seal_outcome_name(got),
			    seal_conn_diag(p.server.conn)->text);
		pair_close(&p);
	}
	lie = HONEST;
}

static char url_of_port[64];

static void
put_signer(bool stranger, struct wr *out)
{
	played_put_ca(stranger ? snp_other_root_file() : snp_root_file(), out);
}

static void
on_carriers(void **state)
{
	static const struct played ratsd = { .driver = &evidence_ratsd,
		.kv = { "url", url_of_port },
		.put_signer = put_signer };
	static const struct machine machine = { &ratsd, SNP_RULES(HEX48("11")),
		SNP_RULES(HEX48("12")), "snp.measurement", LABEL, SNP_TYPE };

	lie = HONEST;
	snprintf(url_of_port, sizeof(url_of_port), "http://127.0.0.1:%u", port);
	carriers_run(*state, &machine);
}

/* ratsd's way with its question counts in its own collections alone. */
static void
of_others(void **state)
{
	static const struct span exporter =
	    STR("0123456789abcdef0123456789abcdef");
	struct world *w = *state;
	struct attester *a = NULL;
	struct policy *p = NULL;
	struct seal_binding b;
	struct wr made, out;
	char path[128];
	struct cmw cmw;

	lie = HONEST;
	write_policy(w, "one", "1");
	snprintf(path, sizeof(path), "%s/one", w->dir);
	assert_int_equal(policy_load_file(path, &p, NULL), 0);
	assert_int_equal(open_ratsd(false, NULL, NULL, &a, NULL), 0);
	assert_int_equal(
	    binding_post(HASH_SHA256, attester_spki(a), exporter, &b, NULL), 0);
	wr_init_heap(&made, LIMIT_CMW);
	wr_init_heap(&out, LIMIT_CMW);
	assert_int_equal(attester_collect(a, &b, COLLECT_MS, &made, NULL), 0);
	assert_int_equal(cmw_parse(wr_view(&made), &cmw, NULL), 0);
	for (int other = 0; other < 2; other++) {
		struct appraisal_in in = { .media_type = span_str(CMW_TYPE),
			.expected = &b,
			.carrier = SEAL_LEVEL_TRAFFIC,
			.now = w->unix_s,
			.binder_known = true };
		struct seal_verdict *v = verdict_new();

		if (other)
			cmw.items[0].collection_type = span_str("tag:other");
		wr_free(&out);
		assert_int_equal(cmw_write_cbor(&out, cmw.items, cmw.n), 0);
		in.evidence = wr_view(&out);
		assert_int_equal(appraise(p, &in, v) == 0, !other);
		if (other)
			assert_non_null(strstr(v->diag->text, "binder"));
		seal_verdict_free(&v);
	}
	cmw_free(&cmw);
	wr_free(&made);
	wr_free(&out);
	attester_free(&a);
	policy_free(&p);
}

/* What a ratsd of 2025 answered, which handed its question on. */
static void
sample(void **state)
{
	const char *from = getenv("SEAL_EVIDENCE");
	struct tsm_report report;
	struct ratsd_token t;
	struct seal_diag d = { 0 };
	struct snp_report snp;
	uint8_t *text = NULL;
	char path[256];
	size_t n = 0;

	(void)state;
	if (from == NULL) {
		print_message("skipped: SEAL_EVIDENCE names no samples\n");
		skip();
	}
	snprintf(path, sizeof(path),
	    "%s/sev-snp/veraison-tsm/ratsd-token-legacy.json", from);
	if (file_read(path, RATSD_TOKEN_MAX, &text, &n, &d) != 0 ||
	    ratsd_token_parse(span_of(text, n), &t, &d) != 0)
		fail_msg("%s", d.text);
	assert_int_equal(t.cmw.n, 2);
	if (tsm_report_parse(t.cmw.items[1].value, t.cmw.items[1].media_type,
		&report, &d) != 0 ||
	    snp_report_parse(report.outblob, &snp, &d) != 0)
		fail_msg("%s", d.text);
	assert_true(span_equal(snp.report_data, t.nonce));
	tsm_report_wipe(&report);
	ratsd_token_wipe(&t);
	free(text);
}

/* One token, cut everywhere. */
static void
cut(void **state)
{
	static const uint8_t nonce[64] = { 1 };
	struct ratsd_token t;
	struct wr w;

	(void)state;
	for (int first = 0; first < 2; first++) {
		lie = HONEST;
		wr_init_heap(&w, ANSWER_MAX * 2);
		if (first)
			put_first(nonce, &w);
		else
			put_second(nonce, &w);
		assert_int_equal(ratsd_token_parse(wr_view(&w), &t, NULL), 0);
		assert_true(span_equal(t.nonce, span_of(nonce, 64)));
		ratsd_token_wipe(&t);
		for (size_t n = 0; n < w.n; n += 7)
			assert_int_not_equal(
			    ratsd_token_parse(span_of(w.p, n), &t, NULL), 0);
		wr_free(&w);
	}
}

static int
setup(void **state)
{
	int r = world_setup(state);
	struct world *w = *state;

	fixture_clock = w->unix_s;
	snp_setup(RSA_SIZE);
	start(w->dir);
	return r;
}

static int
teardown(void **state)
{
	unlink(socket_path);
	snp_teardown();
	return world_teardown(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening),
		cmocka_unit_test(places),
		cmocka_unit_test(collecting),
		cmocka_unit_test(on_connections),
		cmocka_unit_test(on_carriers),
		cmocka_unit_test(of_others),
		cmocka_unit_test(sample),
		cmocka_unit_test(cut),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
