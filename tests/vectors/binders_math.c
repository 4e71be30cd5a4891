/* SPDX-License-Identifier: Apache-2.0 */
#include "binders.h"

#include <string.h>

#include "base/rd.h"

int
exporter(enum hash h, const char *prefix, struct span master, const char *label,
    struct span context, uint8_t ret[EXPORT_MAX], size_t n, struct seal_diag *d)
{
	uint8_t empty[HASH_MAX], hashed[HASH_MAX], secret[HASH_MAX];
	size_t size = hash_size(h);
	int r;

	if ((r = hash_one(h, span_of(NULL, 0), empty, d)) != 0 ||
	    (r = hash_one(h, context, hashed, d)) != 0 ||
	    (r = hkdf_expand_label(h, master, prefix, label,
		 span_of(empty, size), secret, size, d)) != 0)
		return r;
	return hkdf_expand_label(h, span_of(secret, size), prefix, "exporter",
	    span_of(hashed, size), ret, n, d);
}

/* RFC 5869 s2.3 */
int
hkdf_expand(enum hash h, struct span secret, struct span info,
    uint8_t ret[EXPORT_MAX], size_t n, struct seal_diag *d)
{
	size_t size = hash_size(h), done = 0;
	uint8_t block[HASH_MAX];
	int r;

	for (uint8_t i = 1; done < n; i++) {
		struct span parts[] = {
			span_of(block, i == 1 ? 0 : size),
			info,
			span_of(&i, 1),
		};
		size_t take = n - done < size ? n - done : size;

		if ((r = hmac_parts(h, secret, parts, 3, block, d)) != 0)
			return r;
		memcpy(ret + done, block, take);
		done += take;
	}
	return 0;
}

/* RFC 8446 s4.1.3 */
static const uint8_t retry_random[32] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a,
	0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2,
	0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8,
	0x33, 0x9c };

bool
is_retry(struct span message)
{
	struct span random;
	uint32_t length;
	uint16_t version;
	uint8_t type;
	struct rd r;

	rd_init(&r, message);
	return rd_u8(&r, &type) && type == 2 && rd_u24(&r, &length) &&
	       rd_u16(&r, &version) &&
	       rd_bytes(&r, sizeof(retry_random), &random) &&
	       span_equal(random, span_of(retry_random, sizeof(retry_random)));
}

int
transcript_hash(enum hash h, const struct span *messages, size_t n,
    uint8_t ret[HASH_MAX], struct seal_diag *d)
{
	uint8_t first[4 + HASH_MAX] = { 254, 0, 0, (uint8_t)hash_size(h) };
	struct span parts[TRANSCRIPT_MAX];
	int r;

	if (n < 2 || n > TRANSCRIPT_MAX)
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "transcript: expected 2 to %d messages, found %zu",
		    TRANSCRIPT_MAX, n);
	memcpy(parts, messages, n * sizeof(parts[0]));
	if (is_retry(parts[1])) {
		if ((r = hash_one(h, parts[0], first + 4, d)) != 0)
			return r;
		parts[0] = span_of(first, 4 + hash_size(h));
	}
	return hash_parts(h, parts, n, ret, d);
}
