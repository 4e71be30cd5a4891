/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <openssl/evp.h>

#include <stdlib.h>
#include <string.h>

#include <sealtls/tools.h>

#include "../crypto/fixture.h"
#include "base/wr.h"
#include "crypto/hash.h"
#include "crypto/x509.h"

static struct issued root, leaf;

static int
set_up(void **state)
{
	const struct made r = { .cn = "the root", .basic = "critical,CA:TRUE" },
			  l = { .cn = "the leaf" };

	(void)state;
	root = issue(&r, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384"), NULL);
	leaf = issue(&l, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), &root);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	issued_free(&leaf);
	issued_free(&root);
	return 0;
}

static void
has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("no '%s' in\n%s", part, text);
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

/* The digest of a certificate's key, as policies name it. */
static void
has_key_of(const char *text, const struct issued *i)
{
	uint8_t digest[HASH_MAX];
	char line[128] = "spki_sha256: ";
	struct span spki;
	struct wr w;

	assert_true(cert_spki_read(i->der, &spki));
	assert_int_equal(hash_one(HASH_SHA256, spki, digest, NULL), 0);
	wr_init(&w, line + strlen(line), 80);
	wr_hex(&w, span_of(digest, 32));
	has(text, line);
}

static void
a_certificate(void **state)
{
	char *text = shown(leaf.der, NULL);

	(void)state;
	has(text, "format: Certificates");
	has(text, "signatures: not checked here");
	has(text, "subject: the leaf");
	has(text, "issuer: the root");
	has(text, "not before: 2023-11-13T22:13:20Z");
	has(text, "key: on a curve of 256 bits");
	has_key_of(text, &leaf);
	assert_null(strstr(text, "root: "));
	free(text);
}

static void
a_chain(void **state)
{
	struct wr pem;
	char *text;

	(void)state;
	wr_init_heap(&pem, 8192);
	wr_bytes(&pem, span_str("what it is\n"));
	assert_int_equal(cert_to_pem(leaf.der, &pem, NULL), 0);
	assert_int_equal(cert_to_pem(root.der, &pem, NULL), 0);
	text = shown(wr_view(&pem), NULL);
	has_key_of(text, &leaf);
	has_key_of(text, &root);
	has(text, "root: its issuer is itself");
	free(text);
	/* A quote carries such text; it is no chain for that. */
	wr_u8(&pem, 0);
	assert_int_not_equal(
	    seal_inspect(pem.p, pem.n, "cert", 0, &text, NULL), 0);
	assert_int_not_equal(
	    seal_inspect(pem.p, pem.n, "key", 0, &text, NULL), 0);
	wr_free(&pem);
}

static void
a_key(void **state)
{
	static const char jwk[] =
	    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"use\":\"enc\",\"x\":"
	    "\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\",\"y\":"
	    "\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}"; /* RFC 7517 */
	struct span spki;
	struct wr pem;
	char *text;

	(void)state;
	assert_true(cert_spki_read(leaf.der, &spki));
	text = shown(spki, NULL);
	has(text, "format: Public key");
	has_key_of(text, &leaf);
	free(text);
	wr_init_heap(&pem, 4096);
	assert_int_equal(spki_to_pem(spki, &pem, NULL), 0);
	text = shown(wr_view(&pem), NULL);
	has_key_of(text, &leaf);
	free(text);
	wr_free(&pem);
	text = shown(span_str(jwk), NULL);
	has(text, "key: on a curve of 256 bits");
	free(text);
}

static void
what_is_none(void **state)
{
	static const struct {
		const char *type, *in, *want;
	} rows[] = {
		{ "cert", "", "not Certificates" },
		{ "cert", "\x30\x03\x02\x01\x01", "not Certificates" },
		{ "cert",
		    "-----BEGIN PRIVATE KEY-----\nAAAA\n"
		    "-----END PRIVATE KEY-----\n",
		    "not Certificates" },
		{ "cert",
		    "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n"
		    "-----END CERTIFICATE-----\n",
		    "not Certificates" },
		{ "key", "{}", "not Public key" },
		{ "key", "{\"kty\":\"oct\",\"k\":\"AAAA\"}", "not Public key" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seal_diag d = { 0 };
		char *text = NULL;

		assert_int_not_equal(
		    seal_inspect(rows[i].in, strlen(rows[i].in), rows[i].type,
			0, &text, &d),
		    0);
		assert_null(text);
		has(d.text, rows[i].want);
		assert_null(strstr(d.remedy, "--type"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate),
		cmocka_unit_test(a_chain),
		cmocka_unit_test(a_key),
		cmocka_unit_test(what_is_none),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
