/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/ea_message.h"

/* The messages of an authenticator, in their order (RFC 9261 s5.2). */
enum { CERTIFICATE, VERIFY, FINISHED, MESSAGES };

static const struct {
	uint8_t type;
	const char *name;
} expected[MESSAGES] = {
	[CERTIFICATE] = { EA_CERTIFICATE, "Certificate" },
	[VERIFY] = { EA_CERTIFICATE_VERIFY, "CertificateVerify" },
	[FINISHED] = { EA_FINISHED, "Finished" },
};

/* The messages, and what is read from them on the way. */
struct validation {
	struct span in;
	const struct ea_keys *keys;
	const struct ea_request *req;
	uint16_t cmw_type;
	struct ea_message m[MESSAGES];
	size_t n_messages; /* also those past the last of m */
	struct span sig;
	struct ea_peer peer;
	/* Of the entry that is being walked. */
	size_t entry;
	uint16_t extension;
	int error; /* told by a walk that stops */
};

/* ---- Framing ---- */

static int
malformed(struct seal_diag *d, const char *what)
{
	return seal_fail(d, SEAL_E_EA_MALFORMED,
	    "authenticator: expected messages with 4-byte headers, found %s",
	    what);
}

/*
 * The framing is read to its end before a type is looked at, so that cut or
 * foreign bytes (DTLS headers) are told apart from whole messages that have
 * no place here.
 */
static int
read_framing(struct validation *v, struct seal_diag *d)
{
	struct rd r;

	rd_init(&r, v->in);
	do {
		struct ea_message m;

		if (!ea_message_read(&r, &m))
			return malformed(d, "one cut short, or other framing");
		if (v->n_messages < MESSAGES)
			v->m[v->n_messages] = m;
		v->n_messages++;
	} while (rd_left(&r) > 0);
	return 0;
}

/* Finished of either kind (RFC 9261 s5.2.3), in constant time. */
static int
check_verify_data(const struct ea_keys *keys, struct span found,
    const uint8_t want[HASH_MAX], struct seal_diag *d)
{
	size_t n = hash_size(keys->hash);

	if (found.n != n)
		return seal_fail(d, SEAL_E_EA_FINISHED_LENGTH,
		    "authenticator: Finished: expected %zu bytes, found %zu", n,
		    found.n);
	if (!span_equal_ct(found, span_of(want, n)))
		return seal_fail(d, SEAL_E_EA_FINISHED,
		    "authenticator: Finished: expected the value of this "
		    "connection and request, found another");
	return 0;
}

static bool
is_empty(const struct validation *v)
{
	return v->n_messages == 1 && v->m[0].type == EA_FINISHED;
}

static int
check_types(struct validation *v, struct seal_diag *d)
{
	for (size_t i = 0; i < MESSAGES; i++) {
		if (i == v->n_messages)
			return seal_fail(d, SEAL_E_EA_UNEXPECTED_MESSAGE,
			    "authenticator: expected %s, found the end",
			    expected[i].name);
		if (v->m[i].type != expected[i].type)
			return seal_fail(d, SEAL_E_EA_UNEXPECTED_MESSAGE,
			    "authenticator: expected %s, found message type %u",
			    expected[i].name, v->m[i].type);
	}
	if (v->n_messages > MESSAGES)
		return seal_fail(d, SEAL_E_EA_UNEXPECTED_MESSAGE,
		    "authenticator: expected its end after Finished, found "
		    "%zu more messages",
		    v->n_messages - MESSAGES);
	return 0;
}

/* RFC 9261 s7.4: a well-formed refusal is told apart from garbage, and is no
 * success. */
static int
check_empty(struct validation *v, struct seal_diag *d)
{
	uint8_t want[HASH_MAX];
	int r;

	if ((r = ea_finished_empty(v->keys, v->req, want, d)) != 0 ||
	    (r = check_verify_data(v->keys, v->m[0].body, want, d)) != 0)
		return r;
	seal_fail(d, SEAL_E_EA_EMPTY,
	    "authenticator: expected a certificate, found an empty "
	    "authenticator: the peer declines");
	seal_remedy(d, "the peer's log says why it could not attest");
	return SEAL_E_EA_EMPTY;
}

/* Only a request is ever answered: spontaneous authenticators (s5.2.1) carry
 * no cmw_attestation, so that there is no use for them. */
static int
refuse_unrequested(const struct validation *v, struct seal_diag *d)
{
	if (is_empty(v))
		return seal_fail(d, SEAL_E_EA_EMPTY_WITHOUT_REQUEST,
		    "authenticator: expected a request before an empty one, "
		    "found none");
	return seal_fail(d, SEAL_E_EA_SPONTANEOUS,
	    "authenticator: expected a request before it, found none");
}

