/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/limits.h"
#include "crypto/der.h"
#include "crypto/key.h"
#include "crypto/x509.h"

/* The content of an AlgorithmIdentifier; parameters included, as DER allows
 * them to be written in one way only (RFC 5480, RFC 8410, RFC 3279). */
#define ALG(...)                          \
	(const uint8_t[]){ __VA_ARGS__ }, \
	    sizeof((const uint8_t[]){ __VA_ARGS__ })

struct algorithm {
	const char *name;
	enum key_kind kind;
	enum curve curve;
	size_t size; /* bytes of a coordinate or of an EdDSA key */
	const uint8_t *id;
	size_t id_n;
};

#define ALGORITHM_RSA 5

static const struct algorithm algorithms[] = {
	{ "P-256", KEY_EC, CURVE_P256, 32,
	    ALG(6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86,
		0x48, 0xce, 0x3d, 3, 1, 7) },
	{ "P-384", KEY_EC, CURVE_P384, 48,
	    ALG(6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4,
		0, 0x22) },
	{ "P-521", KEY_EC, CURVE_P521, 66,
	    ALG(6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4,
		0, 0x23) },
	{ "ED25519", KEY_EDDSA, CURVE_ED25519, 32,
	    ALG(6, 3, 0x2b, 0x65, 0x70) },
	{ "ED448", KEY_EDDSA, CURVE_ED448, 57, ALG(6, 3, 0x2b, 0x65, 0x71) },
	[ALGORITHM_RSA] = { "RSA", KEY_RSA, CURVE_NONE, 0,
	    ALG(6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0) },
	/* The parameters of id-RSASSA-PSS vary; pss_params_read() reads them.
	 */
	{ "RSA-PSS", KEY_RSA_PSS, CURVE_NONE, 0,
	    ALG(6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0a) },
	{ NULL },
};

static const struct algorithm *
algorithm_of_curve(enum curve c)
{
	for (const struct algorithm *a = algorithms; a->name != NULL; a++)
		if (c != CURVE_NONE && a->curve == c)
			return a;
	return NULL;
}

static const struct algorithm *
algorithm_of_id(struct span id)
{
	for (const struct algorithm *a = algorithms; a->name != NULL; a++) {
		size_t n =
		    a->kind == KEY_RSA_PSS && id.n > a->id_n ? a->id_n : id.n;

		if (span_equal(span_of(id.p, n), span_of(a->id, a->id_n)))
			return a;
	}
	return NULL;
}

size_t
curve_size(enum curve c)
{
	const struct algorithm *a = algorithm_of_curve(c);

	return a == NULL ? 0 : a->size;
}

const char *
curve_name(enum curve c)
{
	const struct algorithm *a = algorithm_of_curve(c);

	return a == NULL ? "none" : a->name;
}

/* An AlgorithmIdentifier of SHA-2, its parameters NULL or absent. */
static bool
read_hash_id(struct rd *r, enum hash *ret)
{
	static const uint8_t sha2[] = { 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2 };
	static const enum hash by_arc[] = { HASH_NONE, HASH_SHA256, HASH_SHA384,
		HASH_SHA512 };
	struct span null = { 0 };
	struct rd seq, oid;
	uint8_t arc = 0;

	if (!der_enter(r, DER_SEQ, &seq) || !der_enter(&seq, DER_OID, &oid) ||
	    !rd_expect(&oid, span_of(sha2, sizeof(sha2))) ||
	    !rd_u8(&oid, &arc) || !rd_end(&oid) || arc < 1 || arc > 3)
		return rd_fail(r);
	if (rd_left(&seq) > 0 &&
	    (!der_read(&seq, DER_NULL, &null) || null.n != 0))
		return rd_fail(r);
	*ret = by_arc[arc];
	return rd_end(&seq) || rd_fail(r);
}

/*
 * RSASSA-PSS-params (RFC 4055 s3.1) that allow one SHA-2 hash, MGF1 with the
 * same, and a salt of the hash's length (a key's number is a minimum). Left
 * out fields mean SHA-1, which fits none of our schemes.
 */
