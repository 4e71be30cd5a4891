/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/text.h"
#include "cose/cose.h"
#include "format/cca.h"
#include "format/azure.h"
#include "format/cmw.h"
#include "format/ear.h"
#include "format/eat.h"
#include "format/nitro.h"
#include "format/nvidia.h"
#include "format/quote.h"
#include "format/snp.h"
#include "format/svsm.h"
#include "format/tar.h"
#include "format/tpm_evidence.h"
#include "format/tsm_report.h"
#include "lib/inspect.h"

#define SHOWN_MAX 1048576u /* bytes of diagnostic notation */

static json_t *
diagnostic(struct span in)
{
	char *text = NULL;
	json_t *j = NULL;
	struct wr w;

	wr_init_heap(&w, SHOWN_MAX);
	if (cbor_diagnose(in, &w, 0) == 0 && wr_take_text(&w, &text) == 0)
		j = json_string(text);
	free(text);
	wr_free(&w);
	return j;
}

json_t *
inspect_cbor(struct span in, struct seal_diag *d)
{
	json_t *text, *o;
	struct rd r;

	rd_init(&r, in);
	if (!cbor_item(&r, NULL) || !rd_end(&r) ||
	    (text = diagnostic(in)) == NULL) {
		seal_fail(d, SEAL_E_DECODE, "expected one CBOR item");
		return NULL;
	}
	o = json_object();
	json_object_set_new(o, "diagnostic", text);
	return o;
}

json_t *
inspect_cose(struct span in, struct seal_diag *d)
{
	struct cose_sign1 s;
	json_t *o, *payload;

	if (cose_sign1_parse(in, &s, d) != 0)
		return NULL;
	o = json_object();
	json_object_set_new(
	    o, "algorithm", json_string(sig_name(cose_alg_to_scheme(s.alg))));
	tree_hex(o, "kid", s.kid);
	if ((payload = inspect_cbor(s.payload, NULL)) != NULL)
		json_object_set_new(o, "claims", payload);
	else
		tree_hex(o, "payload", s.payload);
	tree_hex(o, "signature", s.signature);
	return o;
}

/* Evidence that is no document around another. */
static json_t *
tree_bare(struct span media_type, struct span value)
{
	bool cwt = false;

	if (media_type_equal(media_type, span_str(TPM_EVIDENCE_TYPE)))
		return inspect_tpm_evidence(value, NULL);
	if (media_type_equal(media_type, span_str(NITRO_TYPE)))
		return inspect_nitro(value, NULL);
	if (media_type_equal(media_type, span_str(SNP_TYPE)))
		return inspect_snp(value, NULL);
	if (media_type_equal(media_type, span_str(SVSM_TYPE)))
		return inspect_svsm(value, NULL);
	if (media_type_equal(media_type, span_str(QUOTE_TDX_TYPE)) ||
	    media_type_equal(media_type, span_str(QUOTE_SGX_TYPE)))
		return inspect_quote(value, NULL);
	if (media_type_equal(media_type, span_str(NVIDIA_TYPE)))
		return inspect_nvidia(value, NULL);
	if (media_type_equal(media_type, span_str(NVIDIA_JSON_TYPE)))
		return inspect_nvidia_json(value, NULL);
	if (media_type_equal(media_type, span_str(AZURE_SNP_TYPE)) ||
	    media_type_equal(media_type, span_str(AZURE_TDX_TYPE)))
		return inspect_azure_member(value, NULL);
	if (media_type_equal(media_type, span_str(TAR_COLLATERAL_TYPE)))
		return inspect_pack(value, NULL);
	if (psa_takes(media_type))
		return inspect_psa(value, NULL);
	if (cca_takes(media_type))
		return inspect_cca(value, NULL);
	if (media_type_equal(media_type, span_str(EAT_SOFT_TYPE)))
		return inspect_cose(value, NULL);
	if (ear_media_type(media_type, &cwt) != NULL)
		return cwt ? inspect_ear_cwt(value, NULL)
			   : inspect_ear_jwt(value, NULL);
	return NULL;
}

/* What the guest's platform said, as what it is. */
json_t *
inspect_tsm(struct span in, struct seal_diag *d)
{
	struct tsm_report r;
	json_t *o, *inner;
	struct wr w;

	if (tsm_report_parse(in, span_of(NULL, 0), &r, d) != 0)
		return NULL;
	o = json_object();
	tree_text(o, "provider", "%s (%s)", r.kind->provider, r.kind->what);
	wr_init_heap(&w, TSM_REPORT_MAX);
	tsm_report_evidence(&r, &w);
	inner = tree_bare(span_str(r.kind->media_type), wr_view(&w));
	if (inner != NULL)
		json_object_set_new(o, "evidence", inner);
	else
		tree_hex(o, "evidence", wr_view(&w));
	wr_free(&w);
	tsm_report_wipe(&r);
	return o;
}

/* Evidence by its media type; NULL where none of ours. */
static json_t *
tree_evidence(struct span media_type, struct span value)
{
	return tsm_report_takes(media_type) ? inspect_tsm(value, NULL)
					    : tree_bare(media_type, value);
}

static json_t *
tree_item(const struct cmw_item *item)
{
	json_t *o = json_object(), *inner;
	char shown[256];

	if (item->label.n > 0)
		json_object_set_new(o, "label",
		    json_string(text_safe(item->label, shown, sizeof(shown))));
	if (item->depth > 0)
		tree_int(o, "depth", item->depth);
	if (item->kind == CMW_COLLECTION) {
		json_object_set_new(o, "kind", json_string("collection"));
		return o;
	}
	json_object_set_new(o, "media type",
	    json_string(text_safe(item->media_type, shown, sizeof(shown))));
	if (item->has_content_format)
		tree_int(o, "content format", item->content_format);
	if (item->ind != 0)
		tree_int(o, "indicator", item->ind);
	inner = tree_evidence(item->media_type, item->value);
	if (inner != NULL)
		json_object_set_new(o, "value", inner);
	else
		tree_hex(o, "value", item->value);
	return o;
}

json_t *
inspect_cmw(struct span in, struct seal_diag *d)
{
	struct cmw cmw;
	json_t *o, *items;

	if (cmw_parse(in, &cmw, d) != 0)
		return NULL;
	o = json_object();
	items = json_array();
	for (size_t i = 0; i < cmw.n; i++)
		json_array_append_new(items, tree_item(&cmw.items[i]));
	json_object_set_new(o, "items", items);
	cmw_free(&cmw);
	return o;
}
