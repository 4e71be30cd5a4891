/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/stack_openssl_intra.h"

#include <pthread.h>
#include <stdlib.h>

#include <openssl/async.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

/* What hangs on an SSL while it attests in its handshake. */
struct attached {
	struct intra *intra;
	struct seal_diag diag; /* the first failure */
	bool verified;
};

/* Whom else the messages of an SSL are for. */
typedef void (*message_fn)(int sent, int version, int type, const void *buf,
    size_t n, SSL *ssl, void *arg);
struct listener {
	message_fn callback;
	void *arg;
};

static int attached_index = -1, listener_index = -1;
static pthread_once_t attached_once = PTHREAD_ONCE_INIT;

static void
attached_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long argl,
    void *argp)
{
	(void)parent, (void)ad, (void)index, (void)argl, (void)argp;
	free(ptr);
}

static void
attached_register(void)
{
	attached_index =
	    SSL_get_ex_new_index(0, NULL, NULL, NULL, attached_free);
	listener_index =
	    SSL_get_ex_new_index(0, NULL, NULL, NULL, attached_free);
}

static struct attached *
attached_of(const SSL *ssl)
{
	return attached_index < 0 ? NULL : SSL_get_ex_data(ssl, attached_index);
}

/* ---- Waiting on the fibre ---- */

/* Hands the thread back to whoever drives the handshake; false: there is no
 * fibre, or the connection is given up. */
static bool
pause_fibre(void)
{
	return ASYNC_get_current_job() != NULL && ASYNC_pause_job() == 1;
}

typedef enum intra_step (*step_fn)(
    struct attached *a, struct span leaf, struct seal_diag *d);

static enum intra_step
step_attest(struct attached *a, struct span leaf, struct seal_diag *d)
{
	(void)leaf;
	return intra_attest(a->intra, d);
}

static enum intra_step
step_appraise(struct attached *a, struct span leaf, struct seal_diag *d)
{
	return intra_appraise(a->intra, leaf, d);
}

static bool
step_through(struct attached *a, step_fn step, struct span leaf)
{
	enum intra_step s;

	while ((s = step(a, leaf, &a->diag)) == INTRA_WAIT)
		if (!pause_fibre())
			return false;
	return s == INTRA_GO;
}

/* ---- Signing, which knows a key, and not whose handshake it is for ---- */

/* Of the handshake that this thread is in, fibre or not. */
static _Thread_local struct attached *current;

int
stack_openssl_intra_handshake(struct ssl_st *ssl)
{
	int r;

	current = attached_of(ssl);
	r = SSL_do_handshake(ssl);
	current = NULL;
	return r;
}

int
stack_openssl_intra_sign(void *ctx, uint16_t scheme, struct span tbs,
    struct wr *out, struct seal_diag *d)
{
	struct attached *a = current;
	struct span signature;
	enum intra_step s;

	(void)ctx;
	if (a == NULL)
		return seal_fail(d, SEAL_E_STATE,
		    "tls: this key signs for attested connections alone");
	while ((s = intra_sign(a->intra, scheme, tbs, &signature, d)) ==
	       INTRA_WAIT)
		if (!pause_fibre())
			return seal_fail(d, SEAL_E_CLOSED, "tls");
	if (s != INTRA_GO)
		return SEAL_E_CRYPTO;
	wr_bytes(out, signature);
	return out->error;
}

/* ---- The extension ---- */

static const struct {
	unsigned context; /* libssl's */
	enum intra_message message;
} places[] = {
	{ SSL_EXT_CLIENT_HELLO, INTRA_CLIENT_HELLO },
	{ SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS, INTRA_ENCRYPTED_EXTENSIONS },
	{ SSL_EXT_TLS1_3_CERTIFICATE_REQUEST, INTRA_CERTIFICATE_REQUEST },
	{ SSL_EXT_TLS1_3_CERTIFICATE, INTRA_CERTIFICATE },
};
#define PLACES                                        \
	(SSL_EXT_TLS1_3_ONLY | SSL_EXT_CLIENT_HELLO | \
	    SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS |     \
	    SSL_EXT_TLS1_3_CERTIFICATE_REQUEST | SSL_EXT_TLS1_3_CERTIFICATE)

static enum intra_message
message_of(unsigned context)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if ((context & places[i].context) != 0)
			return places[i].message;
	return 0;
}

