/* SPDX-License-Identifier: Apache-2.0 */
/* The tpm2 driver against a real TPM 2.0 implementation, swtpm. */
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tss2/tss2_esys.h>
#include <tss2/tss2_tctildr.h>

#include "allocfail.h"
#include "base/file.h"
#include "base/limits.h"
#include "crypto/x509.h"
#include "evidence/driver.h"
#include "evidence/tpm2_init.h"
#include "evidence/tpm2_status.h"
#include "format/tpm_evidence.h"
#include "format/ima.h"
#include "swtpm.h"

#include "../format/ima_fixture.h"

#define COLLECT_MS 20000u

static struct swtpm tpm;
static bool installed;
static const struct span exporter = STR("0123456789abcdef0123456789abcdef");

static void
need_tpm(void)
{
	if (!installed) {
		print_message("swtpm is not installed: no TPM to test with\n");
		skip();
	}
}

/* ---- What the rows use ---- */

#define CONF_MAX 8

struct setting {
	struct conf_pair pairs[CONF_MAX];
	struct conf conf;
};

/* The settings for our TPM, and key = value besides (NULL: none). */
static const struct conf *
settings(struct setting *s, const char *key, const char *value)
{
	s->pairs[0] = (struct conf_pair){ "tcti", tpm.tcti };
	s->pairs[1] = (struct conf_pair){ "lock_dir", tpm.dir };
	s->pairs[2] = (struct conf_pair){ key, value };
	s->conf = (struct conf){ s->pairs, key == NULL ? 2 : 3 };
	return &s->conf;
}

static int
init(uint32_t srk, uint32_t ak, uint32_t subject, char *report, size_t cap,
    struct seal_diag *d)
{
	struct tpm2_init_conf conf = {
		.tcti = tpm.tcti,
		.lock_dir = tpm.dir,
		.srk = srk,
		.ak = ak,
		.subject = subject,
		.out_dir = tpm.dir,
	};
	struct wr w;
	int r;

	wr_init(&w, report, cap - 1);
	r = tpm2_init(&conf, &w, d);
	report[w.n] = '\0';
	return r;
}

static struct attester *
opened(const char *key, const char *value)
{
	struct attester *a = NULL;
	struct seal_diag d = { 0 };
	struct setting s;

	if (attester_open("tpm2", settings(&s, key, value), &a, &d) != 0)
		fail_msg("open: %s", d.text);
	return a;
}

static void
bind_to(struct attester *a, enum hash h, struct seal_binding *b)
{
	assert_int_equal(
	    binding_post(h, attester_spki(a), exporter, b, NULL), 0);
}

struct counts {
	size_t transients, sessions;
};

static struct counts
count(void)
{
	struct tpm2_where where = { tpm.tcti, tpm.dir };
	struct seal_diag d = { 0 };
	struct tpm2_status s;

	if (tpm2_status(&where, evidence_now_ms() + COLLECT_MS, &s, &d) != 0)
		fail_msg("status: %s", d.text);
	return (struct counts){ s.transients, s.sessions };
}

static void
assert_counts(const char *when, struct counts want)
{
	struct counts got = count();

	if (got.transients != want.transients || got.sessions != want.sessions)
		fail_msg("%s: %zu objects and %zu sessions, not %zu and %zu",
		    when, got.transients, got.sessions, want.transients,
		    want.sessions);
}

/* Another program on the same TPM. */
struct foreign {
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *esys;
};

static void
foreign_open(struct foreign *f)
{
	assert_int_equal(Tss2_TctiLdr_Initialize(tpm.tcti, &f->tcti), 0);
	assert_int_equal(Esys_Initialize(&f->esys, f->tcti, NULL), 0);
}

static void
foreign_close(struct foreign *f)
{
	Esys_Finalize(&f->esys);
	Tss2_TctiLdr_Finalize(&f->tcti);
}

/* A signing key, which stays loaded, as the owner's primary. */
static ESYS_TR
foreign_key(struct foreign *f)
{
	static const TPM2B_SENSITIVE_CREATE no_auth;
	static const TPM2B_DATA no_data;
	static const TPML_PCR_SELECTION no_pcrs;
	TPM2B_PUBLIC template = { .publicArea = {
		.type = TPM2_ALG_ECC,
		.nameAlg = TPM2_ALG_SHA256,
		.objectAttributes = TPMA_OBJECT_SIGN_ENCRYPT |
		    TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
		    TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH,
		.parameters.eccDetail = {
			.symmetric = { .algorithm = TPM2_ALG_NULL },
			.scheme = { .scheme = TPM2_ALG_NULL },
			.curveID = TPM2_ECC_NIST_P256,
			.kdf = { .scheme = TPM2_ALG_NULL },
		},
	} };
	ESYS_TR tr = ESYS_TR_NONE;

	assert_int_equal(
	    Esys_CreatePrimary(f->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD,
		ESYS_TR_NONE, ESYS_TR_NONE, &no_auth, &template, &no_data,
		&no_pcrs, &tr, NULL, NULL, NULL, NULL),
	    0);
	return tr;
}

static void
foreign_keep(uint32_t handle)
{
	struct foreign f;
	ESYS_TR tr, kept;

	foreign_open(&f);
	tr = foreign_key(&f);
	assert_int_equal(
	    Esys_EvictControl(f.esys, ESYS_TR_RH_OWNER, tr, ESYS_TR_PASSWORD,
		ESYS_TR_NONE, ESYS_TR_NONE, handle, &kept),
	    0);
	Esys_FlushContext(f.esys, tr);
	foreign_close(&f);
}

/* ---- init ---- */

