/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CoRIMs and CoMIDs that others made (SEAL_EVIDENCE; the PROVENANCE.md of each
 * folder says where they come from and whether they are valid). What only a
 * profile calls invalid is well-formed, and breaks a rule of that profile.
 */
#include "test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "format/corim_profile.h"

struct comid_sample {
	const char *file;
	size_t n[COMID_KINDS];
	size_t unused;
};

static const struct comid_sample comids[] = {
	{ "comid-1.cbor", { 1, 0, 0, 0 }, 0 },
	{ "comid-1a.cbor", { 1, 0, 0, 0 }, 0 },
	{ "comid-2.cbor", { 0, 1, 0, 0 }, 0 },
	{ "comid-2b.cbor", { 3, 1, 0, 0 }, 0 },
	{ "comid-3.cbor", { 1, 0, 0, 0 }, 0 },
	{ "comid-4.cbor", { 1, 0, 0, 0 }, 0 },
	{ "comid-5.cbor", { 1, 0, 4, 4 }, 0 },
	{ "comid-7.cbor", { 1, 0, 0, 0 }, 0 },
	{ "comid-cend.cbor", { 0, 0, 0, 0 }, 1 },
	{ "comid-cond-endorse-series.cbor", { 1, 0, 0, 0 }, 1 },
	{ "comid-design-cd.cbor", { 4, 1, 0, 0 }, 0 },
	{ "comid-domain-dep.cbor", { 0, 0, 0, 0 }, 5 },
	{ "comid-firmware-cd.cbor", { 2, 1, 0, 0 }, 0 },
	{ "comid-flags.cbor", { 0, 1, 0, 0 }, 0 },
	{ "comid-integrity-registers.cbor", { 1, 0, 0, 0 }, 0 },
	{ "comid-raw-value.cbor", { 3, 0, 0, 0 }, 0 },
	{ NULL },
};

struct corim_sample {
	const char *file, *id;
	const char *profile; /* NULL: none, "" : an OID */
	size_t n_tags;
	size_t n[COMID_KINDS]; /* triples of all tags */
	const char *broken;    /* part of the rule that it breaks */
};

static const struct corim_sample corims[] = {
	{ "corim/corim/corim-1.cbor", "284e6c3e-5d9f-4f6b-851f-5a4247f243a7",
	    NULL, 1, { 1, 0, 0, 0 } },
	{ "corim/corim/corim-design-cd.cbor",
	    "0a2d9d8c-56f7-4071-b4f3-8065c37e4acf", "", 1, { 4, 1, 0, 0 } },
	{ "corim/corim/corim-roles.cbor",
	    "284e6c3e-5d9f-4f6b-851f-5a4247f243a7", NULL, 1, { 1, 0, 0, 0 } },
	{ "corim/corim/unsigned-good-corim.cbor", "test corim id", NULL, 1,
	    { 1, 0, 0, 0 } },
	{ "corim/signed/signed-good-corim.cbor", "test corim id", NULL, 1,
	    { 1, 0, 0, 0 } },
	{ "corim/signed/signed-example-corim.cbor", "test corim id",
	    "http://example.com/example-profile", 1, { 1, 0, 0, 0 } },
	{ "tpm/enacttrust/corim-valid.cbor",
	    "00000000-0000-0000-768e-0000000000001",
	    "https://enacttrust.com/veraison/1.0.0", 2, { 1, 0, 0, 1 } },
#define CCA "arm-cca/veraison/corim-cca-"
#define CCA_PLATFORM "tag:arm.com,2025:cca_platform#1.0.0"
#define CCA_REALM "tag:arm.com,2025:cca_realm#1.0.0"
	{ CCA "platform-valid.cbor", "00000000-0000-0000-cca6-0000000000001",
	    CCA_PLATFORM, 2, { 1, 0, 0, 1 } },
	{ CCA "realm-valid.cbor", "00000000-0000-0000-cca4-0000000000001",
	    CCA_REALM, 1, { 1, 0, 0, 0 } },
	{ CCA "platform-bad-no-class.cbor",
	    "00000000-0000-0000-cca6-0000000000002", CCA_PLATFORM, 1,
	    { 0, 0, 0, 1 }, "states no class id" },
	{ CCA "platform-bad-refval-mkey.cbor",
	    "00000000-0000-0000-cca6-0000000000007", CCA_PLATFORM, 1,
	    { 1, 0, 0, 0 }, "a key that the profile" },
	{ CCA "platform-bad-ta-cert.cbor",
	    "00000000-0000-0000-cca6-0000000000005", CCA_PLATFORM, 1,
	    { 0, 0, 0, 1 }, "of another kind" },
	{ CCA "realm-bad-no-rim.cbor", "00000000-0000-0000-cca4-0000000000004",
	    CCA_REALM, 1, { 1, 0, 0, 0 }, "identifies it is missing" },
#define SNP "sev-snp/veraison-tsm/corim-"
#define SNP_PROFILE "tag:amd.com,2024:snp-corim-profile"
	{ SNP "valid.cbor", "00000000-0000-0000-5596-0000000000001",
	    SNP_PROFILE, 2, { 1, 0, 0, 1 } },
	{ SNP "bad-refval-key.cbor", NULL, SNP_PROFILE, 1, { 1, 0, 0, 0 },
	    "a key that the profile" },
	{ SNP "bad-refval-no-key.cbor", NULL, SNP_PROFILE, 1, { 1, 0, 0, 0 },
	    "a key that the profile" },
	{ SNP "bad-ta-no-model.cbor", NULL, SNP_PROFILE, 1, { 0, 0, 0, 1 },
	    "states no model" },
	{ SNP "bad-ta-no-vendor.cbor", NULL, SNP_PROFILE, 1, { 0, 0, 0, 1 },
	    "states no vendor" },
	{ NULL },
};

