/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "appraise/appraiser.h"
#include "base/file.h"
#include "base/text.h"

#include "crypto/fixture.h"

#define H32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define H48 H32 "202122232425262728292a2b2c2d2e2f"
#define TPM "\"scheme\":\"application/vnd.sealtls.tpm+cbor\""
#define SOFT                                                             \
	"\"scheme\":\"application/eat+cwt; eat_profile=\\\"tag:sealtls," \
	"2026:soft\\\"\""
#define SIGNERS "\"signers\":[{\"spki_sha256\":\"" H32 "\"}]"
#define PCRS "\"pcrs\":{\"sha256\":{\"7\":\"" H32 "\"}}"
#define MEAS "\"measurements\":{\"app\":\"" H32 "\"}"
#define TPM_ENTRY "{" TPM "," SIGNERS ",\"debug\":false," PCRS "}"
#define SOFT_ENTRY "{" SOFT "," SIGNERS ",\"debug\":true," MEAS "}"
#define HEAD "{\"version\":1,\"max_age_s\":60,"
#define WITH(entry) HEAD "\"accept\":[" entry "]}"
#define TOP(more) HEAD more ",\"accept\":[" TPM_ENTRY "]}"
#define ENTRY(signers, debug, rules) \
	WITH("{" TPM "," signers ",\"debug\":" debug "," rules "}")
#define PCR_RULE(pcrs) ENTRY(SIGNERS, "false", "\"pcrs\":" pcrs)

struct row {
	const char *name, *json;
	const char *why; /* part of the story; NULL: accepted */
};

