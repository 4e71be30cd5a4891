/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "base/text.h"
#include "log_fixture.h"

static uint8_t room[16384];

static struct wr
writer(void)
{
	struct wr w;

	wr_init(&w, room, sizeof(room));
	return w;
}

/* ---- Of a confidential VM ---- */

/* How many bytes of 0xff, then which byte; what comes of it. */
static const struct {
	const char *name;
	uint32_t index;
	size_t padding;
	int last; /* -1: none */
	uint16_t bank;
	int want;
} cc_rows[] = {
	{ "to its end", 4, 0, -1, TPM_ALG_SHA384, 0 },
	{ "padded", 4, 300, -1, TPM_ALG_SHA384, 0 },
	{ "padded by one", 4, 1, -1, TPM_ALG_SHA384, 0 },
	{ "MRTD", 0, 8, -1, TPM_ALG_SHA384, 0 },
	{ "a register past RTMR 3", 5, 0, -1, TPM_ALG_SHA384, SEAL_E_DECODE },
	{ "something behind the padding", 4, 300, 0, TPM_ALG_SHA384,
	    SEAL_E_DECODE },
	{ "another padding", 4, 0, 0, TPM_ALG_SHA384, SEAL_E_DECODE },
	{ "SHA-256", 4, 0, -1, TPM_ALG_SHA256, SEAL_E_UNSUPPORTED },
};

static void
reads_cc(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cc_rows) / sizeof(cc_rows[0]); i++) {
		enum hash h = tpm_hash(cc_rows[i].bank);
		struct eventlog l = { 0 };
		struct seal_diag d = { 0 };
		struct wr w = writer();
		int r;

		log_header(&w, &cc_rows[i].bank, 1);
		log_le(&w, cc_rows[i].index, 4);
		log_le(&w, EV_IPL, 4);
		log_le(&w, 1, 4);
		log_le(&w, cc_rows[i].bank, 2);
		for (size_t k = 0; k < hash_size(h) + 4 + 2; k++)
			wr_u8(&w, k < hash_size(h)    ? 0x77
				  : k == hash_size(h) ? 2
				  : k < hash_size(h) + 4
				      ? 0
				      : 0xff); /* data like padding */
		for (size_t k = 0; k < cc_rows[i].padding; k++)
			wr_u8(&w, 0xff);
		if (cc_rows[i].last >= 0)
			wr_u8(&w, (uint8_t)cc_rows[i].last);
		if ((r = eventlog_parse_cc(wr_view(&w), &l, &d)) !=
		    cc_rows[i].want)
			fail_msg("%s: %d: %s", cc_rows[i].name, r, d.text);
		if (r == 0)
			assert_int_equal(l.n_events, 1);
		/* A TPM's log has no padding. */
		if (cc_rows[i].padding > 0)
			assert_int_equal(eventlog_parse(wr_view(&w), &l, NULL),
			    SEAL_E_DECODE);
	}
}

/* ---- Good logs ---- */

static void
reads_a_boot(void **state)
{
	struct eventlog l = { 0 };
	struct eventlog_event e = { 0 };
	struct eventlog_iter it;
	struct seal_diag d = { 0 };
	struct wr w = writer();
	size_t n = 0;

	(void)state;
	log_boot(&w, log_on);
	if (eventlog_parse(wr_view(&w), &l, &d) != 0)
		fail_msg("%s", d.text);
	assert_true(l.agile);
	assert_int_equal(l.n_banks, 2);
	assert_true(l.has_locality);
	assert_int_equal(l.locality, 3);
	eventlog_begin(&l, &it);
	while (eventlog_next(&l, &it, &e))
		assert_int_equal(e.number, n++);
	assert_int_equal(n, l.n_events);
	assert_int_equal(n, 16);
}

/* A cut between two records is a shorter log, which only replay tells from
 * the whole one; everywhere else it is malformed. */
