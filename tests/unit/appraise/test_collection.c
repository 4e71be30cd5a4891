/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collections of Evidence, here of software keys that play a CPU and a GPU:
 * each member stands or falls by itself, and with it the whole.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/appraise.h"
#include "appraise/appraiser.h"
#include "appraise/verdict_fixture.h"
#include "base/text.h"
#include "format/cmw.h"
#include "format/eat.h"

#define NOW INT64_C(1700000000)
#define TEXT_MAX 8192
#define PARTS_MAX 24

enum { CPU, GPU, STRANGER, KEYS }; /* of what; and whose key */

static struct key {
	struct privkey *key;
	uint8_t spki[LIMIT_SPKI];
	size_t n;
	char pin[65];
} keys[KEYS];
static struct seal_binding binding, other_binding;
static const uint8_t exporter[32] = { 1, 2 }, other_exporter[32] = { 3 };
static const uint8_t app[32] = { 0xab };

static struct span
spki_of(const struct key *k)
{
	return span_of(k->spki, k->n);
}

static void
key_make(struct key *k)
{
	uint8_t digest[HASH_MAX];
	struct wr w;

	assert_int_equal(privkey_generate(CURVE_P256, &k->key, NULL), 0);
	wr_init(&w, k->spki, sizeof(k->spki));
	assert_int_equal(privkey_spki(k->key, &w, NULL), 0);
	k->n = w.n;
	assert_int_equal(hash_one(HASH_SHA256, spki_of(k), digest, NULL), 0);
	wr_init(&w, k->pin, sizeof(k->pin));
	wr_hex(&w, span_of(digest, 32));
	wr_u8(&w, 0);
}

static int
sign(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	return privkey_sign(ctx, scheme, tbs, out, d);
}

/* ---- Evidence ---- */

/* One member; what is zero gets what most rows want. */
struct part {
	const char *label; /* NULL: a number, 1 */
	int is;            /* CPU or GPU: what it measures; or a STRANGER's */
	bool other_binder, other_subject, old, other_app;
	const char *type;
	uint32_t ind;
	unsigned depth; /* of a collection inside; 0: of the collection */
	bool inner;     /* a collection, with what follows deeper */
};

static void
write_soft(const struct part *p, struct wr *out)
{
	uint8_t measured[32] = { app[0], p->other_app };
	struct eat_measurement m = { span_str(p->is == GPU ? "gpu" : "cpu"),
		{ measured, 32 } };
	struct key *key =
	    &keys[p->is == STRANGER || p->other_subject ? (int)STRANGER
							: (int)CPU];
	struct eat_soft_in in = { .iat = p->old ? NOW - 61 : NOW,
		.nonce =
		    binding_value(p->other_binder ? &other_binding : &binding),
		.subject_spki = spki_of(key),
		.signer_spki = spki_of(key),
		.measurements = &m,
		.n_measurements = 1 };
	struct seal_diag d = { 0 };

	wr_init_heap(out, LIMIT_CMW);
	if (eat_soft_write(
		out, &in, SIG_ECDSA_P256_SHA256, sign, key->key, &d) != 0)
		fail_msg("evidence: %s", d.text);
}

static void
write_parts(
    const struct part *parts, const char *type, bool json, struct wr *out)
{
	struct cmw_item items[PARTS_MAX + 1] = { { .kind = CMW_COLLECTION } };
	struct wr w[PARTS_MAX];
	size_t n = 0;

	if (type != NULL)
		items[0].collection_type = span_str(type);
	for (; parts[n].label != NULL || parts[n].type != NULL; n++) {
		const struct part *p = &parts[n];
		struct cmw_item *item = &items[n + 1];

		write_soft(p, &w[n]);
		item->kind = p->inner ? CMW_COLLECTION : CMW_RECORD;
		item->depth = p->depth == 0 ? 1 : p->depth;
		item->numbered = p->label == NULL;
		item->label_number = 1;
		if (p->label != NULL)
			item->label = span_str(p->label);
		if (p->inner)
			continue;
		item->media_type =
		    span_str(p->type != NULL ? p->type : EAT_SOFT_TYPE);
		item->value = wr_view(&w[n]);
		item->ind = p->ind;
	}
	wr_init_heap(out, LIMIT_CMW);
	assert_int_equal(
	    (json ? cmw_write_json : cmw_write_cbor)(out, items, n + 1), 0);
	for (size_t i = 0; i < n; i++)
		wr_free(&w[i]);
}

/* ---- Policies ---- */

#define SOFT "application/eat+cwt; eat_profile=\\\"tag:sealtls,2026:soft\\\""
#define APP "ab00000000000000000000000000000000000000000000000000000000000000"

