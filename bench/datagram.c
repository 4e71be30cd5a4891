/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mutual attestation over datagrams on bad networks: how long it takes on the
 * network's own clock, whatever this machine does meanwhile, and how much goes
 * over the line for each byte of authenticators.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lossy.h"
#include "test.h"
#include "tls/datagram.h"

#define ROUNDS 200
#define ANSWER 65536 /* bytes of an authenticator */

static bool
settled(const struct lossy *l)
{
	return session_state(l->m.c.s) != SESSION_OPENING &&
	       session_state(l->m.s.s) != SESSION_OPENING;
}

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void
measure(const char *name, const struct impair_net *net)
{
	static int64_t ms[ROUNDS];
	unsigned long bytes = 0, late = 0;

	for (uint64_t seed = 0; seed < ROUNDS; seed++) {
		struct lossy l;
		int64_t begun;

		lossy_open(
		    &l, SIM_CLIENT_REQUIRES | SIM_SERVER_REQUIRES, net, seed);
		l.m.c.answer_size = l.m.s.answer_size = ANSWER;
		begun = l.m.now_ms;
		(void)lossy_until(&l, settled, 60000);
		ms[seed] = l.m.now_ms - begun;
		late += session_state(l.m.c.s) != SESSION_READY ||
			session_state(l.m.s.s) != SESSION_READY;
		bytes += l.bytes;
		lossy_close(&l);
	}
	qsort(ms, ROUNDS, sizeof(ms[0]), by_size);
	printf("%-18s %7ld ms %7ld ms %7ld ms %6.2f %9lu\n", name,
	    (long)ms[ROUNDS / 2], (long)ms[ROUNDS * 95 / 100],
	    (long)ms[ROUNDS - 1], (double)bytes / (2.0 * ANSWER * ROUNDS),
	    late);
}

int
main(void)
{
	static const struct {
		const char *name;
		struct impair_net net;
	} rows[] = {
		{ "delay 10 ms", { .delay_ms = 10 } },
		{ "loss 1 %", { .loss = 1, .delay_ms = 10 } },
		{ "loss 5 %", { .loss = 5, .delay_ms = 10 } },
		{ "loss 20 %", { .loss = 20, .delay_ms = 10 } },
		{ "loss 30 %", { .loss = 30, .delay_ms = 10 } },
		{ "bursts of 6", { .loss = 2, .burst = 6, .delay_ms = 10 } },
		{ "reordering 25 %", { .reorder = 25, .delay_ms = 10 } },
		{ "duplication 10 %", { .duplicate = 10, .delay_ms = 10 } },
		{ "delay 300 ms", { .delay_ms = 300 } },
		{ "mtu 576", { .mtu = 576 - 28, .delay_ms = 10 } },
		{ "mtu 1280", { .mtu = 1280 - 48, .delay_ms = 10 } },
		{ "1 Mbit/s", { .rate = 1000, .delay_ms = 10 } },
	};

	printf("mutual attestation over datagrams, %d times, authenticators "
	       "of %d bytes; network's clock\n%-18s %10s %10s %10s %6s %9s\n",
	    ROUNDS, ANSWER, "network", "median", "95 %", "slowest", "sent/B",
	    "too late");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		measure(rows[i].name, &rows[i].net);
	return 0;
}
