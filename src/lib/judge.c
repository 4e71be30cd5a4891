/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "appraise/appraiser.h"
#include "base/text.h"
#include "format/cmw.h"
#include "format/tsm_report.h"
#include "lib/job.h"

/*
 * Judges an authenticator: RFC 9261 first, then whose key it is, then the
 * Evidence that it carries. Everything is told to the verdict; nothing here
 * accepts but appraise().
 */
struct judge {
	struct seal_job *job;
	struct seal_verdict *v;
	struct ea_peer peer;
	int64_t now; /* seconds since 1970 */
};

static enum subject_mode
subject_mode(const struct seal_job *j)
{
	return j->ctx->policy != NULL ? j->ctx->policy->subject
				      : SUBJECT_EVIDENCE;
}

/* This chain is the identity too of a peer that showed no TLS certificate:
 * then it has the name that the identity asks for. */
static const char *
chain_name(const struct seal_job *j)
{
	return j->peer.has_key ? NULL : ctx_identity(j->ctx)->name;
}

/* An ea_chain_fn: PROTOCOL 5.4 rule 6. */
static int
judge_chain(void *arg, const struct ea_peer *peer, struct seal_diag *d)
{
	struct judge *g = arg;
	const struct policy *p = g->job->ctx->policy;

	if (subject_mode(g->job) != SUBJECT_PKIX)
		return 0;
	return chain_verify(p->subject_ca, peer->chain, peer->n_chain, g->now,
	    chain_name(g->job), d);
}

static int
judge_authenticator(struct judge *g)
{
	const struct session_job *w = g->job->work;
	uint16_t cmw_type = g->job->ctx->cmw_type;
	struct seal_diag d = { 0 };
	struct ea_request req;
	int r;

	if ((r = ea_request_parse(span_of(w->request, w->n_request),
		 job_role(g->job), cmw_type, &req, &d)) == 0)
		r = ea_validate(span_of(w->authenticator, w->n_authenticator),
		    &w->keys, &req, cmw_type, g->job->ctx->certs, judge_chain,
		    g, &g->peer, &d);
	verdict_check(g->v, "authenticator", r == 0, r,
	    "a valid RFC 9261 authenticator for this request", d.text,
	    d.remedy[0] != '\0'    ? d.remedy
	    : r == SEAL_E_EA_EMPTY ? "the peer could not or would not "
				     "attest: see its log"
				   : NULL);
	return r;
}

/* PROTOCOL 5.5 rule 2: a side refuses a peer whose key is its own. */
static int
judge_reflection(struct judge *g)
{
	const struct seal_ctx *c = g->job->ctx;
	struct span spki = cert_spki(g->peer.leaf);
	bool own = false;

	for (size_t i = 0; i < c->n_attesters; i++)
		own = own || span_equal(spki, attester_spki(c->attesters[i]));
	return verdict_check(g->v, "subject.not-reflected", !own, SEAL_E_KEY,
		   "a subject key other than this side's own",
		   own ? "this side's own key" : NULL,
		   "two machines must not share one subject key")
		   ? 0
		   : SEAL_E_KEY;
}

/* PROTOCOL 5.4 rule 6, `same-key`. */
static int
judge_same_key(struct judge *g)
{
	const struct peer_identity *id = &g->job->peer;
	struct span key = cert_key_id(g->peer.leaf);
	bool same;

	memcpy(g->v->subject_key, key.p, sizeof(g->v->subject_key));
	if (subject_mode(g->job) != SUBJECT_SAME_KEY)
		return 0;
	same =
	    id->has_key && span_equal(key, span_of(id->key, sizeof(id->key)));
	return verdict_check(g->v, "subject.same-key", same, SEAL_E_KEY,
		   "the key of the peer's TLS certificate",
		   same          ? NULL
		   : id->has_key ? "another key"
				 : "no TLS certificate",
		   "policy's subject is same-key: attest with the TLS key, "
		   "or use subject evidence")
		   ? 0
		   : SEAL_E_KEY;
}

/* A result's type does not say whose it is: its signature does, later. */
static bool
offered(const struct scheme *s, struct span media_type)
{
	const struct appraiser *by = appraiser_find(media_type);

	return s->kind == 0
		   ? media_type_equal(tsm_report_base(media_type), s->name)
		   : by != NULL && by->verifier != NULL;
}

/* One record, or a whole collection of Evidence, of a type that this side
 * offered. A record that is called a collection is none: a collection stands
 * as it is. */
