/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sealtls/tools.h>

#include "appraise/appraiser.h"
#include "base/text.h"
#include "format/azure.h"
#include "format/cca.h"
#include "format/cmw.h"
#include "format/ear.h"
#include "format/eat.h"
#include "format/nitro.h"
#include "format/nvidia.h"
#include "format/psa.h"
#include "format/quote.h"
#include "format/snp.h"
#include "format/svsm.h"
#include "format/tpm_evidence.h"
#include "format/tsm_report.h"
#include "lib/ctx.h"
#include "lib/offline.h"
#include "lib/undress.h"

#define OFFLINE_TIMEOUT_MS 30000

/* ---- Evidence ---- */

int
seal_evidence_offline(struct seal_ctx *ctx, const void *nonce, size_t nonce_n,
    void **ret, size_t *ret_n, struct seal_diag *d)
{
	struct seal_binding binding;
	struct wr evidence, cmw;
	struct attester *a;
	uint8_t *out = NULL;
	int r;

	if (ctx->n_attesters == 0)
		return seal_fail(d, SEAL_E_CONFIG,
		    "evidence: the configuration names no attester");
	a = ctx->attesters[0];
	wr_init_heap(&evidence, LIMIT_CMW);
	wr_init_heap(&cmw, LIMIT_CMW);
	if ((r = binding_offline(span_of(nonce, nonce_n), attester_spki(a),
		 &binding, d)) != 0 ||
	    (r = attester_collect(
		 a, &binding, OFFLINE_TIMEOUT_MS, &evidence, d)) != 0)
		goto out;
	attester_write_cmw(a, wr_view(&evidence), &cmw);
	if ((r = wr_take(&cmw, &out, ret_n)) != 0)
		seal_fail(d, r, "evidence: larger than a CMW may be");
	else
		*ret = out;
out:
	wr_free(&evidence);
	wr_free(&cmw);
	return r;
}

/* ---- Appraisal ---- */

void
offline_item_wipe(struct offline_item *item)
{
	cmw_free(&item->cmw);
	endorse_free(&item->endorse);
	wr_free(&item->decoded);
	wr_free(&item->opened);
}

/* A result says itself in which dialect it is written; one that cannot be read
 * is judged as the newest, and refused with the reason. */