/* @: the pin of the key. */
static void
expand(const char *text, struct wr *out)
{
	for (; *text != '\0'; text++) {
		if (text[0] != '@') {
			wr_u8(out, (uint8_t)*text);
			continue;
		}
		wr_bytes(out, span_str(keys[CPU].pin));
	}
}

static int
load(const char *members, struct policy **ret, struct seal_diag *d)
{
	struct wr w;
	int r;

	wr_init_heap(&w, TEXT_MAX);
	wr_printf(&w,
	    "{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":\"none\"},"
	    "\"accept\":[{\"scheme\":\"" CMW_TYPE "\",");
	expand(members, &w);
	wr_printf(&w, "}]}");
	r = policy_load(wr_view(&w), "", ret, d);
	wr_free(&w);
	return r;
}

static struct policy *
policy_of(const char *members)
{
	struct policy *p = NULL;
	struct seal_diag d = { 0 };

	if (load(members, &p, &d) != 0)
		fail_msg("%s: %s", members, d.text);
	return p;
}

#define RULE(label, name, more)                     \
	"\"" label "\":{\"scheme\":\"" SOFT         \
	"\",\"signers\":[{\"spki_sha256\":\"@\"}]," \
	"\"debug\":true,\"measurements\":{\"" name "\":\"" APP "\"}" more "}"
#define CPU_RULE RULE("cpu", "cpu", "")
#define GPU_RULE RULE("gpu", "gpu", "")
#define BOTH "\"members\":{" CPU_RULE "," GPU_RULE "}"
#define OPTIONAL                 \
	"\"members\":{" CPU_RULE \
	"," RULE("gpu", "gpu", ",\"optional\":true") "}"

static struct seal_verdict *
judge(const struct policy *p, struct span evidence, bool json, bool known)
{
	struct appraisal_in in = {
		.media_type = span_str(json ? CMW_TYPE_JSON : CMW_TYPE),
		.evidence = evidence,
		.expected = &binding,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = NOW,
		.binder_known = known,
	};
	struct seal_verdict *v = verdict_new();
	int r = appraise(p, &in, v);

	assert_int_equal(r == 0, v->outcome == SEAL_ACCEPTED);
	return v;
}

static void
expect(const char *name, const struct policy *p, struct span evidence,
    bool json, const char *want)
{
	struct seal_verdict *v = judge(p, evidence, json, true);

	if (strcmp(first_failed(v), want) != 0 ||
	    (v->outcome == SEAL_ACCEPTED) != (*want == '\0'))
		fail_msg("%s: '%s' failed, expected '%s' (%s)", name,
		    first_failed(v), want,
		    v->diag == NULL ? "" : v->diag->text);
	seal_verdict_free(&v);
}

/* ---- The table ---- */

struct row {
	const char *name, *want; /* the first check that fails */
	const char *rules;       /* NULL: of both */
	struct part parts[6];
	const char *type;
	bool json;
};

#define PLATFORM "\"members\":{" RULE("a/cpu", "cpu", "") "," GPU_RULE "}"

