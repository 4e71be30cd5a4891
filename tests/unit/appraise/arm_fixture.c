/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "arm_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "format/cca.h"
#include "format/corim.h"

#define TOKEN_MAX 16384
#define TEXT_MAX 4096

struct arm_key arm_iak, arm_rak, arm_stranger;
static uint8_t binder[64];
static size_t n_binder;
static uint8_t id[33], impl[32], sw_a[32], sw_b[48], signer_id[32];

struct span
arm_spki(const struct arm_key *k)
{
	return span_of(k->spki, k->n);
}

static int
sign(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	const struct arm_key *k = ctx;

	return privkey_sign(k->key, scheme, tbs, out, d);
}

static void
sign_token(struct arm_key *k, struct span payload, struct wr *ret)
{
	struct cose_headers none = { .n_more = 0 };
	struct seal_diag d = { 0 };

	wr_init_heap(ret, TOKEN_MAX);
	if (cose_sign1_write_with(
		ret, k->scheme, &none, payload, sign, k, &d) != 0)
		fail_msg("%s", d.text);
}

/* ---- Tokens ---- */

static void
put_component(
    struct wr *w, const char *type, struct span measurement, enum arm_shape s)
{
	uint8_t signer[32];

	memcpy(signer, signer_id, sizeof(signer));
	if (s == OTHER_SIGNER_ID)
		signer[31] ^= 1;
	cbor_put_map(w, 4);
	cbor_put_uint(w, 1);
	cbor_put_text(w, span_str(s == OTHER_TYPE ? "other" : type));
	cbor_put_uint(w, 2);
	cbor_put_bytes(w, measurement);
	cbor_put_uint(w, 4);
	cbor_put_text(w, span_str("1.2.3"));
	cbor_put_uint(w, 5);
	cbor_put_bytes(w, span_of(signer, 32));
}

static void
put_software(struct wr *w, enum arm_shape s)
{
	size_t n = s == NO_SOFTWARE     ? 0
		   : s == LESS_SOFTWARE ? 1
		   : s == MORE_SOFTWARE ? 3
					: 2;
	uint8_t b[48];

	memcpy(b, sw_b, sizeof(b));
	if (s == OTHER_SOFTWARE)
		b[47] ^= 1;
	cbor_put_array(w, n);
	if (n > 0)
		put_component(w, "BL",
		    span_of(sw_a, s == SHORT_MEASUREMENT ? 31 : 32), NORMAL);
	if (n > 1)
		put_component(w, "PRoT", span_of(b, sizeof(b)), s);
	if (n > 2)
		put_component(w, "ARoT", span_of(signer_id, 32), s);
}

/* A claim by its current and its legacy label. */
static void
label(struct wr *w, bool legacy, int64_t current, int64_t old)
{
	cbor_put_int(w, legacy ? old : current);
}

static uint64_t
lifecycle(enum arm_shape s)
{
	return s == DEBUG_OTHER      ? 0x4000
	       : s == DEBUG_ROOT     ? 0x50ff
	       : s == ASSEMBLY       ? 0x1000
	       : s == DECOMMISSIONED ? 0x6000
	       : s == BAD_LIFECYCLE  ? 0x7000
				     : 0x3003;
}

static void
put_common(struct wr *w, enum arm_shape s, struct span nonce, bool old)
{
	uint8_t instance[33], hardware[32];

	memcpy(instance, id, sizeof(instance));
	memcpy(hardware, impl, sizeof(hardware));
	if (s == OTHER_INSTANCE)
		instance[32] ^= 1;
	if (s == BAD_INSTANCE)
		instance[0] = 2;
	if (s == OTHER_IMPLEMENTATION)
		hardware[31] ^= 1;
	if (s != NO_NONCE) {
		label(w, old, 10, -75008);
		cbor_put_bytes(w, nonce);
	}
	label(w, old, 256, -75009);
	cbor_put_bytes(w, span_of(instance, sizeof(instance)));
	if (s != NO_LIFECYCLE) {
		label(w, old, 2395, -75002);
		cbor_put_uint(w, lifecycle(s));
	}
	label(w, old != (s == MIXED), 2396, -75003);
	cbor_put_bytes(
	    w, span_of(hardware, s == SHORT_IMPLEMENTATION ? 31 : 32));
	label(w, old, 2399, -75006);
	put_software(w, s);
}

