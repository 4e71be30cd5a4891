/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of /dev/tdx_guest, whose kernel and quoting service are played
 * here. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "appraise/dcap_fixture.h"
#include "base/limits.h"
#include "evidence/device_fixture.h"
#include "evidence/drivers.h"
#include "evidence/tdx_guest.h"

#define COLLECT_MS 60000u
#define SHORT_MS 200u
#define FOR_EVER 1000000000u

static const struct span exporter = STR("0123456789abcdef0123456789abcdef");

/* What kernel and host do; the unsigned counts down. */
struct world {
	int err; /* of the next n_err requests */
	unsigned n_err;
	bool other_report; /* over other data */
	/* The quoting service. */
	int connect_err;
	size_t pieces;    /* bytes at a time; 0: all */
	bool hangs, deaf; /* answers never; reads never */
	bool cut, other;  /* ends early; quotes other data */
	bool long_prefix, short_prefix, tail, empty;
	uint32_t error, type, major, size_more, id;
};

static struct world now;
static unsigned requests, connects;
static pthread_t service;
static bool serving;
static int service_fd;

/* ---- The kernel ---- */

static int
fake_control(int fd, unsigned long what, void *argument)
{
	struct tdx_message *m = argument;

	assert_int_equal(fd, PLAYED_FD);
	assert_int_equal(what, TDX_GET_REPORT0);
	requests++;
	if (now.n_err > 0) {
		now.n_err--;
		errno = now.err;
		return -1;
	}
	memset(m->report, 0x5a, sizeof(m->report));
	memcpy(m->report + TDX_REPORT_DATA_AT, m->data, sizeof(m->data));
	m->report[TDX_REPORT_DATA_AT + 63] ^= now.other_report;
	return 0;
}

static const struct device fake = { played_open, fake_control, played_close };

/* ---- The host ---- */

static void
put_le(struct wr *w, uint32_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		wr_u8(w, (uint8_t)(v >> 8 * i));
}

static void
put_answer(struct wr *w, struct span quote)
{
	uint32_t size = 24 + now.id + (uint32_t)quote.n + now.tail;

	wr_u32(w, now.long_prefix    ? QGS_MESSAGE_MAX + 1
		  : now.short_prefix ? 23
				     : size);
	put_le(w, now.major == 0 ? 1 : now.major, 2);
	put_le(w, 0, 2);
	put_le(w, now.type == 0 ? 1 : now.type, 4);
	put_le(w, size + now.size_more, 4);
	put_le(w, now.error, 4);
	put_le(w, now.id, 4);
	put_le(w, (uint32_t)quote.n, 4);
	for (uint32_t i = 0; i < now.id; i++)
		wr_u8(w, 9);
	wr_bytes(w, quote);
	if (now.tail)
		wr_u8(w, 0);
}

static void
send_pieces(int fd, struct span s)
{
	size_t step = now.pieces == 0 ? s.n : now.pieces;

	for (size_t at = 0; at < s.n; at += step) {
		size_t n = s.n - at < step ? s.n - at : step;

		if (send(fd, s.p + at, n, MSG_NOSIGNAL) != (ssize_t)n)
			return;
	}
}

/* Length, header, two sizes, report. */
static bool
read_request(int fd, uint8_t data[64])
{
	uint8_t q[4 + 24 + QGS_TD_REPORT];

	for (size_t n = 0; n < sizeof(q);) {
		ssize_t r = read(fd, q + n, sizeof(q) - n);

		if (r <= 0)
			return false;
		n += (size_t)r;
	}
	memcpy(data, q + 28 + TDX_REPORT_DATA_AT, 64);
	return q[2] == 4 && q[3] == 24 && q[4] == 1 && q[8] == 0 &&
	       q[12] == 24 && q[13] == 4 && q[21] == 4 && q[24] == 0;
}

static void *
serve(void *arg)
{
	struct dcap_recipe r = { .tee = QUOTE_TDX };
	int fd = (int)(intptr_t)arg;
	struct wr quote, w;

	wr_init_heap(&w, 2 * QGS_MESSAGE_MAX);
	if (read_request(fd, r.report_data)) {
		r.report_data[0] ^= now.other;
		dcap_quote(&r, &quote);
		put_answer(&w, now.empty ? span_of(NULL, 0) : wr_view(&quote));
		wr_free(&quote);
		if (!now.hangs)
			send_pieces(
			    fd, now.cut ? span_of(w.p, w.n - 9) : wr_view(&w));
	}
	wr_free(&w);
	if (!now.hangs)
		shutdown(fd, SHUT_RDWR);
	return NULL;
}

static int
fake_connect(uint32_t port, uint64_t deadline_ms)
{
	int fd[2];

	assert_true(deadline_ms > 0);
	assert_int_equal(port, 1234);
	connects++;
	if (now.connect_err != 0) {
		errno = now.connect_err;
		return -1;
	}
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(fcntl(fd[0], F_SETFL, O_NONBLOCK), 0);
	service_fd = fd[1];
	if (now.deaf)
		return fd[0];
	assert_int_equal(
	    pthread_create(&service, NULL, serve, (void *)(intptr_t)fd[1]), 0);
	serving = true;
	return fd[0];
}

static void
end_service(void)
{
	if (serving)
		pthread_join(service, NULL);
	if (service_fd > 0)
		close(service_fd);
	service_fd = 0;
	serving = false;
}

/* ---- The driver ---- */

static int
open_on_fake(void *ctx, const struct conf *conf, uint64_t deadline_ms,
    struct seal_diag *d)
{
	(void)deadline_ms;
	return tdx_guest_open_on(ctx, &fake, fake_connect, conf, d);
}

