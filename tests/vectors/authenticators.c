/* SPDX-License-Identifier: Apache-2.0 */
#include "authenticators.h"

#include <string.h>

/* How the files name our codes. Our CMW_PLACE has no name there. */
static const struct reason {
	int code;
	const char *name;
} reasons[] = {
	{ SEAL_E_EA_REQUEST_MALFORMED, "request_malformed" },
	{ SEAL_E_EA_REQUEST_TYPE, "request_wrong_type" },
	{ SEAL_E_EA_REQUEST_NO_SIGALGS,
	    "request_missing_signature_algorithms" },
	{ SEAL_E_EA_MALFORMED, "authenticator_malformed" },
	{ SEAL_E_EA_UNEXPECTED_MESSAGE, "unexpected_message" },
	{ SEAL_E_EA_CERTIFICATE_MALFORMED, "certificate_malformed" },
	{ SEAL_E_EA_EMPTY_CERTIFICATE_LIST, "empty_certificate_list" },
	{ SEAL_E_EA_CONTEXT_MISMATCH, "context_mismatch" },
	{ SEAL_E_EA_CONTEXT_REUSED, "context_reused" },
	{ SEAL_E_EA_EXTENSION_NOT_OFFERED, "extension_not_offered" },
	{ SEAL_E_EA_SCHEME_NOT_TLS13, "scheme_not_tls13" },
	{ SEAL_E_EA_SCHEME_NOT_OFFERED, "scheme_not_offered" },
	{ SEAL_E_EA_SCHEME_KEY_MISMATCH, "scheme_key_mismatch" },
	{ SEAL_E_EA_KEY_USAGE, "key_usage" },
	{ SEAL_E_EA_SIGNATURE, "signature_invalid" },
	{ SEAL_E_EA_FINISHED_LENGTH, "finished_length" },
	{ SEAL_E_EA_FINISHED, "finished_mismatch" },
	{ SEAL_E_EA_EMPTY, "empty_authenticator" },
	{ SEAL_E_EA_EMPTY_WITHOUT_REQUEST, "empty_without_request" },
	{ SEAL_E_EA_SPONTANEOUS, "spontaneous_client" },
	{ SEAL_E_EA_CMW_MALFORMED, "cmw_malformed" },
	{ SEAL_E_CHAIN, "chain_untrusted" },
	{ SEAL_E_STALE, "chain_expired" },
	{ 0, NULL },
};

static const char *
reason_of(int code)
{
	for (const struct reason *m = reasons; m->name != NULL; m++) {
		if (m->code == code)
			return m->name;
	}
	return NULL;
}

static bool
reason_known(const char *name)
{
	for (const struct reason *m = reasons; m->name != NULL; m++) {
		if (strcmp(m->name, name) == 0)
			return true;
	}
	return false;
}

/* ---- Reading a vector ---- */

static bool
read_key(struct row *row, const char *key, size_t n, uint8_t ret[HASH_MAX])
{
	struct span s;

	if (!row_need(row, row->json, key, &s))
		return false;
	if (s.n != n) {
		row_mismatch(
		    row, "%s: expected %zu bytes, found %zu", key, n, s.n);
		return false;
	}
	memcpy(ret, s.p, n);
	return true;
}

static bool
read_role(struct row *row, enum ea_role *ret)
{
	const char *role = row_text(row, row->json, "role");

	if (role != NULL && strcmp(role, "client") == 0)
		*ret = EA_CLIENT;
	else if (role != NULL && strcmp(role, "server") == 0)
		*ret = EA_SERVER;
	else {
		row_mismatch(row, "role: expected client or server");
		return false;
	}
	return true;
}

static bool
read_expect(struct row *row, bool *ret)
{
	const json_t *valid =
	    json_object_get(json_object_get(row->json, "expect"), "valid");

	if (!json_is_boolean(valid)) {
		row_mismatch(row, "expect.valid: expected true or false");
		return false;
	}
	*ret = json_is_true(valid);
	return true;
}

/* One anchor or a list of them, of the vector or of the file. */
static bool
read_trust(struct row *row, struct vector *v)
{
	const json_t *anchors = row_field(row, "trust_anchor");
	size_t n = json_is_array(anchors) ? json_array_size(anchors) : 1;
	struct seal_diag d = { 0 };

	if (anchors == NULL)
		return true;
	if ((v->trust = trust_new()) == NULL) {
		row_mismatch(row, "trust_anchor: out of memory");
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		const json_t *a = json_is_array(anchors)
				      ? json_array_get(anchors, i)
				      : anchors;
		struct span der;

		if (!row_hex_value(row, "trust_anchor", a, &der))
			return false;
		if (trust_add_der(v->trust, der, &d) != 0) {
			row_mismatch(row, "trust_anchor: %s", d.text);
			return false;
		}
	}
	return true;
}

