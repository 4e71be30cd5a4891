/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile peer's bytes into a session that requires attestation: whatever
 * they are, no byte of data is delivered, since no job ever accepts. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "tls/session.h"

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
		job->authenticator = calloc(1, 16);
		job->n_authenticator = job->authenticator == NULL ? 0 : 16;
	} else {
		job->outcome = (enum seal_outcome)(how % 12);
		job->lease_s = 0;
	}
	session_job_done(s, &job, now_ms, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct scheme schemes[] = {
		{ 0, { (const uint8_t *)"a/b", 3 } },
	};
	struct session_conf conf = {
		.require = true,
		.request = true,
		.produce = schemes,
		.n_produce = 1,
		.accept = schemes,
		.n_accept = 1,
		.cmw_type = 0xff00,
		.attest_ms = 30000,
		.answer_ms = 30000,
		.lease_floor_s = 30,
	};
	struct session *s;
	int64_t now_ms = 0;
	size_t at = 2, got = 0;
	char buf[16];

	if (n < 2)
		return 0;
	conf.role = data[0] & 1 ? EA_CLIENT : EA_SERVER;
	conf.reveal_after_peer = (data[0] & 2) != 0;
	s = session_new(
	    &conf, HASH_SHA256, exporter, NULL, NULL, now_ms, now_ms, NULL);
	MUST(s != NULL);
	while (at < n) {
		size_t step = 1 + data[1] % 64u;

		if (step > n - at)
			step = n - at;
		session_input(s, span_of(data + at, step), now_ms, NULL);
		work(s, data[at], now_ms);
		at += step;
		now_ms += data[0];
		session_tick(s, now_ms, NULL);
		session_output_done(s, session_output(s).n);
	}
	MUST(session_outcome(s) != SEAL_ACCEPTED);
	MUST(session_state(s) != SESSION_READY);
	MUST(session_read(s, buf, sizeof(buf), now_ms, &got, NULL) != 0);
	MUST(session_read_ready(s) == 0);
	session_free(&s);
	return 0;
}
