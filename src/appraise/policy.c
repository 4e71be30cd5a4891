/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/appraiser.h"
#include "appraise/endorse_folder.h"
#include "appraise/policy_entry.h"
#include "appraise/refs.h"
#include "appraise/strict.h"
#include "base/file.h"
#include "base/text.h"
#include "format/tsm_report.h"

const char *const policy_keys[] = { "version", "min_binding", "max_age_s",
	"lease_s", "identity", "subject", "rotate_subject", "endorsements",
	"accept", NULL };
static const char *const subject_keys[] = { "ca", NULL };

void
policy_free(struct policy **pp)
{
	struct policy *p;

	if (pp == NULL || (p = *pp) == NULL)
		return;
	*pp = NULL;
	for (size_t i = 0; i < p->n_accept; i++)
		entry_wipe(&p->accept[i]);
	free(p->accept);
	identity_wipe(&p->identity);
	trust_free(&p->subject_ca);
	endorse_folder_close(&p->endorse);
	free(p);
}

static int
load_accept(const json_t *list, const char *base_dir, struct policy *p,
    struct seal_diag *d)
{
	int r;

	if (list == NULL)
		return seal_fail(
		    d, SEAL_E_CONFIG, "policy: 'accept' is missing");
	if ((r = strict_array(
		 list, 1, POLICY_ENTRIES_MAX, "policy: accept", d)) != 0)
		return r;
	p->accept = calloc(json_array_size(list), sizeof(*p->accept));
	if (p->accept == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "policy");
	for (size_t i = 0; i < json_array_size(list); i++) {
		p->n_accept++;
		if ((r = entry_load(json_array_get(list, i), i, base_dir,
			 &p->accept[i], d)) != 0)
			return r;
	}
	return 0;
}

static int
load_min_binding(const json_t *j, struct policy *p, struct seal_diag *d)
{
	const char *text = "traffic";
	int r;

	if ((r = strict_text(j, "min_binding", false, "policy", &text, d)) != 0)
		return r;
	for (enum seal_level l = SEAL_LEVEL_KEY; l <= SEAL_LEVEL_TRAFFIC; l++)
		if (strcmp(text, level_name(l)) == 0)
			p->min_binding = l;
	if (p->min_binding == SEAL_LEVEL_NONE)
		return seal_fail(d, SEAL_E_CONFIG,
		    "policy: 'min_binding' must be 'traffic', 'transcript' or "
		    "'key'");
	return 0;
}

static int
load_subject(const json_t *j, const char *base_dir, struct policy *p,
    struct seal_diag *d)
{
	const json_t *s = json_object_get(j, "subject");
	const char *ca = NULL, *text = "evidence";
	char *path = NULL;
	int r;

	if (json_is_object(s)) {
		p->subject = SUBJECT_PKIX;
		if ((r = strict_object(s, subject_keys, "subject", d)) != 0 ||
		    (r = strict_text(s, "ca", true, "subject", &ca, d)) != 0)
			return r;
		r = entry_load_ca(base_dir, ca, &p->subject_ca, &path, d);
		free(path);
		return r;
	}
	if ((r = strict_text(j, "subject", false, "policy", &text, d)) != 0)
		return r;
	if (strcmp(text, "evidence") == 0)
		p->subject = SUBJECT_EVIDENCE;
	else if (strcmp(text, "same-key") == 0)
		p->subject = SUBJECT_SAME_KEY;
	else
		return seal_fail(d, SEAL_E_CONFIG,
		    "policy: 'subject' must be 'evidence', 'same-key' or "
		    "{\"ca\": FILE}");
	return 0;
}

static int
load_numbers(const json_t *j, struct policy *p, struct seal_diag *d)
{
	uint32_t version = 0;
	int r;

	p->lease_s = POLICY_LEASE_DEFAULT_S;
	if ((r = strict_uint(
		 j, "version", true, 1, 1, "policy", &version, d)) != 0 ||
	    (r = strict_uint(j, "max_age_s", true, 1, POLICY_AGE_MAX_S,
		 "policy", &p->max_age_s, d)) != 0 ||
	    (r = strict_uint(j, "lease_s", false, POLICY_LEASE_MIN_S,
		 POLICY_LEASE_MAX_S, "policy", &p->lease_s, d)) != 0 ||
	    (r = strict_bool(j, "rotate_subject", false, "policy",
		 &p->rotate_subject, d)) != 0)
		return r;
	return 0;
}

static int
load_identity(const json_t *j, const char *base_dir, struct policy *p,
    struct seal_diag *d)
{
	const json_t *id = json_object_get(j, "identity");

	if (id != NULL)
		return identity_parse(id, base_dir, &p->identity, d);
	p->identity.mode = IDENTITY_PKIX;
	return 0;
}

static int
load_endorsements(const json_t *j, const char *base_dir, struct policy *p,
    struct seal_diag *d)
{
	const char *folder = NULL;
	char *path = NULL;
	int r;

	if ((r = strict_text(j, "endorsements", false, "policy", &folder, d)) !=
		0 ||
	    folder == NULL)
		return r;
	if ((r = strict_path(base_dir, folder, &path, d)) == 0)
		r = endorse_folder_open(path, &p->endorse, d);
	free(path);
	return r;
}

