/* SPDX-License-Identifier: Apache-2.0 */
#include "format/azure.h"

#include <string.h>

#include "base/rd.h"
#include "cbor/cbor.h"
#include "crypto/hash.h"
#include "jose/json.h"
#include "jose/key.h"

#define MAGIC "HCLA"
#define HEADER 32u /* before the hardware's report */
#define DATA_HEADER 20u
#define DATA_VERSION 1u
#define HASH_SHA256_ID 1u
/* Of the report data in an SNP report, and in a TDREPORT. */
#define SNP_DATA_AT 80u
#define TD_DATA_AT 128u

/* size, version, hardware, hash, length of the JSON */
static bool
read_data(struct rd *r, struct hcl_report *h)
{
	uint32_t size, version, hardware, hash, length;

	if (!rd_u32le(r, &size) || !rd_u32le(r, &version) ||
	    !rd_u32le(r, &hardware) || !rd_u32le(r, &hash) ||
	    !rd_u32le(r, &length))
		return false;
	if (version != DATA_VERSION || hash != HASH_SHA256_ID ||
	    (hardware != HCL_SNP && hardware != HCL_TDX) || length == 0 ||
	    size < DATA_HEADER || size - DATA_HEADER != length)
		return false;
	h->hardware = (enum hcl_hardware)hardware;
	return rd_bytes(r, length, &h->json);
}

int
hcl_parse(struct span in, struct hcl_report *ret, struct seal_diag *d)
{
	struct hcl_report h = { .hardware = HCL_NONE };
	struct span head, rest;
	struct rd r;

	if (in.n > HCL_REPORT_MAX)
		return seal_fail(d, SEAL_E_LIMIT,
		    "HCL report: larger than %u bytes", HCL_REPORT_MAX);
	rd_init(&r, in);
	if (!rd_bytes(&r, HEADER, &head) || memcmp(head.p, MAGIC, 4) != 0)
		return seal_fail(
		    d, SEAL_E_DECODE, "HCL report: expected " MAGIC);
	if (!rd_bytes(&r, HCL_HARDWARE, &h.report) || !read_data(&r, &h))
		return seal_fail(d, SEAL_E_DECODE,
		    "HCL report: malformed, or of hardware or a hash unknown "
		    "here");
	if (!rd_bytes(&r, rd_left(&r), &rest) || !span_is_zero(rest))
		return seal_fail(
		    d, SEAL_E_DECODE, "HCL report: bytes behind its data");
	*ret = h;
	return 0;
}

struct span
hcl_report_data(const struct hcl_report *h)
{
	return span_of(
	    h->report.p + (h->hardware == HCL_TDX ? TD_DATA_AT : SNP_DATA_AT),
	    HCL_REPORT_DATA);
}

bool
hcl_whole(const struct hcl_report *h)
{
	uint8_t want[HCL_REPORT_DATA] = { 0 };

	return hash_one(HASH_SHA256, h->json, want, NULL) == 0 &&
	       span_equal(hcl_report_data(h), span_of(want, sizeof(want)));
}

static const json_t *
find_ak(const json_t *keys)
{
	const json_t *found = NULL;

	for (size_t i = 0; i < json_array_size(keys); i++) {
		const json_t *key = json_array_get(keys, i);
		const char *kid =
		    json_string_value(json_object_get(key, "kid"));

		if (kid == NULL || strcmp(kid, HCL_AK) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = key;
	}
	return found;
}

int
hcl_ak(struct span json, struct wr *out, struct seal_diag *d)
{
	json_t *j = NULL;
	const json_t *key;
	int r;

	r = json_read_object(json, HCL_REPORT_MAX, "HCL report", &j, d);
	if (r != 0)
		return r;
	key = find_ak(json_object_get(j, "keys"));
	r = key == NULL ? seal_fail(d, SEAL_E_DECODE,
			      "HCL report: expected one key " HCL_AK)
			: jwk_to_spki(key, out, d);
	json_decref(j);
	return r;
}

/* ---- The member of a collection ---- */

int
azure_member_parse(
    struct span in, struct azure_member *ret, struct seal_diag *d)
{
	struct azure_member m = { .hcl = { NULL, 0 } };
	uint64_t key = 0;
	size_t n = 0;
	struct rd r;
	int code;

	rd_init(&r, in);
	if (in.n > LIMIT_CMW || !cbor_deterministic(in) || !cbor_map(&r, &n) ||
	    n < 1 || n > 2 || !cbor_uint(&r, &key) || key != 1 ||
	    !cbor_bytes(&r, &m.hcl) ||
	    (n == 2 && (!cbor_uint(&r, &key) || key != 2 ||
			   !cbor_bytes(&r, &m.td_quote))) ||
	    !rd_end(&r))
		return seal_fail(d, SEAL_E_DECODE,
		    "HCL report: expected a map of it and a TD quote");
	if ((code = hcl_parse(m.hcl, &m.report, d)) != 0)
		return code;
	if ((m.report.hardware == HCL_TDX) != (m.td_quote.n > 0))
		return seal_fail(d, SEAL_E_DECODE,
		    "HCL report: of TDX with a TD quote, of others without");
	*ret = m;
	return 0;
}

int
azure_member_write(struct wr *out, struct span hcl, struct span td_quote)
{
	cbor_put_map(out, td_quote.n > 0 ? 2 : 1);
	cbor_put_uint(out, 1);
	cbor_put_bytes(out, hcl);
	if (td_quote.n > 0) {
		cbor_put_uint(out, 2);
		cbor_put_bytes(out, td_quote);
	}
	return out->error;
}
