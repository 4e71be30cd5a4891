/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sealtls/tools.h>

#include "base/diag.h"
#include "base/file.h"
#include "cli/offline.h"
#include "cli/out.h"

#define STATE_MAX 65536u
#define LIFE_MAX 31536000u /* a year */

struct enroll_opts {
	struct seal_enroll_attester attester;
	struct seal_enroll_verifier verifier;
	struct seal_enroll_remote remote; /* url NULL: by files */
	const char *in, *out, *state;
};

static int
write_out(
    const struct enroll_opts *o, const void *p, size_t n, struct seal_diag *d)
{
	return file_write(o->out, span_of(p, n), 0644, d);
}

/* ---- The steps; each returns 0 or a SEAL_E_*, told in d ---- */

static int
step_request(const struct enroll_opts *o, struct seal_diag *d)
{
	void *message = NULL;
	size_t n = 0;
	int r;

	if ((r = seal_enroll_request(&o->attester, &message, &n, d)) == 0)
		r = write_out(o, message, n, d);
	free(message);
	return r;
}

static int
step_challenge(const struct enroll_opts *o, struct seal_diag *d)
{
	void *message = NULL, *state = NULL;
	size_t in_n = 0, n = 0, state_n = 0;
	uint8_t *in = NULL;
	int r;

	if ((r = offline_read(o->in, &in, &in_n, d)) == 0 &&
	    (r = seal_enroll_challenge(&o->verifier, in, in_n, time(NULL),
		 &message, &n, &state, &state_n, d)) == 0 &&
	    (r = file_write(o->state, span_of(state, state_n), 0600, d)) == 0)
		r = write_out(o, message, n, d);
	seal_wipe(state, state_n);
	free(state);
	free(message);
	free(in);
	return r;
}

static int
step_answer(const struct enroll_opts *o, struct seal_diag *d)
{
	void *message = NULL;
	size_t in_n = 0, n = 0;
	uint8_t *in = NULL;
	int r;

	if ((r = offline_read(o->in, &in, &in_n, d)) == 0 &&
	    (r = seal_enroll_answer(&o->attester, in, in_n, &message, &n, d)) ==
		0)
		r = write_out(o, message, n, d);
	free(message);
	free(in);
	return r;
}

/* The state goes before the answer is looked at, so that it serves once,
 * whatever comes of it. */
static int
take_state(const char *path, uint8_t **ret, size_t *ret_n, struct seal_diag *d)
{
	int r = file_read_secret(path, STATE_MAX, ret, ret_n, d);

	if (r != 0 || unlink(path) == 0)
		return r;
	return seal_fail(d, SEAL_E_IO, "state '%s': cannot remove: %s", path,
	    strerror(errno));
}

static int
step_certify(const struct enroll_opts *o, struct seal_diag *d)
{
	uint8_t *in = NULL, *state = NULL;
	size_t in_n = 0, state_n = 0;
	char *pem = NULL;
	int r;

	if ((r = offline_read(o->in, &in, &in_n, d)) == 0 &&
	    (r = take_state(o->state, &state, &state_n, d)) == 0 &&
	    (r = seal_enroll_certify(&o->verifier, state, state_n, in, in_n,
		 time(NULL), &pem, d)) == 0)
		r = write_out(o, pem, strlen(pem), d);
	seal_wipe(state, state_n);
	free(state);
	free(pem);
	free(in);
	return r;
}

/* All of them, with a verifier. */
static int
step_remote(const struct enroll_opts *o, struct seal_diag *d)
{
	char *pem = NULL;
	int r;

	if ((r = seal_enroll_remote(&o->attester, &o->remote, &pem, d)) == 0)
		r = write_out(o, pem, strlen(pem), d);
	free(pem);
	return r;
}

/* ---- Command line ---- */

static const struct step {
	const char *name;
	bool reads, state, verifier_ek, verifier_ca;
	int (*run)(const struct enroll_opts *o, struct seal_diag *d);
} steps[] = {
	{ "request", false, false, false, false, step_request },
	{ "challenge", true, true, true, false, step_challenge },
	{ "answer", true, false, false, false, step_answer },
	{ "certify", true, true, false, true, step_certify },
};

static const struct step *
step_find(const char *name)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (strcmp(steps[i].name, name) == 0)
			return &steps[i];
	return NULL;
}

/* What the step needs is there; NULL, or what is missing. */
static const char *
missing(const struct step *s, const struct enroll_opts *o)
{
	if (o->out == NULL)
		return "-o";
	if (s->state && o->state == NULL)
		return "--state";
	if (s->verifier_ek && o->verifier.ek_ca == NULL)
		return "--ek-ca";
	if (s->verifier_ca && o->verifier.ca_cert == NULL)
		return "--ca-cert";
	if (s->verifier_ca && o->verifier.ca_key == NULL)
		return "--ca-key";
	return NULL;
}

