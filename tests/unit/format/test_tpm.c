/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "format/tpm.h"

/*
 * A row changes a good structure: at offset at, drop bytes go and put comes
 * in their place.
 */
struct patch {
	const char *name;
	size_t at, drop;
	struct span put;
	int want;
};
#define NO_BYTES        \
	{               \
		NULL, 0 \
	}

typedef int (*parse_fn)(struct span in, struct seal_diag *d);

static void
apply(struct wr *w, struct span good, const struct patch *p)
{
	wr_bytes(w, span_of(good.p, p->at));
	wr_bytes(w, p->put);
	wr_bytes(
	    w, span_of(good.p + p->at + p->drop, good.n - p->at - p->drop));
	assert_int_equal(w->error, 0);
}

/* No prefix of a good message may pass. The copy has no spare byte, so that
 * a sanitizer sees every read past the end. */
static void
check_prefixes(const char *name, struct span good, parse_fn parse)
{
	for (size_t n = 0; n < good.n; n++) {
		uint8_t *copy = malloc(n == 0 ? 1 : n);

		memcpy(copy, good.p, n);
		if (parse(span_of(copy, n), NULL) == 0)
			fail_msg("%s: passes with %zu bytes", name, n);
		free(copy);
	}
}

static void
check_patches(struct span good, const struct patch *rows, parse_fn parse)
{
	for (const struct patch *p = rows; p->name != NULL; p++) {
		struct seal_diag d = { 0 };
		struct wr w;
		int r;

		wr_init_heap(&w, 65536);
		apply(&w, good, p);
		if ((r = parse(wr_view(&w), &d)) != p->want)
			fail_msg("%s: got %d (%s)", p->name, r, d.text);
		if (r == 0)
			check_prefixes(p->name, wr_view(&w), parse);
		else if (d.code != r || d.text[0] == '\0')
			fail_msg("%s: %d without a story", p->name, r);
		wr_free(&w);
	}
}

#define QUOTE_EXTRA 44
#define QUOTE_SAFE 92
#define QUOTE_COUNT 101
#define QUOTE_BANK 105
#define QUOTE_DIGEST 111

static const uint8_t fill[80] = { 1, 2, 3 };

static const struct tpm_attest quote = {
	.magic = TPM_GENERATED,
	.type = TPM_ST_QUOTE,
	.qualified_signer = { fill, 34 },
	.extra_data = { fill, 32 },
	.clock = 0x0102030405060708u,
	.reset_count = 7,
	.restart_count = 9,
	.safe = 1,
	.firmware = 0x1112131415161718u,
	.selection = { { TPM_ALG_SHA256, 0x8000ff } },
	.n_selection = 1,
	.pcr_digest = { fill, 32 },
};

static const struct tpm_attest certify = {
	.magic = TPM_GENERATED,
	.type = TPM_ST_CERTIFY,
	.qualified_signer = { fill, 34 },
	.extra_data = { fill, 48 },
	.name = { fill, 34 },
	.qualified_name = { fill + 1, 34 },
};

static struct span
attest_bytes(const struct tpm_attest *a, uint8_t *buf, size_t cap)
{
	struct span s = { 0 };
	struct wr w;

	wr_init(&w, buf, cap);
	tpm_attest_write(&w, a);
	assert_int_equal(wr_finish(&w, &s), 0);
	return s;
}

static int
attest_fn(struct span in, struct seal_diag *d)
{
	struct tpm_attest a;

	return tpm_attest_parse(in, &a, d);
}

