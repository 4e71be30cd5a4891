/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_RECEIVER_H
#define TLS_RECEIVER_H

#include "tls/fragment.h"

/* Bytes of messages held, besides the next one: one AUTHENTICATOR, which an
 * answerer sends only after the verdict on the last, and small ones around it.
 */
#define RECEIVER_HELD_MAX (LIMIT_FRAME_AUTHENTICATOR + 3 * LIMIT_FRAME_HELLO)

struct incoming;

/*
 * Makes messages of fragments, and hands them on in order (PROTOCOL 8). It
 * holds at most MSG_WINDOW messages, each within its type's limit and all
 * but the next within RECEIVER_HELD_MAX, and no memory while there are none.
 */
struct receiver {
	uint32_t next;  /* msg_seq of the message to be handed on */
	size_t held;    /* bytes of the messages of window */
	bool handed_on; /* the next one was; it goes at the next call */
	struct incoming *window[MSG_WINDOW]; /* by msg_seq */
	struct ack done; /* of messages that are complete and gone */
};

void receiver_free(struct receiver *r);
/* 0, also for what it drops; SEAL_E_PROTOCOL where the fragment contradicts
 * what came before; SEAL_E_MEMORY. */
int receiver_take(
    struct receiver *r, const struct fragment *f, struct seal_diag *d);
/* 1: the next message, a view until the next call; 0: it is not here. */
int receiver_next(struct receiver *r, struct frame *ret);
/* Acknowledges a fragment that nobody wants any more. */
void receiver_take_late(struct receiver *r, const struct fragment *f);
bool receiver_owes_ack(const struct receiver *r);
/* What to acknowledge now; it is then owed no longer. */
void receiver_ack(struct receiver *r, struct ack *ret);

#endif
