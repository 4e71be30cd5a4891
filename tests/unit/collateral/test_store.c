/* SPDX-License-Identifier: Apache-2.0 */
/* What gets into the store, under which name, and what never does. */
#include "test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../appraise/dcap_fixture.h"
#include "../appraise/snp_fixture.h"
#include "base/file.h"
#include "collateral/store.h"

#define TDX .tee = QUOTE_TDX

static char dir[] = "/tmp/seal-coll-XXXXXX";
static char store_dir[64];

/* ---- A store, and what comes ---- */

static void
wipe_store(void)
{
	DIR *in = opendir(store_dir);
	struct dirent *e;

	while (in != NULL && (e = readdir(in)) != NULL)
		unlinkat(dirfd(in), e->d_name, 0);
	if (in != NULL)
		closedir(in);
	rmdir(store_dir);
}

static size_t
files(void)
{
	DIR *in = opendir(store_dir);
	struct dirent *e;
	size_t n = 0;

	while (in != NULL && (e = readdir(in)) != NULL)
		n += e->d_name[0] != '.';
	if (in != NULL)
		closedir(in);
	return n;
}

/* What Intel would give of a recipe, with CA and root. */
static struct endorsements *
intel(const struct dcap_recipe *r)
{
	struct endorsements *e = dcap_given(r), *out = endorse_new();

	assert_int_equal(endorse_add(e, "ca", dcap_cert(1), NULL), 0);
	assert_int_equal(endorse_add(e, "root", dcap_cert(2), NULL), 0);
	assert_int_equal(coll_split(e, out, NULL), 0);
	endorse_free(&e);
	return out;
}

static struct endorsements *
amd(const struct snp_given *g)
{
	struct endorsements *e = snp_endorse(g), *out = endorse_new();

	assert_int_equal(endorse_add(e, "ark", snp_der[ARK], NULL), 0);
	assert_int_equal(coll_split(e, out, NULL), 0);
	endorse_free(&e);
	return out;
}

/* The first of a kind; its bytes are come's. */
static void
find(
    const struct endorsements *come, enum coll_kind kind, struct coll_item *ret)
{
	for (size_t i = 0; i < come->n; i++)
		if (coll_read(&come->items[i], ret, NULL) == 0 &&
		    ret->kind == kind)
			return;
	fail_msg("no %s", coll_kind_name(kind));
}

static int
verify_at(const struct endorsements *come, enum coll_kind kind, int64_t now,
    struct coll_item *item, struct seal_diag *d)
{
	const char *const files_of[] = { dcap_root_file(), snp_root_file(),
		NULL };
	struct coll_trust t = { .pools = { come } };
	int r;

	find(come, kind, item);
	assert_int_equal(coll_trust_load(&t, files_of, d), 0);
	r = coll_verify(&t, now, item, d);
	coll_trust_wipe(&t);
	return r;
}

/* Verified and put; 0, or why not. */
static int
put(const struct endorsements *come, enum coll_kind kind, enum coll_put *ret,
    char name[COLL_NAME])
{
	struct coll_store s;
	struct seal_diag d = { 0 };
	struct coll_item item;
	int r;

	if (verify_at(come, kind, NOW, &item, &d) != 0)
		fail_msg("%s: %s", coll_kind_name(kind), d.text);
	assert_int_equal(coll_store_open(store_dir, true, &s, &d), 0);
	r = coll_store_put(&s, &item, ret, name, &d);
	coll_store_close(&s);
	return r;
}

/* ---- Names ---- */

static const struct named {
	enum coll_kind kind;
	const char *begins, *ends;
} of_intel[] = {
	{ COLL_INTEL_ROOT, "intel-root-sgx-", ".der" },
	{ COLL_INTEL_CA, "intel-ca-platform-", ".der" },
	{ COLL_INTEL_SIGNER, "intel-signer-tcb-", ".der" },
	{ COLL_INTEL_ROOT_CRL, "intel-root-crl-sgx-", ".crl" },
	{ COLL_INTEL_PCK_CRL, "intel-pck-crl-platform-", ".crl" },
	{ COLL_TCB_INFO, "intel-tcb-tdx-" DCAP_FMSPC "-", ".json" },
	{ COLL_QE_IDENTITY, "intel-qe-td-qe-", ".json" },
	{ COLL_NONE, NULL, NULL },
}, of_amd[] = {
	{ COLL_AMD_ARK, "amd-ark-milan-", ".der" },
	{ COLL_AMD_ASK, "amd-ask-vcek-milan-", ".der" },
	{ COLL_AMD_VCEK, "amd-vcek-milan-07070707", ".der" },
	{ COLL_AMD_CRL, "amd-crl-milan-", ".crl" },
	{ COLL_NONE, NULL, NULL },
};

