/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVICE_PROVISION_H
#define SERVICE_PROVISION_H

#include "service/store.h"

#define PROVISION_POLICY "application/vnd.sealtls.policy+json"

enum provision_mark {
	PROVISION_UNMARKED = 0, /* a policy */
	PROVISION_SIGNED,       /* a CoRIM that is, or is not */
	PROVISION_UNSIGNED,
};

/* What can be provisioned, by media type; kind NULL ends. */
struct provision_type {
	const char *kind, *type;
	enum provision_mark mark;
};
extern const struct provision_type provision_types[];

struct provision {
	const char *anchors_dir; /* may be NULL */
	const char *type;        /* media type */
	const char *name;        /* of a policy; NULL for a CoRIM */
	const char *by;          /* who does it */
	struct span body;
};

struct provisioned {
	const char *kind; /* static */
	char *name;       /* owned */
	int64_t id;
};

/*
 * Checks what is to be provisioned and stores it: a policy, which the
 * verifiers that use its name apply from then on, or a CoRIM, for the policies
 * that take its signer's word.
 */
int provision(struct store *store, const struct provision *p,
    struct provisioned *ret, struct seal_diag *d);

#endif
