/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "appraise/appraise.h"
#include "appraise/policy.h"
#include "appraise/tpm_rules.h"
#include "appraise/verdict_fixture.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"

#include "../format/ima_fixture.h"
#include "tpm_fixture.h"

static struct keyring ring;
static struct seal_binding binding;
static const uint8_t exporter[32] = { 1, 2, 3 };

/* What was measured into PCR 10, and the list that goes along. */
static uint8_t measured_room[65536], sent_room[65536];
static struct wr measured, sent;
static uint8_t values[2][HASH_MAX]; /* of SHA-256 and SHA-384 */

/* ---- Evidence: which PCRs of which banks it quotes ---- */

struct quoted {
	uint16_t bank;
	uint8_t index;
};
static const struct quoted usual[] = { { TPM_ALG_SHA256, 7 },
	{ TPM_ALG_SHA256, 10 }, { 0, 0 } };
static const struct quoted two_banks[] = { { TPM_ALG_SHA256, 10 },
	{ TPM_ALG_SHA384, 10 }, { 0, 0 } };
static const struct quoted only_ten[] = { { TPM_ALG_SHA256, 10 }, { 0, 0 } };
static const struct quoted not_ten[] = { { TPM_ALG_SHA256, 7 }, { 0, 0 } };

static void
add_list(struct tpm_evidence *e)
{
	e->ima_log = wr_view(&sent);
}

static void
add_pcr(struct recipe *r, const struct quoted *q)
{
	struct tpm_attest *a = &r->quote;
	size_t bank = q->bank == TPM_ALG_SHA256 ? 0 : 1;
	const uint8_t *p =
	    q->index == IMA_PCR ? values[bank] : pcr_values[q->index];

	if (a->n_selection == 0 ||
	    a->selection[a->n_selection - 1].bank != q->bank)
		a->selection[a->n_selection++] =
		    (struct tpm_selection){ .bank = q->bank };
	a->selection[a->n_selection - 1].pcrs |= 1u << q->index;
	r->pcrs[r->n_pcrs++] = (struct tpm_pcr_value){ q->bank, q->index,
		span_of(p, hash_size(tpm_hash(q->bank))) };
}

static void
evidence_of(const struct quoted *q, struct evidence *ev)
{
	static const uint16_t banks[] = { TPM_ALG_SHA256, TPM_ALG_SHA384 };
	struct ima_replay p;
	struct recipe r;

	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(
		    ima_replay(wr_view(&measured), banks[i], &p, NULL), 0);
		memcpy(values[i], p.value, HASH_MAX);
	}
	recipe_init(&r, &ring, &binding);
	r.n_pcrs = r.quote.n_selection = 0;
	memset(r.quote.selection, 0, sizeof(r.quote.selection));
	for (; q->bank != 0; q++)
		add_pcr(&r, q);
	evidence_make(&r, sent.n > 0 ? add_list : NULL, ev);
}

static struct appraisal_in
in_for(struct span evidence)
{
	return (struct appraisal_in){
		.media_type = span_str(TPM_EVIDENCE_TYPE),
		.evidence = evidence,
		.expected = &binding,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = NOW,
		.binder_known = true,
	};
}

/* ---- Policies: '@x' stands for the digest of the content "x", '#' starts
 * another entry ---- */

static void
put_digest(struct wr *w, struct span in)
{
	uint8_t digest[HASH_MAX];

	assert_int_equal(hash_one(HASH_SHA256, in, digest, NULL), 0);
	wr_u8(w, '"');
	wr_hex(w, span_of(digest, 32));
	wr_u8(w, '"');
}

static void
put_entry(struct wr *w)
{
	wr_printf(w, "{\"scheme\":\"%s\",\"signers\":[{\"spki_sha256\":",
	    TPM_EVIDENCE_TYPE);
	put_digest(w, key_spki(&ring.ak));
	wr_printf(w, "}],\"debug\":false,");
}

