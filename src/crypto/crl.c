/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crl.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "crypto/cert_parts.h"

#define EXTENSIONS_MAX 16 /* of the list, and of one entry */
#define DER_ENUMERATED 0x0a
#define OID(a) span_of(a, sizeof(a))

static const uint8_t oid_reason[] = { 0x55, 0x1d, 0x15 };
static const uint8_t oid_number[] = { 0x55, 0x1d, 0x14 };

/*
 * Extensions that change what a list is about: deltaCRLIndicator,
 * issuingDistributionPoint, certificateIssuer. Whoever issues them must mark
 * them critical; they are refused where it does not, too.
 */
static const uint8_t oid_scope[][3] = {
	{ 0x55, 0x1d, 0x1b },
	{ 0x55, 0x1d, 0x1c },
	{ 0x55, 0x1d, 0x1d },
};

static const char *const reasons[] = { "unspecified", "key compromise",
	"CA compromise", "affiliation changed", "superseded",
	"cessation of operation", "on hold", "reason 7", "removed from list",
	"privilege withdrawn", "AA compromise" };
#define REASONS (sizeof(reasons) / sizeof(reasons[0]))

static bool
limits_scope(struct span oid)
{
	for (size_t i = 0; i < sizeof(oid_scope) / sizeof(oid_scope[0]); i++)
		if (span_equal(oid, OID(oid_scope[i])))
			return true;
	return false;
}

static bool
read_reason(struct span value, const char **ret)
{
	struct span number = { 0 };
	struct rd r;

	rd_init(&r, value);
	if (!der_read(&r, DER_ENUMERATED, &number) || !rd_end(&r) ||
	    number.n != 1 || *number.p >= REASONS)
		return false;
	*ret = reasons[*number.p];
	return true;
}

/* RFC 5280 s5.2.3: at most 20 bytes. Zero has none here. */
static bool
read_number(struct span value, struct span *ret)
{
	struct rd r;

	rd_init(&r, value);
	return der_uint(&r, ret) && rd_end(&r) && ret->n <= CRL_NUMBER_MAX;
}

/*
 * RFC 5280 s5.2, s5.3: a list with a critical extension that is not known is
 * not to be used, and none that must be critical is known here. ret_reason is
 * NULL for those of the list, ret_number for those of an entry.
 */
static bool
read_extensions(
    struct rd *list, const char **ret_reason, struct span *ret_number)
{
	struct span oids[EXTENSIONS_MAX], value = { 0 };
	struct rd one;
	size_t n = 0;

	while (rd_left(list) > 0) {
		if (n == EXTENSIONS_MAX || !der_enter(list, DER_SEQ, &one) ||
		    !der_read(&one, DER_OID, &oids[n]))
			return false;
		/* A BOOLEAN before the value can only say critical. */
		if (!der_read(&one, DER_OCTETS, &value) || !rd_end(&one) ||
		    limits_scope(oids[n]))
			return false;
		for (size_t i = 0; i < n; i++)
			if (span_equal(oids[i], oids[n]))
				return false;
		if (ret_reason != NULL &&
		    span_equal(oids[n], OID(oid_reason)) &&
		    !read_reason(value, ret_reason))
			return false;
		if (ret_number != NULL &&
		    span_equal(oids[n], OID(oid_number)) &&
		    !read_number(value, ret_number))
			return false;
		n++;
	}
	return rd_end(list);
}

static bool
read_entry(struct rd *list, struct crl_entry *ret)
{
	struct crl_entry e = { .reason = reasons[0] };
	struct rd one, extensions;

	if (!der_enter(list, DER_SEQ, &one) ||
	    !der_read(&one, DER_INTEGER, &e.serial) || e.serial.n == 0 ||
	    !cert_read_time(&one, &e.at))
		return rd_fail(list);
	if (rd_left(&one) > 0 &&
	    (!der_enter(&one, DER_SEQ, &extensions) ||
		!read_extensions(&extensions, &e.reason, NULL)))
		return rd_fail(list);
	if (!rd_end(&one))
		return rd_fail(list);
	*ret = e;
	return true;
}

