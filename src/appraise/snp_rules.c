/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/snp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/strict.h"
#include "base/text.h"

const char *const snp_rule_keys[] = { "measurements", "tcb", "crl", "stapled",
	"vmpl", "policy", "host_data", "family_id", "image_id", "chip_id",
	"product", NULL };

enum { MEASUREMENT, ID_KEY, AUTHOR_KEY, REGISTERS };
static const char *const names[REGISTERS + 1] = { "measurement", "id_key",
	"author_key", NULL };
static const struct dcap_registers registers = { "snp.measurement", "sev-snp",
	names, 48 };

static const char *const tcb_keys[] = { "reported", "committed", "launch",
	NULL };

/* Bits of the guest's policy; migration_agent stands first. */
static const char *const policy_names[] = { "migration_agent", "smt",
	"single_socket", "cxl", "aes_256_xts", "rapl_disabled",
	"ciphertext_hiding", "page_swap_disabled", NULL };
static const uint8_t policy_bits[] = { SNP_POLICY_MIGRATION, SNP_POLICY_SMT,
	SNP_POLICY_SINGLE_SOCKET, SNP_POLICY_CXL, SNP_POLICY_AES_256_XTS,
	SNP_POLICY_RAPL_DISABLED, SNP_POLICY_CIPHERTEXT_HIDING,
	SNP_POLICY_PAGE_SWAP_DISABLED };

static void
registers_of(const struct snp_facts *f, struct span ret[REGISTERS])
{
	ret[MEASUREMENT] = f->report.measurement;
	ret[ID_KEY] = f->report.id_key_digest;
	ret[AUTHOR_KEY] = f->report.author_key_digest;
}

/* ---- Loading ---- */

/* Every part but Turin's own must be there: a missing one would be 0. */
static int
load_one_tcb(const json_t *j, const char *where, struct snp_tcb *ret,
    struct seal_diag *d)
{
	int r = strict_object(j, snp_part_names, where, d);

	for (size_t i = 0; r == 0 && i < SNP_PARTS; i++) {
		uint32_t svn = 0;

		r = strict_uint(
		    j, snp_part_names[i], i != SNP_FMC, 0, 255, where, &svn, d);
		ret->svn[i] = (uint8_t)svn;
	}
	return r;
}

static int
load_tcb(const json_t *entry, struct snp_rules *r, struct seal_diag *d)
{
	const json_t *tcb = json_object_get(entry, "tcb");
	int code;

	/* PROTOCOL 5.4 rule 5 */
	if (json_object_get(tcb, "reported") == NULL)
		return seal_fail(d, SEAL_E_CONFIG,
		    "accept: 'tcb' with 'reported' is missing");
	if ((code = strict_object(tcb, tcb_keys, "tcb", d)) != 0)
		return code;
	for (size_t i = 0; i < SNP_TCBS; i++) {
		const json_t *j = json_object_get(tcb, tcb_keys[i]);

		if (j == NULL)
			continue;
		r->has_tcb[i] = true;
		if ((code = load_one_tcb(j, tcb_keys[i], &r->tcb[i], d)) != 0)
			return code;
	}
	return 0;
}

static int
load_policy(const json_t *entry, struct snp_rules *r, struct seal_diag *d)
{
	const json_t *policy = json_object_get(entry, "policy");
	int code;

	r->policy_named[0] = true; /* migration_agent is clear */
	if (policy == NULL)
		return 0;
	if ((code = strict_object(policy, policy_names, "policy", d)) != 0)
		return code;
	for (size_t i = 0; policy_names[i] != NULL; i++) {
		if (json_object_get(policy, policy_names[i]) == NULL)
			continue;
		r->policy_named[i] = true;
		if ((code = strict_bool(policy, policy_names[i], true, "policy",
			 &r->policy[i], d)) != 0)
			return code;
	}
	return 0;
}

