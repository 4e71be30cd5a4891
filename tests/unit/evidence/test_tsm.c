/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of configfs-tsm over a file system that behaves like it. */
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../appraise/svsm_fixture.h"
#include "base/file.h"
#include "base/limits.h"
#include "evidence/driver.h"
#include "fake/tsm.h"
#include "format/snp.h"
#include "format/svsm.h"

#define VTPM "c476f1eb-0123-45a5-9641-b4e7dde5bfe3"
#define COLLECT_MS 60000u
#define SHORT_MS 300u /* where nothing but the deadline ends it */

static const struct span exporter = STR("0123456789abcdef0123456789abcdef");
static char dir[] = "/tmp/seal-tsm-XXXXXX";
static char mount_dir[64], state_dir[64], control_file[96];
static pid_t child;
static bool absent; /* no FUSE on this machine */

static void
pause_briefly(void)
{
	struct timespec ts = { .tv_nsec = 20000000 };

	nanosleep(&ts, NULL);
}

static int
set_up(void **state)
{
	int status = 0;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(mount_dir, sizeof(mount_dir), "%s/mount", dir);
	snprintf(state_dir, sizeof(state_dir), "%s/state", dir);
	snprintf(control_file, sizeof(control_file), "%s/.control", mount_dir);
	assert_int_equal(mkdir(mount_dir, 0700), 0);
	assert_int_equal(mkdir(state_dir, 0700), 0);
	if ((child = fork()) == 0)
		_exit(fake_tsm("sev_guest", mount_dir, state_dir));
	assert_true(child > 0);
	while (access(control_file, W_OK) != 0) {
		if (waitpid(child, &status, WNOHANG) == child) {
			child = 0;
			absent = WIFEXITED(status) &&
				 WEXITSTATUS(status) == FAKE_TSM_SKIP;
			return absent ? 0 : -1;
		}
		pause_briefly();
	}
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const files[] = { "root.pem", "other.pem" };
	char path[96];

	(void)state;
	if (child > 0) {
		kill(child, SIGTERM);
		waitpid(child, NULL, 0);
	}
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", state_dir, files[i]);
		unlink(path);
	}
	(void)umount2(mount_dir, MNT_DETACH); /* where the child has died */
	rmdir(mount_dir);
	rmdir(state_dir);
	rmdir(dir);
	return 0;
}

static void
control(const char *lines)
{
	FILE *f;

	if (absent) {
		print_message("skipped: FUSE is not to be had here\n");
		skip();
	}
	f = fopen(control_file, "w");
	assert_non_null(f);
	fprintf(f, "reset\n%s\n", lines);
	assert_int_equal(fclose(f), 0);
}

static void
expect_no_entries(const char *name)
{
	uint8_t *text = NULL;
	size_t n = 0;

	assert_int_equal(file_read(control_file, 256, &text, &n, NULL), 0);
	if (strncmp((char *)text, "entries 0 ", 10) != 0)
		fail_msg("%s: left behind: %s", name, (char *)text);
	free(text);
}

/* Up to five settings beside the folder. */
static int
open_tsm(const char *const *kv, struct attester **ret, struct seal_diag *d)
{
	struct conf_pair pairs[6] = { { "dir", mount_dir } };
	struct conf conf = { pairs, 1 };

	for (; kv[0] != NULL; kv += 2)
		pairs[conf.n++] = (struct conf_pair){ kv[0], kv[1] };
	if (conf.n > 1 && strcmp(pairs[1].key, "dir") == 0)
		conf = (struct conf){ pairs + 1, conf.n - 1 };
	return attester_open("tsm", &conf, ret, d);
}

static int
collect(struct attester *a, enum hash h, uint32_t timeout_ms, struct wr *out,
    struct seal_binding *ret, struct seal_diag *d)
{
	assert_int_equal(
	    binding_post(h, attester_spki(a), exporter, ret, NULL), 0);
	wr_init_heap(out, LIMIT_CMW);
	return attester_collect(a, ret, timeout_ms, out, d);
}

/* ---- Opening ---- */

#define KV(...)                         \
	{                               \
		__VA_ARGS__, NULL, NULL \
	}
#define NONE         \
	{            \
		NULL \
	}

