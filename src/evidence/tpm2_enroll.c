/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/tpm2_enroll.h"

#include <stdlib.h>
#include <string.h>

#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>

#include "base/limits.h"
#include "crypto/issue.h"
#include "evidence/driver.h"
#include "evidence/tpm2.h"

#define ENROLL_TIMEOUT_MS 60000u
#define NV_CHUNK 512u /* every TPM reads as much at a time */
#define EK_ATTRIBUTES                                                       \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |                   \
	    TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_ADMINWITHPOLICY | \
	    TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)

/* PolicySecret of the endorsement hierarchy (EK Credential Profile B.3.2). */
static const uint8_t policy_a[32] = { 0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3,
	0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24, 0xfd, 0x52, 0xd7,
	0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69,
	0xaa };
/* PolicyB for SHA-384: PolicySecret, or an authorised policy (B.4.3). */
static const uint8_t policy_b384[48] = { 0xb2, 0x6e, 0x7d, 0x28, 0xd1, 0x1a,
	0x50, 0xbc, 0x53, 0xd8, 0x82, 0xbc, 0xf5, 0xfd, 0x3a, 0x1a, 0x07, 0x41,
	0x48, 0xbb, 0x35, 0xd3, 0xb4, 0xe4, 0xcb, 0x1c, 0x0a, 0xd9, 0xbd, 0xe4,
	0x19, 0xca, 0xcb, 0x47, 0xba, 0x09, 0x69, 0x96, 0x46, 0x15, 0x0f, 0x9f,
	0xc0, 0x00, 0xf3, 0xf8, 0x0e, 0x12 };

/* NV indices of the profile s2.2.1.4; 0: the template is not kept there. */
static const struct ek_kind {
	enum tpm2_ek ek;
	const char *name;
	uint32_t nv_cert, nv_template;
	bool ecc, by_password;
} kinds[] = {
	{ TPM2_EK_RSA2048, "rsa2048", 0x01c00002, 0x01c00004, false, false },
	{ TPM2_EK_P256, "p256", 0x01c0000a, 0x01c0000c, true, false },
	{ TPM2_EK_P384, "p384", 0x01c00016, 0, true, true },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

enum tpm2_ek
tpm2_ek_by_name(const char *name)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return kinds[i].ek;
	return TPM2_EK_ANY;
}

struct enroll {
	struct tpm2_where where;
	uint64_t deadline_ms;
	uint32_t srk_handle, ak_handle;
	enum tpm2_ek wanted;
	bool no_certificate;
	struct tpm2_key srk, ak;
	const struct ek_kind *kind;
	struct wr cert; /* content of the NV index */
	TPM2B_PUBLIC ek_public;
	TPM2B_ID_OBJECT blob;
	TPM2B_ENCRYPTED_SECRET seed;
	uint8_t secret[sizeof(TPMU_HA)];
	size_t secret_n;
};

/* ---- NV memory ---- */

static bool
is_absent(TSS2_RC rc)
{
	return (rc & TSS2_RC_LAYER_MASK) == TSS2_TPM_RC_LAYER &&
	       (rc & 0xbf) == TPM2_RC_HANDLE;
}

static int
nv_size(struct tpm2_conn *c, ESYS_TR nv, size_t *ret, struct seal_diag *d)
{
	TPM2B_NV_PUBLIC *pub = NULL;
	int r;

	r = tpm2_check(c,
	    Esys_NV_ReadPublic(c->esys, nv, ESYS_TR_NONE, ESYS_TR_NONE,
		ESYS_TR_NONE, &pub, NULL),
	    "NV_ReadPublic", d);
	if (r == 0)
		*ret = pub->nvPublic.dataSize;
	Esys_Free(pub);
	return r;
}

/* Appends the index to out; *ret_found is false where there is none. */
static int
nv_read(struct tpm2_conn *c, uint32_t index, struct wr *out, bool *ret_found,
    struct seal_diag *d)
{
	ESYS_TR nv = ESYS_TR_NONE;
	size_t size = 0;
	TSS2_RC rc;
	int r;