bool
pss_params_read(struct rd *r, bool of_signature, enum hash *ret)
{
	static const uint8_t mgf1[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1,
		1, 8 };
	struct rd seq, field, inner, oid;
	struct span salt = { 0 }, one = { 0 };
	enum hash h = HASH_NONE, mgf = HASH_NONE;

	if (!der_enter(r, DER_SEQ, &seq) || !rd_end(r) ||
	    !der_enter(&seq, DER_CTX(0), &field) || !read_hash_id(&field, &h) ||
	    !rd_end(&field))
		return false;
	if (!der_enter(&seq, DER_CTX(1), &field) ||
	    !der_enter(&field, DER_SEQ, &inner) || !rd_end(&field) ||
	    !der_enter(&inner, DER_OID, &oid) ||
	    !rd_expect(&oid, span_of(mgf1, sizeof(mgf1))) || !rd_end(&oid) ||
	    !read_hash_id(&inner, &mgf) || !rd_end(&inner))
		return false;
	if (rd_left(&seq) > 0 &&
	    (!der_enter(&seq, DER_CTX(2), &field) || !der_uint(&field, &salt) ||
		!rd_end(&field)))
		return false;
	if (of_signature && rd_left(&seq) > 0 &&
	    (!der_enter(&seq, DER_CTX(3), &field) || !der_uint(&field, &one) ||
		!rd_end(&field) || one.n != 1 || *one.p != 1))
		return false;
	if (mgf != h || salt.n > 1 || (salt.n == 1 && *salt.p > hash_size(h)))
		return false;
	/* A signature's salt is of that length; left out, it is 20. */
	if (of_signature && (salt.n == 0 || *salt.p != hash_size(h)))
		return false;
	*ret = h;
	return rd_end(&seq);
}

static unsigned
bit_length(struct span n)
{
	unsigned bits = (unsigned)n.n * 8;

	for (unsigned top = n.n == 0 ? 0x80 : *n.p; (top & 0x80) == 0;
	     top <<= 1)
		bits--;
	return bits;
}

static int
parse_rsa(struct span key, struct spki *s, struct seal_diag *d)
{
	struct rd r, seq;

	rd_init(&r, key);
	if (!der_enter(&r, DER_SEQ, &seq) || !rd_end(&r) ||
	    !der_uint(&seq, &s->n) || !der_uint(&seq, &s->e) || !rd_end(&seq))
		return seal_fail(d, SEAL_E_DECODE, "key: malformed RSA key");
	s->bits = bit_length(s->n);
	if (s->bits < 512 || s->bits > RSA_BITS_MAX ||
	    (s->n.p[s->n.n - 1] & 1) == 0)
		return seal_fail(d, SEAL_E_KEY,
		    "key: RSA modulus of %u bits, or even; at most %u allowed",
		    s->bits, RSA_BITS_MAX);
	if (s->e.n == 0 || s->e.n > 4 || (s->e.p[s->e.n - 1] & 1) == 0 ||
	    (s->e.n == 1 && s->e.p[0] == 1))
		return seal_fail(d, SEAL_E_KEY,
		    "key: RSA exponent is not odd and within 3 to 2^32 - 1");
	return 0;
}

static int
parse_point(const struct algorithm *a, struct span key, struct spki *s,
    struct seal_diag *d)
{
	bool ec = a->kind == KEY_EC;

	/* RFC 8446 s4.2.8.2: uncompressed points only. */
	if (key.n != (ec ? 1 + 2 * a->size : a->size) || (ec && *key.p != 4))
		return seal_fail(d, SEAL_E_KEY,
		    "key: %s: expected %s, found %zu bytes", a->name,
		    ec ? "an uncompressed point" : "a plain key", key.n);
	s->point = key;
	return 0;
}

int
spki_parse(struct span der, struct spki *ret, struct seal_diag *d)
{
	const struct algorithm *a;
	struct span id = { 0 }, key = { 0 };
	struct spki s = { 0 };
	struct rd r, seq, params;
	int code;

	rd_init(&r, der);
	if (der.n > LIMIT_SPKI || !der_enter(&r, DER_SEQ, &seq) ||
	    !rd_end(&r) || !der_read(&seq, DER_SEQ, &id) ||
	    !der_bits(&seq, &key) || !rd_end(&seq))
		return seal_fail(
		    d, SEAL_E_DECODE, "key: malformed SubjectPublicKeyInfo");
	if ((a = algorithm_of_id(id)) == NULL)
		return seal_fail(d, SEAL_E_KEY,
		    "key: expected ECDSA (P-256, P-384, P-521), EdDSA or RSA, "
		    "found another algorithm");
	s.kind = a->kind;
	s.curve = a->curve;
	rd_init(&params, id);
	if (a->kind == KEY_RSA_PSS && id.n > a->id_n &&
	    (!rd_expect(&params, span_of(a->id, a->id_n)) ||
		!pss_params_read(&params, false, &s.pss_hash)))
		return seal_fail(
		    d, SEAL_E_KEY, "key: unsupported RSASSA-PSS parameters");
	code =
	    a->size == 0 ? parse_rsa(key, &s, d) : parse_point(a, key, &s, d);
	if (code == 0)
		*ret = s;
	return code;
}

static void
put_padded(struct wr *w, struct span s, size_t width)
{
	for (size_t i = s.n; i < width; i++)
		wr_u8(w, 0);
	wr_bytes(w, s);
}

/* Importing is what checks that the point is on its curve. */
static int
spki_publish(struct wr *made, struct wr *out, struct key_cache *cache,
    struct pubkey **ret_key, struct seal_diag *d)
{
	struct pubkey *k = NULL;
	struct span spki = { 0 };
	int r;

