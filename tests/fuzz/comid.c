/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "format/comid.h"

/* On a parsed tag the walkers end where the lists end, and nowhere else. */
static void
walk_measurements(struct comid_list l)
{
	struct comid_measurement m;
	size_t n = l.left;

	for (; n > 0; n--)
		MUST(comid_measurement_next(&l, &m));
	MUST(!comid_measurement_next(&l, &m) && rd_end(&l.r));
}

static void
walk_keys(struct comid_list l)
{
	struct comid_key k;
	size_t n = l.left;

	for (; n > 0; n--)
		MUST(comid_key_next(&l, &k));
	MUST(!comid_key_next(&l, &k) && rd_end(&l.r));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct comid_triple t;
	struct comid c;

	if (comid_parse(span_of(p, n), &c, NULL) != 0)
		return 0;
	MUST(c.id.value.n > 0 && (!c.id.uuid || c.id.value.n == 16));
	for (int k = 0; k < COMID_KINDS; k++) {
		struct comid_list l = comid_triples(&c, (enum comid_kind)k);

		MUST(l.left == c.n_triples[k]);
		for (size_t i = 0; i < c.n_triples[k]; i++) {
			MUST(comid_triple_next(&l, (enum comid_kind)k, &t));
			MUST(t.index == i && t.items.left > 0);
			if (k == COMID_REFERENCE || k == COMID_ENDORSED)
				walk_measurements(t.items);
			else
				walk_keys(t.items);
		}
	}
	return 0;
}
