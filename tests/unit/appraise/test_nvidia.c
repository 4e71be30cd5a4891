/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of GPUs under a root of this test's own. */
#include "test.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../crypto/fixture.h"
#include "appraise/appraise.h"
#include "appraise/verdict_fixture.h"
#include "base/text.h"
#include "format/nvidia.h"

#define REPORT_MAX 4096

static struct issued root, device, leaf, plain, other_root, other_leaf;
static struct privkey *leaf_key, *other_key, *plain_key;
static struct seal_binding binding, other_binding, long_binding;
static const uint8_t exporter[32] = { 4 }, other_exporter[32] = { 5 };

/* ---- Reports ---- */

struct scene {
	bool other_nonce, other_value, other_driver, other_vbios, other_fwid;
	bool no_fwid, twice, unsigned_request, no_index, wrong_size, trailing,
	    driver_twice, block_missing, no_block, high_index;
	enum { LEAF, OTHER, PLAIN } by;
};

static void
put_block(struct wr *w, uint8_t index, uint8_t fill, bool wrong_size)
{
	uint8_t value[NVIDIA_DIGEST];

	memset(value, fill, sizeof(value));
	wr_u8(w, index);
	wr_u8(w, 1);
	wr_u8(w, wrong_size ? 52 : 51);
	wr_u8(w, 0);
	wr_u8(w, 1);
	wr_u8(w, 48);
	wr_u8(w, 0);
	wr_bytes(w, span_of(value, sizeof(value)));
}

static void
put_opaque(struct wr *w, uint8_t type, struct span value)
{
	wr_u8(w, type);
	wr_u8(w, 0);
	wr_u8(w, (uint8_t)value.n);
	wr_u8(w, 0);
	wr_bytes(w, value);
}

static void
put_body(const struct scene *s, struct wr *w)
{
	static const uint8_t vbios[8] = { 0, 0x9f, 0, 0x96, 1 };
	static const uint8_t vbios2[8] = { 0, 0x9f, 0, 0x97, 1 };
	static const uint8_t nonce[32] = { 9 };
	uint8_t fwid[NVIDIA_DIGEST], buf[512];
	struct wr opaque;

	memset(fwid, s->other_fwid ? 0xf1 : 0xf0, sizeof(fwid));
	wr_bytes(w, span_of((const uint8_t[]){ 0x11, 0x60, 0, 0 }, 4));
	wr_u8(w, s->no_block ? 0 : s->block_missing ? 3 : 2);
	wr_u8(w, s->no_block ? 0 : 110);
	wr_u8(w, 0);
	wr_u8(w, 0);
	if (!s->no_block) {
		put_block(w, s->no_index ? 0 : 1, 0xa1, s->wrong_size);
		put_block(w,
		    s->twice        ? 1
		    : s->high_index ? 255
				    : 9,
		    s->other_value ? 0xb1 : 0xb0, false);
	}
	wr_bytes(w, span_of(nonce, 32));
	wr_init(&opaque, buf, sizeof(buf));
	put_opaque(&opaque, 3,
	    s->other_driver ? span_of("560.1\0", 6) : span_of("550.9\0", 6));
	if (s->driver_twice)
		put_opaque(&opaque, 3, span_of("550.9\0", 6));
	put_opaque(&opaque, 6,
	    s->other_vbios ? span_of(vbios2, 8) : span_of(vbios, 8));
	put_opaque(&opaque, 99, span_str("x"));
	if (!s->no_fwid)
		put_opaque(&opaque, 20, span_of(fwid, sizeof(fwid)));
	wr_u8(w, (uint8_t)opaque.n);
	wr_u8(w, (uint8_t)(opaque.n >> 8));
	wr_bytes(w, wr_view(&opaque));
}

static void
make(const struct scene *s, struct wr *w)
{
	struct privkey *key = s->by == OTHER   ? other_key
			      : s->by == PLAIN ? plain_key
					       : leaf_key;
	uint8_t der[LIMIT_SIGNATURE], raw[96];
	struct wr sig, r;

	wr_init_heap(w, REPORT_MAX);
	wr_bytes(w, span_of((const uint8_t[]){ 0x11, 0xe0,
				s->unsigned_request ? 0 : 1, 0xff },
			4));
	wr_bytes(w, binding_value(s->other_nonce ? &other_binding : &binding));
	wr_u8(w, 0);
	put_body(s, w);
	wr_init(&sig, der, sizeof(der));
	assert_int_equal(
	    privkey_sign(key, SIG_ECDSA_P384_SHA384, wr_view(w), &sig, NULL),
	    0);
	wr_init(&r, raw, sizeof(raw));
	assert_int_equal(ecdsa_der_to_raw(wr_view(&sig), 48, &r, NULL), 0);
	wr_bytes(w, span_of(raw, sizeof(raw)));
	if (s->trailing)
		wr_u8(w, 0);
}

/* ---- Judging ---- */

