/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <unistd.h>

#include "base/diag.h"
#include "cli/child.h"
#include "cli/log.h"
#include "cli/loop.h"
#include "cli/net.h"
#include "cli/out.h"
#include "cli/pump.h"
#include "cli/setup.h"

#define CONNECT_MS 30000

struct connect_opts {
	struct setup setup;
	const char *address, *exec;
	bool verdict; /* only show it */
	struct log log;
	uint32_t reattest_s; /* 0: when the lease asks for it */
};

/* ---- What is said, on stderr: stdout belongs to the data ---- */

static int
failed(const struct connect_opts *o, const struct seal_diag *d)
{
	if (!o->log.json)
		return out_diag(stderr, false, d);
	log_failure(&o->log, o->address, d);
	return out_exit(d->code);
}

/* What --verdict prints: doc/verdict.md. */
static void
print_verdict(const struct seal_verdict *v, bool json)
{
	struct wr w;
	char *text;

	if (!json) {
		out_text(stdout, seal_verdict_text(v));
		return;
	}
	if ((text = seal_verdict_json(v)) == NULL)
		return;
	wr_init_heap(&w, OUT_MAX);
	out_json_flat(&w, text);
	free(text);
	out_line(stdout, &w);
}

/* The first verdict as a whole. */
static void
show_verdict(struct seal_conn *c, const struct connect_opts *o)
{
	const struct seal_verdict *v = seal_conn_verdict(c);

	if (v == NULL)
		return;
	if (o->verdict)
		print_verdict(v, o->log.json);
	else if (o->log.json)
		log_verdict(&o->log, o->address, v);
	else
		out_text(stderr, seal_verdict_text(v));
}

static int
conclude(struct seal_conn *c, const struct connect_opts *o)
{
	int status = conn_exit(c);

	if (status != EXIT_ACCEPTED)
		failed(o, seal_conn_diag(c));
	return status;
}

/* ---- Relaying ---- */

struct relay {
	struct pump pump;
	const struct connect_opts *opts;
	int64_t reattest_at; /* INT64_MAX: never */
	unsigned verdicts;   /* that were told */
};

static int
relay_timeout(const struct relay *r)
{
	int timeout = pump_timeout(&r->pump);
	int64_t left;

	if (r->reattest_at == INT64_MAX)
		return timeout;
	left = r->reattest_at - loop_now_ms();
	if (left < 0)
		left = 0;
	return timeout >= 0 && timeout < left ? timeout : (int)left;
}

static void
relay_reattest(struct relay *r)
{
	if (loop_now_ms() < r->reattest_at)
		return;
	seal_conn_reattest(r->pump.conn);
	r->reattest_at = loop_now_ms() + (int64_t)r->opts->reattest_s * 1000;
}

/* Later verdicts take a line each. */
static void
relay_tell(struct relay *r, const char *peer)
{
	const struct seal_verdict *v = seal_conn_verdict(r->pump.conn);
	unsigned n = seal_conn_verdict_count(r->pump.conn);

	if (v == NULL || n == r->verdicts)
		return;
	r->verdicts = n;
	log_verdict(&r->opts->log, peer, v);
}

static void
run_job(struct seal_conn *c)
{
	struct seal_job *job = seal_conn_job(c);

	if (job == NULL)
		return;
	seal_job_run(job);
	seal_conn_job_done(c, &job);
}

static void
relay_loop(struct relay *r, int loop)
{
	uint64_t tags[LOOP_EVENTS];
	enum seal_step step;
	bool more = false;

	for (;;) {
		relay_reattest(r);
		step = pump_step(&r->pump, &more);
		relay_tell(r, r->opts->address);
		if (step == SEAL_WANT_JOB) {
			run_job(r->pump.conn);
			continue;
		}
		if (step == SEAL_ERROR ||
		    (step == SEAL_EOF && (r->pump.in_n == 0 || r->pump.to < 0)))
			return;
		if (loop_wait(loop, more ? 0 : relay_timeout(r), tags) == -1)
			return;
	}
}

/* Takes over from and to. */
static int
relay(struct relay *r, int fd, int from, int to, struct seal_diag *d)
{
	int loop = -1, ret;

	pump_init(&r->pump, r->pump.conn, from, to, false);
	if ((ret = loop_new(&loop, d)) == 0 &&
	    (ret = loop_watch(loop, fd, 0, d)) == 0 &&
	    (ret = loop_watch(loop, from, 0, d)) == 0 &&
	    (ret = loop_watch(loop, to, 0, d)) == 0)
		relay_loop(r, loop);
	pump_free(&r->pump);
	if (loop >= 0)
		close(loop);
	return ret;
}

/* ---- The command ---- */

