/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/tpm2.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/limits.h"
#include "crypto/x509.h"
#include "evidence/drivers.h"
#include "evidence/tpm2_status.h"
#include "format/tpm_evidence.h"

#define PROBE_TIMEOUT_MS 3000u
/* The dates of a certificate that we make at open say nothing about the
 * platform, so they should not end a long-running process's leases. */
#define CERT_DAYS 3650u
#define CHAIN_BYTES_MAX (LIMIT_CHAIN * (LIMIT_CERTIFICATE + 3))

struct tpm2 {
	char *tcti, *lock_dir, *event_log, *ima_log;
	struct tpm2_where where;
	struct tpm2_pcrs pcrs;
	uint32_t srk_handle, ak_handle, subject_handle;
	struct tpm2_key srk, ak, subject;
	size_t max_digest; /* bytes */
	struct span chain[LIMIT_CHAIN], ak_chain[LIMIT_CHAIN];
	size_t n_chain, n_ak_chain;
	uint8_t *chain_bytes, *ak_chain_bytes;
};

/* ---- open ---- */

static int
read_conf(struct tpm2 *t, const struct conf *conf, struct seal_diag *d)
{
	int r;

	if ((r = tpm2_conf_dup(conf, "tcti", TPM2_DEFAULT_TCTI, &t->tcti, d)) !=
		0 ||
	    (r = tpm2_conf_dup(conf, "lock_dir", NULL, &t->lock_dir, d)) != 0 ||
	    (r = tpm2_conf_log(conf, "event_log", TPM2_DEFAULT_EVENT_LOG,
		 &t->event_log, d)) != 0 ||
	    (r = tpm2_conf_log(
		 conf, "ima_log", TPM2_DEFAULT_IMA_LOG, &t->ima_log, d)) != 0 ||
	    (r = tpm2_pcrs_parse(conf_get(conf, "pcrs", TPM2_DEFAULT_PCRS),
		 &t->pcrs, d)) != 0 ||
	    (r = tpm2_conf_handle(
		 conf, "srk", TPM2_DEFAULT_SRK, &t->srk_handle, d)) != 0 ||
	    (r = tpm2_conf_handle(
		 conf, "ak", TPM2_DEFAULT_AK, &t->ak_handle, d)) != 0)
		return r;
	if (t->ima_log != NULL && (r = tpm2_ima_check(&t->pcrs, d)) != 0)
		return r;
	t->where.tcti = t->tcti;
	t->where.lock_dir = t->lock_dir;
	return tpm2_conf_handle(
	    conf, "subject", TPM2_DEFAULT_SUBJECT, &t->subject_handle, d);
}

static int
need_key(struct tpm2_conn *c, uint32_t handle, const char *what,
    struct tpm2_key *key, struct seal_diag *d)
{
	bool found = false;
	int r = tpm2_key_find(c, handle, key, &found, d);

	if (r != 0 || found)
		return r;
	seal_fail(d, SEAL_E_CONFIG, "tpm2: no %s at handle 0x%08x", what,
	    (unsigned)handle);
	seal_remedy(d, "make the keys once: seal tpm init");
	return SEAL_E_CONFIG;
}

/* Must bits be set and others clear? */
static int
check_attributes(const struct tpm2_key *key, const char *what, uint32_t set,
    uint32_t clear, struct seal_diag *d)
{
	struct tpm_public pub = { 0 };

	/* A storage key does not even parse: its attributes stay zero. */
	tpm_public_parse(tpm2_key_public(key), &pub, NULL);
	if ((pub.attributes & set) == set && (pub.attributes & clear) == 0)
		return 0;
	seal_fail(d, SEAL_E_CONFIG,
	    "tpm2: the key at 0x%08x cannot serve as %s (attributes 0x%x)",
	    (unsigned)key->handle, what, (unsigned)pub.attributes);
	seal_remedy(d, "set %s to the handle that seal tpm init printed", what);
	return SEAL_E_CONFIG;
}

/* What every peer will demand (PROTOCOL 5.3), told here already. */
static int
check_keys(const struct tpm2 *t, struct seal_diag *d)
{
	const uint32_t ours =
	    TPM_FIXED_TPM | TPM_FIXED_PARENT | TPM_SENSITIVE_DATA_ORIGIN;
	int r;

	if ((r = check_attributes(&t->ak, "ak",
		 ours | TPM_RESTRICTED | TPM_SIGN, TPM_DECRYPT, d)) != 0)
		return r;
	return check_attributes(&t->subject, "subject", ours | TPM_SIGN,
	    TPM_RESTRICTED | TPM_DECRYPT | TPM_ENCRYPTED_DUPLICATION, d);
}

