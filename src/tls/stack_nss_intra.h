/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_STACK_NSS_INTRA_H
#define TLS_STACK_NSS_INTRA_H

#include "tls/intra.h"

struct privkey;

/*
 * The extension `remoteAttestation` on NSS, over TLS 1.3, for the Evidence of
 * servers: NSS's own server shows nobody the extensions of a client's
 * Certificate. Handshakes run on a fibre, which waits for Evidence and
 * appraisal in the midst of NSS's calls, with its locks held: all calls must
 * come from one thread until the handshake is done.
 *
 * NSS tells its messages to nobody. What comes, and a client's, is read from
 * the wire; a server's ServerHello, which NSS keeps until its Certificate is
 * made, is taken from it by a call that is for other record layers, and sent as
 * NSS would. That call is not for DTLS.
 */
struct nss_intra_conf {
	uint16_t type;  /* extension code point */
	bool keep_alpn; /* the application's, in place of seal/1 */
	/* The key to attest with, which is then TLS's; n_chain == 0: none. */
	const struct span *chain; /* DER, leaf first */
	size_t n_chain;
	const struct privkey *key;
};

/* tls is a struct nss_conn of nss_conn_attach() with such a conf. */
extern const struct intra_stack intra_nss;

#endif
