/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/verifier.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "base/text.h"
#include "binding/binder.h"
#include "format/cmw.h"

char *
seal_verifier_media_types(struct seal_verifier *v)
{
	struct verifier_policy *p = verifier_policy_ref(v);
	struct span types[POLICY_ENTRIES_MAX];
	size_t n = p == NULL ? 0
			     : policy_media_types(
				   p->policy, types, POLICY_ENTRIES_MAX);
	char *ret = NULL;
	struct wr w;

	wr_init_heap(&w, LIMIT_JSON);
	for (size_t i = 0; i < n; i++) {
		if (media_type_equal(types[i], span_str(CMW_TYPE)))
			continue; /* as below */
		wr_bytes(&w, types[i]);
		wr_u8(&w, '\n');
	}
	if (n > 0)
		wr_printf(&w, "application/cmw+cbor\napplication/cmw+json\n");
	wr_take_text(&w, &ret);
	wr_free(&w);
	verifier_policy_unref(&p);
	return ret;
}

/* ---- Life ---- */

static int64_t
system_clock(void *arg)
{
	(void)arg;
	return (int64_t)time(NULL);
}

static int
load_key(struct seal_verifier *v, const char *path, struct seal_diag *d)
{
	struct wr spki;
	int r;

	wr_init_heap(&spki, LIMIT_SPKI);
	if ((r = privkey_load(path, &v->key, d)) == 0 &&
	    (r = privkey_spki(v->key, &spki, d)) == 0)
		r = jwk_from_spki(wr_view(&spki), NULL, &v->jwk, d);
	if (r == 0)
		r = jwk_thumbprint(wr_view(&spki), v->jwk.kid, d);
	wr_free(&spki);
	return r;
}

static int
init(struct seal_verifier *v, const struct seal_verifier_args *args,
    struct seal_diag *d)
{
	size_t n = args->id != NULL ? strlen(args->id) : 0;

	if (n == 0 || n > BINDER_VERIFIER_ID_MAX ||
	    !utf8_valid(span_str(args->id)))
		return seal_fail(d, SEAL_E_CONFIG,
		    "verifier: expected an id of 1 to %d bytes of text, found "
		    "%zu",
		    BINDER_VERIFIER_ID_MAX, n);
	v->lifetime_s =
	    args->lifetime_s > 0 ? args->lifetime_s : VERIFIER_LIFETIME_S;
	v->unix_s = args->unix_s != NULL ? args->unix_s : system_clock;
	v->clock_arg = args->clock_arg;
	if ((v->id = strdup(args->id)) == NULL ||
	    (args->anchors_dir != NULL &&
		(v->anchors_dir = strdup(args->anchors_dir)) == NULL) ||
	    (v->keys = key_cache_new(VERIFIER_KEYS)) == NULL ||
	    (v->certs = cert_cache_new(VERIFIER_CERTS)) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "verifier");
	return load_key(v, args->key_file, d);
}

int
seal_verifier_new(const struct seal_verifier_args *args,
    struct seal_verifier **ret, struct seal_diag *d)
{
	struct seal_verifier *v = calloc(1, sizeof(*v));
	int r;

	if (v == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "verifier");
	pthread_mutex_init(&v->lock, NULL);
	if ((r = init(v, args, d)) == 0)
		*ret = v;
	else
		seal_verifier_free(&v);
	return r;
}

void
seal_verifier_free(struct seal_verifier **vp)
{
	struct seal_verifier *v = *vp;

	if (v == NULL)
		return;
	verifier_policy_unref(&v->current);
	privkey_free(&v->key);
	jwk_wipe(&v->jwk);
	key_cache_free(&v->keys);
	cert_cache_free(&v->certs);
	pthread_mutex_destroy(&v->lock);
	free(v->anchors_dir);
	free(v->id);
	free(v);
	*vp = NULL;
}

/* ---- Keys as others read them ---- */

static int
jwk_text(const struct jwk *k, char **ret, struct seal_diag *d)
{
	json_t *j = jwk_json_public(k);
	char *text = j != NULL ? json_dumps(j, JSON_COMPACT) : NULL;

	json_decref(j);
	if (text == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "key");
	*ret = text;
	return 0;
}

int
seal_verifier_jwk(struct seal_verifier *v, char **ret, struct seal_diag *d)
{
	return jwk_text(&v->jwk, ret, d);
}

int
seal_jwk_of_pem(const char *file, char **ret, struct seal_diag *d)
{
	struct jwk k = { 0 };
	struct wr spki;
	int r;

	wr_init_heap(&spki, LIMIT_SPKI);
	if ((r = spki_from_file(file, &spki, d)) == 0 &&
	    (r = jwk_from_spki(wr_view(&spki), NULL, &k, d)) == 0 &&
	    (r = jwk_thumbprint(wr_view(&spki), k.kid, d)) == 0)
		r = jwk_text(&k, ret, d);
	jwk_wipe(&k);
	wr_free(&spki);
	return r;
}

int
seal_verifier_digest(const void *p, size_t n, char ret[65], struct seal_diag *d)
{
	uint8_t digest[HASH_MAX];
	struct wr w;
	int r;

	if ((r = hash_one(HASH_SHA256, span_of(p, n), digest, d)) != 0)
		return r;
	wr_init(&w, ret, 65);
	wr_hex(&w, span_of(digest, 32));
	wr_u8(&w, 0);
	return w.error;
}
