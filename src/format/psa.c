/* SPDX-License-Identifier: Apache-2.0 */
#include "format/psa.h"

#include "base/text.h"

#define MAC0_FIRST 0xd1u /* tag 17: a COSE_Mac0 */
#define UEID_RANDOM 0x01u

bool
psa_takes(struct span media_type)
{
	return media_type_equal(media_type, span_str(PSA_TYPE)) ||
	       media_type_equal(media_type, span_str(PSA_LEGACY_TYPE)) ||
	       media_type_equal(media_type, span_str(PSA_OLD_TYPE));
}

/* What stands at a label. */
enum claim {
	PROFILE,
	CLIENT_ID,
	LIFECYCLE,
	IMPLEMENTATION_ID,
	BOOT_SEED,
	CERTIFICATION,
	COMPONENTS,
	NONCE,
	INSTANCE_ID,
	SERVICE,
	CONFIG,
	HASH_ALG,
	CLAIMS
};

static const char *const names[CLAIMS] = { "profile", "client id", "lifecycle",
	"implementation id", "boot seed", "certification reference",
	"software components", "nonce", "instance id", "verification service",
	"platform config", "hash algorithm" };

struct label {
	int64_t label;
	enum claim claim;
	bool legacy;
};

/* RFC 9783 s4 and appendix A of its forerunner, whose labels are private. */
static const struct label labels[] = {
	{ 265, PROFILE, false },
	{ 2394, CLIENT_ID, false },
	{ 2395, LIFECYCLE, false },
	{ 2396, IMPLEMENTATION_ID, false },
	{ 268, BOOT_SEED, false },
	{ 2397, BOOT_SEED, false }, /* of http://arm.com/psa/2.0.0 */
	{ 2398, CERTIFICATION, false },
	{ 2399, COMPONENTS, false },
	{ 10, NONCE, false },
	{ 256, INSTANCE_ID, false },
	{ 2400, SERVICE, false },
	{ 2401, CONFIG, false },
	{ 2402, HASH_ALG, false },
	{ -75000, PROFILE, true },
	{ -75001, CLIENT_ID, true },
	{ -75002, LIFECYCLE, true },
	{ -75003, IMPLEMENTATION_ID, true },
	{ -75004, BOOT_SEED, true },
	{ -75005, CERTIFICATION, true },
	{ -75006, COMPONENTS, true },
	{ -75008, NONCE, true },
	{ -75009, INSTANCE_ID, true },
	{ -75010, SERVICE, true },
};

static const struct label *
find_label(int64_t label)
{
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (labels[i].label == label)
			return &labels[i];
	return NULL;
}

#define BIT(claim) (1u << (claim))
#define BOTH                                                         \
	(BIT(LIFECYCLE) | BIT(IMPLEMENTATION_ID) | BIT(COMPONENTS) | \
	    BIT(NONCE) | BIT(INSTANCE_ID))
#define OF_PSA (BOTH | BIT(CLIENT_ID))
#define OF_CCA (BOTH | BIT(PROFILE) | BIT(CONFIG) | BIT(HASH_ALG))

static bool
read_text(struct rd *r, struct span *ret)
{
	return cbor_text(r, ret) && ret->n > 0 && ret->n <= PSA_TEXT_MAX;
}

static bool
hash_sized(size_t n)
{
	return n == 32 || n == 48 || n == 64;
}

/* RFC 9783 s4.4.1. */
static bool
read_component(struct rd *r, struct psa_component *ret)
{
	struct psa_component c = { .type = { NULL, 0 } };
	size_t n = 0;
	int64_t label;
	bool ok;

	if (!cbor_map_unique(r, &n))
		return false;
	for (; n > 0; n--) {
		if (!cbor_int(r, &label))
			return false;
		switch (label) {
		case 1:
			ok = read_text(r, &c.type);
			break;
		case 2:
			ok = cbor_bytes(r, &c.measurement);
			break;
		case 4:
			ok = read_text(r, &c.version);
			break;
		case 5:
			ok = cbor_bytes(r, &c.signer_id);
			break;
		case 6:
			ok = read_text(r, &c.description);
			break;
		default:
			ok = cbor_item(r, NULL);
		}
		if (!ok)
			return false;
	}
	*ret = c;
	return hash_sized(c.measurement.n) && hash_sized(c.signer_id.n);
}

static bool
read_components(struct rd *r, struct psa_claims *c)
{
	size_t n = 0;

	if (!cbor_array(r, &n) || n == 0 || n > PSA_COMPONENTS_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!read_component(r, &c->components[i]))
			return false;
	c->n_components = n;
	return true;
}

static bool
read_lifecycle(struct rd *r, struct psa_claims *c)
{
	if (!cbor_uint(r, &c->lifecycle) || c->lifecycle > 0xffff ||
	    (c->lifecycle >> 8 & 0x0f) != 0 ||
	    c->lifecycle >> 12 >= PSA_LIFECYCLES)
		return false;
	c->state = (enum psa_lifecycle)(c->lifecycle >> 12);
	return true;
}