static uint8_t *
load(const char *folder, const char *file, size_t *ret_n)
{
	const char *dir = getenv("SEAL_EVIDENCE");
	struct seal_diag d = { 0 };
	uint8_t *p = NULL;
	char path[1024];

	if (dir == NULL || *dir == '\0') {
		print_message("SEAL_EVIDENCE is not set: no real samples\n");
		skip();
	}
	snprintf(path, sizeof(path), "%s/%s%s", dir, folder, file);
	if (file_read(path, LIMIT_FILE, &p, ret_n, &d) != 0)
		fail_msg("%s", d.text);
	return p;
}

static void
comid_samples(void **state)
{
	(void)state;
	for (const struct comid_sample *s = comids; s->file != NULL; s++) {
		struct seal_diag d = { 0 };
		struct comid c = { .version = 0 };
		size_t n = 0;
		uint8_t *p = load("corim/comid/", s->file, &n);

		if (comid_parse(span_of(p, n), &c, &d) != 0)
			fail_msg("%s: %s", s->file, d.text);
		if (memcmp(c.n_triples, s->n, sizeof(s->n)) != 0 ||
		    c.n_unused != s->unused)
			fail_msg("%s: %zu %zu %zu %zu, unused %zu", s->file,
			    c.n_triples[0], c.n_triples[1], c.n_triples[2],
			    c.n_triples[3], c.n_unused);
		for (size_t i = 0; i < n; i++)
			if (comid_parse(span_of(p, i), &c, NULL) == 0)
				fail_msg("%s: passes cut at %zu", s->file, i);
		free(p);
	}
}

static void
count(const struct corim *c, size_t n[COMID_KINDS])
{
	struct comid_list tags = c->tags;
	struct corim_tag t;
	struct comid comid;

	while (corim_tag_next(&tags, &t)) {
		assert_int_equal(t.kind, CORIM_COMID);
		assert_int_equal(comid_parse(t.value, &comid, NULL), 0);
		for (size_t k = 0; k < COMID_KINDS; k++)
			n[k] += comid.n_triples[k];
	}
}

/* PROVENANCE.md: valid, or which rule of its profile it breaks. */
static void
check_profile(const struct corim_sample *s, const struct corim *c)
{
	struct seal_diag d = { 0 };
	int r = corim_profile_check(c, &d);

	if ((r == 0) != (s->broken == NULL) ||
	    (r != 0 && strstr(d.text, s->broken) == NULL))
		fail_msg("%s: profile: %d %s", s->file, r, d.text);
}

