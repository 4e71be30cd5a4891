/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/impair.h"

void
impair_init(struct impair *i, const struct impair_net *net, uint64_t seed)
{
	/* Seeds that follow one another begin far apart; zero never. */
	*i = (struct impair){
		.net = *net,
		.random = (seed + 1) * 0x9e3779b97f4a7c15u | 1,
	};
}

/* xorshift64* */
uint32_t
impair_random(struct impair *i, uint32_t below)
{
	i->random ^= i->random >> 12;
	i->random ^= i->random << 25;
	i->random ^= i->random >> 27;
	return (uint32_t)(i->random * 0x2545f4914f6cdd1du >> 33) % below;
}

static bool
chance(struct impair *i, unsigned percent)
{
	return percent > 0 && impair_random(i, 100) < percent;
}

static bool
is_lost(struct impair *i)
{
	if (i->losing > 0)
		i->losing--;
	else if (chance(i, i->net.loss))
		i->losing = i->net.burst > 0 ? i->net.burst - 1 : 0;
	else
		return false;
	i->lost++;
	return true;
}

/* The line takes one after the other; false: too many wait for it. */
static bool
pass_line(struct impair *i, size_t n, int64_t now_ms, int64_t *ret_ms)
{
	int64_t from_us =
	    i->free_us > now_ms * 1000 ? i->free_us : now_ms * 1000;

	*ret_ms = now_ms;
	if (i->net.rate == 0)
		return true;
	if (from_us - now_ms * 1000 > IMPAIR_QUEUE_MS * 1000)
		return false;
	i->free_us = from_us + (int64_t)n * 8 * 1000 / i->net.rate;
	*ret_ms = i->free_us / 1000;
	return true;
}

unsigned
impair_send(struct impair *i, size_t n, int64_t now_ms, int64_t ret_at_ms[2])
{
	unsigned copies = chance(i, i->net.duplicate) ? 2 : 1;
	int64_t at_ms;

	if (i->net.mtu > 0 && n > i->net.mtu) {
		i->too_large++;
		return 0;
	}
	if (is_lost(i))
		return 0;
	if (!pass_line(i, n, now_ms, &at_ms)) {
		i->lost++;
		return 0;
	}
	for (unsigned k = 0; k < copies; k++) {
		ret_at_ms[k] = at_ms + i->net.delay_ms;
		if (chance(i, i->net.reorder))
			ret_at_ms[k] += impair_random(i, IMPAIR_LATE_MS);
	}
	return copies;
}
