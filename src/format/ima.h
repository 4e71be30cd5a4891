/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_IMA_H
#define FORMAT_IMA_H

#include "base/rd.h"
#include "format/tpm.h"

/*
 * Linux IMA's list of measured files (security/integrity/ima, as of 6.x), in
 * its binary form (native little endian) or as lines of text; templates
 * ima-ng, ima-sig and ima-buf. As with the event log, replaying it to a quoted
 * PCR is what makes its digests mean something; the fields of an entry are
 * proved where the template digest is over them, which is checked for every
 * entry but a violation, which has no digest at all.
 *
 * The name of a template is in no digest: of ima-sig and ima-buf, which have
 * fields of one shape, either can be called the other.
 */
#define IMA_ENTRIES_MAX 262144u
#define IMA_PCR 10u
#define IMA_NAME_MAX 4096u /* bytes of a path, PATH_MAX */
#define IMA_LINE_MAX 32768u
#define IMA_DATA_MAX 8192u /* bytes of a signature or a buffer */

enum ima_template { IMA_NONE = 0, IMA_NG, IMA_SIG, IMA_BUF };

struct ima_entry {
	size_t number; /* from 0 */
	uint32_t pcr;
	enum ima_template template;
	bool violation; /* the file changed while it was measured */
	uint8_t template_digest[20]; /* SHA-1, as the log has it */
	/* Views into the input or, for a text log, into the entry itself. */
	struct span file_alg; /* "sha256" */
	struct span file_digest;
	struct span name;
	struct span data; /* ima-sig: security.ima, or empty; ima-buf: what
			   * was measured, such as a command line or a key */
	uint8_t room[HASH_MAX + IMA_DATA_MAX];
};

struct ima_iter {
	struct rd rd;
	bool text;
	size_t number;
};

/* A log is text if it starts with a digit; an entry of the binary form starts
 * with the number of a PCR. */
bool ima_is_text(struct span log);
void ima_begin(struct span log, struct ima_iter *it);
/*
 * 1: an entry; 0: the end; or an error: malformed, another template than the
 * three, a template digest that is not over the fields.
 */
int ima_next(struct ima_iter *it, struct ima_entry *ret, struct seal_diag *d);

struct ima_replay {
	size_t n_entries, n_violations;
	uint8_t value[HASH_MAX]; /* of PCR 10 in that bank */
};

/*
 * PCR 10 after the log. bank is SHA-1 or, as kernels since 5.8 extend them,
 * SHA-256, SHA-384 or SHA-512 over the template's fields. A violation
 * extends all ones. An entry of another PCR fails.
 */
int ima_replay(struct span log, uint16_t bank, struct ima_replay *ret,
    struct seal_diag *d);

/*
 * The start of the log that replays to value, *ret_n bytes of it; there is at
 * most one. SEAL_E_EVIDENCE where none does. What comes behind it is not
 * looked at.
 */
int ima_find(struct span log, uint16_t bank, struct span value,
    struct ima_replay *ret, size_t *ret_n, struct seal_diag *d);

#endif
