/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/stack_gnutls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/gnutls.h>

#include "base/diag.h"
#include "base/limits.h"
#include "base/span.h"

#define READS_MAX 32 /* records without data that one read passes over */
#define PRIORITY_MAX 1024

struct gnutls_conn {
	gnutls_session_t session;
	struct stack_rules rules;
	struct stack_peer peer;
	size_t written; /* of what write() was given */
};

/* ---- Preparing a session ---- */

/* Preferred first; a GnuTLS that lacks the hybrids takes the second. */
static const char *const group_lists[] = {
	"+GROUP-X25519-MLKEM768:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-X448:"
	"+GROUP-SECP384R1:+GROUP-SECP521R1:+GROUP-SECP256R1-MLKEM768:"
	"+GROUP-SECP384R1-MLKEM1024",
	"+GROUP-X25519:+GROUP-SECP256R1:+GROUP-X448:+GROUP-SECP384R1:"
	"+GROUP-SECP521R1",
};

/* Stands behind the user's keywords, so that it has the last word. */
#define MUST                                               \
	"-VERS-ALL:+VERS-TLS1.3:-PSK:-DHE-PSK:-ECDHE-PSK:" \
	"-RSA-PSK:-CTYPE-ALL:+CTYPE-X509:%%NO_TICKETS:-GROUP-ALL"

/* Marks a session that went through stack_gnutls_prepare(). */
static char prepared;

static int
setup_fail(struct seal_diag *d, int r, const char *what)
{
	return seal_fail(
	    d, SEAL_E_CONFIG, "tls: %s: %s", what, gnutls_strerror(r));
}

static int
set_priority(
    gnutls_session_t session, const char *keywords, struct seal_diag *d)
{
	char text[PRIORITY_MAX];
	const char *at = NULL;
	int r = GNUTLS_E_INVALID_REQUEST;

	for (size_t i = 0; i < sizeof(group_lists) / sizeof(group_lists[0]);
	     i++) {
		int n = snprintf(text, sizeof(text), "NORMAL:%s%s" MUST ":%s",
		    keywords != NULL ? keywords : "",
		    keywords != NULL ? ":" : "", group_lists[i]);

		if (n < 0 || (size_t)n >= sizeof(text))
			break;
		r = gnutls_priority_set_direct(session, text, &at);
		if (r == GNUTLS_E_SUCCESS)
			return 0;
	}
	setup_fail(d, r, "priority string");
	seal_remedy(d, "GnuTLS stumbles at '%.60s'", at != NULL ? at : text);
	return SEAL_E_CONFIG;
}

/* GnuTLS tells servers alone what name a client asked for. */
static bool
is_server(gnutls_session_t session)
{
	size_t n = 0;
	unsigned type;

	return gnutls_server_name_get(session, NULL, &n, &type, 0) !=
	       GNUTLS_E_INVALID_REQUEST;
}

static int
check_fresh(gnutls_session_t session, enum seal_role role, struct seal_diag *d)
{
	if (is_server(session) != (role == SEAL_SERVER))
		return seal_fail(d, SEAL_E_CONFIG,
		    "tls: expected a GnuTLS session of a %s",
		    role == SEAL_SERVER ? "server" : "client");
	if ((int)gnutls_handshake_get_last_in(session) != -1 ||
	    (int)gnutls_handshake_get_last_out(session) != -1)
		return seal_fail(d, SEAL_E_STATE,
		    "tls: expected a handshake that has not begun");
	return 0;
}

static int
check_credentials(gnutls_session_t session, struct seal_diag *d)
{
	void *cred = NULL;

	if (gnutls_credentials_get(session, GNUTLS_CRD_PSK, &cred) == 0 &&
	    cred != NULL)
		return seal_fail(
		    d, SEAL_E_CONFIG, "tls: expected no PSK credentials");
	cred = NULL;
	if (gnutls_credentials_get(session, GNUTLS_CRD_CERTIFICATE, &cred) !=
		0 ||
	    cred == NULL)
		return seal_fail(d, SEAL_E_CONFIG,
		    "tls: expected certificate credentials, which may be empty "
		    "for a client");
	return 0;
}

