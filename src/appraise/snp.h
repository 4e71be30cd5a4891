/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_SNP_H
#define APPRAISE_SNP_H

#include "appraise/dcap_values.h"
#include "format/snp.h"

/*
 * Rules of an entry about AMD SEV-SNP:
 *   "measurements": {"measurement": HEX, "id_key": HEX?, "author_key": HEX?}
 *                                the launch digest, and whose it is; or CoRIMs
 *   "tcb": {"reported": TCB, "committed": TCB?, "launch": TCB?}
 *                                at least; TCB: {"boot_loader": N, "tee": N,
 *                                "snp": N, "microcode": N, "fmc": N (Turin)}
 *   "crl": BOOL                  must AMD's revocation list be there? default
 *                                true
 *   "stapled": BOOL              may it be one that the peer sent? default
 *                                true
 *   "vmpl": N                    the least privileged level that may attest;
 *                                default 0
 *   "policy": {NAME: BOOL, …}    bits of the guest's policy (snp_rules.c); of
 *                                those not named, migration_agent must be clear
 *   "host_data", "family_id", "image_id", "chip_id": HEX
 *   "product": "Milan" | "Genoa" | "Turin"
 */
enum { SNP_TCB_REPORTED, SNP_TCB_COMMITTED, SNP_TCB_LAUNCH, SNP_TCBS };
#define SNP_POLICY_BITS 8
#define SNP_CHAIN LIMIT_CHAIN

struct snp_rules {
	struct dcap_expected values;
	bool has_tcb[SNP_TCBS];
	struct snp_tcb tcb[SNP_TCBS];
	bool crl, stapled;
	uint32_t vmpl;
	bool policy_named[SNP_POLICY_BITS], policy[SNP_POLICY_BITS];
	struct dcap_bytes host_data, family_id, image_id, chip_id;
	enum snp_product product; /* NONE: any */
};

struct snp_facts {
	struct snp_report report; /* views into the Evidence */
	enum snp_product product; /* of the report, or else its certificate */
	struct snp_tcb tcb[SNP_TCBS];
	bool has_tcb[SNP_TCBS]; /* the word makes sense */
	struct snp_cert cert;   /* of the key that signed */
	/* The certificate table of the Evidence; of the caller and of what the
	 * peer sent beside it, which may be NULL. */
	struct endorsements *carried;
	const struct endorsements *endorse, *stapled;
	struct cert_cache *parsed; /* of the caller; may be NULL */
	struct span manifest;      /* of an SVSM's services; mostly none */
};

extern const char *const snp_rule_keys[];
int snp_rules_load(
    const json_t *entry, bool debug, void *rules, struct seal_diag *d);
int snp_rules_explain(const void *rules, struct wr *out);
bool snp_match(
    const void *rules, const struct findings *f, struct seal_verdict *v);
int snp_learn(const struct findings *f, json_t *entry);
int snp_describe(
    const struct findings *f, struct wr *env, struct wr *measurements);
/* snp_view.c: the same in the terms of the profile that Veraison takes. */
#define SNP_PROFILE_CORIM "tag:amd.com,2024:snp-corim-profile"
int snp_view(const struct findings *f, struct wr *env, struct wr *measurements,
    size_t *ret_must);
void snp_claim(const struct findings *f, struct seal_verdict *v);

/* snp_endorsed.c: AMD's revocation list, by the root that issued it. */
bool snp_endorsed(const struct accept_entry *e, const struct findings *f,
    int64_t now, int64_t *until, struct seal_verdict *v);

#endif
