/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ctx.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sealtls/tools.h>

#include "appraise/appraiser.h"
#include "base/text.h"
#include "format/tsm_report.h"
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

int
seal_ctx_add_attester(struct seal_ctx *c, const char *driver,
    const char *const *settings, struct seal_diag *d)
{
	struct conf_pair pairs[32];
	struct conf conf = { pairs, 0 };
	int r;

	if ((r = ctx_mutable(c, d)) != 0)
		return r;
	if (c->n_attesters == CTX_ATTESTERS_MAX)
		return seal_fail(d, SEAL_E_LIMIT,
		    "context: more than %d attesters", CTX_ATTESTERS_MAX);
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
	int r;

	if ((r = ctx_mutable(c, d)) != 0)
		return r;
	if (c->n_attesters == CTX_ATTESTERS_MAX)
		return seal_fail(d, SEAL_E_LIMIT,
		    "context: more than %d attesters", CTX_ATTESTERS_MAX);
	c->attesters[c->n_attesters++] = a;
	return 0;
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

/* Evidence that a remote Verifier judges is welcome too; its result then
 * stands or falls with the policy. */
static size_t
ctx_add_judged(const struct seal_ctx *c, struct policy_scheme *all, size_t n)
{
	for (size_t i = 0; i < c->n_judges && n < LIMIT_SCHEMES; i++) {
		struct span type = span_str(c->judges[i].media_type);
		size_t k = 0;

		while (k < n &&
		       (all[k].result || !media_type_equal(all[k].name, type)))
			k++;
		if (k == n)
			all[n++] = (struct policy_scheme){ false, type };
	}
	return n;
}

static size_t
all_evidence(struct policy_scheme *all, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; appraisers[i] != NULL && n < max; i++)
		if (appraisers[i]->verifier == NULL)
			all[n++] = (struct policy_scheme){ false,
				span_str(appraisers[i]->media_type) };
	if (n < max)
		all[n++] =
		    (struct policy_scheme){ false, span_str(TSM_REPORT_TYPE) };
	if (n < max)
		all[n++] = (struct policy_scheme){ false,
			span_str(TSM_REPORT_JSON_TYPE) };
	return n;
}

/* What the peer may attest with: what policy accepts, or, where the peer is
 * only observed, every format there is. */
static void
ctx_fill_accept(struct seal_ctx *c)
{
	struct policy_scheme all[LIMIT_SCHEMES];
	size_t n = 0;

	if (c->observe) {
		n = all_evidence(all, LIMIT_SCHEMES);
	} else if (c->policy != NULL) {
		n = policy_schemes(c->policy, all, LIMIT_SCHEMES);
		n = ctx_add_judged(c, all, n);
	}
	for (size_t i = 0; i < n; i++)
		c->accept[i] = (struct scheme){ all[i].result, all[i].name };
	c->n_accept = n;
}

static void
profile_fill(struct seal_ctx *c, enum seal_role role, enum hash hash,
    enum carriage_kind carriage)
{
	struct ctx_profile *p =
	    &c->profiles[role == SEAL_SERVER][hash == HASH_SHA384]
			[carriage == CARRIAGE_DATAGRAM];
	struct session_conf *conf = &p->conf;

	for (size_t i = 0; i < c->n_attesters; i++) {
		const char *type = attester_media_type(c->attesters[i]);

		/* PROTOCOL 5.3: a TPM whose largest digest is shorter than
		 * the hash offers nothing here. */
		if (!attester_fits(c->attesters[i], hash))
			continue;
		p->attester[conf->n_produce] = i;
		p->produce[conf->n_produce++] =
		    c->passports[i] != NULL
			? (struct scheme){ 1,
				  span_str(passport_verifier(c->passports[i])) }
			: (struct scheme){ .name = span_str(type) };
	}
	conf->role = role == SEAL_CLIENT ? EA_CLIENT : EA_SERVER;
	conf->require = c->require;
	conf->request = c->policy != NULL || c->observe;
	conf->produce = p->produce;
	conf->accept = c->accept;
	conf->n_accept = c->n_accept;
	conf->alpn = c->alpn;
	conf->n_alpn = c->n_alpn;
	conf->cmw_type = c->cmw_type;
	conf->attest_ms = c->attest_ms;
	conf->answer_ms = c->answer_ms;
	conf->spacing_ms = c->spacing_ms;
	conf->lease_floor_s = c->lease_floor_s;
	conf->carriage = carriage;
	conf->mtu = c->mtu;
	conf->reveal_after_peer =
	    c->reveal_after_peer != -1
		? c->reveal_after_peer == 1
		: role == SEAL_SERVER && c->require && c->n_attesters > 0;
}

