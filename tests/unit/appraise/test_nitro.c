/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sealtls/tools.h>

#include "../crypto/fixture.h"
#include "appraise/appraise.h"
#include "appraise/verdict_fixture.h"
#include "base/text.h"
#include "format/nitro.h"
#include "nitro_fixture.h"

#define DOC_MAX 16384
#define TEXT_MAX 8192

static uint8_t subject[LIMIT_SPKI];
static size_t n_subject;
static struct seal_binding binding;
static const uint8_t exporter[32] = { 1, 2, 3 };

/* ---- Policies ---- */

static const char A0[] = "a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0"
			 "a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0";
static const char A5[] = "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5"
			 "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5";
static const char Z48[] = "00000000000000000000000000000000000000000000000"
			  "0000000000000000000000000000000000000000000000000";

static int
load(const char *signer, const char *rules, struct policy **ret,
    struct seal_diag *d)
{
	char text[TEXT_MAX];

	snprintf(text, sizeof(text),
	    "{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":\"none\"},"
	    "\"accept\":[{\"scheme\":\"" NITRO_TYPE "\",\"signers\":[%s],%s}]}",
	    signer, rules);
	return policy_load(span_str(text), "", ret, d);
}

static struct policy *
policy_of(const char *ca, const char *rules)
{
	struct policy *p = NULL;
	struct seal_diag d = { 0 };
	char signer[128];

	snprintf(signer, sizeof(signer), "{\"ca\":\"%s\"}", ca);
	if (load(signer, rules, &p, &d) != 0)
		fail_msg("%s: %s", rules, d.text);
	return p;
}

/* "debug" and the value of one PCR. */
static struct policy *
pcr_policy(const char *debug, unsigned pcr, const char *value)
{
	char rules[512];

	snprintf(rules, sizeof(rules),
	    "\"debug\":%s,\"pcrs\":{\"sha384\":{\"%u\":\"%s\"}}", debug, pcr,
	    value);
	return policy_of(nitro_root_file(), rules);
}

/* ---- Judging ---- */

static struct appraisal_in
in_for(struct span evidence)
{
	return (struct appraisal_in){ .media_type = span_str(NITRO_TYPE),
		.evidence = evidence,
		.expected = &binding,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = NOW,
		.binder_known = true };
}

static void
expect(const char *name, const struct policy *p, struct span evidence,
    const char *check)
{
	struct appraisal_in in = in_for(evidence);
	struct seal_verdict *v = verdict_new();
	bool ok = appraise(p, &in, v) == 0;

	if (ok != (check[0] == '\0') || strcmp(first_failed(v), check) != 0)
		fail_msg("%s: %s, check '%s', expected '%s' (%s)", name,
		    ok ? "accepted" : "refused", first_failed(v), check,
		    seal_verdict_diag(v)->text);
	if ((seal_verdict_outcome(v) == SEAL_ACCEPTED) != ok)
		fail_msg("%s: outcome %d", name, seal_verdict_outcome(v));
	seal_verdict_free(&v);
}

struct row {
	const char *name;
	enum nitro_shape shape;
	const char *check; /* that fails; "": accepted */
};

