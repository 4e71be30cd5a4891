/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_TPM2_H
#define EVIDENCE_TPM2_H

/*
 * What the files of the tpm2 driver share. The TSS's own headers stay in
 * these files, so its handles (ESYS_TR) and codes (TSS2_RC) are uint32_t
 * here, as they are there.
 */
#include "base/conf.h"
#include "format/tpm_evidence.h"

#define TPM2_DEFAULT_TCTI "device:/dev/tpmrm0"
#define TPM2_DEFAULT_PCRS "sha256:0-7"
/* What the setting event_log "default" stands for. */
#define TPM2_DEFAULT_EVENT_LOG \
	"/sys/kernel/security/tpm0/binary_bios_measurements"
/* And ima_log. */
#define TPM2_DEFAULT_IMA_LOG \
	"/sys/kernel/security/ima/binary_runtime_measurements"
#define TPM2_DEFAULT_SRK 0x81010010u
#define TPM2_DEFAULT_AK 0x81010011u
#define TPM2_DEFAULT_SUBJECT 0x81010012u

#define TPM2_LOADED_MAX 4 /* objects and sessions of ours at one time */
#define TPM2_BLOB_MAX 1024u
#define TPM2_NAME_MAX 66u

struct ESYS_CONTEXT;
struct TSS2_TCTI_OPAQUE_CONTEXT_BLOB;
struct TPML_PCR_SELECTION;

struct tpm2_blob {
	uint8_t p[TPM2_BLOB_MAX];
	size_t n;
};

/* Which TPM, and where its lock file lies (NULL: a default). */
struct tpm2_where {
	const char *tcti, *lock_dir;
};

/* ---- tpm2_lock.c: one process at a time ---- */

/* An open file with an exclusive advisory lock; close() releases it. */
int tpm2_lock(const struct tpm2_where *where, uint64_t deadline_ms, int *ret_fd,
    struct seal_diag *d);

/* ---- tpm2_conn.c: one use of the TPM ---- */

struct tpm2_conn {
	struct ESYS_CONTEXT *esys;
	struct TSS2_TCTI_OPAQUE_CONTEXT_BLOB *tcti;
	uint32_t loaded[TPM2_LOADED_MAX];
	size_t n_loaded;
	bool busy; /* the failure was one that waiting may cure */
};

/*
 * Locks the TPM, connects, runs job, flushes whatever job left loaded and
 * disconnects. A job that finds the TPM busy is run again from its start
 * until the deadline, with the lock given up in between; so a job sets its
 * results anew each time.
 */
typedef int (*tpm2_job)(struct tpm2_conn *c, void *arg, struct seal_diag *d);
int tpm2_run(const struct tpm2_where *where, uint64_t deadline_ms, tpm2_job job,
    void *arg, struct seal_diag *d);

/* 0, or records what a TSS2_RC means. */
int tpm2_check(
    struct tpm2_conn *c, uint32_t rc, const char *what, struct seal_diag *d);
/* Does a TSS2_RC say that there is nothing at that handle? */
bool tpm2_absent(uint32_t rc);
/* To be called for each object or session that takes a slot of the TPM. */
void tpm2_track(struct tpm2_conn *c, uint32_t tr);
int tpm2_flush(struct tpm2_conn *c, uint32_t tr, struct seal_diag *d);
/* An HMAC session salted by the SRK, tracked. */
int tpm2_session(
    struct tpm2_conn *c, uint32_t srk, uint32_t *ret, struct seal_diag *d);
/* Parameter encryption of that session, for the next command. */
int tpm2_session_encrypt(struct tpm2_conn *c, uint32_t session, bool command,
    bool response, struct seal_diag *d);

/* ---- tpm2_key.c: persistent keys ---- */

struct tpm2_key {
	uint32_t handle;
	uint8_t *blob; /* lets a later connection use it without asking */
	size_t blob_n;
	struct tpm2_blob pub; /* TPMT_PUBLIC */
	uint8_t name[TPM2_NAME_MAX], qualified_name[TPM2_NAME_MAX];
	size_t name_n, qualified_name_n;
};

/* *ret_found is false where the handle is empty. */
int tpm2_key_find(struct tpm2_conn *c, uint32_t handle, struct tpm2_key *key,
    bool *ret_found, struct seal_diag *d);
