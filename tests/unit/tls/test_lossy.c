/* SPDX-License-Identifier: Apache-2.0 */
/* Attestation over a network that loses, delays, reorders and duplicates what
 * it carries (PROTOCOL 8), on a clock of the test's. */
#include "test.h"

#include <string.h>

#include "lossy.h"
#include "tls/datagram.h"

#define MUTUAL (SIM_CLIENT_REQUIRES | SIM_SERVER_REQUIRES)
#define ROUNDS 200

static bool
ready(const struct sim_side *side)
{
	return session_state(side->s) == SESSION_READY;
}

static bool
over(const struct sim_side *side)
{
	return session_state(side->s) == SESSION_FAILED ||
	       session_state(side->s) == SESSION_CLOSED;
}

static bool
settled(const struct lossy *l)
{
	return (ready(&l->m.c) || over(&l->m.c)) &&
	       (ready(&l->m.s) || over(&l->m.s));
}

/* ---- Every kind of network ---- */

struct net_case {
	const char *name;
	struct impair_net net;
	size_t answer;
};

#define BIG 65536
static const struct net_case net_cases[] = {
	{ "clean", { 0 }, BIG },
	{ "loss 1%", { .loss = 1 }, BIG },
	{ "loss 5%", { .loss = 5 }, BIG },
	{ "loss 20%", { .loss = 20 }, BIG },
	{ "loss 30%", { .loss = 30 }, 4096 },
	{ "loss 30%, large", { .loss = 30 }, BIG },
	{ "bursts", { .loss = 2, .burst = 6 }, BIG },
	{ "reordering 25%", { .reorder = 25 }, BIG },
	{ "duplication 10%", { .duplicate = 10 }, BIG },
	{ "delay 300 ms", { .delay_ms = 300 }, BIG },
	{ "mtu 576", { .mtu = 576 - 28 }, BIG },
	{ "mtu 1280", { .mtu = 1280 - 48 }, BIG },
	{ "all of it",
	    { .loss = 10,
		.reorder = 25,
		.duplicate = 10,
		.delay_ms = 100,
		.mtu = 576 - 28 },
	    16384 },
	{ NULL },
};

/* What may keep a side from READY is its deadline, or the peer's. */
static bool
timed_out(const struct sim_side *side)
{
	int e = session_error(side->s);

	return over(side) &&
	       (e == SEAL_E_TIMEOUT ||
		   (e == SEAL_E_REFUSED &&
		       session_peer_outcome(side->s) == SEAL_TIMEOUT));
}

static void
attest(const struct net_case *c, uint64_t seed, bool refuse, unsigned *late)
{
	struct lossy l;

	lossy_open(&l, MUTUAL, &c->net, seed);
	l.m.c.answer_size = l.m.s.answer_size = c->answer;
	if (refuse)
		l.m.s.outcome = SEAL_REFUSED_POLICY;
	if (!lossy_until(&l, settled, 120000))
		fail_msg("%s, seed %lu: stuck", c->name, (unsigned long)seed);
	if (timed_out(&l.m.c) || timed_out(&l.m.s))
		(*late)++;
	else if (refuse ? ready(&l.m.s) || !over(&l.m.s)
			: !ready(&l.m.c) || !ready(&l.m.s))
		fail_msg("%s, seed %lu: client %s, server %s", c->name,
		    (unsigned long)seed, l.m.c.d.text, l.m.s.d.text);
	lossy_close(&l);
}

static void
networks(void **state)
{
	(void)state;
	for (const struct net_case *c = net_cases; c->name != NULL; c++) {
		unsigned late = 0;

		for (uint64_t i = 0; i < ROUNDS; i++)
			attest(c, i, i % 8 == 7, &late);
		print_message(
		    "%s: %u of %u over the deadline\n", c->name, late, ROUNDS);
		/* A burst may take all that is tried within 30 s. */
		if (c->net.loss < 30 && c->net.burst == 0)
			assert_int_equal(late, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
