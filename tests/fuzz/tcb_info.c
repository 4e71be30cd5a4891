/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdlib.h>

#include "format/tcb_info.h"

static void
walk(const struct tcb_level *levels, size_t n)
{
	struct tcb_advisories it;
	struct span id;

	for (size_t i = 0; i < n; i++) {
		size_t count = 0;

		MUST(levels[i].status != TCB_UNKNOWN);
		tcb_advisories_begin(&levels[i], &it);
		while (tcb_advisories_next(&it, &id))
			count++;
		MUST(count <= TCB_ADVISORIES_MAX);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct tcb_info *t = malloc(sizeof(*t));
	struct qe_identity *q = malloc(sizeof(*q));
	struct tcb_bundle b = { 0 };

	if (t != NULL && q != NULL &&
	    tcb_bundle_parse(span_of(p, n), &b, NULL) == 0) {
		if (tcb_info_parse(b.tcb_info, b.tcb_signature, t, NULL) == 0)
			walk(t->levels, t->n_levels);
		if (qe_identity_parse(b.qe_identity, b.qe_signature, q, NULL) ==
		    0)
			walk(q->levels, q->n_levels);
		tcb_bundle_free(&b);
	}
	free(t);
	free(q);
	return 0;
}
