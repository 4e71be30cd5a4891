/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "tpm_fixture.h"

#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define PUBLIC_MAX 1024
#define RSA_BITS 2048

const uint8_t pcr_values[TPM_PCRS][HASH_MAX] = {
	[0] = { 0xa0, 1 },
	[1] = { 0xa1, 2 },
	[2] = { 0xa2, 3 },
	[7] = { 0xa7, 4 },
};

static void
to_file(EVP_PKEY *pkey, struct privkey **ret)
{
	char path[] = "/tmp/seal-key-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");

	assert_non_null(f);
	assert_int_equal(
	    PEM_write_PKCS8PrivateKey(f, pkey, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
	assert_int_equal(privkey_load(path, ret, NULL), 0);
	unlink(path);
}

static void
key_make(enum key_type type, struct soft_key *ret)
{
	static const struct {
		uint16_t scheme, hash;
	} how[] = {
		[KEY_P256] = { TPM_ALG_ECDSA, TPM_ALG_SHA256 },
		[KEY_P384] = { TPM_ALG_ECDSA, TPM_ALG_SHA384 },
		[KEY_RSASSA] = { TPM_ALG_RSASSA, TPM_ALG_SHA256 },
		[KEY_RSAPSS] = { TPM_ALG_RSAPSS, TPM_ALG_SHA384 },
	};
	struct wr w;

	memset(ret, 0, sizeof(*ret));
	ret->scheme = how[type].scheme;
	ret->hash = how[type].hash;
	if (type == KEY_P256 || type == KEY_P384)
		ret->pkey = EVP_EC_gen(type == KEY_P256 ? "P-256" : "P-384");
	else
		ret->pkey = EVP_RSA_gen(RSA_BITS);
	assert_non_null(ret->pkey);
	to_file(ret->pkey, &ret->key);
	wr_init(&w, ret->spki, sizeof(ret->spki));
	assert_int_equal(privkey_spki(ret->key, &w, NULL), 0);
	ret->n_spki = w.n;
}

static void
key_free(struct soft_key *k)
{
	privkey_free(&k->key);
	EVP_PKEY_free(k->pkey);
}

struct span
key_spki(const struct soft_key *k)
{
	return span_of(k->spki, k->n_spki);
}

void
keyring_make(enum key_type type, struct keyring *ret)
{
	key_make(type, &ret->ak);
	key_make(type, &ret->subject);
	key_make(type, &ret->stranger);
}

void
keyring_free(struct keyring *k)
{
	key_free(&k->ak);
	key_free(&k->subject);
	key_free(&k->stranger);
}

/* TPMS_RSA_PARMS and the modulus, or TPMS_ECC_PARMS and the point. */
static void
rsa_write(struct wr *w, const struct soft_key *k)
{
	BIGNUM *n = NULL;
	uint8_t buf[RSA_BITS / 8];

	assert_int_equal(
	    EVP_PKEY_get_bn_param(k->pkey, OSSL_PKEY_PARAM_RSA_N, &n), 1);
	assert_int_equal(BN_bn2binpad(n, buf, sizeof(buf)), (int)sizeof(buf));
	BN_free(n);
	wr_u16(w, RSA_BITS);
	wr_u32(w, 0);
	wr_vec(w, 2, span_of(buf, sizeof(buf)));
}

static void
ecc_write(struct wr *w, const struct soft_key *k)
{
	uint8_t x[66], y[66];
	enum curve c;

	assert_int_equal(spki_to_ec(key_spki(k), &c, x, y, NULL), 0);
	wr_u16(w, c == CURVE_P256 ? 3 : 4);
	wr_u16(w, TPM_ALG_NULL);
	wr_vec(w, 2, span_of(x, curve_size(c)));
	wr_vec(w, 2, span_of(y, curve_size(c)));
}

void
public_write(struct wr *w, const struct soft_key *k, uint32_t attributes,
    uint16_t name_alg, struct span policy, uint16_t scheme, uint16_t hash)
{
	bool ecc = k->scheme == TPM_ALG_ECDSA;

	wr_u16(w, ecc ? TPM_ALG_ECC : TPM_ALG_RSA);
	wr_u16(w, name_alg);
	wr_u32(w, attributes);
	wr_vec(w, 2, policy);
	wr_u16(w, TPM_ALG_NULL);
	wr_u16(w, scheme);
	if (scheme != TPM_ALG_NULL)
		wr_u16(w, hash);
	if (ecc)
		ecc_write(w, k);
	else
		rsa_write(w, k);
}

/* How every good attest of these tests begins. */
static const struct tpm_attest common = {
	.magic = TPM_GENERATED,
	.qualified_signer = { (const uint8_t *)"\0\x0b"
					       "0123456789abcdef"
					       "0123456789abcdef",
	    34 },
	.clock = 0x0102030405,
	.reset_count = 7,
	.restart_count = 3,
	.safe = 1,
	.firmware = 0x2023010200000001,
};

void
recipe_init(
    struct recipe *r, const struct keyring *k, const struct seal_binding *b)
{
	static const uint8_t quoted[] = { 0, 1, 2, 7 };

	memset(r, 0, sizeof(*r));
	r->keys = k;
	r->subject = &k->subject;
	r->ak = r->quote_signer = r->certify_signer = &k->ak;
	r->ak_attributes = TPM_FIXED_TPM | TPM_FIXED_PARENT |
			   TPM_SENSITIVE_DATA_ORIGIN | TPM_USER_WITH_AUTH |
			   TPM_RESTRICTED | TPM_SIGN;
	r->subject_attributes = TPM_FIXED_TPM | TPM_FIXED_PARENT |
				TPM_SENSITIVE_DATA_ORIGIN | TPM_USER_WITH_AUTH |
				TPM_SIGN;
	r->ak_name_alg = r->subject_name_alg = TPM_ALG_SHA256;
	r->ak_scheme = k->ak.scheme;
	r->ak_scheme_hash = k->ak.hash;
	r->digest_hash = tpm_hash(k->ak.hash);
	r->quote = r->certify = common;
	r->quote.type = TPM_ST_QUOTE;
	r->certify.type = TPM_ST_CERTIFY;
	r->quote.extra_data = r->certify.extra_data = binding_value(b);
	r->certify.qualified_name = common.qualified_signer;
	r->quote.selection[0].bank = TPM_ALG_SHA256;
	r->quote.n_selection = 1;
	for (size_t i = 0; i < sizeof(quoted); i++) {
		r->pcrs[r->n_pcrs++] = (struct tpm_pcr_value){ TPM_ALG_SHA256,
			quoted[i], span_of(pcr_values[quoted[i]], 32) };
		r->quote.selection[0].pcrs |= 1u << quoted[i];
	}
	r->flip_quote = r->flip_certify = SIZE_MAX;
}

static void
digest_pcrs(const struct recipe *r, uint8_t ret[HASH_MAX])
{
	struct span parts[TPM_BANKS_MAX * TPM_PCRS];

	for (size_t i = 0; i < r->n_pcrs; i++)
		parts[i] = r->pcrs[i].value;
	assert_int_equal(
	    hash_parts(r->digest_hash, parts, r->n_pcrs, ret, NULL), 0);
}

static void
make_name(struct span public, struct wr *w)
{
	struct tpm_public p;

	assert_int_equal(tpm_public_parse(public, &p, NULL), 0);
	assert_int_equal(tpm_public_name(&p, w, NULL), 0);
}

static void
attest_make(const struct tpm_attest *a, size_t flip, struct wr *w)
{
	wr_init_heap(w, PUBLIC_MAX);
	tpm_attest_write(w, a);
	assert_int_equal(w->error, 0);
	if (flip < w->n)
		w->p[flip] ^= 1;
}

static void
sign(const struct soft_key *k, struct span tbs, struct wr *w)
{
	struct tpm_signature s = { .alg = k->scheme, .hash = k->hash };
	uint8_t buf[LIMIT_SIGNATURE], dummy[128] = { 0 };
	uint16_t scheme = SIG_NONE;
	struct wr sig, none;

	/* Its scheme in TLS numbers; any values will do for that. */
	s.sig = s.r = s.s = span_of("\1", 1);
	wr_init(&none, dummy, sizeof(dummy));
	assert_int_equal(tpm_signature_to_tls(&s, &scheme, &none, NULL), 0);
	wr_init(&sig, buf, sizeof(buf));
	assert_int_equal(privkey_sign(k->key, scheme, tbs, &sig, NULL), 0);
	wr_init_heap(w, PUBLIC_MAX);
	assert_int_equal(
	    tpm_signature_from_tls(scheme, wr_view(&sig), w, NULL), 0);
}

static void
make_attests(const struct recipe *r, struct evidence *ev)
{
	struct tpm_attest quote = r->quote, certify = r->certify;
	uint8_t digest[HASH_MAX], name[2 + HASH_MAX];
	struct wr w;

	if (quote.pcr_digest.n == 0) {
		digest_pcrs(r, digest);
		quote.pcr_digest = span_of(digest, hash_size(r->digest_hash));
	}
	if (certify.name.n == 0) {
		wr_init(&w, name, sizeof(name));
		make_name(
		    r->named.n > 0 ? r->named : wr_view(&ev->subject_public),
		    &w);
		certify.name = wr_view(&w);
	}
	attest_make(&quote, r->flip_quote, &ev->quote);
	attest_make(&certify, r->flip_certify, &ev->certify);
}

void
evidence_make(const struct recipe *r, void (*edit)(struct tpm_evidence *e),
    struct evidence *ev)
{
	struct tpm_evidence e = { .n_pcrs = r->n_pcrs,
		.n_ak_chain = r->n_ak_chain };

	wr_init_heap(&ev->ak_public, PUBLIC_MAX);
	public_write(&ev->ak_public, r->ak, r->ak_attributes, r->ak_name_alg,
	    span_of(NULL, 0), r->ak_scheme, r->ak_scheme_hash);
	wr_init_heap(&ev->subject_public, PUBLIC_MAX);
	public_write(&ev->subject_public, r->subject, r->subject_attributes,
	    r->subject_name_alg, r->auth_policy, TPM_ALG_NULL, 0);
	make_attests(r, ev);
	sign(r->quote_signer, wr_view(&ev->quote), &ev->quote_signature);
	sign(r->certify_signer, wr_view(&ev->certify), &ev->certify_signature);
	e.quote = wr_view(&ev->quote);
	e.quote_signature = wr_view(&ev->quote_signature);
	e.certify = wr_view(&ev->certify);
	e.certify_signature = wr_view(&ev->certify_signature);
	e.subject_public = wr_view(&ev->subject_public);
	e.ak_public = wr_view(&ev->ak_public);
	memcpy(e.pcrs, r->pcrs, sizeof(e.pcrs));
	memcpy(e.ak_chain, r->ak_chain, sizeof(e.ak_chain));
	if (edit != NULL)
		edit(&e);
	wr_init_heap(&ev->whole, LIMIT_CMW);
	assert_int_equal(tpm_evidence_write(&ev->whole, &e), 0);
}

void
evidence_free(struct evidence *e)
{
	wr_free(&e->ak_public);
	wr_free(&e->subject_public);
	wr_free(&e->quote);
	wr_free(&e->certify);
	wr_free(&e->quote_signature);
	wr_free(&e->certify_signature);
	wr_free(&e->whole);
}
