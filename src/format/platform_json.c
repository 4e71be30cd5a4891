/* SPDX-License-Identifier: Apache-2.0 */
#include "format/platform_json.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "format/cert_json.h"
#include "format/json_pull.h"

enum {
	PCK_CERTS,
	TCB_INFOS,
	QE_IDENTITY,
	TD_QE_IDENTITY,
	PCK_LISTS,
	ROOT_LIST,
	CERTIFICATES,
	MEMBERS
};
static const char *const names[MEMBERS] = { "pck_certs", "tcbinfos",
	"qeidentity", "tdqeidentity", "pckcacrl", "rootcacrl", "certificates" };

/* In the first of two passes nothing is taken: it sees whether all is well. */
struct reading {
	struct wr piece;
	int (*take)(void *ctx, struct span piece, struct seal_diag *d);
	void *ctx;
	struct seal_diag *d;
	int code; /* of take */
};

/* What stands in piece, if anything does. */
static bool
give(struct reading *in)
{
	bool ok = in->piece.error == 0;

	if (ok && in->piece.n > 0 && in->take != NULL) {
		in->code = in->take(in->ctx, wr_view(&in->piece), in->d);
		ok = in->code == 0;
	}
	in->piece.n = 0;
	return ok;
}

/* ---- Pieces ---- */

/* Without what stands between the parts of a value that is well-formed. */
static void
put_compact(struct wr *w, struct span json)
{
	bool text = false;

	for (size_t i = 0; i < json.n; i++) {
		uint8_t c = json.p[i];

		if (c == '"')
			text = !text;
		if (text || !json_pull_is_space(c))
			wr_u8(w, c);
		if (text && c == '\\' && i + 1 < json.n)
			wr_u8(w, json.p[++i]);
	}
}

/* Behind the white space before it. */
static bool
next_is(const struct rd *r, uint8_t c)
{
	size_t i = 0;

	while (i < r->n && json_pull_is_space(r->p[i]))
		i++;
	return i < r->n && r->p[i] == c;
}

/* As text, which holds it to the byte, or as it is. */
static bool
pull_document(struct rd *r, struct reading *in)
{
	struct span value = { 0 };

	if (next_is(r, '"'))
		return json_pull_unescape(r, &in->piece) && give(in);
	if (!json_pull_skip(r, &value) || value.n == 0 || value.p[0] != '{')
		return false;
	put_compact(&in->piece, value);
	return give(in);
}

/* In place: what is written stays behind what is read. */
static bool
unescape(struct wr *piece, bool (*decode)(struct span text, struct wr *out))
{
	struct wr w;

	wr_init(&w, piece->p, piece->n);
	if (!decode(wr_view(piece), &w) || w.error != 0)
		return false;
	piece->n = w.n;
	return true;
}

static bool
is_pem(struct span text)
{
	return text.n > 0 && text.p[0] == '-';
}

/* DER in hex, or PEM. */
static bool
pull_list(struct rd *r, struct reading *in)
{
	if (!json_pull_unescape(r, &in->piece) || in->piece.error != 0)
		return false;
	if (in->piece.n > 0 && !is_pem(wr_view(&in->piece)) &&
	    !unescape(&in->piece, hex_decode))
		return false;
	return give(in);
}

static bool
pull_pem(struct rd *r, struct reading *in)
{
	if (!json_pull_unescape(r, &in->piece) || in->piece.error != 0)
		return false;
	if (in->piece.n > 0 && memchr(in->piece.p, '%', in->piece.n) != NULL &&
	    !unescape(&in->piece, percent_decode))
		return false;
	return give(in);
}

/* ---- Members ---- */

/* Each member of an object, by one reader. */
static bool
pull_each(struct rd *r, struct reading *in,
    bool (*pull)(struct rd *r, struct reading *in))
{
	bool first = true;
	struct span key;

	if (!json_pull_object(r))
		return false;
	while (json_pull_key(r, &first, &key))
		if (!pull(r, in))
			return false;
	return !r->failed;
}

/* A chain, or one for each CA. */
static bool
pull_chain(struct rd *r, struct reading *in)
{
	return next_is(r, '{') ? pull_each(r, in, pull_pem) : pull_pem(r, in);
}

