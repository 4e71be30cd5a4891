/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "format/ear.h"

#define IAT 1700000000
#define Q(s) "\"" s "\""
#define PROFILE "\"eat_profile\":" Q(EAR_PROFILE_04)
#define TIME "\"iat\":1700000000"
#define WHO "\"ear_verifier_id\":{\"developer\":\"d\",\"build\":\"b\"}"
#define HEAD PROFILE "," TIME "," WHO
#define SUB(a) "\"submods\":{\"tpm\":{" a "}}"
#define GOOD SUB("\"ear_status\":\"affirming\"")
#define VECTOR(v) "\"ear_trustworthiness_vector\":{" v "}"
#define JWK                                                      \
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"               \
	"\"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY\",\"y\":" \
	"\"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU\"}"

struct json_case {
	const char *name, *in;
	int want;
};

static const struct json_case cases[] = {
	{ "least", "{" HEAD "," GOOD "}", 0 },
	{ "white space", " {" HEAD " , " GOOD "}\n", 0 },
	{ "unknown claims", "{" HEAD "," GOOD ",\"zz\":[1.5,{}]}", 0 },
	{ "profile -03",
	    "{\"eat_profile\":\"tag:ietf.org,2026:rats/ear#03\"," TIME "," WHO
	    "," GOOD "}",
	    0 },
	{ "all optional claims",
	    "{" HEAD ",\"exp\":1700000100,\"nbf\":1,"
	    "\"eat_nonce\":\"AAAAAAAAAAA\",\"cnf\":{\"jwk\":" JWK
	    "},\"ear_status\":\"affirming\"," SUB(
		"\"ear_status\":\"affirming\"," VECTOR(
		    "\"hardware\":2,\"configuration\":-32") ",\"ear_appraisal_policy_ids\":[\"a\",\"b\"]") "}",
	    0 },
	{ "no profile", "{" TIME "," WHO "," GOOD "}", SEAL_E_DECODE },
	{ "profile of another draft",
	    "{\"eat_profile\":\"tag:ietf.org,2026:rats/ear#05\"," TIME "," WHO
	    "," GOOD "}",
	    SEAL_E_UNSUPPORTED },
	{ "profile no text", "{\"eat_profile\":4," TIME "," WHO "," GOOD "}",
	    SEAL_E_DECODE },
	{ "dotted names under -04",
	    "{" PROFILE "," TIME
	    ",\"ear.verifier-id\":{\"developer\":\"d\",\"build\":\"b\"},"
	    "\"submods\":{\"tpm\":{\"ear.status\":\"affirming\"}}}",
	    SEAL_E_DECODE },
	{ "underscore names under a dotted profile",
	    "{\"eat_profile\":\"tag:github.com,2023:veraison/ear\"," TIME
	    "," WHO "," GOOD "}",
	    SEAL_E_DECODE },
	{ "no iat", "{" PROFILE "," WHO "," GOOD "}", SEAL_E_DECODE },
	{ "float iat", "{" PROFILE ",\"iat\":1.7e9," WHO "," GOOD "}",
	    SEAL_E_DECODE },
	{ "float without fraction",
	    "{" PROFILE ",\"iat\":1700000000.0," WHO "," GOOD "}",
	    SEAL_E_DECODE },
	{ "iat a text", "{" PROFILE ",\"iat\":\"1\"," WHO "," GOOD "}",
	    SEAL_E_DECODE },
	{ "negative iat", "{" PROFILE ",\"iat\":-1," WHO "," GOOD "}",
	    SEAL_E_DECODE },
	{ "iat past 63 bits",
	    "{" PROFILE ",\"iat\":9223372036854775808," WHO "," GOOD "}",
	    SEAL_E_DECODE },
	{ "float exp", "{" HEAD "," GOOD ",\"exp\":1.8e9}", SEAL_E_DECODE },
	{ "float nbf", "{" HEAD "," GOOD ",\"nbf\":0.5}", SEAL_E_DECODE },
	{ "exp null", "{" HEAD "," GOOD ",\"exp\":null}", SEAL_E_DECODE },
	{ "iat twice", "{" HEAD "," TIME "," GOOD "}", SEAL_E_DECODE },
	{ "submodule twice",
	    "{" HEAD ",\"submods\":{\"a\":{\"ear_status\":\"none\"},\"a\":"
	    "{\"ear_status\":\"none\"}}}",
	    SEAL_E_DECODE },
	{ "two nonces",
	    "{" HEAD "," GOOD
	    ",\"eat_nonce\":[\"AAAAAAAAAAA\",\"AAAAAAAAAAB\"]}",
	    SEAL_E_DECODE },
	{ "one nonce in an array",
	    "{" HEAD "," GOOD ",\"eat_nonce\":[\"AAAAAAAAAAA\"]}",
	    SEAL_E_DECODE },
	{ "short nonce", "{" HEAD "," GOOD ",\"eat_nonce\":\"AAAAAAA\"}",
	    SEAL_E_DECODE },
	{ "cnf with a kid", "{" HEAD "," GOOD ",\"cnf\":{\"kid\":\"a\"}}",
	    SEAL_E_DECODE },
	{ "cnf with a thumbprint",
	    "{" HEAD "," GOOD ",\"cnf\":{\"jkt\":\"a\"}}", SEAL_E_DECODE },
	{ "cnf with a URL", "{" HEAD "," GOOD ",\"cnf\":{\"jku\":\"a\"}}",
	    SEAL_E_DECODE },
	{ "cnf with a key and a kid",
	    "{" HEAD "," GOOD ",\"cnf\":{\"jwk\":" JWK ",\"kid\":\"a\"}}",
	    SEAL_E_DECODE },
	{ "cnf empty", "{" HEAD "," GOOD ",\"cnf\":{}}", SEAL_E_DECODE },
	{ "cnf no object", "{" HEAD "," GOOD ",\"cnf\":\"a\"}", SEAL_E_DECODE },
	{ "cnf with half a key",
	    "{" HEAD "," GOOD
	    ",\"cnf\":{\"jwk\":{\"kty\":\"EC\",\"crv\":\"P-256\"}}}",
	    SEAL_E_KEY },
	{ "no verifier", "{" PROFILE "," TIME "," GOOD "}", SEAL_E_DECODE },
	{ "verifier without build",
	    "{" PROFILE "," TIME
	    ",\"ear_verifier_id\":{\"developer\":\"d\"}," GOOD "}",
	    SEAL_E_DECODE },
	{ "no submods", "{" HEAD "}", SEAL_E_DECODE },
	{ "empty submods", "{" HEAD ",\"submods\":{}}", SEAL_E_DECODE },
	{ "submods an array", "{" HEAD ",\"submods\":[]}", SEAL_E_DECODE },
	{ "nested token",
	    "{" HEAD ",\"submods\":{\"a\":[\"JWT\",\"e30.e30.AA\"]}}",
	    SEAL_E_UNSUPPORTED },
	{ "submodules inside",
	    "{" HEAD "," SUB("\"ear_status\":\"affirming\",\"submods\":{}") "}",
	    SEAL_E_UNSUPPORTED },
	{ "no status", "{" HEAD "," SUB("\"zz\":1") "}", SEAL_E_DECODE },
	{ "unknown status", "{" HEAD "," SUB("\"ear_status\":\"good\"") "}",
	    SEAL_E_DECODE },
	{ "status a number", "{" HEAD "," SUB("\"ear_status\":2") "}",
	    SEAL_E_DECODE },
	{ "status of the whole a number",
	    "{" HEAD "," GOOD ",\"ear_status\":2}", SEAL_E_DECODE },
	{ "status better than a claim",
	    "{" HEAD "," SUB("\"ear_status\":\"affirming\"," VECTOR(
		"\"hardware\":2,\"executables\":33")) "}",
	    SEAL_E_EVIDENCE },
	{ "warning over contraindicated",
	    "{" HEAD "," SUB(
		"\"ear_status\":\"warning\"," VECTOR("\"executables\":96")) "}",
	    SEAL_E_EVIDENCE },
	{ "none over a warning",
	    "{" HEAD "," SUB(
		"\"ear_status\":\"none\"," VECTOR("\"executables\":32")) "}",
	    SEAL_E_EVIDENCE },
	{ "whole better than a submodule",
	    "{" HEAD ",\"ear_status\":\"affirming\","
	    "\"submods\":{\"a\":{\"ear_status\":\"affirming\"},\"b\":"
	    "{\"ear_status\":\"warning\"}}}",
	    SEAL_E_EVIDENCE },
	{ "whole affirming over none",
	    "{" HEAD
	    ",\"ear_status\":\"affirming\"," SUB("\"ear_status\":\"none\"") "}",
	    SEAL_E_EVIDENCE },
	{ "empty vector",
	    "{" HEAD "," SUB("\"ear_status\":\"none\"," VECTOR("")) "}",
	    SEAL_E_DECODE },
	{ "unknown claim in the vector",
	    "{" HEAD "," SUB("\"ear_status\":\"none\"," VECTOR("\"zz\":2")) "}",
	    SEAL_E_DECODE },
	{ "claim of 128",
	    "{" HEAD "," SUB("\"ear_status\":\"contraindicated\"," VECTOR(
		"\"hardware\":128")) "}",
	    SEAL_E_DECODE },
	{ "claim of -129",
	    "{" HEAD "," SUB("\"ear_status\":\"contraindicated\"," VECTOR(
		"\"hardware\":-129")) "}",
	    SEAL_E_DECODE },
	{ "float claim",
	    "{" HEAD
	    "," SUB("\"ear_status\":\"none\"," VECTOR("\"hardware\":2.0")) "}",
	    SEAL_E_DECODE },
	{ "one policy as a text",
	    "{" HEAD "," SUB("\"ear_status\":\"none\","
			     "\"ear_appraisal_policy_ids\":\"a\"") "}",
	    SEAL_E_DECODE },
	{ "no policy in the list",
	    "{" HEAD "," SUB("\"ear_status\":\"none\","
			     "\"ear_appraisal_policy_ids\":[]") "}",
	    SEAL_E_DECODE },
	{ "five policies",
	    "{" HEAD "," SUB(
		"\"ear_status\":\"none\","
		"\"ear_appraisal_policy_ids\":[\"a\",\"b\",\"c\",\"d\",\"e\"]") "}",
	    SEAL_E_LIMIT },
	{ "raw evidence as text under -04",
	    "{" HEAD "," GOOD ",\"ear_raw_evidence\":\"AA\"}", SEAL_E_DECODE },
	{ "deep", "{" HEAD "," GOOD ",\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}",
	    SEAL_E_LIMIT },
	{ "no claim at all", "{}", SEAL_E_DECODE },
	{ "array", "[]", SEAL_E_DECODE },
	{ "bytes after it", "{" HEAD "," GOOD "}x", SEAL_E_DECODE },
	{ NULL },
};

