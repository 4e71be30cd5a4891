/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sealtls/tools.h>
#include <sealtls/verifier.h>

#include "base/diag.h"
#include "base/file.h"
#include "base/span.h"

/* The verifier's library: policies that come from the network, and CoRIMs. */
#define H32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define SCHEME                               \
	"\"scheme\":\"application/eat+cwt; " \
	"eat_profile=\\\"tag:sealtls,2026:soft\\\"\",\"debug\":true,"
#define WITH(top, entry)                                                    \
	"{\"version\":1,\"max_age_s\":60," top "\"accept\":[{" SCHEME entry \
	"}]}"
#define PIN "\"signers\":[{\"spki_sha256\":\"" H32 "\"}]"
#define BY(signer) "\"signers\":[{" signer "}]"
#define VALUES "\"measurements\":{\"app\":\"00\"}"
#define STORE "\"corim\":\"store\",\"corim_unsigned\":true"
#define NONE "\"identity\":{\"mode\":\"none\"},"

static char dir[] = "/tmp/seal-verifier-XXXXXX";

/* A file anywhere but in the folder of anchors is not even looked for. */
struct row {
	const char *name, *json;
	const char *with;    /* part of the story with a folder; NULL: taken */
	const char *without; /* and without one */
};

#define NO_FOLDER "no folder"
#define PLAIN "plain name"

static const struct row rows[] = {
	{ "names no file", WITH(NONE, PIN "," VALUES), NULL, NULL },
	{ "a store", WITH(NONE, PIN "," STORE), NULL, NULL },
	{ "a signer's CA", WITH(NONE, BY("\"ca\":\"ca.pem\"") "," VALUES), NULL,
	    NO_FOLDER },
	{ "a signer's CA, not there",
	    WITH(NONE, BY("\"ca\":\"no.pem\"") "," VALUES), "no.pem",
	    NO_FOLDER },
	{ "a CA elsewhere", WITH(NONE, BY("\"ca\":\"/etc/passwd\"") "," VALUES),
	    PLAIN, NO_FOLDER },
	{ "a CA above", WITH(NONE, BY("\"ca\":\"../x\"") "," VALUES), PLAIN,
	    NO_FOLDER },
	{ "a CA that is hidden", WITH(NONE, BY("\"ca\":\".x\"") "," VALUES),
	    PLAIN, NO_FOLDER },
	{ "a CA of no name", WITH(NONE, BY("\"ca\":\"\"") "," VALUES), PLAIN,
	    NO_FOLDER },
	{ "identity",
	    WITH("\"identity\":{\"mode\":\"pkix\",\"ca\":\"/etc/passwd\"},",
		PIN "," VALUES),
	    PLAIN, NO_FOLDER },
	{ "subject",
	    WITH(NONE "\"subject\":{\"ca\":\"../x\"},", PIN "," VALUES), PLAIN,
	    NO_FOLDER },
	{ "a CoRIM's file",
	    WITH(NONE, PIN ",\"corim\":[\"/etc/passwd\"],"
			   "\"corim_unsigned\":true"),
	    PLAIN, NO_FOLDER },
	{ "the second CoRIM's file",
	    WITH(NONE, PIN ",\"corim\":[\"a\",\"../b\"],"
			   "\"corim_unsigned\":true"),
	    PLAIN, NO_FOLDER },
	{ "a CoRIM's signer",
	    WITH(NONE, PIN ",\"corim\":\"store\",\"corim_signers\":[{\"key\":"
			   "\"/etc/passwd\"}]"),
	    PLAIN, NO_FOLDER },
	{ "a CoRIM's CA",
	    WITH(NONE, PIN ",\"corim\":\"store\",\"corim_signers\":[{\"ca\":"
			   "\"../x\"}]"),
	    PLAIN, NO_FOLDER },
	{ "endorsements elsewhere",
	    WITH(NONE "\"endorsements\":\"/etc\",", PIN "," VALUES), PLAIN,
	    NO_FOLDER },
	{ "endorsements above",
	    WITH(NONE "\"endorsements\":\"..\",", PIN "," VALUES), PLAIN,
	    NO_FOLDER },
	{ "endorsements that are not there",
	    WITH(NONE "\"endorsements\":\"no\",", PIN "," VALUES),
	    "cannot open", NO_FOLDER },
	{ "not JSON", "{", "line 1", "line 1" },
	{ "keys twice", "{\"version\":1,\"version\":1}", "duplicate",
	    "duplicate" },
	{ "not an object", "[]", "object", "object" },
	{ "nested deep", WITH(NONE, PIN ",\"x\":[[[[[[[[1]]]]]]]]," VALUES),
	    "unknown key", "unknown key" },
	{ NULL, NULL, NULL, NULL },
};

