/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_STACK_NSS_H
#define TLS_STACK_NSS_H

#include <sys/types.h>

#include "base/diag.h"
#include "tls/dtls_cookie.h"
#include "tls/stack.h"

/* NSS as a TLS 1.3 stack, and as the one for DTLS 1.3 (RFC 9147); its tls is a
 * struct nss_conn *. */
extern const struct seal_stack stack_nss, stack_nss_dtls;

/* NSS before this one speaks a draft of DTLS 1.3, which nobody else does. */
#define NSS_ENOUGH "3.110"
/* Does a library of this version ("3.110", "3.87.1 Basic") speak RFC 9147? */
bool nss_version_fits(const char *version);

/* ---- Credentials and settings, shared by connections; thread-safe ---- */

struct nss_end_conf {
	enum seal_role role;
	bool datagram;
	const char *cert_file, *key_file; /* PEM; NULL: a client has none */
	uint16_t
	    suite;    /* the only one to be negotiated; 0: any that is sound */
	uint16_t mtu; /* bytes of a datagram, at most; 0: NSS_MTU */
};
#define NSS_MTU 1200u    /* PROTOCOL 8 */
#define NSS_MTU_MIN 256u /* holds a ClientHello */

struct nss_end;
int nss_end_new(
    const struct nss_end_conf *conf, struct nss_end **ret, struct seal_diag *d);
void nss_end_free(struct nss_end **e); /* after its connections */

/* ---- One connection ---- */

/*
 * Where its bytes come from and go to: like recv(2) and send(2) on what does
 * not block. A stream ends with 0. A datagram that cannot leave is lost.
 */
struct nss_wire {
	ssize_t (*recv)(void *arg, void *buf, size_t cap);
	ssize_t (*send)(void *arg, const void *buf, size_t n);
	void (*close)(void *arg); /* once; NULL: nothing to do */
	/* Does something wait to be received? NULL: whoever polls knows. */
	bool (*pending)(const void *arg);
	void *arg;
};

/* Whom a server of datagrams asks to prove its address. */
struct nss_origin {
	const struct dtls_cookie_key *key;
	struct span address; /* of at most DTLS_COOKIE_ADDRESS bytes; copied */
};

struct nss_conn;
struct PRFileDesc;
struct nss_intra_conf;
/* On a socket of the caller's, a stream that NSS stands on and whose handshake
 * has not begun; borrows it. Credentials in it are the caller's, or those of
 * intra (NULL: none), which is copied. */
int nss_conn_attach(struct PRFileDesc *fd, const struct stack_rules *rules,
    const struct nss_intra_conf *intra, struct nss_conn **ret,
    struct seal_diag *d);
/* The address of an attached connection's peer (IPv4 or IPv6), as a struct
 * sockaddr; borrowed. NULL: what it stands on has none. */
struct sockaddr_storage;
const struct sockaddr_storage *nss_conn_source(const struct nss_conn *c);
/* Takes over wire once it succeeds. origin: NULL but for servers of datagrams.
 * Borrows e, key and what rules borrow. */
int nss_conn_new(struct nss_end *e, const struct stack_rules *rules,
    const struct nss_wire *wire, const struct nss_origin *origin,
    struct nss_conn **ret, struct seal_diag *d);
void nss_conn_free(struct nss_conn **c);
void *nss_conn_wire(const struct nss_conn *c); /* its wire's arg */
/* Has the peer shown that it receives at its address? */
bool nss_conn_proved(const struct nss_conn *c);
bool nss_conn_established(const struct nss_conn *c);

#endif
