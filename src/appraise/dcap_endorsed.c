/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/dcap_judging.h"

#include "appraise/anchored.h"
#include "appraise/tcb_signer.h"
#include "base/text.h"

#define REMEDY_COLLATERAL \
	"give Intel's current collateral for this platform (--endorsements)"

bool
dcap_step(struct dcap_judging *j, const char *name, int r,
    const struct seal_diag *d, const char *expected)
{
	return verdict_check(j->v, name, r == 0, r, expected, d->text,
	    d->remedy[0] != '\0' ? d->remedy : REMEDY_COLLATERAL);
}

/* The peer chooses the day of what it sends: a week is the most, unless the
 * policy says how much. */
uint32_t
dcap_max_age(const struct dcap_judging *j, bool stapled)
{
	return stapled && j->rules->max_age_s == 0 ? DCAP_STAPLED_AGE_S
						   : j->rules->max_age_s;
}

void
dcap_until_at_most(struct dcap_judging *j, int64_t end)
{
	if (end < j->until)
		j->until = end;
}

/* ---- The root, and the PCK chain under it ---- */

static int
root_is_named(
    const struct dcap_rules *rules, struct span root, struct seal_diag *d)
{
	uint8_t digest[HASH_MAX];
	struct cert *cert = NULL;
	char e[HEX_SHORT], g[HEX_SHORT];
	int r;

	if ((r = cert_parse(root, &cert, d)) != 0)
		return r;
	r = hash_one(HASH_SHA256, cert_spki(cert), digest, d);
	cert_unref(&cert);
	if (r != 0 ||
	    span_equal_ct(span_of(digest, 32), span_of(rules->root_sha256, 32)))
		return r;
	return seal_fail(d, SEAL_E_CHAIN, "root: expected key %s, found %s",
	    hex_short(span_of(rules->root_sha256, 32), e),
	    hex_short(span_of(digest, 32), g));
}

struct span
dcap_root_of(const struct dcap_judging *j)
{
	return trust_get0(j->ca, j->anchor);
}

/* Makes it the one anchor of all that follows, if PCK and CA lead to it. */
static int
try_root(struct dcap_judging *j, struct span root, struct seal_diag *d)
{
	struct chain_end end;
	int r;

	trust_free(&j->own);
	if ((j->own = trust_new()) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "root");
	if ((r = trust_add_der(j->own, root, d)) == 0)
		r = chain_verify_end(
		    j->own, j->f->chain, DCAP_CHAIN - 1, j->now, &end, d);
	j->ca = j->own;
	j->anchor = 0;
	return r;
}

/* Whether the path ends in a root, or before it. */
static bool
ends_in(const struct dcap_judging *j, struct span name)
{
	struct cert_parts p;

	return j->anchor != CHAIN_NO_ANCHOR &&
	       cert_parts_read(dcap_root_of(j), &p) &&
	       span_equal(p.subject, name);
}

/* The policy's anchor, rather than what the quote brings: Intel issued its
 * root twice with one key. */
static int
find_root(
    struct dcap_judging *j, const struct accept_entry *e, struct seal_diag *d)
{
	struct span anchor = { 0 };
	struct chain_end end = { 0 };
	struct cert_parts ca;
	int r = SEAL_E_CHAIN;
	size_t at = 0;

	if (!cert_parts_read(j->f->chain[1], &ca))
		return seal_fail(d, SEAL_E_CHAIN, "PCK CA: malformed");
	if ((j->digest != NULL &&
		anchored_recalled(e, j->digest, j->now, &j->ca, &end)) ||
	    anchored_end(
		e, j->f->chain, DCAP_CHAIN, j->now, &j->ca, &end, NULL) == 0) {
		j->anchor = end.anchor;
		if (ends_in(j, ca.issuer))
			return 0;
	}
	while (r != 0 && anchored_next(e, ca.issuer, &at, &anchor))
		r = try_root(j, anchor, d);
	if (r == 0 || d->code != 0)
		return r;
	seal_fail(d, SEAL_E_CHAIN,
	    "none of the entry's anchors is the root of the quote's PCK "
	    "chain");
	seal_remedy(d, "add Intel's SGX root as a \"ca\" of the entry's "
		       "signers");
	return SEAL_E_CHAIN;
}

