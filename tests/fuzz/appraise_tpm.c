/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "appraise/appraise.h"
#include "format/tpm_evidence.h"

#define ZERO32 \
	"0000000000000000000000000000000000000000000000000000000000000000"

/* Trusts a key that nobody has. */
static const char policy_text[] =
    "{\"version\":1,\"max_age_s\":60,\"accept\":[{\"scheme\":"
    "\"" TPM_EVIDENCE_TYPE "\",\"signers\":[{\"spki_sha256\":\"" ZERO32 "\"}],"
    "\"debug\":false,\"pcrs\":{\"sha256\":{\"7\":\"" ZERO32 "\"}}}]}";

/* A verdict can always be shown, and a refusal says why. */
static void
show(struct seal_verdict *v)
{
	char *json = seal_verdict_json(v), *text = seal_verdict_text(v);

	MUST(json != NULL && text != NULL);
	MUST(seal_verdict_outcome(v) != SEAL_ACCEPTED);
	MUST(seal_verdict_lease_s(v) == 0);
	MUST(seal_verdict_diag(v)->code != 0);
	free(json);
	free(text);
}

static void
judge(const struct policy *p, const struct appraisal_in *in)
{
	struct seal_verdict *v = verdict_new();

	MUST(v != NULL && appraise(p, in, v) != 0);
	show(v);
	seal_verdict_free(&v);
}

/* What is learned from the bytes, whoever signed them, is a policy. */
static void
learn(const struct appraisal_in *in)
{
	struct seal_verdict *v = verdict_new();
	struct policy *p = NULL;
	char *text = NULL;

	MUST(v != NULL);
	if (appraise_observe(in, NULL, v, &text, NULL) == 0) {
		MUST(policy_load(span_str(text), "", &p, NULL) == 0);
		policy_free(&p);
		free(text);
	}
	show(v);
	seal_verdict_free(&v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint8_t value[32] = { 1 }, spki[1] = { 0x30 };
	struct seal_binding b;
	struct appraisal_in in = {
		.media_type = span_str(TPM_EVIDENCE_TYPE),
		.evidence = span_of(p, n),
		.expected = &b,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = 1700000000,
		.binder_known = true,
	};
	static struct policy *policy; /* loaded once: most of the cost */

	MUST(policy != NULL ||
	     policy_load(span_str(policy_text), "", &policy, NULL) == 0);
	MUST(binding_post(HASH_SHA256, span_of(spki, sizeof(spki)),
		 span_of(value, sizeof(value)), &b, NULL) == 0);
	judge(policy, &in);
	in.binder_known = false;
	judge(policy, &in);
	learn(&in);
	return 0;
}
