/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_QUOTE_H
#define FORMAT_QUOTE_H

#include "base/diag.h"
#include "base/rd.h"

/*
 * Quotes of Intel's DCAP: SGX version 3, 4 and 5, TDX version 4 and 5, with
 * ECDSA P-256. Little endian. Nothing here verifies a signature.
 */
#define QUOTE_TDX_TYPE "application/vnd.sealtls.tdx-quote"
#define QUOTE_SGX_TYPE "application/vnd.sealtls.sgx-quote"

#define QUOTE_REPORT_DATA 64u
#define QUOTE_CERTS_PEM 5u /* certification data: a chain, leaf first */

enum quote_tee {
	QUOTE_NONE = 0,
	QUOTE_SGX,
	QUOTE_TDX,
};

/* Views into the input. */
struct quote {
	uint16_t version;
	enum quote_tee tee;
	struct span vendor;    /* 16 */
	struct span user_data; /* 20 */
	bool td15;             /* the body is of TDX 1.5 */
	struct span body;
	struct span signed_bytes; /* header to end of body */
	struct span signature;    /* r || s, 64 */
	struct span key;          /* of the attestation: x || y, 64 */
	struct span qe_report;    /* 384, an SGX report */
	struct span qe_signature; /* r || s, 64 */
	struct span qe_auth;
	uint16_t certs_type; /* QUOTE_CERTS_PEM, or others unknown here */
	struct span certs;
};

/* To the last byte; zeros behind the quote are padding. SEAL_E_DECODE, or
 * SEAL_E_UNSUPPORTED for a version, key type or body that is none of ours. */
int quote_parse(struct span in, struct quote *ret, struct seal_diag *d);

/* REPORT of an enclave, also of the quoting one. */
#define SGX_REPORT_SIZE 384u
#define SGX_FLAG_INIT 0x01u
#define SGX_FLAG_DEBUG 0x02u

struct sgx_report {
	struct span cpu_svn;     /* 16 */
	struct span misc_select; /* 4 */
	struct span attributes;  /* 16: flags, XFRM */
	uint64_t flags;          /* the first eight of these */
	struct span mrenclave, mrsigner, config_id, report_data;
	uint16_t isv_prod_id, isv_svn, config_svn;
};

/* body has SGX_REPORT_SIZE bytes; false otherwise. */
bool sgx_report_read(struct span body, struct sgx_report *ret);

/* TD attributes (TDX module ABI specification). Of the first eight bits any
 * one makes a TD that its host can look into. */
#define TD_UNTRUSTED 0xffu
#define TD_DEBUG 0x01u
#define TD_SEPT_VE_DISABLE (UINT64_C(1) << 28)
#define TD_MIGRATABLE (UINT64_C(1) << 29)
#define TD_PKS (UINT64_C(1) << 30)
#define TD_KL (UINT64_C(1) << 31)
#define TD_TPA (UINT64_C(1) << 62)
#define TD_PERFMON (UINT64_C(1) << 63)
#define TD_RTMRS 4

struct td_report {
	struct span tee_tcb_svn; /* 16 */
	struct span mrseam, mrsignerseam, seam_attributes;
	struct span attributes, xfam; /* 8 each, as they stand */
	uint64_t flags;               /* the attributes */
	struct span mrtd, mrconfigid, mrowner, mrownerconfig;
	struct span rtmr[TD_RTMRS];
	struct span report_data;
	struct span tee_tcb_svn2, mrservicetd; /* TDX 1.5; else empty */
};

bool td_report_read(const struct quote *q, struct td_report *ret);

#endif
