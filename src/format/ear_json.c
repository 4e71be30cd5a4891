/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "format/ear_parts.h"
#include "jose/json.h"

/* Names of the claims that are spelled in two ways. */
struct names {
	const char *status, *vector, *raw_evidence, *policy_ids, *verifier_id;
};

static const struct names spelled[] = {
	[EAR_UNDERSCORE] = { "ear_status", "ear_trustworthiness_vector",
	    "ear_raw_evidence", "ear_appraisal_policy_ids", "ear_verifier_id" },
	[EAR_DOTTED] = { "ear.status", "ear.trustworthiness-vector",
	    "ear.raw-evidence", "ear.appraisal-policy-id", "ear.verifier-id" },
};

static int
malformed(struct seal_diag *d, const char *claim, const char *expected)
{
	return seal_fail(
	    d, SEAL_E_DECODE, "ear: %s: expected %s", claim, expected);
}

/* RFC 9711 s4: seconds as an integer; a real is refused. */
static int
read_time(const json_t *j, const char *key, bool *ret_has, int64_t *ret,
    struct seal_diag *d)
{
	const json_t *t = json_object_get(j, key);
	int64_t v = 0;

	if (t == NULL)
		return 0;
	if (!json_read_int(t, &v) || v < 0)
		return malformed(d, key, "a time as a non-negative integer");
	*ret_has = true;
	*ret = v;
	return 0;
}

static int
read_times(const json_t *j, struct ear *e, struct seal_diag *d)
{
	bool has_iat = false;
	int r;

	if ((r = read_time(j, "iat", &has_iat, &e->iat, d)) != 0 ||
	    (r = read_time(j, "exp", &e->has_exp, &e->exp, d)) != 0 ||
	    (r = read_time(j, "nbf", &e->has_nbf, &e->nbf, d)) != 0)
		return r;
	return has_iat ? 0 : malformed(d, "iat", "a time");
}

static int
read_profile(const json_t *j, struct ear *e, struct seal_diag *d)
{
	const json_t *p = json_object_get(j, "eat_profile");
	char shown[96];

	if (!json_is_string(p))
		return malformed(d, "eat_profile", "text");
	e->profile = ear_profile_find(
	    span_of(json_string_value(p), json_string_length(p)));
	if (e->profile != NULL)
		return 0;
	return seal_fail(d, SEAL_E_UNSUPPORTED,
	    "ear: eat_profile: expected " EAR_PROFILE_04
	    " or an older one, got '%s'",
	    text_safe(span_of(json_string_value(p), json_string_length(p)),
		shown, sizeof(shown)));
}

/* RFC 9711 s4.1: text in JSON. Verifiers write base64url of the bytes that
 * they were given, some with padding. */
static int
read_nonce(const json_t *j, struct ear *e, struct seal_diag *d)
{
	const json_t *n = json_object_get(j, "eat_nonce");
	struct span text;
	struct wr w;

	if (n == NULL)
		return 0;
	if (!json_read_text(n, e->nonce_text, sizeof(e->nonce_text)) ||
	    json_string_length(n) < EAT_NONCE_MIN)
		return malformed(
		    d, "eat_nonce", "one text of 8 to 88 characters");
	text = span_str(e->nonce_text);
	while (text.n > 0 && text.n % 4 != 1 && text.p[text.n - 1] == '=')
		text.n--;
	wr_init(&w, e->nonce, sizeof(e->nonce));
	if (b64url_decode(text, &w) && w.n >= EAT_NONCE_MIN)
		e->n_nonce = w.n;
	return 0;
}

/* RFC 7800 s3.2: a whole public key. A kid, thumbprint or URL proves nothing
 * here, alone or beside one. */
static int
read_cnf(const json_t *j, struct ear *e, struct seal_diag *d)
{
	const json_t *cnf = json_object_get(j, "cnf");
	const json_t *jwk = json_object_get(cnf, "jwk");
	struct wr w;
	int r;

	if (cnf == NULL)
		return 0;
	if (jwk == NULL || json_object_size(cnf) != 1)
		return malformed(d, "cnf", "exactly one member, a whole jwk");
	wr_init(&w, e->spki, sizeof(e->spki));
	if ((r = jwk_to_spki(jwk, &w, d)) != 0)
		return r;
	e->n_spki = w.n;
	return 0;
}

