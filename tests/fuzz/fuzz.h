/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/span.h"

/* What a target defines: called once for each input; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* A property that must hold for every input. */
#define MUST(property)           \
	do {                     \
		if (!(property)) \
			abort(); \
	} while (0)

#endif
