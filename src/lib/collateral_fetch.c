/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "lib/collateral.h"
#include "remote/vendor.h"

#define TIMEOUT_MS 60000

/* One fetch: the folder is ours from its start to its end, so that processes
 * that start together ask once. */
struct fetching {
	const struct seal_collateral *c;
	const struct seal_collateral_fetch *f;
	struct coll_store store; /* what came and was verified is in held too */
	struct coll_report report;
	struct coll_platform platform;
	struct vendor_about about;
	struct http *services[3]; /* by enum service; NULL: not asked yet */
	int64_t deadline_ms;
	bool with_signer; /* the identity is wanted for its signer */
};

enum service { KDS, PCS, ROOT };

/* ---- Whom to ask ---- */

static enum vendor_what
what_for(const struct fetching *k, enum coll_kind kind)
{
	switch (kind) {
	case COLL_AMD_ARK:
	case COLL_AMD_ASK:
		return KDS_CHAIN;
	case COLL_AMD_VCEK:
		return KDS_VCEK;
	case COLL_AMD_CRL:
		return KDS_CRL;
	case COLL_TCB_INFO:
		return PCS_TCB_INFO;
	case COLL_QE_IDENTITY:
		return PCS_QE_IDENTITY;
	case COLL_INTEL_PCK_CRL:
		return PCS_PCK_CRL;
	case COLL_INTEL_ROOT_CRL:
		return k->f->pcs != NULL && k->f->root_crl == NULL
			   ? PCS_ROOT_CRL
			   : INTEL_ROOT_CRL;
	default:
		return 0;
	}
}

static enum service
service_for(enum vendor_what what)
{
	return what <= KDS_CRL ? KDS : what == INTEL_ROOT_CRL ? ROOT : PCS;
}

static int
service_get(
    struct fetching *k, enum service s, struct http **ret, struct seal_diag *d)
{
	const char *const given[] = { k->f->kds, k->f->pcs, k->f->root_crl };
	static const char *const usual[] = { VENDOR_KDS, VENDOR_PCS,
		VENDOR_ROOT };
	const struct http_conf conf = { .ca_file = k->f->ca_file,
		.plain_loopback = true };
	int r;

	if (k->services[s] == NULL &&
	    (r = http_new(given[s] != NULL ? given[s] : usual[s], &conf,
		 &k->services[s], d)) != 0)
		return r;
	*ret = k->services[s];
	return 0;
}

static void
say_about(struct fetching *k)
{
	const struct coll_platform *p = &k->platform;

	k->about = (struct vendor_about){ .product = p->product,
		.vlek = p->vlek,
		.chip_id = p->chip.chip_id,
		.tcb = p->chip.tcb,
		.tdx = p->tdx,
		.fmspc = span_of(p->fmspc, p->has_fmspc ? sizeof(p->fmspc) : 0),
		.ca = p->ca };
}

/* ---- What came ---- */

static int
wrong_answer(const struct coll_need *need, struct seal_diag *d)
{
	seal_fail(d, SEAL_E_EVIDENCE,
	    "expected %s of %.60s, found an answer without it",
	    coll_kind_text(need->kind), need->key);
	seal_remedy(d, "see that the URL is the vendor's service, or a cache "
		       "of it");
	return SEAL_E_EVIDENCE;
}

/* All of an answer is as it has to be, or none of it is kept. */
static int
verify_all(struct fetching *k, const struct endorsements *come,
    struct coll_item *items, size_t *ret_n, const struct coll_need *need,
    struct seal_diag *d)
{
	struct coll_trust t = { .pools = { come, k->store.held } };
	bool found = false;
	size_t n = 0;
	int r;

	if ((r = coll_trust_load(&t, k->c->anchors, d)) != 0)
		return r;
	for (; r == 0 && n < come->n; n++)
		if ((r = coll_read(&come->items[n], &items[n], d)) == 0 &&
		    (r = coll_verify(&t, k->c->unix_s, &items[n], d)) == 0)
			found = found || coll_is(&items[n], need);
	coll_trust_wipe(&t);
	if (r == 0 && !found)
		r = wrong_answer(need, d);
	*ret_n = n;
	return r;
}

static int
store_all(struct fetching *k, struct coll_item *items, size_t n,
    const struct coll_need *need, struct seal_diag *d)
{
	char file[COLL_NAME];
	int r = 0;

	items_sort(items, n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		enum coll_put put = COLL_PUT_SAME;

		r = coll_store_put(&k->store, &items[i], &put, file, d);
		/* Roots and CAs come along each time. */
		if (r != 0 ||
		    (put == COLL_PUT_SAME && !coll_is(&items[i], need)))
			continue;
		report_add(&k->report, row_of(&items[i], file),
		    coll_put_name(put), NULL);
		k->report.tally.good++;
	}
	return r;
}

