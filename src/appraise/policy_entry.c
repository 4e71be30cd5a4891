/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/policy_entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/appraiser.h"
#include "appraise/refs.h"
#include "appraise/strict.h"
#include "base/file.h"
#include "format/cmw.h"

#define WHERE 64 /* bytes of the name of a place in the policy */

const char *const policy_entry_keys[] = { "scheme", "signers", "debug", "corim",
	"corim_signers", "corim_unsigned", "optional", NULL };
const char *const policy_result_keys[] = { "scheme", "signers", NULL };
const char *const policy_collection_keys[] = { "scheme", NULL };
const char *const policy_signer_keys[] = { "spki_sha256", "ca", "corim",
	"root_sha256", "member", NULL };
const char *const policy_verifier_keys[] = { "jwks", "cert", NULL };
static void
rules_wipe(struct accept_entry *e)
{
	for (size_t i = 0; i < e->n_signers; i++) {
		trust_free(&e->signers[i].ca);
		if (e->signers[i].root != NULL)
			trust_free(&e->signers[i].root->kept);
		free(e->signers[i].root);
		jwk_set_free(&e->signers[i].keys);
		free(e->signers[i].file);
		free(e->signers[i].member);
	}
	free(e->signers);
	refs_free(&e->refs);
	if (e->rules != NULL && e->by->rules_wipe != NULL)
		e->by->rules_wipe(e->rules);
	free(e->rules);
}

void
entry_wipe(struct accept_entry *e)
{
	rules_wipe(e);
	for (size_t i = 0; i < e->n_members; i++) {
		free(e->members[i].label);
		rules_wipe(&e->members[i].entry);
	}
	free(e->members);
	free(e->collection_type);
}

struct accept_entry *
entry_part(struct accept_entry *e, size_t i)
{
	if (i == 0)
		return e;
	return i <= e->n_members ? &e->members[i - 1].entry : NULL;
}

int
entry_load_ca(const char *base_dir, const char *file, struct trust **ret,
    char **ret_path, struct seal_diag *d)
{
	struct trust *t = NULL;
	char *path = NULL;
	int r;

	if ((r = strict_path(base_dir, file, &path, d)) != 0)
		goto out;
	if ((t = trust_new()) == NULL) {
		r = seal_fail(d, SEAL_E_MEMORY, "policy: anchors");
		goto out;
	}
	if ((r = trust_add_pem_file(t, path, d)) != 0)
		goto out;
	*ret = t;
	t = NULL;
	*ret_path = path;
	path = NULL;
out:
	trust_free(&t);
	free(path);
	return r;
}

/* Exactly one of a pin, a root, a CA, and the keys that CoRIMs name. */
static int
load_signer(const json_t *j, const char *base_dir, const char *where,
    struct signer *ret, struct seal_diag *d)
{
	const json_t *pin = json_object_get(j, "spki_sha256"),
		     *root = json_object_get(j, "root_sha256");
	const char *ca = NULL, *member = NULL;
	int r;

	if ((r = strict_object(j, policy_signer_keys, where, d)) != 0 ||
	    (r = strict_text(j, "ca", false, where, &ca, d)) != 0 ||
	    (r = strict_text(j, "member", false, where, &member, d)) != 0 ||
	    (r = strict_bool(j, "corim", false, where, &ret->by_refs, d)) != 0)
		return r;
	if ((pin != NULL) + (root != NULL) + (ca != NULL) + (member != NULL) +
		ret->by_refs !=
	    1)
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: needs 'spki_sha256', 'root_sha256', 'ca', 'member' or "
		    "'corim': true, one of them",
		    where);
	if (ret->by_refs)
		return 0;
	if (member != NULL)
		return (ret->member = strdup(member)) != NULL
			   ? 0
			   : seal_fail(d, SEAL_E_MEMORY, "policy");
	if (ca != NULL)
		return entry_load_ca(base_dir, ca, &ret->ca, &ret->file, d);
	ret->pinned = pin != NULL;
	ret->by_root = root != NULL;
	if (ret->by_root && (ret->root = calloc(1, sizeof(*ret->root))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "policy");
	return strict_hex(ret->pinned ? pin : root, sizeof(ret->spki_sha256),
	    where, ret->spki_sha256, d);
}

/* A certificate is only what the key comes in, but its dates count. */
static int
load_certificate(const char *path, struct signer *ret, struct seal_diag *d)
{
	struct span der[LIMIT_CHAIN];
	struct cert *c = NULL;
	uint8_t *buf = NULL;
	size_t n = 0;
	int r;

	if ((r = chain_load(path, der, &n, &buf, d)) != 0)
		return r;
	if ((r = cert_parse(der[0], &c, d)) != 0)
		goto out;
	ret->by_cert = true;
	ret->not_before = cert_not_before(c);
	ret->not_after = cert_not_after(c);
	if ((ret->keys = calloc(1, sizeof(*ret->keys))) == NULL)
		r = seal_fail(d, SEAL_E_MEMORY, "policy");
	else if ((r = jwk_from_spki(
		      cert_spki(c), NULL, &ret->keys->keys[0], d)) == 0)
		ret->keys->n = 1;
out:
	cert_unref(&c);
	free(buf);
	return r;
}

