/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_EVIDENCE_REPLAY_H
#define UNIT_EVIDENCE_REPLAY_H

#include <stdatomic.h>

#include "evidence/driver.h"

/*
 * A driver without a device: it serves what the test puts here, and writes
 * down how it was called. Its subject key is a real one in software.
 */
struct replay {
	struct span evidence; /* what collect gives */
	int open_r, subject_r, collect_r, sign_r;
	size_t binder_max, chain_n; /* certificates; 0: one */
	bool bad_chain;
	unsigned collect_ms; /* how long collect takes */
	atomic_int inside, overlaps, collects, opens, closes;
	atomic_int order[16]; /* who collected, by first byte of the binder */
};

extern struct replay replay;
extern const struct evidence_driver replay_driver;

void replay_reset(void);

#endif