static struct span
nonce_of(enum arm_shape s, uint8_t buf[64])
{
	memset(buf, 0, 64);
	if (s != ZERO_NONCE && s != CHALLENGE_ZERO)
		memcpy(buf, binder, n_binder);
	if (s == OTHER_NONCE || s == CHALLENGE_OTHER)
		buf[n_binder - 1] ^= 1;
	if (s == CHALLENGE_REST)
		buf[63] = 1;
	return span_of(buf, s == PADDED_NONCE  ? 64
			    : s == SHORT_NONCE ? n_binder - 1
			    : s == EMPTY_NONCE ? 0
					       : n_binder);
}

static const char *
profile_of(enum arm_shape s)
{
	return s == LEGACY          ? "PSA_IOT_PROFILE_1"
	       : s == OTHER_PROFILE ? "tag:example.org,2026:psa"
				    : "tag:psacertified.org,2023:psa#tfm";
}

static void
make_psa(enum arm_shape s, struct wr *ret)
{
	bool old = s == LEGACY || s == LEGACY_UNNAMED;
	bool named = s != LEGACY_UNNAMED && s != NO_PROFILE;
	struct arm_key *by = s == BY_STRANGER ? &arm_stranger : &arm_iak;
	uint8_t nonce[64];
	struct wr w;

	wr_init_heap(&w, TOKEN_MAX);
	cbor_put_map(&w, 7 + (size_t)named + (s == SEED_TWICE) -
			     (s == NO_NONCE) - (s == NO_LIFECYCLE));
	put_common(&w, s, nonce_of(s, nonce), old);
	label(&w, old, 2394, -75001);
	cbor_put_int(&w, s == OTHER_CLIENT ? -2 : -1);
	label(&w, old, 268, -75004);
	cbor_put_bytes(&w, span_of(impl, 32));
	if (s == SEED_TWICE) {
		cbor_put_uint(&w, 2397);
		cbor_put_bytes(&w, span_of(impl, 32));
	}
	if (named) {
		label(&w, old, 265, -75000);
		cbor_put_text(&w, span_str(profile_of(s)));
	}
	if (s == TRAILING)
		cbor_put_null(&w);
	sign_token(by, wr_view(&w), ret);
	if (s == MAC)
		ret->p[0] = 0xd1;
	wr_free(&w);
}

/* ---- CCA ---- */

static void
put_rak(enum arm_shape s, const struct arm_key *k, struct wr *ret)
{
	uint8_t x[66], y[66], four = 4;
	enum curve c;

	if (s != RAW_RAK) {
		assert_int_equal(cose_key_from_spki(arm_spki(k), ret, NULL), 0);
		return;
	}
	assert_int_equal(spki_to_ec(arm_spki(k), &c, x, y, NULL), 0);
	wr_bytes(ret, span_of(&four, 1));
	wr_bytes(ret, span_of(x, 48));
	wr_bytes(ret, span_of(y, 48));
}

static const char *
rak_hash(enum arm_shape s)
{
	return s == SHA512_RAK ? "sha-512" : s == MD5_RAK ? "md5" : "sha-256";
}

static void
put_measurement(struct wr *w, uint8_t fill, bool other)
{
	uint8_t m[32];

	memset(m, fill, sizeof(m));
	m[31] ^= other;
	cbor_put_bytes(w, span_of(m, sizeof(m)));
}

static void
make_realm(
    enum arm_shape s, struct arm_key *by, struct span named, struct wr *ret)
{
	uint8_t challenge[64], personal[64] = { 9 };
	bool profile = s != REALM_NO_PROFILE;
	struct wr w;

