/* SPDX-License-Identifier: Apache-2.0 */
/* The peer's HELLO, and what both sides agree on by it (PROTOCOL 6.1). */
#include "base/text.h"
#include "tls/session_parts.h"

/* The agreed inner protocol, as it stands in this side's own list. */
static int
choose_alpn(struct session *s, const struct hello *h, struct seal_diag *d)
{
	const struct session_conf *c = s->conf;
	bool server = c->role == EA_SERVER;
	struct span chosen;
	int r;

	r = server ? hello_choose_alpn(
			 c->alpn, c->n_alpn, h->alpn, h->n_alpn, &chosen, d)
		   : hello_choose_alpn(
			 h->alpn, h->n_alpn, c->alpn, c->n_alpn, &chosen, d);
	if (r != 0)
		return r;
	for (size_t i = 0; i < c->n_alpn; i++) {
		if (span_equal(c->alpn[i], chosen))
			s->alpn = c->alpn[i];
	}
	return 0;
}

static int
check_schemes(struct session *s, const struct hello *h, struct seal_diag *d)
{
	const struct session_conf *c = s->conf;
	char shown[96] = "none";

	if (c->require && !s->can_accept) {
		if (h->n_produce > 0)
			text_safe(h->produce[0].name, shown, sizeof(shown));
		seal_fail(d, SEAL_E_UNSUPPORTED,
		    "hello: the peer can attest with nothing that this side's "
		    "policy accepts: it offers %s",
		    shown);
		seal_remedy(d, "give the peer an attester, or add its scheme "
			       "to the policy");
		return SEAL_E_UNSUPPORTED;
	}
	if (h->require && !s->can_produce) {
		if (h->n_accept > 0)
			text_safe(h->accept[0].name, shown, sizeof(shown));
		seal_fail(d, SEAL_E_UNSUPPORTED,
		    "hello: the peer requires attestation and accepts %s, "
		    "which this side cannot make",
		    shown);
		seal_remedy(d, "configure an attester");
		return SEAL_E_UNSUPPORTED;
	}
	return 0;
}

int
session_hello(struct session *s, struct span body, struct seal_diag *d)
{
	const struct session_conf *c = s->conf;
	struct hello h;
	size_t wanted; /* the first of the peer's that I can produce */
	int r;

	if (s->hello)
		return seal_fail(
		    d, SEAL_E_PROTOCOL, "hello: expected once, found again");
	if ((r = hello_parse(body, &h, d)) != 0)
		return r;
	if (h.reveal_after_peer && c->reveal_after_peer)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "hello: both sides reveal only after the other");
	s->can_produce = hello_choose(h.accept, h.n_accept, c->produce,
			     c->n_produce, &wanted) &&
			 hello_choose(c->produce, c->n_produce,
			     h.accept + wanted, 1, &s->produce);
	s->can_accept = hello_choose(
	    c->accept, c->n_accept, h.produce, h.n_produce, &s->accept);
	if ((r = check_schemes(s, &h, d)) != 0 ||
	    (r = choose_alpn(s, &h, d)) != 0)
		return r;
	s->peer_requires = h.require;
	s->hello = true;
	return 0;
}
