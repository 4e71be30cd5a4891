/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "crypto/crl.h"
#include "lib/inspect.h"

#define SHOWN_MAX 1000u /* entries; the rest is counted */
#define NAME 80

static json_t *
tree_entry(const struct crl_entry *e)
{
	json_t *o = json_object();

	tree_hex(o, "serial", e->serial);
	tree_time(o, "since", e->at);
	tree_text(o, "reason", "%s", e->reason);
	return o;
}

static void
tree_entries(json_t *o, const struct crl *c)
{
	struct crl_iter at = { .begun = false };
	json_t *list = json_array();
	struct crl_entry e;

	for (size_t i = 0; i < SHOWN_MAX && crl_next(c, &at, &e); i++)
		json_array_append_new(list, tree_entry(&e));
	json_object_set_new(o, "revoked", list);
	if (c->n_revoked > SHOWN_MAX)
		tree_int(o, "not shown", (int64_t)(c->n_revoked - SHOWN_MAX));
}

json_t *
inspect_crl(struct span in, struct seal_diag *d)
{
	struct span name = { 0 };
	char text[NAME];
	struct crl c;
	json_t *o;

	if (crl_parse(in, &c, d) != 0)
		return NULL;
	o = json_object();
	tree_text(o, "signature", "not checked here");
	if (cert_common_name(c.issuer, &name))
		tree_text(
		    o, "issuer", "%s", text_safe(name, text, sizeof(text)));
	else
		tree_hex(o, "issuer", c.issuer);
	if (c.number.n > 0)
		tree_hex(o, "number", c.number);
	tree_time(o, "this update", c.this_update);
	tree_time(o, "next update", c.next_update);
	tree_entries(o, &c);
	return o;
}
