/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wr.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WR_FIRST 256 /* bytes of the first heap buffer */

void
wr_init(struct wr *w, void *buf, size_t cap)
{
	*w = (struct wr){ .p = buf, .cap = cap, .max = cap };
}

void
wr_init_heap(struct wr *w, size_t max)
{
	*w = (struct wr){ .max = max, .heap = true };
}

void
wr_free(struct wr *w)
{
	size_t max = w->max;

	if (!w->heap)
		return;
	seal_wipe(w->p, w->cap);
	free(w->p);
	wr_init_heap(w, max);
}

/* Moves to a larger buffer; the old one is wiped, so realloc() is not used. */
static bool
wr_grow(struct wr *w, size_t need)
{
	size_t cap = w->cap == 0 ? WR_FIRST : w->cap;
	uint8_t *p;

	while (cap < need)
		cap *= 2;
	if (cap > w->max)
		cap = w->max;
	if ((p = malloc(cap)) == NULL) {
		w->error = SEAL_E_MEMORY;
		return false;
	}
	if (w->n > 0)
		memcpy(p, w->p, w->n);
	seal_wipe(w->p, w->cap);
	free(w->p);
	w->p = p;
	w->cap = cap;
	return true;
}

uint8_t *
wr_room(struct wr *w, size_t n)
{
	uint8_t *room;

	if (w->error != 0)
		return NULL;
	if (n > w->max - w->n) {
		w->error = SEAL_E_LIMIT;
		return NULL;
	}
	if (w->n + n > w->cap && !wr_grow(w, w->n + n))
		return NULL;
	room = w->n == 0 ? w->p : w->p + w->n; /* p may be NULL */
	w->n += n;
	return room;
}

int
wr_finish(struct wr *w, struct span *ret)
{
	if (w->error == 0)
		*ret = wr_view(w);
	return w->error;
}

struct span
wr_view(const struct wr *w)
{
	return w->error != 0 ? span_of(NULL, 0) : span_of(w->p, w->n);
}

int
wr_take(struct wr *w, uint8_t **ret, size_t *ret_n)
{
	if (!w->heap || w->error != 0)
		return w->error != 0 ? w->error : SEAL_E_ARGUMENT;
	*ret = w->p;
	*ret_n = w->n;
	wr_init_heap(w, w->max);
	return 0;
}

int
wr_take_text(struct wr *w, char **ret)
{
	uint8_t *p = NULL;
	size_t n = 0;
	int r;

	wr_u8(w, 0);
	if ((r = wr_take(w, &p, &n)) == 0)
		*ret = (char *)p;
	return r;
}

/* The low n <= 8 bytes of v, big endian. */
static void
wr_uint(struct wr *w, uint64_t v, size_t n)
{
	uint8_t *p = wr_room(w, n);

	for (size_t i = 0; p != NULL && i < n; i++)
		p[i] = (uint8_t)(v >> 8 * (n - 1 - i));
}

void
wr_u8(struct wr *w, uint8_t v)
{
	wr_uint(w, v, 1);
}

void
wr_u16(struct wr *w, uint16_t v)
{
	wr_uint(w, v, 2);
}

void
wr_u24(struct wr *w, uint32_t v)
{
	if (v > 0xffffff && w->error == 0)
		w->error = SEAL_E_LIMIT;
	wr_uint(w, v, 3);
}

void
wr_u32(struct wr *w, uint32_t v)
{
	wr_uint(w, v, 4);
}

void
wr_u64(struct wr *w, uint64_t v)
{
	wr_uint(w, v, 8);
}

void
wr_bytes(struct wr *w, struct span s)
{
	uint8_t *p = wr_room(w, s.n);

	if (p != NULL && s.n > 0)
		memcpy(p, s.p, s.n);
}

void
wr_printf(struct wr *w, const char *fmt, ...)
{
	va_list ap;
	char line[1024];
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line)) {
		if (w->error == 0)
			w->error = SEAL_E_LIMIT;
		return;
	}
	wr_bytes(w, span_of(line, (size_t)n));
}

void
wr_hex(struct wr *w, struct span s)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t *p = wr_room(w, 2 * s.n);

	for (size_t i = 0; p != NULL && i < s.n; i++) {
		*p++ = (uint8_t)digits[s.p[i] >> 4];
		*p++ = (uint8_t)digits[s.p[i] & 15];
	}
}

size_t
wr_vec_begin(struct wr *w, size_t width)
{
	wr_uint(w, 0, width);
	return w->n;
}

void
wr_vec_end(struct wr *w, size_t mark, size_t width)
{
	size_t n = w->n - mark;

	if (w->error != 0)
		return;
	if (n >> 8 * width != 0) {
		w->error = SEAL_E_LIMIT;
		return;
	}
	for (size_t i = 0; i < width; i++)
		w->p[mark - 1 - i] = (uint8_t)(n >> 8 * i);
}

void
wr_vec(struct wr *w, size_t width, struct span s)
{
	size_t mark = wr_vec_begin(w, width);

	wr_bytes(w, s);
	wr_vec_end(w, mark, width);
}

void
wr_drop(struct wr *w, size_t n)
{
	if (n < w->n) {
		memmove(w->p, w->p + n, w->n - n);
		w->n -= n;
		return;
	}
	w->n = 0;
	if (w->error == 0)
		wr_free(w);
}
