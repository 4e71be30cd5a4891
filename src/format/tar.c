/* SPDX-License-Identifier: Apache-2.0 */
#include "format/tar.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"

/*
 * A header is one block, of fields of text and of octal numbers. All of it is
 * rebuilt from name and size and compared as a whole, but for the checksum,
 * which follows: so nothing that we do not write is taken for one.
 */
#define AT_SIZE 124
#define SIZE_DIGITS 11
#define AT_SUM 148

bool
tar_name_ok(struct span name)
{
	for (size_t i = 0; i < name.n; i++) {
		uint8_t c = name.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '-' && c != '_' &&
		    (c != '.' || i == 0))
			return false;
	}
	return name.n > 0 && name.n <= TAR_NAME;
}

static void
put(uint8_t block[TAR_BLOCK], size_t at, const char *text)
{
	for (size_t i = 0; text[i] != '\0'; i++)
		block[at + i] = (uint8_t)text[i];
}

static void
header_make(uint8_t block[TAR_BLOCK], struct span name, uint32_t size)
{
	char number[SIZE_DIGITS + 1];
	unsigned sum = 0;

	memset(block, 0, TAR_BLOCK);
	memcpy(block, name.p, name.n);
	put(block, 100, "0000644");
	put(block, 108, "0000000"); /* owner */
	put(block, 116, "0000000"); /* group */
	snprintf(number, sizeof(number), "%011o", size);
	put(block, AT_SIZE, number);
	put(block, 136, "00000000000"); /* time */
	put(block, AT_SUM, "        ");
	block[156] = '0'; /* a regular file */
	put(block, 257, "ustar");
	put(block, 263, "00");
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += block[i];
	snprintf(number, 8, "%06o", sum);
	memcpy(block + AT_SUM, number, 7);
}

/* Octal digits to the field's end, a NUL. */
static bool
read_size(const uint8_t block[TAR_BLOCK], uint32_t *ret)
{
	uint32_t size = 0;

	for (size_t i = 0; i < SIZE_DIGITS; i++) {
		uint8_t c = block[AT_SIZE + i];

		if (c < '0' || c > '7' || size > LIMIT_FILE)
			return false;
		size = size * 8 + (uint32_t)(c - '0');
	}
	*ret = size;
	return size <= LIMIT_FILE;
}

bool
tar_is(struct span in)
{
	return in.n >= TAR_BLOCK && memcmp(in.p + 257, "ustar", 5) == 0;
}

static bool
read_header(struct span block, struct tar_entry *e, uint32_t *ret_size)
{
	struct span name =
	    span_of(block.p, strnlen((const char *)block.p, TAR_NAME + 1));
	uint8_t want[TAR_BLOCK];

	if (!tar_name_ok(name) || !read_size(block.p, ret_size))
		return false;
	header_make(want, name, *ret_size);
	if (!span_equal(block, span_of(want, sizeof(want))))
		return false;
	memcpy(e->name, name.p, name.n);
	e->name[name.n] = '\0';
	return true;
}

int
tar_next(struct rd *r, struct tar_entry *ret, struct seal_diag *d)
{
	struct span block = { 0 }, fill = { 0 };
	struct tar_entry e;
	uint32_t size = 0;

	if (!rd_bytes(r, TAR_BLOCK, &block))
		return seal_fail(d, SEAL_E_DECODE, "tar: cut off");
	if (span_is_zero(block)) {
		size_t n = rd_left(r);

		/* Two blocks, and what programs fill their records with. */
		if (n < TAR_BLOCK || n % TAR_BLOCK != 0 ||
		    !rd_bytes(r, n, &fill) || !span_is_zero(fill))
			return seal_fail(
			    d, SEAL_E_DECODE, "tar: bytes behind its end");
		return SEAL_E_CLOSED;
	}
	if (!read_header(block, &e, &size)) {
		rd_fail(r);
		return seal_fail(d, SEAL_E_DECODE,
		    "tar: an entry that is not a plain file as `seal "
		    "collateral pack` writes them");
	}
	if (!rd_bytes(r, size, &e.content) ||
	    !rd_bytes(r, (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK, &fill) ||
	    !span_is_zero(fill))
		return seal_fail(d, SEAL_E_DECODE,
		    "tar: '%s': cut off, or "
		    "not filled with zeros",
		    e.name);
	*ret = e;
	return 0;
}

void
tar_put(struct wr *w, const char *name, struct span content)
{
	uint8_t block[TAR_BLOCK];

	if (!tar_name_ok(span_str(name)) || content.n > LIMIT_FILE) {
		w->error = w->error != 0 ? w->error : SEAL_E_LIMIT;
		return;
	}
	header_make(block, span_str(name), (uint32_t)content.n);
	wr_bytes(w, span_of(block, sizeof(block)));
	wr_bytes(w, content);
	memset(block, 0, sizeof(block));
	wr_bytes(
	    w, span_of(block, (TAR_BLOCK - content.n % TAR_BLOCK) % TAR_BLOCK));
}

void
tar_end(struct wr *w)
{
	static const uint8_t zeros[2 * TAR_BLOCK];

	wr_bytes(w, span_of(zeros, sizeof(zeros)));
}
