/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/inspect.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sealtls/tools.h>

#include "base/limits.h"
#include "base/text.h"
#include "base/wr.h"
#include "crypto/hash.h"
#include "lib/undress.h"

/* The strictest formats first: each refuses what is not its own. */
const struct inspector inspectors[] = {
	{ "tpm-evidence", "TPM Evidence (SEAL container)",
	    inspect_tpm_evidence },
	{ "tpm-attest", "TPMS_ATTEST", inspect_tpm_attest },
	{ "tpm-public", "TPMT_PUBLIC", inspect_tpm_public },
	{ "tpm-signature", "TPMT_SIGNATURE", inspect_tpm_signature },
	{ "quote", "Quote of Intel TDX or SGX", inspect_quote },
	{ "collateral", "Collateral of Intel TDX or SGX", inspect_collateral },
	{ "pack", "Collateral in a pack", inspect_pack },
	{ "snp", "SEV-SNP report", inspect_snp },
	{ "svsm", "Report of an SVSM over SEV-SNP", inspect_svsm },
	{ "tsm", "Report of configfs-tsm", inspect_tsm },
	{ "snp-table", "SEV-SNP certificate table", inspect_snp_table },
	{ "snp-cert", "Certificate of an SEV-SNP key", inspect_snp_cert },
	{ "crl", "Certificate revocation list", inspect_crl },
	{ "cert", "Certificates", inspect_cert },
	{ "key", "Public key", inspect_key },
	{ "ccel", "Event log of a confidential VM (CCEL)", inspect_ccel },
	{ "eventlog", "TCG event log", inspect_eventlog },
	{ "ima", "IMA measurement list", inspect_ima },
	{ "nitro", "Attestation document of an AWS Nitro Enclave",
	    inspect_nitro },
	{ "psa", "PSA attestation token (RFC 9783)", inspect_psa },
	{ "cca", "Arm CCA attestation token", inspect_cca },
	{ "hcl", "HCL report of a confidential VM of Azure", inspect_hcl },
	{ "azure", "Evidence of a confidential VM of Azure", inspect_azure },
	{ "nvidia", "Attestation report of an NVIDIA GPU", inspect_nvidia },
	{ "nvidia-json", "Evidence of an NVIDIA GPU", inspect_nvidia_json },
	{ "cmw", "CMW (RFC 9999)", inspect_cmw },
	{ "corim", "CoRIM", inspect_corim },
	{ "comid", "CoMID", inspect_comid },
	{ "ear-jwt", "Attestation Result (EAR) in a JWT", inspect_ear_jwt },
	{ "ear-cwt", "Attestation Result (EAR) in a CWT", inspect_ear_cwt },
	{ "eat", "EAT in COSE_Sign1", inspect_cose },
	{ "request", "Authenticator request (RFC 9261)", inspect_request },
	{ "authenticator", "Exported authenticator (RFC 9261)",
	    inspect_authenticator },
	{ "cbor", "CBOR", inspect_cbor },
	{ NULL },
};

const char *const *
seal_inspect_types(void)
{
	static const char *const names[] = { "tpm-evidence", "tpm-attest",
		"tpm-public", "tpm-signature", "quote", "collateral", "pack",
		"snp", "svsm", "tsm", "snp-table", "snp-cert", "crl", "cert",
		"key", "ccel", "eventlog", "ima", "nitro", "psa", "cca", "hcl",
		"azure", "nvidia", "nvidia-json", "cmw", "corim", "comid",
		"ear-jwt", "ear-cwt", "eat", "request", "authenticator", "cbor",
		NULL };

	return names;
}

/* ---- Builders ---- */

void
tree_hex(json_t *o, const char *key, struct span s)
{
	struct wr w;
	char *text = NULL;

	wr_init_heap(&w, 2 * LIMIT_FILE + 1);
	wr_hex(&w, s);
	if (wr_take_text(&w, &text) == 0)
		json_object_set_new(o, key, json_string(text));
	free(text);
	wr_free(&w);
}

void
tree_sha256(json_t *o, const char *key, struct span s)
{
	uint8_t digest[HASH_MAX];

	if (hash_one(HASH_SHA256, s, digest, NULL) == 0)
		tree_hex(o, key, span_of(digest, hash_size(HASH_SHA256)));
}

void
tree_text(json_t *o, const char *key, const char *fmt, ...)
{
	va_list ap;
	json_t *s;

	va_start(ap, fmt);
	s = json_vsprintf(fmt, ap);
	va_end(ap);
	json_object_set_new(o, key, s);
}

void
tree_int(json_t *o, const char *key, int64_t v)
{
	json_object_set_new(o, key, json_integer(v));
}

