/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <sealtls/tools.h>

#include "base/text.h"
#include "service/provision.h"
#include "service/service_parts.h"

/* ---- /.well-known/veraison ---- */

static const char *
service_state(struct service *s)
{
	struct seal_diag d = { 0 };

	if (store_ping(s->store, &d) != 0)
		return "DOWN";
	return service_policy(s, &d) == 0 ? "READY" : "INITIALIZING";
}

void
discover_verification(
    struct service *s, const struct request *req, struct reply *ret)
{
	struct wr *w = &ret->body;

	(void)req;
	ret->status = 200;
	ret->type = API_DISCOVERY_TYPE;
	wr_printf(w, "{\"ear-verification-key\":%s", s->jwk);
	api_accept_list(s, w, "media-types");
	json_member(w, "version", seal_version());
	json_member(w, "service-state", service_state(s));
	json_key(w, "api-endpoints");
	wr_u8(w, '{');
	json_member(w, "newChallengeResponseSession", API_NEW);
	if (s->enrol.ek_ca != NULL) {
		json_member(w, "enrolmentChallenge", API_CHALLENGE);
		json_member(w, "enrolmentCertificate", API_CERTIFICATE);
	}
	wr_printf(w, "}}");
}

void
discover_provisioning(
    struct service *s, const struct request *req, struct reply *ret)
{
	struct wr *w = &ret->body;

	(void)req;
	ret->status = 200;
	ret->type = API_DISCOVERY_TYPE;
	wr_u8(w, '{');
	json_key(w, "media-types");
	wr_u8(w, '[');
	for (size_t i = 0; provision_types[i].kind != NULL; i++) {
		if (i > 0)
			wr_u8(w, ',');
		json_text(w, provision_types[i].type);
	}
	wr_u8(w, ']');
	json_member(w, "version", seal_version());
	json_member(w, "service-state", service_state(s));
	json_key(w, "api-endpoints");
	wr_u8(w, '{');
	json_member(w, "provisioningSubmit", API_SUBMIT);
	wr_printf(w, "}}");
}

void
discover_jwks(struct service *s, const struct request *req, struct reply *ret)
{
	(void)req;
	ret->status = 200;
	ret->type = "application/jwk-set+json";
	wr_bytes(&ret->body, span_str(s->jwks));
}

/* ---- Health and metrics ---- */

void
discover_health(struct service *s, const struct request *req, struct reply *ret)
{
	const char *state = service_state(s);

	(void)req;
	ret->status = strcmp(state, "READY") == 0 ? 200 : 503;
	ret->type = "application/json";
	wr_u8(&ret->body, '{');
	json_member(&ret->body, "status", state);
	wr_u8(&ret->body, '}');
}

static void
metric(struct wr *w, const char *name, const char *type, const char *help)
{
	wr_printf(w, "# HELP seal_verifier_%s %s\n# TYPE seal_verifier_%s %s\n",
	    name, help, name, type);
}

static uint64_t
load(const uint64_t *at)
{
	return __atomic_load_n(at, __ATOMIC_RELAXED);
}

static void
write_counters(const struct service *s, struct wr *w)
{
	metric(w, "appraisals_total", "counter",
	    "Appraisals of this process by how they ended.");
	wr_printf(w,
	    "seal_verifier_appraisals_total{outcome=\"accepted\"} %llu\n"
	    "seal_verifier_appraisals_total{outcome=\"refused\"} %llu\n"
	    "seal_verifier_appraisals_total{outcome=\"failed\"} %llu\n",
	    (unsigned long long)load(&s->accepted),
	    (unsigned long long)load(&s->refused),
	    (unsigned long long)load(&s->failed));
	metric(w, "enrolments_total", "counter",
	    "Enrolments of attestation keys by how they ended.");
	wr_printf(w,
	    "seal_verifier_enrolments_total{outcome=\"certified\"} %llu\n"
	    "seal_verifier_enrolments_total{outcome=\"refused\"} %llu\n",
	    (unsigned long long)load(&s->enrolled),
	    (unsigned long long)load(&s->enrol_refused));
	metric(w, "appraisal_seconds_total", "counter",
	    "Time spent on appraisals.");
	wr_printf(w, "seal_verifier_appraisal_seconds_total %.6f\n",
	    (double)load(&s->appraise_us) / 1e6);
	metric(w, "replies_total", "counter",
	    "Replies of this process by class of status.");
	for (int i = 2; i <= 5; i++)
		wr_printf(w,
		    "seal_verifier_replies_total{class=\"%dxx\"} %llu\n", i,
		    (unsigned long long)load(&s->replies[i]));
}

static void
write_store(const struct store_counts *c, struct wr *w)
{
	metric(w, "store_rows", "gauge", "Rows in the store by kind.");
	wr_printf(w,
	    "seal_verifier_store_rows{kind=\"session\"} %lld\n"
	    "seal_verifier_store_rows{kind=\"provisioned\"} %lld\n"
	    "seal_verifier_store_rows{kind=\"result\"} %lld\n",
	    (long long)c->sessions, (long long)c->items, (long long)c->results);
}

void
discover_metrics(
    struct service *s, const struct request *req, struct reply *ret)
{
	struct store_counts counts = { 0 };
	struct seal_diag d = { 0 };
	bool up = store_count(s->store, &counts, &d) == 0;

	(void)req;
	ret->status = 200;
	ret->type = "text/plain; version=0.0.4; charset=utf-8";
	metric(&ret->body, "store_up", "gauge", "1 while the store answers.");
	wr_printf(&ret->body, "seal_verifier_store_up %d\n", up);
	write_counters(s, &ret->body);
	if (up)
		write_store(&counts, &ret->body);
}
