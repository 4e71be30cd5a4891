/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/dcap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/anchored.h"
#include "appraise/collateral.h"
#include "appraise/tcb_signer.h"
#include "base/text.h"

#define TEXT 160
#define REMEDY_COLLATERAL \
	"give Intel's current collateral for this platform (--endorsements)"

struct judging {
	const struct dcap_facts *f;
	const struct dcap_rules *rules;
	int64_t now, until;
	const struct trust *ca; /* whose anchor the root is */
	size_t anchor;
	struct trust *own; /* ca, where the policy only names the root */
	const struct collateral *c;
	const struct tcb_info *info; /* the best so far */
	const struct qe_identity *qe;
	struct span signer; /* certificate, DER */
	struct cert *signer_cert;
	struct seal_verdict *v;
};

static bool
step(struct judging *j, const char *name, int r, const struct seal_diag *d,
    const char *expected)
{
	return verdict_check(j->v, name, r == 0, r, expected, d->text,
	    d->remedy[0] != '\0' ? d->remedy : REMEDY_COLLATERAL);
}

/* ---- The root, and the PCK chain under it ---- */

static int
root_is_named(
    const struct dcap_rules *rules, struct span root, struct seal_diag *d)
{
	uint8_t digest[HASH_MAX];
	struct cert *cert = NULL;
	char e[HEX_SHORT], g[HEX_SHORT];
	int r;

	if ((r = cert_parse(root, &cert, d)) != 0)
		return r;
	r = hash_one(HASH_SHA256, cert_spki(cert), digest, d);
	cert_unref(&cert);
	if (r != 0 ||
	    span_equal_ct(span_of(digest, 32), span_of(rules->root_sha256, 32)))
		return r;
	return seal_fail(d, SEAL_E_CHAIN, "root: expected key %s, found %s",
	    hex_short(span_of(rules->root_sha256, 32), e),
	    hex_short(span_of(digest, 32), g));
}

static struct span
root_of(const struct judging *j)
{
	return trust_get0(j->ca, j->anchor);
}

/* Makes it the one anchor of all that follows, if PCK and CA lead to it. */
static int
try_root(struct judging *j, struct span root, struct seal_diag *d)
{
	struct chain_end end;
	int r;

	trust_free(&j->own);
	if ((j->own = trust_new()) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "root");
	if ((r = trust_add_der(j->own, root, d)) == 0)
		r = chain_verify_end(
		    j->own, j->f->chain, DCAP_CHAIN - 1, j->now, &end, d);
	j->ca = j->own;
	j->anchor = 0;
	return r;
}

/* Whether the path ends in a root, or before it. */
static bool
ends_in(const struct judging *j, struct span name)
{
	struct cert_parts p;

	return j->anchor != CHAIN_NO_ANCHOR &&
	       cert_parts_read(root_of(j), &p) && span_equal(p.subject, name);
}

/* The policy's anchor, rather than what the quote brings: Intel issued its
 * root twice with one key. */
static int
find_root(struct judging *j, const struct accept_entry *e, struct seal_diag *d)
{
	struct span anchor = { 0 };
	struct chain_end end = { 0 };
	struct cert_parts ca;
	int r = SEAL_E_CHAIN;
	size_t at = 0;

	if (!cert_parts_read(j->f->chain[1], &ca))
		return seal_fail(d, SEAL_E_CHAIN, "PCK CA: malformed");
	if (anchored_end(
		e, j->f->chain, DCAP_CHAIN, j->now, &j->ca, &end, NULL) == 0) {
		j->anchor = end.anchor;
		if (ends_in(j, ca.issuer))
			return 0;
	}
	while (r != 0 && anchored_next(e, ca.issuer, &at, &anchor))
		r = try_root(j, anchor, d);
	if (r == 0 || d->code != 0)
		return r;
	seal_fail(d, SEAL_E_CHAIN,
	    "none of the entry's anchors is the root of the quote's PCK "
	    "chain");
	seal_remedy(d, "add Intel's SGX root as a \"ca\" of the entry's "
		       "signers");
	return SEAL_E_CHAIN;
}

