/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real quotes that others made (folder SEAL_EVIDENCE; its PROVENANCE.md says
 * where each comes from). They are not part of this project, so without the
 * folder this test skips.
 */
#include "test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/rd.h"
#include "base/text.h"
#include "crypto/sig.h"
#include "format/tpm.h"

static const char *
root(void)
{
	const char *dir = getenv("SEAL_EVIDENCE");

	if (dir == NULL || dir[0] == '\0') {
		print_message("SEAL_EVIDENCE is not set: no real samples\n");
		skip();
	}
	return dir;
}

static const char *
path_of(const char *name, char buf[512])
{
	snprintf(buf, 512, "%s/%s", root(), name);
	return buf;
}

static struct span
load(const char *name)
{
	struct seal_diag d = { 0 };
	char path[512];
	uint8_t *p = NULL;
	size_t n = 0;

	if (file_read(path_of(name, path), LIMIT_FILE, &p, &n, &d) != 0)
		fail_msg("%s", d.text);
	return span_of(p, n);
}

static void
unload(struct span s)
{
	free((void *)(uintptr_t)s.p);
}

/* Does the key in the PEM file sign this quote? */
static int
check(const char *name, struct span attest, struct span signature,
    const char *key_file, struct tpm_attest *ret)
{
	struct tpm_signature s = { 0 };
	struct pubkey *key = NULL;
	struct seal_diag d = { 0 };
	uint8_t spki[LIMIT_SPKI], sig[LIMIT_SIGNATURE];
	struct wr k, w;
	char path[512];
	uint16_t scheme = 0;
	int r;

	wr_init(&k, spki, sizeof(spki));
	wr_init(&w, sig, sizeof(sig));
	if (tpm_attest_parse(attest, ret, &d) != 0 ||
	    tpm_signature_parse(signature, &s, &d) != 0 ||
	    tpm_signature_to_tls(&s, &scheme, &w, &d) != 0 ||
	    spki_from_file(path_of(key_file, path), &k, &d) != 0 ||
	    pubkey_from_spki(wr_view(&k), &key, &d) != 0)
		fail_msg("%s: %s", name, d.text);
	r = pubkey_verify(key, scheme, attest, wr_view(&w), &d);
	pubkey_unref(&key);
	return r;
}

static const struct {
	const char *name, *attest, *signature, *key;
	uint16_t bank;
	uint32_t pcrs;
	struct span extra;
} rows[] = {
	{ "keylime", "tpm/keylime/quote.tpms_attest",
	    "tpm/keylime/quote.tpmt_signature", "tpm/keylime/akpub.pem",
	    TPM_ALG_SHA256, 1u << 15 | 1u << 16 | 1u << 22,
	    HEX(0xdb, 0x1d, 0xb2, 0x98, 0xdb, 0x6d, 0x60, 0xe6, 0x38, 0x5b,
		0x72, 0x31, 0x74, 0x3e, 0x9c, 0x30, 0x56, 0xa1, 0x80, 0x03) },
	{ "gce sha1", "tpm/gce-nonce9009/sha1.quote",
	    "tpm/gce-nonce9009/sha1.sig", "tpm/gce-nonce9009/akpub.pem",
	    TPM_ALG_SHA1, 0xffffff, HEX(0x90, 0x09) },
	{ "gce sha256", "tpm/gce-nonce9009/sha256.quote",
	    "tpm/gce-nonce9009/sha256.sig", "tpm/gce-nonce9009/akpub.pem",
	    TPM_ALG_SHA256, 0xffffff, HEX(0x90, 0x09) },
	{ "gce sha384", "tpm/gce-nonce9009/sha384.quote",
	    "tpm/gce-nonce9009/sha384.sig", "tpm/gce-nonce9009/akpub.pem",
	    TPM_ALG_SHA384, 0xffffff, HEX(0x90, 0x09) },
};

/* Signature good, selection and nonce as published; another nonce is not
 * signed, and written back the structure is the same. */
