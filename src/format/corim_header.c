/* SPDX-License-Identifier: Apache-2.0 */
#include "format/corim_header.h"

#include "base/text.h"

/* Labels (RFC 9052, RFC 9360, RFC 9597, and the draft's s4.2.1). */
#define HDR_CORIM_META 8
#define HDR_CWT_CLAIMS 15
#define HDR_X5CHAIN 33
#define HDR_PAYLOAD_HASH 258 /* the payload is a digest of the CoRIM .. */
#define HDR_PREIMAGE 259
#define HDR_LOCATION 260 /* .. which is elsewhere */

#define CWT_ISS 1
#define CWT_EXP 4
#define CWT_NBF 5

#define HEADER_MAX 262144u /* bytes; chains are bounded too */

/* {0: name, ? 1: URI}. */
static bool
read_signer(struct rd *r, struct corim *c)
{
	struct span other;
	int64_t key = 0;
	size_t n = 0;
	bool ok;

	if (!cbor_map_unique(r, &n))
		return false;
	for (; n > 0; n--) {
		if (!comid_label(r, &key))
			return false;
		if (key == 0)
			ok = cbor_text(r, &c->signer);
		else if (key == 1)
			ok = corim_read_uri(r, &c->signer_uri);
		else
			ok = cbor_item(r, &other);
		if (!ok)
			return false;
	}
	return c->signer.n > 0;
}

/* A byte string that holds {0: signer, ? 1: validity}. */
static bool
read_meta(struct rd *outer, struct corim *c)
{
	struct span meta, other;
	int64_t key = 0;
	struct rd r;
	size_t n = 0;
	bool ok;

	if (!cbor_bytes(outer, &meta))
		return false;
	rd_init(&r, meta);
	if (!cbor_map_unique(&r, &n))
		return false;
	for (; n > 0; n--) {
		if (!comid_label(&r, &key))
			return false;
		if (key == 0)
			ok = read_signer(&r, c);
		else if (key == 1)
			ok = corim_read_validity(&r, &c->signature);
		else
			ok = cbor_item(&r, &other);
		if (!ok)
			return false;
	}
	return c->signer.n > 0 && rd_end(&r);
}

static bool
read_claims(struct rd *r, struct corim *c)
{
	struct span other, iss = { NULL, 0 };
	int64_t key = 0;
	size_t n = 0;
	bool ok;

	c->claims = (struct corim_validity){ true, INT64_MIN, INT64_MAX };
	if (!cbor_map_unique(r, &n))
		return false;
	for (; n > 0; n--) {
		if (!comid_label(r, &key))
			return false;
		if (key == CWT_ISS)
			ok = cbor_text(r, &iss);
		else if (key == CWT_EXP)
			ok = cbor_int(r, &c->claims.not_after);
		else if (key == CWT_NBF)
			ok = cbor_int(r, &c->claims.not_before);
		else
			ok = cbor_item(r, &other);
		if (!ok)
			return false;
	}
	if (c->signer.n == 0)
		c->signer = iss;
	return iss.n > 0;
}

/* RFC 9360 s2: one certificate, or an array of at least two. */
static bool
read_chain(struct rd *r, struct corim *c)
{
	size_t n = 1;

	if (cbor_peek(r) == CBOR_ARRAY && (!cbor_array(r, &n) || n < 2))
		return false;
	if (n > LIMIT_CHAIN)
		return false;
	for (c->n_chain = 0; c->n_chain < n; c->n_chain++)
		if (!cbor_bytes(r, &c->chain[c->n_chain]) ||
		    c->chain[c->n_chain].n > LIMIT_CERTIFICATE)
			return false;
	return true;
}

static int
read_param(struct rd *r, int64_t label, struct corim *c, struct seal_diag *d)
{
	struct span other;
	bool ok;

	switch (label) {
	case HDR_CORIM_META:
		ok = read_meta(r, c);
		break;
	case HDR_CWT_CLAIMS:
		ok = read_claims(r, c);
		break;
	case HDR_X5CHAIN:
		ok = read_chain(r, c);
		break;
	case HDR_PAYLOAD_HASH:
	case HDR_PREIMAGE:
	case HDR_LOCATION:
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "corim: expected the manifest in the signed message, found "
		    "its digest alone (hash envelope)");
	default:
		ok = cbor_item(r, &other);
		break;
	}
	return ok ? 0
		  : seal_fail(d, SEAL_E_DECODE,
			"corim: protected header %d is malformed", (int)label);
}

int
corim_header_parse(struct corim *c, struct seal_diag *d)
{
	int64_t label = 0;
	struct rd r;
	size_t n = 0;
	int code;

	rd_init(&r, c->sign1.protected_bytes);
	if (!cbor_map_unique(&r, &n))
		return seal_fail(
		    d, SEAL_E_DECODE, "corim: malformed protected header");
	for (; n > 0; n--) {
		if (!comid_label(&r, &label))
			return seal_fail(d, SEAL_E_DECODE,
			    "corim: malformed protected header");
		if ((code = read_param(&r, label, c, d)) != 0)
			return code;
	}
	if (c->signer.n == 0)
		return seal_fail(d, SEAL_E_DECODE,
		    "corim: expected a signer in corim-meta (8) or CWT claims "
		    "(15), found none");
	return rd_end(&r) ? 0
			  : seal_fail(d, SEAL_E_DECODE,
				"corim: bytes after the protected header");
}

/* ---- Writing ---- */

static void
put_meta(struct wr *w, const struct corim_signing *s)
{
	cbor_put_map(w, s->validity.stated ? 2 : 1);
	cbor_put_int(w, 0);
	cbor_put_map(w, 1);
	cbor_put_int(w, 0);
	cbor_put_text(w, s->signer);
	if (s->validity.stated) {
		cbor_put_int(w, 1);
		corim_put_validity(w, &s->validity);
	}
}

static void
put_chain(struct wr *w, const struct corim_signing *s)
{
	if (s->n_chain > 1)
		cbor_put_array(w, s->n_chain);
	for (size_t i = 0; i < s->n_chain; i++)
		cbor_put_bytes(w, s->chain[i]);
}

/* Labels in order: they go behind those of COSE, which are smaller. */
static int
put_header(struct wr *w, const struct corim_signing *s)
{
	struct wr meta;
	int code;

	wr_init_heap(&meta, HEADER_MAX);
	put_meta(&meta, s);
	cbor_put_int(w, HDR_CORIM_META);
	cbor_put_bytes(w, wr_view(&meta));
	if (s->n_chain > 0) {
		cbor_put_int(w, HDR_X5CHAIN);
		put_chain(w, s);
	}
	code = meta.error != 0 ? meta.error : w->error;
	wr_free(&meta);
	return code;
}

int
corim_sign(struct wr *w, struct span corim, const struct corim_signing *s,
    struct seal_diag *d)
{
	struct cose_headers h = { .kid = s->kid,
		.content_type = span_str(CORIM_CTY),
		.n_more = s->n_chain > 0 ? 2 : 1 };
	struct wr more;
	int code;

	if (s->signer.n == 0 || !utf8_valid(s->signer))
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "corim: a signature needs the name of its signer");
	wr_init_heap(&more, HEADER_MAX);
	if ((code = put_header(&more, s)) != 0) {
		seal_fail(d, code, "corim: header");
	} else {
		h.more = wr_view(&more);
		code = cose_sign1_write_with(
		    w, s->scheme, &h, corim, s->sign, s->sign_ctx, d);
	}
	wr_free(&more);
	return code;
}
