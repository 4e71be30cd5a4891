/* SPDX-License-Identifier: Apache-2.0 */
/* A collection taken apart: what is Evidence in it, what speaks for that, and
 * where each stands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/collection.h"
#include "appraise/staple.h"
#include "appraise/unwrap.h"
#include "base/text.h"
#include "base/wr.h"

#define TYPE_TEXT 200 /* bytes of a type that we show */

/* Where a label stands: those of the collections around it. */
struct path {
	char at[CMW_DEPTH + 1][POLICY_LABEL_MAX + 1];
};

/* Printable, and without the mark that parts labels in a path, so that no two
 * places have one name. */
static bool
label_text(const struct cmw_item *item, char *buf, size_t cap)
{
	if (item->numbered) {
		snprintf(buf, cap, "%lld", (long long)item->label_number);
		return true;
	}
	if (item->label.n == 0 || item->label.n >= cap)
		return false;
	for (size_t i = 0; i < item->label.n; i++)
		if (item->label.p[i] <= ' ' || item->label.p[i] > '~' ||
		    item->label.p[i] == '/')
			return false;
	memcpy(buf, item->label.p, item->label.n);
	buf[item->label.n] = '\0';
	return true;
}

/* The path of an item, kept for what stands in it. */
static bool
place(const struct cmw_item *item, struct path *p)
{
	char label[POLICY_LABEL_MAX + 1];
	struct wr w;

	if (!label_text(item, label, sizeof(label)))
		return false;
	wr_init(&w, p->at[item->depth], sizeof(p->at[0]));
	if (item->depth > 1) {
		wr_bytes(&w, span_str(p->at[item->depth - 1]));
		wr_u8(&w, '/');
	}
	wr_bytes(&w, span_str(label));
	wr_u8(&w, 0);
	return w.error == 0;
}

const struct collection_member *
collection_find(const struct collection *c, const char *label)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->members[i].label, label) == 0)
			return &c->members[i];
	return NULL;
}

/* A report of configfs-tsm is the Evidence that it holds. */
static bool
open_member(const struct cmw_item *item, struct collection_member *m,
    struct seal_verdict *v)
{
	struct appraisal_in part = { .media_type = item->media_type,
		.evidence = item->value };
	struct seal_verdict *one = verdict_new();
	bool ok;

	if (one == NULL)
		return verdict_check(v, "collection", false, SEAL_E_MEMORY,
		    NULL, "out of memory", NULL);
	ok = unwrap(&part, &m->opened, one);
	verdict_take_member(v, one, m->label);
	seal_verdict_free(&one);
	m->type = part.media_type;
	m->value = part.evidence;
	return ok;
}

/* A record of Evidence; of a number and of text may become one path. */
static bool
add_member(struct collection *c, const struct cmw_item *item, const char *label,
    struct seal_verdict *v)
{
	struct collection_member *m = &c->members[c->n];
	bool known, twice = collection_find(c, label) != NULL;
	char shown[TYPE_TEXT];

	if (!verdict_check(v, "collection.label", !twice, SEAL_E_EVIDENCE,
		"each label once", twice ? label : NULL, NULL))
		return false;
	memcpy(m->label, label, strlen(label) + 1);
	if (!open_member(item, m, v))
		return false;
	m->by = appraiser_find(m->type);
	known = m->by != NULL && !m->by->collection && m->by->verifier == NULL;
	if (!verdict_check(v, "collection.member", known, SEAL_E_EVIDENCE,
		"Evidence of a technology known here",
		known ? NULL
		      : text_safe(item->media_type, shown, sizeof(shown)),
		NULL))
		return false;
	c->n++;
	return true;
}

/* Untrusted, as all endorsements are; so it needs no rule. */
static bool
add_endorsement(struct collection *c, const struct cmw_item *item,
    const char *label, struct seal_verdict *v)
{
	struct seal_diag d = { 0 };
	int r = SEAL_E_MEMORY;

	if (c->stapled == NULL)
		c->stapled = endorse_new();
	if (c->stapled != NULL)
		r = staple_add(
		    c->stapled, item->media_type, label, item->value, &d);
	return r == 0 || verdict_check(v, "collection.endorsement", false, r,
			     "certificates, revocation lists or collateral",
			     d.text, NULL);
}

/* By its indicator (RFC 9999): what says nothing is Evidence. */
static bool
add_record(struct collection *c, const struct cmw_item *item, const char *label,
    struct seal_verdict *v)
{
	if (item->ind == CMW_IND_ENDORSEMENTS)
		return add_endorsement(c, item, label, v);
	if (item->ind != 0 && item->ind != CMW_IND_EVIDENCE)
		return verdict_check(v, "collection.indicator", false,
		    SEAL_E_EVIDENCE, "Evidence, or endorsements alone",
		    "another indicator", NULL);
	return add_member(c, item, label, v);
}

static bool
open_parts(struct collection *c, struct seal_verdict *v)
{
	struct path *p = calloc(1, sizeof(*p));
	bool ok = p != NULL;

	for (size_t i = 1; ok && i < c->cmw.n; i++) {
		const struct cmw_item *item = &c->cmw.items[i];

		ok = place(item, p);
		if (!ok)
			verdict_check(v, "collection.label", false,
			    SEAL_E_EVIDENCE,
			    "labels of printable text without '/'",
			    "another label", NULL);
		else if (item->kind == CMW_RECORD)
			ok = add_record(c, item, p->at[item->depth], v);
	}
	free(p);
	return ok;
}

bool
collection_open(
    const struct appraisal_in *in, struct collection *c, struct seal_verdict *v)
{
	char type[TYPE_TEXT];
	struct seal_diag d = { 0 };
	bool is_one;
	int r = cmw_parse(in->evidence, &c->cmw, &d);

	if (!verdict_check(v, "collection.form", r == 0, r,
		"a CMW collection (RFC 9999)", d.text, NULL))
		return false;
	is_one = c->cmw.items[0].kind == CMW_COLLECTION;
	if (!verdict_check(v, "collection.form", is_one, SEAL_E_EVIDENCE,
		"a CMW collection", is_one ? NULL : "one record", NULL) ||
	    !open_parts(c, v))
		return false;
	if (c->cmw.items[0].collection_type.n > 0)
		verdict_claim(v, "collection.type", "%s",
		    text_safe(
			c->cmw.items[0].collection_type, type, sizeof(type)));
	return verdict_check(v, "collection.evidence", c->n > 0,
	    SEAL_E_EVIDENCE, "a member that is Evidence",
	    c->n > 0 ? NULL : "none", NULL);
}
