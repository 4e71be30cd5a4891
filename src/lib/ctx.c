/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ctx.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sealtls/tools.h>

#include "base/text.h"
#include "tls/intra.h"

static int64_t
clock_boot_ms(void *arg)
{
	struct timespec ts = { 0 };

	(void)arg;
	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t
clock_unix_s(void *arg)
{
	struct timespec ts = { 0 };

	(void)arg;
	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec;
}

struct seal_ctx *
seal_ctx_new(void)
{
	struct seal_ctx *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->refs = 1;
	c->reveal_after_peer = -1;
	c->cmw_type = CTX_CMW_TYPE;
	c->intra_type = INTRA_TYPE;
	c->attest_ms = 30000;
	c->answer_ms = 30000;
	c->spacing_ms = 10000;
	c->lease_floor_s = 30;
	c->waits_per_source = CTX_WAITS_PER_SOURCE;
	c->waits_total = CTX_WAITS_TOTAL;
	c->boot_ms = clock_boot_ms;
	c->unix_s = clock_unix_s;
	pthread_mutex_init(&c->lock, NULL);
	c->certs = cert_cache_new(CTX_CACHE);
	c->keys = key_cache_new(CTX_CACHE);
	if (c->certs == NULL || c->keys == NULL)
		seal_ctx_free(&c);
	return c;
}

struct seal_ctx *
ctx_ref(struct seal_ctx *c)
{
	__atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
	return c;
}

void
seal_ctx_free(struct seal_ctx **cp)
{
	struct seal_ctx *c = *cp;

	*cp = NULL;
	if (c == NULL || __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	for (size_t i = 0; i < CTX_ATTESTERS_MAX; i++)
		passport_free(&c->passports[i]);
	for (size_t i = 0; i < c->n_judges; i++)
		free(c->judges[i].media_type);
	for (size_t i = 0; i < c->n_verifiers; i++)
		remote_free(&c->verifiers[i]);
	for (size_t i = 0; i < c->n_attesters; i++)
		attester_free(&c->attesters[i]);
	for (size_t i = 0; i < c->n_left_out; i++)
		free(c->left_out[i]);
	for (size_t i = 0; i < c->n_alpn; i++)
		free(c->alpn_names[i]);
	policy_free(&c->policy);
	identity_wipe(&c->identity);
	trust_free(&c->anchors);
	waits_free(&c->waits);
	cert_cache_free(&c->certs);
	key_cache_free(&c->keys);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

int
ctx_mutable(struct seal_ctx *c, struct seal_diag *d)
{
	bool frozen;

	pthread_mutex_lock(&c->lock);
	frozen = c->frozen;
	pthread_mutex_unlock(&c->lock);
	if (!frozen)
		return 0;
	return seal_fail(d, SEAL_E_STATE,
	    "context: in use by a connection, no longer changeable");
}

static int
ctx_has_room(struct seal_ctx *c, struct seal_diag *d)
{
	int r = ctx_mutable(c, d);

	if (r == 0 && c->n_attesters == CTX_ATTESTERS_MAX)
		r = seal_fail(d, SEAL_E_LIMIT,
		    "context: more than %d attesters", CTX_ATTESTERS_MAX);
	return r;
}

int
seal_ctx_add_attester(struct seal_ctx *c, const char *driver,
    const char *const *settings, struct seal_diag *d)
{
	struct conf_pair pairs[32];
	struct conf conf = { pairs, 0 };
	int r;

	if ((r = ctx_has_room(c, d)) != 0)
		return r;
	for (; settings != NULL && settings[0] != NULL; settings += 2) {
		if (conf.n == sizeof(pairs) / sizeof(pairs[0]))
			return seal_fail(d, SEAL_E_LIMIT,
			    "attester %s: too many settings", driver);
		pairs[conf.n++] =
		    (struct conf_pair){ settings[0], settings[1] };
	}
	if ((r = attester_open(
		 driver, &conf, &c->attesters[c->n_attesters], d)) == 0)
		c->n_attesters++;
	return r;
}

int
ctx_add_attester(struct seal_ctx *c, struct attester *a, struct seal_diag *d)
{
	int r = ctx_has_room(c, d);

	if (r == 0)
		c->attesters[c->n_attesters++] = a;
	return r;
}

int
seal_ctx_insecure(const struct seal_ctx *c)
{
	for (size_t i = 0; i < c->n_attesters; i++) {
		if (attester_insecure(c->attesters[i]))
			return 1;
	}
	return 0;
}

int
ctx_leave_out(struct seal_ctx *c, const char *why, struct seal_diag *d)
{
	if (c->n_left_out == CTX_ATTESTERS_MAX)
		return seal_fail(d, SEAL_E_LIMIT,
		    "context: more than %d attesters left out",
		    CTX_ATTESTERS_MAX);
	if ((c->left_out[c->n_left_out] = strdup(why)) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "context");
	c->n_left_out++;
	return 0;
}

const char *
seal_ctx_left_out(const struct seal_ctx *c, size_t i)
{
	return i < c->n_left_out ? c->left_out[i] : NULL;
}

static int
ctx_peer(struct seal_ctx *c, const char *policy_file, bool require,
    struct seal_diag *d)
{
	struct policy *policy = NULL;
	int r;

	if ((r = ctx_mutable(c, d)) != 0 ||
	    (r = policy_load_file(policy_file, &policy, d)) != 0)
		return r;
	policy_free(&c->policy);
	c->policy = policy;
	c->require = require;
	return 0;
}

int
seal_ctx_require_peer(
    struct seal_ctx *c, const char *policy_file, struct seal_diag *d)
{
	return ctx_peer(c, policy_file, true, d);
}

int
seal_ctx_request_peer(
    struct seal_ctx *c, const char *policy_file, struct seal_diag *d)
{
	return ctx_peer(c, policy_file, false, d);
}

int
seal_ctx_observe_peer(struct seal_ctx *c, struct seal_diag *d)
{
	int r;

	if ((r = ctx_mutable(c, d)) != 0)
		return r;
	c->observe = true;
	c->require = true;
	return 0;
}

int
seal_ctx_alpn(
    struct seal_ctx *c, const char *const *names, size_t n, struct seal_diag *d)
{
	int r;

	if ((r = ctx_mutable(c, d)) != 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(names[i]);

		if (c->n_alpn == CTX_ALPN_MAX || len == 0 || len > 255)
			return seal_fail(d, SEAL_E_CONFIG,
			    "alpn: expected at most %d names of 1 to 255 "
			    "bytes",
			    CTX_ALPN_MAX);
		if ((c->alpn_names[c->n_alpn] = strdup(names[i])) == NULL)
			return seal_fail(d, SEAL_E_MEMORY, "alpn");
		c->alpn[c->n_alpn] = span_str(c->alpn_names[c->n_alpn]);
		c->n_alpn++;
	}
	return 0;
}

void
seal_ctx_clock(struct seal_ctx *c, int64_t (*boot_ms)(void *),
    int64_t (*unix_s)(void *), void *arg)
{
	c->boot_ms = boot_ms != NULL ? boot_ms : clock_boot_ms;
	c->unix_s = unix_s != NULL ? unix_s : clock_unix_s;
	c->clock_arg = arg;
}

int64_t
ctx_boot_ms(const struct seal_ctx *c)
{
	return c->boot_ms(c->clock_arg);
}

int64_t
ctx_unix_s(const struct seal_ctx *c)
{
	return c->unix_s(c->clock_arg);
}

const struct identity *
ctx_identity(const struct seal_ctx *c)
{
	return c->policy != NULL ? &c->policy->identity : &c->identity;
}

struct remote *
ctx_judge(const struct seal_ctx *c, struct span media_type)
{
	for (size_t i = 0; i < c->n_judges; i++)
		if (media_type_equal(
			media_type, span_str(c->judges[i].media_type)))
			return c->judges[i].by;
	return NULL;
}

static int
anchors_load(const char *ca_file, struct trust **ret, struct seal_diag *d)
{
	struct trust *t = trust_new();
	int r;

	if (t == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "trust anchors");
	r = ca_file != NULL ? trust_add_pem_file(t, ca_file, d)
			    : trust_add_system(t, d);
	if (r != 0) {
		trust_free(&t);
		if (ca_file != NULL)
			seal_remedy(d, "is '%s' a PEM file of CA certificates?",
			    ca_file);
		else
			seal_remedy(d, "install the system's CA certificates, "
				       "or name a file of them");
		return r;
	}
	*ret = t;
	return 0;
}

int
ctx_anchors(struct seal_ctx *c, const struct trust **ret, struct seal_diag *d)
{
	int r = 0;

	pthread_mutex_lock(&c->lock);
	if (c->anchors == NULL)
		r = anchors_load(ctx_identity(c)->ca_file, &c->anchors, d);
	if (r == 0)
		*ret = c->anchors;
	pthread_mutex_unlock(&c->lock);
	return r;
}