static void
test_init(void **state)
{
	struct counts before;
	char report[2048], again[2048], path[128];
	uint8_t *first = NULL, *second = NULL;
	size_t first_n = 0, second_n = 0;
	struct seal_diag d = { 0 };

	(void)state;
	need_tpm();
	before = count();
	if (init(0, 0, 0, report, sizeof(report), &d) != 0)
		fail_msg("first: %s", d.text);
	assert_non_null(strstr(report, "0x81010012  made"));
	assert_non_null(strstr(report, "tpm2_evictcontrol"));
	snprintf(path, sizeof(path), "%s/subject.pem", tpm.dir);
	assert_int_equal(file_read(path, LIMIT_FILE, &first, &first_n, &d), 0);
	if (init(0, 0, 0, again, sizeof(again), &d) != 0)
		fail_msg("second: %s", d.text);
	assert_null(strstr(again, "made"));
	assert_non_null(strstr(again, "0x81010010  kept"));
	assert_int_equal(
	    file_read(path, LIMIT_FILE, &second, &second_n, &d), 0);
	assert_true(
	    span_equal(span_of(first, first_n), span_of(second, second_n)));
	assert_counts("after init", before);
	free(first);
	free(second);
}

/* Never over a handle whose public area it did not make, and then nothing is
 * made elsewhere either. */
static void
test_init_foreign(void **state)
{
	const uint32_t rows[][3] = {
		{ 0x81020000, 0x81020001, 0x81020002 },
		{ 0x81020001, 0x81020000, 0x81020002 },
		{ 0x81020001, 0x81020002, 0x81020000 },
	};
	struct tpm2_where where = { tpm.tcti, tpm.dir };
	char report[2048];

	(void)state;
	need_tpm();
	foreign_keep(0x81020000);
	for (size_t i = 0; i < 3; i++) {
		struct seal_diag d = { 0 };
		struct tpm2_status s;

		assert_int_equal(init(rows[i][0], rows[i][1], rows[i][2],
				     report, sizeof(report), &d),
		    SEAL_E_CONFIG);
		assert_non_null(strstr(d.text, "0x81020000"));
		assert_non_null(strstr(d.remedy, "evictcontrol"));
		assert_int_equal(
		    tpm2_status(&where, evidence_now_ms() + COLLECT_MS, &s, &d),
		    0);
		for (size_t k = 0; k < s.n_persistent; k++)
			assert_true(s.persistent[k] != 0x81020001 &&
				    s.persistent[k] != 0x81020002);
	}
}

/* Our own kinds of key in each other's places are foreign there. */
static void
test_init_swapped(void **state)
{
	char report[2048];
	struct seal_diag d = { 0 };

	(void)state;
	need_tpm();
	assert_int_equal(init(0x81010010, 0x81010012, 0x81010011, report,
			     sizeof(report), &d),
	    SEAL_E_CONFIG);
	seal_diag_clear(&d);
	assert_int_equal(init(0x81010010, 0x81010011, 0x81010011, report,
			     sizeof(report), &d),
	    SEAL_E_CONFIG);
	seal_diag_clear(&d);
	assert_int_equal(init(0x80000000, 0x81010011, 0x81010012, report,
			     sizeof(report), &d),
	    SEAL_E_CONFIG);
}

/* ---- collect ---- */

static void
verify(struct span attest, struct span signature, const struct tpm_public *ak)
{
	uint8_t spki[LIMIT_SPKI], sig[LIMIT_SIGNATURE];
	struct tpm_signature s = { 0 };
	struct pubkey *key = NULL;
	struct wr k, w;
	uint16_t scheme = 0;

	wr_init(&k, spki, sizeof(spki));
	wr_init(&w, sig, sizeof(sig));
	assert_int_equal(tpm_public_spki(ak, &k, NULL), 0);
	assert_int_equal(pubkey_from_spki(wr_view(&k), &key, NULL), 0);
	assert_int_equal(tpm_signature_parse(signature, &s, NULL), 0);
	assert_int_equal(tpm_signature_to_tls(&s, &scheme, &w, NULL), 0);
	assert_int_equal(
	    pubkey_verify(key, scheme, attest, wr_view(&w), NULL), 0);
	pubkey_unref(&key);
}

static void
check_pcrs(const struct tpm_evidence *e, const struct tpm_attest *quote)
{
	struct span parts[TPM_BANKS_MAX * TPM_PCRS];
	uint8_t digest[HASH_MAX];
	size_t n = 0;

	for (size_t i = 0; i < quote->n_selection; i++) {
		for (unsigned pcr = 0; pcr < TPM_PCRS; pcr++) {
			if ((quote->selection[i].pcrs & 1u << pcr) == 0)
				continue;
			assert_int_equal(
			    e->pcrs[n].bank, quote->selection[i].bank);
			assert_int_equal(e->pcrs[n].index, pcr);
			parts[n] = e->pcrs[n].value;
			n++;
		}
	}
	assert_int_equal(n, e->n_pcrs);
	assert_int_equal(hash_parts(HASH_SHA256, parts, n, digest, NULL), 0);
	assert_true(span_equal(quote->pcr_digest, span_of(digest, 32)));
}

/* Everything that PROTOCOL 5.3 has a peer check, done by hand. */
static void
check_evidence(struct span in, const struct seal_binding *b)
{
	struct tpm_evidence e = { 0 };
	struct tpm_attest quote = { 0 }, certify = { 0 };
	struct tpm_public ak = { 0 }, subject = { 0 };
	uint8_t buf[LIMIT_SPKI];
	struct wr w;

	assert_int_equal(tpm_evidence_parse(in, &e, NULL), 0);
	assert_int_equal(tpm_attest_parse(e.quote, &quote, NULL), 0);
	assert_int_equal(tpm_attest_parse(e.certify, &certify, NULL), 0);
	assert_int_equal(tpm_public_parse(e.ak_public, &ak, NULL), 0);
	assert_int_equal(tpm_public_parse(e.subject_public, &subject, NULL), 0);
	verify(e.quote, e.quote_signature, &ak);
	verify(e.certify, e.certify_signature, &ak);
	assert_int_equal(quote.type, TPM_ST_QUOTE);
	assert_int_equal(certify.type, TPM_ST_CERTIFY);
	assert_true(span_equal(quote.extra_data, binding_value(b)));
	assert_true(span_equal(certify.extra_data, binding_value(b)));
	assert_int_equal(quote.reset_count, certify.reset_count);
	assert_int_equal(quote.restart_count, certify.restart_count);
	assert_int_equal(quote.firmware, certify.firmware);
	assert_true(
	    span_equal(quote.qualified_signer, certify.qualified_signer));
	wr_init(&w, buf, sizeof(buf));
	assert_int_equal(tpm_public_name(&subject, &w, NULL), 0);
	assert_true(span_equal(certify.name, wr_view(&w)));
	wr_init(&w, buf, sizeof(buf));
	assert_int_equal(tpm_public_spki(&subject, &w, NULL), 0);
	assert_true(span_equal(wr_view(&w), b->spki));
	check_pcrs(&e, &quote);
}