static int
policy_make(const char *entry, struct policy **ret, struct seal_diag *d)
{
	struct wr w;
	int r;

	wr_init_heap(&w, 65536);
	wr_printf(&w,
	    "{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":\"none\"},"
	    "\"accept\":[");
	put_entry(&w);
	for (; *entry != '\0'; entry++) {
		if (*entry == '@') {
			put_digest(&w, span_of(++entry, 1));
		} else if (*entry == '#') {
			wr_printf(&w, "},");
			put_entry(&w);
		} else {
			wr_u8(&w, (uint8_t)*entry);
		}
	}
	wr_printf(&w, "}]}");
	r = policy_load(wr_view(&w), "", ret, d);
	wr_free(&w);
	return r;
}

#define PCR7                                                           \
	"\"pcrs\":{\"sha256\":{\"7\":\"a70400000000000000000000000000" \
	"0000000000000000000000000000000000\"}}"
#define IMA_OF(banks, more) "\"ima\":{\"banks\":[" banks "]," more "}"
#define IMA(more) PCR7 "," IMA_OF("\"sha256\"", more)
#define INIT "{\"path\":\"/sbin/init\",\"digest\":@i}"
#define AGENT "{\"path\":\"/usr/bin/agent\",\"digest\":@a}"
#define SHELL "{\"path\":\"/bin/sh\",\"digest\":@s}"
#define ALLOWED "\"allowed\":[" INIT "," AGENT "," SHELL "]"
#define GOOD IMA(ALLOWED)

/* ---- Judging ---- */

/* says: what the refusal must name; NULL: no matter. */
static void
expect_of(const char *name, const char *rules, const struct quoted *q, int want,
    const char *check, const char *says)
{
	struct seal_verdict *v = verdict_new();
	struct seal_diag d = { 0 };
	struct policy *p = NULL;
	struct appraisal_in in;
	struct evidence ev;
	int r;

	if (policy_make(rules, &p, &d) != 0)
		fail_msg("%s: policy: %s", name, d.text);
	evidence_of(q, &ev);
	in = in_for(wr_view(&ev.whole));
	r = appraise(p, &in, v);
	if (r != want || strcmp(first_failed(v), check) != 0 ||
	    (seal_verdict_outcome(v) == SEAL_ACCEPTED) != (want == 0) ||
	    (says != NULL && strstr(seal_verdict_diag(v)->text, says) == NULL))
		fail_msg("%s: got %d, check '%s' (%s)", name, r,
		    first_failed(v), seal_verdict_diag(v)->text);
	seal_verdict_free(&v);
	policy_free(&p);
	evidence_free(&ev);
}

static void
expect(const char *name, const char *rules, int want, const char *check,
    const char *says)
{
	expect_of(name, rules, usual, want, check, says);
}

static void
put_usual(struct wr *w)
{
	ima_put_file(w, "boot_aggregate", "of PCRs", HASH_SHA256);
	ima_put_file(w, "/sbin/init", "i", HASH_SHA256);
	ima_put_file(w, "/usr/bin/agent", "a", HASH_SHA256);
	ima_put_file(w, "/bin/sh", "s", HASH_SHA256);
}

static void
send_all(void)
{
	wr_init(&sent, sent_room, sizeof(sent_room));
	wr_bytes(&sent, wr_view(&measured));
}

/* A machine that measured the usual files, and file after them. */
static void
machine(const char *path, const char *content)
{
	wr_init(&measured, measured_room, sizeof(measured_room));
	put_usual(&measured);
	if (path != NULL)
		ima_put_file(&measured, path, content, HASH_SHA256);
	send_all();
}

