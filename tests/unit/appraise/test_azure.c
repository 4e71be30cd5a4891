/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Confidential VMs of Azure under a root of this test's own: the hardware's
 * report names the key of the virtual TPM, whose quote carries the binder. Each
 * way to break that chain has a row.
 */
#include "test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/verdict_fixture.h"
#include "base/text.h"
#include "format/azure.h"
#include "format/cmw.h"
#include "format/tpm_evidence.h"
#include "jose/key.h"
#include "snp_fixture.h"

#define RSA_SIZE 256
#define HCL_SIZE 2600
#define JSON_MAX 1024

enum { AK, OTHER_AK, KEYS, CHIP = KEYS, NAMED }; /* CHIP: its VCEK */

static struct privkey *keys[KEYS];
static uint8_t spki[NAMED][LIMIT_SPKI];
static size_t n_spki[NAMED];
static struct seal_binding binding, other_binding;
static const uint8_t exporter[32] = { 1 }, other_exporter[32] = { 2 };
static struct endorsements *given;

/* ---- What the VM sends ---- */

struct scene {
	bool other_binder; /* in the quote */
	int signs, claims; /* key that signs the quote; that stands beside it */
	int names;         /* key that the JSON names */
	bool twice;        /* the JSON names two */
	bool none;         /* or none */
	bool json_changed; /* after it was hashed */
	bool padded;       /* something stands behind the hash */
	bool other_pcr;
	bool as_tdx; /* the HCL report says so, or the media type does */
	bool no_tpm, no_platform, platform_twice;
};

static void
write_json(const struct scene *s, char json[JSON_MAX])
{
	json_t *key = jwk_json(span_of(spki[s->names], n_spki[s->names]));
	json_t *keys_list = json_array(), *whole;
	char *text;

	json_object_set_new(
	    key, "kid", json_string(s->none ? "HCLEkPub" : HCL_AK));
	json_array_append(keys_list, key);
	if (s->twice)
		json_array_append(keys_list, key);
	whole = json_pack("{s:o, s:s}", "keys", keys_list, "user-data", "00");
	assert_non_null(text = json_dumps(whole, JSON_COMPACT));
	snprintf(json, JSON_MAX, "%s", text);
	free(text);
	json_decref(key);
	json_decref(whole);
}

static void
put_le(struct wr *w, size_t v)
{
	for (unsigned i = 0; i < 4; i++)
		wr_u8(w, (uint8_t)(v >> 8 * i));
}

static void
write_hcl(const struct scene *s, struct wr *w)
{
	uint8_t report[SNP_REPORT_SIZE], digest[64] = { 0 };
	static const uint8_t zeros[HCL_SIZE];
	char json[JSON_MAX];
	struct span text;

	write_json(s, json);
	text = span_str(json);
	assert_int_equal(hash_one(HASH_SHA256, text, digest, NULL), 0);
	memset(digest + 32, 0, 32);
	digest[63] = s->padded;
	snp_make_report_over(report, span_of(digest, 64));
	if (s->json_changed)
		json[text.n - 3] = '1';
	wr_bytes(w, span_str("HCLA"));
	wr_bytes(w, span_of(zeros, 28));
	wr_bytes(w, span_of(report, sizeof(report)));
	put_le(w, text.n + 20);
	put_le(w, 1);
	put_le(w, s->as_tdx ? HCL_TDX : HCL_SNP);
	put_le(w, 1);
	put_le(w, text.n);
	wr_bytes(w, text);
	wr_bytes(w, span_of(zeros, HCL_SIZE - w->n));
}

