/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/limits.h"
#include "cose/cose.h"

static bool
within(struct span part, struct span whole)
{
	return part.n == 0 ||
	       (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

/* A key that converts gives an SPKI that converts back to the same SPKI. */
static void
key(struct span s)
{
	struct wr spki, again, cose;

	wr_init_heap(&spki, LIMIT_SPKI);
	wr_init_heap(&again, LIMIT_SPKI);
	wr_init_heap(&cose, LIMIT_SPKI);
	if (cose_key_to_spki(s, &spki, NULL) == 0) {
		MUST(cose_key_from_spki(wr_view(&spki), &cose, NULL) == 0);
		MUST(cbor_deterministic(wr_view(&cose)));
		MUST(cose_key_to_spki(wr_view(&cose), &again, NULL) == 0);
		MUST(span_equal(wr_view(&spki), wr_view(&again)));
	}
	wr_free(&spki);
	wr_free(&again);
	wr_free(&cose);
}

/* P-256, whose private key is nowhere. */
static struct pubkey *
some_key(void)
{
	static struct pubkey *k;
	static const uint8_t spki[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07,
		0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
		0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
		0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8,
		0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d,
		0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8,
		0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f,
		0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b,
		0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40,
		0x68, 0x37, 0xbf, 0x51, 0xf5 };

	if (k == NULL)
		MUST(pubkey_from_spki(span_of(spki, sizeof(spki)), &k, NULL) ==
		     0);
	return k;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct span in = span_of(p, n);
	struct cose_sign1 s;

	key(in);
	if (cose_sign1_parse(in, &s, NULL) != 0)
		return 0;
	MUST(within(s.payload, in) && within(s.signature, in));
	MUST(within(s.protected_bytes, in) && within(s.unprotected, in));
	MUST(within(s.kid, s.protected_bytes));
	MUST(within(s.content_type, s.protected_bytes));
	MUST(s.signature.n > 0 && s.signature.n <= LIMIT_SIGNATURE);
	(void)cose_sign1_verify(&s, some_key(), NULL);
	return 0;
}