	*ret_found = false;
	rc = Esys_TR_FromTPMPublic(
	    c->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &nv);
	if (is_absent(rc))
		return 0;
	if ((r = tpm2_check(c, rc, "NV index", d)) != 0 ||
	    (r = nv_size(c, nv, &size, d)) != 0)
		return r;
	for (size_t at = 0; r == 0 && at < size;) {
		TPM2B_MAX_NV_BUFFER *part = NULL;
		size_t n = size - at < NV_CHUNK ? size - at : NV_CHUNK;

		r = tpm2_check(c,
		    Esys_NV_Read(c->esys, nv, nv, ESYS_TR_PASSWORD,
			ESYS_TR_NONE, ESYS_TR_NONE, (UINT16)n, (UINT16)at,
			&part),
		    "NV_Read", d);
		if (r == 0) {
			wr_bytes(out, span_of(part->buffer, part->size));
			at += n;
			r = out->error;
		}
		Esys_Free(part);
	}
	*ret_found = r == 0;
	return r;
}

/* ---- The endorsement key ---- */

static void
template_default(const struct ek_kind *k, TPM2B_PUBLIC *ret)
{
	TPMT_PUBLIC *p = &ret->publicArea;
	TPMT_SYM_DEF_OBJECT aes = {
		.algorithm = TPM2_ALG_AES,
		.keyBits = { .aes = 128 },
		.mode = { .aes = TPM2_ALG_CFB },
	};

	memset(ret, 0, sizeof(*ret));
	p->type = k->ecc ? TPM2_ALG_ECC : TPM2_ALG_RSA;
	p->nameAlg = TPM2_ALG_SHA256;
	p->objectAttributes = EK_ATTRIBUTES;
	p->authPolicy.size = sizeof(policy_a);
	memcpy(p->authPolicy.buffer, policy_a, sizeof(policy_a));
	if (!k->ecc) {
		p->parameters.rsaDetail.symmetric = aes;
		p->parameters.rsaDetail.scheme.scheme = TPM2_ALG_NULL;
		p->parameters.rsaDetail.keyBits = 2048;
		p->unique.rsa.size = 256;
		return;
	}
	p->parameters.eccDetail.symmetric = aes;
	p->parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
	p->parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
	p->parameters.eccDetail.curveID = TPM2_ECC_NIST_P256;
	p->unique.ecc.x.size = p->unique.ecc.y.size = 32;
	if (k->ek != TPM2_EK_P384)
		return;
	p->nameAlg = TPM2_ALG_SHA384;
	p->objectAttributes |= TPMA_OBJECT_USERWITHAUTH;
	p->authPolicy.size = sizeof(policy_b384);
	memcpy(p->authPolicy.buffer, policy_b384, sizeof(policy_b384));
	p->parameters.eccDetail.symmetric.keyBits.aes = 256;
	p->parameters.eccDetail.curveID = TPM2_ECC_NIST_P384;
	p->unique.ecc.x.size = p->unique.ecc.y.size = 0;
}

/* The manufacturer's own template, where NV memory holds one. */
static int
template_of(struct tpm2_conn *c, const struct ek_kind *k, TPM2B_PUBLIC *ret,
    struct seal_diag *d)
{
	uint8_t buf[TPM2_BLOB_MAX];
	bool found = false;
	size_t at = 0;
	struct wr w;
	int r;

	template_default(k, ret);
	if (k->nv_template == 0)
		return 0;
	wr_init(&w, buf, sizeof(buf));
	r = nv_read(c, k->nv_template, &w, &found, d);
	if (r != 0 || !found)
		return r;
	memset(ret, 0, sizeof(*ret));
	return tpm2_check(c,
	    Tss2_MU_TPMT_PUBLIC_Unmarshal(w.p, w.n, &at, &ret->publicArea),
	    "EK template in NV memory", d);
}

static int
ek_make(struct tpm2_conn *c, const struct ek_kind *k, TPM2B_PUBLIC *ret_public,
    ESYS_TR *ret, struct seal_diag *d)
{
	static const TPM2B_SENSITIVE_CREATE no_auth;
	static const TPM2B_DATA no_data;
	static const TPML_PCR_SELECTION no_pcrs;
	TPM2B_PUBLIC template, *pub = NULL;
	ESYS_TR tr = ESYS_TR_NONE;
	int r;

	if ((r = template_of(c, k, &template, d)) != 0)
		return r;
	r = tpm2_check(c,
	    Esys_CreatePrimary(c->esys, ESYS_TR_RH_ENDORSEMENT,
		ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &no_auth,
		&template, &no_data, &no_pcrs, &tr, &pub, NULL, NULL, NULL),
	    "CreatePrimary of the EK", d);
	if (r != 0)
		return r;
	tpm2_track(c, tr);
	*ret_public = *pub;
	*ret = tr;
	Esys_Free(pub);
	return 0;
}

