/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_FRAME_H
#define TLS_FRAME_H

#include "base/diag.h"
#include "base/limits.h"
#include "base/wr.h"

/* Frames of the stream carriage: type(1) || length(3) || body, PROTOCOL 6. */
enum frame_type {
	FRAME_HELLO = 1,
	FRAME_REQUEST = 2,
	FRAME_AUTHENTICATOR = 3,
	FRAME_VERDICT = 4,
	FRAME_DATA = 5,
	FRAME_CLOSE = 6,
};

#define FRAME_HEADER 4

/* The largest body of a type; false for a type that does not exist. */
bool frame_limit(uint8_t type, size_t *ret);

/*
 * Cuts a byte stream into frames. A frame that has come as a whole is a view
 * into the input; only one that is cut is kept, in memory that its own
 * length, checked against the type's limit, asks for.
 */
struct frame_reader {
	uint8_t header[FRAME_HEADER];
	size_t n_header;
	uint8_t *body; /* of a cut frame */
	size_t n_body, want;
};

struct frame {
	uint8_t type;
	struct span body;
};

/*
 * Takes from *in. 1: *ret holds a frame, valid until the next call; 0: more
 * bytes are needed, *in is used up; otherwise SEAL_E_PROTOCOL or _MEMORY.
 */
int frame_next(struct frame_reader *r, struct span *in, struct frame *ret,
    struct seal_diag *d);
void frame_reader_free(struct frame_reader *r);

void frame_write(struct wr *out, enum frame_type type, struct span body);

#endif
