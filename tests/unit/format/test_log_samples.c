/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real logs that others made (folder SEAL_EVIDENCE; its PROVENANCE.md says
 * where each comes from). They are not part of this project, so without the
 * folder this test skips.
 */
#include "test.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "format/eventlog.h"
#include "format/ima.h"

static struct span
load(const char *name)
{
	const char *dir = getenv("SEAL_EVIDENCE");
	struct seal_diag d = { 0 };
	char path[512];
	uint8_t *p = NULL;
	size_t n = 0;

	if (dir == NULL || dir[0] == '\0') {
		print_message("SEAL_EVIDENCE is not set: no real samples\n");
		skip();
	}
	snprintf(path, sizeof(path), "%s/%s%s", dir,
	    strncmp(name, "tdx/", 4) == 0 ? "" : "tpm/", name);
	if (file_read(path, LIMIT_FILE, &p, &n, &d) != 0)
		fail_msg("%s", d.text);
	return span_of(p, n);
}

static void
unload(struct span s)
{
	free((void *)(uintptr_t)s.p);
}

/* Ordinary base64 text, over lines. */
static struct span
from_base64(struct span text)
{
	struct wr squeezed, out;
	uint8_t *p = NULL;
	size_t n = 0;

	wr_init_heap(&squeezed, LIMIT_FILE);
	wr_init_heap(&out, LIMIT_FILE);
	for (size_t i = 0; i < text.n; i++)
		if (!isspace(text.p[i]) && text.p[i] != '=')
			wr_u8(&squeezed, text.p[i] == '+'   ? '-'
					 : text.p[i] == '/' ? '_'
							    : text.p[i]);
	assert_true(b64url_decode(wr_view(&squeezed), &out));
	assert_int_equal(wr_take(&out, &p, &n), 0);
	wr_free(&squeezed);
	return span_of(p, n);
}

static void
parse(const char *name, struct span in, struct eventlog *ret)
{
	struct seal_diag d = { 0 };

	if (eventlog_parse(in, ret, &d) != 0)
		fail_msg("%s: %s", name, d.text);
}

static const struct {
	const char *name;
	bool base64, agile;
	size_t banks, events;
} logs[] = {
	{ "gce-nonce9009/eventlog.bin", false, true, 3, 44 },
	{ "eventlogs/rhel8-uefi.bin", false, true, 3, 0 },
	{ "eventlogs/ubuntu-2104-no-secure-boot.bin", false, true, 3, 0 },
	{ "eventlogs/cos-101-amd-sev.bin", false, true, 3, 0 },
	{ "eventlogs/cos-93-amd-sev.bin", false, true, 3, 0 },
	{ "eventlogs/ubuntu-1804-amd-sev.bin", false, true, 3, 0 },
	{ "eventlogs/debian-10.bin", false, false, 1, 0 },
	{ "eventlogs/arch-linux-workstation.bin", false, true, 2, 0 },
	{ "eventlogs/tpm2-tools-event-moklisttrusted.bin", false, true, 0, 0 },
	{ "eventlogs/tpm2-tools-event-postcode.bin", false, true, 0, 0 },
	{ "eventlogs/tpm2-tools-event-sd-boot-fedora37.bin", false, true, 0,
	    0 },
	{ "eventlogs/tpm2-tools-event-bootorder.bin", false, true, 0, 0 },
	{ "eventlogs/tpm2-tools-event-uefi-sha1-log.bin", false, false, 1, 0 },
	{ "eventlogs/tss-binary_measurements_nuc.b64", true, false, 1, 0 },
	{ "eventlogs/tss-binary_measurements_hcrtm.b64", true, true, 3, 0 },
};

/* Every log parses, its content shows, and no prefix of it replays to the
 * same unless what is cut measures nothing. */
static void
parses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++) {
		struct span in = load(logs[i].name), raw = in, covered;
		size_t proved = 0, contradicted = 0;
		struct eventlog l = { 0 };
		struct eventlog_event e;
		struct eventlog_iter it;
		struct eventlog_pcrs p;

		if (logs[i].base64)
			in = from_base64(raw);
		parse(logs[i].name, in, &l);
		assert_int_equal(l.agile, logs[i].agile);
		eventlog_begin(&l, &it);
		while (eventlog_next(&l, &it, &e)) {
			enum eventlog_content c =
			    eventlog_content(&l, &e, l.banks[0].alg, &covered);

			proved += c == EVENTLOG_PROVED;
			contradicted += c == EVENTLOG_CONTRADICTED;
		}
		print_message("%s: %zu events, %zu banks, %zu proved, %zu "
			      "contradicted\n",
		    logs[i].name, l.n_events, l.n_banks, proved, contradicted);
		assert_int_equal(
		    eventlog_replay(&l, l.banks[0].alg, &p, NULL), 0);
		assert_true(p.touched != 0 && proved > 0);
		if (logs[i].banks != 0)
			assert_int_equal(l.n_banks, logs[i].banks);
		if (logs[i].events != 0)
			assert_int_equal(l.n_events, logs[i].events);
		if (logs[i].base64)
			unload(raw);
		unload(in);
	}
}

/* ---- Replays to the quoted PCRs ---- */

static json_t *
load_json(const char *name)
{
	struct span text = load(name);
	json_t *j = json_loadb((const char *)text.p, text.n, 0, NULL);

	assert_non_null(j);
	unload(text);
	return j;
}

