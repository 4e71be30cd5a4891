/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <sealtls/verifier.h>

#include "service/conf.h"
#include "service/request.h"
#include "service/store.h"

/*
 * The verifier service: what it answers to requests. It opens no socket (see
 * http.h). Safe for any threads.
 */
struct service;

int service_new(
    const struct service_conf *conf, struct service **ret, struct seal_diag *d);
void service_free(struct service **sp); /* NULL is fine */
struct store *service_store(struct service *s);

/*
 * May a request with this much of a body go on? Looks at everything but the
 * body, so that nothing is read from who may not send it. false: *ret is the
 * reply.
 */
bool service_admit(struct service *s, const struct request *req,
    struct reply *ret, size_t *ret_body_max);
/* Answers a request that service_admit() let pass. */
void service_answer(
    struct service *s, const struct request *req, struct reply *ret);
/* Forgets what is too old; called now and then. */
int service_tidy(struct service *s, struct seal_diag *d);
/* Counts a reply, also one that the HTTP side made up. */
void service_count(struct service *s, unsigned status);

#endif
