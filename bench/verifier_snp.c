/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "verifier_snp.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "appraise/folder_fixture.h"
#include "appraise/snp_fixture.h"
#include "base/file.h"
#include "format/cmw.h"

#define RSA_SIZE 512 /* bytes, as AMD's */
#define PATH 512
#define TWICE(c) c c
#define HEX48(c)                             \
	TWICE(TWICE(TWICE(TWICE(TWICE(c))))) \
	TWICE(TWICE(TWICE(TWICE(c))))

const char snp_policy[] =
    "{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":\"none\"},"
    "\"endorsements\":\"snp\",\"accept\":[{\"scheme\":\"" SNP_TYPE
    "\",\"signers\":[{\"ca\":\"snp.pem\"}],\"debug\":false,\"tcb\":{"
    "\"reported\":{\"boot_loader\":3,\"tee\":0,\"snp\":8,\"microcode\":115}},"
    "\"measurements\":{\"measurement\":\"" HEX48("11") "\"}}]}";

static void
put_root(const char *path)
{
	uint8_t *pem = NULL;
	size_t n = 0;

	assert_int_equal(file_read(snp_root_file(), 65536, &pem, &n, NULL), 0);
	assert_int_equal(file_write(path, span_of(pem, n), 0644, NULL), 0);
	free(pem);
}

void
snp_play(const char *dir, struct span data, struct wr *ret_cmw)
{
	const struct snp_given g = { ASK, false, false, 1 };
	uint8_t rep[SNP_REPORT_SIZE];
	struct endorsements *e;
	struct wr evidence;
	char path[PATH];

	fixture_clock = (int64_t)time(NULL);
	snp_setup(RSA_SIZE);
	snp_make_report_over(rep, data);
	wr_init_heap(&evidence, LIMIT_CMW);
	snp_extend(rep, &evidence);
	wr_init_heap(ret_cmw, LIMIT_CMW);
	cmw_write_record(ret_cmw, span_str(SNP_TYPE), wr_view(&evidence));
	wr_free(&evidence);
	snprintf(path, sizeof(path), "%s/snp.pem", dir);
	put_root(path);
	snprintf(path, sizeof(path), "%s/snp", dir);
	e = snp_endorse(&g);
	folder_put(path, e);
	endorse_free(&e);
	snp_teardown();
}
