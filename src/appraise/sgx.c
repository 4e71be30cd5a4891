/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/dcap_values.h"
#include "appraise/refs.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "appraise/strict.h"
#include "base/text.h"

/*
 * Rules of an entry:
 *   "measurements": {"mrenclave": HEX} or {"mrsigner": HEX} or both
 *   "isvprodid": N, "isvsvn": N    the product of the signer, and its least
 *                                  security version; required where mrenclave
 *                                  does not say which enclave it is
 *   "attributes": HEX              16 bytes as the quote holds them
 *   "tcb", "root_sha256"           dcap.h
 */
static const char *const rule_keys[] = { "measurements", "isvprodid", "isvsvn",
	"attributes", DCAP_RULE_KEYS, NULL };

enum { MRENCLAVE, MRSIGNER, REGISTERS };

static const char *const names[REGISTERS + 1] = { "mrenclave", "mrsigner",
	NULL };
static const struct dcap_registers registers = { "sgx.measurement", "sgx",
	names, 32 };

struct sgx_rules {
	struct dcap_rules dcap;
	struct dcap_expected values;
	struct dcap_bytes attributes;
	bool has_product, has_svn;
	uint32_t product, svn;
};
_Static_assert(offsetof(struct sgx_rules, dcap) == 0, "dcap_rules_of");

static void
registers_of(const struct findings *f, struct span ret[REGISTERS])
{
	const struct dcap_facts *facts = f->facts;

	ret[MRENCLAVE] = facts->sgx.mrenclave;
	ret[MRSIGNER] = facts->sgx.mrsigner;
}

static void
rules_wipe(void *rules)
{
	struct sgx_rules *r = rules;

	dcap_rules_wipe(&r->dcap);
}

static int
rules_load(const json_t *entry, bool debug, void *rules, struct seal_diag *d)
{
	struct sgx_rules *r = rules;
	int code;

	(void)debug;
	if ((code = dcap_values_load(&registers, entry, &r->values, d)) != 0 ||
	    (code = strict_uint(entry, "isvprodid", false, 0, UINT16_MAX,
		 "accept", &r->product, d)) != 0 ||
	    (code = strict_uint(entry, "isvsvn", false, 0, UINT16_MAX, "accept",
		 &r->svn, d)) != 0 ||
	    (code = dcap_bytes_load(
		 entry, "attributes", 16, &r->attributes, d)) != 0)
		return code;
	r->has_product = json_object_get(entry, "isvprodid") != NULL;
	r->has_svn = json_object_get(entry, "isvsvn") != NULL;
	/* A signer alone means all that it ever signed. */
	if (!r->values.by_refs && !r->values.set[MRENCLAVE] &&
	    (!r->has_product || !r->has_svn))
		return seal_fail(d, SEAL_E_CONFIG,
		    "accept: without 'mrenclave', 'isvprodid' and 'isvsvn' "
		    "must say which of the signer's enclaves");
	return dcap_rules_load(entry, &r->dcap, d);
}

static int
rules_explain(const void *rules, struct wr *out)
{
	const struct sgx_rules *r = rules;
	char hex[HEX_SHORT];

	dcap_values_explain(&registers, &r->values, out);
	if (r->has_product)
		wr_printf(out, "    its ISVPRODID is %u\n", r->product);
	if (r->has_svn)
		wr_printf(out, "    its ISVSVN is %u or more\n", r->svn);
	if (r->attributes.set)
		wr_printf(out, "    its attributes are %s\n",
		    hex_short(span_of(r->attributes.value, 16), hex));
	dcap_rules_explain(&r->dcap, out);
	return out->error;
}

