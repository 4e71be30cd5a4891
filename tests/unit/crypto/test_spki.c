/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/der.h"
#include "crypto/sig.h"

/* The P-256 certificate's key of the published binder vectors. */
#define ALG_EC "301306072a8648ce3d020106082a8648ce3d030107"
#define X "4efe3faa5796e0bd2c630fbb50a2093549979387f9f2b50786bfd4832cc2a5d8"
#define Y "8016d93ecb6732f9557d1cdb828ee5ebc8d55f178c4611df8b44e3b9000d25f1"
#define GOOD "3059" ALG_EC "03420004" X Y
/* An Ed25519 key: RFC 8410 s10.1. */
#define ED                         \
	"302a300506032b6570032100" \
	"19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1"

struct spki_case {
	const char *name;
	const char *hex;
	int want;
};

static const struct spki_case spki_cases[] = {
	{ "P-256", GOOD, 0 },
	{ "Ed25519", ED, 0 },
	{ "empty", "", SEAL_E_DECODE },
	{ "trailing byte", GOOD "00", SEAL_E_DECODE },
	{ "trailing inside", "305a" ALG_EC "03420004" X Y "00", SEAL_E_DECODE },
	{ "length not shortest", "308159" ALG_EC "03420004" X Y,
	    SEAL_E_DECODE },
	{ "indefinite length", "3080" ALG_EC "03420004" X Y "0000",
	    SEAL_E_DECODE },
	{ "unused bits", "3059" ALG_EC "03420104" X Y, SEAL_E_DECODE },
	{ "not on the curve", "3059" ALG_EC "03420004" X X, SEAL_E_KEY },
	{ "y flipped",
	    "3059" ALG_EC "03420004" X
	    "8016d93ecb6732f9557d1cdb828ee5ebc8d55f178c4611df8b44"
	    "e3b9000d25f0",
	    SEAL_E_KEY },
	{ "compressed", "3039" ALG_EC "03220003" X, SEAL_E_KEY },
	{ "hybrid", "3059" ALG_EC "03420007" X Y, SEAL_E_KEY },
	{ "infinity", "3019" ALG_EC "03020000", SEAL_E_KEY },
	{ "half a point", "3039" ALG_EC "03220004" X, SEAL_E_KEY },
	{ "another curve's name",
	    "3056301006072a8648ce3d020106052b8104000a03420004" X Y,
	    SEAL_E_KEY },
	{ "P-384's name, P-256's point",
	    "3056301006072a8648ce3d020106052b8104002203420004" X Y,
	    SEAL_E_KEY },
	{ "no parameters", "304f300906072a8648ce3d020103420004" X Y,
	    SEAL_E_KEY },
	{ "RSA parameters missing",
	    "301a300b06092a864886f70d010101030b0030080203010001020103",
	    SEAL_E_KEY },
	{ "RSA far too small",
	    "301c300d06092a864886f70d0101010500030b0030080203010001020103",
	    SEAL_E_KEY },
	{ "Ed25519 with a parameter", "302c300706032b65700500032100" X,
	    SEAL_E_KEY },
	{ "Ed25519 one short",
	    "3029300506032b657003200019bf44096984cdfe8541bac167dc3b96c85086aa"
	    "30b6b6cb0c5c38ad703166",
	    SEAL_E_KEY },
	{ "X25519", "302a300506032b656e032100" X, SEAL_E_KEY },
	{ NULL },
};

static struct span
unhex(const char *hex, uint8_t *buf, size_t cap)
{
	struct span s = { 0 };
	struct wr w;

	wr_init(&w, buf, cap);
	assert_true(hex_decode(span_str(hex), &w));
	assert_int_equal(wr_finish(&w, &s), 0);
	return s;
}

static void
parsing(void **state)
{
	(void)state;
	for (const struct spki_case *c = spki_cases; c->name != NULL; c++) {
		uint8_t buf[256];
		struct span in = unhex(c->hex, buf, sizeof(buf));
		struct pubkey *k = NULL;
		struct seal_diag d = { 0 };
		int r = pubkey_from_spki(in, &k, &d);

		if (r != c->want || (r != 0 && k != NULL))
			fail_msg("%s: got %d (%s)", c->name, r, d.text);
		for (size_t n = 0; r == 0 && n < in.n; n++)
			assert_int_equal(
			    pubkey_from_spki(span_of(in.p, n), &k, NULL),
			    SEAL_E_DECODE);
		pubkey_unref(&k);
	}
}

