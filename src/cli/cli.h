/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

/* Exit status, PROTOCOL 7. */
#define EXIT_ACCEPTED 0
#define EXIT_USAGE 1
#define EXIT_REFUSED 2 /* do not retry */
#define EXIT_RETRY 3
#define EXIT_SOME 4 /* some but not all of several items accepted */

/* A subcommand; each has a file of its own. */
struct command {
	const char *name;     /* "serve", "policy lint" */
	const char *operands; /* as the usage line shows them */
	const char *summary;  /* a line, without full stop */
	const char *example;  /* a command that works, or several lines */
	const char *details;  /* what --help adds; may be NULL */
	/* argv starts after the name; the return value is the exit status. */
	int (*run)(int argc, char **argv);
};

extern const struct command cmd_serve, cmd_connect, cmd_evidence,
    cmd_passport_get, cmd_appraise, cmd_inspect, cmd_policy_lint,
    cmd_policy_explain, cmd_policy_learn, cmd_corim_create,
    cmd_corim_from_policy, cmd_corim_show, cmd_corim_verify, cmd_tpm_init,
    cmd_tpm_enroll, cmd_tpm_status, cmd_doctor, cmd_dev_key, cmd_dev_cert,
    cmd_collateral_check, cmd_collateral_fetch, cmd_collateral_import,
    cmd_collateral_list, cmd_collateral_pack, cmd_tcb_status, cmd_verifier_run,
    cmd_verifier_add, cmd_verifier_list, cmd_verifier_remove, cmd_verifier_log;

#endif
