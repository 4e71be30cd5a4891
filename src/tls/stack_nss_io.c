/* SPDX-License-Identifier: Apache-2.0 */
/* The bottom layer of an NSS connection: the wire, as NSPR wants it. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include <prerror.h>
#include <prio.h>

#include "tls/dtls_record.h"
#include "tls/stack_nss_parts.h"

int64_t
nss_now_ms(void)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static struct nss_conn *
conn_of(PRFileDesc *fd)
{
	return (struct nss_conn *)(void *)fd->secret;
}

static PRInt32
io_fail(PRErrorCode code)
{
	PR_SetError(code, errno);
	return -1;
}

/* ---- In ---- */

/* Of a connected UDP socket the kernel tells that nobody listens there: on a
 * network that is no more than a lost datagram. */
static PRInt32
recv_failed(const struct nss_conn *c)
{
	if (errno != ECONNABORTED &&
	    (errno == EAGAIN || errno == EINTR || c->datagram))
		return io_fail(PR_WOULD_BLOCK_ERROR);
	return io_fail(
	    errno == ECONNRESET ? PR_CONNECT_RESET_ERROR : PR_IO_ERROR);
}

static PRInt32
layer_recv(
    PRFileDesc *fd, void *buf, PRInt32 n, PRIntn flags, PRIntervalTime timeout)
{
	struct nss_conn *c = conn_of(fd);
	ssize_t got;

	(void)flags, (void)timeout;
	do {
		got = c->wire.recv(c->wire.arg, buf, (size_t)n);
		if (got > 0 && c->datagram)
			got = (ssize_t)dtls_admit(buf, (size_t)got,
			    c->rules.role == SEAL_SERVER, c->established);
	} while (got == 0 && c->datagram);
	return got >= 0 ? (PRInt32)got : recv_failed(c);
}

static PRInt32
layer_read(PRFileDesc *fd, void *buf, PRInt32 n)
{
	return layer_recv(fd, buf, n, 0, PR_INTERVAL_NO_WAIT);
}

/* ---- Out ---- */

static PRInt32
send_stream(struct nss_conn *c, const void *buf, size_t n)
{
	ssize_t put = c->wire.send(c->wire.arg, buf, n);

	if (put >= 0)
		return (PRInt32)put;
	if (errno != EAGAIN && errno != EINTR)
		return io_fail(errno == EPIPE || errno == ECONNRESET
				   ? PR_CONNECT_RESET_ERROR
				   : PR_IO_ERROR);
	c->blocked = true;
	return io_fail(PR_WOULD_BLOCK_ERROR);
}

/*
 * NSS takes every third loss for a sign of a smaller path, and splits even the
 * ClientHello at last, of which a server that keeps nothing before the cookie
 * takes no part. So it leaves whole. False while there is nothing to be sent.
 */
static bool
join_hello(struct nss_conn *c, struct span *record)
{
	if (!dtls_hello_join(c->hello, sizeof(c->hello), &c->hello_n, *record))
		return false;
	*record = span_of(c->hello, c->hello_n);
	return true;
}

/*
 * NSS gives up a connection over a datagram that is not sent; it is lost, like
 * any, and its timer knows what to do. What it packs too large leaves as
 * several.
 */
static PRInt32
send_datagrams(struct nss_conn *c, const uint8_t *p, size_t n)
{
	bool client = c->rules.role == SEAL_CLIENT;
	size_t at = 0, size;

	while (at < n) {
		struct span rest = span_of(p + at, n - at), out;
		bool part = client && dtls_hello_part(rest);

		size = dtls_records_within(rest, part ? 1 : c->end->mtu);
		out = span_of(rest.p, size);
		if ((!part || join_hello(c, &out)) &&
		    (!client || dtls_guard_allows(
				    &c->guard, dtls_epoch(out), nss_now_ms())))
			(void)c->wire.send(c->wire.arg, out.p, out.n);
		c->records++;
		at += size;
	}
	return (PRInt32)n;
}

static PRInt32
layer_send(PRFileDesc *fd, const void *buf, PRInt32 n, PRIntn flags,
    PRIntervalTime timeout)
{
	struct nss_conn *c = conn_of(fd);

	(void)flags, (void)timeout;
	if (c->muted)
		return n;
	return c->datagram ? send_datagrams(c, buf, (size_t)n)
			   : send_stream(c, buf, (size_t)n);
}

static PRInt32
layer_write(PRFileDesc *fd, const void *buf, PRInt32 n)
{
	return layer_send(fd, buf, n, 0, PR_INTERVAL_NO_WAIT);
}

/* ---- What else NSS asks; nothing lies below that a default could ask ---- */

static PRStatus
layer_getpeername(PRFileDesc *fd, PRNetAddr *ret)
{
	(void)fd;
	memset(ret, 0, sizeof(*ret));
	ret->raw.family = PR_AF_INET;
	return PR_SUCCESS;
}

