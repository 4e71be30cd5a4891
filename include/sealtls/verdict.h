/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALTLS_VERDICT_H
#define SEALTLS_VERDICT_H

#include <stddef.h>
#include <stdint.h>

#include <sealtls/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What links the Evidence to this connection (PROTOCOL 2); 0 denies. */
enum seal_level {
	SEAL_LEVEL_NONE = 0,
	SEAL_LEVEL_KEY = 1,
	SEAL_LEVEL_TRANSCRIPT = 2,
	SEAL_LEVEL_TRAFFIC = 3
};

enum seal_check_status {
	SEAL_CHECK_FAILED = 0,
	SEAL_CHECK_PASSED = 1,
	SEAL_CHECK_SKIPPED =
	    2 /* policy does not ask for it, or never reached */
};

/* One step of an appraisal. Strings are borrowed from the verdict, never
 * NULL, and may be empty. */
struct seal_check {
	const char *name; /* stable, "tpm.quote.signature" */
	enum seal_check_status status;
	const char *expected, *got, *remedy;
};

/*
 * What was proved about a peer. Immutable once published; counted, so that it
 * may outlive its connection; may be read by any thread.
 */
struct seal_verdict;

SEAL_API struct seal_verdict *seal_verdict_ref(struct seal_verdict *v);
SEAL_API void seal_verdict_free(struct seal_verdict **vp); /* NULL is fine */

SEAL_API enum seal_outcome seal_verdict_outcome(const struct seal_verdict *v);
SEAL_API enum seal_level seal_verdict_level(const struct seal_verdict *v);
/* Seconds that the verdict holds, from the REQUEST it answers. */
SEAL_API uint32_t seal_verdict_lease_s(const struct seal_verdict *v);
/* Media type of the Evidence; "" where none came. */
SEAL_API const char *seal_verdict_scheme(const struct seal_verdict *v);
/* True where the Evidence proves nothing about a platform. */
SEAL_API int seal_verdict_insecure(const struct seal_verdict *v);
/* "pkix:NAME", "pin:HEX" or "none" (PROTOCOL 5.4 rule 6). */
SEAL_API const char *seal_verdict_identity(const struct seal_verdict *v);
/* AR4SI trust vector; index 0 to 7 as its claim keys; 0 is "no claim". */
SEAL_API int seal_verdict_ar4si(const struct seal_verdict *v, unsigned claim);
SEAL_API size_t seal_verdict_checks(const struct seal_verdict *v);
/* *ret is unchanged, and -1 returned, past the end. */
SEAL_API int seal_verdict_check(
    const struct seal_verdict *v, size_t i, struct seal_check *ret);
/* The value of a claim such as "tpm.pcr.sha256.7"; NULL if there is none. */
SEAL_API const char *seal_verdict_claim(
    const struct seal_verdict *v, const char *name);
/* The first failure, borrowed; its code is 0 for an accepting verdict. */
SEAL_API const struct seal_diag *seal_verdict_diag(
    const struct seal_verdict *v);

/* The whole verdict as JSON or as a table for people; the caller releases
 * the string with free(). NULL when out of memory. */
SEAL_API char *seal_verdict_json(const struct seal_verdict *v);
SEAL_API char *seal_verdict_text(const struct seal_verdict *v);

#ifdef __cplusplus
}
#endif
#endif
