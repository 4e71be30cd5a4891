/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "appraise/refs.h"
#include "base/rd.h"

/* An environment and measurements, each behind two bytes of length, then a
 * CoRIM to hold them against. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct refs_trust trust = { .unsigned_ok = true,
		.profiles = refs_profiles };
	struct refs_evidence e = { .env = { NULL, 0 } };
	struct refs *refs = NULL;
	struct refs_result ret;
	char triple[REFS_TEXT];
	int64_t until = 0;
	struct rd r;
	struct wr out;

	rd_init(&r, span_of(p, n));
	if (!rd_vec16(&r, &e.env) || !rd_vec16(&r, &e.measurements) ||
	    refs_new(&trust, &refs, NULL) != 0)
		return 0;
	if (refs_add(refs, "file", span_of(r.p, rd_left(&r)), NULL) == 0) {
		refs_match(refs, &e, 1, &ret);
		MUST((ret.code == 0) <= (ret.n_matched > 0));
		MUST((ret.n_matched > 0) <= (ret.triple[0] != '\0'));
		MUST(ret.code == 0 || ret.expected[0] != '\0' ||
		     ret.code == SEAL_E_DECODE);
		/* No signer: no key is its key. */
		MUST(!refs_trusts(refs, &e, 1, triple, &until));
		wr_init_heap(&out, 1048576);
		(void)refs_explain(refs, &out);
		wr_free(&out);
	}
	refs_free(&refs);
	return 0;
}
