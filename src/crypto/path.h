/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_PATH_H
#define CRYPTO_PATH_H

/*
 * Certification paths (RFC 5280 s6) of certificates in which nothing is out
 * of the ordinary, by our own reader: libcrypto's decoding of one certificate
 * costs two signatures. Whatever is not ordinary here is not wrong, but for
 * libcrypto to judge. Private to src/crypto.
 */
#include "crypto/cert_parts.h"

/* Views into its DER. */
struct path_cert {
	struct span der;
	struct cert_form form;
	struct cert_parts parts;
};

#define PATH_ROOM_MAX 64u /* issuers below one that sets no limit */

/* Well-formed and plain, valid now, its key strong enough for the security
 * level that libcrypto is told, and no critical extension that is not known.
 * Whether a leaf's key is on its curve shows once it is imported. */
bool path_read(struct span der, int64_t now, struct path_cert *ret);
/* By names and key ids (RFC 5280 s4.1.2.4, s4.2.1.1), not yet by signature. */
bool path_issued_by(const struct path_cert *c, const struct cert_parts *issuer);
/* The signature that path_issued_by() leaves out. */
bool path_signed_by(const struct path_cert *c, const struct cert *issuer);
/*
 * May it issue, by basicConstraints and keyUsage, and is there no extension
 * in it that constrains what? *ret: how many issuers may stand between it and
 * a leaf (s4.2.1.9).
 */
bool path_may_issue(const struct cert_parts *p, unsigned *ret);

/* ---- path_plain.c ---- */

/* Is all for which libcrypto might refuse it so simple that our reader reads
 * it alike? */
bool path_is_plain(const struct cert_parts *p);
/* Are its extensions plain, and do they constrain nothing that it issues? */
bool path_constrains_nothing(const struct cert_parts *p);

#endif