	(void)nonce_of(s, challenge);
	personal[63] ^= s == OTHER_PERSONALIZATION;
	wr_init_heap(&w, TOKEN_MAX);
	cbor_put_map(&w, 7 + (size_t)profile - (s == NO_RIM));
	cbor_put_uint(&w, 10);
	cbor_put_bytes(&w, span_of(challenge, s == CHALLENGE_SHORT ? 32 : 64));
	if (profile) {
		cbor_put_uint(&w, 265);
		cbor_put_text(
		    &w, span_str(s == REALM_PROFILE
				     ? "tag:example.org,2026:realm"
				     : "tag:arm.com,2023:realm#1.0.0"));
	}
	cbor_put_uint(&w, 44235);
	cbor_put_bytes(&w, span_of(personal, 64));
	cbor_put_uint(&w, 44236);
	cbor_put_text(&w, span_str("sha-256"));
	cbor_put_uint(&w, 44237);
	cbor_put_bytes(&w, named);
	if (s != NO_RIM) {
		cbor_put_uint(&w, 44238);
		put_measurement(&w, 0x11, s == OTHER_RIM);
	}
	cbor_put_uint(&w, 44239);
	cbor_put_array(&w, s == THREE_REMS ? 3 : 4);
	for (unsigned i = 0; i < (s == THREE_REMS ? 3 : 4); i++)
		put_measurement(
		    &w, (uint8_t)(0x20 + i), s == OTHER_REM && i == 3);
	cbor_put_uint(&w, 44240);
	cbor_put_text(&w, span_str(rak_hash(s)));
	sign_token(by, wr_view(&w), ret);
	wr_free(&w);
}

static void
make_platform(enum arm_shape s, struct span key, struct wr *ret)
{
	enum hash h = s == SHA512_RAK ? HASH_SHA512 : HASH_SHA256;
	struct arm_key *by = s == BY_STRANGER ? &arm_stranger : &arm_iak;
	uint8_t digest[HASH_MAX];
	struct wr w;

	assert_int_equal(hash_one(h, key, digest, NULL), 0);
	wr_init_heap(&w, TOKEN_MAX);
	cbor_put_map(&w, 8 - (s == NO_CONFIG) - (s == NO_LIFECYCLE));
	put_common(&w, s, span_of(digest, hash_size(h)), false);
	cbor_put_uint(&w, 265);
	cbor_put_text(
	    &w, span_str(s == OTHER_PROFILE
			     ? "tag:example.org,2026:cca"
			     : "tag:arm.com,2023:cca_platform#1.0.0"));
	if (s != NO_CONFIG) {
		cbor_put_uint(&w, 2401);
		cbor_put_bytes(&w, span_of(id, 3));
	}
	cbor_put_uint(&w, 2402);
	cbor_put_text(&w, span_str("sha-256"));
	sign_token(by, wr_view(&w), ret);
	wr_free(&w);
}

static void
put_part(struct wr *w, enum arm_shape s, uint64_t label, struct span token)
{
	cbor_put_uint(w, label);
	if (s == TAG_907 || s == TAG_907_CF) {
		cbor_put_array(w, 2);
		cbor_put_uint(w, s == TAG_907 ? 263 : 60);
	}
	cbor_put_bytes(w, token);
}

static void
make_cca(enum arm_shape s, struct wr *ret)
{
	uint8_t buf[LIMIT_SPKI], other_buf[LIMIT_SPKI];
	struct wr key, other, platform, realm;

	wr_init(&key, buf, sizeof(buf));
	wr_init(&other, other_buf, sizeof(other_buf));
	put_rak(s, &arm_rak, &key);
	put_rak(s, &arm_stranger, &other);
	make_platform(s, wr_view(&key), &platform);
	make_realm(s,
	    s == OTHER_RAK || s == REALM_FORGED ? &arm_stranger : &arm_rak,
	    s == OTHER_RAK ? wr_view(&other) : wr_view(&key), &realm);
	wr_init_heap(ret, TOKEN_MAX);
	cbor_put_tag(ret, s == TAG_907 || s == TAG_907_CF ? 907
			  : s == TAG_400                  ? 400
							  : 399);
	cbor_put_map(ret, 2);
	put_part(ret, s, 44234, wr_view(&platform));
	put_part(ret, s, 44241, wr_view(&realm));
	if (s == TRAILING)
		cbor_put_null(ret);
	wr_free(&platform);
	wr_free(&realm);
}

