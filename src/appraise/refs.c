/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/refs_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "format/corim_profile.h"

#define SHOWN 96 /* bytes of an id or a name */

void
refs_trust_wipe(struct refs_trust *t)
{
	for (size_t i = 0; i < t->n_signers; i++) {
		pubkey_unref(&t->signers[i].key);
		trust_free(&t->signers[i].ca);
	}
	memset(t, 0, sizeof(*t));
}

int
refs_new(struct refs_trust *trust, struct refs **ret, struct seal_diag *d)
{
	struct refs *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		refs_trust_wipe(trust);
		return seal_fail(d, SEAL_E_MEMORY, "corim");
	}
	r->trust = *trust;
	memset(trust, 0, sizeof(*trust));
	*ret = r;
	return 0;
}

static void
drop_last(struct refs *r)
{
	struct refs_file *f = &r->files[--r->n_files];

	free(f->name);
	free(f->bytes);
}

void
refs_free(struct refs **rp)
{
	struct refs *r;

	if (rp == NULL || (r = *rp) == NULL)
		return;
	*rp = NULL;
	while (r->n_files > 0)
		drop_last(r);
	free(r->files);
	free(r->keys);
	refs_trust_wipe(&r->trust);
	free(r);
}

void
refs_triple_name(const struct refs_file *f, const struct comid_id *tag,
    enum comid_kind kind, size_t index, char ret[REFS_TEXT])
{
	char id[SHOWN], tag_id[SHOWN], buf[2][SHOWN];
	const struct comid_id *ids[] = { &f->corim.id, tag };

	for (size_t i = 0; i < 2; i++) {
		struct wr w;

		wr_init(&w, buf[i], SHOWN);
		comid_id_text(ids[i], &w);
		text_safe(w.error != 0 ? span_str("(long)") : wr_view(&w),
		    i == 0 ? id : tag_id, SHOWN);
	}
	snprintf(ret, REFS_TEXT, "CoRIM '%s' tag '%s' %s[%zu] (%.120s)", id,
	    tag_id, comid_kind_name(kind), index, f->name);
}

const char *const refs_profiles[] = { REFS_PROFILE, NULL };

int
refs_put_env(struct wr *env, const char *model, struct span signer_spki)
{
	uint8_t model_buf[32], instance_buf[64], digest[HASH_MAX];
	struct comid_env e = { .other = false };
	struct wr m, i;
	int r;

	if ((r = hash_one(HASH_SHA256, signer_spki, digest, NULL)) != 0)
		return r;
	wr_init(&m, model_buf, sizeof(model_buf));
	cbor_put_text(&m, span_str(model));
	wr_init(&i, instance_buf, sizeof(instance_buf));
	comid_put_thumbprint(
	    &i, COMID_KEY_THUMBPRINT, COMID_SHA256, span_of(digest, 32));
	e.model = wr_view(&m);
	e.instance = wr_view(&i);
	comid_put_env(env, &e);
	return env->error;
}

/* ---- Signatures ---- */

static bool
pin_is(const struct refs_signer *s, struct span spki)
{
	uint8_t digest[HASH_MAX];

	return s->pinned && hash_one(HASH_SHA256, spki, digest, NULL) == 0 &&
	       span_equal_ct(span_of(digest, sizeof(s->spki_sha256)),
		   span_of(s->spki_sha256, sizeof(s->spki_sha256)));
}

/* A key that the policy has in a file. */
static bool
by_key(const struct refs_trust *t, const struct corim *c)
{
	for (size_t i = 0; i < t->n_signers; i++)
		if (t->signers[i].key != NULL &&
		    cose_sign1_verify(&c->sign1, t->signers[i].key, NULL) == 0)
			return true;
	return false;
}

static int
chain_to(const struct refs_trust *t, const struct corim *c, int64_t now,
    struct seal_diag *d)
{
	int code = SEAL_E_CHAIN;

