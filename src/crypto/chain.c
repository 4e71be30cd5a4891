/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/known.h"
#include "crypto/ossl.h"
#include "crypto/trust.h"

#define SUBJECT_MAX 96 /* bytes shown in a message */

/* Two stories are kept apart, since a time failure comes to light before
 * worse ones may and must not hide them. */
struct verdict {
	struct seal_diag bad, stale;
	const char *name;
};

/* The subject is the peer's text: escaped, shortened, ASCII only. */
static const char *
subject_of(X509 *x, char *buf)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long n = 0;

	if (bio != NULL && x != NULL &&
	    X509_NAME_print_ex(
		bio, X509_get_subject_name(x), 0, XN_FLAG_RFC2253) >= 0)
		n = BIO_get_mem_data(bio, &text);
	text_safe(span_of(text, n > 0 ? (size_t)n : 0), buf, SUBJECT_MAX);
	BIO_free(bio);
	return buf;
}

static const char *
date_of(const ASN1_TIME *t, char *buf, size_t cap)
{
	struct tm tm = { 0 };

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1 ||
	    strftime(buf, cap, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		snprintf(buf, cap, "an unreadable date");
	return buf;
}

static bool
is_time_error(int e)
{
	return e == X509_V_ERR_CERT_HAS_EXPIRED ||
	       e == X509_V_ERR_CERT_NOT_YET_VALID;
}

static const char *
remedy_for(int e)
{
	switch (e) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return "add its issuer to the trust anchors, or have the peer "
		       "send the intermediate certificates";
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_CA_MD_TOO_WEAK:
		return "issue it anew with RSA of 2048 bits or ECDSA, and "
		       "SHA-256 or better";
	case X509_V_ERR_INVALID_CA:
	case X509_V_ERR_PATH_LENGTH_EXCEEDED:
	case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
		return "an issuer in the chain lacks the right to issue: have "
		       "the chain issued anew";
	default:
		return NULL;
	}
}

static void
tell_time(struct verdict *v, int depth, const char *subject, X509 *x, int e)
{
	bool expired = e == X509_V_ERR_CERT_HAS_EXPIRED;
	char date[40];

	/* The subject last: it may be long, and be cut off. */
	seal_fail(&v->stale, SEAL_E_STALE, "chain: certificate %d %s %s: '%s'",
	    depth, expired ? "expired at" : "not valid before",
	    date_of(expired ? X509_get0_notAfter(x) : X509_get0_notBefore(x),
		date, sizeof(date)),
	    subject);
	seal_remedy(&v->stale, "%s",
	    expired ? "renew the certificate, or correct this machine's clock"
		    : "correct the clock of this machine or of the issuer");
}

static void
tell_bad(struct verdict *v, int depth, const char *subject, int e)
{
	const char *remedy = remedy_for(e);

	if (e == X509_V_ERR_HOSTNAME_MISMATCH ||
	    e == X509_V_ERR_IP_ADDRESS_MISMATCH) {
		seal_fail(&v->bad, SEAL_E_CHAIN,
		    "chain: certificate %d '%s': expected the name '%s' in "
		    "its subjectAltName",
		    depth, subject, v->name);
		seal_remedy(&v->bad,
		    "use a name that the certificate holds, or have "
		    "one issued for '%s'",
		    v->name);
		return;
	}
	seal_fail(&v->bad, SEAL_E_CHAIN, "chain: certificate %d: %s: '%s'",
	    depth, X509_verify_cert_error_string(e), subject);
	if (remedy != NULL)
		seal_remedy(&v->bad, "%s", remedy);
}

/* Goes on after a time error, in search of a worse one; stops at the rest. */
static int
on_verify(int ok, X509_STORE_CTX *ctx)
{
	struct verdict *v = X509_STORE_CTX_get_app_data(ctx);
	X509 *x = X509_STORE_CTX_get_current_cert(ctx);
	int e = X509_STORE_CTX_get_error(ctx);
	int depth = X509_STORE_CTX_get_error_depth(ctx);
	char subject[SUBJECT_MAX];

	if (ok)
		return 1;
	subject_of(x, subject);
	if (is_time_error(e) && x != NULL) {
		tell_time(v, depth, subject, x, e);
		return 1;
	}
	tell_bad(v, depth, subject, e);
	return 0;
}

/*
 * An empty name would switch the check off, and a leading dot stands for
 * every subdomain: neither is a name to connect to.
 */
