/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/dcap_judging.h"

#include <inttypes.h>
#include <string.h>

#include "appraise/tcb_signer.h"
#include "base/text.h"

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

static int
check_time(struct dcap_judging *j, const struct dated *t, bool stapled,
    struct seal_diag *d)
{
	uint32_t most = dcap_max_age(j, stapled);

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
check_stapled(struct dcap_judging *j, const struct dated *t,
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
check_info(
    struct dcap_judging *j, const struct tcb_info *i, struct seal_diag *d)
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
    struct dcap_judging *j, const struct qe_identity *q, struct seal_diag *d)
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
check_genuine(struct dcap_judging *j, const struct collateral_document *doc,
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

/* What was seen of documents of one kind. */
struct search {
	const struct collateral_document *best;
	struct dated held; /* the newest of this side's, in date or not */
	bool has_held, best_stapled;
	struct story story;
};

static void
try_document(struct dcap_judging *j, const struct collateral_document *doc,
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
try_documents(struct dcap_judging *j, bool info, int source, struct search *s)
{
	const struct collateral *c = j->c[source];

	if (c->broken.code != 0)
		keep_story(&s->story, 0, c->broken.code, &c->broken);
	for (size_t i = 0; i < c->n_documents; i++)
		if (c->documents[i].is_info == info)
			try_document(j, &c->documents[i], source == STAPLED, s);
}

bool
dcap_find_document(struct dcap_judging *j, bool info)
{
	struct search s = { .best = NULL };

	for (int i = 0; i < DCAP_SOURCES; i++)
		try_documents(j, info, i, &s);
	if (s.best == NULL && s.story.code == 0)
		s.story.code =
		    seal_fail(&s.story.d, SEAL_E_UNAVAILABLE, "none was given");
	if (s.best != NULL) {
		dcap_until_at_most(j, dated_of(s.best).to);
		*(info ? &j->info_stapled : &j->qe_stapled) = s.best_stapled;
	}
	if (s.best != NULL && info)
		j->info = s.best->info;
	else if (s.best != NULL)
		j->qe = s.best->qe;
	return dcap_step(j, info ? "dcap.tcb.info" : "dcap.qe.info",
	    s.best != NULL ? 0 : s.story.code, &s.story.d,
	    info ? "current TCB Info of this platform"
		 : "a current identity of the quoting enclave");
}
