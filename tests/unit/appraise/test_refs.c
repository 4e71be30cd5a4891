/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/refs_parts.h"

#include "allocfail.h"
#include "crypto/fixture.h"

/* Environments, and pieces of measurements, as bytes. */
#define MODEL 0xa1, 0, 0xa1, 2, 0x61, 'm'
#define DIGEST(alg, a) 0x82, alg, 0x58, 32, R8(a), R8(a), R8(a), R8(a)
#define R8(a) a, a, a, a, a, a, a, a
#define ONE(...) HEX(0x81, 0xa1, 1, __VA_ARGS__)
#define UNKNOWN 6 /* an algorithm whose digests have any length */

static const uint8_t evidence_env[] = { 0xa2, 0, 0xa2, 2, 0x61, 'm', 3, 7, 1,
	0xd9, 2, 0x30, 0x41, 9 };

struct value_case {
	const char *name;
	struct span want, got; /* arrays of measurements */
	bool match;
};

/* ---- Values ---- */

static const struct value_case values[] = {
	{ "svn equal", ONE(0xa1, 1, 3), ONE(0xa1, 1, 3), true },
	{ "svn 552 and plain", ONE(0xa1, 1, 0xd9, 2, 0x28, 3), ONE(0xa1, 1, 3),
	    true },
	{ "svn other", ONE(0xa1, 1, 3), ONE(0xa1, 1, 4), false },
	{ "svn at least, equal", ONE(0xa1, 1, 0xd9, 2, 0x29, 3),
	    ONE(0xa1, 1, 3), true },
	{ "svn at least, more", ONE(0xa1, 1, 0xd9, 2, 0x29, 3),
	    ONE(0xa1, 1, 0xd9, 2, 0x28, 4), true },
	{ "svn at least, less", ONE(0xa1, 1, 0xd9, 2, 0x29, 3), ONE(0xa1, 1, 2),
	    false },
	{ "Evidence's svn a minimum", ONE(0xa1, 1, 3),
	    ONE(0xa1, 1, 0xd9, 2, 0x29, 3), false },
	{ "no svn in Evidence", ONE(0xa1, 1, 3), ONE(0xa1, 15, 3), false },

	{ "digest", ONE(0xa1, 2, 0x81, DIGEST(1, 7)),
	    ONE(0xa1, 2, 0x81, DIGEST(1, 7)), true },
	{ "digest other", ONE(0xa1, 2, 0x81, DIGEST(1, 7)),
	    ONE(0xa1, 2, 0x81, DIGEST(1, 8)), false },
	{ "digest named by text",
	    ONE(0xa1, 2, 0x81, 0x82, 0x67, 's', 'h', 'a', '-', '2', '5', '6',
		0x58, 32, R8(7), R8(7), R8(7), R8(7)),
	    ONE(0xa1, 2, 0x81, DIGEST(1, 7)), true },
	{ "a common algorithm of two",
	    ONE(0xa1, 2, 0x82, 0x82, UNKNOWN, 0x41, 1, DIGEST(1, 7)),
	    ONE(0xa1, 2, 0x81, DIGEST(1, 7)), true },
	{ "two common, one differs",
	    ONE(0xa1, 2, 0x82, 0x82, UNKNOWN, 0x41, 1, DIGEST(1, 7)),
	    ONE(0xa1, 2, 0x82, DIGEST(1, 7), 0x82, UNKNOWN, 0x41, 2), false },
	{ "no common algorithm", ONE(0xa1, 2, 0x81, 0x82, UNKNOWN, 0x41, 1),
	    ONE(0xa1, 2, 0x81, DIGEST(1, 7)), false },
	{ "two names that we do not know",
	    ONE(0xa1, 2, 0x81, 0x82, 0x61, 'x', 0x41, 1),
	    ONE(0xa1, 2, 0x81, 0x82, 0x61, 'y', 0x41, 1), false },
	{ "contradicts itself", ONE(0xa1, 2, 0x82, DIGEST(1, 7), DIGEST(1, 8)),
	    ONE(0xa1, 2, 0x81, DIGEST(1, 7)), false },

	{ "raw", ONE(0xa1, 4, 0xd9, 2, 0x30, 0x42, 1, 2),
	    ONE(0xa1, 4, 0xd9, 2, 0x30, 0x42, 1, 2), true },
	{ "raw other", ONE(0xa1, 4, 0x42, 1, 2), ONE(0xa1, 4, 0x42, 1, 3),
	    false },
	{ "raw longer", ONE(0xa1, 4, 0x42, 1, 2), ONE(0xa1, 4, 0x43, 1, 2, 3),
	    false },
	{ "raw under its mask",
	    ONE(0xa1, 4, 0xd9, 2, 0x33, 0x82, 0x42, 1, 2, 0x42, 0xff, 0),
	    ONE(0xa1, 4, 0x42, 1, 99), true },
	{ "raw beyond its mask",
	    ONE(0xa1, 4, 0xd9, 2, 0x33, 0x82, 0x42, 1, 2, 0x42, 0xff, 1),
	    ONE(0xa1, 4, 0x42, 1, 99), false },
	{ "raw under an old mask", ONE(0xa2, 4, 0x42, 1, 2, 5, 0x42, 0xff, 0),
	    ONE(0xa1, 4, 0x42, 1, 99), true },
	{ "raw beyond an old mask", ONE(0xa2, 4, 0x42, 1, 2, 5, 0x42, 0xff, 1),
	    ONE(0xa1, 4, 0x42, 1, 99), false },
	{ "Evidence's raw has a mask", ONE(0xa1, 4, 0x41, 1),
	    ONE(0xa1, 4, 0xd9, 2, 0x33, 0x82, 0x41, 1, 0x41, 0), false },

	{ "flag", ONE(0xa1, 3, 0xa1, 0, 0xf5),
	    ONE(0xa1, 3, 0xa2, 0, 0xf5, 1, 0xf4), true },
	{ "flag other", ONE(0xa1, 3, 0xa1, 0, 0xf5),
	    ONE(0xa1, 3, 0xa1, 0, 0xf4), false },
	{ "flag absent", ONE(0xa1, 3, 0xa1, 0, 0xf5),
	    ONE(0xa1, 3, 0xa1, 1, 0xf5), false },
	{ "range", ONE(0xa1, 15, 0xd9, 2, 0x34, 0x82, 1, 3), ONE(0xa1, 15, 3),
	    true },
	{ "range open", ONE(0xa1, 15, 0xd9, 2, 0x34, 0x82, 1, 0xf6),
	    ONE(0xa1, 15, 0x18, 99), true },
	{ "range above", ONE(0xa1, 15, 0xd9, 2, 0x34, 0x82, 1, 3),
	    ONE(0xa1, 15, 4), false },
	{ "range below", ONE(0xa1, 15, 0xd9, 2, 0x34, 0x82, 1, 3),
	    ONE(0xa1, 15, 0), false },
	{ "Evidence's value a range", ONE(0xa1, 15, 0xd9, 2, 0x34, 0x82, 1, 3),
	    ONE(0xa1, 15, 0xd9, 2, 0x34, 0x82, 1, 3), false },
	{ "name", ONE(0xa1, 11, 0x61, 'a'), ONE(0xa1, 11, 0x61, 'a'), true },
	{ "name other", ONE(0xa1, 11, 0x61, 'a'), ONE(0xa1, 11, 0x61, 'b'),
	    false },
	{ "every stated value", ONE(0xa2, 1, 3, 11, 0x61, 'a'),
	    ONE(0xa2, 1, 3, 11, 0x61, 'b'), false },
	{ "a value that only Evidence has", ONE(0xa1, 1, 3),
	    ONE(0xa2, 1, 3, 11, 0x61, 'b'), true },
	{ "a value of an unknown kind", ONE(0xa2, 1, 3, 0x20, 1),
	    ONE(0xa2, 1, 3, 0x20, 1), false },
	{ NULL },
};

