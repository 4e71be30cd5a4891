/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/refs_parts.h"

#include <stdlib.h>
#include <string.h>

/* ---- One key ---- */

static int
digest_spki(struct span spki, struct refs_key *ret, struct seal_diag *d)
{
	ret->hash = HASH_SHA256;
	return hash_one(HASH_SHA256, spki, ret->digest, d);
}

/* PEM text or DER: of a key, or of a certificate, then of its key. */
static int
digest_text(struct span in, struct refs_key *ret, struct seal_diag *d)
{
	uint8_t buf[LIMIT_SPKI];
	struct wr w;
	int r;

	wr_init(&w, buf, sizeof(buf));
	if ((r = spki_from_bytes("CoRIM key", in, &w, d)) != 0)
		return r;
	return digest_spki(wr_view(&w), ret, d);
}

static int
digest_cose(struct span in, struct refs_key *ret, struct seal_diag *d)
{
	uint8_t buf[LIMIT_SPKI];
	struct wr w;
	int r;

	wr_init(&w, buf, sizeof(buf));
	if ((r = cose_key_to_spki(in, &w, d)) != 0)
		return r;
	return digest_spki(wr_view(&w), ret, d);
}

static int
take_digest(
    const struct comid_key *k, struct refs_key *ret, struct seal_diag *d)
{
	ret->hash = comid_hash(k->digest.alg);
	ret->of_cert = k->tag == COMID_KEY_CERT_THUMBPRINT;
	if (ret->hash == HASH_NONE)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "corim: thumbprint of an unknown algorithm");
	memcpy(ret->digest, k->digest.value.p, k->digest.value.n);
	return 0;
}

int
refs_key_digest(
    const struct comid_key *k, struct refs_key *ret, struct seal_diag *d)
{
	switch (k->tag) {
	case COMID_KEY_PEM:
	case COMID_KEY_CERT_PEM:
	case COMID_KEY_PATH_PEM: /* its first certificate */
	case COMID_KEY_CERT_DER:
		return digest_text(k->value, ret, d);
	case COMID_KEY_COSE:
		return digest_cose(k->value, ret, d);
	case COMID_KEY_THUMBPRINT:
	case COMID_KEY_CERT_THUMBPRINT:
		return take_digest(k, ret, d);
	default:
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "corim: a key by tag %llu is not used",
		    (unsigned long long)k->tag);
	}
}

bool
refs_key_is(const struct refs_key *k, const struct refs_evidence *e)
{
	struct span of = k->of_cert ? e->signer_cert : e->signer_spki;
	size_t n = hash_size(k->hash);
	uint8_t digest[HASH_MAX];

	return of.n > 0 && hash_one(k->hash, of, digest, NULL) == 0 &&
	       span_equal_ct(span_of(digest, n), span_of(k->digest, n));
}

/* ---- All of a file ---- */

static int
add_key(struct refs *r, const struct comid_key *k, struct refs_key *at,
    struct seal_diag *d)
{
	struct seal_diag why = { 0 };
	struct refs_key *more;
	int code = refs_key_digest(k, at, &why);

	at->as = *k;
	if (code == SEAL_E_UNSUPPORTED) {
		r->n_unused_keys++;
		return 0;
	}
	if (code != 0)
		return seal_fail(d, SEAL_E_CONFIG,
		    "corim '%.100s': attest-key triple %zu: %.200s",
		    r->files[at->file].name, at->triple, why.text);
	if (r->n_keys == REFS_KEYS_MAX)
		return seal_fail(
		    d, SEAL_E_LIMIT, "corim: more than %d keys", REFS_KEYS_MAX);
	more = realloc(r->keys, (r->n_keys + 1) * sizeof(*more));
	if (more == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "corim");
	r->keys = more;
	r->keys[r->n_keys++] = *at;
	return 0;
}

static int
add_triple(struct refs *r, struct comid_triple *t, struct refs_key *at,
    struct seal_diag *d)
{
	struct comid_key k;
	int code;

	if (t->conditional) { /* on what, we cannot tell */
		r->n_unused_keys += t->items.left;
		return 0;
	}
	while (comid_key_next(&t->items, &k)) {
		struct refs_key key = *at;

		if ((code = add_key(r, &k, &key, d)) != 0)
			return code;
	}
	return 0;
}

int
refs_keys_add(struct refs *r, size_t file, struct seal_diag *d)
{
	struct comid_list tags = r->files[file].corim.tags;
	struct corim_tag tag;
	int code;

	while (corim_tag_next(&tags, &tag)) {
		struct comid_triple t;
		struct comid_list l;
		struct comid c;

		if (tag.kind != CORIM_COMID ||
		    comid_parse(tag.value, &c, NULL) != 0)
			continue;
		l = comid_triples(&c, COMID_ATTEST_KEY);
		while (comid_triple_next(&l, COMID_ATTEST_KEY, &t)) {
			struct refs_key at = { .file = file,
				.tag = c.id,
				.triple = t.index,
				.env = t.env };

			if ((code = add_triple(r, &t, &at, d)) != 0)
				return code;
		}
	}
	return 0;
}

/* A thumbprint names a key, and does not give it. */
static int
key_spki(const struct comid_key *k, struct wr *out)
{
	switch (k->tag) {
	case COMID_KEY_PEM:
	case COMID_KEY_CERT_PEM:
	case COMID_KEY_PATH_PEM:
	case COMID_KEY_CERT_DER:
		return spki_from_bytes("CoRIM key", k->value, out, NULL);
	case COMID_KEY_COSE:
		return cose_key_to_spki(k->value, out, NULL);
	default:
		return SEAL_E_UNSUPPORTED;
	}
}

static bool
is_for(const struct refs *r, const struct refs_key *k,
    const struct refs_evidence *e, const struct comid_env *env)
{
	return refs_file_speaks(&r->files[k->file], e) &&
	       refs_env_match(&k->env, env, e->any_names);
}

bool
refs_key_next(const struct refs *r, const struct refs_evidence *e, size_t *at,
    struct wr *ret)
{
	struct comid_env got;

	if (!comid_env_parse(e->env, &got))
		return false;
	while (*at < r->n_keys) {
		const struct refs_key *k = &r->keys[(*at)++];

		if (is_for(r, k, e, &got) && key_spki(&k->as, ret) == 0)
			return true;
	}
	return false;
}

bool
refs_trusts(const struct refs *r, const struct refs_evidence *e, int64_t now,
    char *ret_triple, int64_t *ret_until)
{
	struct comid_env env;

	if (!comid_env_parse(e->env, &env))
		return false;
	for (size_t i = 0; i < r->n_keys; i++) {
		const struct refs_key *k = &r->keys[i];

		if (!is_for(r, k, e, &env) || !refs_key_is(k, e) ||
		    refs_file_valid(r, &r->files[k->file], now, NULL) != 0)
			continue;
		refs_triple_name(&r->files[k->file], &k->tag, COMID_ATTEST_KEY,
		    k->triple, ret_triple);
		*ret_until = refs_file_until(&r->files[k->file]);
		return true;
	}
	return false;
}
