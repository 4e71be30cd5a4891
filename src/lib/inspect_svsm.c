/* SPDX-License-Identifier: Apache-2.0 */
/* What an SVSM attests: a report, and the manifest of its services. */
#include "base/limits.h"
#include "crypto/key.h"
#include "format/svsm.h"
#include "format/tpm_credential.h"
#include "lib/inspect.h"

/* COCONUT-SVSM's virtual TPM gives the public area of its endorsement key. */
static json_t *
tree_ek(const struct tpm_ek *ek)
{
	json_t *o = json_object();
	uint8_t buf[LIMIT_SPKI];
	struct wr spki;

	if (ek->type == TPM_ALG_RSA)
		tree_text(o, "type", "RSA, %u bits", (unsigned)ek->bits);
	else
		tree_text(o, "type", "%s", curve_name(ek->curve));
	wr_init(&spki, buf, sizeof(buf));
	if (tpm_ek_spki(ek, &spki, NULL) == 0)
		tree_sha256(o, "SPKI SHA-256", wr_view(&spki));
	return o;
}

static void
tree_manifest(json_t *o, struct span manifest)
{
	struct tpm_ek ek;

	tree_sha256(o, "SHA-256", manifest);
	if (tpm_ek_parse(manifest, &ek, NULL) == 0)
		json_object_set_new(
		    o, "endorsement key of a virtual TPM", tree_ek(&ek));
	else
		tree_hex(o, "bytes", manifest);
}

static json_t *
tree_service(const struct svsm_service *s)
{
	const char *name = svsm_service_name(s->guid);
	char guid[SVSM_GUID_TEXT];
	json_t *o = json_object();

	tree_text(o, "service", "%s (%s)", svsm_guid_text(s->guid, guid),
	    name == NULL ? "unknown" : name);
	tree_manifest(o, s->manifest);
	return o;
}

static json_t *
tree_services(struct span manifest)
{
	json_t *o = json_object(), *list;
	struct svsm_services s;

	if (svsm_services_parse(manifest, &s, NULL) != 0) {
		tree_text(o, "of", "one service; which, nothing here says");
		tree_manifest(o, manifest);
		return o;
	}
	tree_text(o, "of", "all services");
	tree_sha256(o, "SHA-256", manifest);
	list = json_array();
	for (size_t i = 0; i < s.n; i++)
		json_array_append_new(list, tree_service(&s.of[i]));
	json_object_set_new(o, "services", list);
	return o;
}

json_t *
inspect_svsm(struct span in, struct seal_diag *d)
{
	struct svsm_evidence e = { 0 };
	json_t *o, *report;

	if (svsm_evidence_parse(in, &e, d) != 0 ||
	    (report = inspect_snp(e.snp, d)) == NULL)
		return NULL;
	o = json_object();
	tree_text(o, "report data",
	    "SHA-512 of what was asked (64 bytes) and the manifest");
	json_object_set_new(o, "report", report);
	json_object_set_new(o, "manifest", tree_services(e.manifest));
	return o;
}
