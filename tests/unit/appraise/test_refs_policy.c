/* SPDX-License-Identifier: Apache-2.0 */
/* Policies that take their values from CoRIM files, and TPM Evidence that is
 * judged by them. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "appraise/appraise.h"
#include "appraise/refs.h"
#include "base/file.h"
#include "base/text.h"

#include "tpm_fixture.h"

#define TPM "\"scheme\":\"application/vnd.sealtls.tpm+cbor\",\"debug\":false,"
#define SOFT                                                             \
	"\"scheme\":\"application/eat+cwt; eat_profile=\\\"tag:sealtls," \
	"2026:soft\\\"\",\"debug\":true,"
#define H32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define PIN "\"signers\":[{\"spki_sha256\":\"" H32 "\"}],"
#define BY_CORIM "\"signers\":[{\"corim\":true}],"
#define FILES "\"corim\":[\"a.corim\"],"
#define UNSIGNED "\"corim_unsigned\":true"
#define WITH(entry) "{\"version\":1,\"max_age_s\":60,\"accept\":[{" entry "}]}"

static struct keyring ring;
static struct seal_binding binding;
static const uint8_t exporter[32] = { 1, 2, 3 };
static char dir[] = "/tmp/seal-refs-XXXXXX";

/* ---- The file ---- */

/* What the CoRIM says; zero is what the Evidence is. */
struct says {
	unsigned pcrs;     /* bits; 0: those that the recipe quotes */
	uint8_t flip;      /* changes the value of this PCR, if not 0 */
	const char *model; /* NULL: tpm2 */
	bool registers;    /* integrity registers in place of mkeys */
	bool wrong_key;    /* the attest-key triple names another */
	struct corim_validity validity;
};

static void
put_value(struct wr *w, const struct says *s, uint8_t pcr)
{
	uint8_t value[32];

	memcpy(value, pcr_values[pcr], sizeof(value));
	if (s->flip != 0 && s->flip == pcr)
		value[31] ^= 1;
	cbor_put_array(w, 1);
	comid_put_digest(w, COMID_SHA256, span_of(value, sizeof(value)));
}

static void
put_measurements(struct wr *w, const struct says *s)
{
	unsigned pcrs = s->pcrs != 0 ? s->pcrs : 1u | 2u | 4u | 128u;
	size_t n = 0;

	for (uint8_t i = 0; i < TPM_PCRS; i++)
		n += pcrs >> i & 1;
	cbor_put_array(w, s->registers ? 1 : n);
	if (s->registers) {
		cbor_put_map(w, 1);
		cbor_put_int(w, 1);
		cbor_put_map(w, 1);
		cbor_put_int(w, COMID_REGISTERS);
		cbor_put_map(w, n);
	}
	for (uint8_t i = 0; i < TPM_PCRS; i++) {
		if ((pcrs >> i & 1) == 0)
			continue;
		if (!s->registers) {
			cbor_put_map(w, 2);
			cbor_put_int(w, 0);
		}
		cbor_put_int(w, i);
		if (!s->registers) {
			cbor_put_int(w, 1);
			cbor_put_map(w, 1);
			cbor_put_int(w, COMID_DIGESTS);
		}
		put_value(w, s, i);
	}
}

static void
put_env(struct wr *w, const char *model)
{
	cbor_put_map(w, 1);
	cbor_put_int(w, 0);
	cbor_put_map(w, 1);
	cbor_put_int(w, 2);
	cbor_put_text(w, span_str(model));
}

static void
put_comid(struct wr *w, const struct says *s)
{
	const struct soft_key *ak = s->wrong_key ? &ring.stranger : &ring.ak;
	const char *model = s->model != NULL ? s->model : "tpm2";
	uint8_t digest[HASH_MAX];

	cbor_put_map(w, 2);
	cbor_put_int(w, 1);
	cbor_put_map(w, 1);
	cbor_put_int(w, 0);
	cbor_put_text(w, span_str("tag"));
	cbor_put_int(w, 4);
	cbor_put_map(w, 2);
	cbor_put_int(w, COMID_REFERENCE);
	cbor_put_array(w, 1);
	cbor_put_array(w, 2);
	put_env(w, model);
	put_measurements(w, s);
	cbor_put_int(w, COMID_ATTEST_KEY);
	cbor_put_array(w, 1);
	cbor_put_array(w, 2);
	put_env(w, model);
	cbor_put_array(w, 1);
	assert_int_equal(hash_one(HASH_SHA256, key_spki(ak), digest, NULL), 0);
	comid_put_thumbprint(
	    w, COMID_KEY_THUMBPRINT, COMID_SHA256, span_of(digest, 32));
}

