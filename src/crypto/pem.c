/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/key.h"
#include "crypto/ossl.h"
#include "crypto/x509.h"

#define PEM_LINE 64 /* characters */
#define CERTIFICATE "CERTIFICATE"

/* 0 with a block, PEM_STOP after the last one. */
static int
pem_next(BIO *bio, const char *path, char **ret_label, uint8_t **ret_der,
    long *ret_n, struct seal_diag *d)
{
	char *header = NULL;
	unsigned long e;

	if (PEM_read_bio(bio, ret_label, &header, ret_der, ret_n) == 1) {
		OPENSSL_free(header);
		return 0;
	}
	e = ERR_peek_last_error();
	if (ERR_GET_LIB(e) == ERR_LIB_PEM &&
	    ERR_GET_REASON(e) == PEM_R_NO_START_LINE)
		return PEM_STOP;
	return ossl_fail(d, SEAL_E_CONFIG, "file '%s': malformed PEM", path);
}

/* Blocks in whatever form libcrypto takes. */
static int
walk_any(const char *path, struct span text, pem_fn each, void *ctx,
    struct seal_diag *d)
{
	BIO *bio;
	int r = 0;

	ossl_begin();
	if ((bio = BIO_new_mem_buf(text.p, (int)text.n)) == NULL)
		r = ossl_fail(d, SEAL_E_MEMORY, "file '%s'", path);
	while (r == 0) {
		char *label = NULL;
		uint8_t *der = NULL;
		long n = 0;

		if ((r = pem_next(bio, path, &label, &der, &n, d)) == 0)
			r = each(ctx, label, span_of(der, (size_t)n), d);
		OPENSSL_free(label);
		OPENSSL_clear_free(der, (size_t)n);
	}
	BIO_free(bio);
	ossl_end();
	return r;
}

/* A line of base64 that nothing is wrong with; *ret_last: padded or short. */
static bool
plain_line(struct rd *text, struct wr *out, bool *ret_last)
{
	const uint8_t *end = memchr(text->p, '\n', text->n);
	struct span line = { 0 };

	if (end == NULL || end == text->p || end - text->p > PEM_LINE ||
	    !rd_bytes(text, (size_t)(end - text->p), &line) ||
	    !rd_expect(text, span_str("\n")) || line.n % 4 != 0 ||
	    memchr(line.p, '-', line.n) != NULL ||
	    memchr(line.p, '_', line.n) != NULL || line.p[line.n - 3] == '=')
		return false;
	*ret_last = line.n < PEM_LINE || line.p[line.n - 1] == '=';
	return base64_decode(line, out);
}

/*
 * The form that everybody writes (RFC 7468 s3), which takes libcrypto longer
 * than a key takes to import. False, and text where it was: let libcrypto see.
 */
static bool
plain_certificate(struct rd *text, struct wr *out)
{
	static const char begin[] = "-----BEGIN " CERTIFICATE "-----\n",
			  end[] = "-----END " CERTIFICATE "-----";
	struct rd r = *text;
	bool last = false;

	if (!rd_expect(&r, span_str(begin)))
		return false;
	while (!last && rd_left(&r) > 0 && *r.p != '-')
		if (!plain_line(&r, out, &last))
			return false;
	if (out->n == 0 || !rd_expect(&r, span_str(end)) ||
	    (rd_left(&r) > 0 && !rd_expect(&r, span_str("\n"))))
		return false;
	*text = r;
	return true;
}

/* As it may stand behind the last block. */
static bool
is_blank(const struct rd *text)
{
	for (size_t i = 0; i < text->n; i++)
		if (text->p[i] != '\n' && text->p[i] != '\0')
			return false;
	return true;
}

int
pem_walk(const char *path, struct span text, pem_fn each, void *ctx,
    struct seal_diag *d)
{
	uint8_t buf[LIMIT_CERTIFICATE];
	struct rd in;
	int r = 0;

	if (text.n > LIMIT_FILE)
		return seal_fail(d, SEAL_E_LIMIT, "file '%s': too large", path);
	rd_init(&in, text);
	while (r == 0 && !is_blank(&in)) {
		struct wr der;

		wr_init(&der, buf, sizeof(buf));
		if (plain_certificate(&in, &der))
			r = each(ctx, CERTIFICATE, wr_view(&der), d);
		else if ((r = walk_any(
			      path, span_of(in.p, in.n), each, ctx, d)) == 0)
			r = PEM_STOP;
	}
	return r == PEM_STOP ? 0 : r;
}

int
pem_walk_file(const char *path, pem_fn each, void *ctx, struct seal_diag *d)
{
	uint8_t *buf = NULL;
	size_t n = 0;
	int r;

	if ((r = file_read(path, LIMIT_FILE, &buf, &n, d)) != 0)
		return r;
	r = pem_walk(path, span_of(buf, n), each, ctx, d);
	seal_wipe(buf, n);
	free(buf);
	return r;
}

/* The SPKI in der, be that a key or a certificate. */
static int
spki_of(struct span der, bool certificate, struct wr *out, struct seal_diag *d)
{
	struct cert *c = NULL;
	struct pubkey *k = NULL;
	int r;

	if (certificate) {
		if ((r = cert_parse(der, &c, d)) != 0)
			return r;
		wr_bytes(out, cert_spki(c));
	} else {
		if ((r = pubkey_from_spki(der, &k, d)) != 0)
			return r;
		wr_bytes(out, der);
	}
	cert_unref(&c);
	pubkey_unref(&k);
	return out->error == 0 ? 0 : seal_fail(d, out->error, "key: no room");
}

