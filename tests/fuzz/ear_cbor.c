/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdlib.h>

#include "format/ear.h"

/* What is read honours the bounds, and can be written again. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ear *e = calloc(1, sizeof(*e));
	struct wr w;

	MUST(e != NULL);
	if (ear_read_cbor(span_of(p, n), e, NULL) == 0) {
		MUST(e->profile != NULL && e->iat >= 0);
		MUST(e->n_submods > 0 && e->n_submods <= EAR_SUBMODS_MAX);
		MUST(!e->has_status ||
		     !ar4si_worse(ear_worst_status(e), e->status));
		wr_init_heap(&w, LIMIT_CMW);
		if (ear_write_cbor(e, &w, NULL) == 0)
			MUST(ear_read_cbor(wr_view(&w), e, NULL) == 0);
		wr_free(&w);
	}
	free(e);
	return 0;
}