void
arm_make(const char *type, enum arm_shape s, struct wr *ret)
{
	if (strcmp(type, CCA_TYPE) == 0)
		make_cca(s, ret);
	else
		make_psa(s, ret);
}

/* ---- CoRIM ---- */

static void
put_triple_env(struct wr *w, bool instance, enum arm_shape s)
{
	uint8_t ueid[33];

	memcpy(ueid, id, sizeof(ueid));
	ueid[32] ^= s == OTHER_INSTANCE;
	cbor_put_map(w, instance ? 2 : 1);
	cbor_put_uint(w, 0);
	cbor_put_map(w, 1);
	cbor_put_uint(w, 0);
	comid_put_bytes(w, COMID_KEY_BYTES, span_of(impl, sizeof(impl)));
	if (!instance)
		return;
	cbor_put_uint(w, 1);
	comid_put_bytes(w, 550, span_of(ueid, sizeof(ueid)));
}

static void
put_attest_key(struct wr *w, const struct arm_key *k, enum arm_shape s)
{
	struct wr pem;

	wr_init_heap(&pem, TEXT_MAX);
	assert_int_equal(spki_to_pem(arm_spki(k), &pem, NULL), 0);
	cbor_put_uint(w, COMID_ATTEST_KEY);
	cbor_put_array(w, 1);
	cbor_put_array(w, 2);
	put_triple_env(w, true, s);
	cbor_put_array(w, 1);
	cbor_put_tag(w, COMID_KEY_PEM);
	cbor_put_text(w, wr_view(&pem));
	wr_free(&pem);
}

static void
put_value(struct wr *w, const char *mkey, int64_t alg, struct span digest)
{
	cbor_put_map(w, 2);
	cbor_put_uint(w, 0);
	cbor_put_text(w, span_str(mkey));
	cbor_put_uint(w, 1);
	cbor_put_map(w, 1);
	cbor_put_uint(w, COMID_DIGESTS);
	cbor_put_array(w, 1);
	comid_put_digest(w, alg, digest);
}

static void
put_reference(struct wr *w, bool realm)
{
	static const char *const registers[] = { "rim", "rem0", "rem1", "rem2",
		"rem3" };

	cbor_put_uint(w, COMID_REFERENCE);
	cbor_put_array(w, 1);
	cbor_put_array(w, 2);
	put_triple_env(w, false, NORMAL);
	cbor_put_array(w, realm ? 7 : 2);
	put_value(w, "BL", COMID_SHA256, span_of(sw_a, 32));
	put_value(w, "PRoT", COMID_SHA384, span_of(sw_b, 48));
	for (unsigned i = 0; realm && i < 5; i++) {
		uint8_t m[32];

		memset(m, i == 0 ? 0x11 : 0x1f + (int)i, sizeof(m));
		put_value(w, registers[i], COMID_SHA256, span_of(m, 32));
	}
}

void
arm_write_corim(
    const char *path, const struct arm_key *k, enum arm_shape s, bool realm)
{
	struct corim_out c = { .id = { false, STR("rim") }, .n_tags = 1 };
	struct wr tag, whole;
	struct span view;

	wr_init_heap(&tag, TEXT_MAX);
	wr_init_heap(&whole, TEXT_MAX);
	cbor_put_map(&tag, 2);
	cbor_put_int(&tag, 1);
	cbor_put_map(&tag, 1);
	cbor_put_int(&tag, 0);
	cbor_put_text(&tag, span_str("tag"));
	cbor_put_int(&tag, 4);
	cbor_put_map(&tag, 2);
	put_reference(&tag, realm);
	put_attest_key(&tag, k, s);
	view = wr_view(&tag);
	c.tags = &view;
	corim_put(&whole, &c);
	assert_int_equal(file_write(path, wr_view(&whole), 0600, NULL), 0);
	wr_free(&tag);
	wr_free(&whole);
}