struct open_row {
	const char *name, *control;
	const char *kv[9];
	int want;
	unsigned level; /* of the report */
	bool svsm;
};

static const struct open_row open_rows[] = {
	{ "as it is", "", NONE, 0 },
	{ "the provider named", "", KV("provider", "sev_guest"), 0 },
	{ "another provider named", "", KV("provider", "tdx_guest"),
	    SEAL_E_CONFIG },
	{ "a provider that is unknown", "provider riscv_cove", NONE,
	    SEAL_E_UNSUPPORTED },
	{ "a provider without a name", "provider  ", NONE, SEAL_E_UNSUPPORTED },
	{ "a provider called longer", "provider sev_guest2", NONE,
	    SEAL_E_UNSUPPORTED },
	{ "no such folder", "", KV("dir", "/nonexistent"), SEAL_E_UNSUPPORTED },
	{ "no driver of a platform", "fail mkdir 6 1", NONE,
	    SEAL_E_UNSUPPORTED },
	{ "no right to make an entry", "fail mkdir 13 1", NONE, SEAL_E_CONFIG },
	{ "names that are taken", "fail mkdir 17 7", NONE, 0 },
	{ "every name is taken", "fail mkdir 17 8", NONE, SEAL_E_UNAVAILABLE },
	{ "the provider cannot be read", "fail provider 5 1", NONE,
	    SEAL_E_UNAVAILABLE },
	{ "certificates: neither yes nor no", "", KV("certificates", "maybe"),
	    SEAL_E_CONFIG },
	{ "through the SVSM", "svsm\nfloor 2", KV("service_provider", "svsm"),
	    0, .svsm = true },
	{ "one of its services", "svsm\nfloor 2",
	    KV("service_provider", "svsm", "service_guid", VTPM), 0,
	    .svsm = true },
	{ "in a form of its manifest", "svsm",
	    KV("service_provider", "svsm", "service_guid", VTPM,
		"service_manifest_version", "0"),
	    0, .svsm = true },
	{ "no SVSM there", "", KV("service_provider", "svsm"),
	    SEAL_E_UNSUPPORTED },
	{ "an SVSM under another platform", "svsm\nprovider tdx_guest",
	    KV("service_provider", "svsm"), SEAL_E_UNSUPPORTED },
	{ "of a level", "svsm",
	    KV("service_provider", "svsm", "privlevel", "0"), SEAL_E_CONFIG },
	{ "a service of nothing", "svsm", KV("service_guid", VTPM),
	    SEAL_E_CONFIG },
	{ "a form of nothing", "svsm", KV("service_manifest_version", "0"),
	    SEAL_E_CONFIG },
	{ "a form of all services", "svsm",
	    KV("service_provider", "svsm", "service_manifest_version", "0"),
	    SEAL_E_CONFIG },
	{ "no GUID", "svsm",
	    KV("service_provider", "svsm", "service_guid", "vtpm"),
	    SEAL_E_CONFIG },
	{ "an empty GUID", "svsm",
	    KV("service_provider", "svsm", "service_guid", ""), SEAL_E_CONFIG },
	{ "a form that is no number", "svsm",
	    KV("service_provider", "svsm", "service_guid", VTPM,
		"service_manifest_version", "0x1"),
	    SEAL_E_CONFIG },
	{ "a form of ten digits", "svsm",
	    KV("service_provider", "svsm", "service_guid", VTPM,
		"service_manifest_version", "1234567890"),
	    SEAL_E_CONFIG },
	{ "through something else", "svsm", KV("service_provider", "x"),
	    SEAL_E_CONFIG },
	{ "beside an SVSM", "svsm", NONE, 0 },
	{ "an unknown setting", "", KV("privilege", "1"), SEAL_E_CONFIG },
	{ "a key that is not there", "", KV("key", "/nonexistent"), SEAL_E_IO },
	{ "a level", "", KV("privlevel", "1"), 0, 1 },
	{ "the highest level", "", KV("privlevel", "3"), 0, 3 },
	{ "no such level", "", KV("privlevel", "4"), SEAL_E_CONFIG },
	{ "a negative level", "", KV("privlevel", "-1"), SEAL_E_CONFIG },
	{ "a level of two digits", "", KV("privlevel", "01"), SEAL_E_CONFIG },
	{ "an empty level", "", KV("privlevel", ""), SEAL_E_CONFIG },
	{ "the floor by itself", "floor 2", NONE, 0, 2 },
	{ "above the floor", "floor 2", KV("privlevel", "3"), 0, 3 },
	{ "at the floor", "floor 2", KV("privlevel", "2"), 0, 2 },
	{ "below the floor", "floor 2", KV("privlevel", "1"), SEAL_E_CONFIG },
	{ "no such floor", "floor 4", NONE, SEAL_E_DECODE },
	{ NULL },
};

