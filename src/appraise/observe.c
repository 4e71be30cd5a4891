/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/collection.h"
#include "appraise/core.h"
#include "appraise/signer.h"
#include "appraise/unwrap.h"

#include <stdlib.h>

#include "base/text.h"

#define AGE_S 300 /* of what is learned; dated Evidence is made on request */

static json_t *
hex_json(struct span s)
{
	char hex[HEX_FULL];

	return json_string(hex_full(s, hex));
}

static json_t *
pins_json(const struct identity *id)
{
	json_t *list = json_array();

	for (size_t i = 0; i < id->n_pins; i++)
		if (json_array_append_new(
			list, hex_json(span_of(id->pins[i], 32))) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *
identity_json(const struct identity *id)
{
	if (id != NULL && id->mode == IDENTITY_PKIX)
		return json_pack("{s:s, s:s*, s:s*}", "mode", "pkix", "name",
		    id->name, "ca", id->ca_file);
	if (id != NULL && id->mode == IDENTITY_PIN)
		return json_pack(
		    "{s:s, s:o}", "mode", "pin", "spki_sha256", pins_json(id));
	return json_pack("{s:s}", "mode", "none");
}

/* Debug mode is never learned but for software, which has no other: whoever
 * wants it says so in the policy. */
static bool
learns_debug(const struct findings *f)
{
	return f->debug && f->insecure;
}

static int
entry_json(const struct appraiser *by, const struct findings *f, int64_t now,
    json_t **ret, struct seal_diag *d)
{
	uint8_t digest[HASH_MAX];
	json_t *entry;
	int r;

	r = by->brief_signer
		? signer_root(f, now, digest, d)
		: hash_one(HASH_SHA256,
		      span_of(f->signer_spki, f->n_signer_spki), digest, d);
	if (r != 0)
		return r;
	entry = json_pack("{s:s, s:[{s:o}], s:b}", "scheme", by->media_type,
	    "signers", by->brief_signer ? "root_sha256" : "spki_sha256",
	    hex_json(span_of(digest, 32)), "debug", (int)learns_debug(f));
	if (entry == NULL || (r = by->learn(f, entry)) != 0) {
		json_decref(entry);
		return seal_fail(d, r != 0 ? r : SEAL_E_MEMORY,
		    "policy learn: cannot pin what this Evidence says");
	}
	*ret = entry;
	return 0;
}

/* A member that another one vouches for keeps that for its signer. */
static int
member_json(const struct collection_member *m, int64_t now, json_t *members,
    struct seal_diag *d)
{
	json_t *entry = NULL;
	int r;

	if ((r = entry_json(m->by, &m->f, now, &entry, d)) != 0)
		return r;
	if ((m->f.named_by != NULL &&
		json_object_set_new(entry, "signers",
		    json_pack("[{s:s}]", "member", m->f.named_by)) != 0) ||
	    json_object_set(members, m->label, entry) != 0)
		r = seal_fail(d, SEAL_E_MEMORY, "policy learn");
	json_decref(entry);
	return r;
}

static int
collection_json(
    const struct findings *f, int64_t now, json_t **ret, struct seal_diag *d)
{
	const struct collection *c = f->facts;
	json_t *members = json_object();
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->n; i++)
		r = member_json(&c->members[i], now, members, d);
	if (r != 0) {
		json_decref(members);
		return r;
	}
	*ret = json_pack("{s:s, s:o}", "scheme", CMW_TYPE, "members", members);
	return *ret != NULL ? 0 : seal_fail(d, SEAL_E_MEMORY, "policy learn");
}

/* Loads what was written, so that no policy leaves here that lint refuses. */
static int
check_learned(const char *text, struct seal_diag *d)
{
	struct policy *p = NULL;
	int r = policy_load(span_str(text), NULL, &p, d);

	policy_free(&p);
	return r;
}

static int
learn(const struct appraisal_in *in, const struct identity *identity,
    const struct appraiser *by, const struct findings *f, char **ret,
    struct seal_diag *d)
{
	/* The handshake's Evidence is not the last word in mode both: the
	 * session's lifts the level. */
	bool lower = in->binder_known && !in->interim &&
		     in->carrier > SEAL_LEVEL_NONE &&
		     in->carrier < SEAL_LEVEL_TRAFFIC;
	char *text = NULL;
	json_t *j, *entry = NULL;
	int r;

	r = by->collection ? collection_json(f, in->now, &entry, d)
			   : entry_json(by, f, in->now, &entry, d);
	if (r != 0)
		return r;
	j = json_pack("{s:i, s:s, s:i, s:i, s:o, s:s, s:b, s:[o]}", "version",
	    1, "min_binding",
	    level_name(lower ? in->carrier : SEAL_LEVEL_TRAFFIC), "max_age_s",
	    AGE_S, "lease_s", (int)POLICY_LEASE_DEFAULT_S, "identity",
	    identity_json(identity), "subject", "evidence", "rotate_subject", 0,
	    "accept", entry);
	if (j != NULL)
		text = json_dumps(j, JSON_INDENT(2));
	json_decref(j);
	if (text == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "policy learn");
	if ((r = check_learned(text, d)) != 0)
		free(text);
	else
		*ret = text;
	return r;
}

int
appraise_observe(const struct appraisal_in *given,
    const struct identity *identity, struct seal_verdict *v, char **ret_policy,
    struct seal_diag *d)
{
	struct findings *f = findings_new();
	struct appraisal_in in = *given;
	const struct appraiser *by = NULL;
	int r = SEAL_E_MEMORY;
	struct wr bytes;

	v->observed = true;
	wr_init_heap(&bytes, 0);
	if (f == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "policy learn");
	if (appraise_scheme(given, v) && unwrap(&in, &bytes, v) &&
	    appraise_scheme(&in, v))
		by = appraiser_find(in.media_type);
	if (!v->failed &&
	    verdict_check(v, "scheme", by != NULL, SEAL_E_UNSUPPORTED,
		"Evidence that this build can appraise", seal_verdict_scheme(v),
		NULL) &&
	    by != NULL && appraise_binding(&in, v) &&
	    appraise_verify(by, &in, f, v)) {
		r = learn(&in, identity, by, f, ret_policy, d);
		verdict_check(v, "debug", !f->debug || f->insecure,
		    SEAL_E_POLICY, "production",
		    f->debug && !f->insecure ? "debug" : NULL,
		    "learn from a platform that is not in debug mode; or set "
		    "'debug' to true in what was learned");
		/* PROTOCOL: learning sees, and never accepts. */
		verdict_check(v, "observed", false, SEAL_E_POLICY,
		    "a policy to judge by", "none: this was only looked at",
		    "use the policy that was learned");
	} else {
		r = v->diag == NULL ? SEAL_E_MEMORY : v->diag->code;
		seal_fail(d, r, "policy learn: %.200s",
		    v->diag == NULL ? "" : v->diag->text);
	}
	if (by != NULL)
		findings_wipe(f, by);
	wr_free(&bytes);
	free(f);
	return r;
}
