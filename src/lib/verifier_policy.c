/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "appraise/refs.h"
#include "base/text.h"
#include "format/corim_profile.h"
#include "lib/verifier.h"

#define NO_FOLDER "/dev/null" /* a folder in which there is no file */

/* ---- The policy in force ---- */

struct verifier_policy *
verifier_policy_ref(struct seal_verifier *v)
{
	struct verifier_policy *p;

	pthread_mutex_lock(&v->lock);
	if ((p = v->current) != NULL)
		__atomic_add_fetch(&p->refs, 1, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&v->lock);
	return p;
}

void
verifier_policy_unref(struct verifier_policy **pp)
{
	struct verifier_policy *p = *pp;

	*pp = NULL;
	if (p == NULL || __atomic_sub_fetch(&p->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	policy_free(&p->policy);
	free(p->name);
	free(p);
}

/* ---- Files that a policy names ---- */

/* A file name that cannot leave its folder. */
static bool
plain_name(const char *name)
{
	size_t n =
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789-_.");

	return n > 0 && n < 128 && name[n] == '\0' && name[0] != '.';
}

static int
check_name(const char *anchors_dir, const char *key, const json_t *value,
    struct seal_diag *d)
{
	const char *name = json_string_value(value);
	char shown[64];

	if (name == NULL)
		return 0; /* none, or not text: the policy's reader says so */
	if (anchors_dir == NULL) {
		seal_fail(d, SEAL_E_CONFIG,
		    "policy: names files in '%s', and this verifier has no "
		    "folder for them",
		    key);
		seal_remedy(d, "set `anchors`, or pin keys by spki_sha256 and "
			       "take CoRIMs from the store");
		return SEAL_E_CONFIG;
	}
	if (!plain_name(name)) {
		seal_fail(d, SEAL_E_CONFIG,
		    "policy: '%s': expected the plain name of a file, found "
		    "'%s'",
		    key, text_safe(span_str(name), shown, sizeof(shown)));
		seal_remedy(d, "put the file into the folder of anchors");
		return SEAL_E_CONFIG;
	}
	return 0;
}

/* Keys whose values name files, wherever they stand. */
static const char *const file_keys[] = { "ca", "key", "cert", "jwks", "file",
	"endorsements", NULL };

static int
check_object(const char *anchors_dir, const json_t *j, struct seal_diag *d)
{
	for (size_t i = 0; file_keys[i] != NULL; i++) {
		int r = check_name(anchors_dir, file_keys[i],
		    json_object_get(j, file_keys[i]), d);

		if (r != 0)
			return r;
	}
	return 0;
}

/* A list: of names, as "corim", or of objects, as "signers". */
static int
check_list(const char *anchors_dir, const char *key, const json_t *list,
    struct seal_diag *d)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);

		r = json_is_string(one) ? check_name(anchors_dir, key, one, d)
					: check_object(anchors_dir, one, d);
	}
	return r;
}

/* The object itself, and the objects and lists in it. */
static int
check_level(const char *anchors_dir, json_t *j, struct seal_diag *d)
{
	const char *key;
	json_t *value;
	int r = check_object(anchors_dir, j, d);

	json_object_foreach(j, key, value)
	{
		if (r != 0)
			return r;
		r = json_is_array(value)
			? check_list(anchors_dir, key, value, d)
			: check_object(anchors_dir, value, d);
	}
	return r;
}

/* Policies come from the network, too: they may not make us open files of
 * their choice. Wherever a policy may name one, by policy.h. */
static int
check_files(const char *anchors_dir, json_t *j, struct seal_diag *d)
{
	const json_t *accept = json_object_get(j, "accept");
	int r = check_level(anchors_dir, j, d);

	for (size_t i = 0; r == 0 && i < json_array_size(accept); i++)
		r = check_level(anchors_dir, json_array_get(accept, i), d);
	return r;
}

static int
load_policy(const char *anchors_dir, struct span text, struct policy **ret,
    struct seal_diag *d)
{
	json_error_t at;
	json_t *j;
	int r;

