/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/diag.h"
#include "cli/log.h"
#include "cli/net.h"
#include "cli/out.h"
#include "cli/verifier_conf.h"
#include "service/http.h"

#define TIDY_MS 30000

static int
signals_open(int *ret, struct seal_diag *d)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	/* Before any thread: they inherit it. */
	sigprocmask(SIG_BLOCK, &set, NULL);
	if ((*ret = signalfd(-1, &set, SFD_CLOEXEC)) == -1)
		return seal_fail(
		    d, SEAL_E_UNAVAILABLE, "signals: %s", strerror(errno));
	return 0;
}

/* Until a signal; tidies up in between. */
static void
wait_for_end(struct service *s, const struct log *log, int signals)
{
	struct pollfd p = { .fd = signals, .events = POLLIN };

	while (poll(&p, 1, TIDY_MS) == 0) {
		struct seal_diag d = { 0 };

		if (service_tidy(s, &d) != 0)
			log_failure(log, NULL, &d);
	}
}

static int
serve(
    const struct service_conf *conf, const struct log *log, struct seal_diag *d)
{
	struct service *s = NULL;
	struct http *http = NULL;
	char name[NET_NAME];
	int fd = -1, signals = -1, r;

	if ((r = signals_open(&signals, d)) == 0 &&
	    (r = service_new(conf, &s, d)) == 0 &&
	    (r = net_listen(conf->listen, false, &fd, d)) == 0) {
		net_own_name(fd, name);
		if ((r = http_start(conf, s, fd, &http, d)) == 0) {
			log_listening(log, name);
			wait_for_end(s, log, signals);
		}
	}
	http_stop(&http);
	service_free(&s);
	if (signals >= 0)
		close(signals);
	return r;
}

static int
run(int argc, char **argv)
{
	struct verifier_opts o = { 0 };
	struct service_conf conf;
	struct seal_diag d = { 0 };
	struct operands args;
	const struct opt opts[] = {
		VERIFIER_CONFIG(&o),
		{ "--listen", "ADDRESS", "HOST:PORT, or PORT on loopback",
		    .text = &o.listen },
		VERIFIER_STORE(&o),
		{ "--key", "FILE", "PEM; signs results", .text = &o.key },
		{ "--id", "TEXT", "who speaks in results", .text = &o.id },
		{ "--policy-name", "NAME", "the policy to judge by (default)",
		    .text = &o.policy },
		{ "--tls-cert", "FILE", "PEM chain; without it loopback only",
		    .text = &o.cert },
		{ "--tls-key", "FILE", "its key", .text = &o.cert_key },
		{ "--token-file", "FILE", "who has it may provision",
		    .text = &o.token },
		{ "--anchors", "DIR", "certificates that policies may name",
		    .text = &o.anchors },
		{ "--json", NULL, "logs as JSON", .flag = &o.json },
		{ NULL },
	};
	enum opt_result r =
	    opt_parse(&cmd_verifier_run, opts, argc, argv, 0, 0, &args);
	struct log log;
	int code;

	if (r != OPT_RUN)
		return opt_exit(r);
	log.json = o.json;
	if ((code = verifier_conf(&o, &conf, &d)) == 0) {
		if ((code = conf_check(&conf, &d)) == 0)
			code = serve(&conf, &log, &d);
		conf_wipe(&conf);
	}
	if (code == 0)
		return EXIT_ACCEPTED;
	log_failure(&log, NULL, &d);
	return out_exit(code);
}

const struct command cmd_verifier_run = {
	.name = "verifier run",
	.operands = "--config FILE | --store WHERE --key FILE --id TEXT ...",
	.summary = "appraise for others, over HTTPS",
	.example =
	    "  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 "
	    "-out results.key\n"
	    "  chmod 600 results.key\n"
	    "  seal verifier add golden.json --store verifier.db\n"
	    "  seal verifier run --store verifier.db --key results.key \\\n"
	    "      --id https://verifier.example --listen 8080",
	.details =
	    "Veraison's challenge-response API; results are signed EARs. "
	    "doc/verifier.md shows\nhow to run several on one PostgreSQL, to "
	    "rotate keys, and to back up. The status\npage is at /.",
	.run = run,
};