static unsigned
level_of(bool svsm, struct span evidence)
{
	struct svsm_evidence e = { .snp = evidence };

	if (svsm)
		assert_int_equal(svsm_evidence_parse(evidence, &e, NULL), 0);
	return e.snp.p[0x30];
}

static void
opening(void **state)
{
	(void)state;
	for (const struct open_row *row = open_rows; row->name != NULL; row++) {
		struct attester *a = NULL;
		struct seal_diag d = { 0 };
		struct seal_binding b;
		struct wr w;
		int r;

		control(row->control);
		r = open_tsm(row->kv, &a, &d);
		expect_no_entries(row->name);
		if (r != row->want || (r != 0 && d.text[0] == '\0'))
			fail_msg("%s: %d (%s)", row->name, r, d.text);
		if (r != 0)
			continue;
		r = collect(a, HASH_SHA256, COLLECT_MS, &w, &b, &d);
		if (r != 0 || level_of(row->svsm, wr_view(&w)) != row->level)
			fail_msg("%s: level %u, %s", row->name,
			    r == 0 ? level_of(row->svsm, wr_view(&w)) : 0u,
			    d.text);
		assert_string_equal(
		    attester_media_type(a), row->svsm ? SVSM_TYPE : SNP_TYPE);
		wr_free(&w);
		attester_free(&a);
	}
}

/* ---- Collecting ---- */

struct collect_row {
	const char *name, *control;
	int want;
	size_t certificates;
	bool until_deadline, without; /* certificates=no */
	bool svsm;
};