/* RSA exponents and moduli that no honest key has. */
static void
rsa_numbers(void **state)
{
	uint8_t n[1025], buf[LIMIT_SPKI];
	struct wr w;

	(void)state;
	memset(n, 0xff, sizeof(n));
	struct {
		const char *name;
		size_t bytes;
		uint8_t last;
		uint32_t e;
		int want;
	} const rows[] = {
		{ "2048", 256, 0xff, 65537, 0 },
		{ "exponent 3", 256, 0xff, 3, 0 },
		{ "8192", 1024, 0xff, 65537, 0 },
		{ "more than 8192", 1025, 0xff, 65537, SEAL_E_KEY },
		{ "even modulus", 256, 0xfe, 65537, SEAL_E_KEY },
		{ "exponent 0", 256, 0xff, 0, SEAL_E_KEY },
		{ "exponent 1", 256, 0xff, 1, SEAL_E_KEY },
		{ "even exponent", 256, 0xff, 65536, SEAL_E_KEY },
		{ "no modulus", 0, 0xff, 65537, SEAL_E_KEY },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (rows[i].bytes > 0)
			n[rows[i].bytes - 1] = rows[i].last;
		wr_init(&w, buf, sizeof(buf));
		if (spki_from_rsa(span_of(n, rows[i].bytes), rows[i].e, &w,
			NULL) != rows[i].want)
			fail_msg("%s", rows[i].name);
		assert_true((w.n > 0) == (rows[i].want == 0));
		memset(n, 0xff, sizeof(n));
	}
}

/* SHA-256, -384 and -512 as AlgorithmIdentifiers. */
#define SHA(n) "300d0609608648016503040" n "0500"
#define S256 SHA("201")
#define S384 SHA("202")
#define MGF "06092a864886f70d010108"
#define SALT(hex) \
	"a203020" \
	"1" hex

struct pss_case {
	const char *name;
	const char *params; /* hex; NULL: none at all */
	int want;
	bool fits256, fits384;
};

static const struct pss_case pss_cases[] = {
	{ "no parameters", NULL, 0, true, true },
	{ "SHA-256", "3034a00f" S256 "a11c301a" MGF S256 SALT("20"), 0, true,
	    false },
	{ "SHA-384", "3034a00f" S384 "a11c301a" MGF S384 SALT("30"), 0, false,
	    true },
	{ "shorter salt is a minimum",
	    "3034a00f" S256 "a11c301a" MGF S256 SALT("10"), 0, true, false },
	{ "no salt length", "302fa00f" S256 "a11c301a" MGF S256, 0, true,
	    false },
	{ "salt longer than the hash",
	    "3034a00f" S256 "a11c301a" MGF S256 SALT("21"), SEAL_E_KEY },
	{ "MGF1 of another hash",
	    "3034a00f" S256 "a11c301a" MGF S384 SALT("20"), SEAL_E_KEY },
	{ "other mask function",
	    "3034a00f" S256 "a11c301a"
	    "06092a864886f70d010109" S256 SALT("20"),
	    SEAL_E_KEY },
	{ "SHA-1 by default", "3000", SEAL_E_KEY },
	{ "MGF1 of SHA-1 by default", "3016a00f" S256 SALT("20"), SEAL_E_KEY },
	{ "SHA-224", "3034a00f" SHA("204") "a11c301a" MGF SHA("204") SALT("10"),
	    SEAL_E_KEY },
	{ "trailer field",
	    "3039a00f" S256 "a11c301a" MGF S256 SALT("20") "a303020101",
	    SEAL_E_KEY },
	{ "NULL instead", "0500", SEAL_E_KEY },
	{ NULL },
};

