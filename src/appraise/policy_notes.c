/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a sound policy gives away on purpose: for a second look, by the names
 * of its own keys.
 */
#include "appraise/policy.h"

#include <stdio.h>

#include "appraise/azure.h"
#include "appraise/dcap.h"
#include "appraise/snp.h"

#define WHERE 128

static const struct level_note {
	enum seal_level level;
	const char *text;
} level_notes[] = {
	{ SEAL_LEVEL_TRANSCRIPT,
	    "min_binding: 'transcript' does not bind the keys of the traffic" },
	{ SEAL_LEVEL_KEY,
	    "min_binding: 'key' takes results that were made for no "
	    "connection" },
};

static void
note_top(const struct policy *p, struct wr *out)
{
	for (size_t i = 0; i < sizeof(level_notes) / sizeof(*level_notes); i++)
		if (p->min_binding == level_notes[i].level)
			wr_printf(out, "%s\n", level_notes[i].text);
	if (p->identity.mode == IDENTITY_NONE)
		wr_printf(out,
		    "identity: 'none' takes any machine whose Evidence is "
		    "accepted for the one that was meant\n");
	if (p->rotate_subject)
		wr_printf(out,
		    "rotate_subject: the peer may change its key while "
		    "connected\n");
}

static void
note_dcap(const struct dcap_rules *r, const char *where, struct wr *out)
{
	const unsigned old =
	    1u << TCB_OUT_OF_DATE | 1u << TCB_OUT_OF_DATE_CONFIGURATION;

	if (!r->need_lists)
		wr_printf(out,
		    "%s.tcb.crl: keys that Intel has revoked are accepted, "
		    "where no list is there\n",
		    where);
	if (r->any_advisory)
		wr_printf(out, "%s.tcb.advisories: any advisory may be open\n",
		    where);
	if ((r->statuses & old) != 0)
		wr_printf(out,
		    "%s.tcb.status: a TCB that is out of date is accepted\n",
		    where);
}

static bool
is_snp(const struct accept_entry *e)
{
	return e->by == &appraiser_snp || e->by == &appraiser_azure_snp;
}

static bool
is_dcap(const struct accept_entry *e)
{
	return e->by == &appraiser_tdx || e->by == &appraiser_sgx ||
	       e->by == &appraiser_azure_tdx;
}

static void
note_entry(const struct accept_entry *e, const char *where, struct wr *out)
{
	if (e->debug)
		wr_printf(out,
		    "%s.debug: what is in debug mode proves nothing, and is "
		    "accepted\n",
		    where);
	if (is_dcap(e))
		note_dcap(e->rules, where, out);
	if (is_snp(e) && !((const struct snp_rules *)e->rules)->crl)
		wr_printf(out,
		    "%s.crl: keys that AMD has revoked are accepted\n", where);
}

int
policy_notes(const struct policy *p, struct wr *out)
{
	char where[WHERE];

	note_top(p, out);
	for (size_t i = 0; i < p->n_accept; i++) {
		const struct accept_entry *e = &p->accept[i];

		snprintf(where, sizeof(where), "accept[%zu]", i);
		if (e->n_members == 0)
			note_entry(e, where, out);
		for (size_t k = 0; k < e->n_members; k++) {
			snprintf(where, sizeof(where), "accept[%zu].%s", i,
			    e->members[k].label);
			note_entry(&e->members[k].entry, where, out);
		}
	}
	return out->error;
}
