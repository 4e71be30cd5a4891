/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLATERAL_STORE_H
#define COLLATERAL_STORE_H

#include "base/wr.h"
#include "collateral/verify.h"

/*
 * A folder of collateral, which is at once a folder of endorsements: whoever
 * appraises reads it as it stands. Its files have names of our own
 * (coll_name()); others may lie there too, and are left alone. One process
 * writes at a time; readers see each file whole, old or new.
 */
#define COLL_LOCK ".lock"
#define COLL_PACK_MAX 33554432u /* bytes */
#define COLL_TEMP ".new-"       /* before a name: still being written */

struct coll_store {
	char *dir;
	int at, lock;              /* descriptors; -1: none */
	struct endorsements *held; /* its files, taken apart */
};

/* What lies there. SEAL_E_IO: no such folder; with create it is made, and the
 * store is held for writing until it is closed. */
int coll_store_open(
    const char *dir, bool create, struct coll_store *ret, struct seal_diag *d);
void coll_store_close(struct coll_store *s);

enum coll_put { COLL_PUT_NEW = 1, COLL_PUT_NEWER, COLL_PUT_SAME };

/* As reports say it. */
const char *coll_put_name(enum coll_put put);

/*
 * Puts an item that coll_verify() has passed, on disk before it returns. An
 * older one never takes the place of a newer: SEAL_E_STALE. ret_name has
 * COLL_NAME bytes.
 */
int coll_store_put(struct coll_store *s, const struct coll_item *item,
    enum coll_put *ret, char *ret_name, struct seal_diag *d);

/* All items, taken apart, as one file, the same for the same items; *ret_n of
 * them. */
int coll_pack(const struct endorsements *held, struct wr *out, size_t *ret_n,
    struct seal_diag *d);
/* Files, folders and packs, taken apart and added to out. */
int coll_load(const char *path, struct endorsements *out, struct seal_diag *d);

#endif
