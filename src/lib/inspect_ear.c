/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/inspect.h"

#include <stdlib.h>

#include "base/text.h"
#include "format/ear.h"

static json_t *
tree_vector(const int8_t vector[AR4SI_CLAIMS])
{
	json_t *o = json_object();

	for (size_t i = 0; i < AR4SI_CLAIMS; i++) {
		if (vector[i] != 0)
			tree_text(o, ar4si_name((enum ar4si)i), "%d (%s)",
			    vector[i], ar4si_tier_name(ar4si_tier(vector[i])));
	}
	return o;
}

static void
tree_shown(json_t *o, const char *key, const char *text)
{
	char shown[EAR_TEXT_MAX];

	tree_text(
	    o, key, "%s", text_safe(span_str(text), shown, sizeof(shown)));
}

static json_t *
tree_submod(const struct ear_appraisal *a)
{
	json_t *o = json_object(), *ids = json_array();
	char shown[EAR_TEXT_MAX];

	tree_shown(o, "name", a->name);
	tree_text(o, "status", "%s", ar4si_tier_name(a->status));
	if (a->has_vector)
		json_object_set_new(o, "vector", tree_vector(a->vector));
	for (size_t i = 0; i < a->n_policies; i++)
		json_array_append_new(
		    ids, json_string(text_safe(
			     span_str(a->policies[i]), shown, sizeof(shown))));
	json_object_set_new(o, "policies", ids);
	return o;
}

static json_t *
tree_ear(const struct ear *e)
{
	json_t *o = json_object(), *list = json_array();

	tree_text(o, "signature", "not checked here");
	tree_text(o, "profile", "%s", e->profile->uri);
	tree_int(o, "iat", e->iat);
	if (e->has_exp)
		tree_int(o, "exp", e->exp);
	if (e->has_nbf)
		tree_int(o, "nbf", e->nbf);
	tree_shown(o, "verifier", e->developer);
	tree_shown(o, "build", e->build);
	if (e->n_nonce > 0)
		tree_hex(o, "nonce", span_of(e->nonce, e->n_nonce));
	else if (e->nonce_text[0] != '\0')
		tree_shown(o, "nonce", e->nonce_text);
	if (e->n_spki > 0)
		tree_hex(o, "subject key", span_of(e->spki, e->n_spki));
	tree_text(
	    o, "worst status", "%s", ar4si_tier_name(ear_worst_status(e)));
	for (size_t i = 0; i < e->n_submods; i++)
		json_array_append_new(list, tree_submod(&e->submods[i]));
	json_object_set_new(o, "submodules", list);
	return o;
}

static json_t *
inspect_ear(struct span in, bool cwt, struct seal_diag *d)
{
	struct ear *e = calloc(1, sizeof(*e));
	json_t *o = NULL;

	if (e == NULL)
		seal_fail(d, SEAL_E_MEMORY, "inspect");
	else if (ear_peek(in, cwt, e, d) == 0)
		o = tree_ear(e);
	free(e);
	return o;
}

/* As it stands in a file, perhaps with the end of its line. */
json_t *
inspect_ear_jwt(struct span in, struct seal_diag *d)
{
	while (in.n > 0 && (in.p[in.n - 1] == '\n' || in.p[in.n - 1] == '\r'))
		in.n--;
	return inspect_ear(in, false, d);
}

json_t *
inspect_ear_cwt(struct span in, struct seal_diag *d)
{
	return inspect_ear(in, true, d);
}
