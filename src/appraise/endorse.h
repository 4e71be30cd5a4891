/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_ENDORSE_H
#define APPRAISE_ENDORSE_H

#include "base/diag.h"
#include "base/span.h"

/*
 * What somebody gave beside the Evidence, to help verify it: certificates,
 * revocation lists, public keys, signed JSON. Untrusted bytes without
 * exception: whoever uses one verifies it up to an anchor of the policy's
 * first.
 */
#define ENDORSE_ITEMS_MAX 8192u     /* parts, of all files */
#define ENDORSE_BYTES_MAX 16777216u /* of all parts */
#define ENDORSE_FILES_MAX 4096u     /* in one folder: of a fleet */

enum endorse_kind {
	ENDORSE_NONE = 0,
	ENDORSE_CERT, /* X.509 certificate, DER */
	ENDORSE_CRL,  /* X.509 revocation list, DER */
	ENDORSE_KEY,  /* a public key, SPKI, DER */
	ENDORSE_JSON, /* an object or array, as it stands */
	ENDORSE_OTHER /* anything else, as it stands */
};

struct endorsement {
	enum endorse_kind kind;
	struct span bytes; /* into owned */
	char *name;        /* of the file; for people */
	uint8_t *owned;
};

/* Filled by one thread, then only read, by any. */
struct endorsements {
	unsigned refs; /* atomic */
	struct endorse_opened *opened;
	struct endorsement *items;
	size_t n, n_bytes;
};

struct endorsements *endorse_new(void); /* NULL when out of memory */
struct endorsements *endorse_ref(struct endorsements *e);
void endorse_free(struct endorsements **e); /* with its last reference */
/* What a reader made of e, whole and immutable, kept and freed with it: open
 * is called by the first who asks, close in the end. One reader alone has it.
 * NULL: open gave NULL. */
const void *endorse_opened(const struct endorsements *e,
    void *(*open)(const struct endorsements *e), void (*close)(void *opened));
/* Copies what bytes hold: PEM by its blocks (certificates, revocation lists
 * and public keys; private ones and the like are passed over), DER and JSON
 * by their form. */
int endorse_add(struct endorsements *e, const char *name, struct span bytes,
    struct seal_diag *d);
/* Every file of a folder, by the order of their names; not its folders, nor
 * what has a name that starts with a dot. Or, of a file, that one. */
int endorse_load(
    const char *path, struct endorsements **ret, struct seal_diag *d);
/* A digest of which files a folder has, their sizes and when they changed:
 * while it is the same, endorse_load() would find the same. And of a file, not
 * what is in it. */
int endorse_stamp(const char *path, uint8_t ret[32], struct seal_diag *d);
int endorse_stamp_file(const char *path, uint8_t ret[32], struct seal_diag *d);

/* The next item of this kind at or after *at, which moves behind it; NULL:
 * there is none. e may be NULL. */
const struct endorsement *endorse_next(
    const struct endorsements *e, enum endorse_kind kind, size_t *at);

/* The same of several, the first one's first; at starts as zeros. */
const struct endorsement *endorse_next_of(const struct endorsements *const *of,
    size_t n, enum endorse_kind kind, size_t *at);

#endif
