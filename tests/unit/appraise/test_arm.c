/* SPDX-License-Identifier: Apache-2.0 */
/* PSA and CCA tokens, made here in every state that real ones show. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sealtls/tools.h>

#include "appraise/appraise.h"
#include "base/file.h"
#include "base/text.h"
#include "format/cca.h"
#include "format/corim.h"

#define NOW INT64_C(1700000000)
#define TOKEN_MAX 16384
#define TEXT_MAX 4096

struct key {
	struct privkey *key;
	uint8_t spki[LIMIT_SPKI];
	size_t n;
	uint16_t scheme;
};

/* Of the device, of the realm, of somebody else, of the subject. */
static struct key iak, rak, stranger, subject;
static struct seal_binding binding;
static const uint8_t exporter[32] = { 7 };
static uint8_t id[33], impl[32], sw_a[32], sw_b[48], signer_id[32];

static struct span
spki_of(const struct key *k)
{
	return span_of(k->spki, k->n);
}

static int
sign(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	const struct key *k = ctx;

	return privkey_sign(k->key, scheme, tbs, out, d);
}

static void
sign_token(struct key *k, struct span payload, struct wr *ret)
{
	struct cose_headers none = { .n_more = 0 };
	struct seal_diag d = { 0 };

	wr_init_heap(ret, TOKEN_MAX);
	if (cose_sign1_write_with(
		ret, k->scheme, &none, payload, sign, k, &d) != 0)
		fail_msg("%s", d.text);
}

/* ---- Tokens ---- */

enum shape {
	NORMAL,
	LEGACY,
	LEGACY_UNNAMED, /* without a profile */
	OTHER_PROFILE,
	NO_PROFILE,
	MIXED, /* one claim of the other profile */
	SEED_TWICE,
	ZERO_NONCE,
	OTHER_NONCE,
	PADDED_NONCE, /* 64 bytes: the binder, then zeros */
	SHORT_NONCE,
	EMPTY_NONCE,
	NO_NONCE,
	OTHER_INSTANCE,
	BAD_INSTANCE, /* a UEID of another type */
	OTHER_IMPLEMENTATION,
	SHORT_IMPLEMENTATION,
	DEBUG_OTHER,
	DEBUG_ROOT,
	ASSEMBLY,
	DECOMMISSIONED,
	BAD_LIFECYCLE,
	NO_LIFECYCLE,
	OTHER_CLIENT,
	NO_SOFTWARE,
	LESS_SOFTWARE,
	MORE_SOFTWARE,
	OTHER_SOFTWARE,
	OTHER_SIGNER_ID,
	OTHER_TYPE,
	SHORT_MEASUREMENT,
	TRAILING,
	BY_STRANGER,
	MAC,
	/* Of CCA alone: */
	TAG_907,
	TAG_907_CF, /* of another content format */
	TAG_400,
	RAW_RAK,
	OTHER_RAK,      /* the realm's token is another realm's */
	REALM_FORGED,   /* it names the key, but that did not sign it */
	CHALLENGE_REST, /* something behind the binder */
	CHALLENGE_SHORT,
	CHALLENGE_OTHER,
	CHALLENGE_ZERO,
	REALM_PROFILE,
	REALM_NO_PROFILE,
	OTHER_RIM,
	OTHER_REM,
	OTHER_PERSONALIZATION,
	SHA512_RAK,
	MD5_RAK,
	THREE_REMS,
	NO_RIM,
	NO_CONFIG,
};

static void
put_component(
    struct wr *w, const char *type, struct span measurement, enum shape s)
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
put_software(struct wr *w, enum shape s)
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
lifecycle(enum shape s)
{
	return s == DEBUG_OTHER      ? 0x4000
	       : s == DEBUG_ROOT     ? 0x50ff
	       : s == ASSEMBLY       ? 0x1000
	       : s == DECOMMISSIONED ? 0x6000
	       : s == BAD_LIFECYCLE  ? 0x7000
				     : 0x3003;
}

