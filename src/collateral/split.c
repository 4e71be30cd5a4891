/* SPDX-License-Identifier: Apache-2.0 */
/* What files hold of collateral, each piece by itself. */
#include "base/wr.h"
#include "collateral/item.h"
#include "format/cert_json.h"
#include "format/platform_json.h"
#include "format/tcb_info.h"

static int
add_document(struct endorsements *out, const char *name, const char *member,
    struct span body, struct span signature, struct seal_diag *d)
{
	struct wr w;
	int r;

	if (body.n == 0)
		return 0;
	wr_init_heap(&w, TCB_JSON_MAX);
	wr_printf(&w, "{\"%s\":", member);
	wr_bytes(&w, body); /* byte for byte: the signature covers it */
	wr_printf(&w, ",\"signature\":\"");
	wr_bytes(&w, signature);
	wr_printf(&w, "\"}");
	r = w.error != 0 ? seal_fail(d, w.error, "'%s': too large", name)
			 : endorse_add(out, name, wr_view(&w), d);
	wr_free(&w);
	return r;
}

static int
split_certs(
    const struct endorsement *e, struct endorsements *out, struct seal_diag *d)
{
	struct wr pem;
	int r;

	wr_init_heap(&pem, e->bytes.n + 2);
	r = cert_json_read(e->bytes, &pem, NULL);
	if (r == 0)
		r = endorse_add(out, e->name, wr_view(&pem), d);
	wr_free(&pem);
	return r;
}

struct split {
	const char *name;
	struct endorsements *out;
};

static int
add_piece(void *ctx, struct span piece, struct seal_diag *d)
{
	const struct split *s = ctx;

	return endorse_add(s->out, s->name, piece, d);
}

/* What caches have for platforms: all of it, or certificates alone. */
static int
split_cached(
    const struct endorsement *e, struct endorsements *out, struct seal_diag *d)
{
	struct split s = { e->name, out };
	int r = platform_json_read(e->bytes, add_piece, &s, NULL);

	if (r == SEAL_E_UNSUPPORTED)
		return split_certs(e, out, d);
	/* Kept, so that its reader tells that something is wrong with it. */
	if (r == SEAL_E_DECODE)
		return endorse_add(out, e->name, e->bytes, d);
	if (r != 0)
		seal_fail(d, r, "'%s': cannot be taken apart", e->name);
	return r;
}

static int
split_json(
    const struct endorsement *e, struct endorsements *out, struct seal_diag *d)
{
	struct seal_diag why = { 0 };
	struct tcb_bundle b;
	int r = split_cached(e, out, d);

	if (r != SEAL_E_UNSUPPORTED && r != SEAL_E_DECODE)
		return r;
	r = tcb_bundle_parse(e->bytes, &b, &why);
	if (r == SEAL_E_UNSUPPORTED)
		return 0;
	/* Kept, so that its reader tells what is wrong with it. */
	if (r != 0 && r != SEAL_E_MEMORY)
		return endorse_add(out, e->name, e->bytes, d);
	if (r != 0)
		return seal_fail(d, r, "%s", why.text);
	r = add_document(
	    out, e->name, "tcbInfo", b.tcb_info, b.tcb_signature, d);
	if (r == 0)
		r = add_document(out, e->name, "enclaveIdentity", b.qe_identity,
		    b.qe_signature, d);
	for (size_t i = 0; r == 0 && i < TCB_CHAINS; i++)
		r = endorse_add(out, e->name, b.chains[i], d);
	for (size_t i = 0; r == 0 && i < TCB_LISTS; i++)
		r = endorse_add(out, e->name, b.lists[i], d);
	tcb_bundle_free(&b);
	return r;
}

int
coll_split(const struct endorsements *in, struct endorsements *out,
    struct seal_diag *d)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < in->n; i++) {
		const struct endorsement *e = &in->items[i];

		if (e->kind == ENDORSE_JSON)
			r = split_json(e, out, d);
		else if (e->kind == ENDORSE_CERT || e->kind == ENDORSE_CRL)
			r = endorse_add(out, e->name, e->bytes, d);
	}
	return r;
}
