/* SPDX-License-Identifier: Apache-2.0 */
#include "format/cca.h"

#include "base/text.h"

#define TAG_OLD 399u
#define TAG_CMW 907u
#define LABEL_PLATFORM 44234
#define LABEL_REALM 44241
#define CF_EAT_CWT 263u
#define POINT_SIZE 97u /* 4 || x || y on P-384 */
#define P384_SIZE 48u
#define RAK_MAX 256u

bool
cca_takes(struct span media_type)
{
	return media_type_equal(media_type, span_str(CCA_TYPE)) ||
	       media_type_equal(media_type, span_str(CCA_VERAISON_TYPE));
}

/* ---- The realm's claims ---- */

enum claim {
	CHALLENGE,
	PROFILE,
	PERSONALIZATION,
	HASH_ALG,
	RAK,
	RIM,
	REMS,
	RAK_HASH_ALG,
	CLAIMS
};

struct label {
	int64_t label;
	const char *name;
};

static const struct label labels[CLAIMS] = {
	[CHALLENGE] = { 10, "challenge" },
	[PROFILE] = { 265, "profile" },
	[PERSONALIZATION] = { 44235, "personalization value" },
	[HASH_ALG] = { 44236, "hash algorithm" },
	[RAK] = { 44237, "public key" },
	[RIM] = { 44238, "initial measurement" },
	[REMS] = { 44239, "extensible measurements" },
	[RAK_HASH_ALG] = { 44240, "hash algorithm of the public key" },
};

#define REQUIRED (((1u << CLAIMS) - 1) & ~(1u << PROFILE))

static bool
read_text(struct rd *r, struct span *ret)
{
	return cbor_text(r, ret) && ret->n > 0 && ret->n <= PSA_TEXT_MAX;
}

static bool
read_measurement(struct rd *r, struct span *ret)
{
	return cbor_bytes(r, ret) &&
	       (ret->n == 32 || ret->n == 48 || ret->n == 64);
}

static bool
read_rems(struct rd *r, struct cca_realm *ret)
{
	size_t n = 0;

	if (!cbor_array(r, &n) || n != CCA_REMS)
		return false;
	for (size_t i = 0; i < CCA_REMS; i++)
		if (!read_measurement(r, &ret->rem[i]))
			return false;
	return true;
}

static bool
read_claim(struct rd *r, enum claim which, struct cca_realm *ret)
{
	switch (which) {
	case CHALLENGE:
		return cbor_bytes(r, &ret->challenge) &&
		       ret->challenge.n == CCA_CHALLENGE;
	case PROFILE:
		return read_text(r, &ret->profile);
	case PERSONALIZATION:
		return cbor_bytes(r, &ret->personalization) &&
		       ret->personalization.n == 64;
	case HASH_ALG:
		return read_text(r, &ret->hash_alg);
	case RAK:
		return cbor_bytes(r, &ret->rak) && ret->rak.n > 0 &&
		       ret->rak.n <= RAK_MAX;
	case RIM:
		return read_measurement(r, &ret->rim);
	case REMS:
		return read_rems(r, ret);
	case RAK_HASH_ALG:
		return read_text(r, &ret->rak_hash_alg);
	case CLAIMS:
		break;
	}
	return false;
}

/* Claims that nobody here knows are stepped over. */
static int
next_claim(
    struct rd *r, struct cca_realm *ret, unsigned *seen, struct seal_diag *d)
{
	int64_t label = 0;
	unsigned i = 0;

	if (!cbor_int(r, &label))
		return seal_fail(
		    d, SEAL_E_DECODE, "cca realm: a label is no integer");
	while (i < CLAIMS && labels[i].label != label)
		i++;
	if (i == CLAIMS)
		return cbor_item(r, NULL)
			   ? 0
			   : seal_fail(d, SEAL_E_DECODE,
				 "cca realm: malformed claims set");
	*seen |= 1u << i;
	return read_claim(r, (enum claim)i, ret)
		   ? 0
		   : seal_fail(d, SEAL_E_DECODE,
			 "cca realm: claim '%s' is malformed", labels[i].name);
}

static int
parse_realm(struct span payload, struct cca_realm *ret, struct seal_diag *d)
{
	unsigned seen = 0;
	size_t n = 0;
	struct rd r;
	int code;

	rd_init(&r, payload);
	if (!cbor_map_unique(&r, &n))
		return seal_fail(d, SEAL_E_DECODE,
		    "cca realm: malformed claims set, or a claim twice");
	for (; n > 0; n--)
		if ((code = next_claim(&r, ret, &seen, d)) != 0)
			return code;
	if (!rd_end(&r))
		return seal_fail(
		    d, SEAL_E_DECODE, "cca realm: bytes after the claims set");
	for (unsigned i = 0; i < CLAIMS; i++)
		if ((REQUIRED & ~seen & 1u << i) != 0)
			return seal_fail(d, SEAL_E_DECODE,
			    "cca realm: claim '%s' is missing", labels[i].name);
	return 0;
}

