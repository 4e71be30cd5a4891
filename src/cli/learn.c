/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/file.h"
#include "cli/log.h"
#include "cli/net.h"
#include "cli/offline.h"
#include "cli/out.h"
#include "cli/setup.h"

#define CONNECT_MS 30000

struct learn_opts {
	struct setup setup;
	struct offline offline;
	const char *from, *out;
	bool json;
};

/* ---- What was learned ---- */

static int
deliver(const struct learn_opts *o, const char *policy)
{
	struct seal_diag d = { 0 };
	struct wr w;
	int status = EXIT_ACCEPTED;

	wr_init_heap(&w, OUT_MAX);
	wr_bytes(&w, span_str(policy));
	if (o->out == NULL)
		return out_line(stdout, &w);
	wr_u8(&w, '\n');
	if (w.error != 0)
		seal_fail(&d, w.error, "policy learn: out of memory");
	else
		file_write(o->out, wr_view(&w), 0644, &d);
	if (d.code != 0)
		status = out_diag(stdout, o->json, &d);
	wr_free(&w);
	return status;
}

/* Why there is nothing to pin; the verdict shows each check. */
static int
nothing(const struct learn_opts *o, const struct seal_verdict *v,
    const struct seal_diag *d)
{
	if (v != NULL && !o->json)
		out_text(stderr, seal_verdict_text(v));
	return out_diag(stdout, o->json, d);
}

/* The one rule of what was learned that the same Evidence would not meet. */
static void
warn_debug(const struct seal_verdict *v)
{
	struct seal_check c;

	for (size_t i = 0; i < seal_verdict_checks(v); i++)
		if (seal_verdict_check(v, i, &c) == 0 &&
		    strcmp(c.name, "debug") == 0 &&
		    c.status == SEAL_CHECK_FAILED)
			fprintf(stderr,
			    "seal: DEBUG: this platform is in debug mode, which "
			    "the policy does not accept\n      to do: %s\n",
			    c.remedy);
}

static void
warn(const struct seal_verdict *v)
{
	if (v == NULL)
		return;
	if (seal_verdict_insecure(v))
		fprintf(stderr, "seal: INSECURE: software Evidence proves "
				"nothing about a platform\n");
	warn_debug(v);
}

/* ---- From a file ---- */

static int
learn_file(const struct learn_opts *o)
{
	struct seal_appraise_args args;
	struct seal_verdict *v = NULL;
	struct seal_diag d = { 0 };
	uint8_t *evidence = NULL;
	char *policy = NULL;
	int status;

	if (offline_args(&o->offline, &args, &d) != 0 ||
	    offline_read(o->from, &evidence, &args.evidence_n, &d) != 0)
		return out_diag(stdout, o->json, &d);
	args.evidence = evidence;
	if (seal_policy_learn(&args, &policy, &v, &d) == 0) {
		warn(v);
		status = deliver(o, policy);
	} else {
		status = nothing(o, v, &d);
	}
	seal_verdict_free(&v);
	free(policy);
	free(evidence);
	return status;
}

/* ---- From a peer ---- */

/* An observing connection ends refused, and has learned all the same. */
static int
observe(const struct learn_opts *o, struct seal_conn *c, int fd)
{
	seal_conn_establish(c, fd);
	if (seal_conn_learned(c) == NULL) {
		nothing(o, seal_conn_verdict(c), seal_conn_diag(c));
		return conn_exit(c);
	}
	warn(seal_conn_verdict(c));
	return deliver(o, seal_conn_learned(c));
}

static int
learn_peer_with(const struct learn_opts *o, struct seal_endpoint *e)
{
	struct seal_diag d = { 0 };
	struct seal_conn *c;
	int fd = -1, status;

	if (net_connect(o->from, o->setup.udp, CONNECT_MS, &fd, &d) != 0)
		return out_diag(stdout, o->json, &d);
	if ((c = seal_endpoint_conn(e, fd, &d)) == NULL) {
		close(fd);
		return out_diag(stdout, o->json, &d);
	}
	status = observe(o, c, fd);
	seal_endpoint_release(e, &c);
	return status;
}

static int
learn_peer(const struct learn_opts *o)
{
	struct seal_endpoint *endpoint = NULL;
	struct seal_ctx *ctx = NULL;
	struct seal_diag d = { 0 };
	int status;

	if (setup_ctx(&o->setup, &ctx, &d) == 0 &&
	    seal_ctx_observe_peer(ctx, &d) == 0 &&
	    setup_endpoint(&o->setup, ctx, SEAL_CLIENT, &endpoint, &d) == 0)
		status = learn_peer_with(o, endpoint);
	else
		status = out_diag(stdout, o->json, &d);
	seal_endpoint_free(&endpoint);
	seal_ctx_free(&ctx);
	return status;
}

/* ---- The command ---- */

/* HOST:PORT, unless there is a file of that name. */
static bool
is_address(const char *from)
{
	char host[NET_HOST], port[NET_PORT];

	return strcmp(from, "-") != 0 && access(from, F_OK) != 0 &&
	       strchr(from, ':') != NULL && net_split(from, host, port) &&
	       host[0] != '\0';
}

static int
run(int argc, char **argv)
{
	char host[NET_HOST], port[NET_PORT];
	struct learn_opts o = { 0 };
	struct operands args;
	const struct opt opts[] = {
		{ "-o", "FILE", "where to (stdout)", .text = &o.out },
		SETUP_NAME(&o.setup),
		SETUP_ATTEST(&o.setup),
		SETUP_CONFIG(&o.setup),
		SETUP_CERT(&o.setup),
		SETUP_KEY(&o.setup),
		SETUP_ALPN(&o.setup),
		SETUP_MODE(&o.setup),
		SETUP_UDP(&o.setup),
		OFFLINE_NONCE(&o.offline),
		OFFLINE_BINDER(&o.offline),
		OFFLINE_TIME(&o.offline),
		OFFLINE_TYPE(&o.offline),
		OFFLINE_ENDORSEMENTS(&o.offline),
		{ "--json", NULL, "failures as JSON; the policy always is",
		    .flag = &o.json },
		{ NULL },
	};
	enum opt_result r =
	    opt_parse(&cmd_policy_learn, opts, argc, argv, 1, 1, &args);

	if (r != OPT_RUN)
		return opt_exit(r);
	o.from = args.v[0];
	if (!is_address(o.from))
		return learn_file(&o);
	if (o.setup.name == NULL && net_split(o.from, host, port))
		o.setup.name = host;
	return learn_peer(&o);
}

const struct command cmd_policy_learn = {
	.name = "policy learn",
	.operands = "HOST:PORT|FILE|- [-o FILE] ...",
	.summary = "pin what a peer, or Evidence in a file, shows",
	.example = "  seal policy learn host.example:4433 -o golden.json",
	.details =
	    "Signatures and, on a connection, the binder are verified; no data "
	    "flows. The policy\npins the signer's key, all that was measured, "
	    "and the peer's TLS key. Learn from a\nmachine that you know to be "
	    "good, and read the result.",
	.run = run,
};
