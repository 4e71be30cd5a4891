/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_DTLS_GUARD_H
#define TLS_DTLS_GUARD_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Where a flight of a client spans several records, NSS answers every ACK with
 * a retransmission, and that with an ACK, as fast as the path allows. The
 * guard lets so many datagrams of a handshake through in a window, which grows
 * while they keep coming, and none once the peer has shown that it has
 * finished. Initialise with {0}.
 */
#define DTLS_GUARD_BURST 64u /* datagrams in a window */
#define DTLS_GUARD_MS 50u    /* the first window */
#define DTLS_GUARD_MAX_MS 4000u

struct dtls_guard {
	bool closed; /* the peer sent protected application data */
	int64_t start_ms;
	uint32_t window_ms, sent;
};

/* May this datagram, whose first record is of that epoch, leave now? */
bool dtls_guard_allows(struct dtls_guard *g, int epoch, int64_t now_ms);

#endif
