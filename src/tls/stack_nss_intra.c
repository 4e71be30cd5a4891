/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/stack_nss_intra.h"

#include <stdlib.h>

#include <cert.h>
#include <prerror.h>
#include <secerr.h>
#include <ssl.h>
#include <sslexp.h>

#include "base/fibre.h"
#include "base/rd.h"
#include "tls/plaintext.h"
#include "tls/stack.h"
#include "tls/stack_nss_parts.h"

#define HELLO_MAX (PLAINTEXT_HEADER + 16384u) /* bytes of a record */

/* What hangs on a connection while it attests in its handshake. */
struct nss_attached {
	struct intra *intra;
	struct seal_diag diag;    /* the first failure */
	struct plaintext in, out; /* what passes before the keys */
	struct wr held;           /* of ServerHello, not sent yet */
	bool lost;                /* the wire, and what is held with it */
	bool stopped;             /* by what NSS leaves no other way for */
	struct fibre *fibre;      /* the handshake, once begun */
	nss_step_fn step;         /* what runs on it */
	enum seal_io io;          /* what came of it */
	struct seal_diag io_diag;
};

/* ---- Waiting on the fibre ---- */

typedef enum intra_step (*wait_fn)(struct nss_attached *a, struct span leaf);

static enum intra_step
step_attest(struct nss_attached *a, struct span leaf)
{
	(void)leaf;
	return intra_attest(a->intra, &a->diag);
}

static enum intra_step
step_appraise(struct nss_attached *a, struct span leaf)
{
	return intra_appraise(a->intra, leaf, &a->diag);
}

static bool
step_through(struct nss_attached *a, wait_fn step, struct span leaf)
{
	enum intra_step s;

	while ((s = step(a, leaf)) == INTRA_WAIT)
		fibre_pause(a->fibre);
	return s == INTRA_GO;
}

/* ---- The transcript ---- */

static int
observe(void *arg, struct span message, struct seal_diag *d)
{
	struct nss_attached *a = arg;

	return intra_observe(a->intra, message, d);
}

/* What fails leaves the transcript without a hash, and then the work that
 * needs it. */
static void
pass(struct nss_attached *a, struct plaintext *p, struct span bytes)
{
	plaintext_take(p, bytes, observe, a, &a->diag);
}

/* A server watches hellos before it knows whether they offer anything, and sees
 * no HelloRetryRequest to one that does not: what fails there is told where it
 * matters, by intra_read(). */
void
nss_intra_came(struct nss_conn *c, struct span bytes)
{
	struct nss_attached *a = c->attached;

	if (a != NULL)
		plaintext_take(&a->in, bytes, observe, a,
		    c->rules.role == SEAL_CLIENT ? &a->diag : NULL);
}

void
nss_intra_left(struct nss_conn *c, struct span bytes)
{
	if (c->attached != NULL && c->rules.role == SEAL_CLIENT)
		pass(c->attached, &c->attached->out, bytes);
}

/* ---- A server's ServerHello ---- */

bool
nss_intra_flush(struct nss_conn *c)
{
	struct nss_attached *a = c->attached;
	int put;

	if (a == NULL || a->held.n == 0)
		return true;
	put = nss_layer_send_below(c, a->held.p, (int)a->held.n);
	if (put < 0) {
		a->lost = PR_GetError() != PR_WOULD_BLOCK_ERROR;
		return false;
	}
	wr_drop(&a->held, (size_t)put);
	if (a->held.n == 0)
		return true;
	PR_SetError(PR_WOULD_BLOCK_ERROR, 0); /* NSS asks why */
	return false;
}

/*
 * Records of a server before there are keys: as NSS writes them, whose place
 * this takes up to the first message, a ServerHello or a HelloRetryRequest.
 */
