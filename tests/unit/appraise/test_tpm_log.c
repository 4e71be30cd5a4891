/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/appraise.h"
#include "appraise/policy.h"
#include "appraise/tpm_rules.h"
#include "appraise/verdict_fixture.h"
#include "base/text.h"

#include "../format/log_fixture.h"
#include "tpm_fixture.h"

#define PCRS "[0,4,7,8]"
#define HEX_ROOM (2 * HASH_MAX + 1)

static struct keyring ring;
static struct seal_binding binding;
static const uint8_t exporter[32] = { 1, 2, 3 };

/* The log that goes along, and the one that the PCRs were made by. */
static uint8_t log_room[16384], boot_room[16384];
static struct wr sent, boot;
static struct eventlog_pcrs pcrs;

static char shim_hex[HEX_ROOM], shim384_hex[HEX_ROOM], pk_hex[HEX_ROOM];

static void
hex_of(enum hash h, struct span in, char out[HEX_ROOM])
{
	uint8_t digest[HASH_MAX];
	struct wr w;

	assert_int_equal(hash_one(h, in, digest, NULL), 0);
	memset(out, 0, HEX_ROOM);
	wr_init(&w, out, HEX_ROOM - 1);
	wr_hex(&w, span_of(digest, hash_size(h)));
}

/* ---- Evidence ---- */

static void
add_log(struct tpm_evidence *e)
{
	e->event_log = wr_view(&sent);
}

