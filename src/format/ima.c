/* SPDX-License-Identifier: Apache-2.0 */
#include "format/ima.h"

#include <string.h>

#include "base/text.h"

#define SHA1_SIZE 20u
#define TEMPLATE_NAME_MAX 16u
#define FIELDS_MAX (IMA_NAME_MAX + IMA_DATA_MAX + 128u)
#define ALG_MAX 16u

static enum ima_template
template_of(struct span name)
{
	if (span_is(name, "ima-ng"))
		return IMA_NG;
	if (span_is(name, "ima-sig"))
		return IMA_SIG;
	return span_is(name, "ima-buf") ? IMA_BUF : IMA_NONE;
}

/* ---- The fields of a template, which its digest is over ---- */

static void
put_le32(struct wr *w, size_t n)
{
	for (unsigned i = 0; i < 4; i++)
		wr_u8(w, (uint8_t)(n >> 8 * i));
}

static bool
rd_vec32le(struct rd *r, size_t max, struct span *ret)
{
	uint32_t n;

	return rd_u32le(r, &n) && (n <= max ? rd_bytes(r, n, ret) : rd_fail(r));
}

/* d-ng: "sha256:\0" and the digest. */
static void
put_fields(struct wr *w, const struct ima_entry *e)
{
	put_le32(w, e->file_alg.n + 2 + e->file_digest.n);
	wr_bytes(w, e->file_alg);
	wr_bytes(w, span_of(":", 2)); /* and its NUL */
	wr_bytes(w, e->file_digest);
	put_le32(w, e->name.n + 1);
	wr_bytes(w, e->name);
	wr_u8(w, 0);
	if (e->template != IMA_NG) {
		put_le32(w, e->data.n);
		wr_bytes(w, e->data);
	}
}

/* alg up to ':' and then, in the binary form, a NUL. */
static bool
digest_field(struct span in, struct ima_entry *e)
{
	struct rd r;
	size_t n = 0;
	uint8_t c = 0;

	while (n < in.n && n <= ALG_MAX && in.p[n] != ':')
		n++;
	rd_init(&r, in);
	return n > 0 && n <= ALG_MAX && rd_bytes(&r, n, &e->file_alg) &&
	       rd_u8(&r, &c) && c == ':' && rd_u8(&r, &c) && c == 0 &&
	       rd_bytes(&r, rd_left(&r), &e->file_digest) && rd_end(&r) &&
	       e->file_digest.n > 0 && e->file_digest.n <= HASH_MAX;
}

/* A path with its NUL, and no other. */
static bool
name_field(struct span in, struct span *ret)
{
	if (in.n == 0 || memchr(in.p, 0, in.n) != in.p + in.n - 1)
		return false;
	*ret = span_of(in.p, in.n - 1);
	return true;
}

static bool
binary_fields(struct span in, struct ima_entry *e)
{
	struct span digest = { 0 }, name = { 0 };
	struct rd r;

	rd_init(&r, in);
	if (!rd_vec32le(&r, HASH_MAX + ALG_MAX + 2, &digest) ||
	    !rd_vec32le(&r, IMA_NAME_MAX, &name) ||
	    (e->template != IMA_NG && !rd_vec32le(&r, IMA_DATA_MAX, &e->data)))
		return false;
	return rd_end(&r) && digest_field(digest, e) &&
	       name_field(name, &e->name);
}

static bool
binary_read(struct rd *r, struct ima_entry *e)
{
	struct span name = { 0 }, fields = { 0 };

	if (!rd_u32le(r, &e->pcr) ||
	    !rd_copy(r, e->template_digest, SHA1_SIZE) ||
	    !rd_vec32le(r, TEMPLATE_NAME_MAX, &name))
		return false;
	e->template = template_of(name);
	return e->template != IMA_NONE && rd_vec32le(r, FIELDS_MAX, &fields) &&
	       binary_fields(fields, e);
}

/* ---- Lines of text ---- */

