/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_PEM_H
#define CRYPTO_PEM_H

/* PEM text as its blocks (RFC 7468). */
#include "base/diag.h"
#include "base/span.h"

/*
 * Calls each for every PEM block in text, with the label between BEGIN and
 * the dashes. each returns 0 to go on, PEM_STOP, or a SEAL_E_*. Text around
 * the blocks is skipped. path is for messages.
 */
#define PEM_STOP 1
typedef int (*pem_fn)(
    void *ctx, const char *label, struct span der, struct seal_diag *d);
int pem_walk(const char *path, struct span text, pem_fn each, void *ctx,
    struct seal_diag *d);

/* The same for the file itself, whose buffer is wiped after. */
int pem_walk_file(
    const char *path, pem_fn each, void *ctx, struct seal_diag *d);

#endif