/* ---- mkeys and sets ---- */

#define KEYED(key, v) 0xa2, 0, key, 1, 0xa1, 1, v

static const struct value_case sets[] = {
	{ "mkey", HEX(0x81, KEYED(5, 1)), HEX(0x81, KEYED(5, 1)), true },
	{ "mkey other", HEX(0x81, KEYED(5, 1)), HEX(0x81, KEYED(6, 1)), false },
	{ "mkey only in Evidence", ONE(0xa1, 1, 1), HEX(0x81, KEYED(5, 1)),
	    false },
	{ "mkey only in the triple", HEX(0x81, KEYED(5, 1)), ONE(0xa1, 1, 1),
	    false },
	{ "two", HEX(0x82, KEYED(5, 1), KEYED(6, 2)),
	    HEX(0x82, KEYED(6, 2), KEYED(5, 1)), true },
	{ "two, crosswise", HEX(0x82, KEYED(5, 1), KEYED(6, 2)),
	    HEX(0x82, KEYED(5, 2), KEYED(6, 1)), false },
	{ "one missing in Evidence", HEX(0x82, KEYED(5, 1), KEYED(6, 2)),
	    HEX(0x81, KEYED(5, 1)), false },
	{ "one more in Evidence", HEX(0x81, KEYED(5, 1)),
	    HEX(0x82, KEYED(5, 1), KEYED(6, 2)), false },
	{ "same mkey twice, both there", HEX(0x82, KEYED(5, 1), KEYED(5, 2)),
	    HEX(0x82, KEYED(5, 2), KEYED(5, 1)), true },
	{ "same mkey twice, one there", HEX(0x82, KEYED(5, 1), KEYED(5, 2)),
	    HEX(0x81, KEYED(5, 1)), false },
	{ "same mkey, unknown value besides", HEX(0x81, KEYED(5, 1)),
	    HEX(0x82, KEYED(5, 1), KEYED(5, 9)), false },
	{ "registers for mkeys",
	    ONE(0xa1, 14, 0xa2, 5, 0x81, DIGEST(1, 7), 6, 0x81, DIGEST(1, 8)),
	    HEX(0x82, 0xa2, 0, 5, 1, 0xa1, 2, 0x81, DIGEST(1, 7), 0xa2, 0, 6, 1,
		0xa1, 2, 0x81, DIGEST(1, 8)),
	    true },
	{ "register differs",
	    ONE(0xa1, 14, 0xa2, 5, 0x81, DIGEST(1, 7), 6, 0x81, DIGEST(1, 8)),
	    HEX(0x82, 0xa2, 0, 5, 1, 0xa1, 2, 0x81, DIGEST(1, 7), 0xa2, 0, 6, 1,
		0xa1, 2, 0x81, DIGEST(1, 9)),
	    false },
	{ "register missing",
	    ONE(0xa1, 14, 0xa2, 5, 0x81, DIGEST(1, 7), 6, 0x81, DIGEST(1, 8)),
	    HEX(0x81, 0xa2, 0, 5, 1, 0xa1, 2, 0x81, DIGEST(1, 7)), false },
	{ "more than the registers", ONE(0xa1, 14, 0xa1, 5, 0x81, DIGEST(1, 7)),
	    HEX(0x82, 0xa2, 0, 5, 1, 0xa1, 2, 0x81, DIGEST(1, 7), 0xa2, 0, 6, 1,
		0xa1, 2, 0x81, DIGEST(1, 8)),
	    false },
	{ NULL },
};