static struct span
put_pss_key(const char *params, struct wr *w)
{
	uint8_t n[256], key[300], e[] = { 1, 0, 1 };
	size_t spki, alg, seq;
	struct wr k;

	memset(n, 0xff, sizeof(n));
	wr_init(&k, key, sizeof(key));
	seq = der_begin(&k, DER_SEQ);
	der_put_uint(&k, span_of(n, sizeof(n)));
	der_put_uint(&k, span_of(e, sizeof(e)));
	der_end(&k, seq);
	spki = der_begin(w, DER_SEQ);
	alg = der_begin(w, DER_SEQ);
	hex_decode(span_str("06092a864886f70d01010a"), w);
	if (params != NULL)
		assert_true(hex_decode(span_str(params), w));
	der_end(w, alg);
	der_put_bits(w, wr_view(&k));
	der_end(w, spki);
	return wr_view(w);
}

/* RFC 4055 s3.1: what a key's parameters restrict it to. */
static void
pss_parameters(void **state)
{
	(void)state;
	for (const struct pss_case *c = pss_cases; c->name != NULL; c++) {
		struct pubkey *k = NULL;
		uint8_t buf[512];
		struct wr w;
		int r;

		wr_init(&w, buf, sizeof(buf));
		r = pubkey_from_spki(put_pss_key(c->params, &w), &k, NULL);
		if (r != c->want)
			fail_msg("%s: got %d", c->name, r);
		if (r == 0 &&
		    (pubkey_fits(k, SIG_RSA_PSS_PSS_SHA256) != c->fits256 ||
			pubkey_fits(k, SIG_RSA_PSS_PSS_SHA384) != c->fits384 ||
			pubkey_fits(k, SIG_RSA_PSS_RSAE_SHA256)))
			fail_msg("%s: fits", c->name);
		pubkey_unref(&k);
	}
}

/* Our bytes are those that libcrypto writes for the same key. */
static void
same_as_libcrypto(void **state)
{
	static const char *const curves[] = { "P-256", "P-384", "P-521",
		"ED25519", "ED448", "RSA" };

	(void)state;
	for (size_t i = 0; i < sizeof(curves) / sizeof(*curves); i++) {
		EVP_PKEY *pkey =
		    i < 3 ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", curves[i])
		    : i == 5
			? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048)
			: EVP_PKEY_Q_keygen(NULL, NULL, curves[i]);
		uint8_t x[66] = { 0 }, y[66] = { 0 }, buf[LIMIT_SPKI];
		enum curve c = CURVE_NONE;
		unsigned char *der = NULL;
		BIGNUM *n = NULL;
		struct span want, got = { 0 };
		struct wr w;
		size_t size;
		uint8_t modulus[256];

		want.n = (size_t)i2d_PUBKEY(pkey, &der);
		want.p = der;
		wr_init(&w, buf, sizeof(buf));
		if (i == 5) {
			EVP_PKEY_get_bn_param(pkey, "n", &n);
			BN_bn2bin(n, modulus);
			assert_int_equal(
			    spki_to_ec(want, &c, x, y, NULL), SEAL_E_KEY);
			assert_int_equal(spki_from_rsa(span_of(modulus, 256),
					     65537, &w, NULL),
			    0);
		} else {
			assert_int_equal(spki_to_ec(want, &c, x, y, NULL), 0);
			size = curve_size(c);
			assert_int_equal(
			    spki_from_ec(c, span_of(x, size),
				span_of(y, i < 3 ? size : 0), &w, NULL),
			    0);
		}
		assert_int_equal(wr_finish(&w, &got), 0);
		if (!span_equal(got, want))
			fail_msg("%s", curves[i]);
		BN_free(n);
		OPENSSL_free(der);
		EVP_PKEY_free(pkey);
	}
}

