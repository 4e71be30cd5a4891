/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "lib/conn.h"

#define ALPN_SEAL "seal/1" /* PROTOCOL 3 */
#define VERSION_TLS13 0x0304u
#define VERSION_DTLS13 0xfefcu

/* PROTOCOL 5.5 rule 4: groups whose shared secrets no attacker can force. */
static const uint16_t sound_groups[] = {
	0x0017, 0x0018, 0x0019, /* P-256, P-384, P-521 */
	0x001d, 0x001e,         /* X25519, X448 */
	0x11eb, 0x11ec, 0x11ed, /* ML-KEM hybrids: SecP256r1MLKEM768,
				   X25519MLKEM768, SecP384r1MLKEM1024 */
};

static bool
group_sound(uint16_t group)
{
	for (size_t i = 0; i < sizeof(sound_groups) / sizeof(sound_groups[0]);
	     i++) {
		if (sound_groups[i] == group)
			return true;
	}
	return false;
}

static int
facts_check_handshake(const struct seal_conn *c,
    const struct seal_stack_facts *f, struct seal_diag *d)
{
	if (f->role != c->role)
		return seal_fail(d, SEAL_E_STATE,
		    "tls: the stack's role is not the connection's");
	if (f->version != VERSION_TLS13 && f->version != VERSION_DTLS13)
		return seal_fail(d, SEAL_E_TLS,
		    "tls: expected version 1.3, found 0x%04x", f->version);
	if (f->resumed)
		return seal_fail(d, SEAL_E_RESUMED,
		    "tls: expected a full handshake, found a resumed one");
	if (!group_sound(f->group))
		return seal_fail(d, SEAL_E_TLS,
		    "tls: group 0x%04x is none of X25519, X448, P-256, "
		    "P-384, P-521 or an ML-KEM hybrid",
		    f->group);
	/* PROTOCOL 3; in mode intra the application has its own. */
	if (c->ctx->mode != MODE_INTRA && strcmp(f->alpn, ALPN_SEAL) != 0) {
		seal_fail(d, SEAL_E_UNSUPPORTED,
		    "tls: expected ALPN " ALPN_SEAL ", the peer selected %s%s",
		    f->alpn[0] != '\0' ? "" : "none", f->alpn);
		seal_remedy(d, "is the peer a SEAL endpoint?");
		return SEAL_E_UNSUPPORTED;
	}
	return 0;
}

static int
facts_peer_key(
    struct seal_conn *c, const struct seal_stack_facts *f, struct seal_diag *d)
{
	uint8_t digest[HASH_MAX];
	int r;

	if (f->peer_spki_n == 0)
		return 0;
	if ((r = hash_one(HASH_SHA256, span_of(f->peer_spki, f->peer_spki_n),
		 digest, d)) != 0)
		return r;
	memcpy(c->peer.key, digest, sizeof(c->peer.key));
	c->peer.has_key = true;
	return 0;
}

/* A server without a rule for clients asks them for no certificate. */
enum identity_mode
identity_mode(const struct seal_ctx *c, enum seal_role role)
{
	enum identity_mode mode = ctx_identity(c)->mode;

	if (mode == IDENTITY_UNSET && role == SEAL_SERVER && c->policy == NULL)
		return IDENTITY_NONE;
	return mode == IDENTITY_UNSET ? IDENTITY_PKIX : mode;
}

/* A server's clients may authenticate through the authenticator alone, where
 * policy validates its chain (`subject: pkix`). */
bool
identity_in_authenticator(const struct seal_ctx *c, enum seal_role role)
{
	return role == SEAL_SERVER && c->policy != NULL && c->require &&
	       c->policy->subject == SUBJECT_PKIX;
}

