/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/ea_message.h"

static uint8_t
request_type(enum ea_role requester)
{
	return requester == EA_SERVER ? EA_CERTIFICATE_REQUEST
				      : EA_CLIENT_CERTIFICATE_REQUEST;
}

int
ea_request_write(struct wr *out, enum ea_role requester, struct span context,
    uint16_t cmw_type, struct seal_diag *d)
{
	size_t message, extensions, body, list;

	message = ea_message_begin(out, request_type(requester));
	wr_vec(out, 1, context);
	extensions = wr_vec_begin(out, 2);
	wr_u16(out, EA_EXT_SIGNATURE_ALGORITHMS);
	body = wr_vec_begin(out, 2);
	list = wr_vec_begin(out, 2);
	for (size_t i = 0; i < sig_tls13_count; i++)
		wr_u16(out, sig_tls13_schemes[i]);
	wr_vec_end(out, list, 2);
	wr_vec_end(out, body, 2);
	if (cmw_type != 0) {
		wr_u16(out, cmw_type);
		wr_u16(out, 0); /* PROTOCOL 4: empty in a request */
	}
	wr_vec_end(out, extensions, 2);
	ea_message_end(out, message);
	if (out->error != 0)
		return seal_fail(d, out->error, "authenticator request");
	return 0;
}

/* What a walk over the extensions of a request collects. */
struct collect {
	struct ea_request *req;
	uint16_t cmw_type;
	bool sigalgs;
};

/* Each scheme once, and only those that this build knows: there is room for
 * these, whatever a peer sends. */
static void
collect_scheme(struct ea_request *req, uint16_t scheme)
{
	if (!sig_is_tls13(scheme) || req->n_schemes == SIG_SCHEMES_MAX)
		return;
	for (size_t i = 0; i < req->n_schemes; i++) {
		if (req->schemes[i] == scheme)
			return;
	}
	req->schemes[req->n_schemes++] = scheme;
}

static bool
collect_schemes(struct ea_request *req, struct span body)
{
	struct span list;
	struct rd r;

	rd_init(&r, body);
	if (!rd_vec16(&r, &list) || !rd_end(&r) || list.n < 2)
		return false;
	rd_init(&r, list);
	while (rd_left(&r) > 0) {
		uint16_t scheme;

		if (!rd_u16(&r, &scheme))
			return false;
		collect_scheme(req, scheme);
	}
	return true;
}

static bool
collect_extension(void *ctx, uint16_t type, struct span body)
{
	struct collect *c = ctx;

	if (type == EA_EXT_SIGNATURE_ALGORITHMS) {
		c->sigalgs = true;
		return collect_schemes(c->req, body);
	}
	if (c->cmw_type != 0 && type == c->cmw_type) {
		c->req->cmw_offered = true;
		return body.n == 0;
	}
	return true; /* RFC 9261 s4: what is not recognised is ignored */
}

static int
request_malformed(struct seal_diag *d, const char *what)
{
	return seal_fail(
	    d, SEAL_E_EA_REQUEST_MALFORMED, "authenticator request: %s", what);
}

/* RFC 9261 s4: CertificateRequest and ClientCertificateRequest. */
int
ea_request_parse(struct span message, enum ea_role requester, uint16_t cmw_type,
    struct ea_request *ret, struct seal_diag *d)
{
	struct ea_request req = { .requester = requester, .message = message };
	struct collect c = { .req = &req, .cmw_type = cmw_type };
	struct ea_message m;
	struct rd r;

	rd_init(&r, message);
	if (!ea_message_read(&r, &m) || !rd_end(&r))
		return request_malformed(d,
		    "expected one message with a 4-byte header, found other "
		    "framing");
	if (m.type != request_type(requester))
		return seal_fail(d, SEAL_E_EA_REQUEST_TYPE,
		    "authenticator request: expected message type %u, found %u",
		    request_type(requester), m.type);
	rd_init(&r, m.body);
	if (!rd_vec8(&r, &req.context) || !rd_vec16(&r, &req.offered) ||
	    !rd_end(&r))
		return request_malformed(d,
		    "expected a context and extensions, found lengths that do "
		    "not fit");
	if (!ea_extensions_walk(req.offered, collect_extension, &c))
		return request_malformed(d,
		    "expected well-formed extensions that come once each, and "
		    "an empty cmw_attestation, found other");
	if (!c.sigalgs)
		return seal_fail(d, SEAL_E_EA_REQUEST_NO_SIGALGS,
		    "authenticator request: expected signature_algorithms, "
		    "found none");
	*ret = req;
	return 0;
}
