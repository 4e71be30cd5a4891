/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "format/ear_parts.h"

#define CNF_COSE_KEY 1
#define VERIFIER_DEVELOPER 0
#define VERIFIER_BUILD 1

static bool
read_time(struct rd *r, int64_t *ret)
{
	return cbor_int(r, ret) && *ret >= 0;
}

/* As a string with its NUL; one with a NUL inside would not be that. */
static bool
read_text(struct rd *r, char *buf, size_t cap)
{
	struct span s;

	if (!cbor_text(r, &s) || s.n >= cap ||
	    (s.n > 0 && memchr(s.p, '\0', s.n) != NULL))
		return rd_fail(r);
	if (s.n > 0)
		memcpy(buf, s.p, s.n);
	buf[s.n] = '\0';
	return true;
}

/* RFC 9711 s4.1: exactly one; an array of them is refused. */
static bool
read_nonce(struct rd *r, struct ear *e)
{
	struct span s;

	if (!cbor_bytes(r, &s) || s.n < EAT_NONCE_MIN || s.n > EAT_NONCE_MAX)
		return rd_fail(r);
	memcpy(e->nonce, s.p, s.n);
	e->n_nonce = s.n;
	return true;
}

/* RFC 8747 s3.2: a whole key, nothing else. */
static int
read_cnf(struct rd *r, struct ear *e, struct seal_diag *d)
{
	struct span key;
	uint64_t label = 0;
	size_t n = 0;
	struct wr w;
	int code;

	if (!cbor_map_unique(r, &n) || n != 1 || !cbor_uint(r, &label) ||
	    label != CNF_COSE_KEY || cbor_peek(r) != CBOR_MAP ||
	    !cbor_item(r, &key))
		return seal_fail(d, SEAL_E_DECODE,
		    "ear: cnf: expected exactly one member, a whole COSE_Key");
	wr_init(&w, e->spki, sizeof(e->spki));
	if ((code = cose_key_to_spki(key, &w, d)) != 0)
		return code;
	e->n_spki = w.n;
	return w.error;
}

static bool
read_verifier(struct rd *r, struct ear *e)
{
	bool developer = false, build = false;
	int64_t label = 0;
	size_t n = 0;

	if (!cbor_map_unique(r, &n))
		return false;
	for (; n > 0; n--) {
		if (cbor_peek(r) > CBOR_NINT) {
			/* a text label: somebody's extension */
			if (!cbor_item(r, NULL) || !cbor_item(r, NULL))
				return false;
			continue;
		}
		if (!cbor_int(r, &label))
			return false;
		if (label == VERIFIER_DEVELOPER)
			developer =
			    read_text(r, e->developer, sizeof(e->developer));
		else if (label == VERIFIER_BUILD)
			build = read_text(r, e->build, sizeof(e->build));
		else
			(void)cbor_item(r, NULL);
	}
	return !r->failed && developer && build;
}

static bool
read_status(struct rd *r, enum ar4si_tier *ret)
{
	int64_t v = 0;

	return cbor_int(r, &v) && (ar4si_tier_known(v, ret) || rd_fail(r));
}

static bool
read_vector(struct rd *r, struct ear_appraisal *a)
{
	int64_t label = 0, v = 0;
	size_t n = 0;

	if (!cbor_map_unique(r, &n) || n == 0)
		return rd_fail(r);
	for (; n > 0; n--) {
		if (!cbor_int(r, &label) || label < 0 ||
		    label >= AR4SI_CLAIMS || !cbor_int(r, &v) || v < INT8_MIN ||
		    v > INT8_MAX)
			return rd_fail(r);
		a->vector[label] = (int8_t)v;
	}
	a->has_vector = true;
	return true;
}

static bool
read_policies(
    struct rd *r, const struct ear_profile *profile, struct ear_appraisal *a)
{
	size_t n = 1;