/* The kind that was asked for, or the first that has a certificate. */
static int
choose_kind(struct tpm2_conn *c, struct enroll *e, struct seal_diag *d)
{
	bool found = false;
	int r;

	for (size_t i = 0; i < KINDS; i++) {
		const struct ek_kind *k = &kinds[i];

		if (e->wanted != TPM2_EK_ANY && e->wanted != k->ek)
			continue;
		e->kind = k;
		if (e->no_certificate)
			return 0;
		wr_free(&e->cert);
		wr_init_heap(&e->cert, LIMIT_CERTIFICATE);
		if ((r = nv_read(c, k->nv_cert, &e->cert, &found, d)) != 0 ||
		    found)
			return r;
	}
	seal_fail(d, SEAL_E_CONFIG,
	    "tpm enroll: the TPM holds no EK certificate that we look for");
	seal_remedy(d, "give the manufacturer's with --ek-cert, and its kind "
		       "with --ek");
	return SEAL_E_CONFIG;
}

static int
need_key(struct tpm2_conn *c, uint32_t handle, struct tpm2_key *key,
    struct seal_diag *d)
{
	bool found = false;
	int r = tpm2_key_find(c, handle, key, &found, d);

	if (r != 0 || found)
		return r;
	seal_fail(d, SEAL_E_CONFIG, "tpm enroll: no key at handle 0x%08x",
	    (unsigned)handle);
	seal_remedy(d, "make the keys once: seal tpm init");
	return SEAL_E_CONFIG;
}

static int
read_job(struct tpm2_conn *c, void *arg, struct seal_diag *d)
{
	struct enroll *e = arg;
	ESYS_TR ek = ESYS_TR_NONE;
	int r;

	if ((r = need_key(c, e->ak_handle, &e->ak, d)) != 0 ||
	    (r = choose_kind(c, e, d)) != 0)
		return r;
	return ek_make(c, e->kind, &e->ek_public, &ek, d);
}

/* ---- Activation ---- */

static int
policy_session(struct tpm2_conn *c, ESYS_TR *ret, struct seal_diag *d)
{
	static const TPMT_SYM_DEF none = { .algorithm = TPM2_ALG_NULL };
	ESYS_TR tr = ESYS_TR_NONE;
	int r;

	r = tpm2_check(c,
	    Esys_StartAuthSession(c->esys, ESYS_TR_NONE, ESYS_TR_NONE,
		ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_POLICY,
		&none, TPM2_ALG_SHA256, &tr),
	    "StartAuthSession", d);
	if (r != 0)
		return r;
	tpm2_track(c, tr);
	r = tpm2_check(c,
	    Esys_PolicySecret(c->esys, ESYS_TR_RH_ENDORSEMENT, tr,
		ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, NULL, NULL, NULL,
		0, NULL, NULL),
	    "PolicySecret", d);
	*ret = tr;
	return r;
}

static int
activate(struct tpm2_conn *c, struct enroll *e, ESYS_TR ek, ESYS_TR ak,
    ESYS_TR ak_auth, ESYS_TR ek_auth, struct seal_diag *d)
{
	TPM2B_DIGEST *secret = NULL;
	int r;

	r = tpm2_check(c,
	    Esys_ActivateCredential(c->esys, ak, ek, ak_auth, ek_auth,
		ESYS_TR_NONE, &e->blob, &e->seed, &secret),
	    "ActivateCredential (the challenge must be for this EK and AK)", d);
	if (r == 0) {
		e->secret_n = secret->size;
		memcpy(e->secret, secret->buffer, secret->size);
		seal_wipe(secret, sizeof(*secret));
	}
	Esys_Free(secret);
	return r;
}

