/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/key.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "jose/json.h"

struct curve_row {
	enum curve curve;
	const char *kty, *crv, *alg;
	uint16_t scheme;
};

/* RFC 7518 s6.2, RFC 8037 s2; the algorithm is fixed by the key. */
static const struct curve_row curves[] = {
	{ CURVE_P256, "EC", "P-256", "ES256", SIG_ECDSA_P256_SHA256 },
	{ CURVE_P384, "EC", "P-384", "ES384", SIG_ECDSA_P384_SHA384 },
	{ CURVE_P521, "EC", "P-521", "ES512", SIG_ECDSA_P521_SHA512 },
	{ CURVE_ED25519, "OKP", "Ed25519", "EdDSA", SIG_ED25519 },
	{ CURVE_NONE },
};

/* The private and symmetric members of RFC 7518 s6. */
static const char *const secret[] = { "d", "p", "q", "dp", "dq", "qi", "oth",
	"k", NULL };

static const struct curve_row *
row_of_curve(enum curve curve)
{
	const struct curve_row *c = curves;

	while (c->curve != CURVE_NONE && c->curve != curve)
		c++;
	return c->curve == CURVE_NONE ? NULL : c;
}

static const struct curve_row *
row_of_json(const json_t *j)
{
	const char *kty = json_string_value(json_object_get(j, "kty"));
	const char *crv = json_string_value(json_object_get(j, "crv"));

	if (kty == NULL || crv == NULL)
		return NULL;
	for (const struct curve_row *c = curves; c->curve != CURVE_NONE; c++) {
		if (strcmp(c->kty, kty) == 0 && strcmp(c->crv, crv) == 0)
			return c;
	}
	return NULL;
}

static bool
has_secret(const json_t *j)
{
	for (size_t i = 0; secret[i] != NULL; i++) {
		if (json_object_get(j, secret[i]) != NULL)
			return true;
	}
	return false;
}

/* Exactly size bytes: RFC 7518 s6.2.1.2 keeps leading zeros. */
static bool
read_coordinate(const json_t *j, size_t size, uint8_t buf[66])
{
	struct wr w;

	wr_init(&w, buf, size);
	return json_is_string(j) &&
	       b64url_decode(
		   span_of(json_string_value(j), json_string_length(j)), &w) &&
	       w.n == size;
}

/* Is an absent or text member one of these? */
static bool
member_is(const json_t *j, const char *key, const char *want, const char * or)
{
	const json_t *m = json_object_get(j, key);
	const char *text = json_string_value(m);

	if (m == NULL)
		return true;
	return text != NULL && (strcmp(text, want) == 0 ||
				   (or != NULL && strcmp(text, or) == 0));
}

bool
jwk_for_others(const json_t *j)
{
	return json_is_object(j) && !has_secret(j) &&
	       (row_of_json(j) == NULL || !member_is(j, "use", "sig", NULL));
}

static int
import(const json_t *j, const struct curve_row *c, struct jwk *k,
    struct seal_diag *d)
{
	size_t size = curve_size(c->curve);
	bool ec = c->curve != CURVE_ED25519;
	uint8_t x[66], y[66];
	struct wr w;
	int r;

	if (!read_coordinate(json_object_get(j, "x"), size, x) ||
	    (ec ? !read_coordinate(json_object_get(j, "y"), size, y)
		: json_object_get(j, "y") != NULL))
		return seal_fail(d, SEAL_E_KEY,
		    "jwk: %s: expected coordinates of %zu bytes", c->crv, size);
	wr_init(&w, k->spki, sizeof(k->spki));
	if ((r = spki_import_ec(c->curve, span_of(x, size),
		 span_of(ec ? y : NULL, ec ? size : 0), &w, NULL, &k->key,
		 d)) != 0)
		return r;
	k->n_spki = w.n;
	k->scheme = c->scheme;
	return 0;
}

int
jwk_read(const json_t *j, struct jwk *ret, struct seal_diag *d)
{
	const struct curve_row *c = row_of_json(j);
	const json_t *kid = json_object_get(j, "kid");
	struct jwk k = { .n_spki = 0 };
	int r;

	if (!json_is_object(j))
		return seal_fail(d, SEAL_E_DECODE, "jwk: must be an object");
	if (has_secret(j))
		return seal_fail(d, SEAL_E_KEY,
		    "jwk: holds a private or symmetric key, expected a public "
		    "one");
	if (c == NULL || !member_is(j, "use", "sig", NULL))
		return seal_fail(d, SEAL_E_KEY,
		    "jwk: expected a signature key on P-256, P-384, P-521 or "
		    "Ed25519");
	if (!member_is(
		j, "alg", c->alg, c->curve == CURVE_ED25519 ? c->crv : NULL))
		return seal_fail(d, SEAL_E_KEY,
		    "jwk: 'alg' must be %s for a key on %s", c->alg, c->crv);
	if (kid != NULL && !json_read_text(kid, k.kid, sizeof(k.kid)))
		return seal_fail(d, SEAL_E_DECODE,
		    "jwk: 'kid' must be text of at most %u bytes",
		    JWK_KID_MAX - 1);
	if ((r = import(j, c, &k, d)) == 0)
		*ret = k;
	return r;
}

/* RFC 7518 s6.3.1: a number in as few bytes as it needs. */
static bool
read_number(const json_t *j, struct wr *out)
{
	return json_is_string(j) &&
	       b64url_decode(
		   span_of(json_string_value(j), json_string_length(j)), out) &&
	       out->n > 0 && out->p[0] != 0;
}

