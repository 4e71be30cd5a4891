/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/passport.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "format/cmw.h"

struct passport {
	struct remote *via;
	struct attester *attester;
	bool cached;
	uint32_t max_age_s;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t renewed;
	bool renewing;        /* some job is at it */
	struct seal_diag why; /* the last renewal failed, if it did */
	struct remote_result kept;
	int64_t since_s, until_s; /* of kept; until_s == 0: nothing kept */
	int64_t retry_s;          /* no early renewal before that */
};

int
passport_new(struct remote *via, struct attester *a, bool cached,
    uint32_t max_age_s, struct passport **ret, struct seal_diag *d)
{
	struct passport *p = calloc(1, sizeof(*p));
	pthread_condattr_t monotonic;

	if (p == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "passport");
	p->via = via;
	p->attester = a;
	p->cached = cached;
	p->max_age_s = max_age_s;
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&p->renewed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	*ret = p;
	return 0;
}

void
passport_free(struct passport **pp)
{
	struct passport *p = *pp;

	*pp = NULL;
	if (p == NULL)
		return;
	remote_result_wipe(&p->kept);
	pthread_cond_destroy(&p->renewed);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

bool
passport_cached(const struct passport *p)
{
	return p->cached;
}

struct remote *
passport_via(const struct passport *p)
{
	return p->via;
}

const char *
passport_verifier(const struct passport *p)
{
	return remote_id(p->via);
}

static int
write_cmw(const struct remote_result *r, struct wr *cmw, struct seal_diag *d)
{
	cmw_write_record(cmw, span_str(r->media_type), span_of(r->token, r->n));
	return cmw->error == 0 ? 0
			       : seal_fail(d, cmw->error,
				     "passport: expected at most %u bytes "
				     "as a CMW",
				     LIMIT_CMW);
}

/* PROTOCOL 5.5 rule 1: the Verifier is given this connection's binder. */
static int
present_fresh(struct passport *p, const struct seal_binding *b,
    uint32_t timeout_ms, struct wr *cmw, struct seal_diag *d)
{
	struct remote_result got = { 0 };
	struct wr evidence;
	int r;

	wr_init_heap(&evidence, LIMIT_CMW);
	if ((r = attester_collect(p->attester, b, timeout_ms, &evidence, d)) ==
		0 &&
	    (r = remote_appraise(p->via, attester_media_type(p->attester),
		 wr_view(&evidence), b, timeout_ms, &got, d)) == 0)
		r = write_cmw(&got, cmw, d);
	remote_result_wipe(&got);
	wr_free(&evidence);
	return r;
}

/* ---- Cached ---- */

/* 80 % of its life have passed; with the lock. */
static bool
is_due(const struct passport *p, int64_t now_s)
{
	return now_s - p->since_s >= (p->until_s - p->since_s) * 4 / 5 &&
	       now_s >= p->retry_s;
}

/* A result without end is no passport: who relies on it refuses it. */
static int
keep(struct passport *p, struct remote_result *got, int64_t now_s,
    struct seal_diag *d)
{
	int64_t since = got->iat < now_s ? got->iat : now_s;
	int64_t until = got->exp;

	if (until > since + (int64_t)p->max_age_s)
		until = since + (int64_t)p->max_age_s;
	if (until <= now_s) {
		seal_fail(d, SEAL_E_STALE,
		    "passport: expected a result that lasts past %lld, found "
		    "one until %lld",
		    (long long)now_s, (long long)until);
		seal_remedy(d,
		    "compare the clocks; see how long the verifier's "
		    "results last, and 'max_age_s'");
		return SEAL_E_STALE;
	}
	remote_result_wipe(&p->kept);
	p->kept = *got;
	memset(got, 0, sizeof(*got));
	p->since_s = since;
	p->until_s = until;
	return 0;
}

/* Called, and returns, with the lock; without it in between. */
static int
renew(
    struct passport *p, int64_t now_s, uint32_t timeout_ms, struct seal_diag *d)
{
	struct remote_result got = { 0 };
	int r;

	p->renewing = true;
	pthread_mutex_unlock(&p->lock);
	r = remote_attest(p->via, p->attester, timeout_ms, &got, d);
	pthread_mutex_lock(&p->lock);
	p->renewing = false;
	if (r == 0)
		r = keep(p, &got, now_s, d);
	p->retry_s = r == 0 ? 0 : now_s + PASSPORT_RETRY_S;
	p->why = *d;
	p->why.code = r;
	remote_result_wipe(&got);
	pthread_cond_broadcast(&p->renewed);
	return r;
}

/* Who waited for a renewal has no time for another one. */
static int
renewal_failed(const struct passport *p, struct seal_diag *d)
{
	seal_fail(d, p->why.code, "%s", p->why.text);
	if (p->why.remedy[0] != '\0')
		seal_remedy(d, "%s", p->why.remedy);
	return p->why.code;
}

static void
time_after(uint32_t ms, struct timespec *ret)
{
	clock_gettime(CLOCK_MONOTONIC, ret);
	ret->tv_sec += ms / 1000;
	ret->tv_nsec += (long)(ms % 1000) * 1000000;
	if (ret->tv_nsec >= 1000000000) {
		ret->tv_nsec -= 1000000000;
		ret->tv_sec++;
	}
}

/* With the lock: 0 once something valid is kept. */
static int
hold_valid(
    struct passport *p, int64_t now_s, uint32_t timeout_ms, struct seal_diag *d)
{
	bool waits = p->renewing;
	struct seal_diag early = { 0 };
	struct timespec until;

	if (now_s < p->until_s) {
		/* Half of the time, so that the old one can still be sent; its
		 * failure is told when the old one ends. */
		if (!p->renewing && is_due(p, now_s))
			renew(p, now_s, timeout_ms / 2 + 1, &early);
		return 0;
	}
	time_after(timeout_ms, &until);
	while (p->renewing)
		if (pthread_cond_timedwait(&p->renewed, &p->lock, &until) != 0)
			return seal_fail(d, SEAL_E_UNAVAILABLE,
			    "passport: still being renewed at the deadline");
	if (now_s < p->until_s)
		return 0;
	if (waits && p->why.code != 0)
		return renewal_failed(p, d);
	return renew(p, now_s, timeout_ms, d);
}

int
passport_present(struct passport *p, const struct seal_binding *b,
    int64_t now_s, uint32_t timeout_ms, struct wr *cmw, struct seal_diag *d)
{
	int r;

	if (!p->cached)
		return present_fresh(p, b, timeout_ms, cmw, d);
	pthread_mutex_lock(&p->lock);
	if ((r = hold_valid(p, now_s, timeout_ms, d)) == 0)
		r = write_cmw(&p->kept, cmw, d);
	pthread_mutex_unlock(&p->lock);
	return r;
}
