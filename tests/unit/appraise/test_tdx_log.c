/* SPDX-License-Identifier: Apache-2.0 */
/* Event logs beside a TDX quote, made up, and rules about them. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "../format/log_fixture.h"
#include "appraise/appraiser.h"
#include "appraise/verdict_fixture.h"
#include "base/text.h"
#include "dcap_fixture.h"

#define POLICY_MAX 8192
#define LOG_MAX 8192
#define MRTD                                                            \
	"\"measurements\":{\"mrtd\":\"11111111111111111111111111111111" \
	"1111111111111111111111111111111111111111111111111111111111111111\"%s}"
#define CMDLINE "{\"rtmr\":2,\"text\":\"" LOG_CMDLINE "\"}"
#define OTHER "{\"rtmr\":2,\"text\":\"init=/bin/sh\"}"

/* What is done to the log before it is given. */
enum harm {
	AS_IT_IS,
	PADDED,
	NO_LOG,
	LONGER,       /* by an event of RTMR 2 */
	SHORTER,      /* by the last event */
	OTHER_DIGEST, /* one bit of the command line's */
	OTHER_INDEX,  /* an event of register 5 */
	PADDED_BADLY, /* a byte in the padding */
	EMPTY,        /* the header alone */
	WITH_OTHERS,  /* behind an empty log, a shorter and a broken one */
	SHA256_ONLY
};

static uint8_t rtmrs[TD_RTMRS][48];
static uint8_t room[LOG_MAX];
static struct seal_binding binding;

static void
put_log(struct wr *w, bool command)
{
	log_header(w, log_banks, 2);
	log_plain(w, 1, EV_SEPARATOR, log_separator);
	log_event(w, 2, EV_EFI_BOOT_SERVICES_APPLICATION, span_str(LOG_SHIM),
	    span_str("path"));
	log_plain(w, 2, EV_SEPARATOR, log_separator);
	log_plain(w, 3, EV_IPL, span_str("grub_cmd: set"));
	if (command)
		log_event(w, 3, EV_IPL, span_str(LOG_CMDLINE),
		    span_str("kernel_cmdline: " LOG_CMDLINE));
	assert_int_equal(w->error, 0);
}

static void
put_padding(struct wr *w, size_t n)
{
	while (n-- > 0)
		wr_u8(w, 0xff);
}

static int
setup(void **state)
{
	struct eventlog_pcrs p;
	struct eventlog l;
	struct wr w;

	(void)state;
	dcap_setup();
	wr_init(&w, room, sizeof(room));
	put_log(&w, true);
	assert_int_equal(eventlog_parse_cc(wr_view(&w), &l, NULL), 0);
	assert_int_equal(eventlog_replay(&l, TPM_ALG_SHA384, &p, NULL), 0);
	for (size_t i = 0; i < TD_RTMRS; i++)
		memcpy(rtmrs[i], p.value[1 + i], 48);
	return binding_replay(span_of("a binder of any thirty-two bytes", 32),
	    span_of(NULL, 0), &binding, NULL);
}

static int
teardown(void **state)
{
	(void)state;
	dcap_teardown();
	return 0;
}

static void
give(struct endorsements *e, const char *name, const struct wr *w)
{
	struct seal_diag d = { 0 };

	assert_int_equal(w->error, 0);
	if (endorse_add(e, name, wr_view(w), &d) != 0)
		fail_msg("%s", d.text);
}

static void
give_one(struct endorsements *e, enum harm harm)
{
	static const uint16_t sha256[] = { TPM_ALG_SHA256 };
	struct wr w;

	wr_init(&w, room, sizeof(room));
	if (harm == EMPTY)
		log_header(&w, log_banks, 2);
	else if (harm == SHA256_ONLY)
		log_header(&w, sha256, 1);
	else
		put_log(&w, harm != SHORTER);
	if (harm == LONGER)
		log_plain(&w, 3, EV_IPL, span_str("more"));
	if (harm == OTHER_INDEX)
		log_plain(&w, 5, EV_IPL, span_str("more"));
	/* The digest ends before the data and its length. */
	if (harm == OTHER_DIGEST)
		room[w.n - strlen("kernel_cmdline: " LOG_CMDLINE) - 5] ^= 1;
	if (harm == PADDED || harm == PADDED_BADLY)
		put_padding(&w, 100);
	if (harm == PADDED_BADLY)
		room[w.n - 1] = 0xfe;
	give(e, "log", &w);
}

static void
give_log(struct endorsements *e, enum harm harm)
{
	if (harm == WITH_OTHERS) {
		give_one(e, EMPTY);
		give_one(e, SHORTER);
		give_one(e, OTHER_INDEX);
		harm = AS_IT_IS;
	}
	give_one(e, harm);
}