static const struct row rows[] = {
	{ "as it should be", NORMAL, "" },
	{ "a field that nobody knows", UNKNOWN_FIELD, "" },
	{ "tagged", TAGGED, "" },
	{ "no key", NO_KEY, "subject.key" },
	{ "an empty key", EMPTY_KEY, "subject.key" },
	{ "another key", OTHER_KEY, "subject.key" },
	{ "bytes for a key", RAW_KEY, "subject.key" },
	{ "no nonce", NO_NONCE, "binder" },
	{ "an empty nonce", EMPTY_NONCE, "binder" },
	{ "a nonce of zeros", ZERO_NONCE, "binder" },
	{ "a short nonce", SHORT_NONCE, "binder" },
	{ "a long nonce", LONG_NONCE, "binder" },
	{ "another nonce", OTHER_NONCE, "binder" },
	{ "the binder elsewhere", USER_NONCE, "binder" },
	{ "debug", DEBUG, "debug" },
	{ "PCR 0 of zeros", ZERO_PCR0, "debug" },
	{ "no PCR 0", NO_PCR0, "nitro.form" },
	{ "a PCR twice", PCR_TWICE, "nitro.form" },
	{ "a short PCR", PCR_SHORT, "nitro.form" },
	{ "a PCR that there is not", PCR_HIGH, "nitro.form" },
	{ "SHA-256", SHA256_DIGEST, "nitro.form" },
	{ "no module id", NO_MODULE, "nitro.form" },
	{ "no time", NO_TIMESTAMP, "nitro.form" },
	{ "no bundle", NO_BUNDLE, "nitro.form" },
	{ "bytes behind the payload", TRAILING, "nitro.form" },
	{ "ES256", P256, "nitro.form" },
	{ "the bundle the other way round", LEAF_LAST, "" },
	{ "under another root", OTHER_CHAIN, "signer" },
	{ "beside the root", GRAFTED, "signer" },
	{ "signed by another key", OTHER_LEAF, "nitro.signature" },
	{ "a certificate for other purposes", NO_USAGE, "nitro.usage" },
	{ "of yesterday", IN_THE_PAST, "age" },
	{ "of tomorrow", IN_THE_FUTURE, "age" },
	{ NULL },
};

static void
every_shape(void **state)
{
	struct policy *p = pcr_policy("false", 0, A0);

	(void)state;
	for (const struct row *row = rows; row->name != NULL; row++) {
		struct wr w;

		nitro_make(row->shape, &w);
		expect(row->name, p, wr_view(&w), row->check);
		wr_free(&w);
	}
	policy_free(&p);
}

struct rule_row {
	const char *name, *debug;
	unsigned pcr;
	const char *value;
	enum nitro_shape shape;
	const char *check;
};

static const struct rule_row rule_rows[] = {
	{ "image", "false", 0, A0, NORMAL, "" },
	{ "another image", "false", 0, A5, NORMAL, "nitro.pcr" },
	{ "an image of zeros", "false", 0, Z48, NORMAL, "nitro.pcr" },
	{ "signer of the image", "false", 8, A5, NORMAL, "" },
	{ "another signer of the image", "false", 8, A5, OTHER_PCR8,
	    "nitro.pcr" },
	{ "debug allowed", "true", 0, Z48, DEBUG, "" },
	{ "debug allowed, image wanted", "true", 0, A0, DEBUG, "nitro.pcr" },
	{ "debug, its zeros pinned", "false", 0, Z48, DEBUG, "debug" },
	{ NULL },
};

static void
rules(void **state)
{
	(void)state;
	for (const struct rule_row *row = rule_rows; row->name != NULL; row++) {
		struct policy *p = pcr_policy(row->debug, row->pcr, row->value);
		struct wr w;

		nitro_make(row->shape, &w);
		expect(row->name, p, wr_view(&w), row->check);
		wr_free(&w);
		policy_free(&p);
	}
}

static void
user_data(void **state)
{
	char text[512], hex[HEX_FULL];
	struct policy *p;
	struct wr w;

	(void)state;
	snprintf(text, sizeof(text),
	    "\"debug\":false,\"pcrs\":{\"sha384\":{\"0\":\"%s\"}},"
	    "\"user_data\":\"%s\"",
	    A0, hex_full(binding_value(&binding), hex));
	p = policy_of(nitro_root_file(), text);
	nitro_make(NORMAL, &w); /* null there */
	expect("no user data", p, wr_view(&w), "nitro.user_data");
	wr_free(&w);
	policy_free(&p);
}

/* The stranger's root is no anchor, and a pin names one key. */
static void
anchors(void **state)
{
	uint8_t digest[HASH_MAX];
	char signer[128], hex[HEX_FULL], text[256];
	struct policy *p = NULL;
	struct wr w;

	(void)state;
	snprintf(text, sizeof(text),
	    "\"debug\":false,\"pcrs\":{\"sha384\":{\"0\":\"%s\"}}", A0);
	nitro_make(NORMAL, &w);
	p = policy_of(nitro_other_file(), text);
	expect("wrong root", p, wr_view(&w), "signer");
	policy_free(&p);
	assert_int_equal(
	    hash_one(HASH_SHA256, nitro_stranger(), digest, NULL), 0);
	snprintf(signer, sizeof(signer), "{\"spki_sha256\":\"%s\"}",
	    hex_full(span_of(digest, 32), hex));
	assert_int_equal(load(signer, text, &p, NULL), 0);
	expect("wrong pin", p, wr_view(&w), "signer");
	policy_free(&p);
	wr_free(&w);
}

