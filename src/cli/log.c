/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log.h"

#include <stdlib.h>

#include "cli/cli.h"
#include "cli/out.h"

static void
begin(const struct log *l, struct wr *w, const char *event, const char *peer)
{
	wr_init_heap(w, OUT_MAX);
	if (l->json) {
		wr_u8(w, '{');
		out_json_member(w, "event", event);
		if (peer != NULL)
			out_json_member(w, "peer", peer);
		return;
	}
	out_plain(w, peer != NULL ? peer : "seal");
	wr_printf(w, ": ");
}

static void
finish(const struct log *l, struct wr *w)
{
	if (l->json)
		wr_u8(w, '}');
	out_line(stderr, w);
}

void
log_listening(const struct log *l, const char *address)
{
	struct wr w;

	if (l->json) {
		begin(l, &w, "listening", NULL);
		out_json_member(&w, "address", address);
		finish(l, &w);
		return;
	}
	fprintf(stderr, "listening on %s\n", address);
}

void
log_insecure(const struct log *l, const struct seal_ctx *ctx)
{
	struct wr w;

	if (!seal_ctx_insecure(ctx))
		return;
	begin(l, &w, "insecure", NULL);
	if (l->json)
		out_json_member(&w, "attester", "soft");
	else
		wr_printf(&w, "INSECURE: attests with software Evidence, which "
			      "proves nothing about a platform");
	finish(l, &w);
}

void
log_left_out(const struct log *l, const struct seal_ctx *ctx)
{
	const char *why;
	struct wr w;

	for (size_t i = 0; (why = seal_ctx_left_out(ctx, i)) != NULL; i++) {
		begin(l, &w, "left out", NULL);
		if (l->json) {
			out_json_member(&w, "attester", why);
		} else {
			wr_printf(&w, "left out, since it is optional: ");
			out_plain(&w, why);
		}
		finish(l, &w);
	}
}

void
log_ready(const struct log *l, const char *peer, struct seal_conn *c)
{
	const char *alpn = seal_conn_alpn(c);
	struct wr w;

	begin(l, &w, "ready", peer);
	if (l->json) {
		out_json_member(&w, "alpn", alpn);
	} else {
		wr_printf(&w, "ready");
		if (seal_conn_verdict(c) == NULL)
			wr_printf(&w, ", peer not asked to attest");
		if (alpn[0] != '\0')
			wr_printf(&w, ", inner protocol ");
		out_plain(&w, alpn);
	}
	finish(l, &w);
}

/* ---- Verdicts ---- */

/* The first check that failed, as "name: expected …, got …". */
static void
failed_check(struct wr *w, const struct seal_verdict *v)
{
	struct seal_check c;

	for (size_t i = 0; seal_verdict_check(v, i, &c) == 0; i++) {
		if (c.status != SEAL_CHECK_FAILED)
			continue;
		wr_printf(w, ": %s: expected ", c.name);
		out_plain(w, c.expected);
		wr_printf(w, ", got ");
		out_plain(w, c.got);
		if (c.remedy[0] != '\0')
			wr_printf(w, "; to do: ");
		out_plain(w, c.remedy);
		return;
	}
}

static void
verdict_text(struct wr *w, const struct seal_verdict *v)
{
	enum seal_outcome outcome = seal_verdict_outcome(v);

	wr_printf(w, "%s", seal_outcome_name(outcome));
	if (seal_verdict_insecure(v))
		wr_printf(w, " INSECURE (software evidence)");
	if (outcome != SEAL_ACCEPTED) {
		failed_check(w, v);
		return;
	}
	wr_printf(w, " for %u s, identity ", seal_verdict_lease_s(v));
	out_plain(w, seal_verdict_identity(v));
	wr_printf(w, ", ");
	out_plain(w, seal_verdict_scheme(v));
}

static void
verdict_json(struct wr *w, const struct seal_verdict *v)
{
	char *json = seal_verdict_json(v);

	wr_printf(w, ",\"verdict\":");
	out_json_flat(w, json != NULL ? json : "null");
	free(json);
}

void
log_verdict(const struct log *l, const char *peer, const struct seal_verdict *v)
{
	struct wr w;

	begin(l, &w, "verdict", peer);
	if (l->json)
		verdict_json(&w, v);
	else
		verdict_text(&w, v);
	finish(l, &w);
}

/* ---- Ends ---- */

static void
put_diag(const struct log *l, struct wr *w, const struct seal_diag *d)
{
	if (l->json) {
		out_json_error(w, d);
		return;
	}
	out_plain(w, d->text[0] != '\0' ? d->text : seal_error_name(d->code));
	if (d->remedy[0] != '\0')
		wr_printf(w, "; to do: ");
	out_plain(w, d->remedy);
}

void
log_end(const struct log *l, const char *peer, struct seal_conn *c)
{
	enum seal_outcome outcome = seal_conn_outcome(c);
	const struct seal_diag *d = seal_conn_diag(c);
	struct wr w;

	begin(l, &w, "end", peer);
	if (l->json)
		out_json_member(&w, "outcome", seal_outcome_name(outcome));
	else
		wr_printf(&w, "%s", seal_outcome_name(outcome));
	if (d->code != 0 && outcome != SEAL_CLOSED) {
		if (!l->json)
			wr_printf(&w, ": ");
		put_diag(l, &w, d);
	}
	finish(l, &w);
}

void
log_failure(const struct log *l, const char *peer, const struct seal_diag *d)
{
	struct wr w;

	begin(l, &w, "failure", peer);
	put_diag(l, &w, d);
	finish(l, &w);
}

int
conn_exit(const struct seal_conn *c)
{
	enum seal_outcome outcome = seal_conn_outcome(c);
	int code = seal_conn_diag(c)->code;

	if (outcome != SEAL_INVALID)
		return seal_outcome_exit(outcome);
	/* A refusal whose code we do not know is a refusal. */
	return code == SEAL_E_REFUSED ? EXIT_REFUSED : out_exit(code);
}