void
tree_time(json_t *o, const char *key, int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm = { 0 };
	char text[32];

	if (gmtime_r(&t, &tm) != NULL &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
		tree_text(o, key, "%s", text);
}

/* ---- Text form ---- */

struct frame {
	json_t *at;
	void *iter;
	size_t index;
};

static void
text_line(struct wr *out, size_t depth, const char *key, const char *value)
{
	for (size_t i = 0; i < depth; i++)
		wr_bytes(out, span_str("  "));
	wr_bytes(out, span_str(key));
	wr_bytes(out, span_str(":"));
	if (value != NULL) {
		wr_bytes(out, span_str(" "));
		wr_bytes(out, span_str(value));
	}
	wr_bytes(out, span_str("\n"));
}

static void
text_leaf(struct wr *out, size_t depth, const char *key, const json_t *v)
{
	char number[32];

	if (json_is_string(v)) {
		text_line(out, depth, key, json_string_value(v));
	} else if (json_is_integer(v)) {
		snprintf(number, sizeof(number), "%lld",
		    (long long)json_integer_value(v));
		text_line(out, depth, key, number);
	} else {
		text_line(out, depth, key, json_is_true(v) ? "true" : "false");
	}
}

static json_t *
frame_next(struct frame *f, char index[24], const char **ret_key)
{
	json_t *v;

	if (json_is_array(f->at)) {
		snprintf(index, 24, "%zu", f->index);
		*ret_key = index;
		return json_array_get(f->at, f->index++);
	}
	f->iter = f->iter == NULL ? json_object_iter(f->at)
				  : json_object_iter_next(f->at, f->iter);
	if (f->iter == NULL)
		return NULL;
	*ret_key = json_object_iter_key(f->iter);
	v = json_object_iter_value(f->iter);
	return v;
}

/* Draws a tree that we built ourselves; its depth is bounded by that. */
static void
tree_draw(json_t *root, struct wr *out)
{
	struct frame stack[LIMIT_DEPTH] = { { .at = root } };
	size_t depth = 1;

	while (depth > 0) {
		const char *key = NULL;
		char index[24];
		json_t *v = frame_next(&stack[depth - 1], index, &key);

		if (v == NULL) {
			depth--;
		} else if (!json_is_object(v) && !json_is_array(v)) {
			text_leaf(out, depth - 1, key, v);
		} else {
			text_line(out, depth - 1, key, NULL);
			if (depth < LIMIT_DEPTH)
				stack[depth++] = (struct frame){ .at = v };
		}
	}
}

static int
tree_finish(json_t *tree, int as_json, char **ret, struct seal_diag *d)
{
	struct wr out;
	int r = 0;

	if (as_json) {
		*ret = json_dumps(tree, JSON_INDENT(2));
		return *ret != NULL ? 0
				    : seal_fail(d, SEAL_E_MEMORY, "inspect");
	}
	wr_init_heap(&out, 4 * LIMIT_FILE);
	tree_draw(tree, &out);
	if ((r = wr_take_text(&out, ret)) != 0)
		seal_fail(d, r, "inspect: too large to show");
	wr_free(&out);
	return r;
}

/* ---- Which format ---- */

static json_t *
inspect_bytes(struct span in, const char *type, struct seal_diag *d)
{
	bool known = false;

	for (const struct inspector *i = inspectors; i->name != NULL; i++) {
		struct seal_diag why = { 0 };
		json_t *tree;

		if (type != NULL && strcmp(type, i->name) != 0)
			continue;
		known = true;
		if ((tree = i->decode(in, &why)) != NULL) {
			json_t *o = json_object();

			json_object_set_new(o, "format", json_string(i->what));
			json_object_update(o, tree);
			json_decref(tree);
			return o;
		}
		if (type != NULL)
			seal_fail(
			    d, SEAL_E_DECODE, "not %s: %s", i->what, why.text);
	}
	if (!known) {
		seal_fail(
		    d, SEAL_E_ARGUMENT, "inspect: unknown type '%.40s'", type);
		return NULL;
	}
	if (type == NULL) {
		seal_fail(
		    d, SEAL_E_DECODE, "inspect: none of the known formats");
		seal_remedy(
		    d, "name the format with --type to see why it fails");
	}
	return NULL;
}

int
seal_inspect(const void *in, size_t n, const char *type, int as_json,
    char **ret, struct seal_diag *d)
{
	struct span bytes = span_of(in, n);
	struct seal_diag first = { 0 };
	struct wr decoded;
	json_t *tree;
	int r;

	if (n > LIMIT_FILE)
		return seal_fail(d, SEAL_E_LIMIT,
		    "inspect: larger than %u bytes", LIMIT_FILE);
	/* They would be an old event log, of events that say nothing. */
	if (type == NULL && span_is_zero(bytes))
		return seal_fail(d, SEAL_E_DECODE,
		    "inspect: expected a format, found %zu zeros", n);
	wr_init_heap(&decoded, LIMIT_FILE);
	tree = inspect_bytes(bytes, type, &first);
	if (tree == NULL && undress(bytes, &decoded)) {
		seal_diag_clear(&first);
		tree = inspect_bytes(wr_view(&decoded), type, &first);
	}
	if (tree == NULL) {
		r = seal_fail(d, first.code, "%s", first.text);
		if (first.remedy[0] != '\0')
			seal_remedy(d, "%s", first.remedy);
	} else {
		r = tree_finish(tree, as_json, ret, d);
	}
	json_decref(tree);
	wr_free(&decoded);
	return r;
}
