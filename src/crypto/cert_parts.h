/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_CERT_PARTS_H
#define CRYPTO_CERT_PARTS_H

/* Certificates by their parts, for issuing; private to src/crypto. */
#include "crypto/der.h"
#include "crypto/key.h"
#include "crypto/x509.h"

/* Of selfsign.c: AlgorithmIdentifier, CN=name, a date, and extensions:
 * any, and keyUsage digitalSignature. */
void cert_put_algorithm(struct wr *w, const struct scheme *s);
void cert_put_name(struct wr *w, const char *name);
void cert_put_time(struct wr *w, int64_t when);
void cert_put_extension(
    struct wr *w, struct span oid, bool critical, struct span value);
void cert_put_key_usage(struct wr *w);

/* Of cert.c: a UTCTime or GeneralizedTime (RFC 5280 s4.1.2.5). */
bool cert_read_time(struct rd *r, int64_t *ret);

/* A whole certificate of version 3, its form checked and no key imported;
 * views into it. */
struct cert_form {
	struct span tbs, algorithm, signature, spki;
	int64_t not_before, not_after; /* seconds since 1970 */
	bool may_sign;                 /* digitalSignature, or no KeyUsage */
	/* A critical extension other than KeyUsage, ExtendedKeyUsage,
	 * BasicConstraints and SubjectAltName. */
	bool unusual;
};
bool cert_form_read(struct span der, struct cert_form *ret);

#endif
