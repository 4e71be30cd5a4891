/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_IMA_FIXTURE_H
#define FORMAT_IMA_FIXTURE_H

#include "base/wr.h"
#include "format/ima.h"

/* An entry, its template digest made from its fields unless violation. */
struct ima_recipe {
	uint32_t pcr;
	const char *template;
	struct span digest, name; /* "alg:\0…"; with its NUL */
	bool has_sig;
	struct span sig;
	bool violation;
	int tamper; /* changes the last byte of the name after hashing */
};

void ima_put(struct wr *w, const struct ima_recipe *r);
/* The length in four bytes, and the bytes. */
void ima_put_vec(struct wr *w, struct span s);
/* An entry of ima-ng: content was found at path; of that hash. */
void ima_put_file(
    struct wr *w, const char *path, const char *content, enum hash h);
/* The entry that the kernel makes where a file changed meanwhile. */
void ima_put_violation(struct wr *w, const char *path);
/* What the kernel extends a bank by for the entry at the start of list, which
 * is no violation; the rest of the list is left in it. */
void ima_extended(struct span *list, enum hash h, uint8_t ret[HASH_MAX]);

#endif
