/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_DTLS_COOKIE_H
#define TLS_DTLS_COOKIE_H

#include "base/diag.h"
#include "base/span.h"

/*
 * What a HelloRetryRequest asks a client to bring back (PROTOCOL 8): when it
 * was asked, and a MAC over that and over the address that it came from. So a
 * server keeps nothing of whoever cannot receive at that address.
 */
#define DTLS_COOKIE_SIZE 40u   /* bytes: 8 of time, 32 of MAC */
#define DTLS_COOKIE_MS 60000   /* how long it may be brought back */
#define DTLS_COOKIE_ADDRESS 64 /* bytes of an address, at most */

/* Of one port, for the life of the process; secret. */
struct dtls_cookie_key {
	uint8_t bytes[32];
};

int dtls_cookie_key_make(struct dtls_cookie_key *ret, struct seal_diag *d);
/* now_ms: of any clock that does not go backwards. address is not empty. */
int dtls_cookie_make(const struct dtls_cookie_key *key, struct span address,
    int64_t now_ms, uint8_t ret[DTLS_COOKIE_SIZE], struct seal_diag *d);
/* Was it made with key, for this address, at most DTLS_COOKIE_MS ago? */
bool dtls_cookie_holds(const struct dtls_cookie_key *key, struct span address,
    int64_t now_ms, struct span cookie);

#endif
