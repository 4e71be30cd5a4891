/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/hello.h"

#include "base/text.h"
#include "cbor/cbor.h"

#define HELLO_VERSION 1

enum hello_key {
	KEY_VERSION = 1,
	KEY_PRODUCE = 2,
	KEY_ACCEPT = 3,
	KEY_REQUIRE = 4,
	KEY_ALPN = 5,
	KEY_REVEAL = 6,
};

#define KEYS_REQUIRED                                               \
	(1u << KEY_VERSION | 1u << KEY_PRODUCE | 1u << KEY_ACCEPT | \
	    1u << KEY_REQUIRE)

/* ---- Writing ---- */

static void
write_schemes(
    struct wr *out, enum hello_key key, const struct scheme *list, size_t n)
{
	cbor_put_uint(out, key);
	cbor_put_array(out, n);
	for (size_t i = 0; i < n; i++) {
		cbor_put_array(out, 2);
		cbor_put_uint(out, list[i].kind);
		cbor_put_text(out, list[i].name);
	}
}

void
hello_write(struct wr *out, const struct session_conf *conf)
{
	cbor_put_map(
	    out, 4 + (conf->n_alpn > 0) + (size_t)conf->reveal_after_peer);
	cbor_put_uint(out, KEY_VERSION);
	cbor_put_uint(out, HELLO_VERSION);
	write_schemes(out, KEY_PRODUCE, conf->produce, conf->n_produce);
	write_schemes(out, KEY_ACCEPT, conf->accept, conf->n_accept);
	cbor_put_uint(out, KEY_REQUIRE);
	cbor_put_bool(out, conf->require);
	if (conf->n_alpn > 0) {
		cbor_put_uint(out, KEY_ALPN);
		cbor_put_array(out, conf->n_alpn);
		for (size_t i = 0; i < conf->n_alpn; i++)
			cbor_put_text(out, conf->alpn[i]);
	}
	if (conf->reveal_after_peer) {
		cbor_put_uint(out, KEY_REVEAL);
		cbor_put_bool(out, true);
	}
}

/* ---- Reading ---- */

static bool
read_schemes(struct rd *r, struct scheme list[LIMIT_SCHEMES], size_t *ret_n)
{
	size_t n;

	if (!cbor_array(r, &n) || n > LIMIT_SCHEMES)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint64_t kind;
		size_t pair;

		if (!cbor_array(r, &pair) || pair != 2 ||
		    !cbor_uint(r, &kind) || kind > 1 ||
		    !cbor_text(r, &list[i].name) || list[i].name.n == 0)
			return false;
		list[i].kind = (uint8_t)kind;
	}
	*ret_n = n;
	return true;
}

static bool
read_alpn(struct rd *r, struct hello *h)
{
	size_t n;

	if (!cbor_array(r, &n) || n > LIMIT_ALPN)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!cbor_text(r, &h->alpn[i]) || h->alpn[i].n == 0 ||
		    h->alpn[i].n > 255)
			return false;
	}
	h->n_alpn = n;
	return true;
}

/* Unknown keys are ignored, whatever their type (PROTOCOL 6.1). */
static bool
read_value(struct rd *r, int64_t key, struct hello *h, uint64_t *version)
{
	switch (key) {
	case KEY_VERSION:
		return cbor_uint(r, version);
	case KEY_PRODUCE:
		return read_schemes(r, h->produce, &h->n_produce);
	case KEY_ACCEPT:
		return read_schemes(r, h->accept, &h->n_accept);
	case KEY_REQUIRE:
		return cbor_bool(r, &h->require);
	case KEY_ALPN:
		return read_alpn(r, h);
	case KEY_REVEAL:
		return cbor_bool(r, &h->reveal_after_peer);
	default:
		return cbor_item(r, NULL);
	}
}

static bool
read_pair(struct rd *r, struct hello *h, uint64_t *version, unsigned *seen)
{
	int64_t key = 0;

	if (cbor_peek(r) != CBOR_UINT && cbor_peek(r) != CBOR_NINT)
		return cbor_item(r, NULL) && cbor_item(r, NULL);
	if (!cbor_int(r, &key) || !read_value(r, key, h, version))
		return false;
	if (key >= KEY_VERSION && key <= KEY_REVEAL)
		*seen |= 1u << key;
	return true;
}

int
hello_parse(struct span body, struct hello *ret, struct seal_diag *d)
{
	struct hello h = { 0 };
	uint64_t version = 0;
	unsigned seen = 0;
	size_t n;
	struct rd r;

	rd_init(&r, body);
	if (!cbor_map_unique(&r, &n))
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "hello: expected a CBOR map without a key twice");
	for (size_t i = 0; i < n; i++) {
		if (!read_pair(&r, &h, &version, &seen))
			return seal_fail(d, SEAL_E_PROTOCOL,
			    "hello: a value is malformed, of another type or "
			    "over its limit");
	}
	if (!rd_end(&r))
		return seal_fail(d, SEAL_E_PROTOCOL, "hello: trailing bytes");
	if ((seen & 1u << KEY_VERSION) != 0 && version != HELLO_VERSION)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "hello: expected version %d, found %llu", HELLO_VERSION,
		    (unsigned long long)version);
	if ((seen & KEYS_REQUIRED) != KEYS_REQUIRED)
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "hello: expected keys 1 to 4, found not all of them");
	if (h.reveal_after_peer && !h.require)
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "hello: the peer reveals after this side, and requires "
		    "no attestation of it");
	*ret = h;
	return 0;
}

/* ---- Choosing ---- */

static bool
scheme_equal(const struct scheme *a, const struct scheme *b)
{
	if (a->kind != b->kind)
		return false;
	return a->kind == 0 ? media_type_equal(a->name, b->name)
			    : span_equal(a->name, b->name);
}

bool
hello_choose(const struct scheme *want, size_t n_want,
    const struct scheme *have, size_t n_have, size_t *ret)
{
	for (size_t i = 0; i < n_want; i++) {
		for (size_t k = 0; k < n_have; k++) {
			if (!scheme_equal(&want[i], &have[k]))
				continue;
			*ret = i;
			return true;
		}
	}
	return false;
}

int
hello_choose_alpn(const struct span *server, size_t n_server,
    const struct span *client, size_t n_client, struct span *ret,
    struct seal_diag *d)
{
	if (n_server == 0 && n_client == 0) {
		*ret = span_of(NULL, 0);
		return 0;
	}
	for (size_t i = 0; i < n_server; i++) {
		for (size_t k = 0; k < n_client; k++) {
			if (!span_equal(server[i], client[k]))
				continue;
			*ret = server[i];
			return 0;
		}
	}
	return seal_fail(d, SEAL_E_UNSUPPORTED,
	    "hello: the peers have no inner protocol in common");
}
