/* SPDX-License-Identifier: Apache-2.0 */
#include "format/eat.h"

/* Labels of claims (RFC 8392 s4, RFC 8747 s3.1, RFC 9711 s4). */
#define CLAIM_IAT 6
#define CLAIM_CNF 8
#define CLAIM_NONCE 10
#define CLAIM_PROFILE 265
#define CLAIM_MEASUREMENTS 273
#define CNF_COSE_KEY 1

#define SOFT_CLAIMS 5u
#define CF_CBOR 60u /* content format of application/cbor */
#define SOFT_CLAIMS_MAX 16384u

/* RFC 8392 s2: a NumericDate without its fraction. */
static bool
read_iat(struct rd *r, struct eat_claims *c)
{
	c->has_iat = true;
	return cbor_int(r, &c->iat) && c->iat >= 0;
}

/* RFC 8747 s3.2: a whole key; a kid or an encrypted key proves nothing here. */
static bool
read_cnf(struct rd *r, struct eat_claims *c)
{
	uint64_t label = 0;
	size_t n = 0;

	return cbor_map_unique(r, &n) && n == 1 && cbor_uint(r, &label) &&
	       label == CNF_COSE_KEY && cbor_peek(r) == CBOR_MAP &&
	       cbor_item(r, &c->cnf_key);
}

/* RFC 9711 s4.1. */
static bool
read_nonce(struct rd *r, struct eat_claims *c)
{
	return cbor_bytes(r, &c->nonce) && c->nonce.n >= EAT_NONCE_MIN &&
	       c->nonce.n <= EAT_NONCE_MAX;
}

/* RFC 9711 s4.3.2: a URI or an OID. */
static bool
read_profile(struct rd *r, struct eat_claims *c)
{
	c->profile_is_oid = cbor_peek(r) == CBOR_BYTES;
	if (c->profile_is_oid ? !cbor_bytes(r, &c->profile)
			      : !cbor_text(r, &c->profile))
		return false;
	return c->profile.n > 0;
}

static bool
read_measurements(struct rd *r, struct eat_claims *c)
{
	return cbor_peek(r) == CBOR_ARRAY && cbor_item(r, &c->measurements);
}

struct claim {
	int64_t label;
	const char *name;
	bool (*read)(struct rd *r, struct eat_claims *c);
};

static const struct claim known[] = {
	{ CLAIM_IAT, "iat", read_iat },
	{ CLAIM_CNF, "cnf", read_cnf },
	{ CLAIM_NONCE, "eat_nonce", read_nonce },
	{ CLAIM_PROFILE, "eat_profile", read_profile },
	{ CLAIM_MEASUREMENTS, "measurements", read_measurements },
	{ 0, NULL, NULL },
};

/* The row of this label; the last one, without name, for all others. */
static const struct claim *
find_claim(int64_t label)
{
	const struct claim *k = known;

	while (k->name != NULL && k->label != label)
		k++;
	return k;
}

/* Labels are integers or text (RFC 8392 s1.1); no text one is known. */
static int
read_claim(struct rd *r, struct eat_claims *c, struct seal_diag *d)
{
	const struct claim *k;
	struct span text;
	int64_t label = 0;

	if (cbor_peek(r) == CBOR_TEXT ? !cbor_text(r, &text)
				      : !cbor_int(r, &label))
		return seal_fail(d, SEAL_E_DECODE,
		    "eat: a label is neither integer nor text");
	k = find_claim(label);
	if (k->name == NULL ? !cbor_item(r, NULL) : !k->read(r, c))
		return seal_fail(d, SEAL_E_DECODE, "eat: claim %s is malformed",
		    k->name == NULL ? "of another kind" : k->name);
	return 0;
}

int
eat_claims_parse(struct span in, struct eat_claims *ret, struct seal_diag *d)
{
	struct eat_claims c = { .n = 0 };
	struct rd r;
	int code;

	rd_init(&r, in);
	if (!cbor_map_unique(&r, &c.n))
		return seal_fail(d, SEAL_E_DECODE,
		    "eat: malformed claims set, or a claim twice");
	for (size_t i = 0; i < c.n; i++) {
		if ((code = read_claim(&r, &c, d)) != 0)
			return code;
	}
	if (!rd_end(&r))
		return seal_fail(
		    d, SEAL_E_DECODE, "eat: bytes after the claims set");
	*ret = c;
	return 0;
}