/* Up to the next space; the space is taken too. */
static bool
word_read(struct rd *line, struct span *ret)
{
	struct rd ahead = *line;
	size_t n = 0;
	uint8_t c = 0;

	while (rd_left(&ahead) > 0 && rd_u8(&ahead, &c) && c != ' ')
		n++;
	return n > 0 && rd_bytes(line, n, ret) &&
	       (rd_left(line) == 0 || rd_u8(line, &c));
}

static bool
line_read(struct rd *r, struct rd *ret)
{
	const uint8_t *start = r->p;
	size_t n = 0, left = rd_left(r);
	struct span line, skip;

	while (n < left && n <= IMA_LINE_MAX && start[n] != '\n')
		n++;
	if (n == 0 || n == left || n > IMA_LINE_MAX || !rd_bytes(r, n, &line) ||
	    !rd_bytes(r, 1, &skip))
		return rd_fail(r);
	rd_init(ret, line);
	return true;
}

/* "alg:hex", the bytes going to room. */
static bool
text_digest(struct span word, struct ima_entry *e, struct wr *room)
{
	struct span hex = { 0 };
	size_t at = room->n, n = 0;
	struct rd r;
	uint8_t c;

	while (n < word.n && n <= ALG_MAX && word.p[n] != ':')
		n++;
	rd_init(&r, word);
	if (n == 0 || n > ALG_MAX || !rd_bytes(&r, n, &e->file_alg) ||
	    !rd_u8(&r, &c) || !rd_bytes(&r, rd_left(&r), &hex) || hex.n == 0 ||
	    hex.n > 2 * HASH_MAX || !hex_decode(hex, room))
		return false;
	e->file_digest = span_of(e->room + at, room->n - at);
	return true;
}

static bool
text_data(struct rd *line, struct ima_entry *e, struct wr *room)
{
	struct span hex = { 0 };
	size_t at = room->n;

	if (rd_left(line) == 0)
		return true; /* unsigned: nothing but the space before it */
	if (!word_read(line, &hex) || !hex_decode(hex, room))
		return false;
	e->data = span_of(e->room + at, room->n - at);
	return true;
}

/* "10 <template digest> ima-ng sha256:<hex> /path" */
static bool
text_read(struct rd *r, struct ima_entry *e)
{
	struct span pcr = { 0 }, hex = { 0 }, name = { 0 }, digest = { 0 };
	struct wr out, room;
	struct rd line = { 0 };

	wr_init(&out, e->template_digest, SHA1_SIZE);
	wr_init(&room, e->room, sizeof(e->room));
	if (!line_read(r, &line) || !word_read(&line, &pcr) ||
	    !word_read(&line, &hex) || !word_read(&line, &name) ||
	    !word_read(&line, &digest) || !word_read(&line, &e->name))
		return false;
	if (!span_is(pcr, "10") || !hex_decode(hex, &out) ||
	    out.n != SHA1_SIZE || e->name.n > IMA_NAME_MAX)
		return false;
	e->pcr = IMA_PCR;
	e->template = template_of(name);
	return e->template != IMA_NONE && text_digest(digest, e, &room) &&
	       (e->template == IMA_NG || text_data(&line, e, &room)) &&
	       rd_left(&line) == 0;
}

/* ---- All entries ---- */

/* The binary form's first byte is 10, a line feed. */
bool
ima_is_text(struct span log)
{
	return log.n > 0 && log.p[0] >= '0' && log.p[0] <= '9';
}

void
ima_begin(struct span log, struct ima_iter *it)
{
	rd_init(&it->rd, log);
	it->number = 0;
	it->text = ima_is_text(log);
}

static int
fields_hash(const struct ima_entry *e, enum hash h, uint8_t ret[HASH_MAX],
    struct seal_diag *d)
{
	uint8_t buf[FIELDS_MAX];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	put_fields(&w, e);
	if (w.error != 0)
		return seal_fail(
		    d, w.error, "IMA log: entry %zu: too long", e->number);
	return hash_one(h, wr_view(&w), ret, d);
}