static int
load_product(const json_t *entry, struct snp_rules *r, struct seal_diag *d)
{
	const char *text = NULL;
	int code = strict_text(entry, "product", false, "accept", &text, d);

	if (code != 0 || text == NULL)
		return code;
	for (enum snp_product p = SNP_MILAN; p < SNP_PRODUCTS; p++)
		if (strcmp(text, snp_product_name(p)) == 0)
			r->product = p;
	return r->product != SNP_PRODUCT_NONE
		   ? 0
		   : seal_fail(d, SEAL_E_CONFIG,
			 "accept: 'product' must be Milan, Genoa or Turin");
}

int
snp_rules_load(
    const json_t *entry, bool debug, void *rules, struct seal_diag *d)
{
	struct snp_rules *r = rules;
	int code;

	(void)debug;
	r->crl = r->stapled = true;
	if ((code = dcap_values_load(&registers, entry, &r->values, d)) != 0)
		return code;
	if (!r->values.by_refs && !r->values.set[MEASUREMENT])
		return seal_fail(
		    d, SEAL_E_CONFIG, "measurements: 'measurement' is missing");
	if ((code = load_tcb(entry, r, d)) != 0 ||
	    (code = strict_bool(entry, "crl", false, "accept", &r->crl, d)) !=
		0 ||
	    (code = strict_bool(
		 entry, "stapled", false, "accept", &r->stapled, d)) != 0 ||
	    (code = strict_uint(
		 entry, "vmpl", false, 0, 3, "accept", &r->vmpl, d)) != 0 ||
	    (code = load_policy(entry, r, d)) != 0 ||
	    (code = load_product(entry, r, d)) != 0 ||
	    (code = dcap_bytes_load(
		 entry, "host_data", 32, &r->host_data, d)) != 0 ||
	    (code = dcap_bytes_load(
		 entry, "family_id", 16, &r->family_id, d)) != 0 ||
	    (code = dcap_bytes_load(entry, "image_id", 16, &r->image_id, d)) !=
		0)
		return code;
	return dcap_bytes_load(entry, "chip_id", SNP_CHIP_ID, &r->chip_id, d);
}

/* ---- In words ---- */

static void
tcb_text(const struct snp_tcb *t, struct wr *w)
{
	for (size_t i = 0; i < SNP_PARTS; i++)
		wr_printf(w, "%s%s %u", i == 0 ? "" : ", ", snp_part_names[i],
		    t->svn[i]);
}

static void
explain_bytes(
    const char *name, const struct dcap_bytes *b, size_t n, struct wr *out)
{
	char hex[HEX_SHORT];

	if (b->set)
		wr_printf(out, "    its %s is %s\n", name,
		    hex_short(span_of(b->value, n), hex));
}

int
snp_rules_explain(const void *rules, struct wr *out)
{
	const struct snp_rules *r = rules;

	dcap_values_explain(&registers, &r->values, out);
	for (size_t i = 0; i < SNP_TCBS; i++)
		if (r->has_tcb[i]) {
			wr_printf(
			    out, "    its %s TCB is at least ", tcb_keys[i]);
			tcb_text(&r->tcb[i], out);
			wr_printf(out, "\n");
		}
	for (size_t i = 0; policy_names[i] != NULL; i++)
		if (r->policy_named[i])
			wr_printf(out, "    its policy has %s %s\n",
			    policy_names[i], r->policy[i] ? "set" : "clear");
	wr_printf(out, "    it attests from VMPL 0 to %" PRIu32 "\n", r->vmpl);
	if (r->product != SNP_PRODUCT_NONE)
		wr_printf(out, "    its processor is a %s\n",
		    snp_product_name(r->product));
	explain_bytes("host_data", &r->host_data, 32, out);
	explain_bytes("family_id", &r->family_id, 16, out);
	explain_bytes("image_id", &r->image_id, 16, out);
	explain_bytes("chip_id", &r->chip_id, SNP_CHIP_ID, out);
	wr_printf(out, r->crl ? "    AMD's revocation list is there, current\n"
			      : "    keys that AMD has revoked are accepted\n");
	if (r->crl)
		wr_printf(out, "    %s\n",
		    r->stapled ? "from this side's folder, or sent along by "
				 "the peer and no older"
			       : "from this side's folder alone");
	return out->error;
}