static bool
set_name(X509_VERIFY_PARAM *param, const char *name)
{
	uint8_t addr[16];

	if (name == NULL)
		return true;
	if (name[0] == '\0' || name[0] == '.')
		return false;
	if (inet_pton(AF_INET, name, addr) == 1 ||
	    inet_pton(AF_INET6, name, addr) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1;
	/* RFC 9525 s2: a subject's common name names no host. */
	X509_VERIFY_PARAM_set_hostflags(
	    param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
		       X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return X509_VERIFY_PARAM_set1_host(param, name, 0) == 1;
}

/* RFC 5280 s4.2.1.12: what the extended key usages, if any, allow. */
static bool
set_use(X509_VERIFY_PARAM *param, enum chain_use use)
{
	return use == CHAIN_ANY ||
	       X509_VERIFY_PARAM_set_purpose(param,
		   use == CHAIN_TLS_SERVER ? X509_PURPOSE_SSL_SERVER
					   : X509_PURPOSE_SSL_CLIENT) == 1;
}

static bool
set_params(X509_STORE_CTX *ctx, const struct chain_question *q)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);

	X509_VERIFY_PARAM_set_time(param, (time_t)q->now);
	X509_VERIFY_PARAM_set_depth(param, (int)LIMIT_CHAIN);
	/* An intermediate that the user configured is an anchor as well. */
	if (X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN) != 1)
		return false;
	/* 112 bits: no SHA-1, no RSA below 2048, as in TLS by default. */
	X509_VERIFY_PARAM_set_auth_level(param, 2);
	return set_use(param, q->use) && set_name(param, q->name);
}

/* ---- What libcrypto found ---- */

struct question {
	const struct span *chain;
	size_t n;
	const struct chain_question *q;
	struct chain_end *ret;
};

static bool
unix_time(const ASN1_TIME *t, int64_t *ret)
{
	struct tm tm = { 0 };

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return false;
	*ret = (int64_t)timegm(&tm);
	return true;
}

/* Each with the dates of all from it on; its DER is the caller's to free.
 * *ret_constrained: what issues here may not issue all names. */
static bool
read_path(const STACK_OF(X509) * certs, struct known_cert *path, size_t n,
    bool *ret_constrained)
{
	int64_t from = INT64_MIN, to = INT64_MAX, a = 0, b = 0;

	for (size_t i = n; i-- > 0;) {
		X509 *x = sk_X509_value(certs, (int)i);
		unsigned char *der = NULL;
		int len;

		if (!unix_time(X509_get0_notBefore(x), &a) ||
		    !unix_time(X509_get0_notAfter(x), &b) ||
		    (len = i2d_X509(x, &der)) <= 0)
			return false;
		from = a > from ? a : from;
		to = b < to ? b : to;
		path[i] =
		    (struct known_cert){ span_of(der, (size_t)len), from, to };
		if (X509_get_ext_by_NID(x, NID_name_constraints, -1) >= 0)
			*ret_constrained = true;
	}
	return true;
}

static size_t
anchor_of(const struct trust *t, struct span der)
{
	for (size_t i = 0; i < t->n; i++)
		if (span_equal(trust_get0(t, i), der))
			return i;
	return CHAIN_NO_ANCHOR;
}

static void
remember_path(const struct trust *t, const struct question *q,
    const struct known_cert *path, size_t n, bool constrained)
{
	struct known *k;

	/* A name and a use are of one question only. */
	if (q->q->name != NULL || q->q->use != CHAIN_ANY ||
	    (k = trust_known(t)) == NULL)
		return;
	known_add_chain(k, q->chain, q->n, path, n, q->ret->anchor);
	if (!constrained)
		known_add_issuers(k, path, n, q->ret->anchor);
}

static int
read_end(const struct trust *t, const struct question *q, X509_STORE_CTX *ctx,
    struct seal_diag *d)
{
	const STACK_OF(X509) *certs = X509_STORE_CTX_get0_chain(ctx);
	struct known_cert path[LIMIT_CHAIN + 2] = { { .from = 0 } };
	size_t n = certs == NULL ? 0 : (size_t)sk_X509_num(certs);
	bool constrained = false;
	int r = 0;

	if (n == 0 || n > sizeof(path) / sizeof(path[0]) ||
	    !read_path(certs, path, n, &constrained)) {
		r = ossl_fail(d, SEAL_E_CHAIN, "chain: cannot read its path");
	} else {
		q->ret->until = path[0].to;
		q->ret->anchor = anchor_of(t, path[n - 1].der);
		remember_path(t, q, path, n, constrained);
	}
	for (size_t i = 0; i < sizeof(path) / sizeof(path[0]); i++)
		OPENSSL_free((void *)(uintptr_t)path[i].der.p);
	return r;
}

static int
verify(const struct trust *t, X509 *leaf, STACK_OF(X509) * rest,
    const struct question *question, struct seal_diag *d)
{
	const struct chain_question *q = question->q;
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	struct verdict v = { .name = q->name };
	const struct seal_diag *story;
	int r = 0;

	if (ctx == NULL ||
	    X509_STORE_CTX_init(ctx, t->store, leaf, rest) != 1 ||
	    !set_params(ctx, q) || X509_STORE_CTX_set_app_data(ctx, &v) != 1) {
		r = ossl_fail(d, SEAL_E_CHAIN,
		    "chain: cannot verify for the name '%s'",
		    q->name == NULL ? "" : q->name);
		goto out;
	}
	X509_STORE_CTX_set_verify_cb(ctx, on_verify);
	if (X509_verify_cert(ctx) != 1 && v.bad.code == 0)
		ossl_fail(&v.bad, SEAL_E_CHAIN, "chain: cannot verify");
	story = v.bad.code != 0 ? &v.bad : &v.stale;
	if (story->code == 0) {
		r = read_end(t, question, ctx, d);
		goto out;
	}
	r = seal_fail(d, story->code, "%s", story->text);
	if (story->remedy[0] != '\0')
		seal_remedy(d, "%s", story->remedy);
out:
	X509_STORE_CTX_free(ctx);
	return r;
}

