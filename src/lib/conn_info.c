/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <sealtls/tools.h>

#include "lib/conn.h"

struct seal_verdict *
seal_conn_verdict(struct seal_conn *c)
{
	return c->verdict;
}

unsigned
seal_conn_verdict_count(const struct seal_conn *c)
{
	return c->verdicts;
}

const struct seal_diag *
seal_conn_diag(const struct seal_conn *c)
{
	static const struct seal_diag none;

	return c->diag != NULL ? c->diag : &none;
}

enum seal_outcome
seal_conn_peer_outcome(const struct seal_conn *c)
{
	return c->session != NULL ? session_peer_outcome(c->session)
				  : SEAL_INVALID;
}

/* The first failure decides, and where the peer refused, its word. */
static enum seal_outcome
outcome_of_failure(const struct seal_conn *c)
{
	enum seal_outcome outcome = SEAL_INVALID;
	int code = c->diag != NULL ? c->diag->code : 0;

	if (code == SEAL_E_REFUSED)
		outcome = seal_conn_peer_outcome(c);
	else if (code != 0)
		outcome = seal_error_outcome(code);
	return outcome == SEAL_ACCEPTED ? SEAL_INVALID : outcome;
}

enum seal_outcome
seal_conn_outcome(const struct seal_conn *c)
{
	if (c->failing || c->phase == CONN_FAILED)
		return outcome_of_failure(c);
	if (c->phase == CONN_CLOSED || c->phase == CONN_SHUTDOWN)
		return SEAL_CLOSED;
	if (c->phase == CONN_PLAIN)
		return SEAL_ACCEPTED;
	return c->phase == CONN_SESSION &&
		       session_state(c->session) == SESSION_READY
		   ? SEAL_ACCEPTED
		   : SEAL_INVALID;
}

void
seal_conn_source(struct seal_conn *c, const void *address, size_t n)
{
	c->source = waits_source_of(address, n);
}

const char *
seal_conn_alpn(const struct seal_conn *c)
{
	return c->alpn != NULL ? c->alpn : "";
}

const char *
seal_conn_learned(const struct seal_conn *c)
{
	return c->learned;
}
