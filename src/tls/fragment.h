/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_FRAGMENT_H
#define TLS_FRAGMENT_H

#include "tls/frame.h"

/*
 * What a datagram of PROTOCOL 8 holds besides DATA: a fragment of a message,
 * `type(1) || msg_seq(2) || total(3) || offset(3) || bytes`, or an ACK,
 * `7 || CBOR list of [msg_seq, offset, length]`.
 */
#define FRAGMENT_HEADER 9
#define ACK_TYPE 7
#define ACK_RANGES 32u  /* in one ACK */
#define ACK_SIZE 451u   /* bytes of the longest: 14 a range, and 3 */
#define MSG_SEQS 65536u /* messages that one side may send */
#define MSG_WINDOW 4u   /* that a receiver takes: the next one and on */

struct fragment {
	uint8_t type;
	uint16_t seq;
	uint32_t total, offset;
	struct span bytes; /* a view */
};

/* SEAL_E_PROTOCOL for a type that is no message's, a total over the type's
 * limit, bytes outside of the total, or none of a message that has some. */
int fragment_parse(
    struct span datagram, struct fragment *ret, struct seal_diag *d);
void fragment_write(struct wr *out, const struct fragment *f);

struct ack_range {
	uint16_t seq;
	uint32_t offset, n;
};

struct ack {
	struct ack_range ranges[ACK_RANGES];
	size_t n;
};

int ack_parse(struct span datagram, struct ack *ret, struct seal_diag *d);
void ack_write(struct wr *out, const struct ack *a);

#endif
