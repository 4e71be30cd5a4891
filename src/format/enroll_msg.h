/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_ENROLL_MSG_H
#define FORMAT_ENROLL_MSG_H

#include "base/limits.h"
#include "base/wr.h"
#include "format/tpm_credential.h"

/*
 * What an attester and a Verifier exchange to enrol an attestation key;
 * deterministic CBOR maps, all keys required, others refused:
 *   request    {1: [EK certificate, issuers…], 2: EK TPMT_PUBLIC,
 *               3: AK TPMT_PUBLIC}
 *   challenge  {1: id, 2: TPM2B_ID_OBJECT content,
 *               3: TPM2B_ENCRYPTED_SECRET content}
 *   answer     {1: id, 2: the secret}
 *   state      {1: id, 2: the secret, 3: AK TPMT_PUBLIC, 4: expiry},
 *              which the Verifier keeps and never sends
 */
#define ENROLL_ID_SIZE 16u
#define ENROLL_MESSAGE_MAX 65536u

struct enroll_request {
	struct span chain[LIMIT_CHAIN];
	size_t n_chain;
	struct span ek_public, ak_public;
};

struct enroll_challenge {
	struct span id, blob, seed;
};

struct enroll_answer {
	struct span id, secret;
};

struct enroll_state {
	struct span id, secret, ak_public;
	uint64_t expires; /* seconds since 1970 */
};

int enroll_request_parse(
    struct span in, struct enroll_request *ret, struct seal_diag *d);
void enroll_request_write(struct wr *out, const struct enroll_request *m);
int enroll_challenge_parse(
    struct span in, struct enroll_challenge *ret, struct seal_diag *d);
void enroll_challenge_write(struct wr *out, const struct enroll_challenge *m);
int enroll_answer_parse(
    struct span in, struct enroll_answer *ret, struct seal_diag *d);
void enroll_answer_write(struct wr *out, const struct enroll_answer *m);
int enroll_state_parse(
    struct span in, struct enroll_state *ret, struct seal_diag *d);
void enroll_state_write(struct wr *out, const struct enroll_state *m);

#endif
