/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALTLS_TOOLS_H
#define SEALTLS_TOOLS_H

#include <sealtls/conn.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What the command line is made of. Returned strings and buffers are the
 * caller's, released with free(). Functions return 0 or SEAL_E_*, told in d.
 */

/* ---- Looking at things ---- */

/*
 * Decodes any of our formats to a readable tree, or to JSON. type names the
 * format (seal_inspect_types()); NULL: found from the bytes. Input may be
 * binary, hex, base64url or PEM text.
 */
SEAL_API int seal_inspect(const void *in, size_t n, const char *type,
    int as_json, char **ret, struct seal_diag *d);
/* The names that type may have; a NULL-terminated static list. */
SEAL_API const char *const *seal_inspect_types(void);

/* What this machine can attest with, what is missing, and why. */
SEAL_API int seal_probe(
    const char *tcti, int as_json, char **ret, struct seal_diag *d);

/* ---- Evidence and appraisal without a connection ---- */

/*
 * Evidence of ctx's first attester, as a CMW, over
 * SHA-256("SEAL offline evidence v1" || nonce), so that it can never pass
 * for a connection's (PROTOCOL 5.5 rule 1). nonce has 8 to 64 bytes.
 */
SEAL_API int seal_evidence_offline(struct seal_ctx *ctx, const void *nonce,
    size_t nonce_n, void **ret, size_t *ret_n, struct seal_diag *d);

/*
 * A signed result (JWT) about this machine, from the Verifier of ctx's first
 * attester with a passport, over a nonce of that Verifier's in its own domain.
 * As it came: nothing has verified it. The caller frees *ret.
 */
SEAL_API int seal_passport_get(
    struct seal_ctx *ctx, char **ret, struct seal_diag *d);

struct seal_appraise_args {
	const void *evidence; /* a CMW, or bare Evidence */
	size_t evidence_n;
	const char *type; /* media type of bare Evidence; NULL: found */
	const char *policy_file;
	int64_t unix_s; /* the time to judge at */
	/* What the signed binder must be: a recorded one of 32, 48 or 64 bytes,
	 * or the nonce of seal_evidence_offline(); both NULL: not compared, and
	 * then never accepted. */
	const void *binder;
	size_t binder_n;
	const void *nonce;
	size_t nonce_n;
	/* A folder (or one file) of certificates, revocation lists and signed
	 * collateral, given beside the Evidence and trusted in nothing; or
	 * NULL. */
	const char *endorsements;
};

/* *ret is a verdict also where it refuses; the return value says whether an
 * appraisal took place (0), not what it found. */
SEAL_API int seal_appraise_offline(const struct seal_appraise_args *args,
    struct seal_verdict **ret, struct seal_diag *d);

struct seal_tcb_outlook {
	int refused_now;  /* or some level is, where no Evidence was given */
	int refused_soon; /* accepted now, and not until days have passed */
};

/*
 * What the policy's rules say of a platform's TCB now, and when, within days,
 * they begin to refuse it and why: collateral or a certificate that ends, a
 * grace that is over. The binder and the Evidence's own age are left out.
 * Without Evidence: of each TCB level that Intel's TCB Info in the endorsements
 * (args, or the policy's) tells of. *ret is text or JSON for free().
 */
SEAL_API int seal_tcb_status(const struct seal_appraise_args *args,
    uint32_t days, int as_json, char **ret,
    struct seal_tcb_outlook *ret_outlook, struct seal_diag *d);

/* ---- Policy ---- */

/*
 * Is it a policy without mistakes, and what does it say? 0, or why it cannot be
 * read or used, as d tells. *ret is text for free(), and set on success alone.
 */
SEAL_API int seal_policy_lint(const char *policy_file, struct seal_diag *d);
/* What it gives away on purpose, a line each: debug mode, revoked keys and the
 * like; empty where there is nothing. */
SEAL_API int seal_policy_notes(
    const char *policy_file, char **ret, struct seal_diag *d);
/* What it accepts, in words, and what that leaves unproved. */
SEAL_API int seal_policy_explain(
    const char *policy_file, char **ret, struct seal_diag *d);
/* A policy that pins exactly this Evidence (args->policy_file unused). */
SEAL_API int seal_policy_learn(const struct seal_appraise_args *args,
    char **ret, struct seal_verdict **ret_verdict, struct seal_diag *d);
