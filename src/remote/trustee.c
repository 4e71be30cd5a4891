/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/trustee.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/wr.h"
#include "remote/answer.h"

#define REQUEST_MAX 131072u /* bytes: base64 of the largest Evidence fits */

bool
trustee_tee_known(const char *tee)
{
	static const char *const tees[] = { "az-snp-vtpm", "az-tdx-vtpm", "sev",
		"snp", "tdx", "sgx", "cca", "csv", "hygondcu", "se", "sample",
		"sampledevice" };

	for (size_t i = 0; i < sizeof(tees) / sizeof(tees[0]); i++)
		if (strcmp(tees[i], tee) == 0)
			return true;
	return false;
}

static json_t *
base64_json(struct span s)
{
	json_t *j = NULL;
	struct wr w;

	wr_init_heap(&w, REQUEST_MAX);
	b64url_encode(s, &w);
	if (w.error == 0)
		j = json_stringn((const char *)w.p, w.n);
	wr_free(&w);
	return j;
}

/*
 * The nonce goes as raw runtime data, which the service compares with the
 * report data as it is; structured data it would hash first.
 */
static char *
request_text(
    const char *tee, const char *policy_id, const struct verifier_ask *ask)
{
	json_t *evidence = base64_json(ask->evidence);
	json_t *nonce = base64_json(ask->nonce);
	json_t *policies =
	    policy_id != NULL ? json_pack("[s]", policy_id) : json_array();
	json_t *j = json_pack("{s:[{s:s, s:o, s:{s:o}}], s:o}",
	    "verification_requests", "tee", tee, "evidence", evidence,
	    "runtime_data", "raw", nonce, "policy_ids", policies);
	char *text = j == NULL ? NULL : json_dumps(j, JSON_COMPACT);

	json_decref(j);
	return text;
}

/* The token as it stands, as a JSON text, or as the member "token". */
static int
token_read(const struct http *h, const struct http_answer *a, uint8_t **ret,
    size_t *ret_n, struct seal_diag *d)
{
	struct span body = span_of(a->body, a->n_body);
	json_t *j = json_loadb((const char *)body.p, body.n,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	const char *text =
	    json_is_object(j) ? answer_text(j, "token") : json_string_value(j);
	int r = answer_token(
	    h, text != NULL ? span_str(text) : body, ret, ret_n, d);

	json_decref(j);
	return r;
}

int
trustee_appraise(struct http *h, const char *tee, const char *policy_id,
    const struct verifier_ask *ask, uint8_t **ret, size_t *ret_n,
    struct seal_diag *d)
{
	char *text = request_text(tee, policy_id, ask);
	struct http_ask post = { .method = HTTP_POST,
		.path = "/attestation",
		.content_type = "application/json",
		.deadline_ms = ask->deadline_ms };
	struct http_answer a = { 0 };
	int r;

	if (text == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "verifier: request");
	post.body = span_str(text);
	if ((r = http_ask(h, &post, &a, d)) == 0) {
		/* It answers 500 for Evidence that it refuses as for its own
		 * faults, so that no more can be told here. */
		r = a.status == 200 ? token_read(h, &a, ret, ret_n, d)
				    : http_refuse(h, &post, &a, true, d);
		http_answer_wipe(&a);
	}
	free(text);
	return r;
}
