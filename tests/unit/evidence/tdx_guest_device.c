/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "evidence/tdx_guest_device.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "appraise/dcap_fixture.h"
#include "evidence/drivers.h"
#include "evidence/tdx_guest.h"

struct tdx_guest_play tdx_guest_now;
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
	played_ask(span_of(m->data, sizeof(m->data)));
	if (tdx_guest_now.n_err > 0) {
		tdx_guest_now.n_err--;
		errno = tdx_guest_now.err;
		return -1;
	}
	memset(m->report, 0x5a, sizeof(m->report));
	memcpy(m->report + TDX_REPORT_DATA_AT, m->data, sizeof(m->data));
	m->report[TDX_REPORT_DATA_AT + 63] ^= tdx_guest_now.other_report;
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
	uint32_t size =
	    24 + tdx_guest_now.id + (uint32_t)quote.n + tdx_guest_now.tail;

	wr_u32(w, tdx_guest_now.long_prefix    ? QGS_MESSAGE_MAX + 1
		  : tdx_guest_now.short_prefix ? 23
					       : size);
	put_le(w, tdx_guest_now.major == 0 ? 1 : tdx_guest_now.major, 2);
	put_le(w, 0, 2);
	put_le(w, tdx_guest_now.type == 0 ? 1 : tdx_guest_now.type, 4);
	put_le(w, size + tdx_guest_now.size_more, 4);
	put_le(w, tdx_guest_now.error, 4);
	put_le(w, tdx_guest_now.id, 4);
	put_le(w, (uint32_t)quote.n, 4);
	for (uint32_t i = 0; i < tdx_guest_now.id; i++)
		wr_u8(w, 9);
	wr_bytes(w, quote);
	if (tdx_guest_now.tail)
		wr_u8(w, 0);
}

static void
send_pieces(int fd, struct span s)
{
	size_t step = tdx_guest_now.pieces == 0 ? s.n : tdx_guest_now.pieces;

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
		r.report_data[0] ^= tdx_guest_now.other;
		dcap_quote(&r, &quote);
		put_answer(&w,
		    tdx_guest_now.empty ? span_of(NULL, 0) : wr_view(&quote));
		wr_free(&quote);
		if (!tdx_guest_now.hangs)
			send_pieces(fd, tdx_guest_now.cut
					    ? span_of(w.p, w.n - 9)
					    : wr_view(&w));
	}
	wr_free(&w);
	if (!tdx_guest_now.hangs)
		shutdown(fd, SHUT_RDWR);
	return NULL;
}

void
tdx_guest_end_service(void)
{
	if (serving)
		pthread_join(service, NULL);
	if (service_fd > 0)
		close(service_fd);
	service_fd = 0;
	serving = false;
}

static int
fake_connect(uint32_t port, uint64_t deadline_ms)
{
	int fd[2];

	assert_true(deadline_ms > 0);
	assert_int_equal(port, 1234);
	tdx_guest_end_service();
	if (tdx_guest_now.connect_err != 0) {
		errno = tdx_guest_now.connect_err;
		return -1;
	}
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(fcntl(fd[0], F_SETFL, O_NONBLOCK), 0);
	service_fd = fd[1];
	if (tdx_guest_now.deaf)
		return fd[0];
	assert_int_equal(
	    pthread_create(&service, NULL, serve, (void *)(intptr_t)fd[1]), 0);
	serving = true;
	return fd[0];
}

static int
open_on_fake(void *ctx, const struct conf *conf, uint64_t deadline_ms,
    struct seal_diag *d)
{
	(void)deadline_ms;
	return tdx_guest_open_on(ctx, &fake, fake_connect, conf, d);
}

/* ---- Intel ---- */

static void
tear_down(void)
{
	tdx_guest_end_service();
	dcap_teardown();
}

static void
put_signer(bool stranger, struct wr *out)
{
	played_put_ca(stranger ? dcap_twin_file() : dcap_root_file(), out);
}

static struct endorsements *
endorse(void)
{
	const struct dcap_recipe r = { .tee = QUOTE_TDX };

	return dcap_given(&r);
}

const struct played tdx_guest_device = {
	.driver = &evidence_tdx_guest,
	.open = open_on_fake,
	.kv = { "port", "1234" },
	.set_up = dcap_setup,
	.tear_down = tear_down,
	.put_signer = put_signer,
	.endorse = endorse,
};
