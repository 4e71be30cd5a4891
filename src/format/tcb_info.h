/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_TCB_INFO_H
#define FORMAT_TCB_INFO_H

#include "base/diag.h"
#include "base/rd.h"

/*
 * Intel's signed collateral: TCB Info (version 3) and Enclave Identity
 * (version 2), JSON from its Provisioning Certification Service or one that
 * repeats it. The signature covers the value of "tcbInfo" or
 * "enclaveIdentity" byte for byte as sent. Members of other names are passed
 * over; of these, one twice is refused. Nothing here verifies.
 */
#define TCB_COMPONENTS 16
#define TCB_LEVELS_MAX 64
#define TCB_MODULES_MAX 8
#define TCB_MODULE_LEVELS_MAX 16
#define TCB_ADVISORIES_MAX 64 /* of one level */
#define TCB_JSON_MAX 262144u  /* bytes of one document */

enum tcb_status {
	TCB_UNKNOWN = 0,
	TCB_UP_TO_DATE,
	TCB_SW_HARDENING,
	TCB_CONFIGURATION,
	TCB_CONFIGURATION_SW,
	TCB_OUT_OF_DATE,
	TCB_OUT_OF_DATE_CONFIGURATION,
	TCB_REVOKED,
	TCB_STATUSES
};
const char *tcb_status_name(enum tcb_status s);       /* as Intel writes them */
enum tcb_status tcb_status_by_name(struct span name); /* TCB_UNKNOWN: none */

struct tcb_level {
	uint8_t sgx[TCB_COMPONENTS], tdx[TCB_COMPONENTS];
	uint32_t pce_svn; /* of TCB Info */
	uint32_t isv_svn; /* of an identity */
	uint32_t given;   /* which of sgx, pce_svn, tdx, isv_svn, as bits */
	enum tcb_status status;
	int64_t date;
	struct span advisories; /* JSON array of texts, checked; or empty */
};

/* The identifiers of a level's advisories, one after the other. */
struct tcb_advisories {
	struct rd rd;
	bool first;
};
void tcb_advisories_begin(const struct tcb_level *l, struct tcb_advisories *it);
bool tcb_advisories_next(struct tcb_advisories *it, struct span *ret);

/* What a TDX module must be; in tdxModule without name and levels. */
struct tcb_module {
	struct span id; /* "TDX_01" */
	uint8_t mrsigner[48], attributes[8], mask[8];
	struct tcb_level levels[TCB_MODULE_LEVELS_MAX];
	size_t n_levels;
};

struct tcb_info {
	struct span signed_bytes;
	uint8_t signature[64]; /* r || s */
	struct span id;        /* "SGX" or "TDX" */
	uint32_t version;
	bool tdx;
	int64_t issued_at, next_update;
	uint32_t evaluation; /* tcbEvaluationDataNumber */
	uint8_t fmspc[6], pce_id[2];
	bool has_module;
	struct tcb_module module;
	struct tcb_module modules[TCB_MODULES_MAX];
	size_t n_modules;
	struct tcb_level levels[TCB_LEVELS_MAX];
	size_t n_levels;
};

struct qe_identity {
	struct span signed_bytes;
	uint8_t signature[64];
	struct span id; /* "QE", "TD_QE", "QVE" */
	uint32_t version;
	int64_t issued_at, next_update;
	uint32_t evaluation;
	uint8_t misc_select[4], misc_mask[4]; /* little endian, as a REPORT */
	uint8_t attributes[16], mask[16], mrsigner[32];
	uint32_t isv_prod_id;
	struct tcb_level levels[TCB_LEVELS_MAX];
	size_t n_levels;
};

/* body is the value alone, signature its 128 hex digits. */
int tcb_info_parse(struct span body, struct span signature,
    struct tcb_info *ret, struct seal_diag *d);
int qe_identity_parse(struct span body, struct span signature,
    struct qe_identity *ret, struct seal_diag *d);

/* ---- tcb_bundle.c: documents as they come ---- */

/*
 * What one JSON document holds: {"tcbInfo": …, "signature": …},
 * {"enclaveIdentity": …, "signature": …}, or both with chains (PEM) and
 * revocation lists (hex of DER) in the form of QuoteCollateralV3. Views into
 * the document or into owned.
 */
#define TCB_CHAINS 3
#define TCB_LISTS 2

struct tcb_bundle {
	struct span tcb_info, tcb_signature; /* empty: none */
	struct span qe_identity, qe_signature;
	struct span chains[TCB_CHAINS]; /* PEM */
	struct span lists[TCB_LISTS];   /* DER */
	uint8_t *owned;
};

/* SEAL_E_UNSUPPORTED: JSON of something else. Free with tcb_bundle_free(). */
int tcb_bundle_parse(
    struct span json, struct tcb_bundle *ret, struct seal_diag *d);
void tcb_bundle_free(struct tcb_bundle *b);

#endif