/* Keys of a Verifier: whole ones, since a result's own header is no source of
 * any. */
static int
load_verifier(const json_t *j, const char *base_dir, const char *where,
    struct signer *ret, struct seal_diag *d)
{
	const char *jwks = NULL, *cert = NULL;
	int r;

	if ((r = strict_object(j, policy_verifier_keys, where, d)) != 0 ||
	    (r = strict_text(j, "jwks", false, where, &jwks, d)) != 0 ||
	    (r = strict_text(j, "cert", false, where, &cert, d)) != 0)
		return r;
	if ((jwks != NULL) + (cert != NULL) != 1)
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: of results needs 'jwks' or 'cert', one of them",
		    where);
	if ((r = strict_path(
		 base_dir, jwks != NULL ? jwks : cert, &ret->file, d)) != 0)
		return r;
	return jwks != NULL ? jwk_set_load(ret->file, &ret->keys, d)
			    : load_certificate(ret->file, ret, d);
}

static int
load_signers(const json_t *list, const char *base_dir, const char *where,
    struct accept_entry *e, struct seal_diag *d)
{
	char place[WHERE];
	int r;

	if (list == NULL)
		return seal_fail(
		    d, SEAL_E_CONFIG, "%s: 'signers' is missing", where);
	snprintf(place, sizeof(place), "%s.signers", where);
	if ((r = strict_array(list, 1, POLICY_SIGNERS_MAX, place, d)) != 0)
		return r;
	e->signers = calloc(json_array_size(list), sizeof(*e->signers));
	if (e->signers == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "policy");
	for (size_t i = 0; i < json_array_size(list); i++) {
		e->n_signers++;
		r = (e->by->verifier != NULL ? load_verifier : load_signer)(
		    json_array_get(list, i), base_dir, place, &e->signers[i],
		    d);
		if (r != 0)
			return r;
	}
	return 0;
}

const char *const *
policy_keys_of(const struct appraiser *by)
{
	return by->collection         ? policy_collection_keys
	       : by->verifier != NULL ? policy_result_keys
				      : policy_entry_keys;
}

/* The keys that every entry has, and those of its technology. */
static int
known_keys(const struct appraiser *by, const json_t *j, const char *where,
    struct seal_diag *d)
{
	const char *const *own = policy_keys_of(by);
	const char *keys[POLICY_ENTRY_KEYS_MAX + 1] = { NULL };
	size_t n = 0;

	for (size_t i = 0; own[i] != NULL; i++)
		keys[n++] = own[i];
	for (size_t i = 0; by->rules[i] != NULL && n < POLICY_ENTRY_KEYS_MAX;
	     i++)
		keys[n++] = by->rules[i];
	return strict_object(j, keys, where, d);
}

/* The CoRIMs, and nobody who relies on them without there being any. */
static int
load_refs(const json_t *j, const char *base_dir, const char *where,
    struct accept_entry *e, struct seal_diag *d)
{
	int r;

	if (json_object_get(j, "corim") != NULL && e->by->describe == NULL)
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: 'corim' cannot hold values of this scheme", where);
	if ((r = refs_load(j, base_dir, where, e->by->profiles, &e->refs, d)) !=
	    0)
		return r;
	for (size_t i = 0; i < e->n_signers; i++)
		if (e->signers[i].by_refs && e->refs == NULL)
			return seal_fail(d, SEAL_E_CONFIG,
			    "%s: a signer of \"corim\": true needs 'corim'",
			    where);
	return 0;
}

/* What is no collection: signers, and the rules of one technology. */
static int
load_rules(const json_t *j, const char *base_dir, const char *where,
    struct accept_entry *e, struct seal_diag *d)
{
	int r;

	if ((r = known_keys(e->by, j, where, d)) != 0 ||
	    (r = load_signers(
		 json_object_get(j, "signers"), base_dir, where, e, d)) != 0)
		return r;
	if (e->by->verifier == NULL &&
	    ((r = strict_bool(j, "debug", true, where, &e->debug, d)) != 0 ||
		(r = load_refs(j, base_dir, where, e, d)) != 0))
		return r;
	if ((e->rules = calloc(1, e->by->rules_size)) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "%s", where);
	return e->by->rules_load(j, e->debug, e->rules, d);
}

static int
find_scheme(const json_t *j, const char *where, const struct appraiser **ret,
    struct seal_diag *d)
{
	const char *scheme = NULL;
	int r;

