/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/dcap.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define TEXT 256
#define NEVER INT64_MAX

/* (got & mask) == want, in full. */
static bool
masked_equal(
    const uint8_t *got, const uint8_t *mask, const uint8_t *want, size_t n)
{
	uint8_t bad = 0;

	for (size_t i = 0; i < n; i++)
		bad |= (uint8_t)((got[i] & mask[i]) ^ (want[i] & mask[i]));
	return bad == 0;
}

/*
 * Levels stand newest first. What is at levels[at] was superseded when the
 * oldest of those before it came that is no older than itself.
 */
static struct dcap_part
part_at(const struct tcb_level *levels, size_t at)
{
	struct dcap_part p = { &levels[at], NEVER, levels[0].status };

	for (size_t i = 0; i < at; i++)
		if (levels[i].date > levels[at].date &&
		    levels[i].date < p.superseded)
			p.superseded = levels[i].date;
	return p;
}

/* The first level of an identity that isv_svn reaches; false: none. */
static bool
find_isv(const struct tcb_level *levels, size_t n, uint32_t isv_svn,
    struct dcap_part *ret)
{
	for (size_t i = 0; i < n; i++)
		if (levels[i].isv_svn <= isv_svn) {
			*ret = part_at(levels, i);
			return true;
		}
	return false;
}

/* ---- The quoting enclave ---- */

static const char *
qe_difference(const struct qe_identity *q, const struct sgx_report *r)
{
	if (!span_equal_ct(
		r->mrsigner, span_of(q->mrsigner, sizeof(q->mrsigner))))
		return "another MRSIGNER";
	if (r->isv_prod_id != q->isv_prod_id)
		return "another ISVPRODID";
	if (!masked_equal(r->misc_select.p, q->misc_mask, q->misc_select,
		sizeof(q->misc_select)))
		return "another MISCSELECT";
	if (!masked_equal(
		r->attributes.p, q->mask, q->attributes, sizeof(q->attributes)))
		return "other attributes";
	return NULL;
}

bool
dcap_judge_qe(const struct qe_identity *q, const struct dcap_facts *f,
    struct dcap_tcb *t, struct seal_verdict *v)
{
	const char *differs = qe_difference(q, &f->qe);
	char got[TEXT];

	if (!verdict_check(v, "dcap.qe.identity", differs == NULL,
		SEAL_E_EVIDENCE, "the quoting enclave that Intel describes",
		differs, "have the platform run Intel's quoting enclave"))
		return false;
	snprintf(got, sizeof(got), "ISVSVN %u", f->qe.isv_svn);
	return verdict_check(v, "dcap.qe.level",
	    find_isv(q->levels, q->n_levels, f->qe.isv_svn, &t->qe),
	    SEAL_E_POLICY, "one of the quoting enclave's TCB levels", got,
	    "update the platform's quoting enclave");
}

/* ---- The TDX module ---- */

/* "TDX_01" for major version 1. */
static const struct tcb_module *
find_module(const struct tcb_info *i, uint8_t major)
{
	char id[8];

	snprintf(id, sizeof(id), "TDX_%02X", major);
	for (size_t k = 0; k < i->n_modules; k++)
		if (span_is(i->modules[k].id, id))
			return &i->modules[k];
	return NULL;
}

static bool
module_fits(const struct tcb_module *m, const struct td_report *td)
{
	return span_equal_ct(td->mrsignerseam,
		   span_of(m->mrsigner, sizeof(m->mrsigner))) &&
	       masked_equal(td->seam_attributes.p, m->mask, m->attributes,
		   sizeof(m->attributes));
}

/*
 * tee_tcb_svn[1] is the module's major version: 0 is told by "tdxModule",
 * which has no levels; others have an identity with levels by tee_tcb_svn[0].
 */
static bool
judge_module(const struct tcb_info *i, const struct td_report *td,
    struct dcap_tcb *t, struct seal_verdict *v)
{
	uint8_t minor = td->tee_tcb_svn.p[0], major = td->tee_tcb_svn.p[1];
	const struct tcb_module *m =
	    major == 0 ? &i->module : find_module(i, major);
	char got[TEXT];

	snprintf(got, sizeof(got), "version %u, SVN %u", major, minor);
	if (!verdict_check(v, "dcap.module", m != NULL, SEAL_E_POLICY,
		"a TDX module that Intel describes", got,
		"update the platform's TDX module, or the collateral") ||
	    m == NULL)
		return false;
	if (!verdict_check(v, "dcap.module.identity", module_fits(m, td),
		SEAL_E_EVIDENCE, "MRSIGNERSEAM and attributes as Intel's",
		"others", "have the platform run Intel's TDX module"))
		return false;
	return major == 0 ||
	       verdict_check(v, "dcap.module.level",
		   find_isv(m->levels, m->n_levels, minor, &t->module),
		   SEAL_E_POLICY, "one of the TDX module's TCB levels", got,
		   "update the platform's TDX module");
}

