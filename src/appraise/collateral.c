/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/collateral.h"

#include <stdlib.h>

#include "appraise/tcb_signer.h"

static void
close_collateral(void *p)
{
	struct collateral *c = p;

	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n_bundles; i++)
		tcb_bundle_free(&c->bundles[i]);
	for (size_t i = 0; i < c->n_documents; i++) {
		free(c->documents[i].info);
		free(c->documents[i].qe);
	}
	free(c->bundles);
	free(c->documents);
	free(c->lists);
	endorse_free(&c->inside);
	free(c);
}

/* ---- Documents ---- */

static int
add_inside(
    struct collateral *c, const struct tcb_bundle *b, struct seal_diag *d)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < TCB_CHAINS; i++)
		r = endorse_add(
		    c->inside, "chain of collateral", b->chains[i], d);
	for (size_t i = 0; r == 0 && i < TCB_LISTS; i++)
		r = endorse_add(
		    c->inside, "list of collateral", b->lists[i], d);
	return r;
}

static int
read_info(const struct tcb_bundle *b, struct collateral_document *to)
{
	int r =
	    tcb_info_parse(b->tcb_info, b->tcb_signature, to->info, &to->why);

	return r != 0 ? r
		      : tcb_signer_digest(to->info->signed_bytes,
			    to->info->signature, to->digest, &to->why);
}

static int
read_identity(const struct tcb_bundle *b, struct collateral_document *to)
{
	int r = qe_identity_parse(
	    b->qe_identity, b->qe_signature, to->qe, &to->why);

	return r != 0 ? r
		      : tcb_signer_digest(to->qe->signed_bytes,
			    to->qe->signature, to->digest, &to->why);
}

/* False when out of memory. */
static bool
add_document(struct collateral *c, const struct tcb_bundle *b, bool is_info)
{
	struct collateral_document *to = &c->documents[c->n_documents];
	int r;

	if ((is_info ? b->tcb_info : b->qe_identity).n == 0)
		return true;
	c->n_documents++;
	to->is_info = is_info;
	if (is_info) {
		if ((to->info = calloc(1, sizeof(*to->info))) == NULL)
			return false;
		r = read_info(b, to);
	} else {
		if ((to->qe = calloc(1, sizeof(*to->qe))) == NULL)
			return false;
		r = read_identity(b, to);
	}
	if (r == 0)
		return true;
	free(to->info);
	free(to->qe);
	to->info = NULL;
	to->qe = NULL;
	return true;
}

/* JSON of another kind may lie in the same folder; broken collateral is told
 * of, unless some other serves. */
static bool
add_json(struct collateral *c, struct span json)
{
	struct seal_diag d = { 0 };
	struct tcb_bundle *b = &c->bundles[c->n_bundles];
	int r;

	if ((r = tcb_bundle_parse(json, b, &d)) == 0) {
		c->n_bundles++;
		if ((r = add_inside(c, b, &d)) == SEAL_E_MEMORY ||
		    !add_document(c, b, true) || !add_document(c, b, false))
			return false;
	}
	if (r != 0 && r != SEAL_E_UNSUPPORTED)
		seal_fail(&c->broken, r, "%s", d.text);
	return r != SEAL_E_MEMORY;
}

static bool
read_documents(struct collateral *c)
{
	const struct endorsement *item;
	size_t at = 0;

	while ((item = endorse_next(c->given, ENDORSE_JSON, &at)) != NULL)
		if (!add_json(c, item->bytes))
			return false;
	return true;
}

/* ---- Revocation lists ---- */

static void
read_lists(struct collateral *c, const struct endorsements *from)
{
	const struct endorsement *item;
	size_t at = 0;

	while ((item = endorse_next(from, ENDORSE_CRL, &at)) != NULL)
		if (crl_parse(item->bytes, &c->lists[c->n_lists], NULL) == 0)
			c->n_lists++;
}

/* ---- All ---- */

/* A store may hold that of a whole fleet. */
static size_t
count_json(const struct endorsements *e)
{
	size_t at = 0, n = 0;

	while (endorse_next(e, ENDORSE_JSON, &at) != NULL)
		n++;
	return n; /* at most ENDORSE_ITEMS_MAX */
}

static void *
open_collateral(const struct endorsements *e)
{
	struct collateral *c = calloc(1, sizeof(*c));
	size_t n = count_json(e) + 1;

	if (c == NULL)
		return NULL;
	c->given = e;
	c->inside = endorse_new();
	c->bundles = calloc(n, sizeof(*c->bundles));
	c->documents = calloc(2 * n, sizeof(*c->documents));
	if (c->inside == NULL || c->bundles == NULL || c->documents == NULL ||
	    !read_documents(c))
		goto fail;
	c->lists = calloc(e->n + c->inside->n + 1, sizeof(*c->lists));
	if (c->lists == NULL)
		goto fail;
	read_lists(c, e);
	read_lists(c, c->inside);
	return c;
fail:
	close_collateral(c);
	return NULL;
}

const struct collateral *
collateral_of(const struct endorsements *e)
{
	return endorse_opened(e, open_collateral, close_collateral);
}

const struct endorsement *
collateral_cert(const struct collateral *c, size_t at[2])
{
	const struct endorsement *item =
	    endorse_next(c->given, ENDORSE_CERT, &at[0]);

	return item != NULL ? item
			    : endorse_next(c->inside, ENDORSE_CERT, &at[1]);
}
