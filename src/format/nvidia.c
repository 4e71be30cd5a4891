/* SPDX-License-Identifier: Apache-2.0 */
#include "format/nvidia.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/rd.h"
#include "base/text.h"
#include "jose/json.h"

#define SPDM_VERSION 0x11u
#define GET_MEASUREMENTS 0xe0u
#define MEASUREMENTS 0x60u
#define SIGNATURE_WANTED 0x01u
#define ALL_BLOCKS 0xffu
#define DMTF 0x01u /* specification of a block's value */
#define SCALAR 48u
#define VBIOS 8u

/* Types of the opaque data that mean something here. */
enum { OPAQUE_DRIVER = 3, OPAQUE_VBIOS = 6, OPAQUE_FWID = 20 };

static bool
read_le(struct rd *r, size_t width, uint32_t *ret)
{
	struct span s;
	uint32_t v = 0;

	if (!rd_bytes(r, width, &s))
		return false;
	for (size_t i = 0; i < width; i++)
		v |= (uint32_t)s.p[i] << 8 * i;
	*ret = v;
	return true;
}

static bool
read_request(struct rd *r, struct nvidia_report *ret)
{
	uint8_t version, code, wanted, which, slot;

	return rd_u8(r, &version) && rd_u8(r, &code) && rd_u8(r, &wanted) &&
	       rd_u8(r, &which) && rd_bytes(r, NVIDIA_NONCE, &ret->nonce) &&
	       rd_u8(r, &slot) && version == SPDM_VERSION &&
	       code == GET_MEASUREMENTS && wanted == SIGNATURE_WANTED &&
	       which == ALL_BLOCKS;
}

/* index, specification, size, {type, size, value}: each index once. */
static bool
read_block(struct rd *r, struct nvidia_report *ret)
{
	uint8_t index = 0, spec = 0, type = 0;
	uint32_t outer = 0, inner = 0;
	struct span value;

	if (!rd_u8(r, &index) || !rd_u8(r, &spec) || !read_le(r, 2, &outer) ||
	    !rd_u8(r, &type) || !read_le(r, 2, &inner))
		return false;
	if (spec != DMTF || inner == 0 || outer != inner + 3 || index == 0 ||
	    index >= NVIDIA_BLOCKS || ret->measurement[index].n > 0 ||
	    !rd_bytes(r, inner, &value))
		return false;
	ret->measurement[index] = value;
	return true;
}

static bool
read_blocks(struct rd *r, struct nvidia_report *ret)
{
	uint32_t length = 0;
	uint8_t count = 0;
	struct span record;
	struct rd in;

	if (!rd_u8(r, &count) || count == 0 || !read_le(r, 3, &length) ||
	    !rd_bytes(r, length, &record))
		return false;
	rd_init(&in, record);
	for (unsigned i = 0; i < count; i++)
		if (!read_block(&in, ret))
			return false;
	return rd_end(&in);
}

/* Texts end at their first NUL. */
static struct span
text_of(struct span s)
{
	const uint8_t *nul = s.n == 0 ? NULL : memchr(s.p, '\0', s.n);

	return nul == NULL ? s : span_of(s.p, (size_t)(nul - s.p));
}

static bool
read_opaque(struct rd *r, struct nvidia_report *ret)
{
	uint32_t length = 0, type = 0, size = 0;
	struct span all, value, *to;
	struct rd in;

	if (!read_le(r, 2, &length) || !rd_bytes(r, length, &all))
		return false;
	rd_init(&in, all);
	while (rd_left(&in) > 0) {
		if (!read_le(&in, 2, &type) || !read_le(&in, 2, &size) ||
		    !rd_bytes(&in, size, &value))
			return false;
		to = type == OPAQUE_DRIVER  ? &ret->driver
		     : type == OPAQUE_VBIOS ? &ret->vbios
		     : type == OPAQUE_FWID  ? &ret->fwid
					    : NULL;
		if (to == NULL)
			continue;
		if (to->p != NULL)
			return false;
		*to = type == OPAQUE_DRIVER ? text_of(value) : value;
	}
	return true;
}

