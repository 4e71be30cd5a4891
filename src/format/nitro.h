/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_NITRO_H
#define FORMAT_NITRO_H

#include "base/limits.h"
#include "cose/cose.h"

/*
 * Attestation documents of AWS Nitro Enclaves: a COSE_Sign1 whose payload is
 * a map with text keys. Nothing here verifies a signature.
 */
#define NITRO_TYPE "application/vnd.sealtls.nitro+cbor"

#define NITRO_PCRS 32u
#define NITRO_PCR_SIZE 48u    /* SHA-384, the only digest there is */
#define NITRO_FIELD_MAX 1024u /* bytes of nonce, user data, public key */
#define NITRO_MODULE_MAX 128u /* bytes of a module id */
#define NITRO_DOC_MAX 32768u  /* bytes of a document */

/* Views into the input. A field that is null or has no bytes is empty here:
 * both mean that the enclave gave none. */
struct nitro {
	struct cose_sign1 sign1;
	struct span module_id;          /* printable ASCII */
	uint64_t timestamp_ms;          /* since 1970 */
	struct span pcr[NITRO_PCRS];    /* empty: not in the document */
	struct span chain[LIMIT_CHAIN]; /* DER, leaf first */
	size_t n_chain;
	struct span public_key, user_data, nonce;
};

/* To the last byte; ES384, and PCR 0 to 2 are there. */
int nitro_parse(struct span in, struct nitro *ret, struct seal_diag *d);

/* PCR 0, 1 and 2 measure the image, its kernel and boot, and its application;
 * an enclave in debug mode has zeros there. */
#define NITRO_IMAGE_PCRS 3u
#define NITRO_PCR_PARENT 4u /* measures the parent machine's id, not code */
bool nitro_pcr_zero(struct span pcr);
bool nitro_debug(const struct nitro *n);

#endif