/* The leaf lives for hours: afterwards nothing is accepted under the root. */
static void
chain_ends(void **state)
{
	struct policy *p = pcr_policy("false", 0, A0);
	struct seal_verdict *v = verdict_new();
	struct appraisal_in in;
	struct wr w;

	(void)state;
	nitro_make(NORMAL, &w);
	in = in_for(wr_view(&w));
	in.now = NOW + 3 * 3600 + 1;
	assert_int_not_equal(appraise(p, &in, v), 0);
	assert_string_equal(first_failed(v), "signer");
	seal_verdict_free(&v);
	wr_free(&w);
	policy_free(&p);
}

/* Each bit of what is signed, and of the signature, counts. */
static void
every_byte(void **state)
{
	struct policy *p = pcr_policy("false", 0, A0);
	struct wr w;

	(void)state;
	nitro_make(NORMAL, &w);
	for (size_t i = 0; i < w.n; i++) {
		struct appraisal_in in = in_for(wr_view(&w));
		struct seal_verdict *v = verdict_new();

		w.p[i] ^= 1;
		if (appraise(p, &in, v) == 0)
			fail_msg("byte %zu is not looked at", i);
		w.p[i] ^= 1;
		seal_verdict_free(&v);
	}
	for (size_t n = 0; n < w.n; n++) {
		struct nitro doc;

		if (nitro_parse(span_of(w.p, n), &doc, NULL) == 0)
			fail_msg("cut to %zu bytes", n);
	}
	wr_free(&w);
	policy_free(&p);
}

/* What is learned accepts the same again, and nothing of another image. */
static void
learned(void **state)
{
	struct seal_verdict *v = verdict_new();
	struct appraisal_in in;
	struct policy *p = NULL;
	char *text = NULL;
	struct wr w, out, other;

	(void)state;
	nitro_make(NORMAL, &w);
	in = in_for(wr_view(&w));
	assert_int_equal(appraise_observe(&in, NULL, v, &text, NULL), 0);
	assert_int_equal(policy_load(span_str(text), "", &p, NULL), 0);
	nitro_make(OTHER_CHAIN, &other);
	expect("another root first", p, wr_view(&other), "signer");
	expect("and again", p, wr_view(&other), "signer");
	wr_free(&other);
	expect("learned", p, wr_view(&w), "");
	expect("its root known", p, wr_view(&w), "");
	wr_free(&w);
	nitro_make(OTHER_PCR8, &w);
	expect("learned, another signer", p, wr_view(&w), "nitro.pcr");
	wr_free(&w);
	nitro_make(OTHER_CHAIN, &w);
	expect("learned, another root", p, wr_view(&w), "signer");
	wr_free(&w);
	nitro_make(GRAFTED, &w);
	expect("learned, beside the root", p, wr_view(&w), "signer");
	wr_free(&w);
	nitro_make(NORMAL, &w);
	expect("its root still known", p, wr_view(&w), "");
	assert_non_null(strstr(text, "\"root_sha256\"")); /* outlives a leaf */
	assert_null(strstr(text, "\"4\"")); /* the parent machine */
	assert_null(strstr(text, "\"3\"")); /* zeros */
	wr_init_heap(&out, TEXT_MAX);
	assert_int_equal(policy_explain(p, &out), 0);
	wr_u8(&out, 0);
	assert_non_null(strstr((char *)out.p, "PCR 8 is a5a5"));
	wr_free(&out);
	wr_free(&w);
	policy_free(&p);
	free(text);
	seal_verdict_free(&v);
}

/* Zeros in debug mode are anybody's image: no policy for it is learned. */
static void
learned_in_debug(void **state)
{
	struct seal_verdict *v = verdict_new();
	struct appraisal_in in;
	struct policy *p = NULL;
	char *text = NULL;
	struct wr w;

	(void)state;
	nitro_make(DEBUG, &w);
	in = in_for(wr_view(&w));
	assert_int_equal(appraise_observe(&in, NULL, v, &text, NULL), 0);
	assert_non_null(strstr(text, "\"debug\": false"));
	assert_non_null(strstr(seal_verdict_diag(v)->text, "debug"));
	assert_int_equal(policy_load(span_str(text), "", &p, NULL), 0);
	expect("learned in debug mode", p, wr_view(&w), "debug");
	wr_free(&w);
	policy_free(&p);
	free(text);
	seal_verdict_free(&v);
}

