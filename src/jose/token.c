/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/token.h"

#include <stdlib.h>
#include <string.h>

/* No file of this room has the name of one of the library's. */
#include <jose/jws.h>

#include "base/rd.h"
#include "base/text.h"
#include "crypto/ossl.h"
#include "jose/json.h"

/* RFC 7518 s3.1, RFC 8037 s3.1; written as its first row. A name that is not
 * here, none and HS256 among them, has no meaning at all. */
static const struct alg {
	const char *name;
	uint16_t scheme;
	size_t width; /* of r and of s; 0: not ECDSA */
	size_t signature;
} algs[] = {
	{ "ES256", SIG_ECDSA_P256_SHA256, 32, 64 },
	{ "ES384", SIG_ECDSA_P384_SHA384, 48, 96 },
	{ "ES512", SIG_ECDSA_P521_SHA512, 66, 132 },
	{ "EdDSA", SIG_ED25519, 0, 64 },
	{ NULL },
};

static const struct alg *
alg_by_name(const char *name)
{
	const struct alg *a = algs;

	while (a->name != NULL && strcmp(a->name, name) != 0)
		a++;
	return a->name == NULL ? NULL : a;
}

static const struct alg *
alg_by_scheme(uint16_t scheme)
{
	const struct alg *a = algs;

	while (a->name != NULL && a->scheme != scheme)
		a++;
	return a->name == NULL ? NULL : a;
}

/* Up to the next dot, which is taken; at the end, all that is left. */
static bool
take_part(struct rd *r, bool last, struct span *ret)
{
	const uint8_t *dot = r->n == 0 ? NULL : memchr(r->p, '.', r->n);
	size_t n = dot == NULL ? r->n : (size_t)(dot - r->p);

	if (last ? dot != NULL : dot == NULL)
		return rd_fail(r);
	return rd_bytes(r, n, ret) && ret->n > 0 &&
	       (last || rd_expect(r, span_str(".")));
}

/* RFC 7515 s7.1: three parts, none of them empty (s7.2.1 would allow an empty
 * payload, which is no message of ours). */
static bool
split(struct span token, struct jws *j)
{
	struct rd r;

	rd_init(&r, token);
	if (!take_part(&r, false, &j->protected_text) ||
	    !take_part(&r, false, &j->payload_text) ||
	    !take_part(&r, true, &j->signature_text) || !rd_end(&r))
		return false;
	j->tbs = span_of(token.p, j->protected_text.n + 1 + j->payload_text.n);
	return true;
}

static int
read_alg(const json_t *header, struct jws *j, struct seal_diag *d)
{
	const json_t *name = json_object_get(header, "alg");
	const struct alg *a = NULL;
	char shown[32];

	if (json_is_string(name))
		a = alg_by_name(json_string_value(name));
	if (a != NULL) {
		j->alg = a->name;
		j->scheme = a->scheme;
		return 0;
	}
	return seal_fail(d, SEAL_E_SIGNATURE,
	    "jws: alg: expected ES256, ES384, ES512 or EdDSA, got '%s'",
	    text_safe(
		span_of(json_string_value(name), json_string_length(name)),
		shown, sizeof(shown)));
}

/* RFC 7515 s4.1. */
static int
read_header(const json_t *header, struct jws *j, struct seal_diag *d)
{
	const json_t *kid = json_object_get(header, "kid");
	const json_t *typ = json_object_get(header, "typ");

	/* s4.1.11: to be refused unless understood, and we know none. */
	if (json_object_get(header, "crit") != NULL ||
	    json_object_get(header, "b64") != NULL)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "jws: header crit or b64 is refused");
	if (kid != NULL && !json_read_text(kid, j->kid, sizeof(j->kid)))
		return seal_fail(d, SEAL_E_DECODE,
		    "jws: kid: expected text of at most %u bytes",
		    JWK_KID_MAX - 1);
	if (typ != NULL && !json_read_text(typ, j->typ, sizeof(j->typ)))
		return seal_fail(d, SEAL_E_DECODE,
		    "jws: typ: expected text of at most %u bytes",
		    JWS_TYPE_MAX - 1);
	return read_alg(header, j, d);
}