/* ---- Building ---- */

/* A CoRIM of one tag, with the triples-map as it is given. */
static void
put_triples(struct wr *out, struct span triples,
    const struct corim_validity *validity, const char *profile)
{
	uint8_t buf[4096];
	struct corim_out c = { .id = { false, STR("rim") }, .n_tags = 1 };
	struct span tag;
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	cbor_put_map(&w, 2);
	cbor_put_int(&w, 1);
	cbor_put_map(&w, 1);
	cbor_put_int(&w, 0);
	cbor_put_text(&w, span_str("tag"));
	cbor_put_int(&w, 4);
	wr_bytes(&w, triples);
	assert_int_equal(w.error, 0);
	tag = wr_view(&w);
	c.tags = &tag;
	if (validity != NULL)
		c.validity = *validity;
	if (profile != NULL)
		c.profile = span_str(profile);
	corim_put(out, &c);
	assert_int_equal(out->error, 0);
}

static void
put_reference(struct wr *out, struct span env, struct span measurements)
{
	uint8_t buf[4096];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	cbor_put_map(&w, 1);
	cbor_put_int(&w, 0);
	cbor_put_array(&w, 1);
	cbor_put_array(&w, 2);
	wr_bytes(&w, env);
	wr_bytes(&w, measurements);
	put_triples(out, wr_view(&w), NULL, NULL);
}

static struct refs *
refs_unsigned(void)
{
	struct refs_trust t = { .unsigned_ok = true,
		.profiles = refs_profiles };
	struct refs *r = NULL;

	assert_int_equal(refs_new(&t, &r, NULL), 0);
	return r;
}

static void
must_add(struct refs *r, struct span corim)
{
	struct seal_diag d = { 0 };

	if (refs_add(r, "file", corim, &d) != 0)
		fail_msg("%s", d.text);
}

static const struct span model_env = HEX(MODEL);

static int
try(struct span env, struct span want, struct span got, struct refs_result *ret)
{
	struct refs_evidence e = { .env = span_of(
				       evidence_env, sizeof(evidence_env)),
		.measurements = got };
	struct refs *r = refs_unsigned();
	struct wr w;
	int code;

	wr_init_heap(&w, 16384);
	put_reference(&w, env, want);
	must_add(r, wr_view(&w));
	wr_free(&w); /* refs has a copy */
	code = refs_match(r, &e, NOW, ret);
	assert_int_equal(code, ret->code);
	refs_free(&r);
	return code;
}

static void
matching(void **state)
{
	const struct value_case *const tables[] = { values, sets };

	(void)state;
	for (size_t t = 0; t < 2; t++)
		for (const struct value_case *c = tables[t]; c->name != NULL;
		     c++) {
			struct refs_result ret;
			int r = try(model_env, c->want, c->got, &ret);

			if (r != (c->match ? 0 : SEAL_E_POLICY))
				fail_msg("%s: %d (%s: %s)", c->name, r,
				    ret.expected, ret.got);
			if (strstr(ret.triple,
				"CoRIM 'rim' tag 'tag' reference[0] (file)") !=
			    ret.triple)
				fail_msg("%s: named '%s'", c->name, ret.triple);
			if (!c->match &&
			    (ret.expected[0] == '\0' || ret.got[0] == '\0'))
				fail_msg("%s: told nothing", c->name);
		}
}

