/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attests with a key in a file, for development: whoever holds the file can
 * say anything, so the driver calls itself insecure.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/x509.h"
#include "evidence/drivers.h"
#include "format/eat.h"

#define CERT_DAYS 3650u /* made anew at each open; it vouches for nothing */
#define SOFT_MEASURED_MAX (64u * 1024u * 1024u) /* bytes of a file */

struct measurement {
	char *name;
	uint8_t digest[HASH_MAX];
	size_t n;
};

struct soft {
	/* One key is signer and subject: the token names it whole, as cnf,
	 * so that a verifier who pinned its hash needs nothing else. */
	struct privkey *key;
	uint8_t *spki;
	size_t spki_n;
	uint16_t scheme;
	struct span chain[LIMIT_CHAIN];
	size_t n_chain;
	uint8_t *chain_bytes;
	struct measurement measurements[EAT_SOFT_MEASUREMENTS];
	size_t n_measurements;
};

/* ---- Keys ---- */

static int
take_spki(
    const struct privkey *k, uint8_t **ret, size_t *ret_n, struct seal_diag *d)
{
	struct wr w;
	int r;

	wr_init_heap(&w, LIMIT_SPKI);
	if ((r = privkey_spki(k, &w, d)) == 0)
		r = wr_take(&w, ret, ret_n);
	wr_free(&w);
	return r == 0 ? 0 : seal_fail(d, r, "soft: public key");
}

/* The scheme of a key, of those that COSE has too. */
static int
choose_scheme(struct span spki, uint16_t *ret, struct seal_diag *d)
{
	struct pubkey *key = NULL;
	int r = pubkey_from_spki(spki, &key, d);

	if (r != 0)
		return r;
	*ret = pubkey_choose(key, NULL, 0);
	pubkey_unref(&key);
	if (*ret == SIG_NONE || cose_alg_from_scheme(*ret) == 0)
		return seal_fail(
		    d, SEAL_E_CONFIG, "soft: no COSE algorithm fits the key");
	return 0;
}

static int
open_key(struct soft *s, const struct conf *conf, struct seal_diag *d)
{
	const char *path = conf_get(conf, "key", NULL);
	int r;

	if (path == NULL) {
		seal_fail(d, SEAL_E_CONFIG, "soft: setting 'key' is missing");
		seal_remedy(d, "make a key: seal dev key FILE");
		return SEAL_E_CONFIG;
	}
	if ((r = privkey_load(path, &s->key, d)) != 0 ||
	    (r = take_spki(s->key, &s->spki, &s->spki_n, d)) != 0)
		return r;
	return choose_scheme(span_of(s->spki, s->spki_n), &s->scheme, d);
}

static int
sign_with_key(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	struct soft *s = ctx;

	return privkey_sign(s->key, scheme, tbs, out, d);
}

/* ---- The subject's chain ---- */

static int
load_chain(struct soft *s, const char *path, struct seal_diag *d)
{
	struct span spki = span_of(s->spki, s->spki_n);
	struct cert *leaf = NULL;
	int r;

	if ((r = chain_load(path, s->chain, &s->n_chain, &s->chain_bytes, d)) !=
		0 ||
	    (r = cert_parse(s->chain[0], &leaf, d)) != 0)
		return r;
	if (!span_equal(cert_spki(leaf), spki)) {
		r = seal_fail(d, SEAL_E_CONFIG,
		    "soft: subject_cert '%s' is not for the key", path);
		seal_remedy(d, "set 'key' to its private key");
	}
	cert_unref(&leaf);
	return r;
}

static int
make_chain(struct soft *s, struct seal_diag *d)
{
	struct span spki = span_of(s->spki, s->spki_n);
	struct wr w;
	int r;

	wr_init_heap(&w, LIMIT_CERTIFICATE);
	r = cert_self_sign(spki, "SEAL development subject", time(NULL),
	    CERT_DAYS, s->scheme, sign_with_key, s, &w, d);
	if (r == 0 && (r = wr_take(&w, &s->chain_bytes, &s->chain[0].n)) != 0)
		r = seal_fail(d, r, "soft: certificate");
	if (r == 0) {
		s->chain[0].p = s->chain_bytes;
		s->n_chain = 1;
	}
	wr_free(&w);
	return r;
}

/* ---- Measurements ---- */

static bool
good_name(struct span name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f)
			return false;
	return name.n > 0 && name.n <= EAT_SOFT_NAME_MAX;
}

/* One more, called name; NULL after the failure is recorded in *ret_r. */
static struct measurement *
add_measurement(
    struct soft *s, struct span name, int *ret_r, struct seal_diag *d)
{
	struct measurement *m = &s->measurements[s->n_measurements];

	if (!good_name(name)) {
		*ret_r = seal_fail(d, SEAL_E_CONFIG,
		    "soft: a measurement needs a name of 1 to %u printable "
		    "characters without space",
		    EAT_SOFT_NAME_MAX);
		return NULL;
	}
	if (s->n_measurements == EAT_SOFT_MEASUREMENTS) {
		*ret_r = seal_fail(d, SEAL_E_CONFIG,
		    "soft: more than %u measurements", EAT_SOFT_MEASUREMENTS);
		return NULL;
	}
	if ((m->name = strndup((const char *)name.p, name.n)) == NULL) {
		*ret_r = seal_fail(d, SEAL_E_MEMORY, "soft");
		return NULL;
	}
	s->n_measurements++;
	return m;
}

