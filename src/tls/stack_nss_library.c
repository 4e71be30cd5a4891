/* SPDX-License-Identifier: Apache-2.0 */
/* NSS as a library: which one is loaded, and who uses it. */
#include <stdlib.h>
#include <string.h>

#include <nss.h>
#include <prerror.h>
#include <ssl.h>

#include "tls/stack_nss_parts.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static NSSInitContext *library; /* guarded by lock, as users is */
static unsigned users;

/* "3.110", "3.87.1", perhaps with words behind. */
static bool
read_version(
    const char *text, unsigned long *ret_major, unsigned long *ret_minor)
{
	char *end = NULL;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return false;
	*ret_major = strtoul(text, &end, 10);
	if (*end != '.' || end[1] < '0' || end[1] > '9')
		return false;
	*ret_minor = strtoul(end + 1, NULL, 10);
	return true;
}

bool
nss_version_fits(const char *version)
{
	unsigned long want[2] = { 0 }, found[2] = { 0 };

	if (!read_version(NSS_ENOUGH, &want[0], &want[1]) ||
	    !read_version(version, &found[0], &found[1]))
		return false;
	return found[0] > want[0] ||
	       (found[0] == want[0] && found[1] >= want[1]);
}

/* What is loaded, rather than what this was built with. */
int
nss_library_check(struct seal_diag *d)
{
	const char *of_nss = NSS_GetVersion(), *of_ssl = NSSSSL_GetVersion();

	if (nss_version_fits(of_nss) && nss_version_fits(of_ssl))
		return 0;
	seal_fail(d, SEAL_E_UNSUPPORTED,
	    "nss: expected NSS " NSS_ENOUGH " or later, which speaks DTLS 1.3 "
	    "as RFC 9147 has it, found %.40s (libssl3 %.40s)",
	    of_nss, of_ssl);
	seal_remedy(d, "install a newer libnss3; Debian 13's will do");
	return SEAL_E_UNSUPPORTED;
}

/* Not NSS_INIT_OPTIMIZESPACE: its 32 buckets for all keys of the process make
 * lists that a server of hundreds of peers would spend its time in. */
static int
library_open(struct seal_diag *d)
{
	library = NSS_InitContext("", "", "", "", NULL,
	    NSS_INIT_READONLY | NSS_INIT_NOCERTDB | NSS_INIT_NOMODDB |
		NSS_INIT_FORCEOPEN | NSS_INIT_NOROOTINIT);
	if (library == NULL)
		return nss_fail(d, SEAL_E_TLS, "cannot be initialised");
	/* Which suites are used is each socket's to say. */
	if (NSS_SetDomesticPolicy() != SECSuccess) {
		nss_fail(d, SEAL_E_TLS, "policy");
		NSS_ShutdownContext(library);
		library = NULL;
		return SEAL_E_TLS;
	}
	return 0;
}

int
nss_library_enter(struct seal_diag *d)
{
	int r = 0;

	pthread_mutex_lock(&lock);
	if ((r = nss_library_check(d)) == 0 && library == NULL)
		r = library_open(d);
	if (r == 0)
		users++;
	pthread_mutex_unlock(&lock);
	return r;
}

void
nss_library_leave(void)
{
	pthread_mutex_lock(&lock);
	if (--users == 0) {
		NSS_ShutdownContext(library);
		library = NULL;
	}
	pthread_mutex_unlock(&lock);
}

int
nss_fail(struct seal_diag *d, int code, const char *what)
{
	PRErrorCode e = PR_GetError();
	const char *name = PR_ErrorToName(e);
	const char *text = PR_ErrorToString(e, PR_LANGUAGE_I_DEFAULT);

	return seal_fail(d, code, "nss: %s: %.120s (%.60s)", what,
	    text != NULL ? text : "no reason given",
	    name != NULL ? name : "no name");
}

static int
nss_probe(struct wr *ret_found, struct seal_diag *d)
{
	wr_printf(ret_found, "NSS %s; TLS 1.3, DTLS 1.3", NSS_GetVersion());
	return nss_library_check(d);
}

const struct stack_kind stack_nss_kind = {
	.name = "nss",
	.probe = nss_probe,
};
