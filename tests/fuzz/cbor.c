/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/limits.h"
#include "cbor/cbor.h"

/* A map whose keys differ, stepped through pair by pair, ends where it says. */
static void
walk_map(struct span s)
{
	struct rd r;
	size_t pairs;

	rd_init(&r, s);
	if (!cbor_map_unique(&r, &pairs))
		return;
	MUST(pairs <= LIMIT_MAP);
	for (size_t i = 0; i < pairs; i++)
		MUST(cbor_item(&r, NULL) && cbor_item(&r, NULL));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct span s = span_of(p, n), item;
	struct wr out;
	struct rd r;
	bool whole;

	rd_init(&r, s);
	whole = cbor_item(&r, &item) && rd_end(&r);
	if (whole)
		MUST(span_equal(item, s));
	if (cbor_deterministic(s))
		MUST(whole);
	walk_map(s);
	wr_init_heap(&out, LIMIT_JSON);
	(void)cbor_diagnose(s, &out, 0);
	wr_free(&out);
	return 0;
}
