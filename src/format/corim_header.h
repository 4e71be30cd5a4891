/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_CORIM_HEADER_H
#define FORMAT_CORIM_HEADER_H

/* Private to src/format. */
#include "format/corim.h"

/* The parameters of a signed CoRIM's protected header that are its own: who
 * signs, from when to when, with which certificates. */
int corim_header_parse(struct corim *c, struct seal_diag *d);
/* {0: not before, 1: not after} in tag 1. */
bool corim_read_validity(struct rd *r, struct corim_validity *ret);
bool corim_read_uri(struct rd *r, struct span *ret);
void corim_put_validity(struct wr *w, const struct corim_validity *v);

#endif