static int
judge_cmw(struct judge *g, const struct cmw *cmw, struct span *ret_type,
    struct span *ret_value)
{
	const struct seal_ctx *c = g->job->ctx;
	const struct cmw_item *item = &cmw->items[0];
	bool collection = cmw->form == CMW_CBOR_COLLECTION;
	bool record = cmw->n == 1 && item->kind == CMW_RECORD &&
		      !media_type_equal(item->media_type, span_str(CMW_TYPE));
	struct span type = collection ? span_str(CMW_TYPE) : item->media_type;
	char shown[96];

	if (!verdict_check(g->v, "cmw.record", record || collection,
		SEAL_E_EVIDENCE, "one CMW record, or a collection in CBOR",
		record || collection ? NULL : "another form", NULL))
		return SEAL_E_EVIDENCE;
	for (size_t i = 0; i < c->n_accept; i++) {
		if (!offered(&c->accept[i], type))
			continue;
		*ret_type = type;
		*ret_value = collection ? g->peer.cmw : item->value;
		return 0;
	}
	verdict_check(g->v, "cmw.type", false, SEAL_E_EVIDENCE,
	    "a media type that this side offered",
	    text_safe(type, shown, sizeof(shown)),
	    "add an accept entry for it to the policy, if it is welcome");
	return SEAL_E_EVIDENCE;
}

/*
 * Background check: the Evidence, with this connection's binder as the nonce,
 * to the Verifier that the configuration names for its type. What comes back
 * is untrusted until policy has judged it in the Evidence's place, signature,
 * nonce, key and age included.
 */
static int
judge_remote(struct judge *g, struct remote *by, struct appraisal_in *in)
{
	struct remote_result result = { 0 };
	struct seal_diag d = { 0 };
	char type[REMOTE_TYPE_MAX];
	int r;

	text_safe(in->media_type, type, sizeof(type));
	if (in->media_type.n >= sizeof(type)) {
		verdict_check(g->v, "verifier.type", false, SEAL_E_UNSUPPORTED,
		    "a media type of less than 200 bytes", type,
		    "name another one in 'judges'");
		return SEAL_E_UNSUPPORTED;
	}
	r = remote_appraise(by, type, in->evidence, in->expected,
	    job_time_left(g->job), &result, &d);
	/* What this side has set wrongly is no fault of the peer's. */
	if (r != 0 && seal_error_outcome(r) == SEAL_INVALID)
		r = SEAL_E_UNAVAILABLE;
	if (!verdict_check(g->v, "verifier", r == 0, r,
		"a result of the configured verifier", d.text,
		d.remedy[0] != '\0' ? d.remedy : NULL))
		return r;
	in->media_type = span_str(result.media_type);
	in->evidence = span_of(result.token, result.n);
	r = appraise(g->job->ctx->policy, in, g->v);
	/* The Verifier was given the binder: a result without it is a cached
	 * one, and nothing says that it is about this Evidence. */
	if (r == 0 &&
	    !verdict_check(g->v, "verifier.nonce", g->v->level == in->carrier,
		SEAL_E_BINDER, "the binder as eat_nonce", "a result without it",
		NULL))
		r = SEAL_E_BINDER;
	remote_result_wipe(&result);
	return r;
}

static int
judge_evidence(struct judge *g, struct span type, struct span value)
{
	bool intra = g->job->work->intra;
	struct seal_ctx *c = g->job->ctx;
	struct seal_binding binding;
	struct seal_diag d = { 0 };
	struct appraisal_in in = {
		.media_type = type,
		.evidence = value,
		.expected = &binding,
		.carrier = intra ? SEAL_LEVEL_TRANSCRIPT : SEAL_LEVEL_TRAFFIC,
		.interim = intra && c->mode == MODE_BOTH,
		.now = g->now,
		.keys = c->keys,
		.certs = c->certs,
		.binder_known = true,
		.first = g->job->first,
	};
	struct remote *by;
	int r;

	if ((r = job_binding(g->job, cert_spki(g->peer.leaf), &binding, &d)) !=
	    0)
		return r;
	if (c->observe) {
		struct identity id = { .mode = IDENTITY_NONE };

		if (g->job->peer.has_key) {
			id.mode = IDENTITY_PIN;
			id.pins = &g->job->peer.key;
			id.n_pins = 1;
		}
		appraise_observe(&in, &id, g->v, &g->job->learned, &d);
		return SEAL_E_POLICY;
	}
	by = ctx_judge(c, type);
	return by != NULL ? judge_remote(g, by, &in)
			  : appraise(c->policy, &in, g->v);
}

