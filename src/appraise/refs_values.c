/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/refs_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const char *const names[COMID_MVALS] = { "version", "svn", "digests",
	"flags", "raw value", "mask", "mac", "ip", "serial", "ueid", "uuid",
	"name", "value 12", "crypto keys", "integrity registers", "range" };

const char *
refs_value_name(size_t i)
{
	return i < COMID_MVALS ? names[i] : "";
}

void
refs_item_text(struct span item, char *buf, size_t cap)
{
	char diag[REFS_TEXT];
	struct span text;
	struct wr w;
	struct rd r;

	rd_init(&r, item);
	if (cbor_peek(&r) == CBOR_TEXT && cbor_text(&r, &text)) {
		text_safe(text, buf, cap);
		return;
	}
	wr_init(&w, diag, sizeof(diag));
	if (item.n == 0 || cbor_diagnose_line(item, &w) != 0)
		snprintf(buf, cap, "%s", item.n == 0 ? "(none)" : "(long)");
	else
		text_safe(wr_view(&w), buf, cap);
}

/* ---- Digests ---- */

static void
digest_text(const struct comid_digest *g, char buf[REFS_TEXT])
{
	char hex[HEX_FULL], name[40];

	hex_full(g->value, hex);
	if (comid_hash(g->alg) != HASH_NONE)
		snprintf(buf, REFS_TEXT, "%s %s", hash_name(comid_hash(g->alg)),
		    hex);
	else if (g->alg != 0)
		snprintf(buf, REFS_TEXT, "algorithm %lld %s", (long long)g->alg,
		    hex);
	else
		snprintf(buf, REFS_TEXT, "%s %s",
		    text_safe(g->name, name, sizeof(name)), hex);
}

static bool
same_alg(const struct comid_digest *a, const struct comid_digest *b)
{
	return a->alg == b->alg &&
	       (a->alg != 0 || span_equal(a->name, b->name));
}

/* One wanted digest against all that there are. */
static bool
match_digest(const struct comid_digest *want, struct comid_list got,
    bool *common, struct refs_difference *d)
{
	struct comid_digest g;

	while (comid_digest_next(&got, &g)) {
		if (!same_alg(want, &g))
			continue;
		*common = true;
		if (span_equal_ct(want->value, g.value))
			continue;
		if (d != NULL) {
			digest_text(want, d->expected);
			digest_text(&g, d->got);
		}
		return false;
	}
	return true;
}

/* s8: at least one algorithm in common, and all common ones agree. */
static bool
match_digests(struct span want, struct span got, struct refs_difference *d)
{
	struct comid_list w, g;
	struct comid_digest one;
	bool common = false;

	if (!comid_digests(want, &w) || !comid_digests(got, &g))
		return false;
	while (comid_digest_next(&w, &one))
		if (!match_digest(&one, g, &common, d))
			return false;
	if (!common && d != NULL) {
		digest_text(&one, d->expected);
		snprintf(
		    d->got, sizeof(d->got), "no digest of a common algorithm");
	}
	return common && rd_end(&w.r);
}

/* ---- Other values ---- */

static bool
match_svn(struct span want, struct span got)
{
	uint64_t w = 0, g = 0;
	bool least = false, other = false;

	return comid_svn(want, &w, &least) && comid_svn(got, &g, &other) &&
	       !other && (least ? g >= w : g == w);
}

static bool
match_raw(
    const struct comid_measurement *want, const struct comid_measurement *got)
{
	struct span w, mask, g, other;
	uint8_t diff = 0;

	if (!comid_raw(
		want->val[COMID_RAW], want->val[COMID_MASK], &w, &mask) ||
	    !comid_raw(got->val[COMID_RAW], span_of(NULL, 0), &g, &other) ||
	    other.n != 0 || w.n != g.n)
		return false;
	for (size_t i = 0; i < w.n; i++)
		diff |= (w.p[i] ^ g.p[i]) & (mask.n == 0 ? 0xff : mask.p[i]);
	return diff == 0;
}

static bool
match_range(struct span want, struct span got)
{
	int64_t low = 0, high = 0, g = 0, same = 0;

	return comid_range(want, &low, &high) && comid_range(got, &g, &same) &&
	       g == same && g >= low && g <= high;
}

static bool
find_pair(struct span map, struct span key, struct span *ret)
{
	struct span k, v;
	struct comid_list l;

	if (!comid_pairs(map, &l))
		return false;
	while (comid_pair_next(&l, &k, &v))
		if (span_equal(k, key))
			return *ret = v, true;
	return false;
}

/* Each member that is stated is there, and equal by its own rule. */
static bool
match_pairs(
    struct span want, struct span got, bool digests, struct refs_difference *d)
{
	struct span key, w, g;
	struct comid_list l;

	if (!comid_pairs(want, &l))
		return false;
	while (comid_pair_next(&l, &key, &w))
		if (!find_pair(got, key, &g) ||
		    !(digests ? match_digests(w, g, d) : span_equal(w, g)))
			return false;
	return rd_end(&l.r);
}

static bool
match_value(enum comid_mval v, const struct comid_measurement *want,
    const struct comid_measurement *got, struct refs_difference *d)
{
	struct span w = want->val[v], g = got->val[v];

	if (v == COMID_MASK) /* belongs to the raw value */
		return true;
	if (g.n == 0)
		return false;
	switch (v) {
	case COMID_SVN:
		return match_svn(w, g);
	case COMID_DIGESTS:
		return match_digests(w, g, d);
	case COMID_FLAGS:
		return match_pairs(w, g, false, d);
	case COMID_RAW:
		return match_raw(want, got);
	case COMID_REGISTERS:
		return match_pairs(w, g, true, d);
	case COMID_RANGE:
		return match_range(w, g);
	default:
		return span_equal(w, g);
	}
}

static void
tell(enum comid_mval v, const struct comid_measurement *want,
    const struct comid_measurement *got, struct refs_difference *d)
{
	char text[REFS_TEXT / 2];

	if (d == NULL || d->expected[0] != '\0')
		return;
	refs_item_text(want->val[v], text, sizeof(text));
	snprintf(d->expected, sizeof(d->expected), "%s %s", names[v], text);
	refs_item_text(got->val[v], text, sizeof(text));
	snprintf(d->got, sizeof(d->got), "%s %s", names[v], text);
}

bool
refs_values_match(const struct comid_measurement *want,
    const struct comid_measurement *got, struct refs_difference *d)
{
	bool ok = true;

	if (d != NULL)
		*d = (struct refs_difference){ .agree = 0 };
	if (want->other) { /* a rule that we do not know */
		if (d != NULL) {
			snprintf(d->expected, sizeof(d->expected),
			    "a value of an unknown kind");
			snprintf(d->got, sizeof(d->got),
			    "nothing to compare with it");
		}
		return false;
	}
	/* The first difference is told; the rest say how near this one is. */
	for (int v = 0; v < COMID_MVALS && (ok || d != NULL); v++) {
		if (want->val[v].n == 0)
			continue;
		if (match_value((enum comid_mval)v, want, got, ok ? d : NULL)) {
			if (d != NULL)
				d->agree++;
			continue;
		}
		if (ok)
			tell((enum comid_mval)v, want, got, d);
		ok = false;
	}
	return ok;
}