/* ---- Matching ---- */

/* Each part by itself: a TCB is no number. */
static bool
match_tcb(const struct snp_rules *r, const struct snp_facts *f, size_t i,
    struct seal_verdict *v)
{
	static const char *const checks[SNP_TCBS] = { "snp.tcb.reported",
		"snp.tcb.committed", "snp.tcb.launch" };
	char expected[96] = "", got[96] = "";
	bool ok = f->has_tcb[i];
	struct wr w;

	if (!r->has_tcb[i])
		return true;
	for (size_t k = 0; k < SNP_PARTS; k++)
		ok = ok && f->tcb[i].svn[k] >= r->tcb[i].svn[k];
	wr_init(&w, expected, sizeof(expected) - 1);
	tcb_text(&r->tcb[i], &w);
	wr_init(&w, got, sizeof(got) - 1);
	tcb_text(&f->tcb[i], &w);
	return verdict_check(v, checks[i], ok, SEAL_E_POLICY, expected, got,
	    "update the platform's firmware");
}

static bool
match_policy(const struct snp_rules *r, const struct snp_facts *f,
    struct seal_verdict *v)
{
	bool ok = true;

	for (size_t i = 0; policy_names[i] != NULL; i++) {
		bool set = (f->report.policy >> policy_bits[i] & 1) != 0;
		char expected[48], got[48];

		if (!r->policy_named[i])
			continue;
		snprintf(expected, sizeof(expected), "%s %s", policy_names[i],
		    r->policy[i] ? "set" : "clear");
		snprintf(got, sizeof(got), "%s %s", policy_names[i],
		    set ? "set" : "clear");
		ok = verdict_check(v, "snp.policy", set == r->policy[i],
			 SEAL_E_POLICY, expected, got,
			 "launch the guest with such a policy") &&
		     ok;
	}
	return ok;
}

static bool
match_vmpl(const struct snp_rules *r, const struct snp_facts *f,
    struct seal_verdict *v)
{
	char expected[32], got[32];

	snprintf(expected, sizeof(expected), "VMPL 0 to %" PRIu32, r->vmpl);
	snprintf(got, sizeof(got), "VMPL %" PRIu32, f->report.vmpl);
	return verdict_check(v, "snp.vmpl", f->report.vmpl <= r->vmpl,
	    SEAL_E_POLICY, expected, got,
	    "attest from a more privileged level, or raise 'vmpl'");
}

static bool
match_bytes(const struct snp_rules *r, const struct snp_facts *f,
    struct seal_verdict *v)
{
	const struct snp_report *p = &f->report;
	bool host, family, image, chip;

	host =
	    dcap_bytes_match("snp.host_data", &r->host_data, p->host_data, v);
	family =
	    dcap_bytes_match("snp.family_id", &r->family_id, p->family_id, v);
	image = dcap_bytes_match("snp.image_id", &r->image_id, p->image_id, v);
	chip = dcap_bytes_match("snp.chip_id", &r->chip_id, p->chip_id, v);
	return host && family && image && chip;
}

bool
snp_match(const void *rules, const struct findings *f, struct seal_verdict *v)
{
	const struct snp_rules *r = rules;
	const struct snp_facts *facts = f->facts;
	struct span got[REGISTERS];
	bool values, tcb = true, policy, vmpl, bytes, product;

	registers_of(facts, got);
	values = dcap_values_match(&registers, &r->values, got, v);
	for (size_t i = 0; i < SNP_TCBS; i++)
		tcb = match_tcb(r, facts, i, v) && tcb;
	policy = match_policy(r, facts, v);
	vmpl = match_vmpl(r, facts, v);
	bytes = match_bytes(r, facts, v);
	product =
	    r->product == SNP_PRODUCT_NONE ||
	    verdict_check(v, "snp.processor", facts->product == r->product,
		SEAL_E_POLICY, snp_product_name(r->product),
		snp_product_name(facts->product), NULL);
	v->ar4si[AR4SI_RUNTIME_OPAQUE] =
	    f->debug ? AR4SI_CONTRAINDICATED : AR4SI_AFFIRMING;
	return values && tcb && policy && vmpl && bytes && product;
}

