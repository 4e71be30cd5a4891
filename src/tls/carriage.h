/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_CARRIAGE_H
#define TLS_CARRIAGE_H

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
	};
};

struct carriage_row {
	void (*init)(struct carriage *c);
	void (*free)(struct carriage *c);

	/* All of the frame, or none: 0, SEAL_E_LIMIT or SEAL_E_MEMORY. */
	int (*put)(struct carriage *c, enum frame_type type, struct span body);
	size_t (*unsent)(const struct carriage *c); /* bytes, DATA among them */
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
	/* The most DATA that one more input can bring, and has brought. */
	size_t (*expects)(const struct carriage *c);
};

#endif
