/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/kept.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/path.h"

void *
kept_ref(void *object)
{
	struct kept *k = object;

	atomic_fetch_add_explicit(&k->refs, 1, memory_order_relaxed);
	return k;
}

void
kept_unref(void *object)
{
	struct kept *k = object;

	if (k == NULL || atomic_fetch_sub(&k->refs, 1) != 1)
		return;
	cert_unref(&k->cert);
	free(k);
}

struct kept *
kept_new(int64_t from, struct chain_end end, struct span der)
{
	struct kept *k = calloc(1, sizeof(*k) + der.n);

	if (k == NULL)
		return NULL;
	atomic_init(&k->refs, 1);
	k->from = from;
	k->end = end;
	k->n = der.n;
	if (der.n > 0)
		memcpy(k->der, der.p, der.n);
	return k;
}

bool
kept_in_time(const struct kept *k, int64_t now)
{
	return now >= k->from && now < k->end.until;
}

struct kept *
kept_issuer(struct span der, int64_t from, struct chain_end end, unsigned above)
{
	struct kept *kept = kept_new(from, end, der);
	struct cert_parts p;
	unsigned own = 0;

	if (kept == NULL || cert_parse(der, &kept->cert, NULL) != 0) {
		kept_unref(kept);
		return NULL;
	}
	/* One that is out of the ordinary issues leaves, no issuers. */
	if (cert_parts_read(der, &p) && path_may_issue(&p, &own))
		kept->room = own < above ? own : above;
	return kept;
}
