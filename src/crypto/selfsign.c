/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/cert_parts.h"
#include "crypto/der.h"
#include "crypto/key.h"
#include "crypto/x509.h"

#define COMMON_NAME_MAX 64 /* RFC 5280 appendix A: ub-common-name */
#define DAYS_MAX 36500u
#define DAY_S 86400
/* GeneralName (RFC 5280 s4.2.1.6). */
#define GENERAL_DNS DER_CTX_PRIM(2)
#define GENERAL_ADDRESS DER_CTX_PRIM(7)

/* Object identifiers, content bytes only. */
static const uint8_t oid_cn[] = { 0x55, 4, 3 };
static const uint8_t oid_key_usage[] = { 0x55, 0x1d, 0x0f };
static const uint8_t oid_subject_alt_name[] = { 0x55, 0x1d, 0x11 };
static const uint8_t oid_pss[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1,
	0x0a };
static const uint8_t oid_mgf1[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1,
	8 };

#define OID(a) span_of(a, sizeof(a))

/* AlgorithmIdentifier { id-sha2, NULL } */
static void
put_hash_id(struct wr *w, enum hash h)
{
	const uint8_t oid[] = { 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2,
		h == HASH_SHA256   ? 1
		: h == HASH_SHA384 ? 2
				   : 3 };
	size_t mark = der_begin(w, DER_SEQ);

	der_put(w, DER_OID, OID(oid));
	der_put(w, DER_NULL, span_of(NULL, 0));
	der_end(w, mark);
}

/* RFC 4055 s3.1, with the salt as long as the hash. */
static void
put_pss_params(struct wr *w, enum hash h)
{
	uint8_t salt = (uint8_t)hash_size(h);
	size_t seq, field, inner;

	seq = der_begin(w, DER_SEQ);
	field = der_begin(w, DER_CTX(0));
	put_hash_id(w, h);
	der_end(w, field);
	field = der_begin(w, DER_CTX(1));
	inner = der_begin(w, DER_SEQ);
	der_put(w, DER_OID, OID(oid_mgf1));
	put_hash_id(w, h);
	der_end(w, inner);
	der_end(w, field);
	field = der_begin(w, DER_CTX(2));
	der_put_uint(w, span_of(&salt, 1));
	der_end(w, field);
	der_end(w, seq);
}

static void
put_pkcs1(struct wr *w, enum hash h)
{
	const uint8_t oid[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1,
		h == HASH_SHA256   ? 0x0b
		: h == HASH_SHA384 ? 0x0c
				   : 0x0d };

	der_put(w, DER_OID, OID(oid));
	der_put(w, DER_NULL, span_of(NULL, 0));
}

/* RFC 5758 s3.2 and RFC 8410 s3: no parameters. */
static void
put_ecdsa(struct wr *w, enum hash h)
{
	const uint8_t oid[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3,
		h == HASH_SHA256   ? 2
		: h == HASH_SHA384 ? 3
				   : 4 };

	der_put(w, DER_OID, OID(oid));
}

static void
put_eddsa(struct wr *w, enum curve c)
{
	const uint8_t oid[] = { 0x2b, 0x65, c == CURVE_ED25519 ? 0x70 : 0x71 };

	der_put(w, DER_OID, OID(oid));
}

/* The signature's AlgorithmIdentifier. */
void
cert_put_algorithm(struct wr *w, const struct scheme *s)
{
	size_t mark = der_begin(w, DER_SEQ);

	if (s->kind == KEY_EC) {
		put_ecdsa(w, s->hash);
	} else if (s->kind == KEY_EDDSA) {
		put_eddsa(w, s->curve);
	} else if (!s->pss) {
		put_pkcs1(w, s->hash);
	} else {
		der_put(w, DER_OID, OID(oid_pss));
		put_pss_params(w, s->hash);
	}
	der_end(w, mark);
}

/* CN=name and nothing else. */
void
cert_put_name(struct wr *w, const char *name)
{
	size_t seq = der_begin(w, DER_SEQ), set = der_begin(w, DER_SET);
	size_t pair = der_begin(w, DER_SEQ);

	der_put(w, DER_OID, OID(oid_cn));
	der_put(w, DER_UTF8, span_str(name));
	der_end(w, pair);
	der_end(w, set);
	der_end(w, seq);
}

/* RFC 5280 s4.1.2.5: two digits of the year up to 2049, then four. */
void
cert_put_time(struct wr *w, int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm = { 0 };
	char text[32];

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year < 50 ||
	    tm.tm_year > 9999 - 1900) {
		if (w->error == 0)
			w->error = SEAL_E_LIMIT;
		return;
	}
	strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm);
	if (tm.tm_year < 150)
		der_put(w, DER_UTC_TIME, span_str(text + 2));
	else
		der_put(w, DER_GENERAL_TIME, span_str(text));
}

static void
put_validity(struct wr *w, int64_t now, unsigned days)
{
	size_t mark = der_begin(w, DER_SEQ);

	cert_put_time(w, now);
	cert_put_time(w, now + (int64_t)days * DAY_S);
	der_end(w, mark);
}

void
cert_put_extension(
    struct wr *w, struct span oid, bool critical, struct span value)
{
	static const uint8_t yes = 0xff;
	size_t one = der_begin(w, DER_SEQ);

	der_put(w, DER_OID, oid);
	if (critical)
		der_put(w, DER_BOOLEAN, span_of(&yes, 1));
	der_put(w, DER_OCTETS, value);
	der_end(w, one);
}

