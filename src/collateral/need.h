/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLATERAL_NEED_H
#define COLLATERAL_NEED_H

#include "collateral/item.h"
#include "format/snp.h"

/* Which platform some Evidence comes from, read from it and not verified: for
 * asking after collateral, never for judging. */
enum coll_vendor { COLL_VENDOR_NONE = 0, COLL_AMD, COLL_INTEL };

struct coll_platform {
	enum coll_vendor vendor;
	/* AMD */
	enum snp_product product;
	bool vlek;            /* else VCEK */
	bool has_chip;        /* and its tcb; a chip that is hidden has none */
	struct snp_cert chip; /* its chip_id points into id */
	uint8_t id[SNP_CHIP_ID];
	/* Intel */
	bool tdx; /* else SGX */
	bool has_fmspc;
	uint8_t fmspc[6];
	const char *ca; /* "platform" or "processor"; static */
};

/* product, or SNP_PRODUCT_NONE, is for reports that do not say theirs.
 * SEAL_E_UNSUPPORTED: Evidence for which nobody publishes collateral. */
int coll_platform_of(struct span media_type, struct span evidence,
    enum snp_product product, struct coll_platform *ret, struct seal_diag *d);

/* What its appraisal needs from its vendor. */
#define COLL_NEEDS_MAX 6
struct coll_need {
	enum coll_kind kind;
	char key[COLL_KEY]; /* as items have it */
};
size_t coll_needs(
    const struct coll_platform *p, struct coll_need ret[COLL_NEEDS_MAX]);

bool coll_is(const struct coll_item *item, const struct coll_need *need);

#endif
