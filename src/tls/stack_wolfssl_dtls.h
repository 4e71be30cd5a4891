/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_STACK_WOLFSSL_DTLS_H
#define TLS_STACK_WOLFSSL_DTLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"

struct WOLFSSL;

/*
 * What DTLS 1.3 asks of wolfSSL beyond TLS, where it was built with
 * WOLFSSL_DTLS13; elsewhere a WOLFSSL is never one of datagrams.
 */
bool wolfssl_is_datagram(struct WOLFSSL *ssl);
/* A server keeps to RFC 9147 s5.1's cookie, whose address is the caller's to
 * tell (wolfSSL_dtls_set_peer()). 0 or SEAL_E_CONFIG. */
int wolfssl_datagram_settings(
    struct WOLFSSL *ssl, bool server, struct seal_diag *d);

/* When the last flight is sent again; wolfSSL leaves the clock to us. */
struct wolfssl_timer {
	int64_t due_ms; /* 0: not running */
};
/* Before wolfSSL is asked to go on: sends again what is due. */
void wolfssl_timer_tick(struct wolfssl_timer *t, struct WOLFSSL *ssl);
/* And after it: waiting says whether the handshake is under way. */
void wolfssl_timer_set(
    struct wolfssl_timer *t, struct WOLFSSL *ssl, bool waiting);
/* Milliseconds; -1: never. */
int wolfssl_timer_left(const struct wolfssl_timer *t);

#endif
