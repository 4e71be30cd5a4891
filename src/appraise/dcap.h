/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_DCAP_H
#define APPRAISE_DCAP_H

#include "appraise/appraiser.h"
#include "format/eventlog.h"
#include "format/pck.h"
#include "format/quote.h"
#include "format/tcb_info.h"

/*
 * What TDX and SGX have in common: a quote signed by an attestation key, which
 * the quoting enclave's report names, which the platform's PCK signs, whose
 * certificate Intel issued; and Intel's collateral, which says what that
 * platform's TCB is worth today.
 *
 * One root covers all: an anchor of the policy (or the last certificate of the
 * PCK chain, where "root_sha256" names its key), to which PCK chain, TCB signer
 * and revocation lists must all lead.
 */

/* ---- dcap.c: verifying ---- */

#define DCAP_CHAIN 3 /* PCK, its CA, root */

struct dcap_facts {
	struct quote quote; /* views into the Evidence */
	struct sgx_report qe, sgx;
	struct td_report td;
	struct span chain[DCAP_CHAIN]; /* into certs */
	uint8_t *certs;
	struct pck pck;
	/* Of the caller, and of the peer (staple.h); may be NULL. */
	const struct endorsements *endorse, *stapled;
	struct cert_cache *parsed; /* of the caller; may be NULL */
	struct eventlog log; /* of the TD, where has_log; where only other_log
				is set, of some other */
	bool has_log, other_log;
};

/* Form, certificates, and the three signatures up to the PCK. Fills findings
 * but for debug. */
int dcap_verify(const struct appraisal_in *in, enum quote_tee tee,
    struct findings *ret, struct seal_verdict *v);
void dcap_facts_free(void *facts);

/* ---- dcap_rules.c: rules about the TCB ---- */

/*
 * "tcb": { "status": [STATUS…],      default UpToDate alone
 *          "advisories": [ID…] | "any", those that may be open; default none
 *          "grace_s": N,             how long a TCB may be out of date since
 *                                    it was superseded, and counts as the
 *                                    newest does; default 0
 *          "max_age_s": N,           age of the collateral; default: until
 *                                    its nextUpdate
 *          "min_evaluation": N,      tcbEvaluationDataNumber; default 0
 *          "crl": BOOL },            revocation lists needed; default true
 * "root_sha256": HEX                 SHA-256 of the root's SPKI, in place of
 *                                    a "ca" among the signers
 * "stapled": BOOL                    may collateral that the peer sent along
 *                                    count, verified as all is, no older than
 *                                    what this side has and, where "max_age_s"
 *                                    says nothing, at most DCAP_STAPLED_AGE_S
 *                                    old (but for the root's list, which is
 *                                    issued once a year)? default true
 */
#define DCAP_STAPLED_AGE_S 604800u /* a week */
#define DCAP_ADVISORIES_MAX 64
#define DCAP_ADVISORY_TEXT 64
#define DCAP_GRACE_MAX_S 31536000u

struct dcap_rules {
	unsigned statuses; /* bit enum tcb_status */
	bool any_advisory;
	char (*advisories)[DCAP_ADVISORY_TEXT];
	size_t n_advisories;
	uint32_t grace_s, max_age_s, min_evaluation;
	bool need_lists, stapled;
	bool has_root;
	uint8_t root_sha256[32];
};

#define DCAP_RULE_KEYS "tcb", "root_sha256", "stapled"
int dcap_rules_load(
    const json_t *entry, struct dcap_rules *ret, struct seal_diag *d);
void dcap_rules_wipe(struct dcap_rules *r);
/* Those of an entry about TDX or SGX (then *ret_tdx says which); else NULL.
 * The rules of both begin with them. */
const struct dcap_rules *dcap_rules_of(
    const struct accept_entry *e, bool *ret_tdx);
void dcap_rules_explain(const struct dcap_rules *r, struct wr *out);
/* Adds "root_sha256" and "tcb". */
int dcap_learn(const struct findings *f, json_t *entry);

/* ---- dcap_endorsed.c: what Intel says of the platform now ---- */

/* appraiser.endorsed, for both. */
bool dcap_endorsed(const struct accept_entry *e, const struct dcap_rules *rules,
    const struct findings *f, int64_t now, int64_t *until,
    struct seal_verdict *v);

/* ---- dcap_tcb.c: what the collateral says of this platform ---- */

/* The level that a part of the platform is at, since when there is a better
 * one (INT64_MAX: there is none), and what the newest is worth. */
struct dcap_part {
	const struct tcb_level *level;
	int64_t superseded;
	enum tcb_status newest;
};

struct dcap_tcb {
	struct dcap_part platform, qe, module; /* module.level may be NULL */
	enum tcb_status status;                /* of all together */
	int64_t superseded;                    /* the first of theirs */
};

/* As if a platform were at the k-th level, with everything else up to date:
 * what the rules say of it. */
bool dcap_judge_level(const struct tcb_info *i, size_t k,
    const struct dcap_rules *rules, int64_t now, int64_t *until,
    struct seal_verdict *v);

/* Each records its step. The documents were verified before. */
bool dcap_judge_qe(const struct qe_identity *q, const struct dcap_facts *f,
    struct dcap_tcb *t, struct seal_verdict *v);
bool dcap_judge_platform(const struct tcb_info *i, const struct dcap_facts *f,
    struct dcap_tcb *t, struct seal_verdict *v);
void dcap_merge(struct dcap_tcb *t);
/* Status, grace and advisories by the rules. */
bool dcap_judge_status(const struct dcap_tcb *t, const struct dcap_rules *rules,
    int64_t now, int64_t *until, struct seal_verdict *v);

#endif