static void
put_common(struct wr *w, enum shape s, struct span nonce, bool old)
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
nonce_of(enum shape s, uint8_t buf[64])
{
	struct span binder = binding_value(&binding);

	memset(buf, 0, 64);
	if (s != ZERO_NONCE && s != CHALLENGE_ZERO)
		memcpy(buf, binder.p, binder.n);
	if (s == OTHER_NONCE || s == CHALLENGE_OTHER)
		buf[binder.n - 1] ^= 1;
	if (s == CHALLENGE_REST)
		buf[63] = 1;
	return span_of(buf, s == PADDED_NONCE  ? 64
			    : s == SHORT_NONCE ? binder.n - 1
			    : s == EMPTY_NONCE ? 0
					       : binder.n);
}

static const char *
profile_of(enum shape s)
{
	return s == LEGACY          ? "PSA_IOT_PROFILE_1"
	       : s == OTHER_PROFILE ? "tag:example.org,2026:psa"
				    : "tag:psacertified.org,2023:psa#tfm";
}

static void
make_psa(enum shape s, struct wr *ret)
{
	bool old = s == LEGACY || s == LEGACY_UNNAMED;
	bool named = s != LEGACY_UNNAMED && s != NO_PROFILE;
	struct key *by = s == BY_STRANGER ? &stranger : &iak;
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
put_rak(enum shape s, const struct key *k, struct wr *ret)
{
	uint8_t x[66], y[66], four = 4;
	enum curve c;

	if (s != RAW_RAK) {
		assert_int_equal(cose_key_from_spki(spki_of(k), ret, NULL), 0);
		return;
	}
	assert_int_equal(spki_to_ec(spki_of(k), &c, x, y, NULL), 0);
	wr_bytes(ret, span_of(&four, 1));
	wr_bytes(ret, span_of(x, 48));
	wr_bytes(ret, span_of(y, 48));
}

static const char *
rak_hash(enum shape s)
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
make_realm(enum shape s, struct key *by, struct span named, struct wr *ret)
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
make_platform(enum shape s, struct span key, struct wr *ret)
{
	enum hash h = s == SHA512_RAK ? HASH_SHA512 : HASH_SHA256;
	struct key *by = s == BY_STRANGER ? &stranger : &iak;
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
put_part(struct wr *w, enum shape s, uint64_t label, struct span token)
{
	cbor_put_uint(w, label);
	if (s == TAG_907 || s == TAG_907_CF) {
		cbor_put_array(w, 2);
		cbor_put_uint(w, s == TAG_907 ? 263 : 60);
	}
	cbor_put_bytes(w, token);
}

static void
make_cca(enum shape s, struct wr *ret)
{
	uint8_t buf[LIMIT_SPKI], other_buf[LIMIT_SPKI];
	struct wr key, other, platform, realm;

	wr_init(&key, buf, sizeof(buf));
	wr_init(&other, other_buf, sizeof(other_buf));
	put_rak(s, &rak, &key);
	put_rak(s, &stranger, &other);
	make_platform(s, wr_view(&key), &platform);
	make_realm(s, s == OTHER_RAK || s == REALM_FORGED ? &stranger : &rak,
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

static void
make(const char *type, enum shape s, struct wr *ret)
{
	if (strcmp(type, CCA_TYPE) == 0)
		make_cca(s, ret);
	else
		make_psa(s, ret);
}

/* ---- Judging ---- */

static struct endorsements *given, *others, *all;

static struct appraisal_in
in_for(const char *type, struct span token)
{
	return (struct appraisal_in){ .media_type = span_str(type),
		.evidence = token,
		.expected = &binding,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = NOW,
		.endorse = given,
		.binder_known = true };
}

/* What is learned of a normal token. */
static char *
learn(const char *type)
{
	struct seal_verdict *v = verdict_new();
	struct seal_diag d = { 0 };
	struct appraisal_in in;
	char *text = NULL;
	struct wr w;

	make(type, NORMAL, &w);
	in = in_for(type, wr_view(&w));
	if (appraise_observe(&in, NULL, v, &text, &d) != 0)
		fail_msg("%s", d.text);
	wr_free(&w);
	seal_verdict_free(&v);
	return text;
}

/* The same with another value of one key; NULL: without it. */
static struct policy *
policy_with(const char *type, const char *key, json_t *value)
{
	char *text = learn(type), *whole;
	json_t *j = json_loads(text, 0, NULL), *entry;
	struct policy *p = NULL;
	struct seal_diag d = { 0 };

	entry = json_array_get(json_object_get(j, "accept"), 0);
	if (value != NULL)
		json_object_set_new(entry, key, value);
	else if (key != NULL)
		json_object_del(entry, key);
	whole = json_dumps(j, 0);
	if (policy_load(span_str(whole), "", &p, &d) != 0)
		fail_msg("%s: %s", whole, d.text);
	free(whole);
	free(text);
	json_decref(j);
	return p;
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
expect_in(const char *name, const struct policy *p,
    const struct appraisal_in *in, const char *check)
{
	struct seal_verdict *v = verdict_new();
	bool ok = appraise(p, in, v) == 0;

	if (ok != (check[0] == '\0') || strcmp(first_failed(v), check) != 0)
		fail_msg("%s: %s, check '%s', expected '%s' (%s)", name,
		    ok ? "accepted" : "refused", first_failed(v), check,
		    seal_verdict_diag(v)->text);
	if ((seal_verdict_outcome(v) == SEAL_ACCEPTED) != ok)
		fail_msg("%s: outcome %d", name, seal_verdict_outcome(v));
	seal_verdict_free(&v);
}

static void
expect(const char *type, const char *name, const struct policy *p, enum shape s,
    const char *check)
{
	struct appraisal_in in;
	struct wr w;

	make(type, s, &w);
	in = in_for(type, wr_view(&w));
	expect_in(name, p, &in, check);
	wr_free(&w);
}

struct row {
	const char *name;
	enum shape shape;
	const char *check; /* that fails; "": accepted */
};

static const struct row psa_rows[] = {
	{ "as it should be", NORMAL, "" },
	{ "legacy", LEGACY, "" },
	{ "legacy, unnamed", LEGACY_UNNAMED, "" },
	{ "an unknown profile", OTHER_PROFILE, "psa.profile" },
	{ "no profile", NO_PROFILE, "psa.form" },
	{ "two profiles", MIXED, "psa.form" },
	{ "a claim by two labels", SEED_TWICE, "psa.form" },
	{ "zeros", ZERO_NONCE, "binder" },
	{ "another nonce", OTHER_NONCE, "binder" },
	{ "a padded nonce", PADDED_NONCE, "binder" },
	{ "a short nonce", SHORT_NONCE, "psa.form" },
	{ "an empty nonce", EMPTY_NONCE, "psa.form" },
	{ "no nonce", NO_NONCE, "psa.form" },
	{ "another instance", OTHER_INSTANCE, "psa.instance_id" },
	{ "a UEID of another type", BAD_INSTANCE, "psa.form" },
	{ "other hardware", OTHER_IMPLEMENTATION, "psa.implementation_id" },
	{ "a short implementation id", SHORT_IMPLEMENTATION, "psa.form" },
	{ "debug", DEBUG_OTHER, "debug" },
	{ "debug of the root of trust", DEBUG_ROOT, "debug" },
	{ "assembly", ASSEMBLY, "psa.lifecycle" },
	{ "decommissioned", DECOMMISSIONED, "psa.lifecycle" },
	{ "no such lifecycle", BAD_LIFECYCLE, "psa.form" },
	{ "no lifecycle", NO_LIFECYCLE, "psa.form" },
	{ "another client", OTHER_CLIENT, "psa.client_id" },
	{ "no software", NO_SOFTWARE, "psa.form" },
	{ "less software", LESS_SOFTWARE, "psa.software" },
	{ "more software", MORE_SOFTWARE, "psa.software" },
	{ "other software", OTHER_SOFTWARE, "psa.software" },
	{ "another signer of it", OTHER_SIGNER_ID, "psa.software" },
	{ "software of another type", OTHER_TYPE, "psa.software" },
	{ "a short measurement", SHORT_MEASUREMENT, "psa.form" },
	{ "bytes behind the claims", TRAILING, "psa.form" },
	{ "by another key", BY_STRANGER, "psa.signature" },
	{ "a MAC", MAC, "psa.form" },
	{ NULL },
};

static const struct row cca_rows[] = {
	{ "as it should be", NORMAL, "" },
	{ "tag 907", TAG_907, "" },
	{ "tag 907, another content format", TAG_907_CF, "cca.form" },
	{ "another tag", TAG_400, "cca.form" },
	{ "the key as a point", RAW_RAK, "" },
	{ "the key by SHA-512", SHA512_RAK, "" },
	{ "the key by MD5", MD5_RAK, "cca.binding" },
	{ "another realm's token", OTHER_RAK, "cca.binding" },
	{ "a forged realm's token", REALM_FORGED, "cca.realm.signature" },
	{ "something behind the binder", CHALLENGE_REST, "binder" },
	{ "a short challenge", CHALLENGE_SHORT, "cca.form" },
	{ "another challenge", CHALLENGE_OTHER, "binder" },
	{ "a challenge of zeros", CHALLENGE_ZERO, "binder" },
	{ "a realm of another profile", REALM_PROFILE, "cca.realm.profile" },
	{ "a realm without profile", REALM_NO_PROFILE, "" },
	{ "another platform profile", OTHER_PROFILE, "psa.profile" },
	{ "another initial measurement", OTHER_RIM, "cca.measurement" },
	{ "another extensible one", OTHER_REM, "cca.measurement" },
	{ "another personalization", OTHER_PERSONALIZATION, "cca.measurement" },
	{ "three extensible ones", THREE_REMS, "cca.form" },
	{ "no initial measurement", NO_RIM, "cca.form" },
	{ "no platform config", NO_CONFIG, "cca.form" },
	{ "another platform", OTHER_INSTANCE, "psa.instance_id" },
	{ "other platform hardware", OTHER_IMPLEMENTATION,
	    "psa.implementation_id" },
	{ "platform debug", DEBUG_ROOT, "debug" },
	{ "platform at assembly", ASSEMBLY, "psa.lifecycle" },
	{ "other firmware", OTHER_SOFTWARE, "psa.software" },
	{ "more firmware", MORE_SOFTWARE, "psa.software" },
	{ "a stranger's platform", BY_STRANGER, "psa.signature" },
	{ "bytes behind", TRAILING, "cca.form" },
	{ NULL },
};

static void
every_shape(const char *type, const struct row *row)
{
	struct policy *p = policy_with(type, NULL, NULL);

	for (; row->name != NULL; row++)
		expect(type, row->name, p, row->shape, row->check);
	policy_free(&p);
}

static void
psa(void **state)
{
	(void)state;
	every_shape(PSA_TYPE, psa_rows);
}

static void
cca(void **state)
{
	(void)state;
	every_shape(CCA_TYPE, cca_rows);
}

static void
rules(void **state)
{
	struct policy *p;

	(void)state;
	p = policy_with(PSA_TYPE, "debug", json_true());
	expect(PSA_TYPE, "debug allowed", p, DEBUG_ROOT, "");
	expect(PSA_TYPE, "assembly never", p, ASSEMBLY, "psa.lifecycle");
	policy_free(&p);
	p = policy_with(
	    PSA_TYPE, "profile", json_string("tag:example.org,2026:psa"));
	expect(PSA_TYPE, "profile named", p, OTHER_PROFILE, "");
	expect(PSA_TYPE, "another profile named", p, NORMAL, "psa.profile");
	policy_free(&p);
	p = policy_with(PSA_TYPE, "instance_id", NULL);
	expect(PSA_TYPE, "any instance", p, OTHER_INSTANCE, "");
	policy_free(&p);
	p = policy_with(PSA_TYPE, "client_id", NULL);
	expect(PSA_TYPE, "any client", p, OTHER_CLIENT, "");
	policy_free(&p);
	p = policy_with(CCA_TYPE, "personalization", NULL);
	expect(CCA_TYPE, "any personalization", p, OTHER_PERSONALIZATION, "");
	policy_free(&p);
}

/* A key that comes beside the Evidence only finds out who signed. */
static void
keys(void **state)
{
	static const char *const types[] = { PSA_TYPE, CCA_TYPE };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct policy *p = policy_with(types[i], NULL, NULL);
		struct appraisal_in in;
		struct wr w;

		make(types[i], BY_STRANGER, &w);
		in = in_for(types[i], wr_view(&w));
		in.endorse = others;
		expect_in("the stranger's own key", p, &in, "signer");
		in.endorse = NULL;
		expect_in("no key", p, &in, "psa.signature");
		wr_free(&w);
		make(types[i], NORMAL, &w);
		in = in_for(types[i], wr_view(&w));
		in.endorse = others;
		expect_in("another key", p, &in, "psa.signature");
		in.endorse = all;
		expect_in("one of two", p, &in, "");
		wr_free(&w);
		policy_free(&p);
	}
}

/* Each bit of what is signed counts, and no part may be missing. */
static void
every_byte(void **state)
{
	static const char *const types[] = { PSA_TYPE, CCA_TYPE };

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct policy *p = policy_with(types[k], NULL, NULL);
		struct wr w;

		make(types[k], NORMAL, &w);
		for (size_t i = 0; i < w.n; i++) {
			struct appraisal_in in = in_for(types[k], wr_view(&w));
			struct seal_verdict *v = verdict_new();

			w.p[i] ^= 1;
			if (appraise(p, &in, v) == 0)
				fail_msg("%s: byte %zu", types[k], i);
			w.p[i] ^= 1;
			seal_verdict_free(&v);
		}
		for (size_t n = 0; n < w.n; n++) {
			struct psa_token t;
			struct cca_token c;

			assert_int_not_equal(
			    psa_parse(span_of(w.p, n), &t, NULL), 0);
			assert_int_not_equal(
			    cca_parse(span_of(w.p, n), &c, NULL), 0);
		}
		wr_free(&w);
		policy_free(&p);
	}
}

static void
config(void **state)
{
	static const char *const bad[] = {
		"\"scheme\":\"" CCA_TYPE "\"",
		"\"scheme\":\"" CCA_TYPE "\",\"software\":[]",
		"\"scheme\":\"" CCA_TYPE
		"\",\"software\":[{\"type\":\"no value\"}]",
		"\"scheme\":\"" CCA_TYPE
		"\",\"software\":[{\"measurement\":\"00\"}]",
		"\"scheme\":\"" PSA_OLD_TYPE "\",\"client_id\":1",
		"\"scheme\":\"" PSA_OLD_TYPE
		"\",\"instance_id\":\"00\",\"software\":[]",
	};
	char text[TEXT_MAX];
	struct policy *p = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text),
		    "{\"version\":1,\"max_age_s\":60,\"accept\":[{\"signers\":"
		    "[{\"spki_sha256\":\"%064d\"}],\"debug\":false,%s}]}",
		    0, bad[i]);
		if (policy_load(span_str(text), "", &p, NULL) != SEAL_E_CONFIG)
			fail_msg("%s", bad[i]);
	}
	/* A realm needs its own measurements as well. */
	snprintf(text, sizeof(text),
	    "{\"version\":1,\"max_age_s\":60,\"accept\":[{\"signers\":"
	    "[{\"spki_sha256\":\"%064d\"}],\"debug\":false,\"scheme\":"
	    "\"" CCA_TYPE "\",\"software\":[{\"measurement\":\"%064d\"}],"
	    "\"measurements\":{\"rem0\":\"%064d\"}}]}",
	    0, 0, 0);
	assert_int_equal(
	    policy_load(span_str(text), "", &p, NULL), SEAL_E_CONFIG);
}

