/* SPDX-License-Identifier: Apache-2.0 */
/* A context's settings held against each other; then what its connections run
 * by, which changes no more. */
#include "appraise/appraiser.h"
#include "base/text.h"
#include "format/tsm_report.h"
#include "lib/ctx.h"

/* ---- What must hold ---- */

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

/* ---- Profiles ---- */

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

static void
profiles_fill(struct seal_ctx *c, enum seal_role role)
{
	static const enum hash hashes[] = { HASH_SHA256, HASH_SHA384 };

	for (size_t h = 0; h < 2; h++) {
		profile_fill(c, role, hashes[h], CARRIAGE_STREAM);
		profile_fill(c, role, hashes[h], CARRIAGE_DATAGRAM);
	}
}

/* ---- Freezing ---- */

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
