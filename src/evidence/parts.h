/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_PARTS_H
#define EVIDENCE_PARTS_H

#include "evidence/driver.h"

/* For attester.c: a driver whose ctx is made of attesters, not opened. */
extern const struct evidence_driver evidence_parts;
void parts_take(void *ctx, struct attester_part *parts, size_t n,
    struct attester_staple *staple);
bool parts_insecure(const void *ctx);

#endif
