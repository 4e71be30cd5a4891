/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/azure.h"
#include "appraise/dcap_values.h"
#include "appraise/refs.h"

#include <stddef.h>
#include <stdlib.h>

#include "appraise/strict.h"
#include "appraise/tdx_log.h"
#include "base/text.h"

/*
 * Rules of an entry:
 *   "measurements": {"mrtd": HEX, …}   registers; mrtd must be there
 *   "attributes", "xfam": HEX          8 bytes each as the quote holds them
 *   "migratable": BOOL                 may a migration TD move it to another
 *                                      platform? default false
 *   "events": {"rtmrs": [N…], …}       of the event log (tpm_events.h)
 *   "tcb", "root_sha256"               dcap.h
 */
static const char *const rule_keys[] = { "measurements", "attributes", "xfam",
	"migratable", "events", DCAP_RULE_KEYS, NULL };

enum {
	MRTD,
	RTMR0,
	MRCONFIGID = RTMR0 + TD_RTMRS,
	MROWNER,
	MROWNERCONFIG,
	MRSEAM,
	MRSIGNERSEAM,
	MRSERVICETD,
	REGISTERS
};

static const char *const names[REGISTERS + 1] = { "mrtd", "rtmr0", "rtmr1",
	"rtmr2", "rtmr3", "mrconfigid", "mrowner", "mrownerconfig", "mrseam",
	"mrsignerseam", "mrservicetd", NULL };

static const struct dcap_registers registers = { "tdx.measurement", "tdx",
	names, 48 };
/* The module is judged by its TCB, which moves with every update. */
#define LEARNED ((1u << MRSEAM) - 1)

struct tdx_rules {
	struct dcap_rules dcap;
	struct dcap_expected values;
	struct dcap_bytes attributes, xfam;
	bool migratable;
	struct tpm_events *events; /* NULL: no rules about the log */
};
_Static_assert(offsetof(struct tdx_rules, dcap) == 0, "dcap_rules_of");

static void
registers_of(const struct findings *f, struct span ret[REGISTERS])
{
	const struct td_report *td = &((const struct dcap_facts *)f->facts)->td;

	ret[MRTD] = td->mrtd;
	for (size_t i = 0; i < TD_RTMRS; i++)
		ret[RTMR0 + i] = td->rtmr[i];
	ret[MRCONFIGID] = td->mrconfigid;
	ret[MROWNER] = td->mrowner;
	ret[MROWNERCONFIG] = td->mrownerconfig;
	ret[MRSEAM] = td->mrseam;
	ret[MRSIGNERSEAM] = td->mrsignerseam;
	ret[MRSERVICETD] = td->mrservicetd;
}

static void
rules_wipe(void *rules)
{
	struct tdx_rules *r = rules;

	dcap_rules_wipe(&r->dcap);
	tpm_events_free(&r->events);
}

/* RTMRs that have a value may have rules too. */
static int
load_events(const json_t *events, struct tdx_rules *r, struct seal_diag *d)
{
	struct tpm_selection pinned = { .bank = TPM_ALG_SHA384 };

	if (events == NULL)
		return 0;
	/* Reference triples decide on all registers together. */
	if (r->values.by_refs)
		return seal_fail(
		    d, SEAL_E_CONFIG, "accept: 'events' or 'corim', not both");
	for (unsigned i = 0; i < TD_RTMRS; i++)
		if (r->values.set[RTMR0 + i])
			pinned.pcrs |= 1u << (EVENTLOG_CC_RTMR0 + i);
	return tpm_events_load(
	    events, &tdx_event_words, &pinned, 1, &r->events, d);
}

static int
rules_load(const json_t *entry, bool debug, void *rules, struct seal_diag *d)
{
	struct tdx_rules *r = rules;
	int code;

	(void)debug;
	if ((code = dcap_values_load(&registers, entry, &r->values, d)) != 0)
		return code;
	/* Without it nothing says what firmware measured the rest. */
	if (!r->values.by_refs && !r->values.set[MRTD])
		return seal_fail(
		    d, SEAL_E_CONFIG, "measurements: 'mrtd' is missing");
	if ((code = dcap_bytes_load(
		 entry, "attributes", 8, &r->attributes, d)) != 0 ||
	    (code = dcap_bytes_load(entry, "xfam", 8, &r->xfam, d)) != 0 ||
	    (code = strict_bool(entry, "migratable", false, "accept",
		 &r->migratable, d)) != 0 ||
	    (code = load_events(json_object_get(entry, "events"), r, d)) != 0)
		return code;
	return dcap_rules_load(entry, &r->dcap, d);
}

