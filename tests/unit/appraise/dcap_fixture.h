/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_DCAP_FIXTURE_H
#define APPRAISE_DCAP_FIXTURE_H

#include "appraise/appraise.h"
#include "crypto/fixture.h"
#include "format/quote.h"

/*
 * Intel's part played by the test: a root, a CA of PCKs, a PCK with the SGX
 * extension, a TCB signer, quotes, collateral and revocation lists. Times are
 * relative to fixture_clock.
 */
#define DCAP_SVN 10 /* of every component, in the PCK and in the quote */
#define DCAP_QE_SVN 8
#define DCAP_FMSPC "00a1b2c3d4e5"
#define DCAP_MODULE_SVN 5
#define DCAP_LEVELS 4

#define DATE_OLD "2022-01-01T00:00:00Z" /* before NOW by 682 days */
#define DATE_MID "2023-01-01T00:00:00Z" /* by 317 days and 80000 s */
#define DATE_NEW "2023-11-01T00:00:00Z" /* by 13 days and 80000 s */

struct dcap_level {
	int sgx, tdx, pce; /* each component's SVN; or sgx is the ISVSVN */
	const char *status, *date, *advisories; /* as JSON; NULL: none */
};

/* Who signs what; zero is as it should be. */
enum dcap_who {
	BY_RIGHT = 0,
	BY_STRANGER, /* a key of nobody's */
	BY_PCK,      /* with its certificate in the signer's place */
	BY_CA,
	BY_TWIN,      /* the same names under another root */
	BY_NAMESAKE,  /* issued by the CA, with the signer's name */
	BY_NO_SIGNER, /* issued by the root for signing, not by that name */
	BY_SIGNER_CA  /* a CA of the signer's name */
};

struct dcap_recipe {
	enum quote_tee tee;
	int version; /* 0: 4, or 3 for SGX */
	bool td15;
	uint8_t service;   /* every byte of MRSERVICETD, with td15 */
	uint64_t flags;    /* attributes; 0: what production has */
	int module_major;  /* 0: 1; -1: 0 */
	int module_svn;    /* 0: DCAP_MODULE_SVN */
	bool other_module; /* another MRSIGNERSEAM */
	uint8_t qe_svn;    /* 0: DCAP_QE_SVN */
	bool qe_other_signer, qe_other_product, qe_debug, qe_other_misc;
	uint8_t report_data[QUOTE_REPORT_DATA];
	uint8_t mrtd;               /* each byte; 0: 0x11 */
	const uint8_t (*rtmrs)[48]; /* NULL: 48 times 0x50, 0x51, … */

	/* Broken on purpose. */
	bool other_key; /* not the one that the QE names */
	bool pad_key;   /* the second half of the QE's report data is set */
	enum dcap_who quote_by, qe_by;
	size_t padding, garbage;
	uint16_t certs_type; /* 0: 5 */
	int drop_certs;      /* from the end */

	/* Collateral. */
	bool no_collateral, bundle;
	const char *info_id, *qe_id, *fmspc, *pce_id;
	int evaluation, qe_evaluation; /* 0: 17 */
	struct dcap_level levels[DCAP_LEVELS], qe_levels[DCAP_LEVELS],
	    module_levels[DCAP_LEVELS];
	int64_t info_from, info_to, qe_from, qe_to; /* 0: a day before, after */
	enum dcap_who info_by, qe_info_by;
	bool touched_info; /* a space more, outside what values say */

	/* Lists. */
	bool no_root_list, no_pck_list, old_root_list, old_pck_list;
	bool revoke_pck, revoke_ca, revoke_signer;
	bool old_list_revokes; /* an ended list has the PCK, a current not */
	enum dcap_who list_by;
	int list_number;            /* 0: none */
	int64_t list_from, list_to; /* 0: 2 days before, a day after */
};

void dcap_setup(void);
void dcap_teardown(void);
const char *dcap_root_file(void); /* PEM */
const char *dcap_twin_file(void); /* of another root, same names */
struct span dcap_cert(size_t i);  /* 0 PCK, 1 CA, 2 root; DER */
struct span dcap_signer(void);    /* of the TCB, DER */
/* In place of a certificate, in what is made from now on; empty: the own. */
void dcap_replace_cert(size_t i, struct span der);

/* Another platform, certified by the same CA. */
void dcap_next_pck(void);

void dcap_quote(const struct dcap_recipe *r, struct wr *out);
struct endorsements *dcap_given(const struct dcap_recipe *r);
/* TCB Info, identity and their signer beside what is there. */
void dcap_documents(const struct dcap_recipe *r, struct endorsements *e);

#endif