static const struct {
	const char *name, *rules;
	int want;
	const char *check, *says;
} rules[] = {
	{ "all of it", GOOD, 0, "", NULL },
	{ "required", IMA("\"required\":[" AGENT "]"), 0, "", NULL },
	{ "of any name",
	    IMA("\"allowed\":[{\"digest\":@i},{\"digest\":@a},{\"digest\":@s}]"),
	    0, "", NULL },
	{ "required of any name", IMA("\"required\":[{\"digest\":@a}]"), 0, "",
	    NULL },
	{ "not forbidden",
	    IMA(ALLOWED ",\"forbidden\":[{\"path\":\"/bin/nc\"},"
			"{\"digest\":@n},{\"path\":\"/bin/sh\","
			"\"digest\":@n}]"),
	    0, "", NULL },
	{ "a file not allowed", IMA("\"allowed\":[" INIT "," AGENT "]"),
	    SEAL_E_POLICY, "tpm.ima.allowed", "/bin/sh" },
	{ "another content",
	    IMA("\"allowed\":[" INIT "," AGENT
		",{\"path\":\"/bin/sh\",\"digest\":@x}]"),
	    SEAL_E_POLICY, "tpm.ima.allowed", "/bin/sh" },
	{ "another place",
	    IMA("\"allowed\":[" INIT "," AGENT
		",{\"path\":\"/bin/dash\",\"digest\":@s}]"),
	    SEAL_E_POLICY, "tpm.ima.allowed", "/bin/sh" },
	{ "a place that starts alike",
	    IMA("\"allowed\":[" INIT "," AGENT
		",{\"path\":\"/bin/s\",\"digest\":@s}]"),
	    SEAL_E_POLICY, "tpm.ima.allowed", "/bin/sh" },
	{ "required and not there",
	    IMA(ALLOWED ",\"required\":[{\"path\":\"/usr/bin/agent\","
			"\"digest\":@x}]"),
	    SEAL_E_POLICY, "tpm.ima.required", "/usr/bin/agent" },
	{ "required elsewhere",
	    IMA("\"required\":[" AGENT ",{\"path\":\"/opt/agent\","
		"\"digest\":@a}]"),
	    SEAL_E_POLICY, "tpm.ima.required", "/opt/agent" },
	{ "forbidden by name",
	    IMA(ALLOWED ",\"forbidden\":[{\"path\":\"/bin/sh\"}]"),
	    SEAL_E_POLICY, "tpm.ima.forbidden", "/bin/sh" },
	{ "forbidden by content",
	    IMA(ALLOWED ",\"forbidden\":[{\"digest\":@s}]"), SEAL_E_POLICY,
	    "tpm.ima.forbidden", "/bin/sh" },
	{ "forbidden by both",
	    IMA("\"required\":[" AGENT "],\"forbidden\":[" SHELL "]"),
	    SEAL_E_POLICY, "tpm.ima.forbidden", "/bin/sh" },
	{ "another bank", PCR7 "," IMA_OF("\"sha384\"", ALLOWED), SEAL_E_POLICY,
	    "tpm.pcr.selection", "sha384:10" },
	{ "a PCR more", IMA_OF("\"sha256\"", ALLOWED), SEAL_E_POLICY,
	    "tpm.pcr.selection", NULL },
	{ NULL },
};

static void
rules_hold(void **state)
{
	(void)state;
	machine(NULL, NULL);
	for (size_t i = 0; rules[i].name != NULL; i++)
		expect(rules[i].name, rules[i].rules, rules[i].want,
		    rules[i].check, rules[i].says);
	expect_of("PCR 10 alone", IMA_OF("\"sha256\"", ALLOWED), only_ten, 0,
	    "", NULL);
	expect_of("two banks", IMA_OF("\"sha256\",\"sha384\"", ALLOWED),
	    two_banks, 0, "", NULL);
	expect_of("two banks, a file not allowed",
	    IMA_OF("\"sha384\",\"sha256\"", "\"allowed\":[" INIT "," AGENT "]"),
	    two_banks, SEAL_E_POLICY, "tpm.ima.allowed", "/bin/sh");
}

/* Every file that is not allowed refuses; the verdict names the first ones.
 * Another entry may accept all the same. */
static void
many_unknown_files(void **state)
{
	char path[32];

	(void)state;
	machine(NULL, NULL);
	for (int i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "/opt/%d", i);
		ima_put_file(&measured, path, path, HASH_SHA256);
	}
	send_all();
	expect("many", GOOD, SEAL_E_POLICY, "tpm.ima.allowed", "/opt/0");
	expect("and another entry", GOOD "#" IMA("\"required\":[" AGENT "]"), 0,
	    "", NULL);
}