static void
test_quotes(void **state)
{
	(void)state;
	root();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span at = load(rows[i].attest);
		struct span sig = load(rows[i].signature);
		struct tpm_attest a = { 0 };
		struct wr w;

		assert_int_equal(
		    check(rows[i].name, at, sig, rows[i].key, &a), 0);
		assert_int_equal(a.type, TPM_ST_QUOTE);
		assert_int_equal(a.n_selection, 1);
		assert_int_equal(a.selection[0].bank, rows[i].bank);
		assert_int_equal(a.selection[0].pcrs, rows[i].pcrs);
		assert_true(span_equal(a.extra_data, rows[i].extra));
		wr_init_heap(&w, 1024);
		tpm_attest_write(&w, &a);
		assert_true(span_equal(wr_view(&w), at));
		a.extra_data = span_str("another nonce");
		wr_free(&w);
		tpm_attest_write(&w, &a);
		assert_int_equal(
		    check(rows[i].name, wr_view(&w), sig, rows[i].key, &a),
		    SEAL_E_SIGNATURE);
		wr_free(&w);
		unload(at);
		unload(sig);
	}
}

/* The digest over PCRs 0 to 23 of a file { "0": hex, … }. */
static void
pcr_digest(const char *name, enum hash h, uint8_t *ret)
{
	char path[512], key[8];
	struct span parts[TPM_PCRS];
	uint8_t values[TPM_PCRS][HASH_MAX];
	json_t *j = json_load_file(path_of(name, path), 0, NULL);

	assert_non_null(j);
	for (int i = 0; i < TPM_PCRS; i++) {
		const char *text;
		struct wr w;

		snprintf(key, sizeof(key), "%d", i);
		text = json_string_value(json_object_get(j, key));
		assert_non_null(text);
		wr_init(&w, values[i], HASH_MAX);
		assert_true(hex_decode(span_str(text), &w));
		parts[i] = wr_view(&w);
	}
	assert_int_equal(hash_parts(h, parts, TPM_PCRS, ret, NULL), 0);
	json_decref(j);
}

/* pcrDigest is made with the hash of the signature scheme, not the bank's. */
static void
test_pcr_digest(void **state)
{
	static const char *const banks[] = { "sha1", "sha256", "sha384" };

	(void)state;
	root();
	for (size_t i = 0; i < 3; i++) {
		char name[64], values[64];
		uint8_t digest[HASH_MAX];
		struct tpm_attest a = { 0 };
		struct span at;

		snprintf(
		    name, sizeof(name), "tpm/gce-nonce9009/%s.quote", banks[i]);
		snprintf(values, sizeof(values),
		    "tpm/gce-nonce9009/%s.pcrs.json", banks[i]);
		at = load(name);
		assert_int_equal(tpm_attest_parse(at, &a, NULL), 0);
		pcr_digest(values, HASH_SHA256, digest);
		assert_true(span_equal(a.pcr_digest, span_of(digest, 32)));
		unload(at);
	}
}

/* The AK's TPMT_PUBLIC and its PEM file are one key. */
static void
test_public(void **state)
{
	uint8_t from_tpm[LIMIT_SPKI], from_pem[LIMIT_SPKI];
	struct span in;
	struct tpm_public p = { 0 };
	struct wr a, b;
	char path[512];

	(void)state;
	root();
	in = load("tpm/gce-nonce9009/akpub.tpmt_public");
	wr_init(&a, from_tpm, sizeof(from_tpm));
	wr_init(&b, from_pem, sizeof(from_pem));
	assert_int_equal(tpm_public_parse(in, &p, NULL), 0);
	assert_int_equal(tpm_public_spki(&p, &a, NULL), 0);
	assert_int_equal(
	    spki_from_file(
		path_of("tpm/gce-nonce9009/akpub.pem", path), &b, NULL),
	    0);
	assert_true(span_equal(wr_view(&a), wr_view(&b)));
	assert_true((p.attributes & TPM_RESTRICTED) != 0);
	unload(in);
}

/* A node id of 16 bytes, then TPM2B_ATTEST, then TPMT_SIGNATURE; ECDSA. */
static void
test_enacttrust(void **state)
{
	struct span token, node = { 0 }, at = { 0 }, sig = { 0 };
	struct tpm_attest a = { 0 };
	struct rd r;

	(void)state;
	root();
	token = load("tpm/enacttrust/basic.token");
	rd_init(&r, token);
	assert_true(rd_bytes(&r, 16, &node) && rd_vec16(&r, &at) &&
		    rd_bytes(&r, rd_left(&r), &sig));
	assert_int_equal(
	    check("enacttrust", at, sig, "tpm/enacttrust/akpub.pem", &a), 0);
	unload(token);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_pcr_digest),
		cmocka_unit_test(test_public),
		cmocka_unit_test(test_enacttrust),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
