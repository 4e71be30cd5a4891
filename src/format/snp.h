/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_SNP_H
#define FORMAT_SNP_H

#include "base/diag.h"
#include "base/span.h"

/*
 * AMD SEV-SNP: the attestation report (SEV-SNP Firmware ABI, table
 * ATTESTATION_REPORT), the certificate table that a hypervisor hands to its
 * guest (GHCB specification), and what AMD writes into the certificates of
 * the keys that sign reports (VCEK and VLEK specifications).
 */
#define SNP_REPORT_SIZE 1184u
#define SNP_TYPE "application/vnd.sealtls.sev-snp"
#define SNP_TABLE_MAX 16u /* certificates of one table */
#define SNP_CHIP_ID 64u

enum snp_product {
	SNP_PRODUCT_NONE = 0,
	SNP_MILAN,
	SNP_GENOA, /* and Bergamo, Siena */
	SNP_TURIN,
	SNP_PRODUCTS
};
const char *snp_product_name(enum snp_product p); /* "Milan"; "unknown" */

/* Security versions of a platform's parts. */
enum snp_part {
	SNP_BOOT_LOADER,
	SNP_TEE,
	SNP_SNP,
	SNP_MICROCODE,
	SNP_FMC,
	SNP_PARTS
};
extern const char *const snp_part_names[]; /* NULL ends */
struct snp_tcb {
	uint8_t svn[SNP_PARTS]; /* fmc is zero before Turin */
};

enum snp_signer { SNP_VCEK = 0, SNP_VLEK = 1, SNP_UNSIGNED = 7 };

/* Bits of the guest's policy. */
#define SNP_POLICY_SMT 16
#define SNP_POLICY_ONE 17 /* always set */
#define SNP_POLICY_MIGRATION 18
#define SNP_POLICY_DEBUG 19
#define SNP_POLICY_SINGLE_SOCKET 20
#define SNP_POLICY_CXL 21
#define SNP_POLICY_AES_256_XTS 22
#define SNP_POLICY_RAPL_DISABLED 23
#define SNP_POLICY_CIPHERTEXT_HIDING 24
#define SNP_POLICY_PAGE_SWAP_DISABLED 25

/* Views into the report. */
struct snp_report {
	uint32_t version, guest_svn, vmpl;
	uint64_t policy, platform_info;
	bool author_key, masked_chip; /* by its flags */
	enum snp_signer signer;
	/* From the CPUID fields; NONE where the report has none (version 2). */
	bool has_cpuid;
	uint8_t family, model, stepping;
	enum snp_product product;
	struct span family_id, image_id, report_data, measurement, host_data,
	    id_key_digest, author_key_digest, report_id, migration_id, chip_id;
	struct span current, reported, committed, launch; /* TCB words */
	/* Versions of the firmware: build, minor, major. */
	struct span current_firmware, committed_firmware;
	uint64_t launch_mitigations, current_mitigations; /* version 5 */
	struct span signed_bytes, r, s; /* r and s: 48 bytes, little endian */
};

/*
 * Exactly one report, version 2 to 6, of a processor that we know the layout
 * of (none after Turin). Reserved fields are zero where the version says so,
 * and so is the rest of the signature. SEAL_E_DECODE or SEAL_E_UNSUPPORTED.
 */
int snp_report_parse(
    struct span in, struct snp_report *ret, struct seal_diag *d);
/* A TCB word in the order of that product; false where a byte that means
 * nothing is not zero. */
bool snp_tcb_read(
    struct span word, enum snp_product product, struct snp_tcb *ret);

/* The table's certificates, DER or PEM as they stand; what follows its end is
 * padding, and other entries are passed over. */
struct snp_table {
	struct span certs[SNP_TABLE_MAX];
	size_t n;
	size_t used; /* bytes before the padding */
};
int snp_table_parse(struct span in, struct snp_table *ret, struct seal_diag *d);

/* Evidence: a report, and behind it the table, if any. */
int snp_evidence_parse(struct span in, struct span *ret_report,
    struct snp_table *ret, struct seal_diag *d);
/* What AMD certifies of a key. */
struct snp_cert {
	enum snp_product product;
	struct snp_tcb tcb;
	struct span chip_id; /* VCEK: 64 bytes, of Turin 8 */
	struct span csp_id;  /* VLEK */
};
/* SEAL_E_DECODE where der is no such certificate. */
int snp_cert_parse(struct span der, struct snp_cert *ret, struct seal_diag *d);

#endif