/* Connections of c look at the peer's Evidence, verify its signatures and
 * its binder, and then always refuse it; see seal_conn_learned(). */
SEAL_API int seal_ctx_observe_peer(struct seal_ctx *c, struct seal_diag *d);
/* The policy that pins what an observing connection saw; borrowed; NULL where
 * there was nothing genuine to pin. */
SEAL_API const char *seal_conn_learned(const struct seal_conn *c);

/* ---- CoRIM: reference values that others sign ---- */

struct seal_corim_args {
	const char *json_file; /* doc/corim.schema.json */
	const char *key_file;  /* signs it; NULL: unsigned */
	const char *cert_file; /* chain that it carries; may be NULL */
	const char *signer;    /* a name; NULL: that of its first entity */
};

/* Writes a CoRIM; the caller frees. */
SEAL_API int seal_corim_create(const struct seal_corim_args *args, void **ret,
    size_t *ret_n, struct seal_diag *d);
/* The values and keys that a policy pins, as JSON for seal_corim_create(). id
 * and not_after (RFC 3339, UTC) may be NULL. */
SEAL_API int seal_corim_from_policy(const char *policy_file, const char *id,
    const char *not_after, char **ret, struct seal_diag *d);

struct seal_corim_check {
	const void *corim;
	size_t corim_n;
	/* Who may have signed it, one of them: a key or certificate, CAs, or
	 * the SHA-256 of an SPKI (32 bytes). */
	const char *key_file, *ca_file;
	const void *spki_sha256;
	int64_t unix_s; /* the time to judge at */
};

/* Signature and periods; *ret says who and until when. */
SEAL_API int seal_corim_verify(
    const struct seal_corim_check *check, char **ret, struct seal_diag *d);

/* ---- TPM ---- */

struct seal_tpm_args {
	const char *tcti;          /* NULL: device:/dev/tpmrm0 */
	uint32_t srk, ak, subject; /* handles; 0: 0x81010010, 11, 12 */
	const char *out_dir;       /* for ak.pub, ak.pem and subject.pem */
};

/* Provisions the keys of the tpm2 driver; safe to repeat; *ret says what was
 * done and how to undo it. */
SEAL_API int seal_tpm_init(
    const struct seal_tpm_args *args, char **ret, struct seal_diag *d);

/*
 * Enrolment of a TPM's attestation key with a Verifier: four steps, each a
 * message that somebody carries. The Verifier's steps keep nothing between
 * them but *ret_state, which holds the secret: keep it where no attester
 * reads it, and remove it before calling seal_enroll_certify(), so that one
 * challenge is answered once.
 */
struct seal_enroll_attester {
	const char *tcti;    /* NULL: device:/dev/tpmrm0 */
	uint32_t srk, ak;    /* handles; 0: 0x81010010, 11 */
	const char *ek;      /* "rsa2048", "p256", "p384"; NULL: found */
	const char *ek_cert; /* PEM, leaf first; NULL: of the TPM's NV memory */
};

struct seal_enroll_verifier {
	const char *ek_ca;            /* PEM anchors of EK certificates */
	const char *ca_cert, *ca_key; /* PEM: who certifies AKs */
	uint32_t challenge_s;         /* life of a challenge; 0: 120 */
	uint32_t cert_s;              /* life of a certificate; 0: a day */
};

#define SEAL_ENROLL_ID_SIZE 16

/* Verifier: are its files there, and fit for each other? */
SEAL_API int seal_enroll_check(
    const struct seal_enroll_verifier *v, struct seal_diag *d);
/* Attester: the EK's certificate, the EK and the AK. */
SEAL_API int seal_enroll_request(const struct seal_enroll_attester *a,
    void **ret, size_t *ret_n, struct seal_diag *d);
/* Verifier: a secret that only that TPM can read, and only if it has that AK.
 * The EK's chain is verified at unix_s. */
SEAL_API int seal_enroll_challenge(const struct seal_enroll_verifier *v,
    const void *request, size_t n, int64_t unix_s, void **ret, size_t *ret_n,
    void **ret_state, size_t *ret_state_n, struct seal_diag *d);
/* Attester: the secret, by TPM2_ActivateCredential. */
SEAL_API int seal_enroll_answer(const struct seal_enroll_attester *a,
    const void *challenge, size_t n, void **ret, size_t *ret_n,
    struct seal_diag *d);
