/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include <sealtls/tools.h>

#include "base/text.h"
#include "service/query.h"
#include "service/service_parts.h"

/*
 * Enrolment of attestation keys: this verifier as a privacy CA. A challenge's
 * state waits in the store, and leaves it before its answer is looked at, so
 * that it serves once, whichever verifier is asked.
 */
#define CHALLENGE_TYPE "application/vnd.sealtls.enrol-challenge+cbor"
#define CHAIN_TYPE "application/pem-certificate-chain"

static bool
is_on(const struct service *s, struct reply *ret)
{
	if (s->enrol.ek_ca != NULL)
		return true;
	reply_problem_text(ret, 403, "Enrolment is off",
	    "ek_ca, ak_ca_cert and ak_ca_key are not configured");
	return false;
}

/* What the TPM or its certificate is not good for is refused; that our own
 * files are is not the requester's fault. */
static void
reply_enrolment(struct service *s, struct reply *ret, const struct seal_diag *d)
{
	__atomic_add_fetch(&s->enrol_refused, 1, __ATOMIC_RELAXED);
	switch (d->code) {
	case SEAL_E_CHAIN:
	case SEAL_E_KEY:
	case SEAL_E_SIGNATURE:
	case SEAL_E_STALE:
	case SEAL_E_PROTOCOL:
	case SEAL_E_UNSUPPORTED:
	case SEAL_E_CRYPTO:
		reply_problem(ret, 403, "Refused", d);
		break;
	case SEAL_E_CONFIG:
	case SEAL_E_IO:
		reply_problem(ret, 500, "Internal error", d);
		break;
	default:
		reply_failure(ret, d);
	}
}

/* The name under which a state waits. */
static int
id_of(const void *message, size_t n, char ret[STORE_ID], struct seal_diag *d)
{
	unsigned char id[SEAL_ENROLL_ID_SIZE];
	struct wr w;
	int r;

	if ((r = seal_enroll_id(message, n, id, d)) != 0)
		return r;
	wr_init(&w, ret, STORE_ID);
	wr_hex(&w, span_of(id, sizeof(id)));
	wr_u8(&w, 0);
	return w.error;
}

void
enrol_challenge(struct service *s, const struct request *req, struct reply *ret)
{
	void *challenge = NULL, *state = NULL;
	size_t n = 0, state_n = 0;
	int64_t now = service_now();
	struct seal_diag d = { 0 };
	char id[STORE_ID];

	if (!is_on(s, ret) || !api_within_quota(s, req, ret))
		return;
	if (seal_enroll_challenge(&s->enrol, req->body.p, req->body.n, now,
		&challenge, &n, &state, &state_n, &d) != 0 ||
	    id_of(challenge, n, id, &d) != 0 ||
	    store_enrolment_add(s->store, id, span_of(state, state_n),
		now + s->conf->challenge_s, &d) != 0) {
		reply_enrolment(s, ret, &d);
	} else {
		ret->status = 201;
		ret->type = CHALLENGE_TYPE;
		wr_bytes(&ret->body, span_of(challenge, n));
	}
	seal_wipe(state, state_n);
	free(state);
	free(challenge);
}

void
enrol_certify(struct service *s, const struct request *req, struct reply *ret)
{
	struct seal_diag d = { 0 };
	char id[STORE_ID], *pem = NULL;
	struct wr state;

	if (!is_on(s, ret))
		return;
	wr_init_heap(&state, ENROL_MAX);
	if (id_of(req->body.p, req->body.n, id, &d) != 0 ||
	    store_enrolment_take(s->store, id, &state, &d) != 0 ||
	    seal_enroll_certify(&s->enrol, state.p, state.n, req->body.p,
		req->body.n, service_now(), &pem, &d) != 0) {
		reply_enrolment(s, ret, &d);
	} else {
		__atomic_add_fetch(&s->enrolled, 1, __ATOMIC_RELAXED);
		ret->status = 200;
		ret->type = CHAIN_TYPE;
		wr_bytes(&ret->body, span_str(pem));
	}
	wr_free(&state); /* wipes the secret */
	free(pem);
}

int
enrol_init(struct service *s, struct seal_diag *d)
{
	const struct service_conf *c = s->conf;

	s->enrol = (struct seal_enroll_verifier){ .ek_ca = c->ek_ca,
		.ca_cert = c->ak_ca_cert,
		.ca_key = c->ak_ca_key,
		.challenge_s = (uint32_t)c->challenge_s,
		.cert_s = (uint32_t)c->ak_cert_s };
	return c->ek_ca != NULL ? seal_enroll_check(&s->enrol, d) : 0;
}
