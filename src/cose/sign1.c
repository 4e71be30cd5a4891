/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "cose/cose.h"

#define TAG_SIGN1 18u

/* Labels of header parameters (RFC 9052 s3.1). */
#define HDR_ALG 1
#define HDR_CRIT 2
#define HDR_CONTENT_TYPE 3
#define HDR_KID 4

/* Heads, context string and empty external data of a Sig_structure. */
#define TBS_OVERHEAD 64u

#define HEADER_MAX 262144u /* bytes of a protected header that we write */

/* One label and value that the caller has seen to be well-formed. */
struct param {
	struct span key; /* encoded */
	int64_t label;   /* 0: a text label */
	struct rd value;
};

/* RFC 9052 s1.5: a label is an integer or text. */
static bool
next_param(struct rd *r, struct param *ret)
{
	struct param p = { .label = 0 };
	struct span value;
	struct rd key;

	if (!cbor_item(r, &p.key) || !cbor_item(r, &value))
		return false;
	rd_init(&key, p.key);
	rd_init(&p.value, value);
	if (cbor_peek(&key) > CBOR_NINT && cbor_peek(&key) != CBOR_TEXT)
		return rd_fail(r);
	if (cbor_peek(&key) != CBOR_TEXT && !cbor_int(&key, &p.label))
		return rd_fail(r);
	*ret = p;
	return true;
}

/* Text algorithms are legal but none of ours; an absent one is told by 0. */
static bool
read_alg(struct rd *r, int64_t *ret)
{
	return cbor_int(r, ret) && *ret != 0;
}

/* A content type may also be a CoAP number, which we have no use for. */
static bool
read_content_type(struct rd *r, struct span *ret)
{
	return cbor_peek(r) == CBOR_UINT ? cbor_item(r, NULL)
					 : cbor_text(r, ret);
}

static int
protected_param(struct param *p, struct cose_sign1 *s, struct seal_diag *d)
{
	bool ok = true;

	switch (p->label) {
	case HDR_CRIT: /* RFC 9052 s3.1: we know no extension to understand. */
		return seal_fail(
		    d, SEAL_E_UNSUPPORTED, "cose: header crit is refused");
	case HDR_ALG:
		ok = read_alg(&p->value, &s->alg);
		break;
	case HDR_CONTENT_TYPE:
		ok = read_content_type(&p->value, &s->content_type);
		break;
	case HDR_KID:
		ok = cbor_bytes(&p->value, &s->kid);
		break;
	default:
		return 0;
	}
	if (!ok || !rd_end(&p->value))
		return seal_fail(d, SEAL_E_DECODE,
		    "cose: protected header %d has the wrong type",
		    (int)p->label);
	return 0;
}

/* RFC 9052 s3: no bytes at all stand for the empty map. */
static int
parse_protected(struct cose_sign1 *s, struct seal_diag *d)
{
	struct param p = { .label = 0 };
	struct rd r;
	size_t n = 0;
	int code;

	if (s->protected_bytes.n == 0)
		return 0;
	rd_init(&r, s->protected_bytes);
	if (!cbor_map_unique(&r, &n))
		return seal_fail(
		    d, SEAL_E_DECODE, "cose: malformed protected header");
	for (; n > 0; n--) {
		if (!next_param(&r, &p))
			return seal_fail(d, SEAL_E_DECODE,
			    "cose: malformed protected header");
		if ((code = protected_param(&p, s, d)) != 0)
			return code;
	}
	if (!rd_end(&r))
		return seal_fail(
		    d, SEAL_E_DECODE, "cose: bytes after the protected header");
	return 0;
}

static bool
is_protected(const struct cose_sign1 *s, struct span key)
{
	struct param p = { .label = 0 };
	struct rd r;
	size_t n = 0;

	rd_init(&r, s->protected_bytes);
	if (!cbor_map(&r, &n))
		return false;
	while (n-- > 0 && next_param(&r, &p)) {
		if (span_equal(p.key, key))
			return true;
	}
	return false;
}

/* Anybody can rewrite it: nothing in it is used. */
static int
check_unprotected(const struct cose_sign1 *s, struct seal_diag *d)
{
	struct param p = { .label = 0 };
	struct rd r;
	size_t n = 0;

	rd_init(&r, s->unprotected);
	if (!cbor_map_unique(&r, &n))
		return seal_fail(
		    d, SEAL_E_DECODE, "cose: malformed unprotected header");
	for (; n > 0; n--) {
		if (!next_param(&r, &p))
			return seal_fail(d, SEAL_E_DECODE,
			    "cose: malformed unprotected header");
		if (p.label == HDR_CRIT)
			return seal_fail(d, SEAL_E_UNSUPPORTED,
			    "cose: header crit is refused");
		/* RFC 9052 s3: a label stands in one of the two. */
		if (is_protected(s, p.key))
			return seal_fail(d, SEAL_E_DECODE,
			    "cose: one label in both headers");
	}
	return 0;
}

