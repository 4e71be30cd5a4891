/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cert_parts.h"

static bool
read_extensions(struct rd *tbs, struct span *ret)
{
	struct rd wrap;

	return der_enter(tbs, DER_CTX(3), &wrap) &&
	       der_read(&wrap, DER_SEQ, ret) && rd_end(&wrap);
}

/* RFC 5280 s4.1, version 3 */
bool
cert_parts_read(struct span der, struct cert_parts *ret)
{
	struct cert_parts p = { 0 };
	struct rd r, cert, tbs;
	struct span skip;

	rd_init(&r, der);
	if (!der_enter(&r, DER_SEQ, &cert) || !rd_end(&r) ||
	    !der_enter(&cert, DER_SEQ, &tbs) ||
	    !der_read(&tbs, DER_CTX(0), &skip) ||
	    !der_read(&tbs, DER_INTEGER, &p.serial) ||
	    !der_read(&tbs, DER_SEQ, &skip) ||
	    !der_element(&tbs, DER_SEQ, &p.issuer) ||
	    !der_read(&tbs, DER_SEQ, &skip) ||
	    !der_element(&tbs, DER_SEQ, &p.subject) ||
	    !der_read(&tbs, DER_SEQ, &skip))
		return false;
	for (unsigned id = 1; id <= 2; id++)
		if (der_next_is(&tbs, DER_CTX_PRIM(id)) &&
		    !der_read(&tbs, DER_CTX_PRIM(id), &skip))
			return false;
	if (rd_left(&tbs) > 0 && !read_extensions(&tbs, &p.extensions))
		return false;
	if (!rd_end(&tbs))
		return false;
	*ret = p;
	return true;
}

bool
cert_parts_extension(
    const struct cert_parts *p, struct span oid, struct span *ret)
{
	struct rd list, one;

	rd_init(&list, p->extensions);
	while (der_enter(&list, DER_SEQ, &one)) {
		struct span got, value, critical;

		if (!der_read(&one, DER_OID, &got))
			return false;
		if (der_next_is(&one, DER_BOOLEAN) &&
		    !der_read(&one, DER_BOOLEAN, &critical))
			return false;
		if (!der_read(&one, DER_OCTETS, &value) || !rd_end(&one))
			return false;
		if (!span_equal(got, oid))
			continue;
		*ret = value;
		return true;
	}
	return false;
}

bool
cert_parts_usage(const struct cert_parts *p, unsigned use)
{
	static const uint8_t oid[] = { 0x55, 0x1d, 0x0f };
	struct span value = { 0 };
	uint8_t unused = 0, first = 0;
	struct rd r, bits;

	if (!cert_parts_extension(p, span_of(oid, sizeof(oid)), &value))
		return true;
	rd_init(&r, value);
	return der_enter(&r, DER_BITS, &bits) && rd_end(&r) &&
	       rd_u8(&bits, &unused) && rd_u8(&bits, &first) &&
	       (first & use) != 0;
}

bool
cert_common_name(struct span name, struct span *ret)
{
	static const uint8_t cn[] = { 0x55, 4, 3 };
	struct span oid, value, found = { 0 };
	struct rd r, list, set, pair;
	uint8_t tag = 0;
	size_t n = 0;

	rd_init(&r, name);
	if (!der_enter(&r, DER_SEQ, &list))
		return false;
	while (der_enter(&list, DER_SET, &set)) {
		if (!der_enter(&set, DER_SEQ, &pair) ||
		    !der_read(&pair, DER_OID, &oid) || !rd_peek(&pair, &tag) ||
		    !der_read(&pair, tag, &value))
			return false;
		if (!span_equal(oid, span_of(cn, sizeof(cn))))
			continue;
		found = value;
		n++;
	}
	if (n != 1)
		return false;
	*ret = found;
	return true;
}

/* RFC 5280 s5.1: a version 2 list has no [0], and times where a certificate
 * has its validity. */
static bool
is_revocations(struct span der)
{
	static const uint8_t v2[] = { 1 };
	struct rd r, list, tbs;
	struct span skip, version = { 0 };

	rd_init(&r, der);
	if (!der_enter(&r, DER_SEQ, &list) || !rd_end(&r) ||
	    !der_enter(&list, DER_SEQ, &tbs) ||
	    !der_read(&tbs, DER_INTEGER, &version) ||
	    !span_equal(version, span_of(v2, sizeof(v2))) ||
	    !der_read(&tbs, DER_SEQ, &skip) || !der_read(&tbs, DER_SEQ, &skip))
		return false;
	return der_next_is(&tbs, DER_UTC_TIME) ||
	       der_next_is(&tbs, DER_GENERAL_TIME);
}

enum x509_kind
x509_kind(struct span der)
{
	struct cert_parts p;

	if (cert_parts_read(der, &p))
		return X509_KIND_CERT;
	return is_revocations(der) ? X509_KIND_CRL : X509_KIND_NONE;
}