static SECStatus
on_record(PRFileDesc *fd, PRUint16 epoch, SSLContentType type,
    const PRUint8 *data, unsigned n, void *arg)
{
	struct nss_conn *c = arg;
	struct nss_attached *a = c->attached;
	size_t before;

	if (a == NULL || epoch != 0 || n > HELLO_MAX - PLAINTEXT_HEADER) {
		PR_SetError(SEC_ERROR_LIBRARY_FAILURE, 0);
		return SECFailure;
	}
	before = a->held.n;
	wr_u8(&a->held, (uint8_t)type);
	wr_u16(&a->held, STACK_TLS12);
	wr_vec(&a->held, 2, span_of(data, n));
	if (a->held.error != 0) {
		PR_SetError(SEC_ERROR_NO_MEMORY, 0);
		return SECFailure;
	}
	pass(a, &a->out, span_of(a->held.p + before, a->held.n - before));
	if (type == ssl_ct_handshake)
		SSL_RecordLayerWriteCallback(fd, NULL, NULL);
	/* What the wire does not take yet stays held; but nobody makes Evidence
	 * for a peer that is gone. */
	return nss_intra_flush(c) || !a->lost ? SECSuccess : SECFailure;
}

/* ---- The extension ---- */

static void
stop(struct nss_conn *c)
{
	c->attached->stopped = true;
	c->muted = true;
}

/* With another certificate the Evidence would be for nobody's key. */
static bool
shows_own(struct nss_conn *c)
{
	CERTCertificate *shown = SSL_LocalCertificate(c->fd);
	bool same = shown != NULL && c->own.n_certs > 0 &&
		    CERT_CompareCerts(shown, c->own.certs[0]);

	if (shown != NULL)
		CERT_DestroyCertificate(shown);
	if (same)
		return true;
	seal_fail(&c->attached->diag, SEAL_E_CONFIG,
	    "remoteAttestation: expected no certificate on the socket beside "
	    "the attester's");
	return false;
}

static PRBool
on_write(PRFileDesc *fd, SSLHandshakeType m, PRUint8 *data, unsigned *ret_n,
    unsigned max, void *arg)
{
	struct nss_conn *c = arg;
	struct nss_attached *a = c->attached;
	struct wr w;

	(void)fd;
	if (a == NULL)
		return PR_FALSE;
	if (m == ssl_hs_certificate &&
	    !step_through(a, step_attest, span_of(NULL, 0))) {
		stop(c);
		return PR_FALSE;
	}
	wr_init(&w, data, max);
	if (intra_write(a->intra, (enum intra_message)m, &w, &a->diag) != 0 ||
	    (m == ssl_hs_certificate && w.n > 0 && !shows_own(c))) {
		stop(c);
		return PR_FALSE;
	}
	*ret_n = (unsigned)w.n;
	return w.n > 0;
}

static SECStatus
on_read(PRFileDesc *fd, SSLHandshakeType m, const PRUint8 *data, unsigned n,
    SSLAlertDescription *alert, void *arg)
{
	struct nss_conn *c = arg;
	struct nss_attached *a = c->attached;

	if (a == NULL) /* nobody here attests or asks: as if unknown */
		return SECSuccess;
	if (m == ssl_hs_client_hello &&
	    SSL_RecordLayerWriteCallback(fd, on_record, c) != SECSuccess) {
		nss_fail(&a->diag, SEAL_E_UNSUPPORTED, "ServerHello");
		return SECFailure;
	}
	if (intra_read(a->intra, (enum intra_message)m, span_of(data, n),
		&a->diag) == 0)
		return SECSuccess;
	*alert = intra_alert(a->intra);
	return SECFailure;
}

bool
nss_intra_judge(struct nss_conn *c, struct span leaf)
{
	return c->attached == NULL ||
	       step_through(c->attached, step_appraise, leaf);
}

/* ---- The handshake ---- */

static void
run(void *arg)
{
	struct nss_conn *c = arg;
	struct nss_attached *a = c->attached;

	a->io = a->step(c, &a->io_diag);
}

