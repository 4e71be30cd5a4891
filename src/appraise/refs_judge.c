/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/refs_judge.h"

#include <stdio.h>
#include <stdlib.h>

#include "appraise/refs.h"

#define ENV_MAX 4096u           /* bytes of a described environment */
#define MEASUREMENTS_MAX 65536u /* bytes of described measurements */

struct description {
	struct wr env, measurements;
	struct refs_evidence e;
};

static void
description_wipe(struct description *x)
{
	wr_free(&x->env);
	wr_free(&x->measurements);
}

/* The caller wipes it whatever is returned. */
static int
describe(const struct accept_entry *e, const struct findings *f,
    struct description *x)
{
	int r;

	wr_init_heap(&x->env, ENV_MAX);
	wr_init_heap(&x->measurements, MEASUREMENTS_MAX);
	if ((r = e->by->describe(f, &x->env, &x->measurements)) != 0)
		return r;
	x->e = (struct refs_evidence){
		.env = wr_view(&x->env),
		.measurements = wr_view(&x->measurements),
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

static bool
tell(const struct refs_result *result, struct seal_verdict *v)
{
	char expected[2 * REFS_TEXT + 4];

	if (result->endorsed[0] != '\0')
		(void)verdict_claim(
		    v, "corim.endorsed", "%s", result->endorsed);
	if (result->code == 0) {
		(void)verdict_claim(v, "corim.reference", "%s", result->triple);
		return verdict_check(v, "corim.reference", true, 0,
		    "a reference triple that matches", result->triple, NULL);
	}
	snprintf(expected, sizeof(expected), "%s%s%s", result->triple,
	    result->triple[0] != '\0' ? ": " : "", result->expected);
	return verdict_check(v, "corim.reference", false, result->code,
	    expected, result->got,
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
	struct refs_result *result = calloc(1, sizeof(*result));
	struct description x = { .e = { .env = { NULL, 0 } } };
	bool ok = false;
	int r;

	if (result == NULL)
		return verdict_check(v, "corim.reference", false, SEAL_E_MEMORY,
		    NULL, "out of memory", NULL);
	if ((r = describe(e, f, &x)) != 0) {
		verdict_check(v, "corim.reference", false, r, NULL,
		    "cannot be described", NULL);
	} else {
		refs_match(e->refs, &x.e, now, result);
		ok = tell(result, v);
		if (ok && result->until < *until)
			*until = result->until;
	}
	set_vector(e, ok, v);
	description_wipe(&x);
	free(result);
	return ok;
}

bool
judge_refs_signer(const struct accept_entry *e, const struct findings *f,
    int64_t now, int64_t *until, struct seal_verdict *v)
{
	struct description x = { .e = { .env = { NULL, 0 } } };
	char triple[REFS_TEXT] = "";
	int64_t end = INT64_MAX;
	bool ok;

	ok = e->refs != NULL && describe(e, f, &x) == 0 &&
	     refs_trusts(e->refs, &x.e, now, triple, &end);
	if (ok)
		(void)verdict_claim(v, "corim.signer", "%s", triple);
	if (ok && end < *until)
		*until = end;
	description_wipe(&x);
	return ok;
}
