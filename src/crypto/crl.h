/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_CRL_H
#define CRYPTO_CRL_H

#include "base/rd.h"
#include "crypto/x509.h"

/*
 * Certificate revocation lists (RFC 5280 s5): version 2, complete, of one
 * issuer for the certificates that it issued itself. Delta and indirect lists
 * and those of a part of the certificates are refused.
 */
#define CRL_SIZE_MAX 4194304u /* bytes */
#define CRL_ENTRIES_MAX 65536u
#define CRL_NUMBER_MAX 20u /* bytes, RFC 5280 s5.2.3 */

/* Views into the DER. */
struct crl {
	struct span issuer; /* whole Name */
	struct span number; /* cRLNumber, without leading zeros; empty: none */
	int64_t this_update, next_update;
	struct span revoked; /* entries, checked; may be empty */
	size_t n_revoked;
	struct span tbs, algorithm, signature;
	uint8_t digest[HASH_MAX]; /* SHA-256 of the whole */
};

struct crl_entry {
	struct span serial; /* content of the INTEGER */
	int64_t at;         /* since when, seconds since 1970 */
	const char *reason; /* "key compromise", …; static */
};

struct crl_iter {
	struct rd rd;
	bool begun;
};

/* Checks the whole form, of every entry too, and believes nothing. */
int crl_parse(struct span der, struct crl *ret, struct seal_diag *d);

/* The entries, one after the other, from *at = { 0 }; false behind the last. */
bool crl_next(const struct crl *c, struct crl_iter *at, struct crl_entry *ret);

/*
 * Signed by this certificate (DER), the issuer of the list by its name, with
 * the right to (cRLSign, where it has a KeyUsage)? Whether the certificate is
 * to be trusted is the caller's question. 0, SEAL_E_CHAIN where it is another
 * issuer or has no right to, SEAL_E_SIGNATURE.
 */
int crl_verify(const struct crl *c, struct span issuer, struct seal_diag *d);

/* The same through what anchors remember of signatures; NULL: just verifies.
 * A failure is not remembered. */
int crl_verify_once(const struct crl *c, struct span issuer,
    const struct trust *memory, struct seal_diag *d);

/* thisUpdate <= now <= nextUpdate? 0 or SEAL_E_STALE. */
int crl_current(const struct crl *c, int64_t now, struct seal_diag *d);
/* One of its dates, to read; returns buf. */
const char *crl_date(int64_t when, char buf[32]);

/* Of two lists of one issuer, is b newer (> 0), the same age (0) or older (< 0)
 * than a? By number (one without is older than any), then by thisUpdate. */
int crl_compare(const struct crl *a, const struct crl *b);
/* The numbers alone, as lists have them. */
int crl_compare_numbers(struct span a, struct span b);

/*
 * Is this certificate (DER), of the list's issuer, not on it? 0, or SEAL_E_KEY
 * with *ret filled, or SEAL_E_CHAIN where the list is not about it. ret may be
 * NULL. Call crl_verify() and crl_current() first.
 */
int crl_check(const struct crl *c, struct span cert, struct crl_entry *ret,
    struct seal_diag *d);

#endif
