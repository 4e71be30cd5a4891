/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/ea_message.h"

#define SIGNED_MAX (64 + 22 + 1 + HASH_MAX)

/* The three messages, and what is read from them on the way. */
struct validation {
	struct span in;
	const struct ea_keys *keys;
	const struct ea_request *req;
	uint16_t cmw_type;
	struct ea_message certificate, verify, finished;
	struct span sig;
	struct ea_peer peer;
	/* Of the entry that is being walked. */
	size_t entry;
	int error; /* told by a walk that stops */
};

/* ---- Framing ---- */

static int
unexpected(const struct ea_message *m, struct seal_diag *d)
{
	return seal_fail(d, SEAL_E_EA_UNEXPECTED_MESSAGE,
	    "authenticator: expected Certificate, CertificateVerify and "
	    "Finished, found message type %u",
	    m->type);
}

static int
malformed(struct seal_diag *d, const char *what)
{
	return seal_fail(d, SEAL_E_EA_MALFORMED, "authenticator: %s", what);
}

/* A well-formed refusal is told apart from garbage, and is no success. */
static int
check_empty(struct validation *v, struct seal_diag *d)
{
	uint8_t want[HASH_MAX];
	size_t n = hash_size(v->keys->hash);
	int r;

	if (v->finished.body.n != n)
		return seal_fail(d, SEAL_E_EA_FINISHED_LENGTH,
		    "authenticator: Finished: expected %zu bytes, found %zu", n,
		    v->finished.body.n);
	if ((r = ea_finished_empty(v->keys, v->req, want, d)) != 0)
		return r;
	if (!span_equal_ct(v->finished.body, span_of(want, n)))
		return seal_fail(d, SEAL_E_EA_FINISHED,
		    "authenticator: the Finished of an empty authenticator "
		    "does not match this connection and request");
	seal_fail(d, SEAL_E_EA_EMPTY,
	    "authenticator: empty: the peer declines to authenticate");
	seal_remedy(d, "the peer's log says why it could not attest");
	return SEAL_E_EA_EMPTY;
}

static int
read_messages(struct validation *v, struct seal_diag *d)
{
	struct rd r;

	rd_init(&r, v->in);
	if (!ea_message_read(&r, &v->certificate))
		return malformed(d, "cut short, or other framing");
	if (v->certificate.type == EA_FINISHED) {
		if (!rd_end(&r))
			return malformed(d, "trailing bytes");
		v->finished = v->certificate;
		return check_empty(v, d);
	}
	if (v->certificate.type != EA_CERTIFICATE)
		return unexpected(&v->certificate, d);
	if (!ea_message_read(&r, &v->verify))
		return malformed(d, "cut short after Certificate");
	if (v->verify.type != EA_CERTIFICATE_VERIFY)
		return unexpected(&v->verify, d);
	if (!ea_message_read(&r, &v->finished))
		return malformed(d, "cut short after CertificateVerify");
	if (v->finished.type != EA_FINISHED)
		return unexpected(&v->finished, d);
	if (!rd_end(&r))
		return malformed(d, "trailing bytes");
	return 0;
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

/* RFC 9261 s5.2.1: only extensions that the request had. */
static bool
entry_extension(void *ctx, uint16_t type, struct span body)
{
	struct validation *v = ctx;

	if (!ea_extensions_have(v->req->offered, type)) {
		v->error = SEAL_E_EA_EXTENSION_NOT_OFFERED;
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
		    "authenticator: expected cmw_attestation in the first "
		    "entry, found it in entry %zu",
		    v->entry);
	case SEAL_E_EA_CMW_MALFORMED:
		return seal_fail(d, v->error,
		    "authenticator: cmw_attestation: expected 1 to 65533 "
		    "bytes with their length, found other");
	case SEAL_E_EA_EXTENSION_NOT_OFFERED:
		return seal_fail(d, v->error,
		    "authenticator: entry %zu has an extension that the "
		    "request does not offer",
		    v->entry);
	default:
		return seal_fail(d, SEAL_E_EA_CERTIFICATE_MALFORMED,
		    "authenticator: Certificate: entry %zu: malformed, or an "
		    "extension twice",
		    v->entry);
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
			    "authenticator: more than %u certificates",
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

	rd_init(&r, v->certificate.body);
	if (!rd_vec8(&r, &context) || !rd_vec24(&r, &list) || !rd_end(&r))
		return seal_fail(d, SEAL_E_EA_CERTIFICATE_MALFORMED,
		    "authenticator: Certificate: a length does not fit");
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
		    "authenticator: the request does not offer %s", name);
	if (!pubkey_fits(cert_key(v->peer.leaf), scheme))
		return seal_fail(d, SEAL_E_EA_SCHEME_KEY_MISMATCH,
		    "authenticator: %s does not fit the certificate's key",
		    name);
	/* RFC 8446 s4.4.2.2 */
	if (!cert_may_sign(v->peer.leaf))
		return seal_fail(d, SEAL_E_EA_KEY_USAGE,
		    "authenticator: key usage: expected digitalSignature");
	return 0;
}