struct env_case {
	const char *name;
	struct span env;
	bool match;
};

static const struct env_case envs[] = {
	{ "model", HEX(MODEL), true },
	{ "layer", HEX(0xa1, 0, 0xa1, 3, 7), true },
	{ "instance", HEX(0xa1, 1, 0xd9, 2, 0x30, 0x41, 9), true },
	{ "all",
	    HEX(0xa2, 0, 0xa2, 2, 0x61, 'm', 3, 7, 1, 0xd9, 2, 0x30, 0x41, 9),
	    true },
	{ "another model", HEX(0xa1, 0, 0xa1, 2, 0x61, 'n'), false },
	{ "another layer", HEX(0xa1, 0, 0xa2, 2, 0x61, 'm', 3, 8), false },
	{ "another instance",
	    HEX(0xa2, 0, 0xa1, 2, 0x61, 'm', 1, 0xd9, 2, 0x30, 0x41, 8),
	    false },
	{ "class id that Evidence has not",
	    HEX(0xa1, 0, 0xa2, 0, 0xd9, 2, 0x30, 0x41, 9, 2, 0x61, 'm'),
	    false },
	{ "vendor that Evidence has not",
	    HEX(0xa1, 0, 0xa2, 1, 0x61, 'v', 2, 0x61, 'm'), false },
	{ "index that Evidence has not", HEX(0xa1, 0, 0xa2, 2, 0x61, 'm', 4, 0),
	    false },
	{ "group that Evidence has not",
	    HEX(0xa2, 0, 0xa1, 2, 0x61, 'm', 2, 0xd9, 2, 0x30, 0x41, 9),
	    false },
	{ "a field that we do not know",
	    HEX(0xa2, 0, 0xa1, 2, 0x61, 'm', 0x20, 1), false },
	{ "a class field that we do not know",
	    HEX(0xa1, 0, 0xa2, 2, 0x61, 'm', 0x20, 1), false },
	{ NULL },
};

static void
environments(void **state)
{
	const struct span m = ONE(0xa1, 1, 3);

	(void)state;
	for (const struct env_case *c = envs; c->name != NULL; c++) {
		struct refs_result ret;
		int r = try(c->env, m, m, &ret);

		if (r != (c->match ? 0 : SEAL_E_POLICY))
			fail_msg("%s: %d", c->name, r);
		if (!c->match && ret.triple[0] != '\0')
			fail_msg("%s: named %s", c->name, ret.triple);
	}
}

/* Two triples: together they cover; apart they do not; the nearest is told. */
static void
several(void **state)
{
	const struct span a = HEX(0x81, KEYED(5, 1)),
			  b = HEX(0x82, KEYED(6, 2), KEYED(7, 3));
	const struct span all =
			      HEX(0x83, KEYED(5, 1), KEYED(6, 2), KEYED(7, 3)),
			  near_b = HEX(0x82, KEYED(6, 2), KEYED(7, 9));
	struct refs_evidence e = { .env = span_of(
				       evidence_env, sizeof(evidence_env)) };
	struct refs *r = refs_unsigned();
	struct refs_result ret;
	struct wr w;

	(void)state;
	wr_init_heap(&w, 16384);
	put_reference(&w, model_env, a);
	must_add(r, wr_view(&w));
	wr_free(&w);
	put_reference(&w, model_env, b);
	must_add(r, wr_view(&w));
	wr_free(&w);
	e.measurements = all;
	assert_int_equal(refs_match(r, &e, NOW, &ret), 0);
	assert_int_equal(ret.n_matched, 2);
	assert_true(ret.until == INT64_MAX);
	e.measurements = near_b;
	assert_int_equal(refs_match(r, &e, NOW, &ret), SEAL_E_POLICY);
	assert_string_equal(ret.expected, "key 7: svn 3");
	assert_string_equal(ret.got, "key 7: svn 9");
	/* Nothing measured is nothing proved. */
	e.measurements = (struct span)HEX(0x80);
	assert_int_equal(refs_match(r, &e, NOW, &ret), SEAL_E_POLICY);
	assert_string_equal(ret.got, "none");
	e.measurements = (struct span)HEX(0xa0);
	assert_int_equal(refs_match(r, &e, NOW, &ret), SEAL_E_DECODE);
	refs_free(&r);
}

/* ---- Validity ---- */

