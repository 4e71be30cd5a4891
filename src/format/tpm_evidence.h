/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_TPM_EVIDENCE_H
#define FORMAT_TPM_EVIDENCE_H

#include "base/limits.h"
#include "format/tpm.h"

#define TPM_EVIDENCE_TYPE "application/vnd.sealtls.tpm+cbor"
/* A quote alone, where what it is about has no certified key: of the map's keys
 * 1, 2 and 7, and 6, which holds the SubjectPublicKeyInfo of the AK. */
#define TPM_QUOTE_TYPE "application/vnd.sealtls.tpm-quote+cbor"
/* Bytes of an IMA list, so that the rest has room in a CMW as well. */
#define TPM_EVIDENCE_IMA_MAX 61440u

struct tpm_pcr_value {
	uint16_t bank;
	uint8_t index;
	struct span value;
};

/* Our container of TPM Evidence (PROTOCOL 5.6), views into the input. */
struct tpm_evidence {
	struct span quote, quote_signature;     /* keys 1 and 2 */
	struct span certify, certify_signature; /* keys 3 and 4 */
	struct span subject_public, ak_public;  /* keys 5 and 6 */
	struct tpm_pcr_value pcrs[TPM_BANKS_MAX * TPM_PCRS];
	size_t n_pcrs;
	struct span ak_chain[LIMIT_CHAIN]; /* key 8: DER, leaf first */
	size_t n_ak_chain;
	struct span event_log; /* key 9 */
	/* Key 10: binary_runtime_measurements from its first entry to the one
	 * that made the quoted PCR 10, and no further. */
	struct span ima_log;
};

/* Deterministic CBOR, keys 1 to 7 required, unknown keys refused. */
int tpm_evidence_parse(
    struct span in, struct tpm_evidence *ret, struct seal_diag *d);
int tpm_evidence_write(struct wr *out, const struct tpm_evidence *e);

/* The same for TPM_QUOTE_TYPE; ak_public is the SPKI, and all else empty. */
int tpm_quote_evidence_parse(
    struct span in, struct tpm_evidence *ret, struct seal_diag *d);
int tpm_quote_evidence_write(struct wr *out, const struct tpm_evidence *e);

#endif