static struct ear *
new_ear(void)
{
	struct ear *e = calloc(1, sizeof(*e));

	assert_non_null(e);
	return e;
}

static void
json_rules(void **state)
{
	struct ear *e = new_ear();

	(void)state;
	for (const struct json_case *c = cases; c->name != NULL; c++) {
		struct seal_diag d = { 0 };
		size_t n = strlen(c->in);
		int r = ear_read_json(span_of(c->in, n), e, &d);

		if (r != c->want || (r != 0 && d.text[0] == '\0'))
			fail_msg("%s: got %d (%s)", c->name, r, d.text);
		while (n > 0 && c->in[n - 1] != '}')
			n--;
		while (c->want == 0 && n-- > 0)
			assert_int_not_equal(
			    ear_read_json(span_of(c->in, n), e, NULL), 0);
	}
	free(e);
}

static void
too_many(void **state)
{
	char text[4096];
	struct ear *e = new_ear();
	size_t n =
	    (size_t)snprintf(text, sizeof(text), "{" HEAD ",\"submods\":{");

	(void)state;
	for (size_t i = 0; i <= EAR_SUBMODS_MAX; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%s\"%zu\":{\"ear_status\":\"none\"}", i > 0 ? "," : "", i);
		snprintf(text + n, sizeof(text) - n, "}}");
		assert_int_equal(ear_read_json(span_str(text), e, NULL),
		    i < EAR_SUBMODS_MAX ? 0 : SEAL_E_LIMIT);
	}
	free(e);
}