static void
shown(void **state)
{
	static const char *const words[] = { "AWS Nitro Enclave",
		"i-0123-enc4567", "2023-11-14T22:13:20Z", "debug (zeros",
		"0 (image): zeros", "8 (signer of the image): a5a5",
		"not after: 2023-11-15T01:13:20Z", NULL };
	char *text = NULL;
	struct wr w;

	(void)state;
	nitro_make(DEBUG, &w);
	assert_int_equal(seal_inspect(w.p, w.n, NULL, 0, &text, NULL), 0);
	for (size_t i = 0; words[i] != NULL; i++)
		if (strstr(text, words[i]) == NULL)
			fail_msg("no '%s' in\n%s", words[i], text);
	free(text);
	wr_free(&w);
}

struct config_row {
	const char *name, *rules;
};

static const struct config_row config_rows[] = {
	{ "no PCR", "\"debug\":false" },
	{ "no bank", "\"debug\":false,\"pcrs\":{}" },
	{ "no values", "\"debug\":false,\"pcrs\":{\"sha384\":{}}" },
	{ "another bank", "\"debug\":false,\"pcrs\":{\"sha256\":{}}" },
	{ "a list", "\"debug\":false,\"pcrs\":{\"sha384\":[]}" },
	{ "a short value",
	    "\"debug\":false,\"pcrs\":{\"sha384\":{\"0\":\"00\"}}" },
	{ "no such PCR",
	    "\"debug\":false,\"pcrs\":{\"sha384\":{\"32\":\"00\"}}" },
	{ "another spelling",
	    "\"debug\":false,\"pcrs\":{\"sha384\":{\"00\":\"00\"}}" },
	{ NULL },
};

static void
config(void **state)
{
	char rules[512];
	struct policy *p = NULL;
	char signer[128];

	(void)state;
	snprintf(signer, sizeof(signer), "{\"ca\":\"%s\"}", nitro_root_file());
	for (const struct config_row *row = config_rows; row->name != NULL;
	     row++)
		if (load(signer, row->rules, &p, NULL) != SEAL_E_CONFIG)
			fail_msg("%s", row->name);
	/* PCR 1 says nothing of the image. */
	snprintf(rules, sizeof(rules),
	    "\"debug\":false,\"pcrs\":{\"sha384\":{\"1\":\"%s\"}}", A0);
	assert_int_equal(load(signer, rules, &p, NULL), SEAL_E_CONFIG);
	/* 'debug' has no default. */
	snprintf(
	    rules, sizeof(rules), "\"pcrs\":{\"sha384\":{\"0\":\"%s\"}}", A0);
	assert_int_equal(load(signer, rules, &p, NULL), SEAL_E_CONFIG);
}

/* ---- All ---- */

static int
setup(void **state)
{
	const struct made m = { .cn = "subject" };
	struct issued key;
	struct cert *c = NULL;

	(void)state;
	nitro_setup();
	key = issue(&m, EVP_EC_gen("P-256"), NULL);
	assert_int_equal(cert_parse(key.der, &c, NULL), 0);
	n_subject = cert_spki(c).n;
	memcpy(subject, cert_spki(c).p, n_subject);
	cert_unref(&c);
	issued_free(&key);
	assert_int_equal(binding_post(HASH_SHA256, span_of(subject, n_subject),
			     span_of(exporter, 32), &binding, NULL),
	    0);
	nitro_answer(binding_value(&binding), span_of(subject, n_subject));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	nitro_teardown();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shape),
		cmocka_unit_test(rules),
		cmocka_unit_test(user_data),
		cmocka_unit_test(anchors),
		cmocka_unit_test(chain_ends),
		cmocka_unit_test(every_byte),
		cmocka_unit_test(learned),
		cmocka_unit_test(learned_in_debug),
		cmocka_unit_test(shown),
		cmocka_unit_test(config),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