static void
check_sample(const struct corim_sample *s, const struct corim *c)
{
	size_t n[COMID_KINDS] = { 0 };
	char id[128] = "";
	struct wr w;

	wr_init(&w, id, sizeof(id) - 1);
	comid_id_text(&c->id, &w);
	if (s->id != NULL && strcmp(id, s->id) != 0)
		fail_msg("%s: id '%s'", s->file, id);
	if (s->profile == NULL    ? c->profile.n != 0
	    : *s->profile == '\0' ? !c->profile_is_oid || c->profile.n == 0
				  : !span_is(c->profile, s->profile))
		fail_msg("%s: another profile", s->file);
	count(c, n);
	if (c->tags.left != s->n_tags || memcmp(n, s->n, sizeof(n)) != 0)
		fail_msg("%s: %zu tags: %zu %zu %zu %zu", s->file, c->tags.left,
		    n[0], n[1], n[2], n[3]);
}

static void
corim_samples(void **state)
{
	(void)state;
	for (const struct corim_sample *s = corims; s->file != NULL; s++) {
		struct seal_diag d = { 0 };
		struct corim c;
		size_t n = 0;
		uint8_t *p = load("", s->file, &n);

		if (corim_parse(span_of(p, n), &c, &d) != 0)
			fail_msg("%s: %s", s->file, d.text);
		check_sample(s, &c);
		check_profile(s, &c);
		for (size_t i = 0; i < n; i++)
			if (corim_parse(span_of(p, i), &c, NULL) == 0)
				fail_msg("%s: passes cut at %zu", s->file, i);
		free(p);
	}
}

static void
jwk_member(const json_t *jwk, const char *name, struct wr *out)
{
	const char *text = json_string_value(json_object_get(jwk, name));

	assert_non_null(text);
	assert_true(b64url_decode(span_str(text), out));
}

static struct pubkey *
sample_key(void)
{
	uint8_t xb[66], yb[66], spki[LIMIT_SPKI];
	struct pubkey *key = NULL;
	size_t n = 0;
	uint8_t *p = load("corim/", "ec-p256.pub.jwk", &n);
	json_t *jwk = json_loadb((char *)p, n, 0, NULL);
	struct wr x, y, w;

	assert_non_null(jwk);
	wr_init(&x, xb, sizeof(xb));
	wr_init(&y, yb, sizeof(yb));
	wr_init(&w, spki, sizeof(spki));
	jwk_member(jwk, "x", &x);
	jwk_member(jwk, "y", &y);
	assert_int_equal(
	    spki_from_ec(CURVE_P256, wr_view(&x), wr_view(&y), &w, NULL), 0);
	assert_int_equal(pubkey_from_spki(wr_view(&w), &key, NULL), 0);
	json_decref(jwk);
	free(p);
	return key;
}

static void
signed_samples(void **state)
{
	static const char *const files[] = {
		"corim/signed/signed-good-corim.cbor",
		"corim/signed/signed-example-corim.cbor"
	};
	struct pubkey *key = sample_key();

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct corim c;
		size_t n = 0;
		uint8_t *p = load("", files[i], &n);

		assert_int_equal(corim_parse(span_of(p, n), &c, NULL), 0);
		assert_true(c.is_signed && !c.bare && !c.old);
		assert_true(span_is(c.signer, "ACME Ltd signing key"));
		assert_true(span_is(c.signer_uri, "https://acme.example"));
		assert_true(c.signature.stated);
		assert_int_equal(cose_sign1_verify(&c.sign1, key, NULL), 0);
		assert_int_equal(
		    corim_valid_at(&c, 1640908799, NULL), SEAL_E_STALE);
		assert_int_equal(corim_valid_at(&c, 1640908800, NULL), 0);
		assert_int_equal(corim_valid_at(&c, 1767139200, NULL), 0);
		assert_int_equal(
		    corim_valid_at(&c, 1767139201, NULL), SEAL_E_STALE);
		/* The last byte of the signature. */
		p[n - 1] ^= 1;
		assert_int_equal(corim_parse(span_of(p, n), &c, NULL), 0);
		assert_int_equal(
		    cose_sign1_verify(&c.sign1, key, NULL), SEAL_E_SIGNATURE);
		free(p);
	}
	pubkey_unref(&key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comid_samples),
		cmocka_unit_test(corim_samples),
		cmocka_unit_test(signed_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
