/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/intra.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tls/intra_scheme.h"
#include "tls/transcript.h"

/* Alerts of PROTOCOL 3, and those that RFC 8446 has for what is malformed. */
enum alert {
	ALERT_HANDSHAKE_FAILURE = 40,
	ALERT_ILLEGAL_PARAMETER = 47,
	ALERT_ACCESS_DENIED = 49,
	ALERT_DECODE_ERROR = 50,
	ALERT_INTERNAL_ERROR = 80,
	ALERT_UNSUPPORTED_EXTENSION = 110,
	ALERT_CERTIFICATE_REQUIRED = 116,
};

/* One side's attestation: agreed once both know the scheme. */
struct direction {
	bool agreed;
	size_t scheme; /* index in my produce or accept list */
};

/* At most one job of each kind in a handshake. */
struct work {
	enum { WORK_IDLE = 0, WORK_WANTED, WORK_OUT, WORK_DONE } state;
};

struct intra {
	const struct session_conf *conf;
	struct transcript transcript;
	bool offered;       /* the extension stood in ClientHello */
	bool offered_first; /* and in the first, where there are two */
	struct direction mine, peers;
	struct work attest, appraise, sign;
	uint8_t *cmw; /* mine, made */
	size_t n_cmw;
	bool attested;            /* and sent */
	uint8_t *tbs, *signature; /* until the job has it; made */
	size_t n_tbs, n_signature;
	uint16_t signature_scheme;
	bool peer_attests;
	uint8_t *peer_cmw, *leaf; /* until the job has them */
	size_t n_peer_cmw, n_leaf;
	enum seal_outcome outcome;
	uint32_t lease_s;
	int error; /* of the newest job */
	uint8_t alert;
	bool cancelled;
};

struct intra *
intra_new(const struct session_conf *conf, bool dtls)
{
	struct intra *i = calloc(1, sizeof(*i));

	if (i == NULL)
		return NULL;
	i->conf = conf;
	transcript_init(&i->transcript, dtls);
	return i;
}

void
intra_free(struct intra **ip)
{
	struct intra *i = *ip;

	*ip = NULL;
	if (i == NULL)
		return;
	transcript_free(&i->transcript);
	free(i->cmw);
	free(i->tbs);
	free(i->signature);
	free(i->peer_cmw);
	free(i->leaf);
	free(i);
}

static int
intra_fail(struct intra *i, enum alert alert, int code)
{
	if (i->alert == 0)
		i->alert = (uint8_t)alert;
	return code;
}

uint8_t
intra_alert(const struct intra *i)
{
	return i->alert != 0 ? i->alert : ALERT_INTERNAL_ERROR;
}

/* After a HelloRetryRequest the client's second offer counts alone, or that it
 * makes none any more. */
static void
forget_offer(struct intra *i)
{
	i->offered = false;
	i->mine = i->peers = (struct direction){ .agreed = false };
}

int
intra_observe(struct intra *i, struct span message, struct seal_diag *d)
{
	bool retried = i->transcript.retried;
	int r = transcript_add(&i->transcript, message, d);

	if (!retried && i->transcript.retried)
		forget_offer(i);
	if (r == 0)
		return 0;
	return intra_fail(i,
	    r == SEAL_E_PROTOCOL ? ALERT_ILLEGAL_PARAMETER
				 : ALERT_INTERNAL_ERROR,
	    r);
}

/* ---- What this side asks and offers ---- */

static bool
asks(const struct intra *i)
{
	return i->conf->request || i->conf->require;
}

/* PROTOCOL 6: who reveals only after the peer never attests here. */
static size_t
n_produce(const struct intra *i)
{
	return i->conf->reveal_after_peer ? 0 : i->conf->n_produce;
}

/* ---- ClientHello ---- */

static int
write_offer(struct intra *i, struct wr *out, struct seal_diag *d)
{
	size_t n_accept = asks(i) ? i->conf->n_accept : 0;

	(void)d;
	if (n_accept == 0 && n_produce(i) == 0)
		return 0;
	scheme_put_list(out, i->conf->accept, n_accept);
	scheme_put_list(out, i->conf->produce, n_produce(i));
	i->offered = true;
	return 0;
}

/* RFC 8446 s4.1.2: a second ClientHello brings no extension of the kind that
 * the first had not. */