/* Verifier: the certificate of the AK and the chain above it, PEM. */
SEAL_API int seal_enroll_certify(const struct seal_enroll_verifier *v,
    const void *state, size_t state_n, const void *answer, size_t n,
    int64_t unix_s, char **ret_pem, struct seal_diag *d);
struct seal_enroll_remote {
	const char *url;     /* of `seal verifier`; http to loopback alone */
	const char *ca_file; /* of its TLS certificate; NULL: the system's */
};
/* Attester: all of it with a verifier. *ret_pem: the AK's certificate, which
 * is for this AK, and the chain above it. */
SEAL_API int seal_enroll_remote(const struct seal_enroll_attester *a,
    const struct seal_enroll_remote *v, char **ret_pem, struct seal_diag *d);
/* Which challenge a challenge, an answer or a state belongs to. */
SEAL_API int seal_enroll_id(const void *message, size_t n,
    unsigned char ret[SEAL_ENROLL_ID_SIZE], struct seal_diag *d);

/* A new software signer for development: PKCS#8 PEM, mode 0600, P-256. */
SEAL_API int seal_soft_keygen(
    const char *key_file, char **ret_spki_sha256, struct seal_diag *d);

/* ---- TLS for programs without their own (seal serve and connect) ---- */

struct seal_tls_args {
	enum seal_role role;
	const char *cert_file, *key_file; /* PEM; NULL for a client */
	const char *peer_name;            /* clients: name to verify, and SNI */
	/* 1: DTLS 1.3 over UDP, where NSS is built in; in mode post alone */
	int udp;
};

/*
 * A TLS stack made and prepared for ctx, and connections on sockets, so that
 * a program needs no header of a TLS library. Freed with seal_endpoint_free(),
 * after its connections. Threads may make connections of one at once.
 */
struct seal_endpoint;
SEAL_API int seal_endpoint_new(struct seal_ctx *ctx,
    const struct seal_tls_args *args, struct seal_endpoint **ret,
    struct seal_diag *d);
SEAL_API void seal_endpoint_free(struct seal_endpoint **ep);
/* A connection on fd, which is set non-blocking, and is closed with the
 * connection by seal_endpoint_release(). Of UDP: for clients, and fd is
 * connected. */
SEAL_API struct seal_conn *seal_endpoint_conn(
    struct seal_endpoint *e, int fd, struct seal_diag *d);
SEAL_API void seal_endpoint_release(
    struct seal_endpoint *e, struct seal_conn **cp);
/*
 * Servers of UDP: one socket, which many peers share. Used by one thread, as
 * are its connections.
 *
 * Takes over fd, a bound UDP socket, which is closed with e; at most max_peers
 * (at least 1) are connected at once. On failure fd is the caller's.
 */
SEAL_API int seal_endpoint_bind(
    struct seal_endpoint *e, int fd, size_t max_peers, struct seal_diag *d);
/*
 * Takes what the socket holds. Strangers are asked to prove their address
 * (PROTOCOL 8), with at most three times the bytes that they sent, and nothing
 * is kept of them. Connections that something came for have a deadline that
 * has passed: step those. Returns 1 where more may be there: call it again
 * without waiting. Call it when the socket is readable. A peer that is not
 * heard for 5 minutes is given up. Answers leave from the address that was
 * asked, also where fd is bound to a wildcard.
 */
SEAL_API int seal_endpoint_receive(struct seal_endpoint *e);
/* A connection to a peer that has proved its address, once each; NULL: none.
 * Freed with seal_endpoint_release(). */
SEAL_API struct seal_conn *seal_endpoint_accept(struct seal_endpoint *e);
/* Where the peer of a UDP connection is: a struct sockaddr of the returned
 * number of bytes; 0: unknown, or cap is too small. */
SEAL_API size_t seal_endpoint_peer(const struct seal_endpoint *e,
    const struct seal_conn *c, void *ret, size_t cap);
/* A self-signed development certificate and key for name, valid 30 days. */
SEAL_API int seal_dev_certificate(const char *name, const char *cert_file,
    const char *key_file, struct seal_diag *d);

SEAL_API const char *seal_version(void);

#ifdef __cplusplus
}
#endif
#endif