static int
established(struct seal_conn *c, int fd, const struct connect_opts *o)
{
	int from = STDIN_FILENO, to = STDOUT_FILENO;
	struct relay r = {
		.pump = { .conn = c },
		.opts = o,
		.reattest_at = INT64_MAX,
		.verdicts = seal_conn_verdict_count(c),
	};
	struct seal_diag d = { 0 };

	if (o->reattest_s > 0)
		r.reattest_at = loop_now_ms() + (int64_t)o->reattest_s * 1000;
	if (o->exec != NULL && child_start(o->exec, &to, &from, &d) != 0)
		return failed(o, &d);
	if (relay(&r, fd, from, to, &d) != 0)
		return failed(o, &d);
	return conclude(c, o);
}

static int
converse(struct seal_conn *c, int fd, const struct connect_opts *o)
{
	bool ready = seal_conn_establish(c, fd) == 0;
	struct seal_diag d = { 0 };

	show_verdict(c, o);
	if (!ready)
		return conclude(c, o);
	if (!o->verdict)
		return established(c, fd, o);
	if (seal_conn_verdict(c) == NULL) {
		seal_fail(&d, SEAL_E_CONFIG,
		    "--verdict: the peer was not asked to attest");
		seal_remedy(&d, "give --policy; seal policy learn makes one");
		failed(o, &d);
		return EXIT_USAGE;
	}
	seal_conn_close_wait(c, fd);
	return EXIT_ACCEPTED;
}

static int
connect_peer(struct seal_endpoint *e, const struct connect_opts *o)
{
	struct seal_diag d = { 0 };
	struct seal_conn *c;
	int fd = -1, status;

	if (net_connect(o->address, o->setup.udp, CONNECT_MS, &fd, &d) != 0)
		return failed(o, &d);
	if ((c = seal_endpoint_conn(e, fd, &d)) == NULL) {
		close(fd);
		return failed(o, &d);
	}
	status = converse(c, fd, o);
	seal_endpoint_release(e, &c);
	return status;
}

static int
connect_with(struct connect_opts *o)
{
	struct seal_endpoint *endpoint = NULL;
	struct seal_ctx *ctx = NULL;
	struct seal_diag d = { 0 };
	int status;

	if (setup_ctx(&o->setup, &ctx, &d) == 0 &&
	    setup_endpoint(&o->setup, ctx, SEAL_CLIENT, &endpoint, &d) == 0) {
		log_left_out(&o->log, ctx);
		log_insecure(&o->log, ctx);
		status = connect_peer(endpoint, o);
	} else {
		status = failed(o, &d);
	}
	seal_endpoint_free(&endpoint);
	seal_ctx_free(&ctx);
	return status;
}

static int
run(int argc, char **argv)
{
	struct connect_opts o = { 0 };
	char host[NET_HOST], port[NET_PORT];
	struct operands args;
	const struct opt opts[] = {
		SETUP_POLICY(&o.setup),
		SETUP_ATTEST(&o.setup),
		SETUP_CONFIG(&o.setup),
		SETUP_NAME(&o.setup),
		SETUP_CA(&o.setup),
		SETUP_PIN(&o.setup),
		SETUP_CERT(&o.setup),
		SETUP_KEY(&o.setup),
		SETUP_ALPN(&o.setup),
		SETUP_MODE(&o.setup),
		SETUP_UDP(&o.setup),
		{ "--exec", "COMMAND", "join with it, not stdin and stdout",
		    .text = &o.exec },
		{ "--verdict", NULL, "print the verdict, and end",
		    .flag = &o.verdict },
		{ "--reattest-every", "SECONDS", "rather than by the lease",
		    .number = &o.reattest_s, .min = 1, .max = 86400 },
		{ "--json", NULL, "verdicts and failures as JSON lines",
		    .flag = &o.log.json },
		{ NULL },
	};
	enum opt_result r =
	    opt_parse(&cmd_connect, opts, argc, argv, 1, 1, &args);

	if (r != OPT_RUN)
		return opt_exit(r);
	if (!net_split(args.v[0], host, port) || host[0] == '\0')
		return opt_usage(
		    &cmd_connect, "expected HOST:PORT, found '%s'", args.v[0]);
	o.address = args.v[0];
	if (o.setup.name == NULL)
		o.setup.name = host;
	child_reap_none();
	return connect_with(&o);
}

const struct command cmd_connect = {
	.name = "connect",
	.operands = "HOST:PORT [--policy FILE] [--attest SPEC] ...",
	.summary = "connect, and join with stdin and stdout",
	.example = "  seal policy learn host.example:4433 -o golden.json\n"
		   "  echo hello | seal connect host.example:4433 --policy "
		   "golden.json",
	.details =
	    "Data flows once this side has accepted the peer, where there is a "
	    "policy, and the\npeer has accepted this side, where it asks. The "
	    "verdict goes to stderr, or to\nstdout with --verdict. The end of "
	    "stdin ends this side's data only; over UDP, which\nhas no such "
	    "thing, it ends the connection, once nothing has come for a "
	    "second.",
	.run = run,
};