static void
names_of(const struct endorsements *come, const struct named *n)
{
	for (; n->kind != COLL_NONE; n++) {
		enum coll_put how = 0;
		char name[COLL_NAME];
		size_t len;

		assert_int_equal(put(come, n->kind, &how, name), 0);
		assert_int_equal(how, COLL_PUT_NEW);
		len = strlen(name);
		if (strncmp(name, n->begins, strlen(n->begins)) != 0 ||
		    strcmp(name + len - strlen(n->ends), n->ends) != 0)
			fail_msg("%s: %s", coll_kind_name(n->kind), name);
		assert_int_equal(put(come, n->kind, &how, name), 0);
		assert_int_equal(how, COLL_PUT_SAME);
	}
}

static void
names(void **state)
{
	const struct snp_given chip = { VCEK, .ask = true, .list = 1 },
			       many = { VLEK, .ask = true };
	const struct dcap_recipe tdx = { TDX };
	struct endorsements *e = intel(&tdx);
	enum coll_put how = 0;
	char name[COLL_NAME];

	(void)state;
	names_of(e, of_intel);
	endorse_free(&e);
	e = amd(&chip);
	names_of(e, of_amd);
	endorse_free(&e);
	e = amd(&many);
	assert_int_equal(put(e, COLL_AMD_VLEK, &how, name), 0);
	assert_int_equal(strncmp(name, "amd-vlek-milan-", 15), 0);
	endorse_free(&e);
	assert_int_equal(files(), 12);
	wipe_store();
}

/* Whatever a vendor, or who plays one, writes into a name. */
static void
hostile_names(void **state)
{
	static const char *const bad[] = { "../../etc/passwd", "/abs", "a\\b",
		"..", ".lock", "a b;c|d", "\xc3\xa9\x01\x7f", "", NULL };

	(void)state;
	for (size_t i = 0; bad[i] != NULL; i++) {
		char key[COLL_KEY];

		coll_key_lower(bad[i], key);
		assert_int_equal(
		    strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789-"),
		    strlen(key));
	}
	for (size_t n = COLL_KEY - 3; n < COLL_KEY + 3; n++) {
		char text[COLL_KEY + 4] = { 0 }, key[COLL_KEY];

		memset(text, 'Z', n);
		coll_key_lower(text, key);
		assert_true(strlen(key) < COLL_KEY);
	}
}

/* ---- What is refused ---- */

#define OVER (2 * DAY)