static const struct row rows[] = {
	{ "tpm", WITH(TPM_ENTRY), NULL },
	{ "soft", WITH(SOFT_ENTRY), NULL },
	{ "both", WITH(SOFT_ENTRY "," TPM_ENTRY), NULL },
	{ "everything",
	    TOP("\"min_binding\":\"key\",\"lease_s\":30,\"identity\":"
		"{\"mode\":\"none\"},\"subject\":\"same-key\","
		"\"rotate_subject\":true"),
	    NULL },
	{ "sha384", PCR_RULE("{\"sha384\":{\"0\":\"" H48 "\"}}"), NULL },
	{ "key policy",
	    ENTRY(SIGNERS, "false", PCRS ",\"key_policy\":\"" H32 "\""), NULL },
	{ "no measurement",
	    WITH("{" SOFT "," SIGNERS ",\"debug\":true,\"measurements\":{}}"),
	    NULL },
	{ "case of the type",
	    WITH("{\"scheme\":\"APPLICATION/vnd.sealtls.TPM+cbor\"," SIGNERS
		 ",\"debug\":false," PCRS "}"),
	    NULL },

	{ "empty", "", "line" },
	{ "not JSON", "{", "line" },
	{ "trailing byte", WITH(TPM_ENTRY) "x", "line" },
	{ "an array", "[]", "must be an object" },
	{ "NUL in a key", "{\"a\\u0000\":1}", "line" },
	{ "empty object", "{}", "'version' is missing" },
	{ "no version", "{\"max_age_s\":60,\"accept\":[" TPM_ENTRY "]}",
	    "'version' is missing" },
	{ "version 2",
	    "{\"version\":2,\"max_age_s\":60,\"accept\":[" TPM_ENTRY "]}",
	    "'version' must be" },
	{ "version 0",
	    "{\"version\":0,\"max_age_s\":60,\"accept\":[" TPM_ENTRY "]}",
	    "'version' must be" },
	{ "version is a float",
	    "{\"version\":1.0,\"max_age_s\":60,\"accept\":[" TPM_ENTRY "]}",
	    "'version' must be" },
	{ "no max_age_s", "{\"version\":1,\"accept\":[" TPM_ENTRY "]}",
	    "'max_age_s' is missing" },
	{ "max_age_s 0",
	    "{\"version\":1,\"max_age_s\":0,\"accept\":[" TPM_ENTRY "]}",
	    "'max_age_s' must be" },
	{ "max_age_s of years",
	    "{\"version\":1,\"max_age_s\":99999999,\"accept\":[" TPM_ENTRY "]}",
	    "'max_age_s' must be" },
	{ "max_age_s null",
	    "{\"version\":1,\"max_age_s\":null,\"accept\":[" TPM_ENTRY "]}",
	    "'max_age_s' must be" },
	{ "no accept", "{\"version\":1,\"max_age_s\":60}",
	    "'accept' is missing" },
	{ "empty accept", WITH(""), "1 to 16" },
	{ "accept is an object", HEAD "\"accept\":{}}", "an array" },
	{ "accept of text", WITH("\"any\""), "must be an object" },
	{ "unknown key", TOP("\"leases\":60"), "unknown key 'leases'" },
	{ "duplicate key", TOP("\"max_age_s\":61"), "duplicate" },
	{ "lease below 30", TOP("\"lease_s\":29"), "'lease_s' must be" },
	{ "lease 0", TOP("\"lease_s\":0"), "'lease_s' must be" },
	{ "lease negative", TOP("\"lease_s\":-1"), "'lease_s' must be" },
	{ "lease too long", TOP("\"lease_s\":86401"), "'lease_s' must be" },
	{ "lease text", TOP("\"lease_s\":\"60\""), "'lease_s' must be" },
	{ "lease beyond 64 bit", TOP("\"lease_s\":18446744073709551676"),
	    "line" },
	{ "lease beyond 32 bit", TOP("\"lease_s\":4294967356"),
	    "'lease_s' must be" },
	{ "min_binding none", TOP("\"min_binding\":\"none\""),
	    "'min_binding' must be" },
	{ "min_binding empty", TOP("\"min_binding\":\"\""),
	    "'min_binding' must be" },
	{ "min_binding number", TOP("\"min_binding\":3"),
	    "'min_binding' must be" },
	{ "identity without mode", TOP("\"identity\":{}"),
	    "'mode' is missing" },
	{ "identity none with a name",
	    TOP("\"identity\":{\"mode\":\"none\",\"name\":\"a\"}"),
	    "unknown key 'name'" },
	{ "identity null", TOP("\"identity\":null"), "must be an object" },
	{ "identity twice",
	    TOP("\"identity\":{\"mode\":\"none\"},"
		"\"identity\":{\"mode\":\"pkix\"}"),
	    "duplicate" },
	{ "subject any", TOP("\"subject\":\"any\""), "'subject' must be" },
	{ "subject pkix without ca", TOP("\"subject\":{}"), "'ca' is missing" },
	{ "subject unknown key", TOP("\"subject\":{\"cas\":\"a\"}"),
	    "unknown key 'cas'" },
	{ "subject ca not there", TOP("\"subject\":{\"ca\":\"none.pem\"}"),
	    "none.pem" },
	{ "subject true", TOP("\"subject\":true"), "'subject' must be" },
	{ "rotate_subject text", TOP("\"rotate_subject\":\"true\""),
	    "true or false" },
	{ "rotate_subject 1", TOP("\"rotate_subject\":1"), "true or false" },

	{ "no scheme", WITH("{" SIGNERS ",\"debug\":false," PCRS "}"),
	    "'scheme' is missing" },
	{ "unknown scheme",
	    WITH("{\"scheme\":\"a/b\"," SIGNERS ",\"debug\":false," PCRS "}"),
	    "unknown scheme 'a/b'" },
	{ "scheme with a space more",
	    WITH("{\"scheme\":\"application/vnd.sealtls.tpm+cbor \"," SIGNERS
		 ",\"debug\":false," PCRS "}"),
	    "unknown scheme" },
	{ "no signers", WITH("{" TPM ",\"debug\":false," PCRS "}"),
	    "'signers' is missing" },
	{ "empty signers", ENTRY("\"signers\":[]", "false", PCRS), "1 to 16" },
	{ "signers null", ENTRY("\"signers\":null", "false", PCRS),
	    "an array" },
	{ "signer empty", ENTRY("\"signers\":[{}]", "false", PCRS),
	    "one of them" },
	{ "signer with both",
	    ENTRY("\"signers\":[{\"spki_sha256\":\"" H32
		  "\",\"ca\":\"a.pem\"}]",
		"false", PCRS),
	    "one of them" },
	{ "signer unknown key",
	    ENTRY("\"signers\":[{\"spki_sha265\":\"" H32 "\"}]", "false", PCRS),
	    "unknown key" },
	{ "signer not hex",
	    ENTRY("\"signers\":[{\"spki_sha256\":\"zz\"}]", "false", PCRS),
	    "64 hex digits" },
	{ "signer short",
	    ENTRY("\"signers\":[{\"spki_sha256\":\"00\"}]", "false", PCRS),
	    "64 hex digits" },
	{ "signer empty text",
	    ENTRY("\"signers\":[{\"spki_sha256\":\"\"}]", "false", PCRS),
	    "64 hex digits" },
	{ "signer long",
	    ENTRY("\"signers\":[{\"spki_sha256\":\"" H48 "\"}]", "false", PCRS),
	    "64 hex digits" },
	{ "signer null",
	    ENTRY("\"signers\":[{\"spki_sha256\":null}]", "false", PCRS),
	    "64 hex digits" },
	{ "ca not there",
	    ENTRY("\"signers\":[{\"ca\":\"none.pem\"}]", "false", PCRS),
	    "none.pem" },
	{ "ca empty", ENTRY("\"signers\":[{\"ca\":\"\"}]", "false", PCRS),
	    "not empty" },
	{ "no debug", WITH("{" TPM "," SIGNERS "," PCRS "}"),
	    "'debug' is missing" },
	{ "debug tpm", ENTRY(SIGNERS, "true", PCRS), "must be false" },
	{ "debug text", ENTRY(SIGNERS, "\"false\"", PCRS), "true or false" },
	{ "soft in production",
	    WITH("{" SOFT "," SIGNERS ",\"debug\":false," MEAS "}"),
	    "must be true" },
	{ "no pcrs", WITH("{" TPM "," SIGNERS ",\"debug\":false}"),
	    "'pcrs' is missing" },
	{ "empty pcrs", PCR_RULE("{}"), "not empty" },
	{ "empty bank", PCR_RULE("{\"sha256\":{}}"), "not empty" },
	{ "bank is a list", PCR_RULE("{\"sha256\":[\"" H32 "\"]}"),
	    "not empty" },
	{ "bank sha1",
	    PCR_RULE("{\"sha1\":{\"0\":\"000102030405060708090a0b0c0d0e0f"
		     "10111213\"}}"),
	    "bank 'sha1'" },
	{ "bank unknown", PCR_RULE("{\"sm3\":{\"0\":\"" H32 "\"}}"),
	    "bank 'sm3'" },
	{ "bank twice",
	    PCR_RULE("{\"sha256\":{\"0\":\"" H32 "\"},\"sha256\":{\"1\":\"" H32
		     "\"}}"),
	    "duplicate" },
	{ "pcr 24", PCR_RULE("{\"sha256\":{\"24\":\"" H32 "\"}}"),
	    "not a PCR" },
	{ "pcr 07", PCR_RULE("{\"sha256\":{\"07\":\"" H32 "\"}}"),
	    "not a PCR" },
	{ "pcr -1", PCR_RULE("{\"sha256\":{\"-1\":\"" H32 "\"}}"),
	    "not a PCR" },
	{ "pcr without number", PCR_RULE("{\"sha256\":{\"\":\"" H32 "\"}}"),
	    "not a PCR" },
	{ "pcr twice",
	    PCR_RULE("{\"sha256\":{\"0\":\"" H32 "\",\"0\":\"" H32 "\"}}"),
	    "duplicate" },
	{ "pcr value empty", PCR_RULE("{\"sha256\":{\"0\":\"\"}}"),
	    "64 hex digits" },
	{ "pcr value short", PCR_RULE("{\"sha256\":{\"0\":\"00\"}}"),
	    "64 hex digits" },
	{ "pcr value long", PCR_RULE("{\"sha256\":{\"0\":\"" H48 "\"}}"),
	    "64 hex digits" },
	{ "pcr value null", PCR_RULE("{\"sha256\":{\"0\":null}}"),
	    "64 hex digits" },
	{ "key_policy empty",
	    ENTRY(SIGNERS, "false", PCRS ",\"key_policy\":\"\""),
	    "key_policy" },
	{ "key_policy null",
	    ENTRY(SIGNERS, "false", PCRS ",\"key_policy\":null"),
	    "key_policy" },
	{ "key_policy short",
	    ENTRY(SIGNERS, "false", PCRS ",\"key_policy\":\"0011\""),
	    "key_policy" },
	{ "measurements for tpm", ENTRY(SIGNERS, "false", PCRS "," MEAS),
	    "unknown key 'measurements'" },
	{ "pcrs for soft",
	    WITH("{" SOFT "," SIGNERS ",\"debug\":true," MEAS "," PCRS "}"),
	    "unknown key 'pcrs'" },
	{ "no measurements", WITH("{" SOFT "," SIGNERS ",\"debug\":true}"),
	    "'measurements' is missing" },
	{ "measurements a list",
	    WITH("{" SOFT "," SIGNERS ",\"debug\":true,\"measurements\":[]}"),
	    "an object" },
	{ "measurement without name",
	    WITH("{" SOFT "," SIGNERS
		 ",\"debug\":true,\"measurements\":{\"\":\"" H32 "\"}}"),
	    "a name" },
	{ "measurement empty",
	    WITH("{" SOFT "," SIGNERS
		 ",\"debug\":true,\"measurements\":{\"a\":\"\"}}"),
	    "hex digits" },
	{ NULL },
};