/* The frame: [protected, unprotected, payload, signature]. */
static bool
parse_frame(struct rd *r, struct cose_sign1 *s)
{
	uint64_t tag = 0;
	size_t n = 0;

	if (cbor_peek(r) == CBOR_TAG) {
		if (!cbor_tag(r, &tag) || tag != TAG_SIGN1)
			return false;
		s->tagged = true;
	}
	return cbor_array(r, &n) && n == 4 &&
	       cbor_bytes(r, &s->protected_bytes) && cbor_peek(r) == CBOR_MAP &&
	       cbor_item(r, &s->unprotected) && cbor_bytes(r, &s->payload) &&
	       cbor_bytes(r, &s->signature) && s->signature.n > 0 && rd_end(r);
}

int
cose_sign1_parse(struct span in, struct cose_sign1 *ret, struct seal_diag *d)
{
	struct cose_sign1 s = { .tagged = false };
	struct rd r;
	int code;

	rd_init(&r, in);
	if (!parse_frame(&r, &s))
		return seal_fail(d, SEAL_E_DECODE,
		    "cose: not one COSE_Sign1 with its payload");
	if (s.signature.n > LIMIT_SIGNATURE)
		return seal_fail(d, SEAL_E_LIMIT,
		    "cose: signature of %zu bytes, at most %u allowed",
		    s.signature.n, LIMIT_SIGNATURE);
	if ((code = parse_protected(&s, d)) != 0 ||
	    (code = check_unprotected(&s, d)) != 0)
		return code;
	*ret = s;
	return 0;
}

/* The Sig_structure of RFC 9052 s4.4, without external data. */
static int
put_tbs(struct span protected_bytes, struct span payload, struct wr *ret,
    struct span *ret_tbs, struct seal_diag *d)
{
	int code;

	wr_init_heap(ret, TBS_OVERHEAD + protected_bytes.n + payload.n);
	cbor_put_array(ret, 4);
	cbor_put_text(ret, span_str("Signature1"));
	cbor_put_bytes(ret, protected_bytes);
	cbor_put_bytes(ret, span_of(NULL, 0));
	cbor_put_bytes(ret, payload);
	if ((code = wr_finish(ret, ret_tbs)) != 0)
		return seal_fail(d, code, "cose: bytes to be signed");
	return 0;
}

/* The signature as TLS writes it: ECDSA in DER, from r || s (RFC 9053 s2.1). */
static int
tls_signature(
    struct span sig, uint16_t scheme, struct wr *out, struct seal_diag *d)
{
	size_t width = cose_ecdsa_width(scheme);
	struct span r, s;
	struct rd in;

	rd_init(&in, sig);
	if (width == 0) {
		wr_bytes(out, sig);
		return out->error;
	}
	if (!rd_bytes(&in, width, &r) || !rd_bytes(&in, width, &s) ||
	    !rd_end(&in))
		return seal_fail(d, SEAL_E_SIGNATURE,
		    "cose: ECDSA signature: expected %zu bytes, got %zu",
		    2 * width, sig.n);
	if (ecdsa_raw_to_der(r, s, out, NULL) != 0)
		return seal_fail(d, SEAL_E_SIGNATURE,
		    "cose: ECDSA signature: r or s out of range");
	return 0;
}

int
cose_sign1_verify(
    const struct cose_sign1 *s, const struct pubkey *key, struct seal_diag *d)
{
	uint8_t sig_buf[LIMIT_SIGNATURE];
	uint16_t scheme;
	struct span tbs;
	struct wr w, sig;
	int code;

	/* The unprotected header is no place for it. */
	if (s->alg == 0)
		return seal_fail(
		    d, SEAL_E_SIGNATURE, "cose: no protected algorithm");
	if ((scheme = cose_alg_for_key(s->alg, key)) == SIG_NONE)
		return seal_fail(d, SEAL_E_KEY,
		    "cose: algorithm %lld does not fit the key",
		    (long long)s->alg);
	wr_init(&sig, sig_buf, sizeof(sig_buf));
	wr_init_heap(&w, 0);
	if ((code = tls_signature(s->signature, scheme, &sig, d)) == 0 &&
	    (code = put_tbs(s->protected_bytes, s->payload, &w, &tbs, d)) == 0)
		code = pubkey_verify(key, scheme, tbs, wr_view(&sig), d);
	wr_free(&w);
	return code;
}

