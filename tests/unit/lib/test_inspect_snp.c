/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include <sealtls/tools.h>

#include "../appraise/svsm_fixture.h"
#include "base/wr.h"
#include "cbor/cbor.h"
#include "format/snp.h"
#include "format/svsm.h"

static void
make(uint8_t rep[SNP_REPORT_SIZE], uint8_t version)
{
	memset(rep, 0, SNP_REPORT_SIZE);
	rep[0] = version;
	rep[8] = 31;
	rep[9] = 1;
	rep[0x0a] = 0x0b; /* SMT, the bit that is always set, DEBUG */
	rep[0x0b] = 0x80; /* a bit without a name */
	rep[0x34] = 1;
	rep[0x40] = 0x41; /* SMT, and a bit without a name */
	rep[0x48] = 2;
	rep[0x180] = 4;
	rep[0x183] = 2;
	rep[0x187] = 9;
	memcpy(rep + 0x1e8, (const uint8_t[]){ 3, 58, 1 }, 3);
	memcpy(rep + 0x1ec, (const uint8_t[]){ 2, 57, 1 }, 3);
	if (version >= 3)
		memcpy(rep + 0x188, (const uint8_t[]){ 0x1a, 2, 1 }, 3);
}

static char *
shown(struct span in, const char *type)
{
	struct seal_diag d = { 0 };
	char *text = NULL;

	if (seal_inspect(in.p, in.n, type, 0, &text, &d) != 0)
		fail_msg("%s", d.text);
	return text;
}

static void
has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("no '%s' in\n%s", part, text);
}

static void
a_report_bit_by_bit(void **state)
{
	static const char *const parts[] = { "SEV-SNP", "version: 5",
		"Turin (family 1a model 02 stepping 01)", "least ABI: 1.31",
		"SMT: may run beside", "DEBUG: its host can read",
		"unknown: 0x80000000", "SMT on", "unknown: 0x40", "fmc: 4",
		"snp: 2", "microcode: 9", "chip key: hidden", "signed by: VCEK",
		"chip: its host hides", "current firmware: 1.58, build 3",
		"committed firmware: 1.57, build 2",
		"signatures: not checked here" };
	uint8_t rep[SNP_REPORT_SIZE];
	char *text;

	(void)state;
	make(rep, 5);
	text = shown(span_of(rep, sizeof(rep)), NULL);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		has(text, parts[i]);
	free(text);
}

static void
a_tsm_report(void **state)
{
	uint8_t rep[SNP_REPORT_SIZE], buf[2048];
	struct wr w;
	char *text;

	(void)state;
	make(rep, 2);
	wr_init(&w, buf, sizeof(buf));
	cbor_put_map(&w, 3);
	cbor_put_text(&w, span_str("auxblob"));
	cbor_put_bytes(&w, span_of(buf, 0));
	cbor_put_text(&w, span_str("outblob"));
	cbor_put_bytes(&w, span_of(rep, sizeof(rep)));
	cbor_put_text(&w, span_str("provider"));
	cbor_put_text(&w, span_str("sev_guest\n"));
	text = shown(wr_view(&w), NULL);
	has(text, "configfs-tsm");
	/* Of version 2 nothing says which order the TCB has; these bytes are
	 * none of the older ones. */
	has(text, "reported tcb: 0400000200000009");
	free(text);
}

static void
an_svsms(void **state)
{
	static const char *const parts[] = { "Report of an SVSM", "version: 3",
		"of: all services", "(virtual TPM)", "(UEFI variables)",
		"endorsement key of a virtual TPM", "type: P-256",
		"bytes: 0000000000000002" };
	uint8_t rep[SNP_REPORT_SIZE], manifest[1024], buf[4096];
	struct wr m, w;
	char *text;

	(void)state;
	make(rep, 3);
	wr_init(&m, manifest, sizeof(manifest));
	svsm_put_services(&m);
	wr_init(&w, buf, sizeof(buf));
	svsm_evidence_write(&w, span_of(rep, sizeof(rep)), wr_view(&m));
	text = shown(wr_view(&w), NULL);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		has(text, parts[i]);
	free(text);
	m.n = w.n = 0;
	svsm_put_ek(&m);
	svsm_evidence_write(&w, span_of(rep, sizeof(rep)), wr_view(&m));
	text = shown(wr_view(&w), "svsm");
	has(text, "of: one service");
	has(text, "type: P-256");
	free(text);
}

/* An entry: a GUID, where it starts in the table, how long it is. */
static size_t
make_table(uint8_t *to, struct span cert)
{
	static const uint8_t vcek[16] = { 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64,
		0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd };

	memset(to, 0, 48);
	memcpy(to, vcek, sizeof(vcek));
	to[16] = 48;
	to[20] = (uint8_t)cert.n;
	memcpy(to + 48, cert.p, cert.n);
	return 48 + cert.n;
}

static void
a_table_with_its_report_and_alone(void **state)
{
	static const char pem[] = "-----BEGIN CERTIFICATE-----\nMAA=\n"
				  "-----END CERTIFICATE-----\n";
	const struct span certs[] = { STR("\x30\x00"), STR(pem) };

	(void)state;
	for (size_t i = 0; i < sizeof(certs) / sizeof(certs[0]); i++) {
		uint8_t all[SNP_REPORT_SIZE + 256];
		size_t n = make_table(all + SNP_REPORT_SIZE, certs[i]);
		char *text;

		make(all, 5);
		text = shown(span_of(all, SNP_REPORT_SIZE + n), NULL);
		has(text, "SEV-SNP report");
		has(text, "kind: another");
		has(text, "bytes: 2");
		free(text);
		text = shown(span_of(all + SNP_REPORT_SIZE, n), NULL);
		has(text, "SEV-SNP certificate table");
		has(text, "bytes: 2");
		free(text);
	}
}

static void
what_is_none(void **state)
{
	static const struct {
		const char *type, *want;
		size_t n;
	} rows[] = {
		{ "snp", "expected a report of 1184 bytes, found 100", 100 },
		{ "snp", "found 0", SNP_REPORT_SIZE },
		{ "snp", "cut off", SNP_REPORT_SIZE + 10 },
		{ "svsm", "SVSM Evidence: expected a map", 100 },
		{ "tsm", "TSM report: expected", 100 },
		{ "snp-table", "cut off", 23 },
		{ "snp-table", "no certificate in it", 100 },
		{ "snp-cert", "VCEK or VLEK", 100 },
	};
	static const uint8_t zeros[SNP_REPORT_SIZE + 10];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seal_diag d = { 0 };
		char *text = NULL;

		assert_int_not_equal(
		    seal_inspect(zeros, rows[i].n, rows[i].type, 0, &text, &d),
		    0);
		assert_null(text);
		has(d.text, rows[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_bit_by_bit),
		cmocka_unit_test(a_tsm_report),
		cmocka_unit_test(an_svsms),
		cmocka_unit_test(a_table_with_its_report_and_alone),
		cmocka_unit_test(what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