static void
coordinates(void **state)
{
	uint8_t xb[66], yb[66], out[256];
	struct span x = unhex(X, xb, 66), y = unhex(Y, yb, 66);
	const struct span none = { NULL, 0 };
	struct wr w;

	(void)state;
	wr_init(&w, out, sizeof(out));
	assert_int_equal(spki_from_ec(CURVE_P256, x, y, &w, NULL), 0);
	wr_init(&w, out, sizeof(out));
	assert_int_equal(spki_from_ec(CURVE_P256, x, x, &w, NULL), SEAL_E_KEY);
	assert_int_equal(spki_from_ec(CURVE_P384, x, y, &w, NULL), SEAL_E_KEY);
	assert_int_equal(
	    spki_from_ec(CURVE_P256, none, none, &w, NULL), SEAL_E_KEY);
	assert_int_equal(
	    spki_from_ec(CURVE_P256, span_of(xb, 33), y, &w, NULL), SEAL_E_KEY);
	assert_int_equal(spki_from_ec(CURVE_NONE, x, y, &w, NULL), SEAL_E_KEY);
	assert_int_equal(
	    spki_from_ec(CURVE_ED25519, x, y, &w, NULL), SEAL_E_KEY);
	assert_int_equal(
	    spki_from_ec(CURVE_ED25519, span_of(xb, 31), none, &w, NULL),
	    SEAL_E_KEY);
	assert_int_equal(w.n, 0);
	/* Not enough room is an error, never a short key. */
	wr_init(&w, out, 90);
	assert_int_equal(
	    spki_from_ec(CURVE_P256, x, y, &w, NULL), SEAL_E_LIMIT);
}

/* A coordinate that starts with zeros may come without them. */
static void
short_coordinate(void **state)
{
	bool done = false;

	(void)state;
	for (int tries = 0; tries < 5000 && !done; tries++) {
		struct privkey *k = NULL;
		uint8_t x[66], y[66], a[256], b[256];
		enum curve c;
		struct wr wa, wb;

		wr_init(&wa, a, sizeof(a));
		wr_init(&wb, b, sizeof(b));
		assert_int_equal(privkey_generate(CURVE_P256, &k, NULL), 0);
		assert_int_equal(privkey_spki(k, &wa, NULL), 0);
		privkey_free(&k);
		assert_int_equal(spki_to_ec(wr_view(&wa), &c, x, y, NULL), 0);
		if (x[0] != 0)
			continue;
		assert_int_equal(spki_from_ec(c, span_of(x + 1, 31),
				     span_of(y, 32), &wb, NULL),
		    0);
		assert_true(span_equal(wr_view(&wa), wr_view(&wb)));
		done = true;
	}
	assert_true(done);
}

static void
files(void **state)
{
	char dir[] = "/tmp/seal-spki-XXXXXX", path[64];
	uint8_t buf[256], pem[512], out[256];
	struct span spki = unhex(GOOD, buf, sizeof(buf));
	struct seal_diag d = { 0 };
	struct privkey *k = NULL;
	struct wr w;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/key", dir);
	wr_init(&w, pem, sizeof(pem));
	assert_int_equal(spki_to_pem(spki, &w, NULL), 0);
	assert_int_equal(file_write(path, wr_view(&w), 0644, NULL), 0);
	wr_init(&w, out, sizeof(out));
	assert_int_equal(spki_from_file(path, &w, NULL), 0);
	assert_true(span_equal(wr_view(&w), spki));

	assert_int_equal(file_write(path, spki, 0644, NULL), 0);
	wr_init(&w, out, sizeof(out));
	assert_int_equal(spki_from_file(path, &w, NULL), 0);
	assert_true(span_equal(wr_view(&w), spki));

	/* A private key is not taken for a public one. */
	assert_int_equal(privkey_generate(CURVE_P256, &k, NULL), 0);
	wr_init(&w, pem, sizeof(pem));
	assert_int_equal(privkey_to_pem(k, &w, NULL), 0);
	assert_int_equal(file_write(path, wr_view(&w), 0600, NULL), 0);
	wr_init(&w, out, sizeof(out));
	assert_int_equal(spki_from_file(path, &w, &d), SEAL_E_CONFIG);
	assert_int_equal(w.n, 0);
	assert_non_null(strstr(d.remedy, "-pubout"));
	assert_int_equal(file_write(path, span_str(""), 0600, NULL), 0);
	assert_int_equal(spki_from_file(path, &w, NULL), SEAL_E_CONFIG);
	privkey_free(&k);
	unlink(path);
	assert_int_equal(spki_from_file(path, &w, NULL), SEAL_E_IO);
	assert_int_equal(
	    spki_to_pem(span_of(spki.p, 10), &w, NULL), SEAL_E_DECODE);
	rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parsing),
		cmocka_unit_test(rsa_numbers),
		cmocka_unit_test(pss_parameters),
		cmocka_unit_test(same_as_libcrypto),
		cmocka_unit_test(coordinates),
		cmocka_unit_test(short_coordinate),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
