/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALTLS_COLLATERAL_H
#define SEALTLS_COLLATERAL_H

#include <stddef.h>
#include <stdint.h>

#include <sealtls/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What vendors publish about their platforms (certificates, revocation lists,
 * TCB Info, enclave identities), kept in a folder. That folder is one of
 * endorsements, for seal_appraise_args and for policies: nothing in it is
 * trusted because it lies there. What is stored was verified first, all the
 * same, and never replaces what is newer.
 *
 * Functions return 0 where they ran, whatever they found, and SEAL_E_*, told
 * in d, where they could not. *ret is text, or JSON, for free(). Only
 * seal_collateral_fetch() uses the network. Any thread; one process at a time
 * writes to a folder, others wait for it.
 */
struct seal_collateral {
	const char *dir;
	/* Files of roots (PEM), NULL-terminated. NULL: AMD's and Intel's own,
	 * known by the digests of their keys. */
	const char *const *anchors;
	int64_t unix_s; /* the time to judge at */
	int as_json;
};

/* How many items went which way. */
struct seal_collateral_tally {
	size_t good;    /* stored, or there and sound */
	size_t refused; /* not verified, ended, older than what is stored */
	size_t retry;   /* not to be had now, or ending soon */
};

/* Files of any of: PEM, DER, JSON as the services give it, bundles of it,
 * seal_collateral_pack()'s; folders of them. paths ends with NULL. */
SEAL_API int seal_collateral_import(const struct seal_collateral *c,
    const char *const *paths, char **ret, struct seal_collateral_tally *tally,
    struct seal_diag *d);
/* All items as one tar file, the same bytes for the same items. */
SEAL_API int seal_collateral_pack(const struct seal_collateral *c, void **ret,
    size_t *ret_n, struct seal_diag *d);
SEAL_API int seal_collateral_list(
    const struct seal_collateral *c, char **ret, struct seal_diag *d);

/* Whose collateral: the platform that some Evidence is from, or one that is
 * named. */
struct seal_collateral_for {
	const void *evidence; /* NULL: named */
	size_t evidence_n;
	const char *type;    /* its media type; NULL: found */
	const char *product; /* AMD: "Milan", "Genoa", "Turin"; or NULL */
	int vlek;            /* of keys of providers, not of chips */
	const char *fmspc;   /* Intel: 12 hex digits; or NULL */
	int tdx;             /* else SGX */
	const char *ca;      /* "platform" (as NULL) or "processor" */
};

struct seal_collateral_check {
	uint32_t within_s;  /* ends so soon: counts as to be tried again */
	uint32_t max_age_s; /* lists and documents; 0: any */
	const struct seal_collateral_for *what; /* must all be there; or NULL */
};

/* Is each item sound, and will it stay so? */
SEAL_API int seal_collateral_check(const struct seal_collateral *c,
    const struct seal_collateral_check *check, char **ret,
    struct seal_collateral_tally *tally, struct seal_diag *d);

struct seal_collateral_fetch {
	struct seal_collateral_for what;
	const char *kds, *pcs; /* base URLs; NULL: AMD's, Intel's */
	const char *root_crl;  /* Intel's root CRL; NULL: Intel's place for it,
				  or pcs where that is given */
	const char *ca_file;   /* of the services' TLS; NULL: the system's */
	uint32_t timeout_ms;   /* over all; 0: 60 s */
	uint32_t within_s, max_age_s; /* asks anew for what check would want */
	int force;                    /* asks for all but certificates */
};

/* What is missing or ends, from the vendors' services, each answer verified
 * before it is stored. SEAL_E_UNSUPPORTED in a build without libcurl. */
SEAL_API int seal_collateral_fetch(const struct seal_collateral *c,
    const struct seal_collateral_fetch *f, char **ret,
    struct seal_collateral_tally *tally, struct seal_diag *d);

#ifdef __cplusplus
}
#endif
#endif
