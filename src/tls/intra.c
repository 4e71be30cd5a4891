/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/intra_parts.h"

#include <stdlib.h>

#include "tls/intra_scheme.h"

struct intra *
intra_new(const struct session_conf *conf)
{
	struct intra *i = calloc(1, sizeof(*i));

	if (i == NULL)
		return NULL;
	i->conf = conf;
	transcript_init(&i->transcript);
	return i;
}

void
intra_free(struct intra **ip)
{
	struct intra *i = *ip;

	*ip = NULL;
	if (i == NULL)
		return;
	transcript_free(&i->transcript);
	free(i->cmw);
	free(i->tbs);
	free(i->signature);
	free(i->peer_cmw);
	free(i->leaf);
	free(i);
}

int
intra_fail(struct intra *i, enum alert alert, int code)
{
	if (i->alert == 0)
		i->alert = (uint8_t)alert;
	return code;
}

uint8_t
intra_alert(const struct intra *i)
{
	return i->alert != 0 ? i->alert : ALERT_INTERNAL_ERROR;
}

/* After a HelloRetryRequest the client's second offer counts alone, or that it
 * makes none any more. */
static void
forget_offer(struct intra *i)
{
	i->offered = false;
	i->mine = i->peers = (struct direction){ .agreed = false };
}

int
intra_observe(struct intra *i, struct span message, struct seal_diag *d)
{
	bool retried = i->transcript.retried;
	int r = transcript_add(&i->transcript, message, d);

	if (!retried && i->transcript.retried)
		forget_offer(i);
	if (r == 0)
		return 0;
	return intra_fail(i,
	    r == SEAL_E_PROTOCOL ? ALERT_ILLEGAL_PARAMETER
				 : ALERT_INTERNAL_ERROR,
	    r);
}

/* ---- What this side asks and offers ---- */

static bool
asks(const struct intra *i)
{
	return i->conf->request || i->conf->require;
}

/* PROTOCOL 6: who reveals only after the peer never attests here. */
static size_t
n_produce(const struct intra *i)
{
	return i->conf->reveal_after_peer ? 0 : i->conf->n_produce;
}

/* ---- ClientHello ---- */

static int
write_offer(struct intra *i, struct wr *out, struct seal_diag *d)
{
	size_t n_accept = asks(i) ? i->conf->n_accept : 0;

	(void)d;
	if (n_accept == 0 && n_produce(i) == 0)
		return 0;
	scheme_put_list(out, i->conf->accept, n_accept);
	scheme_put_list(out, i->conf->produce, n_produce(i));
	i->offered = true;
	return 0;
}

/* RFC 8446 s4.1.2: a second ClientHello brings no extension of the kind that
 * the first had not. */
static int
offer_late(struct intra *i, struct seal_diag *d)
{
	if (i->transcript.hellos < 2 || i->offered_first)
		return 0;
	seal_fail(d, SEAL_E_PROTOCOL,
	    "remoteAttestation: expected none in a second ClientHello, as the "
	    "first had none");
	return intra_fail(i, ALERT_ILLEGAL_PARAMETER, SEAL_E_PROTOCOL);
}

/* A server that lacks what it asks for says so when it asks. */
static int
read_offer(struct intra *i, struct rd *in, struct seal_diag *d)
{
	struct scheme_list servers, clients;
	int r;

	if ((r = offer_late(i, d)) != 0)
		return r;
	if (!scheme_read_list(in, &servers) || !scheme_read_list(in, &clients))
		return seal_fail(d, SEAL_E_DECODE,
		    "remoteAttestation: expected two lists of at most %u "
		    "schemes in ClientHello",
		    LIMIT_SCHEMES);
	i->offered = i->offered_first = true;
	/* The server prefers, as TLS has it with suites and groups. */
	i->mine.agreed = scheme_choose(
	    i->conf->produce, n_produce(i), &servers, &i->mine.scheme);
	i->peers.agreed =
	    asks(i) && scheme_choose(i->conf->accept, i->conf->n_accept,
			   &clients, &i->peers.scheme);
	return 0;
}

/* ---- EncryptedExtensions and CertificateRequest: the server's choices ---- */

static int
write_mine(struct intra *i, struct wr *out, struct seal_diag *d)
{
	(void)d;
	if (i->mine.agreed)
		scheme_put(out, &i->conf->produce[i->mine.scheme]);
	return 0;
}

static int
write_wanted(struct intra *i, struct wr *out, struct seal_diag *d)
{
	if (i->peers.agreed) {
		scheme_put(out, &i->conf->accept[i->peers.scheme]);
		return 0;
	}
	if (!i->conf->require)
		return 0;
	seal_fail(d, SEAL_E_UNSUPPORTED,
	    "remoteAttestation: this side requires the client to attest; %s",
	    i->offered ? "it offers no scheme that the policy accepts"
		       : "it does not speak the extension");
	return intra_fail(i,
	    i->offered ? ALERT_HANDSHAKE_FAILURE : ALERT_CERTIFICATE_REQUIRED,
	    SEAL_E_UNSUPPORTED);
}

/* The peer must have been offered what it chooses. */
static int
read_choice(struct intra *i, struct rd *in, const struct scheme *offered,
    size_t n, struct direction *ret, struct seal_diag *d)
{
	struct scheme_list one = { .n = 1 };

	if (!i->offered) {
		seal_fail(d, SEAL_E_PROTOCOL,
		    "remoteAttestation: expected only after an offer in "
		    "ClientHello");
		return intra_fail(
		    i, ALERT_UNSUPPORTED_EXTENSION, SEAL_E_PROTOCOL);
	}
	if (!scheme_read(in, &one.items[0]))
		return seal_fail(
		    d, SEAL_E_DECODE, "remoteAttestation: expected one scheme");
	ret->agreed = scheme_choose(offered, n, &one, &ret->scheme);
	if (ret->agreed)
		return 0;
	seal_fail(d, SEAL_E_PROTOCOL,
	    "remoteAttestation: the server chose a scheme that was not "
	    "offered");
	return intra_fail(i, ALERT_ILLEGAL_PARAMETER, SEAL_E_PROTOCOL);
}

