/* SPDX-License-Identifier: Apache-2.0 */
#include "format/ratsd.h"

#include <string.h>

#include "base/text.h"
#include "format/eat.h"
#include "jose/json.h"

#define TAG_SIGN1 18u
#define TAG_UCCS 601u /* RFC 9781 */

static int
malformed(struct seal_diag *d, const char *expected)
{
	return seal_fail(
	    d, SEAL_E_DECODE, "ratsd token: expected %s", expected);
}

/* ---- Version 2 ---- */

/* The payload of a COSE_Sign1, or the input where it is none. No header is
 * asked for, not even which algorithm signed: so nothing signed it. */
static bool
open_sign1(struct span in, struct span *ret)
{
	struct span protected_bytes, signature;
	uint64_t tag = 0;
	size_t n = 0;
	struct rd r;

	rd_init(&r, in);
	if (cbor_peek(&r) == CBOR_MAP) {
		*ret = in;
		return true;
	}
	return cbor_tag(&r, &tag) && tag == TAG_SIGN1 && cbor_array(&r, &n) &&
	       n == 4 && cbor_bytes(&r, &protected_bytes) &&
	       cbor_item(&r, NULL) && cbor_bytes(&r, ret) &&
	       cbor_bytes(&r, &signature) && rd_end(&r);
}

static const struct cmw_item *
find_claims(const struct cmw *c)
{
	for (size_t i = 1; i < c->n; i++)
		if (c->items[i].depth == 1 && c->items[i].kind == CMW_RECORD &&
		    span_is(c->items[i].label, RATSD_CLAIMS_LABEL))
			return &c->items[i];
	return NULL;
}

static int
read_claims(struct ratsd_token *t, struct seal_diag *d)
{
	const struct cmw_item *item = find_claims(&t->cmw);
	struct eat_claims claims;
	uint64_t tag = 0;
	struct rd r;
	int code;

	if (item == NULL)
		return malformed(d, "a member " RATSD_CLAIMS_LABEL);
	rd_init(&r, item->value);
	if (!cbor_tag(&r, &tag) || tag != TAG_UCCS)
		return malformed(d, "unprotected claims (tag 601)");
	if ((code = eat_claims_parse(
		 span_of(
		     item->value.p + item->value.n - rd_left(&r), rd_left(&r)),
		 &claims, d)) != 0)
		return code;
	if (!span_is(claims.profile, RATSD_PROFILE) || claims.nonce.n == 0)
		return malformed(d, "profile " RATSD_PROFILE " and a nonce");
	t->nonce = claims.nonce;
	return 0;
}

static int
parse_cbor(struct span in, struct ratsd_token *t, struct seal_diag *d)
{
	struct span payload;
	int r;

	if (!open_sign1(in, &payload))
		return malformed(d, "a COSE_Sign1, or a collection");
	if ((r = cmw_parse(payload, &t->cmw, d)) != 0)
		return r;
	if ((r = read_claims(t, d)) != 0)
		cmw_free(&t->cmw);
	return r;
}

/* ---- Version 1 ---- */

/* A text member of base64url, decoded behind what is there. */
static bool
take_base64(
    const json_t *j, const char *key, struct ratsd_token *t, struct span *ret)
{
	const char *text = json_string_value(json_object_get(j, key));
	size_t at = t->decoded.n;

	if (text == NULL || !base64_decode(span_str(text), &t->decoded))
		return false;
	*ret = span_of(t->decoded.p + at, t->decoded.n - at);
	return true;
}

static int
parse_json(struct span in, struct ratsd_token *t, struct seal_diag *d)
{
	const char *profile;
	struct span cmw;
	json_t *j = NULL;
	bool ok;
	int r;

	if ((r = json_read_object(in, RATSD_TOKEN_MAX, "ratsd token", &j, d)) !=
	    0)
		return r;
	profile = json_string_value(json_object_get(j, "eat_profile"));
	/* Decoded text is shorter, so that the views stay where they are. */
	(void)wr_room(&t->decoded, in.n);
	t->decoded.n = 0;
	ok = profile != NULL && strcmp(profile, RATSD_PROFILE_1) == 0 &&
	     take_base64(j, "eat_nonce", t, &t->nonce) &&
	     take_base64(j, "cmw", t, &cmw);
	json_decref(j);
	if (!ok)
		return malformed(d, "eat_profile, eat_nonce and cmw");
	return cmw_parse(cmw, &t->cmw, d);
}

int
ratsd_token_parse(struct span in, struct ratsd_token *ret, struct seal_diag *d)
{
	struct ratsd_token t = { .nonce = { NULL, 0 } };
	int r;

	if (in.n == 0 || in.n > RATSD_TOKEN_MAX)
		return malformed(d, "1 to 262144 bytes");
	wr_init_heap(&t.decoded, in.n);
	r = in.p[0] == '{' ? parse_json(in, &t, d) : parse_cbor(in, &t, d);
	if (r == 0 && t.cmw.items[0].kind != CMW_COLLECTION) {
		cmw_free(&t.cmw);
		r = malformed(d, "a collection");
	}
	if (r != 0)
		wr_free(&t.decoded);
	else
		*ret = t;
	return r;
}

void
ratsd_token_wipe(struct ratsd_token *t)
{
	cmw_free(&t->cmw);
	wr_free(&t->decoded);
}