/* Quotes PCRs 0, 4, 7 and 8 as boot left them; sent is the log. */
static struct span
evidence_of(struct evidence *ev, bool with_log)
{
	static const uint8_t quoted[] = { 0, 4, 7, 8 };
	struct eventlog l = { 0 };
	struct seal_diag d = { 0 };
	struct recipe r;

	if (eventlog_parse(wr_view(&boot), &l, &d) != 0)
		fail_msg("%s", d.text);
	assert_int_equal(eventlog_replay(&l, TPM_ALG_SHA256, &pcrs, NULL), 0);
	recipe_init(&r, &ring, &binding);
	r.n_pcrs = 0;
	r.quote.selection[0].pcrs = 0;
	for (size_t i = 0; i < sizeof(quoted); i++) {
		r.pcrs[r.n_pcrs++] = (struct tpm_pcr_value){ TPM_ALG_SHA256,
			quoted[i], span_of(pcrs.value[quoted[i]], 32) };
		r.quote.selection[0].pcrs |= 1u << quoted[i];
	}
	evidence_make(&r, with_log ? add_log : NULL, ev);
	return wr_view(&ev->whole);
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

/* ---- Policies: %1 the digest of the application, and so on ---- */

static int
policy_make(const char *rules, struct policy **ret, struct seal_diag *d)
{
	char pin[HEX_ROOM];
	struct wr w;
	int r;

	hex_of(HASH_SHA256, key_spki(&ring.ak), pin);
	wr_init_heap(&w, 65536);
	wr_printf(&w,
	    "{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":\"none\"},"
	    "\"accept\":[{\"scheme\":\"%s\",\"signers\":[{\"spki_sha256\":"
	    "\"%s\"}],\"debug\":false,",
	    TPM_EVIDENCE_TYPE, pin);
	for (; *rules != '\0'; rules++) {
		if (*rules == '$')
			wr_printf(&w, "\"%s\"", shim_hex);
		else if (*rules == '#')
			wr_printf(&w, "\"%s\"", shim384_hex);
		else if (*rules == '@')
			wr_printf(&w, "\"%s\"", pk_hex);
		else
			wr_u8(&w, (uint8_t)*rules);
	}
	wr_printf(&w, "}]}");
	r = policy_load(wr_view(&w), "", ret, d);
	wr_free(&w);
	return r;
}

#define EVENTS(more) "\"events\":{\"pcrs\":{\"sha256\":" PCRS "}," more "}"
#define FIRMWARE "{\"pcr\":0,\"text\":\"firmware 1.0\"}"
#define CMDLINE "{\"pcr\":8,\"text\":\"" LOG_CMDLINE "\"}"
#define SHIM "{\"pcr\":4,\"digest\":$}"
#define ALLOWED "\"allowed\":[" FIRMWARE "," SHIM "," CMDLINE "]"
#define GOOD EVENTS("\"secure_boot\":true," ALLOWED)

/* Judges what is in boot and sent. */
static void
expect(const char *name, const char *rules, bool with_log, int want,
    const char *check)
{
	struct seal_verdict *v = verdict_new();
	struct seal_diag d = { 0 };
	struct policy *p = NULL;
	struct appraisal_in in;
	struct evidence ev;
	int r;

	if (policy_make(rules, &p, &d) != 0)
		fail_msg("%s: policy: %s", name, d.text);
	in = in_for(evidence_of(&ev, with_log));
	r = appraise(p, &in, v);
	if (r != want || strcmp(first_failed(v), check) != 0 ||
	    (seal_verdict_outcome(v) == SEAL_ACCEPTED) != (want == 0))
		fail_msg("%s: got %d, check '%s' (%s)", name, r,
		    first_failed(v), seal_verdict_diag(v)->text);
	seal_verdict_free(&v);
	policy_free(&p);
	evidence_free(&ev);
}

static void
boot_with(void (*make)(struct wr *w))
{
	wr_init(&boot, boot_room, sizeof(boot_room));
	make(&boot);
	assert_int_equal(boot.error, 0);
	wr_init(&sent, log_room, sizeof(log_room));
	wr_bytes(&sent, wr_view(&boot));
}

static void
usual_boot(struct wr *w)
{
	log_boot(w, log_on);
}

/* ---- Rules ---- */

static const struct {
	const char *name, *rules;
	int want;
	const char *check;
} rules[] = {
	{ "all of it", GOOD, 0, "" },
	{ "required",
	    EVENTS(ALLOWED ",\"required\":[{\"pcr\":7,\"digest\":@}]"), 0, "" },
	{ "not forbidden",
	    EVENTS("\"secure_boot\":true," ALLOWED
		   ",\"forbidden\":[{\"pcr\":8,\"text\":"
		   "\"init=/bin/sh\"}]"),
	    0, "" },
	{ "application not allowed",
	    EVENTS("\"secure_boot\":true,\"allowed\":[" FIRMWARE "," CMDLINE
		   ",{\"pcr\":4,\"digest\":@}]"),
	    SEAL_E_POLICY, "tpm.event.allowed" },
	{ "application allowed in another PCR",
	    EVENTS("\"secure_boot\":true,\"allowed\":[" FIRMWARE "," CMDLINE
		   ",{\"pcr\":8,\"digest\":$},{\"pcr\":4,\"digest\":@}]"),
	    SEAL_E_POLICY, "tpm.event.allowed" },
	{ "application allowed by another bank's digest",
	    EVENTS("\"secure_boot\":true,\"allowed\":[" FIRMWARE "," CMDLINE
		   ",{\"pcr\":4,\"digest\":#}]"),
	    SEAL_E_POLICY, "tpm.event.allowed" },
	{ "another command line",
	    EVENTS("\"secure_boot\":true,\"allowed\":[" FIRMWARE "," SHIM
		   ",{\"pcr\":8,\"text\":\"quiet\"}]"),
	    SEAL_E_POLICY, "tpm.event.allowed" },
	{ "required in another PCR",
	    EVENTS(ALLOWED ",\"required\":[{\"pcr\":7,\"digest\":$}]"),
	    SEAL_E_POLICY, "tpm.event.required" },
	{ "forbidden",
	    EVENTS("\"secure_boot\":true," ALLOWED ",\"forbidden\":[" SHIM "]"),
	    SEAL_E_POLICY, "tpm.event.forbidden" },
	{ "a PCR less",
	    "\"events\":{\"pcrs\":{\"sha256\":[0,4,8]}," ALLOWED "}",
	    SEAL_E_POLICY, "tpm.pcr.selection" },
	{ "another bank",
	    "\"events\":{\"pcrs\":{\"sha384\":" PCRS "}," ALLOWED
	    ",\"secure_boot\":true}",
	    SEAL_E_POLICY, "tpm.pcr.selection" },
	{ NULL },
};

static void
rules_hold(void **state)
{
	(void)state;
	boot_with(usual_boot);
	for (size_t i = 0; rules[i].name != NULL; i++)
		expect(rules[i].name, rules[i].rules, true, rules[i].want,
		    rules[i].check);
	expect("no log", GOOD, false, SEAL_E_POLICY, "tpm.event.log");
}

/* ---- Logs that are not this boot's ---- */

static void
log_is_held_against_quote(void **state)
{
	(void)state;
	boot_with(usual_boot);
	sent.n -= 1;
	expect("cut", GOOD, true, SEAL_E_DECODE, "tpm.log.format");
	boot_with(usual_boot);
	wr_init(&sent, log_room, sizeof(log_room));
	log_boot(&sent, log_off);
	expect("another log", GOOD, true, SEAL_E_EVIDENCE, "tpm.log.replay");
	boot_with(usual_boot);
	log_plain(&sent, 4, EV_ACTION, span_str("more"));
	expect("an event more", GOOD, true, SEAL_E_EVIDENCE, "tpm.log.replay");
	boot_with(usual_boot);
	log_plain(&boot, 4, EV_ACTION, span_str("left out"));
	expect("an event less", GOOD, true, SEAL_E_EVIDENCE, "tpm.log.replay");
	/* The events of PCR 8 alone: the log does not touch it. */
	boot_with(usual_boot);
	sent.n -=
	    4 + 4 + 4 + 34 + 50 + 4 + sizeof("kernel_cmdline: " LOG_CMDLINE);
	expect("nothing of PCR 8", GOOD, true, SEAL_E_EVIDENCE,
	    "tpm.event.replay");
	boot_with(usual_boot);
	log_plain(&sent, 5, EV_ACTION, span_str("PCR 5 is not quoted"));
	expect("more of a PCR that is not quoted", GOOD, true, 0, "");
}

/* ---- Attacks by names and types ---- */

/* Off, but the event is called something else, and after it comes all that a
 * machine with Secure Boot measures. */
static void
hidden_off(struct wr *w, uint32_t type_of_off, uint32_t type_of_separator)
{
	uint8_t buf[128];
	struct wr v;

	wr_init(&v, buf, sizeof(buf));
	log_variable_data(&v, false, "SecureBoot", log_off);
	log_header(w, log_banks, 2);
	log_locality(w, 0, 3);
	log_plain(w, 0, 0x8, span_str("firmware 1.0"));
	log_event(w, 7, type_of_off, wr_view(&v), span_str("something"));
	log_plain(w, 7, type_of_separator, log_separator);
	log_variable(w, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, "SecureBoot", log_on);
	log_plain(w, 7, EV_SEPARATOR, log_separator);
	log_event(w, 4, EV_EFI_BOOT_SERVICES_APPLICATION, span_str(LOG_SHIM),
	    span_str("path"));
	log_event(w, 8, EV_IPL, span_str(LOG_CMDLINE), span_str("text"));
}

static void
off_as_firmware(struct wr *w)
{
	hidden_off(w, 0x8000000a, EV_EFI_VARIABLE_AUTHORITY);
}

static void
off_as_other_variable(struct wr *w)
{
	hidden_off(w, EV_EFI_VARIABLE_DRIVER_CONFIG, EV_IPL);
}

static void
on_after_separator(struct wr *w)
{
	log_header(w, log_banks, 2);
	log_locality(w, 0, 3);
	log_plain(w, 0, 0x8, span_str("firmware 1.0"));
	log_plain(w, 7, EV_ACTION, log_separator); /* the true one, renamed */
	log_variable(w, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, "SecureBoot", log_on);
	log_plain(w, 7, EV_SEPARATOR, log_separator);
	log_event(w, 4, EV_EFI_BOOT_SERVICES_APPLICATION, span_str(LOG_SHIM),
	    span_str("path"));
	log_event(w, 8, EV_IPL, span_str(LOG_CMDLINE), span_str("text"));
}

static void
secure_twice(struct wr *w)
{
	log_header(w, log_banks, 2);
	log_locality(w, 0, 3);
	log_plain(w, 0, 0x8, span_str("firmware 1.0"));
	log_variable(w, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, "SecureBoot", log_on);
	log_variable(w, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, "SecureBoot", log_on);
	log_plain(w, 7, EV_SEPARATOR, log_separator);
	log_event(w, 4, EV_EFI_BOOT_SERVICES_APPLICATION, span_str(LOG_SHIM),
	    span_str("path"));
	log_event(w, 8, EV_IPL, span_str(LOG_CMDLINE), span_str("text"));
}

static void
no_separator(struct wr *w)
{
	log_header(w, log_banks, 2);
	log_locality(w, 0, 3);
	log_plain(w, 0, 0x8, span_str("firmware 1.0"));
	log_variable(w, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, "SecureBoot", log_on);
	log_event(w, 4, EV_EFI_BOOT_SERVICES_APPLICATION, span_str(LOG_SHIM),
	    span_str("path"));
	log_event(w, 8, EV_IPL, span_str(LOG_CMDLINE), span_str("text"));
}

/* SecureBoot of a namespace that anybody may write. */
static void
other_namespace(struct wr *w)
{
	uint8_t buf[128];
	struct wr v;

	wr_init(&v, buf, sizeof(buf));
	log_variable_data(&v, true, "SecureBoot", log_on);
	log_header(w, log_banks, 2);
	log_plain(w, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, wr_view(&v));
	log_plain(w, 7, EV_SEPARATOR, log_separator);
}

static void
secure_off(struct wr *w)
{
	log_boot(w, log_off);
}

static void
secure_long(struct wr *w)
{
	log_boot(w, span_of("\1\1", 2));
}

static void
debug_mode(struct wr *w)
{
	log_header(w, log_banks, 2);
	log_plain(w, 7, EV_EFI_ACTION, span_str("UEFI Debug Mode"));
	log_variable(w, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, "SecureBoot", log_on);
	log_plain(w, 7, EV_SEPARATOR, log_separator);
}

static void
secure_boot_is_proved(void **state)
{
	static const struct {
		const char *name;
		void (*make)(struct wr *w);
		int want;
	} boots[] = {
		{ "on", usual_boot, 0 },
		{ "off", secure_off, SEAL_E_POLICY },
		{ "two bytes", secure_long, SEAL_E_POLICY },
		{ "off, called a firmware blob", off_as_firmware,
		    SEAL_E_POLICY },
		{ "off, with other data", off_as_other_variable,
		    SEAL_E_POLICY },
		{ "on after a separator of another name", on_after_separator,
		    SEAL_E_POLICY },
		{ "twice", secure_twice, SEAL_E_POLICY },
		{ "no separator", no_separator, SEAL_E_POLICY },
		{ "in another namespace", other_namespace, SEAL_E_POLICY },
		{ "debug mode", debug_mode, SEAL_E_POLICY },
	};
	static const char secure[] =
	    EVENTS("\"secure_boot\":true,\"allowed\":[" FIRMWARE "," SHIM
		   "," CMDLINE "]");

	(void)state;
	for (size_t i = 0; i < sizeof(boots) / sizeof(boots[0]); i++) {
		boot_with(boots[i].make);
		expect(boots[i].name, secure, true, boots[i].want,
		    boots[i].want == 0 ? "" : "tpm.event.secure_boot");
	}
}

/* A program by other names is still what it is. */
static void
program_as_action(struct wr *w)
{
	log_boot(w, log_on);
	log_event(w, 4, EV_EFI_ACTION, span_str("a bad program"),
	    span_str("Calling EFI Application from Boot Option"));
}

static void
program_as_separator(struct wr *w)
{
	log_boot(w, log_on);
	log_event(w, 4, EV_SEPARATOR, span_str("a bad program"), log_separator);
}

static void
action_of_own_text(struct wr *w)
{
	log_boot(w, log_on);
	log_plain(w, 8, EV_EFI_ACTION, span_str("init=/bin/sh"));
}

static void
more_of_the_same(struct wr *w)
{
	log_boot(w, log_on);
	log_plain(w, 4, EV_EFI_ACTION,
	    span_str("Returning from EFI Application from Boot Option"));
	log_event(w, 4, EV_EFI_BOOT_SERVICES_APPLICATION, span_str(LOG_SHIM),
	    span_str("once more"));
}

static void
names_do_not_help(void **state)
{
	(void)state;
	boot_with(program_as_action);
	expect("as an action", GOOD, true, SEAL_E_POLICY, "tpm.event.allowed");
	boot_with(program_as_separator);
	expect(
	    "as a separator", GOOD, true, SEAL_E_POLICY, "tpm.event.allowed");
	boot_with(action_of_own_text);
	expect("as a text", GOOD, true, SEAL_E_POLICY, "tpm.event.allowed");
	boot_with(more_of_the_same);
	expect("the same again", GOOD, true, 0, "");
}

/* Text as systemd measures it. */
static void
wide_text(struct wr *w)
{
	static const uint8_t wide[] = { 'r', 0, 'o', 0, 0, 0 };

	log_boot(w, log_on);
	log_plain(w, 8, EV_IPL, span_of(wide, 6));
	log_plain(w, 8, EV_IPL, span_of(wide, 4));
	log_plain(w, 8, EV_IPL, span_of("ro", 3));
}

static void
text_has_shapes(void **state)
{
	(void)state;
	boot_with(wide_text);
	expect("without", GOOD, true, SEAL_E_POLICY, "tpm.event.allowed");
	expect("with",
	    EVENTS("\"secure_boot\":true,\"allowed\":[" FIRMWARE "," SHIM
		   "," CMDLINE ",{\"pcr\":8,\"text\":\"ro\"}]"),
	    true, 0, "");
}

/* ---- Policies that are none ---- */

static const struct {
	const char *name, *rules, *says;
} bad[] = {
	{ "neither pcrs nor events", "\"key_policy\":$", "'pcrs' is missing" },
	{ "events no object", "\"events\":[]", "events" },
	{ "no rule", "\"events\":{\"pcrs\":{\"sha256\":[7]}}", "found none" },
	{ "no pcrs", "\"events\":{\"secure_boot\":true}", "PCR 7" },
	{ "PCR without rule",
	    "\"events\":{\"pcrs\":{\"sha256\":[4,7]},\"secure_boot\":true}",
	    "PCR 4 has no value and no rule" },
	{ "PCR with nothing but what is forbidden",
	    "\"events\":{\"pcrs\":{\"sha256\":[4]},\"forbidden\":[" SHIM "]}",
	    "PCR 4 has no value and no rule" },
	{ "rule of a PCR that is not quoted",
	    "\"events\":{\"pcrs\":{\"sha256\":[4]},\"allowed\":[" SHIM
	    "," CMDLINE "]}",
	    "PCR 8" },
	{ "SHA-1",
	    "\"events\":{\"pcrs\":{\"sha1\":[4]},\"allowed\":[" SHIM "]}",
	    "bank 'sha1'" },
	{ "PCR 16",
	    "\"events\":{\"pcrs\":{\"sha256\":[16]},\"allowed\":[" SHIM "]}",
	    "PCRs 0 to 15" },
	{ "PCR as text",
	    "\"events\":{\"pcrs\":{\"sha256\":[\"4\"]},\"allowed\":[" SHIM "]}",
	    "PCRs 0 to 15" },
	{ "PCR twice",
	    "\"events\":{\"pcrs\":{\"sha256\":[4,4]},\"allowed\":[" SHIM "]}",
	    "listed twice" },
	{ "value and replay",
	    "\"pcrs\":{\"sha256\":{\"4\":$}},\"events\":{\"pcrs\":{"
	    "\"sha256\":[4]},\"allowed\":[" SHIM "]}",
	    "has a value too" },
	{ "secure_boot false", EVENTS("\"secure_boot\":false," ALLOWED),
	    "must be true" },
	{ "unknown key", EVENTS("\"applications\":[]," ALLOWED),
	    "applications" },
	{ "unknown key of an event",
	    EVENTS("\"allowed\":[{\"pcr\":4,\"digest\":$,\"type\":\"x\"}]"),
	    "type" },
	{ "empty list", EVENTS("\"allowed\":[]"), "events.allowed" },
	{ "event without PCR", EVENTS("\"allowed\":[{\"digest\":$}]"), "pcr" },
	{ "event of PCR 16", EVENTS("\"allowed\":[{\"pcr\":16,\"digest\":$}]"),
	    "pcr" },
	{ "event without digest", EVENTS("\"allowed\":[{\"pcr\":4}]"),
	    "'digest' or 'text'" },
	{ "event with both",
	    EVENTS("\"allowed\":[{\"pcr\":4,\"digest\":$,\"text\":\"x\"}]"),
	    "'digest' or 'text'" },
	{ "digest of 20 bytes",
	    EVENTS("\"allowed\":[{\"pcr\":4,\"digest\":"
		   "\"0000000000000000000000000000000000000000\"}]"),
	    "events.allowed[0]" },
	{ "digest of 33 bytes",
	    EVENTS("\"allowed\":[{\"pcr\":4,\"digest\":"
		   "\"00000000000000000000000000000000000000000000000000000000"
		   "0000000000\"}]"),
	    "33 bytes" },
	{ "empty text", EVENTS("\"allowed\":[{\"pcr\":4,\"text\":\"\"}]"),
	    "not empty" },
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
	json_t *j = json_loads("{\"corim\":[\"f\"],\"events\":{"
			       "\"secure_boot\":true}}",
	    0, NULL);
	struct seal_diag d = { 0 };
	struct tpm_rules loaded = { 0 };

	(void)state;
	assert_int_equal(tpm_rules_load(j, false, &loaded, &d), SEAL_E_CONFIG);
	assert_non_null(strstr(d.text, "'events' or 'corim'"));
	tpm_rules_wipe(&loaded);
	json_decref(j);
}

static void
explains(void **state)
{
	struct policy *p = NULL;
	struct wr w;
	char *text = NULL;

	(void)state;
	assert_int_equal(policy_make(GOOD, &p, NULL), 0);
	wr_init_heap(&w, 65536);
	assert_int_equal(policy_explain(p, &w), 0);
	assert_int_equal(wr_take_text(&w, &text), 0);
	assert_non_null(strstr(text, "sha256:0,4,7,8 hold what the event log"));
	assert_non_null(strstr(text, "Secure Boot was on"));
	assert_non_null(strstr(text, "allowed in PCR 8"));
	assert_non_null(strstr(text, "no other event"));
	free(text);
	policy_free(&p);
}

/* What is learned pins the values, and says what the log proves. */
static void
learns(void **state)
{
	struct seal_verdict *v = verdict_new();
	struct appraisal_in in;
	struct policy *p = NULL;
	struct evidence ev;
	char *text = NULL;

	(void)state;
	boot_with(usual_boot);
	in = in_for(evidence_of(&ev, true));
	assert_int_equal(appraise_observe(&in, NULL, v, &text, NULL), 0);
	seal_verdict_free(&v);
	assert_non_null(strstr(text, "secure_boot"));
	assert_non_null(strstr(text, shim_hex));
	assert_int_equal(policy_load(span_str(text), "", &p, NULL), 0);
	assert_non_null(v = verdict_new());
	assert_int_equal(appraise(p, &in, v), 0);
	seal_verdict_free(&v);
	policy_free(&p);
	free(text);
	evidence_free(&ev);

	boot_with(secure_off);
	in = in_for(evidence_of(&ev, true));
	assert_non_null(v = verdict_new());
	assert_int_equal(appraise_observe(&in, NULL, v, &text, NULL), 0);
	assert_null(strstr(text, "secure_boot"));
	seal_verdict_free(&v);
	free(text);
	evidence_free(&ev);
}

static int
setup(void **state)
{
	uint8_t buf[128];
	struct wr v;

	(void)state;
	keyring_make(KEY_P256, &ring);
	hex_of(HASH_SHA256, span_str(LOG_SHIM), shim_hex);
	hex_of(HASH_SHA384, span_str(LOG_SHIM), shim384_hex);
	wr_init(&v, buf, sizeof(buf));
	log_variable_data(&v, false, "PK", span_str("platform key"));
	hex_of(HASH_SHA256, wr_view(&v), pk_hex);
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
		cmocka_unit_test(log_is_held_against_quote),
		cmocka_unit_test(secure_boot_is_proved),
		cmocka_unit_test(names_do_not_help),
		cmocka_unit_test(text_has_shapes),
		cmocka_unit_test(bad_policies),
		cmocka_unit_test(not_beside_corim),
		cmocka_unit_test(explains),
		cmocka_unit_test(learns),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
