/* SPDX-License-Identifier: Apache-2.0 */
/* A handshake that carries attestation (PROTOCOL 9). */
#include "lib/conn_intra.h"

#include <stdlib.h>
#include <string.h>

#include "appraise/verdict.h"

/* Where the stack carries no Evidence of clients, mode both has it after the
 * handshake. */
static void
leave_clients_out(struct session_conf *conf)
{
	if (conf->role == EA_CLIENT)
		conf->n_produce = 0;
	else
		conf->require = conf->request = false;
}

int
conn_intra_begin(
    struct seal_conn *c, const struct intra_stack *stack, struct seal_diag *d)
{
	/* The hash is not known yet; an attester that does not fit it is
	 * found out by its job. */
	const struct ctx_profile *p =
	    ctx_profile(c->ctx, c->role, HASH_SHA256, c->carriage);
	int r;

	c->intra_conf = p->conf;
	if (stack->servers_alone)
		leave_clients_out(&c->intra_conf);
	if ((c->intra = intra_new(&c->intra_conf)) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "connection");
	c->intra_stack = stack;
	if ((r = stack->attach(c->tls, c->intra, d)) != 0)
		intra_free(&c->intra);
	return r;
}

void
conn_intra_end(struct seal_conn *c, bool muted)
{
	if (c->intra == NULL)
		return;
	c->intra_stack->detach(c->tls, muted);
	intra_free(&c->intra);
	if (c->waits)
		waits_leave(c->ctx->waits, c->place);
	c->waits = false;
	seal_job_free(&c->job); /* nobody took it */
}

/* ---- Jobs ---- */

/* What is known of the peer while its Certificate is being read. */
static int
intra_peer(const struct seal_conn *c, const struct session_job *work,
    struct peer_identity *ret, struct cert **ret_leaf, struct seal_diag *d)
{
	int r;

	*ret = (struct peer_identity){ .text = "handshake" };
	if (work->leaf == NULL)
		return 0;
	if ((r = cert_cache_get(c->ctx->certs,
		 span_of(work->leaf, work->n_leaf), ret_leaf, d)) != 0)
		return r;
	memcpy(ret->key, cert_key_id(*ret_leaf).p, sizeof(ret->key));
	ret->has_key = true;
	ret->validated = c->intra_stack->verified(c->tls);
	return 0;
}

/* A server's handshake takes its place with its first work, of whatever kind:
 * who asks for no Evidence has TLS's key sign all the same. */
static int
enter(struct seal_conn *c, struct seal_diag *d)
{
	int r;

	if (c->role != SEAL_SERVER || c->waits)
		return 0;
	r = waits_enter(
	    c->ctx->waits, &c->source, ctx_boot_ms(c->ctx), &c->place, d);
	c->waits = r == 0;
	return r;
}

/* Work counts until it is done, also of who has left. */
static void
share_place(struct seal_conn *c)
{
	if (!c->waits)
		return;
	waits_share(c->ctx->waits, c->place);
	c->job->waits = true;
	c->job->place = c->place;
}

/* Too many wait already: there is no Evidence, no verdict on it, or no
 * signature, without which the handshake ends. */
static void
refuse(
    struct seal_conn *c, struct session_job **work, const struct seal_diag *why)
{
	(*work)->error = why->code;
	(*work)->outcome = SEAL_UNAVAILABLE;
	conn_note_answer(c, *work, why);
	conn_remark(c, why);
	intra_job_done(c->intra, work);
}