static int
judge_carried(struct judge *g)
{
	struct seal_diag d = { 0 };
	struct span type, value;
	struct cmw cmw;
	int r;

	r = cmw_parse(g->peer.cmw, &cmw, &d);
	if (!verdict_check(
		g->v, "cmw.form", r == 0, r, "a CMW (RFC 9999)", d.text, NULL))
		return r;
	if ((r = judge_cmw(g, &cmw, &type, &value)) == 0)
		r = judge_evidence(g, type, value);
	cmw_free(&cmw);
	return r;
}

/* In the handshake TLS itself proves possession, right after this; without
 * that proof there is no connection for the verdict. */
static int
judge_handshake(struct judge *g)
{
	const struct session_job *w = g->job->work;
	bool known = g->job->leaf != NULL;

	g->peer.leaf = cert_ref(g->job->leaf);
	g->peer.cmw = span_of(w->authenticator, w->n_authenticator);
	return verdict_check(g->v, "handshake.certificate", known,
		   SEAL_E_DECODE, "a certificate of the handshake",
		   known ? NULL : "none", NULL)
		   ? 0
		   : SEAL_E_DECODE;
}

static int
judge(struct judge *g)
{
	int r;

	r = g->job->work->intra ? judge_handshake(g) : judge_authenticator(g);
	if (r != 0)
		return r;
	if ((r = judge_reflection(g)) != 0 || (r = judge_same_key(g)) != 0)
		return r;
	if (!verdict_check(g->v, "cmw.present", g->peer.cmw.n > 0,
		SEAL_E_EA_CMW_MISSING, "a cmw_attestation extension",
		g->peer.cmw.n > 0 ? NULL : "none", NULL))
		return SEAL_E_EA_CMW_MISSING;
	return judge_carried(g);
}

static void
verdict_identity(struct seal_verdict *v, const struct seal_job *j)
{
	static const char *const subjects[] = {
		[SUBJECT_UNSET] = "evidence",
		[SUBJECT_EVIDENCE] = "evidence",
		[SUBJECT_SAME_KEY] = "same-key",
		[SUBJECT_PKIX] = "pkix",
	};

	v->subject = subjects[subject_mode(j)];
	v->diversion_excluded = j->peer.validated;
	v->identity = strdup(j->peer.text);
}

/* No lease outlives the certificate that it rests on (PROTOCOL 6.2). */
static void
verdict_clamp_lease(struct judge *g)
{
	int64_t left;

	if (subject_mode(g->job) != SUBJECT_PKIX)
		return;
	left = cert_not_after(g->peer.leaf) - g->now;
	if (left < (int64_t)g->v->lease_s)
		g->v->lease_s = left > 0 ? (uint32_t)left : 0;
}

/* A lease too short to attest again within it is none. */
static void
judge_publish(struct judge *g, int r)
{
	struct session_job *w = g->job->work;

	if (g->peer.leaf != NULL)
		verdict_clamp_lease(g);
	if (r == 0 && g->v->outcome == SEAL_ACCEPTED &&
	    g->v->lease_s >= POLICY_LEASE_MIN_S) {
		w->outcome = SEAL_ACCEPTED;
		w->lease_s = g->v->lease_s;
		verdict_brief(g->v);
		return;
	}
	if (r == 0) {
		r = SEAL_E_STALE;
		verdict_check(g->v, "lease.certificate", false, r,
		    "a subject certificate that is valid for 30 s more",
		    "one that expires before, or has",
		    "renew the subject's certificate");
	}
	w->error = r;
	w->outcome = seal_error_outcome(r);
	if (w->outcome == SEAL_INVALID || w->outcome == SEAL_ACCEPTED)
		w->outcome = SEAL_UNAVAILABLE; /* our own fault, not theirs */
	g->v->outcome = w->outcome;
}

void
job_appraise(struct seal_job *j)
{
	struct judge g = { .job = j, .now = ctx_unix_s(j->ctx) };

	if ((g.v = verdict_new()) == NULL) {
		j->work->error = SEAL_E_MEMORY;
		j->work->outcome = SEAL_UNAVAILABLE;
		return;
	}
	verdict_identity(g.v, j);
	judge_publish(&g, judge(&g));
	cert_unref(&g.peer.leaf);
	j->verdict = g.v;
}