static const struct patch quote_rows[] = {
	{ "as it is", 0, 0, NO_BYTES, 0 },
	{ "no extra data", QUOTE_EXTRA - 2, 34, HEX(0, 0), 0 },
	{ "no PCR bank", QUOTE_COUNT, 10, HEX(0, 0, 0, 0), 0 },
	{ "two banks", QUOTE_COUNT, 4, HEX(0, 0, 0, 2, 0, 0x0c, 3, 1, 0, 0),
	    0 },
	{ "magic of no TPM", 0, 1, HEX(0xfe), SEAL_E_DECODE },
	{ "magic zero", 0, 4, HEX(0, 0, 0, 0), SEAL_E_DECODE },
	{ "type certify, body quote", 4, 2, HEX(0x80, 0x17), SEAL_E_DECODE },
	{ "type time", 4, 2, HEX(0x80, 0x19), SEAL_E_DECODE },
	{ "type session audit", 4, 2, HEX(0x80, 0x16), SEAL_E_DECODE },
	{ "type zero", 4, 2, HEX(0, 0), SEAL_E_DECODE },
	{ "signer length past the end", 6, 2, HEX(0xff, 0xff), SEAL_E_DECODE },
	{ "signer over the largest name", 6, 36,
	    HEX(0, 67, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0),
	    SEAL_E_DECODE },
	{ "extra data length past the end", QUOTE_EXTRA - 2, 2, HEX(0x7f, 0xff),
	    SEAL_E_DECODE },
	{ "safe neither yes nor no", QUOTE_SAFE, 1, HEX(2), SEAL_E_DECODE },
	{ "five banks", QUOTE_COUNT, 4,
	    HEX(0, 0, 0, 5, 0, 4, 3, 1, 0, 0, 0, 0x0c, 3, 1, 0, 0, 0, 0x0d, 3,
		1, 0, 0, 0, 0x12, 3, 1, 0, 0),
	    SEAL_E_DECODE },
	{ "bank count of four billion", QUOTE_COUNT, 4,
	    HEX(0xff, 0xff, 0xff, 0xff), SEAL_E_DECODE },
	{ "a bank twice", QUOTE_COUNT, 4, HEX(0, 0, 0, 2, 0, 0x0b, 3, 1, 0, 0),
	    SEAL_E_DECODE },
	{ "selection of two octets", QUOTE_BANK + 2, 4, HEX(2, 1, 0),
	    SEAL_E_DECODE },
	{ "selection of four octets", QUOTE_BANK + 2, 4, HEX(4, 1, 0, 0, 0),
	    SEAL_E_DECODE },
	{ "digest length past the end", QUOTE_DIGEST, 2, HEX(0, 33),
	    SEAL_E_DECODE },
	{ "digest shorter than said, trailing byte", QUOTE_DIGEST, 2,
	    HEX(0, 31), SEAL_E_DECODE },
	{ "trailing byte", 145, 0, HEX(0), SEAL_E_DECODE },
	{ NULL },
};

static const struct patch certify_rows[] = {
	{ "as it is", 0, 0, NO_BYTES, 0 },
	{ "type creation, body certify", 4, 2, HEX(0x80, 0x1a), SEAL_E_DECODE },
	{ "type zero, body certify", 4, 2, HEX(0, 0), SEAL_E_DECODE },
	{ "type quote, body certify", 4, 2, HEX(0x80, 0x18), SEAL_E_DECODE },
	{ "name length past the end", 117, 2, HEX(1, 0), SEAL_E_DECODE },
	{ "trailing byte", 189, 0, HEX(0), SEAL_E_DECODE },
	{ NULL },
};

static void
test_attest(void **state)
{
	uint8_t buf[512];

	(void)state;
	check_patches(
	    attest_bytes(&quote, buf, sizeof(buf)), quote_rows, attest_fn);
	check_patches(
	    attest_bytes(&certify, buf, sizeof(buf)), certify_rows, attest_fn);
}

/* Every field comes back, so the writer can rebuild what must hold. */
static void
test_attest_fields(void **state)
{
	uint8_t buf[512], again[512];
	struct tpm_attest a = { 0 };
	struct span s = attest_bytes(&quote, buf, sizeof(buf));

	(void)state;
	assert_int_equal(s.n, 145);
	assert_int_equal(tpm_attest_parse(s, &a, NULL), 0);
	assert_int_equal(a.clock, quote.clock);
	assert_int_equal(a.reset_count, 7);
	assert_int_equal(a.restart_count, 9);
	assert_int_equal(a.safe, 1);
	assert_int_equal(a.firmware, quote.firmware);
	assert_int_equal(a.n_selection, 1);
	assert_int_equal(a.selection[0].bank, TPM_ALG_SHA256);
	assert_int_equal(a.selection[0].pcrs, 0x8000ff);
	assert_true(span_equal(s, attest_bytes(&a, again, sizeof(again))));
	s = attest_bytes(&certify, buf, sizeof(buf));
	assert_int_equal(tpm_attest_parse(s, &a, NULL), 0);
	assert_true(span_equal(a.name, certify.name));
	assert_true(span_equal(a.qualified_name, certify.qualified_name));
	assert_true(span_equal(s, attest_bytes(&a, again, sizeof(again))));
}

/* A failed parse leaves its output alone. */
static void
test_output_kept(void **state)
{
	struct tpm_attest a = { .clock = 42 };
	struct tpm_public p = { .bits = 42 };
	struct tpm_signature s = { .hash = 42 };

	(void)state;
	assert_int_not_equal(tpm_attest_parse(span_of(fill, 80), &a, NULL), 0);
	assert_int_not_equal(tpm_public_parse(span_of(fill, 80), &p, NULL), 0);
	assert_int_not_equal(
	    tpm_signature_parse(span_of(fill, 80), &s, NULL), 0);
	assert_int_equal(a.clock, 42);
	assert_int_equal(p.bits, 42);
	assert_int_equal(s.hash, 42);
}