static int
offer_late(struct intra *i, struct seal_diag *d)
{
	if (i->transcript.hellos < 2 || i->offered_first)
		return 0;
	seal_fail(d, SEAL_E_PROTOCOL,
	    "remoteAttestation: expected none in a second ClientHello, as the "
	    "first had none");
	return intra_fail(i, ALERT_ILLEGAL_PARAMETER, SEAL_E_PROTOCOL);
}

/* A server that lacks what it asks for says so when it asks. */
static int
read_offer(struct intra *i, struct rd *in, struct seal_diag *d)
{
	struct scheme_list servers, clients;
	int r;

	if ((r = offer_late(i, d)) != 0)
		return r;
	if (!scheme_read_list(in, &servers) || !scheme_read_list(in, &clients))
		return seal_fail(d, SEAL_E_DECODE,
		    "remoteAttestation: expected two lists of at most %u "
		    "schemes in ClientHello",
		    LIMIT_SCHEMES);
	i->offered = i->offered_first = true;
	/* The server prefers, as TLS has it with suites and groups. */
	i->mine.agreed = scheme_choose(
	    i->conf->produce, n_produce(i), &servers, &i->mine.scheme);
	i->peers.agreed =
	    asks(i) && scheme_choose(i->conf->accept, i->conf->n_accept,
			   &clients, &i->peers.scheme);
	return 0;
}

/* ---- EncryptedExtensions and CertificateRequest: the server's choices ---- */

static int
write_mine(struct intra *i, struct wr *out, struct seal_diag *d)
{
	(void)d;
	if (i->mine.agreed)
		scheme_put(out, &i->conf->produce[i->mine.scheme]);
	return 0;
}

static int
write_wanted(struct intra *i, struct wr *out, struct seal_diag *d)
{
	if (i->peers.agreed) {
		scheme_put(out, &i->conf->accept[i->peers.scheme]);
		return 0;
	}
	if (!i->conf->require)
		return 0;
	seal_fail(d, SEAL_E_UNSUPPORTED,
	    "remoteAttestation: this side requires the client to attest; %s",
	    i->offered ? "it offers no scheme that the policy accepts"
		       : "it does not speak the extension");
	return intra_fail(i,
	    i->offered ? ALERT_HANDSHAKE_FAILURE : ALERT_CERTIFICATE_REQUIRED,
	    SEAL_E_UNSUPPORTED);
}

/* The peer must have been offered what it chooses. */
static int
read_choice(struct intra *i, struct rd *in, const struct scheme *offered,
    size_t n, struct direction *ret, struct seal_diag *d)
{
	struct scheme_list one = { .n = 1 };

	if (!i->offered) {
		seal_fail(d, SEAL_E_PROTOCOL,
		    "remoteAttestation: expected only after an offer in "
		    "ClientHello");
		return intra_fail(
		    i, ALERT_UNSUPPORTED_EXTENSION, SEAL_E_PROTOCOL);
	}
	if (!scheme_read(in, &one.items[0]))
		return seal_fail(
		    d, SEAL_E_DECODE, "remoteAttestation: expected one scheme");
	ret->agreed = scheme_choose(offered, n, &one, &ret->scheme);
	if (ret->agreed)
		return 0;
	seal_fail(d, SEAL_E_PROTOCOL,
	    "remoteAttestation: the server chose a scheme that was not "
	    "offered");
	return intra_fail(i, ALERT_ILLEGAL_PARAMETER, SEAL_E_PROTOCOL);
}

static int
read_server_choice(struct intra *i, struct rd *in, struct seal_diag *d)
{
	return read_choice(i, in, i->conf->accept,
	    asks(i) ? i->conf->n_accept : 0, &i->peers, d);
}

static int
read_client_choice(struct intra *i, struct rd *in, struct seal_diag *d)
{
	return read_choice(i, in, i->conf->produce, n_produce(i), &i->mine, d);
}

/* ---- Certificate ---- */

static int
write_cmw(struct intra *i, struct wr *out, struct seal_diag *d)
{
	(void)d;
	if (i->n_cmw > 0)
		wr_vec(out, 3, span_of(i->cmw, i->n_cmw));
	i->attested = i->n_cmw > 0;
	return 0;
}

