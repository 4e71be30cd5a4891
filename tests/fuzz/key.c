/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/limits.h"
#include "crypto/sig.h"

/* A key taken apart and put together again is the same bytes. */
static void
key_round_trip(struct span in)
{
	uint8_t x[66] = { 0 }, y[66] = { 0 }, buf[LIMIT_SPKI];
	struct pubkey *k = NULL;
	enum curve c = CURVE_NONE;
	struct span got = { 0 };
	struct wr w;
	size_t size;

	if (pubkey_from_spki(in, &k, NULL) != 0)
		return;
	if (spki_to_ec(in, &c, x, y, NULL) == 0) {
		size = curve_size(c);
		wr_init(&w, buf, sizeof(buf));
		MUST(spki_from_ec(c, span_of(x, size),
			 span_of(y, c >= CURVE_ED25519 ? 0 : size), &w,
			 NULL) == 0);
		MUST(wr_finish(&w, &got) == 0 && span_equal(got, in));
	}
	pubkey_unref(&k);
}

/* DER allows one form of a signature. */
static void
signature_round_trip(struct span in)
{
	uint8_t raw[2 * 66], der[160];
	struct span got = { 0 };
	struct wr w;

	wr_init(&w, raw, sizeof(raw));
	if (ecdsa_der_to_raw(in, 66, &w, NULL) != 0)
		return;
	MUST(w.n == sizeof(raw));
	wr_init(&w, der, sizeof(der));
	MUST(ecdsa_raw_to_der(
		 span_of(raw, 66), span_of(raw + 66, 66), &w, NULL) == 0);
	MUST(wr_finish(&w, &got) == 0 && span_equal(got, in));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	key_round_trip(span_of(p, n));
	signature_round_trip(span_of(p, n));
	return 0;
}
