/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SETUP_H
#define CLI_SETUP_H

#include <sealtls/tools.h>

#include "cli/opt.h"

/* What the commands that attest, or judge a peer, have in common. */
struct setup {
	const char *config, *policy; /* files */
	struct opt_list attest;      /* DRIVER[:KEY=VALUE[;KEY=VALUE]...] */
	struct opt_list alpn;
	const char *mode;       /* post, intra or both; NULL: config's */
	const char *cert, *key; /* PEM files, for TLS */
	const char *ca;         /* PEM file, where there is no policy */
	struct opt_list pin;    /* likewise: SHA-256 of an SPKI, hex */
	const char *name;       /* of the peer, to verify */
	bool udp;               /* DTLS rather than TLS */
};

/* Rows of an option table; s is a struct setup. */
#define SETUP_CONFIG(s)                                     \
	{                                                   \
		"--config", "FILE", "configuration (JSON)", \
		    .text = &(s)->config                    \
	}
#define SETUP_ATTEST(s)                                                     \
	{                                                                   \
		"--attest", "SPEC", "attest with DRIVER[:KEY=VALUE[;...]]", \
		    .list = &(s)->attest                                    \
	}
#define SETUP_POLICY(s)                                                    \
	{                                                                  \
		"--policy", "FILE", "the peer must attest by this policy", \
		    .text = &(s)->policy                                   \
	}
#define SETUP_ALPN(s)                                                       \
	{                                                                   \
		"--alpn", "NAME", "inner protocol; several, by preference", \
		    .list = &(s)->alpn                                      \
	}
#define SETUP_MODE(s)                                            \
	{                                                        \
		"--mode", "MODE",                                \
		    "where attestation stands: post (default), " \
		    "intra, both",                               \
		    .text = &(s)->mode                           \
	}
#define SETUP_CERT(s)                                                        \
	{                                                                    \
		"--cert", "FILE", "this side's TLS certificate chain (PEM)", \
		    .text = &(s)->cert                                       \
	}
#define SETUP_KEY(s)                                          \
	{                                                     \
		"--key", "FILE", "and its private key (PEM)", \
		    .text = &(s)->key                         \
	}
#define SETUP_CA(s)                                                  \
	{                                                            \
		"--ca", "FILE",                                      \
		    "without a policy: whom certificates come from", \
		    .text = &(s)->ca                                 \
	}
#define SETUP_PIN(s)                                                \
	{                                                           \
		"--pin", "HEX",                                     \
		    "without a policy: SHA-256 of the peer's SPKI", \
		    .list = &(s)->pin                               \
	}
#define SETUP_NAME(s)                                                    \
	{                                                                \
		"--name", "NAME", "the peer's name, if other than HOST", \
		    .text = &(s)->name                                   \
	}

#define SETUP_UDP(s)                                                  \
	{                                                             \
		"--udp", NULL, "DTLS 1.3 over UDP", .flag = &(s)->udp \
	}

/* A context made of all but cert, key, name and udp. */
int setup_ctx(
    const struct setup *s, struct seal_ctx **ret, struct seal_diag *d);
/* What makes connections of it. */
int setup_endpoint(const struct setup *s, struct seal_ctx *ctx,
    enum seal_role role, struct seal_endpoint **ret, struct seal_diag *d);

#endif
