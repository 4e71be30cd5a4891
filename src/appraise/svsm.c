/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that attests through the SVSM it runs under: the report is the
 * SVSM's, of VMPL 0, and its report data are a hash over what the guest asked
 * for and the manifest beside it. All else is as of SEV-SNP.
 */
#include "appraise/svsm.h"

#include <inttypes.h>
#include <stdio.h>

/* Below VMPL 0 anybody may have any hash signed, of a made-up manifest too:
 * only the SVSM's own level says that the SVSM made it. */
static bool
check_vmpl(const struct snp_facts *f, struct seal_verdict *v)
{
	char got[32];

	snprintf(got, sizeof(got), "VMPL %" PRIu32, f->report.vmpl);
	return verdict_check(v, "svsm.vmpl", f->report.vmpl == 0,
	    SEAL_E_EVIDENCE, "VMPL 0, the SVSM's own", got,
	    "what asked was not the SVSM: look for what stands between");
}

static void
claim_services(const struct svsm_services *s, struct seal_verdict *v)
{
	char guid[SVSM_GUID_TEXT], name[64];
	uint8_t digest[HASH_MAX];

	for (size_t i = 0; i < s->n; i++) {
		snprintf(name, sizeof(name), "svsm.service.%s",
		    svsm_guid_text(s->of[i].guid, guid));
		if (hash_one(HASH_SHA256, s->of[i].manifest, digest, NULL) == 0)
			verdict_claim_hex(v, name, span_of(digest, 32));
	}
}

static bool
claim(struct span manifest, struct seal_verdict *v)
{
	struct svsm_services s;
	uint8_t digest[HASH_MAX];
	int r = hash_one(HASH_SHA256, manifest, digest, NULL);

	if (r != 0)
		return verdict_check(v, "svsm.manifest", false, r, NULL,
		    "cannot be computed", NULL);
	verdict_claim_hex(v, "svsm.manifest", span_of(digest, 32));
	if (svsm_services_parse(manifest, &s, NULL) == 0)
		claim_services(&s, v);
	return true;
}

int
svsm_verify(
    const struct appraisal_in *in, struct findings *ret, struct seal_verdict *v)
{
	struct appraisal_in part = *in;
	struct svsm_evidence e = { 0 };
	struct snp_facts *facts;
	struct seal_diag d = { 0 };
	int r = svsm_evidence_parse(in->evidence, &e, &d);

	ret->debug = true; /* until the report says otherwise */
	if (!verdict_check(v, "svsm.form", r == 0, r,
		"an SNP report and an SVSM's manifest", d.text, NULL))
		return r;
	part.media_type = span_str(SNP_TYPE);
	part.evidence = e.snp;
	if ((r = appraiser_snp.verify(&part, ret, v)) != 0)
		return r;
	facts = ret->facts;
	facts->manifest = e.manifest;
	ret->hashed_with = e.manifest;
	if (!check_vmpl(facts, v))
		return SEAL_E_EVIDENCE;
	return claim(e.manifest, v) ? 0 : SEAL_E_CRYPTO;
}