static int
read_cmw(struct intra *i, struct rd *in, struct seal_diag *d)
{
	struct span cmw;
	int r;

	if (!i->peers.agreed || i->peer_attests) {
		seal_fail(d, SEAL_E_PROTOCOL,
		    "remoteAttestation: the peer attests unasked");
		return intra_fail(
		    i, ALERT_UNSUPPORTED_EXTENSION, SEAL_E_PROTOCOL);
	}
	if (!rd_vec24(in, &cmw) || cmw.n == 0 || cmw.n > INTRA_CMW_MAX ||
	    rd_left(in) > 0)
		return seal_fail(d, SEAL_E_DECODE,
		    "remoteAttestation: expected a CMW of 1 to %u bytes in "
		    "Certificate",
		    INTRA_CMW_MAX);
	if ((r = span_dup(cmw, &i->peer_cmw)) != 0)
		return seal_fail(d, r, "remoteAttestation");
	i->n_peer_cmw = cmw.n;
	i->peer_attests = true;
	return 0;
}

/* ---- The four places ---- */

/* Who sends it there, how much may stand there, and what. */
struct place {
	enum intra_message message;
	const char *name;
	enum ea_role sender; /* 0: either */
	size_t limit;        /* bytes */
	int (*write)(struct intra *i, struct wr *out, struct seal_diag *d);
	int (*read)(struct intra *i, struct rd *in, struct seal_diag *d);
};

static const struct place places[] = {
	{ INTRA_CLIENT_HELLO, "ClientHello", EA_CLIENT, INTRA_OFFER_MAX,
	    write_offer, read_offer },
	{ INTRA_ENCRYPTED_EXTENSIONS, "EncryptedExtensions", EA_SERVER,
	    INTRA_CHOICE_MAX, write_mine, read_server_choice },
	{ INTRA_CERTIFICATE_REQUEST, "CertificateRequest", EA_SERVER,
	    INTRA_CHOICE_MAX, write_wanted, read_client_choice },
	{ INTRA_CERTIFICATE, "Certificate", 0, 3 + INTRA_CMW_MAX, write_cmw,
	    read_cmw },
};

static const struct place *
place_of(enum intra_message m)
{
	for (size_t k = 0; k < sizeof(places) / sizeof(places[0]); k++)
		if (places[k].message == m)
			return &places[k];
	return NULL;
}

int
intra_write(
    struct intra *i, enum intra_message m, struct wr *out, struct seal_diag *d)
{
	const struct place *p = place_of(m);
	int r;

	if (p == NULL || (p->sender != 0 && p->sender != i->conf->role))
		return 0;
	if ((r = p->write(i, out, d)) != 0)
		return intra_fail(i, ALERT_INTERNAL_ERROR, r);
	if (out->error == 0 && out->n <= p->limit)
		return 0;
	seal_fail(d, SEAL_E_LIMIT,
	    "remoteAttestation: more than %zu bytes for %s", p->limit, p->name);
	return intra_fail(i, ALERT_INTERNAL_ERROR, SEAL_E_LIMIT);
}

/* The alert for what the reader's own failures have not set. */
static int
read_fail(struct intra *i, int r)
{
	return intra_fail(i,
	    r == SEAL_E_DECODE ? ALERT_DECODE_ERROR : ALERT_INTERNAL_ERROR, r);
}

int
intra_read(struct intra *i, enum intra_message m, struct span content,
    struct seal_diag *d)
{
	const struct place *p = place_of(m);
	struct rd in;
	int r;

	if (p == NULL || p->sender == i->conf->role) {
		seal_fail(d, SEAL_E_PROTOCOL,
		    "remoteAttestation: expected none in this message");
		return intra_fail(
		    i, ALERT_UNSUPPORTED_EXTENSION, SEAL_E_PROTOCOL);
	}
	if (content.n > p->limit) {
		seal_fail(d, SEAL_E_DECODE,
		    "remoteAttestation: expected at most %zu bytes in %s, "
		    "found %zu",
		    p->limit, p->name, content.n);
		return read_fail(i, SEAL_E_DECODE);
	}
	rd_init(&in, content);
	if ((r = p->read(i, &in, d)) != 0)
		return read_fail(i, r);
	if (rd_end(&in))
		return 0;
	seal_fail(d, SEAL_E_DECODE,
	    "remoteAttestation: bytes behind the content in %s", p->name);
	return read_fail(i, SEAL_E_DECODE);
}

/* ---- Jobs ---- */

