/* SPDX-License-Identifier: Apache-2.0 */
#include "format/nitro.h"

#include <string.h>

#define ALG_ES384 (-35)
#define TIMESTAMP_MAX UINT64_C(253402300800000) /* ms; the year 10000 */

/* One key of the payload. */
struct field {
	const char *key;
	bool (*read)(struct rd *r, struct nitro *n);
};

static bool
read_module(struct rd *r, struct nitro *n)
{
	if (!cbor_text(r, &n->module_id) || n->module_id.n == 0 ||
	    n->module_id.n > NITRO_MODULE_MAX)
		return false;
	for (size_t i = 0; i < n->module_id.n; i++)
		if (n->module_id.p[i] <= ' ' || n->module_id.p[i] > '~')
			return false;
	return true;
}

static bool
read_digest(struct rd *r, struct nitro *n)
{
	struct span name;

	(void)n;
	return cbor_text(r, &name) && span_is(name, "SHA384");
}

static bool
read_timestamp(struct rd *r, struct nitro *n)
{
	return cbor_uint(r, &n->timestamp_ms) && n->timestamp_ms > 0 &&
	       n->timestamp_ms < TIMESTAMP_MAX;
}

static bool
read_pcrs(struct rd *r, struct nitro *n)
{
	size_t count = 0;

	if (!cbor_map_unique(r, &count) || count > NITRO_PCRS)
		return false;
	for (; count > 0; count--) {
		struct span value;
		uint64_t index;

		if (!cbor_uint(r, &index) || index >= NITRO_PCRS ||
		    !cbor_bytes(r, &value) || value.n != NITRO_PCR_SIZE)
			return false;
		n->pcr[index] = value;
	}
	for (size_t i = 0; i < NITRO_IMAGE_PCRS; i++)
		if (n->pcr[i].n == 0)
			return false;
	return true;
}

static bool
read_der(struct rd *r, struct span *ret)
{
	return cbor_bytes(r, ret) && ret->n > 0 && ret->n <= LIMIT_CERTIFICATE;
}

static bool
read_certificate(struct rd *r, struct nitro *n)
{
	return read_der(r, &n->chain[0]);
}

/* The root stands first and the leaf's issuer last; a chain goes the other
 * way. */
static bool
read_bundle(struct rd *r, struct nitro *n)
{
	size_t count = 0;

	if (!cbor_array(r, &count) || count == 0 || count >= LIMIT_CHAIN)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!read_der(r, &n->chain[count - i]))
			return false;
	n->n_chain = count + 1;
	return true;
}

static bool
read_optional(struct rd *r, struct span *ret)
{
	if (cbor_peek(r) == CBOR_SIMPLE)
		return cbor_null(r);
	return cbor_bytes(r, ret) && ret->n <= NITRO_FIELD_MAX;
}

static bool
read_public_key(struct rd *r, struct nitro *n)
{
	return read_optional(r, &n->public_key);
}

static bool
read_user_data(struct rd *r, struct nitro *n)
{
	return read_optional(r, &n->user_data);
}

static bool
read_nonce(struct rd *r, struct nitro *n)
{
	return read_optional(r, &n->nonce);
}

static const struct field fields[] = {
	{ "module_id", read_module },
	{ "digest", read_digest },
	{ "timestamp", read_timestamp },
	{ "pcrs", read_pcrs },
	{ "certificate", read_certificate },
	{ "cabundle", read_bundle },
	{ "public_key", read_public_key },
	{ "user_data", read_user_data },
	{ "nonce", read_nonce },
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))
#define REQUIRED ((1u << 6) - 1) /* those that are never null */

/* A key that we do not know is stepped over: AWS may add some. */
static int
read_field(struct rd *r, struct nitro *n, unsigned *seen, struct seal_diag *d)
{
	struct span key;
	size_t i = 0;

	if (!cbor_text(r, &key))
		return seal_fail(
		    d, SEAL_E_DECODE, "nitro: a key of the payload is no text");
	while (i < FIELDS && !span_is(key, fields[i].key))
		i++;
	if (i == FIELDS)
		return cbor_item(r, NULL) ? 0
					  : seal_fail(d, SEAL_E_DECODE,
						"nitro: malformed payload");
	*seen |= 1u << i;
	return fields[i].read(r, n)
		   ? 0
		   : seal_fail(d, SEAL_E_DECODE, "nitro: '%s' is malformed",
			 fields[i].key);
}

static int
parse_payload(struct nitro *n, struct seal_diag *d)
{
	size_t count = 0;
	unsigned seen = 0;
	struct rd r;
	int code;

	rd_init(&r, n->sign1.payload);
	if (!cbor_map_unique(&r, &count))
		return seal_fail(d, SEAL_E_DECODE,
		    "nitro: the payload is no map, or has a key twice");
	for (; count > 0; count--)
		if ((code = read_field(&r, n, &seen, d)) != 0)
			return code;
	if (!rd_end(&r))
		return seal_fail(
		    d, SEAL_E_DECODE, "nitro: bytes after the payload");
	for (size_t i = 0; i < FIELDS; i++)
		if ((REQUIRED & ~seen & 1u << i) != 0)
			return seal_fail(d, SEAL_E_DECODE,
			    "nitro: '%s' is missing", fields[i].key);
	return 0;
}

int
nitro_parse(struct span in, struct nitro *ret, struct seal_diag *d)
{
	struct nitro n = { .n_chain = 0 };
	int code;

	if (in.n > NITRO_DOC_MAX)
		return seal_fail(d, SEAL_E_LIMIT,
		    "nitro: %zu bytes, at most %u allowed", in.n,
		    NITRO_DOC_MAX);
	if ((code = cose_sign1_parse(in, &n.sign1, d)) != 0)
		return code;
	if (n.sign1.alg != ALG_ES384)
		return seal_fail(d, SEAL_E_DECODE,
		    "nitro: algorithm %lld, expected ES384 (-35)",
		    (long long)n.sign1.alg);
	if ((code = parse_payload(&n, d)) != 0)
		return code;
	*ret = n;
	return 0;
}

bool
nitro_pcr_zero(struct span pcr)
{
	return span_is_zero(pcr);
}

/* A genuine image leaves none of them at zero, so one is enough. */
bool
nitro_debug(const struct nitro *n)
{
	for (size_t i = 0; i < NITRO_IMAGE_PCRS; i++)
		if (nitro_pcr_zero(n->pcr[i]))
			return true;
	return false;
}