static int
run_remote(const struct operands *args, struct enroll_opts *o)
{
	struct seal_diag d = { 0 };

	if (args->n > 0)
		return opt_usage(&cmd_tpm_enroll,
		    "--verifier does every step; found '%s'", args->v[0]);
	if (o->out == NULL)
		return opt_usage(&cmd_tpm_enroll, "expected -o");
	return step_remote(o, &d) == 0 ? EXIT_ACCEPTED
				       : out_diag(stdout, false, &d);
}

static int
run_step(const struct operands *args, struct enroll_opts *o)
{
	const struct step *s;
	struct seal_diag d = { 0 };
	const char *what;

	if (args->n == 0)
		return opt_usage(
		    &cmd_tpm_enroll, "expected --verifier, or a step");
	s = step_find(args->v[0]);
	if (s == NULL)
		return opt_usage(&cmd_tpm_enroll,
		    "expected request, challenge, answer or certify; found "
		    "'%s'",
		    args->v[0]);
	if (s->reads != (args->n == 2))
		return opt_usage(&cmd_tpm_enroll, "%s: expected %s", s->name,
		    s->reads ? "a file to read" : "no file to read");
	if ((what = missing(s, o)) != NULL)
		return opt_usage(
		    &cmd_tpm_enroll, "%s: expected %s", s->name, what);
	o->in = s->reads ? args->v[1] : NULL;
	return s->run(o, &d) == 0 ? EXIT_ACCEPTED : out_diag(stdout, false, &d);
}

static int
run(int argc, char **argv)
{
	struct enroll_opts o = { 0 };
	struct operands args;
	const struct opt opts[] = {
		{ "--verifier", "URL", "of a `seal verifier`: does every step",
		    .text = &o.remote.url },
		{ "--verifier-ca", "FILE", "of its certificate (the system's)",
		    .text = &o.remote.ca_file },
		{ "--tcti", "TCTI", "the TPM (device:/dev/tpmrm0)",
		    .text = &o.attester.tcti },
		{ "--ak", "HANDLE", "0x81010011", .number = &o.attester.ak,
		    .min = 0x81000000u, .max = 0x81ffffffu },
		{ "--ek", "KIND", "rsa2048, p256 or p384 (what the TPM has)",
		    .text = &o.attester.ek },
		{ "--ek-cert", "FILE", "EK certificate, if not in the TPM",
		    .text = &o.attester.ek_cert },
		{ "--ek-ca", "FILE", "challenge: CAs of EK certificates (PEM)",
		    .text = &o.verifier.ek_ca },
		{ "--ca-cert", "FILE", "certify: the CA that issues, and above",
		    .text = &o.verifier.ca_cert },
		{ "--ca-key", "FILE", "certify: its private key",
		    .text = &o.verifier.ca_key },
		{ "--state", "FILE", "challenge writes it, certify uses it up",
		    .text = &o.state },
		{ "--challenge-s", "N", "life of a challenge (120)",
		    .number = &o.verifier.challenge_s, .min = 1, .max = 86400 },
		{ "--cert-s", "N", "life of a certificate (86400)",
		    .number = &o.verifier.cert_s, .min = 60, .max = LIFE_MAX },
		{ "-o", "FILE", "where the step's result goes",
		    .text = &o.out },
		{ NULL },
	};
	enum opt_result r =
	    opt_parse(&cmd_tpm_enroll, opts, argc, argv, 0, 2, &args);

	if (r != OPT_RUN)
		return opt_exit(r);
	return o.remote.url != NULL ? run_remote(&args, &o)
				    : run_step(&args, &o);
}

const struct command cmd_tpm_enroll = {
	.name = "tpm enroll",
	.operands =
	    "(--verifier URL | request|challenge|answer|certify [FILE]) -o FILE ...",
	.summary = "have the TPM's attestation key certified",
	.example =
	    "  seal tpm enroll --verifier https://verifier.example -o ak.pem\n"
	    "  seal tpm enroll request -o request\n"
	    "  seal tpm enroll challenge request --ek-ca ek-ca.pem --state s "
	    "-o challenge\n"
	    "  seal tpm enroll answer challenge -o answer\n"
	    "  seal tpm enroll certify answer --state s --ca-cert ca.pem "
	    "--ca-key ca.key -o ak.pem",
	.details =
	    "request and answer run on the machine with the TPM, challenge and "
	    "certify at the Verifier; files go between them. The certificate "
	    "is the attester setting ak_chain; policies trust it by "
	    "{\"ca\": FILE}. A state serves one answer, within its time.",
	.run = run,
};