static void
write_quote(const struct scene *s, struct wr *out)
{
	uint8_t pcr[32] = { 7, s->other_pcr }, digest[HASH_MAX], buf[512];
	uint8_t sig_buf[LIMIT_SIGNATURE], tpmt[LIMIT_SIGNATURE + 8];
	struct tpm_attest a = { .magic = TPM_GENERATED,
		.type = TPM_ST_QUOTE,
		.qualified_signer = span_str("name"),
		.extra_data =
		    binding_value(s->other_binder ? &other_binding : &binding),
		.n_selection = 1 };
	struct tpm_evidence e = { .ak_public = span_of(
				      spki[s->claims], n_spki[s->claims]) };
	struct wr w, sig, t;

	a.selection[0] = (struct tpm_selection){ TPM_ALG_SHA256, 1 };
	assert_int_equal(
	    hash_one(HASH_SHA256, span_of(pcr, 32), digest, NULL), 0);
	a.pcr_digest = span_of(digest, 32);
	wr_init(&w, buf, sizeof(buf));
	tpm_attest_write(&w, &a);
	wr_init(&sig, sig_buf, sizeof(sig_buf));
	assert_int_equal(privkey_sign(keys[s->signs], SIG_ECDSA_P256_SHA256,
			     wr_view(&w), &sig, NULL),
	    0);
	wr_init(&t, tpmt, sizeof(tpmt));
	assert_int_equal(tpm_signature_from_tls(
			     SIG_ECDSA_P256_SHA256, wr_view(&sig), &t, NULL),
	    0);
	e.quote = wr_view(&w);
	e.quote_signature = wr_view(&t);
	e.pcrs[0] =
	    (struct tpm_pcr_value){ TPM_ALG_SHA256, 0, span_of(pcr, 32) };
	e.n_pcrs = 1;
	assert_int_equal(tpm_quote_evidence_write(out, &e), 0);
}

static struct cmw_item
record(const char *label, const char *type, struct span value)
{
	return (struct cmw_item){ .kind = CMW_RECORD,
		.depth = 1,
		.label = span_str(label),
		.media_type = span_str(type),
		.value = value };
}

static void
make(const struct scene *s, struct wr *out)
{
	struct cmw_item items[5] = { { .kind = CMW_COLLECTION } };
	struct wr hcl, platform, quote;
	size_t n = 1;

	wr_init_heap(&hcl, LIMIT_CMW);
	wr_init_heap(&platform, LIMIT_CMW);
	wr_init_heap(&quote, LIMIT_CMW);
	wr_init_heap(out, LIMIT_CMW);
	write_hcl(s, &hcl);
	assert_int_equal(azure_member_write(&platform, wr_view(&hcl),
			     s->as_tdx ? span_str("quote") : span_str("")),
	    0);
	write_quote(s, &quote);
	if (!s->no_platform)
		items[n++] =
		    record("platform", AZURE_SNP_TYPE, wr_view(&platform));
	if (!s->no_tpm)
		items[n++] = record("tpm", TPM_QUOTE_TYPE, wr_view(&quote));
	if (s->platform_twice)
		items[n++] =
		    record("again", AZURE_SNP_TYPE, wr_view(&platform));
	assert_int_equal(cmw_write_cbor(out, items, n), 0);
	wr_free(&hcl);
	wr_free(&platform);
	wr_free(&quote);
}

/* ---- Judging ---- */

static struct appraisal_in
in_for(struct span evidence)
{
	return (struct appraisal_in){ .media_type = span_str(CMW_TYPE),
		.evidence = evidence,
		.expected = &binding,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = NOW,
		.endorse = given,
		.binder_known = true };
}

/* What is learned of the good one, under the test's root. */
static struct policy *
learn(char **ret_text)
{
	struct seal_verdict *v = verdict_new();
	struct seal_diag d = { 0 };
	struct scene good = { 0 };
	struct policy *p = NULL;
	struct appraisal_in in;
	char *text = NULL;
	json_t *j, *platform;
	struct wr w;

	make(&good, &w);
	in = in_for(wr_view(&w));
	if (appraise_observe(&in, NULL, v, &text, &d) != 0)
		fail_msg("%s", d.text);
	j = json_loads(text, 0, NULL);
	platform = json_object_get(
	    json_object_get(
		json_array_get(json_object_get(j, "accept"), 0), "members"),
	    "platform");
	json_object_set_new(
	    platform, "signers", json_pack("[{s:s}]", "ca", snp_root_file()));
	free(text);
	assert_non_null(text = json_dumps(j, 0));
	if (policy_load(span_str(text), "/", &p, &d) != 0)
		fail_msg("%s: %s", d.text, text);
	json_decref(j);
	wr_free(&w);
	seal_verdict_free(&v);
	*ret_text = text;
	return p;
}

