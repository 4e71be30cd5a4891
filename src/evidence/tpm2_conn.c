/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/tpm2.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include <tss2/tss2_esys.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#include "evidence/driver.h"

#define BACKOFF_FIRST_MS 4u
#define BACKOFF_LAST_MS 200u
#define FLUSH_TRIES 50

static void
sleep_ms(unsigned ms)
{
	struct timespec ts = { .tv_nsec = (long)ms * 1000000 };

	nanosleep(&ts, NULL);
}

/* Warnings that pass when others are done (part 2, table 16). The layer is
 * the TPM's, or a resource manager speaking for it. */
static bool
is_busy(TSS2_RC rc)
{
	TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;

	if (layer != TSS2_TPM_RC_LAYER && layer != TSS2_RESMGR_RC_LAYER &&
	    layer != TSS2_RESMGR_TPM_RC_LAYER)
		return false;
	switch (rc & ~TSS2_RC_LAYER_MASK) {
	case TPM2_RC_OBJECT_MEMORY:  /* 0x902 */
	case TPM2_RC_SESSION_MEMORY: /* 0x903 */
	case TPM2_RC_MEMORY:
	case TPM2_RC_YIELDED:
	case TPM2_RC_TESTING:
	case TPM2_RC_NV_RATE:
	case TPM2_RC_RETRY: /* 0x922 */
		return true;
	default:
		return false;
	}
}

/* Format-one codes carry the number of the handle in bits that do not matter
 * here. */
bool
tpm2_absent(uint32_t rc)
{
	return (rc & TSS2_RC_LAYER_MASK) == TSS2_TPM_RC_LAYER &&
	       (rc & 0xbf) == TPM2_RC_HANDLE;
}

int
tpm2_check(
    struct tpm2_conn *c, uint32_t rc, const char *what, struct seal_diag *d)
{
	if (rc == TSS2_RC_SUCCESS)
		return 0;
	if (is_busy(rc)) {
		c->busy = true;
		seal_fail(d, SEAL_E_UNAVAILABLE,
		    "tpm2: %s: busy at the deadline (0x%x: %s)", what,
		    (unsigned)rc, Tss2_RC_Decode(rc));
		seal_remedy(d,
		    "free slots that others left: tpm2_flushcontext -t -l -s");
		return SEAL_E_UNAVAILABLE;
	}
	if ((rc & TSS2_RC_LAYER_MASK) == TSS2_TCTI_RC_LAYER) {
		seal_fail(d, SEAL_E_UNAVAILABLE,
		    "tpm2: %s: the TPM does not answer (0x%x: %s)", what,
		    (unsigned)rc, Tss2_RC_Decode(rc));
		seal_remedy(d, "see whether the TPM is there: seal doctor");
		return SEAL_E_UNAVAILABLE;
	}
	if (rc == TPM2_RC_INITIALIZE) {
		seal_fail(d, SEAL_E_UNAVAILABLE, "tpm2: %s: not started", what);
		seal_remedy(d, "tpm2_startup -c");
		return SEAL_E_UNAVAILABLE;
	}
	return seal_fail(d, SEAL_E_IO, "tpm2: %s: failed (0x%x: %s)", what,
	    (unsigned)rc, Tss2_RC_Decode(rc));
}

void
tpm2_track(struct tpm2_conn *c, uint32_t tr)
{
	/* No job of ours holds more; the TPM itself has three slots. */
	if (c->n_loaded < TPM2_LOADED_MAX)
		c->loaded[c->n_loaded++] = tr;
}

/* A slot that is not freed is lost to everybody, so a busy TPM is asked
 * again here, whatever the deadline. */
static TSS2_RC
flush_firmly(struct tpm2_conn *c, ESYS_TR tr)
{
	TSS2_RC rc = Esys_FlushContext(c->esys, tr);

	for (int i = 0; is_busy(rc) && i < FLUSH_TRIES; i++) {
		sleep_ms(BACKOFF_FIRST_MS);
		rc = Esys_FlushContext(c->esys, tr);
	}
	return rc;
}

int
tpm2_flush(struct tpm2_conn *c, uint32_t tr, struct seal_diag *d)
{
	for (size_t i = 0; i < c->n_loaded; i++) {
		if (c->loaded[i] != tr)
			continue;
		c->loaded[i] = c->loaded[--c->n_loaded];
		return tpm2_check(c, flush_firmly(c, tr), "FlushContext", d);
	}
	return 0;
}

