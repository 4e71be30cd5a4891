/* SPDX-License-Identifier: Apache-2.0 */
#include "collateral/verify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/tcb_signer.h"
#include "crypto/crl.h"
#include "format/tcb_info.h"

#define POOLS 2

/*
 * SHA-256 of the SPKI of the vendors' roots: AMD's ARK-Milan, ARK-Genoa and
 * ARK-Turin (https://kdsintf.amd.com/vcek/v1/PRODUCT/cert_chain) and Intel's
 * SGX Root CA (https://certificates.trustedservices.intel.com).
 */
static const uint8_t pins[][32] = {
	{ 0x9f, 0x05, 0x6b, 0xee, 0x44, 0x37, 0x7e, 0x29, 0x30, 0x8c, 0xb5,
	    0xff, 0xa8, 0x95, 0xbd, 0xfb, 0x62, 0xd1, 0x88, 0x81, 0xfa, 0x6b,
	    0xed, 0x8d, 0x6f, 0x07, 0x5b, 0x02, 0x04, 0x08, 0x9c, 0xb9 },
	{ 0x42, 0x9a, 0x69, 0xc9, 0x42, 0x2a, 0xa2, 0x58, 0xee, 0x4d, 0x8d,
	    0xb5, 0xfc, 0xda, 0x9c, 0x64, 0x70, 0xef, 0x15, 0xf8, 0xcd, 0x5a,
	    0x9c, 0xeb, 0xd6, 0xcb, 0xc7, 0xd9, 0x0b, 0x86, 0x38, 0x31 },
	{ 0x4f, 0x12, 0x54, 0x10, 0x56, 0x3a, 0x2a, 0xb9, 0xa5, 0x03, 0x56,
	    0xf9, 0x24, 0x3f, 0x6f, 0xe0, 0xb6, 0xf7, 0x3d, 0xe9, 0x86, 0x03,
	    0xf5, 0x3f, 0x90, 0x33, 0x9c, 0x70, 0xe9, 0xd7, 0xad, 0x08 },
	{ 0xa0, 0xaf, 0x03, 0x12, 0x89, 0xf5, 0xd5, 0xd4, 0x13, 0x2f, 0x91,
	    0x86, 0x06, 0x8a, 0x7f, 0xc1, 0x36, 0x28, 0x63, 0x3b, 0xa2, 0x35,
	    0x77, 0x74, 0x72, 0xe2, 0x9b, 0x6b, 0x6c, 0x67, 0xa4, 0x9e },
};

/* ---- Anchors ---- */

static int
digest_spki(struct span der, uint8_t ret[32], struct seal_diag *d)
{
	uint8_t digest[HASH_MAX];
	struct cert *c = NULL;
	int r;

	if ((r = cert_parse(der, &c, d)) == 0 &&
	    (r = hash_one(HASH_SHA256, cert_spki(c), digest, d)) == 0)
		memcpy(ret, digest, 32);
	cert_unref(&c);
	return r;
}

static bool
is_pinned(struct span der)
{
	struct cert_parts p;
	uint8_t got[32];

	if (!cert_parts_read(der, &p) || !span_equal(p.subject, p.issuer) ||
	    digest_spki(der, got, NULL) != 0)
		return false;
	for (size_t i = 0; i < sizeof(pins) / sizeof(pins[0]); i++)
		if (span_equal_ct(span_of(got, 32), span_of(pins[i], 32)))
			return true;
	return false;
}

/* The next certificate of any pool; *pool and *at start at 0. */
static const struct endorsement *
next_cert(const struct coll_trust *t, size_t *pool, size_t *at)
{
	for (; *pool < POOLS; (*pool)++, *at = 0) {
		const struct endorsement *e =
		    endorse_next(t->pools[*pool], ENDORSE_CERT, at);

		if (e != NULL)
			return e;
	}
	return NULL;
}

static int
load_pinned(struct coll_trust *t, struct seal_diag *d)
{
	const struct endorsement *e;
	size_t pool = 0, at = 0;
	int r = 0;

	while (r == 0 && (e = next_cert(t, &pool, &at)) != NULL)
		if (is_pinned(e->bytes))
			r = trust_add_der(t->anchors, e->bytes, d);
	return r;
}

