/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/undress.h"

#include <ctype.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

static bool
is_text(struct span in)
{
	for (size_t i = 0; i < in.n; i++) {
		if (!isprint(in.p[i]) && !isspace(in.p[i]))
			return false;
	}
	return in.n > 0;
}

/* Without white space, and without the lines that frame PEM. */
static void
squeeze(struct span in, struct wr *out)
{
	bool frame = false;

	for (size_t i = 0; i < in.n; i++) {
		bool line_start = i == 0 || in.p[i - 1] == '\n';

		if (line_start)
			frame =
			    in.n - i >= 5 && memcmp(in.p + i, "-----", 5) == 0;
		if (!frame && !isspace(in.p[i]))
			wr_u8(out, in.p[i]);
	}
}

/* Hex first: most of it would do as base64 too. */
static bool
decode(struct span text, struct wr *out)
{
	if (hex_decode(text, out))
		return true;
	wr_free(out);
	return base64_decode(text, out);
}

bool
undress(struct span in, struct wr *out)
{
	struct wr squeezed;
	bool ok;

	if (!is_text(in))
		return false;
	wr_init_heap(&squeezed, LIMIT_FILE);
	squeeze(in, &squeezed);
	ok = squeezed.error == 0 && squeezed.n > 0 &&
	     decode(wr_view(&squeezed), out) && out->n > 0;
	wr_free(&squeezed);
	if (!ok)
		wr_free(out);
	return ok;
}
