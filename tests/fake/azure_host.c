/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include "fake/azure.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "appraise/dcap_fixture.h"
#include "appraise/snp_fixture.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/x509.h"
#include "fake/http.h"

#define ANSWER_MAX 65536u
#define JSON "application/json; charset=utf-8"

static enum azure_kind kind;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards these */
static char lie[16] = "good";

bool
azure_host_tell(const char *how)
{
	static const char *const known[] = { "good", "hang", "huge", "error",
		"html", "redirect", "empty", "other" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(how, known[i]) == 0) {
			pthread_mutex_lock(&lock);
			snprintf(lie, sizeof(lie), "%s", how);
			pthread_mutex_unlock(&lock);
			return true;
		}
	return false;
}

static bool
lies(const char *how)
{
	bool same;

	pthread_mutex_lock(&lock);
	same = strcmp(lie, how) == 0;
	pthread_mutex_unlock(&lock);
	return same;
}

/* ---- Answers ---- */

/* The TDREPORT in the question; its first byte says which code runs. */
static bool
asked(const struct request *q, struct wr *out)
{
	static const char prefix[] = "{\"report\":\"";
	const char *at = strstr((const char *)q->body, prefix), *end;

	if (at == NULL || (end = strchr(at + strlen(prefix), '"')) == NULL)
		return false;
	at += strlen(prefix);
	return b64url_decode(span_of(at, (size_t)(end - at)), out) &&
	       out->n == 1024;
}

static void
td_quote(const struct request *q, struct wr *out)
{
	struct dcap_recipe r = { .tee = QUOTE_TDX };
	uint8_t report[1024];
	struct wr w, quote;

	wr_init(&w, report, sizeof(report));
	if (!asked(q, &w))
		return wr_printf(out, "{}");
	memcpy(r.report_data, report + 128, 64);
	r.report_data[0] ^= lies("other");
	r.mrtd = report[0] != 0 ? 0x12 : 0;
	pthread_mutex_lock(&lock);
	dcap_quote(&r, &quote);
	pthread_mutex_unlock(&lock);
	wr_printf(out, "{\"quote\":\"");
	b64url_encode(wr_view(&quote), out);
	wr_printf(out, "\"}");
	wr_free(&quote);
}

static void
put_pem(const char *key, struct span first, struct span second, struct wr *out)
{
	struct wr pem;
	char *text = NULL;

	wr_init_heap(&pem, ANSWER_MAX);
	assert_int_equal(cert_to_pem(first, &pem, NULL), 0);
	if (second.n > 0)
		assert_int_equal(cert_to_pem(second, &pem, NULL), 0);
	assert_int_equal(wr_take_text(&pem, &text), 0);
	wr_printf(out, "\"%s\":", key);
	json_text(out, text);
	free(text);
}

static void
certificates(struct wr *out)
{
	bool other = lies("other");

	wr_printf(out, "{");
	put_pem("vcekCert", snp_der[other ? VCEK_TURIN : VCEK],
	    span_of(NULL, 0), out);
	wr_printf(out, ",");
	put_pem("certificateChain", snp_der[ASK],
	    snp_der[other ? OTHER_ARK : ARK], out);
	wr_printf(out, ",\"tcbm\":\"DB18000000000004\"}");
}

/* ---- The service ---- */

/* True: the request has had what it gets. */
static bool
misbehave(struct io *io)
{
	if (lies("hang"))
		while (lies("hang"))
			poll(NULL, 0, 10);
	else if (lies("huge")) {
		io_text(io, "HTTP/1.1 200 OK\r\n\r\n");
		while (io_text(io, "{\"quote\":\"AAAAAAAAAAAAAAAAAAAAAAAA"))
			;
	} else if (lies("error")) {
		answer(io, 500, "text/plain", NULL, "out of order");
		return true;
	} else if (lies("html")) {
		answer(io, 200, "text/html", NULL, "<html>it works</html>");
		return true;
	} else if (lies("redirect")) {
		answer(io, 307, JSON, "/elsewhere", "");
		return true;
	} else if (lies("empty")) {
		answer(io, 200, JSON, NULL, "{}");
		return true;
	} else {
		return false;
	}
	io->closed = true;
	return true;
}

static void
serve_one(struct io *io, const struct request *q)
{
	bool quote = strcmp(q->path, "/acc/tdquote") == 0;
	bool certs = strcmp(q->path, "/metadata/THIM/amd/certification") == 0;
	struct wr out;
	char *text = NULL;

	if (misbehave(io))
		return;
	if ((kind == AZURE_VM_TDX ? !quote : !certs) ||
	    strcmp(q->method, quote ? "POST" : "GET") != 0 || !q->metadata)
		return answer(io, 400, "text/plain", NULL, "Bad request");
	wr_init_heap(&out, ANSWER_MAX);
	if (quote)
		td_quote(q, &out);
	else
		certificates(&out);
	assert_int_equal(wr_take_text(&out, &text), 0);
	answer(io, 200, JSON, NULL, text);
	free(text);
}

static void *
serve(void *arg)
{
	struct io io = { .fd = (int)(intptr_t)arg };
	struct request q;

	while (!io.closed && request_read(&io, &q)) {
		serve_one(&io, &q);
		free(q.body);
	}
	io_end(&io);
	close(io.fd);
	return NULL;
}

static void *
accept_all(void *arg)
{
	int listener = (int)(intptr_t)arg;

	for (;;) {
		pthread_t t;
		int fd = accept(listener, NULL, NULL);

		if (fd != -1 &&
		    pthread_create(&t, NULL, serve, (void *)(intptr_t)fd) == 0)
			pthread_detach(t);
	}
	return NULL;
}

unsigned
azure_host_start(enum azure_kind k)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t n = sizeof(a);
	pthread_t t;

	kind = k;
	assert_int_equal(bind(listener, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(listener, 16), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &n), 0);
	assert_int_equal(
	    pthread_create(&t, NULL, accept_all, (void *)(intptr_t)listener),
	    0);
	pthread_detach(t);
	return ntohs(a.sin_port);
}