/* ---- CoRIM ---- */

static void
put_triple_env(struct wr *w, bool instance, enum shape s)
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
put_attest_key(struct wr *w, const struct key *k, enum shape s)
{
	struct wr pem;

	wr_init_heap(&pem, TEXT_MAX);
	assert_int_equal(spki_to_pem(spki_of(k), &pem, NULL), 0);
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

static void
write_corim(const char *path, const struct key *k, enum shape s, bool realm)
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

struct corim_row {
	const char *name;
	const struct key *key; /* that the CoRIM names */
	enum shape corim, token;
	const char *check;
};

static const struct corim_row corim_rows[] = {
	{ "key and values", &iak, NORMAL, NORMAL, "" },
	{ "another key", &stranger, NORMAL, NORMAL, "psa.signature" },
	{ "a key of another device", &iak, OTHER_INSTANCE, NORMAL,
	    "psa.signature" },
	{ "other software", &iak, NORMAL, OTHER_SOFTWARE, "corim.reference" },
	{ "more software", &iak, NORMAL, MORE_SOFTWARE, "corim.reference" },
	{ "debug", &iak, NORMAL, DEBUG_OTHER, "debug" },
	{ NULL },
};

/* Both the key to verify with and the values come from a CoRIM. */
static void
by_corim(void **state)
{
	static const char *const types[] = { PSA_OLD_TYPE, CCA_TYPE };
	char path[] = "/tmp/seal-arm-XXXXXX", text[TEXT_MAX];
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd != -1);
	close(fd);
	for (size_t i = 0; i < 2; i++)
		for (const struct corim_row *row = corim_rows;
		     row->name != NULL; row++) {
			struct appraisal_in in;
			struct policy *p = NULL;
			struct seal_diag d = { 0 };
			struct wr w;

			write_corim(path, row->key, row->corim, i == 1);
			snprintf(text, sizeof(text),
			    "{\"version\":1,\"max_age_s\":60,\"accept\":[{"
			    "\"scheme\":\"%s\",\"signers\":[{\"corim\":true}],"
			    "\"debug\":false,\"corim\":[\"%s\"],"
			    "\"corim_unsigned\":true}]}",
			    types[i], path);
			if (policy_load(span_str(text), "", &p, &d) != 0)
				fail_msg("%s", d.text);
			make(types[i], row->token, &w);
			in = in_for(types[i], wr_view(&w));
			in.endorse = NULL;
			expect_in(row->name, p, &in, row->check);
			wr_free(&w);
			policy_free(&p);
		}
	unlink(path);
}

