/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/limits.h"
#include "crypto/cert_parts.h"

#define EXTENSIONS_MAX 64

/*
 * Only what a peer's end-entity certificate is asked for. It is read by our
 * own strict DER reader, since X509 objects cost several signature checks to
 * make and do not keep the bytes of the SPKI.
 */
struct cert {
	atomic_uint refs;
	struct pubkey *key;
	uint8_t *spki;
	size_t spki_n;
	uint8_t key_id[HASH_MAX];
	int64_t not_before, not_after;
	bool may_sign;
};

/* The five fields after the year, and the Z (RFC 5280 s4.1.2.5). */
static bool
read_after_year(struct rd *r, int year, int64_t *ret)
{
	struct tm tm = { .tm_year = year - 1900 };
	int mon = 0, mday = 0;
	time_t t;

	if (!rd_digits2(r, &mon) || !rd_digits2(r, &mday) ||
	    !rd_digits2(r, &tm.tm_hour) || !rd_digits2(r, &tm.tm_min) ||
	    !rd_digits2(r, &tm.tm_sec) || !rd_expect(r, span_str("Z")) ||
	    !rd_end(r) || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 59)
		return false;
	tm.tm_mon = mon - 1;
	tm.tm_mday = mday;
	t = timegm(&tm);
	/* timegm() moves the 30th of February; no such day may pass. */
	if (tm.tm_mon != mon - 1 || tm.tm_mday != mday)
		return false;
	*ret = (int64_t)t;
	return true;
}

bool
cert_read_time(struct rd *r, int64_t *ret)
{
	struct rd in;
	int century = 0, year = 0;

	if (der_next_is(r, DER_UTC_TIME)) {
		if (!der_enter(r, DER_UTC_TIME, &in) || !rd_digits2(&in, &year))
			return false;
		century = year < 50 ? 20 : 19;
	} else if (!der_enter(r, DER_GENERAL_TIME, &in) ||
		   !rd_digits2(&in, &century) || !rd_digits2(&in, &year)) {
		return false;
	}
	return read_after_year(&in, century * 100 + year, ret);
}

static bool
read_validity(struct rd *r, struct cert_form *c)
{
	struct rd seq;

	return der_enter(r, DER_SEQ, &seq) &&
	       cert_read_time(&seq, &c->not_before) &&
	       cert_read_time(&seq, &c->not_after) && rd_end(&seq);
}

/* KeyUsage is a BIT STRING whose first bit is digitalSignature. */
static bool
read_key_usage(struct span value, struct cert_form *c)
{
	struct rd r, bits;
	uint8_t unused = 0, first = 0;

	rd_init(&r, value);
	if (!der_enter(&r, DER_BITS, &bits) || !rd_end(&r) ||
	    !rd_u8(&bits, &unused) || unused > 7)
		return false;
	c->may_sign = rd_u8(&bits, &first) && (first & 0x80) != 0;
	return true;
}

static bool
seen(struct span oid, const struct span *oids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_equal(oid, oids[i]))
			return true;
	return false;
}

/* Those that change nothing about which issuer's signature counts. */
static bool
is_usual(struct span oid)
{
	static const uint8_t usual[][3] = { { 0x55, 0x1d, 0x0f },
		{ 0x55, 0x1d, 0x25 }, { 0x55, 0x1d, 0x13 },
		{ 0x55, 0x1d, 0x11 } };

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (span_equal(oid, span_of(usual[i], sizeof(usual[i]))))
			return true;
	return false;
}

static bool
read_extension(struct rd *r, struct span *ret_oid, struct span *ret_value,
    bool *ret_unusual)
{
	struct span critical = { 0 };
	struct rd seq;

	if (!der_enter(r, DER_SEQ, &seq) || !der_read(&seq, DER_OID, ret_oid))
		return false;
	if (der_next_is(&seq, DER_BOOLEAN) &&
	    (!der_read(&seq, DER_BOOLEAN, &critical) || critical.n != 1 ||
		critical.p[0] != 0xff))
		return false;
	if (critical.n > 0 && !is_usual(*ret_oid))
		*ret_unusual = true;
	return der_read(&seq, DER_OCTETS, ret_value) && rd_end(&seq);
}

static bool
read_extensions(struct rd *r, struct cert_form *c)
{
	static const uint8_t key_usage[] = { 0x55, 0x1d, 0x0f };
	struct span oids[EXTENSIONS_MAX], value = { 0 };
	struct rd wrap, list;
	size_t n = 0;

	if (!der_enter(r, DER_CTX(3), &wrap) ||
	    !der_enter(&wrap, DER_SEQ, &list) || !rd_end(&wrap))
		return false;
	while (rd_left(&list) > 0) {
		if (n == EXTENSIONS_MAX ||
		    !read_extension(&list, &oids[n], &value, &c->unusual) ||
		    seen(oids[n], oids, n)) /* RFC 5280 s4.2: once each */
			return false;
		if (span_equal(
			oids[n], span_of(key_usage, sizeof(key_usage))) &&
		    !read_key_usage(value, c))
			return false;
		n++;
	}
	return rd_end(&list);
}

