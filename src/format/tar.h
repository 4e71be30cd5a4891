/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_TAR_H
#define FORMAT_TAR_H

#include "base/diag.h"
#include "base/rd.h"
#include "base/wr.h"

/*
 * As much of POSIX's ustar format (IEEE 1003.1, pax) as a bundle of small
 * files needs: regular files in no folder. What is written depends on names
 * and contents alone: no times, no owners.
 */
/* Of collateral, beside Evidence in a CMW collection: of doc/collateral.md. */
#define TAR_COLLATERAL_TYPE "application/vnd.sealtls.collateral"

#define TAR_BLOCK 512u
#define TAR_NAME 99u /* bytes; of plain characters */

/* [A-Za-z0-9._-], 1 to TAR_NAME of them, no leading dot. */
bool tar_name_ok(struct span name);

struct tar_entry {
	char name[TAR_NAME + 1];
	struct span content; /* borrowed */
};

/* Do the bytes start as a tar file does? */
bool tar_is(struct span in);
/*
 * The next file. 0, SEAL_E_CLOSED behind the last (then all to the end are
 * zeros), SEAL_E_DECODE for anything that is not as tar_put() writes it,
 * whatever else tar programs may do: links, folders, devices, other names.
 */
int tar_next(struct rd *r, struct tar_entry *ret, struct seal_diag *d);

/* name as tar_name_ok() says. Ends with tar_end(). */
void tar_put(struct wr *w, const char *name, struct span content);
void tar_end(struct wr *w);

#endif
