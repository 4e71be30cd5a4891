/* SPDX-License-Identifier: Apache-2.0 */
#include "format/tpm.h"

#include "base/rd.h"

#define SELECT_SIZE 3u /* octets that select 24 PCRs */
#define NAME_MAX_SIZE (2u + HASH_MAX)

/* One TPMS_PCR_SELECTION. */
static bool
selection_parse(struct rd *r, struct tpm_selection *ret)
{
	struct span bits = { 0 };
	uint16_t bank;

	if (!rd_u16(r, &bank) || !rd_vec8(r, &bits) || bits.n != SELECT_SIZE)
		return rd_fail(r);
	ret->bank = bank;
	ret->pcrs = (uint32_t)bits.p[0] | (uint32_t)bits.p[1] << 8 |
		    (uint32_t)bits.p[2] << 16;
	return true;
}

/* TPML_PCR_SELECTION. */
static bool
selections_parse(struct rd *r, struct tpm_attest *a)
{
	uint32_t n;

	if (!rd_u32(r, &n) || n > TPM_BANKS_MAX)
		return rd_fail(r);
	for (size_t i = 0; i < n; i++) {
		if (!selection_parse(r, &a->selection[i]))
			return false;
		for (size_t j = 0; j < i; j++)
			if (a->selection[j].bank == a->selection[i].bank)
				return rd_fail(r);
	}
	a->n_selection = n;
	return true;
}

/* What follows the common part: TPMU_ATTEST. */
static bool
attested_parse(struct rd *r, struct tpm_attest *a)
{
	if (a->type == TPM_ST_QUOTE)
		return selections_parse(r, a) && rd_vec16(r, &a->pcr_digest) &&
		       (a->pcr_digest.n <= HASH_MAX || rd_fail(r));
	return rd_vec16(r, &a->name) && rd_vec16(r, &a->qualified_name) &&
	       ((a->name.n <= NAME_MAX_SIZE &&
		    a->qualified_name.n <= NAME_MAX_SIZE) ||
		   rd_fail(r));
}

static bool
common_parse(struct rd *r, struct tpm_attest *a)
{
	/* Sizes: TPM2B_NAME and TPM2B_DATA hold at most a TPMT_HA; safe is a
	 * TPMI_YES_NO. */
	return rd_vec16(r, &a->qualified_signer) &&
	       a->qualified_signer.n <= NAME_MAX_SIZE &&
	       rd_vec16(r, &a->extra_data) &&
	       a->extra_data.n <= NAME_MAX_SIZE && rd_u64(r, &a->clock) &&
	       rd_u32(r, &a->reset_count) && rd_u32(r, &a->restart_count) &&
	       rd_u8(r, &a->safe) && a->safe <= 1 && rd_u64(r, &a->firmware);
}

int
tpm_attest_parse(struct span in, struct tpm_attest *ret, struct seal_diag *d)
{
	struct tpm_attest a = { 0 };
	struct rd r;

	rd_init(&r, in);
	if (!rd_u32(&r, &a.magic) || !rd_u16(&r, &a.type))
		return seal_fail(d, SEAL_E_DECODE, "TPMS_ATTEST: too short");
	/* Only the TPM itself signs structures that start so; without this
	 * check anything that a restricted key hashed would do. */
	if (a.magic != TPM_GENERATED)
		return seal_fail(d, SEAL_E_DECODE,
		    "TPMS_ATTEST: expected magic ff544347, found %08x",
		    (unsigned)a.magic);
	if (a.type != TPM_ST_QUOTE && a.type != TPM_ST_CERTIFY)
		return seal_fail(d, SEAL_E_DECODE,
		    "TPMS_ATTEST: expected type 8018 or 8017, found %04x",
		    (unsigned)a.type);
	if (!common_parse(&r, &a) || !attested_parse(&r, &a) || !rd_end(&r))
		return seal_fail(d, SEAL_E_DECODE, "TPMS_ATTEST: malformed");
	*ret = a;
	return 0;
}

static void
selections_write(struct wr *out, const struct tpm_attest *a)
{
	wr_u32(out, (uint32_t)a->n_selection);
	for (size_t i = 0; i < a->n_selection; i++) {
		wr_u16(out, a->selection[i].bank);
		wr_u8(out, SELECT_SIZE);
		for (size_t k = 0; k < SELECT_SIZE; k++)
			wr_u8(out, (uint8_t)(a->selection[i].pcrs >> 8 * k));
	}
}

void
tpm_attest_write(struct wr *out, const struct tpm_attest *a)
{
	wr_u32(out, a->magic);
	wr_u16(out, a->type);
	wr_vec(out, 2, a->qualified_signer);
	wr_vec(out, 2, a->extra_data);
	wr_u64(out, a->clock);
	wr_u32(out, a->reset_count);
	wr_u32(out, a->restart_count);
	wr_u8(out, a->safe);
	wr_u64(out, a->firmware);
	if (a->type == TPM_ST_QUOTE) {
		selections_write(out, a);
		wr_vec(out, 2, a->pcr_digest);
	} else {
		wr_vec(out, 2, a->name);
		wr_vec(out, 2, a->qualified_name);
	}
}
