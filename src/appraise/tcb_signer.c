/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/tcb_signer.h"

#include "crypto/der.h"

static bool
is_named(struct span subject)
{
	struct span name = { 0 };

	return cert_common_name(subject, &name) && span_is(name, TCB_SIGNER);
}

static bool
is_ca(const struct cert_parts *p)
{
	static const uint8_t oid[] = { 0x55, 0x1d, 0x13 };
	struct span value = { 0 };
	struct rd r, seq;

	if (!cert_parts_extension(p, span_of(oid, sizeof(oid)), &value))
		return false;
	rd_init(&r, value);
	return !der_enter(&r, DER_SEQ, &seq) || rd_left(&seq) > 0;
}

/*
 * The root certifies it itself, by this name, and not as a CA: so neither a
 * PCK, which some platform holds, nor a PCK's CA can sign collateral.
 */
int
tcb_signer_check(const struct trust *root, struct span der, int64_t now,
    struct cert **ret, struct seal_diag *d)
{
	struct cert_parts p;
	struct cert *c = NULL;
	int r;

	if (!cert_parts_read(der, &p) || !is_named(p.subject) || is_ca(&p))
		return SEAL_E_UNSUPPORTED; /* some other certificate */
	if ((r = chain_verify(root, &der, 1, now, NULL, d)) != 0 ||
	    (r = cert_parse(der, &c, d)) != 0)
		return r;
	if (!cert_may_sign(c)) {
		cert_unref(&c);
		return seal_fail(d, SEAL_E_CHAIN, "its key may not sign");
	}
	*ret = c;
	return 0;
}

int
tcb_signer_verify(const struct cert *signer, struct span body,
    const uint8_t raw[64], struct seal_diag *d)
{
	uint8_t buf[LIMIT_SIGNATURE];
	struct wr der;
	int r;

	wr_init(&der, buf, sizeof(buf));
	if ((r = ecdsa_raw_to_der(
		 span_of(raw, 32), span_of(raw + 32, 32), &der, d)) != 0)
		return r;
	return pubkey_verify(
	    cert_key(signer), SIG_ECDSA_P256_SHA256, body, wr_view(&der), d);
}