static int
signature_fn(struct span in, struct seal_diag *d)
{
	struct tpm_signature s;

	return tpm_signature_parse(in, &s, d);
}

static const struct span ecdsa = HEX(0, 0x18, 0, 0x0b, 0, 2, 1, 2, 0, 2, 3, 4);
static const struct span rsassa = HEX(0, 0x14, 0, 0x0b, 0, 3, 1, 2, 3);

static const struct patch ecdsa_rows[] = {
	{ "as it is", 0, 0, NO_BYTES, 0 },
	{ "sha384", 2, 2, HEX(0, 0x0c), 0 },
	{ "sha1 is read", 2, 2, HEX(0, 4), 0 },
	{ "algorithm null", 0, 12, HEX(0, 0x10), SEAL_E_DECODE },
	{ "hmac", 0, 2, HEX(0, 5), SEAL_E_DECODE },
	{ "ecdaa", 0, 2, HEX(0, 0x1a), SEAL_E_DECODE },
	{ "unknown hash", 2, 2, HEX(0, 0x12), SEAL_E_DECODE },
	{ "hash null", 2, 2, HEX(0, 0x10), SEAL_E_DECODE },
	{ "r empty", 4, 4, HEX(0, 0), SEAL_E_DECODE },
	{ "s empty", 8, 4, HEX(0, 0), SEAL_E_DECODE },
	{ "r past the end", 4, 2, HEX(0, 9), SEAL_E_DECODE },
	{ "trailing byte", 12, 0, HEX(0), SEAL_E_DECODE },
	{ NULL },
};

static const struct patch rsassa_rows[] = {
	{ "as it is", 0, 0, NO_BYTES, 0 },
	{ "rsapss", 1, 1, HEX(0x16), 0 },
	{ "empty", 4, 5, HEX(0, 0), SEAL_E_DECODE },
	{ "longer than said", 9, 0, HEX(0), SEAL_E_DECODE },
	{ "one value as ecdsa", 1, 1, HEX(0x18), SEAL_E_DECODE },
	{ NULL },
};

static void
test_signature(void **state)
{
	(void)state;
	check_patches(ecdsa, ecdsa_rows, signature_fn);
	check_patches(rsassa, rsassa_rows, signature_fn);
}

static const struct {
	const char *name;
	struct span in;
	int want;
	uint16_t scheme;
} tls_rows[] = {
	{ "ecdsa sha256", HEX(0, 0x18, 0, 0x0b, 0, 1, 1, 0, 1, 2), 0,
	    SIG_ECDSA_P256_SHA256 },
	{ "ecdsa sha384", HEX(0, 0x18, 0, 0x0c, 0, 1, 1, 0, 1, 2), 0,
	    SIG_ECDSA_P384_SHA384 },
	{ "ecdsa sha512", HEX(0, 0x18, 0, 0x0d, 0, 1, 1, 0, 1, 2), 0,
	    SIG_ECDSA_P521_SHA512 },
	{ "rsassa sha256", HEX(0, 0x14, 0, 0x0b, 0, 1, 1), 0,
	    SIG_RSA_PKCS1_SHA256 },
	{ "rsapss sha256", HEX(0, 0x16, 0, 0x0b, 0, 1, 1), 0,
	    SIG_RSA_PSS_RSAE_SHA256 },
	{ "rsapss sha512", HEX(0, 0x16, 0, 0x0d, 0, 1, 1), 0,
	    SIG_RSA_PSS_RSAE_SHA512 },
	{ "rsassa sha1", HEX(0, 0x14, 0, 4, 0, 1, 1), SEAL_E_SIGNATURE, 0 },
	{ "ecdsa sha1", HEX(0, 0x18, 0, 4, 0, 1, 1, 0, 1, 2), SEAL_E_SIGNATURE,
	    0 },
	{ "ecdsa r zero", HEX(0, 0x18, 0, 0x0b, 0, 1, 0, 0, 1, 2),
	    SEAL_E_DECODE, 0 },
};