static size_t
compare(const char *bank, const json_t *values, const struct eventlog_pcrs *p)
{
	size_t n = 0;

	for (unsigned pcr = 0; pcr < TPM_PCRS; pcr++) {
		char key[4], hex[2 * HASH_MAX + 1] = "";
		const char *want;
		struct wr w;

		snprintf(key, sizeof(key), "%u", pcr);
		want = json_string_value(json_object_get(values, key));
		if (want == NULL || (p->touched >> pcr & 1) == 0)
			continue;
		wr_init(&w, hex, sizeof(hex) - 1);
		wr_hex(&w, span_of(p->value[pcr], strlen(want) / 2));
		if (strcmp(hex, want) != 0)
			fail_msg(
			    "%s: PCR %u: %s, quoted %s", bank, pcr, hex, want);
		n++;
	}
	return n;
}

static void
replays_gce(void **state)
{
	static const struct {
		const char *file;
		uint16_t bank;
	} banks[] = {
		{ "gce-nonce9009/sha1.pcrs.json", TPM_ALG_SHA1 },
		{ "gce-nonce9009/sha256.pcrs.json", TPM_ALG_SHA256 },
		{ "gce-nonce9009/sha384.pcrs.json", TPM_ALG_SHA384 },
	};
	struct span in = load("gce-nonce9009/eventlog.bin");
	struct eventlog l = { 0 };

	(void)state;
	parse("gce", in, &l);
	for (size_t i = 0; i < 3; i++) {
		json_t *values = load_json(banks[i].file);
		struct eventlog_pcrs p = { 0 };

		assert_int_equal(
		    eventlog_replay(&l, banks[i].bank, &p, NULL), 0);
		assert_true(compare(banks[i].file, values, &p) >= 8);
		json_decref(values);
	}
	unload(in);
}

static void
replays_windows(void **state)
{
	json_t *j = load_json("windows-gcp/windows_gcp_shielded_vm.json");
	json_t *log = json_object_get(j, "Log"), *pcr, *values;
	const char *raw = json_string_value(json_object_get(log, "Raw"));
	struct eventlog_pcrs p = { 0 };
	struct eventlog l = { 0 };
	struct span in;
	size_t i;

	(void)state;
	assert_non_null(raw);
	in = from_base64(span_str(raw));
	parse("windows", in, &l);
	assert_int_equal(eventlog_replay(&l, TPM_ALG_SHA1, &p, NULL), 0);
	assert_int_equal(p.touched & 0x78b1, 0x78b1);
	values = json_object();
	json_array_foreach(json_object_get(log, "PCRs"), i, pcr)
	{
		struct span value = from_base64(span_str(
		    json_string_value(json_object_get(pcr, "Digest"))));
		char key[4], hex[41] = "";
		struct wr w;

		snprintf(key, sizeof(key), "%d",
		    (int)json_integer_value(json_object_get(pcr, "Index")));
		wr_init(&w, hex, sizeof(hex) - 1);
		wr_hex(&w, value);
		json_object_set_new(values, key, json_string(hex));
		unload(value);
	}
	/* PCRs 0, 4, 5, 7 and 11 to 14 */
	assert_true(compare("windows", values, &p) >= 8);
	json_decref(values);
	json_decref(j);
	unload(in);
}

/* ---- IMA ---- */

/* One of the two ends with six bytes of an entry that is not there: refused as
 * it is, and good without them. */
static void
replays_ima(void **state)
{
	static const struct {
		const char *name;
		size_t stray, entries, violations;
	} files[] = {
		{ "eventlogs/tss-sml-ima-sig-sha256.b64", 6, 9, 0 },
		{ "eventlogs/tss-sml-ima-sig-sha256-invalidated.b64", 0, 2, 1 },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct span raw = load(files[i].name), in = from_base64(raw);
		struct span whole = span_of(in.p, in.n - files[i].stray);
		struct seal_diag d = { 0 };
		struct ima_replay p = { 0 };

		if (ima_replay(whole, TPM_ALG_SHA1, &p, &d) != 0)
			fail_msg("%s: %s", files[i].name, d.text);
		assert_int_equal(p.n_entries, files[i].entries);
		assert_int_equal(p.n_violations, files[i].violations);
		if (files[i].stray != 0)
			assert_int_equal(ima_replay(in, TPM_ALG_SHA1, &p, NULL),
			    SEAL_E_DECODE);
		unload(raw);
		unload(in);
	}
}

/* Of TDs: they end in padding, and speak of RTMRs alone. */
static void
parses_cc(void **state)
{
	static const struct {
		const char *name;
		size_t events;
	} cc[] = { { "tdx/v4-cos113-ccel/ccel_data.dat", 43 },
		{ "tdx/eventlogs/ccel-grub-gke.bin", 35 },
		{ "tdx/eventlogs/ccel-aael-alibaba.bin", 87 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cc) / sizeof(cc[0]); i++) {
		struct span in = load(cc[i].name);
		struct seal_diag d = { 0 };
		struct eventlog l = { 0 };

		if (eventlog_parse_cc(in, &l, &d) != 0)
			fail_msg("%s: %s", cc[i].name, d.text);
		assert_int_equal(l.n_events, cc[i].events);
		assert_int_equal(eventlog_parse(in, &l, NULL), SEAL_E_DECODE);
		unload(in);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses),
		cmocka_unit_test(replays_gce),
		cmocka_unit_test(parses_cc),
		cmocka_unit_test(replays_windows),
		cmocka_unit_test(replays_ima),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