/* ---- What is written is what is read ---- */

static struct privkey *key;
static struct jwk_set *set;

static int
sign_with(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	return privkey_sign(ctx, scheme, tbs, out, d);
}

static void
make_key(enum curve c)
{
	uint8_t spki[LIMIT_SPKI];
	struct wr w;

	wr_init(&w, spki, sizeof(spki));
	assert_non_null(set = calloc(1, sizeof(*set)));
	assert_int_equal(privkey_generate(c, &key, NULL), 0);
	assert_int_equal(privkey_spki(key, &w, NULL), 0);
	assert_int_equal(
	    jwk_from_spki(wr_view(&w), "verifier", &set->keys[0], NULL), 0);
	set->n = 1;
}

static void
drop_key(void)
{
	privkey_free(&key);
	jwk_set_free(&set);
}

/* Names in an order that is not deterministic, of several lengths. */
static void
fill(struct ear *e)
{
	memset(e, 0, sizeof(*e));
	e->iat = IAT;
	e->has_exp = e->has_nbf = e->has_status = true;
	e->exp = IAT + 300;
	e->nbf = IAT - 5;
	e->status = AR4SI_TIER_WARNING;
	strcpy(e->developer, "https://verifier.example");
	strcpy(e->build, "1.0");
	memset(e->nonce, 0xa5, e->n_nonce = 32);
	memcpy(e->spki, set->keys[0].spki, e->n_spki = set->keys[0].n_spki);
	e->n_submods = 2;
	strcpy(e->submods[0].name, "platform");
	e->submods[0].status = AR4SI_TIER_WARNING;
	e->submods[0].vector[AR4SI_HARDWARE] = 2;
	e->submods[0].vector[AR4SI_CONFIGURATION] = -96;
	strcpy(e->submods[0].policies[0], "p1");
	strcpy(e->submods[0].policies[1], "p2");
	e->submods[0].n_policies = 2;
	strcpy(e->submods[1].name, "cpu");
	e->submods[1].status = AR4SI_TIER_AFFIRMING;
}