static int
open_job(struct tpm2_conn *c, void *arg, struct seal_diag *d)
{
	struct tpm2 *t = arg;
	struct tpm2_status status;
	int r;

	if ((r = tpm2_status_job(c, &status, d)) != 0 ||
	    (r = need_key(c, t->srk_handle, "storage key", &t->srk, d)) != 0 ||
	    (r = need_key(c, t->ak_handle, "attestation key", &t->ak, d)) !=
		0 ||
	    (r = need_key(
		 c, t->subject_handle, "subject key", &t->subject, d)) != 0)
		return r;
	t->max_digest = status.max_digest;
	return tpm2_pcrs_read(c, &t->pcrs, d);
}

static int
subject_spki(const struct tpm2 *t, struct wr *out, struct seal_diag *d)
{
	struct tpm_public pub = { 0 };
	int r = tpm_public_parse(tpm2_key_public(&t->subject), &pub, d);

	return r != 0 ? r : tpm_public_spki(&pub, out, d);
}

/* The certificate in the file must be for the key in the TPM. */
static int
load_chain(
    struct tpm2 *t, const char *path, struct span spki, struct seal_diag *d)
{
	struct cert *leaf = NULL;
	int r;

	if ((r = chain_load(path, t->chain, &t->n_chain, &t->chain_bytes, d)) !=
		0 ||
	    (r = cert_parse(t->chain[0], &leaf, d)) != 0)
		return r;
	if (!span_equal(cert_spki(leaf), spki)) {
		r = seal_fail(d, SEAL_E_CONFIG,
		    "tpm2: subject_cert '%s' is not for the key at 0x%08x",
		    path, (unsigned)t->subject_handle);
		seal_remedy(d, "use the subject.pem of seal tpm init");
	}
	cert_unref(&leaf);
	return r;
}

struct signer {
	struct tpm2 *t;
	uint64_t deadline_ms;
};

static int
sign_with(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	struct signer *signer = ctx;
	struct tpm2_sign s = {
		.srk = &signer->t->srk,
		.subject = &signer->t->subject,
		.scheme = scheme,
		.tbs = tbs,
	};

	return tpm2_sign(&signer->t->where, signer->deadline_ms, &s, out, d);
}

static int
make_chain(
    struct tpm2 *t, struct span spki, uint64_t deadline_ms, struct seal_diag *d)
{
	struct signer signer = { t, deadline_ms };
	struct pubkey *key = NULL;
	struct wr w;
	int r;

	wr_init_heap(&w, LIMIT_CERTIFICATE);
	if ((r = pubkey_from_spki(spki, &key, d)) != 0)
		goto out;
	r = cert_self_sign(spki, "SEAL subject key", time(NULL), CERT_DAYS,
	    pubkey_choose(key, NULL, 0), sign_with, &signer, &w, d);
	if (r != 0)
		goto out;
	t->chain[0].n = 0;
	if ((r = wr_take(&w, &t->chain_bytes, &t->chain[0].n)) != 0)
		goto out;
	t->chain[0].p = t->chain_bytes;
	t->n_chain = 1;
out:
	pubkey_unref(&key);
	wr_free(&w);
	return r;
}

static int
tpm2_open(void *ctx, const struct conf *conf, uint64_t deadline_ms,
    struct seal_diag *d)
{
	struct tpm2 *t = ctx;
	const char *cert = conf_get(conf, "subject_cert", NULL);
	const char *ak_chain = conf_get(conf, "ak_chain", NULL);
	uint8_t buf[LIMIT_SPKI];
	struct wr spki;
	int r;

	wr_init(&spki, buf, sizeof(buf));
	if ((r = read_conf(t, conf, d)) != 0 ||
	    (r = tpm2_run(&t->where, deadline_ms, open_job, t, d)) != 0 ||
	    (r = check_keys(t, d)) != 0 || (r = subject_spki(t, &spki, d)) != 0)
		return r;
	if (ak_chain != NULL &&
	    (r = chain_load(ak_chain, t->ak_chain, &t->n_ak_chain,
		 &t->ak_chain_bytes, d)) != 0)
		return r;
	if (cert != NULL)
		return load_chain(t, cert, wr_view(&spki), d);
	return make_chain(t, wr_view(&spki), deadline_ms, d);
}

static void
tpm2_close(void *ctx)
{
	struct tpm2 *t = ctx;

	tpm2_key_clear(&t->srk);
	tpm2_key_clear(&t->ak);
	tpm2_key_clear(&t->subject);
	free(t->chain_bytes);
	free(t->ak_chain_bytes);
	free(t->event_log);
	free(t->ima_log);
	free(t->lock_dir);
	free(t->tcti);
}

