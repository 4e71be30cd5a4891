/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/policy.h"

#include "appraise/appraiser.h"
#include "appraise/endorse_folder.h"
#include "appraise/refs.h"
#include "base/text.h"

static void
explain_identity(const struct identity *id, struct wr *out)
{
	char hex[HEX_SHORT];

	switch (id->mode) {
	case IDENTITY_PKIX:
		wr_printf(out,
		    "Who it must be: the TLS certificate is valid under "
		    "%.200s\nand names %.200s.\n",
		    id->ca_file == NULL ? "the system's anchors" : id->ca_file,
		    id->name == NULL ? "the host connected to" : id->name);
		return;
	case IDENTITY_PIN:
		wr_printf(out, "Who it must be: the TLS certificate has one "
			       "of these keys (SHA-256 of SPKI):\n");
		for (size_t i = 0; i < id->n_pins; i++)
			wr_printf(out, "    %s\n",
			    hex_short(span_of(id->pins[i], 32), hex));
		return;
	default:
		wr_printf(out,
		    "Who it must be: anybody whose Evidence is accepted.\n"
		    "    not proved: that it is the machine that was meant "
		    "(diversion: not excluded).\n");
	}
}

static void
explain_subject(const struct policy *p, struct wr *out)
{
	switch (p->subject) {
	case SUBJECT_SAME_KEY:
		wr_printf(out, "Its attested key is the key of its TLS "
			       "certificate.\n");
		return;
	case SUBJECT_PKIX:
		wr_printf(out, "Its attested key has a certificate of the "
			       "policy's CA.\n");
		return;
	default:
		wr_printf(out, "Its attested key is accepted for its Evidence "
			       "alone.\n");
	}
}

static void
explain_signers(const struct accept_entry *e, struct wr *out)
{
	char hex[HEX_SHORT];

	for (size_t i = 0; i < e->n_signers; i++)
		if (e->signers[i].pinned)
			wr_printf(out, "    signed by key %s\n",
			    hex_short(
				span_of(e->signers[i].spki_sha256, 32), hex));
		else if (e->signers[i].by_root)
			wr_printf(out,
			    "    signed by a key certified under the root %s, "
			    "which it brings along\n",
			    hex_short(
				span_of(e->signers[i].spki_sha256, 32), hex));
		else if (e->signers[i].member != NULL)
			wr_printf(out,
			    "    signed by the key that its member '%.128s' "
			    "names\n",
			    e->signers[i].member);
		else if (e->signers[i].by_refs)
			wr_printf(out, "    signed by a key of an attest-key "
				       "triple of its CoRIMs\n");
		else
			wr_printf(out, "    signed by a key %s %.300s\n",
			    e->signers[i].keys != NULL ? "of"
						       : "certified under",
			    e->signers[i].file);
}

static int
explain_rules(const struct accept_entry *e, struct wr *out)
{
	explain_signers(e, out);
	if (e->debug)
		wr_printf(out,
		    "    it may be in debug mode, where others can read and "
		    "change it\n");
	if (e->refs != NULL) {
		wr_printf(out,
		    "    reference triples match all that it measured, of "
		    "those files that are valid then:\n");
		if (refs_explain(e->refs, out) != 0)
			return out->error;
	}
	return e->by->rules_explain(e->rules, out);
}

static int
explain_members(const struct accept_entry *e, struct wr *out)
{
	int r = 0;

	if (e->collection_type != NULL)
		wr_printf(out, "  its type is %.200s\n", e->collection_type);
	for (size_t i = 0; r == 0 && i < e->n_members; i++) {
		const struct member_rule *m = &e->members[i];

		wr_printf(out, "  member '%s' is %.200s%s, and:\n", m->label,
		    m->entry.by->media_type,
		    m->optional ? ", if it is there" : "");
		r = explain_rules(&m->entry, out);
	}
	wr_printf(out, "  it has no other members, and each is bound to the "
		       "connection\n");
	return r != 0 ? r : out->error;
}

int
policy_explain(const struct policy *p, struct wr *out)
{
	explain_identity(&p->identity, out);
	explain_subject(p, out);
	wr_printf(out,
	    "Evidence is bound to the connection at level '%s' or better and, "
	    "where dated,\nat most %u s old. A verdict holds for %u s; then "
	    "the peer attests again%s.\n",
	    level_name(p->min_binding), (unsigned)p->max_age_s,
	    (unsigned)p->lease_s,
	    p->rotate_subject ? "\nand may change its key"
			      : " with the same key");
	if (p->min_binding == SEAL_LEVEL_TRANSCRIPT)
		wr_printf(out,
		    "    not proved: that who attested also has the keys of "
		    "the traffic ('transcript').\n");
	else if (p->min_binding == SEAL_LEVEL_KEY)
		wr_printf(out,
		    "    not proved: that a result was made for this "
		    "connection ('key').\n");
	if (p->endorse != NULL)
		endorse_folder_explain(p->endorse, out);
	for (size_t i = 0; i < p->n_accept; i++) {
		wr_printf(out, "%s %.200s, if all of:\n",
		    i == 0 ? "Accepted is" : "Accepted is also",
		    p->accept[i].by->media_type);
		if ((p->accept[i].by->collection
			    ? explain_members
			    : explain_rules)(&p->accept[i], out) != 0)
			return out->error;
	}
	return out->error;
}