/* TBSCertificate (RFC 5280 s4.1) */
static bool
read_tbs(struct cert_form *c)
{
	static const uint8_t v3[] = { 2, 1, 2 };
	struct span skip = { 0 }, version = { 0 };
	struct rd r, tbs;

	rd_init(&r, c->tbs);
	/* RFC 8446 s4.4.2.2: X.509 version 3. */
	if (!der_enter(&r, DER_SEQ, &tbs) || !rd_end(&r) ||
	    !der_read(&tbs, DER_CTX(0), &version) ||
	    !span_equal(version, span_of(v3, sizeof(v3))))
		return false;
	if (!der_read(&tbs, DER_INTEGER, &skip) ||
	    !der_read(&tbs, DER_SEQ, &c->algorithm) ||
	    !der_read(&tbs, DER_SEQ, &skip) || /* issuer */
	    !read_validity(&tbs, c) ||
	    !der_read(&tbs, DER_SEQ, &skip) || /* subject */
	    !der_element(&tbs, DER_SEQ, &c->spki))
		return false;
	for (unsigned id = 1; id <= 2; id++) /* unique identifiers: bits */
		if (der_next_is(&tbs, DER_CTX_PRIM(id)) &&
		    (!der_read(&tbs, DER_CTX_PRIM(id), &skip) || skip.n == 0 ||
			*skip.p > 7))
			return false;
	if (rd_left(&tbs) > 0 && !read_extensions(&tbs, c))
		return false;
	return rd_end(&tbs);
}

bool
cert_form_read(struct span der, struct cert_form *ret)
{
	struct cert_form c = { .may_sign = true }; /* unless KeyUsage is there
						    */
	struct span outer = { 0 };
	struct rd r, seq;

	rd_init(&r, der);
	if (der.n > LIMIT_CERTIFICATE || !der_enter(&r, DER_SEQ, &seq) ||
	    !rd_end(&r) || !der_element(&seq, DER_SEQ, &c.tbs) ||
	    !read_tbs(&c) || !der_read(&seq, DER_SEQ, &outer) ||
	    !der_bits(&seq, &c.signature) || !rd_end(&seq) ||
	    !span_equal(c.algorithm, outer))
		return false;
	*ret = c;
	return true;
}

int
cert_parse(struct span der, struct cert **ret, struct seal_diag *d)
{
	struct cert_form form;
	struct cert *c;
	int r;

	if (der.n > LIMIT_CERTIFICATE)
		return seal_fail(d, SEAL_E_LIMIT,
		    "certificate: %zu bytes, at most %u allowed", der.n,
		    LIMIT_CERTIFICATE);
	if (!cert_form_read(der, &form))
		return seal_fail(d, SEAL_E_DECODE,
		    "certificate: not a well-formed X.509 version 3 "
		    "certificate in DER");
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "certificate");
	atomic_init(&c->refs, 1);
	c->may_sign = form.may_sign;
	c->not_before = form.not_before;
	c->not_after = form.not_after;
	if ((r = pubkey_from_spki(form.spki, &c->key, d)) != 0)
		goto out;
	if ((r = span_dup(form.spki, &c->spki)) != 0) {
		r = seal_fail(d, r, "certificate");
		goto out;
	}
	c->spki_n = form.spki.n;
	if ((r = hash_one(HASH_SHA256, form.spki, c->key_id, d)) != 0)
		goto out;
	*ret = c;
	c = NULL;
out:
	cert_unref(&c);
	return r;
}

struct cert *
cert_ref(struct cert *c)
{
	if (c != NULL)
		atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	return c;
}

void
cert_unref(struct cert **cp)
{
	struct cert *c = *cp;

	*cp = NULL;
	if (c == NULL || atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	pubkey_unref(&c->key);
	free(c->spki);
	free(c);
}

struct span
cert_spki(const struct cert *c)
{
	return span_of(c->spki, c->spki_n);
}

struct span
cert_key_id(const struct cert *c)
{
	return span_of(c->key_id, hash_size(HASH_SHA256));
}

struct pubkey *
cert_key(const struct cert *c)
{
	return c->key;
}

bool
cert_may_sign(const struct cert *c)
{
	return c->may_sign;
}

int64_t
cert_not_after(const struct cert *c)
{
	return c->not_after;
}

int64_t
cert_not_before(const struct cert *c)
{
	return c->not_before;
}

bool
cert_spki_read(struct span der, struct span *ret)
{
	struct cert_form form;

	if (!cert_form_read(der, &form))
		return false;
	*ret = form.spki;
	return true;
}
