/* SPDX-License-Identifier: Apache-2.0 */
/* Without memory nothing crashes, nothing is half stored, nothing is taken
 * that was not verified. */
#include "test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sealtls/collateral.h>

#include "../appraise/dcap_fixture.h"
#include "allocfail.h"
#include "base/file.h"

#define TURNS 5000

static char dir[] = "/tmp/seal-coll-XXXXXX";
static char store[64], good[96], bad[96];

static void
put(const char *path, const struct dcap_recipe *r)
{
	struct endorsements *e = dcap_given(r);
	size_t at = 0;

	assert_int_equal(
	    file_write(
		path, endorse_next(e, ENDORSE_JSON, &at)->bytes, 0644, NULL),
	    0);
	endorse_free(&e);
}

static size_t
empty_store(void)
{
	DIR *in = opendir(store);
	struct dirent *e;
	size_t n = 0;

	while (in != NULL && (e = readdir(in)) != NULL) {
		n += e->d_name[0] != '.';
		unlinkat(dirfd(in), e->d_name, 0);
	}
	if (in != NULL)
		closedir(in);
	return n;
}

static void
importing(void **state)
{
	const char *anchors[] = { dcap_root_file(), NULL };
	char signer[96];
	const char *paths[] = { signer, good, bad, NULL };
	const struct seal_collateral c = {
		.dir = store, .anchors = anchors, .unix_s = NOW, .as_json = 1
	};
	size_t n;

	(void)state;
	snprintf(signer, sizeof(signer), "%s/signer.der", dir);
	assert_int_equal(file_write(signer, dcap_signer(), 0644, NULL), 0);
	for (n = 1; n < TURNS; n++) {
		struct seal_collateral_tally tally = { 0 };
		struct seal_diag d = { 0 };
		char *text = NULL;
		size_t files;
		bool hit;
		int r;

		allocfail_at(n);
		r = seal_collateral_import(&c, paths, &text, &tally, &d);
		hit = allocfail_hit();
		allocfail_off();
		assert_int_equal(r == 0, text != NULL);
		assert_int_equal(r, d.code);
		files = empty_store();
		assert_true(files <= 2);
		if (r == 0)
			assert_int_equal(tally.good, files);
		free(text);
		if (hit)
			continue;
		assert_int_equal(files, 2);
		assert_int_equal(tally.refused, 1);
		break;
	}
	assert_true(n < TURNS);
	unlink(signer);
}

static int
setup(void **state)
{
	const struct dcap_recipe right = { .tee = QUOTE_TDX }, strange = {
		.tee = QUOTE_TDX, .evaluation = 18, .info_by = BY_STRANGER
	};

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(store, sizeof(store), "%s/store", dir);
	snprintf(good, sizeof(good), "%s/good.json", dir);
	snprintf(bad, sizeof(bad), "%s/bad.json", dir);
	dcap_setup();
	put(good, &right);
	put(bad, &strange);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	empty_store();
	rmdir(store);
	unlink(good);
	unlink(bad);
	rmdir(dir);
	dcap_teardown();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(importing) };

	return cmocka_run_group_tests(tests, setup, teardown);
}