static bool
judge_root(struct judging *j, const struct accept_entry *e)
{
	struct span root = j->f->chain[DCAP_CHAIN - 1];
	struct seal_diag d = { 0 };
	int r;

	if (!j->rules->has_root)
		r = find_root(j, e, &d);
	else if ((r = root_is_named(j->rules, root, &d)) == 0)
		r = try_root(j, root, &d);
	return verdict_check(j->v, "dcap.root", r == 0, r,
	    "a PCK certificate under the policy's root", d.text, d.remedy);
}

/* ---- Who signs collateral ---- */

static bool
find_signer(struct judging *j)
{
	const struct endorsement *item;
	struct seal_diag d = { 0 };
	size_t at[2] = { 0, 0 };
	int r = SEAL_E_UNAVAILABLE;

	while (j->signer_cert == NULL &&
	       (item = collateral_cert(j->c, at)) != NULL) {
		int got = tcb_signer_check_under(j->ca, j->anchor, item->bytes,
		    j->now, j->f->parsed, &j->signer_cert, &d);

		if (got == 0)
			j->signer = item->bytes;
		else if (got != SEAL_E_UNSUPPORTED)
			r = got;
	}
	if (j->signer_cert == NULL && d.code == 0)
		seal_fail(
		    &d, r, "no certificate of '%s' was given", TCB_SIGNER);
	return step(j, "dcap.tcb.signer", j->signer_cert != NULL ? 0 : r, &d,
	    "a certificate of Intel's TCB signer under that root");
}

/* ---- Documents ---- */

static int
check_time(struct judging *j, const char *what, int64_t from, int64_t to,
    struct seal_diag *d)
{
	if (j->now < from)
		return seal_fail(d, SEAL_E_STALE,
		    "%s: issued at %" PRId64 ", after the time %" PRId64, what,
		    from, j->now);
	if (j->now > to)
		return seal_fail(d, SEAL_E_STALE,
		    "%s: ended at %" PRId64 ", before the time %" PRId64, what,
		    to, j->now);
	if (j->rules->max_age_s > 0 &&
	    j->now - from > (int64_t)j->rules->max_age_s)
		return seal_fail(d, SEAL_E_STALE,
		    "%s: %" PRId64 " s old, at most %u allowed", what,
		    j->now - from, j->rules->max_age_s);
	return 0;
}

static int
check_evaluation(
    struct judging *j, const char *what, uint32_t number, struct seal_diag *d)
{
	if (number >= j->rules->min_evaluation)
		return 0;
	return seal_fail(d, SEAL_E_STALE,
	    "%s: evaluation %u, at least %u wanted", what, number,
	    j->rules->min_evaluation);
}

/* How far a document came; the one that came furthest tells its story. */
struct story {
	int stage, code;
	struct seal_diag d;
};

static void
keep_story(struct story *s, int stage, int code, const struct seal_diag *d)
{
	if (s->code != 0 && s->stage >= stage)
		return;
	s->stage = stage;
	s->code = code;
	s->d = *d;
}

/* Is it about this platform? */
static int
check_info(struct judging *j, const struct tcb_info *i, struct seal_diag *d)
{
	const struct pck *p = &j->f->pck;
	bool tdx = j->f->quote.tee == QUOTE_TDX;
	char e[HEX_SHORT], g[HEX_SHORT];

	if (!span_is(i->id, tdx ? "TDX" : "SGX"))
		return seal_fail(d, SEAL_E_EVIDENCE,
		    "TCB Info: of the kind %s, expected %s",
		    i->tdx ? "TDX" : "SGX", tdx ? "TDX" : "SGX");
	if (memcmp(i->fmspc, p->fmspc, sizeof(i->fmspc)) != 0)
		return seal_fail(d, SEAL_E_EVIDENCE,
		    "TCB Info: of FMSPC %s, expected %s",
		    hex_short(span_of(i->fmspc, 6), g),
		    hex_short(span_of(p->fmspc, 6), e));
	if (memcmp(i->pce_id, p->pce_id, sizeof(i->pce_id)) != 0)
		return seal_fail(d, SEAL_E_EVIDENCE,
		    "TCB Info: of PCE %s, expected %s",
		    hex_short(span_of(i->pce_id, 2), g),
		    hex_short(span_of(p->pce_id, 2), e));
	return 0;
}

