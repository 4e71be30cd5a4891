/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "remote/token.h"
#include "remote/verifier.h"

/*
 * There is no cache of results here, on purpose. Evidence is made over the
 * binder of one request of one connection, so that a key that is sound
 * (Evidence, Verifier and binder) never comes twice, and one that comes twice
 * (without the binder) would let one connection's result stand for another.
 * What may be kept is a result without a binder: see passport.c.
 */
struct remote {
	char *name, *id;
	bool raw_nonce;
	uint32_t timeout_ms;
	struct verifier *client;
};

static int
remote_check(const struct remote_conf *conf, struct seal_diag *d)
{
	if (conf->name == NULL || conf->api == NULL || conf->url == NULL ||
	    verifier_api_by_name(conf->api) == VERIFIER_NONE)
		return seal_fail(d, SEAL_E_CONFIG,
		    "verifiers: '%.40s': needs 'name', 'url' and 'api', which "
		    "is veraison or trustee",
		    conf->name == NULL ? "" : conf->name);
	if (conf->id == NULL || conf->id[0] == '\0' ||
	    strlen(conf->id) > BINDER_VERIFIER_ID_MAX)
		return seal_fail(d, SEAL_E_CONFIG,
		    "verifiers: '%.40s': expected 'id', the name that the "
		    "Verifier has in its results, of 1 to %d bytes",
		    conf->name, BINDER_VERIFIER_ID_MAX);
	return 0;
}

int
remote_new(
    const struct remote_conf *conf, struct remote **ret, struct seal_diag *d)
{
	struct verifier_conf vc = {
		.url = conf->url,
		.http = { .ca_file = conf->ca,
		    .cert_file = conf->cert,
		    .key_file = conf->key,
		    .token_file = conf->token,
		    .plain_loopback = conf->plain_http },
		.tee = conf->tee,
		.policy_id = conf->policy_id,
	};
	struct remote *r;
	int e;

	if ((e = remote_check(conf, d)) != 0)
		return e;
	vc.api = verifier_api_by_name(conf->api);
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "verifiers");
	r->raw_nonce = conf->raw_nonce;
	r->timeout_ms = conf->timeout_ms;
	if ((r->name = strdup(conf->name)) == NULL ||
	    (r->id = strdup(conf->id)) == NULL)
		e = seal_fail(d, SEAL_E_MEMORY, "verifiers");
	else
		e = verifier_new(&vc, &r->client, d);
	if (e != 0)
		remote_free(&r);
	else
		*ret = r;
	return e;
}

void
remote_free(struct remote **rp)
{
	struct remote *r = *rp;

	*rp = NULL;
	if (r == NULL)
		return;
	verifier_free(&r->client);
	free(r->name);
	free(r->id);
	free(r);
}

const char *
remote_name(const struct remote *r)
{
	return r->name;
}

const char *
remote_id(const struct remote *r)
{
	return r->id;
}

void
remote_result_wipe(struct remote_result *r)
{
	free(r->token);
	memset(r, 0, sizeof(*r));
}

/* The nearer of the caller's deadline and the configured one. */
static int64_t
deadline(const struct remote *r, uint32_t timeout_ms)
{
	return http_now_ms() +
	       (timeout_ms < r->timeout_ms ? timeout_ms : r->timeout_ms);
}

/* Takes over the token, whatever is returned. */
static int
publish(const struct remote *r, uint8_t *token, size_t n,
    struct remote_result *ret, struct seal_diag *d)
{
	struct token_facts f;
	int e;

	if ((e = token_peek(span_of(token, n), &f, d)) != 0) {
		seal_remedy(d, "see what verifier '%.40s' signs", r->name);
		free(token);
		return e;
	}
	*ret = (struct remote_result){ .token = token,
		.n = n,
		.iat = f.iat,
		.exp = f.has_exp ? f.exp : 0 };
	snprintf(ret->media_type, sizeof(ret->media_type), "%s", f.media_type);
	return 0;
}

int
remote_appraise(struct remote *r, const char *media_type, struct span evidence,
    const struct seal_binding *b, uint32_t timeout_ms,
    struct remote_result *ret, struct seal_diag *d)
{
	struct verifier_ask ask = { .media_type = span_str(media_type),
		.evidence = evidence,
		.nonce = binding_value(b),
		.deadline_ms = deadline(r, timeout_ms) };
	uint8_t *token = NULL;
	size_t n = 0;
	int e;

	if (ask.nonce.n == 0)
		return seal_fail(d, SEAL_E_BINDER, "verifier: no binder");
	if ((e = verifier_appraise(r->client, &ask, &token, &n, d)) != 0)
		return e;
	return publish(r, token, n, ret, d);
}

static int
nonce_binding(const struct remote *r, const struct verifier_challenge *c,
    struct span spki, struct seal_binding *ret, struct seal_diag *d)
{
	struct span nonce = span_of(c->nonce, c->n_nonce);

	if (r->raw_nonce)
		return binding_raw_nonce(nonce, spki, ret, d);
	return binding_verifier(span_str(r->id), nonce, spki, ret, d);
}

int
remote_attest(struct remote *r, struct attester *a, uint32_t timeout_ms,
    struct remote_result *ret, struct seal_diag *d)
{
	struct verifier_ask ask = { .media_type =
					span_str(attester_media_type(a)),
		.deadline_ms = deadline(r, timeout_ms) };
	struct verifier_challenge c;
	struct seal_binding b;
	uint8_t *token = NULL;
	struct wr evidence;
	size_t n = 0;
	int e;

	wr_init_heap(&evidence, LIMIT_CMW);
	if ((e = verifier_challenge(r->client, ask.deadline_ms, &c, d)) != 0 ||
	    (e = nonce_binding(r, &c, attester_spki(a), &b, d)) != 0 ||
	    (e = attester_collect(a, &b, timeout_ms, &evidence, d)) != 0)
		goto out;
	ask.evidence = wr_view(&evidence);
	if ((e = verifier_answer(r->client, &c, &ask, &token, &n, d)) == 0)
		e = publish(r, token, n, ret, d);
out:
	wr_free(&evidence);
	return e;
}