static int
take(struct fetching *k, const struct vendor_answer *a,
    const struct coll_need *need, struct seal_diag *d)
{
	struct endorsements *raw = endorse_new(), *come = endorse_new();
	struct coll_item *items = NULL;
	size_t n = 0;
	int r = SEAL_E_MEMORY;

	if (raw != NULL && come != NULL &&
	    (r = endorse_add(raw, "answer", span_of(a->body, a->n_body), d)) ==
		0 &&
	    (r = endorse_add(
		 raw, "issuer chain", span_of(a->chain, a->n_chain), d)) == 0)
		r = coll_split(raw, come, d);
	if (r == 0 && (items = calloc(come->n + 1, sizeof(*items))) == NULL)
		r = SEAL_E_MEMORY;
	if (r == SEAL_E_MEMORY)
		seal_fail(d, r, "collateral");
	if (r == 0)
		r = verify_all(k, come, items, &n, need, d);
	if (r == 0)
		r = store_all(k, items, n, need, d);
	/* They vouch for what comes next. */
	if (r == 0)
		r = coll_split(come, k->store.held, d);
	free(items);
	endorse_free(&come);
	endorse_free(&raw);
	return r;
}

/* ---- One thing after the other ---- */

static bool
stands(struct fetching *k, const struct coll_need *need)
{
	struct coll_trust t = { .pools = { k->store.held } };
	bool found = false;

	if (coll_trust_load(&t, k->c->anchors, NULL) != 0)
		return false;
	for (size_t i = 0; !found && i < k->store.held->n; i++) {
		struct coll_item item;

		if (coll_read(&k->store.held->items[i], &item, NULL) != 0 ||
		    !coll_is(&item, need))
			continue;
		found = item_standing(&t, k->c, k->f->within_s, k->f->max_age_s,
			    &item, NULL) == STANDS &&
			(!k->f->force || coll_class(item.kind) == COLL_IS_CERT);
		if (!found)
			continue;
		report_add(&k->report, row_of(&item, NULL), "kept", NULL);
		k->report.tally.good++;
	}
	coll_trust_wipe(&t);
	return found;
}

static void
failed(struct fetching *k, const struct coll_need *need,
    const struct seal_diag *why)
{
	json_t *row = json_object();

	json_object_set_new(
	    row, "what", json_string(coll_kind_text(need->kind)));
	json_object_set_new(
	    row, "kind", json_string(coll_kind_name(need->kind)));
	json_object_set_new(row, "of", json_string(need->key));
	if (seal_error_outcome(why->code) == SEAL_UNAVAILABLE ||
	    why->code == SEAL_E_TIMEOUT) {
		k->report.tally.retry++;
		report_add(&k->report, row, "not to be had", why);
	} else {
		k->report.tally.refused++;
		report_add(&k->report, row, "refused", why);
	}
}

static int
ask(struct fetching *k, const struct coll_need *need, struct seal_diag *d)
{
	enum vendor_what what = what_for(k, need->kind);
	struct vendor_answer a = { 0 };
	struct http *h = NULL;
	int r;

	if (what == 0) {
		seal_fail(d, SEAL_E_UNSUPPORTED,
		    "a provider's key is not to be had of AMD");
		seal_remedy(d, "it comes with the report, in the host's "
			       "certificate table: import it from there");
		return SEAL_E_UNSUPPORTED;
	}
	if ((r = service_get(k, service_for(what), &h, d)) != 0 ||
	    (r = vendor_fetch(h, what, &k->about, k->deadline_ms, &a, d)) != 0)
		return r;
	r = take(k, &a, need, d);
	vendor_answer_wipe(&a);
	return r;
}

/* Its root comes with who is under it, and the signer with what it signs. */
static bool
to_ask(struct fetching *k, const struct coll_need *need)
{
	bool with = k->with_signer && need->kind == COLL_QE_IDENTITY;

	if (need->kind == COLL_AMD_ARK || (!with && stands(k, need)))
		return false;
	k->with_signer = need->kind == COLL_INTEL_SIGNER;
	return !k->with_signer;
}

/* What one lacks does not keep the others from coming. */
static int
fetch_all(struct fetching *k, struct seal_diag *d)
{
	struct coll_need needs[COLL_NEEDS_MAX];
	size_t n = coll_needs(&k->platform, needs);

	for (size_t i = 0; i < n; i++) {
		struct seal_diag why = { 0 };
		int r;

		if (!to_ask(k, &needs[i]))
			continue;
		r = ask(k, &needs[i], &why);
		if (r == SEAL_E_IO || r == SEAL_E_MEMORY ||
		    r == SEAL_E_CONFIG) {
			seal_fail(d, r, "%s", why.text);
			seal_remedy(d, "%s", why.remedy);
			return r;
		}
		if (r != 0)
			failed(k, &needs[i], &why);
	}
	return 0;
}

int
seal_collateral_fetch(const struct seal_collateral *c,
    const struct seal_collateral_fetch *f, char **ret,
    struct seal_collateral_tally *tally, struct seal_diag *d)
{
	struct fetching k = { .c = c, .f = f };
	int r;

	k.store.at = k.store.lock = -1;
	k.deadline_ms =
	    http_now_ms() + (f->timeout_ms != 0 ? f->timeout_ms : TIMEOUT_MS);
	if ((r = report_new(&k.report, d)) == 0 &&
	    (r = platform_find(&f->what, &k.platform, d)) == 0 &&
	    (r = coll_store_open(c->dir, true, &k.store, d)) == 0) {
		say_about(&k);
		r = fetch_all(&k, d);
	}
	if (r == 0) {
		*tally = k.report.tally;
		r = report_end(&k.report, "items", c->as_json, ret, d);
	}
	json_decref(k.report.rows);
	coll_store_close(&k.store);
	for (size_t i = 0; i < 3; i++)
		http_free(&k.services[i]);
	return r;
}
