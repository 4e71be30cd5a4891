/* SPDX-License-Identifier: Apache-2.0 */
#include "format/svsm.h"

#include <string.h>

#include "base/limits.h"
#include "base/rd.h"
#include "base/text.h"
#include "cbor/cbor.h"
#include "crypto/hash.h"

/* ---- Evidence ---- */

int
svsm_evidence_parse(
    struct span in, struct svsm_evidence *ret, struct seal_diag *d)
{
	struct svsm_evidence e = { .snp = { NULL, 0 } };
	uint64_t key = 0;
	size_t n = 0;
	struct rd r;

	rd_init(&r, in);
	if (in.n > LIMIT_CMW || !cbor_deterministic(in) || !cbor_map(&r, &n) ||
	    n != 2 || !cbor_uint(&r, &key) || key != 1 ||
	    !cbor_bytes(&r, &e.snp) || !cbor_uint(&r, &key) || key != 2 ||
	    !cbor_bytes(&r, &e.manifest) || !rd_end(&r) || e.snp.n == 0)
		return seal_fail(d, SEAL_E_DECODE,
		    "SVSM Evidence: expected a map of an SNP report and a "
		    "manifest");
	if (e.manifest.n == 0 || e.manifest.n > SVSM_MANIFEST_MAX)
		return seal_fail(d,
		    e.manifest.n == 0 ? SEAL_E_DECODE : SEAL_E_LIMIT,
		    "SVSM Evidence: expected a manifest of 1 to %u bytes, "
		    "found %zu",
		    SVSM_MANIFEST_MAX, e.manifest.n);
	*ret = e;
	return 0;
}

int
svsm_evidence_write(struct wr *out, struct span snp, struct span manifest)
{
	cbor_put_map(out, 2);
	cbor_put_uint(out, 1);
	cbor_put_bytes(out, snp);
	cbor_put_uint(out, 2);
	cbor_put_bytes(out, manifest);
	return out->error;
}

int
svsm_report_data(const uint8_t asked[SVSM_DATA], struct span manifest,
    uint8_t ret[SVSM_DATA], struct seal_diag *d)
{
	const struct span parts[] = { span_of(asked, SVSM_DATA), manifest };

	return hash_parts(HASH_SHA512, parts, 2, ret, d);
}

/* ---- The table of services ---- */

#define ENTRY 24u /* GUID, then two words; as is the head */

/* 63849ebb-3d92-4670-a1ff-58f9c94b87bb */
static const uint8_t table_guid[SVSM_GUID] = { 0xbb, 0x9e, 0x84, 0x63, 0x92,
	0x3d, 0x70, 0x46, 0xa1, 0xff, 0x58, 0xf9, 0xc9, 0x4b, 0x87, 0xbb };

static bool
read_entry(struct rd *r, struct span in, size_t head, struct svsm_service *ret)
{
	uint32_t offset = 0, n = 0;
	struct span skip = { 0 };
	struct rd at;

	rd_init(&at, in);
	return rd_bytes(r, SVSM_GUID, &ret->guid) && rd_u32le(r, &offset) &&
	       rd_u32le(r, &n) && offset >= head &&
	       rd_bytes(&at, offset, &skip) && rd_bytes(&at, n, &ret->manifest);
}

static bool
known(const struct svsm_services *s, struct span guid)
{
	for (size_t i = 0; i < s->n; i++)
		if (span_equal(s->of[i].guid, guid))
			return true;
	return false;
}

int
svsm_services_parse(
    struct span in, struct svsm_services *ret, struct seal_diag *d)
{
	struct svsm_services s = { .n = 0 };
	uint32_t size = 0, count = 0;
	struct span guid = { 0 };
	struct rd r;
	bool ok;

	rd_init(&r, in);
	ok = rd_bytes(&r, SVSM_GUID, &guid) &&
	     span_equal(guid, span_of(table_guid, SVSM_GUID)) &&
	     rd_u32le(&r, &size) && rd_u32le(&r, &count) && size == in.n &&
	     count <= SVSM_SERVICES_MAX;
	for (; ok && s.n < count; s.n += ok) {
		struct svsm_service *e = &s.of[s.n];

		ok = read_entry(&r, in, (size_t)(count + 1) * ENTRY, e) &&
		     !known(&s, e->guid);
	}
	if (!ok)
		return seal_fail(d, SEAL_E_DECODE,
		    "SVSM: expected a table of at most %u services, none "
		    "twice, and nothing behind it",
		    SVSM_SERVICES_MAX);
	*ret = s;
	return 0;
}

/* ---- GUIDs ---- */

/* Three little endian numbers, then bytes: where each byte of the text stands.
 */
static const uint8_t order[SVSM_GUID] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11,
	12, 13, 14, 15 };

static bool
dash_before(size_t i)
{
	return i == 4 || i == 6 || i == 8 || i == 10;
}

const char *
svsm_guid_text(struct span guid, char ret[SVSM_GUID_TEXT])
{
	struct wr w;

	wr_init(&w, ret, SVSM_GUID_TEXT);
	for (size_t i = 0; i < SVSM_GUID && guid.n == SVSM_GUID; i++) {
		if (dash_before(i))
			wr_u8(&w, '-');
		wr_hex(&w, span_of(&guid.p[order[i]], 1));
	}
	wr_u8(&w, 0);
	return ret;
}

bool
svsm_guid_read(struct span text, uint8_t ret[SVSM_GUID])
{
	uint8_t bytes[SVSM_GUID];
	bool ok = text.n == SVSM_GUID_TEXT - 1;
	size_t at = 0;

	for (size_t i = 0; ok && i < SVSM_GUID; i++, at += 2) {
		struct wr w;

		if (dash_before(i))
			ok = text.p[at++] == '-';
		wr_init(&w, &bytes[order[i]], 1);
		ok = ok && hex_decode(span_of(text.p + at, 2), &w);
	}
	if (ok)
		memcpy(ret, bytes, SVSM_GUID);
	return ok;
}

const char *
svsm_service_name(struct span guid)
{
	static const struct {
		const char *guid, *name;
	} names[] = { { SVSM_VTPM, "virtual TPM" },
		{ SVSM_UEFI_MM, "UEFI variables" } };
	char text[SVSM_GUID_TEXT];

	svsm_guid_text(guid, text);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text, names[i].guid) == 0)
			return names[i].name;
	return NULL;
}
