/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/binder.h"

#include <string.h>

#include "base/limits.h"
#include "base/wr.h"

/* Those of the TLS 1.3 suites, and SHA-512; SHA-1 commits to nothing. */
static int
check_hash(enum hash h, struct seal_diag *d)
{
	if (h != HASH_SHA256 && h != HASH_SHA384 && h != HASH_SHA512)
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "binder: expected SHA-256, SHA-384 or SHA-512, found %s",
		    hash_name(h));
	return 0;
}

static int
check_spki(struct span spki, struct seal_diag *d)
{
	if (spki.n == 0 || spki.n > LIMIT_SPKI)
		return seal_fail(d, SEAL_E_KEY,
		    "binder: expected an SPKI of 1 to %u bytes, found %zu",
		    LIMIT_SPKI, spki.n);
	return 0;
}

static void
binding_fill(struct seal_binding *b, enum binding_kind kind, enum hash h,
    struct span binder, struct span spki)
{
	*b = (struct seal_binding){
		.kind = kind,
		.hash = h,
		.size = binder.n,
		.spki = spki,
	};
	memcpy(b->binder, binder.p, binder.n);
}

/* PROTOCOL 5.1 */
int
binding_post(enum hash h, struct span spki, struct span exporter,
    struct seal_binding *ret, struct seal_diag *d)
{
	struct span parts[] = { spki, exporter };
	uint8_t binder[HASH_MAX];
	int r;

	if ((r = check_hash(h, d)) != 0 || (r = check_spki(spki, d)) != 0)
		return r;
	if (exporter.n != BINDER_EXPORTER_SIZE)
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "binder: expected %d exported bytes, found %zu",
		    BINDER_EXPORTER_SIZE, exporter.n);
	if ((r = hash_parts(h, parts, 2, binder, d)) != 0)
		return r;
	binding_fill(ret, BINDING_POST, h, span_of(binder, hash_size(h)), spki);
	return 0;
}

/* PROTOCOL 5.2 */
int
binding_intra(enum hash h, struct span spki, struct span transcript_hash,
    bool dtls, struct seal_binding *ret, struct seal_diag *d)
{
	static const uint8_t zeros[HASH_MAX];
	const char *prefix = dtls ? "dtls13" : "tls13 ";
	uint8_t base[HASH_MAX], digest[HASH_MAX], binder[HASH_MAX];
	size_t n = hash_size(h);
	int r;

	if ((r = check_hash(h, d)) != 0 || (r = check_spki(spki, d)) != 0)
		return r;
	if (transcript_hash.n != n)
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "binder: expected a transcript hash of %zu bytes, found "
		    "%zu",
		    n, transcript_hash.n);
	if ((r = hkdf_expand_label(h, span_of(zeros, n), prefix,
		 "attestation base", transcript_hash, base, n, d)) != 0 ||
	    (r = hash_one(h, spki, digest, d)) != 0 ||
	    (r = hkdf_expand_label(h, span_of(base, n), prefix, "attestation",
		 span_of(digest, n), binder, n, d)) != 0)
		return r;
	binding_fill(ret, BINDING_INTRA, h, span_of(binder, n), spki);
	return 0;
}

/* PROTOCOL 5.5 rule 1: SHA-256(domain || rest), which is never equal to any
 * connection's binder. */
static int
binding_domain(enum binding_kind kind, const char *domain, struct span rest,
    struct span spki, struct seal_binding *ret, struct seal_diag *d)
{
	struct span parts[] = { span_str(domain), rest };
	uint8_t binder[HASH_MAX];
	int r;

	if ((r = hash_parts(HASH_SHA256, parts, 2, binder, d)) != 0)
		return r;
	binding_fill(ret, kind, HASH_SHA256,
	    span_of(binder, hash_size(HASH_SHA256)), spki);
	return 0;
}

static int
check_nonce(struct span nonce, struct seal_diag *d)
{
	if (nonce.n < BINDER_NONCE_MIN || nonce.n > BINDER_NONCE_MAX)
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "nonce: expected %d to %d bytes, found %zu",
		    BINDER_NONCE_MIN, BINDER_NONCE_MAX, nonce.n);
	return 0;
}

int
binding_offline(struct span nonce, struct span spki, struct seal_binding *ret,
    struct seal_diag *d)
{
	int r;

	if ((r = check_nonce(nonce, d)) != 0)
		return r;
	return binding_domain(
	    BINDING_OFFLINE, "SEAL offline evidence v1", nonce, spki, ret, d);
}

int
binding_verifier(struct span id, struct span nonce, struct span spki,
    struct seal_binding *ret, struct seal_diag *d)
{
	uint8_t buf[4 + BINDER_VERIFIER_ID_MAX + BINDER_NONCE_MAX];
	struct wr w;
	int r;

	if ((r = check_nonce(nonce, d)) != 0)
		return r;
	if (id.n == 0 || id.n > BINDER_VERIFIER_ID_MAX)
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "verifier: expected a name of 1 to %d bytes, found %zu",
		    BINDER_VERIFIER_ID_MAX, id.n);
	wr_init(&w, buf, sizeof(buf));
	wr_vec(&w, 2, id);
	wr_vec(&w, 2, nonce);
	return binding_domain(BINDING_VERIFIER, "SEAL verifier nonce v1",
	    wr_view(&w), spki, ret, d);
}

static enum hash
hash_of_size(size_t n)
{
	static const enum hash hashes[] = { HASH_SHA256, HASH_SHA384,
		HASH_SHA512 };

	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
		if (hash_size(hashes[i]) == n)
			return hashes[i];
	}
	return HASH_NONE;
}

int
binding_replay(struct span binder, struct span spki, struct seal_binding *ret,
    struct seal_diag *d)
{
	enum hash h = hash_of_size(binder.n);

	if (h == HASH_NONE)
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "binder: expected 32, 48 or 64 bytes, found %zu", binder.n);
	binding_fill(ret, BINDING_REPLAY, h, binder, spki);
	return 0;
}

int
binding_raw_nonce(struct span nonce, struct span spki, struct seal_binding *ret,
    struct seal_diag *d)
{
	enum hash h = hash_of_size(nonce.n);

	if (h == HASH_NONE)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "raw nonce: expected 32, 48 or 64 bytes, found %zu",
		    nonce.n);
	binding_fill(ret, BINDING_RAW_NONCE, h, nonce, spki);
	return 0;
}

bool
binding_valid(const struct seal_binding *b)
{
	if (b == NULL || b->kind <= BINDING_NONE || b->kind > BINDING_RAW_NONCE)
		return false;
	return check_hash(b->hash, NULL) == 0 && b->size == hash_size(b->hash);
}

struct span
binding_value(const struct seal_binding *b)
{
	return binding_valid(b) ? span_of(b->binder, b->size)
				: span_of(NULL, 0);
}

bool
binding_commits(const struct seal_binding *b)
{
	return (b->kind == BINDING_POST || b->kind == BINDING_INTRA) &&
	       b->spki.n > 0;
}