static int
rules_explain(const void *rules, struct wr *out)
{
	const struct tdx_rules *r = rules;
	char hex[HEX_SHORT];

	dcap_values_explain(&registers, &r->values, out);
	if (r->attributes.set)
		wr_printf(out, "    its attributes are %s\n",
		    hex_short(span_of(r->attributes.value, 8), hex));
	if (r->xfam.set)
		wr_printf(out, "    its XFAM is %s\n",
		    hex_short(span_of(r->xfam.value, 8), hex));
	wr_printf(out, r->migratable
			   ? "    it may be moved to another platform\n"
			   : "    it cannot be moved to another platform\n");
	if (r->events != NULL)
		tpm_events_explain(r->events, out);
	dcap_rules_explain(&r->dcap, out);
	return out->error;
}

static int
verify(
    const struct appraisal_in *in, struct findings *ret, struct seal_verdict *v)
{
	struct span got[REGISTERS];
	struct dcap_facts *f;
	int r;

	ret->debug = true; /* until the quote says otherwise */
	if ((r = dcap_verify(in, QUOTE_TDX, ret, v)) != 0)
		return r;
	f = ret->facts;
	ret->debug = (f->td.flags & TD_UNTRUSTED) != 0;
	registers_of(ret, got);
	dcap_values_claim(&registers, got, v);
	verdict_claim_hex(v, "tdx.attributes", f->td.attributes);
	verdict_claim_hex(v, "tdx.xfam", f->td.xfam);
	verdict_claim_hex(v, "tdx.tee_tcb_svn", f->td.tee_tcb_svn);
	return tdx_log_find(f, v);
}

static bool
match(const void *rules, const struct findings *f, struct seal_verdict *v)
{
	const struct tdx_rules *r = rules;
	const struct dcap_facts *facts = f->facts;
	struct span got[REGISTERS];
	bool moves = (facts->td.flags & TD_MIGRATABLE) != 0, values, attributes,
	     xfam, migration, events;

	registers_of(f, got);
	values = dcap_values_match(&registers, &r->values, got, v);
	attributes = dcap_bytes_match(
	    "tdx.attributes", &r->attributes, facts->td.attributes, v);
	xfam = dcap_bytes_match("tdx.xfam", &r->xfam, facts->td.xfam, v);
	migration = verdict_check(v, "tdx.migratable", r->migratable || !moves,
	    SEAL_E_POLICY, "a TD that stays on its platform",
	    moves ? "one that may be moved" : NULL,
	    "start the TD without MIGRATABLE, or allow 'migratable'");
	events = tdx_log_match(r->events, facts, v);
	v->ar4si[AR4SI_RUNTIME_OPAQUE] =
	    f->debug ? AR4SI_CONTRAINDICATED : AR4SI_AFFIRMING;
	return values && attributes && xfam && migration && events;
}

static bool
endorsed(const struct accept_entry *e, const struct findings *f, int64_t now,
    int64_t *until, struct seal_verdict *v)
{
	const struct tdx_rules *r = e->rules;

	return dcap_endorsed(e, &r->dcap, f, now, until, v);
}

static int
describe(const struct findings *f, struct wr *env, struct wr *measurements)
{
	struct span got[REGISTERS];

	registers_of(f, got);
	return dcap_values_describe(&registers, got, f, env, measurements);
}

static int
learn(const struct findings *f, json_t *entry)
{
	const struct dcap_facts *facts = f->facts;
	bool moves = (facts->td.flags & TD_MIGRATABLE) != 0;
	unsigned which = LEARNED;
	struct span got[REGISTERS];
	int r;

	/* Who may move it is part of what it is. */
	if (moves)
		which |= 1u << MRSERVICETD;
	registers_of(f, got);
	if ((r = dcap_values_learn(&registers, got, which, entry)) != 0 ||
	    (r = dcap_hex_set(entry, "attributes", facts->td.attributes)) !=
		0 ||
	    (r = dcap_hex_set(entry, "xfam", facts->td.xfam)) != 0)
		return r;
	if (moves && json_object_set_new(entry, "migratable", json_true()) != 0)
		return SEAL_E_MEMORY;
	return dcap_learn(f, entry);
}

#define TDX_APPRAISER(type, called, by, in_a_collection)                     \
	{                                                                    \
		.media_type = (type), .name = (called),                      \
		.tsm = !(in_a_collection), .member_only = (in_a_collection), \
		.rules = rule_keys, .profiles = refs_profiles,               \
		.measures = 1u << AR4SI_EXECUTABLES, .describe = describe,   \
		.rules_size = sizeof(struct tdx_rules),                      \
		.rules_load = rules_load, .rules_wipe = rules_wipe,          \
		.rules_explain = rules_explain, .verify = (by),              \
		.match = match, .endorsed = endorsed, .learn = learn,        \
		.facts_free = dcap_facts_free,                               \
	}

const struct appraiser appraiser_tdx =
    TDX_APPRAISER(QUOTE_TDX_TYPE, "tdx", verify, false);
const struct appraiser appraiser_azure_tdx =
    TDX_APPRAISER(AZURE_TDX_TYPE, "azure_tdx", azure_verify_tdx, true);
