/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "binding/binder.h"
#include "format/cmw.h"
#include "format/tsm_report.h"
#include "lib/verifier.h"

#define FORMS_MAX 3

/* ---- What the Evidence must have signed ---- */

/*
 * The forms that a nonce may have in Evidence. A requester's nonce is the
 * binder of a connection: were another form taken for it, Evidence that was
 * made without that connection would pass for its own (PROTOCOL 5.5 rule 1).
 */
static int
nonce_forms(const struct seal_verifier *v, const struct seal_verifier_ask *ask,
    struct seal_binding ret[FORMS_MAX], size_t *ret_n, struct seal_diag *d)
{
	struct span nonce = span_of(ask->nonce, ask->nonce_n);
	struct span none = { 0 };
	int r;

	switch (ask->origin) {
	case SEAL_NONCE_BINDER:
		*ret_n = 1;
		return binding_replay(nonce, none, &ret[0], d);
	case SEAL_NONCE_FRESH:
		if ((r = binding_verifier(
			 span_str(v->id), nonce, none, &ret[0], d)) != 0 ||
		    (r = binding_offline(nonce, none, &ret[1], d)) != 0)
			return r;
		*ret_n =
		    binding_replay(nonce, none, &ret[2], NULL) == 0 ? 3 : 2;
		return 0;
	default:
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "nonce: expected an origin, found %d", (int)ask->origin);
	}
}

/* ---- What it is ---- */

struct found {
	struct span type, value;
	struct cmw cmw; /* what both may point into */
};

static bool
is_cmw(const char *type)
{
	static const char *const names[] = { "application/cmw+cbor",
		"application/cmw+json", "application/cmw" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (media_type_equal(span_str(type), span_str(names[i])))
			return true;
	return false;
}

/* A CMW says itself what is in it; anything else is what it is called. */
static int
find(
    const struct seal_verifier_ask *ask, struct found *ret, struct seal_diag *d)
{
	struct span in = span_of(ask->evidence, ask->evidence_n);
	int r;

	if (ask->type != NULL && !is_cmw(ask->type)) {
		ret->type = span_str(ask->type);
		ret->value = in;
		return 0;
	}
	if ((r = cmw_parse(in, &ret->cmw, d)) != 0)
		return r;
	cmw_whole(&ret->cmw, in, &ret->type, &ret->value);
	return 0;
}

static int
check_type(const struct policy *p, struct span type, struct seal_diag *d)
{
	struct span types[POLICY_ENTRIES_MAX];
	size_t n = policy_media_types(p, types, POLICY_ENTRIES_MAX);
	char shown[128];

	for (size_t i = 0; i < n; i++)
		if (media_type_equal(tsm_report_base(type), types[i]))
			return 0;
	seal_fail(d, SEAL_E_UNSUPPORTED, "evidence: the policy takes no '%s'",
	    text_safe(type, shown, sizeof(shown)));
	seal_remedy(d, "send one of the types that the list accept names");
	return SEAL_E_UNSUPPORTED;
}

/* ---- Judging ---- */

static int
failure_code(const struct seal_verdict *v)
{
	return v->diag != NULL ? v->diag->code : 0;
}

/* Against each form in turn, until the binder is not what fails. NULL when
 * out of memory. */
static struct seal_verdict *
judge(const struct seal_verifier *v, const struct policy *p,
    const struct found *found, const struct seal_binding *forms, size_t n,
    struct wr *subject, int64_t now)
{
	struct appraisal_in in = { .media_type = found->type,
		.evidence = found->value,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = now,
		.keys = v->keys,
		.certs = v->certs,
		.binder_known = true,
		.subject = subject };
	struct seal_verdict *verdict = NULL;

	for (size_t i = 0; i < n; i++) {
		seal_verdict_free(&verdict);
		wr_free(subject);
		if ((verdict = verdict_new()) == NULL)
			return NULL;
		verdict->subject = "evidence";
		in.expected = &forms[i];
		appraise(p, &in, verdict);
		if (failure_code(verdict) != SEAL_E_BINDER)
			break;
	}
	return verdict;
}

/* Which platform it was; where none is named, the key stands for it. Nothing
 * where neither was proved. */
static void
name_attester(const struct seal_verdict *v, struct span subject, char ret[65])
{
	struct wr w;

	ret[0] = '\0';
	if (subject.n == 0)
		return;
	wr_init(&w, ret, 65);
	wr_hex(&w, span_of(v->has_instance ? v->instance : v->subject_key, 32));
	wr_u8(&w, 0);
}

/* A Verifier that could not look has nothing to say about the platform. */
static bool
worth_signing(const struct seal_verdict *v)
{
	return v->outcome != SEAL_UNAVAILABLE && v->outcome != SEAL_TIMEOUT &&
	       failure_code(v) != SEAL_E_MEMORY;
}

static int
answer(const struct seal_verifier *v, const struct verifier_policy *p,
    const struct seal_verifier_ask *ask, struct wr *subject,
    struct seal_verifier_answer *ret, struct seal_diag *d)
{
	struct seal_binding forms[FORMS_MAX] = { 0 };
	struct verifier_finding f = { .policy = p->name,
		.nonce = span_of(ask->nonce, ask->nonce_n),
		.now = v->unix_s(v->clock_arg) };
	struct found found = { 0 };
	size_t n = 0;
	int r;

	if ((r = nonce_forms(v, ask, forms, &n, d)) != 0 ||
	    (r = find(ask, &found, d)) != 0 ||
	    (r = check_type(p->policy, found.type, d)) != 0)
		goto out;
	ret->verdict = judge(v, p->policy, &found, forms, n, subject, f.now);
	if (ret->verdict == NULL) {
		r = seal_fail(d, SEAL_E_MEMORY, "appraise");
		goto out;
	}
	f.verdict = ret->verdict;
	f.subject = wr_view(subject);
	name_attester(ret->verdict, f.subject, ret->attester);
	if (worth_signing(ret->verdict))
		r = verifier_result(v, &f, &ret->result, d);
out:
	cmw_free(&found.cmw);
	return r;
}

int
seal_verifier_appraise(struct seal_verifier *v,
    const struct seal_verifier_ask *ask, struct seal_verifier_answer *ret,
    struct seal_diag *d)
{
	struct verifier_policy *p = verifier_policy_ref(v);
	struct seal_verifier_answer a = { 0 };
	struct wr subject;
	int r;

	wr_init_heap(&subject, LIMIT_SPKI);
	if (p == NULL)
		r = seal_fail(d, SEAL_E_UNAVAILABLE,
		    "verifier: expected a policy, found none yet");
	else if ((a.policy = strdup(p->name)) == NULL)
		r = seal_fail(d, SEAL_E_MEMORY, "appraise");
	else if ((r = seal_verifier_digest(
		      ask->evidence, ask->evidence_n, a.evidence, d)) == 0)
		r = answer(v, p, ask, &subject, &a, d);
	wr_free(&subject);
	verifier_policy_unref(&p);
	if (r == 0)
		*ret = a;
	else
		seal_verifier_answer_wipe(&a);
	return r;
}

void
seal_verifier_answer_wipe(struct seal_verifier_answer *a)
{
	seal_verdict_free(&a->verdict);
	free(a->result);
	free(a->policy);
	*a = (struct seal_verifier_answer){ 0 };
}
