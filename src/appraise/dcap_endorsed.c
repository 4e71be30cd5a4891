/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/dcap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/anchored.h"
#include "appraise/collateral.h"
#include "appraise/staple.h"
#include "appraise/tcb_signer.h"
#include "base/text.h"

#define TEXT 160
#define REMEDY_COLLATERAL \
	"give Intel's current collateral for this platform (--endorsements)"

/* Where collateral comes from: this side's first, since what the peer sent must
 * be no older. */
enum { OWN, STAPLED, DCAP_SOURCES };

struct judging {
	const struct dcap_facts *f;
	const uint8_t *digest; /* of the quote's chain; NULL: none */
	const struct dcap_rules *rules;
	int64_t now, until;
	const struct trust *ca; /* whose anchor the root is */
	size_t anchor;
	struct trust *own; /* ca, where the policy only names the root */
	const struct collateral *c[DCAP_SOURCES];
	const struct tcb_info *info; /* the best so far */
	const struct qe_identity *qe;
	bool info_stapled, qe_stapled;
	int64_t list_from;  /* the peer's oldest list that counts; 0: none */
	struct span signer; /* certificate, DER */
	struct cert *signer_cert;
	struct staple_spent spent;
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
	if ((j->digest != NULL &&
		anchored_recalled(e, j->digest, j->now, &j->ca, &end)) ||
	    anchored_end(
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

static const struct endorsement *
next_cert(
    const struct judging *j, size_t at[DCAP_SOURCES][2], bool *ret_stapled)
{
	const struct endorsement *item = NULL;

	for (int i = 0; item == NULL && i < DCAP_SOURCES; i++) {
		item = collateral_cert(j->c[i], at[i]);
		*ret_stapled = i == STAPLED;
	}
	return item;
}

static bool
find_signer(struct judging *j)
{
	size_t at[DCAP_SOURCES][2] = { { 0 } };
	const struct endorsement *item;
	struct seal_diag d = { 0 };
	int r = SEAL_E_UNAVAILABLE;
	bool stapled = false, over = false;
	unsigned tried = 0;

	while (j->signer_cert == NULL && !over &&
	       (item = next_cert(j, at, &stapled)) != NULL) {
		int got = tcb_signer_check_under(j->ca, j->anchor, item->bytes,
		    j->now, j->f->parsed, &j->signer_cert, &d);

		if (got == 0)
			j->signer = item->bytes;
		if (got == 0 || got == SEAL_E_UNSUPPORTED)
			continue;
		over = stapled && staple_try_signer(&j->spent, &tried, &d) != 0;
		r = over ? SEAL_E_LIMIT : got;
	}
	if (j->signer_cert == NULL && d.code == 0)
		seal_fail(
		    &d, r, "no certificate of '%s' was given", TCB_SIGNER);
	return step(j, "dcap.tcb.signer", j->signer_cert != NULL ? 0 : r, &d,
	    "a certificate of Intel's TCB signer under that root");
}

/* ---- Documents ---- */

/* Which of several statements about one thing is the newest? */
struct dated {
	const char *what;
	uint32_t evaluation;
	int64_t from, to;
};

static struct dated
dated_of(const struct collateral_document *doc)
{
	const struct tcb_info *i = doc->info;
	const struct qe_identity *q = doc->qe;

	return i != NULL ? (struct dated){ "TCB Info", i->evaluation,
		i->issued_at, i->next_update }
			 : (struct dated){ "Enclave Identity", q->evaluation,
				   q->issued_at, q->next_update };
}

static bool
is_newer(const struct dated *a, const struct dated *than)
{
	return a->evaluation != than->evaluation
		   ? a->evaluation > than->evaluation
		   : a->from > than->from;
}

/* The peer chooses the day of what it sends: a week is the most, unless the
 * policy says how much. */
static uint32_t
max_age(const struct judging *j, bool stapled)
{
	return stapled && j->rules->max_age_s == 0 ? DCAP_STAPLED_AGE_S
						   : j->rules->max_age_s;
}

static int
check_time(
    struct judging *j, const struct dated *t, bool stapled, struct seal_diag *d)
{
	uint32_t most = max_age(j, stapled);

	if (j->now < t->from)
		return seal_fail(d, SEAL_E_STALE,
		    "%s: issued at %" PRId64 ", after the time %" PRId64,
		    t->what, t->from, j->now);
	if (j->now > t->to)
		return seal_fail(d, SEAL_E_STALE,
		    "%s: ended at %" PRId64 ", before the time %" PRId64,
		    t->what, t->to, j->now);
	if (most > 0 && j->now - t->from > (int64_t)most)
		return seal_fail(d, SEAL_E_STALE,
		    "%s: %" PRId64 " s old, at most %u allowed%s", t->what,
		    j->now - t->from, most,
		    stapled ? " of what the peer sends" : "");
	if (t->evaluation < j->rules->min_evaluation)
		return seal_fail(d, SEAL_E_STALE,
		    "%s: evaluation %u, at least %u wanted", t->what,
		    t->evaluation, j->rules->min_evaluation);
	return 0;
}

/* held: the newest of this side's, also one that has ended; NULL: none. */
static int
check_stapled(struct judging *j, const struct dated *t,
    const struct dated *held, struct seal_diag *d)
{
	if (!j->rules->stapled)
		return seal_fail(d, SEAL_E_UNAVAILABLE,
		    "%s: only the peer sent one, and the policy takes none "
		    "from it",
		    t->what);
	if (held == NULL || !is_newer(held, t))
		return 0;
	return seal_fail(d, SEAL_E_STALE,
	    "%s: the peer sent evaluation %u of %" PRId64
	    ", older than evaluation %u of %" PRId64 " that is held here",
	    t->what, t->evaluation, t->from, held->evaluation, held->from);
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
check_identity(
    struct judging *j, const struct qe_identity *q, struct seal_diag *d)
{
	const char *id = j->f->quote.tee == QUOTE_TDX ? "TD_QE" : "QE";
	char got[16];

	return span_is(q->id, id)
		   ? 0
		   : seal_fail(d, SEAL_E_EVIDENCE,
			 "Enclave Identity: of '%s', expected '%s'",
			 text_safe(q->id, got, sizeof(got)), id);
}

/* Is it Intel's word about this platform, whenever? *ret_stage: how far it
 * came, of GENUINE. One that cannot be read failed before all of that. */
enum { UNREADABLE = 1, OTHERS, UNSIGNED, GENUINE };

static int
check_genuine(struct judging *j, const struct collateral_document *doc,
    bool stapled, int *ret_stage, struct seal_diag *d)
{
	const struct tcb_info *i = doc->info;
	const struct qe_identity *q = doc->qe;
	int r;

	*ret_stage = UNREADABLE;
	if (i == NULL && q == NULL)
		return seal_fail(d, doc->why.code, "%s", doc->why.text);
	*ret_stage = OTHERS;
	r = i != NULL ? check_info(j, i, d) : check_identity(j, q, d);
	if (r != 0)
		return r;
	*ret_stage = UNSIGNED;
	if (stapled && (r = staple_try(&j->spent, d)) != 0) {
		*ret_stage = GENUINE; /* told rather than what was tried */
		return r;
	}
	r = tcb_signer_verify_once(j->signer_cert,
	    i != NULL ? i->signed_bytes : q->signed_bytes,
	    i != NULL ? i->signature : q->signature, doc->digest, j->ca, d);
	if (r == 0)
		*ret_stage = GENUINE;
	return r;
}

static void
until_at_most(struct judging *j, int64_t end)
{
	if (end < j->until)
		j->until = end;
}

/* What was seen of documents of one kind. */
struct search {
	const struct collateral_document *best;
	struct dated held; /* the newest of this side's, in date or not */
	bool has_held, best_stapled;
	struct story story;
};

static void
try_document(struct judging *j, const struct collateral_document *doc,
    bool stapled, struct search *s)
{
	struct seal_diag d = { 0 };
	struct dated t, best;
	int stage = 0, r = check_genuine(j, doc, stapled, &stage, &d);

	if (r != 0) {
		keep_story(&s->story, stage, r, &d);
		return;
	}
	t = dated_of(doc);
	if (stapled)
		r = check_stapled(j, &t, s->has_held ? &s->held : NULL, &d);
	else if (!s->has_held || is_newer(&t, &s->held))
		s->held = t;
	s->has_held = s->has_held || !stapled;
	if (r != 0)
		stage++; /* told rather than how old this side's is */
	if (r != 0 || (r = check_time(j, &t, stapled, &d)) != 0) {
		keep_story(&s->story, stage, r, &d);
		return;
	}
	/* An older one that is still in date may lie beside the newest. */
	if (s->best != NULL) {
		best = dated_of(s->best);
		if (!is_newer(&t, &best))
			return;
	}
	s->best = doc;
	s->best_stapled = stapled;
}

static void
try_documents(struct judging *j, bool info, int source, struct search *s)
{
	const struct collateral *c = j->c[source];

	if (c->broken.code != 0)
		keep_story(&s->story, 0, c->broken.code, &c->broken);
	for (size_t i = 0; i < c->n_documents; i++)
		if (c->documents[i].is_info == info)
			try_document(j, &c->documents[i], source == STAPLED, s);
}

/* Of those that serve, the one of the highest tcbEvaluationDataNumber. */
static bool
find_document(struct judging *j, bool info)
{
	struct search s = { .best = NULL };

	for (int i = 0; i < DCAP_SOURCES; i++)
		try_documents(j, info, i, &s);
	if (s.best == NULL && s.story.code == 0)
		s.story.code =
		    seal_fail(&s.story.d, SEAL_E_UNAVAILABLE, "none was given");
	if (s.best != NULL) {
		until_at_most(j, dated_of(s.best).to);
		*(info ? &j->info_stapled : &j->qe_stapled) = s.best_stapled;
	}
	if (s.best != NULL && info)
		j->info = s.best->info;
	else if (s.best != NULL)
		j->qe = s.best->qe;
	return step(j, info ? "dcap.tcb.info" : "dcap.qe.info",
	    s.best != NULL ? 0 : s.story.code, &s.story.d,
	    info ? "current TCB Info of this platform"
		 : "a current identity of the quoting enclave");
}

/* ---- Revocation ---- */

/* What is known of lists of one issuer. */
struct lists {
	struct crl held; /* the newest of this side's, current or not */
	bool ages;       /* issued every day, so that the peer's has to be */
	int64_t until;   /* 0: none is current */
	int64_t stapled; /* where that one is the peer's: its thisUpdate */
	unsigned tried;  /* of the peer's */
};

/* May it say that nothing newer was revoked? */
static bool
list_counts(const struct judging *j, const struct crl *list, bool stapled,
    struct lists *l, struct seal_diag *d)
{
	if (stapled)
		return staple_list_counts(j->rules->stapled, &l->held, list,
			   j->now, l->ages ? max_age(j, true) : 0, d) == 0;
	if (l->held.issuer.n == 0 || crl_compare(&l->held, list) > 0)
		l->held = *list;
	return true;
}

static int
check_list(const struct judging *j, const struct crl *list, bool stapled,
    const struct span *certs, size_t n, struct lists *l, struct seal_diag *d)
{
	int r;

	for (size_t i = 0; i < n; i++)
		if ((r = crl_check(list, certs[i], NULL, d)) != 0)
			return r;
	if (list_counts(j, list, stapled, l, d) &&
	    crl_current(list, j->now, d) == 0 && list->next_update > l->until) {
		l->until = list->next_update;
		l->stapled = stapled ? list->this_update : 0;
	}
	return 0;
}

/* Of the peer's lists with this issuer's name only so many are looked at. */
static int
may_try(struct judging *j, const struct crl *list, struct span issuer,
    struct lists *l, struct seal_diag *d)
{
	struct cert_parts p;

	return cert_parts_read(issuer, &p) &&
		       span_equal(p.subject, list->issuer)
		   ? staple_try_list(&j->spent, &l->tried, d)
		   : 0;
}

/*
 * Every list that the issuer signed counts against a certificate, also one
 * that has ended, whoever sent it; at least one must be current, if lists are
 * needed.
 */
static int
check_lists(struct judging *j, struct span issuer, const struct span *certs,
    size_t n, bool ages, bool *ret_current, struct seal_diag *d)
{
	struct lists l = { .ages = ages };
	int r;

	for (int s = 0; s < DCAP_SOURCES; s++)
		for (size_t k = 0; k < j->c[s]->n_lists; k++) {
			const struct crl *list = &j->c[s]->lists[k];

			if (s == STAPLED &&
			    (r = may_try(j, list, issuer, &l, d)) != 0)
				return r;
			if (crl_verify_once(list, issuer, j->ca, NULL) == 0 &&
			    (r = check_list(
				 j, list, s == STAPLED, certs, n, &l, d)) != 0)
				return r;
		}
	*ret_current = l.until > 0;
	if (l.stapled != 0 && (j->list_from == 0 || l.stapled < j->list_from))
		j->list_from = l.stapled;
	if (l.until > 0)
		until_at_most(j, l.until);
	return 0;
}

static bool
judge_list(struct judging *j, const char *name, struct span issuer,
    const struct span *certs, size_t n, bool ages)
{
	struct seal_diag d = { 0 };
	bool current = false;
	int r = check_lists(j, issuer, certs, n, ages, &current, &d);

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

/* Intel issues the root's list once a year, those of PCK CAs every day. */
static bool
judge_revocation(struct judging *j)
{
	const struct span *chain = j->f->chain;
	struct span by_root[] = { chain[1], j->signer };

	return judge_list(j, "dcap.crl.root", root_of(j), by_root, 2, false) &&
	       judge_list(j, "dcap.crl.pck", chain[1], chain, 1, true);
}

/* ---- All ---- */

static bool
open_collateral(struct judging *j, int source, const struct endorsements *e)
{
	static const struct collateral none;
	struct seal_diag d = { 0 };

	j->c[source] = e != NULL ? collateral_of(e) : &none;
	return j->c[source] != NULL ||
	       step(j, "dcap.collateral", SEAL_E_MEMORY, &d, "collateral");
}

/* Which of it the peer sent: for who wonders what a verdict rests on. */
static void
claim_stapled(const struct judging *j)
{
	char date[32] = "";

	if (j->list_from != 0)
		crl_date(j->list_from, date);
	if (j->info_stapled || j->qe_stapled || j->list_from != 0)
		verdict_claim(j->v, "dcap.stapled", "%s%s%s%s",
		    j->info_stapled ? "TCB Info " : "",
		    j->qe_stapled ? "Enclave Identity " : "",
		    j->list_from != 0 ? "revocation list of " : "", date);
}

static bool
judge(struct judging *j, const struct accept_entry *e)
{
	struct dcap_tcb t = { 0 };

	if (!judge_root(j, e) || !open_collateral(j, OWN, j->f->endorse) ||
	    !open_collateral(j, STAPLED, j->f->stapled) || !find_signer(j) ||
	    !judge_revocation(j) || !find_document(j, true) ||
	    !find_document(j, false) || !dcap_judge_qe(j->qe, j->f, &t, j->v) ||
	    !dcap_judge_platform(j->info, j->f, &t, j->v))
		return false;
	until_at_most(j, cert_not_after(j->signer_cert));
	claim_stapled(j);
	dcap_merge(&t);
	return dcap_judge_status(&t, j->rules, j->now, &j->until, j->v);
}

bool
dcap_endorsed(const struct accept_entry *e, const struct dcap_rules *rules,
    const struct findings *f, int64_t now, int64_t *until,
    struct seal_verdict *v)
{
	struct judging j = { .f = f->facts,
		.digest = f->has_signer_digest ? f->signer_digest : NULL,
		.rules = rules,
		.now = now,
		.until = *until,
		.v = v };
	bool ok = judge(&j, e);

	if (ok)
		*until = j.until;
	v->ar4si[AR4SI_CONFIGURATION] = ok ? AR4SI_AFFIRMING : AR4SI_WARNING;
	cert_unref(&j.signer_cert);
	trust_free(&j.own);
	return ok;
}