	if ((r = wr_finish(made, &spki)) != 0)
		return seal_fail(d, r, "key: too large");
	if ((r = key_cache_get(cache, spki, &k, d)) != 0)
		return r;
	wr_bytes(out, spki);
	if (out->error != 0)
		r = seal_fail(d, out->error, "key: no room");
	else if (ret_key != NULL)
		*ret_key = pubkey_ref(k);
	pubkey_unref(&k);
	return r;
}

int
spki_from_ec(enum curve c, struct span x, struct span y, struct wr *out,
    struct seal_diag *d)
{
	return spki_import_ec(c, x, y, out, NULL, NULL, d);
}

int
spki_from_rsa(
    struct span modulus, uint32_t exponent, struct wr *out, struct seal_diag *d)
{
	return spki_import_rsa(modulus, exponent, out, NULL, NULL, d);
}

int
spki_import_ec(enum curve c, struct span x, struct span y, struct wr *out,
    struct key_cache *cache, struct pubkey **ret_key, struct seal_diag *d)
{
	const struct algorithm *a = algorithm_of_curve(c);
	uint8_t buf[256], point[1 + 2 * 66];
	size_t mark;
	struct wr p, w;

	if (a == NULL)
		return seal_fail(d, SEAL_E_KEY, "key: unknown curve");
	if (a->kind == KEY_EC ? x.n > a->size || y.n > a->size
			      : x.n != a->size || y.n != 0)
		return seal_fail(d, SEAL_E_KEY,
		    "key: %s: coordinates of %zu and %zu bytes", a->name, x.n,
		    y.n);
	wr_init(&p, point, sizeof(point));
	if (a->kind == KEY_EC) {
		wr_u8(&p, 4);
		put_padded(&p, x, a->size);
		put_padded(&p, y, a->size);
	} else {
		wr_bytes(&p, x);
	}
	wr_init(&w, buf, sizeof(buf));
	mark = der_begin(&w, DER_SEQ);
	der_put(&w, DER_SEQ, span_of(a->id, a->id_n));
	der_put_bits(&w, wr_view(&p));
	der_end(&w, mark);
	return spki_publish(&w, out, cache, ret_key, d);
}

int
spki_import_rsa(struct span modulus, uint32_t exponent, struct wr *out,
    struct key_cache *cache, struct pubkey **ret_key, struct seal_diag *d)
{
	const struct algorithm *rsa = &algorithms[ALGORITHM_RSA];
	uint8_t key[LIMIT_SPKI], buf[LIMIT_SPKI], e[4];
	size_t mark;
	struct wr k, w;

	wr_init(&w, e, sizeof(e));
	wr_u32(&w, exponent);
	wr_init(&k, key, sizeof(key));
	mark = der_begin(&k, DER_SEQ);
	der_put_uint(&k, modulus);
	der_put_uint(&k, span_of(e, sizeof(e)));
	der_end(&k, mark);
	if (k.error != 0)
		return seal_fail(d, k.error, "key: RSA modulus too large");
	wr_init(&w, buf, sizeof(buf));
	mark = der_begin(&w, DER_SEQ);
	der_put(&w, DER_SEQ, span_of(rsa->id, rsa->id_n));
	der_put_bits(&w, wr_view(&k));
	der_end(&w, mark);
	return spki_publish(&w, out, cache, ret_key, d);
}

int
spki_to_ec(struct span spki, enum curve *ret, uint8_t x[66], uint8_t y[66],
    struct seal_diag *d)
{
	struct spki s = { 0 };
	struct span px = { 0 }, py = { 0 };
	struct rd r;
	size_t size;
	uint8_t form;
	int code;

	if ((code = spki_parse(spki, &s, d)) != 0)
		return code;
	if (s.curve == CURVE_NONE)
		return seal_fail(d, SEAL_E_KEY,
		    "key: expected an elliptic curve key, found RSA");
	size = curve_size(s.curve);
	rd_init(&r, s.point);
	if (s.kind == KEY_EC ? !rd_u8(&r, &form) || !rd_bytes(&r, size, &px) ||
				   !rd_bytes(&r, size, &py)
			     : !rd_bytes(&r, size, &px))
		return seal_fail(d, SEAL_E_DECODE, "key: malformed point");
	memcpy(x, px.p, px.n);
	if (py.n > 0)
		memcpy(y, py.p, py.n);
	*ret = s.curve;
	return 0;
}

int
spki_to_rsa(struct span spki, struct span *ret_n, struct span *ret_e,
    struct seal_diag *d)
{
	struct spki s = { 0 };
	int code;

	if ((code = spki_parse(spki, &s, d)) != 0)
		return code;
	if (s.kind != KEY_RSA)
		return seal_fail(d, SEAL_E_KEY, "key: expected an RSA key");
	*ret_n = s.n;
	*ret_e = s.e;
	return 0;
}