int
coll_trust_load(
    struct coll_trust *t, const char *const *files, struct seal_diag *d)
{
	int r = 0;

	if ((t->anchors = trust_new()) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "anchors");
	if (files == NULL || *files == NULL)
		r = load_pinned(t, d);
	else
		for (; r == 0 && *files != NULL; files++)
			r = trust_add_pem_file(t->anchors, *files, d);
	if (r != 0)
		coll_trust_wipe(t);
	return r;
}

void
coll_trust_wipe(struct coll_trust *t)
{
	trust_free(&t->anchors);
}

static int
no_anchor(struct seal_diag *d)
{
	seal_fail(d, SEAL_E_CHAIN, "it leads to no root that is trusted here");
	seal_remedy(d,
	    "give its root with it (and, where that is none of AMD's "
	    "or Intel's own, as --anchors)");
	return SEAL_E_CHAIN;
}

/* ---- Certificates ---- */

static bool
is_in(struct span der, const struct span *chain, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_equal(der, chain[i]))
			return true;
	return false;
}

/* Whatever has the name of an issuer of one that is there; which of them is
 * genuine, chain_verify() finds out. */
static size_t
find_issuers(const struct coll_trust *t, struct span *chain)
{
	size_t n = 1;

	for (size_t i = 0; i < n; i++) {
		const struct endorsement *e;
		struct cert_parts p, q;
		size_t pool = 0, at = 0;

		if (!cert_parts_read(chain[i], &p) ||
		    span_equal(p.subject, p.issuer))
			continue;
		while (
		    n < LIMIT_CHAIN && (e = next_cert(t, &pool, &at)) != NULL)
			if (cert_parts_read(e->bytes, &q) &&
			    span_equal(q.subject, p.issuer) &&
			    !is_in(e->bytes, chain, n))
				chain[n++] = e->bytes;
	}
	return n;
}

static int
verify_chain(const struct coll_trust *t, struct span der, int64_t now,
    struct seal_diag *d)
{
	struct span chain[LIMIT_CHAIN] = { der };
	struct seal_diag why = { 0 };
	size_t n = find_issuers(t, chain);
	int r = chain_verify(t->anchors, chain, n, now, NULL, &why);

	if (r == SEAL_E_CHAIN && trust_get0(t->anchors, 0).n == 0)
		return no_anchor(d);
	if (r != 0)
		seal_fail(d, r, "%s", why.text);
	return r;
}

static int
verify_cert(const struct coll_trust *t, int64_t now, struct coll_item *item,
    struct seal_diag *d)
{
	int r = verify_chain(t, item->bytes, now, d);

	return r == 0 ? digest_spki(item->bytes, item->by, d) : r;
}

/* ---- Revocation lists ---- */

/* Anchors are issuers too, whether they lie in a pool or not. */
static bool
next_issuer(const struct coll_trust *t, size_t *anchor, size_t *pool,
    size_t *at, struct span *ret)
{
	const struct endorsement *e;

	*ret = trust_get0(t->anchors, *anchor);
	if (ret->n > 0) {
		(*anchor)++;
		return true;
	}
	if ((e = next_cert(t, pool, at)) == NULL)
		return false;
	*ret = e->bytes;
	return true;
}

static int
verify_list(const struct coll_trust *t, int64_t now, struct coll_item *item,
    struct seal_diag *d)
{
	size_t anchor = 0, pool = 0, at = 0;
	struct seal_diag why = { 0 };
	struct cert_parts p;
	struct span issuer;
	struct crl c;
	int r;

	if ((r = crl_parse(item->bytes, &c, d)) != 0)
		return r;
	while (next_issuer(t, &anchor, &pool, &at, &issuer)) {
		if (!cert_parts_read(issuer, &p) ||
		    !span_equal(p.subject, c.issuer))
			continue;
		seal_diag_clear(&why);
		if (crl_verify(&c, issuer, &why) == 0 &&
		    verify_chain(t, issuer, now, &why) == 0) {
			r = digest_spki(issuer, item->by, d);
			return r == 0 ? crl_current(&c, now, d) : r;
		}
	}
	if (why.code == 0)
		return no_anchor(d);
	seal_fail(d, why.code, "%s", why.text);
	seal_remedy(d, "%s", why.remedy);
	return why.code;
}

