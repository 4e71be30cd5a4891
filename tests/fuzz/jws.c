/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "jose/token.h"

/* A token, and a set of keys that it may not verify under. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct jws j = { .alg = NULL };
	struct jwk_set *set = NULL;

	if (jws_parse(span_of(p, n), &j, NULL) == 0) {
		MUST(j.alg != NULL && j.scheme != SIG_NONE);
		MUST(j.n_payload > 0 && j.n_signature > 0);
		jws_wipe(&j);
	}
	if (jwk_set_parse(span_of(p, n), &set, NULL) == 0) {
		MUST(set->n > 0 && set->keys[0].key != NULL);
		jwk_set_free(&set);
	}
	return 0;
}
