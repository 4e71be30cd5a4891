/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "crypto/x509.h"

struct replay replay;

struct context {
	uint8_t zeroed; /* the core hands over zeroes */
	struct privkey *key;
};

void
replay_reset(void)
{
	memset(&replay, 0, sizeof(replay));
	replay.evidence = span_str("canned evidence");
}

static int
replay_probe(const struct conf *conf, struct wr *out, struct seal_diag *d)
{
	(void)conf;
	(void)d;
	wr_printf(out, "canned");
	return 0;
}

static int
replay_open(void *ctx, const struct conf *conf, uint64_t deadline_ms,
    struct seal_diag *d)
{
	struct context *c = ctx;

	(void)conf;
	atomic_fetch_add(&replay.opens, 1);
	if (c->key != NULL || c->zeroed != 0 ||
	    deadline_ms <= evidence_now_ms())
		return seal_fail(d, SEAL_E_STATE, "replay: called wrongly");
	if (replay.open_r != 0)
		return seal_fail(d, replay.open_r, "replay: told to");
	c->zeroed = 0xff;
	return privkey_generate(CURVE_P256, &c->key, d);
}

static int
sign_soft(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	struct context *c = ctx;

	return privkey_sign(c->key, scheme, tbs, out, d);
}

static int
replay_subject(void *ctx, struct wr *ret_chain, struct seal_diag *d)
{
	struct context *c = ctx;
	struct wr spki, cert;
	size_t n = replay.chain_n == 0 ? 1 : replay.chain_n;
	int r;

	if (replay.subject_r != 0)
		return seal_fail(d, replay.subject_r, "replay: told to");
	wr_init_heap(&spki, LIMIT_SPKI);
	wr_init_heap(&cert, LIMIT_CERTIFICATE);
	if ((r = privkey_spki(c->key, &spki, d)) == 0)
		r = cert_self_sign(wr_view(&spki), "replay", time(NULL), 1,
		    SIG_ECDSA_P256_SHA256, sign_soft, c, &cert, d);
	for (size_t i = 0; r == 0 && i < n; i++)
		wr_vec(ret_chain, 3, wr_view(&cert));
	if (replay.bad_chain)
		wr_u8(ret_chain, 0);
	wr_free(&spki);
	wr_free(&cert);
	return r;
}

static size_t
replay_binder_max(void *ctx)
{
	(void)ctx;
	return replay.binder_max;
}

static int
replay_collect(void *ctx, const struct seal_binding *b, uint64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	struct timespec ts = { .tv_nsec = (long)replay.collect_ms * 1000000 };
	int n;

	(void)ctx;
	(void)deadline_ms;
	if (atomic_fetch_add(&replay.inside, 1) != 0)
		atomic_fetch_add(&replay.overlaps, 1);
	n = atomic_fetch_add(&replay.collects, 1);
	if (n < 16)
		replay.order[n] = b->binder[0];
	if (replay.collect_ms > 0)
		nanosleep(&ts, NULL);
	wr_bytes(out, replay.evidence); /* also where it then fails */
	atomic_fetch_sub(&replay.inside, 1);
	if (replay.collect_r != 0)
		return seal_fail(d, replay.collect_r, "replay: told to");
	return 0;
}

static int
replay_sign(void *ctx, uint16_t scheme, struct span tbs, uint64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	(void)deadline_ms;
	if (replay.sign_r != 0) {
		wr_u8(out, 0);
		return seal_fail(d, replay.sign_r, "replay: told to");
	}
	return sign_soft(ctx, scheme, tbs, out, d);
}

static void
replay_close(void *ctx)
{
	struct context *c = ctx;

	atomic_fetch_add(&replay.closes, 1);
	privkey_free(&c->key);
}

static const char *const keys[] = { "colour", "size", NULL };

const struct evidence_driver replay_driver = {
	.abi = EVIDENCE_DRIVER_ABI,
	.name = "replay",
	.media_type = "application/x-replay",
	.insecure = true,
	.keys = keys,
	.ctx_size = sizeof(struct context),
	.probe = replay_probe,
	.open = replay_open,
	.subject = replay_subject,
	.binder_max = replay_binder_max,
	.collect = replay_collect,
	.sign = replay_sign,
	.close = replay_close,
};
