/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIB_STAPLE_H
#define LIB_STAPLE_H

#include "evidence/driver.h"

/*
 * Collateral that an attester sends along with its Evidence
 * (doc/collateral.md): what a folder, a file or a pack holds, read again
 * whenever it has changed. The attester's lock guards it.
 */
#define STAPLE_PACK_MAX 49152u /* bytes: leaves room for Evidence in a CMW */

/* SEAL_E_CONFIG: cannot be read, nothing in it, or too much. */
int staple_open(
    const char *path, struct attester_staple *ret, struct seal_diag *d);

#endif