	if (!profile->one_policy_id &&
	    (!cbor_array(r, &n) || n == 0 || n > EAR_POLICIES_MAX))
		return rd_fail(r);
	for (; a->n_policies < n; a->n_policies++) {
		if (!read_text(r, a->policies[a->n_policies], EAR_TEXT_MAX))
			return false;
	}
	return true;
}

/* Labels are integers or text; no text one is known. */
static bool
read_label(struct rd *r, int64_t *ret)
{
	struct span text;

	*ret = 0;
	return cbor_peek(r) == CBOR_TEXT ? cbor_text(r, &text)
					 : cbor_int(r, ret);
}

static bool
appraisal_claim(struct rd *r, const struct ear_profile *profile,
    struct ear_appraisal *a, bool *ret_status)
{
	int64_t label = 0;

	if (!read_label(r, &label))
		return false;
	switch (label) {
	case EAR_STATUS:
		*ret_status = true;
		return read_status(r, &a->status);
	case EAR_VECTOR:
		return read_vector(r, a);
	case EAR_POLICY_IDS:
		return read_policies(r, profile, a);
	case EAR_SUBMODS: /* nobody would look at what they hide */
		return rd_fail(r);
	default:
		return cbor_item(r, NULL);
	}
}

static int
read_appraisal(struct rd *r, struct ear *e, struct seal_diag *d)
{
	struct ear_appraisal *a = &e->submods[e->n_submods];
	bool has_status = false;
	size_t n = 0;

	if (!read_text(r, a->name, sizeof(a->name)))
		return seal_fail(d, SEAL_E_DECODE,
		    "ear: submods: expected names of at most %u bytes",
		    EAR_NAME_MAX - 1);
	if (cbor_peek(r) != CBOR_MAP)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "ear: submods: '%s' is no appraisal but a token of its own",
		    a->name);
	if (!cbor_map_unique(r, &n))
		return seal_fail(d, SEAL_E_DECODE,
		    "ear: submods: '%s' is malformed", a->name);
	for (; n > 0; n--) {
		if (!appraisal_claim(r, e->profile, a, &has_status))
			return seal_fail(d, SEAL_E_DECODE,
			    "ear: submods: a claim of '%s' is malformed",
			    a->name);
	}
	if (!has_status)
		return seal_fail(d, SEAL_E_DECODE,
		    "ear: submods: '%s' has no status", a->name);
	e->n_submods++;
	return 0;
}

static int
read_submods(struct rd *r, struct ear *e, struct seal_diag *d)
{
	size_t n = 0;
	int code;

	if (!cbor_map_unique(r, &n))
		return seal_fail(
		    d, SEAL_E_DECODE, "ear: submods: expected a map");
	if (n > EAR_SUBMODS_MAX)
		return seal_fail(d, SEAL_E_LIMIT, "ear: submods: more than %u",
		    EAR_SUBMODS_MAX);
	for (; n > 0; n--) {
		if ((code = read_appraisal(r, e, d)) != 0)
			return code;
	}
	return 0;
}

/* Seen to be of its type, and left where it is. */
static bool
read_raw(struct rd *r, struct ear *e)
{
	enum cbor_type want = e->profile->raw_is_cmw ? CBOR_ARRAY : CBOR_BYTES;

	e->has_raw_evidence = true;
	return cbor_peek(r) == want ? cbor_item(r, NULL) : rd_fail(r);
}

static bool
read_claim(struct rd *r, int64_t label, struct ear *e)
{
	switch (label) {
	case EAR_EXP:
		e->has_exp = true;
		return read_time(r, &e->exp);
	case EAR_NBF:
		e->has_nbf = true;
		return read_time(r, &e->nbf);
	case EAR_IAT:
		return read_time(r, &e->iat);
	case EAR_NONCE:
		return read_nonce(r, e);
	case EAR_STATUS:
		e->has_status = true;
		return read_status(r, &e->status);
	case EAR_RAW_EVIDENCE:
		return read_raw(r, e);
	case EAR_VERIFIER_ID:
		return read_verifier(r, e);
	default:
		return cbor_item(r, NULL);
	}
}