static void
test_signature_tls(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tls_rows) / sizeof(tls_rows[0]); i++) {
		uint8_t buf[256], back[256];
		struct tpm_signature s = { 0 };
		uint16_t scheme = 0;
		struct wr w, b;
		int r;

		wr_init(&w, buf, sizeof(buf));
		assert_int_equal(
		    tpm_signature_parse(tls_rows[i].in, &s, NULL), 0);
		r = tpm_signature_to_tls(&s, &scheme, &w, NULL);
		if (r != tls_rows[i].want || scheme != tls_rows[i].scheme)
			fail_msg("%s: got %d, scheme %04x", tls_rows[i].name, r,
			    scheme);
		if (r != 0)
			continue;
		wr_init(&b, back, sizeof(back));
		assert_int_equal(
		    tpm_signature_from_tls(scheme, wr_view(&w), &b, NULL), 0);
		assert_int_equal(tpm_signature_parse(wr_view(&b), &s, NULL), 0);
	}
	assert_int_equal(tpm_signature_from_tls(SIG_ED25519, tls_rows[0].in,
			     &(struct wr){ 0 }, NULL),
	    SEAL_E_UNSUPPORTED);
}

/* The generator of P-256, since the point must be on the curve. */
static const struct span gx =
    HEX(0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5,
	0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0,
	0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96);
static const struct span gy =
    HEX(0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a,
	0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce,
	0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5);

static struct span
ecc_public(uint8_t *buf, size_t cap)
{
	struct span s = { 0 };
	struct wr w;

	wr_init(&w, buf, cap);
	wr_u16(&w, TPM_ALG_ECC);
	wr_u16(&w, TPM_ALG_SHA256);
	wr_u32(&w, 0x40072);
	wr_u16(&w, 0);            /* 8: authPolicy */
	wr_u16(&w, TPM_ALG_NULL); /* 10: symmetric */
	wr_u16(&w, TPM_ALG_ECDSA);
	wr_u16(&w, TPM_ALG_SHA256);
	wr_u16(&w, 3);            /* 16: curve */
	wr_u16(&w, TPM_ALG_NULL); /* 18: kdf */
	wr_vec(&w, 2, gx);        /* 20 */
	wr_vec(&w, 2, gy);        /* 54 */
	assert_int_equal(wr_finish(&w, &s), 0);
	return s;
}

static struct span
rsa_public(uint8_t *buf, size_t cap)
{
	struct span s = { 0 };
	struct wr w;

	wr_init(&w, buf, cap);
	wr_u16(&w, TPM_ALG_RSA);
	wr_u16(&w, TPM_ALG_SHA256);
	wr_u32(&w, 0x40072);
	wr_u16(&w, 0);
	wr_u16(&w, TPM_ALG_NULL); /* 10: symmetric */
	wr_u16(&w, TPM_ALG_NULL); /* 12: scheme */
	wr_u16(&w, 2048);         /* 14 */
	wr_u32(&w, 0);            /* 16: exponent */
	wr_u16(&w, 256);          /* 20 */
	memset(wr_room(&w, 256), 0xc5, 256);
	assert_int_equal(wr_finish(&w, &s), 0);
	return s;
}

static int
public_fn(struct span in, struct seal_diag *d)
{
	struct tpm_public p;

	return tpm_public_parse(in, &p, d);
}

