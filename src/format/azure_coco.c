/* SPDX-License-Identifier: Apache-2.0 */
#include "format/azure.h"

#include <string.h>

#include "base/text.h"
#include "cbor/cbor.h"
#include "format/cmw.h"
#include "format/tpm_evidence.h"
#include "jose/json.h"

#define JSON_MAX 262144u /* bytes: arrays of numbers take room */
#define PCRS 24u
#define PCR 32u

/*
 * Two generations: bytes as arrays of numbers, or as text in hexadecimal (the
 * TPM's) and base64 (all else).
 */
struct parts {
	struct wr message, signature, hcl, td_quote, vcek, pcrs;
};

static bool
put_numbers(const json_t *list, struct wr *out)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *j = json_array_get(list, i);

		if (!json_is_integer(j) || json_integer_value(j) < 0 ||
		    json_integer_value(j) > UINT8_MAX)
			return false;
		wr_u8(out, (uint8_t)json_integer_value(j));
	}
	return out->error == 0;
}

static bool
put_bytes(const json_t *j, bool hex, struct wr *out)
{
	const char *text = json_string_value(j);

	if (text == NULL)
		return json_is_array(j) && put_numbers(j, out);
	return hex ? hex_decode(span_str(text), out)
		   : base64_decode(span_str(text), out);
}

/* PEM as it stands, or base64 of DER. */
static bool
put_certificate(const json_t *j, struct wr *out)
{
	const char *text = json_string_value(j);

	if (text == NULL)
		return false;
	if (strncmp(text, "-----", 5) != 0)
		return base64_decode(span_str(text), out);
	wr_bytes(out, span_str(text));
	return out->error == 0;
}

static bool
put_pcrs(const json_t *list, struct wr *out)
{
	if (json_array_size(list) != PCRS)
		return false;
	for (size_t i = 0; i < PCRS; i++)
		if (!put_bytes(json_array_get(list, i), true, out) ||
		    out->n != (i + 1) * PCR)
			return false;
	return true;
}

static bool
read_parts(const json_t *j, struct parts *p)
{
	const json_t *quote = json_object_get(j, "tpm_quote");
	const json_t *hcl = json_object_get(j, "hcl_report");
	const json_t *vcek = json_object_get(j, "vcek");
	const json_t *td = json_object_get(j, "td_quote");

	if (quote == NULL)
		quote = json_object_get(j, "quote");
	if (hcl == NULL)
		hcl = json_object_get(j, "report");
	return put_bytes(
		   json_object_get(quote, "message"), true, &p->message) &&
	       put_bytes(
		   json_object_get(quote, "signature"), true, &p->signature) &&
	       put_pcrs(json_object_get(quote, "pcrs"), &p->pcrs) &&
	       put_bytes(hcl, false, &p->hcl) &&
	       (td == NULL || put_bytes(td, false, &p->td_quote)) &&
	       (vcek == NULL || put_certificate(vcek, &p->vcek));
}

/* The quote, with the key that the JSON of the HCL report names for it. */
static int
write_quote(struct parts *p, struct span ak, struct wr *out)
{
	struct tpm_signature s = { .alg = TPM_ALG_RSASSA,
		.hash = TPM_ALG_SHA256,
		.sig = wr_view(&p->signature) };
	struct tpm_evidence e = { .quote = wr_view(&p->message),
		.ak_public = ak };
	uint8_t buf[LIMIT_SIGNATURE + 8];
	struct wr sig;

	wr_init(&sig, buf, sizeof(buf));
	tpm_signature_write(&sig, &s);
	if (sig.error != 0)
		return sig.error;
	e.quote_signature = wr_view(&sig);
	for (size_t i = 0; i < PCRS; i++)
		e.pcrs[e.n_pcrs++] =
		    (struct tpm_pcr_value){ .bank = TPM_ALG_SHA256,
			    .index = (uint8_t)i,
			    .value = span_of(p->pcrs.p + i * PCR, PCR) };
	return tpm_quote_evidence_write(out, &e);
}

static int
write_collection(struct parts *p, struct span platform, struct span quote,
    enum hcl_hardware hardware, struct wr *out)
{
	const struct cmw_item items[] = {
		{ .kind = CMW_COLLECTION },
		{ .kind = CMW_RECORD,
		    .depth = 1,
		    .label = span_str("platform"),
		    .media_type = span_str(
			hardware == HCL_TDX ? AZURE_TDX_TYPE : AZURE_SNP_TYPE),
		    .value = platform },
		{ .kind = CMW_RECORD,
		    .depth = 1,
		    .label = span_str("tpm"),
		    .media_type = span_str(TPM_QUOTE_TYPE),
		    .value = quote },
		{ .kind = CMW_RECORD,
		    .depth = 1,
		    .label = span_str("vcek"),
		    .media_type = span_str("application/pkix-cert"),
		    .value = wr_view(&p->vcek),
		    .ind = CMW_IND_ENDORSEMENTS },
	};

	return cmw_write_cbor(out, items, p->vcek.n > 0 ? 4 : 3);
}

static int
write_all(struct parts *p, struct wr *out, struct seal_diag *d)
{
	uint8_t spki[LIMIT_SPKI];
	struct hcl_report h;
	struct wr ak, platform, quote;
	int r;

	if ((r = hcl_parse(wr_view(&p->hcl), &h, d)) != 0)
		return r;
	wr_init(&ak, spki, sizeof(spki));
	wr_init_heap(&platform, LIMIT_CMW);
	wr_init_heap(&quote, LIMIT_CMW);
	if ((r = hcl_ak(h.json, &ak, d)) == 0 &&
	    ((r = azure_member_write(
		  &platform, wr_view(&p->hcl), wr_view(&p->td_quote))) != 0 ||
		(r = write_quote(p, wr_view(&ak), &quote)) != 0 ||
		(r = write_collection(p, wr_view(&platform), wr_view(&quote),
		     h.hardware, out)) != 0))
		seal_fail(d, r, "Azure Evidence: larger than a CMW may be");
	wr_free(&platform);
	wr_free(&quote);
	return r;
}

int
azure_coco_read(struct span json, struct wr *out, struct seal_diag *d)
{
	struct parts p;
	json_t *j = NULL;
	int r;

	if ((r = json_read_object(json, JSON_MAX, "Azure Evidence", &j, d)) !=
	    0)
		return r;
	wr_init_heap(&p.message, LIMIT_CMW);
	wr_init_heap(&p.signature, LIMIT_CMW);
	wr_init_heap(&p.hcl, LIMIT_CMW);
	wr_init_heap(&p.td_quote, LIMIT_CMW);
	wr_init_heap(&p.vcek, LIMIT_CMW);
	wr_init_heap(&p.pcrs, (size_t)PCRS * PCR);
	r = read_parts(j, &p)
		? write_all(&p, out, d)
		: seal_fail(d, SEAL_E_DECODE,
		      "Azure Evidence: expected a TPM quote and an HCL report");
	wr_free(&p.message);
	wr_free(&p.signature);
	wr_free(&p.hcl);
	wr_free(&p.td_quote);
	wr_free(&p.vcek);
	wr_free(&p.pcrs);
	json_decref(j);
	return r;
}
