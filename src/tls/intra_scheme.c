/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/intra_scheme.h"

#include "base/text.h"

enum mechanism { MECHANISM_EVIDENCE = 0, MECHANISM_RESULT = 1 };
enum type_encoding { ENCODING_CONTENT_FORMAT = 0, ENCODING_MEDIA_TYPE = 1 };

void
scheme_put(struct wr *out, const struct scheme *s)
{
	wr_u8(out, s->kind == 0 ? MECHANISM_EVIDENCE : MECHANISM_RESULT);
	if (s->kind == 0)
		wr_u8(out, ENCODING_MEDIA_TYPE);
	wr_vec(out, 2, s->name);
}

void
scheme_put_list(struct wr *out, const struct scheme *s, size_t n)
{
	size_t mark = wr_vec_begin(out, 2);

	for (size_t i = 0; i < n; i++)
		scheme_put(out, &s[i]);
	wr_vec_end(out, mark, 2);
}

static bool
read_evidence(struct rd *in, struct scheme *ret)
{
	uint16_t content_format;
	uint8_t encoding;

	if (!rd_u8(in, &encoding))
		return false;
	if (encoding == ENCODING_MEDIA_TYPE)
		return rd_vec16(in, &ret->name);
	ret->kind = SCHEME_OTHER;
	return encoding == ENCODING_CONTENT_FORMAT &&
	       rd_u16(in, &content_format);
}

bool
scheme_read(struct rd *in, struct scheme *ret)
{
	uint8_t mechanism;

	*ret = (struct scheme){ 0 };
	if (!rd_u8(in, &mechanism) || mechanism > MECHANISM_RESULT)
		return rd_fail(in);
	ret->kind = mechanism;
	return mechanism == MECHANISM_EVIDENCE ? read_evidence(in, ret)
					       : rd_vec16(in, &ret->name);
}

bool
scheme_read_list(struct rd *in, struct scheme_list *ret)
{
	struct span body;
	struct rd list;

	ret->n = 0;
	if (!rd_vec16(in, &body))
		return false;
	rd_init(&list, body);
	while (rd_left(&list) > 0) {
		if (ret->n == LIMIT_SCHEMES ||
		    !scheme_read(&list, &ret->items[ret->n]))
			return false;
		ret->n++;
	}
	return rd_end(&list);
}

static bool
scheme_equal(const struct scheme *a, const struct scheme *b)
{
	if (a->kind != b->kind || a->name.n == 0)
		return false;
	return a->kind == 0 ? media_type_equal(a->name, b->name)
			    : span_equal(a->name, b->name);
}

bool
scheme_choose(const struct scheme *mine, size_t n,
    const struct scheme_list *theirs, size_t *ret)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < theirs->n; k++)
			if (scheme_equal(&mine[i], &theirs->items[k])) {
				*ret = i;
				return true;
			}
	return false;
}