static void
expect(const char *name, const struct policy *p, struct span evidence,
    const char *want)
{
	struct appraisal_in in = in_for(evidence);
	struct seal_verdict *v = verdict_new();
	int r = appraise(p, &in, v);

	if (strcmp(first_failed(v), want) != 0 ||
	    (v->outcome == SEAL_ACCEPTED) != (*want == '\0') ||
	    (r == 0) != (*want == '\0'))
		fail_msg("%s: '%s' failed, expected '%s' (%s)", name,
		    first_failed(v), want,
		    v->diag == NULL ? "" : v->diag->text);
	seal_verdict_free(&v);
}

static const struct {
	const char *name, *want;
	struct scene s;
} rows[] = {
	{ "as it should be", "", { 0 } },
	{ "of another connection", "tpm/tpm.quote", { .other_binder = true } },
	{ "quoted with another key", "collection.link",
	    { .signs = OTHER_AK, .claims = OTHER_AK } },
	{ "another key beside the quote", "tpm/tpm_quote.signature",
	    { .claims = OTHER_AK } },
	{ "signed by another than stands beside it", "tpm/tpm_quote.signature",
	    { .signs = OTHER_AK } },
	{ "the report names another key", "collection.link",
	    { .names = OTHER_AK } },
	{ "the report names its own key", "collection.link",
	    { .names = CHIP } },
	{ "the report names two keys", "platform/azure.ak", { .twice = true } },
	{ "the report names none", "platform/azure.ak", { .none = true } },
	{ "the data changed", "platform/link", { .json_changed = true } },
	{ "more than the hash was signed", "platform/link",
	    { .padded = true } },
	{ "measured otherwise", "tpm/tpm.pcr.sha256.0", { .other_pcr = true } },
	{ "called TDX", "platform/azure.hardware", { .as_tdx = true } },
	{ "no quote", "collection.link", { .no_tpm = true } },
	{ "no hardware", "collection.required", { .no_platform = true } },
	{ "hardware twice", "collection.unknown", { .platform_twice = true } },
};

static void
every_row(void **state)
{
	char *text = NULL;
	struct policy *p = learn(&text);
	struct wr w;

	(void)state;
	assert_non_null(strstr(text, "\"member\": \"platform\""));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make(&rows[i].s, &w);
		expect(rows[i].name, p, wr_view(&w), rows[i].want);
		wr_free(&w);
	}
	policy_free(&p);
	free(text);
}

/* The pin of the virtual TPM's key does in place of the link, but never makes
 * the hardware needless; and another root is none. */
static void
other_policies(void **state)
{
	char *text = NULL, *whole;
	struct policy *p = learn(&text), *q = NULL;
	struct scene good = { 0 };
	json_t *j = json_loads(text, 0, NULL);
	json_t *platform = json_object_get(
	    json_object_get(
		json_array_get(json_object_get(j, "accept"), 0), "members"),
	    "platform");
	struct seal_diag d = { 0 };
	struct wr w;

	(void)state;
	make(&good, &w);
	json_object_set_new(platform, "signers",
	    json_pack("[{s:s}]", "ca", snp_other_root_file()));
	whole = json_dumps(j, 0);
	assert_int_equal(policy_load(span_str(whole), "/", &q, NULL), 0);
	expect("another root", q, wr_view(&w), "platform/signer");
	policy_free(&q);
	free(whole);
	/* Alone in an entry the scheme would be bound to nothing. */
	json_object_set_new(j, "accept", json_pack("[O]", platform));
	whole = json_dumps(j, 0);
	assert_int_equal(
	    policy_load(span_str(whole), "/", &q, &d), SEAL_E_CONFIG);
	assert_non_null(strstr(d.text, "member of a collection"));
	free(whole);
	json_decref(j);
	wr_free(&w);
	policy_free(&p);
	free(text);
}

