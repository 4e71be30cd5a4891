/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A view of bytes that somebody else owns. n == 0 allows p == NULL. */
struct span {
	const uint8_t *p;
	size_t n;
};

struct span span_of(const void *p, size_t n);
struct span span_str(const char *s); /* without the NUL */
bool span_is(struct span s, const char *text);

/* Equality of public bytes; for secrets and MACs see span_equal_ct(). */
bool span_equal(struct span a, struct span b);
/* In time that depends on the lengths alone. Zero-length is never equal. */
bool span_equal_ct(struct span a, struct span b);

/* Is every byte of it zero, or none there? Time depends on the length alone. */
bool span_is_zero(struct span s);

/* An owned copy; *ret is NULL for n == 0. 0 or SEAL_E_MEMORY. */
int span_dup(struct span s, uint8_t **ret);

/* Overwrites n bytes in a way that the compiler keeps; NULL is fine. */
void seal_wipe(void *p, size_t n);

#endif
