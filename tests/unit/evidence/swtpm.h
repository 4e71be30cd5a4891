/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_EVIDENCE_SWTPM_H
#define UNIT_EVIDENCE_SWTPM_H

#include <stdbool.h>
#include <sys/types.h>

/* A TPM of the test's own: fresh state, its own ports on the loopback. */
struct swtpm {
	pid_t pid;
	unsigned port; /* and port + 1 for control */
	char dir[64];  /* also good for a lock_dir and for output */
	char tcti[96];
};

/* False where swtpm is not installed; anything else that goes wrong fails
 * the test. */
bool swtpm_start(struct swtpm *t);
void swtpm_kill(struct swtpm *t); /* the state stays */
void swtpm_stop(struct swtpm *t); /* kills, and removes the state */

#endif