int
stack_gnutls_prepare(gnutls_session_t session, enum seal_role role,
    const char *keywords, struct seal_diag *d)
{
	unsigned char name[] = STACK_ALPN;
	gnutls_datum_t alpn = { name, sizeof(name) - 1 };
	int r;

	if ((r = check_fresh(session, role, d)) != 0)
		return r;
	if (gnutls_db_get_ptr(session) != NULL)
		return seal_fail(d, SEAL_E_CONFIG,
		    "tls: expected a session without a session database");
	if ((r = set_priority(session, keywords, d)) != 0)
		return r;
	r = gnutls_alpn_set_protocols(session, &alpn, 1, GNUTLS_ALPN_MANDATORY);
	if (r != 0)
		return setup_fail(d, r, "ALPN");
	gnutls_db_set_retrieve_function(session, NULL);
	gnutls_db_set_store_function(session, NULL);
	gnutls_handshake_set_max_packet_length(
	    session, LIMIT_FRAME_AUTHENTICATOR);
	gnutls_db_set_ptr(session, &prepared);
	return 0;
}

/* ---- The peer's certificate ---- */

/* Called within the handshake; not zero ends it. */
static int
verify_peer(gnutls_session_t session)
{
	struct gnutls_conn *c = gnutls_db_get_ptr(session);
	struct span chain[LIMIT_CHAIN];
	unsigned n = 0;
	const gnutls_datum_t *certs = gnutls_certificate_get_peers(session, &n);

	if (c == NULL) /* its connection is gone */
		return GNUTLS_E_CERTIFICATE_ERROR;
	if (certs == NULL)
		n = 0;
	if (n > LIMIT_CHAIN) {
		seal_fail(&c->peer.why, SEAL_E_IDENTITY,
		    "tls: handshake: the peer shows %u certificates, expected "
		    "at most %u",
		    n, LIMIT_CHAIN);
		return GNUTLS_E_CERTIFICATE_ERROR;
	}
	for (unsigned i = 0; i < n; i++)
		chain[i] = span_of(certs[i].data, certs[i].size);
	return stack_judge(&c->rules, chain, n, &c->peer) == 0
		   ? 0
		   : GNUTLS_E_CERTIFICATE_ERROR;
}

static int
attach_settings(struct gnutls_conn *c, struct seal_diag *d)
{
	const char *sni = stack_server_name(&c->rules);
	int r;

	if (c->rules.role == SEAL_SERVER)
		gnutls_certificate_server_set_request(c->session,
		    !stack_asks_certificate(&c->rules)   ? GNUTLS_CERT_IGNORE
		    : stack_needs_certificate(&c->rules) ? GNUTLS_CERT_REQUIRE
							 : GNUTLS_CERT_REQUEST);
	if (sni != NULL && (r = gnutls_server_name_set(c->session,
				GNUTLS_NAME_DNS, sni, strlen(sni))) != 0)
		return setup_fail(d, r, "server name");
	gnutls_session_set_verify_function(c->session, verify_peer);
	gnutls_db_set_ptr(c->session, c);
	return 0;
}

int
stack_gnutls_attach(gnutls_session_t session, const struct stack_rules *rules,
    void **ret_tls, struct seal_diag *d)
{
	struct gnutls_conn *c;
	int r;

	if (gnutls_db_get_ptr(session) != &prepared) {
		seal_fail(d, SEAL_E_CONFIG, "tls: expected a prepared session");
		seal_remedy(d, "call seal_gnutls_prepare() once for each");
		return SEAL_E_CONFIG;
	}
	if ((r = check_fresh(session, rules->role, d)) != 0 ||
	    (r = check_credentials(session, d)) != 0 ||
	    (r = stack_rules_check(rules, d)) != 0)
		return r;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "tls: connection");
	c->session = session;
	c->rules = *rules;
	if ((r = attach_settings(c, d)) != 0) {
		free(c);
		return r;
	}
	*ret_tls = c;
	return 0;
}

static void
my_release(void *tls)
{
	struct gnutls_conn *c = tls;

	gnutls_db_set_ptr(c->session, NULL);
	free(c);
}

/* ---- Errors ---- */

/* The peer learns why, as far as TLS can tell, unless it said so itself. */
static void
send_alert(gnutls_session_t session, int r)
{
	if (r != GNUTLS_E_FATAL_ALERT_RECEIVED && r != GNUTLS_E_PUSH_ERROR &&
	    r != GNUTLS_E_PULL_ERROR && r != GNUTLS_E_PREMATURE_TERMINATION)
		gnutls_alert_send_appropriate(session, r);
}

static void
tell(struct gnutls_conn *c, int r, const char *what, struct seal_diag *d)
{
	bool io = r == GNUTLS_E_PUSH_ERROR || r == GNUTLS_E_PULL_ERROR;
	const char *alert = NULL;

	if (r == GNUTLS_E_FATAL_ALERT_RECEIVED)
		alert = gnutls_alert_get_name(gnutls_alert_get(c->session));
	seal_fail(d, io ? SEAL_E_IO : SEAL_E_TLS, "tls: %s: %s%s%s", what,
	    gnutls_strerror(r), alert != NULL ? ": " : "",
	    alert != NULL ? alert : "");
}

