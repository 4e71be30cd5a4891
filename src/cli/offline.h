/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OFFLINE_H
#define CLI_OFFLINE_H

#include <sealtls/tools.h>

#include "cli/opt.h"

/* How Evidence in a file is to be looked at. */
struct offline {
	const char *type;         /* media type; NULL: found */
	const char *time;         /* NULL: now */
	const char *endorsements; /* a folder; NULL: none */
	struct opt_bytes binder, nonce;
};

/* Rows of an option table; o is a struct offline. */
#define OFFLINE_TYPE(o)                                               \
	{                                                             \
		"--type", "MEDIA-TYPE", "of Evidence that is no CMW", \
		    .text = &(o)->type                                \
	}
#define OFFLINE_TIME(o)                                                       \
	{                                                                     \
		"--time", "T", "seconds since 1970, or 2026-01-31T12:00:00Z", \
		    .text = &(o)->time                                        \
	}
#define OFFLINE_ENDORSEMENTS(o)                                               \
	{                                                                     \
		"--endorsements", "DIR", "certificates, CRLs and collateral", \
		    .text = &(o)->endorsements                                \
	}
#define OFFLINE_BINDER(o)                                 \
	{                                                 \
		"--expect-binder", "HEX",                 \
		    "what the Evidence must have signed", \
		    .bytes = &(o)->binder                 \
	}
#define OFFLINE_NONCE(o)                                            \
	{                                                           \
		"--nonce", "HEX", "that `seal evidence` was given", \
		    .bytes = &(o)->nonce                            \
	}

/* Checks the options, and fills all but the Evidence and the policy. */
int offline_args(const struct offline *o, struct seal_appraise_args *ret,
    struct seal_diag *d);

/* A file as a whole; "-" is stdin. The caller frees. */
int offline_read(
    const char *path, uint8_t **ret, size_t *ret_n, struct seal_diag *d);

#endif