static bool
vector_read(struct row *row, struct vector *v)
{
	json_int_t cmw_type, now;
	const char *identity = row_text(row, row->json, "identity");
	size_t n;

	if (!read_expect(row, &v->valid) || !read_role(row, &v->role) ||
	    !row_hash(row, &v->keys.hash))
		return false;
	n = hash_size(v->keys.hash);
	if (!read_key(row, "handshake_context", n, v->keys.handshake_context) ||
	    !read_key(row, "finished_key", n, v->keys.finished_key) ||
	    !row_need(row, row->json, "authenticator", &v->authenticator) ||
	    !row_int(row, "cmw_type_used", 0xff00, 0, 0xffff, &cmw_type) ||
	    !row_int(row, "time", 0, 0, INT64_C(1) << 40, &now) ||
	    !read_trust(row, v))
		return false;
	v->requested =
	    row_hex(row, row->json, "request", &v->message) && v->message.n > 0;
	v->cmw_type = (uint16_t)cmw_type;
	v->time = now;
	v->identity =
	    json_object_get(json_object_get(row->file, "identities"), identity);
	return row->mismatches == 0;
}

/* ---- Judging it ---- */

int
vector_chain(void *ctx, const struct ea_peer *peer, struct seal_diag *d)
{
	const struct vector *v = ctx;

	if (v->trust == NULL)
		return 0;
	return chain_verify(
	    v->trust, peer->chain, peer->n_chain, v->time, NULL, d);
}

/* RFC 9261 s7.4: first those of earlier authenticators, then this one. */
static int
mark_contexts(
    struct row *row, const struct ea_request *req, struct seal_diag *d)
{
	const json_t *list = row_field(row, "seen_contexts");
	struct ea_contexts seen = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		struct span context;

		if (row_hex_value(row, "seen_contexts", json_array_get(list, i),
			&context) &&
		    (r = ea_contexts_mark(&seen, context, NULL)) ==
			SEAL_E_EA_CONTEXT_REUSED)
			r = 0; /* the list may name one twice */
	}
	if (r == 0)
		r = ea_contexts_mark(&seen, req->context, d);
	ea_contexts_free(&seen);
	return r;
}

static int
judge(struct row *row, struct vector *v, struct seal_diag *d)
{
	struct ea_request req;
	struct ea_peer peer;
	int r;

	if (v->requested &&
	    ((r = ea_request_parse(v->message, ea_peer_of(v->role), v->cmw_type,
		  &req, d)) != 0 ||
		(r = mark_contexts(row, &req, d)) != 0))
		return r;
	if ((r = ea_validate(v->authenticator, &v->keys,
		 v->requested ? &req : NULL, v->cmw_type, NULL, vector_chain, v,
		 &peer, d)) == 0)
		cert_unref(&peer.leaf);
	return r;
}

/* Is name among the expected? *ret_strange is set if one of them is none of
 * ours: then validity alone counts. */
static bool
expected(const struct row *row, const char *name, bool *ret_strange)
{
	const json_t *expect = json_object_get(row->json, "expect");
	const json_t *all = json_object_get(expect, "all");
	const json_t *first = json_object_get(expect, "reason");
	size_t n = json_array_size(all);
	bool found = false;

	*ret_strange = n == 0 && !json_is_string(first);
	for (size_t i = 0; i < n || (n == 0 && i == 0); i++) {
		const char *one =
		    json_string_value(n == 0 ? first : json_array_get(all, i));

		if (one == NULL)
			continue;
		found = found || (name != NULL && strcmp(one, name) == 0);
		*ret_strange = *ret_strange || !reason_known(one);
	}
	return found;
}

static void
check_verdict(struct row *row, struct vector *v)
{
	struct seal_diag d = { 0 };
	int r = judge(row, v, &d);
	const char *name = reason_of(r);
	bool strange = false;

	if (v->valid && r != 0)
		row_mismatch(row, "expected valid, got %s: %s",
		    seal_error_name(r), d.text);
	if (!v->valid && r == 0)
		row_mismatch(row, "expected invalid, got valid");
	if (v->valid || r == 0 || expected(row, name, &strange) || strange ||
	    name == NULL)
		return;
	row_mismatch(row, "invalid as expected, but for another reason: %s: %s",
	    name, d.text);
}

static void
replay(struct row *row)
{
	struct vector v = { 0 };

	if (vector_read(row, &v)) {
		check_verdict(row, &v);
		check_making(row, &v);
	}
	trust_free(&v.trust);
}

void
replay_authenticators(const json_t *file, struct tally *tally)
{
	const json_t *vectors = json_object_get(file, "vectors");
	size_t n = json_is_array(vectors) ? json_array_size(vectors) : 1;

	for (size_t i = 0; vectors != NULL && i < n; i++) {
		const json_t *one = json_is_array(vectors)
					? json_array_get(vectors, i)
					: vectors;
		struct row row;

		row_begin(&row, tally, file, one, "vectors", i,
		    json_string_value(json_object_get(one, "name")));
		if (row.mismatches == 0)
			replay(&row);
		row_end(&row);
	}
}