static void
test_collect(void **state)
{
	static const struct {
		const char *name, *pcrs;
		enum hash hash;
		size_t n_pcrs;
	} rows[] = {
		{ "default selection", NULL, HASH_SHA256, 8 },
		{ "sha384 binder", NULL, HASH_SHA384, 8 },
		{ "one PCR", "sha256:16", HASH_SHA256, 1 },
		{ "a whole bank", "sha256:0-23", HASH_SHA256, 24 },
		{ "two banks", "sha384:0-3,7+sha256:1,14-16", HASH_SHA256, 9 },
		{ "sha1 bank beside", "sha256:0-7+sha1:0-23", HASH_SHA384, 32 },
	};

	(void)state;
	need_tpm();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct attester *a =
		    opened(rows[i].pcrs == NULL ? NULL : "pcrs", rows[i].pcrs);
		struct tpm_evidence e = { 0 };
		struct seal_diag d = { 0 };
		struct seal_binding b;
		struct wr w;

		wr_init_heap(&w, LIMIT_CMW);
		assert_true(attester_fits(a, rows[i].hash));
		assert_false(attester_insecure(a));
		bind_to(a, rows[i].hash, &b);
		if (attester_collect(a, &b, COLLECT_MS, &w, &d) != 0)
			fail_msg("%s: %s", rows[i].name, d.text);
		check_evidence(wr_view(&w), &b);
		assert_int_equal(tpm_evidence_parse(wr_view(&w), &e, NULL), 0);
		if (e.n_pcrs != rows[i].n_pcrs)
			fail_msg("%s: %zu PCRs", rows[i].name, e.n_pcrs);
		wr_free(&w);
		attester_free(&a);
	}
}

/* An RSA key as the owner's primary, kept at handle. */
static void
foreign_rsa(uint32_t handle, TPMA_OBJECT more, TPM2_ALG_ID scheme)
{
	static const TPM2B_SENSITIVE_CREATE no_auth;
	static const TPM2B_DATA no_data;
	static const TPML_PCR_SELECTION no_pcrs;
	TPM2B_PUBLIC template = { .publicArea = {
		.type = TPM2_ALG_RSA,
		.nameAlg = TPM2_ALG_SHA256,
		.objectAttributes = more | TPMA_OBJECT_SIGN_ENCRYPT |
		    TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
		    TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH,
		.parameters.rsaDetail = {
			.symmetric = { .algorithm = TPM2_ALG_NULL },
			.scheme = { .scheme = scheme,
			    .details.anySig.hashAlg = TPM2_ALG_SHA256 },
			.keyBits = 2048,
		},
	} };
	struct foreign f;
	ESYS_TR tr = ESYS_TR_NONE, kept;

	foreign_open(&f);
	assert_int_equal(
	    Esys_CreatePrimary(f.esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD,
		ESYS_TR_NONE, ESYS_TR_NONE, &no_auth, &template, &no_data,
		&no_pcrs, &tr, NULL, NULL, NULL, NULL),
	    0);
	assert_int_equal(
	    Esys_EvictControl(f.esys, ESYS_TR_RH_OWNER, tr, ESYS_TR_PASSWORD,
		ESYS_TR_NONE, ESYS_TR_NONE, handle, &kept),
	    0);
	Esys_FlushContext(f.esys, tr);
	foreign_close(&f);
}

/* Keys that another tool made: RSA, with a PKCS#1 AK and a PSS subject. */
static void
test_rsa(void **state)
{
	struct attester *a = NULL;
	struct pubkey *key = NULL;
	struct seal_diag d = { 0 };
	struct seal_binding b;
	struct conf_pair pairs[] = { { "tcti", tpm.tcti },
		{ "lock_dir", tpm.dir }, { "ak", "0x81030000" },
		{ "subject", "0x81030001" } };
	struct conf conf = { pairs, 4 };
	uint8_t buf[LIMIT_SIGNATURE];
	struct wr w;

	(void)state;
	need_tpm();
	foreign_rsa(0x81030000, TPMA_OBJECT_RESTRICTED, TPM2_ALG_RSASSA);
	foreign_rsa(0x81030001, 0, TPM2_ALG_NULL);
	if (attester_open("tpm2", &conf, &a, &d) != 0)
		fail_msg("%s", d.text);
	bind_to(a, HASH_SHA384, &b);
	wr_init_heap(&w, LIMIT_CMW);
	if (attester_collect(a, &b, COLLECT_MS, &w, &d) != 0)
		fail_msg("%s", d.text);
	check_evidence(wr_view(&w), &b);
	wr_free(&w);
	wr_init(&w, buf, sizeof(buf));
	if (attester_sign(a, SIG_RSA_PSS_RSAE_SHA256, exporter, &w, &d) != 0)
		fail_msg("%s", d.text);
	assert_int_equal(pubkey_from_spki(attester_spki(a), &key, NULL), 0);
	assert_int_equal(pubkey_verify(key, SIG_RSA_PSS_RSAE_SHA256, exporter,
			     wr_view(&w), NULL),
	    0);
	pubkey_unref(&key);
	attester_free(&a);
}