static enum intra_step
wait_for(struct intra *i, struct work *w, struct seal_diag *d)
{
	if (i->cancelled) {
		seal_fail(d, SEAL_E_CLOSED,
		    "remoteAttestation: the connection is being ended");
		return INTRA_STOP;
	}
	if (w->state == WORK_IDLE)
		w->state = WORK_WANTED;
	return w->state == WORK_DONE ? INTRA_GO : INTRA_WAIT;
}

enum intra_step
intra_attest(struct intra *i, struct seal_diag *d)
{
	if (!i->mine.agreed)
		return INTRA_GO;
	return wait_for(i, &i->attest, d);
}

static enum intra_step
signed_or_not(struct intra *i, struct span *ret, struct seal_diag *d)
{
	i->sign.state = WORK_IDLE;
	if (i->n_signature == 0) {
		seal_fail(d, i->error, "tls: CertificateVerify: no signature");
		return INTRA_STOP;
	}
	*ret = span_of(i->signature, i->n_signature);
	return INTRA_GO;
}

enum intra_step
intra_sign(struct intra *i, uint16_t signature_scheme, struct span tbs,
    struct span *ret, struct seal_diag *d)
{
	enum intra_step step;
	int r;

	if (i->sign.state == WORK_IDLE) {
		free(i->signature);
		i->signature = NULL;
		i->n_signature = 0;
		free(i->tbs);
		if ((r = span_dup(tbs, &i->tbs)) != 0) {
			seal_fail(d, r, "tls: CertificateVerify");
			return INTRA_STOP;
		}
		i->n_tbs = tbs.n;
		i->signature_scheme = signature_scheme;
	}
	step = wait_for(i, &i->sign, d);
	return step == INTRA_GO ? signed_or_not(i, ret, d) : step;
}

/* A peer that does not attest: welcome where nothing is required of it. */
static enum intra_step
unattested(struct intra *i, struct seal_diag *d)
{
	if (!i->conf->require)
		return INTRA_GO;
	i->error = SEAL_E_UNSUPPORTED;
	seal_fail(d, i->error,
	    "remoteAttestation: this side requires the peer to attest; it %s",
	    i->peers.agreed ? "agreed to, and sent no Evidence" : "does not");
	seal_remedy(d, "does the peer speak the extension, and can it attest "
		       "with a scheme that the policy accepts?");
	intra_fail(i, ALERT_CERTIFICATE_REQUIRED, i->error);
	return INTRA_STOP;
}

static enum intra_step
judged(struct intra *i, struct seal_diag *d)
{
	if (i->outcome == SEAL_ACCEPTED || !i->conf->require)
		return INTRA_GO;
	intra_fail(i, ALERT_ACCESS_DENIED, i->error);
	seal_fail(d, i->error, "the peer is refused: %s",
	    seal_outcome_name(i->outcome));
	return INTRA_STOP;
}

enum intra_step
intra_appraise(struct intra *i, struct span leaf, struct seal_diag *d)
{
	enum intra_step step;
	int r;

	if (!i->peer_attests)
		return unattested(i, d);
	if (i->appraise.state == WORK_IDLE) {
		if ((r = span_dup(leaf, &i->leaf)) != 0) {
			seal_fail(d, r, "remoteAttestation");
			return INTRA_STOP;
		}
		i->n_leaf = leaf.n;
	}
	step = wait_for(i, &i->appraise, d);
	return step == INTRA_GO ? judged(i, d) : step;
}

static bool
pending(const struct work *w)
{
	return w->state == WORK_WANTED || w->state == WORK_OUT;
}

bool
intra_waiting(const struct intra *i)
{
	return pending(&i->attest) || pending(&i->appraise) ||
	       pending(&i->sign);
}

void
intra_cancel(struct intra *i)
{
	i->cancelled = true;
}

/* The transcript is complete, or there would be no Certificate yet. */
static struct session_job *
job_new_of(
    struct intra *i, struct work *w, enum session_job_kind kind, int64_t now_ms)
{
	struct session_job *job = calloc(1, sizeof(*job));

	i->error = SEAL_E_MEMORY; /* until it is done */
	if (job == NULL || !transcript_hash(&i->transcript, &job->keys.hash,
			       job->transcript)) {
		free(job);
		w->state = WORK_DONE; /* with nothing made: fails closed */
		return NULL;
	}
	job->kind = kind;
	job->intra = true;
	job->dtls = i->transcript.dtls;
	job->deadline_ms = now_ms + i->conf->answer_ms;
	w->state = WORK_OUT;
	return job;
}

