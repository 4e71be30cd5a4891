/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/limits.h"
#include "format/cmw.h"

static void
same(const struct cmw *a, const struct cmw *b)
{
	MUST(a->n == b->n);
	for (size_t i = 0; i < a->n; i++) {
		const struct cmw_item *x = &a->items[i], *y = &b->items[i];

		MUST(x->kind == y->kind && x->depth == y->depth);
		MUST(x->ind == y->ind && x->numbered == y->numbered);
		MUST(x->label_number == y->label_number);
		MUST(span_equal(x->label, y->label));
		MUST(span_equal(x->value, y->value));
		MUST(span_equal(x->media_type, y->media_type));
		MUST(span_equal(x->collection_type, y->collection_type));
	}
}

/* What was read and can be written reads the same again. */
static void
again(const struct cmw *c,
    int (*write)(struct wr *, const struct cmw_item *, size_t))
{
	struct cmw second;
	struct wr w;

	wr_init_heap(&w, LIMIT_FILE);
	if (write(&w, c->items, c->n) == 0) {
		MUST(cmw_parse(wr_view(&w), &second, NULL) == 0);
		same(c, &second);
		cmw_free(&second);
	}
	wr_free(&w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct cmw c;

	if (cmw_parse(span_of(p, n), &c, NULL) != 0)
		return 0;
	MUST(c.form != CMW_FORM_NONE && c.n >= 1 && c.n <= 1 + CMW_ITEMS);
	for (size_t i = 0; i < c.n; i++)
		MUST(c.items[i].depth <= CMW_DEPTH);
	again(&c, cmw_write_cbor);
	again(&c, cmw_write_json);
	cmw_free(&c);
	return 0;
}