static void
cut_anywhere(void **state)
{
	static const uint8_t zeros[48];
	struct eventlog whole = { 0 }, l = { 0 };
	struct eventlog_pcrs all = { 0 }, p = { 0 };
	struct wr w = writer();
	size_t good = 0;

	(void)state;
	log_boot(&w, log_on);
	assert_int_equal(eventlog_parse(wr_view(&w), &whole, NULL), 0);
	assert_int_equal(
	    eventlog_replay(&whole, TPM_ALG_SHA256, &all, NULL), 0);
	for (size_t n = 0; n < w.n; n++) {
		if (eventlog_parse(span_of(room, n), &l, NULL) != 0)
			continue;
		good++;
		assert_true(l.n_events < whole.n_events);
		assert_int_equal(
		    eventlog_replay(&l, TPM_ALG_SHA256, &p, NULL), 0);
		assert_memory_not_equal(p.value[8], all.value[8], 32);
		assert_memory_equal(p.value[8], zeros, 32);
	}
	assert_int_equal(good, whole.n_events);
}

static void
reads_an_old_log(void **state)
{
	struct eventlog l = { 0 };
	struct eventlog_pcrs p = { 0 };
	struct wr w = writer();
	uint8_t want[HASH_MAX] = { 0 }, digest[20];
	struct span parts[2] = { span_of(want, 20), span_of(digest, 20) };

	(void)state;
	memset(digest, 7, sizeof(digest));
	for (int i = 0; i < 2; i++) {
		log_le(&w, 5, 4);
		log_le(&w, EV_ACTION, 4);
		wr_bytes(&w, span_of(digest, sizeof(digest)));
		log_le(&w, 3, 4);
		wr_bytes(&w, span_str("abc"));
		assert_int_equal(
		    hash_parts(HASH_SHA1, parts, 2, want, NULL), 0);
	}
	assert_int_equal(eventlog_parse(wr_view(&w), &l, NULL), 0);
	assert_false(l.agile);
	assert_int_equal(l.n_events, 2);
	assert_int_equal(eventlog_replay(&l, TPM_ALG_SHA1, &p, NULL), 0);
	assert_int_equal(p.touched, 1u << 5);
	assert_memory_equal(p.value[5], want, 20);
	assert_int_equal(
	    eventlog_replay(&l, TPM_ALG_SHA256, &p, NULL), SEAL_E_UNSUPPORTED);
}

/* ---- Bad logs ---- */

static void
two_localities(struct wr *w)
{
	log_header(w, log_banks, 2);
	log_locality(w, 0, 3);
	log_locality(w, 0, 3);
}

static void
late_locality(struct wr *w)
{
	log_header(w, log_banks, 2);
	log_plain(w, 0, EV_SEPARATOR, log_separator);
	log_locality(w, 0, 3);
}

static void
other_locality(struct wr *w)
{
	log_header(w, log_banks, 2);
	log_locality(w, 0, 2);
}

static void
locality_elsewhere(struct wr *w)
{
	log_header(w, log_banks, 2);
	log_locality(w, 1, 3);
}

static void
long_locality(struct wr *w)
{
	log_header(w, log_banks, 2);
	log_plain(w, 0, EV_NO_ACTION, span_of("StartupLocality\0\3\0", 18));
}

static void
pcr_24(struct wr *w)
{
	log_header(w, log_banks, 2);
	log_plain(w, 24, EV_ACTION, log_separator);
}

static void
no_bank(struct wr *w)
{
	log_header(w, log_banks, 0);
}

static void
bank_twice(struct wr *w)
{
	static const uint16_t banks[] = { TPM_ALG_SHA256, TPM_ALG_SHA256 };

	log_header(w, banks, 2);
}