static int
read_messages(struct validation *v, struct seal_diag *d)
{
	int r;

	if ((r = read_framing(v, d)) != 0)
		return r;
	if (v->req == NULL)
		return refuse_unrequested(v, d);
	return is_empty(v) ? check_empty(v, d) : check_types(v, d);
}

/* ---- Certificate ---- */

static bool
entry_cmw(struct validation *v, struct span body)
{
	struct rd r;

	if (v->entry != 0) {
		v->error = SEAL_E_EA_CMW_PLACE;
		return false;
	}
	rd_init(&r, body);
	if (!rd_vec16(&r, &v->peer.cmw) || !rd_end(&r) || v->peer.cmw.n == 0) {
		v->error = SEAL_E_EA_CMW_MALFORMED;
		return false;
	}
	return true;
}

/* RFC 9261 s5.2.1: only extensions that the request had, and of those none
 * that belongs into requests alone (RFC 8446 s4.2). */
static bool
entry_extension(void *ctx, uint16_t type, struct span body)
{
	struct validation *v = ctx;

	v->extension = type;
	if (!ea_extensions_have(v->req->offered, type)) {
		v->error = SEAL_E_EA_EXTENSION_NOT_OFFERED;
		return false;
	}
	if (type == EA_EXT_SIGNATURE_ALGORITHMS) {
		v->error = SEAL_E_EA_CERTIFICATE_MALFORMED;
		return false;
	}
	return v->cmw_type == 0 || type != v->cmw_type || entry_cmw(v, body);
}

static int
tell_entry(struct validation *v, struct seal_diag *d)
{
	switch (v->error) {
	case SEAL_E_EA_CMW_PLACE:
		return seal_fail(d, v->error,
		    "authenticator: expected cmw_attestation in entry 0 "
		    "alone, found it in entry %zu",
		    v->entry);
	case SEAL_E_EA_CMW_MALFORMED:
		return seal_fail(d, v->error,
		    "authenticator: cmw_attestation: expected at least one "
		    "byte after its length, found other");
	case SEAL_E_EA_EXTENSION_NOT_OFFERED:
		return seal_fail(d, v->error,
		    "authenticator: expected extensions of the request, found "
		    "0x%04x in entry %zu",
		    v->extension, v->entry);
	case SEAL_E_EA_CERTIFICATE_MALFORMED:
		return seal_fail(d, v->error,
		    "authenticator: expected extensions of a certificate, "
		    "found signature_algorithms, a request's, in entry %zu",
		    v->entry);
	default:
		return seal_fail(d, SEAL_E_EA_CERTIFICATE_MALFORMED,
		    "authenticator: Certificate: expected a certificate of 1 "
		    "to %u bytes and extensions that come once each, found "
		    "other in entry %zu",
		    LIMIT_CERTIFICATE, v->entry);
	}
}

static int
read_entries(struct validation *v, struct span list, struct seal_diag *d)
{
	struct rd r;

	rd_init(&r, list);
	for (; rd_left(&r) > 0; v->entry++) {
		struct span der, extensions;

		if (v->entry == LIMIT_CHAIN)
			return seal_fail(d, SEAL_E_EA_CERTIFICATE_MALFORMED,
			    "authenticator: expected at most %u "
			    "certificates, found more",
			    LIMIT_CHAIN);
		if (!rd_vec24(&r, &der) || !rd_vec16(&r, &extensions) ||
		    der.n == 0 || der.n > LIMIT_CERTIFICATE ||
		    !ea_extensions_walk(extensions, entry_extension, v))
			return tell_entry(v, d);
		v->peer.chain[v->entry] = der;
	}
	v->peer.n_chain = v->entry;
	return 0;
}

static int
read_certificate(struct validation *v, struct seal_diag *d)
{
	struct span context, list;
	struct rd r;

	rd_init(&r, v->m[CERTIFICATE].body);
	if (!rd_vec8(&r, &context) || !rd_vec24(&r, &list) || !rd_end(&r))
		return seal_fail(d, SEAL_E_EA_CERTIFICATE_MALFORMED,
		    "authenticator: Certificate: expected a context and a "
		    "list, found lengths that do not fit");
	if (!span_equal(context, v->req->context))
		return seal_fail(d, SEAL_E_EA_CONTEXT_MISMATCH,
		    "authenticator: expected the request's context, found "
		    "another");
	if (list.n == 0)
		return seal_fail(d, SEAL_E_EA_EMPTY_CERTIFICATE_LIST,
		    "authenticator: expected a certificate, found none");
	return read_entries(v, list, d);
}

/* ---- Possession ---- */

static bool
scheme_offered(const struct ea_request *req, uint16_t scheme)
{
	for (size_t i = 0; i < req->n_schemes; i++) {
		if (req->schemes[i] == scheme)
			return true;
	}
	return false;
}

