/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/climb.h"

#include "base/limits.h"
#include "crypto/kept.h"
#include "crypto/path.h"

/* Anchors that are looked through for a leaf's issuer: a policy's, not the
 * system's. */
#define ANCHORS_TRIED 16

/* From its leaf up to what is known of it, or to an anchor. */
struct climb {
	struct known *k;
	const struct trust *anchors;
	const struct span *chain;
	size_t n;
	int64_t now;
	struct path_cert certs[LIMIT_CHAIN + 1]; /* leaf first */
	size_t n_certs;
	struct kept *issuers[LIMIT_CHAIN + 1]; /* of certs[i] */
};

static bool
is_there(const struct climb *c, const struct kept *issuer)
{
	struct span der = span_of(issuer->der, issuer->n);

	for (size_t i = 1; i < c->n; i++)
		if (span_equal(c->chain[i], der))
			return true;
	for (size_t i = 0; i < ANCHORS_TRIED; i++)
		if (span_equal(trust_get0(c->anchors, i), der))
			return true;
	return false;
}

/* For its i-th certificate: i issuers stand between this one and the leaf. */
static bool
vouches(const struct climb *c, const struct kept *issuer, size_t i)
{
	struct cert_parts p;

	return kept_in_time(issuer, c->now) && issuer->room >= i &&
	       cert_parts_read(span_of(issuer->der, issuer->n), &p) &&
	       path_issued_by(&c->certs[i], &p) &&
	       path_signed_by(&c->certs[i], issuer->cert);
}

static struct kept *
known_issuer(const struct climb *c, size_t i)
{
	struct kept *issuer;

	for (size_t k = 0; (issuer = known_issuer_at(c->k, k)) != NULL; k++) {
		if (is_there(c, issuer) && vouches(c, issuer, i))
			return issuer;
		kept_unref(issuer);
	}
	return NULL;
}

/* How many anchors have that name; *ret: one of them. */
static size_t
anchors_named(const struct trust *anchors, struct span name, size_t *ret)
{
	struct cert_parts p;
	struct span der;
	size_t count = 0;

	for (size_t i = 0; (der = trust_get0(anchors, i)).n > 0; i++)
		if (cert_parts_read(der, &p) && span_equal(p.subject, name)) {
			count++;
			*ret = i;
		}
	return count;
}

/* An anchor that is a root, by which nothing was verified so far. */
static struct kept *
anchor_issuer(const struct climb *c, size_t i, size_t anchor)
{
	struct path_cert root;
	struct kept *kept;
	unsigned room;

	if (!path_read(trust_get0(c->anchors, anchor), c->now, &root) ||
	    !span_equal(root.parts.issuer, root.parts.subject) ||
	    !path_may_issue(&root.parts, &room))
		return NULL;
	kept = kept_issuer(root.der, root.form.not_before,
	    (struct chain_end){ root.form.not_after, anchor }, room);
	if (kept != NULL && vouches(c, kept, i))
		return kept;
	kept_unref(kept);
	return NULL;
}

/* The one certificate of the chain with the issuer's name: of several,
 * libcrypto has to choose. */
static bool
issuer_beside(const struct climb *c, size_t i, struct path_cert *ret)
{
	const struct path_cert *of = &c->certs[i];
	struct cert_parts p;
	size_t count = 0, at = 0;

	for (size_t k = 1; k < c->n; k++)
		if (cert_parts_read(c->chain[k], &p) &&
		    span_equal(p.subject, of->parts.issuer)) {
			count++;
			at = k;
		}
	return count == 1 && path_read(c->chain[at], c->now, ret) &&
	       !span_equal(ret->parts.subject, of->parts.subject) &&
	       path_issued_by(of, &ret->parts);
}

/* By names up to the first signature that can be checked. */
static bool
climb(struct climb *c, bool by_anchors)
{
	size_t i, anchor = 0, named;

	if (!path_read(c->chain[0], c->now, &c->certs[0]))
		return false;
	for (i = 0; i < LIMIT_CHAIN; i++) {
		c->n_certs = i + 1;
		if ((c->issuers[i] = known_issuer(c, i)) != NULL)
			return true;
		named = anchors_named(
		    c->anchors, c->certs[i].parts.issuer, &anchor);
		if (named > 0)
			return by_anchors && named == 1 &&
			       (c->issuers[i] = anchor_issuer(c, i, anchor)) !=
				   NULL;
		if (!issuer_beside(c, i, &c->certs[i + 1]))
			return false;
	}
	return false;
}

/* Under an issuer that vouches for it, the i-th certificate becomes one, and
 * vouches for the one below. */
static bool
descend(struct climb *c, size_t i)
{
	const struct path_cert *at = &c->certs[i];
	const struct kept *above = c->issuers[i];
	struct chain_end end = above->end;
	int64_t from = at->form.not_before;
	unsigned room;

	if (at->form.not_after < end.until)
		end.until = at->form.not_after;
	if (!path_may_issue(&at->parts, &room))
		return false;
	c->issuers[i - 1] = kept_issuer(at->der,
	    from > above->from ? from : above->from, end, above->room - 1);
	return c->issuers[i - 1] != NULL &&
	       vouches(c, c->issuers[i - 1], i - 1);
}

/* The leaf's dates with those of all above it. */
static void
finish(const struct climb *c, int64_t *ret_from, struct chain_end *ret)
{
	const struct cert_form *leaf = &c->certs[0].form;
	const struct kept *issuer = c->issuers[0];

	*ret = issuer->end;
	if (leaf->not_after < ret->until)
		ret->until = leaf->not_after;
	*ret_from =
	    leaf->not_before > issuer->from ? leaf->not_before : issuer->from;
	for (size_t i = c->n_certs; i-- > 0;)
		known_use_issuer(c->k, c->issuers[i]);
}

bool
climb_chain(struct known *k, const struct known_question *q,
    const struct span *chain, size_t n, int64_t *ret_from,
    struct chain_end *ret)
{
	struct climb c = { .k = k,
		.anchors = q->anchors,
		.chain = chain,
		.n = n,
		.now = q->now };
	bool ok = climb(&c, q->by_anchors);

	for (size_t i = c.n_certs; ok && i-- > 1;)
		ok = descend(&c, i);
	if (ok)
		finish(&c, ret_from, ret);
	for (size_t i = 0; i < c.n_certs; i++)
		kept_unref(c.issuers[i]);
	return ok;
}