/* Of an array of objects those members that names has, each by one reader. */
static bool
pull_objects(struct rd *r, struct reading *in, const char *const *wanted,
    size_t n, bool (*pull)(struct rd *r, struct reading *in))
{
	bool first = true;

	if (!json_pull_array(r))
		return false;
	while (json_pull_more(r, &first)) {
		bool begin = true, seen[4] = { false };
		struct span key;

		if (!json_pull_object(r))
			return false;
		while (json_pull_key(r, &begin, &key))
			if (json_pull_which(r, key, wanted, n, seen) == n
				? !json_pull_skip(r, NULL)
				: !pull(r, in))
				return false;
		if (r->failed)
			return false;
	}
	return !r->failed;
}

static bool
is_empty(struct span list)
{
	size_t i = 1;

	while (i < list.n && json_pull_is_space(list.p[i]))
		i++;
	return i + 1 == list.n;
}

/* An empty list is none of Intel's form, and no harm. */
static bool
pull_certs(struct rd *r, struct reading *in)
{
	struct span value = { 0 };
	int code;

	if (!next_is(r, '[') || !json_pull_skip(r, &value))
		return false;
	code = cert_json_read(value, &in->piece, NULL);
	return (code == 0 || (code == SEAL_E_UNSUPPORTED && is_empty(value))) &&
	       give(in);
}

static bool
pull_member(struct rd *r, size_t which, struct reading *in)
{
	static const char *const certs[] = { "certs" };
	static const char *const infos[] = { "sgx_tcbinfo", "tdx_tcbinfo",
		"tcbinfo" };

	switch (which) {
	case PCK_CERTS:
		return pull_objects(r, in, certs, 1, pull_certs);
	case TCB_INFOS:
		return pull_objects(r, in, infos, 3, pull_document);
	case QE_IDENTITY:
	case TD_QE_IDENTITY:
		return pull_document(r, in);
	case PCK_LISTS:
		return pull_each(r, in, pull_list);
	case ROOT_LIST:
		return pull_list(r, in);
	case CERTIFICATES:
		return pull_each(r, in, pull_chain);
	default:
		return json_pull_skip(r, NULL);
	}
}

static bool
pull_collaterals(struct rd *r, struct reading *in)
{
	bool first = true, seen[MEMBERS] = { false };
	struct span key;

	if (!json_pull_object(r))
		return false;
	while (json_pull_key(r, &first, &key))
		if (!pull_member(
			r, json_pull_which(r, key, names, MEMBERS, seen), in))
			return false;
	return !r->failed;
}

static bool
pull_all(struct span json, struct reading *in, bool *ret_seen)
{
	static const char *const whole[] = { "collaterals" };
	bool first = true;
	struct span key;
	struct rd r;

	rd_init(&r, json);
	*ret_seen = false;
	if (!json_pull_object(&r))
		return false;
	while (json_pull_key(&r, &first, &key))
		if (json_pull_which(&r, key, whole, 1, ret_seen) == 0
			? !pull_collaterals(&r, in)
			: !json_pull_skip(&r, NULL))
			return false;
	return json_pull_end(&r);
}

int
platform_json_read(struct span json,
    int (*take)(void *ctx, struct span piece, struct seal_diag *d), void *ctx,
    struct seal_diag *d)
{
	struct reading in = { .ctx = ctx, .d = d };
	bool seen = false, ok;
	int r = 0;

	if (json.n > LIMIT_FILE)
		return seal_fail(d, SEAL_E_LIMIT,
		    "collaterals: %zu bytes, at most %u allowed", json.n,
		    LIMIT_FILE);
	/* A piece is never longer than what stands for it, and a line. */
	wr_init_heap(&in.piece, json.n + 2);
	ok = pull_all(json, &in, &seen);
	if (in.piece.error == SEAL_E_MEMORY)
		r = seal_fail(d, SEAL_E_MEMORY, "collaterals");
	else if (!seen)
		r = seal_fail(
		    d, SEAL_E_UNSUPPORTED, "collaterals: JSON without any");
	else if (!ok)
		r = seal_fail(d, SEAL_E_DECODE,
		    "collaterals: malformed, or a member given twice");
	in.take = take;
	in.piece.n = 0;
	if (r == 0 && !pull_all(json, &in, &seen))
		r = in.code != 0 ? in.code
				 : seal_fail(d, SEAL_E_MEMORY, "collaterals");
	wr_free(&in.piece);
	return r;
}
