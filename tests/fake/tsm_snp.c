/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include "tsm_platform.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "appraise/snp_fixture.h"

#define RSA_SIZE 256 /* bytes of a signature of AMD's CAs */

static void
snp_start(const char *state)
{
	fixture_clock = time(NULL);
	snp_setup(RSA_SIZE);
	platform_copy(state, "root.pem", snp_root_file());
	platform_copy(state, "other.pem", snp_other_root_file());
}

static void
change(struct snp_change *to, size_t at, const uint8_t *value, size_t n)
{
	to->at = at;
	to->n = n;
	memcpy(to->value, value, n);
}

static const uint8_t *
fill(unsigned long c)
{
	static uint8_t bytes[8];

	memset(bytes, (int)c, sizeof(bytes));
	return bytes;
}

static void
snp_make(const uint8_t data[64], const struct tsm_wish *w, uint8_t **ret,
    size_t *ret_n)
{
	struct snp_change changes[16];
	size_t n = 0;

	for (size_t i = 0; i < 64; i += 8)
		change(&changes[n++], 0x50 + i, data + i, 8);
	*ret = malloc(SNP_REPORT_SIZE);
	assert_non_null(*ret);
	*ret_n = SNP_REPORT_SIZE;
	change(&changes[n++], 0x30, (uint8_t[]){ (uint8_t)w->level }, 1);
	if (w->debug)
		change(&changes[n++], 0x0a, (uint8_t[]){ 0x0a }, 1);
	for (size_t i = 0; w->measurement != 0 && i < 48; i += 8)
		change(&changes[n++], 0x90 + i, fill(w->measurement), 8);
	snp_make_report(*ret, 3, changes, n);
}

static void
snp_table_fill(uint8_t *to, size_t cap)
{
	(void)snp_certificates(to, cap);
}

const struct tsm_platform tsm_snp = { "sev_guest", true, snp_start,
	snp_teardown, snp_make, snp_table_fill };
