/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/text.h"
#include "format/eventlog.h"
#include "format/ima.h"
#include "lib/inspect.h"

#define SHOWN_TEXT 512 /* bytes of an event's data shown as text */
#define SHOWN_DATA 64u /* bytes of it shown as hex */

/* ---- TCG event log ---- */

static const char *
bank_name(uint16_t alg, char buf[16])
{
	if (tpm_hash(alg) != HASH_NONE)
		return hash_name(tpm_hash(alg));
	snprintf(buf, 16, "0x%04x", alg);
	return buf;
}

/* The longest hash that we know says most; 0: we know none of them. */
static uint16_t
best_bank(const struct eventlog *l)
{
	uint16_t best = 0;

	for (size_t i = 0; i < l->n_banks; i++)
		if (hash_size(tpm_hash(l->banks[i].alg)) >
		    hash_size(tpm_hash(best)))
			best = l->banks[i].alg;
	return best;
}

static void
tree_variable(json_t *o, const struct eventlog_variable *v)
{
	char name[EVENTLOG_VARIABLE_NAME_MAX + 1];

	json_object_set_new(o, "variable",
	    json_string(eventlog_text(v->name, name, sizeof(name))));
	tree_hex(o, "namespace", span_of(v->guid, sizeof(v->guid)));
	tree_int(o, "value bytes", (int64_t)v->value.n);
	if (v->value.n <= SHOWN_DATA)
		tree_hex(o, "value", v->value);
}

static void
tree_data(json_t *o, const struct eventlog_event *e)
{
	struct eventlog_variable v;
	struct span tagged = e->data;
	char text[SHOWN_TEXT];
	uint32_t id;

	if (eventlog_variable_parse(e->data, &v)) {
		tree_variable(o, &v);
		return;
	}
	if (e->type == EV_EVENT_TAG &&
	    eventlog_tag_parse(e->data, &id, &tagged))
		tree_text(o, "tag", "0x%08x", (unsigned)id);
	eventlog_text(tagged, text, sizeof(text));
	if (text[0] != '\0') {
		json_object_set_new(o, "text", json_string(text));
		return;
	}
	tree_int(o, "data bytes", (int64_t)e->data.n);
	tree_hex(o, "data",
	    span_of(
		e->data.p, e->data.n < SHOWN_DATA ? e->data.n : SHOWN_DATA));
}

static const char *
content_text(const struct eventlog *l, const struct eventlog_event *e)
{
	struct span covered;

	if (!eventlog_measured(e))
		return "not measured: proves nothing";
	switch (eventlog_content(l, e, best_bank(l), &covered)) {
	case EVENTLOG_PROVED:
		return covered.n == e->data.n ? "the digest is over it"
					      : "the digest is over a part";
	case EVENTLOG_CONTRADICTED:
		return "CONTRADICTED: the digest is over something else";
	default:
		return "a description: the digest is over something else";
	}
}

static json_t *
tree_event(const struct eventlog *l, const struct eventlog_event *e)
{
	const char *name = eventlog_type_name(e->type);
	json_t *o = json_object();

	if (!l->cc)
		tree_int(o, "pcr", e->pcr);
	else if (e->pcr >= EVENTLOG_CC_RTMR0)
		tree_int(o, "rtmr", e->pcr - EVENTLOG_CC_RTMR0);
	else
		json_object_set_new(o, "register", json_string("mrtd"));
	if (name != NULL)
		json_object_set_new(o, "type", json_string(name));
	else
		tree_text(o, "type", "0x%08x", (unsigned)e->type);
	for (size_t i = 0; i < l->n_banks && eventlog_measured(e); i++) {
		char buf[16];

		tree_hex(o, bank_name(l->banks[i].alg, buf), e->digests[i]);
	}
	tree_data(o, e);
	json_object_set_new(o, "content", json_string(content_text(l, e)));
	return o;
}