static bool
measurement_valid(const struct eat_measurement *m)
{
	for (size_t i = 0; i < m->name.n; i++) {
		if (m->name.p[i] <= ' ' || m->name.p[i] > '~')
			return false;
	}
	return m->name.n > 0 && m->name.n <= EAT_SOFT_NAME_MAX &&
	       m->digest.n > 0 && m->digest.n <= HASH_MAX;
}

/* [[60, << {name: digest, …} >>]]; returns that map. */
static bool
soft_measurements(struct span claim, struct rd *ret)
{
	struct span map;
	struct rd r;
	uint64_t cf = 0;
	size_t n = 0;

	rd_init(&r, claim);
	if (!cbor_array(&r, &n) || n != 1 || !cbor_array(&r, &n) || n != 2 ||
	    !cbor_uint(&r, &cf) || cf != CF_CBOR || !cbor_bytes(&r, &map) ||
	    !rd_end(&r) || !cbor_deterministic(map))
		return false;
	rd_init(ret, map);
	return true;
}

static int
parse_measurements(struct eat_soft *s, struct seal_diag *d)
{
	struct rd r;
	size_t n = 0;

	if (!soft_measurements(s->claims.measurements, &r) ||
	    !cbor_map_unique(&r, &n))
		return seal_fail(d, SEAL_E_DECODE,
		    "soft eat: claim measurements is malformed");
	if (n > EAT_SOFT_MEASUREMENTS)
		return seal_fail(d, SEAL_E_LIMIT,
		    "soft eat: %zu measurements, at most %u allowed", n,
		    EAT_SOFT_MEASUREMENTS);
	for (; s->n_measurements < n; s->n_measurements++) {
		struct eat_measurement *m = &s->measurements[s->n_measurements];

		if (!cbor_text(&r, &m->name) || !cbor_bytes(&r, &m->digest) ||
		    !measurement_valid(m))
			return seal_fail(d, SEAL_E_DECODE,
			    "soft eat: measurement %zu is malformed",
			    s->n_measurements);
	}
	return 0;
}

static void
put_header(struct wr *w, int64_t alg, struct span kid)
{
	cbor_put_map(w, 2);
	cbor_put_int(w, 1);
	cbor_put_int(w, alg);
	cbor_put_int(w, 4);
	cbor_put_bytes(w, kid);
}

/* Rebuilds the protected header from what must stand in it and compares the
 * whole, so that nothing else can be there. */
static bool
header_exact(const struct cose_sign1 *s)
{
	uint8_t buf[64];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	put_header(&w, s->alg, s->kid);
	return s->tagged && s->alg != 0 && s->kid.n == EAT_SOFT_KID &&
	       span_equal(wr_view(&w), s->protected_bytes) &&
	       span_is(s->unprotected, "\xa0");
}

/* PROTOCOL 5.6: exactly these five claims. */
static bool
claims_exact(const struct eat_claims *c)
{
	return c->n == SOFT_CLAIMS && c->has_iat && c->cnf_key.n > 0 &&
	       c->nonce.n > 0 && c->measurements.n > 0 && !c->profile_is_oid &&
	       span_is(c->profile, EAT_SOFT_PROFILE);
}

int
eat_soft_parse(struct span in, struct eat_soft *ret, struct seal_diag *d)
{
	struct eat_soft s = { .n_measurements = 0 };
	int code;

	if ((code = cose_sign1_parse(in, &s.sign1, d)) != 0)
		return code;
	if (!header_exact(&s.sign1))
		return seal_fail(d, SEAL_E_DECODE,
		    "soft eat: expected tag 18, alg and a kid of %u bytes "
		    "protected, and no other header",
		    EAT_SOFT_KID);
	if (!cbor_deterministic(s.sign1.payload))
		return seal_fail(d, SEAL_E_DECODE,
		    "soft eat: claims are not in deterministic encoding");
	if ((code = eat_claims_parse(s.sign1.payload, &s.claims, d)) != 0)
		return code;
	if (!claims_exact(&s.claims))
		return seal_fail(d, SEAL_E_DECODE,
		    "soft eat: expected exactly iat, cnf, eat_nonce, "
		    "eat_profile " EAT_SOFT_PROFILE " and measurements");
	if ((code = parse_measurements(&s, d)) != 0)
		return code;
	*ret = s;
	return 0;
}

