/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_ALLOCFAIL_H
#define UNIT_ALLOCFAIL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Makes one allocation fail. Every unit test is linked so that malloc, calloc,
 * realloc, strdup and strndup of our own code and of the test come through
 * here; those of other libraries do not (but see below). The loop that lets
 * each allocation of a call fail in turn:
 *
 *	for (size_t n = 1; n < 1000; n++) {
 *		allocfail_at(n);
 *		r = call(&out);
 *		if (!allocfail_hit())
 *			break;
 *		assert_int_equal(r, SEAL_E_MEMORY);
 *	}
 *	allocfail_off();
 */
void allocfail_at(size_t n); /* the n-th from now fails, once; 0: none */
void allocfail_off(void);
bool allocfail_hit(void);     /* did it fail? */
size_t allocfail_count(void); /* allocations since allocfail_at() */

/*
 * Counts and fails the allocations of OpenSSL and jansson, too. A test then
 * makes the call once before it starts to count, since these libraries set
 * themselves up only once.
 */
void allocfail_include_libraries(void);

#endif