struct spki_search {
	struct wr *out;
	bool found;
};

static int
spki_from_block(
    void *ctx, const char *label, struct span der, struct seal_diag *d)
{
	struct spki_search *s = ctx;
	bool certificate = span_is(span_str(label), "CERTIFICATE");
	int r;

	if (!certificate && !span_is(span_str(label), "PUBLIC KEY"))
		return 0;
	if ((r = spki_of(der, certificate, s->out, d)) != 0)
		return r;
	s->found = true;
	return PEM_STOP;
}

int
spki_from_bytes(
    const char *name, struct span in, struct wr *out, struct seal_diag *d)
{
	struct spki_search s = { .out = out };
	struct spki probe = { 0 };
	int r;

	if ((r = pem_walk(name, in, spki_from_block, &s, d)) != 0 || s.found)
		return r;
	if (in.n > 0 && in.p[0] == 0x30) /* DER starts with a SEQUENCE */
		return spki_of(in, spki_parse(in, &probe, NULL) != 0, out, d);
	return seal_fail(d, SEAL_E_CONFIG,
	    "file '%s': expected a public key or certificate, found neither",
	    name);
}

int
spki_from_file(const char *path, struct wr *out, struct seal_diag *d)
{
	uint8_t *buf = NULL;
	size_t n = 0;
	int r;

	if ((r = file_read(path, LIMIT_FILE, &buf, &n, d)) != 0)
		return r;
	r = spki_from_bytes(path, span_of(buf, n), out, d);
	if (r == SEAL_E_CONFIG)
		seal_remedy(d, "openssl pkey -in '%s' -pubout", path);
	seal_wipe(buf, n);
	free(buf);
	return r;
}

static int
put_pem(const char *label, struct span der, struct wr *out, struct seal_diag *d)
{
	char *pem = NULL;
	BIO *bio;
	long n;
	int r = 0;

	ossl_begin();
	bio = BIO_new(BIO_s_mem());
	if (bio == NULL ||
	    PEM_write_bio(bio, label, "", der.p, (long)der.n) <= 0 ||
	    (n = BIO_get_mem_data(bio, &pem)) <= 0) {
		r = ossl_fail(d, SEAL_E_CRYPTO, "cannot write as PEM");
	} else {
		wr_bytes(out, span_of(pem, (size_t)n));
		if (out->error != 0)
			r = seal_fail(d, out->error, "no room for PEM");
	}
	BIO_free(bio);
	ossl_end();
	return r;
}

int
spki_to_pem(struct span spki, struct wr *out, struct seal_diag *d)
{
	struct spki parsed = { 0 };
	int r = spki_parse(spki, &parsed, d);

	return r != 0 ? r : put_pem("PUBLIC KEY", spki, out, d);
}

int
cert_to_pem(struct span der, struct wr *out, struct seal_diag *d)
{
	struct cert *c = NULL;
	int r = cert_parse(der, &c, d);

	cert_unref(&c);
	return r != 0 ? r : put_pem("CERTIFICATE", der, out, d);
}

struct chain_file {
	struct wr der;
	size_t at[LIMIT_CHAIN], len[LIMIT_CHAIN];
	size_t n;
};

static int
chain_from_block(
    void *ctx, const char *label, struct span der, struct seal_diag *d)
{
	struct chain_file *f = ctx;

	if (!span_is(span_str(label), "CERTIFICATE"))
		return 0;
	if (f->n == LIMIT_CHAIN || der.n > LIMIT_CERTIFICATE)
		return seal_fail(d, SEAL_E_LIMIT,
		    "chain: more than %u certificates, or one over %u bytes",
		    LIMIT_CHAIN, LIMIT_CERTIFICATE);
	f->at[f->n] = f->der.n;
	f->len[f->n++] = der.n;
	wr_bytes(&f->der, der);
	return f->der.error == 0 ? 0 : seal_fail(d, f->der.error, "chain");
}

int
chain_load(const char *path, struct span *der, size_t *ret_n, uint8_t **ret_buf,
    struct seal_diag *d)
{
	struct chain_file f = { 0 };
	uint8_t *buf = NULL;
	size_t n = 0;
	int r;

	wr_init_heap(&f.der, (size_t)LIMIT_CHAIN * LIMIT_CERTIFICATE);
	if ((r = pem_walk_file(path, chain_from_block, &f, d)) != 0)
		goto out;
	if (f.n == 0) {
		r = seal_fail(d, SEAL_E_CONFIG,
		    "file '%s': expected PEM certificates, found none", path);
		goto out;
	}
	if ((r = wr_take(&f.der, &buf, &n)) != 0) {
		r = seal_fail(d, r, "file '%s'", path);
		goto out;
	}
	for (size_t i = 0; i < f.n; i++)
		der[i] = span_of(buf + f.at[i], f.len[i]);
	*ret_n = f.n;
	*ret_buf = buf;
out:
	wr_free(&f.der);
	return r;
}
