/* SPDX-License-Identifier: Apache-2.0 */
#include "format/snp.h"

#include "base/rd.h"

#define SIGNED_SIZE 0x2a0u
#define ALG_ECDSA_P384 1u
#define SCALAR 48u     /* bytes of P-384 */
#define SCALAR_PAD 24u /* zeros that fill each up to 72 */
#define SIGNATURE_REST (512u - 2 * (SCALAR + SCALAR_PAD))
#define MAX_VERSION 6u

static const struct {
	const char *name;
	uint8_t family, first, last; /* models */
	enum snp_product product;
} models[] = {
	{ "Milan", 0x19, 0x00, 0x0f, SNP_MILAN },
	{ "Genoa", 0x19, 0x10, 0x1f, SNP_GENOA },
	{ "Genoa", 0x19, 0xa0, 0xaf, SNP_GENOA },
	{ "Turin", 0x1a, 0x00, 0x1f, SNP_TURIN },
};

const char *
snp_product_name(enum snp_product p)
{
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
		if (models[i].product == p)
			return models[i].name;
	return "unknown";
}

static enum snp_product
product_of(uint8_t family, uint8_t model)
{
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
		if (models[i].family == family && model >= models[i].first &&
		    model <= models[i].last)
			return models[i].product;
	return SNP_PRODUCT_NONE;
}

static bool
rd_zeros(struct rd *r, size_t n)
{
	struct span s = { 0 };

	return rd_bytes(r, n, &s) && (span_is_zero(s) || rd_fail(r));
}

/* 000 to 04F */
static bool
read_head(struct rd *r, struct snp_report *ret)
{
	uint32_t alg = 0, flags = 0;

	if (!rd_u32le(r, &ret->version) || !rd_u32le(r, &ret->guest_svn) ||
	    !rd_u64le(r, &ret->policy) || !rd_bytes(r, 16, &ret->family_id) ||
	    !rd_bytes(r, 16, &ret->image_id) || !rd_u32le(r, &ret->vmpl) ||
	    !rd_u32le(r, &alg) || !rd_bytes(r, 8, &ret->current) ||
	    !rd_u64le(r, &ret->platform_info) || !rd_u32le(r, &flags) ||
	    !rd_zeros(r, 4))
		return false;
	ret->author_key = (flags & 1) != 0;
	ret->masked_chip = (flags >> 1 & 1) != 0;
	ret->signer = (enum snp_signer)(flags >> 2 & 7);
	return alg == ALG_ECDSA_P384 && flags >> 5 == 0 &&
	       (ret->policy >> SNP_POLICY_ONE & 1) != 0 && ret->vmpl <= 3;
}

/* 180 to 19F: the processor, since version 3. */
static bool
read_cpuid(struct rd *r, struct snp_report *ret)
{
	if (!rd_bytes(r, 8, &ret->reported))
		return false;
	if (ret->version < 3)
		return rd_zeros(r, 24);
	ret->has_cpuid = true;
	return rd_u8(r, &ret->family) && rd_u8(r, &ret->model) &&
	       rd_u8(r, &ret->stepping) && rd_zeros(r, 21);
}

/* 1E8 to 1EF: two versions of the firmware, a zero behind each. */
static bool
read_builds(struct rd *r, struct snp_report *ret)
{
	return rd_bytes(r, 3, &ret->current_firmware) && rd_zeros(r, 1) &&
	       rd_bytes(r, 3, &ret->committed_firmware) && rd_zeros(r, 1);
}

/* 1F8 to 29F; what version 6 adds for later parts is not read. */
static bool
read_tail(struct rd *r, struct snp_report *ret)
{
	struct span rest = { 0 };

	if (ret->version < 5)
		return rd_zeros(r, 168);
	return rd_u64le(r, &ret->launch_mitigations) &&
	       rd_u64le(r, &ret->current_mitigations) &&
	       (ret->version < 6 ? rd_zeros(r, 152) : rd_bytes(r, 152, &rest));
}

static bool
read_body(struct rd *r, struct snp_report *ret)
{
	return read_head(r, ret) && rd_bytes(r, 64, &ret->report_data) &&
	       rd_bytes(r, 48, &ret->measurement) &&
	       rd_bytes(r, 32, &ret->host_data) &&
	       rd_bytes(r, 48, &ret->id_key_digest) &&
	       rd_bytes(r, 48, &ret->author_key_digest) &&
	       rd_bytes(r, 32, &ret->report_id) &&
	       rd_bytes(r, 32, &ret->migration_id) && read_cpuid(r, ret) &&
	       rd_bytes(r, SNP_CHIP_ID, &ret->chip_id) &&
	       rd_bytes(r, 8, &ret->committed) && read_builds(r, ret) &&
	       rd_bytes(r, 8, &ret->launch) && read_tail(r, ret);
}

static bool
read_signature(struct rd *r, struct snp_report *ret)
{
	return rd_bytes(r, SCALAR, &ret->r) && rd_zeros(r, SCALAR_PAD) &&
	       rd_bytes(r, SCALAR, &ret->s) && rd_zeros(r, SCALAR_PAD) &&
	       rd_zeros(r, SIGNATURE_REST) && rd_end(r);
}

int
snp_report_parse(struct span in, struct snp_report *ret, struct seal_diag *d)
{
	struct snp_report rep = { 0 };
	struct rd r;

	if (in.n != SNP_REPORT_SIZE)
		return seal_fail(d, SEAL_E_DECODE,
		    "SNP report: expected %u bytes, found %zu", SNP_REPORT_SIZE,
		    in.n);
	rd_init(&r, in);
	if (!rd_u32le(&r, &rep.version) || rep.version < 2 ||
	    rep.version > MAX_VERSION)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "SNP report: expected version 2 to %u, found %u",
		    MAX_VERSION, rep.version);
	rd_init(&r, in);
	if (!read_body(&r, &rep) || !read_signature(&r, &rep))
		return seal_fail(d, SEAL_E_DECODE,
		    "SNP report: a reserved field is not zero, or a field has "
		    "a value that it cannot have");
	if (rep.has_cpuid) {
		rep.product = product_of(rep.family, rep.model);
		if (rep.product == SNP_PRODUCT_NONE)
			return seal_fail(d, SEAL_E_UNSUPPORTED,
			    "SNP report: a processor that we do not know, "
			    "family %02x model %02x",
			    rep.family, rep.model);
	}
	rep.signed_bytes = span_of(in.p, SIGNED_SIZE);
	*ret = rep;
	return 0;
}

const char *const snp_part_names[] = { "boot_loader", "tee", "snp", "microcode",
	"fmc", NULL };

bool
snp_tcb_read(struct span word, enum snp_product product, struct snp_tcb *ret)
{
	static const enum snp_part turin[8] = { SNP_FMC, SNP_BOOT_LOADER,
		SNP_TEE, SNP_SNP, SNP_PARTS, SNP_PARTS, SNP_PARTS,
		SNP_MICROCODE };
	static const enum snp_part older[8] = { SNP_BOOT_LOADER, SNP_TEE,
		SNP_PARTS, SNP_PARTS, SNP_PARTS, SNP_PARTS, SNP_SNP,
		SNP_MICROCODE };
	const enum snp_part *order = product == SNP_TURIN ? turin : older;
	struct snp_tcb tcb = { { 0 } };

	if (product == SNP_PRODUCT_NONE || word.n != 8)
		return false;
	for (size_t i = 0; i < word.n; i++)
		if (order[i] != SNP_PARTS)
			tcb.svn[order[i]] = word.p[i];
		else if (word.p[i] != 0)
			return false;
	*ret = tcb;
	return true;
}
