/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "format/eventlog.h"

static void
walk(const struct eventlog *l)
{
	struct eventlog_event e;
	struct eventlog_iter it;
	struct eventlog_variable v;
	struct span covered;
	char text[64];
	size_t n = 0;

	eventlog_begin(l, &it);
	while (eventlog_next(l, &it, &e)) {
		MUST(e.number == n++);
		MUST(!eventlog_measured(&e) || e.pcr < TPM_PCRS);
		MUST(eventlog_content(l, &e, l->banks[0].alg, &covered) ==
			 EVENTLOG_PROVED ||
		     covered.n == 0);
		(void)eventlog_variable_parse(e.data, &v);
		(void)eventlog_text(e.data, text, sizeof(text));
	}
	MUST(n == l->n_events);
}

/* As a confidential VM's, with padding. */
static void
walk_cc(struct span in)
{
	struct eventlog_pcrs pcrs;
	struct eventlog l = { 0 };

	if (eventlog_parse_cc(in, &l, NULL) != 0)
		return;
	MUST(l.cc && l.agile);
	walk(&l);
	MUST(eventlog_replay(&l, TPM_ALG_SHA384, &pcrs, NULL) == 0);
	MUST(pcrs.touched >> (EVENTLOG_CC_RTMR0 + EVENTLOG_CC_RTMRS) == 0);
}

/* What was parsed can be walked to its end and replayed in every bank that it
 * has and we know. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct eventlog l = { 0 };
	struct eventlog_pcrs pcrs;

	walk_cc(span_of(p, n));
	if (eventlog_parse(span_of(p, n), &l, NULL) != 0)
		return 0;
	MUST(l.n_banks > 0 && l.n_banks <= EVENTLOG_BANKS_MAX);
	walk(&l);
	for (size_t i = 0; i < l.n_banks; i++)
		MUST((eventlog_replay(&l, l.banks[i].alg, &pcrs, NULL) == 0) ==
		     (tpm_hash(l.banks[i].alg) != HASH_NONE));
	return 0;
}
