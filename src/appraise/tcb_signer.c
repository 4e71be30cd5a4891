/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/tcb_signer.h"

#include <string.h>

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

/* Intel issued its root twice, with one name and key. */
static bool
is_same_root(const struct trust *ca, size_t a, size_t b)
{
	struct cert_parts p, q;
	struct span key_a = { 0 }, key_b = { 0 };

	if (a == CHAIN_NO_ANCHOR || b == CHAIN_NO_ANCHOR)
		return false;
	return a == b || (cert_parts_read(trust_get0(ca, a), &p) &&
			     cert_parts_read(trust_get0(ca, b), &q) &&
			     span_equal(p.subject, q.subject) &&
			     cert_spki_read(trust_get0(ca, a), &key_a) &&
			     cert_spki_read(trust_get0(ca, b), &key_b) &&
			     span_equal(key_a, key_b));
}

/*
 * The root certifies it itself, by this name, and not as a CA: so neither a
 * PCK, which some platform holds, nor a PCK's CA can sign collateral.
 */
static int
find_end(const struct trust *ca, struct span der, int64_t now,
    struct chain_end *ret, struct seal_diag *d)
{
	struct cert_parts p;

	if (!cert_parts_read(der, &p) || !is_named(p.subject) || is_ca(&p))
		return SEAL_E_UNSUPPORTED; /* some other certificate */
	return chain_verify_end(ca, &der, 1, now, ret, d);
}

static int
take(struct span der, struct cert_cache *certs, struct cert **ret,
    struct seal_diag *d)
{
	struct cert *c = NULL;
	int r;

	if ((r = cert_cache_get(certs, der, &c, d)) != 0)
		return r;
	if (!cert_may_sign(c)) {
		cert_unref(&c);
		return seal_fail(d, SEAL_E_CHAIN, "its key may not sign");
	}
	*ret = c;
	return 0;
}

int
tcb_signer_check(const struct trust *roots, struct span der, int64_t now,
    struct cert **ret, struct seal_diag *d)
{
	struct chain_end end;
	int r = find_end(roots, der, now, &end, d);

	return r == 0 ? take(der, NULL, ret, d) : r;
}

int
tcb_signer_check_under(const struct trust *ca, size_t anchor, struct span der,
    int64_t now, struct cert_cache *certs, struct cert **ret,
    struct seal_diag *d)
{
	struct chain_end end;
	int r;

	if ((r = find_end(ca, der, now, &end, d)) != 0)
		return r;
	if (!is_same_root(ca, end.anchor, anchor))
		return seal_fail(
		    d, SEAL_E_CHAIN, "it is under another root than the PCK");
	return take(der, certs, ret, d);
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

int
tcb_signer_digest(struct span body, const uint8_t raw[64], uint8_t ret[32],
    struct seal_diag *d)
{
	/* The signature has one length: they cannot be cut in another way. */
	const struct span parts[] = { span_of(raw, 64), body };
	uint8_t digest[HASH_MAX];
	int r;

	if ((r = hash_parts(HASH_SHA256, parts, 2, digest, d)) == 0)
		memcpy(ret, digest, 32);
	return r;
}

int
tcb_signer_verify_once(const struct cert *signer, struct span body,
    const uint8_t raw[64], const uint8_t digest[32], const struct trust *ca,
    struct seal_diag *d)
{
	const struct span parts[] = { cert_spki(signer), span_of(digest, 32) };
	uint8_t fact[32];
	int r;

	if (trust_recalls(ca, "tcb", parts, 2, fact))
		return 0;
	if ((r = tcb_signer_verify(signer, body, raw, d)) == 0)
		trust_remember(ca, fact);
	return r;
}