static const struct ear_appraisal *
submod(const struct ear *e, const char *name)
{
	for (size_t i = 0; i < e->n_submods; i++) {
		if (strcmp(e->submods[i].name, name) == 0)
			return &e->submods[i];
	}
	fail_msg("no submodule %s", name);
	return NULL;
}

static void
same(const struct ear *a, const struct ear *b)
{
	int8_t va[AR4SI_CLAIMS], vb[AR4SI_CLAIMS];

	assert_string_equal(b->profile->uri, EAR_PROFILE_04);
	assert_true(b->iat == a->iat && b->exp == a->exp && b->nbf == a->nbf);
	assert_true(b->has_exp && b->has_nbf && b->has_status);
	assert_int_equal(b->status, a->status);
	assert_string_equal(b->developer, a->developer);
	assert_string_equal(b->build, a->build);
	assert_true(span_equal(
	    span_of(a->nonce, a->n_nonce), span_of(b->nonce, b->n_nonce)));
	assert_true(span_equal(
	    span_of(a->spki, a->n_spki), span_of(b->spki, b->n_spki)));
	assert_int_equal(b->n_submods, 2);
	assert_int_equal(submod(b, "cpu")->status, AR4SI_TIER_AFFIRMING);
	assert_int_equal(submod(b, "platform")->n_policies, 2);
	assert_string_equal(submod(b, "platform")->policies[1], "p2");
	assert_int_equal(ear_worst_status(b), AR4SI_TIER_WARNING);
	ear_vector(a, va);
	ear_vector(b, vb);
	assert_memory_equal(va, vb, sizeof(va));
	assert_int_equal(vb[AR4SI_CONFIGURATION], -96);
}

typedef int (*sign_ear)(const struct ear *e, const struct ear_signer *by,
    struct wr *out, struct seal_diag *d);
typedef int (*open_ear)(struct span token, const struct jwk_set *set,
    struct ear *ret, const struct jwk **ret_key, struct seal_diag *d);

