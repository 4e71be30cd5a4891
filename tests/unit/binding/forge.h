/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BINDING_FORGE_H
#define BINDING_FORGE_H

#include "binding/ea_message.h"
#include "crypto/fixture.h"

#define CMW_TYPE 0xff00

/* A certificate, its issuer and its key, of each kind that TLS 1.3 signs with;
 * made when first asked for. */
enum who {
	P256,
	P384,
	P521,
	ED25519,
	ED448,
	RSA2048,
	PSS,
	NO_SIGN, /* P-256, with a key usage that forbids signatures */
	WHO_END
};

struct person {
	struct span chain[2];
	struct privkey *key;
	struct issued root, leaf;
};
const struct person *person(enum who who);
void people_free(void);
/* How the person answers. */
struct ea_identity person_identity(const struct person *p, struct span cmw);

/* Keys of a connection that no other seed has. */
struct ea_keys test_keys(enum hash h, uint8_t seed);

/* A request that offers just these schemes, and a CMW. */
#define FORGE_EXTENSION_MAX 64
struct ea_request make_request(
    struct wr *w, enum ea_role requester, const uint16_t *schemes, size_t n);

/* What an authenticator is made of; each part may be bent. */
struct forge {
	struct ea_keys sign_keys, finish_keys; /* of the two transcripts */
	struct span sign_request, finish_request;
	struct span context;
	struct {
		struct span der, extensions;
	} entry[10];
	size_t n;
	struct span entries_tail, certificate_tail, verify_tail;
	const struct person *signer;
	uint16_t scheme;
	bool no_signature;
	const char *label;     /* instead of the context string */
	uint8_t type[3];       /* of the messages */
	bool drop[3];          /* not sent, though hashed */
	bool skip_verify;      /* Finished without CertificateVerify */
	bool dtls;             /* headers of 12 bytes */
	size_t finished_cut;   /* bytes that Finished lacks */
	uint8_t finished_flip; /* xored into its last byte */
	struct span finished_tail, tail;
};

/* The good one, which answers req with this person's chain and a CMW. */
struct forge forge_new(const struct ea_keys *keys, const struct ea_request *req,
    const struct person *p);
void forge_write(const struct forge *f, struct wr *out);

#endif