/* The fields are what was extended, or it is a violation. */
static int
check_digest(struct ima_entry *e, struct seal_diag *d)
{
	uint8_t digest[HASH_MAX];
	int r;

	e->violation = span_is_zero(span_of(e->template_digest, SHA1_SIZE));
	if (e->violation)
		return 0;
	if ((r = fields_hash(e, HASH_SHA1, digest, d)) != 0)
		return r;
	if (memcmp(digest, e->template_digest, SHA1_SIZE) == 0)
		return 0;
	return seal_fail(d, SEAL_E_EVIDENCE,
	    "IMA log: entry %zu: its template digest is not over its fields",
	    e->number);
}

int
ima_next(struct ima_iter *it, struct ima_entry *e, struct seal_diag *d)
{
	int r;

	if (rd_left(&it->rd) == 0 && !it->rd.failed)
		return 0;
	memset(e, 0, sizeof(*e));
	if (it->number == IMA_ENTRIES_MAX)
		return seal_fail(d, SEAL_E_LIMIT,
		    "IMA log: more than %u entries", IMA_ENTRIES_MAX);
	e->number = it->number++;
	if (!(it->text ? text_read(&it->rd, e) : binary_read(&it->rd, e))) {
		rd_fail(&it->rd);
		return seal_fail(d, SEAL_E_DECODE,
		    "IMA log: entry %zu: expected a whole entry of ima-ng, "
		    "ima-sig or ima-buf",
		    e->number);
	}
	return (r = check_digest(e, d)) != 0 ? r : 1;
}

static int
extend(const struct ima_entry *e, enum hash h, uint8_t value[HASH_MAX],
    struct seal_diag *d)
{
	uint8_t digest[HASH_MAX];
	struct span parts[2] = {
		span_of(value, hash_size(h)),
		span_of(digest, hash_size(h)),
	};
	int r;

	if (e->violation)
		memset(digest, 0xff, sizeof(digest));
	else if ((r = fields_hash(e, h, digest, d)) != 0)
		return r;
	return hash_parts(h, parts, 2, value, d);
}

/* One entry more: 1, or 0 at the end, or an error. */
static int
replay_step(
    struct ima_iter *it, enum hash h, struct ima_replay *p, struct seal_diag *d)
{
	struct ima_entry e;
	int r;

	if ((r = ima_next(it, &e, d)) != 1)
		return r;
	if (e.pcr != IMA_PCR)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "IMA log: entry %zu is of PCR %u, expected %u", e.number,
		    (unsigned)e.pcr, IMA_PCR);
	if ((r = extend(&e, h, p->value, d)) != 0)
		return r;
	p->n_entries++;
	p->n_violations += e.violation;
	return 1;
}

static int
bank_hash(uint16_t bank, enum hash *ret, struct seal_diag *d)
{
	*ret = tpm_hash(bank);
	if (*ret != HASH_NONE)
		return 0;
	return seal_fail(d, SEAL_E_UNSUPPORTED, "IMA log: unknown bank %04x",
	    (unsigned)bank);
}

int
ima_replay(
    struct span log, uint16_t bank, struct ima_replay *ret, struct seal_diag *d)
{
	struct ima_replay p = { 0 };
	struct ima_iter it;
	enum hash h;
	int r;

	if ((r = bank_hash(bank, &h, d)) != 0)
		return r;
	ima_begin(log, &it);
	while ((r = replay_step(&it, h, &p, d)) == 1)
		continue;
	if (r == 0)
		*ret = p;
	return r;
}

int
ima_find(struct span log, uint16_t bank, struct span value,
    struct ima_replay *ret, size_t *ret_n, struct seal_diag *d)
{
	struct ima_replay p = { 0 };
	struct ima_iter it;
	enum hash h;
	int r;

	if ((r = bank_hash(bank, &h, d)) != 0)
		return r;
	ima_begin(log, &it);
	while ((r = replay_step(&it, h, &p, d)) == 1) {
		if (!span_equal(value, span_of(p.value, hash_size(h))))
			continue;
		*ret = p;
		*ret_n = log.n - rd_left(&it.rd);
		return 0;
	}
	return r != 0 ? r
		      : seal_fail(d, SEAL_E_EVIDENCE,
			    "IMA log: none of its %zu entries makes the value",
			    p.n_entries);
}