static void
too_many_banks(struct wr *w)
{
	static const uint16_t banks[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

	log_header(w, banks, 9);
}

/* Hashes unknown here have size 0 in what the fixture writes. */
static void
bank_of_no_size(struct wr *w)
{
	static const uint16_t banks[] = { 0x7777 };

	log_header(w, banks, 1);
}

static void
bank_of_wrong_size(struct wr *w)
{
	log_header(w, log_banks, 1);
	w->p[32 + 24 + 4 + 2] = 31; /* SHA-256 of 31 bytes */
}

static void
header_trailing(struct wr *w)
{
	log_header(w, log_banks, 2);
	w->p[28]++; /* size of the header's data */
	wr_u8(w, 0);
}

static void
digest_of_other_bank(struct wr *w)
{
	log_header(w, log_banks, 2);
	log_plain(w, 1, EV_ACTION, log_separator);
	w->p[w->n - 4 - 4 - 48 - 2] = TPM_ALG_SHA512;
}

static void
digest_twice(struct wr *w)
{
	static const uint16_t banks[] = { TPM_ALG_SHA256, TPM_ALG_SHA1 };
	static const uint8_t zeros[32];

	log_header(w, banks, 2);
	log_le(w, 1, 4);
	log_le(w, EV_ACTION, 4);
	log_le(w, 2, 4);
	for (int i = 0; i < 2; i++) {
		log_le(w, TPM_ALG_SHA256, 2);
		wr_bytes(w, span_of(zeros, 32));
	}
	log_le(w, 0, 4);
}

static void
digest_missing(struct wr *w)
{
	static const uint8_t zeros[32];

	log_header(w, log_banks, 2);
	log_le(w, 1, 4);
	log_le(w, EV_ACTION, 4);
	log_le(w, 1, 4);
	log_le(w, TPM_ALG_SHA256, 2);
	wr_bytes(w, span_of(zeros, 32));
	log_le(w, 0, 4);
}

static void
digests_by_the_billion(struct wr *w)
{
	log_header(w, log_banks, 2);
	log_le(w, 1, 4);
	log_le(w, EV_ACTION, 4);
	log_le(w, 0xffffffff, 4);
}

static void
data_past_the_end(struct wr *w)
{
	log_header(w, log_banks, 2);
	log_plain(w, 1, EV_ACTION, log_separator);
	w->p[w->n - 5] = 0xff;
}

static void
trailing_byte(struct wr *w)
{
	log_boot(w, log_on);
	wr_u8(w, 0);
}

static void
trailing_ff(struct wr *w)
{
	log_boot(w, log_on);
	for (int i = 0; i < 64; i++)
		wr_u8(w, 0xff);
}

static void
nothing(struct wr *w)
{
	(void)w;
}

static const struct {
	const char *name;
	void (*make)(struct wr *w);
} bad[] = {
	{ "nothing", nothing },
	{ "StartupLocality twice", two_localities },
	{ "StartupLocality after PCR 0 was extended", late_locality },
	{ "StartupLocality 2", other_locality },
	{ "StartupLocality in PCR 1", locality_elsewhere },
	{ "StartupLocality of 18 bytes", long_locality },
	{ "PCR 24", pcr_24 },
	{ "no bank", no_bank },
	{ "a bank twice", bank_twice },
	{ "nine banks", too_many_banks },
	{ "a bank of no size", bank_of_no_size },
	{ "SHA-256 of 31 bytes", bank_of_wrong_size },
	{ "a byte after the header's fields", header_trailing },
	{ "a digest of a bank that the header lacks", digest_of_other_bank },
	{ "a digest twice", digest_twice },
	{ "a digest missing", digest_missing },
	{ "2^32-1 digests", digests_by_the_billion },
	{ "data past the end", data_past_the_end },
	{ "a trailing byte", trailing_byte },
	{ "trailing 0xff", trailing_ff },
};

static void
refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct eventlog l = { .n_events = 77 };
		struct seal_diag d = { 0 };
		struct wr w = writer();

		bad[i].make(&w);
		assert_int_equal(w.error, 0);
		if (eventlog_parse(wr_view(&w), &l, &d) != SEAL_E_DECODE)
			fail_msg("%s: accepted", bad[i].name);
		assert_int_equal(l.n_events, 77);
		assert_true(d.text[0] != '\0');
	}
}

static void
limits_events(void **state)
{
	struct eventlog l = { 0 };
	struct wr w;

	(void)state;
	wr_init_heap(&w, 8u << 20);
	log_header(&w, log_banks, 2);
	for (size_t i = 0; i < EVENTLOG_EVENTS_MAX; i++)
		log_plain(&w, 1, EV_ACTION, span_str("x"));
	assert_int_equal(eventlog_parse(wr_view(&w), &l, NULL), 0);
	log_plain(&w, 1, EV_ACTION, span_str("x"));
	assert_int_equal(eventlog_parse(wr_view(&w), &l, NULL), SEAL_E_LIMIT);
	wr_free(&w);
}

/* ---- Replay ---- */

