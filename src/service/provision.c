/* SPDX-License-Identifier: Apache-2.0 */
#include "service/provision.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <sealtls/verifier.h>

#include "base/text.h"
#include "service/query.h"
#include "service/service_parts.h"

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

const struct provision_type provision_types[] = {
	{ "policy", PROVISION_POLICY, PROVISION_UNMARKED },
	{ "corim", "application/rim+cose", PROVISION_SIGNED },
	{ "corim", "application/rim+cbor", PROVISION_UNSIGNED },
	/* As older drafts and Veraison have it. */
	{ "corim", "application/corim-signed+cbor", PROVISION_SIGNED },
	{ "corim", "application/corim-unsigned+cbor", PROVISION_UNSIGNED },
	{ NULL, NULL, PROVISION_UNMARKED },
};

/* Parameters, as a profile, say nothing that the bytes do not. */
static bool
type_is(const char *type, const char *want)
{
	size_t n = strlen(want);

	return type != NULL && strncasecmp(type, want, n) == 0 &&
	       (type[n] == '\0' || type[n] == ';' || type[n] == ' ');
}

static const struct provision_type *
type_find(const char *type)
{
	const struct provision_type *t = provision_types;

	while (t->kind != NULL && !type_is(type, t->type))
		t++;
	return t->kind != NULL ? t : NULL;
}

static int
unsupported(const char *type, struct seal_diag *d)
{
	char shown[64];

	seal_fail(d, SEAL_E_UNSUPPORTED,
	    "expected %s or application/rim+cose, found %s", PROVISION_POLICY,
	    type != NULL ? text_safe(span_str(type), shown, sizeof(shown))
			 : "no Content-Type");
	seal_remedy(d, "/.well-known/veraison/provisioning lists what is "
		       "taken");
	return SEAL_E_UNSUPPORTED;
}

/* Its id is its name, under which a newer one replaces it. */
static int
check_corim(const struct provision_type *t, const struct provision *p,
    char **ret_name, struct seal_diag *d)
{
	char *name = NULL;
	int is_signed = 0, r;

	if (p->name != NULL)
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "name: a CoRIM has its own, found another");
	if ((r = seal_verifier_check_corim(
		 p->body.p, p->body.n, &is_signed, &name, d)) != 0)
		return r;
	if (is_signed != (t->mark == PROVISION_SIGNED)) {
		free(name);
		return seal_fail(d, SEAL_E_DECODE,
		    "corim: found one that is %s",
		    is_signed ? "signed, which is application/rim+cose"
			      : "not signed, which is application/rim+cbor");
	}
	*ret_name = name;
	return 0;
}

static int
check_policy(const struct provision *p, char **ret_name, struct seal_diag *d)
{
	char name[STORE_NAME_MAX];
	int r;

	if ((r = query_name(span_str(p->name), name, d)) != 0 ||
	    (r = seal_verifier_check_policy(
		 p->anchors_dir, p->body.p, p->body.n, d)) != 0)
		return r;
	if ((*ret_name = strdup(name)) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "policy");
	return 0;
}

int
provision(struct store *store, const struct provision *p,
    struct provisioned *ret, struct seal_diag *d)
{
	const struct provision_type *t = type_find(p->type);
	struct item item = {
		.by = p->by, .body = p->body, .added_s = (int64_t)time(NULL)
	};
	char digest[65], *name = NULL;
	int64_t id = 0;
	int r;

	if (t == NULL)
		return unsupported(p->type, d);
	r = t->mark == PROVISION_UNMARKED ? check_policy(p, &name, d)
					  : check_corim(t, p, &name, d);
	if (r != 0)
		return r;
	item.kind = t->kind;
	item.type = t->type;
	item.name = name;
	item.digest = digest;
	if ((r = seal_verifier_digest(p->body.p, p->body.n, digest, d)) == 0 &&
	    (r = store_item_add(store, &item, &id, d)) == 0)
		*ret = (struct provisioned){ t->kind, name, id };
	else
		free(name);
	return r;
}

/* ---- Over HTTP ---- */

/* The name that a policy gets: given, or that of the one in force. */
static int
name_of(const struct service *s, const struct request *req,
    char name[STORE_NAME_MAX], const char **ret, struct seal_diag *d)
{
	const struct provision_type *t = type_find(req->type);
	struct span given = { 0 };
	int r;

	if (request_arg(req, "name", &given)) {
		if ((r = query_name(given, name, d)) == 0)
			*ret = name;
		return r;
	}
	if (t != NULL && t->mark == PROVISION_UNMARKED)
		*ret = s->conf->policy;
	return 0;
}

static void
reply_provisioned(
    struct service *s, struct reply *ret, const struct provisioned *got)
{
	struct seal_diag d = { 0 };
	char when[TIME_TEXT];

	ret->status = 200;
	ret->type = API_PROVISIONING_TYPE;
	wr_u8(&ret->body, '{');
	json_member(&ret->body, "status", "success");
	json_member(&ret->body, "expiry",
	    time_text(service_now() + s->conf->session_s, when));
	json_member(&ret->body, "kind", got->kind);
	json_member(&ret->body, "name", got->name);
	json_number(&ret->body, "id", got->id);
	/* A CoRIM may wait for the policy that trusts its signer. */
	if (strcmp(got->kind, "corim") == 0) {
		json_key(&ret->body, "used");
		wr_printf(&ret->body, "%s",
		    service_policy(s, &d) == 0 && service_uses(s, got->id)
			? "true"
			: "false");
	}
	wr_u8(&ret->body, '}');
}

void
provision_submit(
    struct service *s, const struct request *req, struct reply *ret)
{
	struct provision p = { .anchors_dir = s->conf->anchors,
		.type = req->type,
		.body = req->body,
		.by = req->peer };
	struct provisioned got = { 0 };
	char name[STORE_NAME_MAX] = "";
	struct seal_diag d = { 0 };

	if (name_of(s, req, name, &p.name, &d) != 0 ||
	    provision(s->store, &p, &got, &d) != 0)
		reply_failure(ret, &d);
	else
		reply_provisioned(s, ret, &got);
	free(got.name);
}
