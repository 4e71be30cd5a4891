/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_INSPECT_H
#define LIB_INSPECT_H

#include <jansson.h>

#include "base/diag.h"
#include "base/span.h"

/*
 * One format as a JSON tree, from which the text form is drawn too. A decoder
 * returns NULL, told in d, where the bytes are not of its format.
 */
struct inspector {
	const char *name;
	const char *what; /* shown first */
	json_t *(*decode)(struct span in, struct seal_diag *d);
};

extern const struct inspector inspectors[]; /* in the order they are tried */

/* Small builders; they copy what they are given. */
void tree_hex(json_t *o, const char *key, struct span s);
/* The digest of s. */
void tree_sha256(json_t *o, const char *key, struct span s);
void tree_text(json_t *o, const char *key, const char *fmt, ...)
    SEAL_PRINTF(3, 4);
void tree_int(json_t *o, const char *key, int64_t v);
void tree_time(json_t *o, const char *key, int64_t unix_s);

json_t *inspect_cmw(struct span in, struct seal_diag *d);
json_t *inspect_tpm_evidence(struct span in, struct seal_diag *d);
json_t *inspect_tpm_attest(struct span in, struct seal_diag *d);
json_t *inspect_tpm_public(struct span in, struct seal_diag *d);
json_t *inspect_tpm_signature(struct span in, struct seal_diag *d);
json_t *inspect_quote(struct span in, struct seal_diag *d);
json_t *inspect_collateral(struct span in, struct seal_diag *d);
json_t *inspect_snp(struct span in, struct seal_diag *d);
json_t *inspect_svsm(struct span in, struct seal_diag *d);
json_t *inspect_tsm(struct span in, struct seal_diag *d);
json_t *inspect_snp_table(struct span in, struct seal_diag *d);
json_t *inspect_snp_cert(struct span in, struct seal_diag *d);
json_t *inspect_crl(struct span in, struct seal_diag *d);
json_t *inspect_cert(struct span in, struct seal_diag *d);
json_t *inspect_key(struct span in, struct seal_diag *d);
json_t *inspect_eventlog(struct span in, struct seal_diag *d);
json_t *inspect_ccel(struct span in, struct seal_diag *d);
json_t *inspect_ima(struct span in, struct seal_diag *d);
json_t *inspect_ear_jwt(struct span in, struct seal_diag *d);
json_t *inspect_ear_cwt(struct span in, struct seal_diag *d);
json_t *inspect_cose(struct span in, struct seal_diag *d);
json_t *inspect_nitro(struct span in, struct seal_diag *d);
json_t *inspect_hcl(struct span in, struct seal_diag *d);
json_t *inspect_azure(struct span in, struct seal_diag *d);
json_t *inspect_azure_member(struct span in, struct seal_diag *d);
json_t *inspect_nvidia(struct span in, struct seal_diag *d);
json_t *inspect_nvidia_json(struct span in, struct seal_diag *d);
json_t *inspect_pack(struct span in, struct seal_diag *d);
json_t *inspect_psa(struct span in, struct seal_diag *d);
json_t *inspect_cca(struct span in, struct seal_diag *d);
json_t *inspect_request(struct span in, struct seal_diag *d);
json_t *inspect_authenticator(struct span in, struct seal_diag *d);
json_t *inspect_corim(struct span in, struct seal_diag *d);
json_t *inspect_comid(struct span in, struct seal_diag *d);
json_t *inspect_cbor(struct span in, struct seal_diag *d);

#endif
