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
#include "base/text.h"
#include "format/nitro.h"

#define DOC_MAX 16384
#define TEXT_MAX 8192

/* A chain like AWS's under a root of this test's own, and a stranger's. */
static struct issued root, region, leaf, ca_leaf, p256_leaf;
static struct issued other_root, other_leaf;
static struct cert *stranger; /* other_leaf */
static struct privkey *leaf_key, *other_key, *p256_key;
static char root_file[] = "/tmp/seal-nitro-XXXXXX";
static char other_file[] = "/tmp/seal-nitro-XXXXXX";
static uint8_t subject[LIMIT_SPKI];
static size_t n_subject;
static struct seal_binding binding;
static const uint8_t exporter[32] = { 1, 2, 3 };

/* ---- Documents ---- */

enum shape {
	NORMAL,
	NO_KEY,      /* public_key is null */
	EMPTY_KEY,   /* … or no bytes */
	OTHER_KEY,   /* another one */
	RAW_KEY,     /* bytes that are no key */
	NO_NONCE,    /* null */
	EMPTY_NONCE, /* no bytes */
	ZERO_NONCE,  /* as many zeros */
	SHORT_NONCE, /* its last byte is missing */
	LONG_NONCE,  /* one too many */
	OTHER_NONCE, /* its last bit */
	USER_NONCE,  /* the binder is in the user data instead */
	DEBUG,       /* PCR 0 to 2 are zero */
	ZERO_PCR0,   /* PCR 0 alone is */
	NO_PCR0,
	PCR_TWICE,
	PCR_SHORT,
	PCR_HIGH,
	OTHER_PCR8,
	SHA256_DIGEST,
	NO_MODULE,
	NO_TIMESTAMP,
	NO_BUNDLE,
	LEAF_LAST,   /* the bundle in the order of a chain */
	OTHER_CHAIN, /* genuine, under a stranger's root */
	GRAFTED,     /* … and AWS's bundle behind its leaf */
	OTHER_LEAF,  /* signed by a key that is not the certificate's */
	NO_USAGE,    /* a CA's certificate as leaf */
	P256,        /* ES256 */
	UNKNOWN_FIELD,
	TRAILING,
	TAGGED,
	IN_THE_PAST,
	IN_THE_FUTURE,
};

static int
sign(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	return privkey_sign(ctx, scheme, tbs, out, d);
}

static void
put_field(struct wr *w, const char *key, bool null, struct span value)
{
	cbor_put_text(w, span_str(key));
	if (null)
		cbor_put_null(w);
	else
		cbor_put_bytes(w, value);
}

static void
put_pcrs(struct wr *w, enum shape s)
{
	cbor_put_text(w, span_str("pcrs"));
	cbor_put_map(w, 6);
	for (unsigned i = 0; i < 6; i++) {
		static const unsigned index[6] = { 0, 1, 2, 3, 4, 8 };
		uint8_t value[48] = { 0 };
		bool zero = i == 3 || (s == DEBUG && i < 3) ||
			    (s == ZERO_PCR0 && i == 0);

		if (!zero)
			memset(value, 0xa0 + (int)i, sizeof(value));
		if (s == OTHER_PCR8 && i == 5)
			value[47] ^= 1;
		cbor_put_uint(w, s == NO_PCR0 && i == 0     ? 9
				 : s == PCR_TWICE && i == 5 ? 4
				 : s == PCR_HIGH && i == 5  ? 32
							    : index[i]);
		cbor_put_bytes(
		    w, span_of(value, s == PCR_SHORT && i == 5 ? 47 : 48));
	}
}

static void
put_bundle(struct wr *w, enum shape s)
{
	cbor_put_text(w, span_str("cabundle"));
	cbor_put_array(w, s == NO_BUNDLE ? 0 : s == OTHER_CHAIN ? 1 : 2);
	if (s == NO_BUNDLE)
		return;
	if (s == OTHER_CHAIN) {
		cbor_put_bytes(w, other_root.der);
		return;
	}
	cbor_put_bytes(w, s == LEAF_LAST ? region.der : root.der);
	cbor_put_bytes(w, s == LEAF_LAST ? root.der : region.der);
}

