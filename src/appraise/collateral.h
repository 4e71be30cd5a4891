/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_COLLATERAL_H
#define APPRAISE_COLLATERAL_H

#include "appraise/endorse.h"
#include "crypto/crl.h"
#include "format/tcb_info.h"

/*
 * What endorsements hold of Intel's collateral, read once and kept with them;
 * nothing of it is believed. Immutable, shared.
 */

/* One of both, or neither where it cannot be read: why, then. */
struct collateral_document {
	bool is_info;
	struct tcb_info *info;
	struct qe_identity *qe;
	uint8_t digest[32]; /* tcb_signer_digest() */
	struct seal_diag why;
};

struct collateral {
	const struct endorsements *given;
	struct endorsements *inside; /* of the bundles */
	struct tcb_bundle *bundles;
	size_t n_bundles;
	struct collateral_document *documents;
	size_t n_documents;
	struct crl *lists; /* well-formed ones, of both */
	size_t n_lists;
	struct seal_diag broken; /* the first document that is none */
};

/* Of e; NULL: out of memory. Lives as long as e. */
const struct collateral *collateral_of(const struct endorsements *e);
/* The next certificate, those inside bundles last; at starts as zeros. */
const struct endorsement *collateral_cert(
    const struct collateral *c, size_t at[2]);

#endif
