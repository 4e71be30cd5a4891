/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/subject.h"

#include <stdlib.h>
#include <time.h>

#define CERT_DAYS 3650u /* made anew at each open; it vouches for nothing */

/* ---- The key ---- */

static int
take_spki(struct subject *s, struct seal_diag *d)
{
	struct wr w;
	int r;

	wr_init_heap(&w, LIMIT_SPKI);
	if ((r = privkey_spki(s->key, &w, d)) == 0)
		r = wr_take(&w, &s->spki, &s->n_spki);
	wr_free(&w);
	return r == 0 ? 0 : seal_fail(d, r, "%s: public key", s->driver);
}

static int
choose_scheme(struct subject *s, struct seal_diag *d)
{
	struct pubkey *key = NULL;
	int r = pubkey_from_spki(subject_spki(s), &key, d);

	if (r != 0)
		return r;
	s->scheme = pubkey_choose(key, NULL, 0);
	pubkey_unref(&key);
	return s->scheme != SIG_NONE
		   ? 0
		   : seal_fail(d, SEAL_E_CONFIG,
			 "%s: no signature scheme of TLS 1.3 fits the key",
			 s->driver);
}

static int
open_key(
    struct subject *s, bool fresh, const struct conf *conf, struct seal_diag *d)
{
	const char *path = conf_get(conf, "key", NULL);
	int r;

	if (path == NULL && !fresh) {
		seal_fail(d, SEAL_E_CONFIG, "%s: setting 'key' is missing",
		    s->driver);
		seal_remedy(d, "make a key: seal dev key FILE");
		return SEAL_E_CONFIG;
	}
	r = path == NULL ? privkey_generate(CURVE_P256, &s->key, d)
			 : privkey_load(path, &s->key, d);
	if (r != 0 || (r = take_spki(s, d)) != 0)
		return r;
	return choose_scheme(s, d);
}

int
subject_sign(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	struct subject *s = ctx;

	return privkey_sign(s->key, scheme, tbs, out, d);
}

/* ---- Its chain ---- */

static int
load_chain(struct subject *s, const char *path, struct seal_diag *d)
{
	struct cert *leaf = NULL;
	int r;

	if ((r = chain_load(path, s->chain, &s->n_chain, &s->chain_bytes, d)) !=
		0 ||
	    (r = cert_parse(s->chain[0], &leaf, d)) != 0)
		return r;
	if (!span_equal(cert_spki(leaf), subject_spki(s))) {
		r = seal_fail(d, SEAL_E_CONFIG,
		    "%s: subject_cert '%s' is not for the key", s->driver,
		    path);
		seal_remedy(d, "set 'key' to its private key");
	}
	cert_unref(&leaf);
	return r;
}

static int
make_chain(struct subject *s, struct seal_diag *d)
{
	struct wr w;
	int r;

	wr_init_heap(&w, LIMIT_CERTIFICATE);
	r = cert_self_sign(subject_spki(s), "SEAL subject", time(NULL),
	    CERT_DAYS, s->scheme, subject_sign, s, &w, d);
	if (r == 0 && (r = wr_take(&w, &s->chain_bytes, &s->chain[0].n)) != 0)
		r = seal_fail(d, r, "%s: certificate", s->driver);
	if (r == 0) {
		s->chain[0].p = s->chain_bytes;
		s->n_chain = 1;
	}
	wr_free(&w);
	return r;
}

/* ---- The whole ---- */

int
subject_open(struct subject *s, const char *driver, bool fresh,
    const struct conf *conf, struct seal_diag *d)
{
	const char *cert = conf_get(conf, "subject_cert", NULL);
	int r;

	s->driver = driver;
	if ((r = open_key(s, fresh, conf, d)) != 0)
		return r;
	return cert != NULL ? load_chain(s, cert, d) : make_chain(s, d);
}

void
subject_wipe(struct subject *s)
{
	privkey_free(&s->key);
	free(s->spki);
	free(s->chain_bytes);
	*s = (struct subject){ 0 };
}

struct span
subject_spki(const struct subject *s)
{
	return span_of(s->spki, s->n_spki);
}

/* ---- The calls of a driver ---- */

int
subject_call_chain(void *ctx, struct wr *ret_chain, struct seal_diag *d)
{
	const struct subject *s = ctx;

	for (size_t i = 0; i < s->n_chain; i++)
		wr_vec(ret_chain, 3, s->chain[i]);
	return ret_chain->error == 0 ? 0
				     : seal_fail(d, ret_chain->error,
					   "%s: chain too long", s->driver);
}

int
subject_call_sign(void *ctx, uint16_t scheme, struct span tbs,
    uint64_t deadline_ms, struct wr *out, struct seal_diag *d)
{
	(void)deadline_ms;
	return subject_sign(ctx, scheme, tbs, out, d);
}

const struct privkey *
subject_call_key(void *ctx)
{
	return ((const struct subject *)ctx)->key;
}