static enum seal_io
io_result(struct gnutls_conn *c, int r, const char *what, struct seal_diag *d)
{
	if (r >= 0)
		return SEAL_IO_DONE;
	if (r == GNUTLS_E_PREMATURE_TERMINATION)
		return SEAL_IO_TRUNCATED;
	if (gnutls_error_is_fatal(r) == 0 && r != GNUTLS_E_REHANDSHAKE)
		return gnutls_record_get_direction(c->session) == 1
			   ? SEAL_IO_WANT_WRITE
			   : SEAL_IO_WANT_READ;
	send_alert(c->session, r);
	tell(c, r, what, d);
	return SEAL_IO_ERROR;
}

/* ---- The calls of a stack ---- */

static bool
no_alpn(struct gnutls_conn *c, int r)
{
	return r == GNUTLS_E_NO_APPLICATION_PROTOCOL ||
	       (r == GNUTLS_E_FATAL_ALERT_RECEIVED &&
		   gnutls_alert_get(c->session) ==
		       GNUTLS_A_NO_APPLICATION_PROTOCOL);
}

static enum seal_io
handshake_failed(struct gnutls_conn *c, int r, struct seal_diag *d)
{
	if (r == GNUTLS_E_PREMATURE_TERMINATION)
		return stack_handshake_io(SEAL_IO_TRUNCATED, d);
	send_alert(c->session, r);
	if (r == GNUTLS_E_CERTIFICATE_ERROR && c->peer.why.code != 0 &&
	    d != NULL && d->code == 0) {
		*d = c->peer.why;
	} else if (no_alpn(c, r)) {
		seal_fail(d, SEAL_E_UNSUPPORTED, "tls: handshake: %s",
		    gnutls_strerror(r));
		seal_remedy(d, "the peer does not speak seal/1");
	} else {
		tell(c, r, "handshake", d);
	}
	return SEAL_IO_ERROR;
}

static enum seal_io
my_handshake(void *tls, struct seal_diag *d)
{
	struct gnutls_conn *c = tls;
	int r = gnutls_handshake(c->session);

	if (r < 0)
		return gnutls_error_is_fatal(r) == 0
			   ? io_result(c, r, "handshake", d)
			   : handshake_failed(c, r, d);
	/* RFC 9261 s9: the peer's Finished must have come. */
	if ((gnutls_session_get_flags(c->session) &
		GNUTLS_SFLAGS_EARLY_START) != 0) {
		seal_fail(d, SEAL_E_CONFIG,
		    "tls: expected a session that awaits the client's "
		    "Finished");
		seal_remedy(d, "make it without GNUTLS_ENABLE_EARLY_START");
		return SEAL_IO_ERROR;
	}
	return SEAL_IO_DONE;
}

/* What changes with each record that was read, and with each key. */
struct read_state {
	uint8_t seq[8], iv[16];
};

static struct read_state
read_state(gnutls_session_t session)
{
	struct read_state s = { 0 };
	gnutls_datum_t iv = { NULL, 0 };

	if (gnutls_record_get_state(session, 1, NULL, &iv, NULL, s.seq) == 0 &&
	    iv.data != NULL)
		memcpy(s.iv, iv.data,
		    iv.size < sizeof(s.iv) ? iv.size : sizeof(s.iv));
	return s;
}

/*
 * A record without data (KeyUpdate) ends a read as if the transport had no
 * more; a caller that waits for an edge would never hear of the rest. So this
 * goes on while records come, though not for ever.
 */
static enum seal_io
my_read(void *tls, void *buf, size_t cap, size_t *ret_n, struct seal_diag *d)
{
	struct gnutls_conn *c = tls;
	struct read_state before, after;
	ssize_t n = 0;

	*ret_n = 0;
	after = read_state(c->session);
	for (int i = 0; i < READS_MAX; i++) {
		before = after;
		n = gnutls_record_recv(c->session, buf, cap);
		after = read_state(c->session);
		if (n >= 0 || gnutls_error_is_fatal((int)n) != 0 ||
		    memcmp(&before, &after, sizeof(before)) == 0)
			break;
	}
	if (n == 0)
		return SEAL_IO_EOF;
	if (n > 0)
		*ret_n = (size_t)n;
	return n > 0 ? SEAL_IO_DONE : io_result(c, (int)n, "read", d);
}