static const struct refused {
	const char *name;
	struct dcap_recipe r;
	enum coll_kind kind;
	int64_t later;
	int want;
} refused[] = {
	{ "TCB Info", { TDX }, COLL_TCB_INFO, 0, 0 },
	{ "TCB Info by a stranger", { TDX, .info_by = BY_STRANGER },
	    COLL_TCB_INFO, 0, SEAL_E_SIGNATURE },
	{ "TCB Info by a PCK", { TDX, .info_by = BY_PCK }, COLL_TCB_INFO, 0,
	    SEAL_E_CHAIN },
	{ "TCB Info by the CA", { TDX, .info_by = BY_CA }, COLL_TCB_INFO, 0,
	    SEAL_E_CHAIN },
	{ "TCB Info under another root", { TDX, .info_by = BY_TWIN },
	    COLL_TCB_INFO, 0, SEAL_E_CHAIN },
	{ "TCB Info by a namesake", { TDX, .info_by = BY_NAMESAKE },
	    COLL_TCB_INFO, 0, SEAL_E_CHAIN },
	{ "TCB Info by a CA of the signer's name",
	    { TDX, .info_by = BY_SIGNER_CA }, COLL_TCB_INFO, 0, SEAL_E_CHAIN },
	{ "TCB Info, touched", { TDX, .touched_info = true }, COLL_TCB_INFO, 0,
	    SEAL_E_SIGNATURE },
	{ "TCB Info that has ended", { TDX, .info_to = -1 }, COLL_TCB_INFO, 0,
	    SEAL_E_STALE },
	{ "TCB Info that ends with this second", { TDX, .info_to = OVER },
	    COLL_TCB_INFO, OVER, 0 },
	{ "TCB Info that has just ended", { TDX, .info_to = OVER },
	    COLL_TCB_INFO, OVER + 1, SEAL_E_STALE },
	{ "TCB Info of tomorrow", { TDX, .info_from = DAY / 2 }, COLL_TCB_INFO,
	    0, SEAL_E_STALE },
	{ "identity", { TDX }, COLL_QE_IDENTITY, 0, 0 },
	{ "identity by a stranger", { TDX, .qe_info_by = BY_STRANGER },
	    COLL_QE_IDENTITY, 0, SEAL_E_SIGNATURE },
	{ "identity that has ended", { TDX, .qe_to = -1 }, COLL_QE_IDENTITY, 0,
	    SEAL_E_STALE },
	{ "list", { TDX }, COLL_INTEL_PCK_CRL, 0, 0 },
	{ "list by a stranger", { TDX, .list_by = BY_STRANGER },
	    COLL_INTEL_PCK_CRL, 0, SEAL_E_SIGNATURE },
	{ "list that has ended", { TDX, .old_pck_list = true },
	    COLL_INTEL_PCK_CRL, 0, SEAL_E_STALE },
	{ "root's list by a stranger", { TDX, .list_by = BY_STRANGER },
	    COLL_INTEL_ROOT_CRL, 0, SEAL_E_SIGNATURE },
	{ "certificate in two years", { TDX }, COLL_INTEL_CA, 800 * DAY,
	    SEAL_E_STALE },
	{ NULL },
};

static void
refusals(void **state)
{
	(void)state;
	for (const struct refused *c = refused; c->name != NULL; c++) {
		struct endorsements *e = intel(&c->r);
		struct seal_diag d = { 0 };
		struct coll_item item;
		int r = verify_at(e, c->kind, NOW + c->later, &item, &d);

		if (r != c->want)
			fail_msg("%s: %d (%s)", c->name, r, d.text);
		if (r != 0)
			assert_true(d.text[0] != '\0');
		endorse_free(&e);
	}
}

/* Neither an anchor, nor known by its digest. */
static void
no_anchor(void **state)
{
	const struct dcap_recipe tdx = { TDX };
	struct endorsements *e = intel(&tdx);
	struct coll_trust t = { .pools = { e } };

	(void)state;
	assert_int_equal(coll_trust_load(&t, NULL, NULL), 0);
	for (size_t i = 0; i < e->n; i++) {
		struct seal_diag d = { 0 };
		struct coll_item item;

		assert_int_equal(coll_read(&e->items[i], &item, NULL), 0);
		assert_int_equal(coll_verify(&t, NOW, &item, &d), SEAL_E_CHAIN);
		assert_true(d.remedy[0] != '\0');
	}
	coll_trust_wipe(&t);
	endorse_free(&e);
}

/* AMD's: the wrong root of the same name; a bit of each byte. */
static void
refusals_of_amd(void **state)
{
	const char *const other[] = { snp_other_root_file(), NULL };
	const struct snp_given given = { VCEK, .ask = true, .list = 1 };
	struct endorsements *e = amd(&given);
	struct coll_trust t = { .pools = { e } };
	struct coll_item item;

	(void)state;
	assert_int_equal(coll_trust_load(&t, other, NULL), 0);
	for (size_t i = 0; i < e->n; i++) {
		assert_int_equal(coll_read(&e->items[i], &item, NULL), 0);
		assert_int_not_equal(coll_verify(&t, NOW, &item, NULL), 0);
	}
	coll_trust_wipe(&t);
	endorse_free(&e);
}