/* ---- Lists that are not the quote's ---- */

static void
list_is_held_against_quote(void **state)
{
	(void)state;
	machine(NULL, NULL);
	sent.n -= 1;
	expect("cut", GOOD, SEAL_E_DECODE, "tpm.ima.format", NULL);
	machine(NULL, NULL);
	sent.n = 0;
	expect("none", GOOD, SEAL_E_POLICY, "tpm.ima.list", "none");

	machine(NULL, NULL);
	ima_put_file(&sent, "/sbin/init", "i", HASH_SHA256);
	expect("longer", GOOD, SEAL_E_EVIDENCE, "tpm.ima.replay",
	    "5 entries of which only the first 4 do");
	machine("/bin/nc", "n");
	wr_init(&sent, sent_room, sizeof(sent_room));
	put_usual(&sent);
	expect("shorter, to hide a file", GOOD, SEAL_E_EVIDENCE,
	    "tpm.ima.replay", "4 entries that make");

	machine(NULL, NULL);
	wr_init(&sent, sent_room, sizeof(sent_room));
	ima_put_file(&sent, "boot_aggregate", "of PCRs", HASH_SHA256);
	ima_put_file(&sent, "/usr/bin/agent", "a", HASH_SHA256);
	ima_put_file(&sent, "/sbin/init", "i", HASH_SHA256);
	ima_put_file(&sent, "/bin/sh", "s", HASH_SHA256);
	expect(
	    "in another order", GOOD, SEAL_E_EVIDENCE, "tpm.ima.replay", NULL);
	wr_init(&sent, sent_room, sizeof(sent_room));
	ima_put_file(&sent, "boot_aggregate", "of PCRs", HASH_SHA256);
	ima_put_file(&sent, "/sbin/init", "i", HASH_SHA256);
	ima_put_file(&sent, "/bin/sh", "s", HASH_SHA256);
	expect("an entry out of the middle", GOOD, SEAL_E_EVIDENCE,
	    "tpm.ima.replay", NULL);

	/* The digest of what is allowed in the place of what ran. */
	machine("/bin/sh", "evil");
	wr_init(&sent, sent_room, sizeof(sent_room));
	put_usual(&sent);
	ima_put_file(&sent, "/bin/sh", "s", HASH_SHA256);
	expect("another digest", GOOD, SEAL_E_EVIDENCE, "tpm.ima.replay", NULL);
	machine("/bin/sh", "evil");
	sent_room[sent.n - 1 - sizeof("/bin/sh") - 4] ^= 1;
	expect("another digest, the entry's own left as it was", GOOD,
	    SEAL_E_EVIDENCE, "tpm.ima.format", "entry 4");

	/* An entry as a violation, whose digest is then not looked at. */
	machine("/bin/nc", "n");
	wr_init(&sent, sent_room, sizeof(sent_room));
	put_usual(&sent);
	ima_put_violation(&sent, "/bin/nc");
	expect("a file as a violation", IMA(ALLOWED ",\"violations\":true"),
	    SEAL_E_EVIDENCE, "tpm.ima.replay", NULL);
}

static void
list_needs_its_pcr(void **state)
{
	(void)state;
	machine(NULL, NULL);
	expect_of("a list and no PCR 10", PCR7, not_ten, SEAL_E_EVIDENCE,
	    "tpm.ima.pcr", "PCR 10");
	sent.n = 0;
	expect_of("a rule and no PCR 10", GOOD, not_ten, SEAL_E_POLICY,
	    "tpm.pcr.selection", "sha256:7,10");
	/* One bank's value says nothing of another's. */
	machine(NULL, NULL);
	expect_of("the other bank", IMA_OF("\"sha384\"", ALLOWED), only_ten,
	    SEAL_E_POLICY, "tpm.pcr.selection", "sha384:10");
}