void tpm2_key_clear(struct tpm2_key *key);
/* The key's ESYS_TR on this connection. */
int tpm2_key_use(struct tpm2_conn *c, const struct tpm2_key *key, uint32_t *ret,
    struct seal_diag *d);
struct span tpm2_key_public(const struct tpm2_key *key);

/* ---- tpm2_pcr.c ---- */

struct tpm2_pcrs {
	struct tpm_selection selection[TPM_BANKS_MAX];
	size_t n_selection;
	uint8_t value[TPM_BANKS_MAX][TPM_PCRS][HASH_MAX];
};

/* "sha256:0-7,14+sha384:0" */
int tpm2_pcrs_parse(
    const char *text, struct tpm2_pcrs *ret, struct seal_diag *d);
void tpm2_pcrs_to_tss(
    const struct tpm_selection *s, size_t n, struct TPML_PCR_SELECTION *ret);
int tpm2_pcrs_read(
    struct tpm2_conn *c, struct tpm2_pcrs *p, struct seal_diag *d);
/* Over the values in selection order; ret has room for HASH_MAX bytes. */
int tpm2_pcrs_digest(
    const struct tpm2_pcrs *p, enum hash h, uint8_t *ret, struct seal_diag *d);

/* Their values into Evidence, as views of p. */
void tpm2_pcrs_put(const struct tpm2_pcrs *p, struct tpm_evidence *ret);

/* ---- tpm2_ima.c ---- */

/* Is IMA's PCR among them, in a bank that peers accept? */
int tpm2_ima_check(const struct tpm2_pcrs *p, struct seal_diag *d);
/* The list up to what was quoted in p, of which tpm2_ima_check() is true; the
 * caller frees. To be called after the quote. */
int tpm2_ima_read(const char *path, const struct tpm2_pcrs *p, uint8_t **ret,
    size_t *ret_n, struct seal_diag *d);

/* ---- tpm2_quote.c and tpm2_sign.c: jobs for tpm2_run() ---- */

struct tpm2_quote {
	/* subject NULL: a quote alone, nothing certified, and srk is NULL. */
	const struct tpm2_key *srk, *ak, *subject;
	struct span binder;
	struct tpm2_pcrs pcrs;                   /* selection in, values out */
	struct tpm2_blob quote, quote_signature; /* out, as are the rest */
	struct tpm2_blob certify, certify_signature;
};

/* arg is a struct tpm2_quote. */
int tpm2_quote_job(struct tpm2_conn *c, void *arg, struct seal_diag *d);

struct tpm2_sign {
	const struct tpm2_key *srk, *subject;
	uint16_t scheme; /* TLS */
	struct span tbs;
	struct tpm2_blob signature; /* out: TPMT_SIGNATURE */
};

/* arg is a struct tpm2_sign. */
int tpm2_sign_job(struct tpm2_conn *c, void *arg, struct seal_diag *d);
/* Runs it and writes the signature as TLS wants it, checked. */
int tpm2_sign(const struct tpm2_where *where, uint64_t deadline_ms,
    struct tpm2_sign *s, struct wr *out, struct seal_diag *d);

/* ---- tpm2_nv.c ---- */

/* All that is written at a non-volatile index, which its owner or anybody may
 * read; SEAL_E_UNSUPPORTED where there is none. out is set anew. */
int tpm2_nv_read(
    struct tpm2_conn *c, uint32_t index, struct wr *out, struct seal_diag *d);

/* ---- tpm2_conf.c ---- */

/* A copy of a setting; of fallback, which may be NULL, where it is absent. */
int tpm2_conf_dup(const struct conf *conf, const char *key,
    const char *fallback, char **ret, struct seal_diag *d);
/* The same of a file, for which "default" stands for fallback. */
int tpm2_conf_log(const struct conf *conf, const char *key,
    const char *fallback, char **ret, struct seal_diag *d);
/* A persistent handle, "0x81…"; fallback if the setting is absent. */
int tpm2_conf_handle(const struct conf *conf, const char *key,
    uint32_t fallback, uint32_t *ret, struct seal_diag *d);

#endif
