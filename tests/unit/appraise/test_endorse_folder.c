/* SPDX-License-Identifier: Apache-2.0 */
/* Collateral out of the folder that a policy names, and what becomes of it
 * while the policy lives. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "allocfail.h"
#include "appraise/endorse_folder.h"
#include "base/file.h"
#include "dcap_fixture.h"
#include "folder_fixture.h"
#include "snp_fixture.h"

#define RSA_SIZE 256
#define HEX48(c) c c c c c c c c c c c c c c c c HEX32(c)
#define HEX32(c) c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define TDX_RULES "\"measurements\":{\"mrtd\":\"" HEX48("11") "\"}"
#define SGX_RULES "\"measurements\":{\"mrenclave\":\"" HEX32("22") "\"}"
#define SNP_RULES                                                         \
	"\"tcb\":{\"reported\":{\"boot_loader\":3,\"tee\":0,\"snp\":8,"   \
	"\"microcode\":115}},\"measurements\":{\"measurement\":\"" HEX48( \
	    "1"                                                           \
	    "1") "\"}"

static char top[] = "/tmp/seal-folder-XXXXXX";
static char dir[64];
static const struct dcap_recipe tdx = { .tee = QUOTE_TDX,
	.report_data = { 0xb1 } };

/* ---- The folder ---- */

static size_t
held_at(struct endorse_folder *f, int64_t now, int *ret_why)
{
	struct seal_diag why = { 0 };
	struct endorsements *e = endorse_folder_get(f, now, &why);
	size_t n = e->n;

	*ret_why = why.code;
	endorse_free(&e);
	return n;
}

static void
put(const char *name, struct span content)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(file_write(path, content, 0600, NULL), 0);
}

static void
read_again(void **state)
{
	static const char lie[] = "-----BEGIN CERTIFICATE-----\nAA\n";
	struct endorsements *e = endorse_new(), *old;
	struct endorse_folder *f = NULL;
	struct seal_diag why = { 0 };
	int code = -1;

	(void)state;
	folder_put(dir, e);
	assert_int_equal(endorse_folder_open(dir, &f, NULL), 0);
	assert_int_equal(held_at(f, NOW, &code), 0);
	put("a", span_str("{}"));
	assert_int_equal(held_at(f, NOW + ENDORSE_LOOK_S - 1, &code), 0);
	assert_int_equal(held_at(f, NOW + ENDORSE_LOOK_S, &code), 1);
	/* The clock was set back. */
	put("b", span_str("[]"));
	assert_int_equal(held_at(f, NOW - DAY, &code), 2);
	assert_int_equal(code, 0);
	/* What an appraisal holds stays while others read anew. */
	old = endorse_folder_get(f, NOW - DAY, &why);
	put("c", span_str("{\"c\":1}"));
	assert_int_equal(held_at(f, NOW, &code), 3);
	assert_int_equal(old->n, 2);
	endorse_free(&old);
	/* A change that cannot be read counts for nothing, and is told. */
	put("d", span_str(lie));
	assert_int_equal(held_at(f, NOW + DAY, &code), 3);
	assert_int_equal(code, SEAL_E_CONFIG);
	assert_int_equal(held_at(f, NOW + DAY + 1, &code), 3);
	assert_int_equal(code, SEAL_E_CONFIG);
	put("d", span_str("{\"d\":1}"));
	assert_int_equal(held_at(f, NOW + 2 * DAY, &code), 4);
	assert_int_equal(code, 0);
	/* Nor does a folder that is gone, until it is back as it was. */
	folder_remove(dir);
	assert_int_equal(held_at(f, NOW + 3 * DAY, &code), 4);
	assert_int_equal(code, SEAL_E_IO);
	folder_put(dir, e);
	assert_int_equal(held_at(f, NOW + 4 * DAY, &code), 0);
	assert_int_equal(code, 0);
	endorse_folder_close(&f);
	assert_null(f);
	endorse_free(&e);
}

/* What failed for a passing reason is read at the next look, although the
 * folder is as it was. */