/* A list that replays, and is text: it has spaces where names may. */
static void
text_is_no_evidence(void **state)
{
	static const char zero[] = "0000000000000000000000000000000000000000";

	(void)state;
	machine(NULL, NULL);
	wr_init(&sent, sent_room, sizeof(sent_room));
	wr_printf(&sent, "10 %s ima-ng sha1:%s /a\n", zero, zero);
	wr_init(&measured, measured_room, sizeof(measured_room));
	ima_put_violation(&measured, "/a");
	expect("text",
	    IMA("\"required\":[{\"digest\":@a}],\"violations\":true"),
	    SEAL_E_DECODE, "tpm.ima.format", "text");
}

/* ---- Names, hashes, violations ---- */

static void
violations(void **state)
{
	(void)state;
	machine(NULL, NULL);
	ima_put_violation(&measured, "/var/log/x");
	send_all();
	expect(
	    "refused", GOOD, SEAL_E_POLICY, "tpm.ima.violation", "/var/log/x");
	expect("refused by name", IMA(ALLOWED ",\"violations\":false"),
	    SEAL_E_POLICY, "tpm.ima.violation", "/var/log/x");
	expect("refused where all are allowed", IMA("\"required\":[" INIT "]"),
	    SEAL_E_POLICY, "tpm.ima.violation", "/var/log/x");
	expect("let pass", IMA(ALLOWED ",\"violations\":true"), 0, "", NULL);
	/* It proves no content: it is not what was required. */
	wr_init(&measured, measured_room, sizeof(measured_room));
	ima_put_file(&measured, "boot_aggregate", "of PCRs", HASH_SHA256);
	ima_put_violation(&measured, "/sbin/init");
	send_all();
	expect("not what is required",
	    IMA("\"required\":[" INIT "],\"violations\":true"), SEAL_E_POLICY,
	    "tpm.ima.required", "/sbin/init");
}

static void
boot_aggregate_is_first(void **state)
{
	(void)state;
	machine("boot_aggregate", "b");
	expect("later on", GOOD, SEAL_E_POLICY, "tpm.ima.allowed",
	    "boot_aggregate");
	expect("by a rule",
	    IMA("\"allowed\":[" INIT "," AGENT "," SHELL ",{\"path\":"
		"\"boot_aggregate\",\"digest\":@b}]"),
	    0, "", NULL);
	wr_init(&measured, measured_room, sizeof(measured_room));
	ima_put_file(&measured, "/bin/nc", "n", HASH_SHA256);
	send_all();
	expect("another file first", GOOD, SEAL_E_POLICY, "tpm.ima.allowed",
	    "/bin/nc");
}

/* SHA-1 has collisions, so nothing is allowed or proved by it. */
static void
weak_digests(void **state)
{
	uint8_t room[64], digest[HASH_MAX];
	struct wr field;

	(void)state;
	machine(NULL, NULL);
	ima_put_file(&measured, "/bin/ls", "l", HASH_SHA1);
	send_all();
	expect("SHA-1", GOOD, SEAL_E_POLICY, "tpm.ima.allowed", "/bin/ls");
	expect("SHA-1, forbidden by name",
	    IMA(ALLOWED ",\"forbidden\":[{\"path\":\"/bin/ls\"}]"),
	    SEAL_E_POLICY, "tpm.ima.forbidden", "/bin/ls");
	/* 32 bytes of another hash are not SHA-256. */
	machine(NULL, NULL);
	wr_init(&field, room, sizeof(room));
	assert_int_equal(hash_one(HASH_SHA256, span_str("s"), digest, NULL), 0);
	wr_printf(&field, "sm3:");
	wr_u8(&field, 0);
	wr_bytes(&field, span_of(digest, 32));
	ima_put(&measured, &(struct ima_recipe){ .pcr = IMA_PCR,
			       .template = "ima-ng",
			       .digest = wr_view(&field),
			       .name = STR("/bin/sh\0") });
	send_all();
	expect("another hash of that length", GOOD, SEAL_E_POLICY,
	    "tpm.ima.allowed", "sm3");
}

