/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/dtls_cookie.h"

#include "base/rd.h"
#include "base/wr.h"
#include "crypto/hash.h"

static const char domain[] = "SEAL DTLS cookie v1";

int
dtls_cookie_key_make(struct dtls_cookie_key *ret, struct seal_diag *d)
{
	return random_bytes(ret->bytes, sizeof(ret->bytes), d);
}

int
dtls_cookie_make(const struct dtls_cookie_key *key, struct span address,
    int64_t now_ms, uint8_t ret[DTLS_COOKIE_SIZE], struct seal_diag *d)
{
	uint8_t mac[HASH_MAX], time[8];
	struct span parts[3] = { { (const uint8_t *)domain, sizeof(domain) } };
	struct wr w;
	int r;

	if (address.n == 0)
		return seal_fail(d, SEAL_E_ARGUMENT, "cookie: no address");
	wr_init(&w, time, sizeof(time));
	wr_u64(&w, (uint64_t)now_ms);
	parts[1] = span_of(time, sizeof(time));
	parts[2] = address;
	if ((r = hmac_parts(HASH_SHA256,
		 span_of(key->bytes, sizeof(key->bytes)), parts, 3, mac, d)) !=
	    0)
		return r;
	wr_init(&w, ret, DTLS_COOKIE_SIZE);
	wr_bytes(&w, parts[1]);
	wr_bytes(&w, span_of(mac, hash_size(HASH_SHA256)));
	return wr_finish(&w, &parts[0]);
}

bool
dtls_cookie_holds(const struct dtls_cookie_key *key, struct span address,
    int64_t now_ms, struct span cookie)
{
	uint8_t want[DTLS_COOKIE_SIZE];
	uint64_t made = 0;
	struct rd r;

	rd_init(&r, cookie);
	if (!rd_u64(&r, &made) || made > (uint64_t)now_ms ||
	    (uint64_t)now_ms - made > DTLS_COOKIE_MS)
		return false;
	return dtls_cookie_make(key, address, (int64_t)made, want, NULL) == 0 &&
	       span_equal_ct(cookie, span_of(want, sizeof(want)));
}
