/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "format/cca.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t buf[LIMIT_SPKI], digest[HASH_MAX];
	struct cca_token t;
	size_t size = 0;
	struct wr w;

	if (cca_parse(span_of(p, n), &t, NULL) != 0)
		return 0;
	MUST(t.tag == 399 || t.tag == 907);
	MUST(t.r.challenge.n == CCA_CHALLENGE && t.r.rim.n >= 32);
	MUST(t.r.personalization.n == 64 && t.r.rak.n > 0);
	MUST(t.claims.config.n > 0 && !t.claims.legacy);
	for (size_t i = 0; i < CCA_REMS; i++)
		MUST(t.r.rem[i].n >= 32);
	wr_init(&w, buf, sizeof(buf));
	if (cca_rak_spki(&t, &w, NULL) == 0)
		MUST(w.n > 0);
	if (cca_rak_digest(&t, digest, &size, NULL) == 0)
		MUST(size >= 32);
	return 0;
}
