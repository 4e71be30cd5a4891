/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/ea_message.h"

static int
too_large(const struct wr *out, struct seal_diag *d)
{
	return seal_fail(d, out->error,
	    "authenticator: expected room in %zu bytes, found none", out->max);
}

static void
write_finished(struct wr *out, const struct ea_keys *keys,
    const uint8_t verify_data[HASH_MAX])
{
	size_t mark = ea_message_begin(out, EA_FINISHED);

	wr_bytes(out, span_of(verify_data, hash_size(keys->hash)));
	ea_message_end(out, mark);
}

/* The CMW goes into the first entry alone (PROTOCOL 4). */
void
ea_certificate_write(struct wr *out, struct span context,
    const struct ea_identity *id, uint16_t cmw_type)
{
	size_t message = ea_message_begin(out, EA_CERTIFICATE), list;

	wr_vec(out, 1, context);
	list = wr_vec_begin(out, 3);
	for (size_t i = 0; i < id->n_chain; i++) {
		size_t extensions, body;

		wr_vec(out, 3, id->chain[i]);
		extensions = wr_vec_begin(out, 2);
		if (i == 0 && id->cmw.n > 0) {
			wr_u16(out, cmw_type);
			body = wr_vec_begin(out, 2);
			wr_vec(out, 2, id->cmw);
			wr_vec_end(out, body, 2);
		}
		wr_vec_end(out, extensions, 2);
	}
	wr_vec_end(out, list, 3);
	ea_message_end(out, message);
}

static int
write_certificate_verify(struct wr *out, size_t start,
    const struct ea_keys *keys, const struct ea_request *req,
    const struct ea_identity *id, uint16_t scheme, struct seal_diag *d)
{
	uint8_t transcript[HASH_MAX], content[EA_SIGNED_MAX];
	struct span certificate = span_of(out->p + start, out->n - start);
	size_t message, sig;
	struct wr w;
	int r;

	if ((r = ea_transcript(
		 keys, req->message, certificate, transcript, d)) != 0)
		return r;
	wr_init(&w, content, sizeof(content));
	ea_signed_content(span_of(transcript, hash_size(keys->hash)), &w);
	message = ea_message_begin(out, EA_CERTIFICATE_VERIFY);
	wr_u16(out, scheme);
	sig = wr_vec_begin(out, 2);
	if (out->error != 0)
		return too_large(out, d);
	if ((r = id->sign(id->sign_ctx, scheme, wr_view(&w), out, d)) != 0)
		return out->error != 0
			   ? too_large(out, d)
			   : seal_fail(d, r,
				 "authenticator: expected a signature with "
				 "%s, found none",
				 sig_name(scheme));
	wr_vec_end(out, sig, 2);
	ea_message_end(out, message);
	return out->error == 0 ? 0 : too_large(out, d);
}

static int
check_identity(const struct ea_request *req, const struct ea_identity *id,
    struct seal_diag *d)
{
	if (id->n_chain == 0)
		return seal_fail(d, SEAL_E_EA_EMPTY_CERTIFICATE_LIST,
		    "authenticator: expected a certificate chain, found none");
	if (id->n_chain > LIMIT_CHAIN)
		return seal_fail(d, SEAL_E_LIMIT,
		    "authenticator: expected at most %u certificates, found "
		    "%zu",
		    LIMIT_CHAIN, id->n_chain);
	if (id->cmw.n > LIMIT_CMW)
		return seal_fail(d, SEAL_E_LIMIT,
		    "authenticator: expected at most %u bytes of Evidence, "
		    "found %zu",
		    LIMIT_CMW, id->cmw.n);
	if (id->cmw.n > 0 && !req->cmw_offered)
		return seal_fail(d, SEAL_E_EA_EXTENSION_NOT_OFFERED,
		    "authenticator: expected a request that offers "
		    "cmw_attestation, found one that does not");
	return 0;
}

static int
choose_scheme(const struct ea_request *req, const struct ea_identity *id,
    uint16_t *ret, struct seal_diag *d)
{
	struct cert *leaf = cert_ref(id->leaf);
	uint16_t scheme;
	bool may_sign;
	int r;

	if (leaf == NULL && (r = cert_parse(id->chain[0], &leaf, d)) != 0)
		return r;
	scheme = pubkey_choose(cert_key(leaf), req->schemes, req->n_schemes);
	may_sign = cert_may_sign(leaf);
	cert_unref(&leaf);
	if (!may_sign) /* RFC 8446 s4.4.2.2 */
		return seal_fail(d, SEAL_E_EA_KEY_USAGE,
		    "authenticator: key usage of this side's certificate: "
		    "expected digitalSignature, found others alone");
	if (scheme == SIG_NONE)
		return seal_fail(d, SEAL_E_EA_SCHEME_NOT_OFFERED,
		    "authenticator: expected a scheme for this side's key in "
		    "the request, found none");
	*ret = scheme;
	return 0;
}

/* RFC 9261 s5.2: Certificate, CertificateVerify, Finished. */
int
ea_authenticate(struct wr *out, const struct ea_keys *keys,
    const struct ea_request *req, uint16_t cmw_type,
    const struct ea_identity *id, struct seal_diag *d)
{
	uint8_t verify_data[HASH_MAX];
	size_t start = out->n;
	uint16_t scheme = SIG_NONE;
	int r;

	if ((r = check_identity(req, id, d)) != 0 ||
	    (r = choose_scheme(req, id, &scheme, d)) != 0)
		return r;
	ea_certificate_write(out, req->context, id, cmw_type);
	if (out->error != 0)
		return too_large(out, d);
	if ((r = write_certificate_verify(
		 out, start, keys, req, id, scheme, d)) != 0)
		return r;
	if ((r = ea_finished(keys, req->message,
		 span_of(out->p + start, out->n - start), verify_data, d)) != 0)
		return r;
	write_finished(out, keys, verify_data);
	return out->error == 0 ? 0 : too_large(out, d);
}

int
ea_refuse(struct wr *out, const struct ea_keys *keys,
    const struct ea_request *req, struct seal_diag *d)
{
	uint8_t verify_data[HASH_MAX];
	int r;

	if ((r = ea_finished_empty(keys, req, verify_data, d)) != 0)
		return r;
	write_finished(out, keys, verify_data);
	return out->error == 0 ? 0 : too_large(out, d);
}
