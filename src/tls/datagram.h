/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_DATAGRAM_H
#define TLS_DATAGRAM_H

#include "tls/inbox.h"
#include "tls/receiver.h"
#include "tls/sender.h"

#define DATAGRAM_MTU 1200u /* bytes of a UDP payload, PROTOCOL 8 */
/* ACK_SIZE, a record around it, and the headers of IP and UDP, fit 576. */
#define DATAGRAM_MTU_MIN 512u
#define DATAGRAM_MTU_MAX (16384u + DATAGRAM_RECORD)
/* What a DTLS 1.3 record adds (RFC 9147 4): unified header of 5 bytes, the
 * content type, and a tag of 16. */
#define DATAGRAM_RECORD 22u
#define DATAGRAM_LINGER_MS 8000 /* after CLOSE, PROTOCOL 8 */

/* The datagram carriage, PROTOCOL 8: a frame in each record of DTLS. */
struct datagram {
	size_t max; /* bytes of one that leaves, without the record */
	struct sender sender;
	struct receiver receiver;
	struct inbox data;   /* waits to leave */
	struct wr offered;   /* is leaving */
	int64_t now_ms;      /* as last told */
	bool ended, by_peer; /* there was a CLOSE, and it was the peer's */
	int64_t ended_ms;
};

struct carriage_row;
/* The row of carriage.h that it fills. */
extern const struct carriage_row datagram_row;

#endif