struct row {
	const char *name;
	const char *events; /* NULL: none */
	enum harm harm;
	const char *failed; /* the first check that fails; NULL: accepted */
	const char *values; /* of RTMRs */
};

#define ALLOWED                                \
	"{\"rtmrs\":[2],\"allowed\":[" CMDLINE \
	",{\"rtmr\":2,\"text\":\"grub_cmd: set\"}]}"
#define REQUIRED "{\"rtmrs\":[2],\"required\":[" CMDLINE "]}"

static const struct row rows[] = {
	{ "no rules, no log", NULL, NO_LOG },
	{ "no rules, a log", NULL },
	{ "no rules, another's log", NULL, SHORTER },
	{ "required", REQUIRED },
	{ "required, padded log", REQUIRED, PADDED },
	{ "required, among other logs", REQUIRED, WITH_OTHERS },
	{ "allowed", ALLOWED },
	{ "without log", REQUIRED, NO_LOG, "tdx.event.log" },
	{ "event more than quoted", REQUIRED, LONGER, "tdx.log.replay" },
	{ "event less than quoted", ALLOWED, SHORTER, "tdx.log.replay" },
	{ "another digest", REQUIRED, OTHER_DIGEST, "tdx.log.replay" },
	{ "a register past RTMR 3", REQUIRED, OTHER_INDEX, "tdx.event.log" },
	{ "padding that is none", REQUIRED, PADDED_BADLY, "tdx.event.log" },
	{ "a log of nothing", REQUIRED, EMPTY, "tdx.event.log" },
	{ "a log of another hash", REQUIRED, SHA256_ONLY, "tdx.event.log" },
	{ "required, never measured",
	    "{\"rtmrs\":[2],\"required\":[" OTHER "]}", AS_IT_IS,
	    "tdx.event.required" },
	{ "required in another RTMR",
	    "{\"rtmrs\":[1],\"required\":[{\"rtmr\":1,\"text\":\"" LOG_CMDLINE
	    "\"}]}",
	    AS_IT_IS, "tdx.event.required" },
	{ "not among the allowed", "{\"rtmrs\":[2],\"allowed\":[" CMDLINE "]}",
	    AS_IT_IS, "tdx.event.allowed" },
	{ "forbidden",
	    "{\"rtmrs\":[2],\"allowed\":[" OTHER "],\"forbidden\":[" CMDLINE
	    "]}",
	    AS_IT_IS, "tdx.event.allowed" },
	{ "forbidden, though required",
	    "{\"rtmrs\":[2],\"required\":[" CMDLINE "],\"forbidden\":[" CMDLINE
	    "]}",
	    AS_IT_IS, "tdx.event.forbidden" },
	{ "forbidden, of which there is none",
	    "{\"rtmrs\":[2],\"required\":[" CMDLINE "],\"forbidden\":[" OTHER
	    "]}" },
	/* The log says nothing of it, so it must be as it began. */
	{ "an RTMR without events", "{\"rtmrs\":[3],\"allowed\":[{\"rtmr\":3,"
				    "\"text\":\"runtime\"}]}" },
	{ NULL },
};

static struct policy *
policy_of(const char *events, const char *values, int want)
{
	struct seal_diag d = { 0 };
	struct policy *p = NULL;
	struct wr w;
	int r;

	wr_init_heap(&w, POLICY_MAX);
	wr_printf(&w,
	    "{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":\"none\"},"
	    "\"accept\":[{\"scheme\":\"%s\",\"signers\":[{\"ca\":\"%s\"}],"
	    "\"debug\":false," MRTD,
	    QUOTE_TDX_TYPE, dcap_root_file(), values == NULL ? "" : values);
	if (events != NULL)
		wr_printf(&w, ",\"events\":%s", events);
	wr_printf(&w, "}]}");
	assert_int_equal(w.error, 0);
	if ((r = policy_load(wr_view(&w), "/", &p, &d)) != want)
		fail_msg("%s: %d: %s", events, r, d.text);
	wr_free(&w);
	return p;
}

static void
run(const struct row *row, const uint8_t quoted[TD_RTMRS][48])
{
	struct dcap_recipe r = { .tee = QUOTE_TDX, .rtmrs = quoted };
	struct policy *p = policy_of(row->events, row->values, 0);
	struct endorsements *e = dcap_given(&r);
	struct seal_verdict *v = verdict_new();
	struct span value = binding_value(&binding);
	const char *want = row->failed == NULL ? "" : row->failed;
	struct appraisal_in in = { .media_type = span_str(QUOTE_TDX_TYPE),
		.expected = &binding,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = NOW,
		.endorse = e,
		.binder_known = true };
	struct wr quote;

	memcpy(r.report_data, value.p, value.n);
	dcap_quote(&r, &quote);
	in.evidence = wr_view(&quote);
	if (row->harm != NO_LOG)
		give_log(e, row->harm);
	if ((appraise(p, &in, v) == 0) != (row->failed == NULL) ||
	    strcmp(first_failed(v), want) != 0)
		fail_msg("%s: '%s' failed, expected '%s': %s", row->name,
		    first_failed(v), want,
		    v->diag == NULL ? "" : v->diag->text);
	wr_free(&quote);
	endorse_free(&e);
	seal_verdict_free(&v);
	policy_free(&p);
}