static int
check_scheme(struct validation *v, struct seal_diag *d)
{
	uint16_t scheme = v->peer.scheme;
	const char *name = sig_name(scheme);

	if (!sig_is_tls13(scheme))
		return seal_fail(d, SEAL_E_EA_SCHEME_NOT_TLS13,
		    "authenticator: expected a TLS 1.3 signature scheme, "
		    "found %s (0x%04x)",
		    name, scheme);
	if (!scheme_offered(v->req, scheme))
		return seal_fail(d, SEAL_E_EA_SCHEME_NOT_OFFERED,
		    "authenticator: expected a scheme that the request "
		    "offers, found %s",
		    name);
	if (!pubkey_fits(cert_key(v->peer.leaf), scheme))
		return seal_fail(d, SEAL_E_EA_SCHEME_KEY_MISMATCH,
		    "authenticator: expected a scheme for the certificate's "
		    "key, found %s",
		    name);
	/* RFC 8446 s4.4.2.2 */
	if (!cert_may_sign(v->peer.leaf))
		return seal_fail(d, SEAL_E_EA_KEY_USAGE,
		    "authenticator: key usage: expected digitalSignature, "
		    "found others alone");
	return 0;
}

static int
check_signature(struct validation *v, struct seal_diag *d)
{
	uint8_t transcript[HASH_MAX], content[EA_SIGNED_MAX];
	struct wr w;
	int r;

	if ((r = ea_transcript(v->keys, v->req->message,
		 v->m[CERTIFICATE].whole, transcript, d)) != 0)
		return r;
	wr_init(&w, content, sizeof(content));
	ea_signed_content(span_of(transcript, hash_size(v->keys->hash)), &w);
	r = pubkey_verify(
	    cert_key(v->peer.leaf), v->peer.scheme, wr_view(&w), v->sig, NULL);
	if (r == 0)
		return 0;
	if (r != SEAL_E_SIGNATURE) /* this side's trouble, not the peer's */
		return seal_fail(d, r,
		    "authenticator: expected to verify the signature, found "
		    "no means to");
	seal_fail(d, SEAL_E_EA_SIGNATURE,
	    "authenticator: CertificateVerify: expected a signature over this "
	    "connection and request, found another");
	seal_remedy(d, "something between the peers may end the TLS "
		       "connection: a relay or a middlebox");
	return SEAL_E_EA_SIGNATURE;
}

/* What is wrong with the peer's bytes has a code of its own; what went wrong
 * here keeps its. */
static int
parse_leaf(struct validation *v, struct cert_cache *cache, struct seal_diag *d)
{
	struct seal_diag why = { 0 };
	int r;

	r = cert_cache_get(cache, v->peer.chain[0], &v->peer.leaf, &why);
	if (r == SEAL_E_DECODE || r == SEAL_E_LIMIT || r == SEAL_E_KEY)
		r = SEAL_E_EA_CERTIFICATE_MALFORMED;
	if (r == 0)
		return 0;
	return seal_fail(d, r,
	    "authenticator: expected a certificate that this build can use, "
	    "found: %s",
	    why.text);
}

static int
check_verify(
    struct validation *v, struct cert_cache *cache, struct seal_diag *d)
{
	struct rd r;
	int e;

	rd_init(&r, v->m[VERIFY].body);
	if (!rd_u16(&r, &v->peer.scheme) || !rd_vec16(&r, &v->sig) ||
	    !rd_end(&r))
		return seal_fail(d, SEAL_E_EA_MALFORMED,
		    "authenticator: CertificateVerify: expected a scheme and a "
		    "signature, found lengths that do not fit");
	if ((e = parse_leaf(v, cache, d)) != 0 || (e = check_scheme(v, d)) != 0)
		return e;
	return check_signature(v, d);
}

static int
check_finished(struct validation *v, struct seal_diag *d)
{
	size_t n = v->m[CERTIFICATE].whole.n + v->m[VERIFY].whole.n;
	uint8_t want[HASH_MAX];
	int r;

	if ((r = ea_finished(
		 v->keys, v->req->message, span_of(v->in.p, n), want, d)) != 0)
		return r;
	return check_verify_data(v->keys, v->m[FINISHED].body, want, d);
}

int
ea_validate(struct span authenticator, const struct ea_keys *keys,
    const struct ea_request *req, uint16_t cmw_type, struct cert_cache *cache,
    ea_chain_fn chain, void *chain_ctx, struct ea_peer *ret,
    struct seal_diag *d)
{
	struct validation v = {
		.in = authenticator,
		.keys = keys,
		.req = req,
		.cmw_type = cmw_type,
	};
	int r;

	if ((r = read_messages(&v, d)) != 0 ||
	    (r = read_certificate(&v, d)) != 0 ||
	    (r = check_verify(&v, cache, d)) != 0 ||
	    (r = check_finished(&v, d)) != 0 ||
	    (chain != NULL && (r = chain(chain_ctx, &v.peer, d)) != 0)) {
		cert_unref(&v.peer.leaf);
		return r;
	}
	*ret = v.peer;
	return 0;
}
