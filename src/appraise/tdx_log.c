/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/tdx_log.h"

#define RTMR0 EVENTLOG_CC_RTMR0

/* The quoted registers, as the log numbers them. */
struct quoted {
	struct tpm_pcr_value values[TD_RTMRS];
	struct tpm_selection selection;
	struct event_facts facts;
};

static void
quoted_read(const struct dcap_facts *f, struct quoted *ret)
{
	*ret = (struct quoted){ .selection = { .bank = TPM_ALG_SHA384 } };
	for (unsigned i = 0; i < TD_RTMRS; i++) {
		ret->values[i] = (struct tpm_pcr_value){ TPM_ALG_SHA384,
			(uint8_t)(RTMR0 + i), f->td.rtmr[i] };
		ret->selection.pcrs |= 1u << (RTMR0 + i);
	}
	ret->facts = (struct event_facts){ .words = &tdx_event_words,
		.log = f->has_log ? &f->log : NULL,
		.selection = &ret->selection,
		.n_selection = 1,
		.values = ret->values,
		.n_values = TD_RTMRS };
}

/* ---- Which log ---- */

/* The RTMRs, as a mask, that l extends, if it leads to the quoted value of
 * each of them; else 0. */
static uint32_t
explained(const struct eventlog_pcrs *p, const struct quoted *q)
{
	size_t size = hash_size(HASH_SHA384);
	uint32_t mask = p->touched & q->selection.pcrs;

	for (unsigned i = 0; i < TD_RTMRS; i++)
		if ((mask >> (RTMR0 + i) & 1) != 0 &&
		    !span_equal(
			q->values[i].value, span_of(p->value[RTMR0 + i], size)))
			return 0;
	return mask;
}

static unsigned
count(uint32_t mask)
{
	unsigned n = 0;

	for (; mask != 0; mask &= mask - 1)
		n++;
	return n;
}

/* Other files than logs may have any form: only what begins as one counts. */
static int
try_log(struct dcap_facts *f, const struct quoted *q, struct span in,
    uint32_t *best)
{
	struct eventlog_pcrs p;
	struct eventlog l;
	uint32_t mask;
	int r;

	if (eventlog_parse_cc(in, &l, NULL) != 0)
		return 0;
	if ((r = eventlog_replay(&l, TPM_ALG_SHA384, &p, NULL)) != 0)
		return r;
	mask = explained(&p, q);
	if (!f->has_log && !f->other_log) { /* to tell of, if none fits */
		f->log = l;
		f->other_log = true;
	}
	if (count(mask) <= count(*best))
		return 0;
	*best = mask;
	f->log = l;
	f->has_log = true;
	return 0;
}

static int
claim(const struct dcap_facts *f, uint32_t mask, struct seal_verdict *v)
{
	char rtmrs[2 * TD_RTMRS + 1];
	struct wr w;

	wr_init(&w, rtmrs, sizeof(rtmrs));
	for (unsigned i = 0; i < TD_RTMRS; i++)
		if ((mask >> (RTMR0 + i) & 1) != 0)
			wr_printf(&w, "%s%u", w.n > 0 ? "," : "", i);
	wr_u8(&w, 0);
	if (w.error != 0)
		return w.error;
	return verdict_claim(
	    v, "tdx.log", "%zu events, of RTMR %s", f->log.n_events, rtmrs);
}

int
tdx_log_find(struct dcap_facts *f, struct seal_verdict *v)
{
	const struct endorsements *of[] = { f->endorse, f->stapled };
	const struct endorsement *item;
	size_t at[2] = { 0 };
	struct quoted q;
	uint32_t best = 0;
	int r;

	quoted_read(f, &q);
	while ((item = endorse_next_of(of, 2, ENDORSE_OTHER, at)) != NULL)
		if ((r = try_log(f, &q, item->bytes, &best)) != 0)
			return r;
	if (!f->has_log) {
		if (f->other_log)
			verdict_skip(v, "tdx.log.replay",
			    "none of the event logs given is of this TD");
		return 0;
	}
	verdict_check(v, "tdx.log.replay", true, 0, NULL, NULL, NULL);
	return claim(f, best, v);
}

/* ---- Rules ---- */

/* Says where the log that was given differs. */
static bool
refuse_other(
    const struct dcap_facts *f, const struct quoted *q, struct seal_verdict *v)
{
	struct eventlog_pcrs p;

	if (eventlog_replay(&f->log, TPM_ALG_SHA384, &p, NULL) == 0)
		(void)events_replay_to(&q->facts, &p, TPM_ALG_SHA384, p.touched,
		    "tdx.log.replay", v);
	return false;
}

bool
tdx_log_match(const struct tpm_events *rules, const struct dcap_facts *f,
    struct seal_verdict *v)
{
	struct quoted q;
	bool ok = true;

	quoted_read(f, &q);
	if (rules != NULL && !f->has_log && f->other_log)
		ok = refuse_other(f, &q, v);
	return events_match(rules, &q.facts, v) && ok;
}
