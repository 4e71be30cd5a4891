/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/stack.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/diag.h"

int
stack_rules_check(const struct stack_rules *rules, struct seal_diag *d)
{
	if (!rules->verify_name || rules->name[0] != '\0')
		return 0;
	seal_fail(d, SEAL_E_CONFIG,
	    "identity: pkix: expected the name that the peer must have, found "
	    "none");
	seal_remedy(
	    d, "pass the host name, or set identity.name in the policy");
	return SEAL_E_CONFIG;
}

bool
stack_asks_certificate(const struct stack_rules *rules)
{
	return rules->role == SEAL_CLIENT || rules->verify != STACK_VERIFY_NONE;
}

bool
stack_needs_certificate(const struct stack_rules *rules)
{
	return rules->verify == STACK_VERIFY_SHOWN ||
	       rules->verify == STACK_VERIFY_PKIX;
}

const char *
stack_server_name(const struct stack_rules *rules)
{
	uint8_t address[16];

	if (rules->role != SEAL_CLIENT || rules->name[0] == '\0' ||
	    inet_pton(AF_INET, rules->name, address) == 1 ||
	    inet_pton(AF_INET6, rules->name, address) == 1)
		return NULL;
	return rules->name;
}

/* PROTOCOL 1: the key, byte for byte as it stands in the certificate. */
static int
take_key(struct span leaf, struct stack_peer *ret)
{
	struct cert *c = NULL;
	struct span spki;
	int r;

	if ((r = cert_parse(leaf, &c, &ret->why)) != 0)
		return r;
	spki = cert_spki(c);
	if (spki.n <= sizeof(ret->spki)) {
		memcpy(ret->spki, spki.p, spki.n);
		ret->spki_n = spki.n;
	} else {
		r = seal_fail(&ret->why, SEAL_E_LIMIT,
		    "tls: peer certificate: expected a key of at most %zu "
		    "bytes, found %zu",
		    sizeof(ret->spki), spki.n);
	}
	cert_unref(&c);
	return r;
}

static int
validate(const struct stack_rules *rules, const struct span *chain, size_t n,
    struct stack_peer *ret)
{
	const struct chain_question q = {
		.now = rules->unix_s(rules->arg),
		.name = rules->verify_name ? rules->name : NULL,
		.use = rules->role == SEAL_CLIENT ? CHAIN_TLS_SERVER
						  : CHAIN_TLS_CLIENT,
	};
	struct seal_diag d = { 0 };

	if (chain_verify_for(rules->trust, chain, n, &q, &d) == 0) {
		ret->verified = true;
		return 0;
	}
	seal_fail(&ret->why, SEAL_E_IDENTITY, "tls: handshake: %s", d.text);
	seal_remedy(&ret->why,
	    "the peer's certificate: check the identity's ca and name%s%s",
	    d.remedy[0] != '\0' ? "; or " : "", d.remedy);
	return SEAL_E_IDENTITY;
}

int
stack_judge(const struct stack_rules *rules, const struct span *chain, size_t n,
    struct stack_peer *ret)
{
	int r;

	*ret = (struct stack_peer){ 0 };
	if (n == 0 && stack_needs_certificate(rules))
		return seal_fail(&ret->why, SEAL_E_IDENTITY,
		    "tls: handshake: expected a certificate of the peer, found "
		    "none");
	if (n == 0)
		return 0;
	if ((r = take_key(chain[0], ret)) != 0)
		return r;
	if (rules->verify == STACK_VERIFY_PKIX ||
	    rules->verify == STACK_VERIFY_PKIX_OPTIONAL)
		return validate(rules, chain, n, ret);
	seal_fail(&ret->why, SEAL_E_IDENTITY,
	    "one whose chain was not to be validated");
	return 0;
}

void
stack_peer_facts(const struct stack_rules *rules, const struct stack_peer *peer,
    struct seal_stack_facts *ret)
{
	memcpy(ret->peer_spki, peer->spki, peer->spki_n);
	ret->peer_spki_n = peer->spki_n;
	if (peer->spki_n == 0)
		return;
	ret->peer_verified = peer->verified;
	if (!peer->verified)
		ret->verify_error = peer->why.text;
	else if (rules->verify_name)
		ret->verified_name = rules->name;
}

/* ---- What ends of the transport mean ---- */

static enum seal_io
peer_left(enum seal_io io, int code, const char *what, struct seal_diag *d)
{
	if (io != SEAL_IO_TRUNCATED && io != SEAL_IO_EOF)
		return io;
	seal_fail(d, code, "tls: %s", what);
	return SEAL_IO_ERROR;
}

enum seal_io
stack_handshake_io(enum seal_io io, struct seal_diag *d)
{
	return peer_left(
	    io, SEAL_E_TLS, "handshake: the peer closed the connection", d);
}

enum seal_io
stack_write_io(enum seal_io io, struct seal_diag *d)
{
	return peer_left(io, SEAL_E_IO, "write: the peer is gone", d);
}
