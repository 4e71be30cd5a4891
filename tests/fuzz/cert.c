/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "crypto/path.h"

static void
same_time(const ASN1_TIME *theirs, int64_t ours)
{
	struct tm tm = { 0 };

	if (ASN1_TIME_to_tm(theirs, &tm) == 1)
		MUST((int64_t)timegm(&tm) == ours);
}

/* What we and libcrypto both read, we read alike: else a chain could be
 * judged for one key and used with another. */
static void
agree(const struct cert *c, X509 *x)
{
	unsigned char *spki = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &spki);
	uint32_t usage = X509_get_key_usage(x);

	MUST(n > 0 && span_equal(cert_spki(c), span_of(spki, (size_t)n)));
	OPENSSL_free(spki);
	same_time(X509_get0_notBefore(x), cert_not_before(c));
	same_time(X509_get0_notAfter(x), cert_not_after(c));
	if ((X509_get_extension_flags(x) & EXFLAG_INVALID) == 0)
		MUST(((usage & KU_DIGITAL_SIGNATURE) != 0) == cert_may_sign(c));
}

/* What may issue by our reader may by libcrypto's, and constrains nothing. */
static void
agree_on_issuer(struct span der, X509 *x)
{
	struct cert_parts parts;
	unsigned room = 0;

	if (!cert_parts_read(der, &parts) || !path_may_issue(&parts, &room) ||
	    (X509_get_extension_flags(x) & EXFLAG_INVALID) != 0)
		return;
	MUST(X509_check_ca(x) == 1);
	MUST(X509_get_pathlen(x) == (room == PATH_ROOM_MAX ? -1 : (long)room));
	MUST(X509_get_ext_by_NID(x, NID_name_constraints, -1) < 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const unsigned char *q = p;
	struct cert *c = NULL;
	X509 *x;

	if (cert_parse(span_of(p, n), &c, NULL) != 0) {
		MUST(c == NULL);
		return 0;
	}
	x = d2i_X509(NULL, &q, (long)n);
	if (x != NULL && q == p + n) {
		agree(c, x);
		agree_on_issuer(span_of(p, n), x);
	}
	X509_free(x);
	ERR_clear_error();
	cert_unref(&c);
	return 0;
}