/* The chain's key signs, with the one scheme that fits it. */
static void
test_sign(void **state)
{
	struct attester *a;
	const struct span *chain = NULL;
	struct pubkey *key = NULL;
	uint8_t buf[LIMIT_SIGNATURE];
	char path[128];
	struct wr w;

	(void)state;
	need_tpm();
	snprintf(path, sizeof(path), "%s/subject.pem", tpm.dir);
	for (int from_file = 0; from_file < 2; from_file++) {
		a = opened(from_file ? "subject_cert" : NULL, path);
		assert_int_equal(attester_chain(a, &chain), 1);
		wr_init(&w, buf, sizeof(buf));
		assert_int_equal(
		    attester_sign(a, SIG_ECDSA_P256_SHA256, exporter, &w, NULL),
		    0);
		assert_int_equal(
		    pubkey_from_spki(attester_spki(a), &key, NULL), 0);
		assert_int_equal(pubkey_verify(key, SIG_ECDSA_P256_SHA256,
				     exporter, wr_view(&w), NULL),
		    0);
		assert_int_equal(
		    attester_sign(a, SIG_ECDSA_P384_SHA384, exporter, &w, NULL),
		    SEAL_E_KEY);
		pubkey_unref(&key);
		attester_free(&a);
	}
}

/* ---- Failures ---- */

static void
test_open_refuses(void **state)
{
	static const struct {
		const char *name, *key, *value;
		int want;
	} rows[] = {
		{ "unknown setting", "pcr", "sha256:0", SEAL_E_CONFIG },
		{ "setting twice", "tcti", "swtpm:", SEAL_E_CONFIG },
		{ "empty subject handle", "subject", "0x81010077",
		    SEAL_E_CONFIG },
		{ "empty AK handle", "ak", "0x81010077", SEAL_E_CONFIG },
		{ "empty SRK handle", "srk", "0x81010077", SEAL_E_CONFIG },
		{ "AK as subject", "subject", "0x81010011", SEAL_E_CONFIG },
		{ "subject as AK", "ak", "0x81010012", SEAL_E_CONFIG },
		{ "SRK as AK", "ak", "0x81010010", SEAL_E_CONFIG },
		{ "transient handle", "ak", "0x80000000", SEAL_E_CONFIG },
		{ "handle with a tail", "ak", "0x81010011x", SEAL_E_CONFIG },
		{ "handle empty", "ak", "", SEAL_E_CONFIG },
		{ "bank unknown", "pcrs", "md5:0", SEAL_E_CONFIG },
		{ "bank without PCRs", "pcrs", "sha256:", SEAL_E_CONFIG },
		{ "no bank", "pcrs", "0-7", SEAL_E_CONFIG },
		{ "empty", "pcrs", "", SEAL_E_CONFIG },
		{ "PCR 24", "pcrs", "sha256:24", SEAL_E_CONFIG },
		{ "range backwards", "pcrs", "sha256:7-0", SEAL_E_CONFIG },
		{ "range open", "pcrs", "sha256:7-", SEAL_E_CONFIG },
		{ "PCR twice", "pcrs", "sha256:0-7,7", SEAL_E_CONFIG },
		{ "bank twice", "pcrs", "sha256:0+sha256:1", SEAL_E_CONFIG },
		{ "trailing comma", "pcrs", "sha256:0,", SEAL_E_CONFIG },
		{ "trailing plus", "pcrs", "sha256:0+", SEAL_E_CONFIG },
		{ "space", "pcrs", "sha256:0, 1", SEAL_E_CONFIG },
		{ "no such certificate", "subject_cert", "/nonexistent",
		    SEAL_E_IO },
		{ "no such AK chain", "ak_chain", "/nonexistent", SEAL_E_IO },
	};
	struct counts before;

	(void)state;
	need_tpm();
	before = count();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct attester *a = NULL;
		struct seal_diag d = { 0 };
		struct setting s;
		int r = attester_open(
		    "tpm2", settings(&s, rows[i].key, rows[i].value), &a, &d);

		if (r != rows[i].want || d.code != r || a != NULL)
			fail_msg("%s: got %d (%s)", rows[i].name, r, d.text);
		assert_counts(rows[i].name, before);
	}
}

/* A certificate for another key than the one in the TPM. */
static int
sign_soft(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	return privkey_sign(ctx, scheme, tbs, out, d);
}

static void
test_other_certificate(void **state)
{
	struct attester *a = NULL;
	struct privkey *key = NULL;
	struct seal_diag d = { 0 };
	struct setting s;
	struct wr spki, der, pem;
	char path[128];

	(void)state;
	need_tpm();
	wr_init_heap(&spki, LIMIT_SPKI);
	wr_init_heap(&der, LIMIT_CERTIFICATE);
	wr_init_heap(&pem, LIMIT_FILE);
	snprintf(path, sizeof(path), "%s/other.pem", tpm.dir);
	assert_int_equal(privkey_generate(CURVE_P256, &key, NULL), 0);
	assert_int_equal(privkey_spki(key, &spki, NULL), 0);
	assert_int_equal(cert_self_sign(wr_view(&spki), "other", 1700000000, 30,
			     SIG_ECDSA_P256_SHA256, sign_soft, key, &der, NULL),
	    0);
	assert_int_equal(cert_to_pem(wr_view(&der), &pem, NULL), 0);
	assert_int_equal(file_write(path, wr_view(&pem), 0644, NULL), 0);
	assert_int_equal(
	    attester_open("tpm2", settings(&s, "subject_cert", path), &a, &d),
	    SEAL_E_CONFIG);
	assert_non_null(strstr(d.text, "0x81010012"));
	privkey_free(&key);
	wr_free(&spki);
	wr_free(&der);
	wr_free(&pem);
}