static const struct row rows[] = {
	{ "both", "", NULL, { { "cpu", CPU }, { "gpu", GPU } } },
	{ "in another order", "", NULL, { { "gpu", GPU }, { "cpu", CPU } } },
	{ "in JSON", "", NULL, { { "cpu", CPU }, { "gpu", GPU } }, NULL, true },
	{ "one is missing", "collection.required", NULL, { { "gpu", GPU } } },
	{ "the other is missing", "collection.required", NULL,
	    { { "cpu", CPU } } },
	{ "one more", "collection.unknown", NULL,
	    { { "cpu", CPU }, { "gpu", GPU }, { "gpu1", GPU } } },
	{ "optional, there", "", OPTIONAL, { { "cpu", CPU }, { "gpu", GPU } } },
	{ "optional, not there", "", OPTIONAL, { { "cpu", CPU } } },
	{ "optional, and bad", "gpu/soft.measurement", OPTIONAL,
	    { { "cpu", CPU }, { "gpu", GPU, .other_app = true } } },
	{ "optional, of another connection", "gpu/binder", OPTIONAL,
	    { { "cpu", CPU }, { "gpu", GPU, .other_binder = true } } },
	{ "all but the optional missing", "collection.required", OPTIONAL,
	    { { "gpu", GPU } } },

	/* Each is bound. */
	{ "one of another connection", "gpu/binder", NULL,
	    { { "cpu", CPU }, { "gpu", GPU, .other_binder = true } } },
	{ "the other of another connection", "cpu/binder", NULL,
	    { { "cpu", CPU, .other_binder = true }, { "gpu", GPU } } },
	{ "both of another connection", "cpu/binder", NULL,
	    { { "cpu", CPU, .other_binder = true },
		{ "gpu", GPU, .other_binder = true } } },
	{ "unbound, and no rule for it", "x/binder", NULL,
	    { { "cpu", CPU }, { "gpu", GPU },
		{ "x", GPU, .other_binder = true } } },
	{ "another subject in one", "gpu/subject.key", NULL,
	    { { "cpu", CPU }, { "gpu", GPU, .other_subject = true } } },

	/* Each is judged. */
	{ "one too old", "cpu/age", NULL,
	    { { "cpu", CPU, .old = true }, { "gpu", GPU } } },
	{ "one measured otherwise", "gpu/soft.measurement", NULL,
	    { { "cpu", CPU }, { "gpu", GPU, .other_app = true } } },
	{ "one of them twice", "gpu/soft.measurement", NULL,
	    { { "cpu", CPU }, { "gpu", CPU } } },
	{ "swapped", "cpu/soft.measurement", NULL,
	    { { "cpu", GPU }, { "gpu", CPU } } },
	{ "of an unknown key", "gpu/subject.key", NULL,
	    { { "cpu", CPU }, { "gpu", STRANGER } } },

	/* Labels and forms. */
	{ "a label twice", "collection.form", NULL,
	    { { "cpu", CPU }, { "gpu", GPU }, { "gpu", GPU } } },
	{ "a label twice, in text and number", "collection.label", NULL,
	    { { "1", CPU }, { NULL, GPU, .type = EAT_SOFT_TYPE } } },
	{ "a path as label", "collection.label", PLATFORM,
	    { { "a/cpu", CPU }, { "gpu", GPU } } },
	{ "a label with a space", "collection.label", NULL,
	    { { "cpu", CPU }, { "gpu ", GPU } } },
	{ "no label", "collection.label", NULL,
	    { { "cpu", CPU }, { "", GPU } } },
	{ "a collection inside", "", PLATFORM,
	    { { "a", .inner = true }, { "cpu", CPU, .depth = 2 },
		{ "gpu", GPU } } },
	{ "a collection inside, of another name", "collection.unknown",
	    PLATFORM,
	    { { "b", .inner = true }, { "cpu", CPU, .depth = 2 },
		{ "gpu", GPU } } },
	{ "outside the collection inside", "collection.unknown", PLATFORM,
	    { { "a", .inner = true }, { "gpu", GPU, .depth = 2 },
		{ "cpu", CPU } } },
	{ "three deep", "",
	    "\"members\":{" RULE("a/b/cpu", "cpu", "") "," GPU_RULE "}",
	    { { "a", .inner = true }, { "b", .inner = true, .depth = 2 },
		{ "cpu", CPU, .depth = 3 }, { "gpu", GPU } } },
	{ "of a type that is not known", "collection.member", NULL,
	    { { "cpu", CPU }, { "gpu", GPU, .type = "application/x" } } },
	{ "a result among them", "collection.member", NULL,
	    { { "cpu", CPU },
		{ "gpu", GPU,
		    .type =
			"application/eat+jwt; "
			"eat_profile=\"tag:ietf.org,2026:rats/ear#04\"" } } },
	{ "a collection in a record", "collection.member", NULL,
	    { { "cpu", CPU }, { "gpu", GPU, .type = CMW_TYPE } } },
	{ "of another technology", "gpu/tpm.format", NULL,
	    { { "cpu", CPU },
		{ "gpu", GPU, .type = "application/vnd.sealtls.tpm+cbor" } } },
	{ "marked as Evidence", "", NULL,
	    { { "cpu", CPU, .ind = CMW_IND_EVIDENCE }, { "gpu", GPU } } },
	{ "marked as a result", "collection.indicator", NULL,
	    { { "cpu", CPU, .ind = CMW_IND_RESULTS }, { "gpu", GPU } } },
	{ "marked as Evidence and more", "collection.indicator", NULL,
	    { { "cpu", CPU, .ind = CMW_IND_EVIDENCE | CMW_IND_RESULTS },
		{ "gpu", GPU } } },
	{ "endorsements beside", "", NULL,
	    { { "cpu", CPU }, { "gpu", GPU },
		{ "e", GPU, .ind = CMW_IND_ENDORSEMENTS } } },
	{ "Evidence as endorsement", "collection.required", NULL,
	    { { "cpu", CPU }, { "gpu", GPU, .ind = CMW_IND_ENDORSEMENTS } } },
	{ "endorsements alone", "collection.evidence", NULL,
	    { { "e", GPU, .ind = CMW_IND_ENDORSEMENTS } } },

	/* What it calls itself. */
	{ "of a type, any will do", "", NULL,
	    { { "cpu", CPU }, { "gpu", GPU } }, "tag:x.example,2026:p" },
	{ "of the type that policy wants", "",
	    "\"collection_type\":\"tag:x.example,2026:p\"," BOTH,
	    { { "cpu", CPU }, { "gpu", GPU } }, "tag:x.example,2026:p" },
	{ "of another type", "collection.type",
	    "\"collection_type\":\"tag:x.example,2026:p\"," BOTH,
	    { { "cpu", CPU }, { "gpu", GPU } }, "tag:x.example,2026:q" },
	{ "of no type", "collection.type",
	    "\"collection_type\":\"tag:x.example,2026:p\"," BOTH,
	    { { "cpu", CPU }, { "gpu", GPU } } },
};

