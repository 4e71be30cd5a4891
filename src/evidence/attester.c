/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/driver.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/rd.h"
#include "crypto/x509.h"
#include "base/text.h"
#include "evidence/parts.h"
#include "evidence/queue.h"
#include "format/cmw.h"

#define OPEN_TIMEOUT_MS 10000u /* hardware TPMs may self-test first */
#define SIGN_TIMEOUT_MS 10000u
#define CHAIN_MAX (LIMIT_CHAIN * (LIMIT_CERTIFICATE + 3))

struct attester {
	const struct evidence_driver *driver;
	void *ctx;
	struct queue queue;
	uint8_t *chain_bytes;
	struct span chain[LIMIT_CHAIN];
	size_t n_chain;
	struct cert *leaf;
	size_t binder_max; /* bytes; 0: any */
};

static bool
known_key(const struct evidence_driver *driver, const char *key)
{
	for (size_t i = 0; driver->keys[i] != NULL; i++)
		if (strcmp(driver->keys[i], key) == 0)
			return true;
	return false;
}

/* A misspelt setting must not silently mean the default. */
static int
check_conf(const struct evidence_driver *driver, const struct conf *conf,
    struct seal_diag *d)
{
	for (size_t i = 0; conf != NULL && i < conf->n; i++) {
		const char *key = conf->pairs[i].key;

		if (!known_key(driver, key))
			return seal_fail(d, SEAL_E_CONFIG,
			    "attester '%s': unknown setting '%s'", driver->name,
			    key);
		for (size_t j = 0; j < i; j++)
			if (strcmp(conf->pairs[j].key, key) == 0)
				return seal_fail(d, SEAL_E_CONFIG,
				    "attester '%s': setting '%s' twice",
				    driver->name, key);
	}
	return 0;
}

static int
split_chain(struct attester *a, struct span all, struct seal_diag *d)
{
	struct rd r;

	rd_init(&r, all);
	while (rd_left(&r) > 0) {
		if (a->n_chain == LIMIT_CHAIN)
			return seal_fail(d, SEAL_E_LIMIT,
			    "attester '%s': chain of more than %u certificates",
			    a->driver->name, LIMIT_CHAIN);
		if (!rd_vec24(&r, &a->chain[a->n_chain]))
			break;
		a->n_chain++;
	}
	if (!rd_end(&r) || a->n_chain == 0)
		return seal_fail(d, SEAL_E_DECODE,
		    "attester '%s': malformed certificate chain",
		    a->driver->name);
	return cert_parse(a->chain[0], &a->leaf, d);
}

static int
read_chain(struct attester *a, struct seal_diag *d)
{
	struct wr w;
	size_t n = 0;
	int r;

	wr_init_heap(&w, CHAIN_MAX);
	if ((r = a->driver->subject(a->ctx, &w, d)) != 0)
		goto out;
	if ((r = wr_take(&w, &a->chain_bytes, &n)) != 0) {
		r = seal_fail(
		    d, r, "attester '%s': certificate chain", a->driver->name);
		goto out;
	}
	r = split_chain(a, span_of(a->chain_bytes, n), d);
out:
	wr_free(&w);
	return r;
}

static struct attester *
attester_new(const struct evidence_driver *driver)
{
	struct attester *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	if (queue_init(&a->queue) != 0) {
		free(a);
		return NULL;
	}
	a->driver = driver;
	return a;
}

int
attester_open_driver(const struct evidence_driver *driver,
    const struct conf *conf, struct attester **ret, struct seal_diag *d)
{
	struct attester *a = NULL;
	int r;

	if (driver->abi != EVIDENCE_DRIVER_ABI)
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "attester '%s': expected ABI %u, found %u", driver->name,
		    EVIDENCE_DRIVER_ABI, (unsigned)driver->abi);
	if ((r = check_conf(driver, conf, d)) != 0)
		return r;
	if ((a = attester_new(driver)) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "attester");
	if ((a->ctx = calloc(1, driver->ctx_size)) == NULL) {
		r = seal_fail(d, SEAL_E_MEMORY, "attester '%s'", driver->name);
		goto out;
	}
	r = driver->open(a->ctx, conf, evidence_now_ms() + OPEN_TIMEOUT_MS, d);
	if (r != 0 || (r = read_chain(a, d)) != 0)
		goto out;
	a->binder_max = driver->binder_max(a->ctx);
	*ret = a;
	a = NULL;
