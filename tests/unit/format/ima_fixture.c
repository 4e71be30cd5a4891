/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "ima_fixture.h"

void
ima_put_vec(struct wr *w, struct span s)
{
	for (unsigned i = 0; i < 4; i++)
		wr_u8(w, (uint8_t)(s.n >> 8 * i));
	wr_bytes(w, s);
}

void
ima_put(struct wr *w, const struct ima_recipe *r)
{
	uint8_t buf[16384], digest[HASH_MAX] = { 0 };
	struct wr f;

	wr_init(&f, buf, sizeof(buf));
	ima_put_vec(&f, r->digest);
	ima_put_vec(&f, r->name);
	if (r->has_sig)
		ima_put_vec(&f, r->sig);
	assert_int_equal(f.error, 0);
	if (!r->violation)
		assert_int_equal(
		    hash_one(HASH_SHA1, wr_view(&f), digest, NULL), 0);
	if (r->tamper)
		buf[f.n - 2] ^= 1;
	for (unsigned i = 0; i < 4; i++)
		wr_u8(w, (uint8_t)(r->pcr >> 8 * i));
	wr_bytes(w, span_of(digest, 20));
	ima_put_vec(w, span_str(r->template));
	ima_put_vec(w, wr_view(&f));
	assert_int_equal(w->error, 0);
}

static void
put_path(struct wr *w, const char *path, const char *content, enum hash h,
    bool violation)
{
	uint8_t buf[32 + HASH_MAX], digest[HASH_MAX] = { 0 };
	struct wr field;

	wr_init(&field, buf, sizeof(buf));
	if (!violation)
		assert_int_equal(
		    hash_one(h, span_str(content), digest, NULL), 0);
	wr_printf(&field, "%s:", hash_name(h));
	wr_u8(&field, 0);
	wr_bytes(&field, span_of(digest, hash_size(h)));
	ima_put(w, &(struct ima_recipe){ .pcr = IMA_PCR,
		       .template = "ima-ng",
		       .digest = wr_view(&field),
		       .name = span_of(path, strlen(path) + 1),
		       .violation = violation });
}

void
ima_put_file(struct wr *w, const char *path, const char *content, enum hash h)
{
	put_path(w, path, content, h, false);
}

void
ima_put_violation(struct wr *w, const char *path)
{
	put_path(w, path, "", HASH_SHA256, true);
}

static struct span
take_vec(struct rd *r)
{
	struct span s = { 0 };
	uint32_t n = 0;

	assert_true(rd_u32le(r, &n) && rd_bytes(r, n, &s));
	return s;
}

void
ima_extended(struct span *list, enum hash h, uint8_t ret[HASH_MAX])
{
	struct span skipped;
	struct rd r;

	rd_init(&r, *list);
	assert_true(rd_bytes(&r, 4 + 20, &skipped));
	(void)take_vec(&r);
	assert_int_equal(hash_one(h, take_vec(&r), ret, NULL), 0);
	*list = span_of(r.p, rd_left(&r));
}