static struct endorsements *
chain(const struct issued *of, bool whole)
{
	struct endorsements *e = endorse_new();

	assert_int_equal(endorse_add(e, "leaf", of->der, NULL), 0);
	if (whole) {
		assert_int_equal(endorse_add(e, "device", device.der, NULL), 0);
		assert_int_equal(endorse_add(e, "root", root.der, NULL), 0);
		assert_int_equal(
		    endorse_add(e, "other", other_root.der, NULL), 0);
	}
	return e;
}

static struct appraisal_in
in_for(struct span report, const struct endorsements *e)
{
	return (struct appraisal_in){ .media_type = span_str(NVIDIA_TYPE),
		.evidence = report,
		.expected = &binding,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = NOW,
		.endorse = e,
		.binder_known = true };
}

static void
expect(const char *name, const struct policy *p, const struct appraisal_in *in,
    const char *want)
{
	struct seal_verdict *v = verdict_new();

	appraise(p, in, v);
	if (strcmp(first_failed(v), want) != 0 ||
	    (v->outcome == SEAL_ACCEPTED) != (*want == '\0'))
		fail_msg("%s: '%s' failed, expected '%s' (%s)", name,
		    first_failed(v), want,
		    v->diag == NULL ? "" : v->diag->text);
	seal_verdict_free(&v);
}

static struct policy *
learn(void)
{
	struct endorsements *e = chain(&leaf, true);
	struct seal_verdict *v = verdict_new();
	struct seal_diag d = { 0 };
	struct scene good = { 0 };
	struct policy *p = NULL;
	struct appraisal_in in;
	char *text = NULL;
	struct wr w;

	make(&good, &w);
	in = in_for(wr_view(&w), e);
	if (appraise_observe(&in, NULL, v, &text, &d) != 0)
		fail_msg("%s", d.text);
	assert_non_null(strstr(text, "root_sha256"));
	assert_non_null(strstr(text, "96.00.9F.00.01"));
	if (policy_load(span_str(text), "", &p, &d) != 0)
		fail_msg("%s", d.text);
	free(text);
	seal_verdict_free(&v);
	endorse_free(&e);
	wr_free(&w);
	return p;
}

static const struct {
	const char *name, *want;
	struct scene s;
	enum { WHOLE, ALONE, OTHER_CHAIN, PLAIN_CHAIN, NO_CHAIN } chain;
} rows[] = {
	{ "as it should be", "", { 0 } },
	{ "of another connection", "binder", { .other_nonce = true } },
	{ "measured otherwise", "nvidia.measurement", { .other_value = true } },
	{ "another driver", "nvidia.driver", { .other_driver = true } },
	{ "another VBIOS", "nvidia.vbios", { .other_vbios = true } },
	{ "firmware that is not certified", "nvidia.fwid",
	    { .other_fwid = true } },
	{ "no firmware", "nvidia.fwid", { .no_fwid = true } },
	{ "signed by another", "nvidia.signature", { .by = OTHER } },
	{ "of a stranger's GPU", "signer", { .by = OTHER }, OTHER_CHAIN },
	{ "a certificate of no firmware", "nvidia.fwid", { .by = PLAIN },
	    PLAIN_CHAIN },
	{ "no chain", "nvidia.device", { 0 }, ALONE },
	{ "no certificate", "nvidia.signature", { 0 }, NO_CHAIN },
	{ "an index twice", "nvidia.form", { .twice = true } },
	{ "index 0", "nvidia.form", { .no_index = true } },
	{ "index 255", "nvidia.form", { .high_index = true } },
	{ "sizes that differ", "nvidia.form", { .wrong_size = true } },
	{ "a block less than it says", "nvidia.form",
	    { .block_missing = true } },
	{ "no block", "nvidia.form", { .no_block = true } },
	{ "a driver twice", "nvidia.form", { .driver_twice = true } },
	{ "no signature wanted", "nvidia.form", { .unsigned_request = true } },
	{ "a trailing byte", "nvidia.form", { .trailing = true } },
};

static void
every_row(void **state)
{
	struct policy *p = learn();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct endorsements *e =
		    rows[i].chain == NO_CHAIN      ? endorse_new()
		    : rows[i].chain == OTHER_CHAIN ? chain(&other_leaf, true)
		    : rows[i].chain == PLAIN_CHAIN
			? chain(&plain, true)
			: chain(&leaf, rows[i].chain != ALONE);
		struct appraisal_in in;
		struct wr w;

		make(&rows[i].s, &w);
		in = in_for(wr_view(&w), e);
		expect(rows[i].name, p, &in, rows[i].want);
		wr_free(&w);
		endorse_free(&e);
	}
	policy_free(&p);
}

/* A nonce has 32 bytes: it can be no binder of SHA-384. */
static void
too_long(void **state)
{
	struct endorsements *e = chain(&leaf, true);
	struct policy *p = learn();
	struct scene good = { 0 };
	struct appraisal_in in;
	struct wr w;

	(void)state;
	make(&good, &w);
	in = in_for(wr_view(&w), e);
	in.expected = &long_binding;
	expect("a binder of SHA-384", p, &in, "binder");
	wr_free(&w);
	policy_free(&p);
	endorse_free(&e);
}

