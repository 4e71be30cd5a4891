/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports of SEV-SNP as CoRIMs name their fields that Veraison's services
 * take: each by a number, in the report's order. The later
 * draft-deeglaze-amd-sev-snp-corim-profile numbers them otherwise, under
 * another name. The launch digest comes first: no other may stand in for it.
 */
#include "appraise/snp.h"

#include <stdio.h>

#include "format/comid.h"

#define VERSION_DECIMAL 4
#define VERSION_SEMVER 16384

/* 1.3.6.1.4.1.3704.3.1: what the class of all such reports is. */
static const uint8_t report_oid[] = { 0x2b, 6, 1, 4, 1, 0x9c, 0x78, 3, 1 };
#define TAG_OID 111u

static void
put_field(struct wr *out, uint64_t mkey, enum comid_mval v, struct span value)
{
	struct comid_measurement m = { .other = false };
	uint8_t buf[16];
	struct wr key;

	wr_init(&key, buf, sizeof(buf));
	cbor_put_uint(&key, mkey);
	m.mkey = wr_view(&key);
	m.val[v] = value;
	comid_put_measurement(out, &m);
}

static void
put_raw(struct wr *out, uint64_t mkey, struct span value)
{
	uint8_t buf[SNP_CHIP_ID + 16];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	comid_put_bytes(&w, COMID_KEY_BYTES, value);
	put_field(out, mkey, COMID_RAW, wr_view(&w));
}

static void
put_number(struct wr *out, uint64_t mkey, uint64_t value, size_t n)
{
	uint8_t buf[8];

	for (size_t i = 0; i < n; i++)
		buf[i] = (uint8_t)(value >> 8 * (n - 1 - i));
	put_raw(out, mkey, span_of(buf, n));
}

static void
put_digest(struct wr *out, uint64_t mkey, struct span value)
{
	uint8_t buf[HASH_MAX + 16];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	cbor_put_array(&w, 1);
	comid_put_digest(&w, COMID_SHA384, value);
	put_field(out, mkey, COMID_DIGESTS, wr_view(&w));
}

static void
put_svn(struct wr *out, uint64_t mkey, uint64_t value)
{
	uint8_t buf[16];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	cbor_put_tag(&w, COMID_TAG_SVN);
	cbor_put_uint(&w, value);
	put_field(out, mkey, COMID_SVN, wr_view(&w));
}

/* A word of the report as the number that it is. */
static void
put_tcb(struct wr *out, uint64_t mkey, struct span word)
{
	uint64_t value = 0;

	for (size_t i = word.n; i > 0; i--)
		value = value << 8 | word.p[i - 1];
	put_svn(out, mkey, value);
}

static void
put_version(struct wr *out, uint64_t mkey, const char *text, uint64_t scheme)
{
	uint8_t buf[48];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	cbor_put_map(&w, 2);
	cbor_put_uint(&w, 0);
	cbor_put_text(&w, span_str(text));
	cbor_put_uint(&w, 1);
	cbor_put_uint(&w, scheme);
	put_field(out, mkey, COMID_VERSION, wr_view(&w));
}

/* The launch digest names the guest. */
static int
put_env(const struct snp_report *r, struct wr *env)
{
	uint8_t id_buf[32], instance_buf[64];
	struct comid_env e = { .other = false };
	struct wr id, instance;

	wr_init(&id, id_buf, sizeof(id_buf));
	comid_put_bytes(&id, TAG_OID, span_of(report_oid, sizeof(report_oid)));
	wr_init(&instance, instance_buf, sizeof(instance_buf));
	comid_put_bytes(&instance, COMID_KEY_BYTES, r->measurement);
	e.class_id = wr_view(&id);
	e.instance = wr_view(&instance);
	comid_put_env(env, &e);
	return env->error;
}

/* Puts it where it is there, or where it is zero; how many. */
static size_t
put_signed(struct wr *out, uint64_t mkey, struct span digest, bool there)
{
	if (span_is_zero(digest) == there)
		return 0;
	put_digest(out, mkey, digest);
	return 1;
}

/* build, minor, major */
static void
put_firmware(struct wr *out, uint64_t mkey, struct span version)
{
	char text[16];

	snprintf(text, sizeof(text), "%u.%u.%u", (unsigned)version.p[2],
	    (unsigned)version.p[1], (unsigned)version.p[0]);
	put_version(out, mkey, text, VERSION_SEMVER);
}

#define FIELDS 21

int
snp_view(const struct findings *f, struct wr *env, struct wr *measurements,
    size_t *ret_must)
{
	const struct snp_report *r = &((struct snp_facts *)f->facts)->report;
	struct wr *out = measurements;
	char version[16];
	int code;

	if ((code = put_env(r, env)) != 0)
		return code;
	snprintf(version, sizeof(version), "%u", (unsigned)r->version);
	cbor_put_array(out, FIELDS);
	/* Whose key signed the guest is vouched for too, where one did. */
	put_digest(out, 641, r->measurement);
	*ret_must = 1 + put_signed(out, 643, r->id_key_digest, true) +
		    put_signed(out, 644, r->author_key_digest, true);
	put_version(out, 0, version, VERSION_DECIMAL);
	put_svn(out, 1, r->guest_svn);
	put_number(out, 2, r->policy, 8);
	put_raw(out, 3, r->family_id);
	put_raw(out, 4, r->image_id);
	put_number(out, 5, r->vmpl, 4);
	put_tcb(out, 6, r->current);
	put_number(out, 7, r->platform_info, 8);
	put_raw(out, 640, r->report_data);
	put_raw(out, 642, r->host_data);
	(void)put_signed(out, 643, r->id_key_digest, false);
	(void)put_signed(out, 644, r->author_key_digest, false);
	put_raw(out, 645, r->report_id);
	put_raw(out, 646, r->migration_id);
	put_tcb(out, 647, r->reported);
	put_raw(out, 3328, r->chip_id);
	put_tcb(out, 3329, r->committed);
	put_firmware(out, 3330, r->current_firmware);
	put_firmware(out, 3936, r->committed_firmware);
	put_tcb(out, 3968, r->launch);
	return out->error;
}
