/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_SVSM_H
#define FORMAT_SVSM_H

#include "base/diag.h"
#include "base/wr.h"

/*
 * What a Secure VM Service Module attests of itself and its services (AMD
 * 58019, "Secure VM Service Module for SEV-SNP Guests", section 7): a report
 * of SEV-SNP for VMPL 0 whose report data are the SHA-512 of the asker's 64
 * bytes and of a manifest, which comes beside it. Asked for one service, the
 * manifest is that service's own; asked for all, a table of theirs.
 *
 * As Evidence: deterministic CBOR {1: SNP Evidence, 2: manifest}.
 */
#define SVSM_TYPE "application/vnd.sealtls.sev-snp-svsm+cbor"
#define SVSM_MANIFEST_MAX 32768u /* bytes */
#define SVSM_SERVICES_MAX 16u    /* in one table */
#define SVSM_DATA 64u            /* bytes: what is asked, and report data */
#define SVSM_GUID 16u            /* bytes, as the table has them */
#define SVSM_GUID_TEXT 37u       /* with NUL */

struct svsm_evidence {
	struct span snp, manifest; /* views into the input; not empty */
};
int svsm_evidence_parse(
    struct span in, struct svsm_evidence *ret, struct seal_diag *d);
int svsm_evidence_write(struct wr *out, struct span snp, struct span manifest);

/* The report data over what was asked. */
int svsm_report_data(const uint8_t asked[SVSM_DATA], struct span manifest,
    uint8_t ret[SVSM_DATA], struct seal_diag *d);

/* A manifest of all services: views into it, in its order, none twice. Each
 * one's bytes may be none. SEAL_E_DECODE where it is no such table. */
struct svsm_service {
	struct span guid, manifest;
};
struct svsm_services {
	struct svsm_service of[SVSM_SERVICES_MAX];
	size_t n;
};
int svsm_services_parse(
    struct span in, struct svsm_services *ret, struct seal_diag *d);

/* The text of a GUID in lower case, and back; of nothing else. */
const char *svsm_guid_text(struct span guid, char ret[SVSM_GUID_TEXT]);
bool svsm_guid_read(struct span text, uint8_t ret[SVSM_GUID]);
/* What we call that service; NULL: we know none. */
const char *svsm_service_name(struct span guid);
#define SVSM_VTPM "c476f1eb-0123-45a5-9641-b4e7dde5bfe3"
#define SVSM_UEFI_MM "a4453a59-9e1b-4787-a033-1986d6adbe55"

#endif
