/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/issue.h"

#include <stdlib.h>

#include "base/limits.h"
#include "crypto/cert_parts.h"

#define OID(a) span_of(a, sizeof(a))

static const uint8_t oid_constraints[] = { 0x55, 0x1d, 0x13 };
static const uint8_t oid_ext_usage[] = { 0x55, 0x1d, 0x25 };
static const uint8_t oid_ek[] = { 0x67, 0x81, 0x05, 8, 1 };

struct issuer {
	struct privkey *key;
	struct pubkey *pub;
	struct cert *cert;
	struct span chain[LIMIT_CHAIN];
	size_t n_chain;
	uint8_t *chain_bytes;
	struct cert_parts parts; /* of chain[0] */
	uint16_t scheme;
};

void
issuer_free(struct issuer **ip)
{
	struct issuer *i = *ip;

	*ip = NULL;
	if (i == NULL)
		return;
	privkey_free(&i->key);
	pubkey_unref(&i->pub);
	cert_unref(&i->cert);
	free(i->chain_bytes);
	free(i);
}

/* BasicConstraints with cA TRUE. */
static bool
is_ca(const struct cert_parts *p)
{
	struct span value = { 0 }, ca = { 0 };
	struct rd r, seq;

	if (!cert_parts_extension(p, OID(oid_constraints), &value))
		return false;
	rd_init(&r, value);
	return der_enter(&r, DER_SEQ, &seq) &&
	       der_read(&seq, DER_BOOLEAN, &ca) && ca.n == 1 && ca.p[0] == 0xff;
}

static int
issuer_check(struct issuer *i, const char *file, struct seal_diag *d)
{
	uint8_t buf[LIMIT_SPKI];
	struct wr spki;
	int r;

	wr_init(&spki, buf, sizeof(buf));
	if ((r = cert_parse(i->chain[0], &i->cert, d)) != 0 ||
	    (r = privkey_spki(i->key, &spki, d)) != 0)
		return r;
	if (!span_equal(wr_view(&spki), cert_spki(i->cert)))
		return seal_fail(d, SEAL_E_CONFIG,
		    "issuer '%s': its key is not that of the certificate",
		    file);
	if (!cert_parts_read(i->chain[0], &i->parts) || !is_ca(&i->parts))
		return seal_fail(d, SEAL_E_CONFIG,
		    "issuer '%s': expected a CA's certificate "
		    "(basicConstraints CA:TRUE)",
		    file);
	if ((r = pubkey_from_spki(wr_view(&spki), &i->pub, d)) != 0)
		return r;
	i->scheme = pubkey_choose(i->pub, NULL, 0);
	return i->scheme != SIG_NONE
		   ? 0
		   : seal_fail(d, SEAL_E_CONFIG,
			 "issuer '%s': a key that cannot sign", file);
}

int
issuer_load(const char *chain_file, const char *key_file, struct issuer **ret,
    struct seal_diag *d)
{
	struct issuer *i = calloc(1, sizeof(*i));
	int r;

	if (i == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "issuer");
	if ((r = chain_load(
		 chain_file, i->chain, &i->n_chain, &i->chain_bytes, d)) == 0 &&
	    (r = privkey_load(key_file, &i->key, d)) == 0 &&
	    (r = issuer_check(i, chain_file, d)) == 0) {
		*ret = i;
		i = NULL;
	}
	issuer_free(&i);
	return r;
}

/* ---- Writing ---- */

static void
put_extensions(struct wr *w)
{
	static const uint8_t none[] = { DER_SEQ, 0 };
	static const uint8_t aik[] = { DER_SEQ, 7, DER_OID, 5, 0x67, 0x81, 0x05,
		8, 3 };
	size_t wrap = der_begin(w, DER_CTX(3)), list = der_begin(w, DER_SEQ);

	cert_put_extension(w, OID(oid_constraints), true, OID(none));
	cert_put_key_usage(w);
	cert_put_extension(w, OID(oid_ext_usage), false, OID(aik));
	der_end(w, list);
	der_end(w, wrap);
}

struct leaf {
	struct span spki;
	const char *name;
	int64_t not_before, not_after;
	uint8_t serial[16];
};