static bool
read_revoked(struct span content, size_t *ret_n)
{
	struct crl_entry e;
	struct rd list;
	size_t n = 0;

	rd_init(&list, content);
	while (rd_left(&list) > 0) {
		if (n++ == CRL_ENTRIES_MAX || !read_entry(&list, &e))
			return false;
	}
	*ret_n = n;
	return rd_end(&list);
}

/* TBSCertList (RFC 5280 s5.1.2) */
static bool
read_tbs(struct span der, struct crl *c)
{
	static const uint8_t v2[] = { 1 };
	struct span version = { 0 };
	struct rd r, tbs, wrap, extensions;

	rd_init(&r, der);
	if (!der_enter(&r, DER_SEQ, &tbs) || !rd_end(&r) ||
	    !der_read(&tbs, DER_INTEGER, &version) ||
	    !span_equal(version, OID(v2)) ||
	    !der_read(&tbs, DER_SEQ, &c->algorithm) ||
	    !der_element(&tbs, DER_SEQ, &c->issuer) ||
	    !cert_read_time(&tbs, &c->this_update) ||
	    !cert_read_time(&tbs, &c->next_update))
		return false;
	if (der_next_is(&tbs, DER_SEQ) &&
	    (!der_read(&tbs, DER_SEQ, &c->revoked) ||
		!read_revoked(c->revoked, &c->n_revoked)))
		return false;
	if (rd_left(&tbs) > 0 &&
	    (!der_enter(&tbs, DER_CTX(0), &wrap) ||
		!der_enter(&wrap, DER_SEQ, &extensions) || !rd_end(&wrap) ||
		!read_extensions(&extensions, NULL, &c->number)))
		return false;
	return rd_end(&tbs);
}

int
crl_parse(struct span der, struct crl *ret, struct seal_diag *d)
{
	struct crl c = { 0 };
	struct span outer = { 0 };
	struct rd in, seq;
	int r;

	if (der.n > CRL_SIZE_MAX)
		return seal_fail(d, SEAL_E_LIMIT,
		    "revocation list: %zu bytes, at most %u allowed", der.n,
		    CRL_SIZE_MAX);
	rd_init(&in, der);
	if (!der_enter(&in, DER_SEQ, &seq) || !rd_end(&in) ||
	    !der_element(&seq, DER_SEQ, &c.tbs) ||
	    !der_read(&seq, DER_SEQ, &outer) || !der_bits(&seq, &c.signature) ||
	    !rd_end(&seq) || !read_tbs(c.tbs, &c) ||
	    !span_equal(outer, c.algorithm))
		return seal_fail(d, SEAL_E_DECODE,
		    "revocation list: not a well-formed, complete X.509 "
		    "version 2 list in DER, with a nextUpdate");
	if ((r = hash_one(HASH_SHA256, der, c.digest, d)) != 0)
		return r;
	*ret = c;
	return 0;
}

static int
verify_under(
    const struct crl *c, const struct cert *issuer, struct seal_diag *d)
{
	uint16_t scheme = scheme_of_algorithm(c->algorithm, cert_key(issuer));

	if (scheme == SIG_NONE)
		return seal_fail(d, SEAL_E_SIGNATURE,
		    "revocation list: its signature algorithm is none that we "
		    "use, or does not fit the issuer's key");
	return pubkey_verify(cert_key(issuer), scheme, c->tbs, c->signature, d);
}

/* The name first: of many lists few are this issuer's. */
static int
issued_by(const struct crl *c, struct span issuer, struct cert_parts *ret,
    struct seal_diag *d)
{
	if (cert_parts_read(issuer, ret) && span_equal(ret->subject, c->issuer))
		return 0;
	return seal_fail(d, SEAL_E_CHAIN,
	    "revocation list: of another issuer than this certificate");
}