static int
activate_job(struct tpm2_conn *c, void *arg, struct seal_diag *d)
{
	ESYS_TR ek, ak, srk, session, policy = ESYS_TR_PASSWORD;
	struct enroll *e = arg;
	int r;

	if ((r = need_key(c, e->srk_handle, &e->srk, d)) != 0 ||
	    (r = need_key(c, e->ak_handle, &e->ak, d)) != 0 ||
	    (r = choose_kind(c, e, d)) != 0 ||
	    (r = ek_make(c, e->kind, &e->ek_public, &ek, d)) != 0 ||
	    (r = tpm2_key_use(c, &e->srk, &srk, d)) != 0 ||
	    (r = tpm2_key_use(c, &e->ak, &ak, d)) != 0 ||
	    (r = tpm2_session(c, srk, &session, d)) != 0)
		return r;
	/* The H templates let the EK be used by its empty password. */
	if (!e->kind->by_password && (r = policy_session(c, &policy, d)) != 0)
		return r;
	/* So that who listens on the bus does not learn the secret. */
	if ((r = tpm2_session_encrypt(c, session, false, true, d)) != 0)
		return r;
	return activate(c, e, ek, ak, session, policy, d);
}

/* ---- The whole ---- */

static uint32_t
or_default(uint32_t handle, uint32_t fallback)
{
	return handle == 0 ? fallback : handle;
}

static struct enroll *
enroll_new(const struct tpm2_enroll_conf *conf)
{
	struct enroll *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->where.tcti = conf->tcti == NULL ? TPM2_DEFAULT_TCTI : conf->tcti;
	e->where.lock_dir = conf->lock_dir;
	e->deadline_ms =
	    evidence_now_ms() +
	    (conf->timeout_ms == 0 ? ENROLL_TIMEOUT_MS : conf->timeout_ms);
	e->srk_handle = or_default(conf->srk, TPM2_DEFAULT_SRK);
	e->ak_handle = or_default(conf->ak, TPM2_DEFAULT_AK);
	e->wanted = conf->ek;
	e->no_certificate = conf->no_certificate;
	wr_init_heap(&e->cert, LIMIT_CERTIFICATE);
	return e;
}

static void
enroll_free(struct enroll *e)
{
	tpm2_key_clear(&e->srk);
	tpm2_key_clear(&e->ak);
	wr_free(&e->cert);
	seal_wipe(e, sizeof(*e));
	free(e);
}

static int
put_ek(const struct enroll *e, struct wr *out, struct seal_diag *d)
{
	uint8_t buf[TPM2_BLOB_MAX];
	size_t n = 0;

	if (Tss2_MU_TPMT_PUBLIC_Marshal(
		&e->ek_public.publicArea, buf, sizeof(buf), &n) != 0)
		return seal_fail(d, SEAL_E_LIMIT, "tpm enroll: EK too large");
	wr_bytes(out, span_of(buf, n));
	return out->error;
}

int
tpm2_enroll_read(const struct tpm2_enroll_conf *conf, struct wr *ret_cert,
    struct wr *ret_ek, struct wr *ret_ak, struct seal_diag *d)
{
	struct enroll *e = enroll_new(conf);
	int r;

	if (e == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "tpm enroll");
	if ((r = tpm2_run(&e->where, e->deadline_ms, read_job, e, d)) != 0 ||
	    (r = put_ek(e, ret_ek, d)) != 0)
		goto out;
	wr_bytes(ret_cert, der_trim(wr_view(&e->cert)));
	wr_bytes(ret_ak, tpm2_key_public(&e->ak));
	if (ret_cert->error != 0 || ret_ak->error != 0)
		r = seal_fail(d, SEAL_E_LIMIT, "tpm enroll: no room");
out:
	enroll_free(e);
	return r;
}

int
tpm2_enroll_activate(const struct tpm2_enroll_conf *conf, struct span blob,
    struct span seed, struct wr *ret_secret, struct seal_diag *d)
{
	struct enroll *e;
	int r;

	if (blob.n > sizeof(e->blob.credential) ||
	    seed.n > sizeof(e->seed.secret))
		return seal_fail(d, SEAL_E_LIMIT,
		    "tpm enroll: the challenge is larger than TPMs take");
	if ((e = enroll_new(conf)) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "tpm enroll");
	e->blob.size = (UINT16)blob.n;
	memcpy(e->blob.credential, blob.p, blob.n);
	e->seed.size = (UINT16)seed.n;
	memcpy(e->seed.secret, seed.p, seed.n);
	r = tpm2_run(&e->where, e->deadline_ms, activate_job, e, d);
	if (r == 0) {
		wr_bytes(ret_secret, span_of(e->secret, e->secret_n));
		r = ret_secret->error;
	}
	enroll_free(e);
	return r;
}