static void
table(void **state)
{
	(void)state;
	for (const struct row *row = rows; row->name != NULL; row++) {
		struct policy *p = NULL;
		struct seal_diag d = { 0 };
		int r = policy_load(span_str(row->json), "/nowhere", &p, &d);

		if (row->why == NULL ? r != 0 : r == 0)
			fail_msg("%s: got %d (%s)", row->name, r, d.text);
		if (row->why != NULL && strstr(d.text, row->why) == NULL)
			fail_msg("%s: said '%s'", row->name, d.text);
		if (row->why != NULL &&
		    r != (strstr(row->why, ".pem") ? SEAL_E_IO : SEAL_E_CONFIG))
			fail_msg("%s: got %d", row->name, r);
		assert_true((p != NULL) == (r == 0));
		policy_free(&p);
	}
}

/* No prefix of a good policy may load. */
static void
truncated(void **state)
{
	const char *json = WITH(SOFT_ENTRY "," TPM_ENTRY);

	(void)state;
	for (size_t n = 0; n < strlen(json); n++) {
		struct policy *p = NULL;

		assert_int_equal(
		    policy_load(span_of(json, n), "", &p, NULL), SEAL_E_CONFIG);
		assert_null(p);
	}
}

static void
too_large(void **state)
{
	char *text = malloc(LIMIT_JSON + 2);
	struct seal_diag d = { 0 };
	struct policy *p = NULL;

	(void)state;
	/* Blanks, so that it would be a good policy but for its size. */
	memset(text, ' ', LIMIT_JSON + 1);
	memcpy(text, WITH(TPM_ENTRY), strlen(WITH(TPM_ENTRY)));
	assert_int_equal(
	    policy_load(span_of(text, LIMIT_JSON), "", &p, NULL), 0);
	policy_free(&p);
	assert_int_equal(policy_load(span_of(text, LIMIT_JSON + 1), "", &p, &d),
	    SEAL_E_CONFIG);
	assert_non_null(strstr(d.text, "larger"));
	free(text);
}