static bool
judge_root(struct dcap_judging *j, const struct accept_entry *e)
{
	struct span root = j->f->chain[DCAP_CHAIN - 1];
	struct seal_diag d = { 0 };
	int r;

	if (!j->rules->has_root)
		r = find_root(j, e, &d);
	else if ((r = root_is_named(j->rules, root, &d)) == 0)
		r = try_root(j, root, &d);
	return verdict_check(j->v, "dcap.root", r == 0, r,
	    "a PCK certificate under the policy's root", d.text, d.remedy);
}

/* ---- Who signs collateral ---- */

static const struct endorsement *
next_cert(
    const struct dcap_judging *j, size_t at[DCAP_SOURCES][2], bool *ret_stapled)
{
	const struct endorsement *item = NULL;

	for (int i = 0; item == NULL && i < DCAP_SOURCES; i++) {
		item = collateral_cert(j->c[i], at[i]);
		*ret_stapled = i == STAPLED;
	}
	return item;
}

static bool
find_signer(struct dcap_judging *j)
{
	size_t at[DCAP_SOURCES][2] = { { 0 } };
	const struct endorsement *item;
	struct seal_diag d = { 0 };
	int r = SEAL_E_UNAVAILABLE;
	bool stapled = false, over = false;
	unsigned tried = 0;

	while (j->signer_cert == NULL && !over &&
	       (item = next_cert(j, at, &stapled)) != NULL) {
		int got = tcb_signer_check_under(j->ca, j->anchor, item->bytes,
		    j->now, j->f->parsed, &j->signer_cert, &d);

		if (got == 0)
			j->signer = item->bytes;
		if (got == 0 || got == SEAL_E_UNSUPPORTED)
			continue;
		over = stapled && staple_try_signer(&j->spent, &tried, &d) != 0;
		r = over ? SEAL_E_LIMIT : got;
	}
	if (j->signer_cert == NULL && d.code == 0)
		seal_fail(
		    &d, r, "no certificate of '%s' was given", TCB_SIGNER);
	return dcap_step(j, "dcap.tcb.signer", j->signer_cert != NULL ? 0 : r,
	    &d, "a certificate of Intel's TCB signer under that root");
}

/* ---- All ---- */

static bool
open_collateral(
    struct dcap_judging *j, int source, const struct endorsements *e)
{
	static const struct collateral none;
	struct seal_diag d = { 0 };

	j->c[source] = e != NULL ? collateral_of(e) : &none;
	return j->c[source] != NULL ||
	       dcap_step(j, "dcap.collateral", SEAL_E_MEMORY, &d, "collateral");
}

/* Which of it the peer sent: for who wonders what a verdict rests on. */
static void
claim_stapled(const struct dcap_judging *j)
{
	char date[32] = "";

	if (j->list_from != 0)
		crl_date(j->list_from, date);
	if (j->info_stapled || j->qe_stapled || j->list_from != 0)
		verdict_claim(j->v, "dcap.stapled", "%s%s%s%s",
		    j->info_stapled ? "TCB Info " : "",
		    j->qe_stapled ? "Enclave Identity " : "",
		    j->list_from != 0 ? "revocation list of " : "", date);
}

static bool
judge(struct dcap_judging *j, const struct accept_entry *e)
{
	struct dcap_tcb t = { 0 };

	if (!judge_root(j, e) || !open_collateral(j, OWN, j->f->endorse) ||
	    !open_collateral(j, STAPLED, j->f->stapled) || !find_signer(j) ||
	    !dcap_judge_revocation(j) || !dcap_find_document(j, true) ||
	    !dcap_find_document(j, false) ||
	    !dcap_judge_qe(j->qe, j->f, &t, j->v) ||
	    !dcap_judge_platform(j->info, j->f, &t, j->v))
		return false;
	dcap_until_at_most(j, cert_not_after(j->signer_cert));
	claim_stapled(j);
	dcap_merge(&t);
	return dcap_judge_status(&t, j->rules, j->now, &j->until, j->v);
}

bool
dcap_endorsed(const struct accept_entry *e, const struct dcap_rules *rules,
    const struct findings *f, int64_t now, int64_t *until,
    struct seal_verdict *v)
{
	struct dcap_judging j = { .f = f->facts,
		.digest = f->has_signer_digest ? f->signer_digest : NULL,
		.rules = rules,
		.now = now,
		.until = *until,
		.v = v };
	bool ok = judge(&j, e);

	if (ok)
		*until = j.until;
	v->ar4si[AR4SI_CONFIGURATION] = ok ? AR4SI_AFFIRMING : AR4SI_WARNING;
	cert_unref(&j.signer_cert);
	trust_free(&j.own);
	return ok;
}