	for (size_t i = 0; i < t->n_signers; i++) {
		struct seal_diag why = { 0 };
		int r;

		if (t->signers[i].ca == NULL)
			continue;
		if ((r = chain_verify(t->signers[i].ca, c->chain, c->n_chain,
			 now, NULL, &why)) == 0)
			return 0;
		if (r == SEAL_E_STALE)
			code = r;
		seal_fail(d, r, "%.200s", why.text);
	}
	return code;
}

/* A time at which a chain that is ever valid should be. */
static int64_t
chain_begin(const struct corim *c)
{
	int64_t begin = 0;

	for (size_t i = 0; i < c->n_chain; i++) {
		struct cert *cert = NULL;

		if (cert_parse(c->chain[i], &cert, NULL) != 0)
			continue;
		if (cert_not_before(cert) > begin)
			begin = cert_not_before(cert);
		cert_unref(&cert);
	}
	return begin;
}

/* The leaf that it carries: pinned, or certified. */
static int
by_chain(const struct refs_trust *t, struct refs_file *f, struct seal_diag *d)
{
	const struct corim *c = &f->corim;
	struct seal_diag why = { 0 };
	struct cert *leaf = NULL;
	int r;

	if (c->n_chain == 0)
		return seal_fail(d, SEAL_E_SIGNATURE,
		    "corim '%.100s': not signed by a key that is trusted for "
		    "it, and it carries no certificate",
		    f->name);
	if ((r = cert_parse(c->chain[0], &leaf, d)) != 0)
		return r;
	if ((r = cose_sign1_verify(&c->sign1, cert_key(leaf), d)) != 0)
		goto out;
	for (size_t i = 0; i < t->n_signers; i++)
		if (pin_is(&t->signers[i], cert_spki(leaf)))
			goto out;
	f->by_ca = true;
	r = chain_to(t, c, chain_begin(c), &why);
	if (r == SEAL_E_STALE) /* each appraisal asks again, with its clock */
		r = 0;
	else if (r != 0)
		seal_fail(d, SEAL_E_SIGNATURE,
		    "corim '%.100s': expected a signer of 'corim_signers', "
		    "found '%.40s'%s%.150s",
		    f->name, "another", why.text[0] != '\0' ? ": " : "",
		    why.text);
out:
	cert_unref(&leaf);
	return r == SEAL_E_CHAIN ? SEAL_E_SIGNATURE : r;
}

static int
check_signed(
    const struct refs_trust *t, struct refs_file *f, struct seal_diag *d)
{
	int r = 0;

	if (!f->corim.is_signed) {
		if (t->unsigned_ok)
			return 0;
		seal_fail(d, SEAL_E_SIGNATURE,
		    "corim '%.100s': expected a signature, found none",
		    f->name);
		seal_remedy(d, "sign it, or say \"corim_unsigned\": true where "
			       "the file itself is trusted");
		return SEAL_E_SIGNATURE;
	}
	if (t->n_signers == 0) {
		seal_fail(d, SEAL_E_CONFIG,
		    "corim '%.100s': signed, and 'corim_signers' names nobody",
		    f->name);
		return SEAL_E_CONFIG;
	}
	if (!by_key(t, &f->corim) && (r = by_chain(t, f, d)) != 0)
		seal_remedy(d, "if its signer is to be trusted, add it to "
			       "'corim_signers'");
	return r;
}

int
refs_file_valid(const struct refs *r, const struct refs_file *f, int64_t now,
    struct seal_diag *d)
{
	int code;