static void
shown(void **state)
{
	static const char *const words[][6] = {
		{ "PSA attestation token", "0x3003 (secured)",
		    "-1 (non-secure side)", "type: PRoT", "not checked here",
		    NULL },
		{ "Arm CCA attestation token", "NOT the hash", "rem3: 23",
		    "platform config", "tag: 399", NULL },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *text = NULL;
		struct wr w;

		make(i == 0 ? PSA_TYPE : CCA_TYPE, i == 0 ? NORMAL : OTHER_RAK,
		    &w);
		assert_int_equal(
		    seal_inspect(w.p, w.n, NULL, 0, &text, NULL), 0);
		for (size_t k = 0; words[i][k] != NULL; k++)
			if (strstr(text, words[i][k]) == NULL)
				fail_msg("no '%s' in\n%s", words[i][k], text);
		free(text);
		wr_free(&w);
	}
}

/* ---- Keys ---- */

static void
key_make(enum curve c, uint16_t scheme, struct key *ret)
{
	struct wr w;

	ret->scheme = scheme;
	assert_int_equal(privkey_generate(c, &ret->key, NULL), 0);
	wr_init(&w, ret->spki, sizeof(ret->spki));
	assert_int_equal(privkey_spki(ret->key, &w, NULL), 0);
	ret->n = w.n;
}

