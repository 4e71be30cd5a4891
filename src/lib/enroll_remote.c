/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <sealtls/tools.h>

#include "crypto/pem.h"
#include "crypto/x509.h"
#include "format/enroll_msg.h"
#include "format/tpm.h"
#include "remote/answer.h"
#include "remote/http.h"

/* Enrolment with `seal verifier`: the two messages of the attester, carried
 * to it, and what comes back. */
#define PATH_CHALLENGE "/enrolment/v1/challenge"
#define PATH_CERTIFICATE "/enrolment/v1/certificate"
#define TYPE_REQUEST "application/vnd.sealtls.enrol-request+cbor"
#define TYPE_ANSWER "application/vnd.sealtls.enrol-answer+cbor"
#define DEADLINE_MS 60000

/* What a Verifier refuses is told in its own words. */
static int
refused(const struct http *h, const struct http_ask *ask,
    const struct http_answer *a, struct seal_diag *d)
{
	const char *detail = NULL;
	json_t *j = NULL;
	int r;

	if (a->status != 403 && a->status != 404)
		return http_refuse(h, ask, a, false, d);
	if (answer_object(h, a, &j, NULL) == 0)
		detail = answer_text(j, "detail");
	r = seal_fail(d, a->status == 403 ? SEAL_E_KEY : SEAL_E_STATE,
	    "verifier %.80s: refuses to enrol this TPM: %.200s", http_url(h),
	    detail != NULL ? detail : "it does not say why");
	json_decref(j);
	return r;
}

static int
post(struct http *h, const char *path, const char *type, struct span body,
    struct http_answer *ret, struct seal_diag *d)
{
	struct http_ask ask = { .method = HTTP_POST,
		.path = path,
		.content_type = type,
		.body = body,
		.deadline_ms = http_now_ms() + DEADLINE_MS,
		.once = true };
	struct http_answer a = { 0 };
	int r;

	if ((r = http_ask(h, &ask, &a, d)) != 0)
		return r;
	if (a.status == 200 || a.status == 201) {
		*ret = a;
		return 0;
	}
	r = refused(h, &ask, &a, d);
	http_answer_wipe(&a);
	return r;
}

/* ---- The certificate ---- */

/* It is for the key that was to be certified. */
static int
check_chain(struct span request, struct span pem, struct seal_diag *d)
{
	uint8_t want[LIMIT_SPKI], got[LIMIT_SPKI];
	struct enroll_request m = { 0 };
	struct tpm_public ak = { 0 };
	struct wr w_want, w_got;
	int r;

	wr_init(&w_want, want, sizeof(want));
	wr_init(&w_got, got, sizeof(got));
	if ((r = enroll_request_parse(request, &m, d)) != 0 ||
	    (r = tpm_public_parse(m.ak_public, &ak, d)) != 0 ||
	    (r = tpm_public_spki(&ak, &w_want, d)) != 0 ||
	    (r = spki_from_bytes("the verifier's answer", pem, &w_got, d)) != 0)
		return r;
	if (span_equal_ct(wr_view(&w_want), wr_view(&w_got)))
		return 0;
	return seal_fail(d, SEAL_E_KEY,
	    "enrolment: the verifier's certificate is not for this AK");
}

static int
take_chain(const struct http_answer *a, struct span request, char **ret,
    struct seal_diag *d)
{
	struct span pem = span_of(a->body, a->n_body);
	int r;

	if ((r = check_chain(request, pem, d)) != 0)
		return r;
	if (memchr(pem.p, 0, pem.n) != NULL)
		return seal_fail(d, SEAL_E_DECODE,
		    "enrolment: the verifier's certificate is not text");
	if ((*ret = strndup((const char *)pem.p, pem.n)) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "enrolment");
	return 0;
}

/* ---- All of it ---- */

static int
enroll(const struct seal_enroll_attester *a, struct http *h, char **ret,
    struct seal_diag *d)
{
	struct http_answer challenge = { 0 }, chain = { 0 };
	void *request = NULL, *answer = NULL;
	size_t request_n = 0, answer_n = 0;
	int r;

	if ((r = seal_enroll_request(a, &request, &request_n, d)) == 0 &&
	    (r = post(h, PATH_CHALLENGE, TYPE_REQUEST,
		 span_of(request, request_n), &challenge, d)) == 0 &&
	    (r = seal_enroll_answer(a, challenge.body, challenge.n_body,
		 &answer, &answer_n, d)) == 0 &&
	    (r = post(h, PATH_CERTIFICATE, TYPE_ANSWER,
		 span_of(answer, answer_n), &chain, d)) == 0)
		r = take_chain(&chain, span_of(request, request_n), ret, d);
	http_answer_wipe(&challenge);
	http_answer_wipe(&chain);
	seal_wipe(answer, answer_n);
	free(answer);
	free(request);
	return r;
}

int
seal_enroll_remote(const struct seal_enroll_attester *a,
    const struct seal_enroll_remote *v, char **ret_pem, struct seal_diag *d)
{
	const struct http_conf conf = { .ca_file = v->ca_file,
		.plain_loopback = true };
	struct http *h = NULL;
	int r;

	if ((r = http_new(v->url, &conf, &h, d)) == 0)
		r = enroll(a, h, ret_pem, d);
	http_free(&h);
	return r;
}