/* What is called a buffer is judged as what is called a file. */
static void
templates_are_alike(void **state)
{
	static const char *const templates[] = { "ima-sig", "ima-buf" };
	uint8_t room[64], digest[HASH_MAX];
	struct wr field;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		machine(NULL, NULL);
		wr_init(&field, room, sizeof(room));
		assert_int_equal(
		    hash_one(HASH_SHA256, span_str("n"), digest, NULL), 0);
		wr_printf(&field, "sha256:");
		wr_u8(&field, 0);
		wr_bytes(&field, span_of(digest, 32));
		ima_put(&measured, &(struct ima_recipe){ .pcr = IMA_PCR,
				       .template = templates[i],
				       .digest = wr_view(&field),
				       .name = STR("/bin/nc\0"),
				       .has_sig = true,
				       .sig = STR("n") });
		send_all();
		expect(templates[i], GOOD, SEAL_E_POLICY, "tpm.ima.allowed",
		    "/bin/nc");
		expect(templates[i],
		    IMA("\"allowed\":[" INIT "," AGENT "," SHELL
			",{\"path\":\"/bin/nc\",\"digest\":@n}]"),
		    0, "", NULL);
	}
}

/* ---- Policies that are none ---- */

static const struct {
	const char *name, *rules, *says;
} bad[] = {
	{ "no object", PCR7 ",\"ima\":[]", "ima" },
	{ "empty", PCR7 ",\"ima\":{}", "ima.banks" },
	{ "no banks", PCR7 ",\"ima\":{" ALLOWED "}", "ima.banks" },
	{ "banks empty", PCR7 "," IMA_OF("", ALLOWED), "ima.banks" },
	{ "SHA-1", PCR7 "," IMA_OF("\"sha1\"", ALLOWED), "ima.banks[0]" },
	{ "a bank that is none", PCR7 "," IMA_OF("10", ALLOWED),
	    "ima.banks[0]" },
	{ "bank twice", PCR7 "," IMA_OF("\"sha256\",\"sha256\"", ALLOWED),
	    "listed twice" },
	{ "no rule", PCR7 ",\"ima\":{\"banks\":[\"sha256\"]}",
	    "'allowed' or 'required'" },
	{ "nothing but what is forbidden", IMA("\"forbidden\":[" SHELL "]"),
	    "'allowed' or 'required'" },
	{ "violations alone", IMA("\"violations\":true"),
	    "'allowed' or 'required'" },
	{ "violations no bool", IMA(ALLOWED ",\"violations\":1"),
	    "violations" },
	{ "empty list", IMA("\"allowed\":[]"), "ima.allowed" },
	{ "no list", IMA("\"allowed\":{}"), "ima.allowed" },
	{ "a name for a file", IMA("\"allowed\":[\"/bin/sh\"]"),
	    "ima.allowed[0]" },
	{ "any content is allowed", IMA("\"allowed\":[{\"path\":\"/bin/sh\"}]"),
	    "expected a 'digest'" },
	{ "any content is required",
	    IMA("\"required\":[{\"path\":\"/bin/sh\"}]"),
	    "expected a 'digest'" },
	{ "all is forbidden", IMA(ALLOWED ",\"forbidden\":[{}]"),
	    "'digest' or a 'path'" },
	{ "empty path", IMA("\"allowed\":[{\"path\":\"\",\"digest\":@a}]"),
	    "path" },
	{ "a digest of SHA-1",
	    IMA("\"allowed\":[{\"digest\":"
		"\"0000000000000000000000000000000000000000\"}]"),
	    "ima.allowed[0]" },
	{ "a digest of 33 bytes",
	    IMA("\"allowed\":[{\"digest\":\"00000000000000000000000000000000"
		"0000000000000000000000000000000000\"}]"),
	    "33 bytes" },
	{ "unknown key", IMA(ALLOWED ",\"allow\":[]"), "allow" },
	{ "unknown key of a file",
	    IMA("\"allowed\":[{\"digest\":@a,\"sha256\":@a}]"), "sha256" },
	{ "a value too",
	    "\"pcrs\":{\"sha256\":{\"10\":@a}}," IMA_OF("\"sha256\"", ALLOWED),
	    "has a value" },
	{ "events too",
	    "\"events\":{\"pcrs\":{\"sha256\":[10]},\"required\":[{\"pcr\":10,"
	    "\"digest\":@a}]}," IMA_OF("\"sha256\"", ALLOWED),
	    "'events' speak of it" },
	{ "no rule at all", "\"key_policy\":@a", "'pcrs' is missing" },
	{ NULL },
};

