/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_SENDER_H
#define TLS_SENDER_H

#include "tls/fragment.h"

#define SENDER_FLYING_MAX 16u   /* fragments under way, PROTOCOL 8 */
#define SENDER_FLYING_MIN 4u    /* however many are lost */
#define SENDER_HELD_MAX 524288u /* bytes of messages not acknowledged */
#define SENDER_RETRY_MS 250
#define SENDER_RETRY_MAX_MS 4000
#define SENDER_GIVE_UP_MS 30000

struct outgoing;

/*
 * Sends messages as fragments, again and again until they are acknowledged
 * (PROTOCOL 8). How many are under way at once follows losses, as congestion
 * control does: half of them after a round with a loss, one more for each
 * acknowledged, or, after a loss, for each round.
 */
struct sender {
	size_t room;                    /* for the bytes of one fragment */
	struct outgoing *first, **last; /* by msg_seq */
	uint32_t next;                  /* msg_seq of the next message */
	size_t held;                    /* bytes of messages */
	unsigned flying, lost;
	unsigned window, threshold, acked; /* acked since window grew */
	int64_t halved_ms;
	/* RFC 6298: the round trip, in ms; srtt < 0: not measured. Rounds with
	 * a loss since the last acknowledgement, each of which doubles the time
	 * to wait. */
	int64_t srtt, rttvar;
	unsigned backoff;
};

void sender_init(struct sender *s, size_t room);
void sender_free(struct sender *s); /* nothing is sent any more */
/* All of it, or none: 0, SEAL_E_LIMIT or SEAL_E_MEMORY. */
int sender_put(struct sender *s, enum frame_type type, struct span body);
bool sender_idle(const struct sender *s); /* all is acknowledged */
/* The next fragment to send now, a view; false: none. */
bool sender_next(struct sender *s, int64_t now_ms, struct fragment *ret);
/* What it does not know is ignored. */
void sender_ack(struct sender *s, const struct ack *a, int64_t now_ms);
/* Notices losses. SEAL_E_TIMEOUT where a message was never acknowledged. */
int sender_tick(struct sender *s, int64_t now_ms, struct seal_diag *d);
int64_t sender_deadline(const struct sender *s); /* of sender_tick() */

#endif
