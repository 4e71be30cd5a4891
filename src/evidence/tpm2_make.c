/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/tpm2_make.h"

#include <string.h>

#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>

/* Keys have no password, so there is nothing for the dictionary-attack
 * protection to protect; without noDA a lockout that somebody else caused
 * would stop attestation. */
#define COMMON                                                           \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |                \
	    TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH | \
	    TPMA_OBJECT_NODA)

static const TPMA_OBJECT attributes[TPM2_KINDS] = {
	[TPM2_KIND_SRK] = COMMON | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
	[TPM2_KIND_AK] =
	    COMMON | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT,
	[TPM2_KIND_SUBJECT] = COMMON | TPMA_OBJECT_SIGN_ENCRYPT,
};

const char *
tpm2_kind_name(enum tpm2_kind kind)
{
	static const char *const names[TPM2_KINDS] = {
		[TPM2_KIND_SRK] = "storage root key",
		[TPM2_KIND_AK] = "attestation key",
		[TPM2_KIND_SUBJECT] = "subject key",
	};

	return names[kind];
}

/* ECC P-256 all of them; the storage key encrypts with AES-128-CFB, the
 * others sign ECDSA with SHA-256 and nothing else. */
static void
template_of(enum tpm2_kind kind, TPM2B_PUBLIC *ret)
{
	TPMT_PUBLIC *p = &ret->publicArea;
	TPMS_ECC_PARMS *ecc = &p->parameters.eccDetail;

	memset(ret, 0, sizeof(*ret));
	p->type = TPM2_ALG_ECC;
	p->nameAlg = TPM2_ALG_SHA256;
	p->objectAttributes = attributes[kind];
	ecc->curveID = TPM2_ECC_NIST_P256;
	ecc->kdf.scheme = TPM2_ALG_NULL;
	if (kind == TPM2_KIND_SRK) {
		ecc->symmetric.algorithm = TPM2_ALG_AES;
		ecc->symmetric.keyBits.aes = 128;
		ecc->symmetric.mode.aes = TPM2_ALG_CFB;
		ecc->scheme.scheme = TPM2_ALG_NULL;
	} else {
		ecc->symmetric.algorithm = TPM2_ALG_NULL;
		ecc->scheme.scheme = TPM2_ALG_ECDSA;
		ecc->scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
	}
}

bool
tpm2_kind_is(enum tpm2_kind kind, struct span public_area)
{
	TPM2B_PUBLIC want;
	TPMT_PUBLIC got;
	uint8_t buf[TPM2_BLOB_MAX];
	size_t at = 0, n = 0;

	memset(&got, 0, sizeof(got));
	if (Tss2_MU_TPMT_PUBLIC_Unmarshal(
		public_area.p, public_area.n, &at, &got) != 0 ||
	    at != public_area.n || got.type != TPM2_ALG_ECC)
		return false;
	template_of(kind, &want);
	want.publicArea.unique = got.unique;
	if (Tss2_MU_TPMT_PUBLIC_Marshal(
		&want.publicArea, buf, sizeof(buf), &n) != 0)
		return false;
	return span_equal(span_of(buf, n), public_area);
}

/* QN = nameAlg || H(QN of the parent || Name), part 1 s16.4; the name of a
 * hierarchy is its handle. */
bool
tpm2_is_under(const struct tpm2_key *key, const struct tpm2_key *parent)
{
	static const uint8_t owner[] = { 0x40, 0x00, 0x00, 0x01 };
	struct span parts[2] = {
		span_of(owner, sizeof(owner)),
		span_of(key->name, key->name_n),
	};
	uint8_t qn[2 + HASH_MAX] = { 0x00, 0x0b };

	if (parent != NULL)
		parts[0] =
		    span_of(parent->qualified_name, parent->qualified_name_n);
	return hash_parts(HASH_SHA256, parts, 2, qn + 2, NULL) == 0 &&
	       span_equal(span_of(qn, 34),
		   span_of(key->qualified_name, key->qualified_name_n));
}

static const TPM2B_SENSITIVE_CREATE no_auth;
static const TPM2B_DATA no_data;
static const TPML_PCR_SELECTION no_pcrs;

static int
make_primary(struct tpm2_conn *c, ESYS_TR *ret, struct seal_diag *d)
{
	TPM2B_PUBLIC template;
	ESYS_TR tr = ESYS_TR_NONE;
	int r;

	template_of(TPM2_KIND_SRK, &template);
	r = tpm2_check(c,
	    Esys_CreatePrimary(c->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD,
		ESYS_TR_NONE, ESYS_TR_NONE, &no_auth, &template, &no_data,
		&no_pcrs, &tr, NULL, NULL, NULL, NULL),
	    "CreatePrimary", d);
	if (r != 0)
		return r;
	tpm2_track(c, tr);
	*ret = tr;
	return 0;
}

static int
make_child(struct tpm2_conn *c, enum tpm2_kind kind, ESYS_TR srk,
    ESYS_TR session, ESYS_TR *ret, struct seal_diag *d)
{
	TPM2B_PUBLIC template, *pub = NULL;
	TPM2B_PRIVATE *private = NULL;
	ESYS_TR tr = ESYS_TR_NONE;
	int r;

	template_of(kind, &template);
	r = tpm2_check(c,
	    Esys_Create(c->esys, srk, session, ESYS_TR_NONE, ESYS_TR_NONE,
		&no_auth, &template, &no_data, &no_pcrs, &private, &pub, NULL,
		NULL, NULL),
	    "Create", d);
	if (r == 0)
		r = tpm2_session_encrypt(c, session, true, false, d);
	if (r == 0)
		r = tpm2_check(c,
		    Esys_Load(c->esys, srk, session, ESYS_TR_NONE, ESYS_TR_NONE,
			private, pub, &tr),
		    "Load", d);
	Esys_Free(private);
	Esys_Free(pub);
	if (r != 0)
		return r;
	tpm2_track(c, tr);
	*ret = tr;
	return 0;
}

/* Copies the loaded key to its handle, and frees its slot. */
static int
keep_at(struct tpm2_conn *c, ESYS_TR tr, uint32_t handle, ESYS_TR session,
    struct seal_diag *d)
{
	ESYS_TR kept = ESYS_TR_NONE;
	int r;

	r = tpm2_check(c,
	    Esys_EvictControl(c->esys, ESYS_TR_RH_OWNER, tr, session,
		ESYS_TR_NONE, ESYS_TR_NONE, handle, &kept),
	    "EvictControl", d);
	return r != 0 ? r : tpm2_flush(c, tr, d);
}

int
tpm2_make(struct tpm2_conn *c, enum tpm2_kind kind, const struct tpm2_key *srk,
    uint32_t handle, struct seal_diag *d)
{
	ESYS_TR key, parent, session;
	int r;

	if (srk == NULL) {
		if ((r = make_primary(c, &key, d)) != 0 ||
		    (r = tpm2_session(c, key, &session, d)) != 0)
			return r;
	} else {
		if ((r = tpm2_key_use(c, srk, &parent, d)) != 0 ||
		    (r = tpm2_session(c, parent, &session, d)) != 0 ||
		    (r = tpm2_session_encrypt(c, session, true, true, d)) !=
			0 ||
		    (r = make_child(c, kind, parent, session, &key, d)) != 0)
			return r;
	}
	if ((r = tpm2_session_encrypt(c, session, false, false, d)) != 0 ||
	    (r = keep_at(c, key, handle, session, d)) != 0)
		return r;
	return tpm2_flush(c, session, d);
}
