/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVICE_SERVICE_PARTS_H
#define SERVICE_SERVICE_PARTS_H

#include <pthread.h>

#include <sealtls/tools.h>

#include "service/service.h"

/* What the files of the service share; for them alone. */
struct service {
	const struct service_conf *conf;
	struct store *store;
	struct seal_verifier *verifier;
	struct quota *sessions;            /* that one address may open */
	char *jwks;                        /* the set as it is published */
	char *jwk;                         /* our key alone */
	struct seal_enroll_verifier enrol; /* ek_ca NULL: off */
	uint8_t *token; /* of provisioners; NULL: tokens are off */
	size_t n_token;

	pthread_mutex_t lock; /* guards what is in force */
	int64_t generation;   /* of the store's that is; 0: none yet */
	int64_t used[STORE_CORIMS_MAX]; /* CoRIMs that the policy takes */
	size_t n_used;

	/* Counted since the start; atomic. */
	uint64_t replies[6]; /* by hundreds of the status */
	uint64_t accepted, refused, failed;
	uint64_t enrolled, enrol_refused;
	uint64_t appraise_us;
};

int64_t service_now(void);
/* Takes over the store's policy and CoRIMs where they have changed. */
int service_policy(struct service *s, struct seal_diag *d);
/* Does the policy in force take the CoRIM of this number? */
bool service_uses(struct service *s, int64_t id);
/* Takes over what the configuration says of enrolment, and looks at it. */
int enrol_init(struct service *s, struct seal_diag *d);
/* May this requester provision? Else *ret says why not. */
bool provision_allowed(
    const struct service *s, const struct request *req, struct reply *ret);

/* The media types that are taken, as member key of an open object. */
void api_accept_list(struct service *s, struct wr *w, const char *key);

/* May this address open another session or enrolment? Else *ret says no. */
bool api_within_quota(
    struct service *s, const struct request *req, struct reply *ret);

/* Handlers, by route. */
void api_new_session(
    struct service *s, const struct request *req, struct reply *ret);
void api_session_get(
    struct service *s, const struct request *req, struct reply *ret);
void api_session_post(
    struct service *s, const struct request *req, struct reply *ret);
void api_session_delete(
    struct service *s, const struct request *req, struct reply *ret);
void provision_submit(
    struct service *s, const struct request *req, struct reply *ret);
void enrol_challenge(
    struct service *s, const struct request *req, struct reply *ret);
void enrol_certify(
    struct service *s, const struct request *req, struct reply *ret);
void discover_verification(
    struct service *s, const struct request *req, struct reply *ret);
void discover_provisioning(
    struct service *s, const struct request *req, struct reply *ret);
void discover_jwks(
    struct service *s, const struct request *req, struct reply *ret);
void discover_health(
    struct service *s, const struct request *req, struct reply *ret);
void discover_metrics(
    struct service *s, const struct request *req, struct reply *ret);
void page_status(
    struct service *s, const struct request *req, struct reply *ret);
void page_style(
    struct service *s, const struct request *req, struct reply *ret);

#define API_SESSION "/challenge-response/v1/session/"
#define API_NEW "/challenge-response/v1/newSession"
#define API_CHALLENGE "/enrolment/v1/challenge"
#define API_CERTIFICATE "/enrolment/v1/certificate"
#define ENROL_MAX 65536u /* bytes of a message */
#define API_SUBMIT "/endorsement-provisioning/v1/submit"
#define API_SESSION_TYPE \
	"application/vnd.veraison.challenge-response-session+json"
#define API_PROVISIONING_TYPE \
	"application/vnd.veraison.provisioning-session+json"
#define API_DISCOVERY_TYPE "application/vnd.veraison.discovery+json"

#endif
