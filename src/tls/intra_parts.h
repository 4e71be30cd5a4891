/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_INTRA_PARTS_H
#define TLS_INTRA_PARTS_H

/* What intra.c, the extension, and intra_job.c, the work for it, share. */
#include "tls/intra.h"
#include "tls/transcript.h"

/* Alerts of PROTOCOL 3, and those that RFC 8446 has for what is malformed. */
enum alert {
	ALERT_HANDSHAKE_FAILURE = 40,
	ALERT_ILLEGAL_PARAMETER = 47,
	ALERT_ACCESS_DENIED = 49,
	ALERT_DECODE_ERROR = 50,
	ALERT_INTERNAL_ERROR = 80,
	ALERT_UNSUPPORTED_EXTENSION = 110,
	ALERT_CERTIFICATE_REQUIRED = 116,
};

/* One side's attestation: agreed once both know the scheme. */
struct direction {
	bool agreed;
	size_t scheme; /* index in my produce or accept list */
};

/* At most one job of each kind in a handshake. */
struct work {
	enum { WORK_IDLE = 0, WORK_WANTED, WORK_OUT, WORK_DONE } state;
};

struct intra {
	const struct session_conf *conf;
	struct transcript transcript;
	bool offered;       /* the extension stood in ClientHello */
	bool offered_first; /* and in the first, where there are two */
	struct direction mine, peers;
	struct work attest, appraise, sign;
	uint8_t *cmw; /* mine, made */
	size_t n_cmw;
	bool attested;            /* and sent */
	uint8_t *tbs, *signature; /* until the job has it; made */
	size_t n_tbs, n_signature;
	uint16_t signature_scheme;
	bool peer_attests;
	uint8_t *peer_cmw, *leaf; /* until the job has them */
	size_t n_peer_cmw, n_leaf;
	enum seal_outcome outcome;
	uint32_t lease_s;
	int error; /* of the newest job */
	uint8_t alert;
	bool cancelled;
};

/* Keeps the first alert; returns code. */
int intra_fail(struct intra *i, enum alert alert, int code);

#endif
