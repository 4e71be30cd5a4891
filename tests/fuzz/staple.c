/* SPDX-License-Identifier: Apache-2.0 */
/* What a peer sends beside its Evidence: a pack, or a single piece. */
#include "fuzz.h"

#include "appraise/collateral.h"
#include "appraise/staple.h"
#include "format/tar.h"

static void
open_all(struct span in, const char *type)
{
	struct endorsements *e = endorse_new();
	const struct collateral *c;

	if (e == NULL)
		return;
	if (staple_add(e, span_str(type), "label", in, NULL) == 0) {
		MUST(e->n <= STAPLE_ITEMS_MAX);
		MUST(e->n_bytes <= STAPLE_BYTES_MAX && e->n_bytes <= in.n);
		c = collateral_of(e);
		MUST(c == NULL || c->n_bundles <= e->n);
	}
	endorse_free(&e);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	open_all(span_of(p, n), TAR_COLLATERAL_TYPE);
	open_all(span_of(p, n), "application/pkix-cert");
	return 0;
}
