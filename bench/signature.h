/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_SIGNATURE_H
#define BENCH_SIGNATURE_H

#include <stdbool.h>

/* Once, with P-256 as the Evidence here, and by the calls with which libssl
 * makes and verifies its own; false: it failed. */
bool sign_and_verify(void);

#endif