static void
test_no_leak(void **state)
{
	struct attester *a;
	struct seal_binding b;
	struct counts before;
	uint8_t buf[LIMIT_SIGNATURE];

	(void)state;
	need_tpm();
	before = count();
	a = opened(NULL, NULL);
	bind_to(a, HASH_SHA256, &b);
	for (int i = 0; i < 50; i++) {
		struct wr w, s;

		wr_init_heap(&w, LIMIT_CMW);
		wr_init(&s, buf, sizeof(buf));
		assert_int_equal(
		    attester_collect(a, &b, COLLECT_MS, &w, NULL), 0);
		assert_int_equal(
		    attester_sign(a, SIG_ECDSA_P256_SHA256, exporter, &s, NULL),
		    0);
		wr_free(&w);
	}
	assert_counts("after 50 collects", before);
	attester_free(&a);
}

/* What a failing job leaves loaded is flushed for it. */
static int
failing_job(struct tpm2_conn *c, void *arg, struct seal_diag *d)
{
	struct tpm2_key srk = { 0 };
	bool found = false;
	uint32_t tr = 0, session = 0;
	int r;

	(void)arg;
	if ((r = tpm2_key_find(c, 0x81010010, &srk, &found, d)) == 0 &&
	    (r = tpm2_key_use(c, &srk, &tr, d)) == 0 &&
	    (r = tpm2_session(c, tr, &session, d)) == 0)
		r = seal_fail(d, SEAL_E_STATE, "told to");
	tpm2_key_clear(&srk);
	return r;
}

static void
test_failing_job(void **state)
{
	struct tpm2_where where = { tpm.tcti, tpm.dir };
	struct counts before;
	struct seal_diag d = { 0 };

	(void)state;
	need_tpm();
	before = count();
	assert_int_equal(tpm2_run(&where, evidence_now_ms() + COLLECT_MS,
			     failing_job, NULL, &d),
	    SEAL_E_STATE);
	assert_string_equal(d.text, "told to");
	assert_counts("after a failing job", before);
}

/* Each allocation of ours fails in turn: no slot of the TPM is lost. */
static int
open_and_collect(struct wr *w)
{
	struct attester *a = NULL;
	struct setting s;
	struct seal_binding b;
	int r;

	r = attester_open("tpm2", settings(&s, NULL, NULL), &a, NULL);
	if (r != 0)
		return r;
	r = binding_post(HASH_SHA256, attester_spki(a), exporter, &b, NULL);
	if (r == 0)
		r = attester_collect(a, &b, COLLECT_MS, w, NULL);
	attester_free(&a);
	return r;
}

static void
test_memory(void **state)
{
	struct counts before;
	bool hit = true;

	(void)state;
	need_tpm();
	before = count();
	for (size_t n = 1; hit && n < 1000; n++) {
		struct wr w;
		int r;

		wr_init_heap(&w, LIMIT_CMW);
		allocfail_at(n);
		r = open_and_collect(&w);
		hit = allocfail_hit();
		allocfail_off();
		if (r != (hit ? SEAL_E_MEMORY : 0))
			fail_msg("allocation %zu: got %d", n, r);
		wr_free(&w);
	}
	assert_false(hit);
	assert_counts("after failed allocations", before);
}

/* TPM_RC_OBJECT_MEMORY until the deadline; then all is well again. */
static void
test_slots_full(void **state)
{
	struct attester *a;
	struct seal_binding b;
	struct seal_diag d = { 0 };
	struct foreign f;
	struct counts before;
	ESYS_TR key[3];
	struct wr w;
	uint64_t start;

	(void)state;
	need_tpm();
	before = count();
	a = opened(NULL, NULL);
	bind_to(a, HASH_SHA256, &b);
	foreign_open(&f);
	for (int i = 0; i < 3; i++)
		key[i] = foreign_key(&f);
	/* swtpm serves one connection at a time. */
	foreign_close(&f);
	wr_init_heap(&w, LIMIT_CMW);
	start = evidence_now_ms();
	assert_int_equal(
	    attester_collect(a, &b, 300, &w, &d), SEAL_E_UNAVAILABLE);
	assert_true(evidence_now_ms() - start < COLLECT_MS);
	assert_non_null(strstr(d.text, "0x902"));
	assert_int_equal(w.n, 0);
	assert_int_equal(count().sessions, before.sessions);
	/* The keys outlived their owner; anybody may flush them. */
	foreign_open(&f);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(
		    Esys_TR_FromTPMPublic(f.esys, 0x80000000u + i, ESYS_TR_NONE,
			ESYS_TR_NONE, ESYS_TR_NONE, &key[i]),
		    0);
		assert_int_equal(Esys_FlushContext(f.esys, key[i]), 0);
	}
	foreign_close(&f);
	if (attester_collect(a, &b, COLLECT_MS, &w, &d) != 0)
		fail_msg("after the flush: %s", d.text);
	assert_counts("after all", before);
	wr_free(&w);
	attester_free(&a);
}