static void
tree_replay(json_t *o, const struct eventlog *l)
{
	struct eventlog_pcrs p;

	for (size_t i = 0; i < l->n_banks; i++) {
		enum hash h = tpm_hash(l->banks[i].alg);

		if (eventlog_replay(l, l->banks[i].alg, &p, NULL) != 0)
			continue;
		for (unsigned pcr = 0; pcr < TPM_PCRS; pcr++) {
			char key[24];

			if ((p.touched >> pcr & 1) == 0)
				continue;
			if (!l->cc)
				snprintf(key, sizeof(key), "%s:%u",
				    hash_name(h), pcr);
			else if (pcr >= EVENTLOG_CC_RTMR0)
				snprintf(key, sizeof(key), "rtmr%u",
				    pcr - EVENTLOG_CC_RTMR0);
			else
				continue; /* MRTD is made otherwise */
			tree_hex(o, key, span_of(p.value[pcr], hash_size(h)));
		}
	}
}

static json_t *
tree_log(const struct eventlog *log)
{
	struct eventlog l = *log;
	json_t *o, *events, *pcrs;
	struct eventlog_event e;
	struct eventlog_iter it;

	o = json_object();
	events = json_array();
	pcrs = json_object();
	json_object_set_new(o, "kind",
	    json_string(l.agile ? "crypto-agile" : "old form, SHA-1 alone"));
	if (l.has_locality)
		tree_int(o, "startup locality", l.locality);
	eventlog_begin(&l, &it);
	while (eventlog_next(&l, &it, &e))
		json_array_append_new(events, tree_event(&l, &e));
	json_object_set_new(o, "events", events);
	tree_replay(pcrs, &l);
	json_object_set_new(o, l.cc ? "replayed rtmrs" : "replayed pcrs", pcrs);
	return o;
}

json_t *
inspect_eventlog(struct span in, struct seal_diag *d)
{
	struct eventlog l;

	return eventlog_parse(in, &l, d) == 0 ? tree_log(&l) : NULL;
}

/* Headers do not tell the two apart; but firmware of confidential VMs writes
 * SHA-384 alone, and a TPM's log soon speaks of a PCR past 4. */
json_t *
inspect_ccel(struct span in, struct seal_diag *d)
{
	struct eventlog l;

	if (eventlog_parse_cc(in, &l, d) != 0)
		return NULL;
	if (l.n_banks != 1) {
		seal_fail(d, SEAL_E_UNSUPPORTED,
		    "event log: of several hashes, as a TPM's is");
		return NULL;
	}
	return tree_log(&l);
}

/* ---- IMA ---- */

static json_t *
tree_file(const struct ima_entry *e)
{
	json_t *o = json_object();
	char alg[24], name[IMA_NAME_MAX + 1];

	/* Its kind as claimed: nothing signs the name of a template. */
	json_object_set_new(o, e->template == IMA_BUF ? "data" : "file",
	    json_string(text_safe(e->name, name, sizeof(name))));
	tree_hex(o, text_safe(e->file_alg, alg, sizeof(alg)), e->file_digest);
	if (e->data.n > 0)
		tree_hex(o, e->template == IMA_BUF ? "buffer" : "signature",
		    e->data);
	if (e->violation)
		json_object_set_new(o, "violation",
		    json_string("changed while it was measured"));
	return o;
}

json_t *
inspect_ima(struct span in, struct seal_diag *d)
{
	static const uint16_t banks[] = { TPM_ALG_SHA1, TPM_ALG_SHA256,
		TPM_ALG_SHA384, TPM_ALG_SHA512 };
	json_t *o, *files, *pcrs;
	struct ima_replay p = { 0 };
	struct ima_entry e;
	struct ima_iter it;

	if (in.n == 0 || ima_replay(in, TPM_ALG_SHA1, &p, d) != 0)
		return NULL;
	o = json_object();
	files = json_array();
	pcrs = json_object();
	tree_int(o, "violations", (int64_t)p.n_violations);
	ima_begin(in, &it);
	while (ima_next(&it, &e, NULL) == 1)
		json_array_append_new(files, tree_file(&e));
	json_object_set_new(o, "entries", files);
	for (size_t i = 0; i < sizeof(banks) / sizeof(banks[0]); i++) {
		enum hash h = tpm_hash(banks[i]);
		char key[24];

		if (ima_replay(in, banks[i], &p, NULL) != 0)
			continue;
		snprintf(key, sizeof(key), "%s:%u", hash_name(h), IMA_PCR);
		tree_hex(pcrs, key, span_of(p.value, hash_size(h)));
	}
	json_object_set_new(o, "replayed pcrs", pcrs);
	return o;
}