static const struct collect_row collect_rows[] = {
	{ "as it should be", "", 0, 2 },
	{ "without certificates", "", 0, 0, .without = true },
	{ "the host gave none", "noaux", 0, 0 },
	{ "a table of garbage", "badaux", SEAL_E_DECODE },
	{ "garbage that is not wanted", "badaux", 0, 0, .without = true },
	{ "busy", "fail outblob 16 3", 0, 2 },
	{ "throttled", "fail outblob 11 3", 0, 2 },
	{ "interrupted", "fail outblob 4 3", 0, 2 },
	{ "certificates busy", "fail auxblob 16 3", 0, 2 },
	{ "writing busy", "fail inblob 16 3", 0, 2 },
	{ "writing interrupted", "fail inblob 4 3", 0, 2 },
	{ "generation interrupted", "fail generation 4 3", 0, 2 },
	{ "making busy", "fail mkdir 16 3", 0, 2 },
	{ "making interrupted", "fail mkdir 4 3", 0, 2 },
	{ "removing busy", "fail rmdir 16 3", 0, 2 },
	{ "removing interrupted", "fail rmdir 4 3", 0, 2 },
	{ "byte by byte", "short 1", 0, 2 },
	{ "in pieces", "short 7", 0, 2 },
	{ "somebody writes behind the report", "race 1", 0, 2 },
	{ "three times", "race 3", 0, 2 },
	{ "always", "race 100", SEAL_E_UNAVAILABLE },
	{ "somebody writes before it", "early 2", 0, 2 },
	{ "always before it", "early 100", SEAL_E_UNAVAILABLE },
	{ "a lost write", "lost 1", 0, 2 },
	{ "every write is lost", "lost 100", SEAL_E_UNAVAILABLE },
	{ "busy for ever", "fail outblob 16 1000000000", SEAL_E_UNAVAILABLE,
	    .until_deadline = true },
	{ "interrupted for ever", "fail outblob 4 1000000000",
	    SEAL_E_UNAVAILABLE, .until_deadline = true },
	{ "writing interrupted for ever", "fail inblob 4 1000000000",
	    SEAL_E_UNAVAILABLE, .until_deadline = true },
	{ "hanging past the deadline", "hang 400", SEAL_E_UNAVAILABLE,
	    .until_deadline = true },
	{ "broken", "fail outblob 5 1", SEAL_E_UNAVAILABLE },
	{ "too large", "fail outblob 27 1", SEAL_E_LIMIT },
	{ "the driver is gone", "fail outblob 25 1", SEAL_E_UNSUPPORTED },
	{ "no outblob", "fail outblob 2 1", SEAL_E_UNSUPPORTED },
	{ "no generation", "fail generation 2 1", SEAL_E_UNSUPPORTED },
	{ "over other data", "other", SEAL_E_EVIDENCE },
	{ "by the SVSM", "svsm", 0, 2, .svsm = true },
	{ "by the SVSM, without certificates", "svsm\nnoaux", 0, 0,
	    .svsm = true },
	{ "by the SVSM, in pieces", "svsm\nshort 7", 0, 2, .svsm = true },
	{ "its manifest busy", "svsm\nfail manifestblob 16 3", 0, 2,
	    .svsm = true },
	{ "its manifest interrupted", "svsm\nfail manifestblob 4 3", 0, 2,
	    .svsm = true },
	{ "asking it busy", "svsm\nfail service_provider 16 3", 0, 2,
	    .svsm = true },
	{ "somebody writes between report and manifest", "svsm\nrace 2", 0, 2,
	    .svsm = true },
	{ "somebody writes behind the manifest", "svsm\nlate 2", 0, 2,
	    .svsm = true },
	{ "always behind it", "svsm\nlate 100", SEAL_E_UNAVAILABLE,
	    .svsm = true },
	{ "its write is lost", "svsm\nlost 2", 0, 2, .svsm = true },
	{ "a plain report in its place", "svsm\nplain", SEAL_E_EVIDENCE,
	    .svsm = true },
	{ "of other data", "svsm\nother", SEAL_E_EVIDENCE, .svsm = true },
	{ "its report cut short", "svsm\ncut", SEAL_E_DECODE, .svsm = true },
	{ "another manifest", "svsm\nothermanifest", SEAL_E_EVIDENCE,
	    .svsm = true },
	{ "an empty manifest", "svsm\nnomanifest", SEAL_E_EVIDENCE,
	    .svsm = true },
	{ "too long a manifest", "svsm\nlongmanifest", SEAL_E_LIMIT,
	    .svsm = true },
	{ "no manifest", "svsm\nfail manifestblob 2 1", SEAL_E_UNSUPPORTED,
	    .svsm = true },
	{ "an SVSM that is gone", "", SEAL_E_UNSUPPORTED, .svsm = true },
	{ "an SVSM that refuses", "svsm\nfail outblob 22 1", SEAL_E_CONFIG,
	    .svsm = true },
	{ "cut short", "cut", SEAL_E_DECODE },
	{ "another provider since", "provider tdx_guest", SEAL_E_EVIDENCE },
	{ "an unknown provider since", "provider x", SEAL_E_UNSUPPORTED },
	{ NULL },
};

/* The report over all 64 bytes of data, and what came beside it. */
static void
expect_evidence(const struct collect_row *row, struct span evidence,
    const struct seal_binding *b)
{
	uint8_t want[64] = { 0 };
	struct svsm_evidence svsm;
	struct snp_report rep;
	struct snp_table t;
	struct span part;

	memcpy(want, b->binder, b->size);
	if (row->svsm) {
		assert_int_equal(svsm_evidence_parse(evidence, &svsm, NULL), 0);
		svsm_data(want, svsm.manifest, want);
		evidence = svsm.snp;
	}
	assert_int_equal(snp_evidence_parse(evidence, &part, &t, NULL), 0);
	assert_int_equal(snp_report_parse(part, &rep, NULL), 0);
	if (!span_equal(rep.report_data, span_of(want, sizeof(want))))
		fail_msg("%s: other report data", row->name);
	if (t.n != row->certificates)
		fail_msg("%s: %zu certificates", row->name, t.n);
	/* What fills the table's pages does not travel. */
	if (evidence.n != SNP_REPORT_SIZE + t.used)
		fail_msg("%s: %zu bytes", row->name, evidence.n);
}

