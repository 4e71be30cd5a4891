/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "swtpm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_TRIES 20
#define WAIT_MS 10000

static struct sockaddr_in
address(unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };

	return a;
}

static int
bound(unsigned port)
{
	struct sockaddr_in a = address(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The kernel's choice of a port whose successor is free too. Another process
 * may still be faster than swtpm, so the caller tries again. */
static unsigned
free_ports(void)
{
	for (int i = 0; i < 100; i++) {
		int first = bound(0), second;
		struct sockaddr_in a;
		socklen_t n = sizeof(a);
		unsigned port;

		assert_int_not_equal(first, -1);
		assert_int_equal(
		    getsockname(first, (struct sockaddr *)&a, &n), 0);
		port = ntohs(a.sin_port);
		second = port < 65535 ? bound(port + 1) : -1;
		close(first);
		if (second == -1)
			continue;
		close(second);
		return port;
	}
	fail_msg("no two ports in a row are free");
	return 0;
}

static bool
answers(unsigned port)
{
	struct sockaddr_in a = address(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0;

	close(fd);
	return ok;
}

static void
run(const struct swtpm *t)
{
	char state[96], server[64], ctrl[64];
	int null = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* no test leaves one behind */
	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
	snprintf(state, sizeof(state), "dir=%s", t->dir);
	snprintf(server, sizeof(server), "type=tcp,port=%u", t->port);
	snprintf(ctrl, sizeof(ctrl), "type=tcp,port=%u", t->port + 1);
	execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", state,
	    "--server", server, "--ctrl", ctrl, "--flags",
	    "not-need-init,startup-clear", (char *)NULL);
	_exit(127);
}

enum started { STARTED, NOT_INSTALLED, PORT_TAKEN };

static enum started
wait_for(struct swtpm *t)
{
	struct timespec tick = { .tv_nsec = 2000000 };
	int status = 0;

	for (int ms = 0; ms < WAIT_MS; ms += 2) {
		if (waitpid(t->pid, &status, WNOHANG) == t->pid) {
			t->pid = 0;
			return WIFEXITED(status) && WEXITSTATUS(status) == 127
				   ? NOT_INSTALLED
				   : PORT_TAKEN;
		}
		if (answers(t->port + 1) && answers(t->port))
			return STARTED;
		nanosleep(&tick, NULL);
	}
	fail_msg("swtpm does not answer on port %u", t->port);
	return PORT_TAKEN;
}

bool
swtpm_start(struct swtpm *t)
{
	memset(t, 0, sizeof(*t));
	strcpy(t->dir, "/tmp/seal-swtpm-XXXXXX");
	assert_non_null(mkdtemp(t->dir));
	for (int i = 0; i < START_TRIES; i++) {
		t->port = free_ports();
		snprintf(t->tcti, sizeof(t->tcti),
		    "swtpm:host=127.0.0.1,port=%u", t->port);
		if ((t->pid = fork()) == 0)
			run(t);
		assert_int_not_equal(t->pid, -1);
		switch (wait_for(t)) {
		case STARTED:
			return true;
		case NOT_INSTALLED:
			swtpm_stop(t);
			return false;
		case PORT_TAKEN:
			break;
		}
	}
	fail_msg("swtpm did not start in %d tries", START_TRIES);
	return false;
}

void
swtpm_kill(struct swtpm *t)
{
	if (t->pid > 0) {
		kill(t->pid, SIGKILL);
		waitpid(t->pid, NULL, 0);
	}
	t->pid = 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void
swtpm_stop(struct swtpm *t)
{
	swtpm_kill(t);
	if (t->dir[0] != '\0')
		nftw(t->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	t->dir[0] = '\0';
}