/* What the reading of all other claims depends on, and the counts of those
 * that must be there. */
static int
find_profile(struct span claims, struct ear *e, struct seal_diag *d)
{
	bool iat = false, verifier = false, submods = false;
	struct span uri = { NULL, 0 };
	int64_t label = 0;
	struct rd r;
	size_t n = 0;

	rd_init(&r, claims);
	if (!cbor_map_unique(&r, &n))
		return seal_fail(d, SEAL_E_DECODE,
		    "ear: malformed claims, or a claim twice");
	for (; n > 0; n--) {
		if (!read_label(&r, &label) ||
		    !(label == EAR_PROFILE ? cbor_text(&r, &uri)
					   : cbor_item(&r, NULL)))
			return seal_fail(
			    d, SEAL_E_DECODE, "ear: malformed claims");
		iat = iat || label == EAR_IAT;
		verifier = verifier || label == EAR_VERIFIER_ID;
		submods = submods || label == EAR_SUBMODS;
	}
	if (!rd_end(&r))
		return seal_fail(
		    d, SEAL_E_DECODE, "ear: bytes after the claims");
	if ((e->profile = ear_profile_find(uri)) == NULL)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "ear: eat_profile: expected " EAR_PROFILE_04
		    " or an older one");
	if (!iat || !verifier || !submods)
		return seal_fail(d, SEAL_E_DECODE,
		    "ear: expected iat, ear_verifier_id and submods");
	return 0;
}

static int
read_claims(struct span claims, struct ear *e, struct seal_diag *d)
{
	int64_t label = 0;
	struct rd r;
	size_t n = 0;
	int code;

	code = find_profile(claims, e, d);
	if (code != 0 || e->profile == NULL)
		return code != 0 ? code : SEAL_E_UNSUPPORTED;
	rd_init(&r, claims);
	if (!cbor_map(&r, &n))
		return seal_fail(d, SEAL_E_DECODE, "ear: malformed claims");
	for (; n > 0; n--) {
		if (!read_label(&r, &label))
			return seal_fail(
			    d, SEAL_E_DECODE, "ear: malformed claims");
		if (label == EAR_SUBMODS || label == EAR_CNF) {
			code = label == EAR_CNF ? read_cnf(&r, e, d)
						: read_submods(&r, e, d);
			if (code != 0)
				return code;
		} else if (!read_claim(&r, label, e)) {
			return seal_fail(d, SEAL_E_DECODE,
			    "ear: claim %lld is malformed", (long long)label);
		}
	}
	return ear_check(e, d);
}

int
ear_read_cbor(struct span claims, struct ear *ret, struct seal_diag *d)
{
	struct ear *e = calloc(1, sizeof(*e));
	int r;

	if (e == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "ear");
	if ((r = read_claims(claims, e, d)) == 0)
		*ret = *e;
	free(e);
	return r;
}

static void
put_vector(struct wr *w, const struct ear_appraisal *a)
{
	size_t n = 0;

	for (size_t i = 0; i < AR4SI_CLAIMS; i++)
		n += a->vector[i] != 0;
	cbor_put_map(w, n);
	for (size_t i = 0; i < AR4SI_CLAIMS; i++) {
		if (a->vector[i] == 0)
			continue;
		cbor_put_uint(w, i);
		cbor_put_int(w, a->vector[i]);
	}
}

static void
put_appraisal(struct wr *w, const struct ear_appraisal *a)
{
	bool vector = ar4si_any(a->vector);

	cbor_put_text(w, span_str(a->name));
	cbor_put_map(w, 1u + vector + (a->n_policies > 0));
	cbor_put_uint(w, EAR_STATUS);
	cbor_put_uint(w, (uint64_t)a->status);
	if (vector) {
		cbor_put_uint(w, EAR_VECTOR);
		put_vector(w, a);
	}
	if (a->n_policies > 0) {
		cbor_put_uint(w, EAR_POLICY_IDS);
		cbor_put_array(w, a->n_policies);
	}
	for (size_t i = 0; i < a->n_policies; i++)
		cbor_put_text(w, span_str(a->policies[i]));
}

