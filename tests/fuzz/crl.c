/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <time.h>

#include "crypto/crl.h"

static void
same_time(const ASN1_TIME *theirs, int64_t ours)
{
	struct tm tm = { 0 };

	if (ASN1_TIME_to_tm(theirs, &tm) == 1)
		MUST((int64_t)timegm(&tm) == ours);
}

/* What we and libcrypto both read, we read alike. */
static void
agree(const struct crl *c, X509_CRL *x)
{
	int n = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(x));

	same_time(X509_CRL_get0_lastUpdate(x), c->this_update);
	same_time(X509_CRL_get0_nextUpdate(x), c->next_update);
	MUST(c->n_revoked == (size_t)(n < 0 ? 0 : n));
	MUST(c->number.n <= CRL_NUMBER_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const unsigned char *q = p;
	struct crl_entry e = { 0 };
	struct crl_iter at = { .begun = false };
	struct crl c = { 0 };
	size_t entries = 0;
	X509_CRL *x;

	if (crl_parse(span_of(p, n), &c, NULL) != 0) {
		MUST(c.tbs.p == NULL);
		return 0;
	}
	while (crl_next(&c, &at, &e))
		entries++;
	MUST(entries == c.n_revoked);
	x = d2i_X509_CRL(NULL, &q, (long)n);
	if (x != NULL && q == p + n)
		agree(&c, x);
	X509_CRL_free(x);
	ERR_clear_error();
	MUST(crl_verify(&c, span_of(p, n), NULL) != 0);
	MUST(crl_check(&c, span_of(p, n), &e, NULL) != 0);
	return 0;
}