static void
path_of(const char *name, char ret[96])
{
	snprintf(ret, 96, "%s/%s", dir, name);
}

static void
write_corim(const struct says *s)
{
	struct corim_out c = { .id = { false, STR("rim") },
		.n_tags = 1,
		.profile = span_str(REFS_PROFILE),
		.validity = s->validity };
	struct wr tag, whole;
	struct span view;
	char path[96];

	wr_init_heap(&tag, 65536);
	wr_init_heap(&whole, 65536);
	put_comid(&tag, s);
	view = wr_view(&tag);
	c.tags = &view;
	corim_put(&whole, &c);
	path_of("a.corim", path);
	assert_int_equal(file_write(path, wr_view(&whole), 0600, NULL), 0);
	wr_free(&tag);
	wr_free(&whole);
}

/* ---- Loading ---- */

struct row {
	const char *name, *json;
	const char *why; /* part of the story; NULL: accepted */
};

static const struct row rows[] = {
	{ "tpm", WITH(TPM BY_CORIM FILES UNSIGNED), NULL },
	{ "tpm, pinned", WITH(TPM PIN FILES UNSIGNED), NULL },
	{ "tpm, key policy",
	    WITH(TPM PIN FILES UNSIGNED ",\"key_policy\":\"" H32 "\""), NULL },
	{ "soft", WITH(SOFT BY_CORIM FILES UNSIGNED), NULL },
	{ "no files", WITH(TPM PIN UNSIGNED), "'corim' is missing" },
	{ "nothing at all",
	    WITH(TPM "\"signers\":[{\"spki_sha256\":\"" H32 "\"}]"),
	    "'pcrs' is missing" },
	{ "files empty", WITH(TPM PIN "\"corim\":[]," UNSIGNED), "1 to 16" },
	{ "a store", WITH(TPM BY_CORIM "\"corim\":\"store\"," UNSIGNED), NULL },
	{ "a store, nobody vouches", WITH(TPM BY_CORIM "\"corim\":\"store\""),
	    "'corim_signers' is missing" },
	{ "a store among files",
	    WITH(TPM BY_CORIM "\"corim\":[\"store\"]," UNSIGNED), "/store" },
	{ "a store of another name",
	    WITH(TPM BY_CORIM "\"corim\":\"Store\"," UNSIGNED),
	    "must be an array" },
	{ "values in both places, a store",
	    WITH(TPM PIN "\"corim\":\"store\"," UNSIGNED
			 ",\"pcrs\":{\"sha256\":{\"7\":\"" H32 "\"}}"),
	    "not both" },
	{ "files no array", WITH(TPM PIN "\"corim\":\"a.corim\"," UNSIGNED),
	    "must be an array" },
	{ "file a number", WITH(TPM PIN "\"corim\":[7]," UNSIGNED),
	    "names of files" },
	{ "file missing", WITH(TPM PIN "\"corim\":[\"b.corim\"]," UNSIGNED),
	    "b.corim" },
	{ "file no CoRIM", WITH(TPM PIN "\"corim\":[\"junk\"]," UNSIGNED),
	    "expected CBOR tag 501" },
	{ "values in both places",
	    WITH(TPM PIN FILES UNSIGNED ",\"pcrs\":{\"sha256\":{\"7\":\"" H32
					"\"}}"),
	    "not both" },
	{ "soft values in both places",
	    WITH(SOFT PIN FILES UNSIGNED ",\"measurements\":{}"), "not both" },
	{ "nobody vouches", WITH(TPM PIN "\"corim\":[\"a.corim\"]"),
	    "'corim_signers' is missing" },
	{ "unsigned is false", WITH(TPM PIN FILES "\"corim_unsigned\":false"),
	    "'corim_signers' is missing" },
	{ "unsigned is a number", WITH(TPM PIN FILES "\"corim_unsigned\":1"),
	    "true or false" },
	{ "not signed",
	    WITH(TPM PIN FILES "\"corim_signers\":[{\"spki_sha256\":\"" H32
			       "\"}]"),
	    "expected a signature" },
	{ "signers empty", WITH(TPM PIN FILES "\"corim_signers\":[]"),
	    "1 to 16" },
	{ "signer empty", WITH(TPM PIN FILES "\"corim_signers\":[{}]"),
	    "needs one of" },
	{ "signer of two kinds",
	    WITH(TPM PIN FILES "\"corim_signers\":[{\"key\":\"k\",\"ca\":"
			       "\"c\"}]"),
	    "needs one of" },
	{ "signer key missing",
	    WITH(TPM PIN FILES "\"corim_signers\":[{\"key\":\"k.pub\"}]"),
	    "k.pub" },
	{ "signer pin short",
	    WITH(TPM PIN FILES "\"corim_signers\":[{\"spki_sha256\":\"00\"}]"),
	    "64 hex digits" },
	{ "signer of another key",
	    WITH(TPM PIN FILES "\"corim_signers\":[{\"corim\":true}]"),
	    "unknown key" },
	{ "Evidence's signer by no file",
	    WITH(TPM BY_CORIM "\"pcrs\":{\"sha256\":{\"7\":\"" H32 "\"}}"),
	    "needs 'corim'" },
	{ "corim is false",
	    WITH(TPM "\"signers\":[{\"corim\":false}]," FILES UNSIGNED),
	    "one of them" },
	{ NULL },
};

