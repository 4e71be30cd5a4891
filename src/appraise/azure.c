/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/azure.h"

#include "format/quote.h"
#include "format/snp.h"

/*
 * The hardware half of a confidential VM of Azure: a report of SEV-SNP or a TD
 * quote, whose report data are no binder but the hash of JSON, which names the
 * key that the VM's virtual TPM quotes with. So it is of use only in a
 * collection, beside a quote by that key which carries the binder; all else is
 * as of the hardware's own Evidence, rules included.
 */

/* The signed field is to be the JSON's hash; the core compares. */
static int
link_key(
    const struct azure_member *m, struct findings *ret, struct seal_verdict *v)
{
	struct seal_diag d = { 0 };
	struct wr ak;
	int r;

	wr_init(&ak, ret->linked_spki, sizeof(ret->linked_spki));
	r = hcl_ak(m->report.json, &ak, &d);
	if (!verdict_check(v, "azure.ak", r == 0, r,
		"the quoting key of the virtual TPM", d.text, NULL))
		return r;
	ret->n_linked_spki = ak.n;
	ret->linked = m->report.json;
	ret->subject_by_binder = false;
	return 0;
}

static int
verify_as(const struct appraiser *hardware, enum hcl_hardware want,
    const struct appraisal_in *in, struct findings *ret, struct seal_verdict *v)
{
	struct appraisal_in part = *in;
	struct seal_diag d = { 0 };
	struct azure_member m;
	bool same;
	int r = azure_member_parse(in->evidence, &m, &d);

	ret->debug = true; /* until the hardware says otherwise */
	if (!verdict_check(v, "azure.form", r == 0, r,
		"an HCL report of a confidential VM", d.text, NULL))
		return r;
	same = m.report.hardware == want;
	if (!verdict_check(v, "azure.hardware", same, SEAL_E_EVIDENCE,
		hardware->name, same ? NULL : "other hardware", NULL))
		return SEAL_E_EVIDENCE;
	part.media_type = span_str(hardware->media_type);
	part.evidence = want == HCL_TDX ? m.td_quote : m.report.report;
	if ((r = hardware->verify(&part, ret, v)) != 0)
		return r;
	return link_key(&m, ret, v);
}

int
azure_verify_snp(
    const struct appraisal_in *in, struct findings *ret, struct seal_verdict *v)
{
	return verify_as(&appraiser_snp, HCL_SNP, in, ret, v);
}

int
azure_verify_tdx(
    const struct appraisal_in *in, struct findings *ret, struct seal_verdict *v)
{
	return verify_as(&appraiser_tdx, HCL_TDX, in, ret, v);
}