static void
flipped(void **state)
{
	const char *const roots[] = { dcap_root_file(), NULL };
	const struct dcap_recipe tdx = { TDX, .list_number = 7 };
	struct endorsements *e = intel(&tdx);
	struct coll_trust t = { .pools = { e } };

	(void)state;
	assert_int_equal(coll_trust_load(&t, roots, NULL), 0);
	for (size_t i = 0; i < e->n; i++) {
		struct endorsement *one = &e->items[i];
		struct coll_item item;

		/* An anchor is what its file says. The case of hex, a bit
		 * above these five, is nothing. */
		assert_int_equal(coll_read(one, &item, NULL), 0);
		if (item.kind == COLL_INTEL_ROOT)
			continue;
		for (size_t b = 0; b < one->bytes.n;
		     b += one->kind == ENDORSE_JSON ? 13 : 1) {
			one->owned[b] ^= (uint8_t)(1 << b % 5);
			if (coll_read(one, &item, NULL) == 0 &&
			    coll_verify(&t, NOW, &item, NULL) == 0)
				fail_msg("%s: byte %zu flipped, and accepted",
				    coll_kind_name(item.kind), b);
			one->owned[b] ^= (uint8_t)(1 << b % 5);
		}
	}
	coll_trust_wipe(&t);
	endorse_free(&e);
}

/* ---- Nothing goes back ---- */

static const struct later {
	const char *name;
	struct dcap_recipe before, after;
	enum coll_kind kind;
	int want; /* of the second; it takes the first's place if 0 */
} laters[] = {
	{ "higher evaluation", { TDX }, { TDX, .evaluation = 18 },
	    COLL_TCB_INFO, 0 },
	{ "lower evaluation", { TDX }, { TDX, .evaluation = 16 }, COLL_TCB_INFO,
	    SEAL_E_STALE },
	{ "lower, but issued later", { TDX, .info_from = -2 * DAY },
	    { TDX, .evaluation = 16 }, COLL_TCB_INFO, SEAL_E_STALE },
	{ "issued later", { TDX, .info_from = -2 * DAY }, { TDX },
	    COLL_TCB_INFO, 0 },
	{ "issued earlier", { TDX }, { TDX, .info_from = -2 * DAY },
	    COLL_TCB_INFO, SEAL_E_STALE },
	{ "identity of a lower evaluation", { TDX },
	    { TDX, .qe_evaluation = 16 }, COLL_QE_IDENTITY, SEAL_E_STALE },
	{ "identity of a higher one", { TDX }, { TDX, .qe_evaluation = 18 },
	    COLL_QE_IDENTITY, 0 },
	{ "list of a higher number", { TDX, .list_number = 7 },
	    { TDX, .list_number = 256 }, COLL_INTEL_PCK_CRL, 0 },
	{ "list of a lower number", { TDX, .list_number = 256 },
	    { TDX, .list_number = 255 }, COLL_INTEL_PCK_CRL, SEAL_E_STALE },
	{ "list without its number", { TDX, .list_number = 7 }, { TDX },
	    COLL_INTEL_PCK_CRL, SEAL_E_STALE },
	{ "root's list of a lower number", { TDX, .list_number = 7 },
	    { TDX, .list_number = 6 }, COLL_INTEL_ROOT_CRL, SEAL_E_STALE },
	{ NULL },
};

static void
no_way_back(void **state)
{
	(void)state;
	for (const struct later *c = laters; c->name != NULL; c++) {
		struct endorsements *a = intel(&c->before),
				    *b = intel(&c->after);
		char first[COLL_NAME], second[COLL_NAME];
		enum coll_put how = 0;
		int r;

		assert_int_equal(put(a, c->kind, &how, first), 0);
		if ((r = put(b, c->kind, &how, second)) != c->want)
			fail_msg("%s: %d", c->name, r);
		assert_string_equal(first, second);
		assert_int_equal(files(), 1);
		if (r == 0)
			assert_int_equal(how, COLL_PUT_NEWER);
		/* What is there now is what won. */
		assert_int_equal(
		    put(c->want == 0 ? b : a, c->kind, &how, first), 0);
		assert_int_equal(how, COLL_PUT_SAME);
		endorse_free(&a);
		endorse_free(&b);
		wipe_store();
	}
}

