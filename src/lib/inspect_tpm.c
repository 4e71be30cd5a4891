/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "format/tpm_evidence.h"
#include "lib/inspect.h"

static void
tree_alg(json_t *o, const char *key, uint16_t alg)
{
	static const struct {
		uint16_t alg;
		const char *name;
	} names[] = {
		{ TPM_ALG_RSA, "RSA" },
		{ TPM_ALG_SHA1, "SHA-1" },
		{ TPM_ALG_SHA256, "SHA-256" },
		{ TPM_ALG_SHA384, "SHA-384" },
		{ TPM_ALG_SHA512, "SHA-512" },
		{ TPM_ALG_NULL, "none fixed" },
		{ TPM_ALG_RSASSA, "RSASSA" },
		{ TPM_ALG_RSAPSS, "RSAPSS" },
		{ TPM_ALG_ECDSA, "ECDSA" },
		{ TPM_ALG_ECC, "ECC" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].alg != alg)
			continue;
		tree_text(o, key, "%s (0x%04x)", names[i].name, alg);
		return;
	}
	tree_text(o, key, "0x%04x", alg);
}

static void
tree_selection(json_t *o, const struct tpm_attest *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->n_selection; i++) {
		json_t *pcrs = json_array(), *s = json_object();

		for (unsigned n = 0; n < TPM_PCRS; n++) {
			if ((a->selection[i].pcrs >> n & 1) != 0)
				json_array_append_new(pcrs, json_integer(n));
		}
		tree_alg(s, "bank", a->selection[i].bank);
		json_object_set_new(s, "pcrs", pcrs);
		json_array_append_new(list, s);
	}
	json_object_set_new(o, "selection", list);
}

json_t *
inspect_tpm_attest(struct span in, struct seal_diag *d)
{
	struct tpm_attest a;
	json_t *o;

	if (tpm_attest_parse(in, &a, d) != 0)
		return NULL;
	o = json_object();
	tree_text(o, "type", "%s (0x%04x)",
	    a.type == TPM_ST_QUOTE ? "quote" : "certify", a.type);
	tree_hex(o, "qualifiedSigner", a.qualified_signer);
	tree_hex(o, "extraData", a.extra_data);
	tree_int(o, "clock", (int64_t)a.clock);
	tree_int(o, "resetCount", a.reset_count);
	tree_int(o, "restartCount", a.restart_count);
	tree_int(o, "safe", a.safe);
	tree_text(
	    o, "firmwareVersion", "%016llx", (unsigned long long)a.firmware);
	if (a.type == TPM_ST_QUOTE) {
		tree_selection(o, &a);
		tree_hex(o, "pcrDigest", a.pcr_digest);
	} else {
		tree_hex(o, "name", a.name);
		tree_hex(o, "qualifiedName", a.qualified_name);
	}
	return o;
}

static void
tree_attributes(json_t *o, uint32_t attributes)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
		{ TPM_FIXED_TPM, "fixedTPM" },
		{ TPM_FIXED_PARENT, "fixedParent" },
		{ TPM_SENSITIVE_DATA_ORIGIN, "sensitiveDataOrigin" },
		{ TPM_USER_WITH_AUTH, "userWithAuth" },
		{ TPM_NO_DA, "noDA" },
		{ TPM_ENCRYPTED_DUPLICATION, "encryptedDuplication" },
		{ TPM_RESTRICTED, "restricted" },
		{ TPM_DECRYPT, "decrypt" },
		{ TPM_SIGN, "sign" },
	};
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((attributes & names[i].bit) != 0)
			json_array_append_new(list, json_string(names[i].name));
	}
	tree_text(o, "attributes", "0x%08x", attributes);
	json_object_set_new(o, "attributes set", list);
}

json_t *
inspect_tpm_public(struct span in, struct seal_diag *d)
{
	uint8_t name[2 + HASH_MAX], spki[LIMIT_SPKI];
	struct tpm_public p;
	struct wr w;
	json_t *o;

	if (tpm_public_parse(in, &p, d) != 0)
		return NULL;
	o = json_object();
	tree_alg(o, "type", p.type);
	tree_alg(o, "nameAlg", p.name_alg);
	tree_attributes(o, p.attributes);
	tree_hex(o, "authPolicy", p.auth_policy);
	tree_alg(o, "scheme", p.scheme);
	if (p.type == TPM_ALG_RSA) {
		tree_int(o, "bits", p.bits);
		tree_int(o, "exponent", p.exponent);
		tree_hex(o, "modulus", p.modulus);
	} else {
		tree_hex(o, "x", p.x);
		tree_hex(o, "y", p.y);
	}
	wr_init(&w, name, sizeof(name));
	if (tpm_public_name(&p, &w, NULL) == 0)
		tree_hex(o, "name", wr_view(&w));
	wr_init(&w, spki, sizeof(spki));
	if (tpm_public_spki(&p, &w, NULL) == 0)
		tree_sha256(o, "spki sha256", wr_view(&w));
	return o;
}

json_t *
inspect_tpm_signature(struct span in, struct seal_diag *d)
{
	struct tpm_signature s;
	json_t *o;

	if (tpm_signature_parse(in, &s, d) != 0)
		return NULL;
	o = json_object();
	tree_alg(o, "algorithm", s.alg);
	tree_alg(o, "hash", s.hash);
	if (s.alg == TPM_ALG_ECDSA) {
		tree_hex(o, "r", s.r);
		tree_hex(o, "s", s.s);
	} else {
		tree_hex(o, "signature", s.sig);
	}
	return o;
}

/* A part that does not parse is shown as its bytes and the reason. */
static void
tree_part(json_t *o, const char *key, struct span in,
    json_t *(*decode)(struct span, struct seal_diag *))
{
	struct seal_diag why = { 0 };
	json_t *part = decode(in, &why);

	if (part == NULL) {
		part = json_object();
		json_object_set_new(part, "malformed", json_string(why.text));
		tree_hex(part, "bytes", in);
	}
	json_object_set_new(o, key, part);
}

json_t *
inspect_tpm_evidence(struct span in, struct seal_diag *d)
{
	struct tpm_evidence e;
	json_t *o, *pcrs;

	if (tpm_evidence_parse(in, &e, d) != 0)
		return NULL;
	o = json_object();
	tree_part(o, "quote", e.quote, inspect_tpm_attest);
	tree_part(
	    o, "quote signature", e.quote_signature, inspect_tpm_signature);
	tree_part(o, "certify", e.certify, inspect_tpm_attest);
	tree_part(
	    o, "certify signature", e.certify_signature, inspect_tpm_signature);
	tree_part(o, "subject key", e.subject_public, inspect_tpm_public);
	tree_part(o, "attestation key", e.ak_public, inspect_tpm_public);
	pcrs = json_object();
	for (size_t i = 0; i < e.n_pcrs; i++) {
		char key[32];

		snprintf(key, sizeof(key), "%s:%u",
		    hash_name(tpm_hash(e.pcrs[i].bank)), e.pcrs[i].index);
		tree_hex(pcrs, key, e.pcrs[i].value);
	}
	json_object_set_new(o, "pcrs", pcrs);
	tree_int(o, "attestation key certificates", (int64_t)e.n_ak_chain);
	if (e.event_log.n > 0)
		tree_part(o, "event log", e.event_log, inspect_eventlog);
	if (e.ima_log.n > 0)
		tree_part(o, "ima list", e.ima_log, inspect_ima);
	return o;
}
