/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_CORIM_PROFILE_H
#define FORMAT_CORIM_PROFILE_H

#include "format/corim.h"

/*
 * What profiles that we know ask of a CoRIM beyond its form: which fields an
 * environment states, how measurements are named, how a key is given. A CoRIM
 * without profile, or of one that we do not know, keeps no rules here.
 */

/* 0, or SEAL_E_DECODE with the triple and the rule that it breaks. */
int corim_profile_check(const struct corim *c, struct seal_diag *d);
bool corim_profile_known(const struct corim *c);

#endif
