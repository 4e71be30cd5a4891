/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include "fake/azure.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_tctildr.h>

#include "appraise/dcap_fixture.h"
#include "appraise/folder_fixture.h"
#include "appraise/snp_fixture.h"
#include "fake/tsm_platform.h"
#include "base/text.h"
#include "format/azure.h"
#include "format/tpm.h"
#include "jose/key.h"

#define RSA_SIZE 256 /* bytes of a signature of AMD's CAs */
#define AK 0x81000003u
/* Bytes at the index, padding included; as many as swtpm takes (Azure: 2600).
 */
#define HCL_SIZE 2048u
#define CHUNK 512u
#define JSON_MAX 1024

static enum azure_kind kind;
static const char *tcti;
static TPM2B_PUBLIC ak;

/* ---- The virtual TPM ---- */

struct tpm {
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *esys;
};

static struct tpm
tpm_open(void)
{
	struct tpm t = { NULL, NULL };

	assert_int_equal(Tss2_TctiLdr_Initialize(tcti, &t.tcti), 0);
	assert_int_equal(Esys_Initialize(&t.esys, t.tcti, NULL), 0);
	return t;
}

static void
tpm_close(struct tpm *t)
{
	Esys_Finalize(&t->esys);
	Tss2_TctiLdr_Finalize(&t->tcti);
}

/* RSA-2048 with RSASSA and SHA-256, restricted: as Azure's. */
static const TPM2B_PUBLIC ak_template = {
	.publicArea = {
		.type = TPM2_ALG_RSA,
		.nameAlg = TPM2_ALG_SHA256,
		.objectAttributes = TPMA_OBJECT_FIXEDTPM |
		    TPMA_OBJECT_FIXEDPARENT |
		    TPMA_OBJECT_SENSITIVEDATAORIGIN |
		    TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_RESTRICTED |
		    TPMA_OBJECT_SIGN_ENCRYPT,
		.parameters.rsaDetail = {
			.symmetric.algorithm = TPM2_ALG_NULL,
			.scheme = { .scheme = TPM2_ALG_RSASSA,
			    .details.rsassa.hashAlg = TPM2_ALG_SHA256 },
			.keyBits = 2048,
		},
	},
};

static void
make_ak(void)
{
	static const TPM2B_SENSITIVE_CREATE sensitive = { .size = 0 };
	static const TPM2B_DATA outside = { .size = 0 };
	static const TPML_PCR_SELECTION none = { .count = 0 };
	struct tpm t = tpm_open();
	ESYS_TR tr = ESYS_TR_NONE, kept = ESYS_TR_NONE;
	TPM2B_PUBLIC *pub = NULL;

	assert_int_equal(
	    Esys_CreatePrimary(t.esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD,
		ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &ak_template, &outside,
		&none, &tr, &pub, NULL, NULL, NULL),
	    0);
	ak = *pub;
	Esys_Free(pub);
	assert_int_equal(
	    Esys_EvictControl(t.esys, ESYS_TR_RH_OWNER, tr, ESYS_TR_PASSWORD,
		ESYS_TR_NONE, ESYS_TR_NONE, AK, &kept),
	    0);
	assert_int_equal(Esys_FlushContext(t.esys, tr), 0);
	tpm_close(&t);
}

static void
forget_index(struct tpm *t)
{
	ESYS_TR nv = ESYS_TR_NONE;

	if (Esys_TR_FromTPMPublic(t->esys, HCL_NV_INDEX, ESYS_TR_NONE,
		ESYS_TR_NONE, ESYS_TR_NONE, &nv) == 0)
		assert_int_equal(
		    Esys_NV_UndefineSpace(t->esys, ESYS_TR_RH_OWNER, nv,
			ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE),
		    0);
}

static ESYS_TR
define_index(struct tpm *t)
{
	static const TPM2B_AUTH no_auth = { .size = 0 };
	const TPM2B_NV_PUBLIC pub = { .nvPublic = {
					  .nvIndex = HCL_NV_INDEX,
					  .nameAlg = TPM2_ALG_SHA256,
					  .attributes = TPMA_NV_OWNERWRITE |
							TPMA_NV_OWNERREAD,
					  .dataSize = HCL_SIZE,
				      } };
	ESYS_TR nv = ESYS_TR_NONE;

	assert_int_equal(
	    Esys_NV_DefineSpace(t->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD,
		ESYS_TR_NONE, ESYS_TR_NONE, &no_auth, &pub, &nv),
	    0);
	return nv;
}

static void
put_index(const uint8_t report[HCL_SIZE])
{
	struct tpm t = tpm_open();
	ESYS_TR nv;

	forget_index(&t);
	nv = define_index(&t);
	for (size_t at = 0; at < HCL_SIZE; at += CHUNK) {
		TPM2B_MAX_NV_BUFFER b = { .size = CHUNK };

		if (HCL_SIZE - at < CHUNK)
			b.size = (UINT16)(HCL_SIZE - at);
		memcpy(b.buffer, report + at, b.size);
		assert_int_equal(Esys_NV_Write(t.esys, ESYS_TR_RH_OWNER, nv,
				     ESYS_TR_PASSWORD, ESYS_TR_NONE,
				     ESYS_TR_NONE, &b, (UINT16)at),
		    0);
	}
	tpm_close(&t);
}

/* ---- The report ---- */

