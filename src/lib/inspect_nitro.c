/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/text.h"
#include "format/nitro.h"
#include "lib/inspect.h"

/* What AWS extends them with; the others are the enclave's own to use. */
static const char *
pcr_meaning(size_t i)
{
	switch (i) {
	case 0:
		return "image";
	case 1:
		return "kernel and boot";
	case 2:
		return "application";
	case 3:
		return "IAM role of the parent";
	case 4:
		return "instance id of the parent";
	case 8:
		return "signer of the image";
	default:
		return NULL;
	}
}

static json_t *
tree_pcrs(const struct nitro *n)
{
	json_t *o = json_object();
	char key[64];

	for (size_t i = 0; i < NITRO_PCRS; i++) {
		const char *meaning = pcr_meaning(i);

		if (n->pcr[i].n == 0)
			continue;
		snprintf(key, sizeof(key), "%zu%s%s%s", i,
		    meaning != NULL ? " (" : "", meaning != NULL ? meaning : "",
		    meaning != NULL ? ")" : "");
		if (nitro_pcr_zero(n->pcr[i]))
			tree_text(o, key, "zeros");
		else
			tree_hex(o, key, n->pcr[i]);
	}
	return o;
}

static json_t *
tree_certificate(struct span der)
{
	json_t *o = json_object();
	struct cert_parts parts;
	struct cert *c = NULL;

	if (cert_parse(der, &c, NULL) != 0 || !cert_parts_read(der, &parts)) {
		tree_hex(o, "unreadable", der);
		cert_unref(&c);
		return o;
	}
	tree_hex(o, "serial", parts.serial);
	tree_time(o, "not before", cert_not_before(c));
	tree_time(o, "not after", cert_not_after(c));
	tree_sha256(o, "key SHA-256", cert_spki(c));
	cert_unref(&c);
	return o;
}

static void
tree_optional(json_t *o, const char *key, struct span value)
{
	if (value.n > 0)
		tree_hex(o, key, value);
	else
		tree_text(o, key, "none");
}

json_t *
inspect_nitro(struct span in, struct seal_diag *d)
{
	char shown[NITRO_MODULE_MAX + 1];
	json_t *o, *chain;
	struct nitro n;

	if (nitro_parse(in, &n, d) != 0)
		return NULL;
	o = json_object();
	tree_text(
	    o, "module id", "%s", text_safe(n.module_id, shown, sizeof(shown)));
	tree_time(o, "timestamp", (int64_t)(n.timestamp_ms / 1000));
	tree_int(o, "timestamp ms", (int64_t)n.timestamp_ms);
	tree_text(o, "mode", "%s",
	    nitro_debug(&n) ? "debug (zeros in PCR 0 to 2)" : "production");
	json_object_set_new(o, "PCRs (SHA-384)", tree_pcrs(&n));
	tree_optional(o, "nonce", n.nonce);
	tree_optional(o, "public key", n.public_key);
	tree_optional(o, "user data", n.user_data);
	chain = json_array();
	for (size_t i = 0; i < n.n_chain; i++)
		json_array_append_new(chain, tree_certificate(n.chain[i]));
	json_object_set_new(o, "certificates, leaf first", chain);
	tree_hex(o, "signature (ES384)", n.sign1.signature);
	return o;
}
