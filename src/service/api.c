/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/text.h"
#include "service/query.h"
#include "service/service_parts.h"

/*
 * The challenge-response API of Veraison: a session has a nonce, takes
 * Evidence over it once, and then holds the result until it expires.
 */

static int
random_bytes(uint8_t *p, size_t n, struct seal_diag *d)
{
	if (getrandom(p, n, 0) != (ssize_t)n)
		return seal_fail(d, SEAL_E_UNAVAILABLE, "no random bytes: %s",
		    strerror(errno));
	return 0;
}

/* ---- Sessions as JSON ---- */

static const char *
state_name(enum session_state state)
{
	switch (state) {
	case SESSION_WAITING:
		return "waiting";
	case SESSION_COMPLETE:
		return "complete";
	default:
		return "failed";
	}
}

/* Media types, a line each, as a JSON list. */
static void
write_list(struct wr *w, const char *key, char *lines)
{
	char *line;
	bool first = true;

	json_key(w, key);
	wr_u8(w, '[');
	while ((line = strsep(&lines, "\n")) != NULL) {
		if (line[0] == '\0')
			continue;
		if (!first)
			wr_u8(w, ',');
		first = false;
		json_text(w, line);
	}
	wr_u8(w, ']');
}

void
api_accept_list(struct service *s, struct wr *w, const char *key)
{
	char *types = seal_verifier_media_types(s->verifier);

	write_list(w, key, types);
	free(types);
}

static void
write_session(struct service *s, struct wr *w, const struct session *in)
{
	char when[TIME_TEXT];

	wr_u8(w, '{');
	json_key(w, "nonce");
	wr_u8(w, '"');
	base64_encode(span_of(in->nonce, in->nonce_n), w);
	wr_u8(w, '"');
	json_member(w, "expiry", time_text(in->expiry_s, when));
	api_accept_list(s, w, "accept");
	/* The code of Veraison says status, its documentation state. */
	json_member(w, "status", state_name(in->state));
	json_member(w, "state", state_name(in->state));
	if (in->result != NULL && in->result[0] != '\0')
		json_member(w, "result", in->result);
	wr_u8(w, '}');
}

static void
reply_session(struct service *s, struct reply *ret, unsigned status,
    const struct session *in)
{
	ret->status = status;
	ret->type = API_SESSION_TYPE;
	write_session(s, &ret->body, in);
}

/* ---- Opening ---- */

static int
nonce_of(const struct request *req, struct session *ret, struct seal_diag *d)
{
	struct span size = { 0 }, nonce = { 0 };
	bool sized = request_arg(req, "nonceSize", &size);
	int64_t n = NONCE_DEFAULT;
	int r;

	if (request_arg(req, "nonce", &nonce)) {
		ret->given = true;
		if (!sized)
			return query_nonce(nonce, ret->nonce, &ret->nonce_n, d);
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "expected nonce or nonceSize, found both");
	}
	if (sized && (r = query_number(
			  size, "nonceSize", NONCE_MIN, NONCE_MAX, &n, d)) != 0)
		return r;
	ret->nonce_n = (size_t)n;
	return random_bytes(ret->nonce, ret->nonce_n, d);
}

/* A random UUID (RFC 9562 s5.4). */
static int
make_id(char ret[STORE_ID], struct seal_diag *d)
{
	uint8_t b[16];
	struct wr w;
	int r;

	if ((r = random_bytes(b, sizeof(b), d)) != 0)
		return r;
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	wr_init(&w, ret, STORE_ID);
	for (size_t i = 0; i < sizeof(b); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			wr_u8(&w, '-');
		wr_hex(&w, span_of(&b[i], 1));
	}
	wr_u8(&w, 0);
	return w.error;
}