static bool
guess_result(struct span *in, char ret[OFFLINE_TYPE_MAX])
{
	bool cwt = in->n > 0 && in->p[0] == 0xd2;
	struct span s = *in;
	struct ear *e;
	int r;

	while (
	    !cwt && s.n > 0 && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r'))
		s.n--;
	if (!cwt && (s.n < 2 || memcmp(s.p, "ey", 2) != 0))
		return false;
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return false;
	r = ear_peek(s, cwt, e, NULL);
	snprintf(ret, OFFLINE_TYPE_MAX, "%s; eat_profile=\"%s\"",
	    cwt ? EAR_TYPE_CWT : EAR_TYPE_JWT,
	    r == 0 ? e->profile->uri : EAR_PROFILE_04);
	free(e);
	if (cwt && r != 0)
		return false;
	*in = s;
	return true;
}

/* Of PSA's, to be refused with the reason for it. */
static bool
is_mac0(struct span in)
{
	return in.n > 1 && in.p[0] == 0xd1 && in.p[1] == 0x84;
}

/* A confidential VM of Azure, as the agents of others carry it. */
static bool
is_azure(struct span in, struct wr *opened)
{
	if (in.n == 0 || in.p[0] != '{')
		return false;
	wr_init_heap(opened, LIMIT_FILE);
	return azure_coco_read(in, opened, NULL) == 0;
}

/* What begins like Evidence and is none goes to its appraiser too, which says
 * what is wrong with it: cut short, or with bytes behind it. */
static const char *
guess_broken(struct span in)
{
	static const struct {
		uint8_t n, p[8];
		const char *type;
	} starts[] = {
		{ 4, { 3, 0, 2, 0 }, QUOTE_SGX_TYPE },
		{ 8, { 4, 0, 2, 0, 0x81 }, QUOTE_TDX_TYPE },
		{ 8, { 5, 0, 2, 0, 0x81 }, QUOTE_TDX_TYPE },
		{ 4, { 4, 0, 2, 0 }, QUOTE_SGX_TYPE },
		{ 4, { 5, 0, 2, 0 }, QUOTE_SGX_TYPE },
		{ 4, { 2 }, SNP_TYPE },
		{ 4, { 3 }, SNP_TYPE },
		{ 4, { 4 }, SNP_TYPE },
		{ 4, { 5 }, SNP_TYPE },
		{ 4, { 6 }, SNP_TYPE },
		{ 2, { 0x84, 0x44 }, NITRO_TYPE },
		{ 3, { 0xd9, 0x01, 0x8f }, CCA_TYPE },
		{ 3, { 0xd9, 0x03, 0x8b }, CCA_TYPE },
	};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (in.n >= starts[i].n &&
		    memcmp(in.p, starts[i].p, starts[i].n) == 0)
			return starts[i].type;
	return NULL;
}

/* Bare Evidence that its form gives away. */
static const char *
guess_type(struct span in)
{
	struct snp_report report;
	struct snp_table table;
	struct svsm_evidence svsm;
	struct span part;
	struct quote q;
	struct nitro n;
	struct cca_token c;
	struct psa_token p;
	struct tsm_report tsm;
	struct nvidia_report *g;
	int r;

	if (snp_evidence_parse(in, &part, &table, NULL) == 0 &&
	    snp_report_parse(part, &report, NULL) == 0)
		return SNP_TYPE;
	if (svsm_evidence_parse(in, &svsm, NULL) == 0)
		return SVSM_TYPE;
	if (tsm_report_parse(in, span_of(NULL, 0), &tsm, NULL) == 0) {
		tsm_report_wipe(&tsm);
		return TSM_REPORT_TYPE;
	}
	if (quote_parse(in, &q, NULL) == 0)
		return q.tee == QUOTE_TDX ? QUOTE_TDX_TYPE : QUOTE_SGX_TYPE;
	if ((g = calloc(1, sizeof(*g))) == NULL)
		return NULL;
	r = nvidia_parse(in, g, NULL);
	free(g);
	if (r == 0)
		return NVIDIA_TYPE;
	if (in.n > 0 && in.p[0] == '[')
		return NVIDIA_JSON_TYPE;
	if (nitro_parse(in, &n, NULL) == 0)
		return NITRO_TYPE;
	if (cca_parse(in, &c, NULL) == 0)
		return CCA_TYPE;
	if (psa_parse(in, &p, NULL) == 0 || is_mac0(in))
		return PSA_TYPE;
	if (in.n > 0 && in.p[0] == 0xd2)
		return EAT_SOFT_TYPE;
	if (in.n > 0 && in.p[0] >= 0xa7 && in.p[0] <= 0xa9)
		return TPM_EVIDENCE_TYPE;
	return guess_broken(in);
}

int
offline_item_find(struct span bytes, const char *type, struct offline_item *ret,
    struct seal_diag *d)
{
	struct seal_diag why = { 0 };
	struct span in = bytes;

	if (in.n == 0)
		return seal_fail(d, SEAL_E_DECODE, "evidence: it is empty");
	wr_init_heap(&ret->decoded, LIMIT_FILE);
	if (undress(bytes, &ret->decoded))
		in = wr_view(&ret->decoded);
	if (type == NULL && cmw_parse(in, &ret->cmw, &why) == 0) {
		cmw_whole(&ret->cmw, in, &ret->type, &ret->value);
		return 0;
	}
	if (type == NULL && is_azure(in, &ret->opened)) {
		ret->type = span_str(CMW_TYPE);
		ret->value = wr_view(&ret->opened);
		return 0;
	}
	if (type == NULL && guess_result(&in, ret->guessed))
		type = ret->guessed;
	if (type == NULL && (type = guess_type(in)) == NULL) {
		seal_fail(d, SEAL_E_DECODE,
		    "evidence: neither a CMW nor a format we recognise (%s)",
		    why.text);
		seal_remedy(d, "give its media type with --type");
		return SEAL_E_DECODE;
	}
	ret->type = span_str(type);
	ret->value = in;
	return 0;
}

/* The binder to compare with, where the caller knows one. */
static int
args_binding(const struct seal_appraise_args *args, struct seal_binding *ret,
    struct seal_diag *d)
{
	static const uint8_t unknown[32];

	if (args->binder != NULL && args->nonce != NULL)
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "appraise: expected a binder or a nonce, found both");
	if (args->nonce != NULL)
		return binding_offline(span_of(args->nonce, args->nonce_n),
		    span_of(NULL, 0), ret, d);
	if (args->binder != NULL)
		return binding_replay(span_of(args->binder, args->binder_n),
		    span_of(NULL, 0), ret, d);
	/* Not compared: binder_known is false, and nothing is accepted. */
	return binding_replay(
	    span_of(unknown, sizeof(unknown)), span_of(NULL, 0), ret, d);
}

