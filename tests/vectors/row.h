/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VECTORS_ROW_H
#define VECTORS_ROW_H

#include <jansson.h>

#include "base/diag.h"
#include "base/span.h"
#include "crypto/hash.h"

/* What a whole replay has come to. */
struct tally {
	size_t passed, failed;
};

/*
 * One vector. Fields come from json, and where it lacks them from file, so
 * that a vector may have its own trust anchor. Decoded fields live as long as
 * the row; a field that cannot be read fails it.
 */
struct row {
	struct tally *tally;
	const json_t *json, *file;
	char name[96];
	size_t mismatches;
	uint8_t **held;
	size_t n_held;
};

/* name may be NULL: then the group and the index have to do. */
void row_begin(struct row *row, struct tally *tally, const json_t *file,
    const json_t *json, const char *group, size_t index, const char *name);
void row_end(struct row *row); /* counts it */
/* Takes p over until row_end(). */
void row_hold(struct row *row, uint8_t *p);

/* Prints a line for the row; each makes it fail. */
void row_mismatch(struct row *row, const char *fmt, ...) SEAL_PRINTF(2, 3);
/* Compares bytes and tells both. */
void row_same(
    struct row *row, const char *what, struct span want, struct span got);

/* NULL if absent or null. */
const json_t *row_field(const struct row *row, const char *key);
/* A string; NULL if absent, or not a string, which fails the row. */
const char *row_text(struct row *row, const json_t *o, const char *key);
/* False if absent, or no hex, which fails the row. */
bool row_hex(
    struct row *row, const json_t *o, const char *key, struct span *ret);
bool row_hex_value(
    struct row *row, const char *what, const json_t *v, struct span *ret);
/* The same, but absence also fails the row. */
bool row_need(
    struct row *row, const json_t *o, const char *key, struct span *ret);
/* True with dflt if absent; false outside low to high, which fails the row. */
bool row_int(struct row *row, const char *key, json_int_t dflt, json_int_t low,
    json_int_t high, json_int_t *ret);
bool row_hash(struct row *row, enum hash *ret);
bool row_flag(const struct row *row, const char *key); /* absent: false */

/* The two kinds of files; each replays what it finds of its own. */
void replay_authenticators(const json_t *file, struct tally *tally);
void replay_binders(const json_t *file, struct tally *tally);

#endif
