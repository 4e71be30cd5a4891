/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"

/* In the child: only what is safe between fork() and exec(). */
static void
become(const char *command, int in, int out)
{
	sigset_t none;

	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	/* The program starts with the signals that a shell would give it. */
	signal(SIGPIPE, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static int
failed(struct seal_diag *d)
{
	return seal_fail(d, SEAL_E_UNAVAILABLE, "--exec: %s", strerror(errno));
}

int
child_start(const char *command, int *ret_in, int *ret_out, struct seal_diag *d)
{
	int in[2], out[2], r = 0;
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) == -1)
		return failed(d);
	if (pipe2(out, O_CLOEXEC) == -1) {
		r = failed(d);
		close(in[0]);
		close(in[1]);
		return r;
	}
	if ((pid = fork()) == 0)
		become(command, in[0], out[1]);
	if (pid == -1) {
		r = failed(d);
		close(in[1]);
		close(out[0]);
	} else {
		*ret_in = in[1];
		*ret_out = out[0];
	}
	close(in[0]);
	close(out[1]);
	return r;
}

void
child_reap_none(void)
{
	signal(SIGCHLD, SIG_IGN);
}