	if (text.n > LIMIT_JSON)
		return seal_fail(d, SEAL_E_LIMIT,
		    "policy: expected at most %u bytes, found %zu", LIMIT_JSON,
		    text.n);
	j = json_loadb(
	    (const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &at);
	if (j == NULL)
		return seal_fail(
		    d, SEAL_E_CONFIG, "policy: line %d: %s", at.line, at.text);
	r = check_files(anchors_dir, j, d);
	json_decref(j);
	if (r != 0)
		return r;
	/* What slipped through would be sought where nothing is. */
	return policy_load(
	    text, anchors_dir != NULL ? anchors_dir : NO_FOLDER, ret, d);
}

int
seal_verifier_check_policy(
    const char *anchors_dir, const void *json, size_t n, struct seal_diag *d)
{
	struct policy *policy = NULL;
	int r = load_policy(anchors_dir, span_of(json, n), &policy, d);

	policy_free(&policy);
	return r;
}

/* ---- Setting it ---- */

static void
put_in_force(struct seal_verifier *v, struct verifier_policy *p)
{
	struct verifier_policy *old;

	pthread_mutex_lock(&v->lock);
	old = v->current;
	v->current = p;
	pthread_mutex_unlock(&v->lock);
	verifier_policy_unref(&old);
}

static int
provide(struct policy *p, struct seal_verifier_corim *corims, size_t n,
    struct seal_diag *d)
{
	for (size_t i = 0; i < n; i++) {
		struct seal_verifier_corim *c = &corims[i];
		bool used = false;
		int r = policy_provide(
		    p, c->name, span_of(c->corim, c->corim_n), &used, d);

		if (r != 0)
			return r;
		c->used = used;
	}
	return 0;
}

int
seal_verifier_set_policy_corims(struct seal_verifier *v, const char *name,
    const void *json, size_t n, struct seal_verifier_corim *corims,
    size_t n_corims, struct seal_diag *d)
{
	struct verifier_policy *p = calloc(1, sizeof(*p));
	int r;

	if (p == NULL || (p->name = strdup(name)) == NULL) {
		free(p);
		return seal_fail(d, SEAL_E_MEMORY, "policy");
	}
	p->refs = 1;
	if ((r = load_policy(
		 v->anchors_dir, span_of(json, n), &p->policy, d)) != 0 ||
	    (r = provide(p->policy, corims, n_corims, d)) != 0) {
		verifier_policy_unref(&p);
		return r;
	}
	put_in_force(v, p);
	return 0;
}

int
seal_verifier_set_policy(struct seal_verifier *v, const char *name,
    const void *json, size_t n, struct seal_diag *d)
{
	return seal_verifier_set_policy_corims(v, name, json, n, NULL, 0, d);
}

/* ---- CoRIMs ---- */

int
seal_verifier_check_corim(const void *corim, size_t n, int *ret_signed,
    char **ret_id, struct seal_diag *d)
{
	struct corim *c = calloc(1, sizeof(*c));
	struct wr id;
	int r;

	if (c == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "corim");
	wr_init_heap(&id, VERIFIER_CORIM_ID_MAX);
	if ((r = corim_parse(span_of(corim, n), c, d)) == 0 &&
	    (c->profile.n == 0 || (r = corim_profile_check(c, d)) == 0)) {
		comid_id_text(&c->id, &id);
		if (id.error != 0 || id.n == 0 || !utf8_valid(wr_view(&id)) ||
		    memchr(id.p, 0, id.n) != NULL)
			r = seal_fail(d, SEAL_E_DECODE,
			    "corim: expected an id of 1 to %u bytes of text",
			    VERIFIER_CORIM_ID_MAX);
		else if ((r = wr_take_text(&id, ret_id)) != 0)
			seal_fail(d, r, "corim");
		else
			*ret_signed = c->is_signed;
	}
	wr_free(&id);
	free(c);
	return r;
}
