/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_VERIFIER_SNP_H
#define BENCH_VERIFIER_SNP_H

#include "base/wr.h"

/*
 * Plays a SEV-SNP machine: its extended report, VCEK and ASK in its table,
 * over data, as a CMW; the root in DIR/snp.pem, and AMD's list in DIR/snp.
 */
void snp_play(const char *dir, struct span data, struct wr *ret_cmw);
extern const char snp_policy[]; /* that accepts it; paths as in DIR */

#endif