static int
load(const char *json, struct policy **ret, struct seal_diag *d)
{
	return policy_load(span_str(json), dir, ret, d);
}

static void
loading(void **state)
{
	char path[96];

	(void)state;
	write_corim(&(struct says){ .pcrs = 0 });
	path_of("junk", path);
	assert_int_equal(file_write(path, span_str("junk"), 0600, NULL), 0);
	for (const struct row *c = rows; c->name != NULL; c++) {
		struct seal_diag d = { 0 };
		struct policy *p = NULL;
		int r = load(c->json, &p, &d);

		if ((r == 0) != (c->why == NULL) ||
		    (r != 0 && strstr(d.text, c->why) == NULL))
			fail_msg("%s: %d '%s'", c->name, r, d.text);
		policy_free(&p);
	}
	unlink(path);
}

/* ---- Judging ---- */

struct case_ {
	const char *name;
	const char *entry;
	struct says says;
	int64_t later; /* than NOW */
	int want;
	const char *check; /* that fails first */
	const char *told;  /* part of what was expected, or of what came */
	uint32_t lease;    /* 0: that of the policy */
};

#define BOTH WITH(TPM BY_CORIM FILES UNSIGNED)
#define NEAR "CoRIM 'rim' tag 'tag' reference[0] (a.corim)"

static const struct case_ cases[] = {
	{ "the same", BOTH },
	{ "registers", BOTH, { .registers = true } },
	{ "within its time", BOTH, { .validity = { true, NOW - 1, NOW + 60 } },
	    .lease = 60 },
	{ "for no time to speak of", BOTH,
	    { .validity = { true, NOW - 1, NOW + 29 } }, 0, SEAL_E_STALE,
	    "lease", "29 s" },
	{ "other value", BOTH, { .flip = 2 }, 0, SEAL_E_POLICY,
	    "corim.reference", NEAR ": key 2: sha256" },
	{ "other value in a register", BOTH, { .flip = 2, .registers = true },
	    0, SEAL_E_POLICY, "corim.reference", NEAR ": key 2: sha256" },
	{ "one more in the CoRIM", BOTH, { .pcrs = 0x8f }, 0, SEAL_E_POLICY,
	    "corim.reference", NEAR ": key 3" },
	{ "one more in the Evidence", BOTH, { .pcrs = 0x07 }, 0, SEAL_E_POLICY,
	    "corim.reference", "key 7" },
	{ "another model", BOTH, { .model = "soft" }, 0, SEAL_E_KEY, "signer",
	    "" },
	{ "another key", BOTH, { .wrong_key = true }, 0, SEAL_E_KEY, "signer",
	    "" },
	{ "expired", BOTH, { .validity = { true, NOW - 9, NOW - 1 } }, 0,
	    SEAL_E_STALE, "corim.valid", "was valid until" },
	{ "expires later", BOTH, { .validity = { true, NOW - 9, NOW + 9 } }, 10,
	    SEAL_E_STALE, "corim.valid", "was valid until" },
	{ "not yet", BOTH, { .validity = { true, NOW + 1, NOW + 9 } }, 0,
	    SEAL_E_STALE, "corim.valid", "is valid from" },
	{ "pinned to another key", WITH(TPM PIN FILES UNSIGNED), { .pcrs = 0 },
	    0, SEAL_E_KEY, "signer", "" },
	{ NULL },
};

