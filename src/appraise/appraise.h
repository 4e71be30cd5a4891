/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_APPRAISE_H
#define APPRAISE_APPRAISE_H

#include "appraise/endorse.h"
#include "appraise/policy.h"
#include "binding/binder.h"

/* One Evidence to judge, with everything that it must fit. */
struct appraisal_in {
	struct span media_type, evidence;    /* from the CMW */
	const struct seal_binding *expected; /* binder and subject key */
	enum seal_level carrier;             /* TRAFFIC after the handshake */
	/* Of the handshake, where another verdict after it lifts the level to
	 * what policy asks: here TRANSCRIPT does. */
	bool interim;
	int64_t now;              /* seconds since 1970, the caller's clock */
	struct key_cache *keys;   /* may be NULL */
	struct cert_cache *certs; /* may be NULL */
	const struct policy *policy; /* set by appraise(): whose Attestation
					Results count */
	bool binder_known; /* false: a file without --expect-binder; then
			      never accepted */
	bool member;       /* of a collection: may be bound by a link */
	bool shaken;       /* of ratsd's: may hold SHAKE-256 of its question */
	/* Receives the SPKI of the subject key once signatures, binder and key
	 * were found right, also where policy then refuses; or NULL. */
	struct wr *subject;
	/* Given beside the Evidence, untrusted; NULL: what the policy's folder
	 * holds, if it names one. */
	const struct endorsements *endorse;
	/* What the peer sent beside its Evidence (staple.h); NULL: nothing.
	 * Certificates and keys count as those above do; what ages counts as
	 * policy says, and never in place of something newer above. */
	const struct endorsements *stapled;
	/* The first verdict of a connection, for a re-attestation; or NULL. */
	const struct seal_verdict *first;
};

/*
 * Judges Evidence by policy. *v comes from verdict_new(), holds what earlier
 * checks recorded, and receives checks, claims, level, lease and, only here
 * and only last, outcome SEAL_ACCEPTED. Returns 0 when accepted, otherwise
 * the code of the first failure (also in v->diag). PROTOCOL 5.3, 5.4.
 */
int appraise(const struct policy *p, const struct appraisal_in *in,
    struct seal_verdict *v);

/*
 * Verifies signatures (and the binder, where known) without a policy, fills
 * claims, never accepts: the outcome is SEAL_REFUSED_POLICY at best. Writes a
 * complete policy that pins exactly this Evidence.
 */
int appraise_observe(const struct appraisal_in *in,
    const struct identity *identity, struct seal_verdict *v, char **ret_policy,
    struct seal_diag *d);

#endif