/* ---- Telling and learning ---- */

void
snp_claim(const struct findings *f, struct seal_verdict *v)
{
	const struct snp_facts *facts = f->facts;
	const struct snp_report *r = &facts->report;
	struct span got[REGISTERS];
	char text[96] = "";
	struct wr w;

	registers_of(facts, got);
	dcap_values_claim(&registers, got, v);
	verdict_claim(v, "snp.version", "%" PRIu32, r->version);
	verdict_claim(v, "snp.product", "%s", snp_product_name(facts->product));
	verdict_claim(v, "snp.policy", "%016" PRIx64, r->policy);
	verdict_claim(v, "snp.vmpl", "%" PRIu32, r->vmpl);
	wr_init(&w, text, sizeof(text) - 1);
	tcb_text(&facts->tcb[SNP_TCB_REPORTED], &w);
	verdict_claim(v, "snp.tcb.reported", "%s", text);
	verdict_claim_hex(v, "snp.host_data", r->host_data);
	verdict_claim_hex(v, "snp.family_id", r->family_id);
	verdict_claim_hex(v, "snp.image_id", r->image_id);
	verdict_claim_hex(v, "snp.chip_id", r->chip_id);
	verdict_claim_hex(v, "snp.report_id", r->report_id);
}

static json_t *
tcb_json(const struct snp_tcb *t, enum snp_product product)
{
	json_t *j = json_object();

	for (size_t i = 0; i < SNP_PARTS; i++)
		if (i != SNP_FMC || product == SNP_TURIN)
			json_object_set_new(
			    j, snp_part_names[i], json_integer(t->svn[i]));
	return j;
}

static json_t *
policy_json(uint64_t policy)
{
	json_t *j = json_object();

	for (size_t i = 0; policy_names[i] != NULL; i++)
		json_object_set_new(j, policy_names[i],
		    json_boolean(policy >> policy_bits[i] & 1));
	return j;
}

/* "crl" is false: a pinned key has no root that a list could be checked by. */
int
snp_learn(const struct findings *f, json_t *entry)
{
	const struct snp_facts *facts = f->facts;
	const struct snp_report *r = &facts->report;
	struct span got[REGISTERS];
	json_t *tcb = json_object();
	int code;

	registers_of(facts, got);
	for (size_t i = 0; i < SNP_TCBS; i++)
		if (facts->has_tcb[i])
			json_object_set_new(tcb, tcb_keys[i],
			    tcb_json(&facts->tcb[i], facts->product));
	if (json_object_set_new(entry, "tcb", tcb) != 0 ||
	    json_object_set_new(entry, "policy", policy_json(r->policy)) != 0 ||
	    json_object_set_new(entry, "vmpl", json_integer(r->vmpl)) != 0 ||
	    json_object_set_new(entry, "crl", json_false()) != 0 ||
	    json_object_set_new(entry, "product",
		json_string(snp_product_name(facts->product))) != 0)
		return SEAL_E_MEMORY;
	if ((code = dcap_values_learn(
		 &registers, got, (1u << REGISTERS) - 1, entry)) != 0 ||
	    (code = dcap_hex_set(entry, "host_data", r->host_data)) != 0 ||
	    (code = dcap_hex_set(entry, "family_id", r->family_id)) != 0)
		return code;
	return dcap_hex_set(entry, "image_id", r->image_id);
}

int
snp_describe(const struct findings *f, struct wr *env, struct wr *measurements)
{
	struct span got[REGISTERS];

	registers_of(f->facts, got);
	return dcap_values_describe(&registers, got, f, env, measurements);
}