static int
read_server_choice(struct intra *i, struct rd *in, struct seal_diag *d)
{
	return read_choice(i, in, i->conf->accept,
	    asks(i) ? i->conf->n_accept : 0, &i->peers, d);
}

static int
read_client_choice(struct intra *i, struct rd *in, struct seal_diag *d)
{
	return read_choice(i, in, i->conf->produce, n_produce(i), &i->mine, d);
}

/* ---- Certificate ---- */

static int
write_cmw(struct intra *i, struct wr *out, struct seal_diag *d)
{
	(void)d;
	if (i->n_cmw > 0)
		wr_vec(out, 3, span_of(i->cmw, i->n_cmw));
	i->attested = i->n_cmw > 0;
	return 0;
}

static int
read_cmw(struct intra *i, struct rd *in, struct seal_diag *d)
{
	struct span cmw;
	int r;

	if (!i->peers.agreed || i->peer_attests) {
		seal_fail(d, SEAL_E_PROTOCOL,
		    "remoteAttestation: the peer attests unasked");
		return intra_fail(
		    i, ALERT_UNSUPPORTED_EXTENSION, SEAL_E_PROTOCOL);
	}
	if (!rd_vec24(in, &cmw) || cmw.n == 0 || cmw.n > INTRA_CMW_MAX ||
	    rd_left(in) > 0)
		return seal_fail(d, SEAL_E_DECODE,
		    "remoteAttestation: expected a CMW of 1 to %u bytes in "
		    "Certificate",
		    INTRA_CMW_MAX);
	if ((r = span_dup(cmw, &i->peer_cmw)) != 0)
		return seal_fail(d, r, "remoteAttestation");
	i->n_peer_cmw = cmw.n;
	i->peer_attests = true;
	return 0;
}

/* ---- The four places ---- */

/* Who sends it there, how much may stand there, and what. */
struct place {
	enum intra_message message;
	const char *name;
	enum ea_role sender; /* 0: either */
	size_t limit;        /* bytes */
	int (*write)(struct intra *i, struct wr *out, struct seal_diag *d);
	int (*read)(struct intra *i, struct rd *in, struct seal_diag *d);
};

static const struct place places[] = {
	{ INTRA_CLIENT_HELLO, "ClientHello", EA_CLIENT, INTRA_OFFER_MAX,
	    write_offer, read_offer },
	{ INTRA_ENCRYPTED_EXTENSIONS, "EncryptedExtensions", EA_SERVER,
	    INTRA_CHOICE_MAX, write_mine, read_server_choice },
	{ INTRA_CERTIFICATE_REQUEST, "CertificateRequest", EA_SERVER,
	    INTRA_CHOICE_MAX, write_wanted, read_client_choice },
	{ INTRA_CERTIFICATE, "Certificate", 0, 3 + INTRA_CMW_MAX, write_cmw,
	    read_cmw },
};

static const struct place *
place_of(enum intra_message m)
{
	for (size_t k = 0; k < sizeof(places) / sizeof(places[0]); k++)
		if (places[k].message == m)
			return &places[k];
	return NULL;
}

int
intra_write(
    struct intra *i, enum intra_message m, struct wr *out, struct seal_diag *d)
{
	const struct place *p = place_of(m);
	int r;

	if (p == NULL || (p->sender != 0 && p->sender != i->conf->role))
		return 0;
	if ((r = p->write(i, out, d)) != 0)
		return intra_fail(i, ALERT_INTERNAL_ERROR, r);
	if (out->error == 0 && out->n <= p->limit)
		return 0;
	seal_fail(d, SEAL_E_LIMIT,
	    "remoteAttestation: more than %zu bytes for %s", p->limit, p->name);
	return intra_fail(i, ALERT_INTERNAL_ERROR, SEAL_E_LIMIT);
}

/* The alert for what the reader's own failures have not set. */
static int
read_fail(struct intra *i, int r)
{
	return intra_fail(i,
	    r == SEAL_E_DECODE ? ALERT_DECODE_ERROR : ALERT_INTERNAL_ERROR, r);
}

int
intra_read(struct intra *i, enum intra_message m, struct span content,
    struct seal_diag *d)
{
	const struct place *p = place_of(m);
	struct rd in;
	int r;

	if (p == NULL || p->sender == i->conf->role) {
		seal_fail(d, SEAL_E_PROTOCOL,
		    "remoteAttestation: expected none in this message");
		return intra_fail(
		    i, ALERT_UNSUPPORTED_EXTENSION, SEAL_E_PROTOCOL);
	}
	if (content.n > p->limit) {
		seal_fail(d, SEAL_E_DECODE,
		    "remoteAttestation: expected at most %zu bytes in %s, "
		    "found %zu",
		    p->limit, p->name, content.n);
		return read_fail(i, SEAL_E_DECODE);
	}
	rd_init(&in, content);
	if ((r = p->read(i, &in, d)) != 0)
		return read_fail(i, r);
	if (rd_end(&in))
		return 0;
	seal_fail(d, SEAL_E_DECODE,
	    "remoteAttestation: bytes behind the content in %s", p->name);
	return read_fail(i, SEAL_E_DECODE);
}
