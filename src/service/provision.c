/* SPDX-License-Identifier: Apache-2.0 */
#include "service/provision.h"

#include <string.h>
#include <strings.h>

#include <sealtls/verifier.h>

#include "base/text.h"
#include "service/query.h"
#include "service/service_parts.h"

#define SESSION_TYPE "application/vnd.veraison.provisioning-session+json"

/* ---- Who may ---- */

static bool
token_fits(const struct service *s, const struct request *req)
{
	struct span token;

	return s->token != NULL && query_bearer(req->authorization, &token) &&
	       span_equal_ct(token, span_of(s->token, s->n_token));
}

bool
provision_allowed(
    const struct service *s, const struct request *req, struct reply *ret)
{
	if (s->token == NULL && s->conf->client_ca == NULL) {
		reply_problem_text(ret, 403, "Provisioning is off",
		    "neither token_file nor client_ca is configured");
		return false;
	}
	if (s->conf->client_ca != NULL && req->client_cert)
		return true;
	if (token_fits(s, req))
		return true;
	ret->ask_bearer = s->token != NULL;
	reply_problem_text(ret, 401, "Not authorised",
	    "expected a valid token or client certificate");
	return false;
}

/* ---- What ---- */

static bool
type_is(const char *type, const char *want)
{
	size_t n = strlen(want);

	return type != NULL && strncasecmp(type, want, n) == 0 &&
	       (type[n] == '\0' || type[n] == ';' || type[n] == ' ');
}

static int
unsupported(const char *type, struct seal_diag *d)
{
	char shown[64];

	seal_fail(d, SEAL_E_UNSUPPORTED, "expected %s, found %s",
	    PROVISION_POLICY,
	    type != NULL ? text_safe(span_str(type), shown, sizeof(shown))
			 : "no Content-Type");
	return SEAL_E_UNSUPPORTED;
}

int
provision(struct store *store, const char *anchors_dir, const char *type,
    const char *name, struct span body, const char *by, int64_t *ret_id,
    struct seal_diag *d)
{
	struct item item = { .kind = "policy",
		.name = name,
		.type = PROVISION_POLICY,
		.by = by,
		.body = body,
		.added_s = service_now() };
	char digest[65];
	int r;

	if (!type_is(type, PROVISION_POLICY))
		return unsupported(type, d);
	if ((r = seal_verifier_check_policy(anchors_dir, body.p, body.n, d)) !=
	    0)
		return r;
	if ((r = seal_verifier_digest(body.p, body.n, digest, d)) != 0)
		return r;
	item.digest = digest;
	return store_item_add(store, &item, ret_id, d);
}

static int
name_of(const struct service *s, const struct request *req,
    char name[STORE_NAME_MAX], struct seal_diag *d)
{
	struct span given = { 0 };

	if (!request_arg(req, "name", &given))
		given = span_str(s->conf->policy);
	return query_name(given, name, d);
}

void
provision_submit(
    struct service *s, const struct request *req, struct reply *ret)
{
	char name[STORE_NAME_MAX] = "", when[TIME_TEXT];
	struct seal_diag d = { 0 };
	int64_t id = 0;

	if (name_of(s, req, name, &d) != 0 ||
	    provision(s->store, s->conf->anchors, req->type, name, req->body,
		req->peer, &id, &d) != 0) {
		reply_failure(ret, &d);
		return;
	}
	ret->status = 200;
	ret->type = SESSION_TYPE;
	wr_u8(&ret->body, '{');
	json_member(&ret->body, "status", "success");
	json_member(&ret->body, "expiry",
	    time_text(service_now() + s->conf->session_s, when));
	json_member(&ret->body, "name", name);
	json_number(&ret->body, "id", id);
	wr_u8(&ret->body, '}');
}
