/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/out.h"
#include "cli/server.h"
#include "cli/setup.h"

static int
serve(const struct setup *setup, const struct server_conf *conf)
{
	struct seal_endpoint *endpoint = NULL;
	struct seal_ctx *ctx = NULL;
	struct seal_diag d = { 0 };
	int status;

	if (setup_ctx(setup, &ctx, &d) == 0 &&
	    setup_endpoint(setup, ctx, SEAL_SERVER, &endpoint, &d) == 0) {
		log_left_out(&conf->log, ctx);
		log_insecure(&conf->log, ctx);
		status = server_run(conf, endpoint);
	} else {
		log_failure(&conf->log, NULL, &d);
		status = out_exit(d.code);
	}
	seal_endpoint_free(&endpoint);
	seal_ctx_free(&ctx);
	return status;
}

static int
run(int argc, char **argv)
{
	struct server_conf conf = { .workers = 4, .max_connections = 256 };
	struct setup setup = { 0 };
	struct operands args;
	bool echo = false;
	const struct opt opts[] = {
		SETUP_CERT(&setup),
		SETUP_KEY(&setup),
		SETUP_ATTEST(&setup),
		SETUP_POLICY(&setup),
		SETUP_CONFIG(&setup),
		SETUP_CA(&setup),
		SETUP_PIN(&setup),
		SETUP_ALPN(&setup),
		SETUP_MODE(&setup),
		SETUP_UDP(&setup),
		{ "--exec", "COMMAND", "run it for each connection",
		    .text = &conf.exec },
		{ "--echo", NULL, "send back what comes", .flag = &echo },
		{ "--once", NULL, "end with the first connection",
		    .flag = &conf.once },
		{ "--workers", "N", "threads for evidence (4)",
		    .number = &conf.workers, .min = 1, .max = 64 },
		{ "--max-connections", "N", "at once (256)",
		    .number = &conf.max_connections, .min = 1, .max = 65536 },
		{ "--json", NULL, "log JSON lines", .flag = &conf.log.json },
		{ NULL },
	};
	enum opt_result r =
	    opt_parse(&cmd_serve, opts, argc, argv, 1, 1, &args);

	if (r != OPT_RUN)
		return opt_exit(r);
	if (echo && conf.exec != NULL)
		return opt_usage(&cmd_serve,
		    "--echo, --exec: expected one of them, found both");
	conf.address = args.v[0];
	conf.udp = setup.udp;
	conf.service = echo                ? SERVICE_ECHO
		       : conf.exec != NULL ? SERVICE_EXEC
					   : SERVICE_STDIO;
	return serve(&setup, &conf);
}

const struct command cmd_serve = {
	.name = "serve",
	.operands = "[HOST:]PORT --cert FILE --key FILE [--attest SPEC] "
		    "[--policy FILE] ...",
	.summary = "serve attested TLS, or DTLS",
	.example =
	    "  seal serve 4433 --cert cert.pem --key cert.key --echo \\\n"
	    "      --attest 'tpm2:pcrs=sha256:0-7;subject_cert=subject.pem'",
	.details =
	    "Listens on the loopback address unless HOST says otherwise; PORT "
	    "0 takes a free\none; the first line on stderr says which. Without "
	    "--echo or --exec the first\nconnection that is ready is joined "
	    "with stdin and stdout, and the server ends with\nit. SIGTERM and "
	    "SIGINT end all connections in order, within two seconds. In modes "
	    "intra and both\nthe attester's key is TLS's: --cert and --key do "
	    "not stand beside it.",
	.run = run,
};