/* name=hex */
static int
add_given(struct soft *s, struct span item, struct seal_diag *d)
{
	const uint8_t *eq = item.n == 0 ? NULL : memchr(item.p, '=', item.n);
	struct measurement *m;
	size_t name_n;
	struct wr w;
	int r = 0;

	if (eq == NULL)
		return seal_fail(
		    d, SEAL_E_CONFIG, "soft: measurements: expected name=hex");
	name_n = (size_t)(eq - item.p);
	m = add_measurement(s, span_of(item.p, name_n), &r, d);
	if (m == NULL)
		return r;
	wr_init(&w, m->digest, sizeof(m->digest));
	if (!hex_decode(span_of(eq + 1, item.n - name_n - 1), &w) || w.n == 0)
		return seal_fail(d, SEAL_E_CONFIG,
		    "soft: measurements: '%s' is no hex digest", m->name);
	m->n = w.n;
	return 0;
}

/* A file: its name without directories, and its SHA-256. */
static int
add_file(struct soft *s, struct span item, struct seal_diag *d)
{
	struct measurement *m;
	uint8_t *content = NULL;
	size_t n = 0;
	char *path, *base;
	int r;

	if ((path = strndup((const char *)item.p, item.n)) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "soft");
	base = strrchr(path, '/');
	base = base == NULL ? path : base + 1;
	if ((r = file_read(path, SOFT_MEASURED_MAX, &content, &n, d)) != 0)
		goto out;
	if ((m = add_measurement(s, span_str(base), &r, d)) == NULL)
		goto out;
	r = hash_one(HASH_SHA256, span_of(content, n), m->digest, d);
	m->n = hash_size(HASH_SHA256);
out:
	free(content);
	free(path);
	return r;
}

/* Each item of a list with commas. */
static int
each_item(struct soft *s, const char *list,
    int (*add)(struct soft *s, struct span item, struct seal_diag *d),
    struct seal_diag *d)
{
	const char *at = list;
	int r;

	while (at != NULL) {
		const char *comma = strchr(at, ',');
		size_t n = comma == NULL ? strlen(at) : (size_t)(comma - at);

		if ((r = add(s, span_of(at, n), d)) != 0)
			return r;
		at = comma == NULL ? NULL : comma + 1;
	}
	return 0;
}

static int
open_measurements(struct soft *s, const struct conf *conf, struct seal_diag *d)
{
	int r;

	if ((r = each_item(
		 s, conf_get(conf, "measurements", NULL), add_given, d)) != 0 ||
	    (r = each_item(s, conf_get(conf, "measure", NULL), add_file, d)) !=
		0)
		return r;
	for (size_t i = 0; i < s->n_measurements; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(s->measurements[i].name,
				s->measurements[j].name) == 0)
				return seal_fail(d, SEAL_E_CONFIG,
				    "soft: measurement '%s' twice",
				    s->measurements[i].name);
	return 0;
}

/* ---- The driver ---- */

static int
soft_probe(const struct conf *conf, struct wr *out, struct seal_diag *d)
{
	(void)conf;
	(void)d;
	wr_printf(out, "always there; for development, proves nothing");
	return 0;
}

static int
soft_open(void *ctx, const struct conf *conf, uint64_t deadline_ms,
    struct seal_diag *d)
{
	struct soft *s = ctx;
	const char *cert = conf_get(conf, "subject_cert", NULL);
	int r;

	(void)deadline_ms;
	if ((r = open_key(s, conf, d)) != 0 ||
	    (r = open_measurements(s, conf, d)) != 0)
		return r;
	return cert != NULL ? load_chain(s, cert, d) : make_chain(s, d);
}

static int
soft_subject(void *ctx, struct wr *ret_chain, struct seal_diag *d)
{
	struct soft *s = ctx;

	for (size_t i = 0; i < s->n_chain; i++)
		wr_vec(ret_chain, 3, s->chain[i]);
	return ret_chain->error == 0
		   ? 0
		   : seal_fail(d, ret_chain->error, "soft: chain too long");
}

static size_t
soft_binder_max(void *ctx)
{
	(void)ctx;
	return 0;
}

static int
soft_collect(void *ctx, const struct seal_binding *b, uint64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	struct soft *s = ctx;
	struct eat_measurement m[EAT_SOFT_MEASUREMENTS];
	struct eat_soft_in in = {
		.iat = time(NULL),
		.nonce = binding_value(b),
		.subject_spki = span_of(s->spki, s->spki_n),
		.signer_spki = span_of(s->spki, s->spki_n),
		.measurements = m,
		.n_measurements = s->n_measurements,
	};

	(void)deadline_ms;
	for (size_t i = 0; i < s->n_measurements; i++) {
		m[i].name = span_str(s->measurements[i].name);
		m[i].digest =
		    span_of(s->measurements[i].digest, s->measurements[i].n);
	}
	return eat_soft_write(out, &in, s->scheme, sign_with_key, s, d);
}

static int
soft_sign(void *ctx, uint16_t scheme, struct span tbs, uint64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	(void)deadline_ms;
	return sign_with_key(ctx, scheme, tbs, out, d);
}

static void
soft_close(void *ctx)
{
	struct soft *s = ctx;

	for (size_t i = 0; i < s->n_measurements; i++)
		free(s->measurements[i].name);
	privkey_free(&s->key);
	free(s->spki);
	free(s->chain_bytes);
}

static const char *const soft_keys[] = { "key", "subject_cert", "measurements",
	"measure", NULL };

const struct evidence_driver evidence_soft = {
	.abi = EVIDENCE_DRIVER_ABI,
	.name = "soft",
	.media_type = EAT_SOFT_TYPE,
	.insecure = true,
	.keys = soft_keys,
	.ctx_size = sizeof(struct soft),
	.probe = soft_probe,
	.open = soft_open,
	.subject = soft_subject,
	.binder_max = soft_binder_max,
	.collect = soft_collect,
	.sign = soft_sign,
	.close = soft_close,
};