static void
put_nonce(struct wr *w, enum shape s)
{
	struct span binder = binding_value(&binding);
	uint8_t value[HASH_MAX + 1] = { 0 };
	size_t n = s == SHORT_NONCE   ? binder.n - 1
		   : s == LONG_NONCE  ? binder.n + 1
		   : s == EMPTY_NONCE ? 0
				      : binder.n;

	if (s != ZERO_NONCE)
		memcpy(value, binder.p, binder.n);
	if (s == OTHER_NONCE)
		value[binder.n - 1] ^= 1;
	put_field(
	    w, "nonce", s == NO_NONCE || s == USER_NONCE, span_of(value, n));
	put_field(w, "user_data", s != USER_NONCE, binder);
}

static void
put_key(struct wr *w, enum shape s)
{
	struct span key = span_of(subject, n_subject);

	if (s == EMPTY_KEY)
		key.n = 0;
	else if (s == RAW_KEY)
		key.n = 32;
	else if (s == OTHER_KEY)
		key = cert_spki(stranger);
	put_field(w, "public_key", s == NO_KEY, key);
}

static void
put_leaf(struct wr *w, enum shape s)
{
	put_field(w, "certificate", false,
	    s == OTHER_CHAIN || s == GRAFTED ? other_leaf.der
	    : s == P256                      ? p256_leaf.der
	    : s == NO_USAGE                  ? ca_leaf.der
					     : leaf.der);
}

static void
put_payload(struct wr *w, enum shape s)
{
	uint64_t at = (uint64_t)NOW * 1000 + 999;

	if (s == IN_THE_PAST)
		at -= 62000;
	if (s == IN_THE_FUTURE)
		at += 61000;
	cbor_put_map(w, 9 + (s == UNKNOWN_FIELD));
	cbor_put_text(w, span_str(s == NO_MODULE ? "module" : "module_id"));
	cbor_put_text(w, span_str("i-0123-enc4567"));
	cbor_put_text(w, span_str("digest"));
	cbor_put_text(w, span_str(s == SHA256_DIGEST ? "SHA256" : "SHA384"));
	cbor_put_text(w, span_str(s == NO_TIMESTAMP ? "time" : "timestamp"));
	cbor_put_uint(w, at);
	put_pcrs(w, s);
	put_leaf(w, s);
	put_bundle(w, s);
	put_key(w, s);
	put_nonce(w, s);
	if (s == UNKNOWN_FIELD) {
		cbor_put_text(w, span_str("more"));
		cbor_put_bool(w, true);
	}
	if (s == TRAILING)
		cbor_put_null(w);
}

/* AWS's documents have no tag; w is then what stands behind one. */
static void
make(enum shape s, struct wr *w)
{
	bool other = s == OTHER_LEAF || s == OTHER_CHAIN || s == GRAFTED;
	struct privkey *key = other       ? other_key
			      : s == P256 ? p256_key
					  : leaf_key;
	struct seal_diag d = { 0 };
	struct cose_headers none = { .n_more = 0 };
	struct wr payload, tagged;

	wr_init_heap(&payload, DOC_MAX);
	wr_init_heap(&tagged, DOC_MAX);
	wr_init_heap(w, DOC_MAX);
	put_payload(&payload, s);
	if (cose_sign1_write_with(&tagged,
		s == P256 ? SIG_ECDSA_P256_SHA256 : SIG_ECDSA_P384_SHA384,
		&none, wr_view(&payload), sign, key, &d) != 0)
		fail_msg("%s", d.text);
	wr_bytes(w, s == TAGGED ? wr_view(&tagged)
				: span_of(tagged.p + 1, tagged.n - 1));
	wr_free(&payload);
	wr_free(&tagged);
}

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
	return policy_of(root_file, rules);
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

static const char *
first_failed(const struct seal_verdict *v)
{
	struct seal_check c;

	for (size_t i = 0; seal_verdict_check(v, i, &c) == 0; i++)
		if (c.status == SEAL_CHECK_FAILED)
			return c.name;
	return "";
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
	enum shape shape;
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

		make(row->shape, &w);
		expect(row->name, p, wr_view(&w), row->check);
		wr_free(&w);
	}
	policy_free(&p);
}