static void
table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct policy *p =
		    policy_of(r->rules == NULL ? BOTH : r->rules);
		struct wr w;

		write_parts(r->parts, r->type, r->json, &w);
		expect(r->name, p, wr_view(&w), r->json, r->want);
		wr_free(&w);
		policy_free(&p);
	}
}

/* ---- Hostile bytes ---- */

static const struct part both[] = { { "cpu", CPU }, { "gpu", GPU }, { NULL } };

/* No byte may change, none may be missing, none may follow. */
static void
every_byte(void **state)
{
	struct policy *p = policy_of(BOTH);
	struct seal_verdict *v;
	struct wr w;

	(void)state;
	write_parts(both, NULL, false, &w);
	for (size_t i = 0; i < w.n; i++) {
		w.p[i] ^= 1;
		v = judge(p, wr_view(&w), false, true);
		w.p[i] ^= 1;
		if (v->outcome == SEAL_ACCEPTED)
			fail_msg("byte %zu changed, and accepted", i);
		seal_verdict_free(&v);
	}
	for (size_t n = 0; n < w.n; n++)
		expect("cut", p, span_of(w.p, n), false, "collection.form");
	wr_u8(&w, 0xf6);
	expect("trailing byte", p, wr_view(&w), false, "collection.form");
	wr_free(&w);
	policy_free(&p);
}

static void
put_soft(struct wr *w, const char *label)
{
	struct part p = { label, CPU };
	struct wr one;

	write_soft(&p, &one);
	cbor_put_text(w, span_str(label));
	cmw_write_record(w, span_str(EAT_SOFT_TYPE), wr_view(&one));
	wr_free(&one);
}

static void
too_much(void **state)
{
	struct policy *p = policy_of(BOTH);
	char label[8];
	struct wr w;

	(void)state;
	wr_init_heap(&w, LIMIT_CMW);
	cbor_put_map(&w, CMW_ITEMS + 1);
	for (unsigned i = 0; i <= CMW_ITEMS; i++) {
		snprintf(label, sizeof(label), "m%u", i);
		put_soft(&w, label);
	}
	expect("too many", p, wr_view(&w), false, "collection.form");
	wr_free(&w);

	wr_init_heap(&w, LIMIT_CMW);
	for (unsigned i = 0; i < CMW_DEPTH; i++) {
		cbor_put_map(&w, 1);
		cbor_put_text(&w, span_str("a"));
	}
	cbor_put_map(&w, 1);
	put_soft(&w, "cpu");
	expect("too deep", p, wr_view(&w), false, "collection.form");
	wr_free(&w);

	wr_init_heap(&w, LIMIT_CMW);
	cmw_write_record(&w, span_str(CMW_TYPE), span_str("x"));
	expect("a record", p, wr_view(&w), false, "collection.form");
	wr_free(&w);
	expect("nothing", p, span_of(NULL, 0), false, "collection.form");
	policy_free(&p);
}

/* ---- What is told, learned, explained ---- */

static void
told(void **state)
{
	struct policy *p = policy_of(BOTH);
	struct seal_verdict *v;
	struct wr w, out;

	(void)state;
	write_parts(both, NULL, false, &w);
	v = judge(p, wr_view(&w), false, true);
	assert_non_null(seal_verdict_claim(v, "cpu/soft.measurement.cpu"));
	assert_non_null(seal_verdict_claim(v, "gpu/soft.measurement.gpu"));
	assert_true(v->binder_compared && v->key_compared && v->insecure);
	assert_string_equal(seal_verdict_scheme(v), CMW_TYPE);
	seal_verdict_free(&v);
	/* Without a binder to compare with, nothing is accepted. */
	v = judge(p, wr_view(&w), false, false);
	assert_string_equal(first_failed(v), "binder.known");
	seal_verdict_free(&v);
	wr_init_heap(&out, TEXT_MAX);
	assert_int_equal(policy_explain(p, &out), 0);
	wr_u8(&out, 0);
	assert_non_null(strstr((char *)out.p, "member 'gpu'"));
	wr_free(&out);
	wr_free(&w);
	policy_free(&p);
}

