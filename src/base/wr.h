/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_WR_H
#define BASE_WR_H

#include "base/span.h"
#include <sealtls/error.h>

/*
 * The one writer. It either fills a buffer of the caller's (wr_init) or grows
 * its own up to a named limit (wr_init_heap). The first failure sticks;
 * writes after it do nothing; wr_finish() reports it.
 */
struct wr {
	uint8_t *p;
	size_t n, cap, max;
	bool heap;
	int error; /* 0, SEAL_E_LIMIT or SEAL_E_MEMORY */
};

void wr_init(struct wr *w, void *buf, size_t cap);
void wr_init_heap(struct wr *w, size_t max);
void wr_free(struct wr *w); /* wipes and frees what it owns; reusable after */

/* Reports the first failure; otherwise a view, valid until the next write. */
int wr_finish(struct wr *w, struct span *ret);
/* Like wr_finish(), but hands over the heap buffer; the caller frees it. */
int wr_take(struct wr *w, uint8_t **ret, size_t *ret_n);
/* A NUL-terminated string, handed over likewise; not counted as content. */
int wr_take_text(struct wr *w, char **ret);
struct span wr_view(const struct wr *w);

void wr_u8(struct wr *w, uint8_t v);
void wr_u16(struct wr *w, uint16_t v);
void wr_u24(struct wr *w, uint32_t v);
void wr_u32(struct wr *w, uint32_t v);
void wr_u64(struct wr *w, uint64_t v);
void wr_bytes(struct wr *w, struct span s);
void wr_printf(struct wr *w, const char *fmt, ...) SEAL_PRINTF(2, 3);
void wr_hex(struct wr *w, struct span s);
/* Room for n bytes, to be filled by the caller at once; NULL after failure. */
uint8_t *wr_room(struct wr *w, size_t n);

/*
 * A vector whose length field has width bytes (1 to 3): begin returns a mark
 * for the matching end, which fills in the length.
 */
size_t wr_vec_begin(struct wr *w, size_t width);
void wr_vec_end(struct wr *w, size_t mark, size_t width);
/* The whole vector at once. */
void wr_vec(struct wr *w, size_t width, struct span s);

/* Takes away the first n bytes, or all: what is behind them comes forward; with
 * nothing left, memory of its own is given back. */
void wr_drop(struct wr *w, size_t n);

#endif