/* ---- Profiles of Arm's ---- */

static void
put_profile_env(struct wr *w, uint64_t class_tag, bool instance)
{
	bool old = class_tag == 600;

	cbor_put_map(w, instance ? 2 : 1);
	cbor_put_uint(w, 0);
	cbor_put_map(w, old ? 3 : 1);
	cbor_put_uint(w, 0);
	comid_put_bytes(w, class_tag, span_of(impl, sizeof(impl)));
	if (old) {
		cbor_put_uint(w, 1);
		cbor_put_text(w, span_str("ACME"));
		cbor_put_uint(w, 2);
		cbor_put_text(w, span_str("RoadRunner"));
	}
	if (!instance)
		return;
	cbor_put_uint(w, 1);
	comid_put_bytes(w, 550, span_of(id, sizeof(id)));
}

/* The digest's algorithm by its name, or by its number. */
static void
put_named_digests(struct wr *w, bool by_name, struct span value)
{
	cbor_put_uint(w, COMID_DIGESTS);
	cbor_put_array(w, 1);
	cbor_put_array(w, 2);
	if (by_name)
		cbor_put_text(
		    w, span_str(value.n == 32 ? "sha-256" : "sha-384"));
	else
		cbor_put_uint(w, value.n == 32 ? COMID_SHA256 : COMID_SHA384);
	cbor_put_bytes(w, value);
}

static void
put_profile_component(
    struct wr *w, const char *mkey, const char *type, struct span value)
{
	cbor_put_map(w, 2);
	cbor_put_uint(w, 0);
	cbor_put_text(w, span_str(mkey));
	cbor_put_uint(w, 1);
	cbor_put_map(w, 4);
	cbor_put_uint(w, COMID_VERSION);
	cbor_put_map(w, 1);
	cbor_put_uint(w, 0);
	cbor_put_text(w, span_str("1.2.3"));
	put_named_digests(w, mkey[0] == 'p', value);
	cbor_put_uint(w, COMID_NAME);
	cbor_put_text(w, span_str(type));
	cbor_put_uint(w, 13);
	cbor_put_array(w, 1);
	comid_put_bytes(w, COMID_KEY_BYTES, span_of(signer_id, 32));
}

static void
put_old_component(struct wr *w, const char *type, struct span value)
{
	cbor_put_map(w, 2);
	cbor_put_uint(w, 0);
	cbor_put_tag(w, 601);
	cbor_put_map(w, 3);
	cbor_put_uint(w, 1);
	cbor_put_text(w, span_str(type));
	cbor_put_uint(w, 4);
	cbor_put_text(w, span_str("1.2.3"));
	cbor_put_uint(w, 5);
	cbor_put_bytes(w, span_of(signer_id, 32));
	cbor_put_uint(w, 1);
	cbor_put_map(w, 1);
	put_named_digests(w, false, value);
}

static void
put_profile_realm(struct wr *w, int n)
{
	static const char *const mkeys[] = { "cca.rim", "cca.rem0", "cca.rem1",
		"cca.rem2", "cca.rem3" };
	uint8_t m[32];

	memset(m, 0x11, sizeof(m));
	cbor_put_map(w, 1);
	cbor_put_uint(w, 0);
	cbor_put_map(w, 1);
	cbor_put_uint(w, 0);
	comid_put_bytes(w, COMID_KEY_BYTES, span_of(m, sizeof(m)));
	cbor_put_array(w, n);
	for (int i = 0; i < n; i++) {
		memset(m, i == 0 ? 0x11 : 0x1f + i, sizeof(m));
		put_value(w, mkeys[i], COMID_SHA256, span_of(m, 32));
	}
}