static int
setup(void **state)
{
	struct wr pem;

	(void)state;
	key_make(CURVE_P256, SIG_ECDSA_P256_SHA256, &iak);
	key_make(CURVE_P384, SIG_ECDSA_P384_SHA384, &rak);
	key_make(CURVE_P384, SIG_ECDSA_P384_SHA384, &stranger);
	key_make(CURVE_P256, SIG_ECDSA_P256_SHA256, &subject);
	memset(id, 0x33, sizeof(id));
	id[0] = 1;
	memset(impl, 0x44, sizeof(impl));
	memset(sw_a, 0x55, sizeof(sw_a));
	memset(sw_b, 0x66, sizeof(sw_b));
	memset(signer_id, 0x77, sizeof(signer_id));
	given = endorse_new();
	others = endorse_new();
	all = endorse_new();
	wr_init_heap(&pem, TEXT_MAX);
	assert_int_equal(spki_to_pem(spki_of(&iak), &pem, NULL), 0);
	assert_int_equal(endorse_add(given, "iak", wr_view(&pem), NULL), 0);
	wr_free(&pem);
	assert_int_equal(
	    endorse_add(others, "other", spki_of(&stranger), NULL), 0);
	assert_int_equal(
	    endorse_add(all, "other", spki_of(&stranger), NULL), 0);
	assert_int_equal(endorse_add(all, "iak", spki_of(&iak), NULL), 0);
	return binding_post(HASH_SHA256, spki_of(&subject),
	    span_of(exporter, 32), &binding, NULL);
}

static int
teardown(void **state)
{
	(void)state;
	privkey_free(&iak.key);
	privkey_free(&rak.key);
	privkey_free(&stranger.key);
	privkey_free(&subject.key);
	endorse_free(&given);
	endorse_free(&others);
	endorse_free(&all);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(psa),
		cmocka_unit_test(cca),
		cmocka_unit_test(rules),
		cmocka_unit_test(keys),
		cmocka_unit_test(every_byte),
		cmocka_unit_test(config),
		cmocka_unit_test(by_corim),
		cmocka_unit_test(shown),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