static const struct seal_check *
first_failed(const struct seal_verdict *v, struct seal_check *c)
{
	for (size_t i = 0; seal_verdict_check(v, i, c) == 0; i++)
		if (c->status == SEAL_CHECK_FAILED)
			return c;
	return NULL;
}

static void
judge(const char *name, const char *json, const struct appraisal_in *in,
    int want, const char *check, const char *told, uint32_t lease)
{
	struct seal_verdict *v = verdict_new();
	struct policy *p = NULL;
	struct seal_diag d = { 0 };
	struct seal_check c = { .name = "" };
	bool refused;
	int r;

	if (load(json, &p, &d) != 0)
		fail_msg("%s: %s", name, d.text);
	r = appraise(p, in, v);
	refused = first_failed(v, &c) != NULL;
	if (r != want || refused != (want != 0) ||
	    (seal_verdict_outcome(v) == SEAL_ACCEPTED) != (want == 0))
		fail_msg("%s: %d (%s)", name, r, seal_verdict_diag(v)->text);
	if (refused &&
	    (strcmp(c.name, check) != 0 || (strstr(c.expected, told) == NULL &&
					       strstr(c.got, told) == NULL)))
		fail_msg("%s: %s: %s, %s", name, c.name, c.expected, c.got);
	if (!refused) {
		assert_int_equal(seal_verdict_lease_s(v),
		    lease != 0 ? lease : POLICY_LEASE_DEFAULT_S);
		assert_string_equal(
		    seal_verdict_claim(v, "corim.reference"), NEAR);
		assert_int_equal(
		    seal_verdict_ar4si(v, AR4SI_EXECUTABLES), AR4SI_AFFIRMING);
		assert_int_equal(seal_verdict_ar4si(v, AR4SI_CONFIGURATION),
		    AR4SI_AFFIRMING);
	} else if (strcmp(check, "corim.reference") == 0) {
		assert_int_equal(seal_verdict_ar4si(v, AR4SI_EXECUTABLES),
		    AR4SI_CONTRAINDICATED);
	}
	seal_verdict_free(&v);
	policy_free(&p);
}

static struct appraisal_in
in_for(const struct evidence *e, int64_t later)
{
	return (struct appraisal_in){
		.media_type = span_str(TPM_EVIDENCE_TYPE),
		.evidence = wr_view(&e->whole),
		.expected = &binding,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = NOW + later,
		.binder_known = true,
	};
}

static void
judging(void **state)
{
	struct evidence e;
	struct recipe r;

	(void)state;
	recipe_init(&r, &ring, &binding);
	evidence_make(&r, NULL, &e);
	for (const struct case_ *c = cases; c->name != NULL; c++) {
		struct appraisal_in in = in_for(&e, c->later);

		write_corim(&c->says);
		judge(c->name, c->entry, &in, c->want, c->check, c->told,
		    c->lease);
	}
	evidence_free(&e);
}

/* A pinned signer, and values that have expired: that is what is told. */
static void
stale(void **state)
{
	const struct says says = { .validity = { true, NOW - 9, NOW - 1 } };
	uint8_t digest[HASH_MAX];
	struct appraisal_in in;
	struct evidence e;
	struct recipe r;
	struct wr w;
	char *json = NULL;

	(void)state;
	recipe_init(&r, &ring, &binding);
	evidence_make(&r, NULL, &e);
	in = in_for(&e, 0);
	write_corim(&says);
	wr_init_heap(&w, 4096);
	assert_int_equal(
	    hash_one(HASH_SHA256, key_spki(&ring.ak), digest, NULL), 0);
	wr_printf(&w,
	    "{\"version\":1,\"max_age_s\":60,\"accept\":[{" TPM FILES UNSIGNED
	    ",\"signers\":[{\"spki_sha256\":\"");
	wr_hex(&w, span_of(digest, 32));
	wr_printf(&w, "\"}]}]}");
	assert_int_equal(wr_take_text(&w, &json), 0);
	judge("stale", json, &in, SEAL_E_STALE, "corim.valid",
	    "was valid until", 0);
	free(json);
	evidence_free(&e);
}

/* ---- Out of a store ---- */