static void
periods(void **state)
{
	const struct span triples =
	    HEX(0xa1, 0, 0x81, 0x82, MODEL, 0x81, 0xa1, 1, 0xa1, 1, 3);
	const struct span m = ONE(0xa1, 1, 3);
	const struct corim_validity past = { true, NOW - 100, NOW - 50 },
				    later = { true, NOW - 60, NOW + 50 };
	struct refs_evidence e = { .env = span_of(
				       evidence_env, sizeof(evidence_env)),
		.measurements = m };
	struct refs *r = refs_unsigned();
	struct refs_result ret;
	struct wr w;

	(void)state;
	wr_init_heap(&w, 16384);
	put_triples(&w, triples, &past, NULL);
	must_add(r, wr_view(&w));
	wr_free(&w);
	assert_int_equal(refs_match(r, &e, NOW - 101, &ret), SEAL_E_STALE);
	assert_int_equal(refs_match(r, &e, NOW - 100, &ret), 0);
	assert_int_equal(refs_match(r, &e, NOW - 50, &ret), 0);
	assert_int_equal(refs_match(r, &e, NOW - 49, &ret), SEAL_E_STALE);
	assert_non_null(strstr(ret.got, "was valid until"));
	/* One that has expired does not stand in another's way. */
	put_triples(&w, triples, &later, NULL);
	must_add(r, wr_view(&w));
	wr_free(&w);
	assert_int_equal(refs_match(r, &e, NOW - 49, &ret), 0);
	assert_true(ret.until == NOW + 50);
	assert_int_equal(refs_match(r, &e, NOW + 51, &ret), SEAL_E_STALE);
	refs_free(&r);
}

/* ---- Signatures ---- */

static int
sign(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	return privkey_sign(ctx, scheme, tbs, out, d);
}

struct party {
	struct issued ca, leaf;
	struct privkey *key;
	struct pubkey *pub;
	uint8_t pin[HASH_MAX];
};

static void
party_make(struct party *p)
{
	const struct made ca = {
		.cn = "CA", .basic = "critical,CA:TRUE", .usage = "keyCertSign"
	};
	const struct made leaf = { .cn = "signer" };
	uint8_t spki[LIMIT_SPKI];
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct wr w;

	p->key = load_key(key);
	wr_init(&w, spki, sizeof(spki));
	assert_int_equal(privkey_spki(p->key, &w, NULL), 0);
	assert_int_equal(pubkey_from_spki(wr_view(&w), &p->pub, NULL), 0);
	assert_int_equal(hash_one(HASH_SHA256, wr_view(&w), p->pin, NULL), 0);
	p->ca = issue(&ca, EVP_EC_gen("P-256"), NULL);
	p->leaf = issue(&leaf, key, &p->ca);
}

static void
party_free(struct party *p)
{
	issued_free(&p->ca);
	issued_free(&p->leaf);
	privkey_free(&p->key);
	pubkey_unref(&p->pub);
}

enum named { BY_NOBODY, BY_KEY, BY_PIN, BY_CA };

static void
name_signer(struct refs_trust *t, enum named how, const struct party *p)
{
	struct refs_signer *s = &t->signers[0];

	if (how == BY_NOBODY)
		return;
	t->n_signers = 1;
	if (how == BY_KEY)
		s->key = pubkey_ref(p->pub);
	s->pinned = how == BY_PIN;
	memcpy(s->spki_sha256, p->pin, sizeof(s->spki_sha256));
	if (how == BY_CA) {
		assert_non_null(s->ca = trust_new());
		assert_int_equal(trust_add_der(s->ca, p->ca.der, NULL), 0);
	}
}

struct sign_case {
	const char *name;
	enum named how;
	bool other;     /* names another party than the one that signed */
	bool chain;     /* the CoRIM carries the signer's certificate */
	bool plain, ok; /* not signed at all; and that is allowed */
	bool flip;      /* the last byte of the signature */
	bool swap;      /* carries the certificate of the other one */
	const char *profile;
	int want;
};

static const struct sign_case sign_cases[] = {
	{ "key", BY_KEY },
	{ "key, and a certificate besides", BY_KEY, .chain = true },
	{ "pin", BY_PIN, .chain = true },
	{ "CA", BY_CA, .chain = true },
	{ "unsigned and allowed", .plain = true, .ok = true },
	{ "our profile", BY_KEY, .profile = REFS_PROFILE },
	{ "another key", BY_KEY, .other = true, .want = SEAL_E_SIGNATURE },
	{ "another key, with certificate", BY_KEY, .other = true, .chain = true,
	    .want = SEAL_E_SIGNATURE },
	{ "another pin", BY_PIN, .other = true, .chain = true,
	    .want = SEAL_E_SIGNATURE },
	{ "another CA", BY_CA, .other = true, .chain = true,
	    .want = SEAL_E_SIGNATURE },
	{ "pin without certificate", BY_PIN, .want = SEAL_E_SIGNATURE },
	{ "CA without certificate", BY_CA, .want = SEAL_E_SIGNATURE },
	{ "certificate of another key", BY_CA, .chain = true, .swap = true,
	    .want = SEAL_E_SIGNATURE },
	{ "pinned certificate of another key", BY_PIN, .other = true,
	    .chain = true, .swap = true, .want = SEAL_E_SIGNATURE },
	{ "nobody named", BY_NOBODY, .want = SEAL_E_CONFIG },
	{ "nobody named, unsigned allowed", BY_NOBODY, .ok = true,
	    .want = SEAL_E_CONFIG },
	{ "unsigned", BY_KEY, .plain = true, .want = SEAL_E_SIGNATURE },
	{ "signature broken", BY_KEY, .flip = true, .want = SEAL_E_SIGNATURE },
	{ "signature broken, pin", BY_PIN, .chain = true, .flip = true,
	    .want = SEAL_E_SIGNATURE },
	{ "wrong signer though unsigned is allowed", BY_KEY, .other = true,
	    .ok = true, .want = SEAL_E_SIGNATURE },
	{ "another profile", BY_KEY, .profile = "tag:example,2026:x",
	    .want = SEAL_E_UNSUPPORTED },
	{ NULL },
};

