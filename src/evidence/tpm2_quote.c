/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/tpm2.h"

#include <string.h>

#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>

#define RACE_TRIES 3 /* a PCR may be extended while we read */

/* A restricted key signs with its own scheme only. */
static const TPMT_SIG_SCHEME own_scheme = { .scheme = TPM2_ALG_NULL };

static int
keep_attest(const TPM2B_ATTEST *in, struct tpm2_blob *ret, struct seal_diag *d)
{
	if (in->size > sizeof(ret->p))
		return seal_fail(
		    d, SEAL_E_LIMIT, "tpm2: attestation too large");
	memcpy(ret->p, in->attestationData, in->size);
	ret->n = in->size;
	return 0;
}

static int
keep_signature(struct tpm2_conn *c, const TPMT_SIGNATURE *in,
    struct tpm2_blob *ret, struct seal_diag *d)
{
	ret->n = 0;
	return tpm2_check(c,
	    Tss2_MU_TPMT_SIGNATURE_Marshal(in, ret->p, sizeof(ret->p), &ret->n),
	    "TPMT_SIGNATURE", d);
}

/* Both results of a command that attests; frees them. */
static int
keep(struct tpm2_conn *c, int r, TPM2B_ATTEST *attest, TPMT_SIGNATURE *sig,
    struct tpm2_blob *ret_attest, struct tpm2_blob *ret_sig,
    struct seal_diag *d)
{
	if (r == 0)
		r = keep_attest(attest, ret_attest, d);
	if (r == 0)
		r = keep_signature(c, sig, ret_sig, d);
	Esys_Free(attest);
	Esys_Free(sig);
	return r;
}

struct handles {
	ESYS_TR srk, ak, subject, session;
	TPM2B_DATA binder;
};

static int
do_quote(struct tpm2_conn *c, struct tpm2_quote *q, const struct handles *h,
    struct seal_diag *d)
{
	TPM2B_ATTEST *attest = NULL;
	TPMT_SIGNATURE *sig = NULL;
	TPML_PCR_SELECTION sel;
	int r;

	tpm2_pcrs_to_tss(q->pcrs.selection, q->pcrs.n_selection, &sel);
	r = tpm2_check(c,
	    Esys_Quote(c->esys, h->ak, h->session, ESYS_TR_NONE, ESYS_TR_NONE,
		&h->binder, &own_scheme, &sel, &attest, &sig),
	    "Quote", d);
	return keep(c, r, attest, sig, &q->quote, &q->quote_signature, d);
}

/* The session authorises the subject key and protects the whole command, so
 * the AK's empty password adds nothing that could be attacked. */
static int
do_certify(struct tpm2_conn *c, struct tpm2_quote *q, const struct handles *h,
    struct seal_diag *d)
{
	TPM2B_ATTEST *attest = NULL;
	TPMT_SIGNATURE *sig = NULL;
	int r;

	r = tpm2_check(c,
	    Esys_Certify(c->esys, h->subject, h->ak, h->session,
		ESYS_TR_PASSWORD, ESYS_TR_NONE, &h->binder, &own_scheme,
		&attest, &sig),
	    "Certify", d);
	return keep(c, r, attest, sig, &q->certify, &q->certify_signature, d);
}

static bool
digest_matches(const struct tpm2_quote *q, const struct tpm_attest *quote,
    struct seal_diag *d)
{
	struct tpm_signature sig = { 0 };
	uint8_t digest[HASH_MAX];
	enum hash h;

	if (tpm_signature_parse(
		span_of(q->quote_signature.p, q->quote_signature.n), &sig, d) !=
	    0)
		return false;
	h = tpm_hash(sig.hash); /* the scheme's hash, not the bank's */
	return tpm2_pcrs_digest(&q->pcrs, h, digest, d) == 0 &&
	       span_equal(quote->pcr_digest, span_of(digest, hash_size(h)));
}

static int
read_attest(const struct tpm2_quote *q, const struct tpm2_blob *b,
    struct tpm_attest *ret, struct seal_diag *d)
{
	int r = tpm_attest_parse(span_of(b->p, b->n), ret, d);

	if (r != 0 || span_equal(ret->extra_data, q->binder))
		return r;
	return seal_fail(d, SEAL_E_BINDER,
	    "tpm2: the TPM signed other data than the binder");
}

/* Do the two attestations and the values belong to one moment? PROTOCOL 5.3
 * has the peer check the same. */
static int
check_whole(const struct tpm2_quote *q, bool *ret_same, struct seal_diag *d)
{
	struct tpm_attest a = { 0 }, b = { 0 };
	int r;

	if ((r = read_attest(q, &q->quote, &a, d)) != 0)
		return r;
	*ret_same = digest_matches(q, &a, d);
	if (q->subject == NULL || (r = read_attest(q, &q->certify, &b, d)) != 0)
		return r;
	*ret_same = *ret_same && a.reset_count == b.reset_count &&
		    a.restart_count == b.restart_count &&
		    a.firmware == b.firmware &&
		    span_equal(a.qualified_signer, b.qualified_signer);
	return 0;
}

static int
use_handles(struct tpm2_conn *c, const struct tpm2_quote *q, struct handles *h,
    struct seal_diag *d)
{
	int r;

	if (q->binder.n > sizeof(h->binder.buffer))
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "tpm2: a binder of %zu bytes is too long", q->binder.n);
	if (q->binder.n > 0)
		memcpy(h->binder.buffer, q->binder.p, q->binder.n);
	h->binder.size = (UINT16)q->binder.n;
	if ((r = tpm2_key_use(c, q->ak, &h->ak, d)) != 0)
		return r;
	/* A quote alone, of a TPM with no storage key of ours: what could be
	 * forged on the way to it, no peer would accept. */
	if (q->subject == NULL) {
		h->session = ESYS_TR_PASSWORD;
		return 0;
	}
	if ((r = tpm2_key_use(c, q->srk, &h->srk, d)) != 0 ||
	    (r = tpm2_key_use(c, q->subject, &h->subject, d)) != 0 ||
	    (r = tpm2_session(c, h->srk, &h->session, d)) != 0)
		return r;
	return tpm2_session_encrypt(c, h->session, true, true, d);
}

int
tpm2_quote_job(struct tpm2_conn *c, void *arg, struct seal_diag *d)
{
	struct tpm2_quote *q = arg;
	struct handles h = { 0 };
	bool same = false;
	int r;

	if ((r = use_handles(c, q, &h, d)) != 0)
		return r;
	for (int i = 0; i < RACE_TRIES && !same; i++) {
		if ((r = tpm2_pcrs_read(c, &q->pcrs, d)) != 0 ||
		    (r = do_quote(c, q, &h, d)) != 0 ||
		    (q->subject != NULL &&
			(r = do_certify(c, q, &h, d)) != 0) ||
		    (r = check_whole(q, &same, d)) != 0)
			return r;
	}
	if (!same)
		return seal_fail(d, SEAL_E_UNAVAILABLE,
		    "tpm2: PCRs kept changing, or the TPM was reset, while "
		    "they were quoted");
	return tpm2_flush(c, h.session, d);
}