/* A damaged file is replaced; what is no file is not. */
static void
in_the_way(void **state)
{
	const struct dcap_recipe tdx = { TDX };
	struct endorsements *e = intel(&tdx);
	enum coll_put how = 0;
	char name[COLL_NAME], path[512];

	(void)state;
	assert_int_equal(put(e, COLL_TCB_INFO, &how, name), 0);
	snprintf(path, sizeof(path), "%s/%s", store_dir, name);
	assert_int_equal(file_write(path, span_str("{\"tcb"), 0644, NULL), 0);
	assert_int_equal(put(e, COLL_TCB_INFO, &how, name), 0);
	assert_int_equal(how, COLL_PUT_NEWER);
	unlink(path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(put(e, COLL_TCB_INFO, &how, name), SEAL_E_CONFIG);
	unlink(path);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(put(e, COLL_TCB_INFO, &how, name), SEAL_E_CONFIG);
	rmdir(path);
	endorse_free(&e);
	wipe_store();
}

/* Left by one that was killed; and the folder serves appraisers meanwhile. */
static void
left_over(void **state)
{
	struct endorsements *e = NULL;
	struct coll_store s;
	char path[512];

	(void)state;
	assert_int_equal(coll_store_open(store_dir, true, &s, NULL), 0);
	coll_store_close(&s);
	snprintf(path, sizeof(path), "%s/%sx.der", store_dir, COLL_TEMP);
	assert_int_equal(file_write(path, span_str("half"), 0644, NULL), 0);
	assert_int_equal(endorse_load(store_dir, &e, NULL), 0);
	assert_int_equal(e->n, 0);
	endorse_free(&e);
	/* Who only reads leaves it alone. */
	assert_int_equal(coll_store_open(store_dir, false, &s, NULL), 0);
	coll_store_close(&s);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(coll_store_open(store_dir, true, &s, NULL), 0);
	coll_store_close(&s);
	assert_int_equal(access(path, F_OK), -1);
	wipe_store();
	assert_int_equal(
	    coll_store_open(store_dir, false, &s, NULL), SEAL_E_IO);
}

/* ---- Packs ---- */

static void
fill(const struct dcap_recipe *r)
{
	static const enum coll_kind kinds[] = { COLL_INTEL_ROOT, COLL_INTEL_CA,
		COLL_INTEL_SIGNER, COLL_INTEL_PCK_CRL, COLL_TCB_INFO };
	struct endorsements *e = intel(r);
	char name[COLL_NAME];
	enum coll_put how;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		assert_int_equal(put(e, kinds[i], &how, name), 0);
	endorse_free(&e);
}

static void
packed(void **state)
{
	const struct dcap_recipe tdx = { TDX };
	struct endorsements *in = endorse_new();
	struct coll_store s;
	char path[512];
	struct wr a, b;
	size_t n = 0;

	(void)state;
	fill(&tdx);
	assert_int_equal(coll_store_open(store_dir, false, &s, NULL), 0);
	wr_init_heap(&a, COLL_PACK_MAX);
	wr_init_heap(&b, COLL_PACK_MAX);
	assert_int_equal(coll_pack(s.held, &a, &n, NULL), 0);
	assert_int_equal(n, 5);
	assert_int_equal(coll_pack(s.held, &b, &n, NULL), 0);
	assert_true(span_equal(wr_view(&a), wr_view(&b)));
	snprintf(path, sizeof(path), "%s/pack.tar", dir);
	assert_int_equal(file_write(path, wr_view(&a), 0644, NULL), 0);
	assert_int_equal(coll_load(path, in, NULL), 0);
	assert_int_equal(in->n, 5);
	endorse_free(&in);
	/* Every cut is told. */
	for (size_t k = 512; k < a.n; k += 512) {
		in = endorse_new();
		assert_int_equal(
		    file_write(path, span_of(a.p, k), 0644, NULL), 0);
		assert_int_equal(coll_load(path, in, NULL), SEAL_E_DECODE);
		endorse_free(&in);
	}
	unlink(path);
	wr_free(&a);
	wr_free(&b);
	coll_store_close(&s);
	wipe_store();
}

static int
setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(store_dir, sizeof(store_dir), "%s/store", dir);
	dcap_setup();
	snp_setup(256);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	wipe_store();
	rmdir(dir);
	dcap_teardown();
	snp_teardown();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(hostile_names),
		cmocka_unit_test(refusals),
		cmocka_unit_test(no_anchor),
		cmocka_unit_test(refusals_of_amd),
		cmocka_unit_test(flipped),
		cmocka_unit_test(no_way_back),
		cmocka_unit_test(in_the_way),
		cmocka_unit_test(left_over),
		cmocka_unit_test(packed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