static void
put_profile_platform(struct wr *w, const char *mkey)
{
	put_profile_env(w, mkey == NULL ? 600 : 560, false);
	cbor_put_array(w, 2);
	if (mkey != NULL) {
		put_profile_component(w, mkey, "BL", span_of(sw_a, 32));
		put_profile_component(w, mkey, "PRoT", span_of(sw_b, 48));
	} else {
		put_old_component(w, "BL", span_of(sw_a, 32));
		put_old_component(w, "PRoT", span_of(sw_b, 48));
	}
}

static void
put_profile_key(struct wr *w, uint64_t class_tag, const struct arm_key *k)
{
	struct wr pem;

	wr_init_heap(&pem, TEXT_MAX);
	assert_int_equal(spki_to_pem(arm_spki(k), &pem, NULL), 0);
	cbor_put_uint(w, COMID_ATTEST_KEY);
	cbor_put_array(w, 1);
	cbor_put_array(w, 2);
	put_profile_env(w, class_tag, true);
	cbor_put_array(w, 1);
	cbor_put_tag(w, COMID_KEY_PEM);
	cbor_put_text(w, wr_view(&pem));
	wr_free(&pem);
}

void
arm_write_profile(const char *path, const char *profile,
    const struct arm_key *k, int registers)
{
	bool realm = strstr(profile, "realm") != NULL;
	const char *mkey =
	    strstr(profile, "cca") != NULL    ? "cca.software-component"
	    : strstr(profile, "2025") != NULL ? "psa.software-component"
					      : NULL;
	struct corim_out c = { .id = { false, STR("rim") },
		.profile = span_str(profile),
		.n_tags = 1 };
	struct wr tag, whole;
	struct span view;

	wr_init_heap(&tag, TEXT_MAX);
	wr_init_heap(&whole, TEXT_MAX);
	cbor_put_map(&tag, 2);
	cbor_put_int(&tag, 1);
	cbor_put_map(&tag, 1);
	cbor_put_int(&tag, 0);
	cbor_put_text(&tag, span_str("tag"));
	cbor_put_int(&tag, 4);
	cbor_put_map(&tag, realm ? 1 : 2);
	cbor_put_uint(&tag, COMID_REFERENCE);
	cbor_put_array(&tag, 1);
	cbor_put_array(&tag, 2);
	if (realm)
		put_profile_realm(&tag, registers);
	else
		put_profile_platform(&tag, mkey);
	if (!realm)
		put_profile_key(&tag, mkey == NULL ? 600 : 560, k);
	view = wr_view(&tag);
	c.tags = &view;
	corim_put(&whole, &c);
	assert_int_equal(file_write(path, wr_view(&whole), 0600, NULL), 0);
	wr_free(&tag);
	wr_free(&whole);
}

/* ---- Keys ---- */

void
arm_key_make(enum curve c, uint16_t scheme, struct arm_key *ret)
{
	struct wr w;

	ret->scheme = scheme;
	assert_int_equal(privkey_generate(c, &ret->key, NULL), 0);
	wr_init(&w, ret->spki, sizeof(ret->spki));
	assert_int_equal(privkey_spki(ret->key, &w, NULL), 0);
	ret->n = w.n;
}

void
arm_setup(void)
{
	arm_key_make(CURVE_P256, SIG_ECDSA_P256_SHA256, &arm_iak);
	arm_key_make(CURVE_P384, SIG_ECDSA_P384_SHA384, &arm_rak);
	arm_key_make(CURVE_P384, SIG_ECDSA_P384_SHA384, &arm_stranger);
	memset(id, 0x33, sizeof(id));
	id[0] = 1;
	memset(impl, 0x44, sizeof(impl));
	memset(sw_a, 0x55, sizeof(sw_a));
	memset(sw_b, 0x66, sizeof(sw_b));
	memset(signer_id, 0x77, sizeof(signer_id));
}

void
arm_teardown(void)
{
	privkey_free(&arm_iak.key);
	privkey_free(&arm_rak.key);
	privkey_free(&arm_stranger.key);
}

void
arm_answer(struct span value)
{
	assert_true(value.n > 0 && value.n <= sizeof(binder));
	memcpy(binder, value.p, value.n);
	n_binder = value.n;
}
