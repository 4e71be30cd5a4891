/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_TLS_SIM_H
#define UNIT_TLS_SIM_H

#include "base/rd.h"
#include "tls/frame.h"
#include "tls/session.h"

/*
 * Two sessions joined by wires of memory, on a clock that the test moves. The
 * exporter is a hash, and jobs are done at once, as the side's settings say.
 */
struct sim_side {
	struct session_conf conf;
	struct session_intra intra; /* of sim_reopen() */
	struct session *s;
	struct seal_diag d;
	int error; /* the first that session_input or a job returned */
	/* How this side's jobs end. */
	int attest_error;
	enum seal_outcome outcome;
	uint32_t lease_s;
	int appraise_error;
	bool hold_jobs, mute; /* leaves jobs undone; its bytes are lost */
	size_t answer_size;   /* of the authenticators that it makes; 0: 8 */
	bool check_answers;   /* that come are what was made, or refusals */
	unsigned attested, appraised;
};

struct sim {
	struct sim_side c, s;
	int64_t now_ms;
	uint32_t random; /* of the cut of chunks; 0: no cutting */
};

/* Settings: all else is as session.h recommends, both sides with one scheme. */
enum {
	SIM_CLIENT_REQUIRES = 1,
	SIM_SERVER_REQUIRES = 2,
	SIM_CLIENT_ASKS = 4,
	SIM_SERVER_ASKS = 8,
	SIM_SERVER_REVEALS_AFTER = 16,
	SIM_CLIENT_REVEALS_AFTER = 32,
	SIM_CLIENT_CANNOT = 64,
	SIM_SERVER_CANNOT = 128,
	SIM_DATAGRAMS = 256,
};

/* Anew, with the side's own conf, which sim_open() has filled. */
void sim_reopen(struct sim *m, struct sim_side *side);
void sim_open(struct sim *m, unsigned settings);
void sim_close(struct sim *m);
/* Moves bytes and does jobs until nothing happens any more. */
void sim_run(struct sim *m);
/* Moves the clock, ticks both sides, and runs. */
void sim_advance(struct sim *m, int64_t ms);
/* Does one job of the side's, if there is one. */
bool sim_work(struct sim *m, struct sim_side *side);
/* Keeps the first error of a side's. */
void sim_note(struct sim_side *side, int r);
/* Bytes from nowhere into a side. */
int sim_inject(
    struct sim *m, struct sim_side *to, uint8_t type, struct span body);
/* What side sends is lost, until it is read here: the type of its next
 * frame, or 0. */
uint8_t sim_next_sent(struct sim_side *from, struct wr *ret_body);

int sim_exporter(void *ctx, const char *label, struct span context,
    uint8_t *ret, size_t n, struct seal_diag *d);

#endif
