/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/path.h"

#define OID(a) span_of(a, sizeof(a))

static const uint8_t oid_ski[] = { 0x55, 0x1d, 0x0e };
static const uint8_t oid_basic[] = { 0x55, 0x1d, 0x13 };
static const uint8_t oid_aki[] = { 0x55, 0x1d, 0x23 };

/* ---- One certificate ---- */

static bool
is_strong(struct span spki)
{
	struct spki s = { 0 };

	return spki_parse(spki, &s, NULL) == 0 &&
	       (s.bits == 0 || s.bits >= RSA_BITS_MIN);
}

bool
path_read(struct span der, int64_t now, struct path_cert *ret)
{
	struct path_cert c = { .der = der };

	if (!cert_form_read(der, &c.form) || !cert_parts_read(der, &c.parts) ||
	    c.form.unusual || now < c.form.not_before ||
	    now >= c.form.not_after || /* the end is for libcrypto to judge */
	    !is_strong(c.form.spki) || !path_is_plain(&c.parts))
		return false;
	*ret = c;
	return true;
}

/* ---- Two ---- */

/* The key id alone, and the issuer's, if it has one. */
static bool
names_key_of(const struct cert_parts *c, const struct cert_parts *issuer)
{
	struct span value = { 0 }, want = { 0 }, id = { 0 };
	struct rd r, seq;

	if (!cert_parts_extension(c, OID(oid_aki), &value))
		return true;
	rd_init(&r, value);
	if (!der_enter(&r, DER_SEQ, &seq) || !rd_end(&r) ||
	    !der_read(&seq, DER_CTX_PRIM(0), &id) || !rd_end(&seq))
		return false;
	if (!cert_parts_extension(issuer, OID(oid_ski), &value))
		return true;
	rd_init(&r, value);
	return der_read(&r, DER_OCTETS, &want) && rd_end(&r) &&
	       span_equal(id, want);
}

bool
path_issued_by(const struct path_cert *c, const struct cert_parts *issuer)
{
	/* To libcrypto a certificate of two equal names signed itself. */
	return !span_equal(c->parts.issuer, c->parts.subject) &&
	       span_equal(c->parts.issuer, issuer->subject) &&
	       names_key_of(&c->parts, issuer);
}

bool
path_signed_by(const struct path_cert *c, const struct cert *issuer)
{
	const struct pubkey *key = cert_key(issuer);
	uint16_t scheme = scheme_of_algorithm(c->form.algorithm, key);

	return scheme != SIG_NONE && pubkey_verify(key, scheme, c->form.tbs,
					 c->form.signature, NULL) == 0;
}

/* ---- The right to issue ---- */

/* BasicConstraints, with cA TRUE. */
static bool
read_basic(struct span value, unsigned *ret)
{
	static const uint8_t ca[] = { 1, 1, 0xff };
	struct span limit = { 0 };
	struct rd r, seq;

	*ret = PATH_ROOM_MAX;
	rd_init(&r, value);
	if (!der_enter(&r, DER_SEQ, &seq) || !rd_end(&r) ||
	    !rd_expect(&seq, OID(ca)))
		return false;
	if (rd_left(&seq) == 0)
		return true;
	if (!der_read(&seq, DER_INTEGER, &limit) || !rd_end(&seq) ||
	    limit.n != 1 || *limit.p >= PATH_ROOM_MAX)
		return false;
	*ret = *limit.p;
	return true;
}

bool
path_may_issue(const struct cert_parts *p, unsigned *ret)
{
	struct span basic = { 0 };

	return path_constrains_nothing(p) &&
	       cert_parts_extension(p, OID(oid_basic), &basic) &&
	       read_basic(basic, ret) && cert_parts_usage(p, CERT_SIGNS_CERTS);
}