struct session_job *
intra_job_take(struct intra *i, int64_t now_ms)
{
	struct session_job *job = NULL;

	if (i->attest.state == WORK_WANTED) {
		job = job_new_of(i, &i->attest, SESSION_JOB_ATTEST, now_ms);
		if (job != NULL)
			job->scheme = i->mine.scheme;
	} else if (i->appraise.state == WORK_WANTED) {
		job = job_new_of(i, &i->appraise, SESSION_JOB_APPRAISE, now_ms);
		if (job == NULL)
			return NULL;
		job->scheme = i->peers.scheme;
		job->authenticator = i->peer_cmw;
		job->n_authenticator = i->n_peer_cmw;
		job->leaf = i->leaf;
		job->n_leaf = i->n_leaf;
		i->peer_cmw = i->leaf = NULL;
	} else if (i->sign.state == WORK_WANTED) {
		job = job_new_of(i, &i->sign, SESSION_JOB_SIGN, now_ms);
		if (job == NULL)
			return NULL;
		job->signature_scheme = i->signature_scheme;
		job->request = i->tbs;
		job->n_request = i->n_tbs;
		i->tbs = NULL;
	}
	return job;
}

/* Without Evidence the extension is left out: the peer decides. */
static void
attest_done(struct intra *i, struct session_job *job)
{
	i->attest.state = WORK_DONE;
	if (job->error != 0 || job->n_authenticator > INTRA_CMW_MAX)
		return;
	i->cmw = job->authenticator;
	i->n_cmw = job->n_authenticator;
	job->authenticator = NULL;
}

static void
sign_done(struct intra *i, struct session_job *job)
{
	i->sign.state = WORK_DONE;
	i->error = job->error != 0 ? job->error : SEAL_E_CRYPTO;
	if (job->error != 0)
		return;
	i->signature = job->authenticator;
	i->n_signature = job->n_authenticator;
	job->authenticator = NULL;
}

/* Zero and whatever is not known deny; so does an acceptance without lease. */
static void
appraise_done(struct intra *i, const struct session_job *job)
{
	i->appraise.state = WORK_DONE;
	i->outcome = job->outcome;
	i->lease_s = job->lease_s;
	i->error = job->error != 0 ? job->error : SEAL_E_POLICY;
	if (job->outcome == SEAL_ACCEPTED &&
	    (job->lease_s == 0 || job->error != 0))
		i->outcome = SEAL_STALE;
	if (job->outcome <= SEAL_INVALID || job->outcome > SEAL_TIMEOUT)
		i->outcome = SEAL_REFUSED_EVIDENCE;
}

void
intra_job_done(struct intra *i, struct session_job **jp)
{
	struct session_job *job = *jp;

	if (job != NULL && job->intra && !i->cancelled) {
		if (job->kind == SESSION_JOB_ATTEST &&
		    i->attest.state == WORK_OUT)
			attest_done(i, job);
		else if (job->kind == SESSION_JOB_APPRAISE &&
			 i->appraise.state == WORK_OUT)
			appraise_done(i, job);
		else if (job->kind == SESSION_JOB_SIGN &&
			 i->sign.state == WORK_OUT)
			sign_done(i, job);
	}
	session_job_free(jp);
}

/* ---- After the handshake ---- */

int
intra_finish(const struct intra *i, struct seal_diag *d)
{
	if (!i->conf->require || i->outcome == SEAL_ACCEPTED)
		return 0;
	seal_fail(d, SEAL_E_UNSUPPORTED,
	    "remoteAttestation: expected the peer's Evidence in the "
	    "handshake, found %s",
	    i->peer_attests ? "it not accepted" : "none");
	return SEAL_E_UNSUPPORTED;
}

enum seal_outcome
intra_outcome(const struct intra *i)
{
	return i->outcome;
}

uint32_t
intra_lease_s(const struct intra *i)
{
	return i->outcome == SEAL_ACCEPTED ? i->lease_s : 0;
}

/* Each piece of Evidence has its verdict, also where it could not be judged. */
struct session_intra
intra_leaves(const struct intra *i)
{
	struct session_intra left = { .attested = i->attested };

	if (!i->peer_attests)
		return left;
	left.outcome =
	    i->outcome != SEAL_INVALID ? i->outcome : SEAL_UNAVAILABLE;
	left.lease_s = intra_lease_s(i);
	return left;
}
