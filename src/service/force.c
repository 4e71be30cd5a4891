/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/service_parts.h"

/*
 * What is in force: the policy and the CoRIMs that the store holds now. Both
 * change together, and only to what was provisioned: bytes whose digest is
 * another are refused, and then nothing is appraised.
 */
struct loading {
	char name[STORE_NAME_MAX]; /* of the policy; empty: there is none */
	uint8_t *policy;
	size_t policy_n;
	struct seal_verifier_corim corims[STORE_CORIMS_MAX];
	int64_t ids[STORE_CORIMS_MAX];
	size_t n;
};

static void
loading_free(struct loading **lp)
{
	struct loading *l = *lp;

	for (size_t i = 0; i < l->n; i++) {
		free((void *)(uintptr_t)l->corims[i].name);
		free((void *)(uintptr_t)l->corims[i].corim);
	}
	free(l->policy);
	free(l);
	*lp = NULL;
}

static int
check_digest(const struct item *item, struct seal_diag *d)
{
	char digest[65];
	int r = seal_verifier_digest(item->body.p, item->body.n, digest, d);

	if (r != 0 || strcmp(digest, item->digest) == 0)
		return r;
	seal_fail(d, SEAL_E_UNAVAILABLE,
	    "store: number %lld: expected SHA-256 %.16s..., found %.16s...",
	    (long long)item->id, item->digest, digest);
	seal_remedy(d, "somebody changed it in the store: restore a backup, or "
		       "remove it and provision it again");
	return SEAL_E_UNAVAILABLE;
}

static int
keep_corim(struct loading *l, const struct item *item, struct seal_diag *d)
{
	struct seal_verifier_corim *c = &l->corims[l->n];
	uint8_t *body = NULL;
	char *name;

	if (l->n == STORE_CORIMS_MAX)
		return seal_fail(d, SEAL_E_LIMIT,
		    "store: more than %d CoRIMs in force", STORE_CORIMS_MAX);
	if ((name = strdup(item->name)) == NULL ||
	    span_dup(item->body, &body) != 0) {
		free(name);
		return seal_fail(d, SEAL_E_MEMORY, "store");
	}
	*c = (struct seal_verifier_corim){
		.name = name, .corim = body, .corim_n = item->body.n
	};
	l->ids[l->n++] = item->id;
	return 0;
}

static int
keep(void *arg, const struct item *item, struct seal_diag *d)
{
	struct loading *l = arg;
	int r = check_digest(item, d);

	if (r != 0)
		return r;
	if (strcmp(item->kind, "corim") == 0)
		return keep_corim(l, item, d);
	free(l->policy);
	l->policy = NULL;
	snprintf(l->name, sizeof(l->name), "%s", item->name);
	l->policy_n = item->body.n;
	return span_dup(item->body, &l->policy) == 0
		   ? 0
		   : seal_fail(d, SEAL_E_MEMORY, "store");
}

static int
no_policy(const struct service *s, struct seal_diag *d)
{
	seal_fail(d, SEAL_E_UNAVAILABLE, "no policy '%s' is in force",
	    s->conf->policy);
	seal_remedy(d, "seal verifier add FILE");
	return SEAL_E_UNAVAILABLE;
}

/* Under the lock. A failure leaves the generation behind, so that the next
 * request tries again, and none is appraised by what was replaced. */
static int
reload(struct service *s, struct seal_diag *d)
{
	struct loading *l = calloc(1, sizeof(*l));
	int64_t generation = 0;
	int r;

	if (l == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "store");
	r = store_in_force(s->store, s->conf->policy, keep, l, &generation, d);
	if (r == 0 && l->name[0] == '\0')
		r = no_policy(s, d);
	if (r == 0)
		r = seal_verifier_set_policy_corims(s->verifier, l->name,
		    l->policy, l->policy_n, l->corims, l->n, d);
	if (r == 0) {
		s->generation = generation;
		s->n_used = 0;
		for (size_t i = 0; i < l->n; i++)
			if (l->corims[i].used)
				s->used[s->n_used++] = l->ids[i];
	}
	loading_free(&l);
	return r;
}

/* Verifiers that share a store see each other's changes with the next
 * request. */
int
service_policy(struct service *s, struct seal_diag *d)
{
	int64_t generation = 0;
	int r = store_generation(s->store, &generation, d);

	if (r != 0)
		return r;
	pthread_mutex_lock(&s->lock);
	if (s->generation != generation)
		r = reload(s, d);
	pthread_mutex_unlock(&s->lock);
	return r;
}

bool
service_uses(struct service *s, int64_t id)
{
	bool used = false;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->n_used; i++)
		used = used || s->used[i] == id;
	pthread_mutex_unlock(&s->lock);
	return used;
}
