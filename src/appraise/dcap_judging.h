/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_DCAP_JUDGING_H
#define APPRAISE_DCAP_JUDGING_H

#include "appraise/collateral.h"
#include "appraise/dcap.h"
#include "appraise/staple.h"

/* What the parts of dcap_endorsed() share; for them alone. */

/* Where collateral comes from: this side's first, since what the peer sent must
 * be no older. */
enum { OWN, STAPLED, DCAP_SOURCES };

/* How far dcap_endorsed() has come with one entry of a policy. */
struct dcap_judging {
	const struct dcap_facts *f;
	const uint8_t *digest; /* of the quote's chain; NULL: none */
	const struct dcap_rules *rules;
	int64_t now, until;
	const struct trust *ca; /* whose anchor the root is */
	size_t anchor;
	struct trust *own; /* ca, where the policy only names the root */
	const struct collateral *c[DCAP_SOURCES];
	const struct tcb_info *info; /* what was found; NULL: nothing yet */
	const struct qe_identity *qe;
	bool info_stapled, qe_stapled;
	int64_t list_from;  /* the peer's oldest list that counts; 0: none */
	struct span signer; /* certificate, DER */
	struct cert *signer_cert;
	struct staple_spent spent;
	struct seal_verdict *v;
};

/* ---- dcap_endorsed.c ---- */

/* Records how a check ended: r is 0, or why it failed. True: go on. */
bool dcap_step(struct dcap_judging *j, const char *name, int r,
    const struct seal_diag *d, const char *expected);
/* The verdict holds no longer than that. */
void dcap_until_at_most(struct dcap_judging *j, int64_t end);
/* How old collateral may be, in seconds; stapled: the peer's. 0: any age. */
uint32_t dcap_max_age(const struct dcap_judging *j, bool stapled);
/* The certificate to which all must lead. */
struct span dcap_root_of(const struct dcap_judging *j);

/* ---- dcap_documents.c: TCB Info and Enclave Identity ---- */

/* Sets j->info or, where info is false, j->qe to the one of the highest
 * tcbEvaluationDataNumber among those that serve. Records its step. */
bool dcap_find_document(struct dcap_judging *j, bool info);

/* ---- dcap_lists.c: revocation ---- */

/* Of the PCK certificate, its CA and the collateral's signer. Records its
 * steps. */
bool dcap_judge_revocation(struct dcap_judging *j);

#endif