/* Three sessions of others leave none for us: 0x903. */
static void
test_sessions_full(void **state)
{
	static const TPMT_SYM_DEF none = { .algorithm = TPM2_ALG_NULL };
	struct attester *a;
	struct seal_binding b;
	struct seal_diag d = { 0 };
	struct foreign f;
	ESYS_TR session[3];
	struct counts before, full;
	struct wr w;

	(void)state;
	need_tpm();
	before = count();
	a = opened(NULL, NULL);
	bind_to(a, HASH_SHA256, &b);
	wr_init_heap(&w, LIMIT_CMW);
	foreign_open(&f);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    Esys_StartAuthSession(f.esys, ESYS_TR_NONE, ESYS_TR_NONE,
			ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL,
			TPM2_SE_HMAC, &none, TPM2_ALG_SHA256, &session[i]),
		    0);
	Tss2_TctiLdr_Finalize(&f.tcti);
	full = count();
	assert_int_equal(full.sessions, before.sessions + 3);
	assert_int_equal(
	    attester_collect(a, &b, 300, &w, &d), SEAL_E_UNAVAILABLE);
	assert_non_null(strstr(d.text, "0x903"));
	assert_counts("while full", full);
	assert_int_equal(Tss2_TctiLdr_Initialize(tpm.tcti, &f.tcti), 0);
	Esys_Finalize(&f.esys);
	assert_int_equal(Esys_Initialize(&f.esys, f.tcti, NULL), 0);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(
		    Esys_TR_FromTPMPublic(f.esys, 0x02000000u + i, ESYS_TR_NONE,
			ESYS_TR_NONE, ESYS_TR_NONE, &session[i]),
		    0);
		assert_int_equal(Esys_FlushContext(f.esys, session[i]), 0);
	}
	foreign_close(&f);
	assert_int_equal(attester_collect(a, &b, COLLECT_MS, &w, NULL), 0);
	assert_counts("after all", before);
	wr_free(&w);
	attester_free(&a);
}