static void
sign_file(const struct sign_case *c, const struct party *by,
    const struct party *other, struct wr *out)
{
	const struct span triples =
	    HEX(0xa1, 0, 0x81, 0x82, MODEL, 0x81, 0xa1, 1, 0xa1, 1, 3);
	struct span chain = c->swap ? other->leaf.der : by->leaf.der;
	struct corim_signing s = { .signer = STR("s"),
		.chain = &chain,
		.n_chain = c->chain ? 1 : 0,
		.scheme = SIG_ECDSA_P256_SHA256,
		.sign = sign,
		.sign_ctx = by->key };
	struct wr plain;

	wr_init_heap(&plain, 16384);
	put_triples(&plain, triples, NULL, c->profile);
	if (c->plain)
		wr_bytes(out, wr_view(&plain));
	else
		assert_int_equal(corim_sign(out, wr_view(&plain), &s, NULL), 0);
	wr_free(&plain);
	if (c->flip)
		out->p[out->n - 1] ^= 1;
}

static void
signatures(void **state)
{
	const struct span m = ONE(0xa1, 1, 3);
	struct party by, other;

	(void)state;
	party_make(&by);
	party_make(&other);
	for (const struct sign_case *c = sign_cases; c->name != NULL; c++) {
		struct refs_trust t = { .unsigned_ok = c->ok,
			.profiles = refs_profiles };
		struct refs_evidence e = { .env = span_of(evidence_env,
					       sizeof(evidence_env)),
			.measurements = m };
		struct refs_result ret;
		struct seal_diag d = { 0 };
		struct refs *refs = NULL;
		struct wr w;
		int r;

		name_signer(&t, c->how, c->other ? &other : &by);
		assert_int_equal(refs_new(&t, &refs, NULL), 0);
		wr_init_heap(&w, 16384);
		sign_file(c, &by, &other, &w);
		if ((r = refs_add(refs, "file", wr_view(&w), &d)) != c->want)
			fail_msg("%s: %d (%s)", c->name, r, d.text);
		if (r == 0 &&
		    (refs_match(refs, &e, NOW, &ret) != 0 ||
			(ret.until == INT64_MAX) != (c->how != BY_CA)))
			fail_msg("%s: no match", c->name);
		/* Only a CA's certificates have a time; the clock decides. */
		if (r == 0 && refs_match(refs, &e, NOW + 400 * DAY, &ret) !=
				  (c->how == BY_CA ? SEAL_E_STALE : 0))
			fail_msg("%s: at a later time", c->name);
		wr_free(&w);
		refs_free(&refs);
	}
	party_free(&by);
	party_free(&other);
}

/* ---- Keys ---- */

#define FOR_KEY 0xa1, 3, 0x81, 0x82, MODEL, 0x81

struct key_case {
	const char *name;
	uint64_t tag;
	bool other, conditional, elsewhere;
	bool trusted;
};

static const struct key_case key_cases[] = {
	{ "PEM", COMID_KEY_PEM, .trusted = true },
	{ "certificate PEM", COMID_KEY_CERT_PEM, .trusted = true },
	{ "certificate path", COMID_KEY_PATH_PEM, .trusted = true },
	{ "thumbprint", COMID_KEY_THUMBPRINT, .trusted = true },
	{ "COSE_Key", COMID_KEY_COSE, .trusted = true },
	{ "certificate thumbprint", COMID_KEY_CERT_THUMBPRINT,
	    .trusted = true },
	{ "certificate DER", COMID_KEY_CERT_DER, .trusted = true },
	{ "another PEM", COMID_KEY_PEM, .other = true },
	{ "another certificate", COMID_KEY_CERT_PEM, .other = true },
	{ "another thumbprint", COMID_KEY_THUMBPRINT, .other = true },
	{ "another COSE_Key", COMID_KEY_COSE, .other = true },
	{ "another certificate thumbprint", COMID_KEY_CERT_THUMBPRINT,
	    .other = true },
	{ "another DER", COMID_KEY_CERT_DER, .other = true },
	{ "bytes", COMID_KEY_BYTES },
	{ "path thumbprint", COMID_KEY_PATH_THUMBPRINT },
	{ "under conditions", COMID_KEY_PEM, .conditional = true },
	{ "for another environment", COMID_KEY_PEM, .elsewhere = true },
	{ NULL },
};

