/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_STACK_NSS_PARTS_H
#define TLS_STACK_NSS_PARTS_H

#include <sys/socket.h>

#include <pthread.h>

#include "base/limits.h"
#include "tls/dtls_guard.h"
#include "tls/stack_nss.h"
#include "tls/stack_nss_intra.h"

/* NSS's own types, forward-declared: this compiles without its headers. */
struct PRFileDesc;
struct CERTCertificateStr;
struct CERTCertificateListStr;
struct SECKEYPrivateKeyStr;

/*
 * NSS reads out of bounds once a handshake message of DTLS comes near 32,000
 * bytes; no Certificate that we send does.
 */
#define NSS_DTLS_MESSAGE_MAX 30000u

#define NSS_HELLO_MAX 1472u /* bytes; NSS sends no larger datagram */

struct nss_credentials {
	struct CERTCertificateStr *certs[LIMIT_CHAIN]; /* leaf first */
	size_t n_certs;
	struct SECKEYPrivateKeyStr *key;
};

struct nss_end {
	enum seal_role role;
	bool datagram, counted;
	uint16_t mtu;
	pthread_mutex_t lock;     /* guards model */
	struct PRFileDesc *model; /* connections copy its settings */
	struct nss_credentials own;
};

struct nss_conn {
	struct PRFileDesc *fd;          /* NSS, above our layer */
	bool borrowed;                  /* fd, and what lies below our layer */
	struct sockaddr_storage source; /* of its peer; no family: unknown */
	struct nss_end *end;
	struct stack_rules rules;
	struct nss_wire wire;
	bool datagram;
	bool begun; /* the handshake */
	bool established;
	bool muted;       /* nothing leaves any more */
	bool blocked;     /* the wire took no more */
	bool closed;      /* the peer sent close_notify */
	int alert;        /* fatal, from the peer; -1: none */
	size_t put;       /* bytes of the write at hand that NSS has taken */
	unsigned records; /* that left since the write began */
	struct dtls_guard guard;
	uint8_t hello[NSS_HELLO_MAX]; /* a client's, of its parts */
	size_t hello_n;
	struct dtls_cookie_key const *cookie_key; /* NULL: asks for no cookie */
	uint8_t address[DTLS_COOKIE_ADDRESS];
	size_t address_n;
	bool proved;
	struct stack_peer peer;
	uint16_t extension; /* attests in the handshake by it; 0: does not */
	struct nss_credentials own;    /* the attester's, of a server */
	struct nss_attached *attached; /* while it does so; or NULL */
};

/* ---- stack_nss_library.c ---- */

/* NSS is one for the process: in use while anybody needs it. */
int nss_library_enter(struct seal_diag *d);
void nss_library_leave(void);
/* Is the library that is loaded new enough? */
int nss_library_check(struct seal_diag *d);
/* Records what NSS last complained of; returns code. */
int nss_fail(struct seal_diag *d, int code, const char *what);

/* ---- stack_nss_io.c ---- */

/* A layer at the bottom that moves c's bytes; NULL when out of memory. */
struct PRFileDesc *nss_layer_new(struct nss_conn *c);
/* A layer between NSS and what it stands on, through which c's bytes pass;
 * false when out of memory. Let go of c it goes, or, once the handshake has
 * begun, stays and says nothing more. */
bool nss_layer_insert(struct nss_conn *c);
/* Of such a layer: to what NSS stands on, at once; -1 with NSPR's error. */
int nss_layer_send_below(struct nss_conn *c, const void *p, int n);
void nss_layer_leave(struct nss_conn *c);
int64_t nss_now_ms(void);

/* ---- stack_nss_end.c ---- */

/* What a connection asks of its socket, which it is then ready for. */
int nss_conn_configure(struct nss_conn *c, struct seal_diag *d);

/* ---- stack_nss_setup.c ---- */

/* A stream of the caller's: all but credentials, and of suites the caller's
 * choice. */
int nss_configure_socket(struct PRFileDesc *fd, enum seal_role role,
    bool keep_alpn, struct seal_diag *d);
int nss_configure(
    const struct nss_end_conf *conf, struct nss_end *e, struct seal_diag *d);

/* ---- stack_nss_credentials.c ---- */

/* From files (PEM); max: bytes of DER in all. *c is zero before, and freed by
 * its owner also after a failure. */
int nss_credentials_load(const char *cert_file, const char *key_file,
    size_t max, struct nss_credentials *c, struct seal_diag *d);
int nss_credentials_take(const struct span *chain, size_t n,
    const struct privkey *key, struct nss_credentials *c, struct seal_diag *d);
/* A server on fd shows them. */
int nss_credentials_serve(struct PRFileDesc *fd,
    const struct nss_credentials *c, struct seal_diag *d);
void nss_credentials_free(struct nss_credentials *c);

/* ---- stack_nss_intra.c ---- */

int nss_intra_prepare(
    struct nss_conn *c, const struct nss_intra_conf *conf, struct seal_diag *d);
void nss_intra_leave(struct nss_conn *c);
/* One step of c's handshake, by step, as far as it goes without waiting. */
typedef enum seal_io (*nss_step_fn)(struct nss_conn *c, struct seal_diag *d);
enum seal_io nss_intra_handshake(
    struct nss_conn *c, nss_step_fn step, struct seal_diag *d);
/* The peer's certificate has been judged: now its Evidence. */
bool nss_intra_judge(struct nss_conn *c, struct span leaf);
/* Bytes of c's wire, as they pass. */
void nss_intra_came(struct nss_conn *c, struct span bytes);
void nss_intra_left(struct nss_conn *c, struct span bytes);
/* Sends what is still held of a ServerHello; false: the wire takes no more. */
bool nss_intra_flush(struct nss_conn *c);

#endif
