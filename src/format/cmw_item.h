/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_CMW_ITEM_H
#define FORMAT_CMW_ITEM_H

#include "base/diag.h"
#include "format/cmw.h"

/* What the CBOR and the JSON side of a CMW share; for these files only. */
#define CMW_TYPE_LABEL "__cmwc_t"

/* The next free item; NULL and a told story where there are too many. */
struct cmw_item *cmw_add(struct cmw *c, unsigned depth, struct seal_diag *d);
/* Makes item a collection, unless it is too deep for one. */
int cmw_open(struct cmw_item *item, struct seal_diag *d);
/* type "/" subtype and parameters, in printable ASCII. */
bool cmw_media_type_valid(struct span s);
/* An absolute URI or a dotted OID. */
bool cmw_collection_type_valid(struct span s);
/* How many items stand directly in the collection items[i]. */
size_t cmw_children(const struct cmw_item *items, size_t n, size_t i);
/* A list as cmw_parse() would give it: kinds, depths, at least one child. */
bool cmw_items_valid(const struct cmw_item *items, size_t n);

int cmw_parse_json(struct span in, struct cmw *c, struct seal_diag *d);

#endif