/* Critical: digitalSignature alone. */
void
cert_put_key_usage(struct wr *w)
{
	static const uint8_t usage[] = { DER_BITS, 2, 7, 0x80 };

	cert_put_extension(w, OID(oid_key_usage), true, OID(usage));
}

/* SubjectAltName, the one place where a host's name counts (RFC 9525 s2). */
static void
put_host(struct wr *w, const char *name)
{
	uint8_t buf[COMMON_NAME_MAX + 8], address[16];
	struct wr names;
	size_t seq;

	wr_init(&names, buf, sizeof(buf));
	seq = der_begin(&names, DER_SEQ);
	if (inet_pton(AF_INET, name, address) == 1)
		der_put(&names, GENERAL_ADDRESS, span_of(address, 4));
	else if (inet_pton(AF_INET6, name, address) == 1)
		der_put(&names, GENERAL_ADDRESS, span_of(address, 16));
	else
		der_put(&names, GENERAL_DNS, span_str(name));
	der_end(&names, seq);
	cert_put_extension(
	    w, OID(oid_subject_alt_name), false, wr_view(&names));
}

/* May name stand for a host? Others, such as a key's, stay a CN alone. */
static bool
names_host(const char *name)
{
	static const char legal[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.:";

	return name[strspn(name, legal)] == '\0';
}

static void
put_extensions(struct wr *w, const char *name)
{
	size_t wrap = der_begin(w, DER_CTX(3)), list = der_begin(w, DER_SEQ);

	cert_put_key_usage(w);
	if (names_host(name))
		put_host(w, name);
	der_end(w, list);
	der_end(w, wrap);
}

struct tbs {
	struct span spki;
	const char *name;
	int64_t now;
	unsigned days;
	uint8_t serial[16];
};

static void
put_tbs(struct wr *w, const struct tbs *t, const struct scheme *s)
{
	static const uint8_t v3 = 2;
	size_t seq = der_begin(w, DER_SEQ), version;

	version = der_begin(w, DER_CTX(0));
	der_put_uint(w, span_of(&v3, 1));
	der_end(w, version);
	der_put_uint(w, span_of(t->serial, sizeof(t->serial)));
	cert_put_algorithm(w, s);
	cert_put_name(w, t->name);
	put_validity(w, t->now, t->days);
	cert_put_name(w, t->name);
	wr_bytes(w, t->spki); /* as it stands */
	put_extensions(w, t->name);
	der_end(w, seq);
}

static int
check_arguments(struct span spki, const char *name, unsigned days,
    uint16_t scheme, struct pubkey **ret, struct seal_diag *d)
{
	struct span text = span_str(name);
	struct pubkey *k = NULL;
	char what[64];
	int r;

	if (text.n == 0 || text.n > COMMON_NAME_MAX || !utf8_valid(text))
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "certificate: expected a name of 1 to %d bytes of UTF-8",
		    COMMON_NAME_MAX);
	if (days == 0 || days > DAYS_MAX)
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "certificate: valid for %u days, expected 1 to %u", days,
		    DAYS_MAX);
	if ((r = pubkey_from_spki(spki, &k, d)) != 0)
		return r;
	if (!pubkey_fits(k, scheme)) {
		r = seal_fail(d, SEAL_E_KEY,
		    "certificate: scheme %s (0x%04x) does not fit %s",
		    sig_name(scheme), scheme,
		    pubkey_describe(k, what, sizeof(what)));
		pubkey_unref(&k);
		return r;
	}
	*ret = k;
	return 0;
}

/*
 * The key may live in a TPM, which signs bytes but knows no X.509: so the
 * certificate is written here. The signature is checked before it is used,
 * since a device may hold another key than the one that it was asked for.
 */
int
cert_self_sign(struct span spki, const char *name, int64_t now, unsigned days,
    uint16_t scheme, sign_fn sign, void *sign_ctx, struct wr *out,
    struct seal_diag *d)
{
	struct tbs t = { spki, name, now, days, { 0 } };
	struct span tbs = { 0 }, sig = { 0 };
	struct pubkey *key = NULL;
	uint8_t sig_buf[LIMIT_SIGNATURE];
	struct wr w_tbs, w_sig;
	size_t mark;
	int r;

	wr_init_heap(&w_tbs, LIMIT_CERTIFICATE);
	wr_init(&w_sig, sig_buf, sizeof(sig_buf));
	if ((r = check_arguments(spki, name, days, scheme, &key, d)) != 0 ||
	    (r = random_bytes(t.serial, sizeof(t.serial), d)) != 0)
		goto out;
	t.serial[0] = (uint8_t)((t.serial[0] & 0x7f) | 0x40);
	put_tbs(&w_tbs, &t, scheme_find(scheme));
	if ((r = wr_finish(&w_tbs, &tbs)) != 0) {
		r = seal_fail(d, r, "certificate: too large, or a bad date");
		goto out;
	}
	if ((r = sign(sign_ctx, scheme, tbs, &w_sig, d)) != 0)
		goto out;
	if ((r = wr_finish(&w_sig, &sig)) != 0) {
		r = seal_fail(d, r, "certificate: signature too large");
		goto out;
	}
	if ((r = pubkey_verify(key, scheme, tbs, sig, d)) != 0)
		goto out;
	mark = der_begin(out, DER_SEQ);
	wr_bytes(out, tbs);
	cert_put_algorithm(out, scheme_find(scheme));
	der_put_bits(out, sig);
	der_end(out, mark);
	if (out->error != 0)
		r = seal_fail(d, out->error, "certificate: no room");
out:
	pubkey_unref(&key);
	wr_free(&w_tbs);
	return r;
}
