/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/tpm2.h"

#include <string.h>

#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>

#include "base/limits.h"

/* A TLS scheme as the TPM's: ECDSA, or PSS for an RSA key. */
static void
scheme_to_tss(const struct tpm_public *key, enum hash h, TPMT_SIG_SCHEME *ret)
{
	if (key->type == TPM_ALG_RSA) {
		ret->scheme = TPM2_ALG_RSAPSS;
		ret->details.rsapss.hashAlg = tpm_hash_alg(h);
	} else {
		ret->scheme = TPM2_ALG_ECDSA;
		ret->details.ecdsa.hashAlg = tpm_hash_alg(h);
	}
}

static int
do_sign(struct tpm2_conn *c, struct tpm2_sign *s, ESYS_TR key, ESYS_TR session,
    struct seal_diag *d)
{
	/* The key is not restricted, so no ticket needs to vouch for the
	 * digest. */
	static const TPMT_TK_HASHCHECK no_ticket = {
		.tag = TPM2_ST_HASHCHECK,
		.hierarchy = TPM2_RH_NULL,
	};
	enum hash h = sig_hash(s->scheme);
	struct tpm_public pub = { 0 };
	TPM2B_DIGEST digest = { .size = (UINT16)hash_size(h) };
	TPMT_SIG_SCHEME scheme = { 0 };
	TPMT_SIGNATURE *sig = NULL;
	int r;

	if ((r = tpm_public_parse(tpm2_key_public(s->subject), &pub, d)) != 0 ||
	    (r = hash_one(h, s->tbs, digest.buffer, d)) != 0)
		return r;
	scheme_to_tss(&pub, h, &scheme);
	r = tpm2_check(c,
	    Esys_Sign(c->esys, key, session, ESYS_TR_NONE, ESYS_TR_NONE,
		&digest, &scheme, &no_ticket, &sig),
	    "Sign", d);
	s->signature.n = 0;
	if (r == 0)
		r = tpm2_check(c,
		    Tss2_MU_TPMT_SIGNATURE_Marshal(sig, s->signature.p,
			sizeof(s->signature.p), &s->signature.n),
		    "TPMT_SIGNATURE", d);
	Esys_Free(sig);
	return r;
}

int
tpm2_sign_job(struct tpm2_conn *c, void *arg, struct seal_diag *d)
{
	struct tpm2_sign *s = arg;
	ESYS_TR srk, key, session;
	int r;

	/* What Sign returns is no TPM2B, so only the command is encrypted. */
	if ((r = tpm2_key_use(c, s->srk, &srk, d)) != 0 ||
	    (r = tpm2_key_use(c, s->subject, &key, d)) != 0 ||
	    (r = tpm2_session(c, srk, &session, d)) != 0 ||
	    (r = tpm2_session_encrypt(c, session, true, false, d)) != 0 ||
	    (r = do_sign(c, s, key, session, d)) != 0)
		return r;
	return tpm2_flush(c, session, d);
}

/*
 * Some TPMs sign RSA-PSS with the longest salt that fits, which TLS 1.3 does
 * not accept (RFC 8446 s4.2.3); better told here than by the peer.
 */
static int
check_signature(struct tpm2_sign *s, struct span sig, struct seal_diag *d)
{
	struct tpm_public pub = { 0 };
	struct pubkey *key = NULL;
	uint8_t spki[LIMIT_SPKI];
	struct wr w;
	int r;

	wr_init(&w, spki, sizeof(spki));
	if ((r = tpm_public_parse(tpm2_key_public(s->subject), &pub, d)) != 0 ||
	    (r = tpm_public_spki(&pub, &w, d)) != 0 ||
	    (r = pubkey_from_spki(wr_view(&w), &key, d)) != 0)
		return r;
	if (pubkey_verify(key, s->scheme, s->tbs, sig, NULL) != 0) {
		r = seal_fail(d, SEAL_E_UNSUPPORTED,
		    "tpm2: the TPM's %s signature does not verify",
		    sig_name(s->scheme));
		seal_remedy(d, "use an elliptic curve key: seal tpm init");
	}
	pubkey_unref(&key);
	return r;
}

int
tpm2_sign(const struct tpm2_where *where, uint64_t deadline_ms,
    struct tpm2_sign *s, struct wr *out, struct seal_diag *d)
{
	struct tpm_signature sig = { 0 };
	uint8_t buf[LIMIT_SIGNATURE];
	uint16_t scheme = 0;
	struct wr w;
	int r;

	wr_init(&w, buf, sizeof(buf));
	if ((r = tpm2_run(where, deadline_ms, tpm2_sign_job, s, d)) != 0 ||
	    (r = tpm_signature_parse(
		 span_of(s->signature.p, s->signature.n), &sig, d)) != 0 ||
	    (r = tpm_signature_to_tls(&sig, &scheme, &w, d)) != 0 ||
	    (r = check_signature(s, wr_view(&w), d)) != 0)
		return r;
	wr_bytes(out, wr_view(&w));
	return out->error == 0
		   ? 0
		   : seal_fail(d, out->error, "tpm2: no room for a signature");
}