static PRStatus
layer_getsocketoption(PRFileDesc *fd, PRSocketOptionData *ret)
{
	(void)fd;
	if (ret->option != PR_SockOpt_Nonblocking) {
		PR_SetError(PR_INVALID_ARGUMENT_ERROR, 0);
		return PR_FAILURE;
	}
	ret->value.non_blocking = PR_TRUE;
	return PR_SUCCESS;
}

static PRStatus
layer_setsocketoption(PRFileDesc *fd, const PRSocketOptionData *data)
{
	(void)fd, (void)data;
	return PR_SUCCESS;
}

static PRStatus
layer_shutdown(PRFileDesc *fd, PRIntn how)
{
	(void)fd, (void)how;
	return PR_SUCCESS;
}

static PRInt16
layer_poll(PRFileDesc *fd, PRInt16 in, PRInt16 *ret_out)
{
	(void)fd;
	*ret_out = in;
	return in;
}

static PRStatus
layer_close(PRFileDesc *fd)
{
	fd->secret = NULL;
	fd->dtor(fd);
	return PR_SUCCESS;
}

/* ---- Between NSS and a socket of the caller's ---- */

static PRInt32
between_recv(
    PRFileDesc *fd, void *buf, PRInt32 n, PRIntn flags, PRIntervalTime timeout)
{
	PRInt32 got =
	    fd->lower->methods->recv(fd->lower, buf, n, flags, timeout);
	struct nss_conn *c = conn_of(fd);

	if (got > 0 && c != NULL)
		nss_intra_came(c, span_of(buf, (size_t)got));
	return got;
}

static PRInt32
between_send(PRFileDesc *fd, const void *buf, PRInt32 n, PRIntn flags,
    PRIntervalTime timeout)
{
	struct nss_conn *c = conn_of(fd);
	PRInt32 put;

	if (c == NULL || c->muted)
		return n;
	/* What is held comes first; the error is the wire's. */
	put = nss_intra_flush(c)
		  ? fd->lower->methods->send(fd->lower, buf, n, flags, timeout)
		  : -1;
	c->blocked = put < 0 && PR_GetError() == PR_WOULD_BLOCK_ERROR;
	if (put > 0)
		nss_intra_left(c, span_of(buf, (size_t)put));
	return put;
}

/* NSS gives up where it finds no IP, of which it makes nothing here. */
static PRStatus
between_getpeername(PRFileDesc *fd, PRNetAddr *ret)
{
	if (fd->lower->methods->getpeername(fd->lower, ret) == PR_SUCCESS &&
	    (ret->raw.family == PR_AF_INET || ret->raw.family == PR_AF_INET6))
		return PR_SUCCESS;
	return layer_getpeername(fd, ret);
}

/* ---- The layers ---- */

static PRIOMethods methods, between;
static PRDescIdentity identity;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
make_methods(void)
{
	methods = *PR_GetDefaultIOMethods();
	methods.recv = layer_recv;
	methods.read = layer_read;
	methods.send = layer_send;
	methods.write = layer_write;
	methods.getpeername = layer_getpeername;
	methods.getsockname = layer_getpeername;
	methods.getsocketoption = layer_getsocketoption;
	methods.setsocketoption = layer_setsocketoption;
	methods.shutdown = layer_shutdown;
	methods.poll = layer_poll;
	methods.close = layer_close;
	between = *PR_GetDefaultIOMethods(); /* which ask the layer below */
	between.recv = between_recv;
	between.send = between_send;
	between.getpeername = between_getpeername;
	identity = PR_GetUniqueIdentity("seal");
}

struct PRFileDesc *
nss_layer_new(struct nss_conn *c)
{
	PRFileDesc *fd;

	pthread_once(&once, make_methods);
	fd = PR_CreateIOLayerStub(identity, &methods);
	if (fd != NULL)
		fd->secret = (PRFilePrivate *)(void *)c;
	return fd;
}

bool
nss_layer_insert(struct nss_conn *c)
{
	PRFileDesc *fd;

	pthread_once(&once, make_methods);
	if ((fd = PR_CreateIOLayerStub(identity, &between)) == NULL)
		return false;
	fd->secret = (PRFilePrivate *)(void *)c;
	if (PR_PushIOLayer(c->fd, PR_GetLayersIdentity(c->fd->lower), fd) ==
	    PR_SUCCESS)
		return true;
	fd->dtor(fd);
	return false;
}

int
nss_layer_send_below(struct nss_conn *c, const void *p, int n)
{
	PRFileDesc *fd = PR_GetIdentitiesLayer(c->fd, identity);

	return fd->lower->methods->send(
	    fd->lower, p, n, 0, PR_INTERVAL_NO_WAIT);
}

void
nss_layer_leave(struct nss_conn *c)
{
	PRFileDesc *fd = c->begun ? PR_GetIdentitiesLayer(c->fd, identity)
				  : PR_PopIOLayer(c->fd, identity);

	if (fd == NULL)
		return;
	fd->secret = NULL;
	if (!c->begun)
		fd->dtor(fd);
}