static int
read_verifier(const json_t *j, const struct names *names, struct ear *e,
    struct seal_diag *d)
{
	const json_t *id = json_object_get(j, names->verifier_id);

	if (!json_is_object(id) ||
	    !json_read_text(json_object_get(id, "developer"), e->developer,
		sizeof(e->developer)) ||
	    !json_read_text(
		json_object_get(id, "build"), e->build, sizeof(e->build)))
		return malformed(
		    d, names->verifier_id, "the texts developer and build");
	return 0;
}

static bool
read_status(const json_t *j, enum ar4si_tier *ret)
{
	return json_is_string(j) &&
	       ar4si_tier_find(
		   span_of(json_string_value(j), json_string_length(j)), ret);
}

static int
read_vector(const json_t *vector, const struct names *names,
    struct ear_appraisal *a, struct seal_diag *d)
{
	enum ar4si claim = AR4SI_CLAIMS;
	const char *key;
	json_t *value;
	int64_t v = 0;

	if (vector == NULL)
		return 0;
	if (!json_is_object(vector) || json_object_size(vector) == 0)
		return malformed(d, names->vector, "at least one claim");
	json_object_foreach((json_t *)(uintptr_t)vector, key, value)
	{
		if (!ar4si_find(span_str(key), &claim))
			return malformed(d, names->vector, "AR4SI claims only");
		if (!json_read_int(value, &v) || v < INT8_MIN || v > INT8_MAX)
			return malformed(
			    d, names->vector, "integers of -128 to 127");
		a->vector[claim] = (int8_t)v;
	}
	a->has_vector = true;
	return 0;
}

static int
read_policy(const json_t *j, const struct names *names, struct ear_appraisal *a,
    struct seal_diag *d)
{
	if (a->n_policies == EAR_POLICIES_MAX)
		return seal_fail(d, SEAL_E_LIMIT, "ear: %s: more than %u",
		    names->policy_ids, EAR_POLICIES_MAX);
	if (!json_read_text(j, a->policies[a->n_policies], EAR_TEXT_MAX))
		return malformed(d, names->policy_ids, "short texts");
	a->n_policies++;
	return 0;
}

static int
read_policies(const json_t *list, const struct ear_profile *profile,
    const struct names *names, struct ear_appraisal *a, struct seal_diag *d)
{
	int r = 0;

	if (list == NULL)
		return 0;
	if (profile->one_policy_id)
		return read_policy(list, names, a, d);
	if (!json_is_array(list) || json_array_size(list) == 0)
		return malformed(d, names->policy_ids, "a list, not empty");
	for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
		r = read_policy(json_array_get(list, i), names, a, d);
	return r;
}

/*
 * Trustee's word for what the Evidence was bound to: 64 bytes in hexadecimal.
 * A submodule may say nothing of it (a device beside the CPU does not); one
 * that says it in another form could be bound to anything, and two values in
 * one result contradict.
 */
static int
read_report_data(const json_t *appraisal, struct ear *e, struct seal_diag *d)
{
	const json_t *annotated =
	    json_object_get(appraisal, "ear.veraison.annotated-evidence");
	const json_t *stated = json_object_get(annotated, "report_data");
	const char *text = json_string_value(stated);
	uint8_t value[EAT_NONCE_MAX];
	struct wr w;

	wr_init(&w, value, sizeof(value));
	if (!e->profile->nonce_in_report_data || stated == NULL ||
	    e->nonce_text[0] != '\0') /* the Verifier's own word */
		return 0;
	if (text == NULL || !hex_decode(span_str(text), &w) ||
	    w.n != sizeof(value))
		return seal_fail(d, SEAL_E_EVIDENCE,
		    "ear: report_data: expected 64 bytes in hexadecimal");
	if (e->nonce_padded &&
	    !span_equal(wr_view(&w), span_of(e->nonce, e->n_nonce)))
		return seal_fail(d, SEAL_E_EVIDENCE,
		    "ear: report_data: submodules state different values");
	memcpy(e->nonce, value, sizeof(value));
	e->n_nonce = sizeof(value);
	e->nonce_padded = true;
	return 0;
}

