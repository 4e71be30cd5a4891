/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "appraise/tpm_rules.h"

static const char rules_text[] =
    "{\"banks\":[\"sha256\"],\"allowed\":[{\"path\":\"/bin/init\",\"digest\":"
    "\"4142434445464748414243444546474841424344454647484142434445464748\"}],"
    "\"required\":[{\"digest\":"
    "\"4142434445464748414243444546474841424344454647484142434445464748\"}],"
    "\"forbidden\":[{\"path\":\"/bin/sh\"}],\"violations\":true}";

static bool
judge(json_t *text, const struct tpm_facts *f)
{
	struct seal_verdict *v = verdict_new();
	struct tpm_ima *rules = NULL;
	bool ok;

	MUST(v != NULL && tpm_ima_load(text, &rules, NULL) == 0);
	ok = tpm_ima_match(rules, f, v);
	MUST(ok || seal_verdict_diag(v)->code == SEAL_E_POLICY);
	tpm_ima_free(&rules);
	seal_verdict_free(&v);
	return ok;
}

/* What is learned of a list is rules, and they accept it if no file changed
 * while it was measured. */
static void
learn(const struct tpm_facts *f, bool violated)
{
	json_t *entry = json_pack("{s:{s:{s:s}}}", "pcrs", "sha256", "10", "");
	json_t *ima;

	MUST(entry != NULL && tpm_ima_learn(f, entry) == 0);
	ima = json_object_get(entry, "ima");
	MUST((ima == NULL) == (json_object_get(entry, "pcrs") != NULL));
	MUST(ima == NULL || judge(ima, f) == !violated);
	json_decref(entry);
}

/* A list that the quote has the value of: its files are judged, whatever they
 * are called. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct tpm_facts f = { .e = { .ima_log = span_of(p, n), .n_pcrs = 1 } };
	struct seal_verdict *v = verdict_new();
	struct ima_replay made = { 0 };
	json_t *rules;
	bool ok;

	MUST(v != NULL);
	ok = n > 0 && !ima_is_text(f.e.ima_log) &&
	     ima_replay(f.e.ima_log, TPM_ALG_SHA256, &made, NULL) == 0;
	f.e.pcrs[0] = (struct tpm_pcr_value){ TPM_ALG_SHA256, IMA_PCR,
		span_of(made.value, 32) };
	MUST(tpm_ima_verify(&f, v) == (ok || n == 0));
	MUST(f.has_ima == ok);
	if (ok) {
		rules = json_loads(rules_text, 0, NULL);
		(void)judge(rules, &f);
		json_decref(rules);
		learn(&f, made.n_violations > 0);
	}
	seal_verdict_free(&v);
	return 0;
}