/* PCR 0 begins with the locality, and no EV_NO_ACTION is extended, even one
 * that carries a digest. */
static void
replays(void **state)
{
	static const uint8_t zeros[HASH_MAX];
	struct eventlog l = { 0 };
	struct eventlog_pcrs p = { 0 };
	uint8_t want[HASH_MAX] = { 0 }, digest[HASH_MAX], ff[32];
	struct span parts[2] = { span_of(want, 32), span_of(digest, 32) };
	struct wr w = writer();

	(void)state;
	memset(ff, 0xff, sizeof(ff));
	log_header(&w, log_banks, 2);
	log_locality(&w, 0, 4);
	log_plain(&w, 0, EV_EFI_HCRTM_EVENT, span_str("HCRTM"));
	log_plain(&w, 3, EV_ACTION, span_str("changed below"));
	w.p[w.n - 13 - 4 - (2 + 48) - (2 + 32) - 4 - 4] = EV_NO_ACTION;
	assert_int_equal(eventlog_parse(wr_view(&w), &l, NULL), 0);
	assert_int_equal(eventlog_replay(&l, TPM_ALG_SHA256, &p, NULL), 0);
	want[31] = 4;
	assert_int_equal(
	    hash_one(HASH_SHA256, span_str("HCRTM"), digest, NULL), 0);
	assert_int_equal(hash_parts(HASH_SHA256, parts, 2, want, NULL), 0);
	assert_memory_equal(p.value[0], want, 32);
	assert_memory_equal(p.value[3], zeros, 32);
	assert_memory_equal(p.value[17], ff, 32);
	assert_memory_equal(p.value[23], zeros, 32);
	assert_int_equal(p.touched, 1);
	assert_int_equal(
	    eventlog_replay(&l, TPM_ALG_SHA512, &p, NULL), SEAL_E_UNSUPPORTED);
	assert_int_equal(
	    eventlog_replay(&l, 0x0012, &p, NULL), SEAL_E_UNSUPPORTED);
}

/* ---- What an event's data proves ---- */

static const struct {
	const char *name;
	uint32_t type;
	struct span measured, data;
	enum eventlog_content want;
	const char *covered;
} contents[] = {
	{ "separator", EV_SEPARATOR, STR("abcd"), STR("abcd"), EVENTLOG_PROVED,
	    "abcd" },
	{ "separator of other data", EV_SEPARATOR, STR("abcd"), STR("abce"),
	    EVENTLOG_CONTRADICTED, "" },
	{ "configuration of other data", EV_EFI_VARIABLE_DRIVER_CONFIG,
	    STR("abcd"), STR("abce"), EVENTLOG_CONTRADICTED, "" },
	{ "action", EV_EFI_ACTION, STR("Calling"), STR("Calling"),
	    EVENTLOG_PROVED, "Calling" },
	{ "application", EV_EFI_BOOT_SERVICES_APPLICATION, STR("a PE file"),
	    STR("its path"), EVENTLOG_DESCRIBED, "" },
	{ "command line by GRUB", EV_IPL, STR("ro quiet"),
	    STR("kernel_cmdline: ro quiet"), EVENTLOG_PROVED, "ro quiet" },
	{ "the same with its NUL", EV_IPL, STR("ro quiet"),
	    STR("kernel_cmdline: ro quiet\0"), EVENTLOG_PROVED, "ro quiet" },
	{ "another command line", EV_IPL, STR("ro quiet"),
	    STR("kernel_cmdline: ro loud"), EVENTLOG_DESCRIBED, "" },
	{ "text with its NUL", EV_IPL, STR("MokList"), STR("MokList\0"),
	    EVENTLOG_PROVED, "MokList" },
	{ "nothing to cover", EV_IPL, STR(""), STR(""), EVENTLOG_DESCRIBED,
	    "" },
	{ "not measured", EV_NO_ACTION, STR("abc"), STR("abc"),
	    EVENTLOG_DESCRIBED, "" },
	{ "a type without name", 0x1234, STR("abc"), STR("abc"),
	    EVENTLOG_PROVED, "abc" },
};