/* 1: *out is the content; 0: none; -1: *al tells the peer. */
static int
add_cb(SSL *ssl, unsigned int type, unsigned int context,
    const unsigned char **out, size_t *outlen, X509 *x, size_t chainidx,
    int *al, void *arg)
{
	struct attached *a = attached_of(ssl);
	enum intra_message m = message_of(context);
	uint8_t *content = NULL;
	struct wr w;

	(void)type, (void)x, (void)arg;
	*al = SSL_AD_INTERNAL_ERROR;
	if (a == NULL || (m == INTRA_CERTIFICATE && chainidx > 0))
		return 0;
	if (m == INTRA_CERTIFICATE &&
	    !step_through(a, step_attest, span_of(NULL, 0)))
		return -1;
	wr_init_heap(&w, 3 + INTRA_CMW_MAX);
	*outlen = 0;
	if (intra_write(a->intra, m, &w, &a->diag) != 0) {
		*al = intra_alert(a->intra);
		wr_free(&w);
		return -1;
	}
	if (w.n > 0 && wr_take(&w, &content, outlen) != 0)
		*outlen = 0;
	wr_free(&w);
	*out = content;
	return *outlen > 0;
}

static void
free_cb(SSL *ssl, unsigned int type, unsigned int context,
    const unsigned char *out, void *arg)
{
	(void)ssl, (void)type, (void)context, (void)arg;
	free((void *)(uintptr_t)out);
}

static int
parse_cb(SSL *ssl, unsigned int type, unsigned int context,
    const unsigned char *in, size_t n, X509 *x, size_t chainidx, int *al,
    void *arg)
{
	struct attached *a = attached_of(ssl);
	enum intra_message m = message_of(context);

	(void)type, (void)x, (void)arg;
	*al = SSL_AD_ILLEGAL_PARAMETER;
	if (a == NULL)
		return 1; /* nobody here attests or asks: as if unknown */
	if (m == INTRA_CERTIFICATE && chainidx > 0) {
		seal_fail(&a->diag, SEAL_E_PROTOCOL,
		    "remoteAttestation: expected in the first certificate's "
		    "entry alone");
		return 0;
	}
	if (intra_read(a->intra, m, span_of(in, n), &a->diag) == 0)
		return 1;
	*al = intra_alert(a->intra);
	return 0;
}

/* ---- The transcript, out of the messages; and who else listens ---- */

static struct listener *
listener_of(const SSL *ssl)
{
	return listener_index < 0 ? NULL : SSL_get_ex_data(ssl, listener_index);
}

static void
observe_cb(int sent, int version, int type, const void *buf, size_t n, SSL *ssl,
    void *arg)
{
	struct attached *a = attached_of(ssl);
	struct listener *l = listener_of(ssl);

	(void)arg;
	/* What fails leaves the transcript without a hash, and then the work
	 * that needs it. */
	if (a != NULL && type == SSL3_RT_HANDSHAKE)
		intra_observe(a->intra, span_of(buf, n), &a->diag);
	if (l != NULL && l->callback != NULL)
		l->callback(sent, version, type, buf, n, ssl, l->arg);
}

int
stack_openssl_intra_message_callback(
    struct ssl_st *ssl, message_fn callback, void *arg, struct seal_diag *d)
{
	struct listener *l;

	pthread_once(&attached_once, attached_register);
	if ((l = listener_of(ssl)) == NULL) {
		l = calloc(1, sizeof(*l));
		if (l == NULL || SSL_set_ex_data(ssl, listener_index, l) != 1) {
			free(l);
			ERR_clear_error();
			return seal_fail(d, SEAL_E_MEMORY, "tls");
		}
	}
	*l = (struct listener){ callback, arg };
	SSL_set_msg_callback(ssl, observe_cb);
	return 0;
}

/* ---- Verification: the chain first, then the Evidence ---- */

static int
verify_evidence(X509_STORE_CTX *store, struct attached *a)
{
	X509 *leaf = X509_STORE_CTX_get0_cert(store);
	unsigned char *der = NULL;
	int n = leaf != NULL ? i2d_X509(leaf, &der) : -1;
	bool good;

	good = n > 0 && step_through(a, step_appraise, span_of(der, (size_t)n));
	OPENSSL_free(der);
	if (good)
		return 1;
	/* libssl's alert for it is handshake_failure (PROTOCOL 3). */
	X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	return 0;
}