/* What a sign_fn made, as COSE writes it. */
static int
put_signature(
    struct wr *out, struct span sig, uint16_t scheme, struct seal_diag *d)
{
	uint8_t buf[2 * 66];
	struct wr raw;
	int code;

	if (cose_ecdsa_width(scheme) == 0) {
		cbor_put_bytes(out, sig);
		return 0;
	}
	wr_init(&raw, buf, sizeof(buf));
	if ((code = ecdsa_der_to_raw(sig, cose_ecdsa_width(scheme), &raw, d)) !=
	    0)
		return code;
	cbor_put_bytes(out, wr_view(&raw));
	return 0;
}

/* RFC 8949 s4.2.1: labels rise; those of COSE come first. */
static int
put_headers(struct wr *out, int64_t alg, const struct cose_headers *h)
{
	cbor_put_map(
	    out, 1 + (h->content_type.n > 0) + (h->kid.n > 0) + h->n_more);
	cbor_put_int(out, HDR_ALG);
	cbor_put_int(out, alg);
	if (h->content_type.n > 0) {
		cbor_put_int(out, HDR_CONTENT_TYPE);
		cbor_put_text(out, h->content_type);
	}
	if (h->kid.n > 0) {
		cbor_put_int(out, HDR_KID);
		cbor_put_bytes(out, h->kid);
	}
	wr_bytes(out, h->more);
	return out->error;
}

/* header is what put_headers() made. */
static int
write_signed(struct wr *out, uint16_t scheme, struct span header,
    struct span payload, sign_fn sign, void *sign_ctx, struct seal_diag *d)
{
	uint8_t sig_buf[LIMIT_SIGNATURE];
	struct wr w, sig;
	struct span tbs;
	int code;

	wr_init(&sig, sig_buf, sizeof(sig_buf));
	wr_init_heap(&w, 0);
	if ((code = put_tbs(header, payload, &w, &tbs, d)) != 0 ||
	    (code = sign(sign_ctx, scheme, tbs, &sig, d)) != 0)
		goto out;
	if ((code = sig.error) != 0) {
		seal_fail(d, code, "cose: signature too long");
		goto out;
	}
	cbor_put_tag(out, TAG_SIGN1);
	cbor_put_array(out, 4);
	cbor_put_bytes(out, header);
	cbor_put_map(out, 0);
	cbor_put_bytes(out, payload);
	if ((code = put_signature(out, wr_view(&sig), scheme, d)) == 0 &&
	    (code = out->error) != 0)
		seal_fail(d, code, "cose: no room for the message");
out:
	wr_free(&w);
	return code;
}

int
cose_sign1_write_with(struct wr *out, uint16_t scheme,
    const struct cose_headers *headers, struct span payload, sign_fn sign,
    void *sign_ctx, struct seal_diag *d)
{
	int64_t alg = cose_alg_from_scheme(scheme);
	struct wr h;
	int code;

	if (alg == 0)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "cose: no algorithm for scheme 0x%04x", scheme);
	wr_init_heap(&h, HEADER_MAX);
	if ((code = put_headers(&h, alg, headers)) != 0)
		seal_fail(d, code, "cose: protected header");
	else
		code = write_signed(
		    out, scheme, wr_view(&h), payload, sign, sign_ctx, d);
	wr_free(&h);
	return code;
}

int
cose_sign1_write(struct wr *out, uint16_t scheme, struct span kid,
    struct span payload, sign_fn sign, void *sign_ctx, struct seal_diag *d)
{
	int64_t alg = cose_alg_from_scheme(scheme);
	uint8_t header_buf[128];
	struct wr h;
	int code;

	if (alg == 0)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "cose: no algorithm for scheme 0x%04x", scheme);
	wr_init(&h, header_buf, sizeof(header_buf));
	cbor_put_map(&h, 2);
	cbor_put_int(&h, HDR_ALG);
	cbor_put_int(&h, alg);
	cbor_put_int(&h, HDR_KID);
	cbor_put_bytes(&h, kid);
	if ((code = h.error) != 0)
		return seal_fail(d, code, "cose: kid of %zu bytes", kid.n);
	return write_signed(
	    out, scheme, wr_view(&h), payload, sign, sign_ctx, d);
}