static int
parse_header(struct jws *j, struct seal_diag *d)
{
	json_t *header = NULL;
	struct wr w;
	int r;

	wr_init_heap(&w, JWS_HEADER_MAX);
	if (!b64url_decode(j->protected_text, &w))
		r = seal_fail(d, w.error != 0 ? w.error : SEAL_E_DECODE,
		    "jws: header is no base64url, or too long");
	else if ((r = json_read_object(wr_view(&w), JWS_HEADER_MAX,
		      "jws: header", &header, d)) == 0)
		r = read_header(header, j, d);
	json_decref(header);
	wr_free(&w);
	return r;
}

static int
parse_signature(struct jws *j, struct seal_diag *d)
{
	struct wr w;

	wr_init(&w, j->signature, sizeof(j->signature));
	if (!b64url_decode(j->signature_text, &w))
		return seal_fail(d, SEAL_E_DECODE,
		    "jws: signature is no base64url, or too long");
	j->n_signature = w.n;
	if (w.n != alg_by_scheme(j->scheme)->signature)
		return seal_fail(d, SEAL_E_SIGNATURE,
		    "jws: signature of %s: expected %zu bytes, got %zu", j->alg,
		    alg_by_scheme(j->scheme)->signature, w.n);
	return 0;
}

static int
parse_payload(struct jws *j, struct seal_diag *d)
{
	struct wr w;
	int r;

	wr_init_heap(&w, JWS_MAX);
	if (!b64url_decode(j->payload_text, &w)) {
		r = seal_fail(d, w.error != 0 ? w.error : SEAL_E_DECODE,
		    "jws: payload is no base64url");
		wr_free(&w);
		return r;
	}
	if ((r = wr_take(&w, &j->payload, &j->n_payload)) != 0)
		seal_fail(d, r, "jws: payload");
	return r;
}

int
jws_parse(struct span token, struct jws *ret, struct seal_diag *d)
{
	struct jws j = { .alg = NULL };
	int r;

	if (token.n > JWS_MAX)
		return seal_fail(d, SEAL_E_LIMIT,
		    "jws: %zu bytes, at most %u allowed", token.n, JWS_MAX);
	if (!split(token, &j))
		return seal_fail(d, SEAL_E_DECODE,
		    "jws: expected three parts with dots between them");
	if ((r = parse_header(&j, d)) != 0 ||
	    (r = parse_signature(&j, d)) != 0 ||
	    (r = parse_payload(&j, d)) != 0)
		return r;
	*ret = j;
	return 0;
}

void
jws_wipe(struct jws *j)
{
	free(j->payload);
	memset(j, 0, sizeof(*j));
}

/* The key as the library wants it, with the one algorithm that it allows. */
static json_t *
library_key(const struct jws *j, const struct jwk *key)
{
	json_t *k = jwk_json(span_of(key->spki, key->n_spki));

	if (json_object_set_new(k, "alg", json_string(j->alg)) != 0) {
		json_decref(k);
		return NULL;
	}
	return k;
}

static json_t *
text_json(struct span s)
{
	return json_stringn((const char *)s.p, s.n);
}

/* libjose tells its errors on stderr unless somebody takes them. */
static void
swallow(void *misc, const char *file, int line, uint64_t err, const char *fmt,
    va_list ap)
{
	(void)misc;
	(void)file;
	(void)line;
	(void)err;
	(void)fmt;
	(void)ap;
}

/* ECDSA through libjose, which sees the flattened form (RFC 7515 s7.2.2). */
static int
library_verify(const struct jws *j, const struct jwk *key, struct seal_diag *d)
{
	json_t *k = library_key(j, key);
	json_t *flat = json_pack("{s:o, s:o, s:o}", "protected",
	    text_json(j->protected_text), "payload", text_json(j->payload_text),
	    "signature", text_json(j->signature_text));
	jose_cfg_t *cfg = jose_cfg();
	bool ok = false;
	int r = 0;

	if (k == NULL || flat == NULL || cfg == NULL) {
		r = seal_fail(d, SEAL_E_MEMORY, "jws");
		goto out;
	}
	jose_cfg_set_err_func(cfg, swallow, NULL);
	ossl_begin();
	ok = jose_jws_ver(cfg, flat, NULL, k, false);
	ossl_end();
	if (!ok)
		r = seal_fail(
		    d, SEAL_E_SIGNATURE, "jws: the signature does not verify");
out:
	if (cfg != NULL)
		jose_cfg_decref(cfg);
	json_decref(flat);
	json_decref(k);
	return r;
}

