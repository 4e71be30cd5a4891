/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <sealtls/tools.h>

#include "appraise/refs.h"
#include "appraise/strict.h"
#include "base/file.h"
#include "base/text.h"
#include "lib/corim_json.h"

/* ---- Creating ---- */

static int
sign_with(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	return privkey_sign(ctx, scheme, tbs, out, d);
}

/* The scheme that COSE has for this key, and what to call the key. */
static int
describe_key(const struct privkey *key, struct wr *spki, uint16_t *ret_scheme,
    uint8_t ret_kid[HASH_MAX], struct seal_diag *d)
{
	struct pubkey *pub = NULL;
	int r;

	if ((r = privkey_spki(key, spki, d)) != 0 ||
	    (r = pubkey_from_spki(wr_view(spki), &pub, d)) != 0)
		return r;
	*ret_scheme = pubkey_choose(pub, NULL, 0);
	pubkey_unref(&pub);
	return hash_one(HASH_SHA256, wr_view(spki), ret_kid, d);
}

/* The leaf that it carries is the key that signs. */
static int
load_chain(const char *path, struct span spki, struct span *chain,
    size_t *ret_n, uint8_t **ret_buf, struct seal_diag *d)
{
	struct cert *leaf = NULL;
	int r;

	if (path == NULL)
		return 0;
	if ((r = chain_load(path, chain, ret_n, ret_buf, d)) != 0 ||
	    (r = cert_parse(chain[0], &leaf, d)) != 0)
		return r;
	if (!span_equal(cert_spki(leaf), spki))
		r = seal_fail(d, SEAL_E_CONFIG,
		    "corim: the certificate '%s' is not that of the key", path);
	cert_unref(&leaf);
	return r;
}

static int
sign(const struct seal_corim_args *args, const char *signer, struct span corim,
    struct wr *out, struct seal_diag *d)
{
	struct corim_signing s = { .sign = sign_with };
	uint8_t spki_buf[LIMIT_SPKI], kid[HASH_MAX], *chain_buf = NULL;
	struct span chain[LIMIT_CHAIN];
	struct privkey *key = NULL;
	struct wr spki;
	int r;

	signer = args->signer != NULL ? args->signer : signer;
	if (signer == NULL)
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "corim: expected the name of a signer, or of an entity, "
		    "found none");
	wr_init(&spki, spki_buf, sizeof(spki_buf));
	if ((r = privkey_load(args->key_file, &key, d)) != 0 ||
	    (r = describe_key(key, &spki, &s.scheme, kid, d)) != 0 ||
	    (r = load_chain(args->cert_file, wr_view(&spki), chain, &s.n_chain,
		 &chain_buf, d)) != 0)
		goto out;
	s.signer = span_str(signer);
	s.kid = span_of(kid, hash_size(HASH_SHA256));
	s.chain = chain;
	s.sign_ctx = key;
	r = corim_sign(out, corim, &s, d);
out:
	privkey_free(&key);
	free(chain_buf);
	return r;
}

/* The folder of path, as strict_path() wants it; NULL: out of memory. */
static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return strdup("");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static int
write_from(const struct seal_corim_args *args, const json_t *j, struct wr *out,
    struct seal_diag *d)
{
	char *dir = folder_of(args->json_file);
	const char *signer = NULL;
	struct wr plain;
	int r;

	if (dir == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "corim");
	wr_init_heap(&plain, CORIM_MAX);
	if ((r = corim_json_write(j, dir, &plain, &signer, d)) != 0)
		goto out;
	if (args->key_file != NULL)
		r = sign(args, signer, wr_view(&plain), out, d);
	else
		wr_bytes(out, wr_view(&plain));
	if (r == 0 && (r = out->error) != 0)
		seal_fail(d, r, "corim: too large");
out:
	wr_free(&plain);
	free(dir);
	return r;
}

int
seal_corim_create(const struct seal_corim_args *args, void **ret, size_t *ret_n,
    struct seal_diag *d)
{
	uint8_t *text = NULL, *bytes = NULL;
	json_t *j = NULL;
	struct wr out;
	size_t n = 0;
	int r;

	if (args->key_file == NULL &&
	    (args->cert_file != NULL || args->signer != NULL))
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "corim: a certificate or a signer, and no key to sign");
	wr_init_heap(&out, CORIM_MAX);
	if ((r = file_read(args->json_file, LIMIT_JSON, &text, &n, d)) != 0 ||
	    (r = strict_load(span_of(text, n), "corim", &j, d)) != 0 ||
	    (r = write_from(args, j, &out, d)) != 0)
		goto out;
	if ((r = wr_take(&out, &bytes, ret_n)) == 0)
		*ret = bytes;
out:
	json_decref(j);
	free(text);
	wr_free(&out);
	return r;
}

/* ---- Verifying ---- */

static int
check_signer(const struct seal_corim_check *c, struct refs_signer *s,
    struct seal_diag *d)
{
	uint8_t buf[LIMIT_SPKI];
	struct wr w;
	int r;

	if ((c->key_file != NULL) + (c->ca_file != NULL) +
		(c->spki_sha256 != NULL) !=
	    1)
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "corim: expected one way to name its signer");
	if (c->spki_sha256 != NULL) {
		s->pinned = true;
		memcpy(s->spki_sha256, c->spki_sha256, sizeof(s->spki_sha256));
		return 0;
	}
	if (c->ca_file != NULL) {
		if ((s->ca = trust_new()) == NULL)
			return seal_fail(d, SEAL_E_MEMORY, "corim");
		return trust_add_pem_file(s->ca, c->ca_file, d);
	}
	wr_init(&w, buf, sizeof(buf));
	if ((r = spki_from_file(c->key_file, &w, d)) != 0)
		return r;
	return pubkey_from_spki(wr_view(&w), &s->key, d);
}

int
seal_corim_verify(
    const struct seal_corim_check *c, char **ret, struct seal_diag *d)
{
	struct refs_trust trust = { .n_signers = 1, .any_profile = true };
	struct seal_diag why = { 0 };
	struct refs *refs = NULL;
	struct wr out;
	int r;

	wr_init_heap(&out, LIMIT_JSON);
	if ((r = check_signer(c, &trust.signers[0], d)) != 0) {
		refs_trust_wipe(&trust);
		return r;
	}
	if ((r = refs_new(&trust, &refs, d)) != 0)
		return r;
	if ((r = refs_add(refs, "it", span_of(c->corim, c->corim_n), &why)) !=
		0 ||
	    (r = refs_valid(refs, c->unix_s, &why)) != 0) {
		/* What to do about it differs from what a policy would say. */
		seal_fail(d, r, "%s", why.text);
		goto out;
	}
	wr_printf(&out, "verified: signed by who was named, and valid\n");
	if ((r = refs_explain(refs, &out)) != 0 ||
	    (r = wr_take_text(&out, ret)) != 0)
		seal_fail(d, r, "corim: too large to tell");
out:
	refs_free(&refs);
	wr_free(&out);
	return r;
}
