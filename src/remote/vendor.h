/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_VENDOR_H
#define REMOTE_VENDOR_H

#include "format/snp.h"
#include "remote/http.h"

/*
 * Collateral from the services of those who make the processors: AMD's Key
 * Distribution Service ("Versioned Chip Endorsement Key (VCEK) Certificate
 * and KDS Interface Specification", 57230) and Intel's Provisioning
 * Certification Service, version 4, or a cache that speaks the same (PCCS).
 * Nothing that comes back is verified here.
 */
#define VENDOR_KDS "https://kdsintf.amd.com"
#define VENDOR_PCS "https://api.trustedservices.intel.com"
#define VENDOR_ROOT "https://certificates.trustedservices.intel.com"

enum vendor_what {
	KDS_CHAIN = 1, /* ASK or ASVK, and ARK */
	KDS_VCEK,
	KDS_CRL,
	PCS_TCB_INFO,
	PCS_QE_IDENTITY,
	PCS_PCK_CRL,
	PCS_ROOT_CRL,   /* of a cache */
	INTEL_ROOT_CRL, /* of Intel's own place for it */
};

struct vendor_about {
	enum snp_product product;
	bool vlek;
	struct span chip_id; /* KDS_VCEK, and of which TCB */
	struct snp_tcb tcb;
	bool tdx; /* else SGX */
	struct span fmspc;
	const char *ca; /* "platform" or "processor" */
};

struct vendor_answer {
	uint8_t *body; /* a certificate, list or document as it came */
	size_t n_body;
	uint8_t *chain; /* PEM of who signed it; NULL where it needs none */
	size_t n_chain;
};

/* Its path at the service; false where about lacks something. */
bool vendor_path(enum vendor_what what, const struct vendor_about *about,
    char *ret, size_t cap);
/* The header with the chain of its signer, or NULL. */
const char *vendor_header(enum vendor_what what);

/* Until deadline_ms (http_now_ms()), as http_ask() does. *ret goes to
 * vendor_answer_wipe(). */
int vendor_fetch(struct http *h, enum vendor_what what,
    const struct vendor_about *about, int64_t deadline_ms,
    struct vendor_answer *ret, struct seal_diag *d);
void vendor_answer_wipe(struct vendor_answer *a);

#endif
