/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/limits.h"
#include "format/platform_json.h"

struct seen {
	size_t n, bytes;
};

static int
take(void *ctx, struct span piece, struct seal_diag *d)
{
	struct seen *s = ctx;
	uint8_t sum = 0;

	(void)d;
	MUST(piece.n > 0);
	for (size_t i = 0; i < piece.n; i++)
		sum ^= piece.p[i]; /* all of it may be read */
	s->n++;
	s->bytes += piece.n + (sum & 0);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct seen s = { 0, 0 };
	int r = platform_json_read(span_of(p, n), take, &s, NULL);

	MUST(r == 0 || s.n == 0);
	MUST(s.bytes <= n + s.n); /* a line's end at most beside it */
	return 0;
}