static int
try_info(struct judging *j, const struct tcb_info *i, int *ret_stage,
    struct seal_diag *d)
{
	int r;

	*ret_stage = 2;
	if ((r = check_info(j, i, d)) != 0)
		return r;
	*ret_stage = 3;
	if ((r = tcb_signer_verify_once(
		 j->signer_cert, i->signed_bytes, i->signature, j->ca, d)) != 0)
		return r;
	*ret_stage = 4;
	if ((r = check_time(j, "TCB Info", i->issued_at, i->next_update, d)) !=
	    0)
		return r;
	return check_evaluation(j, "TCB Info", i->evaluation, d);
}

static int
try_identity(struct judging *j, const struct qe_identity *q, int *ret_stage,
    struct seal_diag *d)
{
	const char *id = j->f->quote.tee == QUOTE_TDX ? "TD_QE" : "QE";
	char got[16];
	int r;

	*ret_stage = 2;
	if (!span_is(q->id, id))
		return seal_fail(d, SEAL_E_EVIDENCE,
		    "Enclave Identity: of '%s', expected '%s'",
		    text_safe(q->id, got, sizeof(got)), id);
	*ret_stage = 3;
	if ((r = tcb_signer_verify_once(
		 j->signer_cert, q->signed_bytes, q->signature, j->ca, d)) != 0)
		return r;
	*ret_stage = 4;
	if ((r = check_time(
		 j, "Enclave Identity", q->issued_at, q->next_update, d)) != 0)
		return r;
	return check_evaluation(j, "Enclave Identity", q->evaluation, d);
}

/* One that cannot be read failed before all of that. */
static int
try_document(struct judging *j, const struct collateral_document *doc,
    int *ret_stage, struct seal_diag *d)
{
	*ret_stage = 1;
	if (doc->info != NULL)
		return try_info(j, doc->info, ret_stage, d);
	if (doc->qe != NULL)
		return try_identity(j, doc->qe, ret_stage, d);
	return seal_fail(d, doc->why.code, "%s", doc->why.text);
}

static void
until_at_most(struct judging *j, int64_t end)
{
	if (end < j->until)
		j->until = end;
}

/* An older document that is still in date may lie beside the newest. */
static bool
is_newer(uint32_t evaluation, int64_t issued, uint32_t than_evaluation,
    int64_t than_issued)
{
	return evaluation != than_evaluation ? evaluation > than_evaluation
					     : issued > than_issued;
}

static void
keep_document(struct judging *j, const struct collateral_document *doc)
{
	if (doc->info != NULL &&
	    (j->info == NULL ||
		is_newer(doc->info->evaluation, doc->info->issued_at,
		    j->info->evaluation, j->info->issued_at)))
		j->info = doc->info;
	if (doc->qe != NULL &&
	    (j->qe == NULL || is_newer(doc->qe->evaluation, doc->qe->issued_at,
				  j->qe->evaluation, j->qe->issued_at)))
		j->qe = doc->qe;
}

/* Of those that serve, the one of the highest tcbEvaluationDataNumber. */
static bool
find_document(struct judging *j, bool info)
{
	struct story s = { .code = 0 };
	bool found;

	if (j->c->broken.code != 0)
		keep_story(&s, 0, j->c->broken.code, &j->c->broken);
	for (size_t i = 0; i < j->c->n_documents; i++) {
		const struct collateral_document *doc = &j->c->documents[i];
		struct seal_diag d = { 0 };
		int stage = 0, r;

		if (doc->is_info != info)
			continue;
		if ((r = try_document(j, doc, &stage, &d)) != 0) {
			keep_story(&s, stage, r, &d);
			continue;
		}
		keep_document(j, doc);
	}
	found = info ? j->info != NULL : j->qe != NULL;
	if (!found && s.code == 0)
		s.code = seal_fail(&s.d, SEAL_E_UNAVAILABLE, "none was given");
	if (info && j->info != NULL)
		until_at_most(j, j->info->next_update);
	if (!info && j->qe != NULL)
		until_at_most(j, j->qe->next_update);
	return step(j, info ? "dcap.tcb.info" : "dcap.qe.info",
	    found ? 0 : s.code, &s.d,
	    info ? "current TCB Info of this platform"
		 : "a current identity of the quoting enclave");
}

