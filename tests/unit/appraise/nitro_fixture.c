/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "nitro_fixture.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/fixture.h"
#include "crypto/x509.h"
#include "format/nitro.h"

#define DOC_MAX 16384

/* A chain like AWS's under a root of this test's own, and a stranger's. */
static struct issued root, region, leaf, ca_leaf, p256_leaf;
static struct issued other_root, other_leaf;
static struct issued zone, machine; /* of a chain of five alone */
static struct cert *stranger;       /* other_leaf */
static struct privkey *leaf_key, *other_key, *p256_key;
static char root_file[] = "/tmp/seal-nitro-XXXXXX";
static char other_file[] = "/tmp/seal-nitro-XXXXXX";
static uint8_t subject[LIMIT_SPKI], nonce[HASH_MAX];
static size_t n_subject, n_nonce;

/* ---- Documents ---- */

static int
sign(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	return privkey_sign(ctx, scheme, tbs, out, d);
}

static void
put_field(struct wr *w, const char *key, bool null, struct span value)
{
	cbor_put_text(w, span_str(key));
	if (null)
		cbor_put_null(w);
	else
		cbor_put_bytes(w, value);
}

static void
put_pcrs(struct wr *w, enum nitro_shape s)
{
	cbor_put_text(w, span_str("pcrs"));
	cbor_put_map(w, 6);
	for (unsigned i = 0; i < 6; i++) {
		static const unsigned index[6] = { 0, 1, 2, 3, 4, 8 };
		uint8_t value[48] = { 0 };
		bool zero = i == 3 || (s == DEBUG && i < 3) ||
			    (s == ZERO_PCR0 && i == 0);

		if (!zero)
			memset(value, 0xa0 + (int)i, sizeof(value));
		if (s == OTHER_PCR8 && i == 5)
			value[47] ^= 1;
		cbor_put_uint(w, s == NO_PCR0 && i == 0     ? 9
				 : s == PCR_TWICE && i == 5 ? 4
				 : s == PCR_HIGH && i == 5  ? 32
							    : index[i]);
		cbor_put_bytes(
		    w, span_of(value, s == PCR_SHORT && i == 5 ? 47 : 48));
	}
}

static void
put_bundle(struct wr *w, enum nitro_shape s)
{
	cbor_put_text(w, span_str("cabundle"));
	cbor_put_array(w, s == NO_BUNDLE     ? 0
			  : s == OTHER_CHAIN ? 1
			  : zone.x != NULL   ? 4
					     : 2);
	if (s == NO_BUNDLE)
		return;
	if (s == OTHER_CHAIN) {
		cbor_put_bytes(w, other_root.der);
		return;
	}
	cbor_put_bytes(w, s == LEAF_LAST ? region.der : root.der);
	cbor_put_bytes(w, s == LEAF_LAST ? root.der : region.der);
	if (zone.x != NULL) {
		cbor_put_bytes(w, zone.der);
		cbor_put_bytes(w, machine.der);
	}
}

static void
put_nonce(struct wr *w, enum nitro_shape s)
{
	struct span binder = span_of(nonce, n_nonce);
	uint8_t value[HASH_MAX + 1] = { 0 };
	size_t n = s == SHORT_NONCE   ? binder.n - 1
		   : s == LONG_NONCE  ? binder.n + 1
		   : s == EMPTY_NONCE ? 0
				      : binder.n;

	if (s != ZERO_NONCE)
		memcpy(value, binder.p, binder.n);
	if (s == OTHER_NONCE)
		value[binder.n - 1] ^= 1;
	put_field(
	    w, "nonce", s == NO_NONCE || s == USER_NONCE, span_of(value, n));
	put_field(w, "user_data", s != USER_NONCE, binder);
}

static void
put_key(struct wr *w, enum nitro_shape s)
{
	struct span key = span_of(subject, n_subject);

	if (s == EMPTY_KEY)
		key.n = 0;
	else if (s == RAW_KEY)
		key.n = 32;
	else if (s == OTHER_KEY)
		key = cert_spki(stranger);
	put_field(w, "public_key", s == NO_KEY, key);
}

static void
put_leaf(struct wr *w, enum nitro_shape s)
{
	put_field(w, "certificate", false,
	    s == OTHER_CHAIN || s == GRAFTED ? other_leaf.der
	    : s == P256                      ? p256_leaf.der
	    : s == NO_USAGE                  ? ca_leaf.der
					     : leaf.der);
}