out:
	attester_free(&a);
	return r;
}

int
attester_open(const char *name, const struct conf *conf, struct attester **ret,
    struct seal_diag *d)
{
	const struct evidence_driver *driver = evidence_driver_find(name);

	if (driver == NULL) {
		seal_fail(
		    d, SEAL_E_CONFIG, "attester: unknown driver '%s'", name);
		seal_remedy(d, "`seal doctor` lists those that there are");
		return SEAL_E_CONFIG;
	}
	return attester_open_driver(driver, conf, ret, d);
}

static int
check_parts(const struct attester_part *parts, size_t n, bool staple,
    struct seal_diag *d)
{
	if (n == 0 || n > ATTESTER_PARTS_MAX)
		return seal_fail(d, SEAL_E_CONFIG,
		    "attester 'collection': expected 1 to %d members",
		    ATTESTER_PARTS_MAX);
	for (size_t i = 0; i < n; i++)
		if (strcmp(attester_media_type(parts[i].by), CMW_TYPE) == 0)
			return seal_fail(d, SEAL_E_CONFIG,
			    "attester 'collection': member '%.64s' makes a "
			    "collection of its own, driver '%s'",
			    parts[i].label, attester_name(parts[i].by));
	for (size_t i = 1; i < n; i++)
		if (!span_equal(attester_spki(parts[0].by),
			attester_spki(parts[i].by))) {
			seal_fail(d, SEAL_E_CONFIG,
			    "attester 'collection': member '%.64s' attests "
			    "another key than '%.64s'",
			    parts[i].label, parts[0].label);
			seal_remedy(d, "give both the same 'key'");
			return SEAL_E_CONFIG;
		}
	for (size_t i = 0; staple && i < n; i++)
		if (strcmp(parts[i].label, ATTESTER_STAPLE_LABEL) == 0)
			return seal_fail(d, SEAL_E_CONFIG,
			    "attester 'collection': with 'staple' no member "
			    "may be called '" ATTESTER_STAPLE_LABEL "'");
	return 0;
}

static int
open_parts(struct attester_part *parts, size_t n,
    struct attester_staple *staple, struct attester **ret, struct seal_diag *d)
{
	struct attester *a = attester_new(&evidence_parts);
	int r;

	if (a == NULL ||
	    (a->ctx = calloc(1, evidence_parts.ctx_size)) == NULL) {
		attester_free(&a);
		return seal_fail(d, SEAL_E_MEMORY, "attester");
	}
	parts_take(a->ctx, parts, n, staple);
	if ((r = read_chain(a, d)) != 0) {
		attester_free(&a);
		return r;
	}
	a->binder_max = evidence_parts.binder_max(a->ctx);
	*ret = a;
	return 0;
}

int
attester_open_parts(struct attester_part *parts, size_t n,
    struct attester_staple *staple, struct attester **ret, struct seal_diag *d)
{
	int r = check_parts(parts, n, staple->ctx != NULL, d);

	return r != 0 ? r : open_parts(parts, n, staple, ret, d);
}

int
attester_open_stapled(struct attester **by, struct attester_staple *staple,
    struct attester **ret, struct seal_diag *d)
{
	struct attester_part part = { strdup(ATTESTER_ALONE_LABEL), *by };
	int r;

	if (part.label == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "attester");
	r = open_parts(&part, 1, staple, ret, d);
	*by = part.by; /* NULL where it was taken over, as is the label */
	free(part.label);
	return r;
}

void
attester_free(struct attester **ap)
{
	struct attester *a = *ap;

	*ap = NULL;
	if (a == NULL)
		return;
	if (a->ctx != NULL) {
		a->driver->close(a->ctx);
		seal_wipe(a->ctx, a->driver->ctx_size);
		free(a->ctx);
	}
	cert_unref(&a->leaf);
	free(a->chain_bytes);
	queue_destroy(&a->queue);
	free(a);
}

const char *
attester_name(const struct attester *a)
{
	return a->driver->name;
}

const char *
attester_media_type(const struct attester *a)
{
	return a->driver->media_type != NULL ? a->driver->media_type
					     : a->driver->type(a->ctx);
}

void
attester_write_cmw(
    const struct attester *a, struct span evidence, struct wr *out)
{
	struct span type = span_str(attester_media_type(a));

	if (media_type_equal(type, span_str(CMW_TYPE)))
		wr_bytes(out, evidence);
	else
		cmw_write_record(out, type, evidence);
}