/* ---- The platform ---- */

static bool
reaches(const struct tcb_level *l, const struct dcap_facts *f, bool tdx)
{
	const uint8_t *td = tdx ? f->td.tee_tcb_svn.p : NULL;
	/* The module's own two are judged by its identity, if it has one. */
	size_t from = tdx && td[1] > 0 ? 2 : 0;

	for (size_t i = 0; i < TCB_COMPONENTS; i++)
		if (l->sgx[i] > f->pck.components[i])
			return false;
	for (size_t i = from; tdx && i < TCB_COMPONENTS; i++)
		if (l->tdx[i] > td[i])
			return false;
	return l->pce_svn <= f->pck.pce_svn;
}

bool
dcap_judge_platform(const struct tcb_info *i, const struct dcap_facts *f,
    struct dcap_tcb *t, struct seal_verdict *v)
{
	bool tdx = f->quote.tee == QUOTE_TDX, found = false;
	size_t k = 0;

	if (tdx && !judge_module(i, &f->td, t, v))
		return false;
	for (; k < i->n_levels && !found; k++)
		found = reaches(&i->levels[k], f, tdx);
	if (found)
		t->platform = part_at(i->levels, k - 1);
	/* No level is not "out of date": Intel does not know this TCB. */
	return verdict_check(v, "dcap.tcb.level", found, SEAL_E_POLICY,
	    "one of the platform's TCB levels",
	    found ? NULL : "a TCB below all of them: not supported",
	    "update the platform's firmware");
}

/* ---- All together ---- */

static enum tcb_status
merge_one(enum tcb_status platform, const struct dcap_part *part)
{
	enum tcb_status s =
	    part->level == NULL ? TCB_UP_TO_DATE : part->level->status;

	if (platform == TCB_REVOKED || s == TCB_REVOKED)
		return TCB_REVOKED;
	if (s == TCB_UP_TO_DATE)
		return platform;
	/* Whatever else it is, it is not up to date. */
	switch (platform) {
	case TCB_UP_TO_DATE:
	case TCB_SW_HARDENING:
	case TCB_OUT_OF_DATE:
		return s == TCB_OUT_OF_DATE_CONFIGURATION ? s : TCB_OUT_OF_DATE;
	default:
		return TCB_OUT_OF_DATE_CONFIGURATION;
	}
}

static bool
is_old(enum tcb_status s)
{
	return s == TCB_OUT_OF_DATE || s == TCB_OUT_OF_DATE_CONFIGURATION;
}

void
dcap_merge(struct dcap_tcb *t)
{
	const struct dcap_part *parts[] = { &t->platform, &t->qe, &t->module };

	t->status =
	    merge_one(merge_one(t->platform.level->status, &t->module), &t->qe);
	t->superseded = NEVER;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const struct tcb_level *l = parts[i]->level;

		if (l == NULL || (i == 0 && !is_old(l->status)) ||
		    l->status == TCB_UP_TO_DATE)
			continue;
		/* Old with nothing newer on the list: since ever. */
		if (parts[i]->superseded == NEVER)
			t->superseded = 0;
		else if (parts[i]->superseded < t->superseded)
			t->superseded = parts[i]->superseded;
	}
}

static bool
advisory_allowed(const struct dcap_rules *rules, struct span id)
{
	if (rules->any_advisory)
		return true;
	for (size_t i = 0; i < rules->n_advisories; i++)
		if (span_is(id, rules->advisories[i]))
			return true;
	return false;
}

/* Every advisory of every part, once each, and whether all are allowed. */
static bool
list_advisories(const struct dcap_tcb *t, const struct dcap_rules *rules,
    struct wr *all, struct wr *denied)
{
	const struct dcap_part *parts[] = { &t->platform, &t->qe, &t->module };
	struct tcb_advisories it;
	struct span id;
	char text[DCAP_ADVISORY_TEXT + 1];
	bool ok = true;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i]->level == NULL)
			continue;
		tcb_advisories_begin(parts[i]->level, &it);
		while (tcb_advisories_next(&it, &id)) {
			text_safe(id, text, sizeof(text));
			wr_printf(all, "%s%s", all->n > 0 ? " " : "", text);
			if (advisory_allowed(rules, id))
				continue;
			wr_printf(
			    denied, "%s%s", denied->n > 0 ? " " : "", text);
			ok = false;
		}
	}
	return ok;
}

