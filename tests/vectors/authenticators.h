/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VECTORS_AUTHENTICATORS_H
#define VECTORS_AUTHENTICATORS_H

#include "binding/ea.h"
#include "row.h"

/* A vector, read. */
struct vector {
	enum ea_role role; /* of the sender */
	struct ea_keys keys;
	uint16_t cmw_type;
	struct span message; /* the request; none if it is spontaneous */
	bool requested;
	struct span authenticator;
	struct trust *trust; /* NULL: the chain is not judged */
	int64_t time;
	const json_t *identity; /* or NULL */
	bool valid;             /* what is expected */
};

/* The chain callback; ctx is the vector. */
int vector_chain(void *ctx, const struct ea_peer *peer, struct seal_diag *d);

/*
 * The making of authenticators: each intermediate value that the vector
 * tells; then, for those that are expected valid, one of our own by the same
 * identity and over the same request, which must validate.
 */
void check_making(struct row *row, struct vector *v);

#endif
