/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_NSS_PAIR_H
#define UNIT_NSS_PAIR_H

#include "tls/stack_nss.h"

#define NSS_QUEUE 4096 /* datagrams under way */

/* One direction of a path that keeps datagrams apart, or joins them to a
 * stream. */
struct nss_path {
	uint8_t *p[NSS_QUEUE];
	size_t n[NSS_QUEUE];
	unsigned head, tail;
	bool stream, ended;
	/* What the path does to what it is given; NULL: nothing. */
	bool (*passes)(void *arg, uint8_t *p, size_t *n);
	void *arg;
	unsigned given, lost;
	size_t largest, bytes;
};

/* Two real NSS connections, joined by memory. */
struct nss_pair {
	struct nss_end *ce, *se;
	struct nss_conn *c, *s;
	struct nss_path up, down; /* to the server, and from it */
	struct stack_rules cr, sr;
	struct dtls_cookie_key key;
	struct trust *trust;
	bool datagram;
	const struct seal_stack *stack;
	/* In the client's place; NULL: as it is. */
	ssize_t (*client_send)(void *arg, const void *buf, size_t n);
	enum seal_io client, server; /* how the handshakes ended */
	struct seal_diag cd, sd;
};

/* Certificates of a CA of their own, for host.test and client.test, as PEM in
 * files of a folder of their own; chain.pem: with two intermediates. */
int nss_pair_setup(void **state);
int nss_pair_teardown(void **state);
const char *nss_pair_file(const char *name);

/* who: NULL for a client without a certificate. */
struct nss_end *nss_pair_end(
    enum seal_role role, bool datagram, const char *who, uint16_t suite);
/* Ends with rules that verify by PKIX on both sides. */
void nss_pair_new(struct nss_pair *p, bool datagram);
void nss_pair_new_suite(struct nss_pair *p, bool datagram, uint16_t suite);
/* Makes the connections, with the rules as they stand then. */
void nss_pair_join(struct nss_pair *p);
/* A fresh server in the place of the one that there is. */
#define NSS_PAIR_ADDRESS "192.0.2.1:4433"
void nss_pair_server(struct nss_pair *p, const char *address);
ssize_t nss_pair_send_up(struct nss_pair *p, const void *buf, size_t n);
/* Until both are done, or nothing has moved for longer than any timer. */
void nss_pair_handshake(struct nss_pair *p);
void nss_pair_free(struct nss_pair *p);

#endif
