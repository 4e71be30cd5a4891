/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_CARRIAGE_H
#define TLS_CARRIAGE_H

#include "tls/datagram.h"
#include "tls/session.h"
#include "tls/stream.h"

/*
 * How frames travel below a session: in a byte stream (PROTOCOL 6) or in
 * datagrams (PROTOCOL 8). Sans-IO, on the caller's clock. Messages (all types
 * but DATA) arrive whole, once and in order either way; DATA as the row says.
 */
struct carriage {
	const struct carriage_row *row;
	union {
		struct stream stream;
		struct datagram *datagram;
	};
};

struct carriage_row {
	/* DATA keeps its boundaries, may be lost, and may come at any time. */
	bool datagrams;
	/* 0, SEAL_E_CONFIG or SEAL_E_MEMORY; either way it can be freed. */
	int (*init)(struct carriage *c, const struct session_conf *conf,
	    int64_t now_ms, struct seal_diag *d);
	void (*free)(struct carriage *c);

	/* All of the frame, or none: 0, SEAL_E_LIMIT or SEAL_E_MEMORY. */
	int (*put)(struct carriage *c, enum frame_type type, struct span body);
	size_t (*data_max)(const struct carriage *c); /* bytes of one DATA */
	/* Bytes, DATA among them, that did not leave yet. */
	size_t (*unsent)(const struct carriage *c);
	/* What is to leave next: the same bytes until sent() says how many
	 * did. Empty: nothing. */
	struct span (*offer)(struct carriage *c);
	void (*sent)(struct carriage *c, size_t n);
	/* Takes back the DATA of which nothing was offered yet. */
	void (*drop_data)(struct carriage *c);

	/* 1: *ret holds a frame, valid until the next call; 0: none yet, and
	 * *in is used up; otherwise SEAL_E_PROTOCOL or SEAL_E_MEMORY. */
	int (*next)(struct carriage *c, struct span *in, struct frame *ret,
	    struct seal_diag *d);
	/* The most DATA that one more input brings, or completes, and for
	 * which there must be room; what has none may otherwise be dropped. */
	size_t (*expects)(const struct carriage *c);

	/* Tells the time, before any other call at that time. SEAL_E_TIMEOUT
	 * where the peer never acknowledged a message. */
	int (*tick)(struct carriage *c, int64_t now_ms, struct seal_diag *d);
	int64_t (*deadline)(const struct carriage *c); /* of tick() */

	/* A CLOSE was put, or came. What comes from then on is late. */
	void (*end)(struct carriage *c, bool by_peer);
	void (*late)(struct carriage *c, struct span in);
	/* Is there somebody to send or to answer to after the end? */
	bool (*lingers)(const struct carriage *c);
};

#endif
