/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "format/nitro.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct nitro doc;

	if (nitro_parse(span_of(p, n), &doc, NULL) != 0)
		return 0;
	MUST(n <= NITRO_DOC_MAX && doc.sign1.alg == -35);
	MUST(doc.n_chain >= 2 && doc.n_chain <= LIMIT_CHAIN);
	for (size_t i = 0; i < doc.n_chain; i++)
		MUST(doc.chain[i].n > 0 && doc.chain[i].p > p &&
		     doc.chain[i].p + doc.chain[i].n < p + n);
	for (size_t i = 0; i < NITRO_PCRS; i++)
		MUST(doc.pcr[i].n == NITRO_PCR_SIZE ||
		     (doc.pcr[i].n == 0 && i >= NITRO_IMAGE_PCRS));
	MUST(doc.nonce.n <= NITRO_FIELD_MAX);
	MUST(doc.public_key.n <= NITRO_FIELD_MAX);
	MUST(doc.timestamp_ms > 0 && doc.module_id.n > 0);
	(void)nitro_debug(&doc);
	return 0;
}