static int
read_appraisal(
    const json_t *j, const char *name, struct ear *e, struct seal_diag *d)
{
	const struct names *names = &spelled[e->profile->spelling];
	struct ear_appraisal *a = &e->submods[e->n_submods];
	int r;

	if (strlen(name) >= sizeof(a->name))
		return seal_fail(d, SEAL_E_LIMIT,
		    "ear: submods: a name of more than %u bytes",
		    EAR_NAME_MAX - 1);
	memcpy(a->name, name, strlen(name) + 1);
	if (!json_is_object(j))
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "ear: submods: '%s' is no appraisal but a token of its own",
		    name);
	if (json_object_get(j, "submods") != NULL)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "ear: submods: '%s' has submodules of its own", name);
	if (!read_status(json_object_get(j, names->status), &a->status))
		return malformed(d, names->status, "a status in each submod");
	if ((r = read_vector(json_object_get(j, names->vector), names, a, d)) !=
		0 ||
	    (r = read_policies(json_object_get(j, names->policy_ids),
		 e->profile, names, a, d)) != 0 ||
	    (r = read_report_data(j, e, d)) != 0)
		return r;
	e->n_submods++;
	return 0;
}

static int
read_submods(const json_t *j, struct ear *e, struct seal_diag *d)
{
	json_t *submods = json_object_get(j, "submods");
	const char *name;
	json_t *value;
	int r;

	if (!json_is_object(submods))
		return malformed(d, "submods", "a map of appraisals");
	if (json_object_size(submods) > EAR_SUBMODS_MAX)
		return seal_fail(d, SEAL_E_LIMIT, "ear: submods: more than %u",
		    EAR_SUBMODS_MAX);
	json_object_foreach(submods, name, value)
	{
		if ((r = read_appraisal(value, name, e, d)) != 0)
			return r;
	}
	return 0;
}

/* Seen to be of its type, and left where it is. */
static int
read_raw(const json_t *j, const struct names *names, struct ear *e,
    struct seal_diag *d)
{
	const json_t *raw = json_object_get(j, names->raw_evidence);

	if (raw == NULL)
		return 0;
	if (e->profile->raw_is_cmw
		? !json_is_array(raw) || json_array_size(raw) < 2
		: !json_is_string(raw))
		return malformed(d, names->raw_evidence,
		    e->profile->raw_is_cmw ? "a CMW record" : "text");
	e->has_raw_evidence = true;
	return 0;
}

static int
read_claims(const json_t *j, struct ear *e, struct seal_diag *d)
{
	const struct names *names;
	const json_t *status;
	int r;

	r = read_profile(j, e, d);
	if (r != 0 || e->profile == NULL)
		return r != 0 ? r : SEAL_E_UNSUPPORTED;
	names = &spelled[e->profile->spelling];
	status = json_object_get(j, names->status);
	e->has_status = status != NULL;
	if (status != NULL && !read_status(status, &e->status))
		return malformed(d, names->status, "a status");
	if ((r = read_times(j, e, d)) != 0 || (r = read_nonce(j, e, d)) != 0 ||
	    (r = read_cnf(j, e, d)) != 0 ||
	    (r = read_verifier(j, names, e, d)) != 0 ||
	    (r = read_raw(j, names, e, d)) != 0 ||
	    (r = read_submods(j, e, d)) != 0)
		return r;
	return ear_check(e, d);
}

int
ear_read_json(struct span claims, struct ear *ret, struct seal_diag *d)
{
	struct ear *e = NULL;
	json_t *j = NULL;
	int r;

	if ((r = json_read_object(claims, LIMIT_CMW, "ear", &j, d)) != 0)
		return r;
	if ((e = calloc(1, sizeof(*e))) == NULL)
		r = seal_fail(d, SEAL_E_MEMORY, "ear");
	else if ((r = read_claims(j, e, d)) == 0)
		*ret = *e;
	free(e);
	json_decref(j);
	return r;
}