static json_t *
rsa_jwk(const TPM2B_PUBLIC_KEY_RSA *n)
{
	char text[512];
	struct wr w;

	wr_init(&w, text, sizeof(text));
	b64url_encode(span_of(n->buffer, n->size), &w);
	return json_pack(
	    "{s:s, s:s, s:s%}", "kty", "RSA", "e", "AQAB", "n", text, w.n);
}

/* Of a key that no TPM has. */
static json_t *
other_jwk(void)
{
	TPM2B_PUBLIC_KEY_RSA n = ak.publicArea.unique.rsa;

	n.buffer[7] ^= 1;
	return rsa_jwk(&n);
}

static void
write_json(bool other_key, char json[JSON_MAX])
{
	json_t *key =
	    other_key ? other_jwk() : rsa_jwk(&ak.publicArea.unique.rsa);
	json_t *j;
	char *text;

	json_object_set_new(key, "kid", json_string(HCL_AK));
	j = json_pack("{s:[o], s:{s:b}, s:s}", "keys", key, "vm-configuration",
	    "secure-boot", 1, "user-data", "00");
	assert_non_null(text = json_dumps(j, JSON_COMPACT));
	snprintf(json, JSON_MAX, "%s", text);
	free(text);
	json_decref(j);
}

static void
put_le(struct wr *w, size_t v)
{
	for (unsigned i = 0; i < 4; i++)
		wr_u8(w, (uint8_t)(v >> 8 * i));
}

/* An SNP report over data, or a TDREPORT with it: zeros around, and one byte
 * for the host, of the code that runs. */
static void
write_hardware(const uint8_t data[64], bool other_code, struct wr *w)
{
	uint8_t report[HCL_HARDWARE] = { 0 };
	struct snp_change changes[9];

	if (kind == AZURE_VM_TDX) {
		memcpy(report + 128, data, 64);
		report[0] = other_code;
	} else {
		for (size_t i = 0; i < 8; i++) {
			changes[i] =
			    (struct snp_change){ .at = 0x50 + 8 * i, .n = 8 };
			memcpy(changes[i].value, data + 8 * i, 8);
		}
		changes[8] = (struct snp_change){ 0x90, { 0x12 }, 1 };
		snp_make_report(report, 3, changes, other_code ? 9 : 8);
	}
	wr_bytes(w, span_of(report, sizeof(report)));
}

static void
write_report(const char *how, uint8_t ret[HCL_SIZE])
{
	static const uint8_t zeros[HCL_SIZE];
	uint8_t data[64] = { 0 };
	char json[JSON_MAX];
	struct span text;
	struct wr w;

	write_json(strcmp(how, "other-key") == 0, json);
	text = span_str(json);
	assert_int_equal(hash_one(HASH_SHA256, text, data, NULL), 0);
	if (strcmp(how, "unhashed") == 0)
		json[text.n - 3] = '1';
	wr_init(&w, ret, HCL_SIZE);
	wr_bytes(&w, span_str("HCLA"));
	wr_bytes(&w, span_of(zeros, 28));
	write_hardware(data, strcmp(how, "other-code") == 0, &w);
	put_le(&w, text.n + 20);
	put_le(&w, 1);
	put_le(&w, kind == AZURE_VM_TDX ? HCL_TDX : HCL_SNP);
	put_le(&w, 1);
	put_le(&w, text.n);
	wr_bytes(&w, text);
	wr_bytes(&w, span_of(zeros, HCL_SIZE - w.n));
	assert_int_equal(w.error, 0);
}

bool
azure_vm_report(const char *how)
{
	static const char *const known[] = { "good", "other-key", "unhashed",
		"torn", "other-code" };
	uint8_t report[HCL_SIZE], other[HCL_SIZE];

	if (strcmp(how, "none") == 0) {
		struct tpm t = tpm_open();

		forget_index(&t);
		tpm_close(&t);
		return true;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(how, known[i]) != 0)
			continue;
		write_report(how, report);
		if (strcmp(how, "torn") == 0) {
			write_report("other-key", other);
			memcpy(report, other, 1024);
		}
		put_index(report);
		return true;
	}
	return false;
}

/* ---- What Relying Parties need ---- */

static void
start_snp(const char *state)
{
	snp_setup(RSA_SIZE);
	platform_copy(state, "root.pem", snp_root_file());
	platform_copy(state, "other.pem", snp_other_root_file());
}

static void
start_tdx(const char *state)
{
	const struct dcap_recipe r = { .tee = QUOTE_TDX };
	struct endorsements *e;
	char path[256];

	dcap_setup();
	platform_copy(state, "root.pem", dcap_root_file());
	platform_copy(state, "other.pem", dcap_twin_file());
	snprintf(path, sizeof(path), "%s/endorsements", state);
	e = dcap_given(&r);
	folder_put(path, e);
	endorse_free(&e);
}

void
azure_vm_start(enum azure_kind k, const char *where, const char *state)
{
	kind = k;
	tcti = where;
	fixture_clock = time(NULL);
	if (kind == AZURE_VM_TDX)
		start_tdx(state);
	else
		start_snp(state);
	make_ak();
	assert_true(azure_vm_report("good"));
}

void
azure_vm_stop(void)
{
	if (kind == AZURE_VM_TDX)
		dcap_teardown();
	else
		snp_teardown();
}