static int
parse_chain(const struct span *chain, size_t n, X509 **ret_leaf,
    STACK_OF(X509) * rest, struct seal_diag *d)
{
	for (size_t i = 0; i < n; i++) {
		X509 *x = trust_x509_parse(chain[i]);

		if (x == NULL)
			return ossl_fail(d, SEAL_E_CHAIN,
			    "chain: certificate %zu: malformed", i);
		if (i == 0) {
			*ret_leaf = x;
		} else if (sk_X509_push(rest, x) <= 0) {
			X509_free(x);
			return seal_fail(d, SEAL_E_MEMORY, "chain");
		}
	}
	return 0;
}

/* An anchor that came along is there anyhow, and need not be decoded. */
static size_t
without_anchor(const struct trust *t, const struct span *chain, size_t n)
{
	return n > 1 && anchor_of(t, chain[n - 1]) != CHAIN_NO_ANCHOR ? n - 1
								      : n;
}

static int
ask_libcrypto(
    const struct trust *t, const struct question *q, struct seal_diag *d)
{
	size_t n = without_anchor(t, q->chain, q->n);
	STACK_OF(X509) * rest;
	X509 *leaf = NULL;
	int r;

	ossl_begin();
	if ((rest = sk_X509_new_null()) == NULL)
		r = seal_fail(d, SEAL_E_MEMORY, "chain");
	else if ((r = parse_chain(q->chain, n, &leaf, rest, d)) == 0)
		r = verify(t, leaf, rest, q, d);
	X509_free(leaf);
	sk_X509_pop_free(rest, X509_free);
	ossl_end();
	return r;
}

static bool
recall(const struct trust *t, const struct span *chain, size_t n, int64_t now,
    bool by_anchors, struct chain_end *ret)
{
	const struct known_question q = { t, now, by_anchors };
	struct known *k = t != NULL ? trust_known(t) : NULL;

	return k != NULL && n > 0 && n <= LIMIT_CHAIN &&
	       known_chain(k, &q, chain, n, ret);
}

static int
answer(const struct trust *t, const struct question *q, struct seal_diag *d)
{
	if (q->n == 0 || q->n > LIMIT_CHAIN)
		return seal_fail(d, SEAL_E_CHAIN,
		    "chain: %zu certificates, expected 1 to %u", q->n,
		    LIMIT_CHAIN);
	if (t == NULL || (t->n == 0 && !t->system)) {
		seal_fail(d, SEAL_E_CHAIN, "chain: no trust anchors");
		seal_remedy(d, "configure the certificate of a CA to trust");
		return SEAL_E_CHAIN;
	}
	/* Which of the system's anchors libcrypto takes is not to be seen. */
	if (q->q->name == NULL && q->q->use == CHAIN_ANY &&
	    recall(t, q->chain, q->n, q->q->now, !t->system, q->ret))
		return 0;
	return ask_libcrypto(t, q, d);
}

bool
chain_known(const struct trust *t, const struct span *chain, size_t n,
    int64_t now, struct chain_end *ret)
{
	return recall(t, chain, n, now, false, ret);
}

bool
chain_digest(const struct span *chain, size_t n, uint8_t ret[32])
{
	return known_digest(KNOWN_CHAIN, chain, n, ret);
}

bool
chain_recalled(const struct trust *t, const uint8_t digest[32], int64_t now,
    struct chain_end *ret)
{
	struct known *k = t != NULL ? trust_known(t) : NULL;

	return k != NULL && known_recalled(k, digest, now, ret);
}

int
chain_verify_for(const struct trust *t, const struct span *chain, size_t n,
    const struct chain_question *q, struct seal_diag *d)
{
	struct chain_end end;
	const struct question question = { chain, n, q, &end };

	return answer(t, &question, d);
}

int
chain_verify(const struct trust *t, const struct span *chain, size_t n,
    int64_t now, const char *name, struct seal_diag *d)
{
	const struct chain_question q = { now, name, CHAIN_ANY };

	return chain_verify_for(t, chain, n, &q, d);
}

int
chain_verify_end(const struct trust *t, const struct span *chain, size_t n,
    int64_t now, struct chain_end *ret, struct seal_diag *d)
{
	const struct chain_question q = { now, NULL, CHAIN_ANY };
	struct chain_end end = { 0 };
	const struct question question = { chain, n, &q, &end };
	int r = answer(t, &question, d);

	if (r == 0)
		*ret = end;
	return r;
}
