/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile peer's datagrams, and its time, into a session over datagrams
 * (PROTOCOL 8). Whatever they are: no byte of data is delivered where
 * attestation is required, since no job ever accepts; what is held is bounded;
 * nothing waits for a moment that is over; and 8 seconds after the end there
 * is no more to do.
 *
 * Input: settings, then operations: 0 to 223, a datagram of so many bytes
 * follows; 224 to 239, the clock moves; 240 and above, what is due leaves, and
 * by the lowest bit it is acknowledged.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "tls/session_parts.h"

enum { SERVER = 1, OPTIONAL = 2, SMALL_MTU = 4, CLOSES = 8 };

static int
exporter(void *ctx, const char *label, struct span context, uint8_t *ret,
    size_t n, struct seal_diag *d)
{
	(void)ctx;
	(void)label;
	(void)context;
	(void)d;
	memset(ret, 7, n);
	return 0;
}

/* Jobs end as the input says, but never in acceptance. */
static void
work(struct session *s, uint8_t how, int64_t now_ms)
{
	struct session_job *job = session_job_take(s, now_ms, NULL);

	if (job == NULL)
		return;
	if (job->kind == SESSION_JOB_ATTEST) {
		job->n_authenticator = 16u << how % 13;
		job->authenticator = calloc(1, job->n_authenticator);
		MUST(job->authenticator != NULL);
	} else {
		job->outcome = (enum seal_outcome)(how % 12);
		job->lease_s = 0;
	}
	session_job_done(s, &job, now_ms, NULL);
}

/* As the peer would, if it took all that comes. */
static void
acknowledge(struct session *s, struct span out, int64_t now_ms)
{
	uint8_t buf[32];
	struct ack a = { .n = 1 };
	struct fragment f;
	struct wr w;

	if (fragment_parse(out, &f, NULL) != 0)
		return;
	a.ranges[0] =
	    (struct ack_range){ f.seq, f.offset, (uint32_t)f.bytes.n };
	wr_init(&w, buf, sizeof(buf));
	ack_write(&w, &a);
	session_input(s, wr_view(&w), now_ms, NULL);
}

static void
leave(struct session *s, size_t max, bool acked, int64_t now_ms)
{
	uint8_t copy[DATAGRAM_MTU];
	struct span out;

	for (unsigned i = 0; (out = session_output(s)).n > 0; i++) {
		MUST(out.n <= max && i < 10000);
		memcpy(copy, out.p, out.n);
		session_output_done(s, out.n);
		if (acked)
			acknowledge(s, span_of(copy, out.n), now_ms);
	}
}

static void
check(struct session *s, bool requires, int64_t now_ms)
{
	char buf[16];
	size_t got = 0;

	MUST(inbox_size(&s->data) <= SESSION_HELD_MAX);
	MUST(session_outcome(s) != SEAL_ACCEPTED);
	if (!requires)
		return;
	MUST(session_state(s) != SESSION_READY);
	MUST(session_read(s, buf, sizeof(buf), now_ms, &got, NULL) != 0);
	MUST(session_read_ready(s) == 0);
}

/* All that is left is to linger, whatever the peer did. */
static void
end(struct session *s, size_t max, int64_t now_ms)
{
	session_close(s);
	for (int64_t at = now_ms; at <= now_ms + DATAGRAM_LINGER_MS;
	     at += 100) {
		session_tick(s, at, NULL);
		leave(s, max, false, at);
		MUST(session_deadline(s, false) > at);
	}
	MUST(!session_lingers(s));
	MUST(session_deadline(s, false) == INT64_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct scheme schemes[] = {
		{ 0, { (const uint8_t *)"a/b", 3 } },
	};
	struct session_conf conf = {
		.request = true,
		.produce = schemes,
		.n_produce = 1,
		.accept = schemes,
		.n_accept = 1,
		.cmw_type = 0xff00,
		.attest_ms = 30000,
		.answer_ms = 30000,
		.lease_floor_s = 30,
		.carriage = CARRIAGE_DATAGRAM,
	};
	int64_t now_ms = 0;
	struct session *s;
	size_t max, step;

	if (n < 1)
		return 0;
	conf.role = data[0] & SERVER ? EA_SERVER : EA_CLIENT;
	conf.require = (data[0] & OPTIONAL) == 0;
	conf.mtu = data[0] & SMALL_MTU ? DATAGRAM_MTU_MIN : DATAGRAM_MTU;
	max = conf.mtu - DATAGRAM_RECORD;
	s = session_new(
	    &conf, HASH_SHA256, exporter, NULL, NULL, now_ms, now_ms, NULL);
	MUST(s != NULL);
	for (size_t at = 1; at < n; at += step) {
		uint8_t op = data[at++];

		step = op < 224 && op < n - at ? op : op < 224 ? n - at : 0;
		if (op < 224) {
			session_input(
			    s, span_of(data + at, step), now_ms, NULL);
			work(s, op, now_ms);
		} else if (op < 240) {
			now_ms += (int64_t)(op - 224) * (op - 224) * 100;
			session_tick(s, now_ms, NULL);
		} else {
			leave(s, max, (op & 1) != 0, now_ms);
			MUST(session_deadline(s, false) > now_ms);
		}
		check(s, conf.require, now_ms);
	}
	if (data[0] & CLOSES)
		end(s, max, now_ms);
	session_free(&s);
	return 0;
}