static void
put_key(struct wr *w, uint64_t tag, const struct party *p)
{
	struct span spki = span_of(NULL, 0);
	uint8_t buf[LIMIT_SPKI], digest[HASH_MAX];
	struct wr s, pem;

	wr_init(&s, buf, sizeof(buf));
	assert_int_equal(privkey_spki(p->key, &s, NULL), 0);
	spki = wr_view(&s);
	wr_init_heap(&pem, 16384);
	switch (tag) {
	case COMID_KEY_PEM:
		assert_int_equal(spki_to_pem(spki, &pem, NULL), 0);
		cbor_put_tag(w, tag);
		cbor_put_text(w, wr_view(&pem));
		break;
	case COMID_KEY_CERT_PEM:
	case COMID_KEY_PATH_PEM:
		assert_int_equal(cert_to_pem(p->leaf.der, &pem, NULL), 0);
		cbor_put_tag(w, tag);
		cbor_put_text(w, wr_view(&pem));
		break;
	case COMID_KEY_COSE:
		cbor_put_tag(w, tag);
		assert_int_equal(cose_key_from_spki(spki, w, NULL), 0);
		break;
	case COMID_KEY_BYTES:
		comid_put_bytes(w, tag, spki);
		break;
	case COMID_KEY_CERT_DER:
		comid_put_bytes(w, tag, p->leaf.der);
		break;
	default:
		assert_int_equal(
		    hash_one(HASH_SHA256,
			tag == COMID_KEY_CERT_THUMBPRINT ? p->leaf.der : spki,
			digest, NULL),
		    0);
		comid_put_thumbprint(w, tag, COMID_SHA256, span_of(digest, 32));
	}
	wr_free(&pem);
}

static void
put_key_triple(struct wr *w, const struct key_case *c, const struct party *p)
{
	cbor_put_map(w, 1);
	cbor_put_int(w, COMID_ATTEST_KEY);
	cbor_put_array(w, 1);
	cbor_put_array(w, c->conditional ? 3 : 2);
	if (c->elsewhere)
		wr_bytes(w, (struct span)HEX(0xa1, 0, 0xa1, 2, 0x61, 'n'));
	else
		wr_bytes(w, model_env);
	cbor_put_array(w, 1);
	put_key(w, c->tag, p);
	if (c->conditional)
		wr_bytes(w, (struct span)HEX(0xa1, 0, 0x61, 'k'));
}

static void
keys(void **state)
{
	const struct corim_validity validity = { true, NOW, NOW + 10 };
	struct party by, other;
	uint8_t spki[LIMIT_SPKI];
	struct wr s;

	(void)state;
	party_make(&by);
	party_make(&other);
	wr_init(&s, spki, sizeof(spki));
	assert_int_equal(privkey_spki(by.key, &s, NULL), 0);
	for (const struct key_case *c = key_cases; c->name != NULL; c++) {
		struct refs_evidence e = { .env = span_of(evidence_env,
					       sizeof(evidence_env)),
			.signer_spki = wr_view(&s),
			.signer_cert = by.leaf.der };
		struct refs *r = refs_unsigned();
		char triple[REFS_TEXT] = "";
		int64_t until = 0;
		struct wr t, w;

		wr_init_heap(&t, 16384);
		wr_init_heap(&w, 16384);
		put_key_triple(&t, c, c->other ? &other : &by);
		put_triples(&w, wr_view(&t), &validity, NULL);
		must_add(r, wr_view(&w));
		if (refs_trusts(r, &e, NOW, triple, &until) != c->trusted)
			fail_msg("%s", c->name);
		if (c->trusted && until != NOW + 10)
			fail_msg("%s: until another time", c->name);
		if (c->trusted && strstr(triple, "attest-key[0]") == NULL)
			fail_msg("%s: named '%s'", c->name, triple);
		if (refs_trusts(r, &e, NOW + 11, triple, &until))
			fail_msg("%s: past its time", c->name);
		e.signer_spki.n = 0;
		e.signer_cert.n = 0;
		if (refs_trusts(r, &e, NOW, triple, &until))
			fail_msg("%s: no key at all", c->name);
		wr_free(&t);
		wr_free(&w);
		refs_free(&r);
	}
	party_free(&by);
	party_free(&other);
}

/* A key that cannot be read is told when the file is loaded. */
static void
malformed_key(void **state)
{
	const struct span triples = HEX(FOR_KEY, 0xd9, 2, 0x2a, 0x61, 'x');
	struct refs *r = refs_unsigned();
	struct seal_diag d = { 0 };
	struct wr w;

	(void)state;
	wr_init_heap(&w, 16384);
	put_triples(&w, triples, NULL, NULL);
	assert_int_equal(refs_add(r, "file", wr_view(&w), &d), SEAL_E_CONFIG);
	assert_non_null(strstr(d.text, "attest-key triple 0"));
	wr_free(&w);
	refs_free(&r);
}