static json_t *
nonce_json(const struct ear *e)
{
	char text[EAR_NONCE_TEXT_MAX];
	struct wr w;

	wr_init(&w, text, sizeof(text));
	b64url_encode(span_of(e->nonce, e->n_nonce), &w);
	return w.error != 0 ? NULL : json_stringn(text, w.n);
}

static json_t *
vector_json(const struct ear_appraisal *a)
{
	json_t *j = json_object();

	for (size_t i = 0; i < AR4SI_CLAIMS; i++) {
		if (a->vector[i] == 0)
			continue;
		if (json_object_set_new(j, ar4si_name((enum ar4si)i),
			json_integer(a->vector[i])) != 0) {
			json_decref(j);
			return NULL;
		}
	}
	return j;
}

static json_t *
policies_json(const struct ear_appraisal *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->n_policies; i++) {
		if (json_array_append_new(list, json_string(a->policies[i])) !=
		    0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* Puts value in and takes it over; *ok stays only if that worked. */
static void
put(json_t *j, const char *key, json_t *value, bool *ok)
{
	if (json_object_set_new(j, key, value) != 0)
		*ok = false;
}

static json_t *
appraisal_json(const struct ear_appraisal *a)
{
	const struct names *names = &spelled[EAR_UNDERSCORE];
	json_t *j = json_object();
	bool ok = true;

	put(j, names->status, json_string(ar4si_tier_name(a->status)), &ok);
	if (ar4si_any(a->vector))
		put(j, names->vector, vector_json(a), &ok);
	if (a->n_policies > 0)
		put(j, names->policy_ids, policies_json(a), &ok);
	if (ok)
		return j;
	json_decref(j);
	return NULL;
}

static json_t *
submods_json(const struct ear *e)
{
	json_t *j = json_object();
	bool ok = true;

	for (size_t i = 0; i < e->n_submods; i++)
		put(j, e->submods[i].name, appraisal_json(&e->submods[i]), &ok);
	if (ok && json_object_size(j) == e->n_submods)
		return j;
	json_decref(j);
	return NULL;
}

static json_t *
claims_json(const struct ear *e)
{
	const struct names *names = &spelled[EAR_UNDERSCORE];
	json_t *j = json_object();
	bool ok = true;

	put(j, "eat_profile", json_string(EAR_PROFILE_04), &ok);
	put(j, "iat", json_integer(e->iat), &ok);
	if (e->has_exp)
		put(j, "exp", json_integer(e->exp), &ok);
	if (e->has_nbf)
		put(j, "nbf", json_integer(e->nbf), &ok);
	if (e->n_nonce > 0)
		put(j, "eat_nonce", nonce_json(e), &ok);
	if (e->n_spki > 0)
		put(j, "cnf",
		    json_pack(
			"{s:o}", "jwk", jwk_json(span_of(e->spki, e->n_spki))),
		    &ok);
	put(j, names->verifier_id,
	    json_pack(
		"{s:s, s:s}", "developer", e->developer, "build", e->build),
	    &ok);
	if (e->has_status)
		put(j, names->status, json_string(ar4si_tier_name(e->status)),
		    &ok);
	put(j, "submods", submods_json(e), &ok);
	if (ok)
		return j;
	json_decref(j);
	return NULL;
}

int
ear_write_json(const struct ear *e, struct wr *out, struct seal_diag *d)
{
	char *text = NULL;
	json_t *j;
	int r;

	if ((r = ear_check_written(e, d)) != 0)
		return r;
	if ((j = claims_json(e)) != NULL)
		text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(j);
	if (text == NULL)
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "ear: a text is no UTF-8, a submodule stands twice, or out "
		    "of memory");
	wr_bytes(out, span_str(text));
	free(text);
	return out->error == 0 ? 0 : seal_fail(d, out->error, "ear: too long");
}