static bool
read_claim(struct rd *r, enum claim which, struct psa_claims *c)
{
	switch (which) {
	case PROFILE:
		return read_text(r, &c->profile);
	case CLIENT_ID:
		return cbor_int(r, &c->client_id) &&
		       c->client_id >= INT32_MIN && c->client_id <= INT32_MAX;
	case LIFECYCLE:
		return read_lifecycle(r, c);
	case IMPLEMENTATION_ID:
		return cbor_bytes(r, &c->implementation_id) &&
		       c->implementation_id.n == PSA_IMPLEMENTATION_SIZE;
	case BOOT_SEED:
		return cbor_bytes(r, &c->boot_seed) && c->boot_seed.n >= 8 &&
		       c->boot_seed.n <= 32;
	case CERTIFICATION:
		return read_text(r, &c->certification);
	case COMPONENTS:
		return read_components(r, c);
	case NONCE:
		return cbor_bytes(r, &c->nonce) && hash_sized(c->nonce.n);
	case INSTANCE_ID:
		return cbor_bytes(r, &c->instance_id) &&
		       c->instance_id.n == PSA_INSTANCE_SIZE &&
		       c->instance_id.p[0] == UEID_RANDOM;
	case SERVICE:
		return read_text(r, &c->service);
	case CONFIG:
		return cbor_bytes(r, &c->config) && c->config.n > 0;
	case HASH_ALG:
		return read_text(r, &c->hash_alg);
	case CLAIMS:
		break;
	}
	return false;
}

/* Claims that nobody here knows are stepped over. */
static int
next_claim(
    struct rd *r, struct psa_claims *c, unsigned seen[2], struct seal_diag *d)
{
	const struct label *l;
	struct span text;
	int64_t label = 0;
	const char *name;

	if (cbor_peek(r) == CBOR_TEXT ? !cbor_text(r, &text)
				      : !cbor_int(r, &label))
		return seal_fail(d, SEAL_E_DECODE,
		    "psa: a label is neither integer nor text");
	if ((l = find_label(label)) == NULL)
		return cbor_item(r, NULL) ? 0
					  : seal_fail(d, SEAL_E_DECODE,
						"psa: malformed claims set");
	name = l->claim < CLAIMS ? names[l->claim] : "";
	if ((seen[l->legacy] & BIT(l->claim)) != 0)
		return seal_fail(
		    d, SEAL_E_DECODE, "psa: claim '%s' twice", name);
	seen[l->legacy] |= BIT(l->claim);
	return read_claim(r, l->claim, c)
		   ? 0
		   : seal_fail(d, SEAL_E_DECODE, "psa: claim '%s' is malformed",
			 name);
}

/* One of the two sets of labels, with all that it must have. */
static int
check_seen(const unsigned seen[2], enum psa_kind kind, struct psa_claims *c,
    struct seal_diag *d)
{
	unsigned must = kind == PSA_TOKEN ? OF_PSA : OF_CCA;

	if (seen[0] != 0 && seen[1] != 0)
		return seal_fail(d, SEAL_E_DECODE,
		    "psa: claims of two profiles in one token");
	c->legacy = seen[1] != 0;
	if (c->legacy && kind != PSA_TOKEN)
		return seal_fail(
		    d, SEAL_E_DECODE, "psa: legacy claims in a CCA token");
	/* The older profile is the one that need not be named. */
	if (kind == PSA_TOKEN && !c->legacy)
		must |= BIT(PROFILE);
	for (unsigned i = 0; i < CLAIMS; i++)
		if ((must & ~seen[c->legacy] & BIT(i)) != 0)
			return seal_fail(d, SEAL_E_DECODE,
			    "psa: claim '%s' is missing", names[i]);
	return 0;
}

int
psa_claims_parse(struct span payload, enum psa_kind kind,
    struct psa_claims *ret, struct seal_diag *d)
{
	struct psa_claims c = { .n_components = 0 };
	unsigned seen[2] = { 0, 0 };
	size_t n = 0;
	struct rd r;
	int code;

	rd_init(&r, payload);
	if (!cbor_map_unique(&r, &n))
		return seal_fail(d, SEAL_E_DECODE,
		    "psa: malformed claims set, or a claim twice");
	for (; n > 0; n--)
		if ((code = next_claim(&r, &c, seen, d)) != 0)
			return code;
	if (!rd_end(&r))
		return seal_fail(
		    d, SEAL_E_DECODE, "psa: bytes after the claims set");
	if ((code = check_seen(seen, kind, &c, d)) != 0)
		return code;
	*ret = c;
	return 0;
}

int
psa_parse(struct span in, struct psa_token *ret, struct seal_diag *d)
{
	struct psa_token t = { .claims = { .n_components = 0 } };
	int code;

	if (in.n > PSA_TOKEN_MAX)
		return seal_fail(d, SEAL_E_LIMIT,
		    "psa: %zu bytes, at most %u allowed", in.n, PSA_TOKEN_MAX);
	/* Who can check a MAC can make one: it proves nothing to others. */
	if (in.n > 0 && in.p[0] == MAC0_FIRST) {
		seal_fail(d, SEAL_E_UNSUPPORTED,
		    "psa: a COSE_Mac0, which only who shares its key can check "
		    "or make");
		seal_remedy(d, "have the device sign its tokens (COSE_Sign1)");
		return SEAL_E_UNSUPPORTED;
	}
	if ((code = cose_sign1_parse(in, &t.sign1, d)) != 0 ||
	    (code = psa_claims_parse(
		 t.sign1.payload, PSA_TOKEN, &t.claims, d)) != 0)
		return code;
	*ret = t;
	return 0;
}

bool
psa_profile_known(const struct psa_claims *c)
{
	if (c->legacy)
		return c->profile.n == 0 ||
		       span_is(c->profile, "PSA_IOT_PROFILE_1") ||
		       span_is(
			   c->profile, "tag:psacertified.org,2019:psa#legacy");
	return span_is(c->profile, "tag:psacertified.org,2023:psa#tfm") ||
	       span_is(c->profile, "http://arm.com/psa/2.0.0");
}

const char *
psa_lifecycle_name(enum psa_lifecycle l)
{
	static const char *const states[PSA_LIFECYCLES] = { "unknown",
		"assembly and test", "provisioning", "secured",
		"debug outside the root of trust",
		"recoverable debug of the root of trust", "decommissioned" };

	return l < PSA_LIFECYCLES ? states[l] : "none";
}
