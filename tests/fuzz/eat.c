/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "format/eat.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct eat_claims c;
	struct eat_soft s;

	if (eat_claims_parse(span_of(p, n), &c, NULL) == 0) {
		MUST(c.iat >= 0);
		MUST(c.nonce.n == 0 || (c.nonce.n >= EAT_NONCE_MIN &&
					   c.nonce.n <= EAT_NONCE_MAX));
	}
	if (eat_soft_parse(span_of(p, n), &s, NULL) != 0)
		return 0;
	MUST(s.sign1.tagged && s.sign1.alg != 0);
	MUST(s.sign1.kid.n == EAT_SOFT_KID);
	MUST(s.claims.n == 5 && s.claims.nonce.n >= EAT_NONCE_MIN);
	MUST(s.n_measurements <= EAT_SOFT_MEASUREMENTS);
	MUST(cbor_deterministic(s.sign1.payload));
	for (size_t i = 0; i < s.n_measurements; i++)
		MUST(s.measurements[i].name.n > 0 &&
		     s.measurements[i].digest.n > 0);
	return 0;
}
