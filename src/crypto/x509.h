/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_X509_H
#define CRYPTO_X509_H

#include "crypto/sig.h"

/* A parsed end-entity certificate; immutable, counted, thread-safe. */
struct cert;

/* Version 3 only. SEAL_E_DECODE, SEAL_E_LIMIT, or pubkey_from_spki()'s. */
int cert_parse(struct span der, struct cert **ret, struct seal_diag *d);
struct cert *cert_ref(struct cert *c);
void cert_unref(struct cert **c);
struct span cert_spki(const struct cert *c);   /* bytes as they stand in it */
struct span cert_key_id(const struct cert *c); /* SHA-256 of these */
struct pubkey *cert_key(const struct cert *c); /* borrowed */
bool cert_may_sign(const struct cert *c);      /* digitalSignature, or no KU */
int64_t cert_not_after(const struct cert *c);  /* seconds since 1970 */
int64_t cert_not_before(const struct cert *c);

/* What cert_parse() does not keep, as views into the certificate. */
struct cert_parts {
	struct span serial;          /* content of the INTEGER */
	struct span issuer, subject; /* whole Names */
	struct span extensions;      /* content of the list; may be empty */
};

bool cert_parts_read(struct span der, struct cert_parts *ret);
/* The value of the extension with this OID (its content, without tag and
 * length); false where there is none. */
bool cert_parts_extension(
    const struct cert_parts *p, struct span oid, struct span *ret);

/* Uses of a key, in the first byte of KeyUsage. */
#define CERT_SIGNS_CERTS 0x04u
#define CERT_SIGNS_LISTS 0x02u
/* Is the key for that (RFC 5280 s4.2.1.3)? One without KeyUsage is. */
bool cert_parts_usage(const struct cert_parts *p, unsigned use);

/* The common name of a whole Name, its only one; views into it. */
bool cert_common_name(struct span name, struct span *ret);

/* What DER is by its outer form; whether it is sound is to be found out. */
enum x509_kind { X509_KIND_NONE = 0, X509_KIND_CERT, X509_KIND_CRL };
enum x509_kind x509_kind(struct span der);

/* The SPKI as it stands in a well-formed certificate; nothing is imported. */
bool cert_spki_read(struct span der, struct span *ret);

/* Trust anchors. Built by one thread, then shared, and the same but for what
 * it remembers. */
struct trust;

struct trust *trust_new(void);
void trust_free(struct trust **t);
int trust_add_pem_file(struct trust *t, const char *path, struct seal_diag *d);
int trust_add_der(struct trust *t, struct span der, struct seal_diag *d);
/* Those of the system's store, which trust_get0() does not show. */
int trust_add_system(struct trust *t, struct seal_diag *d);
/* The i-th anchor (DER), borrowed; empty behind the last. */
struct span trust_get0(const struct trust *t, size_t i);
/*
 * A set of anchors remembers what it verified, bounded and guarded by a lock:
 * chain_verify() costs a hash then, or the leaf's signature where only the
 * leaf is new. Dates are held against the time on every call. The same for
 * signatures that others verify: what names the kind, parts (at most
 * LIMIT_CHAIN) are all that it depends on, whole. Call trust_remember() with
 * the digest only once the signature was found right.
 */
bool trust_recalls(const struct trust *t, const char *what,
    const struct span *parts, size_t n, uint8_t ret_digest[32]);
void trust_remember(const struct trust *t, const uint8_t digest[32]);

/*
 * Verifies chain (leaf first, n certificates) up to an anchor at time now
 * (seconds since 1970). Purpose is not checked; where name is not NULL it
 * must be a DNS name or IP address in the leaf's subjectAltName (its common
 * name does not count). SHA-1 and RSA below 2048 bits are refused. 0 or
 * SEAL_E_CHAIN, or SEAL_E_STALE where only the validity period fails.
 */
int chain_verify(const struct trust *t, const struct span *chain, size_t n,
    int64_t now, const char *name, struct seal_diag *d);

/* What the leaf is to be used for (RFC 5280 s4.2.1.12). */
enum chain_use { CHAIN_ANY = 0, CHAIN_TLS_SERVER, CHAIN_TLS_CLIENT };

struct chain_question {
	int64_t now;      /* seconds since 1970 */
	const char *name; /* NULL: none asked for */
	enum chain_use use;
};

#define CHAIN_NO_ANCHOR SIZE_MAX
/* Where a verified chain ends. */
struct chain_end {
	int64_t until; /* the first of its certificates ends, since 1970 */
	size_t anchor; /* of trust_get0(); CHAIN_NO_ANCHOR: one of the system's
			*/
};
/* The same, for no name, and says where. */
int chain_verify_end(const struct trust *t, const struct span *chain, size_t n,
    int64_t now, struct chain_end *ret, struct seal_diag *d);
/* Is that known, or easily found out, without libcrypto? False says nothing. */
bool chain_known(const struct trust *t, const struct span *chain, size_t n,
    int64_t now, struct chain_end *ret);

/* What stands for a chain that is asked about more than once; false: cannot.
 * And whether that is known, of which false says nothing either. */
bool chain_digest(const struct span *chain, size_t n, uint8_t ret[32]);
bool chain_recalled(const struct trust *t, const uint8_t digest[32],
    int64_t now, struct chain_end *ret);

/* The same, for a use. */
int chain_verify_for(const struct trust *t, const struct span *chain, size_t n,
    const struct chain_question *q, struct seal_diag *d);

/*
 * A bounded cache of parsed certificates keyed by the SHA-256 of their DER,
 * so that a peer seen again costs no parsing. Holds no verdicts. Thread-safe.
 */
struct cert_cache;

struct cert_cache *cert_cache_new(size_t max_entries);
void cert_cache_free(struct cert_cache **c);
/* Like cert_parse(), through the cache; c == NULL just parses. */
int cert_cache_get(struct cert_cache *c, struct span der, struct cert **ret,
    struct seal_diag *d);

/* The same for imported public keys, keyed by the SHA-256 of their SPKI. */
struct key_cache;
struct key_cache *key_cache_new(size_t max_entries);
void key_cache_free(struct key_cache **c);
int key_cache_get(struct key_cache *c, struct span spki, struct pubkey **ret,
    struct seal_diag *d);

/*
 * spki_from_ec() and spki_from_rsa() that also return the imported key, which
 * the check of the point needs anyhow. cache and ret_key may be NULL.
 */
int spki_import_ec(enum curve c, struct span x, struct span y, struct wr *out,
    struct key_cache *cache, struct pubkey **ret_key, struct seal_diag *d);
int spki_import_rsa(struct span modulus, uint32_t exponent, struct wr *out,
    struct key_cache *cache, struct pubkey **ret_key, struct seal_diag *d);

/* A chain file (PEM, leaf first) as DER, into caller's arrays: der[i] points
 * into *ret_buf, which the caller frees. At most LIMIT_CHAIN. */
int chain_load(const char *path, struct span *der, size_t *ret_n,
    uint8_t **ret_buf, struct seal_diag *d);

/* One certificate as PEM text, appended to out. */
int cert_to_pem(struct span der, struct wr *out, struct seal_diag *d);

/*
 * A self-signed certificate (DER) for spki with subject CN=name, valid from
 * now for days, keyUsage digitalSignature, signed through sign with scheme. A
 * name that can be a host's or an address stands in its SubjectAltName too.
 */
int cert_self_sign(struct span spki, const char *name, int64_t now,
    unsigned days, uint16_t scheme, sign_fn sign, void *sign_ctx,
    struct wr *out, struct seal_diag *d);

#endif
