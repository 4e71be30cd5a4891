/* SPDX-License-Identifier: Apache-2.0 */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static const struct scheme schemes[] = {
	{ 0, { (const uint8_t *)"application/x", 13 } },
};

/* Any function of label and context will do, the same on both sides. */
int
sim_exporter(void *ctx, const char *label, struct span context, uint8_t *ret,
    size_t n, struct seal_diag *d)
{
	struct span parts[] = { span_str(label), context };
	uint8_t digest[HASH_MAX];
	int r;

	(void)ctx;
	if ((r = hash_parts(HASH_SHA512, parts, 2, digest, d)) == 0)
		memcpy(ret, digest, n);
	return r;
}

static void
side_open(struct sim_side *side, enum ea_role role, bool require, bool ask,
    bool reveal, bool cannot, enum carriage_kind carriage, int64_t now_ms)
{
	side->conf = (struct session_conf){
		.role = role,
		.require = require,
		.request = require || ask,
		.produce = schemes,
		.n_produce = cannot ? 0 : 1,
		.accept = schemes,
		.n_accept = require || ask ? 1 : 0,
		.reveal_after_peer = reveal,
		.cmw_type = 0xff00,
		.attest_ms = 30000,
		.answer_ms = 20000,
		.spacing_ms = 10000,
		.lease_floor_s = 30,
		.carriage = carriage,
	};
	side->outcome = SEAL_ACCEPTED;
	side->lease_s = 60;
	side->s = session_new(&side->conf, HASH_SHA256, sim_exporter, NULL,
	    NULL, now_ms, now_ms, NULL);
	assert_non_null(side->s);
}

void
sim_open(struct sim *m, unsigned f)
{
	enum carriage_kind carriage =
	    f & SIM_DATAGRAMS ? CARRIAGE_DATAGRAM : CARRIAGE_STREAM;

	memset(m, 0, sizeof(*m));
	m->now_ms = 1000;
	side_open(&m->c, EA_CLIENT, f & SIM_CLIENT_REQUIRES,
	    f & SIM_CLIENT_ASKS, f & SIM_CLIENT_REVEALS_AFTER,
	    f & SIM_CLIENT_CANNOT, carriage, m->now_ms);
	side_open(&m->s, EA_SERVER, f & SIM_SERVER_REQUIRES,
	    f & SIM_SERVER_ASKS, f & SIM_SERVER_REVEALS_AFTER,
	    f & SIM_SERVER_CANNOT, carriage, m->now_ms);
}

void
sim_reopen(struct sim *m, struct sim_side *side)
{
	session_free(&side->s);
	side->s = session_new(&side->conf, HASH_SHA256, sim_exporter, NULL,
	    &side->intra, m->now_ms, m->now_ms, &side->d);
	assert_non_null(side->s);
}

void
sim_close(struct sim *m)
{
	session_free(&m->c.s);
	session_free(&m->s.s);
}

void
sim_note(struct sim_side *side, int r)
{
	if (r != 0 && side->error == 0)
		side->error = r;
}

/* A piece of what waits, of a length that looks random. */
static size_t
cut(struct sim *m, size_t n)
{
	if (m->random == 0)
		return n;
	m->random = m->random * 1664525u + 1013904223u;
	return 1 + (m->random >> 16) % n;
}

static bool
move(struct sim *m, struct sim_side *from, struct sim_side *to)
{
	struct span out = session_output(from->s);
	uint8_t copy[FRAME_HEADER + LIMIT_FRAME_DATA];
	size_t n;

	if (out.n == 0)
		return false;
	n = cut(m, out.n);
	memcpy(copy, out.p, n);
	session_output_done(from->s, n);
	if (!from->mute && session_wants_input(to->s))
		sim_note(to,
		    session_input(to->s, span_of(copy, n), m->now_ms, &to->d));
	return true;
}

/* What stands at i of every authenticator, so that none is ever garbled. */
static uint8_t
pattern(size_t i)
{
	return (uint8_t)(i * 31 ^ i >> 8);
}

static void
do_attest(struct sim_side *side, struct session_job *job)
{
	size_t n = side->answer_size != 0 ? side->answer_size : 8;

	side->attested++;
	assert_true(job->n_request > 0);
	job->error = side->attest_error;
	job->authenticator = malloc(n);
	job->n_authenticator = job->authenticator == NULL ? 0 : n;
	for (size_t i = 0; i < job->n_authenticator; i++)
		job->authenticator[i] = pattern(i);
}

static void
do_appraise(struct sim_side *side, struct session_job *job)
{
	side->appraised++;
	assert_true(job->n_authenticator > 0);
	for (size_t i = 0;
	     side->check_answers && job->n_authenticator > 4 + HASH_MAX &&
	     i < job->n_authenticator;
	     i++)
		if (job->authenticator[i] != pattern(i))
			fail_msg("authenticator: byte %zu differs", i);
	job->outcome = side->outcome;
	job->lease_s = side->lease_s;
	job->error = side->appraise_error;
}

bool
sim_work(struct sim *m, struct sim_side *side)
{
	struct session_job *job;

	if (side->hold_jobs)
		return false;
	if ((job = session_job_take(side->s, m->now_ms, NULL)) == NULL)
		return false;
	if (job->kind == SESSION_JOB_ATTEST)
		do_attest(side, job);
	else
		do_appraise(side, job);
	sim_note(side, session_job_done(side->s, &job, m->now_ms, &side->d));
	return true;
}

void
sim_run(struct sim *m)
{
	bool moved = true;

	while (moved) {
		moved = move(m, &m->c, &m->s);
		moved = move(m, &m->s, &m->c) || moved;
		moved = sim_work(m, &m->c) || moved;
		moved = sim_work(m, &m->s) || moved;
	}
}

void
sim_advance(struct sim *m, int64_t ms)
{
	m->now_ms += ms;
	sim_note(&m->c, session_tick(m->c.s, m->now_ms, &m->c.d));
	sim_note(&m->s, session_tick(m->s.s, m->now_ms, &m->s.d));
	sim_run(m);
}

int
sim_inject(struct sim *m, struct sim_side *to, uint8_t type, struct span body)
{
	struct wr w;
	int r;

	wr_init_heap(&w, 1u << 20);
	wr_u8(&w, type);
	wr_vec(&w, 3, body);
	r = session_input(to->s, wr_view(&w), m->now_ms, &to->d);
	sim_note(to, r);
	wr_free(&w);
	return r;
}

uint8_t
sim_next_sent(struct sim_side *from, struct wr *ret_body)
{
	struct span out = session_output(from->s), body;
	struct rd r;
	uint8_t type;

	rd_init(&r, out);
	if (!rd_u8(&r, &type) || !rd_vec24(&r, &body))
		return 0;
	if (ret_body != NULL)
		wr_bytes(ret_body, body);
	session_output_done(from->s, FRAME_HEADER + body.n);
	return type;
}