int
jws_verify(const struct jws *j, const struct jwk *key, struct seal_diag *d)
{
	/* RFC 8725 s3.1: one key, one algorithm. */
	if (key->key == NULL || j->scheme != key->scheme ||
	    !pubkey_fits(key->key, j->scheme))
		return seal_fail(d, SEAL_E_KEY,
		    "jws: algorithm %s is not the key's (%s)", j->alg,
		    sig_name(key->scheme));
	/* libjose of Debian 12 and 13 knows no EdDSA. */
	if (j->scheme == SIG_ED25519)
		return pubkey_verify(key->key, j->scheme, j->tbs,
		    span_of(j->signature, j->n_signature), d);
	return library_verify(j, key, d);
}

static const struct jwk *
key_of_kid(const struct jws *j, const struct jwk_set *set)
{
	for (size_t i = 0; j->kid[0] != '\0' && i < set->n; i++) {
		if (strcmp(set->keys[i].kid, j->kid) == 0)
			return &set->keys[i];
	}
	return NULL;
}

int
jws_verify_set(const struct jws *j, const struct jwk_set *set,
    const struct jwk **ret_key, struct seal_diag *d)
{
	const struct jwk *key = key_of_kid(j, set);
	int r = SEAL_E_KEY;

	if (key != NULL) {
		if ((r = jws_verify(j, key, d)) == 0)
			*ret_key = key;
		return r;
	}
	for (size_t i = 0; i < set->n; i++) {
		if (set->keys[i].scheme != j->scheme)
			continue;
		r = jws_verify(j, &set->keys[i], NULL);
		if (r == 0) {
			*ret_key = &set->keys[i];
			return 0;
		}
		if (r != SEAL_E_SIGNATURE)
			break;
	}
	return seal_fail(
	    d, r, "jws: no trusted key verifies this %s signature", j->alg);
}

/* The header's members in a fixed order, so that equal input gives equal
 * bytes as far as the signature algorithm allows. */
static int
put_header(struct wr *out, const char *alg, const char *typ, const char *kid,
    struct seal_diag *d)
{
	json_t *h =
	    json_pack("{s:s, s:s*, s:s*}", "alg", alg, "kid", kid, "typ", typ);
	char *text = NULL;

	if (h != NULL)
		text = json_dumps(h, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(h);
	if (text == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "jws: header");
	b64url_encode(span_str(text), out);
	free(text);
	return out->error;
}

/* What a sign_fn made, as JOSE writes it (RFC 7518 s3.4). */
static int
put_signature(
    struct wr *out, struct span sig, const struct alg *a, struct seal_diag *d)
{
	uint8_t buf[JWS_SIGNATURE_MAX];
	struct wr raw;
	int r;

	wr_init(&raw, buf, sizeof(buf));
	if (a->width == 0)
		wr_bytes(&raw, sig);
	else if ((r = ecdsa_der_to_raw(sig, a->width, &raw, d)) != 0)
		return r;
	b64url_encode(wr_view(&raw), out);
	return raw.error;
}

int
jws_sign(struct wr *out, uint16_t scheme, const char *typ, const char *kid,
    struct span payload, sign_fn sign, void *sign_ctx, struct seal_diag *d)
{
	const struct alg *a = alg_by_scheme(scheme);
	uint8_t sig_buf[LIMIT_SIGNATURE];
	struct wr w, sig;
	int r;

	if (a == NULL || payload.n == 0)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "jws: nothing to sign, or no algorithm for %s",
		    sig_name(scheme));
	wr_init_heap(&w, JWS_MAX);
	wr_init(&sig, sig_buf, sizeof(sig_buf));
	if ((r = put_header(&w, a->name, typ, kid, d)) != 0)
		goto out;
	wr_u8(&w, '.');
	b64url_encode(payload, &w);
	if ((r = w.error) != 0 ||
	    (r = sign(sign_ctx, scheme, wr_view(&w), &sig, d)) != 0)
		goto out;
	wr_u8(&w, '.');
	if ((r = sig.error) != 0 ||
	    (r = put_signature(&w, wr_view(&sig), a, d)) != 0 ||
	    (r = w.error) != 0)
		goto out;
	wr_bytes(out, wr_view(&w));
	r = out->error;
out:
	if (r != 0)
		seal_fail(d, r, "jws: cannot be written");
	wr_free(&w);
	return r;
}