static void
put_tbs(struct wr *w, const struct issuer *i, const struct leaf *l)
{
	static const uint8_t v3 = 2;
	size_t seq = der_begin(w, DER_SEQ), inner;

	inner = der_begin(w, DER_CTX(0));
	der_put_uint(w, span_of(&v3, 1));
	der_end(w, inner);
	der_put_uint(w, OID(l->serial));
	cert_put_algorithm(w, scheme_find(i->scheme));
	wr_bytes(w, i->parts.subject);
	inner = der_begin(w, DER_SEQ);
	cert_put_time(w, l->not_before);
	cert_put_time(w, l->not_after);
	der_end(w, inner);
	cert_put_name(w, l->name);
	wr_bytes(w, l->spki);
	put_extensions(w);
	der_end(w, seq);
}

static int
sign_leaf(const struct issuer *i, const struct leaf *l, struct wr *out,
    struct seal_diag *d)
{
	uint8_t sig[LIMIT_SIGNATURE];
	struct wr tbs, w_sig;
	size_t mark;
	int r;

	wr_init_heap(&tbs, LIMIT_CERTIFICATE);
	wr_init(&w_sig, sig, sizeof(sig));
	put_tbs(&tbs, i, l);
	if ((r = tbs.error) != 0) {
		seal_fail(d, r, "issuer: certificate too large, or a bad date");
		goto out;
	}
	if ((r = privkey_sign(i->key, i->scheme, wr_view(&tbs), &w_sig, d)) !=
	    0)
		goto out;
	mark = der_begin(out, DER_SEQ);
	wr_bytes(out, wr_view(&tbs));
	cert_put_algorithm(out, scheme_find(i->scheme));
	der_put_bits(out, wr_view(&w_sig));
	der_end(out, mark);
	if ((r = out->error) != 0)
		seal_fail(d, r, "issuer: no room for the certificate");
out:
	wr_free(&tbs);
	return r;
}

int
issuer_certify(const struct issuer *i, struct span spki, const char *name,
    int64_t now, uint32_t seconds, struct wr *out, struct seal_diag *d)
{
	struct leaf l = { spki, name, now, now + seconds, { 0 } };
	struct pubkey *key = NULL;
	int r;

	if (now >= cert_not_after(i->cert) || now < cert_not_before(i->cert))
		return seal_fail(d, SEAL_E_STALE,
		    "issuer: its own certificate is not valid now");
	if (l.not_after > cert_not_after(i->cert))
		l.not_after = cert_not_after(i->cert);
	if ((r = pubkey_from_spki(spki, &key, d)) != 0)
		return r;
	pubkey_unref(&key);
	if ((r = random_bytes(l.serial, sizeof(l.serial), d)) != 0)
		return r;
	l.serial[0] = (uint8_t)((l.serial[0] & 0x7f) | 0x40);
	return sign_leaf(i, &l, out, d);
}

int
issuer_put_chain(const struct issuer *i, struct wr *out, struct seal_diag *d)
{
	int r = 0;

	for (size_t k = 0; r == 0 && k < i->n_chain; k++)
		r = cert_to_pem(i->chain[k], out, d);
	return r;
}

/* ---- Endorsement keys ---- */

static bool
has_usage(const struct cert_parts *p, struct span oid)
{
	struct span value = { 0 }, got;
	struct rd r, list;

	if (!cert_parts_extension(p, OID(oid_ext_usage), &value))
		return false;
	rd_init(&r, value);
	if (!der_enter(&r, DER_SEQ, &list) || !rd_end(&r))
		return false;
	while (der_read(&list, DER_OID, &got))
		if (span_equal(got, oid))
			return true;
	return false;
}

int
ek_cert_check(struct span der, struct seal_diag *d)
{
	struct cert_parts p;

	if (!cert_parts_read(der, &p))
		return seal_fail(d, SEAL_E_CHAIN, "EK certificate: malformed");
	if (is_ca(&p))
		return seal_fail(d, SEAL_E_CHAIN,
		    "EK certificate: expected an end entity, found a CA");
	if (!has_usage(&p, OID(oid_ek)))
		return seal_fail(d, SEAL_E_CHAIN,
		    "EK certificate: expected extendedKeyUsage 2.23.133.8.1 "
		    "(tcg-kp-EKCertificate)");
	return 0;
}

struct span
der_trim(struct span in)
{
	struct span whole = { 0 };
	struct rd r;

	rd_init(&r, in);
	if (!der_element(&r, DER_SEQ, &whole))
		return span_of(NULL, 0);
	return whole;
}
