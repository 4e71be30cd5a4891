/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attests with a key in a file, for development: whoever holds the file can
 * say anything, so the driver calls itself insecure.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/text.h"
#include "evidence/drivers.h"
#include "evidence/subject.h"
#include "format/eat.h"

#define SOFT_MEASURED_MAX (64u * 1024u * 1024u) /* bytes of a file */

struct measurement {
	char *name;
	uint8_t digest[HASH_MAX];
	size_t n;
};

struct soft {
	/* One key is signer and subject: the token names it whole, as cnf,
	 * so that a verifier who pinned its hash needs nothing else. */
	struct subject subject;
	struct measurement measurements[EAT_SOFT_MEASUREMENTS];
	size_t n_measurements;
};

/* ---- The key ---- */

/* One that COSE has an algorithm for, too. */
static int
check_cose(const struct soft *s, struct seal_diag *d)
{
	return cose_alg_from_scheme(s->subject.scheme) != 0
		   ? 0
		   : seal_fail(d, SEAL_E_CONFIG,
			 "soft: no COSE algorithm fits the key");
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
	int r;

	(void)deadline_ms;
	if ((r = subject_open(&s->subject, "soft", false, conf, d)) != 0 ||
	    (r = check_cose(s, d)) != 0)
		return r;
	return open_measurements(s, conf, d);
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
		.subject_spki = subject_spki(&s->subject),
		.signer_spki = subject_spki(&s->subject),
		.measurements = m,
		.n_measurements = s->n_measurements,
	};

	(void)deadline_ms;
	for (size_t i = 0; i < s->n_measurements; i++) {
		m[i].name = span_str(s->measurements[i].name);
		m[i].digest =
		    span_of(s->measurements[i].digest, s->measurements[i].n);
	}
	return eat_soft_write(
	    out, &in, s->subject.scheme, subject_sign, &s->subject, d);
}

static void
soft_close(void *ctx)
{
	struct soft *s = ctx;

	for (size_t i = 0; i < s->n_measurements; i++)
		free(s->measurements[i].name);
	subject_wipe(&s->subject);
}

static const char *const soft_keys[] = { SUBJECT_KEYS, "measurements",
	"measure", NULL };

SUBJECT_FIRST(struct soft);
const struct evidence_driver evidence_soft = {
	.abi = EVIDENCE_DRIVER_ABI,
	.name = "soft",
	.media_type = EAT_SOFT_TYPE,
	.insecure = true,
	.keys = soft_keys,
	.ctx_size = sizeof(struct soft),
	.probe = soft_probe,
	.open = soft_open,
	.binder_max = soft_binder_max,
	SUBJECT_CALLS,
	.collect = soft_collect,
	.close = soft_close,
};