static int
check_signature(struct validation *v, struct seal_diag *d)
{
	uint8_t transcript[HASH_MAX], content[SIGNED_MAX];
	struct wr w;
	int r;

	if ((r = ea_transcript(v->keys, v->req->message, v->certificate.whole,
		 transcript, d)) != 0)
		return r;
	wr_init(&w, content, sizeof(content));
	ea_signed_content(span_of(transcript, hash_size(v->keys->hash)), &w);
	if (pubkey_verify(cert_key(v->peer.leaf), v->peer.scheme, wr_view(&w),
		v->sig, NULL) == 0)
		return 0;
	seal_fail(d, SEAL_E_EA_SIGNATURE,
	    "authenticator: CertificateVerify does not verify over this "
	    "connection and request");
	seal_remedy(d, "something between the peers may end the TLS "
		       "connection: a relay or a middlebox");
	return SEAL_E_EA_SIGNATURE;
}

static int
check_verify(
    struct validation *v, struct cert_cache *cache, struct seal_diag *d)
{
	struct rd r;
	int e;

	rd_init(&r, v->verify.body);
	if (!rd_u16(&r, &v->peer.scheme) || !rd_vec16(&r, &v->sig) ||
	    !rd_end(&r))
		return malformed(d, "CertificateVerify: a length does not fit");
	if (cert_cache_get(cache, v->peer.chain[0], &v->peer.leaf, NULL) != 0)
		return seal_fail(d, SEAL_E_EA_CERTIFICATE_MALFORMED,
		    "authenticator: the first certificate does not parse");
	if ((e = check_scheme(v, d)) != 0)
		return e;
	return check_signature(v, d);
}

static int
check_finished(struct validation *v, struct seal_diag *d)
{
	uint8_t want[HASH_MAX];
	size_t n = hash_size(v->keys->hash);
	int r;

	if (v->finished.body.n != n)
		return seal_fail(d, SEAL_E_EA_FINISHED_LENGTH,
		    "authenticator: Finished: expected %zu bytes, found %zu", n,
		    v->finished.body.n);
	if ((r = ea_finished(v->keys, v->req->message,
		 span_of(v->in.p, v->certificate.whole.n + v->verify.whole.n),
		 want, d)) != 0)
		return r;
	if (!span_equal_ct(v->finished.body, span_of(want, n)))
		return seal_fail(d, SEAL_E_EA_FINISHED,
		    "authenticator: Finished does not match this connection "
		    "and request");
	return 0;
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

int
ea_get_context(struct span message, struct span *ret, struct seal_diag *d)
{
	struct ea_message m;
	struct span context;
	struct rd r;

	rd_init(&r, message);
	if (!ea_message_read(&r, &m))
		return malformed(d, "cut short, or other framing");
	if (m.type == EA_FINISHED)
		return seal_fail(d, SEAL_E_EA_EMPTY,
		    "authenticator: an empty one has no context");
	if (m.type != EA_CERTIFICATE && m.type != EA_CERTIFICATE_REQUEST &&
	    m.type != EA_CLIENT_CERTIFICATE_REQUEST)
		return unexpected(&m, d);
	rd_init(&r, m.body);
	if (!rd_vec8(&r, &context))
		return malformed(d, "context: a length does not fit");
	*ret = context;
	return 0;
}