int
crl_verify(const struct crl *c, struct span issuer, struct seal_diag *d)
{
	struct cert_parts p = { 0 };
	struct cert *cert = NULL;
	int r;

	if ((r = issued_by(c, issuer, &p, d)) != 0)
		return r;
	if (!cert_parts_usage(&p, CERT_SIGNS_LISTS))
		return seal_fail(d, SEAL_E_CHAIN,
		    "revocation list: its issuer's certificate lacks the "
		    "right to sign lists (cRLSign)");
	if ((r = cert_parse(issuer, &cert, d)) != 0)
		return r;
	r = verify_under(c, cert, d);
	cert_unref(&cert);
	return r;
}

int
crl_verify_once(const struct crl *c, struct span issuer,
    const struct trust *memory, struct seal_diag *d)
{
	const struct span parts[] = { issuer, span_of(c->digest, 32) };
	struct cert_parts p;
	uint8_t digest[32];
	int r;

	if (memory == NULL)
		return crl_verify(c, issuer, d);
	if ((r = issued_by(c, issuer, &p, d)) != 0)
		return r;
	if (trust_recalls(memory, "list", parts, 2, digest))
		return 0;
	if ((r = crl_verify(c, issuer, d)) == 0)
		trust_remember(memory, digest);
	return r;
}

const char *
crl_date(int64_t when, char buf[32])
{
	time_t t = (time_t)when;
	struct tm tm = { 0 };

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(buf, 32, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		snprintf(buf, 32, "an unreadable date");
	return buf;
}

int
crl_current(const struct crl *c, int64_t now, struct seal_diag *d)
{
	char date[32];

	if (now < c->this_update) {
		seal_fail(d, SEAL_E_STALE,
		    "revocation list: not valid before %s",
		    crl_date(c->this_update, date));
		seal_remedy(d, "correct this machine's clock");
		return SEAL_E_STALE;
	}
	if (now > c->next_update) {
		seal_fail(d, SEAL_E_STALE, "revocation list: ended at %s",
		    crl_date(c->next_update, date));
		seal_remedy(d, "fetch the issuer's current list");
		return SEAL_E_STALE;
	}
	return 0;
}

/* Big endian, without leading zeros. */
int
crl_compare_numbers(struct span a, struct span b)
{
	if (a.n != b.n)
		return b.n > a.n ? 1 : -1;
	return a.n == 0 ? 0 : memcmp(b.p, a.p, a.n);
}

int
crl_compare(const struct crl *a, const struct crl *b)
{
	int c = crl_compare_numbers(a->number, b->number);

	if (c == 0 && a->this_update != b->this_update)
		c = b->this_update > a->this_update ? 1 : -1;
	return c;
}

/* Without the leading zeros that DER does not allow anyhow. */
static struct span
shortest(struct span number)
{
	while (number.n > 1 && *number.p == 0)
		number = span_of(number.p + 1, number.n - 1);
	return number;
}

bool
crl_next(const struct crl *c, struct crl_iter *at, struct crl_entry *ret)
{
	if (!at->begun)
		rd_init(&at->rd, c->revoked);
	at->begun = true;
	return read_entry(&at->rd, ret);
}

static bool
find(const struct crl *c, struct span serial, struct crl_entry *ret)
{
	struct crl_iter at = { .begun = false };

	while (crl_next(c, &at, ret))
		if (span_equal(shortest(ret->serial), shortest(serial)))
			return true;
	return false;
}

int
crl_check(const struct crl *c, struct span cert, struct crl_entry *ret,
    struct seal_diag *d)
{
	struct crl_entry e = { 0 };
	struct cert_parts p = { 0 };
	char hex[HEX_SHORT], date[32];

	if (!cert_parts_read(cert, &p) || !span_equal(p.issuer, c->issuer))
		return seal_fail(d, SEAL_E_CHAIN,
		    "revocation list: of another issuer than the "
		    "certificate's");
	if (!find(c, p.serial, &e))
		return 0;
	if (ret != NULL)
		*ret = e;
	seal_fail(d, SEAL_E_KEY, "certificate %s: revoked since %s (%s)",
	    hex_short(p.serial, hex), crl_date(e.at, date), e.reason);
	seal_remedy(d, "the issuer says to trust it no longer: do not");
	return SEAL_E_KEY;
}
