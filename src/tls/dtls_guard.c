/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/dtls_guard.h"

#define EPOCH_HANDSHAKE 2 /* RFC 9147 s6.1 */

static void
open_window(struct dtls_guard *g, int64_t now_ms)
{
	bool busy = g->sent >= DTLS_GUARD_BURST;

	if (g->window_ms == 0 || !busy)
		g->window_ms = DTLS_GUARD_MS;
	else if (g->window_ms < DTLS_GUARD_MAX_MS)
		g->window_ms *= 2;
	g->start_ms = now_ms;
	g->sent = 0;
}

bool
dtls_guard_allows(struct dtls_guard *g, int epoch, int64_t now_ms)
{
	if (epoch != EPOCH_HANDSHAKE)
		return true;
	if (g->closed)
		return false;
	if (g->window_ms == 0 || now_ms - g->start_ms >= g->window_ms)
		open_window(g, now_ms);
	if (g->sent >= DTLS_GUARD_BURST)
		return false;
	g->sent++;
	return true;
}
