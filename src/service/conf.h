/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVICE_CONF_H
#define SERVICE_CONF_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/span.h"

#define CONF_RETIRED_MAX 8
#define CONF_LIST_MAX 64 /* names, or pins, of clients */

/* Who sees the status page and the metrics. */
enum status_to { STATUS_OFF = 0, STATUS_LOOPBACK, STATUS_ALL };

struct conf_list {
	char *v[CONF_LIST_MAX];
	size_t n;
};

/*
 * The service's configuration. Lines of `name = value`; `#` begins a comment
 * line. Every text is owned. conf.c has the table of names.
 */
struct service_conf {
	char *listen;             /* HOST:PORT */
	char *tls_cert, *tls_key; /* PEM; NULL: plain HTTP, loopback only */
	char *store;              /* a file, or postgres://… */
	char *id;                 /* the verifier's name in results */
	char *key;                /* PEM; signs results */
	char *retired[CONF_RETIRED_MAX]; /* PEM; published beside it */
	size_t n_retired;
	char *policy;     /* the name of the policy in force */
	char *anchors;    /* folder of certificates that policies name */
	char *token_file; /* of provisioners; NULL: no tokens */
	char *client_ca;  /* of provisioners; NULL: no certificates */
	struct conf_list client_names; /* who of them may: by a name .. */
	struct conf_list client_pins;  /* .. or SHA-256 of the SPKI, in hex */
	/* Enrolment: CAs of EK certificates, and who certifies AKs; NULL: off
	 */
	char *ek_ca, *ak_ca_cert, *ak_ca_key;
	int64_t challenge_s, ak_cert_s;
	int64_t session_s;            /* life of a session */
	int64_t result_s;             /* life of a result, at most */
	int64_t keep_days;            /* that results are logged */
	int64_t keep_results;         /* how many, at most */
	int64_t sessions_per_address; /* in session_s */
	int64_t threads, connections, per_address, request_s;
	enum status_to status;
};

/* What holds where nothing is said. */
int conf_init(struct service_conf *c, struct seal_diag *d);
/* One setting; file names are relative to base_dir (NULL: the current). */
int conf_set(struct service_conf *c, const char *name, const char *value,
    const char *base_dir, struct seal_diag *d);
/* A whole file over what is there; a name twice is refused, but `retired`. */
int conf_load(struct service_conf *c, const char *path, struct seal_diag *d);
int conf_parse(struct service_conf *c, struct span text, const char *base_dir,
    struct seal_diag *d);
/* Is it whole, and safe to run? */
int conf_check(const struct service_conf *c, struct seal_diag *d);
void conf_wipe(struct service_conf *c);

#endif
