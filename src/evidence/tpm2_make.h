/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_TPM2_MAKE_H
#define EVIDENCE_TPM2_MAKE_H

#include "evidence/tpm2.h"

/* The kinds of key that the driver needs, each with its template. */
enum tpm2_kind { TPM2_KIND_SRK, TPM2_KIND_AK, TPM2_KIND_SUBJECT };
#define TPM2_KINDS 3

const char *tpm2_kind_name(enum tpm2_kind kind);
/* Is this public area one that tpm2_make() makes? All of it is compared but
 * the point, which is what makes each key its own. */
bool tpm2_kind_is(enum tpm2_kind kind, struct span public_area);
/* Is key's qualified name that of a child of parent, or, where parent is
 * NULL, of a primary key of the owner hierarchy? */
bool tpm2_is_under(const struct tpm2_key *key, const struct tpm2_key *parent);
/* Makes a key and keeps it at handle. srk is NULL for the SRK itself. */
int tpm2_make(struct tpm2_conn *c, enum tpm2_kind kind,
    const struct tpm2_key *srk, uint32_t handle, struct seal_diag *d);

#endif