static void
defaults(void **state)
{
	struct policy *p = NULL;

	(void)state;
	assert_int_equal(
	    policy_load(span_str(WITH(TPM_ENTRY)), "", &p, NULL), 0);
	assert_int_equal(p->min_binding, SEAL_LEVEL_TRAFFIC);
	assert_int_equal(p->max_age_s, 60);
	assert_int_equal(p->lease_s, 300);
	assert_int_equal(p->identity.mode, IDENTITY_PKIX);
	assert_null(p->identity.name);
	assert_int_equal(p->subject, SUBJECT_EVIDENCE);
	assert_false(p->rotate_subject);
	assert_int_equal(p->n_accept, 1);
	assert_true(p->accept[0].signers[0].pinned);
	assert_int_equal(p->accept[0].signers[0].spki_sha256[31], 31);
	policy_free(&p);
	policy_free(&p);
}

static void
schemes(void **state)
{
	struct policy_scheme got[4];
	struct policy *p = NULL;

	(void)state;
	assert_int_equal(
	    policy_load(span_str(WITH(SOFT_ENTRY "," TPM_ENTRY "," TPM_ENTRY)),
		"", &p, NULL),
	    0);
	assert_int_equal(policy_schemes(p, got, 4), 2);
	assert_true(span_is(got[0].name,
	    "application/eat+cwt; eat_profile=\"tag:sealtls,2026:soft\""));
	assert_true(span_is(got[1].name, "application/vnd.sealtls.tpm+cbor"));
	assert_int_equal(policy_schemes(p, got, 1), 1);
	policy_free(&p);
}

