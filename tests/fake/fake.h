/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_FAKE_H
#define FAKE_FAKE_H

#include "base/wr.h"

/*
 * A Verifier for tests that speaks the dialects of Veraison and of Trustee on
 * a loopback port, and that lies as it is told. What the token says is its
 * user's: see issue.
 */
enum fake_lie {
	FAKE_HONEST = 0,
	FAKE_PROCESSING,   /* 202, then `state` processing, twice, then done */
	FAKE_FAILED,       /* the session fails */
	FAKE_BUSY_TWICE,   /* 503 to the first two requests */
	FAKE_BUSY,         /* 503 to all */
	FAKE_ERROR,        /* 500 */
	FAKE_REFUSES,      /* 400 with problem+json */
	FAKE_UNKNOWN_TYPE, /* 415 with the accept list */
	FAKE_DENIES,       /* 401 */
	FAKE_ABSENT,       /* 404 */
	FAKE_REDIRECT,     /* 307 to itself, where it would be honest */
	FAKE_SLOW,         /* answers after FAKE_SLOW_MS */
	FAKE_HANG,         /* never answers */
	FAKE_DRIP,         /* an endless answer, a byte at a time */
	FAKE_TRUNCATED,    /* less than Content-Length says */
	FAKE_HUGE,         /* an answer without an end */
	FAKE_CLOSES,       /* closes instead of answering */
	FAKE_NOT_HTTP,     /* other bytes */
	FAKE_NOT_JSON,     /* 200, but no JSON, and no token */
	FAKE_NO_RESULT,    /* complete, without a result */
	FAKE_OTHER_NONCE,  /* a session over another nonce */
	FAKE_ESCAPES,      /* a Location on another host */
	FAKE_LIES
};
#define FAKE_SLOW_MS 300
#define FAKE_PAUSE_MS 20 /* between the bytes of FAKE_DRIP */
#define FAKE_TYPE "application/vnd.sealtls.fake"

const char *fake_lie_name(enum fake_lie lie);
enum fake_lie fake_lie_by_name(const char *name); /* FAKE_LIES: unknown */

struct fake_question {
	bool trustee;           /* otherwise Veraison */
	struct span media_type; /* Veraison; for Trustee the tee */
	struct span evidence, nonce;
	const char *authorization; /* the header's value; NULL: none */
	bool client_cert;
};

struct fake_conf {
	enum fake_lie lie;
	const char *cert_file, *key_file; /* PEM: speaks TLS */
	const char *client_ca;            /* asks for a client certificate */
	unsigned port;                    /* 0: any */
	/* Writes the signed token; false answers 400. */
	bool (*issue)(void *arg, const struct fake_question *q, struct wr *out);
	void *arg;
};

struct fake;
struct fake *fake_start(const struct fake_conf *conf); /* NULL: cannot */
unsigned fake_port(const struct fake *f);
unsigned fake_requests(struct fake *f);            /* so far */
unsigned fake_connections(struct fake *f);         /* so far */
void fake_tell(struct fake *f, enum fake_lie lie); /* lies so from now on */
void fake_stop(struct fake **f);

#endif
