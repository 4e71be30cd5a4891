/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/dcap.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "crypto/pem.h"

#define EC_P256 32

/* ---- Certificates ---- */

struct chain {
	size_t at[LIMIT_CHAIN], n;
	struct wr bytes;
};

static int
take_block(void *ctx, const char *label, struct span der, struct seal_diag *d)
{
	struct chain *c = ctx;

	if (!span_is(span_str(label), "CERTIFICATE") || c->n == DCAP_CHAIN)
		return seal_fail(d, SEAL_E_CHAIN,
		    "certification data: expected %d certificates and nothing "
		    "else",
		    DCAP_CHAIN);
	c->at[c->n++] = c->bytes.n;
	wr_bytes(&c->bytes, der);
	return 0;
}

/* PCK, CA, root, as PEM, perhaps with a NUL behind. */
static int
read_chain(struct dcap_facts *f, struct seal_diag *d)
{
	struct chain c = { .n = 0 };
	size_t n = f->quote.certs.n; /* more than its DER has */
	int r;

	if ((f->certs = malloc(n + 1)) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "certification data");
	wr_init(&c.bytes, f->certs, n);
	if ((r = pem_walk(
		 "certification data", f->quote.certs, take_block, &c, d)) != 0)
		return r == SEAL_E_CONFIG ? SEAL_E_DECODE : r; /* not ours */
	if (c.n != DCAP_CHAIN)
		return seal_fail(d, SEAL_E_CHAIN,
		    "certification data: %zu certificates, expected PCK, CA "
		    "and root",
		    c.n);
	if (c.bytes.error != 0)
		return seal_fail(d, c.bytes.error, "certification data");
	for (size_t i = 0; i < DCAP_CHAIN; i++)
		f->chain[i] = span_of(f->certs + c.at[i],
		    (i + 1 < DCAP_CHAIN ? c.at[i + 1] : c.bytes.n) - c.at[i]);
	return 0;
}

/* ---- Signatures ---- */

static int
check_signature(const struct pubkey *key, struct span tbs, struct span raw,
    struct seal_diag *d)
{
	uint8_t buf[LIMIT_SIGNATURE];
	struct wr der;
	int r;

	wr_init(&der, buf, sizeof(buf));
	if (raw.n != 2 * EC_P256)
		return seal_fail(d, SEAL_E_DECODE, "signature: bad length");
	if ((r = ecdsa_raw_to_der(span_of(raw.p, EC_P256),
		 span_of(raw.p + EC_P256, EC_P256), &der, d)) != 0)
		return r;
	return pubkey_verify(key, SIG_ECDSA_P256_SHA256, tbs, wr_view(&der), d);
}

/* (1) The quote, by the attestation key that it carries. */
static int
verify_body(const struct appraisal_in *in, const struct quote *q,
    struct seal_verdict *v)
{
	struct seal_diag d = { 0 };
	struct pubkey *key = NULL;
	uint8_t buf[LIMIT_SPKI];
	struct wr spki;
	int r;

	(void)in;
	wr_init(&spki, buf, sizeof(buf));
	/* Not cached: an attacker chooses it. */
	if ((r = spki_import_ec(CURVE_P256, span_of(q->key.p, EC_P256),
		 span_of(q->key.p + EC_P256, EC_P256), &spki, NULL, &key,
		 &d)) == 0)
		r = check_signature(key, q->signed_bytes, q->signature, &d);
	pubkey_unref(&key);
	verdict_check(v, "dcap.quote.signature", r == 0, r,
	    "a signature by the attestation key", d.text, NULL);
	return r;
}

/* (2) That key, by the quoting enclave: the first half of its report data is
 * over the key and what it adds, the second is zero. */
static int
verify_key(const struct dcap_facts *f, struct seal_verdict *v)
{
	struct span parts[] = { f->quote.key, f->quote.qe_auth };
	uint8_t want[QUOTE_REPORT_DATA] = { 0 }, digest[HASH_MAX];
	struct seal_diag d = { 0 };
	char e[HEX_SHORT], g[HEX_SHORT];
	int r;

	if ((r = hash_parts(HASH_SHA256, parts, 2, digest, &d)) != 0) {
		verdict_check(v, "dcap.qe.key", false, r, NULL, d.text, NULL);
		return r;
	}
	memcpy(want, digest, 32);
	return verdict_check(v, "dcap.qe.key",
		   span_equal_ct(
		       f->qe.report_data, span_of(want, sizeof(want))),
		   SEAL_E_SIGNATURE, hex_short(span_of(want, 32), e),
		   hex_short(f->qe.report_data, g),
		   "the quoting enclave vouches for another key")
		   ? 0
		   : SEAL_E_SIGNATURE;
}