static void
explained(void **state)
{
	static const char *const wants[] = { "the host connected to",
		"signed by key 000102030405060708090a0b0c0d0e0f...",
		"PCR sha256:7 is 0001", "host-trusted", "INSECURE",
		"'app' measures 0001", "level 'traffic'", NULL };
	struct policy *p = NULL;
	char *text = NULL, *debug;
	struct wr w;

	(void)state;
	assert_int_equal(
	    policy_load(span_str(WITH(SOFT_ENTRY "," TPM_ENTRY)), "", &p, NULL),
	    0);
	wr_init_heap(&w, 65536);
	assert_int_equal(policy_explain(p, &w), 0);
	assert_int_equal(wr_take_text(&w, &text), 0);
	for (size_t i = 0; wants[i] != NULL; i++)
		if (strstr(text, wants[i]) == NULL)
			fail_msg("'%s' is not in\n%s", wants[i], text);
	/* The software's entry alone allows it. */
	debug = strstr(text, "it may be in debug mode");
	assert_non_null(debug);
	assert_null(strstr(debug + 1, "it may be in debug"));
	free(text);
	policy_free(&p);
}

/* What the other modes leave unproved, or prove in another way. */
static void
explained_modes(void **state)
{
	static const struct {
		const char *json, *want;
	} rows_of[] = {
		{ TOP("\"identity\":{\"mode\":\"none\"}"),
		    "diversion: not excluded" },
		{ TOP("\"identity\":{\"mode\":\"pin\",\"spki_sha256\":"
		      "[\"" H32 "\"]}"),
		    "one of these keys" },
		{ TOP("\"identity\":{\"mode\":\"pkix\",\"name\":\"n\","
		      "\"ca\":\"c.pem\"}"),
		    "/d/c.pem\nand names n" },
		{ TOP("\"subject\":\"same-key\""), "key of its TLS" },
		{ TOP("\"rotate_subject\":true"), "may change its key" },
		{ TOP("\"min_binding\":\"transcript\""),
		    "not proved: that who attested also has the keys" },
		{ TOP("\"min_binding\":\"key\""),
		    "not proved: that a result was made for this" },
		{ ENTRY(SIGNERS, "false", PCRS ",\"key_policy\":\"" H32 "\""),
		    "obeys policy 0001" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows_of) / sizeof(*rows_of); i++) {
		struct policy *p = NULL;
		char *text = NULL;
		struct wr w;

		assert_int_equal(
		    policy_load(span_str(rows_of[i].json), "/d", &p, NULL), 0);
		wr_init_heap(&w, 65536);
		assert_int_equal(policy_explain(p, &w), 0);
		assert_int_equal(wr_take_text(&w, &text), 0);
		if (strstr(text, rows_of[i].want) == NULL)
			fail_msg("'%s' is not in\n%s", rows_of[i].want, text);
		free(text);
		policy_free(&p);
	}
}

