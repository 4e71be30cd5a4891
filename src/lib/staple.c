/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/staple.h"

#include <stdlib.h>
#include <string.h>

#include "appraise/staple.h"
#include "collateral/store.h"

struct staple {
	char *path;
	uint8_t stamp[32]; /* of what pack was made of */
	uint8_t *pack;
	size_t n;
};

static int
check_pack(const struct staple *s, size_t items, struct seal_diag *d)
{
	if (items > 0 && items < STAPLE_ITEMS_MAX)
		return 0;
	seal_fail(d, SEAL_E_CONFIG,
	    "staple '%s': expected 1 to %u certificates, lists and documents, "
	    "found %zu",
	    s->path, STAPLE_ITEMS_MAX - 1, items);
	seal_remedy(d, "give this machine's collateral a folder of its own: "
		       "`seal collateral fetch --dir DIR --for EVIDENCE`");
	return SEAL_E_CONFIG;
}

static int
make_pack(const struct staple *s, struct wr *out, struct seal_diag *d)
{
	struct endorsements *e = endorse_new();
	size_t items = 0;
	int r;

	if (e == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "staple");
	if ((r = coll_load(s->path, e, d)) == 0 &&
	    (r = coll_pack(e, out, &items, d)) == 0)
		r = check_pack(s, items, d);
	endorse_free(&e);
	return r;
}

/* Takes the new one whole, or not at all. */
static int
refresh(struct staple *s, struct seal_diag *d)
{
	uint8_t stamp[32], *pack = NULL;
	struct wr w;
	size_t n = 0;
	int r;

	r = endorse_stamp(s->path, stamp, NULL);
	if (r != 0 && r != SEAL_E_MEMORY)
		r = endorse_stamp_file(s->path, stamp, d);
	if (r != 0 ||
	    (s->pack != NULL && memcmp(stamp, s->stamp, sizeof(stamp)) == 0))
		return r;
	wr_init_heap(&w, STAPLE_PACK_MAX);
	if ((r = make_pack(s, &w, d)) == 0 &&
	    (r = wr_take(&w, &pack, &n)) == 0) {
		free(s->pack);
		s->pack = pack;
		s->n = n;
	}
	/* What will not do is not read again for each Evidence. */
	if (r != SEAL_E_MEMORY)
		memcpy(s->stamp, stamp, sizeof(stamp));
	wr_free(&w);
	return r;
}

/* A folder that is being written just now, or is gone, leaves what there was:
 * whoever verifies it sees by its dates whether it still serves. */
static int
staple_pack(void *ctx, struct span *ret, struct seal_diag *d)
{
	struct staple *s = ctx;

	(void)d;
	(void)refresh(s, NULL);
	*ret = span_of(s->pack, s->n);
	return 0;
}

static void
staple_close(void *ctx)
{
	struct staple *s = ctx;

	free(s->path);
	free(s->pack);
	free(s);
}

int
staple_open(const char *path, struct attester_staple *ret, struct seal_diag *d)
{
	struct staple *s = calloc(1, sizeof(*s));
	struct seal_diag why = { 0 };
	int r;

	if (s == NULL || (s->path = strdup(path)) == NULL) {
		free(s);
		return seal_fail(d, SEAL_E_MEMORY, "staple");
	}
	if ((r = refresh(s, &why)) != 0) {
		staple_close(s);
		r = r == SEAL_E_MEMORY ? r : SEAL_E_CONFIG;
		seal_fail(d, r, "attesters: %.300s", why.text);
		seal_remedy(d, "%s",
		    why.remedy[0] != '\0'
			? why.remedy
			: "let 'staple' name a folder of collateral, or what "
			  "`seal collateral pack` wrote");
		return r;
	}
	*ret = (struct attester_staple){ s, staple_pack, staple_close };
	return 0;
}
