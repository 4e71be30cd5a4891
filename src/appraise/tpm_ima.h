/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_TPM_IMA_H
#define APPRAISE_TPM_IMA_H

#include <jansson.h>

#include "appraise/verdict.h"
#include "format/ima.h"
#include "format/tpm_evidence.h"

/*
 * Rules about the IMA list, "ima" of an accept entry:
 *
 * { "banks": ["sha256"],  PCR 10 of these banks is quoted; it has no fixed
 *                         value, the whole list must replay to it
 *   "allowed": [FILE…],   these were measured and no others
 *   "required": [FILE…],  each of these was measured
 *   "forbidden": [FILE…], none of these was
 *   "violations": false } true: files that changed while they were measured
 *                         pass; which ones they were, nothing proves
 *
 * FILE: {"path": TEXT, "digest": HEX}. Without a path it is that content
 * anywhere; of "forbidden" either may be left out.
 *
 * Entries of all templates are judged alike, by name and digest, since
 * nothing signs the name of a template. The kernel's first entry,
 * boot_aggregate, needs no rule: what it sums up are PCRs, which have rules
 * of their own.
 */
#define TPM_IMA_FILES_MAX 8192u
#define TPM_IMA_BANKS 3

struct tpm_ima_file {
	uint8_t n; /* bytes; 0: any content */
	uint8_t digest[HASH_MAX];
	const char *path; /* into the rules' own text; NULL: anywhere */
};

struct tpm_ima_list {
	struct tpm_ima_file *files; /* by digest */
	size_t n;
};

struct tpm_ima {
	uint16_t banks[TPM_IMA_BANKS];
	size_t n_banks;
	bool violations;
	struct tpm_ima_list allowed, required, forbidden;
	json_t *text; /* what paths point into */
};

/* Those of "ima", and of a FILE; NULL ends. */
extern const char *const tpm_ima_keys[], *const tpm_ima_file_keys[];

int tpm_ima_load(json_t *j, struct tpm_ima **ret, struct seal_diag *d);
void tpm_ima_free(struct tpm_ima **ima);
void tpm_ima_explain(const struct tpm_ima *ima, struct wr *out);
/* The files of list from *ret_first on, *ret_n of them, that have this digest
 * (of n 0: those of any content). */
void tpm_ima_of_digest(const struct tpm_ima_list *list, struct span digest,
    size_t *ret_first, size_t *ret_n);

/* ---- tpm_ima_match.c ---- */

struct tpm_facts;

/* Parses the list, where there is one, and holds it against the quoted PCRs;
 * a list that does not replay to all of them refuses the Evidence. */
bool tpm_ima_verify(struct tpm_facts *f, struct seal_verdict *v);
/* The rules; NULL: there are none. */
bool tpm_ima_match(const struct tpm_ima *rules, const struct tpm_facts *f,
    struct seal_verdict *v);
/* Puts "ima" in the place of PCR 10 among entry's "pcrs", where rules can say
 * all that was measured. */
int tpm_ima_learn(const struct tpm_facts *f, json_t *entry);

#endif
