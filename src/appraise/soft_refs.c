/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/refs.h"
#include "appraise/soft_rules.h"

#include "appraise/appraiser.h"
#include "format/eat.h"

/* The token names no algorithm; a length that only one has, does. */
static int64_t
alg_of(size_t n)
{
	return n == 32   ? COMID_SHA256
	       : n == 48 ? COMID_SHA384
	       : n == 64 ? COMID_SHA512
			 : 0;
}

/* Its name as mkey; its value raw, and as a digest where it can be one. */
static void
put_measurement(const struct eat_measurement *e, struct wr *out)
{
	struct comid_measurement m = { .other = false };
	uint8_t key_buf[SOFT_NAME_MAX + 4], raw_buf[HASH_MAX + 8];
	uint8_t digest_buf[HASH_MAX + 8];
	struct wr key, raw, digest;

	wr_init(&key, key_buf, sizeof(key_buf));
	cbor_put_text(&key, e->name);
	wr_init(&raw, raw_buf, sizeof(raw_buf));
	comid_put_bytes(&raw, COMID_KEY_BYTES, e->digest);
	wr_init(&digest, digest_buf, sizeof(digest_buf));
	if (alg_of(e->digest.n) != 0) {
		cbor_put_array(&digest, 1);
		comid_put_digest(&digest, alg_of(e->digest.n), e->digest);
	}
	m.mkey = wr_view(&key);
	m.val[COMID_RAW] = wr_view(&raw);
	m.val[COMID_DIGESTS] = wr_view(&digest);
	comid_put_measurement(out, &m);
}

int
soft_describe(const struct findings *f, struct wr *env, struct wr *measurements)
{
	const struct eat_soft *e = f->facts;
	int r;

	if ((r = refs_put_env(env, SOFT_MODEL,
		 span_of(f->signer_spki, f->n_signer_spki))) != 0)
		return r;
	cbor_put_array(measurements, e->n_measurements);
	for (size_t i = 0; i < e->n_measurements; i++)
		put_measurement(&e->measurements[i], measurements);
	return measurements->error;
}