static void
tried_again(void **state)
{
	struct endorsements *e = endorse_new();
	struct endorse_folder *f = NULL;
	bool hit = true;
	int code = -1;

	(void)state;
	folder_put(dir, e);
	for (size_t n = 1; hit; n++) {
		assert_int_equal(endorse_folder_open(dir, &f, NULL), 0);
		put("a", span_str("{}"));
		allocfail_at(n);
		(void)held_at(f, NOW, &code);
		hit = allocfail_hit();
		allocfail_off();
		assert_int_equal(code, hit ? SEAL_E_MEMORY : 0);
		if (held_at(f, NOW + ENDORSE_LOOK_S, &code) != 1 || code != 0)
			fail_msg("allocation %zu: not tried again", n);
		endorse_folder_close(&f);
		folder_clear(dir);
	}
	endorse_free(&e);
}

/* ---- Policies ---- */

struct kind {
	const char *name, *type, *rules;
	const char *(*root)(void);
};
static const struct kind kinds[] = {
	{ "TDX", QUOTE_TDX_TYPE, TDX_RULES, dcap_root_file },
	{ "SGX", QUOTE_SGX_TYPE, SGX_RULES, dcap_root_file },
	{ "SNP", SNP_TYPE, SNP_RULES, snp_root_file },
};
enum { KIND_TDX, KIND_SGX, KIND_SNP, KINDS };

static int
load(const struct kind *k, const char *member, struct policy **ret,
    struct seal_diag *d)
{
	char text[2048];

	snprintf(text, sizeof(text),
	    "{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":\"none\"},"
	    "%s\"accept\":[{\"scheme\":\"%s\",\"signers\":[{\"ca\":\"%s\"}],"
	    "\"debug\":false,%s}]}",
	    member, k->type, k->root(), k->rules);
	return policy_load(span_str(text), top, ret, d);
}

static const struct {
	const char *name, *member;
	bool ok;
} members[] = {
	{ "its name", "\"endorsements\":\"folder\",", true },
	{ "none", "", true },
	{ "not there", "\"endorsements\":\"nowhere\",", false },
	{ "a file", "\"endorsements\":\"file\",", false },
	{ "empty name", "\"endorsements\":\"\",", false },
	{ "no text", "\"endorsements\":1,", false },
	{ "a list", "\"endorsements\":[\"folder\"],", false },
	{ "null", "\"endorsements\":null,", false },
	{ "with a broken file", "\"endorsements\":\"broken\",", false },
};

static void
named_by_a_policy(void **state)
{
	char path[128], broken[96];
	struct endorsements *e = endorse_new();

	(void)state;
	folder_put(dir, e);
	snprintf(broken, sizeof(broken), "%s/broken", top);
	folder_put(broken, e);
	snprintf(path, sizeof(path), "%s/crl.pem", broken);
	assert_int_equal(
	    file_write(
		path, span_str("-----BEGIN X509 CRL-----\n"), 0600, NULL),
	    0);
	snprintf(path, sizeof(path), "%s/file", top);
	assert_int_equal(file_write(path, span_str("{}"), 0600, NULL), 0);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		struct seal_diag d = { 0 };
		struct policy *p = NULL;
		int r = load(&kinds[0], members[i].member, &p, &d);

		if (r != (members[i].ok ? 0 : SEAL_E_CONFIG) ||
		    (p != NULL) != members[i].ok)
			fail_msg("%s: %d %s", members[i].name, r, d.text);
		policy_free(&p);
	}
	unlink(path);
	folder_remove(broken);
	endorse_free(&e);
}

static void
explained(void **state)
{
	struct endorsements *e = dcap_given(&tdx);
	struct policy *p = NULL;
	char *text = NULL;
	struct wr out;

	(void)state;
	folder_put(dir, e);
	assert_int_equal(
	    load(&kinds[0], "\"endorsements\":\"folder\",", &p, NULL), 0);
	wr_init_heap(&out, 65536);
	assert_int_equal(policy_explain(p, &out), 0);
	assert_int_equal(wr_take_text(&out, &text), 0);
	assert_non_null(strstr(text, dir));
	assert_non_null(strstr(
	    text, "1 certificates, 2 revocation lists, 0 public keys, 2 JSON"));
	free(text);
	policy_free(&p);
	endorse_free(&e);
}

/* ---- Evidence ---- */

