/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_VERIFIER_CONF_H
#define CLI_VERIFIER_CONF_H

#include "cli/opt.h"
#include "service/conf.h"

/* Where a verifier's configuration comes from: a file, and options, which
 * win over it. */
struct verifier_opts {
	const char *config, *listen, *store, *key, *id, *policy, *cert,
	    *cert_key, *token, *anchors;
	bool json;
};

#define VERIFIER_CONFIG(o)                                      \
	{                                                       \
		"--config", "FILE",                             \
		    "lines of `name = value`; doc/verifier.md", \
		    .text = &(o)->config                        \
	}
#define VERIFIER_STORE(o)                                                 \
	{                                                                 \
		"--store", "WHERE", "a file, or postgres://USER@HOST/DB", \
		    .text = &(o)->store                                   \
	}

/* *ret goes to conf_wipe(). */
int verifier_conf(const struct verifier_opts *o, struct service_conf *ret,
    struct seal_diag *d);

#endif
