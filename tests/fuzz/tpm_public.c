/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/limits.h"
#include "format/tpm.h"

/* A signing key has a Name over all its bytes; a key whose point is on its
 * curve has an SPKI that our own reader takes. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct span in = span_of(p, n);
	uint8_t name[2 + HASH_MAX], spki[LIMIT_SPKI];
	struct tpm_public pub = { 0 };
	struct pubkey *key = NULL;
	struct wr w;

	if (tpm_public_parse(in, &pub, NULL) != 0)
		return 0;
	MUST(span_equal(pub.whole, in));
	wr_init(&w, name, sizeof(name));
	MUST(tpm_public_name(&pub, &w, NULL) == 0);
	MUST(w.n == 2 + hash_size(tpm_hash(pub.name_alg)));
	wr_init(&w, spki, sizeof(spki));
	if (tpm_public_spki(&pub, &w, NULL) == 0)
		(void)pubkey_from_spki(wr_view(&w), &key, NULL);
	pubkey_unref(&key);
	return 0;
}
