/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_AZURE_H
#define FORMAT_AZURE_H

#include "base/diag.h"
#include "base/limits.h"
#include "base/wr.h"

/*
 * Confidential VMs of Azure: the host compatibility layer (HCL), the first
 * code in the VM, asks the hardware for a report about itself and hands it on
 * at NV index 0x01400001 of the virtual TPM. Its report data are the SHA-256
 * of JSON beside it, in which the key stands that the virtual TPM quotes with.
 *
 * As a member of a collection: deterministic CBOR {1: HCL report, ? 2: TD
 * quote}; the quote where the hardware is TDX, since the report has only what
 * such a quote is made of.
 */
#define AZURE_SNP_TYPE "application/vnd.sealtls.azure-hcl-snp+cbor"
#define AZURE_TDX_TYPE "application/vnd.sealtls.azure-hcl-tdx+cbor"

#define HCL_NV_INDEX 0x01400001u
#define HCL_HARDWARE 1184u /* bytes: the largest report of hardware */
#define HCL_REPORT_MAX 65536u
#define HCL_REPORT_DATA 64u
#define HCL_AK "HCLAkPub" /* kid of the quoting key */

enum hcl_hardware { HCL_NONE = 0, HCL_SNP = 2, HCL_TDX = 4 };

/* Views into the input. */
struct hcl_report {
	enum hcl_hardware hardware;
	struct span report; /* an SNP report, or room with a TDREPORT in it */
	struct span json;   /* what its hash is of, to the byte */
};

/* Zeros behind it are padding. */
int hcl_parse(struct span in, struct hcl_report *ret, struct seal_diag *d);
/* What the hardware signs of its asker: 64 bytes, where the form is right the
 * JSON's SHA-256 and zeros. */
struct span hcl_report_data(const struct hcl_report *h);
/* Are they that? A report that is being written while it is read is not. */
bool hcl_whole(const struct hcl_report *h);
/* The SPKI of the one key that is called HCL_AK. */
int hcl_ak(struct span json, struct wr *out, struct seal_diag *d);

struct azure_member {
	struct span hcl, td_quote; /* td_quote is empty for SNP */
	struct hcl_report report;
};
int azure_member_parse(
    struct span in, struct azure_member *ret, struct seal_diag *d);
int azure_member_write(struct wr *out, struct span hcl, struct span td_quote);

/*
 * Evidence as the Confidential Containers' attestation agent carries it, JSON,
 * written as a collection (CBOR) of "platform" (one of the types above), "tpm"
 * (TPM_QUOTE_TYPE) and, as an endorsement, "vcek". SEAL_E_DECODE where it is
 * no such thing.
 */
int azure_coco_read(struct span json, struct wr *out, struct seal_diag *d);

#endif
