/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/snp.h"

#include "appraise/anchored.h"
#include "appraise/staple.h"

#define CHECK "snp.crl"

/*
 * AMD's list is of the ARK, about the ASKs and ASVKs; there is none about the
 * keys of chips. It counts where the ARK that signed it leads to an anchor of
 * the policy by itself: not what came along with the Evidence decides.
 */
struct search {
	const struct accept_entry *e;
	const struct snp_facts *f;
	int64_t now;
	struct staple_spent *spent;
	int64_t *stapled; /* thisUpdate of the peer's list that counts; or 0 */
};

/* The caller's lists first: what the peer sent must not be older. */
enum { OWN, CARRIED, STAPLED, SOURCES };

static bool
next_list(const struct snp_facts *f, size_t at[SOURCES], struct span *ret,
    bool *ret_own)
{
	const struct endorsements *of[SOURCES] = { f->endorse, f->carried,
		f->stapled };
	size_t before = at[CARRIED] + at[STAPLED];
	const struct endorsement *e =
	    endorse_next_of(of, SOURCES, ENDORSE_CRL, at);

	if (e == NULL)
		return false;
	*ret = e->bytes;
	*ret_own = at[CARRIED] + at[STAPLED] == before;
	return true;
}

/* Signed by this certificate, which an anchor vouches for? */
static bool
signed_by(const struct search *s, const struct crl *list, struct span by)
{
	const struct trust *ca;
	struct chain_end end;
	struct cert_parts p;

	return cert_parts_read(by, &p) && span_equal(p.subject, list->issuer) &&
	       anchored_end(s->e, &by, 1, s->now, &ca, &end, NULL) == 0 &&
	       crl_verify_once(list, by, ca, NULL) == 0;
}

static bool
is_genuine(
    const struct search *s, const struct crl *list, const struct findings *f)
{
	struct span by = { 0 };
	size_t at = 0;

	while (anchored_next(s->e, list->issuer, &at, &by))
		if (signed_by(s, list, by))
			return true;
	for (size_t i = 1; i < f->n_signer_chain; i++)
		if (signed_by(s, list, f->signer_chain[i]))
			return true;
	return false;
}

/* 0: one current list at least, and none that names the certificate. A list
 * that is out of date still revokes. */
static int
check_issuer(const struct search *s, struct span cert, const struct findings *f,
    int64_t *until, struct seal_diag *d)
{
	struct crl held = { .n_revoked = 0 }; /* the newest of this side's */
	struct seal_diag why = { 0 };
	size_t at[SOURCES] = { 0 };
	struct cert_parts p;
	bool taken = ((const struct snp_rules *)s->e->rules)->stapled;
	bool current = false, own;
	unsigned tried = 0;
	struct span der;
	int r = 0;

	if (!cert_parts_read(cert, &p))
		return seal_fail(d, SEAL_E_CHAIN, "malformed certificate");
	while (r != SEAL_E_KEY && next_list(s->f, at, &der, &own)) {
		struct crl list;

		if (crl_parse(der, &list, NULL) != 0 ||
		    !span_equal(list.issuer, p.issuer))
			continue;
		if (!own && (r = staple_try_list(s->spent, &tried, d)) != 0)
			return r;
		if (!is_genuine(s, &list, f))
			continue;
		if (own &&
		    (held.issuer.n == 0 || crl_compare(&held, &list) > 0))
			held = list;
		if ((r = crl_check(&list, cert, NULL, d)) == 0 &&
		    crl_current(&list, s->now, NULL) == 0 &&
		    (own || (!current && staple_list_counts(taken, &held, &list,
					     s->now, 0, &why) == 0))) {
			if (!own)
				*s->stapled = list.this_update;
			current = true;
			if (list.next_update < *until)
				*until = list.next_update;
		}
	}
	if (r != 0)
		return r;
	if (!current && why.code != 0)
		return seal_fail(d, why.code, "%s", why.text);
	return current ? 0
		       : seal_fail(d, SEAL_E_STALE,
			     "no current revocation list of the ARK");
}

/* Of every issuer by the name of the leaf's: those of the Evidence, and the
 * anchors, since one of them it was. */
static int
check_issuers(const struct search *s, const struct findings *f, int64_t *until,
    struct seal_diag *d)
{
	struct cert_parts leaf, p;
	struct span der = { 0 };
	size_t at = 0, n = 0;
	int r = 0;

	if (!cert_parts_read(f->signer_chain[0], &leaf))
		return seal_fail(d, SEAL_E_CHAIN, "malformed certificate");
	while (r == 0 && anchored_next(s->e, leaf.issuer, &at, &der)) {
		n++;
		r = check_issuer(s, der, f, until, d);
	}
	for (size_t i = 1; r == 0 && i < f->n_signer_chain; i++) {
		if (!cert_parts_read(f->signer_chain[i], &p) ||
		    !span_equal(p.subject, leaf.issuer))
			continue;
		n++;
		r = check_issuer(s, f->signer_chain[i], f, until, d);
	}
	if (r == 0 && n == 0)
		r = seal_fail(d, SEAL_E_CHAIN, "the issuer is not there");
	return r;
}

bool
snp_endorsed(const struct accept_entry *e, const struct findings *f,
    int64_t now, int64_t *until, struct seal_verdict *v)
{
	const struct snp_rules *rules = e->rules;
	int64_t stapled = 0;
	struct staple_spent spent = { 0 };
	const struct search s = { e, f->facts, now, &spent, &stapled };
	struct seal_diag d = { 0 };
	int64_t end = *until;
	char date[32];
	int r;

	if (!rules->crl) {
		verdict_skip(v, CHECK, "the policy asks for no list");
		return true;
	}
	r = check_issuers(&s, f, &end, &d);
	if (!verdict_check(v, CHECK, r == 0, r,
		"an issuer that a current list of AMD's does not name", d.text,
		"give AMD's list with --endorsements, the ARK among 'signers' "
		"as \"ca\", or set 'crl' to false"))
		return false;
	if (stapled != 0)
		verdict_claim(v, "snp.stapled", "revocation list of %s",
		    crl_date(stapled, date));
	*until = end;
	return true;
}