int
tpm2_session(
    struct tpm2_conn *c, uint32_t srk, uint32_t *ret, struct seal_diag *d)
{
	static const TPMT_SYM_DEF aes = {
		.algorithm = TPM2_ALG_AES,
		.keyBits = { .aes = 128 },
		.mode = { .aes = TPM2_ALG_CFB },
	};
	ESYS_TR tr = ESYS_TR_NONE;
	int r;

	/* Salted, so that who listens on the bus cannot forge its HMACs. */
	r = tpm2_check(c,
	    Esys_StartAuthSession(c->esys, srk, ESYS_TR_NONE, ESYS_TR_NONE,
		ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_HMAC, &aes,
		TPM2_ALG_SHA256, &tr),
	    "StartAuthSession", d);
	if (r != 0)
		return r;
	tpm2_track(c, tr);
	if ((r = tpm2_session_encrypt(c, tr, false, false, d)) != 0)
		return r;
	*ret = tr;
	return 0;
}

int
tpm2_session_encrypt(struct tpm2_conn *c, uint32_t session, bool command,
    bool response, struct seal_diag *d)
{
	TPMA_SESSION flags = TPMA_SESSION_CONTINUESESSION;

	if (command)
		flags |= TPMA_SESSION_DECRYPT;
	if (response)
		flags |= TPMA_SESSION_ENCRYPT;
	return tpm2_check(c,
	    Esys_TRSess_SetAttributes(c->esys, session, flags, 0xff),
	    "session attributes", d);
}

static int
conn_open(
    struct tpm2_conn *c, const struct tpm2_where *where, struct seal_diag *d)
{
	TSS2_RC rc = Tss2_TctiLdr_Initialize(where->tcti, &c->tcti);

	if (rc != TSS2_RC_SUCCESS) {
		c->tcti = NULL;
		seal_fail(d, SEAL_E_UNAVAILABLE,
		    "tpm2: cannot reach the TPM '%s' (0x%x: %s)", where->tcti,
		    (unsigned)rc, Tss2_RC_Decode(rc));
		seal_remedy(d,
		    "check tcti, and that the device is there and readable "
		    "(group tss) or swtpm runs");
		return SEAL_E_UNAVAILABLE;
	}
	rc = Esys_Initialize(&c->esys, c->tcti, NULL);
	return tpm2_check(c, rc, "Initialize", d);
}

static void
conn_close(struct tpm2_conn *c)
{
	while (c->esys != NULL && c->n_loaded > 0)
		flush_firmly(c, c->loaded[--c->n_loaded]);
	if (c->esys != NULL)
		Esys_Finalize(&c->esys);
	if (c->tcti != NULL)
		Tss2_TctiLdr_Finalize(&c->tcti);
}

static int
run_once(const struct tpm2_where *where, uint64_t deadline_ms, tpm2_job job,
    void *arg, bool *ret_busy, struct seal_diag *d)
{
	struct tpm2_conn c = { 0 };
	int fd = -1, r;

	if ((r = tpm2_lock(where, deadline_ms, &fd, d)) != 0)
		return r;
	if ((r = conn_open(&c, where, d)) == 0)
		r = job(&c, arg, d);
	conn_close(&c);
	close(fd);
	*ret_busy = r != 0 && c.busy;
	return r;
}

int
tpm2_run(const struct tpm2_where *where, uint64_t deadline_ms, tpm2_job job,
    void *arg, struct seal_diag *d)
{
	unsigned delay = BACKOFF_FIRST_MS;
	struct seal_diag story;
	bool busy;
	int r;

	for (;;) {
		busy = false;
		memset(&story, 0, sizeof(story));
		r = run_once(where, deadline_ms, job, arg, &busy, &story);
		if (!busy || evidence_now_ms() + delay >= deadline_ms)
			break;
		sleep_ms(delay);
		delay = delay < BACKOFF_LAST_MS ? delay * 2 : BACKOFF_LAST_MS;
	}
	/* Only the last attempt's story counts. */
	if (r != 0 && d != NULL && d->code == 0)
		*d = story;
	return r;
}
