/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "crypto/der.h"
#include "crypto/pem.h"
#include "format/snp.h"
#include "lib/inspect.h"

static const struct {
	uint8_t bit;
	const char *name;
} policy_bits[] = {
	{ SNP_POLICY_SMT, "SMT: may run beside another thread of its core" },
	{ SNP_POLICY_MIGRATION, "MIGRATE_MA: a migration agent may take part" },
	{ SNP_POLICY_DEBUG, "DEBUG: its host can read and change it" },
	{ SNP_POLICY_SINGLE_SOCKET, "SINGLE_SOCKET: stays on one socket" },
	{ SNP_POLICY_CXL, "CXL: may use devices and memory over CXL" },
	{ SNP_POLICY_AES_256_XTS, "MEM_AES_256_XTS: needs AES-256-XTS" },
	{ SNP_POLICY_RAPL_DISABLED, "RAPL_DIS: needs power metering off" },
	{ SNP_POLICY_CIPHERTEXT_HIDING, "CIPHERTEXT_HIDING: needs it" },
	{ SNP_POLICY_PAGE_SWAP_DISABLED,
	    "PAGE_SWAP_DISABLE: its pages stay where they are" },
}, platform_bits[] = {
	{ 0, "SMT on" },
	{ 1, "TSME on" },
	{ 2, "ECC memory" },
	{ 3, "RAPL off" },
	{ 4, "ciphertext hiding on" },
	{ 5, "checked for aliased memory" },
	{ 7, "SEV-TIO on" },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
tree_policy(json_t *o, uint64_t policy)
{
	json_t *list = json_array();
	uint64_t rest = policy >> 16;

	for (size_t i = 0; i < COUNT(policy_bits); i++)
		if ((policy >> policy_bits[i].bit & 1) != 0)
			json_array_append_new(
			    list, json_string(policy_bits[i].name));
	for (size_t i = 0; i < COUNT(policy_bits); i++)
		rest &= ~(UINT64_C(1) << (policy_bits[i].bit - 16));
	rest &= ~(UINT64_C(1) << (SNP_POLICY_ONE - 16));
	if (rest != 0)
		json_array_append_new(
		    list, json_sprintf("unknown: 0x%" PRIx64, rest << 16));
	tree_text(o, "policy", "0x%" PRIx64, policy);
	tree_text(o, "policy: least ABI", "%u.%u",
	    (unsigned)(policy >> 8 & 0xff), (unsigned)(policy & 0xff));
	json_object_set_new(o, "policy set", list);
}

static void
tree_platform(json_t *o, uint64_t info)
{
	json_t *list = json_array();

	for (size_t i = 0; i < COUNT(platform_bits); i++) {
		uint64_t mask = UINT64_C(1) << platform_bits[i].bit;

		if ((info & mask) != 0)
			json_array_append_new(
			    list, json_string(platform_bits[i].name));
		info &= ~mask;
	}
	if (info != 0)
		json_array_append_new(
		    list, json_sprintf("unknown: 0x%" PRIx64, info));
	json_object_set_new(o, "platform", list);
}

static void
tree_svns(json_t *o, const char *key, const struct snp_tcb *t, bool turin)
{
	json_t *j = json_object();

	for (size_t i = 0; i < SNP_PARTS; i++)
		if (i != SNP_FMC || turin)
			tree_int(j, snp_part_names[i], t->svn[i]);
	json_object_set_new(o, key, j);
}

/* In the order of the product; of version 2 nothing says which it is. */
static void
tree_tcb(json_t *o, const char *key, struct span word, enum snp_product p)
{
	struct snp_tcb t;

	if (!snp_tcb_read(word, p == SNP_PRODUCT_NONE ? SNP_MILAN : p, &t))
		tree_hex(o, key, word);
	else
		tree_svns(o, key, &t, p == SNP_TURIN);
}

static void
tree_firmware(json_t *o, const char *key, struct span version)
{
	tree_text(o, key, "%u.%u, build %u", (unsigned)version.p[2],
	    (unsigned)version.p[1], (unsigned)version.p[0]);
}

static const char *
signer_name(enum snp_signer s)
{
	return s == SNP_VCEK       ? "VCEK: of this chip"
	       : s == SNP_VLEK     ? "VLEK: of a provider"
	       : s == SNP_UNSIGNED ? "none"
				   : "unknown";
}

static json_t *
tree_report(const struct snp_report *r)
{
	json_t *o = json_object();

	tree_text(o, "signatures", "not checked here");
	tree_int(o, "version", r->version);
	if (r->has_cpuid)
		tree_text(o, "processor",
		    "%s (family %02x model %02x stepping %02x)",
		    snp_product_name(r->product), r->family, r->model,
		    r->stepping);
	tree_hex(o, "report data", r->report_data);
	tree_hex(o, "measurement", r->measurement);
	tree_hex(o, "host data", r->host_data);
	tree_hex(o, "family id", r->family_id);
	tree_hex(o, "image id", r->image_id);
	tree_int(o, "guest svn", r->guest_svn);
	tree_int(o, "vmpl", r->vmpl);
	tree_policy(o, r->policy);
	tree_platform(o, r->platform_info);
	tree_hex(o, "id key digest", r->id_key_digest);
	tree_hex(o, "author key digest", r->author_key_digest);
	tree_text(o, "author key", "%s", r->author_key ? "present" : "none");
	tree_hex(o, "report id", r->report_id);
	tree_hex(o, "migration agent's report id", r->migration_id);
	tree_tcb(o, "current tcb", r->current, r->product);
	tree_tcb(o, "reported tcb", r->reported, r->product);
	tree_tcb(o, "committed tcb", r->committed, r->product);
	tree_tcb(o, "launch tcb", r->launch, r->product);
	tree_firmware(o, "current firmware", r->current_firmware);
	tree_firmware(o, "committed firmware", r->committed_firmware);
	tree_hex(o, "chip id", r->chip_id);
	if (span_is_zero(r->chip_id))
		tree_text(o, "chip", "its host hides which one it is");
	tree_text(o, "chip key", "%s", r->masked_chip ? "hidden" : "in use");
	tree_text(o, "signed by", "%s", signer_name(r->signer));
	if (r->version >= 5) {
		tree_text(o, "launch mitigations", "0x%" PRIx64,
		    r->launch_mitigations);
		tree_text(o, "current mitigations", "0x%" PRIx64,
		    r->current_mitigations);
	}
	tree_hex(o, "signature r (little endian)", r->r);
	tree_hex(o, "signature s (little endian)", r->s);
	return o;
}

/* ---- Certificates ---- */

/* Only what AMD says in it; `openssl x509 -text` shows the rest. */
static json_t *
tree_cert(const struct snp_cert *c)
{
	json_t *o = json_object();
	bool vlek = c->csp_id.n > 0;

	tree_text(o, "kind", "%s", vlek ? "VLEK" : "VCEK");
	tree_text(o, "product", "%s", snp_product_name(c->product));
	tree_svns(o, "tcb", &c->tcb, c->product == SNP_TURIN);
	tree_hex(
	    o, vlek ? "provider" : "chip id", vlek ? c->csp_id : c->chip_id);
	return o;
}

static int
add_cert(void *ctx, const char *label, struct span der, struct seal_diag *d)
{
	struct snp_cert c;
	json_t *o;

	(void)label;
	(void)d;
	if (snp_cert_parse(der, &c, NULL) == 0) {
		o = tree_cert(&c);
	} else {
		o = json_object();
		tree_text(o, "kind", "another, of an issuer for instance");
		tree_int(o, "bytes", (int64_t)der.n);
	}
	json_array_append_new(ctx, o);
	return 0;
}

static void
tree_table(json_t *o, const struct snp_table *t)
{
	json_t *list = json_array();

	/* A DER certificate starts as a SEQUENCE does; others are PEM. */
	for (size_t i = 0; i < t->n; i++)
		if (t->certs[i].p[0] == DER_SEQ)
			(void)add_cert(list, "", t->certs[i], NULL);
		else
			(void)pem_walk(
			    "table", t->certs[i], add_cert, list, NULL);
	json_object_set_new(o, "certificates", list);
}

static json_t *
tree_snp(struct span report, const struct snp_table *t, struct seal_diag *d)
{
	struct snp_report r;
	json_t *o;

	if (snp_report_parse(report, &r, d) != 0)
		return NULL;
	o = tree_report(&r);
	tree_table(o, t);
	return o;
}

json_t *
inspect_snp(struct span in, struct seal_diag *d)
{
	struct span report = { 0 };
	struct snp_table t;

	if (snp_evidence_parse(in, &report, &t, d) != 0)
		return NULL;
	return tree_snp(report, &t, d);
}

/* Zeros alone would be an empty table, and anything else too. */
json_t *
inspect_snp_table(struct span in, struct seal_diag *d)
{
	struct snp_table t;
	json_t *o;

	if (snp_table_parse(in, &t, d) != 0)
		return NULL;
	if (t.n == 0) {
		seal_fail(d, SEAL_E_DECODE,
		    "SNP certificate table: no certificate in it");
		return NULL;
	}
	o = json_object();
	tree_table(o, &t);
	return o;
}

json_t *
inspect_snp_cert(struct span in, struct seal_diag *d)
{
	struct snp_cert c;

	return snp_cert_parse(in, &c, d) != 0 ? NULL : tree_cert(&c);
}