/* What is given away on purpose is noted, each by its own rule. */
static void
noted(void **state)
{
#define SNP_RULES(crl)                                                   \
	"\"scheme\":\"application/vnd.sealtls.sev-snp\"," SIGNERS        \
	",\"tcb\":{\"reported\":{\"boot_loader\":0,\"tee\":0,\"snp\":0," \
	"\"microcode\":0}},\"measurements\":{\"measurement\":\"" H48 "\"}" crl
#define TDX_RULES(tcb)                                              \
	"\"scheme\":\"application/vnd.sealtls.tdx-quote\"," SIGNERS \
	",\"measurements\":{\"mrtd\":\"" H48 "\"}" tcb
#define PRODUCTION ",\"debug\":false}"
	static const struct {
		const char *json, *want; /* NULL: nothing */
	} rows_of[] = {
		{ WITH(TPM_ENTRY), NULL },
		{ WITH("{" SNP_RULES("") PRODUCTION), NULL },
		{ WITH("{" TDX_RULES("") PRODUCTION), NULL },
		{ TOP("\"min_binding\":\"transcript\""), "min_binding: " },
		{ TOP("\"min_binding\":\"key\""), "min_binding: " },
		{ TOP("\"identity\":{\"mode\":\"none\"}"), "identity: " },
		{ TOP("\"rotate_subject\":true"), "rotate_subject: " },
		{ WITH(SOFT_ENTRY), "accept[0].debug: " },
		{ WITH(TPM_ENTRY ",{" SNP_RULES("") ",\"debug\":true}"),
		    "accept[1].debug: " },
		{ WITH("{" SNP_RULES(",\"crl\":false") PRODUCTION),
		    "accept[0].crl: " },
		{ WITH("{" TDX_RULES(",\"tcb\":{\"crl\":false}") PRODUCTION),
		    "accept[0].tcb.crl: " },
		{ WITH("{" TDX_RULES(",\"tcb\":{\"advisories\":\"any\"}")
			  PRODUCTION),
		    "accept[0].tcb.advisories: " },
		{ WITH("{" TDX_RULES(",\"tcb\":{\"status\":[\"OutOfDate\"]}")
			  PRODUCTION),
		    "accept[0].tcb.status: " },
		{ WITH("{\"scheme\":\"application/cmw+cbor\",\"members\":{"
		       "\"cpu\":{" SNP_RULES(",\"crl\":false") PRODUCTION "}}"),
		    "accept[0].cpu.crl: " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows_of) / sizeof(*rows_of); i++) {
		struct seal_diag d = { 0 };
		struct policy *p = NULL;
		char *text = NULL;
		struct wr w;

		if (policy_load(span_str(rows_of[i].json), "", &p, &d) != 0)
			fail_msg("%zu: %s", i, d.text);
		wr_init_heap(&w, 65536);
		assert_int_equal(policy_notes(p, &w), 0);
		assert_int_equal(wr_take_text(&w, &text), 0);
		if (rows_of[i].want == NULL)
			assert_string_equal(text, "");
		else if (strncmp(text, rows_of[i].want,
			     strlen(rows_of[i].want)) != 0 ||
			 strchr(text, '\n') != text + strlen(text) - 1)
			fail_msg("%zu: '%s'", i, text);
		free(text);
		policy_free(&p);
	}
}