/* What requesters make us remember, sessions and enrolments, has an end. */
bool
api_within_quota(
    struct service *s, const struct request *req, struct reply *ret)
{
	if (quota_take(s->sessions, req->source, service_now(), &ret->retry_s))
		return true;
	reply_problem_text(ret, 429, "Too many sessions",
	    "expected at most %lld sessions from one address in %lld s",
	    (long long)s->conf->sessions_per_address,
	    (long long)s->conf->session_s);
	return false;
}

void
api_new_session(struct service *s, const struct request *req, struct reply *ret)
{
	struct session in = { .state = SESSION_WAITING };
	struct seal_diag d = { 0 };

	if (!api_within_quota(s, req, ret))
		return;
	in.expiry_s = service_now() + s->conf->session_s;
	if (service_policy(s, &d) != 0 || nonce_of(req, &in, &d) != 0 ||
	    make_id(in.id, &d) != 0 ||
	    store_session_add(s->store, &in, &d) != 0) {
		reply_failure(ret, &d);
		return;
	}
	snprintf(ret->location, sizeof(ret->location), API_SESSION "%s", in.id);
	reply_session(s, ret, 201, &in);
}

/* ---- Polling and deleting ---- */

static bool
session_id(const struct request *req, char id[STORE_ID], struct reply *ret)
{
	if (query_uuid(span_str(req->path + strlen(API_SESSION)), id))
		return true;
	reply_problem_text(
	    ret, 404, "Not found", "session: there is none of this name");
	return false;
}

void
api_session_get(struct service *s, const struct request *req, struct reply *ret)
{
	struct session in = { 0 };
	struct seal_diag d = { 0 };
	char id[STORE_ID];

	if (!session_id(req, id, ret))
		return;
	if (store_session_get(s->store, id, service_now(), &in, &d) != 0)
		reply_failure(ret, &d);
	else
		reply_session(s, ret, 200, &in);
	session_wipe(&in);
}

void
api_session_delete(
    struct service *s, const struct request *req, struct reply *ret)
{
	struct seal_diag d = { 0 };
	char id[STORE_ID];

	if (!session_id(req, id, ret))
		return;
	if (store_session_delete(s->store, id, service_now(), &d) != 0)
		reply_failure(ret, &d);
	else
		ret->status = 204;
}

/* ---- Evidence ---- */

/* The status of a vector: its worst tier (AR4SI s2.3.3). */
static int64_t
tier_of(const struct seal_verdict *v)
{
	int64_t tier = 0;

	for (unsigned i = 0; i < 8; i++) {
		int c = seal_verdict_ar4si(v, i);
		int64_t t = c == 0 || c == 1 || c == -1                   ? 0
			    : (c >= 2 && c < 32) || (c < -1 && c > -33)   ? 2
			    : (c >= 32 && c < 96) || (c < -32 && c > -97) ? 32
									  : 96;

		tier = t > tier ? t : tier;
	}
	return tier;
}

static void
vector_text(const struct seal_verdict *v, char *buf, size_t cap)
{
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < 8 && n < cap; i++)
		n += (size_t)snprintf(buf + n, cap - n, "%s%d",
		    i > 0 ? "," : "", seal_verdict_ar4si(v, i));
}

/* Text for the store: PostgreSQL takes well-formed UTF-8 alone. */
static const char *
clean(const char *text, char *buf, size_t cap)
{
	return utf8_valid(span_str(text)) ? text
					  : text_safe(span_str(text), buf, cap);
}