static void
check(const struct row *c, const char *folder, const char *why)
{
	struct seal_diag d = { 0 };
	int r =
	    seal_verifier_check_policy(folder, c->json, strlen(c->json), &d);

	if ((r == 0) != (why == NULL) ||
	    (r != 0 && strstr(d.text, why) == NULL))
		fail_msg("%s: %d '%s'", c->name, r, d.text);
}

static void
file_names(void **state)
{
	(void)state;
	for (const struct row *c = rows; c->name != NULL; c++) {
		check(c, dir, c->with);
		check(c, NULL, c->without);
	}
}

/* ---- CoRIMs ---- */

static void *
make_corim(size_t *ret_n)
{
	static const char json[] =
	    "{\"id\":\"app\",\"profile\":\"tag:sealtls,2026:corim\",\"tags\":[{"
	    "\"id\":\"app.0\",\"reference\":[{\"environment\":{\"class\":{"
	    "\"model\":\"soft\"}},\"measurements\":[{\"key\":\"app\",\"raw\":"
	    "\"00aa\"}]}]}]}";
	char path[128];
	struct seal_corim_args args = { .json_file = path };
	void *corim = NULL;

	snprintf(path, sizeof(path), "%s/values.json", dir);
	assert_int_equal(file_write(path, span_str(json), 0600, NULL), 0);
	assert_int_equal(seal_corim_create(&args, &corim, ret_n, NULL), 0);
	unlink(path);
	return corim;
}

static void
corims(void **state)
{
	size_t n = 0;
	uint8_t *corim = make_corim(&n), *longer = calloc(1, n + 1);
	char *id = NULL;
	int is_signed = -1;

	(void)state;
	assert_non_null(longer);
	assert_int_equal(
	    seal_verifier_check_corim(corim, n, &is_signed, &id, NULL), 0);
	assert_string_equal(id, "app");
	assert_int_equal(is_signed, 0);
	free(id);
	id = NULL;
	for (size_t i = 0; i < n; i++)
		if (seal_verifier_check_corim(
			corim, i, &is_signed, &id, NULL) == 0)
			fail_msg("its first %zu bytes passed", i);
	memcpy(longer, corim, n);
	assert_int_not_equal(
	    seal_verifier_check_corim(longer, n + 1, &is_signed, &id, NULL), 0);
	assert_null(id);
	free(longer);
	free(corim);
}

/* Policy and CoRIMs come together or not at all. */
static void
together(void **state)
{
	static const char good[] = WITH(NONE, PIN "," STORE);
	static const char files[] = WITH(NONE, PIN "," VALUES);
	char key[128];
	const struct seal_verifier_args args = { .id = "v", .key_file = key };
	struct seal_verifier *v = NULL;
	struct seal_verifier_corim c[2] = { { .name = "a" }, { .name = "b" } };
	size_t n = 0;
	uint8_t *corim = make_corim(&n);
	char *pin = NULL, *types;

	(void)state;
	snprintf(key, sizeof(key), "%s/key", dir);
	assert_int_equal(seal_soft_keygen(key, &pin, NULL), 0);
	free(pin);
	assert_int_equal(seal_verifier_new(&args, &v, NULL), 0);
	c[0].corim = corim;
	c[0].corim_n = n;
	c[1].corim = "junk";
	c[1].corim_n = 4;
	c[1].used = 7;
	assert_int_equal(seal_verifier_set_policy_corims(
			     v, "p", good, strlen(good), c, 2, NULL),
	    0);
	assert_int_equal(c[0].used, 1);
	assert_int_equal(c[1].used, 0);
	/* An entry with values of its own takes none. */
	assert_int_equal(seal_verifier_set_policy_corims(
			     v, "p", files, strlen(files), c, 1, NULL),
	    0);
	assert_int_equal(c[0].used, 0);
	assert_int_not_equal(
	    seal_verifier_set_policy_corims(v, "p", "{", 1, c, 1, NULL), 0);
	types = seal_verifier_media_types(v);
	assert_non_null(strstr(types, "tag:sealtls,2026:soft"));
	free(types);
	seal_verifier_free(&v);
	unlink(key);
	free(corim);
}

static int
setup(void **state)
{
	char cert[128], key[128];

	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(cert, sizeof(cert), "%s/ca.pem", dir);
	snprintf(key, sizeof(key), "%s/ca.key", dir);
	return seal_dev_certificate("x", cert, key, NULL);
}

static int
teardown(void **state)
{
	static const char *const names[] = { "ca.pem", "ca.key" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_names),
		cmocka_unit_test(corims),
		cmocka_unit_test(together),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