static void
opening(void **state)
{
	static const struct played_row rows[] = {
		{ "as it is", NONE, 0, 0 },
		{ "a port", KV("port", "4294967294"), 0, 0 },
		{ "port 0", KV("port", "0"), 0, SEAL_E_CONFIG },
		{ "any port", KV("port", "4294967295"), 0, SEAL_E_CONFIG },
		{ "a long port", KV("port", "00000000001"), 0, SEAL_E_CONFIG },
		{ "no port", KV("port", ""), 0, SEAL_E_CONFIG },
		{ "a word", KV("port", "12x"), 0, SEAL_E_CONFIG },
		{ "less than none", KV("port", "-1"), 0, SEAL_E_CONFIG },
		{ "unknown setting", KV("dir", "/dev"), 0, SEAL_E_CONFIG },
		{ "no such key", KV("key", "/nonexistent"), 0, SEAL_E_IO },
		{ "no such device", NONE, ENOENT, SEAL_E_UNSUPPORTED },
		{ "not allowed", NONE, EACCES, SEAL_E_CONFIG },
		{ "held", NONE, EBUSY, SEAL_E_UNAVAILABLE },
		{ NULL },
	};

	(void)state;
	now = (struct world){ 0 };
	played_opening(&evidence_tdx_guest, open_on_fake, rows);
}

static const struct row {
	const char *name;
	struct world w;
	int want;
	const char *says; /* in the story */
	bool until_deadline;
} rows[] = {
	{ "as it should be", { 0 }, 0 },
	{ "interrupted", { .err = EINTR, .n_err = 3 }, 0 },
	{ "busy", { .err = EBUSY, .n_err = 3 }, 0 },
	{ "busy for ever", { .err = EBUSY, .n_err = FOR_EVER },
	    SEAL_E_UNAVAILABLE, "no report", true },
	{ "broken", { .err = EIO, .n_err = 1 }, SEAL_E_UNAVAILABLE,
	    "no report" },
	{ "an old kernel", { .err = ENOTTY, .n_err = 1 }, SEAL_E_UNSUPPORTED },
	{ "not allowed", { .err = EPERM, .n_err = 1 }, SEAL_E_CONFIG },
	{ "over other data", { .other_report = true }, SEAL_E_EVIDENCE,
	    "the kernel's report" },
	{ "no service", { .connect_err = ECONNRESET }, SEAL_E_UNAVAILABLE,
	    "vsock port 1234" },
	{ "no vsock", { .connect_err = EAFNOSUPPORT }, SEAL_E_UNAVAILABLE,
	    "vsock port 1234" },
	{ "in bytes", { .pieces = 1 }, 0 },
	{ "in pieces", { .pieces = 7 }, 0 },
	{ "with an id", { .id = 16 }, 0 },
	{ "no answer", { .hangs = true }, SEAL_E_UNAVAILABLE, "receiving",
	    true },
	{ "nobody reads", { .deaf = true }, SEAL_E_UNAVAILABLE, "QGS", true },
	{ "ends early", { .cut = true }, SEAL_E_UNAVAILABLE, "ended" },
	{ "another's quote", { .other = true }, SEAL_E_EVIDENCE,
	    "report data" },
	{ "an error", { .error = 0x12001 }, SEAL_E_UNAVAILABLE,
	    "error 0x12001" },
	{ "another type", { .type = 3 }, SEAL_E_DECODE, "type 3" },
	{ "another version", { .major = 2 }, SEAL_E_DECODE, "version 2" },
	{ "another size inside", { .size_more = 1 }, SEAL_E_DECODE },
	{ "too long", { .long_prefix = true }, SEAL_E_DECODE, "length" },
	{ "too short", { .short_prefix = true }, SEAL_E_DECODE, "length" },
	{ "a byte more", { .tail = true }, SEAL_E_DECODE, "end" },
	{ "no quote", { .empty = true }, SEAL_E_DECODE },
	{ NULL },
};

static void
expect_quote(struct span evidence, const struct seal_binding *b)
{
	uint8_t want[64] = { 0 };
	struct td_report td;
	struct quote q;

	memcpy(want, b->binder, b->size);
	assert_int_equal(quote_parse(evidence, &q, NULL), 0);
	assert_true(td_report_read(&q, &td));
	assert_true(span_equal(td.report_data, span_of(want, 64)));
}

static void
collecting(void **state)
{
	static const char *const port[] = KV("port", "1234");

	(void)state;
	for (const struct row *row = rows; row->name != NULL; row++)
		for (int h = 0; h < 2; h++) {
			struct attester *a = NULL;
			struct seal_diag d = { 0 };
			struct seal_binding b;
			struct wr w;
			int r;

			now = (struct world){ 0 };
			assert_int_equal(played_attester(&evidence_tdx_guest,
					     open_on_fake, port, &a, &d),
			    0);
			assert_int_equal(
			    binding_post(h == 0 ? HASH_SHA256 : HASH_SHA384,
				attester_spki(a), exporter, &b, NULL),
			    0);
			now = row->w;
			wr_init_heap(&w, LIMIT_CMW);
			r = attester_collect(a, &b,
			    row->until_deadline ? SHORT_MS : COLLECT_MS, &w,
			    &d);
			if (r != row->want ||
			    (row->says != NULL &&
				strstr(d.text, row->says) == NULL))
				fail_msg("%s: %d (%s)", row->name, r, d.text);
			if (r == 0)
				expect_quote(wr_view(&w), &b);
			else
				assert_int_equal(w.n, 0);
			end_service();
			wr_free(&w);
			attester_free(&a);
		}
}

static int
set_up(void **state)
{
	(void)state;
	dcap_setup();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	dcap_teardown();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening),
		cmocka_unit_test(collecting),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