static int
identity_pkix(struct seal_conn *c, const struct seal_stack_facts *f,
    const struct identity *id, struct seal_diag *d)
{
	const char *name;

	if (!c->peer.has_key && identity_in_authenticator(c->ctx, c->role)) {
		c->peer.validated = true;
		snprintf(c->peer.text, sizeof(c->peer.text), "subject");
		return 0;
	}
	if (!c->peer.has_key || !f->peer_verified) {
		seal_fail(d, SEAL_E_IDENTITY,
		    "identity: expected a TLS certificate that validates, "
		    "found %s",
		    c->peer.has_key
			? (f->verify_error != NULL ? f->verify_error
						   : "one that does not")
			: "none");
		seal_remedy(d, "check the policy's identity: ca, name; or pin "
			       "the peer's key");
		return SEAL_E_IDENTITY;
	}
	c->peer.validated = true;
	name = f->verified_name != NULL ? f->verified_name : id->name;
	snprintf(c->peer.text, sizeof(c->peer.text), "pkix%s%s",
	    name != NULL ? ":" : "", name != NULL ? name : "");
	return 0;
}

static int
identity_pin(
    struct seal_conn *c, const struct identity *id, struct seal_diag *d)
{
	struct span key = span_of(c->peer.key, sizeof(c->peer.key));
	char shown[HEX_SHORT];

	for (size_t i = 0; c->peer.has_key && i < id->n_pins; i++) {
		if (!span_equal_ct(
			key, span_of(id->pins[i], sizeof(id->pins[i]))))
			continue;
		c->peer.validated = true;
		snprintf(c->peer.text, sizeof(c->peer.text), "pin:%s",
		    hex_short(key, shown));
		return 0;
	}
	seal_fail(d, SEAL_E_IDENTITY,
	    "identity: the peer's TLS key is none of %zu pinned: found "
	    "SHA-256 of SPKI %s",
	    id->n_pins,
	    c->peer.has_key ? hex_short(key, shown) : "(no certificate)");
	seal_remedy(d, "if the peer's certificate was replaced on purpose, "
		       "renew the pin in the policy");
	return SEAL_E_IDENTITY;
}

static int
facts_check_identity(
    struct seal_conn *c, const struct seal_stack_facts *f, struct seal_diag *d)
{
	const struct identity *id = ctx_identity(c->ctx);

	snprintf(c->peer.text, sizeof(c->peer.text), "none");
	switch (identity_mode(c->ctx, c->role)) {
	case IDENTITY_PIN:
		return identity_pin(c, id, d);
	case IDENTITY_NONE:
		return 0;
	case IDENTITY_UNSET:
	case IDENTITY_PKIX:
		break;
	}
	if (c->ctx->observe && !f->peer_verified)
		return 0;
	return identity_pkix(c, f, id, d);
}

/* Without a session the protocol is TLS's. */
static int
facts_keep_alpn(
    struct seal_conn *c, const struct seal_stack_facts *f, struct seal_diag *d)
{
	if (c->ctx->mode == MODE_INTRA && (c->alpn = strdup(f->alpn)) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "alpn");
	return 0;
}

int
conn_check_facts(struct seal_conn *c, enum hash *ret_hash, struct seal_diag *d)
{
	struct seal_stack_facts f = { 0 };
	int r;

	if ((r = c->stack->facts(c->tls, &f, d)) != 0 ||
	    (r = facts_check_handshake(c, &f, d)) != 0 ||
	    (r = facts_peer_key(c, &f, d)) != 0 ||
	    (r = facts_check_identity(c, &f, d)) != 0 ||
	    (r = facts_keep_alpn(c, &f, d)) != 0)
		return r;
	c->carriage =
	    f.version == VERSION_DTLS13 ? CARRIAGE_DATAGRAM : CARRIAGE_STREAM;
	*ret_hash = f.hash == 256   ? HASH_SHA256
		    : f.hash == 384 ? HASH_SHA384
				    : HASH_NONE;
	if (*ret_hash == HASH_NONE)
		return seal_fail(d, SEAL_E_TLS,
		    "tls: expected a suite with SHA-256 or SHA-384");
	return 0;
}