int
offline_prepare(const struct seal_appraise_args *args,
    struct offline_item *item, struct seal_binding *binding,
    struct appraisal_in *ret, struct seal_diag *d)
{
	int r;

	if ((r = offline_item_find(span_of(args->evidence, args->evidence_n),
		 args->type, item, d)) != 0 ||
	    (r = args_binding(args, binding, d)) != 0)
		return r;
	if (args->endorsements != NULL &&
	    (r = endorse_load(args->endorsements, &item->endorse, d)) != 0)
		return r;
	*ret = (struct appraisal_in){
		.media_type = item->type,
		.evidence = item->value,
		.expected = binding,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = args->unix_s,
		.endorse = item->endorse,
		.binder_known = args->binder != NULL || args->nonce != NULL,
	};
	return 0;
}

int
seal_appraise_offline(const struct seal_appraise_args *args,
    struct seal_verdict **ret, struct seal_diag *d)
{
	struct policy *policy = NULL;
	struct seal_verdict *v = NULL;
	struct seal_binding binding;
	struct offline_item item = { 0 };
	struct appraisal_in in;
	int r;

	if ((r = policy_load_file(args->policy_file, &policy, d)) != 0 ||
	    (r = offline_prepare(args, &item, &binding, &in, d)) != 0)
		goto out;
	if ((v = verdict_new()) == NULL) {
		r = seal_fail(d, SEAL_E_MEMORY, "appraise");
		goto out;
	}
	v->subject = "evidence";
	appraise(policy, &in, v);
	*ret = v;
out:
	offline_item_wipe(&item);
	policy_free(&policy);
	return r;
}

int
seal_policy_learn(const struct seal_appraise_args *args, char **ret,
    struct seal_verdict **ret_verdict, struct seal_diag *d)
{
	struct identity identity = { .mode = IDENTITY_NONE };
	struct seal_verdict *v = NULL;
	struct seal_binding binding;
	struct offline_item item = { 0 };
	struct appraisal_in in;
	int r;

	if ((r = offline_prepare(args, &item, &binding, &in, d)) != 0)
		goto out;
	if ((v = verdict_new()) == NULL) {
		r = seal_fail(d, SEAL_E_MEMORY, "learn");
		goto out;
	}
	v->subject = "evidence";
	r = appraise_observe(&in, &identity, v, ret, d);
	*ret_verdict = v;
out:
	offline_item_wipe(&item);
	return r;
}

/* ---- Policy ---- */

int
seal_policy_lint(const char *policy_file, struct seal_diag *d)
{
	struct policy *policy = NULL;
	int r = policy_load_file(policy_file, &policy, d);

	policy_free(&policy);
	return r;
}

/* What policy says of itself through tell. */
static int
policy_told(const char *policy_file,
    int (*tell)(const struct policy *p, struct wr *out), char **ret,
    struct seal_diag *d)
{
	struct policy *policy = NULL;
	struct wr out;
	int r;

	wr_init_heap(&out, LIMIT_JSON);
	if ((r = policy_load_file(policy_file, &policy, d)) == 0 &&
	    ((r = tell(policy, &out)) != 0 ||
		(r = wr_take_text(&out, ret)) != 0))
		seal_fail(d, r, "policy");
	wr_free(&out);
	policy_free(&policy);
	return r;
}

int
seal_policy_notes(const char *policy_file, char **ret, struct seal_diag *d)
{
	return policy_told(policy_file, policy_notes, ret, d);
}

int
seal_policy_explain(const char *policy_file, char **ret, struct seal_diag *d)
{
	return policy_told(policy_file, policy_explain, ret, d);
}