static struct attached *
attached_of_store(X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(
	    store, SSL_get_ex_data_X509_STORE_CTX_idx());

	return ssl != NULL ? attached_of(ssl) : NULL;
}

static int
verify_pkix(X509_STORE_CTX *store, void *arg)
{
	struct attached *a = attached_of_store(store);

	(void)arg;
	if (X509_verify_cert(store) != 1)
		return 0;
	if (a == NULL)
		return 1;
	a->verified = X509_STORE_CTX_get_error(store) == X509_V_OK;
	return verify_evidence(store, a);
}

/* Any chain: its key is judged by its Evidence, and the policy's identity. */
static int
verify_shown(X509_STORE_CTX *store, void *arg)
{
	struct attached *a = attached_of_store(store);

	(void)arg;
	if (a != NULL && verify_evidence(store, a) != 1)
		return 0;
	X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
	return 1;
}

/* ---- Setting up, and ending ---- */

int
stack_openssl_intra_prepare(
    struct ssl_ctx_st *ctx, uint16_t type, bool shown, struct seal_diag *d)
{
	ERR_clear_error();
	pthread_once(&attached_once, attached_register);
	if (attached_index < 0 ||
	    SSL_CTX_add_custom_ext(ctx, type, PLACES, add_cb, free_cb, NULL,
		parse_cb, NULL) != 1) {
		ERR_clear_error();
		return seal_fail(d, SEAL_E_CONFIG,
		    "tls: extension 0x%04x: refused by libssl; is it "
		    "registered already?",
		    type);
	}
	SSL_CTX_set_cert_verify_callback(
	    ctx, shown ? verify_shown : verify_pkix, NULL);
	return 0;
}

static int
my_attach(void *ssl, struct intra *intra, struct seal_diag *d)
{
	struct attached *a = calloc(1, sizeof(*a));

	if (a == NULL || SSL_set_ex_data(ssl, attached_index, a) != 1) {
		free(a);
		ERR_clear_error();
		return seal_fail(d, SEAL_E_MEMORY, "tls");
	}
	a->intra = intra;
	SSL_set_msg_callback(ssl, observe_cb);
	SSL_set_mode(ssl, SSL_MODE_ASYNC);
	return 0;
}

/* The fibre runs to its end, and fails the handshake. */
static void
end_fibre(SSL *ssl, struct attached *a)
{
	intra_cancel(a->intra);
	stack_openssl_intra_handshake(ssl);
	ERR_clear_error();
}

/* The same, with what it says going nowhere: a transport that the peer has
 * left would raise SIGPIPE. */
static void
end_fibre_muted(SSL *ssl, struct attached *a)
{
	BIO *rbio = SSL_get_rbio(ssl), *wbio = SSL_get_wbio(ssl);
	BIO *sink = BIO_new(BIO_s_null());

	if (sink == NULL)
		return; /* out of memory: the fibre is lost too */
	BIO_up_ref(rbio);
	BIO_up_ref(wbio);
	BIO_up_ref(sink);
	SSL_set0_rbio(ssl, sink);
	SSL_set0_wbio(ssl, sink);
	end_fibre(ssl, a);
	SSL_set0_rbio(ssl, rbio);
	SSL_set0_wbio(ssl, wbio);
}

static void
my_detach(void *ssl, bool muted)
{
	struct attached *a = attached_of(ssl);

	if (a == NULL)
		return;
	if (SSL_waiting_for_async(ssl)) {
		if (muted)
			end_fibre_muted(ssl, a);
		else
			end_fibre(ssl, a);
	}
	SSL_clear_mode(ssl, SSL_MODE_ASYNC);
	if (listener_of(ssl) == NULL)
		SSL_set_msg_callback(ssl, NULL);
	SSL_set_ex_data(ssl, attached_index, NULL);
	free(a);
}

static const struct seal_diag *
my_diag(const void *ssl)
{
	const struct attached *a = attached_of(ssl);

	return a != NULL && a->diag.code != 0 ? &a->diag : NULL;
}

static bool
my_verified(const void *ssl)
{
	const struct attached *a = attached_of(ssl);

	return a != NULL && a->verified;
}

const struct intra_stack intra_openssl = {
	.attach = my_attach,
	.detach = my_detach,
	.diag = my_diag,
	.verified = my_verified,
};