static const char *
text_of(struct wr *w, char *buf, size_t cap)
{
	return text_safe(wr_view(w), buf, cap);
}

static bool
judge_advisories(const struct dcap_tcb *t, const struct dcap_rules *rules,
    struct seal_verdict *v)
{
	uint8_t all_buf[1024], denied_buf[200];
	char all_text[1024], denied_text[200];
	struct wr all, denied;
	bool ok;

	wr_init(&all, all_buf, sizeof(all_buf));
	wr_init(&denied, denied_buf, sizeof(denied_buf));
	ok = list_advisories(t, rules, &all, &denied);
	verdict_claim(v, "dcap.tcb.advisories", "%s",
	    text_of(&all, all_text, sizeof(all_text)));
	return verdict_check(v, "dcap.tcb.advisories", ok, SEAL_E_POLICY,
	    "no advisory but those that the policy allows",
	    ok ? NULL : text_of(&denied, denied_text, sizeof(denied_text)),
	    "update the platform, or add them to the entry's "
	    "tcb.advisories");
}

static enum tcb_status
with_configuration(enum tcb_status s)
{
	switch (s) {
	case TCB_UP_TO_DATE:
		return TCB_CONFIGURATION;
	case TCB_SW_HARDENING:
		return TCB_CONFIGURATION_SW;
	case TCB_OUT_OF_DATE:
		return TCB_OUT_OF_DATE_CONFIGURATION;
	default:
		return s;
	}
}

static bool
renewable(const struct dcap_part *p)
{
	return p->level == NULL || p->level->status == TCB_UP_TO_DATE ||
	       p->newest == TCB_UP_TO_DATE;
}

/* Within its grace an old part counts as the newest would, and no better; what
 * else is wrong, with the platform or with another part, stays so. */
static enum tcb_status
renewed(const struct dcap_tcb *t)
{
	enum tcb_status s = t->platform.level->status;

	if (!renewable(&t->qe) || !renewable(&t->module))
		return t->status;
	if (is_old(s))
		s = t->platform.newest;
	return t->status == TCB_OUT_OF_DATE_CONFIGURATION
		   ? with_configuration(s)
		   : s;
}

static enum tcb_status
graced(const struct dcap_tcb *t, const struct dcap_rules *rules, int64_t now,
    int64_t *until)
{
	int64_t end;

	if (!is_old(t->status) || rules->grace_s == 0 || t->superseded == NEVER)
		return t->status;
	end = t->superseded + (int64_t)rules->grace_s;
	if (now >= end)
		return t->status;
	if (end < *until)
		*until = end;
	return renewed(t);
}

static void
put_statuses(unsigned mask, struct wr *w)
{
	for (unsigned i = 1; i < TCB_STATUSES; i++)
		if ((mask & 1u << i) != 0)
			wr_printf(w, "%s%s", w->n > 0 ? " or " : "",
			    tcb_status_name((enum tcb_status)i));
}

bool
dcap_judge_status(const struct dcap_tcb *t, const struct dcap_rules *rules,
    int64_t now, int64_t *until, struct seal_verdict *v)
{
	int64_t end = *until;
	uint8_t buf[TEXT];
	char want[TEXT];
	struct wr w;
	bool ok;

	/* Not in words of a policy: a revoked TCB has no key to trust. */
	ok = t->status != TCB_UNKNOWN && t->status != TCB_REVOKED;
	if (ok && (rules->statuses & 1u << t->status) == 0)
		ok = (rules->statuses & 1u << graced(t, rules, now, &end)) != 0;
	wr_init(&w, buf, sizeof(buf));
	put_statuses(rules->statuses, &w);
	verdict_claim(v, "dcap.tcb.status", "%s", tcb_status_name(t->status));
	ok = verdict_check(v, "dcap.tcb.status", ok, SEAL_E_POLICY,
	    text_of(&w, want, sizeof(want)), tcb_status_name(t->status),
	    "update the platform's firmware and software");
	if (ok)
		*until = end;
	return judge_advisories(t, rules, v) && ok;
}

bool
dcap_judge_level(const struct tcb_info *i, size_t k,
    const struct dcap_rules *rules, int64_t now, int64_t *until,
    struct seal_verdict *v)
{
	struct dcap_tcb t = { .platform = part_at(i->levels, k) };

	dcap_merge(&t);
	return dcap_judge_status(&t, rules, now, until, v);
}