static void
token(enum curve c, sign_ear write, open_ear open, bool cwt)
{
	struct ear *e = new_ear(), *back = new_ear();
	const struct jwk *by = NULL;
	struct seal_diag d = { 0 };
	struct ear_signer signer = { .kid = "verifier", .sign = sign_with };
	struct wr w;

	make_key(c);
	fill(e);
	signer.scheme = set->keys[0].scheme;
	signer.ctx = key;
	wr_init_heap(&w, LIMIT_CMW);
	if (write(e, &signer, &w, &d) != 0 ||
	    open(wr_view(&w), set, back, &by, &d) != 0)
		fail_msg("%s", d.text);
	assert_ptr_equal(by, &set->keys[0]);
	same(e, back);
	memset(back, 0, sizeof(*back));
	assert_int_equal(ear_peek(wr_view(&w), cwt, back, &d), 0);
	same(e, back);
	for (size_t n = 0; n < w.n; n++)
		assert_int_not_equal(
		    open(span_of(w.p, n), set, back, &by, NULL), 0);
	for (size_t n = 0; n < w.n; n += 7) {
		w.p[n] ^= 1;
		assert_int_not_equal(
		    open(wr_view(&w), set, back, &by, NULL), 0);
		w.p[n] ^= 1;
	}
	/* Another key, under the same kid and under none. */
	drop_key();
	make_key(c);
	assert_int_equal(
	    open(wr_view(&w), set, back, &by, NULL), SEAL_E_SIGNATURE);
	set->keys[0].kid[0] = '\0';
	assert_int_equal(
	    open(wr_view(&w), set, back, &by, NULL), SEAL_E_SIGNATURE);
	drop_key();
	wr_free(&w);
	free(back);
	free(e);
}

static void
tokens(void **state)
{
	(void)state;
	token(CURVE_P256, ear_sign_jwt, ear_open_jwt, false);
	token(CURVE_P384, ear_sign_jwt, ear_open_jwt, false);
	token(CURVE_ED25519, ear_sign_jwt, ear_open_jwt, false);
	token(CURVE_P256, ear_sign_cwt, ear_open_cwt, true);
	token(CURVE_P384, ear_sign_cwt, ear_open_cwt, true);
	token(CURVE_ED25519, ear_sign_cwt, ear_open_cwt, true);
}

/* What we would not read we do not write. */
static void
refuse_written(const char *name, void (*spoil)(struct ear *e))
{
	struct ear *e = new_ear();
	struct wr w;

	wr_init_heap(&w, LIMIT_CMW);
	fill(e);
	spoil(e);
	if (ear_write_json(e, &w, NULL) == 0 || w.n != 0)
		fail_msg("%s: written as JSON", name);
	if (ear_write_cbor(e, &w, NULL) == 0 || w.n != 0)
		fail_msg("%s: written as CBOR", name);
	wr_free(&w);
	free(e);
}

static void
no_submods(struct ear *e)
{
	e->n_submods = 0;
}

static void
dishonest(struct ear *e)
{
	e->submods[1].vector[AR4SI_EXECUTABLES] = 99;
}

static void
whole_dishonest(struct ear *e)
{
	e->status = AR4SI_TIER_AFFIRMING;
}

static void
name_twice(struct ear *e)
{
	strcpy(e->submods[1].name, "platform");
}

static void
ends_before(struct ear *e)
{
	e->exp = e->iat;
}

static void
short_nonce(struct ear *e)
{
	e->n_nonce = 7;
}

static void
bad_text(struct ear *e)
{
	strcpy(e->build, "\xff");
}

static void
written(void **state)
{
	(void)state;
	make_key(CURVE_P256);
	refuse_written("no submodule", no_submods);
	refuse_written("status better than a claim", dishonest);
	refuse_written("whole better than a submodule", whole_dishonest);
	refuse_written("submodule twice", name_twice);
	refuse_written("exp not after iat", ends_before);
	refuse_written("short nonce", short_nonce);
	refuse_written("no UTF-8", bad_text);
	drop_key();
}

/* ---- CBOR: spoiled bytes of a good one ---- */

/* {265: profile, 6: 1, 1004: {0: "d", 1: "b"}, 266: {"a": {1000: 2}}} with
 * the head and the last submodule's claims to be varied. */