/* ---- Both ---- */

/* The bytes themselves, or in a CMW record (RFC 9999 s3.1). */
static bool
read_part(struct rd *r, uint64_t tag, struct span *ret)
{
	uint64_t cf = 0;
	size_t n = 0;

	if (tag == TAG_OLD)
		return cbor_bytes(r, ret);
	return cbor_array(r, &n) && n == 2 && cbor_uint(r, &cf) &&
	       cf == CF_EAT_CWT && cbor_bytes(r, ret);
}

static bool
read_collection(struct span in, uint64_t *ret_tag, struct span *ret_platform,
    struct span *ret_realm)
{
	int64_t label = 0;
	size_t n = 0;
	struct rd r;

	rd_init(&r, in);
	if (!cbor_tag(&r, ret_tag) ||
	    (*ret_tag != TAG_OLD && *ret_tag != TAG_CMW) ||
	    !cbor_map_unique(&r, &n) || n != 2)
		return false;
	for (; n > 0; n--)
		if (!cbor_int(&r, &label) ||
		    (label != LABEL_PLATFORM && label != LABEL_REALM) ||
		    !read_part(&r, *ret_tag,
			label == LABEL_PLATFORM ? ret_platform : ret_realm))
			return false;
	return rd_end(&r);
}

int
cca_parse(struct span in, struct cca_token *ret, struct seal_diag *d)
{
	struct cca_token t = { .tag = 0 };
	struct span platform = { NULL, 0 }, realm = { NULL, 0 };
	int code;

	if (in.n > CCA_TOKEN_MAX)
		return seal_fail(d, SEAL_E_LIMIT,
		    "cca: %zu bytes, at most %u allowed", in.n, CCA_TOKEN_MAX);
	if (!read_collection(in, &t.tag, &platform, &realm))
		return seal_fail(d, SEAL_E_DECODE,
		    "cca: not a collection of a platform and a realm token "
		    "(tag 399 or 907)");
	if ((code = cose_sign1_parse(platform, &t.platform, d)) != 0 ||
	    (code = cose_sign1_parse(realm, &t.realm, d)) != 0 ||
	    (code = psa_claims_parse(
		 t.platform.payload, PSA_CCA_PLATFORM, &t.claims, d)) != 0 ||
	    (code = parse_realm(t.realm.payload, &t.r, d)) != 0)
		return code;
	*ret = t;
	return 0;
}

static bool
any_of(struct span s, const char *const *list)
{
	while (*list != NULL && !span_is(s, *list))
		list++;
	return *list != NULL;
}

bool
cca_profile_known(const struct psa_claims *c)
{
	static const char *const known[] = { "http://arm.com/CCA-SSD/1.0.0",
		"tag:arm.com,2023:cca_platform#1.0.0",
		"tag:arm.com,2024:cca_platform#2.0.0", NULL };

	return any_of(c->profile, known);
}

bool
cca_realm_profile_known(const struct cca_realm *r)
{
	static const char *const known[] = { "tag:arm.com,2023:realm#1.0.0",
		"tag:arm.com,2024:realm#2.0.0", NULL };

	/* The first ones had none. */
	return r->profile.n == 0 || any_of(r->profile, known);
}

int
cca_rak_spki(const struct cca_token *t, struct wr *out, struct seal_diag *d)
{
	struct span rak = t->r.rak;

	if (rak.n == POINT_SIZE && rak.p[0] == 4)
		return spki_from_ec(CURVE_P384, span_of(rak.p + 1, P384_SIZE),
		    span_of(rak.p + 1 + P384_SIZE, P384_SIZE), out, d);
	return cose_key_to_spki(rak, out, d);
}

int
cca_rak_digest(
    const struct cca_token *t, uint8_t *ret, size_t *ret_n, struct seal_diag *d)
{
	enum hash h = span_is(t->r.rak_hash_alg, "sha-256")   ? HASH_SHA256
		      : span_is(t->r.rak_hash_alg, "sha-384") ? HASH_SHA384
		      : span_is(t->r.rak_hash_alg, "sha-512") ? HASH_SHA512
							      : HASH_NONE;

	if (h == HASH_NONE)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "cca: hash algorithm of the realm's key is not sha-256, "
		    "sha-384 or sha-512");
	*ret_n = hash_size(h);
	return hash_one(h, t->r.rak, ret, d);
}