/* ---- The rest ---- */

static int
tpm2_probe(const struct conf *conf, struct wr *out, struct seal_diag *d)
{
	struct tpm2_where where = {
		conf_get(conf, "tcti", TPM2_DEFAULT_TCTI),
		conf_get(conf, "lock_dir", NULL),
	};
	struct tpm2_status s;
	int r;

	r = tpm2_status(&where, evidence_now_ms() + PROBE_TIMEOUT_MS, &s, d);
	if (r == 0)
		tpm2_status_write(&s, out);
	return r;
}

static int
tpm2_subject(void *ctx, struct wr *ret_chain, struct seal_diag *d)
{
	struct tpm2 *t = ctx;

	for (size_t i = 0; i < t->n_chain; i++)
		wr_vec(ret_chain, 3, t->chain[i]);
	return ret_chain->error == 0
		   ? 0
		   : seal_fail(d, ret_chain->error, "tpm2: chain too long");
}

static size_t
tpm2_binder_max(void *ctx)
{
	struct tpm2 *t = ctx;

	return t->max_digest;
}

static struct span
blob(const struct tpm2_blob *b)
{
	return span_of(b->p, b->n);
}

static int
write_evidence(const struct tpm2 *t, const struct tpm2_quote *q,
    struct span event_log, struct span ima_log, struct wr *out,
    struct seal_diag *d)
{
	struct tpm_evidence e = {
		.quote = blob(&q->quote),
		.quote_signature = blob(&q->quote_signature),
		.certify = blob(&q->certify),
		.certify_signature = blob(&q->certify_signature),
		.subject_public = tpm2_key_public(&t->subject),
		.ak_public = tpm2_key_public(&t->ak),
		.n_ak_chain = t->n_ak_chain,
		.event_log = event_log,
		.ima_log = ima_log,
	};
	int r;

	memcpy(e.ak_chain, t->ak_chain, sizeof(e.ak_chain));
	tpm2_pcrs_put(&q->pcrs, &e);
	if ((r = tpm_evidence_write(out, &e)) == 0)
		return 0;
	seal_fail(d, r,
	    "tpm2: evidence of more than %u bytes, %zu of them event log and "
	    "%zu IMA list",
	    LIMIT_CMW, event_log.n, ima_log.n);
	seal_remedy(d, "leave out event_log or ima_log, or shorten ak_chain");
	return r;
}

static int
tpm2_collect(void *ctx, const struct seal_binding *b, uint64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	struct tpm2 *t = ctx;
	struct tpm2_quote *q = calloc(1, sizeof(*q)); /* large for a stack */
	uint8_t *log = NULL, *ima = NULL;
	size_t log_n = 0, ima_n = 0;
	int r;

	if (q == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "tpm2");
	q->srk = &t->srk;
	q->ak = &t->ak;
	q->subject = &t->subject;
	q->binder = binding_value(b);
	q->pcrs = t->pcrs;
	/* Read before the quote: an event that comes between is missing in the
	 * log, never in the PCRs, and so does not pass unseen. */
	if (t->event_log != NULL &&
	    (r = file_read(t->event_log, LIMIT_CMW, &log, &log_n, d)) != 0)
		goto out;
	if ((r = tpm2_run(&t->where, deadline_ms, tpm2_quote_job, q, d)) != 0)
		goto out;
	if (t->ima_log != NULL &&
	    (r = tpm2_ima_read(t->ima_log, &q->pcrs, &ima, &ima_n, d)) != 0)
		goto out;
	r = write_evidence(
	    t, q, span_of(log, log_n), span_of(ima, ima_n), out, d);
out:
	free(ima);
	free(log);
	free(q);
	return r;
}

static int
tpm2_sign_tbs(void *ctx, uint16_t scheme, struct span tbs, uint64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	struct signer signer = { ctx, deadline_ms };

	return sign_with(&signer, scheme, tbs, out, d);
}

static const char *const tpm2_keys[] = { "tcti", "pcrs", "srk", "ak", "subject",
	"subject_cert", "ak_chain", "event_log", "ima_log", "lock_dir", NULL };

const struct evidence_driver evidence_tpm2 = {
	.abi = EVIDENCE_DRIVER_ABI,
	.name = "tpm2",
	.media_type = TPM_EVIDENCE_TYPE,
	.insecure = false,
	.keys = tpm2_keys,
	.ctx_size = sizeof(struct tpm2),
	.probe = tpm2_probe,
	.open = tpm2_open,
	.subject = tpm2_subject,
	.binder_max = tpm2_binder_max,
	.collect = tpm2_collect,
	.sign = tpm2_sign_tbs,
	.close = tpm2_close,
};
