/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "format/psa.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct psa_token t;
	const struct psa_claims *c = &t.claims;

	if (psa_parse(span_of(p, n), &t, NULL) != 0)
		return 0;
	MUST(n <= PSA_TOKEN_MAX && p[0] != 0xd1);
	MUST(c->nonce.n == 32 || c->nonce.n == 48 || c->nonce.n == 64);
	MUST(c->instance_id.n == PSA_INSTANCE_SIZE);
	MUST(c->implementation_id.n == PSA_IMPLEMENTATION_SIZE);
	MUST(c->state < PSA_LIFECYCLES);
	MUST(c->n_components > 0 && c->n_components <= PSA_COMPONENTS_MAX);
	for (size_t i = 0; i < c->n_components; i++)
		MUST(c->components[i].measurement.n >= 32 &&
		     c->components[i].signer_id.n >= 32);
	(void)psa_profile_known(c);
	return 0;
}