static void
collecting(void **state)
{
	static const char *const without[] = KV("certificates", "no");
	static const char *const svsm[] = KV("service_provider", "svsm");
	static const char *const none[] = NONE;

	(void)state;
	for (const struct collect_row *row = collect_rows; row->name != NULL;
	     row++) {
		struct attester *a = NULL;
		struct seal_diag d = { 0 };
		struct seal_binding b;
		struct wr w;
		int r;

		control("svsm");
		assert_int_equal(open_tsm(row->svsm      ? svsm
					  : row->without ? without
							 : none,
				     &a, &d),
		    0);
		control(row->control);
		r = collect(a, HASH_SHA256,
		    row->until_deadline ? SHORT_MS : COLLECT_MS, &w, &b, &d);
		if (r != row->want || (r != 0 && d.text[0] == '\0'))
			fail_msg("%s: %d (%s)", row->name, r, d.text);
		if (r == 0)
			expect_evidence(row, wr_view(&w), &b);
		else
			assert_int_equal(w.n, 0);
		expect_no_entries(row->name);
		/* Nothing lingers: the next one is as it should be. */
		wr_free(&w);
		control("svsm");
		d = (struct seal_diag){ 0 };
		if (collect(a, HASH_SHA384, COLLECT_MS, &w, &b, &d) != 0)
			fail_msg("after '%s': %s", row->name, d.text);
		wr_free(&w);
		attester_free(&a);
	}
}

static void
every_hash(void **state)
{
	static const enum hash hashes[] = { HASH_SHA256, HASH_SHA384,
		HASH_SHA512 };
	static const struct collect_row row = { "hash", "", 0, 2 };
	static const char *const none[] = NONE;
	struct attester *a = NULL;

	(void)state;
	control("");
	assert_int_equal(open_tsm(none, &a, NULL), 0);
	assert_string_equal(attester_media_type(a), SNP_TYPE);
	assert_false(attester_insecure(a));
	for (size_t i = 0; i < 3; i++) {
		struct seal_binding b;
		struct wr w;

		assert_true(attester_fits(a, hashes[i]));
		if (collect(a, hashes[i], COLLECT_MS, &w, &b, NULL) != 0)
			continue; /* not every hash makes a binder */
		expect_evidence(&row, wr_view(&w), &b);
		assert_true(i < 2 || b.size == 64);
		wr_free(&w);
	}
	attester_free(&a);
}

/* Two drivers at once never meet in one entry. */
static void
side_by_side(void **state)
{
	static const struct collect_row row = { "beside another", "", 0, 2 };
	static const char *const none[] = NONE;
	struct attester *a[2] = { NULL, NULL };

	(void)state;
	control("");
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(open_tsm(none, &a[i], NULL), 0);
	assert_false(span_equal(attester_spki(a[0]), attester_spki(a[1])));
	for (size_t i = 0; i < 2; i++) {
		struct seal_binding b;
		struct wr w;

		assert_int_equal(
		    collect(a[i], HASH_SHA256, COLLECT_MS, &w, &b, NULL), 0);
		expect_evidence(&row, wr_view(&w), &b);
		wr_free(&w);
		attester_free(&a[i]);
	}
}

static void
probing(void **state)
{
	const struct evidence_driver *driver = evidence_driver_find("tsm");
	struct conf_pair pair = { "dir", mount_dir };
	const struct conf conf = { &pair, 1 };
	struct seal_diag d = { 0 };
	uint8_t text[256] = { 0 };
	struct wr w;

	(void)state;
	control("floor 2\nsvsm");
	wr_init(&w, text, sizeof(text) - 1);
	assert_int_equal(driver->probe(&conf, &w, &d), 0);
	assert_non_null(strstr((char *)text, "AMD SEV-SNP (sev_guest)"));
	assert_non_null(strstr((char *)text, "level 2"));
	assert_non_null(strstr((char *)text, "SVSM"));
	expect_no_entries("probe");
	/* Here, outside of any confidential guest. */
	assert_int_not_equal(driver->probe(NULL, &w, &d), 0);
	assert_non_null(strstr(d.text, "/sys/kernel/config/tsm/report"));
	assert_int_not_equal(d.remedy[0], '\0');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening),
		cmocka_unit_test(collecting),
		cmocka_unit_test(every_hash),
		cmocka_unit_test(side_by_side),
		cmocka_unit_test(probing),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
