/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sealtls/tools.h>

#include "cli/cli.h"

static const struct command *const commands[] = {
	&cmd_serve,
	&cmd_connect,
	&cmd_policy_learn,
	&cmd_policy_lint,
	&cmd_policy_explain,
	&cmd_corim_create,
	&cmd_corim_from_policy,
	&cmd_corim_show,
	&cmd_corim_verify,
	&cmd_evidence,
	&cmd_passport_get,
	&cmd_appraise,
	&cmd_inspect,
	&cmd_collateral_fetch,
	&cmd_collateral_import,
	&cmd_collateral_pack,
	&cmd_collateral_check,
	&cmd_collateral_list,
	&cmd_tcb_status,
	&cmd_doctor,
	&cmd_tpm_init,
	&cmd_tpm_enroll,
	&cmd_tpm_status,
	&cmd_dev_key,
	&cmd_dev_cert,
#ifdef SEAL_VERIFIER
	&cmd_verifier_run,
	&cmd_verifier_add,
	&cmd_verifier_list,
	&cmd_verifier_remove,
	&cmd_verifier_log,
#endif
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int
help(void)
{
	printf("seal %s: attested TLS 1.3\n\n", seal_version());
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  seal %-17s %s\n", commands[i]->name,
		    commands[i]->summary);
	printf("\nseal COMMAND --help shows its options and an example.\n\n"
	       "example:\n"
	       "  seal policy learn localhost:4433 -o golden.json\n"
	       "  echo hello | seal connect localhost:4433 --policy "
	       "golden.json\n\n"
	       "exit status: 0 accepted; 1 usage or configuration; 2 refused, "
	       "do not retry;\n3 unavailable or timeout, retry; 4 some but not "
	       "all of several accepted\n");
	return EXIT_ACCEPTED;
}

/* Words of argv that name is: 0 where it is not that command. */
static int
words(const char *name, int argc, char **argv)
{
	const char *space = strchr(name, ' ');

	if (space == NULL)
		return strcmp(name, argv[0]) == 0;
	if (argc < 2 || strlen(argv[0]) != (size_t)(space - name) ||
	    strncmp(name, argv[0], (size_t)(space - name)) != 0)
		return 0;
	return strcmp(space + 1, argv[1]) == 0 ? 2 : 0;
}

/* Is group the first word of name, with more after it? */
static int
belongs(const char *name, const char *group)
{
	size_t n = strlen(group);

	return strncmp(name, group, n) == 0 && name[n] == ' ';
}

/* "policy", alone or with something else behind it; or nothing of ours. */
static int
unknown(int argc, char **argv)
{
	int found = 0;

	for (size_t i = 0; i < COMMANDS; i++) {
		if (!belongs(commands[i]->name, argv[0]))
			continue;
		if (found++ == 0)
			fprintf(stderr, "seal %s: expected one of\n", argv[0]);
		fprintf(stderr, "  seal %-17s %s\n", commands[i]->name,
		    commands[i]->summary);
	}
	if (found > 0)
		return argc > 1 && (strcmp(argv[1], "--help") == 0 ||
				       strcmp(argv[1], "-h") == 0)
			   ? EXIT_ACCEPTED
			   : EXIT_USAGE;
	fprintf(stderr, "seal: unknown command '%s'; seal --help lists them\n",
	    argv[0]);
	return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	/* tpm2-tss writes to stderr by itself; what matters is told by us. */
	setenv("TSS2_LOG", "all+NONE", 0);
	argc--;
	argv++;
	if (argc <= 0) {
		fprintf(stderr, "seal: expected a command; seal --help lists "
				"them\n");
		return EXIT_USAGE;
	}
	if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0 ||
	    strcmp(argv[0], "help") == 0)
		return help();
	if (strcmp(argv[0], "--version") == 0)
		return printf("seal %s\n", seal_version()) < 0;
	for (size_t i = 0; i < COMMANDS; i++) {
		int n = words(commands[i]->name, argc, argv);

		if (n > 0)
			return commands[i]->run(argc - n, argv + n);
	}
	return unknown(argc, argv);
}