static void
bad_policies(void **state)
{
	(void)state;
	for (size_t i = 0; bad[i].name != NULL; i++) {
		struct policy *p = NULL;
		struct seal_diag d = { 0 };

		if (policy_make(bad[i].rules, &p, &d) != SEAL_E_CONFIG ||
		    strstr(d.text, bad[i].says) == NULL)
			fail_msg("%s: %s", bad[i].name, d.text);
		assert_null(p);
	}
}

/* Reference triples decide on all PCRs, so that no rule may stand beside. */
static void
not_beside_corim(void **state)
{
	json_t *j = json_loads("{\"corim\":[\"f\"],\"ima\":{}}", 0, NULL);
	struct seal_diag d = { 0 };
	struct tpm_rules loaded = { 0 };

	(void)state;
	assert_int_equal(tpm_rules_load(j, false, &loaded, &d), SEAL_E_CONFIG);
	assert_non_null(strstr(d.text, "'ima' or 'corim'"));
	tpm_rules_wipe(&loaded);
	json_decref(j);
}

static char *
explained(const char *of)
{
	struct policy *p = NULL;
	struct seal_diag d = { 0 };
	char *text = NULL;
	struct wr w;

	if (policy_make(of, &p, &d) != 0)
		fail_msg("%s", d.text);
	wr_init_heap(&w, 65536);
	assert_int_equal(policy_explain(p, &w), 0);
	assert_int_equal(wr_take_text(&w, &text), 0);
	policy_free(&p);
	return text;
}

static void
explains(void **state)
{
	char *text = explained(GOOD);

	(void)state;
	assert_non_null(strstr(text, "PCR sha256:10 holds what the IMA list"));
	assert_non_null(strstr(text, "allowed: /usr/bin/agent, digest"));
	assert_non_null(strstr(text, "no other file"));
	assert_null(strstr(text, "changed"));
	free(text);
	text = explained(IMA("\"required\":[{\"digest\":@a}],\"forbidden\":[{"
			     "\"path\":\"/bin/sh\"}],\"violations\":true"));
	assert_non_null(strstr(text, "not proved: which other files"));
	assert_non_null(strstr(text, "required: a file of any name"));
	assert_non_null(strstr(text, "forbidden: /bin/sh\n"));
	assert_non_null(strstr(text, "not proved: which ones"));
	free(text);
}

/* ---- Learning ---- */

/* What is learned of the machine as it is, for the caller to free. */
static char *
learned(const struct quoted *q, struct evidence *ev)
{
	struct seal_verdict *v = verdict_new();
	struct appraisal_in in;
	char *text = NULL;

	evidence_of(q, ev);
	in = in_for(wr_view(&ev->whole));
	assert_int_equal(appraise_observe(&in, NULL, v, &text, NULL), 0);
	seal_verdict_free(&v);
	return text;
}

/* Does text accept the Evidence that it was learned from? */
static bool
accepts(const char *text, const struct evidence *ev)
{
	struct appraisal_in in = in_for(wr_view(&ev->whole));
	struct seal_verdict *v = verdict_new();
	struct policy *p = NULL;
	bool ok;

	assert_int_equal(policy_load(span_str(text), "", &p, NULL), 0);
	ok = appraise(p, &in, v) == 0;
	seal_verdict_free(&v);
	policy_free(&p);
	return ok;
}