	if (!json_is_object(j))
		return seal_fail(
		    d, SEAL_E_CONFIG, "%s: must be an object", where);
	if ((r = strict_text(j, "scheme", true, where, &scheme, d)) != 0)
		return r;
	if ((*ret = appraiser_find(span_str(scheme))) == NULL) {
		seal_fail(d, SEAL_E_CONFIG, "%s: unknown scheme '%.100s'",
		    where, scheme);
		seal_remedy(d,
		    "`seal policy learn` writes it for Evidence that "
		    "you have; doc/policy.schema.json lists all");
		return SEAL_E_CONFIG;
	}
	return 0;
}

/* ---- Collections ---- */

static int
load_member(const char *label, const json_t *j, const char *base_dir,
    struct member_rule *m, struct seal_diag *d)
{
	char where[WHERE];
	int r;

	if (label[0] == '\0' || strlen(label) > POLICY_LABEL_MAX)
		return seal_fail(d, SEAL_E_CONFIG,
		    "members: a label has 1 to %u bytes", POLICY_LABEL_MAX);
	snprintf(where, sizeof(where), "members.%.40s", label);
	if ((m->label = strdup(label)) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "policy");
	if ((r = find_scheme(j, where, &m->entry.by, d)) != 0)
		return r;
	/* What stands in a collection inside this one is named by its path. */
	if (m->entry.by->collection || m->entry.by->verifier != NULL)
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: a member is Evidence of one technology", where);
	if ((r = strict_bool(j, "optional", false, where, &m->optional, d)) !=
	    0)
		return r;
	return load_rules(j, base_dir, where, &m->entry, d);
}

static const struct member_rule *
find_member(const struct accept_entry *e, const char *label)
{
	for (size_t i = 0; i < e->n_members; i++)
		if (strcmp(e->members[i].label, label) == 0)
			return &e->members[i];
	return NULL;
}

/* A member that another one's trust rests on has to be there. */
static int
check_named(const struct accept_entry *e, struct seal_diag *d)
{
	const struct member_rule *by;

	for (size_t i = 0; i < e->n_members; i++)
		for (size_t k = 0; k < e->members[i].entry.n_signers; k++) {
			const char *name =
			    e->members[i].entry.signers[k].member;

			if (name == NULL)
				continue;
			by = find_member(e, name);
			if (by == NULL || by->optional || by == &e->members[i])
				return seal_fail(d, SEAL_E_CONFIG,
				    "members.%.40s: signers: 'member': "
				    "expected another member that is "
				    "required, found '%.40s'",
				    e->members[i].label, name);
		}
	return 0;
}

static int
load_members(json_t *members, const char *base_dir, const char *where,
    struct accept_entry *e, struct seal_diag *d)
{
	size_t n = json_object_size(members), required = 0;
	const char *label;
	json_t *value;
	int r;

	/* PROTOCOL 5.4 rule 5: nothing is accepted for want of a rule. */
	if (!json_is_object(members) || n == 0 || n > CMW_ITEMS)
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: 'members': expected 1 to %u rules by label", where,
		    CMW_ITEMS);
	if ((e->members = calloc(n, sizeof(*e->members))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "policy");
	json_object_foreach(members, label, value)
	{
		struct member_rule *m = &e->members[e->n_members++];

		if ((r = load_member(label, value, base_dir, m, d)) != 0)
			return r;
		required += !m->optional;
	}
	if (required == 0)
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: 'members': at least one has to be required", where);
	return check_named(e, d);
}

static int
load_collection(const json_t *j, const char *base_dir, const char *where,
    struct accept_entry *e, struct seal_diag *d)
{
	const char *type = NULL;
	int r;

	if ((r = known_keys(e->by, j, where, d)) != 0 ||
	    (r = strict_text(j, "collection_type", false, where, &type, d)) !=
		0)
		return r;
	if (type != NULL && (e->collection_type = strdup(type)) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "policy");
	return load_members(
	    json_object_get(j, "members"), base_dir, where, e, d);
}

/* ---- Any entry ---- */

/* What has a meaning inside a collection only. */
static int
alone(const json_t *j, const char *where, const struct accept_entry *e,
    struct seal_diag *d)
{
	if (e->by->member_only)
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: this scheme is bound to nothing by itself: expected "
		    "it as a member of a collection",
		    where);
	if (json_object_get(j, "optional") != NULL)
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: 'optional' is for members of a collection", where);
	for (size_t k = 0; k < e->n_signers; k++)
		if (e->signers[k].member != NULL)
			return seal_fail(d, SEAL_E_CONFIG,
			    "%s: signers: 'member' is for members of a "
			    "collection",
			    where);
	return 0;
}

int
entry_load(const json_t *j, size_t i, const char *base_dir,
    struct accept_entry *e, struct seal_diag *d)
{
	char where[WHERE / 2];
	int r;

	snprintf(where, sizeof(where), "accept[%zu]", i);
	if ((r = find_scheme(j, where, &e->by, d)) != 0)
		return r;
	if (e->by->collection)
		return load_collection(j, base_dir, where, e, d);
	if ((r = load_rules(j, base_dir, where, e, d)) != 0)
		return r;
	return alone(j, where, e, d);
}