int
policy_load(struct span json, const char *base_dir, struct policy **ret,
    struct seal_diag *d)
{
	struct policy *p = NULL;
	json_t *j = NULL;
	int r;

	if ((r = strict_load(json, "policy", &j, d)) != 0)
		return r;
	if ((p = calloc(1, sizeof(*p))) == NULL) {
		r = seal_fail(d, SEAL_E_MEMORY, "policy");
		goto out;
	}
	if ((r = strict_object(j, policy_keys, "policy", d)) != 0 ||
	    (r = load_numbers(j, p, d)) != 0 ||
	    (r = load_min_binding(j, p, d)) != 0 ||
	    (r = load_identity(j, base_dir, p, d)) != 0 ||
	    (r = load_subject(j, base_dir, p, d)) != 0 ||
	    (r = load_endorsements(j, base_dir, p, d)) != 0 ||
	    (r = load_accept(json_object_get(j, "accept"), base_dir, p, d)) !=
		0)
		goto out;
	*ret = p;
	p = NULL;
out:
	policy_free(&p);
	json_decref(j);
	return r;
}

int
policy_provide(struct policy *p, const char *name, struct span corim,
    bool *ret_used, struct seal_diag *d)
{
	bool any = false, used = false;
	struct accept_entry *e;
	int r;

	for (size_t i = 0; i < p->n_accept; i++)
		for (size_t m = 0; (e = entry_part(&p->accept[i], m)) != NULL;
		     m++) {
			if (e->refs == NULL || !refs_from_store(e->refs))
				continue;
			if ((r = refs_provide(
				 e->refs, name, corim, &used, d)) != 0)
				return r;
			any = any || used;
		}
	*ret_used = any;
	return 0;
}

static int
refuse_store(const struct policy *p, struct seal_diag *d)
{
	const struct accept_entry *e;

	for (size_t i = 0; i < p->n_accept; i++)
		for (size_t m = 0; (e = entry_part(&p->accept[i], m)) != NULL;
		     m++) {
			if (e->refs == NULL || !refs_from_store(e->refs))
				continue;
			seal_fail(d, SEAL_E_CONFIG,
			    "accept[%zu]: 'corim': expected names of files, "
			    "found \"store\", which only a verifier has",
			    i);
			seal_remedy(
			    d, "name files, or `seal verifier add` the policy");
			return SEAL_E_CONFIG;
		}
	return 0;
}

int
policy_load_file(const char *path, struct policy **ret, struct seal_diag *d)
{
	struct policy *p = NULL;
	uint8_t *text = NULL;
	char *dir = NULL;
	size_t n = 0;
	int r;

	if ((r = file_read(path, LIMIT_JSON, &text, &n, d)) != 0)
		return r;
	if ((dir = file_folder(path)) == NULL)
		r = seal_fail(d, SEAL_E_MEMORY, "policy '%s'", path);
	else if ((r = policy_load(span_of(text, n), dir, &p, d)) == 0)
		r = refuse_store(p, d);
	if (r == 0) {
		*ret = p;
	} else {
		seal_fail_in(d, r, path);
		policy_free(&p);
	}
	free(dir);
	free(text);
	return r;
}

static struct policy_scheme
scheme_of(const struct accept_entry *e)
{
	bool result = e->by->verifier != NULL;

	return (struct policy_scheme){ result,
		span_str(
		    result ? e->by->verifier(e->rules) : e->by->media_type) };
}

static bool
scheme_equal(const struct policy_scheme *a, const struct policy_scheme *b)
{
	return a->result == b->result &&
	       (a->result ? span_equal(a->name, b->name)
			  : media_type_equal(a->name, b->name));
}

/* Evidence that a TSM report may hold is welcome in one too. */
static size_t
add_wrapped(
    const struct policy *p, struct policy_scheme *ret, size_t n, size_t max)
{
	static const char *const types[] = { TSM_REPORT_TYPE,
		TSM_REPORT_JSON_TYPE };
	bool any = false;

	for (size_t i = 0; i < p->n_accept; i++)
		any = any || p->accept[i].by->tsm;
	for (size_t i = 0; any && i < 2 && n < max; i++)
		ret[n++] = (struct policy_scheme){ false, span_str(types[i]) };
	return n;
}

size_t
policy_schemes(const struct policy *p, struct policy_scheme *ret, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_accept && n < max; i++) {
		struct policy_scheme s = scheme_of(&p->accept[i]);
		size_t k = 0;

		while (k < n && !scheme_equal(&ret[k], &s))
			k++;
		if (k == n)
			ret[n++] = s;
	}
	return add_wrapped(p, ret, n, max);
}

size_t
policy_media_types(const struct policy *p, struct span *ret, size_t max)
{
	struct policy_scheme all[POLICY_ENTRIES_MAX];
	size_t n_all = policy_schemes(p, all, POLICY_ENTRIES_MAX), n = 0;

	for (size_t i = 0; i < n_all && n < max; i++)
		if (!all[i].result)
			ret[n++] = all[i].name;
	return n;
}
