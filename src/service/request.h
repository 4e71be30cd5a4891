/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVICE_REQUEST_H
#define SERVICE_REQUEST_H

#include "base/wr.h"
#include "base/diag.h"
#include "service/quota.h"

/*
 * One HTTP request and its reply, as handlers see them: whole, and without
 * the HTTP library, so that tests can make them up.
 */
#define REQUEST_ARGS_MAX 8
#define REQUEST_PEER 128   /* bytes */
#define REPLY_MAX 4194304u /* bytes of one body that we write */

struct request_arg {
	const char *name;
	struct span value; /* decoded; may hold any byte */
};

struct request {
	const char *method, *path; /* the path is decoded, without its query */
	const char *type;          /* Content-Type; NULL: none */
	const char *authorization; /* NULL: none */
	const char *host;          /* what it calls this service; NULL: none */
	struct span body;
	struct request_arg args[REQUEST_ARGS_MAX];
	size_t n_args;
	bool too_many_args;
	bool loopback;    /* the peer's address is this machine's */
	bool client_cert; /* one that the configuration lists, verified */
	uint8_t source[QUOTA_SOURCE]; /* the part of its address that counts */
	const char *peer; /* its address, or the name in its certificate */
};

/* The value of an argument; false: it is not there. */
bool request_arg(const struct request *req, const char *name, struct span *ret);

#define REPLY_LOCATION 96
#define REPLY_TYPE 96

struct reply {
	unsigned status;
	const char *type;  /* static; NULL: no body */
	const char *allow; /* static; for 405 */
	char location[REPLY_LOCATION];
	bool ask_bearer;  /* WWW-Authenticate */
	unsigned retry_s; /* Retry-After; 0: none */
	struct wr body;
};

void reply_init(struct reply *r);
void reply_wipe(struct reply *r);
/* RFC 9457: what went wrong, and what to do. Replaces the body. */
void reply_problem(struct reply *r, unsigned status, const char *title,
    const struct seal_diag *d);
/* The same with a text of one's own. */
void reply_problem_text(struct reply *r, unsigned status, const char *title,
    const char *fmt, ...) SEAL_PRINTF(4, 5);
/* The status that a failure of ours means; problem document included. */
void reply_failure(struct reply *r, const struct seal_diag *d);

/* ---- Pieces of bodies ---- */

void json_member(struct wr *w, const char *key, const char *text);
void json_number(struct wr *w, const char *key, int64_t n);
/* `"key":` with its comma where one is due. */
void json_key(struct wr *w, const char *key);
/* base64 with padding, as JSON of Go programs has it. */
void base64_encode(struct span in, struct wr *w);
/* "2026-01-31T12:00:00Z" */
#define TIME_TEXT 24
const char *time_text(int64_t unix_s, char buf[TIME_TEXT]);
/* Text of any origin between tags or in a quoted attribute. */
void html_text(struct wr *w, const char *text);

#endif