/* What attestation in the handshake asks of the rest. */
static int
ctx_check_mode(const struct seal_ctx *c, struct seal_diag *d)
{
	if (c->mode == MODE_POST)
		return 0;
	/* The subject is the TLS key, and there is one of it. */
	if (c->n_attesters > 1)
		return seal_fail(d, SEAL_E_CONFIG,
		    "mode: attestation in the handshake is made with the TLS "
		    "key; expected one attester, found %zu",
		    c->n_attesters);
	if (c->policy != NULL && c->policy->subject == SUBJECT_PKIX)
		return seal_fail(d, SEAL_E_CONFIG,
		    "mode: in the handshake the subject is the TLS "
		    "certificate; expected identity pkix in place of subject "
		    "pkix");
	if (c->mode == MODE_INTRA && c->policy != NULL && !c->observe &&
	    c->policy->min_binding > SEAL_LEVEL_TRANSCRIPT) {
		seal_fail(d, SEAL_E_CONFIG,
		    "mode: intra binds at level transcript, and the policy's "
		    "min_binding is traffic");
		seal_remedy(d, "use mode both or post; or set min_binding to "
			       "transcript and accept its limit "
			       "(doc/threat-model.md)");
		return SEAL_E_CONFIG;
	}
	return 0;
}

/* What must hold between settings (PROTOCOL 5.4 rule 6). */
static int
ctx_check(const struct seal_ctx *c, struct seal_diag *d)
{
	if (c->n_judges > 0 && c->policy == NULL)
		return seal_fail(d, SEAL_E_CONFIG,
		    "verifiers: 'judges' needs a policy, which says whose "
		    "results are accepted");
	if (c->policy != NULL && c->identity.mode != IDENTITY_UNSET)
		return seal_fail(d, SEAL_E_CONFIG,
		    "identity: stands in the configuration and applies "
		    "beside a policy; expected in the policy alone");
	if (!c->require && ctx_identity(c)->mode == IDENTITY_NONE &&
	    (c->policy != NULL || c->n_attesters == 0)) {
		seal_fail(d, SEAL_E_CONFIG,
		    "identity: none, and the peer's attestation is not "
		    "required: nothing would authenticate it");
		seal_remedy(d, "use pkix or pin, or require attestation");
		return SEAL_E_CONFIG;
	}
	/* PROTOCOL 6.1: revealing after the peer means to ask it first. */
	if (c->reveal_after_peer == 1 && !c->require)
		return seal_fail(d, SEAL_E_CONFIG,
		    "reveal_after_peer: needs a policy that requires the peer "
		    "to attest first");
	if (!c->require && c->policy != NULL &&
	    c->policy->subject == SUBJECT_EVIDENCE &&
	    c->policy->identity.mode == IDENTITY_NONE)
		return seal_fail(d, SEAL_E_CONFIG,
		    "subject: evidence needs required attestation");
	return 0;
}

static void
profiles_fill(struct seal_ctx *c, enum seal_role role)
{
	static const enum hash hashes[] = { HASH_SHA256, HASH_SHA384 };

	for (size_t h = 0; h < 2; h++) {
		profile_fill(c, role, hashes[h], CARRIAGE_STREAM);
		profile_fill(c, role, hashes[h], CARRIAGE_DATAGRAM);
	}
}

/* Only handshakes that attest wait. */
static int
ctx_make_waits(struct seal_ctx *c, struct seal_diag *d)
{
	if (c->mode == MODE_POST || c->waits != NULL)
		return 0;
	c->waits = waits_new(c->waits_per_source, c->waits_total);
	return c->waits != NULL ? 0 : seal_fail(d, SEAL_E_MEMORY, "context");
}

int
ctx_freeze(struct seal_ctx *c, struct seal_diag *d)
{
	int r = 0;

	pthread_mutex_lock(&c->lock);
	if (!c->frozen && (r = ctx_check_mode(c, d)) == 0 &&
	    (r = ctx_check(c, d)) == 0 && (r = ctx_make_waits(c, d)) == 0) {
		ctx_fill_accept(c);
		profiles_fill(c, SEAL_CLIENT);
		profiles_fill(c, SEAL_SERVER);
		c->frozen = true;
	}
	pthread_mutex_unlock(&c->lock);
	return r;
}

const struct ctx_profile *
ctx_profile(const struct seal_ctx *c, enum seal_role role, enum hash hash,
    enum carriage_kind carriage)
{
	if (hash != HASH_SHA256 && hash != HASH_SHA384)
		return NULL;
	return &c->profiles[role == SEAL_SERVER][hash == HASH_SHA384]
			   [carriage == CARRIAGE_DATAGRAM];
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
		seal_remedy(d, "is '%s' a PEM file of CA certificates?",
		    ca_file != NULL ? ca_file : "the system's store");
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
