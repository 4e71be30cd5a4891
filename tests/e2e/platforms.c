/* SPDX-License-Identifier: Apache-2.0 */
/*
 * platforms DIR NONCE: plays confidential machines and who makes them. Writes
 * Evidence over a nonce (hex), collateral that is good, and that revokes, the
 * roots and policies:
 *   tdx sgx snp         Evidence
 *   X.type X.json       its media type; a policy, which names collateral X
 *   X.good X.revoked    folders of collateral
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "appraise/dcap_fixture.h"
#include "appraise/folder_fixture.h"
#include "appraise/snp_fixture.h"
#include "base/file.h"
#include "base/text.h"

#define RSA_SIZE 256
#define PATH 512

static const char *dir;

static const char *
path(const char *name, const char *suffix)
{
	static char buf[PATH];

	snprintf(buf, sizeof(buf), "%s/%s%s", dir, name, suffix);
	return buf;
}

static void
put(const char *name, const char *suffix, struct span content)
{
	assert_int_equal(
	    file_write(path(name, suffix), content, 0600, NULL), 0);
}

static void
put_root(const char *name, const char *from)
{
	uint8_t *pem = NULL;
	size_t n = 0;

	assert_int_equal(file_read(from, 65536, &pem, &n, NULL), 0);
	put(name, ".pem", span_of(pem, n));
	free(pem);
}

static void
put_policy(const char *name, const char *type, const char *rules)
{
	struct wr w;

	wr_init_heap(&w, 4096);
	wr_printf(&w,
	    "{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":\"none\"},"
	    "\"endorsements\":\"%s\",\"accept\":[{\"scheme\":\"%s\","
	    "\"signers\":[{\"ca\":\"%s.pem\"}],\"debug\":false,%s}]}",
	    name, type, name, rules);
	put(name, ".json", wr_view(&w));
	put(name, ".type", span_str(type));
	wr_free(&w);
}

static void
put_collateral(const char *name, bool revoked, struct endorsements *e)
{
	folder_put(path(name, revoked ? ".revoked" : ".good"), e);
	endorse_free(&e);
}

static void
put_quote(const char *name, enum quote_tee tee, struct span nonce)
{
	struct dcap_recipe r = { .tee = tee };
	struct wr quote;

	memcpy(r.report_data, nonce.p, nonce.n);
	dcap_quote(&r, &quote);
	put(name, "", wr_view(&quote));
	put_root(name, dcap_root_file());
	put_collateral(name, false, dcap_given(&r));
	r.revoke_pck = true;
	put_collateral(name, true, dcap_given(&r));
	wr_free(&quote);
}

static void
put_report(const char *name, struct span nonce)
{
	const struct snp_given good = { VCEK, true, false, 1 },
			       revoked = { VCEK, true, false, 2 };
	uint8_t rep[SNP_REPORT_SIZE];

	snp_make_report_over(rep, nonce);
	put(name, "", span_of(rep, sizeof(rep)));
	put_root(name, snp_root_file());
	put_collateral(name, false, snp_endorse(&good));
	put_collateral(name, true, snp_endorse(&revoked));
}

#define TWICE(c) c c
#define HEX32(c) TWICE(TWICE(TWICE(TWICE(TWICE(c)))))
#define HEX48(c) HEX32(c) TWICE(TWICE(TWICE(TWICE(c))))

int
main(int argc, char **argv)
{
	uint8_t nonce[64];
	struct wr w;

	wr_init(&w, nonce, sizeof(nonce));
	if (argc != 3 || !hex_decode(span_str(argv[2]), &w)) {
		fprintf(stderr, "platforms DIR NONCE\n");
		return 1;
	}
	dir = argv[1];
	fixture_clock = (int64_t)time(NULL);
	dcap_setup();
	snp_setup(RSA_SIZE);
	put_quote("tdx", QUOTE_TDX, wr_view(&w));
	put_quote("sgx", QUOTE_SGX, wr_view(&w));
	put_report("snp", wr_view(&w));
	put_policy("tdx", QUOTE_TDX_TYPE,
	    "\"measurements\":{\"mrtd\":\"" HEX48("11") "\"}");
	put_policy("sgx", QUOTE_SGX_TYPE,
	    "\"measurements\":{\"mrenclave\":\"" HEX32("22") "\"}");
	put_policy("snp", SNP_TYPE,
	    "\"tcb\":{\"reported\":{\"boot_loader\":3,\"tee\":0,\"snp\":8,"
	    "\"microcode\":115}},\"measurements\":{\"measurement\":\"" HEX48(
		"11") "\"}");
	dcap_teardown();
	snp_teardown();
	return 0;
}
