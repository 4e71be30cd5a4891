/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_TEST_H
#define UNIT_TEST_H

/* cmocka wants these four first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/span.h"

/* Bytes in a table row: HEX(0, 1, 7) initialises a struct span. */
#define HEX(...)                                             \
	{                                                    \
		(const uint8_t[]){ __VA_ARGS__ },            \
		    sizeof((const uint8_t[]){ __VA_ARGS__ }) \
	}
#define STR(s)                                      \
	{                                           \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}

#endif