/* Another process that holds the lock keeps us waiting, and no longer. */
static void
test_lock(void **state)
{
	struct tpm2_where where = { tpm.tcti, tpm.dir };
	struct attester *a;
	struct seal_binding b;
	struct seal_diag d = { 0 };
	int ready[2], done[2], fd, status;
	struct wr w;
	char byte = 0;
	pid_t pid;

	(void)state;
	need_tpm();
	a = opened(NULL, NULL);
	bind_to(a, HASH_SHA256, &b);
	wr_init_heap(&w, LIMIT_CMW);
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(done), 0);
	if ((pid = fork()) == 0) {
		if (tpm2_lock(&where, evidence_now_ms() + COLLECT_MS, &fd,
			NULL) != 0 ||
		    write(ready[1], &byte, 1) != 1 ||
		    read(done[0], &byte, 1) != 1)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(
	    attester_collect(a, &b, 100, &w, &d), SEAL_E_UNAVAILABLE);
	assert_non_null(strstr(d.text, "lock"));
	assert_int_equal(write(done[1], &byte, 1), 1);
	assert_int_equal(attester_collect(a, &b, COLLECT_MS, &w, NULL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	for (int i = 0; i < 2; i++) {
		close(ready[i]);
		close(done[i]);
	}
	wr_free(&w);
	attester_free(&a);
}

/* In a child, where no assertion may run the group's tear-down. */
static int
collect_ten_times(void)
{
	struct attester *a = NULL;
	struct setting s;
	struct seal_binding b;
	struct wr w;
	int r;

	if (attester_open("tpm2", settings(&s, NULL, NULL), &a, NULL) != 0)
		return 1;
	r = binding_post(HASH_SHA256, attester_spki(a), exporter, &b, NULL);
	for (int i = 0; r == 0 && i < 10; i++) {
		wr_init_heap(&w, LIMIT_CMW);
		r = attester_collect(a, &b, COLLECT_MS, &w, NULL);
		wr_free(&w);
	}
	attester_free(&a);
	return r == 0 ? 0 : 2;
}

/* Several processes share three slots, each with its own turn. */
static void
test_processes(void **state)
{
	pid_t pid[4];
	int status;
	struct counts before;

	(void)state;
	need_tpm();
	before = count();
	for (int p = 0; p < 4; p++)
		if ((pid[p] = fork()) == 0)
			_exit(collect_ten_times());
	for (int p = 0; p < 4; p++) {
		assert_int_equal(waitpid(pid[p], &status, 0), pid[p]);
		assert_int_equal(status, 0);
	}
	assert_counts("after four processes", before);
}

/* The lock file is never opened through a link that somebody planted. */
static void
test_lock_file(void **state)
{
	struct tpm2_where where = { "swtpm:port=1", NULL };
	char dir[] = "/tmp/seal-lock-XXXXXX", cmd[128], link[256], target[128];
	struct seal_diag d = { 0 };
	struct stat st;
	FILE *ls;
	int fd = -1;

	(void)state;
	assert_non_null(mkdtemp(dir));
	where.lock_dir = dir;
	assert_int_equal(tpm2_lock(&where, evidence_now_ms(), &fd, &d), 0);
	close(fd);
	snprintf(cmd, sizeof(cmd), "ls %s", dir);
	assert_non_null(ls = popen(cmd, "r"));
	snprintf(link, sizeof(link), "%s/", dir);
	assert_non_null(fgets(link + strlen(link), 128, ls));
	pclose(ls);
	link[strcspn(link, "\n")] = '\0';
	assert_int_equal(stat(link, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	unlink(link);
	/* To a file that would do, so that it is the link that is refused. */
	snprintf(target, sizeof(target), "%s/target", dir);
	assert_int_equal(file_write(target, exporter, 0600, NULL), 0);
	assert_int_equal(symlink(target, link), 0);
	assert_int_equal(
	    tpm2_lock(&where, evidence_now_ms(), &fd, &d), SEAL_E_CONFIG);
	assert_non_null(strstr(d.remedy, "lock_dir"));
	unlink(link);
	unlink(target);
	assert_int_equal(mkfifo(link, 0600), 0);
	assert_int_equal(
	    tpm2_lock(&where, evidence_now_ms(), &fd, NULL), SEAL_E_CONFIG);
	unlink(link);
	rmdir(dir);
	where.lock_dir = "/nonexistent";
	assert_int_equal(
	    tpm2_lock(&where, evidence_now_ms(), &fd, NULL), SEAL_E_CONFIG);
}

/* An event log travels along, and one that is too large says so. */
static void
test_event_log(void **state)
{
	char path[128];
	struct attester *a;
	struct seal_binding b;
	struct seal_diag d = { 0 };
	struct tpm_evidence e = { 0 };
	uint8_t *big;
	struct wr w;

	(void)state;
	need_tpm();
	snprintf(path, sizeof(path), "%s/log", tpm.dir);
	assert_int_equal(file_write(path, exporter, 0600, NULL), 0);
	a = opened("event_log", path);
	bind_to(a, HASH_SHA256, &b);
	wr_init_heap(&w, LIMIT_CMW);
	assert_int_equal(attester_collect(a, &b, COLLECT_MS, &w, NULL), 0);
	assert_int_equal(tpm_evidence_parse(wr_view(&w), &e, NULL), 0);
	assert_true(span_equal(e.event_log, exporter));
	wr_free(&w);
	assert_non_null(big = calloc(1, LIMIT_CMW));
	assert_int_equal(
	    file_write(path, span_of(big, LIMIT_CMW), 0600, NULL), 0);
	assert_int_equal(
	    attester_collect(a, &b, COLLECT_MS, &w, &d), SEAL_E_LIMIT);
	assert_non_null(strstr(d.remedy, "event_log"));
	assert_int_equal(w.n, 0);
	free(big);
	wr_free(&w);
	attester_free(&a);
}

/* ---- The IMA list ---- */

static uint8_t list_room[LIMIT_FILE + 1];

static struct wr
list_of(size_t n)
{
	char path[32];
	struct wr w;

	wr_init(&w, list_room, LIMIT_FILE);
	ima_put_file(&w, "boot_aggregate", "of PCRs", HASH_SHA256);
	for (size_t i = 1; i < n; i++) {
		snprintf(path, sizeof(path), "/usr/bin/%zu", i);
		ima_put_file(&w, path, path, HASH_SHA256);
	}
	return w;
}

/* Extends PCR 10 by all of list, as the kernel does. PCR 10 cannot be reset,
 * so it is done once. */
static void
measure(struct span list)
{
	TPML_DIGEST_VALUES values = { .count = 1 };
	struct foreign f;

	foreign_open(&f);
	while (list.n > 0) {
		uint8_t digest[HASH_MAX];

		ima_extended(&list, HASH_SHA256, digest);
		values.digests[0].hashAlg = TPM2_ALG_SHA256;
		memcpy(values.digests[0].digest.sha256, digest, 32);
		assert_int_equal(
		    Esys_PCR_Extend(f.esys, ESYS_TR_PCR10, ESYS_TR_PASSWORD,
			ESYS_TR_NONE, ESYS_TR_NONE, &values),
		    0);
	}
	foreign_close(&f);
}

#define MEASURED 3 /* entries */
#define LARGE 2000 /* entries, of more bytes than Evidence takes */
#define TEXT_LIST                                                           \
	"10 0000000000000000000000000000000000000000 ima-ng "               \
	"sha256:0000000000000000000000000000000000000000000000000000000000" \
	"000000 /a\n"

/* What is in the file, and how many entries go into the Evidence. */
static const struct {
	const char *name, *pcrs, *text;
	size_t n, stray, sent; /* entries, bytes behind them, entries */
	int want;
	const char *says;
} lists[] = {
	{ "as quoted", "sha256:0,10", NULL, 3, 0, 3, 0, NULL },
	{ "another bank too", "sha384:10+sha256:10", NULL, 4, 0, 4, 0, NULL },
	{ "beside a SHA-1 bank", "sha1:10+sha256:10", NULL, 4, 0, 3, 0, NULL },
	{ "grown since the quote", "sha256:10", NULL, 4, 0, 3, 0, NULL },
	{ "an entry half there", "sha256:10", NULL, 3, 5, 3, 0, NULL },
	{ "grown large since", "sha256:10", NULL, LARGE, 0, 3, 0, NULL },
	{ "shorter: the peer says so", "sha256:10", NULL, 2, 0, 2, 0, NULL },
	{ "SHA-1 alone", "sha1:10", NULL, 3, 0, 0, SEAL_E_CONFIG, "PCR 10" },
	{ "without its PCR", "sha256:0-9", NULL, 3, 0, 0, SEAL_E_CONFIG,
	    "PCR 10" },
	{ "empty", "sha256:10", "", 0, 0, 0, SEAL_E_CONFIG, "is empty" },
	{ "text", "sha256:10", TEXT_LIST, 0, 0, 0, SEAL_E_CONFIG,
	    "lines of text" },
	{ "too large", "sha384:10", NULL, LARGE, 0, 0, SEAL_E_LIMIT, "61440" },
	{ NULL },
};

static const struct conf *
ima_settings(struct setting *s, const char *pcrs, const char *path)
{
	(void)settings(s, "pcrs", pcrs);
	s->pairs[3] = (struct conf_pair){ "ima_log", path };
	s->conf.n++;
	return &s->conf;
}

static int
collect_list(
    const char *pcrs, const char *path, struct wr *out, struct seal_diag *d)
{
	struct attester *a = NULL;
	struct seal_binding b;
	struct setting s;
	int r = attester_open("tpm2", ima_settings(&s, pcrs, path), &a, d);

	if (r != 0)
		return r;
	r = binding_post(HASH_SHA256, attester_spki(a), exporter, &b, d);
	if (r == 0)
		r = attester_collect(a, &b, COLLECT_MS, out, d);
	attester_free(&a);
	return r;
}

static void
test_ima_log(void **state)
{
	char path[128];
	struct wr list;

	(void)state;
	need_tpm();
	list = list_of(MEASURED);
	measure(wr_view(&list));
	snprintf(path, sizeof(path), "%s/ima", tpm.dir);
	for (size_t i = 0; lists[i].name != NULL; i++) {
		struct tpm_evidence e = { 0 };
		struct seal_diag d = { 0 };
		struct span in;
		struct wr w;
		int r;

		list = list_of(lists[i].n);
		(void)wr_room(&list, lists[i].stray);
		in = lists[i].text != NULL ? span_str(lists[i].text)
					   : wr_view(&list);
		assert_int_equal(file_write(path, in, 0600, NULL), 0);
		wr_init_heap(&w, LIMIT_CMW);
		r = collect_list(lists[i].pcrs, path, &w, &d);
		if (r != lists[i].want ||
		    (r != 0 && strstr(d.text, lists[i].says) == NULL))
			fail_msg("%s: got %d (%s)", lists[i].name, r, d.text);
		assert_true(r == 0 || d.remedy[0] != '\0');
		if (r == 0) {
			assert_int_equal(
			    tpm_evidence_parse(wr_view(&w), &e, NULL), 0);
			list = list_of(lists[i].sent);
			if (!span_equal(e.ima_log, wr_view(&list)))
				fail_msg("%s: %zu bytes", lists[i].name,
				    e.ima_log.n);
		}
		wr_free(&w);
	}
	unlink(path);
}

static void
test_no_ima_log(void **state)
{
	struct seal_diag d = { 0 };
	struct wr w;

	(void)state;
	need_tpm();
	wr_init_heap(&w, LIMIT_CMW);
	assert_int_equal(
	    collect_list("sha256:10", "/nonexistent/ima", &w, &d), SEAL_E_IO);
	assert_non_null(strstr(d.remedy, "binary_runtime_measurements"));
	assert_int_equal(w.n, 0);
	wr_free(&w);
}

/* Each allocation fails in turn, of the list's too. */
static void
test_ima_memory(void **state)
{
	struct wr list = list_of(MEASURED + 1);
	char path[128];
	bool hit = true;

	(void)state;
	need_tpm();
	snprintf(path, sizeof(path), "%s/ima", tpm.dir);
	assert_int_equal(file_write(path, wr_view(&list), 0600, NULL), 0);
	for (size_t n = 1; hit && n < 1000; n++) {
		struct wr w;
		int r;

		wr_init_heap(&w, LIMIT_CMW);
		allocfail_at(n);
		r = collect_list("sha256:10", path, &w, NULL);
		hit = allocfail_hit();
		allocfail_off();
		if (r != (hit ? SEAL_E_MEMORY : 0))
			fail_msg("allocation %zu: got %d", n, r);
		wr_free(&w);
	}
	assert_false(hit);
	unlink(path);
}

static void
test_probe(void **state)
{
	const struct evidence_driver *driver = evidence_driver_find("tpm2");
	struct setting s;
	char line[256] = "";
	struct seal_diag d = { 0 };
	struct conf_pair nowhere = { "tcti", "swtpm:host=127.0.0.1,port=1" };
	struct conf none = { &nowhere, 1 };
	struct wr w;

	(void)state;
	need_tpm();
	wr_init(&w, line, sizeof(line) - 1);
	assert_int_equal(driver->probe(settings(&s, NULL, NULL), &w, NULL), 0);
	assert_non_null(strstr(line, "sha256"));
	assert_int_equal(driver->probe(&none, &w, &d), SEAL_E_UNAVAILABLE);
	assert_non_null(strstr(d.remedy, "tcti"));
}

/* Last, since it ends the TPM. */
static void
test_killed(void **state)
{
	struct attester *a;
	struct seal_binding b;
	struct seal_diag d = { 0 };
	uint8_t buf[LIMIT_SIGNATURE];
	struct wr w;

	(void)state;
	need_tpm();
	a = opened(NULL, NULL);
	bind_to(a, HASH_SHA256, &b);
	wr_init(&w, buf, sizeof(buf));
	swtpm_kill(&tpm);
	assert_int_equal(
	    attester_collect(a, &b, COLLECT_MS, &w, &d), SEAL_E_UNAVAILABLE);
	assert_non_null(strstr(d.text, "cannot reach"));
	assert_true(d.remedy[0] != '\0');
	seal_diag_clear(&d);
	assert_int_equal(
	    attester_sign(a, SIG_ECDSA_P256_SHA256, exporter, &w, &d),
	    SEAL_E_UNAVAILABLE);
	attester_free(&a);
}

static int
kill_job(struct tpm2_conn *c, void *arg, struct seal_diag *d)
{
	struct tpm2_status s;
	int r = tpm2_status_job(c, &s, d);

	if (r != 0)
		return r;
	swtpm_kill(arg);
	return tpm2_status_job(c, &s, d);
}

/* It goes away between two commands of one job. */
static void
test_killed_midway(void **state)
{
	struct seal_diag d = { 0 };
	struct swtpm other;
	struct tpm2_where where = { NULL, NULL };

	(void)state;
	need_tpm();
	assert_true(swtpm_start(&other));
	where.tcti = other.tcti;
	where.lock_dir = other.dir;
	assert_int_equal(tpm2_run(&where, evidence_now_ms() + COLLECT_MS,
			     kill_job, &other, &d),
	    SEAL_E_UNAVAILABLE);
	assert_non_null(strstr(d.text, "does not answer"));
	swtpm_stop(&other);
}

static int
set_up(void **state)
{
	(void)state;
	installed = swtpm_start(&tpm);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	swtpm_stop(&tpm);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_init),
		cmocka_unit_test(test_init_foreign),
		cmocka_unit_test(test_init_swapped),
		cmocka_unit_test(test_collect),
		cmocka_unit_test(test_sign),
		cmocka_unit_test(test_rsa),
		cmocka_unit_test(test_open_refuses),
		cmocka_unit_test(test_other_certificate),
		cmocka_unit_test(test_no_leak),
		cmocka_unit_test(test_failing_job),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_slots_full),
		cmocka_unit_test(test_sessions_full),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_lock_file),
		cmocka_unit_test(test_event_log),
		cmocka_unit_test(test_ima_log),
		cmocka_unit_test(test_no_ima_log),
		cmocka_unit_test(test_ima_memory),
		cmocka_unit_test(test_probe),
		cmocka_unit_test(test_killed_midway),
		cmocka_unit_test(test_killed),
	};

	setenv("TSS2_LOG", "all+none", 1); /* it would print on stderr */
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