	if ((code = corim_valid_at(&f->corim, now, d)) != 0 || !f->by_ca)
		return code;
	return chain_to(&r->trust, &f->corim, now, d);
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t
refs_file_until(const struct refs_file *f)
{
	const struct corim *c = &f->corim;
	const struct corim_validity *const periods[] = { &c->validity,
		&c->signature, &c->claims };
	int64_t until = INT64_MAX;

	for (size_t i = 0; i < 3; i++)
		if (periods[i]->stated)
			until = earlier(until, periods[i]->not_after);
	for (size_t i = 0; f->by_ca && i < c->n_chain; i++) {
		struct cert *cert = NULL;

		if (cert_parse(c->chain[i], &cert, NULL) != 0)
			return INT64_MIN;
		until = earlier(until, cert_not_after(cert));
		cert_unref(&cert);
	}
	return until;
}

int
refs_valid(const struct refs *r, int64_t now, struct seal_diag *d)
{
	int code = 0;

	for (size_t i = 0; code == 0 && i < r->n_files; i++)
		code = refs_file_valid(r, &r->files[i], now, d);
	return code;
}

int
refs_any_valid(const struct refs *r, int64_t now, struct seal_diag *d)
{
	int code = SEAL_E_STALE;

	for (size_t i = 0; code != 0 && i < r->n_files; i++)
		code = refs_file_valid(r, &r->files[i], now, d);
	return code;
}

/* ---- Adding ---- */

/* One that is known, whose rules it keeps. */
static int
check_profile(
    const struct refs_trust *t, const struct refs_file *f, struct seal_diag *d)
{
	char shown[SHOWN];

	if (f->corim.profile.n == 0)
		return 0;
	if (corim_profile_check(&f->corim, d) != 0)
		return SEAL_E_DECODE;
	if (t->any_profile)
		return 0;
	for (size_t i = 0; t->profiles != NULL && t->profiles[i] != NULL; i++)
		if (!f->corim.profile_is_oid &&
		    span_is(f->corim.profile, t->profiles[i]))
			return 0;
	seal_fail(d, SEAL_E_UNSUPPORTED,
	    "corim '%.100s': its profile '%s' is not one that this scheme "
	    "knows",
	    f->name,
	    f->corim.profile_is_oid
		? "(an OID)"
		: text_safe(f->corim.profile, shown, sizeof(shown)));
	return SEAL_E_UNSUPPORTED;
}

/* Room for one more, empty. */
static int
grow(struct refs *r, struct seal_diag *d)
{
	size_t max = r->from_store ? REFS_STORED_MAX : REFS_FILES_MAX;
	struct refs_file *more;

	if (r->n_files == max)
		return seal_fail(
		    d, SEAL_E_LIMIT, "corim: more than %zu files", max);
	more = realloc(r->files, (r->n_files + 1) * sizeof(*more));
	if (more == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "corim");
	r->files = more;
	memset(&r->files[r->n_files++], 0, sizeof(*more));
	return 0;
}

static int
add_last(
    struct refs *r, const char *name, struct span corim, struct seal_diag *d)
{
	struct refs_file *f = &r->files[r->n_files - 1];
	int code;

	if ((f->name = strdup(name)) == NULL || span_dup(corim, &f->bytes) != 0)
		return seal_fail(d, SEAL_E_MEMORY, "corim '%.100s'", name);
	f->n = corim.n;
	if ((code = corim_parse(span_of(f->bytes, f->n), &f->corim, d)) != 0 ||
	    (code = check_signed(&r->trust, f, d)) != 0 ||
	    (code = check_profile(&r->trust, f, d)) != 0)
		return code;
	return refs_keys_add(r, r->n_files - 1, d);
}

/* All of it or nothing. */
int
refs_add(
    struct refs *r, const char *name, struct span corim, struct seal_diag *d)
{
	size_t n_keys = r->n_keys, n_unused = r->n_unused_keys;
	int code;

	if ((code = grow(r, d)) != 0)
		return code;
	if ((code = add_last(r, name, corim, d)) == 0)
		return 0;
	drop_last(r);
	r->n_keys = n_keys;
	r->n_unused_keys = n_unused;
	return code;
}

bool
refs_from_store(const struct refs *r)
{
	return r->from_store;
}

int
refs_provide(struct refs *r, const char *name, struct span corim,
    bool *ret_used, struct seal_diag *d)
{
	struct seal_diag why = { 0 };
	int code = refs_add(r, name, corim, &why);

	if (code == SEAL_E_MEMORY || code == SEAL_E_LIMIT)
		return seal_fail(d, code, "%s", why.text);
	*ret_used = code == 0;
	return 0;
}