/* Of every seventh byte, beginning with each of the seven in turn over runs:
 * no change is accepted but in what is padding or says nothing. */
static void
bytes(void **state)
{
	static const uint8_t magic[] = { 'H', 'C', 'L', 'A' };
	char *text = NULL;
	struct policy *p = learn(&text);
	struct scene good = { 0 };
	size_t hcl = 0;
	struct wr w;

	(void)state;
	make(&good, &w);
	while (memcmp(w.p + hcl, magic, 4) != 0)
		hcl++;
	for (size_t i = 0; i < w.n; i += 7) {
		struct appraisal_in in = in_for(wr_view(&w));
		struct seal_verdict *v = verdict_new();

		/* The header's other fields are said by nobody. */
		if (i >= hcl + 4 && i < hcl + 32) {
			seal_verdict_free(&v);
			continue;
		}
		w.p[i] ^= 1;
		if (appraise(p, &in, v) == 0)
			fail_msg("byte %zu changed, and accepted", i);
		w.p[i] ^= 1;
		seal_verdict_free(&v);
	}
	for (size_t n = 0; n < w.n; n += 13)
		expect("cut", p, span_of(w.p, n), "collection.form");
	wr_free(&w);
	policy_free(&p);
	free(text);
}

static void
forms(void **state)
{
	struct scene good = { 0 };
	struct hcl_report h;
	struct wr w;

	(void)state;
	wr_init_heap(&w, LIMIT_CMW);
	write_hcl(&good, &w);
	assert_int_equal(hcl_parse(wr_view(&w), &h, NULL), 0);
	for (size_t n = 0; n < (size_t)(h.json.p + h.json.n - w.p); n++)
		assert_int_not_equal(hcl_parse(span_of(w.p, n), &h, NULL), 0);
	for (size_t i = 32 + HCL_HARDWARE; i < 32 + HCL_HARDWARE + 20; i++) {
		w.p[i] ^= 0x40;
		assert_int_not_equal(hcl_parse(wr_view(&w), &h, NULL), 0);
		w.p[i] ^= 0x40;
	}
	w.p[w.n - 1] = 1;
	assert_int_not_equal(hcl_parse(wr_view(&w), &h, NULL), 0);
	wr_free(&w);
}

static int
setup(void **state)
{
	static const struct snp_given chain = { VCEK, .ask = true };
	struct cert *chip = NULL;

	(void)state;
	snp_setup(RSA_SIZE);
	for (size_t i = 0; i < KEYS; i++) {
		struct wr w;

		assert_int_equal(
		    privkey_generate(CURVE_P256, &keys[i], NULL), 0);
		wr_init(&w, spki[i], sizeof(spki[i]));
		assert_int_equal(privkey_spki(keys[i], &w, NULL), 0);
		n_spki[i] = w.n;
	}
	assert_int_equal(cert_parse(snp_der[VCEK], &chip, NULL), 0);
	n_spki[CHIP] = cert_spki(chip).n;
	memcpy(spki[CHIP], cert_spki(chip).p, n_spki[CHIP]);
	cert_unref(&chip);
	given = snp_endorse(&chain);
	assert_int_equal(
	    binding_post(HASH_SHA256, span_of(spki[AK], n_spki[AK]),
		span_of(exporter, 32), &binding, NULL),
	    0);
	assert_int_equal(
	    binding_post(HASH_SHA256, span_of(spki[AK], n_spki[AK]),
		span_of(other_exporter, 32), &other_binding, NULL),
	    0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	endorse_free(&given);
	for (size_t i = 0; i < KEYS; i++)
		privkey_free(&keys[i]);
	snp_teardown();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row),
		cmocka_unit_test(other_policies),
		cmocka_unit_test(bytes),
		cmocka_unit_test(forms),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
