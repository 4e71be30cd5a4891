/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/config_verifiers.h"

#include <stdlib.h>
#include <string.h>

#include "appraise/strict.h"

#define FILES 4u

const char *const config_verifier_keys[] = { "name", "api", "url", "id", "ca",
	"cert", "key", "token", "tee", "policy_id", "plain_http", "raw_nonce",
	"timeout_ms", "judges", NULL };
const char *const config_passport_keys[] = { "verifier", "mode", "max_age_s",
	NULL };

struct remote *
config_verifier_find(const struct seal_ctx *c, const char *name)
{
	for (size_t i = 0; i < c->n_verifiers; i++)
		if (strcmp(remote_name(c->verifiers[i]), name) == 0)
			return c->verifiers[i];
	return NULL;
}

/* The files that it names, as absolute names; the caller frees each. */
static int
load_files(const json_t *j, const char *base_dir, struct remote_conf *conf,
    char *files[FILES], struct seal_diag *d)
{
	const char *keys[FILES] = { "ca", "cert", "key", "token" };
	const char **to[FILES] = { &conf->ca, &conf->cert, &conf->key,
		&conf->token };
	int r;

	for (size_t i = 0; i < FILES; i++) {
		const char *text = NULL;

		if ((r = strict_text(
			 j, keys[i], false, "verifiers", &text, d)) != 0)
			return r;
		if (text == NULL)
			continue;
		if ((r = strict_path(base_dir, text, &files[i], d)) != 0)
			return r;
		*to[i] = files[i];
	}
	return 0;
}

static int
load_conf(const json_t *j, struct remote_conf *conf, struct seal_diag *d)
{
	static const char where[] = "verifiers";
	int r;

	conf->timeout_ms = REMOTE_TIMEOUT_MS;
	if ((r = strict_object(j, config_verifier_keys, where, d)) != 0 ||
	    (r = strict_text(j, "name", true, where, &conf->name, d)) != 0 ||
	    (r = strict_text(j, "api", true, where, &conf->api, d)) != 0 ||
	    (r = strict_text(j, "url", true, where, &conf->url, d)) != 0 ||
	    (r = strict_text(j, "id", true, where, &conf->id, d)) != 0 ||
	    (r = strict_text(j, "tee", false, where, &conf->tee, d)) != 0 ||
	    (r = strict_text(
		 j, "policy_id", false, where, &conf->policy_id, d)) != 0 ||
	    (r = strict_bool(
		 j, "plain_http", false, where, &conf->plain_http, d)) != 0 ||
	    (r = strict_bool(
		 j, "raw_nonce", false, where, &conf->raw_nonce, d)) != 0)
		return r;
	return strict_uint(
	    j, "timeout_ms", false, 100, 60000, where, &conf->timeout_ms, d);
}

/* Each media type has at most one Verifier. */
static int
load_judges(struct seal_ctx *c, const json_t *list, struct remote *by,
    struct seal_diag *d)
{
	int r;

	if (list == NULL)
		return 0;
	if ((r = strict_array(
		 list, 1, CTX_JUDGES_MAX, "verifiers: judges", d)) != 0)
		return r;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *type = json_string_value(json_array_get(list, i));
		struct ctx_judge *to = &c->judges[c->n_judges];

		if (type == NULL || type[0] == '\0' ||
		    strlen(type) >= REMOTE_TYPE_MAX)
			return seal_fail(d, SEAL_E_CONFIG,
			    "verifiers: judges: expected media types");
		if (ctx_judge(c, span_str(type)) != NULL)
			return seal_fail(d, SEAL_E_CONFIG,
			    "verifiers: judges: '%.100s' twice", type);
		if (c->n_judges == CTX_JUDGES_MAX)
			return seal_fail(d, SEAL_E_CONFIG,
			    "verifiers: judges: more than %u media types",
			    CTX_JUDGES_MAX);
		if ((to->media_type = strdup(type)) == NULL)
			return seal_fail(d, SEAL_E_MEMORY, "verifiers");
		to->by = by;
		c->n_judges++;
	}
	return 0;
}

static int
load_verifier(struct seal_ctx *c, const json_t *j, const char *base_dir,
    struct seal_diag *d)
{
	struct remote_conf conf = { 0 };
	char *files[FILES] = { NULL };
	int r;

	if (c->n_verifiers == REMOTE_MAX)
		return seal_fail(
		    d, SEAL_E_CONFIG, "verifiers: more than %u", REMOTE_MAX);
	if ((r = load_conf(j, &conf, d)) != 0 ||
	    (r = load_files(j, base_dir, &conf, files, d)) != 0)
		goto out;
	if (config_verifier_find(c, conf.name) != NULL) {
		r = seal_fail(
		    d, SEAL_E_CONFIG, "verifiers: '%.40s' twice", conf.name);
		goto out;
	}
	if ((r = remote_new(&conf, &c->verifiers[c->n_verifiers], d)) != 0)
		goto out;
	c->n_verifiers++;
	r = load_judges(c, json_object_get(j, "judges"),
	    c->verifiers[c->n_verifiers - 1], d);
out:
	for (size_t i = 0; i < FILES; i++)
		free(files[i]);
	return r;
}

int
config_verifiers(struct seal_ctx *c, const json_t *j, const char *base_dir,
    struct seal_diag *d)
{
	int r;

	if ((r = strict_array(j, 1, REMOTE_MAX, "verifiers", d)) != 0)
		return r;
	for (size_t i = 0; r == 0 && i < json_array_size(j); i++)
		r = load_verifier(c, json_array_get(j, i), base_dir, d);
	return r;
}

int
config_passport(
    struct seal_ctx *c, const json_t *j, size_t attester, struct seal_diag *d)
{
	static const char where[] = "attesters: passport";
	const char *name = NULL, *mode = NULL;
	uint32_t max_age = CTX_PASSPORT_AGE_S;
	struct remote *via;
	bool cached;
	int r;

	if ((r = strict_object(j, config_passport_keys, where, d)) != 0 ||
	    (r = strict_text(j, "verifier", true, where, &name, d)) != 0 ||
	    (r = strict_text(j, "mode", true, where, &mode, d)) != 0 ||
	    (r = strict_uint(
		 j, "max_age_s", false, 1, 2592000, where, &max_age, d)) != 0)
		return r;
	cached = strcmp(mode, "cached") == 0;
	if (!cached && strcmp(mode, "interactive") != 0)
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: 'mode' must be interactive or cached", where);
	if ((via = config_verifier_find(c, name)) == NULL)
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: no verifier is called '%.40s'", where, name);
	return passport_new(via, c->attesters[attester], cached, max_age,
	    &c->passports[attester], d);
}
