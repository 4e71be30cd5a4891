/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/text.h"

/* What decodes encodes back to the same text. */
static void
round_trip(struct span text)
{
	struct wr bytes, again;
	struct span got;

	wr_init_heap(&bytes, 65536);
	wr_init_heap(&again, 65536);
	if (b64url_decode(text, &bytes) && wr_finish(&bytes, &got) == 0) {
		b64url_encode(got, &again);
		MUST(wr_finish(&again, &got) == 0 && span_equal(got, text));
	}
	wr_free(&bytes);
	wr_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct span s = span_of(p, n);
	struct span left = span_of(p, n / 2);
	struct span right = n < 2 ? s : span_of(p + n / 2, n - n / 2);
	char shown[HEX_SHORT], safe[64];
	struct wr out;

	round_trip(s);
	wr_init_heap(&out, 65536);
	if (hex_decode(s, &out))
		MUST(n % 2 == 0);
	wr_free(&out);
	(void)utf8_valid(s);
	MUST(media_type_equal(s, s) == (n > 0));
	MUST(media_type_equal(left, right) == media_type_equal(right, left));
	MUST(hex_short(s, shown) == shown);
	MUST(text_safe(s, safe, sizeof(safe)) == safe);
	return 0;
}