/* ---- Revocation ---- */

/*
 * Every list that the issuer signed counts against a certificate, also one
 * that has ended; at least one must be current, if lists are needed.
 */
static int
check_lists(struct judging *j, struct span issuer, const struct span *certs,
    size_t n, bool *ret_current, struct seal_diag *d)
{
	int64_t until = 0;
	int r;

	for (size_t k = 0; k < j->c->n_lists; k++) {
		const struct crl *list = &j->c->lists[k];

		if (crl_verify_once(list, issuer, j->ca, NULL) != 0)
			continue;
		for (size_t i = 0; i < n; i++)
			if ((r = crl_check(list, certs[i], NULL, d)) != 0)
				return r;
		if (crl_current(list, j->now, d) == 0 &&
		    list->next_update > until)
			until = list->next_update;
	}
	*ret_current = until > 0;
	if (until > 0)
		until_at_most(j, until);
	return 0;
}

static bool
judge_list(struct judging *j, const char *name, struct span issuer,
    const struct span *certs, size_t n)
{
	struct seal_diag d = { 0 };
	bool current = false;
	int r = check_lists(j, issuer, certs, n, &current, &d);

	if (r == 0 && !current && !j->rules->need_lists) {
		verdict_skip(j->v, name, "no current list, and none needed");
		return true;
	}
	if (r == 0 && !current)
		r = d.code != 0 ? d.code
				: seal_fail(&d, SEAL_E_UNAVAILABLE,
				      "no revocation list of the issuer");
	return step(j, name, r, &d, "not revoked by a current list");
}

static bool
judge_revocation(struct judging *j)
{
	const struct span *chain = j->f->chain;
	struct span by_root[] = { chain[1], j->signer };

	return judge_list(j, "dcap.crl.root", root_of(j), by_root, 2) &&
	       judge_list(j, "dcap.crl.pck", chain[1], chain, 1);
}

/* ---- All ---- */

static bool
open_collateral(struct judging *j, const struct endorsements *e)
{
	struct seal_diag d = { 0 };

	j->c = collateral_of(e);
	return j->c != NULL ||
	       step(j, "dcap.collateral", SEAL_E_MEMORY, &d, "collateral");
}

static bool
judge(struct judging *j, const struct accept_entry *e,
    const struct endorsements *given)
{
	struct dcap_tcb t = { 0 };

	if (!judge_root(j, e) || !open_collateral(j, given) ||
	    !find_signer(j) || !judge_revocation(j) ||
	    !find_document(j, true) || !find_document(j, false) ||
	    !dcap_judge_qe(j->qe, j->f, &t, j->v) ||
	    !dcap_judge_platform(j->info, j->f, &t, j->v))
		return false;
	until_at_most(j, cert_not_after(j->signer_cert));
	dcap_merge(&t);
	return dcap_judge_status(&t, j->rules, j->now, &j->until, j->v);
}

bool
dcap_endorsed(const struct accept_entry *e, const struct dcap_rules *rules,
    const struct findings *f, int64_t now, int64_t *until,
    struct seal_verdict *v)
{
	struct judging j = { .f = f->facts,
		.rules = rules,
		.now = now,
		.until = *until,
		.v = v };
	struct endorsements *none = NULL;
	bool ok;

	if (j.f->endorse == NULL)
		none = endorse_new();
	ok = j.f->endorse != NULL || none != NULL
		 ? judge(&j, e, none != NULL ? none : j.f->endorse)
		 : verdict_check(v, "dcap.collateral", false, SEAL_E_MEMORY,
		       NULL, "out of memory", NULL);
	if (ok)
		*until = j.until;
	v->ar4si[AR4SI_CONFIGURATION] = ok ? AR4SI_AFFIRMING : AR4SI_WARNING;
	cert_unref(&j.signer_cert);
	trust_free(&j.own);
	endorse_free(&none);
	return ok;
}
