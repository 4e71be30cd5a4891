/* SPDX-License-Identifier: Apache-2.0 */
/* What confidential VMs of Azure and NVIDIA GPUs send. */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "format/azure.h"
#include "format/nvidia.h"
#include "lib/inspect.h"

/* ---- Azure ---- */

static json_t *
tree_hcl(const struct hcl_report *h)
{
	json_t *o = json_object(), *data, *hardware = NULL;
	uint8_t spki[LIMIT_SPKI];
	struct wr ak;

	tree_text(o, "hardware", "%s",
	    h->hardware == HCL_SNP ? "SEV-SNP" : "TDX (a TDREPORT)");
	if (h->hardware == HCL_SNP)
		hardware = inspect_snp(h->report, NULL);
	if (hardware != NULL)
		json_object_set_new(o, "report", hardware);
	else
		tree_hex(o, "report", h->report);
	tree_sha256(o, "SHA-256 of the data (to be the report data)", h->json);
	wr_init(&ak, spki, sizeof(spki));
	if (hcl_ak(h->json, &ak, NULL) != 0) {
		tree_hex(o, "data, without a quoting key", h->json);
		return o;
	}
	tree_sha256(o, "quoting key SHA-256", wr_view(&ak));
	/* Read before, and so of bounded depth. */
	data = json_loadb((const char *)h->json.p, h->json.n, 0, NULL);
	if (data != NULL)
		json_object_set_new(o, "data", data);
	return o;
}

json_t *
inspect_hcl(struct span in, struct seal_diag *d)
{
	struct hcl_report h;

	return hcl_parse(in, &h, d) == 0 ? tree_hcl(&h) : NULL;
}

json_t *
inspect_azure_member(struct span in, struct seal_diag *d)
{
	struct azure_member m;
	json_t *o, *quote;

	if (azure_member_parse(in, &m, d) != 0)
		return NULL;
	o = tree_hcl(&m.report);
	if (m.td_quote.n > 0 &&
	    (quote = inspect_quote(m.td_quote, NULL)) != NULL)
		json_object_set_new(o, "TD quote", quote);
	return o;
}

json_t *
inspect_azure(struct span in, struct seal_diag *d)
{
	json_t *o = NULL;
	struct wr w;

	if (in.n == 0 || in.p[0] != '{') {
		seal_fail(d, SEAL_E_DECODE, "expected JSON");
		return NULL;
	}
	wr_init_heap(&w, LIMIT_FILE);
	if (azure_coco_read(in, &w, d) == 0)
		o = inspect_cmw(wr_view(&w), d);
	wr_free(&w);
	return o;
}

/* ---- NVIDIA ---- */

static json_t *
tree_measurements(const struct nvidia_report *r)
{
	json_t *o = json_object();
	char key[8];

	for (size_t i = 0; i < NVIDIA_BLOCKS; i++) {
		if (r->measurement[i].n == 0)
			continue;
		snprintf(key, sizeof(key), "%zu", i);
		tree_hex(o, key, r->measurement[i]);
	}
	return o;
}

json_t *
inspect_nvidia(struct span in, struct seal_diag *d)
{
	struct nvidia_report *r = calloc(1, sizeof(*r));
	json_t *o = NULL;
	char text[64];

	if (r == NULL || nvidia_parse(in, r, d) != 0)
		goto out;
	o = json_object();
	tree_text(o, "signatures", "not checked here");
	tree_hex(o, "nonce", r->nonce);
	tree_text(o, "driver", "%s", text_safe(r->driver, text, sizeof(text)));
	if (nvidia_vbios_text(r->vbios, text, sizeof(text)))
		tree_text(o, "VBIOS", "%s", text);
	tree_hex(o, "firmware id", r->fwid);
	json_object_set_new(o, "measurements", tree_measurements(r));
out:
	free(r);
	return o;
}

json_t *
inspect_nvidia_json(struct span in, struct seal_diag *d)
{
	struct wr report, chain;
	json_t *o = NULL;

	wr_init_heap(&report, NVIDIA_REPORT_MAX);
	wr_init_heap(&chain, NVIDIA_JSON_MAX);
	if (nvidia_json_read(in, &report, &chain, d) == 0)
		o = inspect_nvidia(wr_view(&report), d);
	wr_free(&report);
	wr_free(&chain);
	return o;
}
