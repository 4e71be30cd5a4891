/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "format/corim.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct comid_list tags, entities;
	struct corim_entity e;
	struct corim_tag t;
	struct comid comid;
	struct corim c;

	if (corim_parse(span_of(p, n), &c, NULL) != 0)
		return 0;
	MUST(c.id.value.n > 0 && c.tags.left > 0 && c.tags.left <= CORIM_TAGS);
	MUST(c.n_chain <= LIMIT_CHAIN);
	MUST(c.is_signed == (c.signer.n > 0) &&
	     (c.is_signed || !c.bare || c.old));
	tags = c.tags;
	for (size_t i = c.tags.left; i > 0; i--) {
		MUST(corim_tag_next(&tags, &t));
		if (t.kind == CORIM_COMID)
			MUST(comid_parse(t.value, &comid, NULL) == 0);
	}
	MUST(rd_end(&tags.r));
	entities = c.entities;
	for (size_t i = c.entities.left; i > 0; i--)
		MUST(corim_entity_next(&entities, &e) && e.name.n > 0);
	return 0;
}
