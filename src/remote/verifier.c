/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/verifier.h"

#include <stdlib.h>
#include <string.h>

#include "remote/trustee.h"
#include "remote/veraison.h"

struct verifier {
	enum verifier_api api;
	struct http *http;
	char *tee, *policy_id;
};

enum verifier_api
verifier_api_by_name(const char *name)
{
	if (strcmp(name, "veraison") == 0)
		return VERIFIER_VERAISON;
	return strcmp(name, "trustee") == 0 ? VERIFIER_TRUSTEE : VERIFIER_NONE;
}

static int
check(const struct verifier_conf *conf, struct seal_diag *d)
{
	if (conf->url == NULL ||
	    (conf->api != VERIFIER_VERAISON && conf->api != VERIFIER_TRUSTEE))
		return seal_fail(d, SEAL_E_CONFIG,
		    "verifier: needs 'url' and 'api' (veraison or trustee)");
	if (conf->api == VERIFIER_TRUSTEE &&
	    (conf->tee == NULL || !trustee_tee_known(conf->tee)))
		return seal_fail(d, SEAL_E_CONFIG,
		    "verifier '%.100s': expected 'tee', Trustee's name for "
		    "the Evidence, as snp or sample; found '%.20s'",
		    conf->url, conf->tee == NULL ? "" : conf->tee);
	if (conf->api == VERIFIER_VERAISON &&
	    (conf->tee != NULL || conf->policy_id != NULL))
		return seal_fail(d, SEAL_E_CONFIG,
		    "verifier '%.100s': 'tee' and 'policy_id' are Trustee's",
		    conf->url);
	return 0;
}

int
verifier_new(const struct verifier_conf *conf, struct verifier **ret,
    struct seal_diag *d)
{
	struct verifier *v;
	int r;

	if ((r = check(conf, d)) != 0)
		return r;
	if ((v = calloc(1, sizeof(*v))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "verifier");
	v->api = conf->api;
	if ((conf->tee != NULL && (v->tee = strdup(conf->tee)) == NULL) ||
	    (conf->policy_id != NULL &&
		(v->policy_id = strdup(conf->policy_id)) == NULL))
		r = seal_fail(d, SEAL_E_MEMORY, "verifier");
	else
		r = http_new(conf->url, &conf->http, &v->http, d);
	if (r != 0) {
		verifier_free(&v);
		return r;
	}
	*ret = v;
	return 0;
}

void
verifier_free(struct verifier **vp)
{
	struct verifier *v = *vp;

	*vp = NULL;
	if (v == NULL)
		return;
	http_free(&v->http);
	free(v->tee);
	free(v->policy_id);
	free(v);
}

const char *
verifier_url(const struct verifier *v)
{
	return http_url(v->http);
}

int
verifier_appraise(struct verifier *v, const struct verifier_ask *ask,
    uint8_t **ret, size_t *ret_n, struct seal_diag *d)
{
	if (v->api == VERIFIER_TRUSTEE)
		return trustee_appraise(
		    v->http, v->tee, v->policy_id, ask, ret, ret_n, d);
	return veraison_appraise(v->http, ask, ret, ret_n, d);
}

static int
no_challenge(const struct verifier *v, struct seal_diag *d)
{
	seal_fail(d, SEAL_E_UNSUPPORTED,
	    "verifier '%.100s': expected one that gives nonces, found "
	    "Trustee's attestation service",
	    verifier_url(v));
	seal_remedy(d, "use the interactive passport with it");
	return SEAL_E_UNSUPPORTED;
}

int
verifier_challenge(struct verifier *v, int64_t deadline_ms,
    struct verifier_challenge *ret, struct seal_diag *d)
{
	if (v->api != VERIFIER_VERAISON)
		return no_challenge(v, d);
	return veraison_challenge(v->http, deadline_ms, ret, d);
}

int
verifier_answer(struct verifier *v, const struct verifier_challenge *c,
    const struct verifier_ask *ask, uint8_t **ret, size_t *ret_n,
    struct seal_diag *d)
{
	if (v->api != VERIFIER_VERAISON)
		return no_challenge(v, d);
	return veraison_answer(v->http, c, ask, ret, ret_n, d);
}