#define STORE WITH(TPM BY_CORIM "\"corim\":\"store\"," UNSIGNED)
#define STORE_SIGNED                                                 \
	WITH(TPM BY_CORIM "\"corim\":\"store\",\"corim_signers\":[{" \
			  "\"spki_sha256\":\"" H32 "\"}]")

/* The CoRIM of a.corim provided n times; the appraisal's return value. */
static int
by_store(const char *json, size_t n, bool *ret_used)
{
	struct seal_verdict *v = verdict_new();
	struct policy *p = NULL;
	struct appraisal_in in;
	struct evidence e;
	struct recipe r;
	uint8_t *corim = NULL;
	size_t corim_n = 0;
	char path[96];
	int code;

	recipe_init(&r, &ring, &binding);
	evidence_make(&r, NULL, &e);
	in = in_for(&e, 0);
	path_of("a.corim", path);
	assert_int_equal(file_read(path, CORIM_MAX, &corim, &corim_n, NULL), 0);
	assert_int_equal(load(json, &p, NULL), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(policy_provide(p, "x", span_of(corim, corim_n),
				     ret_used, NULL),
		    0);
	code = appraise(p, &in, v);
	assert_int_equal(seal_verdict_outcome(v) == SEAL_ACCEPTED, code == 0);
	seal_verdict_free(&v);
	policy_free(&p);
	free(corim);
	evidence_free(&e);
	return code;
}

static void
stored(void **state)
{
	bool used = false;

	(void)state;
	write_corim(&(struct says){ .pcrs = 0 });
	/* Before any was provided nothing matches. */
	assert_int_not_equal(by_store(STORE, 0, &used), 0);
	assert_int_equal(by_store(STORE, 1, &used), 0);
	assert_true(used);
	assert_int_equal(by_store(STORE, REFS_STORED_MAX, &used), 0);
	/* Of a signer who is not trusted: as if it were not there. */
	assert_int_not_equal(by_store(STORE_SIGNED, 1, &used), 0);
	assert_false(used);
	/* Files stay files. */
	used = true;
	assert_int_equal(by_store(BOTH, 1, &used), 0);
	assert_false(used);
	write_corim(&(struct says){ .flip = 2 });
	assert_int_not_equal(by_store(STORE, 1, &used), 0);
	assert_true(used);
}

/* One that does not fit leaves nothing behind, and others may follow. */
static void
left_out(void **state)
{
	const struct span junk = span_str("junk");
	struct seal_diag d = { 0 };
	struct policy *p = NULL;
	uint8_t *corim = NULL;
	bool used = true;
	char path[96];
	size_t n = 0;

	(void)state;
	write_corim(&(struct says){ .pcrs = 0 });
	path_of("a.corim", path);
	assert_int_equal(file_read(path, CORIM_MAX, &corim, &n, NULL), 0);
	assert_int_equal(load(STORE, &p, NULL), 0);
	assert_int_equal(policy_provide(p, "junk", junk, &used, &d), 0);
	assert_false(used);
	for (size_t i = 0; i < REFS_STORED_MAX; i++)
		assert_int_equal(
		    policy_provide(p, "x", span_of(corim, n), &used, &d), 0);
	assert_int_equal(
	    policy_provide(p, "x", span_of(corim, n), &used, &d), SEAL_E_LIMIT);
	policy_free(&p);
	free(corim);
}

/* A Relying Party has no store: it would refuse everything, and is told. */
static void
no_store(void **state)
{
	struct seal_diag d = { 0 };
	struct policy *p = NULL;
	char path[96];

	(void)state;
	path_of("store.json", path);
	assert_int_equal(file_write(path, span_str(STORE), 0600, NULL), 0);
	assert_int_equal(policy_load_file(path, &p, &d), SEAL_E_CONFIG);
	assert_null(p);
	assert_non_null(strstr(d.text, "only a verifier has"));
	unlink(path);
}

static int
setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	keyring_make(KEY_P256, &ring);
	return binding_post(HASH_SHA256, key_spki(&ring.subject),
	    span_of(exporter, sizeof(exporter)), &binding, NULL);
}

static int
teardown(void **state)
{
	char path[96];

	(void)state;
	path_of("a.corim", path);
	unlink(path);
	rmdir(dir);
	keyring_free(&ring);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loading),
		cmocka_unit_test(judging),
		cmocka_unit_test(stale),
		cmocka_unit_test(stored),
		cmocka_unit_test(left_out),
		cmocka_unit_test(no_store),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