static void
put_payload(struct wr *w, enum nitro_shape s)
{
	uint64_t at = (uint64_t)fixture_clock * 1000 + 999;

	if (s == IN_THE_PAST)
		at -= 62000;
	if (s == IN_THE_FUTURE)
		at += 61000;
	cbor_put_map(w, 9 + (s == UNKNOWN_FIELD));
	cbor_put_text(w, span_str(s == NO_MODULE ? "module" : "module_id"));
	cbor_put_text(w, span_str("i-0123-enc4567"));
	cbor_put_text(w, span_str("digest"));
	cbor_put_text(w, span_str(s == SHA256_DIGEST ? "SHA256" : "SHA384"));
	cbor_put_text(w, span_str(s == NO_TIMESTAMP ? "time" : "timestamp"));
	cbor_put_uint(w, at);
	put_pcrs(w, s);
	put_leaf(w, s);
	put_bundle(w, s);
	put_key(w, s);
	put_nonce(w, s);
	if (s == UNKNOWN_FIELD) {
		cbor_put_text(w, span_str("more"));
		cbor_put_bool(w, true);
	}
	if (s == TRAILING)
		cbor_put_null(w);
}

/* AWS's documents have no tag; w is then what stands behind one. */
void
nitro_make(enum nitro_shape s, struct wr *w)
{
	bool other = s == OTHER_LEAF || s == OTHER_CHAIN || s == GRAFTED;
	struct privkey *key = other       ? other_key
			      : s == P256 ? p256_key
					  : leaf_key;
	struct seal_diag d = { 0 };
	struct cose_headers none = { .n_more = 0 };
	struct wr payload, tagged;

	wr_init_heap(&payload, DOC_MAX);
	wr_init_heap(&tagged, DOC_MAX);
	wr_init_heap(w, DOC_MAX);
	put_payload(&payload, s);
	if (cose_sign1_write_with(&tagged,
		s == P256 ? SIG_ECDSA_P256_SHA256 : SIG_ECDSA_P384_SHA384,
		&none, wr_view(&payload), sign, key, &d) != 0)
		fail_msg("%s", d.text);
	wr_bytes(w, s == TAGGED ? wr_view(&tagged)
				: span_of(tagged.p + 1, tagged.n - 1));
	wr_free(&payload);
	wr_free(&tagged);
}

/* ---- Keys ---- */

static struct issued
certify(const char *cn, const char *curve, bool ca, const struct issued *by)
{
	struct made m = { .cn = cn,
		.usage =
		    ca ? "critical,keyCertSign" : "critical,digitalSignature",
		.basic = ca ? "critical,CA:TRUE" : "critical,CA:FALSE",
		.to = ca ? 0 : 3 * 3600,
		.md = EVP_sha384() };

	return issue(&m, EVP_EC_gen(curve), by);
}

static void
write_root(char *path, const struct issued *i)
{
	struct wr w;

	wr_init_heap(&w, DOC_MAX);
	assert_int_equal(cert_to_pem(i->der, &w, NULL), 0);
	assert_int_equal(write(mkstemp(path), w.p, w.n), w.n);
	wr_free(&w);
}

void
nitro_setup(void)
{
	root = certify("root", "P-384", true, NULL);
	region = certify("region", "P-384", true, &root);
	leaf = certify("i-0123-enc4567", "P-384", false, &region);
	p256_leaf = certify("p256", "P-256", false, &region);
	ca_leaf = certify("ca", "P-384", true, &region);
	other_root = certify("root", "P-384", true, NULL);
	other_leaf = certify("i-0123-enc4567", "P-384", false, &other_root);
	leaf_key = load_key(leaf.key);
	p256_key = load_key(p256_leaf.key);
	other_key = load_key(other_leaf.key);
	assert_int_equal(cert_parse(other_leaf.der, &stranger, NULL), 0);
	write_root(root_file, &root);
	write_root(other_file, &other_root);
}

void
nitro_next_machine(void)
{
	if (zone.x == NULL)
		zone = certify("zone", "P-384", true, &region);
	else
		issued_free(&machine);
	machine = certify("machine", "P-384", true, &zone);
	issued_free(&leaf);
	privkey_free(&leaf_key);
	leaf = certify("i-0123-enc4567", "P-384", false, &machine);
	leaf_key = load_key(leaf.key);
}

void
nitro_teardown(void)
{
	struct issued *all[] = { &root, &region, &leaf, &p256_leaf, &ca_leaf,
		&other_root, &other_leaf, &zone, &machine };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		issued_free(all[i]);
	privkey_free(&leaf_key);
	privkey_free(&p256_key);
	privkey_free(&other_key);
	cert_unref(&stranger);
	unlink(root_file);
	unlink(other_file);
}

void
nitro_answer(struct span value, struct span key)
{
	assert_true(value.n <= sizeof(nonce) && key.n <= sizeof(subject));
	memcpy(nonce, value.p, value.n);
	n_nonce = value.n;
	memcpy(subject, key.p, key.n);
	n_subject = key.n;
}

struct span
nitro_stranger(void)
{
	return cert_spki(stranger);
}

const char *
nitro_root_file(void)
{
	return root_file;
}

const char *
nitro_other_file(void)
{
	return other_file;
}
