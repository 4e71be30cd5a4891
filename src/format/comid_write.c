/* SPDX-License-Identifier: Apache-2.0 */
#include "format/comid.h"

#define TAG_UUID 37u

void
comid_put_id(struct wr *w, const struct comid_id *id)
{
	if (id->uuid)
		cbor_put_bytes(w, id->value);
	else
		cbor_put_text(w, id->value);
}

void
comid_put_bytes(struct wr *w, uint64_t tag, struct span s)
{
	cbor_put_tag(w, tag);
	cbor_put_bytes(w, s);
}

void
comid_put_uuid(struct wr *w, struct span uuid)
{
	comid_put_bytes(w, TAG_UUID, uuid);
}

void
comid_put_digest(struct wr *w, int64_t alg, struct span digest)
{
	cbor_put_array(w, 2);
	cbor_put_int(w, alg);
	cbor_put_bytes(w, digest);
}

void
comid_put_thumbprint(
    struct wr *w, uint64_t tag, int64_t alg, struct span digest)
{
	cbor_put_tag(w, tag);
	comid_put_digest(w, alg, digest);
}

/* A map of the fields that have bytes, by their place in the list. */
static void
put_fields(struct wr *w, const struct span *fields, size_t n)
{
	size_t stated = 0;

	for (size_t i = 0; i < n; i++)
		stated += fields[i].n > 0;
	cbor_put_map(w, stated);
	for (size_t i = 0; i < n; i++) {
		if (fields[i].n == 0)
			continue;
		cbor_put_uint(w, i);
		wr_bytes(w, fields[i]);
	}
}

void
comid_put_env(struct wr *w, const struct comid_env *e)
{
	const struct span class[] = { e->class_id, e->vendor, e->model,
		e->layer, e->index };
	size_t stated = 0;

	for (size_t i = 0; i < 5; i++)
		stated += class[i].n > 0;
	cbor_put_map(w, (stated > 0) + (e->instance.n > 0) + (e->group.n > 0));
	if (stated > 0) {
		cbor_put_uint(w, 0);
		put_fields(w, class, 5);
	}
	if (e->instance.n > 0) {
		cbor_put_uint(w, 1);
		wr_bytes(w, e->instance);
	}
	if (e->group.n > 0) {
		cbor_put_uint(w, 2);
		wr_bytes(w, e->group);
	}
}

void
comid_put_measurement(struct wr *w, const struct comid_measurement *m)
{
	cbor_put_map(w, m->mkey.n > 0 ? 2 : 1);
	if (m->mkey.n > 0) {
		cbor_put_uint(w, 0);
		wr_bytes(w, m->mkey);
	}
	cbor_put_uint(w, 1);
	put_fields(w, m->val, COMID_MVALS);
}