static void
every_row(void **state)
{
	(void)state;
	for (const struct row *row = rows; row->name != NULL; row++)
		run(row, rtmrs);
}

/* An RTMR of which the log is silent was extended: by something unknown. */
static void
silent_of_an_rtmr(void **state)
{
	static const struct row row = { "extended, and no event",
		"{\"rtmrs\":[3],\"allowed\":[{\"rtmr\":3,\"text\":\"a\"}]}",
		AS_IT_IS, "tdx.event.replay" };
	uint8_t quoted[TD_RTMRS][48];

	(void)state;
	memcpy(quoted, rtmrs, sizeof(quoted));
	quoted[3][0] = 1;
	run(&row, (const uint8_t(*)[48])quoted);
}

/* A value and rules, for one RTMR. */
static void
value_and_rules(void **state)
{
	static const char events[] = "{\"required\":[" CMDLINE "]}";
	char values[128];
	struct wr w;
	struct row row = { "a value, and what it holds", events,
		.values = values };

	(void)state;
	wr_init(&w, values, sizeof(values));
	wr_printf(&w, ",\"rtmr2\":\"");
	wr_hex(&w, span_of(rtmrs[2], 48));
	wr_printf(&w, "\"");
	wr_u8(&w, 0);
	assert_int_equal(w.error, 0);
	run(&row, (const uint8_t(*)[48])rtmrs);
	/* Without the value nothing covers RTMR 2; with both it is twice. */
	assert_null(policy_of(events, NULL, SEAL_E_CONFIG));
	assert_null(policy_of(REQUIRED, values, SEAL_E_CONFIG));
}

static void
bad_rules(void **state)
{
	static const char *const bad[] = { "{}", "[]", "{\"rtmrs\":[2]}",
		"{\"pcrs\":{\"sha384\":[2]},\"required\":[" CMDLINE "]}",
		"{\"rtmrs\":{\"sha384\":[2]},\"required\":[" CMDLINE "]}",
		"{\"rtmrs\":[2,4],\"required\":[" CMDLINE "]}",
		"{\"rtmrs\":[2,2],\"required\":[" CMDLINE "]}",
		"{\"rtmrs\":[],\"required\":[" CMDLINE "]}",
		"{\"rtmrs\":[2],\"secure_boot\":true,\"required\":[" CMDLINE
		"]}",
		"{\"rtmrs\":[1,2],\"required\":[" CMDLINE "]}",
		"{\"rtmrs\":[2],\"forbidden\":[" CMDLINE "]}",
		"{\"rtmrs\":[2],\"required\":[{\"pcr\":2,\"text\":\"a\"}]}",
		"{\"rtmrs\":[2],\"required\":[{\"rtmr\":4,\"text\":\"a\"}]}",
		"{\"rtmrs\":[2],\"required\":[{\"rtmr\":2}]}", NULL };

	(void)state;
	for (size_t i = 0; bad[i] != NULL; i++)
		assert_null(policy_of(bad[i], NULL, SEAL_E_CONFIG));
}

/* Reference triples judge the registers; rules would be a second judge. */
static void
not_beside_a_corim(void **state)
{
	json_t *entry = json_pack("{s:[s], s:{s:[i], s:[{s:i, s:s}]}}", "corim",
	    "a", "events", "rtmrs", 2, "required", "rtmr", 2, "text", "b");
	const struct appraiser *by = appraiser_find(span_str(QUOTE_TDX_TYPE));
	struct seal_diag d = { 0 };
	void *rules = calloc(1, by->rules_size);

	(void)state;
	assert_non_null(entry);
	assert_non_null(rules);
	assert_int_equal(
	    by->rules_load(entry, false, rules, &d), SEAL_E_CONFIG);
	assert_non_null(strstr(d.text, "'events' or 'corim', not both"));
	json_object_del(entry, "events");
	assert_int_equal(by->rules_load(entry, false, rules, NULL), 0);
	by->rules_wipe(rules);
	free(rules);
	json_decref(entry);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_row),
		cmocka_unit_test(silent_of_an_rtmr),
		cmocka_unit_test(value_and_rules), cmocka_unit_test(bad_rules),
		cmocka_unit_test(not_beside_a_corim) };

	return cmocka_run_group_tests(tests, setup, teardown);
}
