/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/dcap_judging.h"

/* What is known of lists of one issuer. */
struct lists {
	struct crl held; /* the newest of this side's, current or not */
	bool ages;       /* issued every day, so that the peer's has to be */
	int64_t until;   /* 0: none is current */
	int64_t stapled; /* where that one is the peer's: its thisUpdate */
	unsigned tried;  /* of the peer's */
};

/* May it say that nothing newer was revoked? */
static bool
list_counts(const struct dcap_judging *j, const struct crl *list, bool stapled,
    struct lists *l, struct seal_diag *d)
{
	if (stapled)
		return staple_list_counts(j->rules->stapled, &l->held, list,
			   j->now, l->ages ? dcap_max_age(j, true) : 0, d) == 0;
	if (l->held.issuer.n == 0 || crl_compare(&l->held, list) > 0)
		l->held = *list;
	return true;
}

static int
check_list(const struct dcap_judging *j, const struct crl *list, bool stapled,
    const struct span *certs, size_t n, struct lists *l, struct seal_diag *d)
{
	int r;

	for (size_t i = 0; i < n; i++)
		if ((r = crl_check(list, certs[i], NULL, d)) != 0)
			return r;
	if (list_counts(j, list, stapled, l, d) &&
	    crl_current(list, j->now, d) == 0 && list->next_update > l->until) {
		l->until = list->next_update;
		l->stapled = stapled ? list->this_update : 0;
	}
	return 0;
}

/* Of the peer's lists with this issuer's name only so many are looked at. */
static int
may_try(struct dcap_judging *j, const struct crl *list, struct span issuer,
    struct lists *l, struct seal_diag *d)
{
	struct cert_parts p;

	return cert_parts_read(issuer, &p) &&
		       span_equal(p.subject, list->issuer)
		   ? staple_try_list(&j->spent, &l->tried, d)
		   : 0;
}

/*
 * Every list that the issuer signed counts against a certificate, also one
 * that has ended, whoever sent it; at least one must be current, if lists are
 * needed.
 */
static int
check_lists(struct dcap_judging *j, struct span issuer,
    const struct span *certs, size_t n, bool ages, bool *ret_current,
    struct seal_diag *d)
{
	struct lists l = { .ages = ages };
	int r;

	for (int s = 0; s < DCAP_SOURCES; s++)
		for (size_t k = 0; k < j->c[s]->n_lists; k++) {
			const struct crl *list = &j->c[s]->lists[k];

			if (s == STAPLED &&
			    (r = may_try(j, list, issuer, &l, d)) != 0)
				return r;
			if (crl_verify_once(list, issuer, j->ca, NULL) == 0 &&
			    (r = check_list(
				 j, list, s == STAPLED, certs, n, &l, d)) != 0)
				return r;
		}
	*ret_current = l.until > 0;
	if (l.stapled != 0 && (j->list_from == 0 || l.stapled < j->list_from))
		j->list_from = l.stapled;
	if (l.until > 0)
		dcap_until_at_most(j, l.until);
	return 0;
}

static bool
judge_list(struct dcap_judging *j, const char *name, struct span issuer,
    const struct span *certs, size_t n, bool ages)
{
	struct seal_diag d = { 0 };
	bool current = false;
	int r = check_lists(j, issuer, certs, n, ages, &current, &d);

	if (r == 0 && !current && !j->rules->need_lists) {
		verdict_skip(j->v, name, "no current list, and none needed");
		return true;
	}
	if (r == 0 && !current)
		r = d.code != 0 ? d.code
				: seal_fail(&d, SEAL_E_UNAVAILABLE,
				      "no revocation list of the issuer");
	return dcap_step(j, name, r, &d, "not revoked by a current list");
}

/* Intel issues the root's list once a year, those of PCK CAs every day. */
bool
dcap_judge_revocation(struct dcap_judging *j)
{
	const struct span *chain = j->f->chain;
	struct span by_root[] = { chain[1], j->signer };

	return judge_list(
		   j, "dcap.crl.root", dcap_root_of(j), by_root, 2, false) &&
	       judge_list(j, "dcap.crl.pck", chain[1], chain, 1, true);
}