static int
verify(
    const struct appraisal_in *in, struct findings *ret, struct seal_verdict *v)
{
	struct span got[REGISTERS];
	const struct dcap_facts *f;
	int r;

	ret->debug = true; /* until the quote says otherwise */
	if ((r = dcap_verify(in, QUOTE_SGX, ret, v)) != 0)
		return r;
	f = ret->facts;
	ret->debug = (f->sgx.flags & SGX_FLAG_DEBUG) != 0;
	registers_of(ret, got);
	dcap_values_claim(&registers, got, v);
	verdict_claim_hex(v, "sgx.attributes", f->sgx.attributes);
	verdict_claim(v, "sgx.isvprodid", "%u", f->sgx.isv_prod_id);
	verdict_claim(v, "sgx.isvsvn", "%u", f->sgx.isv_svn);
	return 0;
}

static bool
match_number(const char *check, bool ok, const char *how, uint32_t want,
    uint32_t got, struct seal_verdict *v)
{
	char e[32], g[16];

	snprintf(e, sizeof(e), "%u%s", want, how);
	snprintf(g, sizeof(g), "%u", got);
	return verdict_check(v, check, ok, SEAL_E_POLICY, e, g,
	    "update the enclave, or learn the policy again");
}

static bool
match(const void *rules, const struct findings *f, struct seal_verdict *v)
{
	const struct sgx_rules *r = rules;
	const struct sgx_report *s =
	    &((const struct dcap_facts *)f->facts)->sgx;
	bool init = (s->flags & SGX_FLAG_INIT) != 0, ok;
	struct span got[REGISTERS];

	registers_of(f, got);
	ok = dcap_values_match(&registers, &r->values, got, v);
	if (r->has_product)
		ok = match_number("sgx.isvprodid", s->isv_prod_id == r->product,
			 "", r->product, s->isv_prod_id, v) &&
		     ok;
	if (r->has_svn)
		ok = match_number("sgx.isvsvn", s->isv_svn >= r->svn,
			 " or more", r->svn, s->isv_svn, v) &&
		     ok;
	ok = dcap_bytes_match(
		 "sgx.attributes", &r->attributes, s->attributes, v) &&
	     ok;
	ok = verdict_check(v, "sgx.init", init, SEAL_E_EVIDENCE,
		 "an initialised enclave", init ? NULL : "none", NULL) &&
	     ok;
	v->ar4si[AR4SI_RUNTIME_OPAQUE] =
	    f->debug ? AR4SI_CONTRAINDICATED : AR4SI_AFFIRMING;
	return ok;
}

static bool
endorsed(const struct accept_entry *e, const struct findings *f, int64_t now,
    int64_t *until, struct seal_verdict *v)
{
	const struct sgx_rules *r = e->rules;

	return dcap_endorsed(e, &r->dcap, f, now, until, v);
}

static int
describe(const struct findings *f, struct wr *env, struct wr *measurements)
{
	struct span got[REGISTERS];

	registers_of(f, got);
	return dcap_values_describe(&registers, got, f, env, measurements);
}

static int
learn(const struct findings *f, json_t *entry)
{
	const struct sgx_report *s =
	    &((const struct dcap_facts *)f->facts)->sgx;
	struct span got[REGISTERS];
	int r;

	registers_of(f, got);
	if ((r = dcap_values_learn(&registers, got,
		 1u << MRENCLAVE | 1u << MRSIGNER, entry)) != 0 ||
	    (r = dcap_hex_set(entry, "attributes", s->attributes)) != 0)
		return r;
	if (json_object_set_new(
		entry, "isvprodid", json_integer(s->isv_prod_id)) != 0 ||
	    json_object_set_new(entry, "isvsvn", json_integer(s->isv_svn)) != 0)
		return SEAL_E_MEMORY;
	return dcap_learn(f, entry);
}

const struct appraiser appraiser_sgx = {
	.media_type = QUOTE_SGX_TYPE,
	.name = "sgx",
	.rules = rule_keys,
	.profiles = refs_profiles,
	.measures = 1u << AR4SI_EXECUTABLES,
	.describe = describe,
	.rules_size = sizeof(struct sgx_rules),
	.rules_load = rules_load,
	.rules_wipe = rules_wipe,
	.rules_explain = rules_explain,
	.verify = verify,
	.match = match,
	.endorsed = endorsed,
	.learn = learn,
	.facts_free = dcap_facts_free,
};
