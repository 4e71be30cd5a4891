/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_STREAM_H
#define TLS_STREAM_H

#include "tls/outbox.h"

/* The stream carriage, PROTOCOL 6: frames in the byte stream of TLS. */
struct stream {
	struct frame_reader reader;
	struct outbox out;
};

struct carriage;
struct carriage_row;
/* The row of carriage.h that it fills. */
extern const struct carriage_row stream_row;

#endif