static void
evidence(int kind, struct wr *out)
{
	struct dcap_recipe r = tdx;

	memset(r.report_data, 0xb1, 32);
	if (kind == KIND_SNP) {
		wr_init_heap(out, SNP_REPORT_SIZE);
		snp_make_report(wr_room(out, SNP_REPORT_SIZE), 3, NULL, 0);
		return;
	}
	r.tee = kind == KIND_SGX ? QUOTE_SGX : QUOTE_TDX;
	dcap_quote(&r, out);
}

/* The folder has what this kind needs; revoked: its certificates are on the
 * lists. */
static void
provide(int kind, bool revoked)
{
	const struct snp_given g = { VCEK, true, false, revoked ? 2 : 1 };
	struct dcap_recipe r = tdx;
	struct endorsements *e;

	r.tee = kind == KIND_SGX ? QUOTE_SGX : QUOTE_TDX;
	r.revoke_pck = revoked;
	e = kind == KIND_SNP ? snp_endorse(&g) : dcap_given(&r);
	folder_put(dir, e);
	endorse_free(&e);
}

static bool
skipped(const struct seal_verdict *v, const char *name)
{
	for (size_t i = 0; i < v->n_checks; i++)
		if (v->checks[i].status == SEAL_CHECK_SKIPPED &&
		    strcmp(v->checks[i].name, name) == 0)
			return true;
	return false;
}

static int
judge(const struct policy *p, int kind, int64_t now,
    const struct endorsements *given, bool *ret_told)
{
	struct seal_verdict *v = verdict_new();
	struct seal_binding b;
	uint8_t binder[32];
	struct wr w;
	struct appraisal_in in = { .media_type = span_str(kinds[kind].type),
		.expected = &b,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = now,
		.endorse = given,
		.binder_known = true };
	int r;

	memset(binder, 0xb1, sizeof(binder));
	assert_int_equal(binding_replay(span_of(binder, sizeof(binder)),
			     span_of(NULL, 0), &b, NULL),
	    0);
	evidence(kind, &w);
	in.evidence = wr_view(&w);
	r = appraise(p, &in, v);
	*ret_told = skipped(v, "endorsements");
	seal_verdict_free(&v);
	wr_free(&w);
	return r;
}

/* Refused for want of collateral, accepted when it is there, refused again
 * when it revokes, and kept where the new one cannot be read. */
static void
as_collateral_comes_and_goes(void **state)
{
	struct endorsements *none = endorse_new();

	(void)state;
	for (int k = 0; k < KINDS; k++) {
		struct policy *p = NULL;
		bool told;

		folder_put(dir, none);
		assert_int_equal(
		    load(&kinds[k], "\"endorsements\":\"folder\",", &p, NULL),
		    0);
		assert_int_not_equal(judge(p, k, NOW, NULL, &told), 0);
		provide(k, false);
		assert_int_not_equal(judge(p, k, NOW, NULL, &told), 0);
		if (judge(p, k, NOW + 10, NULL, &told) != 0 || told)
			fail_msg("%s: refused", kinds[k].name);
		/* What the caller gives counts in its place. */
		assert_int_not_equal(judge(p, k, NOW + 10, none, &told), 0);
		provide(k, true);
		assert_int_equal(
		    judge(p, k, NOW + 20, NULL, &told), SEAL_E_KEY);
		provide(k, false);
		assert_int_equal(judge(p, k, NOW + 30, NULL, &told), 0);
		put("x", span_str("-----BEGIN X509 CRL-----\n"));
		assert_int_equal(judge(p, k, NOW + 40, NULL, &told), 0);
		assert_true(told);
		/* Its dates end it, read again or not. */
		assert_int_not_equal(
		    judge(p, k, NOW + 20 * DAY, NULL, &told), 0);
		policy_free(&p);
	}
	endorse_free(&none);
}

static int
setup(void **state)
{
	(void)state;
	dcap_setup();
	snp_setup(RSA_SIZE);
	if (mkdtemp(top) == NULL)
		return -1;
	snprintf(dir, sizeof(dir), "%s/folder", top);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	dcap_teardown();
	snp_teardown();
	folder_remove(dir);
	return rmdir(top);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_again),
		cmocka_unit_test(tried_again),
		cmocka_unit_test(named_by_a_policy),
		cmocka_unit_test(explained),
		cmocka_unit_test(as_collateral_comes_and_goes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
