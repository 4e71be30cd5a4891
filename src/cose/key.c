/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "cose/cose.h"

/* Labels of a COSE_Key (RFC 9052 s7.1, RFC 9053 s7, RFC 8230 s4). */
#define KEY_KTY 1
#define KEY_KID 2
#define KEY_ALG 3
#define KEY_CRV (-1) /* of EC2 and OKP */
#define KEY_X (-2)
#define KEY_Y (-3)
#define KEY_N (-1) /* of RSA */
#define KEY_E (-2)

#define KTY_OKP 1
#define KTY_EC2 2
#define KTY_RSA 3

struct curve_row {
	enum curve curve;
	int64_t kty, crv;
	uint16_t scheme;
};

static const struct curve_row curves[] = {
	{ CURVE_P256, KTY_EC2, 1, SIG_ECDSA_P256_SHA256 },
	{ CURVE_P384, KTY_EC2, 2, SIG_ECDSA_P384_SHA384 },
	{ CURVE_P521, KTY_EC2, 3, SIG_ECDSA_P521_SHA512 },
	{ CURVE_ED25519, KTY_OKP, 6, SIG_ED25519 },
	{ CURVE_ED448, KTY_OKP, 7, SIG_ED448 },
	{ CURVE_NONE },
};

/* The members as they stand; an absent one has no bytes. */
struct members {
	int64_t kty, alg;
	struct span first, second, third; /* labels -1, -2, -3 */
};

static bool
read_member(struct rd *r, struct members *m)
{
	struct span kid;
	int64_t label;

	if (!cbor_int(r, &label))
		return false;
	switch (label) {
	case KEY_KTY:
		return cbor_int(r, &m->kty);
	case KEY_KID:
		return cbor_bytes(r, &kid);
	case KEY_ALG:
		return cbor_int(r, &m->alg) && m->alg != 0;
	case -1:
		return cbor_item(r, &m->first);
	case -2:
		return cbor_item(r, &m->second);
	case -3:
		return cbor_item(r, &m->third);
	default: /* private parts, and uses that an SPKI cannot express */
		return rd_fail(r);
	}
}

static bool
read_members(struct span key, struct members *m)
{
	struct rd r;
	size_t n = 0;

	rd_init(&r, key);
	if (!cbor_map_unique(&r, &n))
		return false;
	for (; n > 0; n--) {
		if (!read_member(&r, m))
			return false;
	}
	return rd_end(&r);
}

/* The whole of item is a byte string, of n bytes unless n is 0. */
static bool
whole_bytes(struct span item, size_t n, struct span *ret)
{
	struct rd r;

	rd_init(&r, item);
	return cbor_bytes(&r, ret) && rd_end(&r) && ret->n > 0 &&
	       (n == 0 || ret->n == n);
}

static const struct curve_row *
find_curve(int64_t kty, struct span crv)
{
	int64_t id = 0;
	struct rd r;

	rd_init(&r, crv);
	if (!cbor_int(&r, &id) || !rd_end(&r))
		return NULL;
	for (const struct curve_row *c = curves; c->curve != CURVE_NONE; c++) {
		if (c->kty == kty && c->crv == id)
			return c;
	}
	return NULL;
}

/* EC2 and OKP. RFC 9053 s7.1.1: coordinates keep their leading zeros. A
 * compressed point has a boolean for y and is refused. */
static int
curve_key(const struct members *m, struct wr *out, struct key_cache *cache,
    struct pubkey **ret_key, struct seal_diag *d)
{
	const struct curve_row *c = find_curve(m->kty, m->first);
	struct span x, y = { NULL, 0 };
	size_t size;