/* ---- Documents ---- */

static int
verify_signed(
    const struct tcb_bundle *b, const struct cert *signer, struct seal_diag *d)
{
	struct qe_identity *q = calloc(1, sizeof(*q));
	struct tcb_info *i = calloc(1, sizeof(*i));
	int r;

	if (q == NULL || i == NULL)
		r = seal_fail(d, SEAL_E_MEMORY, "collateral");
	else if (b->tcb_info.n > 0)
		(void)((r = tcb_info_parse(
			    b->tcb_info, b->tcb_signature, i, d)) != 0 ||
		       (r = tcb_signer_verify(
			    signer, i->signed_bytes, i->signature, d)) != 0);
	else
		(void)((r = qe_identity_parse(
			    b->qe_identity, b->qe_signature, q, d)) != 0 ||
		       (r = tcb_signer_verify(
			    signer, q->signed_bytes, q->signature, d)) != 0);
	free(q);
	free(i);
	return r;
}

/* A signer right under this anchor, and its signature. */
static int
verify_under(const struct coll_trust *t, struct span anchor, int64_t now,
    const struct tcb_bundle *b, struct seal_diag *d)
{
	struct trust *root = trust_new();
	const struct endorsement *e;
	size_t pool = 0, at = 0;
	int r, found = SEAL_E_UNSUPPORTED;

	if (root == NULL || trust_add_der(root, anchor, d) != 0) {
		trust_free(&root);
		return seal_fail(d, SEAL_E_MEMORY, "collateral");
	}
	while (found != 0 && (e = next_cert(t, &pool, &at)) != NULL) {
		struct seal_diag why = { 0 };
		struct cert *c = NULL;

		r = tcb_signer_check(root, e->bytes, now, &c, &why);
		if (r == 0)
			r = verify_signed(b, c, &why);
		cert_unref(&c);
		if (r == 0 || r != SEAL_E_UNSUPPORTED)
			found = r;
		if (r != 0 && why.code != 0)
			seal_fail(d, r, "%s", why.text);
	}
	trust_free(&root);
	return found;
}

static int
verify_time(const struct coll_item *item, int64_t now, struct seal_diag *d)
{
	if (now >= item->from && now <= item->until)
		return 0;
	seal_fail(d, SEAL_E_STALE,
	    "%s: holds from %" PRId64 " to %" PRId64
	    ", and the time is %" PRId64,
	    coll_kind_text(item->kind), item->from, item->until, now);
	seal_remedy(d, "%s",
	    now < item->from ? "correct this machine's clock"
			     : "fetch the current one");
	return SEAL_E_STALE;
}

static int
verify_document(const struct coll_trust *t, int64_t now, struct coll_item *item,
    struct seal_diag *d)
{
	struct seal_diag why = { 0 };
	struct tcb_bundle b;
	struct span anchor;
	int r, found = SEAL_E_UNSUPPORTED;

	if ((r = tcb_bundle_parse(item->bytes, &b, d)) != 0)
		return r;
	for (size_t i = 0;
	     found != 0 && (anchor = trust_get0(t->anchors, i)).n > 0; i++) {
		r = verify_under(t, anchor, now, &b, &why);
		if (r == 0)
			found = digest_spki(anchor, item->by, d);
		else if (r != SEAL_E_UNSUPPORTED)
			found = r;
	}
	tcb_bundle_free(&b);
	if (found == 0)
		return verify_time(item, now, d);
	if (why.code == 0)
		return no_anchor(d);
	return seal_fail(d, why.code, "%s", why.text);
}

int
coll_verify(const struct coll_trust *t, int64_t now, struct coll_item *item,
    struct seal_diag *d)
{
	switch (coll_class(item->kind)) {
	case COLL_IS_CERT:
		return verify_cert(t, now, item, d);
	case COLL_IS_LIST:
		return verify_list(t, now, item, d);
	case COLL_IS_DOCUMENT:
		return verify_document(t, now, item, d);
	}
	return seal_fail(d, SEAL_E_ARGUMENT, "collateral: no such kind");
}
