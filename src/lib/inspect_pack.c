/* SPDX-License-Identifier: Apache-2.0 */
/* Collateral in a pack: in a file, or beside Evidence. */
#include "collateral/item.h"
#include "format/tar.h"
#include "lib/inspect.h"

/* What it says it is; nothing of it is verified here. */
static json_t *
tree_piece(const struct endorsement *e)
{
	struct coll_item item;
	json_t *o = json_object();

	if (coll_read(e, &item, NULL) != 0) {
		tree_text(o, "kind", "nothing that is known here");
		tree_int(o, "bytes", (int64_t)e->bytes.n);
		return o;
	}
	tree_text(o, "kind", "%s", coll_kind_text(item.kind));
	tree_text(o, "about", "%s", item.key);
	if (item.number.n > 0)
		tree_hex(o, "number", item.number);
	if (coll_class(item.kind) == COLL_IS_DOCUMENT)
		tree_int(o, "evaluation", item.evaluation);
	tree_time(o, "from", item.from);
	tree_time(o, "until", item.until);
	return o;
}

static json_t *
tree_file(const struct tar_entry *t)
{
	struct endorsements *e = endorse_new();
	json_t *o = json_object(), *pieces = json_array();

	tree_text(o, "file", "%s", t->name);
	if (e != NULL && endorse_add(e, t->name, t->content, NULL) == 0)
		for (size_t i = 0; i < e->n; i++)
			json_array_append_new(pieces, tree_piece(&e->items[i]));
	json_object_set_new(o, "pieces", pieces);
	endorse_free(&e);
	return o;
}

json_t *
inspect_pack(struct span in, struct seal_diag *d)
{
	json_t *o, *list;
	struct tar_entry t;
	struct rd r;
	int code;

	if (!tar_is(in)) {
		seal_fail(d, SEAL_E_DECODE, "pack: expected a tar file");
		return NULL;
	}
	o = json_object();
	list = json_array();
	tree_text(o, "signatures", "not checked here");
	json_object_set_new(o, "files", list);
	rd_init(&r, in);
	while ((code = tar_next(&r, &t, d)) == 0)
		json_array_append_new(list, tree_file(&t));
	if (code == SEAL_E_CLOSED)
		return o;
	json_decref(o);
	return NULL;
}
