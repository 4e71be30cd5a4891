/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_WAITS_H
#define LIB_WAITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"

/*
 * A server's handshakes that have had work of their own done (PROTOCOL 9):
 * whoever sends a ClientHello has Evidence made, or TLS's key in a device sign,
 * and a fibre kept meanwhile. So there are so many at once, and so many for one
 * source, where that is known; of a source those count too that began within
 * the last second, lest it keep a device busy for itself by asking again and
 * again. A handshake has one place, from its first work to its end, which its
 * work shares, since that can outlast it. Safe for any threads.
 */
struct waits;

#define WAITS_WINDOW_MS 1000
#define WAITS_SOURCE 8u /* bytes: an IPv4 address, or an IPv6 network */

struct waits_source {
	bool known;
	uint8_t bytes[WAITS_SOURCE];
};

/* From a struct sockaddr of n bytes; not known: another family. */
struct waits_source waits_source_of(const void *address, size_t n);

/* NULL: out of memory. */
struct waits *waits_new(uint32_t per_source, uint32_t total);
void waits_free(struct waits **w);
/* May one more wait? Then *ret_place is for waits_leave(). The source is
 * looked at where it is known; 0 or SEAL_E_UNAVAILABLE. */
int waits_enter(struct waits *w, const struct waits_source *from,
    int64_t now_ms, size_t *ret_place, struct seal_diag *d);
/* One more holds it, and leaves it too; it is free once all have. */
void waits_share(struct waits *w, size_t place);
void waits_leave(struct waits *w, size_t place);

#endif
