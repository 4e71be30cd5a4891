/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_DTLS_RECORD_H
#define TLS_DTLS_RECORD_H

#include "base/span.h"

/*
 * What can be seen of DTLS 1.3 datagrams without their keys (RFC 9147 s4), for
 * a server that keeps no state before the cookie, and for an adapter that
 * mends what its stack does on lossy paths.
 */

/* What a datagram of an unknown address begins with. Zero deserves no answer.
 */
enum dtls_opening {
	DTLS_NO_HELLO = 0,
	DTLS_HELLO,        /* a whole ClientHello, without a cookie */
	DTLS_HELLO_COOKIE, /* and one with */
};
enum dtls_opening dtls_opening(struct span datagram);

/* Does it begin with a part of a ClientHello? */
bool dtls_hello_part(struct span datagram);
/*
 * Joins such parts, record by record and in order, to one record in buf, of
 * which *n bytes are there so far. True once it is whole.
 */
bool dtls_hello_join(uint8_t *buf, size_t cap, size_t *n, struct span record);

/* The epoch of the first record, of which ciphertext shows two bits; -1: it is
 * no record. */
int dtls_epoch(struct span datagram);

/* How many bytes of whole records fit limit; never 0 for a datagram that has
 * any: what cannot be split goes as it is. */
size_t dtls_records_within(struct span datagram, size_t limit);

/*
 * What of a datagram a stack may see: whole records that RFC 9147 knows, since
 * NSS ends a connection over others, which anybody can send (s4.5.2: they are
 * discarded). Removes the rest in place; returns what is left of n.
 *
 * by_client: plaintext ACKs (s7) lose what acknowledges records of epoch 0. A
 * server that forgot its HelloRetryRequest, as it must, would take the ACK of
 * that one for one of its ServerHello, whose record has the same number.
 * established: plaintext has come to its end, and nobody knows who sent it.
 */
size_t dtls_admit(uint8_t *p, size_t n, bool by_client, bool established);

#endif