/* Does name a stand before b in deterministic order? Shorter heads are less,
 * and so are shorter names. */
static bool
name_before(struct span a, struct span b)
{
	for (size_t i = 0; a.n == b.n && i < a.n; i++) {
		if (a.p[i] != b.p[i])
			return a.p[i] < b.p[i];
	}
	return a.n < b.n;
}

/* The least name after last (NULL: of all); NULL where there is none. */
static const struct eat_measurement *
next_name(const struct eat_soft_in *in, const struct eat_measurement *last)
{
	const struct eat_measurement *least = NULL;

	for (size_t i = 0; i < in->n_measurements; i++) {
		const struct eat_measurement *m = &in->measurements[i];

		if ((last == NULL || name_before(last->name, m->name)) &&
		    (least == NULL || name_before(m->name, least->name)))
			least = m;
	}
	return least;
}

/* A name that is given twice leaves the map a pair short of its head. */
static int
put_measurements(
    struct wr *out, const struct eat_soft_in *in, struct seal_diag *d)
{
	const struct eat_measurement *m = NULL;
	struct wr map;
	int code = 0;

	if (in->n_measurements > EAT_SOFT_MEASUREMENTS)
		return seal_fail(
		    d, SEAL_E_LIMIT, "soft eat: too many measurements");
	wr_init_heap(&map, SOFT_CLAIMS_MAX);
	cbor_put_map(&map, in->n_measurements);
	while ((m = next_name(in, m)) != NULL) {
		if (!measurement_valid(m))
			code = SEAL_E_ARGUMENT;
		cbor_put_text(&map, m->name);
		cbor_put_bytes(&map, m->digest);
	}
	if (code == 0 && (code = map.error) == 0 &&
	    !cbor_deterministic(wr_view(&map)))
		code = SEAL_E_ARGUMENT;
	if (code != 0)
		seal_fail(d, code, "soft eat: invalid measurements");
	cbor_put_array(out, 1);
	cbor_put_array(out, 2);
	cbor_put_uint(out, CF_CBOR);
	cbor_put_bytes(out, wr_view(&map));
	wr_free(&map);
	return code;
}

static int
put_claims(struct wr *w, const struct eat_soft_in *in, struct seal_diag *d)
{
	int code;

	cbor_put_map(w, SOFT_CLAIMS);
	cbor_put_int(w, CLAIM_IAT);
	cbor_put_int(w, in->iat);
	cbor_put_int(w, CLAIM_CNF);
	cbor_put_map(w, 1);
	cbor_put_int(w, CNF_COSE_KEY);
	if ((code = cose_key_from_spki(in->subject_spki, w, d)) != 0)
		return code;
	cbor_put_int(w, CLAIM_NONCE);
	cbor_put_bytes(w, in->nonce);
	cbor_put_int(w, CLAIM_PROFILE);
	cbor_put_text(w, span_str(EAT_SOFT_PROFILE));
	cbor_put_int(w, CLAIM_MEASUREMENTS);
	if ((code = put_measurements(w, in, d)) != 0)
		return code;
	return w->error == 0 ? 0 : seal_fail(d, w->error, "soft eat: claims");
}

int
eat_soft_write(struct wr *out, const struct eat_soft_in *in, uint16_t scheme,
    sign_fn sign, void *sign_ctx, struct seal_diag *d)
{
	uint8_t kid[HASH_MAX];
	struct wr claims;
	int code;

	if (in->iat < 0 || in->nonce.n < EAT_NONCE_MIN ||
	    in->nonce.n > EAT_NONCE_MAX || in->signer_spki.n == 0)
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "soft eat: no time, no nonce or no signer");
	if ((code = hash_one(HASH_SHA256, in->signer_spki, kid, d)) != 0)
		return code;
	wr_init_heap(&claims, SOFT_CLAIMS_MAX);
	if ((code = put_claims(&claims, in, d)) == 0)
		code = cose_sign1_write(out, scheme, span_of(kid, EAT_SOFT_KID),
		    wr_view(&claims), sign, sign_ctx, d);
	wr_free(&claims);
	return code;
}