static void
every_byte(void **state)
{
	struct endorsements *e = chain(&leaf, true);
	struct policy *p = learn();
	struct scene good = { 0 };
	struct appraisal_in in;
	struct wr w;

	(void)state;
	make(&good, &w);
	for (size_t i = 0; i < w.n; i++) {
		struct seal_verdict *v = verdict_new();

		in = in_for(wr_view(&w), e);
		w.p[i] ^= 1;
		if (appraise(p, &in, v) == 0)
			fail_msg("byte %zu changed, and accepted", i);
		w.p[i] ^= 1;
		seal_verdict_free(&v);
	}
	for (size_t n = 0; n < w.n; n++) {
		in = in_for(span_of(w.p, n), e);
		expect("cut", p, &in, "nvidia.form");
	}
	wr_free(&w);
	policy_free(&p);
	endorse_free(&e);
}

static void
refused(void **state)
{
	static const char *const rules[] = { "", "\"measurements\":{}",
		"\"measurements\":{\"0\":\"00\"}",
		"\"measurements\":{\"1\":\"00\"}",
		"\"measurements\":{\"01\":\"00\"}", "\"driver\":\"1\"",
		"\"measurements\":[]", "\"measurements\":{\"255\":\"00\"}" };
	struct policy *p = NULL;
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		snprintf(text, sizeof(text),
		    "{\"version\":1,\"max_age_s\":60,\"accept\":[{\"scheme\":\"" NVIDIA_TYPE
		    "\",\"debug\":false,\"signers\":[{"
		    "\"root_sha256\":\"%064d\"}]%s%s}]}",
		    0, *rules[i] == '\0' ? "" : ",", rules[i]);
		if (policy_load(span_str(text), "", &p, NULL) != SEAL_E_CONFIG)
			fail_msg("%s", rules[i]);
	}
}

/* ---- Keys ---- */

static EVP_PKEY *
p384(void)
{
	return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
}

/* With the identity of the firmware, as TCG's DICE has it. */
static void
certify_firmware(struct issued *i, const struct issued *by)
{
	uint8_t value[2 + NVIDIA_DIGEST] = { 0x04, NVIDIA_DIGEST };
	ASN1_OBJECT *oid = OBJ_txt2obj("2.23.133.5.4.1", 1);
	ASN1_OCTET_STRING *os = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;
	unsigned char *der = NULL;
	int n;

	memset(value + 2, 0xf0, NVIDIA_DIGEST);
	ASN1_OCTET_STRING_set(os, value, sizeof(value));
	ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, os);
	assert_int_equal(X509_add_ext(i->x, ext, -1), 1);
	assert_int_not_equal(X509_sign(i->x, by->key, EVP_sha384()), 0);
	n = i2d_X509(i->x, &der);
	assert_true(n > 0);
	free((void *)(uintptr_t)i->der.p);
	i->der.p = malloc((size_t)n);
	memcpy((void *)(uintptr_t)i->der.p, der, (size_t)n);
	i->der.n = (size_t)n;
	OPENSSL_free(der);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(os);
	ASN1_OBJECT_free(oid);
}

static int
setup(void **state)
{
	static const struct made ca = { .cn = "GPU root",
		.basic = "critical,CA:TRUE",
		.usage = "critical,keyCertSign" };
	static const struct made mid = { .cn = "GPU device",
		.basic = "critical,CA:TRUE",
		.usage = "critical,keyCertSign" };
	static const struct made other = { .cn = "other root",
		.basic = "critical,CA:TRUE",
		.usage = "critical,keyCertSign" };
	static const struct made end = { .cn = "GPU firmware",
		.usage = "critical,digitalSignature" };

	(void)state;
	root = issue(&ca, p384(), NULL);
	device = issue(&mid, p384(), &root);
	leaf = issue(&end, p384(), &device);
	plain = issue(&end, p384(), &device);
	other_root = issue(&other, p384(), NULL);
	other_leaf = issue(&end, p384(), &other_root);
	certify_firmware(&leaf, &device);
	certify_firmware(&other_leaf, &other_root);
	leaf_key = load_key(leaf.key);
	other_key = load_key(other_leaf.key);
	plain_key = load_key(plain.key);
	assert_int_equal(
	    binding_post(HASH_SHA256, span_str("a key, for all that matters"),
		span_of(exporter, 32), &binding, NULL),
	    0);
	assert_int_equal(
	    binding_post(HASH_SHA256, span_str("a key, for all that matters"),
		span_of(other_exporter, 32), &other_binding, NULL),
	    0);
	assert_int_equal(
	    binding_post(HASH_SHA384, span_str("a key, for all that matters"),
		span_of(exporter, 32), &long_binding, NULL),
	    0);
	return 0;
}

static int
teardown(void **state)
{
	struct issued *all[] = { &root, &device, &leaf, &plain, &other_root,
		&other_leaf };

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		issued_free(all[i]);
	privkey_free(&leaf_key);
	privkey_free(&other_key);
	privkey_free(&plain_key);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row),
		cmocka_unit_test(too_long),
		cmocka_unit_test(every_byte),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