/* A wire that is gone is always ready, and would be tried without end. */
static enum seal_io
blocked_or_lost(const struct nss_attached *a, struct seal_diag *d)
{
	return stack_handshake_io(
	    a->lost ? SEAL_IO_TRUNCATED : SEAL_IO_WANT_WRITE, d);
}

enum seal_io
nss_intra_handshake(struct nss_conn *c, nss_step_fn step, struct seal_diag *d)
{
	struct nss_attached *a = c->attached;

	if (!nss_intra_flush(c))
		return blocked_or_lost(a, d);
	a->step = step;
	if (a->fibre == NULL && (a->fibre = fibre_new(run, c)) == NULL) {
		seal_fail(d, SEAL_E_MEMORY, "tls: handshake");
		return SEAL_IO_ERROR;
	}
	if (!fibre_resume(a->fibre))
		return SEAL_IO_WANT_READ; /* a job is asked for, or out */
	fibre_free(&a->fibre);
	if (a->stopped) {
		*d = a->diag;
		return SEAL_IO_ERROR;
	}
	if (a->lost)
		return blocked_or_lost(a, d);
	if (a->io == SEAL_IO_ERROR)
		*d = a->io_diag;
	return a->io == SEAL_IO_WANT_READ && a->held.n > 0 ? SEAL_IO_WANT_WRITE
							   : a->io;
}

/* ---- Setting up, and ending ---- */

int
nss_intra_prepare(
    struct nss_conn *c, const struct nss_intra_conf *conf, struct seal_diag *d)
{
	int r;

	if (SSL_InstallExtensionHooks(
		c->fd, conf->type, on_write, c, on_read, c) != SECSuccess)
		return nss_fail(d, SEAL_E_CONFIG, "extension");
	c->extension = conf->type;
	if (conf->n_chain == 0)
		return 0;
	if ((r = nss_credentials_take(
		 conf->chain, conf->n_chain, conf->key, &c->own, d)) != 0)
		return r;
	return nss_credentials_serve(c->fd, &c->own, d);
}

void
nss_intra_leave(struct nss_conn *c)
{
	if (c->extension == 0)
		return;
	SSL_InstallExtensionHooks(c->fd, c->extension, NULL, NULL, NULL, NULL);
	SSL_RecordLayerWriteCallback(c->fd, NULL, NULL);
}

static int
my_attach(void *tls, struct intra *intra, struct seal_diag *d)
{
	struct nss_conn *c = tls;
	struct nss_attached *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "tls");
	a->intra = intra;
	plaintext_init(&a->in);
	plaintext_init(&a->out);
	wr_init_heap(&a->held, 2 * HELLO_MAX);
	c->attached = a;
	return 0;
}

/* A fibre that waits runs to its end, and says nothing more; the handshake
 * with it cannot go on. */
static void
my_detach(void *tls, bool muted)
{
	struct nss_conn *c = tls;
	struct nss_attached *a = c->attached;

	(void)muted;
	if (a == NULL)
		return;
	if (a->fibre != NULL) {
		intra_cancel(a->intra);
		c->muted = true;
		while (!fibre_resume(a->fibre))
			;
		fibre_free(&a->fibre);
	}
	c->attached = NULL;
	plaintext_free(&a->in);
	plaintext_free(&a->out);
	wr_free(&a->held);
	free(a);
}

static const struct seal_diag *
my_diag(const void *tls)
{
	const struct nss_conn *c = tls;

	return c->attached != NULL && c->attached->diag.code != 0
		   ? &c->attached->diag
		   : NULL;
}

static bool
my_verified(const void *tls)
{
	return ((const struct nss_conn *)tls)->peer.verified;
}

const struct intra_stack intra_nss = {
	.servers_alone = true,
	.attach = my_attach,
	.detach = my_detach,
	.diag = my_diag,
	.verified = my_verified,
};