static void
write_ca(const char *path)
{
	static const struct made how = { .cn = "root",
		.basic = "critical,CA:TRUE" };
	struct issued root = issue(&how, EVP_EC_gen("P-256"), NULL);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, root.x), 1);
	fclose(f);
	issued_free(&root);
}

/* Signers and subjects by CA; the files stand beside the policy. */
static void
anchors(void **state)
{
	static const char json[] = HEAD
	    "\"subject\":{\"ca\":\"ca.pem\"},\"accept\":[{" TPM
	    ",\"signers\":[{\"ca\":\"ca.pem\"}],\"debug\":false," PCRS "}]}";
	char dir[] = "/tmp/seal-policy-XXXXXX", ca[64], path[64];
	struct seal_diag d = { 0 };
	struct policy *p = NULL;
	char *text = NULL;
	struct wr w;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(ca, sizeof(ca), "%s/ca.pem", dir);
	snprintf(path, sizeof(path), "%s/p.json", dir);
	write_ca(ca);
	assert_int_equal(file_write(path, span_str(json), 0600, NULL), 0);
	if (policy_load_file(path, &p, &d) != 0)
		fail_msg("%s", d.text);
	assert_int_equal(p->subject, SUBJECT_PKIX);
	assert_non_null(p->subject_ca);
	assert_non_null(p->accept[0].signers[0].ca);
	assert_false(p->accept[0].signers[0].pinned);
	wr_init_heap(&w, 65536);
	assert_int_equal(policy_explain(p, &w), 0);
	assert_int_equal(wr_take_text(&w, &text), 0);
	assert_non_null(strstr(text, ca));
	assert_non_null(strstr(text, "a certificate of the policy's CA"));
	free(text);
	policy_free(&p);
	/* A file that holds no certificate is no anchor. */
	assert_int_equal(file_write(ca, span_str("none"), 0600, NULL), 0);
	assert_int_equal(policy_load_file(path, &p, NULL), SEAL_E_CONFIG);
	unlink(ca);
	unlink(path);
	rmdir(dir);
}

/* File names are relative to the policy's own folder. */
static void
files(void **state)
{
	static const char json[] =
	    WITH("{" TPM ",\"signers\":[{\"ca\":\"missing-ca.pem\"}],"
		 "\"debug\":false," PCRS "}");
	char dir[] = "/tmp/seal-policy-XXXXXX", path[64];
	struct seal_diag d = { 0 };
	struct policy *p = NULL;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/p.json", dir);
	assert_int_equal(policy_load_file(path, &p, &d), SEAL_E_IO);
	d = (struct seal_diag){ 0 };
	assert_int_equal(file_write(path, span_str(json), 0600, &d), 0);
	assert_int_equal(policy_load_file(path, &p, &d), SEAL_E_IO);
	assert_non_null(strstr(d.text, dir));
	assert_non_null(strstr(d.text, "/missing-ca.pem"));
	/* What is wrong in it is told of the file. */
	d = (struct seal_diag){ 0 };
	assert_int_equal(file_write(path, span_str("{"), 0600, NULL), 0);
	assert_int_equal(policy_load_file(path, &p, &d), SEAL_E_CONFIG);
	assert_ptr_equal(strstr(d.text, path), d.text);
	assert_non_null(strstr(d.text, "policy: line 1"));
	assert_int_equal(
	    file_write(path, span_str(WITH(TPM_ENTRY)), 0600, NULL), 0);
	assert_int_equal(policy_load_file(path, &p, NULL), 0);
	policy_free(&p);
	unlink(path);
	rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(truncated),
		cmocka_unit_test(too_large),
		cmocka_unit_test(defaults),
		cmocka_unit_test(schemes),
		cmocka_unit_test(explained),
		cmocka_unit_test(explained_modes),
		cmocka_unit_test(noted),
		cmocka_unit_test(anchors),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