struct rule_row {
	const char *name, *debug;
	unsigned pcr;
	const char *value;
	enum shape shape;
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

		make(row->shape, &w);
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
	p = policy_of(root_file, text);
	make(NORMAL, &w); /* null there */
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
	make(NORMAL, &w);
	p = policy_of(other_file, text);
	expect("wrong root", p, wr_view(&w), "signer");
	policy_free(&p);
	assert_int_equal(
	    hash_one(HASH_SHA256, cert_spki(stranger), digest, NULL), 0);
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
	make(NORMAL, &w);
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
	make(NORMAL, &w);
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
	struct wr w, out;

	(void)state;
	make(NORMAL, &w);
	in = in_for(wr_view(&w));
	assert_int_equal(appraise_observe(&in, NULL, v, &text, NULL), 0);
	assert_int_equal(policy_load(span_str(text), "", &p, NULL), 0);
	expect("learned", p, wr_view(&w), "");
	wr_free(&w);
	make(OTHER_PCR8, &w);
	expect("learned, another signer", p, wr_view(&w), "nitro.pcr");
	wr_free(&w);
	make(OTHER_CHAIN, &w);
	expect("learned, another root", p, wr_view(&w), "signer");
	wr_free(&w);
	make(GRAFTED, &w);
	expect("learned, beside the root", p, wr_view(&w), "signer");
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
	make(DEBUG, &w);
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
	snprintf(signer, sizeof(signer), "{\"ca\":\"%s\"}", root_file);
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

/* ---- Keys ---- */

static struct issued
certify(const char *cn, const char *curve, bool ca, const struct issued *by)
{
	struct made m = { .cn = cn,
		.usage =
		    ca ? "critical,keyCertSign" : "critical,digitalSignature",
		.basic = ca ? "critical,CA:TRUE" : "critical,CA:FALSE",
		.to = ca ? 0 : 3 * 3600,
		.md = EVP_sha384() };

	return issue(&m, EVP_EC_gen(curve), by);
}

static void
write_root(char *path, const struct issued *i)
{
	struct wr w;

	wr_init_heap(&w, DOC_MAX);
	assert_int_equal(cert_to_pem(i->der, &w, NULL), 0);
	assert_int_equal(write(mkstemp(path), w.p, w.n), w.n);
	wr_free(&w);
}

static int
setup(void **state)
{
	struct issued key;
	struct cert *c = NULL;

	(void)state;
	root = certify("root", "P-384", true, NULL);
	region = certify("region", "P-384", true, &root);
	leaf = certify("i-0123-enc4567", "P-384", false, &region);
	p256_leaf = certify("p256", "P-256", false, &region);
	ca_leaf = certify("ca", "P-384", true, &region);
	other_root = certify("root", "P-384", true, NULL);
	other_leaf = certify("i-0123-enc4567", "P-384", false, &other_root);
	leaf_key = load_key(leaf.key);
	p256_key = load_key(p256_leaf.key);
	other_key = load_key(other_leaf.key);
	assert_int_equal(cert_parse(other_leaf.der, &stranger, NULL), 0);
	key = certify("subject", "P-256", false, NULL);
	assert_int_equal(cert_parse(key.der, &c, NULL), 0);
	n_subject = cert_spki(c).n;
	memcpy(subject, cert_spki(c).p, n_subject);
	cert_unref(&c);
	issued_free(&key);
	write_root(root_file, &root);
	write_root(other_file, &other_root);
	return binding_post(HASH_SHA256, span_of(subject, n_subject),
	    span_of(exporter, 32), &binding, NULL);
}

static int
teardown(void **state)
{
	struct issued *all[] = { &root, &region, &leaf, &p256_leaf, &ca_leaf,
		&other_root, &other_leaf };

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		issued_free(all[i]);
	privkey_free(&leaf_key);
	privkey_free(&p256_key);
	privkey_free(&other_key);
	cert_unref(&stranger);
	unlink(root_file);
	unlink(other_file);
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
		cmocka_unit_test(shown),
		cmocka_unit_test(config),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