/* GnuTLS takes a record's worth at a time, and after AGAIN the same again. */
static enum seal_io
my_write(void *tls, const void *buf, size_t n, struct seal_diag *d)
{
	struct gnutls_conn *c = tls;
	ssize_t r = 0;

	while (c->written < n) {
		r = gnutls_record_send(c->session,
		    (const uint8_t *)buf + c->written, n - c->written);
		if (r < 0)
			break;
		c->written += (size_t)r;
	}
	if (r >= 0) {
		c->written = 0;
		return SEAL_IO_DONE;
	}
	return stack_write_io(io_result(c, (int)r, "write", d), d);
}

static enum seal_io
my_shutdown(void *tls, struct seal_diag *d)
{
	struct gnutls_conn *c = tls;

	return io_result(
	    c, gnutls_bye(c->session, GNUTLS_SHUT_WR), "shutdown", d);
}

static int
my_exporter(void *tls, const char *label, const uint8_t *context,
    size_t context_n, uint8_t *ret, size_t n, struct seal_diag *d)
{
	struct gnutls_conn *c = tls;
	int r = gnutls_prf_rfc5705(c->session, strlen(label), label, context_n,
	    context_n > 0 ? (const char *)context : "", n, (char *)ret);

	if (r == 0)
		return 0;
	return seal_fail(
	    d, SEAL_E_TLS, "tls: exporter: %s", gnutls_strerror(r));
}

/* ---- Facts ---- */

/* By name: which of them a header knows depends on its version. */
static uint16_t
negotiated_group(gnutls_session_t session)
{
	static const struct {
		const char *name;
		uint16_t group;
	} groups[] = {
		{ "SECP256R1", 0x0017 },
		{ "SECP384R1", 0x0018 },
		{ "SECP521R1", 0x0019 },
		{ "X25519", 0x001d },
		{ "X448", 0x001e },
		{ "SECP256R1-MLKEM768", 0x11eb },
		{ "X25519-MLKEM768", 0x11ec },
		{ "SECP384R1-MLKEM1024", 0x11ed },
	};
	const char *name = gnutls_group_get_name(gnutls_group_get(session));

	for (size_t i = 0;
	     name != NULL && i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (strcmp(groups[i].name, name) == 0)
			return groups[i].group;
	}
	return 0;
}

static uint16_t
suite_hash(gnutls_session_t session)
{
	switch (gnutls_prf_hash_get(session)) {
	case GNUTLS_DIG_SHA256:
		return 256;
	case GNUTLS_DIG_SHA384:
		return 384;
	default:
		return 0;
	}
}

static uint16_t
version(gnutls_session_t session)
{
	switch (gnutls_protocol_get_version(session)) {
	case GNUTLS_TLS1_3:
		return STACK_TLS13;
	case GNUTLS_TLS1_2:
		return STACK_TLS12;
	default:
		return 0;
	}
}

static int
my_facts(void *tls, struct seal_stack_facts *ret, struct seal_diag *d)
{
	struct gnutls_conn *c = tls;
	struct seal_stack_facts f = { 0 };
	gnutls_datum_t alpn = { NULL, 0 };

	(void)d;
	f.role = is_server(c->session) ? SEAL_SERVER : SEAL_CLIENT;
	f.version = version(c->session);
	f.hash = suite_hash(c->session);
	f.group = negotiated_group(c->session);
	/* A PSK of any kind authenticates nobody's certificate. */
	f.resumed =
	    gnutls_session_is_resumed(c->session) != 0 ||
	    gnutls_auth_server_get_type(c->session) != GNUTLS_CRD_CERTIFICATE ||
	    (gnutls_session_get_flags(c->session) & GNUTLS_SFLAGS_EARLY_DATA) !=
		0;
	if (gnutls_alpn_get_selected_protocol(c->session, &alpn) == 0 &&
	    alpn.size < sizeof(f.alpn))
		memcpy(f.alpn, alpn.data, alpn.size);
	stack_peer_facts(&c->rules, &c->peer, &f);
	*ret = f;
	return 0;
}

const struct seal_stack stack_gnutls = {
	.abi = SEAL_STACK_ABI,
	.name = "gnutls",
	.handshake = my_handshake,
	.read = my_read,
	.write = my_write,
	.shutdown = my_shutdown,
	.exporter = my_exporter,
	.facts = my_facts,
	.release = my_release,
};

static int
my_probe(struct wr *ret_found, struct seal_diag *d)
{
	(void)d;
	wr_printf(ret_found, "GnuTLS %s; TLS 1.3", gnutls_check_version(NULL));
	return 0;
}

const struct stack_kind stack_gnutls_kind = {
	.name = "gnutls",
	.probe = my_probe,
};
