/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/limits.h"
#include "format/tpm.h"

/* What TLS gets can be turned back, and then reads the same. */
static void
round_trip(const struct tpm_signature *s)
{
	uint8_t tls[LIMIT_SIGNATURE], back[LIMIT_SIGNATURE + 8];
	struct tpm_signature again = { 0 };
	struct span sig = { 0 }, in = { 0 };
	uint16_t scheme = SIG_NONE;
	struct wr w;

	wr_init(&w, tls, sizeof(tls));
	if (tpm_signature_to_tls(s, &scheme, &w, NULL) != 0)
		return;
	MUST(scheme != SIG_NONE && wr_finish(&w, &sig) == 0);
	wr_init(&w, back, sizeof(back));
	/* A number may be too large for the curve that its hash implies. */
	if (tpm_signature_from_tls(scheme, sig, &w, NULL) != 0)
		return;
	MUST(wr_finish(&w, &in) == 0);
	MUST(tpm_signature_parse(in, &again, NULL) == 0);
	MUST(again.alg == s->alg && again.hash == s->hash);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct tpm_signature s = { 0 };
	struct span in = span_of(p, n), again = { 0 };
	struct wr w;

	if (tpm_signature_parse(in, &s, NULL) != 0)
		return 0;
	wr_init_heap(&w, n);
	tpm_signature_write(&w, &s);
	MUST(wr_finish(&w, &again) == 0 && span_equal(in, again));
	wr_free(&w);
	round_trip(&s);
	return 0;
}
