/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "binding/ea.h"

#define CMW_TYPE 0xff00

static bool
inside(struct span part, struct span whole)
{
	return part.n == 0 ||
	       (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

/* What parses is whole, names only what we know, and has its context. */
static void
parse(struct span in, enum ea_role requester)
{
	struct ea_request req;
	struct span context = { 0 };

	if (ea_request_parse(in, requester, CMW_TYPE, &req, NULL) != 0)
		return;
	MUST(in.p[0] == (requester == EA_SERVER ? 13 : 17));
	MUST(req.requester == requester && span_equal(req.message, in));
	MUST(inside(req.context, in) && inside(req.offered, in));
	MUST(req.n_schemes <= sig_tls13_count);
	for (size_t i = 0; i < req.n_schemes; i++)
		MUST(sig_is_tls13(req.schemes[i]));
	MUST(ea_get_context(in, &context, NULL) == 0);
	MUST(span_equal(context, req.context));
	/* One byte less or in another role it is no request. */
	MUST(ea_request_parse(span_of(in.p, in.n - 1), requester, CMW_TYPE,
		 &req, NULL) != 0);
	MUST(ea_request_parse(in, ea_peer_of(requester), CMW_TYPE, &req,
		 NULL) == SEAL_E_EA_REQUEST_TYPE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct span in = { p, n }, context;

	parse(in, EA_CLIENT);
	parse(in, EA_SERVER);
	(void)ea_get_context(in, &context, NULL);
	return 0;
}
