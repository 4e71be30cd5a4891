/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/trust.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/known.h"
#include "crypto/ossl.h"
#include "crypto/pem.h"

#define ANCHORS_MAX 4096 /* in one store; the system's are some 150 */

struct trust *
trust_new(void)
{
	struct trust *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	pthread_mutex_init(&t->lock, NULL);
	ossl_begin();
	if ((t->store = X509_STORE_new()) == NULL)
		trust_free(&t);
	ossl_end();
	return t;
}

void
trust_free(struct trust **tp)
{
	struct trust *t = *tp;

	*tp = NULL;
	if (t == NULL)
		return;
	X509_STORE_free(t->store);
	known_free(&t->known);
	pthread_mutex_destroy(&t->lock);
	for (size_t i = 0; i < t->n; i++)
		free(t->anchors[i].der);
	free(t->anchors);
	free(t);
}

X509 *
trust_x509_parse(struct span der)
{
	const unsigned char *p = der.p;
	X509 *x;

	if (der.n == 0 || der.n > LIMIT_CERTIFICATE)
		return NULL;
	x = d2i_X509(NULL, &p, (long)der.n);
	if (x != NULL && p != der.p + der.n) {
		X509_free(x);
		x = NULL;
	}
	return x;
}

/* Keeps its bytes too, since a revocation list may be signed by an anchor. */
static int
keep_anchor(struct trust *t, struct span der, struct seal_diag *d)
{
	struct anchor *more;
	uint8_t *copy = NULL;

	if (t->n == ANCHORS_MAX)
		return seal_fail(d, SEAL_E_LIMIT, "trust: more than %d anchors",
		    ANCHORS_MAX);
	more = realloc(t->anchors, (t->n + 1) * sizeof(*more));
	if (more == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "trust");
	t->anchors = more;
	if (span_dup(der, &copy) != 0)
		return seal_fail(d, SEAL_E_MEMORY, "trust");
	t->anchors[t->n++] = (struct anchor){ copy, der.n };
	return 0;
}

int
trust_add_der(struct trust *t, struct span der, struct seal_diag *d)
{
	X509 *x;
	int r = 0;

	/* What was verified so far was not by these anchors. */
	known_free(&t->known);
	ossl_begin();
	if ((x = trust_x509_parse(der)) == NULL)
		r = ossl_fail(d, SEAL_E_CONFIG, "trust: malformed certificate");
	else if (X509_STORE_add_cert(t->store, x) != 1)
		r = ossl_fail(d, SEAL_E_MEMORY, "trust: cannot add anchor");
	else
		r = keep_anchor(t, der, d);
	X509_free(x);
	ossl_end();
	return r;
}

struct span
trust_get0(const struct trust *t, size_t i)
{
	if (t == NULL || i >= t->n)
		return span_of(NULL, 0);
	return span_of(t->anchors[i].der, t->anchors[i].n);
}

/* ---- What it remembers ---- */

struct known *
trust_known(const struct trust *t)
{
	struct trust *own = (struct trust *)(uintptr_t)t; /* under its lock */
	struct known *k;

	pthread_mutex_lock(&own->lock);
	if (own->known == NULL)
		own->known = known_new();
	k = own->known;
	pthread_mutex_unlock(&own->lock);
	return k;
}

bool
trust_recalls(const struct trust *t, const char *what, const struct span *parts,
    size_t n, uint8_t ret_digest[32])
{
	struct known *k = trust_known(t);

	memset(ret_digest, 0, 32);
	return known_digest(what, parts, n, ret_digest) && k != NULL &&
	       known_fact(k, ret_digest);
}

void
trust_remember(const struct trust *t, const uint8_t digest[32])
{
	static const uint8_t none[32];
	struct known *k = trust_known(t);

	if (k != NULL && memcmp(digest, none, sizeof(none)) != 0)
		known_add_fact(k, digest);
}

/* ---- Files ---- */

static int
trust_add_block(
    void *ctx, const char *label, struct span der, struct seal_diag *d)
{
	return span_is(span_str(label), "CERTIFICATE")
		   ? trust_add_der(ctx, der, d)
		   : 0;
}

int
trust_add_pem_file(struct trust *t, const char *path, struct seal_diag *d)
{
	size_t before = t->n;
	int r;

	if ((r = pem_walk_file(path, trust_add_block, t, d)) != 0)
		return r;
	if (t->n == before)
		return seal_fail(d, SEAL_E_CONFIG,
		    "trust '%s': expected PEM certificates, found none", path);
	return 0;
}

int
trust_add_system(struct trust *t, struct seal_diag *d)
{
	int r = 0;

	ossl_begin();
	if (X509_STORE_set_default_paths(t->store) != 1)
		r = ossl_fail(d, SEAL_E_CONFIG, "trust: the system's anchors");
	else
		t->system = true;
	ossl_end();
	return r;
}