bool
attester_insecure(const struct attester *a)
{
	return a->driver == &evidence_parts ? parts_insecure(a->ctx)
					    : a->driver->insecure;
}

bool
attester_fits(struct attester *a, enum hash h)
{
	return hash_size(h) > 0 &&
	       (a->binder_max == 0 || hash_size(h) <= a->binder_max);
}

size_t
attester_chain(const struct attester *a, const struct span **ret)
{
	*ret = a->chain;
	return a->n_chain;
}

struct cert *
attester_leaf(const struct attester *a)
{
	return a->leaf;
}

struct span
attester_spki(const struct attester *a)
{
	return cert_spki(a->leaf);
}

/* PROTOCOL 5.5 rule 1: a binder that the core computed for our own key is
 * signed, and the raw nonce of a Verifier that the configuration trusts with
 * that; never a recorded value, which anybody may have chosen. */
static int
check_binding(
    struct attester *a, const struct seal_binding *b, struct seal_diag *d)
{
	if (b->kind == BINDING_NONE || !binding_valid(b))
		return seal_fail(d, SEAL_E_BINDER,
		    "attester '%s': not a binding", a->driver->name);
	if (b->kind == BINDING_REPLAY)
		return seal_fail(d, SEAL_E_BINDER,
		    "attester '%s': refuses to sign a recorded binder",
		    a->driver->name);
	if (!span_equal(b->spki, attester_spki(a)))
		return seal_fail(d, SEAL_E_BINDER,
		    "attester '%s': the binding is for another key",
		    a->driver->name);
	/* PROTOCOL 5.3: a TPM whose digests are too short offers nothing. */
	if (a->binder_max != 0 && b->size > a->binder_max)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "attester '%s': a binder of %zu bytes, at most %zu",
		    a->driver->name, b->size, a->binder_max);
	return 0;
}

static int
enter(struct attester *a, uint64_t deadline_ms, struct seal_diag *d)
{
	if (queue_enter(&a->queue, deadline_ms))
		return 0;
	return seal_fail(d, SEAL_E_UNAVAILABLE,
	    "attester '%s': still busy with earlier requests at the deadline",
	    a->driver->name);
}

/* The driver's result, into out only when it is whole. */
static int
publish(struct attester *a, int r, const struct wr *w, struct wr *out,
    struct seal_diag *d)
{
	if (r != 0)
		return r;
	if (w->error == 0 && w->n > 0)
		wr_bytes(out, wr_view(w));
	r = w->error != 0 ? w->error : out->error;
	if (r == 0 && w->n == 0)
		r = SEAL_E_EVIDENCE;
	return r == 0 ? 0
		      : seal_fail(d, r,
			    "attester '%s': no room for its "
			    "result, or none",
			    a->driver->name);
}

int
attester_collect(struct attester *a, const struct seal_binding *b,
    uint32_t timeout_ms, struct wr *out, struct seal_diag *d)
{
	uint64_t deadline = evidence_now_ms() + timeout_ms;
	struct wr w;
	int r;

	if ((r = check_binding(a, b, d)) != 0 ||
	    (r = enter(a, deadline, d)) != 0)
		return r;
	wr_init_heap(&w, LIMIT_CMW);
	r = a->driver->collect(a->ctx, b, deadline, &w, d);
	queue_leave(&a->queue);
	r = publish(a, r, &w, out, d);
	wr_free(&w);
	return r;
}

const struct privkey *
attester_key(const struct attester *a)
{
	return a->driver->key != NULL ? a->driver->key(a->ctx) : NULL;
}

int
attester_sign(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	struct attester *a = ctx;
	uint64_t deadline = evidence_now_ms() + SIGN_TIMEOUT_MS;
	struct wr w;
	int r;

	if (!pubkey_fits(cert_key(a->leaf), scheme))
		return seal_fail(d, SEAL_E_KEY,
		    "attester '%s': scheme %s does not fit its key",
		    a->driver->name, sig_name(scheme));
	if ((r = enter(a, deadline, d)) != 0)
		return r;
	wr_init_heap(&w, LIMIT_SIGNATURE);
	r = a->driver->sign(a->ctx, scheme, tbs, deadline, &w, d);
	queue_leave(&a->queue);
	r = publish(a, r, &w, out, d);
	wr_free(&w);
	return r;
}
