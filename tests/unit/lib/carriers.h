/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_LIB_CARRIERS_H
#define UNIT_LIB_CARRIERS_H

#include "evidence/device_fixture.h"
#include "pair.h"

/* A machine whose device a test plays, and what policies want of it. */
struct machine {
	const struct played *device;
	const char *rules, *other; /* its measurement, and another */
	const char *measured;      /* the check that another fails */
	/* Where it attests with a collection: the member, of which type. */
	const char *member, *type;
};

/* What policies say of SEV-SNP, but for who signs. */
#define TWICE(c) c c
#define HEX32(c) TWICE(TWICE(TWICE(TWICE(TWICE(c)))))
#define HEX48(c) HEX32(c) TWICE(TWICE(TWICE(TWICE(c))))
#define SNP_RULES(digest)                                            \
	"\"crl\":false,\"tcb\":{\"reported\":{\"boot_loader\":3,"    \
	"\"tee\":0,\"snp\":8,\"microcode\":115}},\"measurements\":{" \
	"\"measurement\":\"" digest "\"}"

/*
 * Live connections with it: server and client attest, after the handshake, in
 * it and both, over suites with SHA-256 and SHA-384; accepted, and refused
 * under another root and for another measurement. All of this can be: drivers
 * with a subject key in memory are bound to no role and to no carrier.
 */
void carriers_run(struct world *w, const struct machine *m);

#endif
