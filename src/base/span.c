/* SPDX-License-Identifier: Apache-2.0 */
#include "base/span.h"

#include <stdlib.h>
#include <string.h>

#include <sealtls/error.h>

struct span
span_of(const void *p, size_t n)
{
	return (struct span){ p, n };
}

struct span
span_str(const char *s)
{
	return (struct span){ (const uint8_t *)s, strlen(s) };
}

bool
span_is(struct span s, const char *text)
{
	return span_equal(s, span_str(text));
}

bool
span_equal(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
span_equal_ct(struct span a, struct span b)
{
	volatile uint8_t diff = 0;

	if (a.n != b.n || a.n == 0)
		return false;
	for (size_t i = 0; i < a.n; i++)
		diff |= a.p[i] ^ b.p[i];
	return diff == 0;
}

bool
span_is_zero(struct span s)
{
	uint8_t any = 0;

	for (size_t i = 0; i < s.n; i++)
		any |= s.p[i];
	return any == 0;
}

int
span_dup(struct span s, uint8_t **ret)
{
	uint8_t *copy = NULL;

	if (s.n > 0) {
		if ((copy = malloc(s.n)) == NULL)
			return SEAL_E_MEMORY;
		memcpy(copy, s.p, s.n);
	}
	*ret = copy;
	return 0;
}

void
seal_wipe(void *p, size_t n)
{
	if (p != NULL)
		explicit_bzero(p, n);
}