/* Logs the answer and ends the session with it, or says why not. */
static int
finish(struct service *s, struct session *in,
    const struct seal_verifier_answer *a, struct seal_diag *d)
{
	const struct seal_diag *why = seal_verdict_diag(a->verdict);
	enum session_state state =
	    a->result != NULL ? SESSION_COMPLETE : SESSION_FAILED;
	char vector[64], reason[SEAL_DIAG_TEXT], remedy[SEAL_DIAG_REMEDY];
	struct ar_row row = { .at_s = service_now(),
		.verifier = s->conf->id,
		.attester = a->attester,
		.scheme = seal_verdict_scheme(a->verdict),
		.policy = a->policy,
		.evidence = a->evidence,
		.outcome = seal_verdict_outcome(a->verdict),
		.tier = tier_of(a->verdict),
		.vector = vector,
		.reason = clean(why->text, reason, sizeof(reason)),
		.remedy = clean(why->remedy, remedy, sizeof(remedy)),
		.result = a->result };
	int r;

	vector_text(a->verdict, vector, sizeof(vector));
	r = store_session_finish(s->store, in->id, row.at_s, state, &row, d);
	if (r != 0)
		return r;
	in->state = state;
	in->result = a->result != NULL ? strdup(a->result) : NULL;
	return 0;
}

static void
count_answer(struct service *s, const struct seal_verifier_answer *a)
{
	uint64_t *at = a->result == NULL ? &s->failed
		       : seal_verdict_outcome(a->verdict) == SEAL_ACCEPTED
			   ? &s->accepted
			   : &s->refused;

	__atomic_add_fetch(at, 1, __ATOMIC_RELAXED);
}

static int64_t
now_us(void)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int
judge(struct service *s, const struct request *req, struct session *in,
    struct seal_diag *d)
{
	struct seal_verifier_ask ask = { .evidence = req->body.p,
		.evidence_n = req->body.n,
		.type = req->type,
		.nonce = in->nonce,
		.nonce_n = in->nonce_n,
		.origin = in->given ? SEAL_NONCE_BINDER : SEAL_NONCE_FRESH };
	struct seal_verifier_answer answer = { 0 };
	int64_t start = now_us();
	int r;

	if ((r = service_policy(s, d)) != 0 ||
	    (r = seal_verifier_appraise(s->verifier, &ask, &answer, d)) != 0)
		return r;
	__atomic_add_fetch(
	    &s->appraise_us, (uint64_t)(now_us() - start), __ATOMIC_RELAXED);
	if ((r = finish(s, in, &answer, d)) == 0)
		count_answer(s, &answer);
	seal_verifier_answer_wipe(&answer);
	return r;
}

/* 415, with the types that are taken (formats of the API). */
static void
reply_unsupported(
    struct service *s, struct reply *ret, const struct seal_diag *d)
{
	reply_problem(ret, 415, "Unsupported media type", d);
	if (ret->body.n > 0 && ret->body.error == 0) {
		ret->body.n--; /* reopens the object */
		api_accept_list(s, &ret->body, "accept");
		wr_u8(&ret->body, '}');
	}
}

static void
reply_judged(struct service *s, struct reply *ret, int r,
    const struct session *in, const struct seal_diag *d)
{
	if (r == SEAL_E_UNSUPPORTED)
		reply_unsupported(s, ret, d);
	else if (r == SEAL_E_STATE)
		reply_problem(ret, 409, "Session ended", d);
	else if (r != 0)
		reply_failure(ret, d);
	else
		reply_session(s, ret, 200, in);
}

void
api_session_post(
    struct service *s, const struct request *req, struct reply *ret)
{
	struct session in = { 0 };
	struct seal_diag d = { 0 };
	char id[STORE_ID];
	int r;

	if (!session_id(req, id, ret))
		return;
	if (store_session_get(s->store, id, service_now(), &in, &d) != 0) {
		reply_failure(ret, &d);
		return;
	}
	if (in.state != SESSION_WAITING)
		r = seal_fail(&d, SEAL_E_STATE,
		    "session: expected one that waits, found it %s; GET it",
		    state_name(in.state));
	else if (!query_media_type(req->type))
		r = seal_fail(&d, SEAL_E_UNSUPPORTED,
		    "expected a Content-Type, found none that is one");
	else if (req->body.n == 0)
		r = seal_fail(&d, SEAL_E_DECODE, "evidence: empty");
	else
		r = judge(s, req, &in, &d);
	reply_judged(s, ret, r, &in, &d);
	session_wipe(&in);
}
