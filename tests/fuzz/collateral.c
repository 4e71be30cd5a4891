/* SPDX-License-Identifier: Apache-2.0 */
/* A pack or any other file that is imported, and the header of an answer. */
#include "fuzz.h"

#include <string.h>

#include "base/text.h"
#include "collateral/item.h"
#include "crypto/pem.h"
#include "format/tar.h"

static void
read_items(const struct endorsements *in)
{
	struct endorsements *out = endorse_new();

	if (out != NULL && coll_split(in, out, NULL) == 0)
		for (size_t i = 0; i < out->n; i++) {
			struct coll_item item;
			char name[COLL_NAME];

			if (coll_read(&out->items[i], &item, NULL) != 0)
				continue;
			coll_name(&item, name);
			/* Whatever it says, it stays in its folder. */
			MUST(name[0] >= 'a' && name[0] <= 'z');
			MUST(strspn(name, "abcdefghijklmnopqrstuvwxyz"
					  "0123456789-.") == strlen(name));
			MUST(strstr(name, "..") == NULL);
			MUST(coll_compare(&item, &item) == 0);
		}
	endorse_free(&out);
}

static void
unpack(struct span in, struct endorsements *e)
{
	struct tar_entry entry;
	struct rd r;

	rd_init(&r, in);
	while (tar_next(&r, &entry, NULL) == 0) {
		MUST(tar_name_ok(span_str(entry.name)));
		(void)endorse_add(e, entry.name, entry.content, NULL);
	}
}

static int
pass_over(void *ctx, const char *label, struct span der, struct seal_diag *d)
{
	(void)ctx;
	(void)label;
	(void)der;
	(void)d;
	return 0;
}

static void
header(struct span in)
{
	struct wr w;

	wr_init_heap(&w, 65536);
	if (percent_decode(in, &w)) {
		MUST(w.n <= in.n);
		(void)pem_walk("header", wr_view(&w), pass_over, NULL, NULL);
	}
	wr_free(&w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct endorsements *e = endorse_new();

	if (e == NULL)
		return 0;
	if (tar_is(span_of(p, n)))
		unpack(span_of(p, n), e);
	else
		(void)endorse_add(e, "input", span_of(p, n), NULL);
	read_items(e);
	header(span_of(p, n));
	endorse_free(&e);
	return 0;
}