/* A measurement with an authority counts for what that one signed. */
static void
authorities(void **state)
{
	struct party by, other;
	uint8_t spki[LIMIT_SPKI];
	struct wr s;

	(void)state;
	party_make(&by);
	party_make(&other);
	wr_init(&s, spki, sizeof(spki));
	assert_int_equal(privkey_spki(by.key, &s, NULL), 0);
	for (int wrong = 0; wrong < 2; wrong++) {
		struct refs_evidence e = { .signer_spki = wr_view(&s) };
		struct wr m;
		struct refs_result ret;
		struct refs *r = refs_unsigned();
		struct wr w;

		e.env = span_of(evidence_env, sizeof(evidence_env));
		e.measurements = (struct span)ONE(0xa1, 1, 3);
		wr_init_heap(&m, 16384);
		wr_bytes(
		    &m, (struct span)HEX(0x81, 0xa2, 1, 0xa1, 1, 3, 2, 0x81));
		put_key(&m, COMID_KEY_THUMBPRINT, wrong ? &other : &by);
		wr_init_heap(&w, 16384);
		put_reference(&w, model_env, wr_view(&m));
		must_add(r, wr_view(&w));
		assert_int_equal(
		    refs_match(r, &e, NOW, &ret), wrong ? SEAL_E_POLICY : 0);
		wr_free(&w);
		wr_free(&m);
		refs_free(&r);
	}
	party_free(&by);
	party_free(&other);
}

/* ---- Memory ---- */

#define TURNS 1000

/* Loads a signed file and holds Evidence against it; 0: it matched. */
static int
load_and_match(const struct party *by, struct span corim, struct span m)
{
	struct refs_trust t = { .profiles = refs_profiles };
	struct refs_evidence e = { .env = span_of(
				       evidence_env, sizeof(evidence_env)),
		.measurements = m };
	struct refs_result ret;
	struct refs *r = NULL;
	int code;

	name_signer(&t, BY_KEY, by);
	if ((code = refs_new(&t, &r, NULL)) == 0 &&
	    (code = refs_add(r, "file", corim, NULL)) == 0)
		code = refs_match(r, &e, NOW, &ret);
	refs_free(&r);
	return code;
}

/* Each allocation fails in turn: that is no match, and nothing leaks. */
static void
memory(void **state)
{
	const struct sign_case good = { "key", BY_KEY };
	const struct span m = ONE(0xa1, 1, 3);
	struct party by;
	struct wr w;
	size_t n;

	(void)state;
	party_make(&by);
	wr_init_heap(&w, 16384);
	sign_file(&good, &by, &by, &w);
	for (n = 1; n < TURNS; n++) {
		bool hit;
		int r;

		allocfail_at(n);
		r = load_and_match(&by, wr_view(&w), m);
		hit = allocfail_hit();
		allocfail_off();
		assert_int_equal(r != 0, hit);
		if (!hit)
			break;
	}
	assert_true(n > 3 && n < TURNS);
	wr_free(&w);
	party_free(&by);
}

/* What is not used is told. */
static void
explained(void **state)
{
	const struct span tags = HEX(0xd9, 1, 0xf5, 0xa3, 0, 0x61, 'c', 1, 0x82,
	    0xd9, 1, 0xf9, 0x41, 7, 0xd9, 1, 0xfc, 0x41, 7, 2, 0x81, 0xa0);
	const struct span triples =
	    HEX(0xa2, 0, 0x81, 0x82, MODEL, 0x81, KEYED(5, 1), 4, 0x82, 1, 2);
	static const char *const must[] = { "a CoSWID", "a CoTL",
		"1 dependent RIMs", "2 triples of other kinds",
		"CoRIM 'rim' tag 'tag' reference[0] (file)", "for model m",
		"5: svn 1" };
	struct refs *r = refs_unsigned();
	char *text = NULL;
	struct wr w;

	(void)state;
	must_add(r, tags);
	wr_init_heap(&w, 16384);
	put_triples(&w, triples, NULL, NULL);
	must_add(r, wr_view(&w));
	wr_free(&w);
	assert_int_equal(refs_explain(r, &w), 0);
	assert_int_equal(wr_take_text(&w, &text), 0);
	for (size_t i = 0; i < sizeof(must) / sizeof(*must); i++)
		if (strstr(text, must[i]) == NULL)
			fail_msg("'%s' not in: %s", must[i], text);
	free(text);
	refs_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matching),
		cmocka_unit_test(environments),
		cmocka_unit_test(several),
		cmocka_unit_test(periods),
		cmocka_unit_test(signatures),
		cmocka_unit_test(keys),
		cmocka_unit_test(malformed_key),
		cmocka_unit_test(authorities),
		cmocka_unit_test(memory),
		cmocka_unit_test(explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