static void
tells_content(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		struct eventlog l = { 0 };
		struct eventlog_event e = { 0 };
		struct eventlog_iter it;
		struct span covered = { 0 };
		struct wr w = writer();

		log_header(&w, log_banks, 2);
		log_event(&w, 8, contents[i].type, contents[i].measured,
		    contents[i].data);
		assert_int_equal(eventlog_parse(wr_view(&w), &l, NULL), 0);
		eventlog_begin(&l, &it);
		assert_true(eventlog_next(&l, &it, &e));
		if (eventlog_content(&l, &e, TPM_ALG_SHA384, &covered) !=
			contents[i].want ||
		    !span_is(covered, contents[i].covered))
			fail_msg("%s", contents[i].name);
		assert_int_equal(
		    eventlog_content(&l, &e, TPM_ALG_SHA1, &covered),
		    EVENTLOG_DESCRIBED);
		assert_int_equal(covered.n, 0);
	}
}

static void
reads_variables(void **state)
{
	struct eventlog_variable v = { 0 };
	struct wr w = writer();

	(void)state;
	log_variable_data(&w, false, "SecureBoot", log_on);
	for (size_t n = 0; n < w.n; n++)
		assert_false(eventlog_variable_parse(span_of(room, n), &v));
	assert_true(eventlog_variable_parse(wr_view(&w), &v));
	assert_true(eventlog_variable_is_global(&v, "SecureBoot"));
	assert_false(eventlog_variable_is_global(&v, "SecureBoo"));
	assert_false(eventlog_variable_is_global(&v, "SecureBoot2"));
	assert_false(eventlog_variable_is_global(&v, "secureboot"));
	assert_true(span_equal(v.value, log_on));
	wr_u8(&w, 0);
	assert_false(eventlog_variable_parse(wr_view(&w), &v));

	w = writer();
	log_variable_data(&w, true, "SecureBoot", log_on);
	assert_true(eventlog_variable_parse(wr_view(&w), &v));
	assert_false(eventlog_variable_is_global(&v, "SecureBoot"));

	w = writer(); /* a name of 2^63 units, whose bytes wrap to none */
	log_variable_data(&w, false, "", log_on);
	room[16 + 7] = 0x80;
	assert_false(eventlog_variable_parse(wr_view(&w), &v));
}

static void
reads_tags(void **state)
{
	struct span value = { 0 };
	struct wr w = writer();
	uint32_t id = 0;

	(void)state;
	log_le(&w, 0x8f3b22ec, 4);
	log_le(&w, 5, 4);
	wr_bytes(&w, span_str("quiet"));
	for (size_t n = 0; n < w.n; n++)
		assert_false(eventlog_tag_parse(span_of(room, n), &id, &value));
	assert_true(eventlog_tag_parse(wr_view(&w), &id, &value));
	assert_int_equal(id, 0x8f3b22ec);
	assert_true(span_is(value, "quiet"));
	wr_u8(&w, 0);
	assert_false(eventlog_tag_parse(wr_view(&w), &id, &value));
}

static const struct {
	struct span in;
	const char *want;
} texts[] = {
	{ STR("quiet ro"), "quiet ro" },
	{ STR("quiet\0"), "quiet" },
	{ STR("q\0u\0i\0e\0t\0\0\0"), "quiet" },
	{ HEX('q', 0, 'u', 0, 0x51, 0x04), "qu?" },
	{ HEX('o', 'k', 0x1b, '['), "" },
	{ HEX('o', 'k', 0, 0xff, 0xff), "" },
	{ STR("x"), "" },
	{ STR(""), "" },
	{ STR("a text longer than the buffer that it goes to is cut"),
	    "a text longer t" },
};

static void
shows_text(void **state)
{
	char buf[16];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_string_equal(
		    eventlog_text(texts[i].in, buf, sizeof(buf)),
		    texts[i].want);
	assert_string_equal(eventlog_type_name(EV_SEPARATOR), "EV_SEPARATOR");
	assert_null(eventlog_type_name(0x1234));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_cc),
		cmocka_unit_test(reads_a_boot),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(reads_an_old_log),
		cmocka_unit_test(refuses),
		cmocka_unit_test(limits_events),
		cmocka_unit_test(replays),
		cmocka_unit_test(tells_content),
		cmocka_unit_test(reads_variables),
		cmocka_unit_test(reads_tags),
		cmocka_unit_test(shows_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