static int
rsa_to_spki(const json_t *j, struct wr *out, struct seal_diag *d)
{
	uint8_t n[LIMIT_SIGNATURE], e[4];
	uint32_t exponent = 0;
	struct wr wn, we;

	wr_init(&wn, n, sizeof(n));
	wr_init(&we, e, sizeof(e));
	if (!read_number(json_object_get(j, "n"), &wn) ||
	    !read_number(json_object_get(j, "e"), &we))
		return seal_fail(d, SEAL_E_KEY, "jwk: malformed RSA key");
	for (size_t i = 0; i < we.n; i++)
		exponent = exponent << 8 | e[i];
	return spki_from_rsa(wr_view(&wn), exponent, out, d);
}

int
jwk_to_spki(const json_t *j, struct wr *out, struct seal_diag *d)
{
	const char *kty = json_string_value(json_object_get(j, "kty"));
	struct jwk k = { .n_spki = 0 };
	int r;

	if (kty != NULL && strcmp(kty, "RSA") == 0 && !has_secret(j))
		return rsa_to_spki(j, out, d);
	if ((r = jwk_read(j, &k, d)) != 0)
		return r;
	wr_bytes(out, span_of(k.spki, k.n_spki));
	jwk_wipe(&k);
	return out->error;
}

int
jwk_from_spki(
    struct span spki, const char *kid, struct jwk *ret, struct seal_diag *d)
{
	const struct curve_row *c;
	enum curve curve = CURVE_NONE;
	struct jwk k = { .n_spki = spki.n };
	uint8_t x[66], y[66];
	int r;

	if (spki_to_ec(spki, &curve, x, y, NULL) != 0 ||
	    (c = row_of_curve(curve)) == NULL || spki.n > sizeof(k.spki))
		return seal_fail(d, SEAL_E_KEY,
		    "jwk: expected a key on P-256, P-384, P-521 or Ed25519");
	if (kid != NULL && strlen(kid) >= sizeof(k.kid))
		return seal_fail(d, SEAL_E_LIMIT, "jwk: kid is too long");
	if ((r = pubkey_from_spki(spki, &k.key, d)) != 0)
		return r;
	memcpy(k.spki, spki.p, spki.n);
	memcpy(
	    k.kid, kid == NULL ? "" : kid, kid == NULL ? 1 : strlen(kid) + 1);
	k.scheme = c->scheme;
	*ret = k;
	return 0;
}

void
jwk_wipe(struct jwk *k)
{
	pubkey_unref(&k->key);
	memset(k, 0, sizeof(*k));
}

static json_t *
bytes_json(struct span s)
{
	char text[LIMIT_SIGNATURE * 4 / 3 + 4];
	struct wr w;

	wr_init(&w, text, sizeof(text));
	b64url_encode(s, &w);
	return w.error != 0 ? NULL : json_stringn(text, w.n);
}

static json_t *
rsa_json(struct span spki)
{
	struct span n, e;

	if (spki_to_rsa(spki, &n, &e, NULL) != 0)
		return NULL;
	return json_pack("{s:s, s:o, s:o}", "kty", "RSA", "n", bytes_json(n),
	    "e", bytes_json(e));
}

json_t *
jwk_json(struct span spki)
{
	const struct curve_row *c;
	enum curve curve = CURVE_NONE;
	uint8_t x[66], y[66];
	size_t size;

	if (spki_to_ec(spki, &curve, x, y, NULL) != 0)
		return rsa_json(spki);
	if ((c = row_of_curve(curve)) == NULL)
		return NULL;
	size = curve_size(curve);
	if (curve == CURVE_ED25519)
		return json_pack("{s:s, s:s, s:o}", "kty", c->kty, "crv",
		    c->crv, "x", bytes_json(span_of(x, size)));
	return json_pack("{s:s, s:s, s:o, s:o}", "kty", c->kty, "crv", c->crv,
	    "x", bytes_json(span_of(x, size)), "y",
	    bytes_json(span_of(y, size)));
}

json_t *
jwk_json_public(const struct jwk *k)
{
	json_t *j = jwk_json(span_of(k->spki, k->n_spki));
	const struct curve_row *c = row_of_json(j);

	if (c == NULL ||
	    json_object_set_new(j, "alg", json_string(c->alg)) != 0 ||
	    json_object_set_new(j, "use", json_string("sig")) != 0 ||
	    (k->kid[0] != '\0' &&
		json_object_set_new(j, "kid", json_string(k->kid)) != 0)) {
		json_decref(j);
		return NULL;
	}
	return j;
}

/* RFC 7638 s3: the required members alone, sorted, without white space. */
int
jwk_thumbprint(struct span spki, char ret[JWK_THUMBPRINT], struct seal_diag *d)
{
	json_t *j = jwk_json(spki);
	char *text = NULL;
	uint8_t digest[HASH_MAX];
	struct wr w;
	int r;

	if (j != NULL)
		text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(j);
	if (text == NULL)
		return seal_fail(d, SEAL_E_KEY, "jwk: no thumbprint");
	r = hash_one(HASH_SHA256, span_str(text), digest, d);
	free(text);
	if (r != 0)
		return r;
	wr_init(&w, ret, JWK_THUMBPRINT);
	b64url_encode(span_of(digest, 32), &w);
	wr_u8(&w, 0);
	return w.error;
}