static void
learned(void **state)
{
	static const struct part other[] = { { "cpu", CPU },
		{ "gpu", GPU, .other_app = true }, { NULL } };
	struct appraisal_in in = { .media_type = span_str(CMW_TYPE),
		.expected = &binding,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = NOW,
		.binder_known = true };
	struct seal_verdict *v = verdict_new();
	struct policy *p = NULL;
	char *text = NULL;
	struct wr w, bad;

	(void)state;
	write_parts(both, NULL, false, &w);
	in.evidence = wr_view(&w);
	assert_int_equal(appraise_observe(&in, NULL, v, &text, NULL), 0);
	assert_int_not_equal(v->outcome, SEAL_ACCEPTED);
	assert_int_equal(policy_load(span_str(text), "", &p, NULL), 0);
	expect("learned", p, wr_view(&w), false, "");
	write_parts(other, NULL, false, &bad);
	expect("learned, another", p, wr_view(&bad), false,
	    "gpu/soft.measurement");
	wr_free(&bad);
	wr_free(&w);
	policy_free(&p);
	free(text);
	seal_verdict_free(&v);
}

/* ---- Policies that are none ---- */

#define SIGNED_BY(label, by)                                    \
	"\"" label "\":{\"scheme\":\"" SOFT "\",\"signers\":[{" \
	"\"member\":\"" by                                      \
	"\"}],\"debug\":true,\"measurements\":{\"gpu\":\"" APP "\"}}"

static void
refused(void **state)
{
	static const char *const texts[] = {
		"\"debug\":true",                        /* no members */
		"\"members\":{}",                        /* none */
		"\"members\":[]",                        /* no map */
		"\"members\":{\"cpu\":true}",            /* no rule */
		"\"members\":{" RULE("", "cpu", "") "}", /* no label */
		"\"members\":{" RULE("cpu", "cpu", ",\"optional\":true") "}",
		"\"members\":{" RULE("cpu", "cpu", ",\"optional\":1") "}",
		"\"members\":{" RULE("cpu", "cpu", ",\"x\":1") "}",
		"\"members\":{\"cpu\":{\"scheme\":\"" CMW_TYPE "\"}}",
		"\"members\":{\"cpu\":{\"scheme\":\"ear\"}}",
		"\"members\":{\"cpu\":{\"scheme\":\"application/x\"}}",
		"\"members\":{\"cpu\":{\"scheme\":\"" SOFT "\"}}",
		"\"members\":{" SIGNED_BY("cpu", "gpu") "}",
		"\"members\":{" SIGNED_BY("cpu", "cpu") "}",
		"\"members\":{" SIGNED_BY("cpu", "gpu") "," RULE(
		    "gpu", "gpu", ",\"optional\":true") "}",
		"\"signers\":[{\"spki_sha256\":\"@\"}]," BOTH,
		"\"collection_type\":1," BOTH,
	};
	struct policy *p = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct seal_diag d = { 0 };

		if (load(texts[i], &p, &d) != SEAL_E_CONFIG)
			fail_msg("%s: %d (%s)", texts[i], d.code, d.text);
	}
	/* Nobody names a soft key inside signed bytes. */
	p = policy_of("\"members\":{" CPU_RULE "," SIGNED_BY("gpu", "cpu") "}");
	{
		struct wr w;

		write_parts(both, NULL, false, &w);
		expect("named by none", p, wr_view(&w), false, "gpu/signer");
		wr_free(&w);
	}
	policy_free(&p);
}

static int
setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEYS; i++)
		key_make(&keys[i]);
	assert_int_equal(binding_post(HASH_SHA256, spki_of(&keys[CPU]),
			     span_of(exporter, 32), &binding, NULL),
	    0);
	assert_int_equal(binding_post(HASH_SHA256, spki_of(&keys[CPU]),
			     span_of(other_exporter, 32), &other_binding, NULL),
	    0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEYS; i++)
		privkey_free(&keys[i].key);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(every_byte),
		cmocka_unit_test(too_much),
		cmocka_unit_test(told),
		cmocka_unit_test(learned),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
