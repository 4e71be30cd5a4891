/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_OUTBOX_H
#define TLS_OUTBOX_H

#include "tls/frame.h"

#define OUTBOX_MAX 524288u /* bytes held: unsent, or sent just now */
#define OUTBOX_RECORD (FRAME_HEADER + LIMIT_FRAME_DATA) /* one TLS record */

/*
 * Frames that wait to be sent; holds no memory while empty. What it offers
 * is whole frames, as many as fit one TLS record, or a record's worth of a
 * larger one; the same bytes until they are sent, since a TLS stack may have
 * begun to encrypt them.
 */
struct outbox {
	struct wr w;
	size_t sent;    /* bytes of w that left */
	size_t offered; /* bytes behind sent that a stack may have begun with */
	size_t whole;   /* where the first frame begins that was not offered */
};

void outbox_init(struct outbox *o);
void outbox_free(struct outbox *o); /* wipes */

/* All of the frame, or none: 0, SEAL_E_LIMIT or SEAL_E_MEMORY; a failure
 * sticks. */
int outbox_put(struct outbox *o, enum frame_type type, struct span body);
size_t outbox_size(const struct outbox *o);
struct span outbox_offer(struct outbox *o);
void outbox_sent(struct outbox *o, size_t n);
/* Takes back the DATA that was not offered yet. */
void outbox_drop_data(struct outbox *o);

#endif
