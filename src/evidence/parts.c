/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attests with several drivers at once, one for each part of the platform, in
 * a CMW collection. All vouch for one subject key, which is that of the first.
 */
#include "evidence/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "format/cmw.h"
#include "format/tar.h"

struct parts {
	struct attester_part part[ATTESTER_PARTS_MAX];
	size_t n;
	struct attester_staple staple;
};

void
attester_part_wipe(struct attester_part *p)
{
	attester_free(&p->by);
	free(p->label);
	p->label = NULL;
}

void
parts_take(void *ctx, struct attester_part *parts, size_t n,
    struct attester_staple *staple)
{
	struct parts *p = ctx;

	memcpy(p->part, parts, n * sizeof(*parts));
	memset(parts, 0, n * sizeof(*parts));
	p->n = n;
	p->staple = *staple;
	memset(staple, 0, sizeof(*staple));
}

bool
parts_insecure(const void *ctx)
{
	const struct parts *p = ctx;

	for (size_t i = 0; i < p->n; i++)
		if (attester_insecure(p->part[i].by))
			return true;
	return false;
}

static int
parts_subject(void *ctx, struct wr *ret_chain, struct seal_diag *d)
{
	struct parts *p = ctx;
	const struct span *chain;
	size_t n = attester_chain(p->part[0].by, &chain);

	for (size_t i = 0; i < n; i++)
		wr_vec(ret_chain, 3, chain[i]);
	return ret_chain->error == 0
		   ? 0
		   : seal_fail(d, ret_chain->error, "collection: chain");
}

/* As much as each of them can. */
static size_t
parts_binder_max(void *ctx)
{
	struct parts *p = ctx;

	for (size_t i = 0; i < p->n; i++)
		if (!attester_fits(p->part[i].by, HASH_SHA384))
			return hash_size(HASH_SHA256);
	return 0;
}

static int
collect_all(struct parts *p, const struct seal_binding *b, uint64_t deadline_ms,
    struct wr *each, struct seal_diag *d)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n; i++) {
		uint64_t now = evidence_now_ms();

		wr_init_heap(&each[i], LIMIT_CMW);
		r = attester_collect(p->part[i].by, b,
		    now < deadline_ms ? (uint32_t)(deadline_ms - now) : 0,
		    &each[i], d);
	}
	return r;
}

/* Endorsements, by their indicator: no policy has to have a rule for it. */
static int
put_staple(struct parts *p, struct cmw_item *to, struct seal_diag *d)
{
	*to = (struct cmw_item){ .kind = CMW_RECORD,
		.depth = 1,
		.label = span_str(ATTESTER_STAPLE_LABEL),
		.media_type = span_str(TAR_COLLATERAL_TYPE),
		.ind = CMW_IND_ENDORSEMENTS };
	return p->staple.pack(p->staple.ctx, &to->value, d);
}

/* A collection of the only member's own, with one item more. */
static int
put_beside(
    struct parts *p, struct span whole, struct wr *out, struct seal_diag *d)
{
	struct cmw *c = calloc(1, sizeof(*c));
	int r;

	if (c == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "collection");
	r = cmw_parse(whole, c, d);
	for (size_t i = 1; r == 0 && i < c->n; i++)
		if (c->items[i].depth == 1 &&
		    span_is(c->items[i].label, ATTESTER_STAPLE_LABEL))
			r = seal_fail(d, SEAL_E_EVIDENCE,
			    "collection: it has an item '" ATTESTER_STAPLE_LABEL
			    "' of its own");
	if (r == 0 && c->n == sizeof(c->items) / sizeof(c->items[0]))
		r = seal_fail(d, SEAL_E_LIMIT, "collection: too many items");
	if (r == 0 && (r = put_staple(p, &c->items[c->n], d)) == 0 &&
	    (r = cmw_write_cbor(out, c->items, c->n + 1)) != 0)
		seal_fail(d, r, "collection: larger than a CMW may be");
	cmw_free(c);
	free(c);
	return r;
}

static bool
is_collection(const struct parts *p)
{
	return p->n == 1 &&
	       strcmp(attester_media_type(p->part[0].by), CMW_TYPE) == 0;
}

static int
parts_collect(void *ctx, const struct seal_binding *b, uint64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	struct cmw_item items[1 + ATTESTER_PARTS_MAX + 1] = {
		{ .kind = CMW_COLLECTION }
	};
	struct wr each[ATTESTER_PARTS_MAX] = { { 0 } };
	struct parts *p = ctx;
	size_t n = 1 + p->n;
	int r = collect_all(p, b, deadline_ms, each, d);

	if (r == 0 && is_collection(p)) {
		r = put_beside(p, wr_view(&each[0]), out, d);
		wr_free(&each[0]);
		return r;
	}
	for (size_t i = 0; r == 0 && i < p->n; i++)
		items[1 + i] = (struct cmw_item){ .kind = CMW_RECORD,
			.depth = 1,
			.label = span_str(p->part[i].label),
			.media_type =
			    span_str(attester_media_type(p->part[i].by)),
			.value = wr_view(&each[i]),
			.ind = CMW_IND_EVIDENCE };
	if (r == 0 && p->staple.ctx != NULL)
		r = put_staple(p, &items[n++], d);
	if (r == 0 && (r = cmw_write_cbor(out, items, n)) != 0)
		seal_fail(d, r, "collection: larger than a CMW may be");
	for (size_t i = 0; i < p->n; i++)
		wr_free(&each[i]);
	return r;
}

static int
parts_sign(void *ctx, uint16_t scheme, struct span tbs, uint64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	struct parts *p = ctx;

	(void)deadline_ms;
	return attester_sign(p->part[0].by, scheme, tbs, out, d);
}

static const struct privkey *
parts_key(void *ctx)
{
	return attester_key(((struct parts *)ctx)->part[0].by);
}

static void
parts_close(void *ctx)
{
	struct parts *p = ctx;

	for (size_t i = 0; i < p->n; i++)
		attester_part_wipe(&p->part[i]);
	if (p->staple.ctx != NULL)
		p->staple.close(p->staple.ctx);
}

const struct evidence_driver evidence_parts = {
	.abi = EVIDENCE_DRIVER_ABI,
	.name = "collection",
	.media_type = CMW_TYPE,
	.ctx_size = sizeof(struct parts),
	.subject = parts_subject,
	.binder_max = parts_binder_max,
	.collect = parts_collect,
	.sign = parts_sign,
	.close = parts_close,
	.key = parts_key,
};
