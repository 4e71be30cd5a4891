/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "appraise/policy.h"

#define EXPLAIN_MAX LIMIT_JSON

/* No file is opened for a fuzzer: an input that names a CA is passed over. */
static bool
names_file(const uint8_t *p, size_t n)
{
	return n > 0 && memmem(p, n, "ca\"", 3) != NULL;
}

/* What loads is complete: every rule that appraisal relies on is there. */
static void
check(const struct policy *p)
{
	MUST(p->min_binding != SEAL_LEVEL_NONE && p->max_age_s > 0);
	MUST(p->lease_s >= POLICY_LEASE_MIN_S && p->n_accept > 0);
	MUST(p->identity.mode != IDENTITY_UNSET);
	MUST(p->subject != SUBJECT_UNSET);
	for (size_t i = 0; i < p->n_accept; i++)
		MUST(p->accept[i].by != NULL && p->accept[i].n_signers > 0 &&
		     p->accept[i].rules != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct seal_diag d = { 0 };
	struct policy *policy = NULL;
	struct wr out;
	int r;

	if (names_file(p, n))
		return 0;
	r = policy_load(span_of(p, n), "/nowhere", &policy, &d);
	MUST((r == 0) == (policy != NULL));
	MUST(r == 0 || d.code == r);
	if (policy == NULL)
		return 0;
	check(policy);
	wr_init_heap(&out, EXPLAIN_MAX);
	MUST(policy_explain(policy, &out) == 0);
	wr_free(&out);
	policy_free(&policy);
	return 0;
}