static bool
read_response(struct rd *r, struct nvidia_report *ret)
{
	uint8_t version, code, one, two;
	struct span nonce;

	return rd_u8(r, &version) && rd_u8(r, &code) && rd_u8(r, &one) &&
	       rd_u8(r, &two) && version == SPDM_VERSION &&
	       code == MEASUREMENTS && read_blocks(r, ret) &&
	       rd_bytes(r, NVIDIA_NONCE, &nonce) && read_opaque(r, ret);
}

int
nvidia_parse(struct span in, struct nvidia_report *ret, struct seal_diag *d)
{
	struct nvidia_report rep = { .nonce = { NULL, 0 } };
	struct rd r;

	if (in.n > NVIDIA_REPORT_MAX)
		return seal_fail(d, SEAL_E_LIMIT,
		    "GPU report: larger than %u bytes", NVIDIA_REPORT_MAX);
	rd_init(&r, in);
	if (!read_request(&r, &rep))
		return seal_fail(d, SEAL_E_DECODE,
		    "GPU report: expected a GET_MEASUREMENTS request of SPDM "
		    "1.1 for all, signed");
	if (!read_response(&r, &rep))
		return seal_fail(d, SEAL_E_DECODE,
		    "GPU report: malformed MEASUREMENTS response");
	rep.signed_bytes = span_of(in.p, in.n - rd_left(&r));
	if (!rd_bytes(&r, SCALAR, &rep.r) || !rd_bytes(&r, SCALAR, &rep.s) ||
	    !rd_end(&r))
		return seal_fail(d, SEAL_E_DECODE,
		    "GPU report: expected a signature of 96 bytes at its end");
	*ret = rep;
	return 0;
}

bool
nvidia_vbios_text(struct span v, char *buf, size_t cap)
{
	if (v.n != VBIOS)
		return false;
	snprintf(buf, cap, "%02X.%02X.%02X.%02X.%02X", v.p[3], v.p[2], v.p[1],
	    v.p[0], v.p[4]);
	return true;
}

/* ---- JSON ---- */

static bool
from_base64(const json_t *j, struct wr *out)
{
	const char *text = json_string_value(j);

	return text != NULL && base64_decode(span_str(text), out);
}

/* json_read_object() bounds what the parser may do; the one element of a list
 * is read as the value of an object. */
static int
read_list(struct span json, json_t **ret, struct seal_diag *d)
{
	struct wr w;
	int r;

	wr_init_heap(&w, NVIDIA_JSON_MAX);
	wr_bytes(&w, span_str("{\"list\":"));
	wr_bytes(&w, json);
	wr_u8(&w, '}');
	r = w.error != 0 ? seal_fail(d, SEAL_E_LIMIT, "GPU Evidence: too large")
			 : json_read_object(wr_view(&w), NVIDIA_JSON_MAX,
			       "GPU Evidence", ret, d);
	wr_free(&w);
	return r;
}

int
nvidia_json_read(struct span json, struct wr *ret_report, struct wr *ret_chain,
    struct seal_diag *d)
{
	json_t *j = NULL;
	const json_t *list, *gpu;
	int r;

	if ((r = read_list(json, &j, d)) != 0)
		return r;
	list = json_object_get(j, "list");
	gpu = json_array_get(list, 0);
	if (json_object_size(j) != 1 || json_array_size(list) != 1)
		r = seal_fail(d, SEAL_E_DECODE,
		    "GPU Evidence: expected a list of one GPU; let several be "
		    "several members of a collection");
	else if (!from_base64(json_object_get(gpu, "evidence"), ret_report) ||
		 !from_base64(json_object_get(gpu, "certificate"), ret_chain))
		r = seal_fail(d, SEAL_E_DECODE,
		    "GPU Evidence: expected 'evidence' and 'certificate' in "
		    "base64");
	json_decref(j);
	return r;
}