static void
learns(void **state)
{
	struct evidence ev;
	char *text;

	(void)state;
	machine("/opt/\xff", "of a name that is no text");
	text = learned(usual, &ev);
	assert_non_null(strstr(text, "\"/usr/bin/agent\""));
	assert_null(strstr(text, "boot_aggregate"));
	assert_null(strstr(text, "\"10\""));
	assert_non_null(strstr(text, "\"7\""));
	assert_true(accepts(text, &ev));
	free(text);
	evidence_free(&ev);
	text = learned(two_banks, &ev);
	assert_null(strstr(text, "\"pcrs\""));
	assert_true(accepts(text, &ev));
	free(text);
	evidence_free(&ev);

	/* A rule that lets violations pass is nobody's but the operator's. */
	ima_put_violation(&measured, "/var/log/x");
	send_all();
	text = learned(usual, &ev);
	assert_null(strstr(text, "violations"));
	assert_null(strstr(text, "/var/log/x"));
	assert_false(accepts(text, &ev));
	free(text);
	evidence_free(&ev);

	/* What rules cannot say, the value does. */
	ima_put_file(&measured, "/bin/ls", "l", HASH_SHA1);
	send_all();
	text = learned(usual, &ev);
	assert_null(strstr(text, "\"ima\""));
	assert_non_null(strstr(text, "\"10\""));
	assert_true(accepts(text, &ev));
	free(text);
	evidence_free(&ev);
}

/* ---- Lists of real kernels, ima-sig (folder SEAL_EVIDENCE) ---- */

/* name, which is base64 over lines, but for stray bytes at its end. */
static void
machine_of(const char *name, size_t stray)
{
	const char *dir = getenv("SEAL_EVIDENCE");
	uint8_t *text = NULL;
	size_t n = 0, kept = 0, pad = 0;
	char path[512];

	if (dir == NULL || dir[0] == '\0') {
		print_message("SEAL_EVIDENCE is not set: no real samples\n");
		skip();
	}
	snprintf(path, sizeof(path), "%s/tpm/eventlogs/%s", dir, name);
	assert_int_equal(file_read(path, LIMIT_FILE, &text, &n, NULL), 0);
	for (size_t i = 0; i < n; i++)
		if (text[i] > ' ')
			text[kept++] = text[i];
	while (pad < kept && text[kept - 1 - pad] == '=')
		pad++;
	assert_true(kept / 4 * 3 <= sizeof(measured_room));
	wr_init(&measured, measured_room, sizeof(measured_room));
	assert_int_equal(
	    EVP_DecodeBlock(measured_room, text, (int)kept), kept / 4 * 3);
	measured.n = kept / 4 * 3 - pad - stray;
	free(text);
	send_all();
}

static void
real_lists(void **state)
{
	struct evidence ev;
	char *text;

	(void)state;
	machine_of("tss-sml-ima-sig-sha256.b64", 6);
	text = learned(usual, &ev);
	assert_non_null(
	    strstr(text, "\"/usr/lib/x86_64-linux-gnu/ld-2.31.so\""));
	assert_true(accepts(text, &ev));
	evidence_free(&ev);
	free(text);
	expect("other files", GOOD, SEAL_E_POLICY, "tpm.ima.allowed", "/init");
	sent_room[sent.n - 6] ^= 1; /* before a NUL and no signature */
	expect("its last name", GOOD, SEAL_E_EVIDENCE, "tpm.ima.format", NULL);
	machine_of("tss-sml-ima-sig-sha256-invalidated.b64", 0);
	expect(
	    "a violation", GOOD, SEAL_E_POLICY, "tpm.ima.violation", "/init");
}

static int
setup(void **state)
{
	(void)state;
	keyring_make(KEY_P256, &ring);
	return binding_post(HASH_SHA256, key_spki(&ring.subject),
		   span_of(exporter, 32), &binding, NULL) != 0;
}

static int
teardown(void **state)
{
	(void)state;
	keyring_free(&ring);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_hold),
		cmocka_unit_test(many_unknown_files),
		cmocka_unit_test(list_is_held_against_quote),
		cmocka_unit_test(list_needs_its_pcr),
		cmocka_unit_test(text_is_no_evidence),
		cmocka_unit_test(violations),
		cmocka_unit_test(boot_aggregate_is_first),
		cmocka_unit_test(weak_digests),
		cmocka_unit_test(templates_are_alike),
		cmocka_unit_test(bad_policies),
		cmocka_unit_test(not_beside_corim),
		cmocka_unit_test(explains),
		cmocka_unit_test(learns),
		cmocka_unit_test(real_lists),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