#define CPROFILE                                                             \
	0x19, 1, 9, 0x78, 29, 't', 'a', 'g', ':', 'i', 'e', 't', 'f', '.',   \
	    'o', 'r', 'g', ',', '2', '0', '2', '6', ':', 'r', 'a', 't', 's', \
	    '/', 'e', 'a', 'r', '#', '0', '4'
#define CWHO 0x19, 3, 0xec, 0xa2, 0, 0x61, 'd', 1, 0x61, 'b'
#define CSUB 0x19, 1, 10, 0xa1, 0x61, 'a'
#define CGOOD CSUB, 0xa1, 0x19, 3, 0xe8, 2

struct cbor_case {
	const char *name;
	struct span in;
	int want;
};

static const struct cbor_case cbor_cases[] = {
	{ "least", HEX(0xa4, CPROFILE, 6, 1, CWHO, CGOOD), 0 },
	{ "unknown claims",
	    HEX(0xa5, CPROFILE, 6, 1, CWHO, CGOOD, 0x61, 'z', 0x80), 0 },
	{ "nonce",
	    HEX(0xa5, CPROFILE, 6, 1, CWHO, CGOOD, 10, 0x48, 1, 2, 3, 4, 5, 6,
		7, 8),
	    0 },
	{ "two nonces",
	    HEX(0xa5, CPROFILE, 6, 1, CWHO, CGOOD, 10, 0x82, 0x48, 1, 2, 3, 4,
		5, 6, 7, 8, 0x48, 1, 2, 3, 4, 5, 6, 7, 8),
	    SEAL_E_DECODE },
	{ "short nonce",
	    HEX(0xa5, CPROFILE, 6, 1, CWHO, CGOOD, 10, 0x47, 1, 2, 3, 4, 5, 6,
		7),
	    SEAL_E_DECODE },
	{ "float iat", HEX(0xa4, CPROFILE, 6, 0xf9, 0x3c, 0, CWHO, CGOOD),
	    SEAL_E_DECODE },
	{ "negative iat", HEX(0xa4, CPROFILE, 6, 0x20, CWHO, CGOOD),
	    SEAL_E_DECODE },
	{ "tagged iat", HEX(0xa4, CPROFILE, 6, 0xc1, 1, CWHO, CGOOD),
	    SEAL_E_DECODE },
	{ "iat twice", HEX(0xa5, CPROFILE, 6, 1, 6, 1, CWHO, CGOOD),
	    SEAL_E_DECODE },
	{ "no iat", HEX(0xa3, CPROFILE, CWHO, CGOOD), SEAL_E_DECODE },
	{ "no profile", HEX(0xa3, 6, 1, CWHO, CGOOD), SEAL_E_UNSUPPORTED },
	{ "no verifier", HEX(0xa3, CPROFILE, 6, 1, CGOOD), SEAL_E_DECODE },
	{ "no submods", HEX(0xa3, CPROFILE, 6, 1, CWHO), SEAL_E_DECODE },
	{ "empty submods", HEX(0xa4, CPROFILE, 6, 1, CWHO, 0x19, 1, 10, 0xa0),
	    SEAL_E_DECODE },
	{ "nested token",
	    HEX(0xa4, CPROFILE, 6, 1, CWHO, CSUB, 0x42, 0xd2, 0x80),
	    SEAL_E_UNSUPPORTED },
	{ "submodules inside",
	    HEX(0xa4, CPROFILE, 6, 1, CWHO, CSUB, 0xa2, 0x19, 3, 0xe8, 2, 0x19,
		1, 10, 0xa0),
	    SEAL_E_DECODE },
	{ "no status",
	    HEX(0xa4, CPROFILE, 6, 1, CWHO, CSUB, 0xa1, 0x19, 3, 0xea, 2),
	    SEAL_E_DECODE },
	{ "unknown status",
	    HEX(0xa4, CPROFILE, 6, 1, CWHO, CSUB, 0xa1, 0x19, 3, 0xe8, 3),
	    SEAL_E_DECODE },
	{ "status twice",
	    HEX(0xa4, CPROFILE, 6, 1, CWHO, CSUB, 0xa2, 0x19, 3, 0xe8, 2, 0x19,
		3, 0xe8, 2),
	    SEAL_E_DECODE },
	{ "affirming over executables 33",
	    HEX(0xa4, CPROFILE, 6, 1, CWHO, CSUB, 0xa2, 0x19, 3, 0xe8, 2, 0x19,
		3, 0xe9, 0xa1, 2, 0x18, 33),
	    SEAL_E_EVIDENCE },
	{ "claim 8 in the vector",
	    HEX(0xa4, CPROFILE, 6, 1, CWHO, CSUB, 0xa2, 0x19, 3, 0xe8, 2, 0x19,
		3, 0xe9, 0xa1, 8, 2),
	    SEAL_E_DECODE },
	{ "claim of 128",
	    HEX(0xa4, CPROFILE, 6, 1, CWHO, CSUB, 0xa2, 0x19, 3, 0xe8, 0x18, 96,
		0x19, 3, 0xe9, 0xa1, 2, 0x18, 128),
	    SEAL_E_DECODE },
	{ "empty vector",
	    HEX(0xa4, CPROFILE, 6, 1, CWHO, CSUB, 0xa2, 0x19, 3, 0xe8, 2, 0x19,
		3, 0xe9, 0xa0),
	    SEAL_E_DECODE },
	{ "cnf with a kid",
	    HEX(0xa5, CPROFILE, 6, 1, CWHO, CGOOD, 8, 0xa1, 3, 0x41, 1),
	    SEAL_E_DECODE },
	{ "cnf with half a key",
	    HEX(0xa5, CPROFILE, 6, 1, CWHO, CGOOD, 8, 0xa1, 1, 0xa1, 1, 2),
	    SEAL_E_KEY },
	{ "raw evidence as bytes",
	    HEX(0xa5, CPROFILE, 6, 1, CWHO, CGOOD, 0x19, 3, 0xea, 0x41, 1),
	    SEAL_E_DECODE },
	{ "trailing byte", HEX(0xa4, CPROFILE, 6, 1, CWHO, CGOOD, 0),
	    SEAL_E_DECODE },
	{ "array", HEX(0x80), SEAL_E_DECODE },
	{ "nothing", { NULL, 0 }, SEAL_E_DECODE },
	{ NULL },
};