static const struct patch ecc_rows[] = {
	{ "as it is", 0, 0, NO_BYTES, 0 },
	{ "scheme null", 12, 4, HEX(0, 0x10), 0 },
	{ "x without its first byte", 20, 3, HEX(0, 31), 0 },
	{ "with a policy", 8, 2,
	    HEX(0, 32, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
		1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
	    0 },
	{ "type keyed hash", 0, 2, HEX(0, 8), SEAL_E_DECODE },
	{ "type symmetric", 0, 2, HEX(0, 0x25), SEAL_E_DECODE },
	{ "name algorithm null", 2, 2, HEX(0, 0x10), SEAL_E_DECODE },
	{ "policy of the wrong size", 8, 2, HEX(0, 1, 1), SEAL_E_DECODE },
	{ "a storage key", 10, 2, HEX(0, 6, 0, 128, 0, 0x43), SEAL_E_DECODE },
	{ "scheme ecdaa", 12, 4, HEX(0, 0x1a, 0, 0x0b, 0, 0), SEAL_E_DECODE },
	{ "scheme of RSA", 12, 2, HEX(0, 0x14), SEAL_E_DECODE },
	{ "scheme with unknown hash", 14, 2, HEX(0, 0x12), SEAL_E_DECODE },
	{ "curve P-192", 16, 2, HEX(0, 1), SEAL_E_DECODE },
	{ "curve BN-256", 16, 2, HEX(0, 0x10), SEAL_E_DECODE },
	{ "with a kdf", 18, 2, HEX(0, 0x20, 0, 0x0b), SEAL_E_DECODE },
	{ "x empty", 20, 34, HEX(0, 0), SEAL_E_DECODE },
	{ "y empty", 54, 34, HEX(0, 0), SEAL_E_DECODE },
	{ "x longer than the curve", 20, 2, HEX(0, 33, 0), SEAL_E_DECODE },
	{ "trailing byte", 88, 0, HEX(0), SEAL_E_DECODE },
	{ NULL },
};

static const struct patch rsa_rows[] = {
	{ "as it is", 0, 0, NO_BYTES, 0 },
	{ "rsapss", 12, 2, HEX(0, 0x16, 0, 0x0b), 0 },
	{ "exponent 3", 16, 4, HEX(0, 0, 0, 3), 0 },
	{ "scheme oaep", 12, 2, HEX(0, 0x17, 0, 0x0b), SEAL_E_DECODE },
	{ "scheme ecdsa", 12, 2, HEX(0, 0x18, 0, 0x0b), SEAL_E_DECODE },
	{ "bits unlike the modulus", 14, 2, HEX(4, 0), SEAL_E_DECODE },
	{ "bits zero", 14, 2, HEX(0, 0), SEAL_E_DECODE },
	{ "modulus empty", 20, 258, HEX(0, 0), SEAL_E_DECODE },
	{ "trailing byte", 278, 0, HEX(0), SEAL_E_DECODE },
	{ NULL },
};

static void
test_public(void **state)
{
	uint8_t buf[512];

	(void)state;
	check_patches(ecc_public(buf, sizeof(buf)), ecc_rows, public_fn);
	check_patches(rsa_public(buf, sizeof(buf)), rsa_rows, public_fn);
}

/* PROTOCOL 5.3: exponent 0 means 65537. */
static void
test_public_spki(void **state)
{
	uint8_t buf[512], got[512], want[512];
	struct tpm_public p = { 0 };
	struct wr g, w;

	(void)state;
	wr_init(&g, got, sizeof(got));
	wr_init(&w, want, sizeof(want));
	assert_int_equal(
	    tpm_public_parse(rsa_public(buf, sizeof(buf)), &p, NULL), 0);
	assert_int_equal(p.exponent, 65537);
	assert_int_equal(tpm_public_spki(&p, &g, NULL), 0);
	assert_int_equal(spki_from_rsa(p.modulus, 65537, &w, NULL), 0);
	assert_true(span_equal(wr_view(&g), wr_view(&w)));
	wr_init(&g, got, sizeof(got));
	wr_init(&w, want, sizeof(want));
	assert_int_equal(
	    tpm_public_parse(ecc_public(buf, sizeof(buf)), &p, NULL), 0);
	assert_int_equal(tpm_public_spki(&p, &g, NULL), 0);
	assert_int_equal(spki_from_ec(CURVE_P256, gx, gy, &w, NULL), 0);
	assert_true(span_equal(wr_view(&g), wr_view(&w)));
}

/* The Name covers every byte as received. */
static void
test_public_name(void **state)
{
	uint8_t buf[512], first[66], second[66], digest[HASH_MAX];
	struct span s = ecc_public(buf, sizeof(buf));
	struct tpm_public p = { 0 };
	struct wr a, b;

	(void)state;
	wr_init(&a, first, sizeof(first));
	wr_init(&b, second, sizeof(second));
	assert_int_equal(tpm_public_parse(s, &p, NULL), 0);
	assert_int_equal(tpm_public_name(&p, &a, NULL), 0);
	assert_int_equal(a.n, 34);
	assert_int_equal(hash_one(HASH_SHA256, s, digest, NULL), 0);
	assert_memory_equal(first, "\x00\x0b", 2);
	assert_memory_equal(first + 2, digest, 32);
	buf[7] ^= 1; /* another attribute */
	assert_int_equal(tpm_public_parse(s, &p, NULL), 0);
	assert_int_equal(tpm_public_name(&p, &b, NULL), 0);
	assert_memory_not_equal(first, second, 34);
}

static void
test_hash_ids(void **state)
{
	(void)state;
	for (enum hash h = HASH_SHA1; h <= HASH_SHA512; h++)
		assert_int_equal(tpm_hash(tpm_hash_alg(h)), h);
	assert_int_equal(tpm_hash(TPM_ALG_NULL), HASH_NONE);
	assert_int_equal(tpm_hash(0x12), HASH_NONE);
	assert_int_equal(tpm_hash_alg(HASH_NONE), TPM_ALG_NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash_ids),
		cmocka_unit_test(test_attest),
		cmocka_unit_test(test_attest_fields),
		cmocka_unit_test(test_signature),
		cmocka_unit_test(test_signature_tls),
		cmocka_unit_test(test_public),
		cmocka_unit_test(test_public_spki),
		cmocka_unit_test(test_public_name),
		cmocka_unit_test(test_output_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
