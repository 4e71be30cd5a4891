/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/span.h"
#include "base/diag.h"

/* Reads a whole regular file (or pipe) of at most max bytes; the caller
 * wipes if it is secret, and frees. *ret is NUL-terminated past *ret_n. */
int file_read(const char *path, size_t max, uint8_t **ret, size_t *ret_n,
    struct seal_diag *d);
/* The same of standard input, which is left open. */
int file_read_stdin(
    size_t max, uint8_t **ret, size_t *ret_n, struct seal_diag *d);
/* The same, and refuses a file that group or others may read or write. */
int file_read_secret(const char *path, size_t max, uint8_t **ret, size_t *ret_n,
    struct seal_diag *d);
/* Replaces path as a whole (temporary file beside it, fsync, rename). */
int file_write(
    const char *path, struct span content, unsigned mode, struct seal_diag *d);
/* The folder that path stands in: "/" of "/a", and "" of a bare name. NULL: no
 * memory; the caller frees. */
char *file_folder(const char *path);

#endif