/* (3) The quoting enclave, by the platform's PCK. */
static int
verify_qe(
    const struct dcap_facts *f, const struct cert *pck, struct seal_verdict *v)
{
	struct seal_diag d = { 0 };
	int r = cert_may_sign(pck)
		    ? check_signature(cert_key(pck), f->quote.qe_report,
			  f->quote.qe_signature, &d)
		    : seal_fail(&d, SEAL_E_KEY,
			  "PCK certificate: its key may not sign");

	verdict_check(v, "dcap.qe.signature", r == 0, r,
	    "a signature by the PCK", d.text, NULL);
	return r;
}

/* ---- All ---- */

static const char *
tee_name(enum quote_tee tee)
{
	return tee == QUOTE_TDX ? "a TDX quote" : "an SGX quote";
}

static int
read_quote(const struct appraisal_in *in, enum quote_tee tee,
    struct dcap_facts *f, struct seal_verdict *v)
{
	struct seal_diag d = { 0 };
	int r = quote_parse(in->evidence, &f->quote, &d);

	if (r == 0 && f->quote.tee != tee)
		r = seal_fail(&d, SEAL_E_DECODE, "%s in a media type of %s",
		    tee_name(f->quote.tee), tee_name(tee));
	if (r == 0 &&
	    (!sgx_report_read(f->quote.qe_report, &f->qe) ||
		(tee == QUOTE_SGX ? !sgx_report_read(f->quote.body, &f->sgx)
				  : !td_report_read(&f->quote, &f->td))))
		r = seal_fail(&d, SEAL_E_DECODE, "quote: malformed report");
	verdict_check(v, "dcap.quote", r == 0, r, tee_name(tee), d.text, NULL);
	return r;
}

static int
read_certificates(
    struct dcap_facts *f, struct cert **ret, struct seal_verdict *v)
{
	struct seal_diag d = { 0 };
	int r = 0;

	if (f->quote.certs_type != QUOTE_CERTS_PEM)
		r = seal_fail(&d, SEAL_E_UNSUPPORTED,
		    "certification data of type %u, expected 5 (a PCK chain): "
		    "have the platform fetch its PCK certificate",
		    f->quote.certs_type);
	if (r == 0 && (r = read_chain(f, &d)) == 0 &&
	    (r = cert_cache_get(f->parsed, f->chain[0], ret, &d)) == 0)
		r = pck_read(f->chain[0], &f->pck, &d);
	verdict_check(v, "dcap.certificates", r == 0, r,
	    "the PCK's certificate, its CA and their root", d.text, NULL);
	return r;
}

/* Which platform: the PPID, as a digest. */
static int
name_instance(const struct dcap_facts *f, struct findings *ret)
{
	static const char domain[] = "SEAL DCAP platform v1";
	struct span parts[] = { span_of(domain, sizeof(domain) - 1),
		span_of(f->pck.ppid, sizeof(f->pck.ppid)) };
	uint8_t digest[HASH_MAX];
	int r;

	if ((r = hash_parts(HASH_SHA256, parts, 2, digest, NULL)) != 0)
		return r;
	memcpy(ret->instance, digest, sizeof(ret->instance));
	ret->has_instance = true;
	return 0;
}

static void
report(const struct cert *pck, struct dcap_facts *f, struct findings *ret,
    struct seal_verdict *v)
{
	struct span spki = cert_spki(pck);

	memcpy(ret->signer_spki, spki.p, spki.n);
	ret->n_signer_spki = spki.n;
	memcpy(ret->signer_chain, f->chain, sizeof(f->chain));
	ret->n_signer_chain = DCAP_CHAIN;
	ret->signed_binder[0] =
	    f->quote.tee == QUOTE_TDX ? f->td.report_data : f->sgx.report_data;
	ret->n_signed_binder = 1;
	ret->binder_padded = true;
	ret->subject_by_binder = true;
	ret->undated = true;
	verdict_claim_hex(
	    v, "dcap.fmspc", span_of(f->pck.fmspc, sizeof(f->pck.fmspc)));
	verdict_claim_hex(v, "dcap.report_data", ret->signed_binder[0]);
}

int
dcap_verify(const struct appraisal_in *in, enum quote_tee tee,
    struct findings *ret, struct seal_verdict *v)
{
	struct dcap_facts *f = calloc(1, sizeof(*f));
	struct cert *pck = NULL;
	int r;

	if ((ret->facts = f) == NULL)
		return SEAL_E_MEMORY;
	f->endorse = in->endorse;
	f->stapled = in->stapled;
	f->parsed = in->certs;
	if ((r = read_quote(in, tee, f, v)) == 0 &&
	    (r = read_certificates(f, &pck, v)) == 0 &&
	    (r = verify_body(in, &f->quote, v)) == 0 &&
	    (r = verify_key(f, v)) == 0 && (r = verify_qe(f, pck, v)) == 0 &&
	    (r = name_instance(f, ret)) == 0)
		report(pck, f, ret, v);
	cert_unref(&pck);
	return r;
}

void
dcap_facts_free(void *facts)
{
	struct dcap_facts *f = facts;

	free(f->certs);
	free(f);
}
