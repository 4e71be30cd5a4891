/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_SIGNATURE_H
#define BENCH_SIGNATURE_H

#include <stdbool.h>

/* P-256, as Evidence has here, and as libssl makes and verifies its own. */
bool sign_and_verify(void);

#endif