	if (c == NULL)
		return seal_fail(d, SEAL_E_KEY, "cose key: unknown curve");
	if (m->alg != 0 && cose_alg_to_scheme(m->alg) != c->scheme &&
	    m->alg != cose_alg_from_scheme(c->scheme))
		return seal_fail(d, SEAL_E_KEY,
		    "cose key: algorithm %lld does not fit the curve",
		    (long long)m->alg);
	size = curve_size(c->curve);
	if (!whole_bytes(m->second, size, &x) ||
	    (c->kty == KTY_EC2 ? !whole_bytes(m->third, size, &y)
			       : m->third.n != 0))
		return seal_fail(d, SEAL_E_KEY,
		    "cose key: expected coordinates of %zu bytes", size);
	return spki_import_ec(c->curve, x, y, out, cache, ret_key, d);
}

/* RFC 8230 s4: big-endian numbers without leading zeros. -3 is private. */
static int
rsa_key(const struct members *m, struct wr *out, struct key_cache *cache,
    struct pubkey **ret_key, struct seal_diag *d)
{
	struct span n, e;
	uint32_t exponent = 0;

	if (!whole_bytes(m->first, 0, &n) || !whole_bytes(m->second, 0, &e) ||
	    m->third.n != 0 || n.p[0] == 0 || e.p[0] == 0 || e.n > 4)
		return seal_fail(
		    d, SEAL_E_KEY, "cose key: malformed RSA public key");
	if (m->alg != 0 && (m->alg > -37 || m->alg < -39))
		return seal_fail(d, SEAL_E_KEY,
		    "cose key: algorithm %lld does not fit RSA",
		    (long long)m->alg);
	for (size_t i = 0; i < e.n; i++)
		exponent = exponent << 8 | e.p[i];
	return spki_import_rsa(n, exponent, out, cache, ret_key, d);
}

int
cose_key_import(struct span key, struct wr *out, struct key_cache *cache,
    struct pubkey **ret_key, struct seal_diag *d)
{
	struct members m = { 0 };

	if (!read_members(key, &m))
		return seal_fail(d, SEAL_E_DECODE,
		    "cose key: malformed, or more than a public key");
	if (m.kty == KTY_RSA)
		return rsa_key(&m, out, cache, ret_key, d);
	return curve_key(&m, out, cache, ret_key, d);
}

int
cose_key_to_spki(struct span key, struct wr *out, struct seal_diag *d)
{
	return cose_key_import(key, out, NULL, NULL, d);
}

static int
put_rsa(struct span spki, struct wr *out, struct seal_diag *d)
{
	struct span n, e;
	int code;

	if ((code = spki_to_rsa(spki, &n, &e, d)) != 0)
		return code;
	cbor_put_map(out, 3);
	cbor_put_int(out, KEY_KTY);
	cbor_put_int(out, KTY_RSA);
	cbor_put_int(out, KEY_N);
	cbor_put_bytes(out, n);
	cbor_put_int(out, KEY_E);
	cbor_put_bytes(out, e);
	return out->error;
}

int
cose_key_from_spki(struct span spki, struct wr *out, struct seal_diag *d)
{
	const struct curve_row *c = curves;
	enum curve curve = CURVE_NONE;
	uint8_t x[66], y[66];
	size_t size;

	if (spki_to_ec(spki, &curve, x, y, NULL) != 0)
		return put_rsa(spki, out, d);
	while (c->curve != curve && c->curve != CURVE_NONE)
		c++;
	if (c->curve == CURVE_NONE)
		return seal_fail(d, SEAL_E_KEY, "cose key: unknown curve");
	size = curve_size(curve);
	cbor_put_map(out, c->kty == KTY_EC2 ? 4 : 3);
	cbor_put_int(out, KEY_KTY);
	cbor_put_int(out, c->kty);
	cbor_put_int(out, KEY_CRV);
	cbor_put_int(out, c->crv);
	cbor_put_int(out, KEY_X);
	cbor_put_bytes(out, span_of(x, size));
	if (c->kty == KTY_EC2) {
		cbor_put_int(out, KEY_Y);
		cbor_put_bytes(out, span_of(y, size));
	}
	return out->error;
}