static void
cbor_rules(void **state)
{
	struct ear *e = new_ear();

	(void)state;
	for (const struct cbor_case *c = cbor_cases; c->name != NULL; c++) {
		struct seal_diag d = { 0 };
		int r = ear_read_cbor(c->in, e, &d);

		if (r != c->want)
			fail_msg("%s: got %d (%s)", c->name, r, d.text);
		for (size_t n = 0; c->want == 0 && n < c->in.n; n++)
			assert_int_not_equal(
			    ear_read_cbor(span_of(c->in.p, n), e, NULL), 0);
	}
	free(e);
}

static void
media_types(void **state)
{
	static const struct {
		const char *type;
		int want; /* 0: none, 1: JWT, 2: CWT */
	} rows[] = {
		{ EAR_MEDIA_JWT, 1 },
		{ EAR_MEDIA_CWT, 2 },
		{ "APPLICATION/EAT+JWT; eat_profile=\"" EAR_PROFILE_04 "\"",
		    1 },
		{ "application/eat+jwt;eat_profile=" EAR_PROFILE_04, 1 },
		{ "application/eat+jwt", 0 },
		{ "application/eat-jwt; eat_profile=\"" EAR_PROFILE_04 "\"",
		    0 },
		{ "application/eat+cwt; eat_profile=\"tag:sealtls,2026:soft\"",
		    0 },
		{ "application/eat+jwt; profile=\"" EAR_PROFILE_04 "\"", 0 },
		{ "application/eat+jwt; eat_profile=\"" EAR_PROFILE_04, 0 },
		{ "application/eat+jwt; eat_profile=", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool cwt = false;
		const struct ear_profile *p =
		    ear_media_type(span_str(rows[i].type), &cwt);

		if ((p == NULL ? 0 : 1 + cwt) != rows[i].want)
			fail_msg("%s", rows[i].type);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_rules),
		cmocka_unit_test(too_many),
		cmocka_unit_test(cbor_rules),
		cmocka_unit_test(tokens),
		cmocka_unit_test(written),
		cmocka_unit_test(media_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
