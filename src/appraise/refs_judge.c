/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/refs_judge.h"

#include <stdio.h>
#include <stdlib.h>

#include "appraise/refs.h"

#define ENV_MAX 4096u           /* bytes of a described environment */
#define MEASUREMENTS_MAX 65536u /* bytes of described measurements */

/* NULL: the technology's own words, or there are no others. */
static const struct appraiser_view *
view_of(const struct appraiser *by, int view)
{
	return view < 0 || by->views == NULL ? NULL : &by->views[view];
}

void
refs_description_wipe(struct refs_description *x)
{
	wr_free(&x->env);
	wr_free(&x->measurements);
}

int
refs_describe(const struct appraiser *by, int view, const struct findings *f,
    struct refs_description *ret)
{
	const struct appraiser_view *as = view_of(by, view);
	size_t must = 0;
	int r;

	wr_init_heap(&ret->env, ENV_MAX);
	wr_init_heap(&ret->measurements, MEASUREMENTS_MAX);
	if (view >= 0 && (as == NULL || as->profile == NULL))
		return SEAL_E_CLOSED;
	r = as == NULL ? by->describe(f, &ret->env, &ret->measurements)
		       : as->describe(f, &ret->env, &ret->measurements, &must);
	if (r != 0)
		return r;
	ret->e = (struct refs_evidence){
		.profile = as == NULL ? NULL : as->profile,
		.any_names = as != NULL && as->any_names,
		.n_must = must,
		.env = wr_view(&ret->env),
		.measurements = wr_view(&ret->measurements),
		.signer_spki = span_of(f->signer_spki, f->n_signer_spki),
		.signer_cert = f->n_signer_chain > 0 ? f->signer_chain[0]
						     : span_of(NULL, 0),
	};
	return 0;
}

static void
set_vector(const struct accept_entry *e, bool ok, struct seal_verdict *v)
{
	for (size_t i = 0; i < AR4SI_CLAIMS; i++)
		if (e->by->measures >> i & 1)
			v->ar4si[i] =
			    ok ? AR4SI_AFFIRMING : AR4SI_CONTRAINDICATED;
}

/* What came of the views: how much of the Evidence matches, and the failure to
 * tell of, that of the first part. */
struct judged {
	unsigned parts;
	int64_t until;
	bool has_failed;
	struct refs_result failed;
};

static void
claim(const struct appraiser_view *as, const struct refs_result *result,
    struct seal_verdict *v)
{
	const char *dot = as == NULL || as->part == NULL ? "" : ".";
	char name[64];

	snprintf(name, sizeof(name), "corim.reference%s%s", dot,
	    *dot == '\0' ? "" : as->part);
	(void)verdict_claim(v, name, "%s", result->triple);
}

static int
judge_view(const struct accept_entry *e, int view, const struct findings *f,
    int64_t now, struct judged *j, struct seal_verdict *v)
{
	const struct appraiser_view *as = view_of(e->by, view);
	struct refs_result *result = calloc(1, sizeof(*result));
	struct refs_description x;
	int r = refs_describe(e->by, view, f, &x);

	if (r == 0 && result == NULL)
		r = SEAL_E_MEMORY;
	if (r == 0) {
		refs_match(e->refs, &x.e, now, result);
		if (result->endorsed[0] != '\0')
			(void)verdict_claim(
			    v, "corim.endorsed", "%s", result->endorsed);
	}
	if (r == 0 && result->code == 0) {
		claim(as, result, v);
		j->parts |= as == NULL ? ~0u : as->covers;
		if (result->until < j->until)
			j->until = result->until;
	} else if (r == 0 && (!j->has_failed || j->failed.n_files == 0) &&
		   (as == NULL || (as->covers & ~j->parts) != 0)) {
		j->has_failed = true;
		j->failed = *result;
	}
	refs_description_wipe(&x);
	free(result);
	return r;
}

static int
judge_views(const struct accept_entry *e, const struct findings *f, int64_t now,
    struct judged *j, struct seal_verdict *v)
{
	int r = 0;

	for (int view = -1; r == 0; view++)
		r = judge_view(e, view, f, now, j, v);
	return r == SEAL_E_CLOSED ? 0 : r;
}

static bool
tell(const struct refs_result *failed, struct seal_verdict *v)
{
	char expected[2 * REFS_TEXT + 4];

	snprintf(expected, sizeof(expected), "%s%s%s", failed->triple,
	    failed->triple[0] != '\0' ? ": " : "", failed->expected);
	return verdict_check(v, "corim.reference", false, failed->code,
	    expected, failed->got,
	    "find out what changed; if it is meant to be, get a CoRIM that "
	    "knows it");
}

bool
judge_refs_valid(
    const struct accept_entry *e, int64_t now, struct seal_verdict *v)
{
	struct seal_diag why = { 0 };
	bool ok = refs_any_valid(e->refs, now, &why) == 0;

	return verdict_check(v, "corim.valid", ok, SEAL_E_STALE,
	    "a CoRIM that is valid now", ok ? NULL : why.text,
	    "get the CoRIM that its maker publishes now");
}

bool
judge_by_refs(const struct accept_entry *e, const struct findings *f,
    int64_t now, int64_t *until, struct seal_verdict *v)
{
	struct judged *j = calloc(1, sizeof(*j));
	bool ok = false;
	int r;

	if (j == NULL)
		return verdict_check(v, "corim.reference", false, SEAL_E_MEMORY,
		    NULL, "out of memory", NULL);
	j->until = INT64_MAX;
	if ((r = judge_views(e, f, now, j, v)) != 0) {
		verdict_check(v, "corim.reference", false, r, NULL,
		    "cannot be described", NULL);
	} else if (j->parts == ~0u ||
		   (e->by->parts != 0 &&
		       (j->parts & e->by->parts) == e->by->parts)) {
		ok = verdict_check(v, "corim.reference", true, 0,
		    "reference triples that match", NULL, NULL);
		if (ok && j->until < *until)
			*until = j->until;
	} else {
		tell(&j->failed, v);
	}
	set_vector(e, ok, v);
	free(j);
	return ok;
}

bool
judge_refs_signer(const struct accept_entry *e, const struct findings *f,
    int64_t now, int64_t *until, struct seal_verdict *v)
{
	char triple[REFS_TEXT] = "";
	int64_t end = INT64_MAX;
	bool ok = false;

	for (int view = -1; e->refs != NULL && !ok; view++) {
		struct refs_description x;
		int r = refs_describe(e->by, view, f, &x);

		ok = r == 0 && refs_trusts(e->refs, &x.e, now, triple, &end);
		refs_description_wipe(&x);
		if (r == SEAL_E_CLOSED)
			break;
	}
	if (ok)
		(void)verdict_claim(v, "corim.signer", "%s", triple);
	if (ok && end < *until)
		*until = end;
	return ok;
}