bool
conn_intra_job(struct seal_conn *c, struct seal_diag *d)
{
	struct session_job *work;
	struct peer_identity peer;
	struct cert *leaf = NULL;
	struct seal_diag why = { 0 };
	int r = 0;

	if (c->intra == NULL || c->job != NULL || !intra_waiting(c->intra))
		return false;
	work = intra_job_take(c->intra, ctx_boot_ms(c->ctx));
	if (work == NULL && intra_waiting(c->intra))
		return false; /* it is out */
	if (work != NULL && enter(c, &why) != 0) {
		refuse(c, &work, &why);
		return true;
	}
	if (work != NULL && (r = intra_peer(c, work, &peer, &leaf, d)) == 0)
		c->job = job_new(c->ctx, c->role, &work, &peer, NULL);
	if (c->job != NULL) {
		c->job->leaf = leaf;
		c->job->conn = c->id;
		share_place(c);
		return false;
	}
	cert_unref(&leaf);
	session_job_free(&work);
	if (r == 0) /* else of the peer's certificate, which says so */
		seal_fail(d, SEAL_E_MEMORY, "job");
	return false;
}

/* In mode both an acceptance is half of the one verdict that there will be:
 * what the session accepts must be of the same platform. */
static void
take_verdict(struct seal_conn *c, struct seal_job *j)
{
	bool half =
	    c->ctx->mode == MODE_BOTH && j->verdict->outcome == SEAL_ACCEPTED;
	struct seal_verdict **place = half ? &c->first : &c->verdict;

	if (*place != NULL)
		return;
	*place = j->verdict;
	j->verdict = NULL;
	c->learned = j->learned;
	j->learned = NULL;
	c->verdicts += !half;
}

void
conn_intra_job_done(struct seal_conn *c, struct seal_job *j)
{
	if (c->intra == NULL)
		return;
	if (j->verdict != NULL)
		take_verdict(c, j);
	intra_job_done(c->intra, &j->work);
}

/* ---- The end ---- */

/* A verdict that refuses tells more than the step that it stopped. */
void
conn_intra_story(const struct seal_conn *c, struct seal_diag *d)
{
	const struct seal_diag *told = NULL;

	if (c->intra == NULL)
		return;
	if (c->verdict != NULL && c->verdict->outcome != SEAL_ACCEPTED &&
	    c->verdict->diag != NULL)
		told = c->verdict->diag;
	else if ((told = c->intra_stack->diag(c->tls)) == NULL)
		told = c->unanswered; /* the peer's alert says less */
	if (told != NULL) {
		seal_diag_clear(d);
		*d = *told;
	}
}

/* For a peer that did not attest, and did not have to; in mode both the session
 * asks it again. */
static int
verdict_of_none(struct seal_conn *c, struct seal_diag *d)
{
	if (c->ctx->policy == NULL || c->verdict != NULL ||
	    c->ctx->mode == MODE_BOTH)
		return 0;
	if ((c->verdict = verdict_new()) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "verdict");
	verdict_check(c->verdict, "attestation", false, SEAL_E_UNSUPPORTED,
	    "Evidence in the handshake", "none",
	    "the peer does not attest; the policy does not require it to");
	c->verdict->outcome = SEAL_UNSUPPORTED;
	c->verdicts++;
	return 0;
}

/* Facts that are known only now. */
static int
verdict_complete(struct seal_conn *c, struct seal_diag *d)
{
	char *identity;

	if (c->verdict == NULL)
		return 0;
	if ((identity = strdup(c->peer.text)) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "verdict");
	free(c->verdict->identity);
	c->verdict->identity = identity;
	c->verdict->diversion_excluded = c->peer.validated;
	if (c->verdict->outcome == SEAL_ACCEPTED && c->first == NULL)
		c->first = seal_verdict_ref(c->verdict);
	return 0;
}

int
conn_intra_finish(struct seal_conn *c, struct seal_diag *d)
{
	uint32_t lease_s;
	int r;

	if (c->intra == NULL)
		return 0;
	if ((r = intra_finish(c->intra, d)) != 0 ||
	    (r = verdict_of_none(c, d)) != 0 ||
	    (r = verdict_complete(c, d)) != 0)
		return r;
	c->attested = intra_leaves(c->intra);
	lease_s = intra_lease_s(c->intra);
	c->lease_ms =
	    lease_s > 0 ? c->begun_ms + (int64_t)lease_s * 1000 : INT64_MAX;
	conn_intra_end(c, true);
	return 0;
}