/* Deterministic order of text keys: by length, then by bytes. */
static bool
name_before(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);

	return na != nb ? na < nb : strcmp(a, b) < 0;
}

static const struct ear_appraisal *
next_submod(const struct ear *e, const struct ear_appraisal *last)
{
	const struct ear_appraisal *least = NULL;

	for (size_t i = 0; i < e->n_submods; i++) {
		const struct ear_appraisal *a = &e->submods[i];

		if ((last == NULL || name_before(last->name, a->name)) &&
		    (least == NULL || name_before(a->name, least->name)))
			least = a;
	}
	return least;
}

static void
put_verifier(struct wr *w, const struct ear *e)
{
	cbor_put_uint(w, EAR_VERIFIER_ID);
	cbor_put_map(w, 2);
	cbor_put_uint(w, VERIFIER_DEVELOPER);
	cbor_put_text(w, span_str(e->developer));
	cbor_put_uint(w, VERIFIER_BUILD);
	cbor_put_text(w, span_str(e->build));
}

static int
put_cnf(struct wr *w, const struct ear *e, struct seal_diag *d)
{
	if (e->n_spki == 0)
		return 0;
	cbor_put_uint(w, EAR_CNF);
	cbor_put_map(w, 1);
	cbor_put_uint(w, CNF_COSE_KEY);
	return cose_key_from_spki(span_of(e->spki, e->n_spki), w, d);
}

static void
put_time(struct wr *w, unsigned label, bool has, int64_t time)
{
	if (!has)
		return;
	cbor_put_uint(w, label);
	cbor_put_int(w, time);
}

static int
put_claims(struct wr *w, const struct ear *e, struct seal_diag *d)
{
	const struct ear_appraisal *a = NULL;
	int r;

	cbor_put_map(w, 4u + e->has_exp + e->has_nbf + (e->n_spki > 0) +
			    (e->n_nonce > 0) + e->has_status);
	put_time(w, EAR_EXP, e->has_exp, e->exp);
	put_time(w, EAR_NBF, e->has_nbf, e->nbf);
	put_time(w, EAR_IAT, true, e->iat);
	if ((r = put_cnf(w, e, d)) != 0)
		return r;
	if (e->n_nonce > 0) {
		cbor_put_uint(w, EAR_NONCE);
		cbor_put_bytes(w, span_of(e->nonce, e->n_nonce));
	}
	cbor_put_uint(w, EAR_PROFILE);
	cbor_put_text(w, span_str(EAR_PROFILE_04));
	cbor_put_uint(w, EAR_SUBMODS);
	cbor_put_map(w, e->n_submods);
	while ((a = next_submod(e, a)) != NULL)
		put_appraisal(w, a);
	if (e->has_status) {
		cbor_put_uint(w, EAR_STATUS);
		cbor_put_uint(w, (uint64_t)e->status);
	}
	put_verifier(w, e);
	return w->error;
}

/* A submodule that stands twice leaves its map a pair short of its head. */
int
ear_write_cbor(const struct ear *e, struct wr *out, struct seal_diag *d)
{
	struct span claims;
	struct wr w;
	int r;

	if ((r = ear_check_written(e, d)) != 0)
		return r;
	wr_init_heap(&w, EAR_CLAIMS_MAX);
	if ((r = put_claims(&w, e, d)) == 0 &&
	    (r = wr_finish(&w, &claims)) == 0 && !cbor_deterministic(claims))
		r = SEAL_E_ARGUMENT;
	if (r != 0)
		seal_fail(d, r,
		    "ear: a text is no UTF-8, a submodule stands twice, or too "
		    "long");
	else
		wr_bytes(out, claims);
	wr_free(&w);
	return r != 0 ? r : out->error;
}
