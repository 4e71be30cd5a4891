/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <sealtls/tools.h>

#include "evidence/tpm2_enroll.h"
#include "format/enroll_msg.h"
#include "lib/enroll.h"

#define PUBLIC_MAX 1024

/* Hands over what w holds. */
static int
take(struct wr *w, void **ret, size_t *ret_n, struct seal_diag *d)
{
	uint8_t *p = NULL;
	int r = wr_take(w, &p, ret_n);

	if (r != 0)
		return seal_fail(d, r, "enrolment: message too large");
	*ret = p;
	return 0;
}

/* ---- Attester ---- */

static int
conf_of(const struct seal_enroll_attester *a, struct tpm2_enroll_conf *ret,
    struct seal_diag *d)
{
	*ret = (struct tpm2_enroll_conf){
		.tcti = a->tcti,
		.srk = a->srk,
		.ak = a->ak,
		.no_certificate = a->ek_cert != NULL,
	};
	if (a->ek == NULL)
		return 0;
	ret->ek = tpm2_ek_by_name(a->ek);
	return ret->ek != TPM2_EK_ANY
		   ? 0
		   : seal_fail(d, SEAL_E_ARGUMENT,
			 "enrolment: EK '%.20s', expected rsa2048, p256 or "
			 "p384",
			 a->ek);
}

int
seal_enroll_request(const struct seal_enroll_attester *a, void **ret,
    size_t *ret_n, struct seal_diag *d)
{
	uint8_t ek[PUBLIC_MAX], ak[PUBLIC_MAX], *chain = NULL;
	struct enroll_request m = { 0 };
	struct tpm2_enroll_conf conf;
	struct wr cert, w_ek, w_ak, out;
	int r;

	wr_init_heap(&cert, LIMIT_CERTIFICATE);
	wr_init_heap(&out, ENROLL_MESSAGE_MAX);
	wr_init(&w_ek, ek, sizeof(ek));
	wr_init(&w_ak, ak, sizeof(ak));
	if ((r = conf_of(a, &conf, d)) != 0 ||
	    (r = tpm2_enroll_read(&conf, &cert, &w_ek, &w_ak, d)) != 0)
		goto out;
	m.chain[0] = wr_view(&cert);
	m.n_chain = 1;
	if (a->ek_cert != NULL &&
	    (r = chain_load(a->ek_cert, m.chain, &m.n_chain, &chain, d)) != 0)
		goto out;
	m.ek_public = wr_view(&w_ek);
	m.ak_public = wr_view(&w_ak);
	enroll_request_write(&out, &m);
	r = take(&out, ret, ret_n, d);
out:
	free(chain);
	wr_free(&cert);
	wr_free(&out);
	return r;
}

int
seal_enroll_answer(const struct seal_enroll_attester *a, const void *challenge,
    size_t n, void **ret, size_t *ret_n, struct seal_diag *d)
{
	struct enroll_challenge m = { 0 };
	struct enroll_answer answer;
	struct tpm2_enroll_conf conf;
	uint8_t secret[HASH_MAX];
	struct wr w, out;
	int r;

	wr_init(&w, secret, sizeof(secret));
	wr_init_heap(&out, ENROLL_MESSAGE_MAX);
	if ((r = conf_of(a, &conf, d)) != 0 ||
	    (r = enroll_challenge_parse(span_of(challenge, n), &m, d)) != 0 ||
	    (r = tpm2_enroll_activate(&conf, m.blob, m.seed, &w, d)) != 0)
		goto out;
	answer = (struct enroll_answer){ m.id, wr_view(&w) };
	enroll_answer_write(&out, &answer);
	r = take(&out, ret, ret_n, d);
out:
	seal_wipe(secret, sizeof(secret));
	wr_free(&out);
	return r;
}

/* ---- Verifier ---- */

int
seal_enroll_check(const struct seal_enroll_verifier *v, struct seal_diag *d)
{
	struct trust *anchors = trust_new();
	struct issuer *issuer = NULL;
	int r;

	if (anchors == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "enrolment");
	if ((r = trust_add_pem_file(anchors, v->ek_ca, d)) == 0)
		r = issuer_load(v->ca_cert, v->ca_key, &issuer, d);
	trust_free(&anchors);
	issuer_free(&issuer);
	return r;
}

int
seal_enroll_challenge(const struct seal_enroll_verifier *v, const void *request,
    size_t n, int64_t unix_s, void **ret, size_t *ret_n, void **ret_state,
    size_t *ret_state_n, struct seal_diag *d)
{
	struct trust *anchors = trust_new();
	uint32_t life =
	    v->challenge_s == 0 ? ENROLL_CHALLENGE_S : v->challenge_s;
	struct wr challenge, state;
	void *message = NULL;
	size_t message_n = 0;
	int r;

	if (anchors == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "enrolment");
	wr_init_heap(&challenge, ENROLL_MESSAGE_MAX);
	wr_init_heap(&state, ENROLL_MESSAGE_MAX);
	if (v->ek_ca == NULL)
		r = seal_fail(d, SEAL_E_CONFIG,
		    "enrolment: no CA of EK certificates is configured");
	else
		r = trust_add_pem_file(anchors, v->ek_ca, d);
	if (r != 0 ||
	    (r = enroll_challenge_make(anchors, span_of(request, n), unix_s,
		 life, &challenge, &state, d)) != 0 ||
	    (r = take(&challenge, &message, &message_n, d)) != 0)
		goto out;
	if ((r = take(&state, ret_state, ret_state_n, d)) != 0) {
		free(message);
		goto out;
	}
	*ret = message;
	*ret_n = message_n;
out:
	trust_free(&anchors);
	wr_free(&challenge);
	wr_free(&state);
	return r;
}

int
seal_enroll_certify(const struct seal_enroll_verifier *v, const void *state,
    size_t state_n, const void *answer, size_t n, int64_t unix_s,
    char **ret_pem, struct seal_diag *d)
{
	struct issuer *issuer = NULL;
	struct wr pem;
	int r;

	if (v->ca_cert == NULL || v->ca_key == NULL)
		return seal_fail(d, SEAL_E_CONFIG,
		    "enrolment: no CA that certifies AKs is configured");
	wr_init_heap(&pem, 4 * ENROLL_MESSAGE_MAX);
	if ((r = issuer_load(v->ca_cert, v->ca_key, &issuer, d)) == 0 &&
	    (r = enroll_certify(issuer, span_of(state, state_n),
		 span_of(answer, n), unix_s,
		 v->cert_s == 0 ? ENROLL_CERT_S : v->cert_s, &pem, d)) == 0 &&
	    (r = wr_take_text(&pem, ret_pem)) != 0)
		seal_fail(d, r, "enrolment: certificate");
	issuer_free(&issuer);
	wr_free(&pem);
	return r;
}

int
seal_enroll_id(const void *message, size_t n,
    unsigned char ret[SEAL_ENROLL_ID_SIZE], struct seal_diag *d)
{
	struct span in = span_of(message, n), id;
	struct enroll_challenge c = { 0 };
	struct enroll_answer a = { 0 };
	struct enroll_state s = { 0 };

	if (enroll_answer_parse(in, &a, NULL) == 0)
		id = a.id;
	else if (enroll_challenge_parse(in, &c, NULL) == 0)
		id = c.id;
	else if (enroll_state_parse(in, &s, NULL) == 0)
		id = s.id;
	else
		return seal_fail(d, SEAL_E_DECODE,
		    "enrolment: neither a challenge nor an answer nor a state");
	memcpy(ret, id.p, SEAL_ENROLL_ID_SIZE);
	return 0;
}
