/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake-azure snp|tdx TCTI STATE: a confidential VM of Azure (azure.h), told by
 * lines in the FIFO STATE/control: "report HOW", "host HOW". Says "port N" at
 * first, and then "done" to each line.
 */
#include "unit/test.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fake/azure.h"

static bool
obey(char *line)
{
	char *how = strchr(line, ' ');

	line[strcspn(line, "\n")] = '\0';
	if (how == NULL)
		return false;
	*how++ = '\0';
	return strcmp(line, "report") == 0 ? azure_vm_report(how)
	       : strcmp(line, "host") == 0 ? azure_host_tell(how)
					   : false;
}

int
main(int argc, char **argv)
{
	char path[256], line[64];
	enum azure_kind kind;
	FILE *control;

	if (argc != 4) {
		fprintf(stderr, "usage: fake-azure snp|tdx TCTI STATE\n");
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	kind = strcmp(argv[1], "tdx") == 0 ? AZURE_VM_TDX : AZURE_VM_SNP;
	azure_vm_start(kind, argv[2], argv[3]);
	snprintf(path, sizeof(path), "%s/control", argv[3]);
	if (mkfifo(path, 0600) != 0 || (control = fopen(path, "r+")) == NULL)
		return 1;
	printf("port %u\n", azure_host_start(kind));
	fflush(stdout);
	while (fgets(line, sizeof(line), control) != NULL) {
		printf("%s\n", obey(line) ? "done" : "what?");
		fflush(stdout);
	}
	azure_vm_stop();
	fclose(control);
	return 0;
}
