/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/staple.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "format/tar.h"

static int
add_part(struct endorsements *e, const char *name, struct span value,
    struct seal_diag *d)
{
	int r = endorse_add(e, name, value, d);

	if (r == 0 &&
	    (e->n > STAPLE_ITEMS_MAX || e->n_bytes > STAPLE_BYTES_MAX))
		r = seal_fail(d, SEAL_E_LIMIT,
		    "'%.100s': more than %u parts or %u bytes sent along", name,
		    STAPLE_ITEMS_MAX, STAPLE_BYTES_MAX);
	return r == SEAL_E_CONFIG ? SEAL_E_DECODE : r; /* not ours */
}

/* Which of two would count is nobody's to guess. */
static bool
is_twice(const struct tar_entry *seen, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(seen[i].name, name) == 0)
			return true;
	return false;
}

static int
add_pack(struct endorsements *e, struct span pack, struct seal_diag *d)
{
	struct tar_entry seen[STAPLE_ITEMS_MAX];
	size_t n = 0;
	struct rd rd;
	int r;

	rd_init(&rd, pack);
	while (n < STAPLE_ITEMS_MAX && (r = tar_next(&rd, &seen[n], d)) == 0) {
		if (is_twice(seen, n, seen[n].name))
			return seal_fail(d, SEAL_E_DECODE,
			    "collateral sent along: '%s' twice", seen[n].name);
		if ((r = add_part(e, seen[n].name, seen[n].content, d)) != 0)
			return r;
		n++;
	}
	if (n == STAPLE_ITEMS_MAX)
		return seal_fail(d, SEAL_E_LIMIT,
		    "collateral sent along: %u parts or more",
		    STAPLE_ITEMS_MAX);
	return r == SEAL_E_CLOSED ? 0 : r;
}

int
staple_add(struct endorsements *e, struct span media_type, const char *label,
    struct span value, struct seal_diag *d)
{
	return media_type_equal(media_type, span_str(TAR_COLLATERAL_TYPE))
		   ? add_pack(e, value, d)
		   : add_part(e, label, value, d);
}

int
staple_try(struct staple_spent *s, struct seal_diag *d)
{
	return s->tries++ < STAPLE_TRIES_MAX
		   ? 0
		   : seal_fail(d, SEAL_E_LIMIT,
			 "the peer sent more than %u signed pieces to verify",
			 STAPLE_TRIES_MAX);
}

int
staple_try_list(
    struct staple_spent *s, unsigned *of_issuer, struct seal_diag *d)
{
	return (*of_issuer)++ < STAPLE_LISTS_MAX
		   ? staple_try(s, d)
		   : seal_fail(d, SEAL_E_LIMIT,
			 "the peer sent more than %u revocation lists of one "
			 "issuer",
			 STAPLE_LISTS_MAX);
}

int
staple_try_signer(
    struct staple_spent *s, unsigned *of_name, struct seal_diag *d)
{
	return (*of_name)++ < STAPLE_SIGNERS_MAX
		   ? staple_try(s, d)
		   : seal_fail(d, SEAL_E_LIMIT,
			 "the peer sent more than %u certificates of that name "
			 "that do not verify",
			 STAPLE_SIGNERS_MAX);
}

int
staple_list_counts(bool taken, const struct crl *held, const struct crl *list,
    int64_t now, uint32_t most, struct seal_diag *d)
{
	if (!taken)
		return seal_fail(d, SEAL_E_UNAVAILABLE,
		    "revocation list: only the peer sent a current one, and "
		    "the policy takes none from it");
	if (held->issuer.n > 0 && crl_compare(held, list) < 0)
		return seal_fail(d, SEAL_E_STALE,
		    "revocation list: the peer sent one that is older than "
		    "what is held here");
	if (most > 0 && now - list->this_update > most)
		return seal_fail(d, SEAL_E_STALE,
		    "revocation list: %" PRId64 " s old, at most %" PRIu32
		    " allowed of what the peer sends",
		    now - list->this_update, most);
	return 0;
}
