/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "crypto/pem.h"
#include "format/pck.h"
#include "format/quote.h"
#include "format/tcb_info.h"
#include "lib/inspect.h"

struct bit {
	uint64_t mask;
	const char *name;
};

static const struct bit td_bits[] = {
	{ TD_DEBUG, "DEBUG: its host can read and change it" },
	{ TD_UNTRUSTED & ~TD_DEBUG,
	    "profiling or reserved: its host can look into it" },
	{ TD_SEPT_VE_DISABLE, "SEPT_VE_DISABLE" },
	{ TD_MIGRATABLE, "MIGRATABLE: it can be moved to another platform" },
	{ TD_PKS, "PKS" },
	{ TD_KL, "KL" },
	{ TD_TPA, "TPA" },
	{ TD_PERFMON, "PERFMON" },
	{ 0, NULL },
};

static const struct bit sgx_bits[] = {
	{ SGX_FLAG_INIT, "INIT" },
	{ SGX_FLAG_DEBUG, "DEBUG: its host can read and change it" },
	{ 0x04, "MODE64BIT" },
	{ 0x10, "PROVISIONKEY" },
	{ 0x20, "EINITTOKEN_KEY" },
	{ 0x40, "CET" },
	{ 0x80, "KSS" },
	{ 0x400, "AEXNOTIFY" },
	{ 0, NULL },
};

static const struct bit misc_bits[] = {
	{ 1, "EXINFO: it is told of page faults" },
	{ 2, "CPINFO: it is told of control-flow faults" },
	{ 0, NULL },
};

/* XFAM and XFRM: parts of a processor's state, as XCR0 and IA32_XSS have them
 * (Intel SDM volume 1, 13.1). */
static const struct bit state_bits[] = {
	{ 0x1, "x87" },
	{ 0x2, "SSE" },
	{ 0x4, "AVX" },
	{ 0x18, "MPX" },
	{ 0xe0, "AVX-512" },
	{ 0x100, "PT: tracing" },
	{ 0x200, "PKRU: protection keys" },
	{ 0x400, "PASID" },
	{ 0x1800, "CET: control-flow enforcement" },
	{ 0x2000, "HDC: duty cycling" },
	{ 0x4000, "UINTR: user interrupts" },
	{ 0x8000, "LBR: last branch records" },
	{ 0x10000, "HWP: performance states" },
	{ 0x60000, "AMX" },
	{ 0x80000, "APX" },
	{ 0, NULL },
};

/* What the bits mean, and those that have no meaning here. */
static void
tree_bits(json_t *o, const char *key, uint64_t flags, const struct bit *bits)
{
	json_t *list = json_array();

	for (; bits->name != NULL; bits++) {
		if ((flags & bits->mask) != 0)
			json_array_append_new(list, json_string(bits->name));
		flags &= ~bits->mask;
	}
	if (flags != 0)
		json_array_append_new(
		    list, json_sprintf("unknown: 0x%" PRIx64, flags));
	json_object_set_new(o, key, list);
}

/* The same of little-endian bytes, at most eight. */
static void
tree_bits_of(
    json_t *o, const char *key, struct span bytes, const struct bit *bits)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < bytes.n && i < sizeof(flags); i++)
		flags |= (uint64_t)bytes.p[i] << 8 * i;
	tree_bits(o, key, flags, bits);
}

#define SGX_XFRM_AT 8u /* in the attributes */

static json_t *
tree_sgx(struct span body)
{
	json_t *o = json_object();
	struct sgx_report s;

	if (!sgx_report_read(body, &s))
		return o;
	tree_hex(o, "mrenclave", s.mrenclave);
	tree_hex(o, "mrsigner", s.mrsigner);
	tree_int(o, "isvprodid", s.isv_prod_id);
	tree_int(o, "isvsvn", s.isv_svn);
	tree_hex(o, "attributes", s.attributes);
	tree_bits(o, "attributes set", s.flags, sgx_bits);
	tree_bits_of(o, "processor state",
	    span_of(s.attributes.p + SGX_XFRM_AT, s.attributes.n - SGX_XFRM_AT),
	    state_bits);
	tree_hex(o, "miscselect", s.misc_select);
	tree_bits_of(o, "miscselect set", s.misc_select, misc_bits);
	tree_hex(o, "cpusvn", s.cpu_svn);
	tree_hex(o, "configid", s.config_id);
	tree_hex(o, "report data", s.report_data);
	return o;
}

static json_t *
tree_td(const struct quote *q)
{
	static const char *const rtmrs[TD_RTMRS] = { "rtmr0", "rtmr1", "rtmr2",
		"rtmr3" };
	json_t *o = json_object();
	struct td_report t;

	if (!td_report_read(q, &t))
		return o;
	tree_hex(o, "mrtd", t.mrtd);
	for (size_t i = 0; i < TD_RTMRS; i++)
		tree_hex(o, rtmrs[i], t.rtmr[i]);
	tree_hex(o, "mrconfigid", t.mrconfigid);
	tree_hex(o, "mrowner", t.mrowner);
	tree_hex(o, "mrownerconfig", t.mrownerconfig);
	tree_hex(o, "attributes", t.attributes);
	tree_bits(o, "attributes set", t.flags, td_bits);
	tree_hex(o, "xfam", t.xfam);
	tree_bits_of(o, "processor state", t.xfam, state_bits);
	tree_text(o, "TDX module", "version %u, SVN %u", t.tee_tcb_svn.p[1],
	    t.tee_tcb_svn.p[0]);
	tree_hex(o, "tee_tcb_svn", t.tee_tcb_svn);
	tree_hex(o, "mrseam", t.mrseam);
	tree_hex(o, "mrsignerseam", t.mrsignerseam);
	tree_hex(o, "seam attributes", t.seam_attributes);
	if (q->td15) {
		tree_hex(o, "tee_tcb_svn2", t.tee_tcb_svn2);
		tree_hex(o, "mrservicetd", t.mrservicetd);
	}
	tree_hex(o, "report data", t.report_data);
	return o;
}

/* Of the first certificate, the PCK's. */
static int
tree_pck(void *ctx, const char *label, struct span der, struct seal_diag *d)
{
	static const char *const types[] = { "standard", "scalable",
		"scalable with integrity" };
	json_t *o = ctx;
	struct pck p;

	(void)label;
	(void)d;
	if (pck_read(der, &p, NULL) != 0)
		return PEM_STOP;
	tree_hex(o, "fmspc", span_of(p.fmspc, sizeof(p.fmspc)));
	tree_hex(o, "pce id", span_of(p.pce_id, sizeof(p.pce_id)));
	tree_int(o, "pce svn", p.pce_svn);
	tree_hex(
	    o, "component svns", span_of(p.components, sizeof(p.components)));
	tree_hex(o, "ppid", span_of(p.ppid, sizeof(p.ppid)));
	if (p.sgx_type < sizeof(types) / sizeof(types[0]))
		tree_text(o, "sgx type", "%s", types[p.sgx_type]);
	return PEM_STOP;
}

static json_t *
tree_certs(const struct quote *q)
{
	json_t *o = json_object();

	tree_text(o, "type", "%u%s", q->certs_type,
	    q->certs_type == QUOTE_CERTS_PEM ? " (PCK chain in PEM)" : "");
	tree_int(o, "bytes", (int64_t)q->certs.n);
	if (q->certs_type == QUOTE_CERTS_PEM)
		(void)pem_walk("quote", q->certs, tree_pck, o, NULL);
	return o;
}

json_t *
inspect_quote(struct span in, struct seal_diag *d)
{
	struct quote q;
	json_t *o;

	if (quote_parse(in, &q, d) != 0)
		return NULL;
	o = json_object();
	tree_text(o, "signatures", "not checked here");
	tree_text(o, "tee", "%s", q.tee == QUOTE_TDX ? "TDX" : "SGX");
	tree_int(o, "version", q.version);
	tree_hex(o, "qe vendor", q.vendor);
	tree_hex(o, "user data", q.user_data);
	json_object_set_new(o, q.tee == QUOTE_TDX ? "td" : "enclave",
	    q.tee == QUOTE_TDX ? tree_td(&q) : tree_sgx(q.body));
	tree_hex(o, "attestation key", q.key);
	tree_hex(o, "signature", q.signature);
	json_object_set_new(o, "quoting enclave", tree_sgx(q.qe_report));
	tree_hex(o, "qe signature", q.qe_signature);
	tree_hex(o, "qe authentication data", q.qe_auth);
	json_object_set_new(o, "certification data", tree_certs(&q));
	return o;
}

/* ---- Collateral ---- */

static json_t *
tree_level(const struct tcb_level *l, bool platform, bool tdx)
{
	json_t *o = json_object(), *list = json_array();
	struct tcb_advisories it;
	struct span id;

	tree_text(o, "status", "%s", tcb_status_name(l->status));
	tree_int(o, "date", l->date);
	if (platform) {
		tree_hex(o, "sgx components", span_of(l->sgx, sizeof(l->sgx)));
		tree_int(o, "pce svn", l->pce_svn);
	} else {
		tree_int(o, "isvsvn", l->isv_svn);
	}
	if (tdx)
		tree_hex(o, "tdx components", span_of(l->tdx, sizeof(l->tdx)));
	tcb_advisories_begin(l, &it);
	while (tcb_advisories_next(&it, &id))
		json_array_append_new(
		    list, json_stringn((const char *)id.p, id.n));
	json_object_set_new(o, "advisories", list);
	return o;
}

static json_t *
tree_levels(const struct tcb_level *l, size_t n, bool platform, bool tdx)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, tree_level(&l[i], platform, tdx));
	return list;
}

static json_t *
tree_info(const struct tcb_info *t)
{
	json_t *o = json_object(), *modules = json_array();

	tree_text(o, "id", "%s", t->tdx ? "TDX" : "SGX");
	tree_hex(o, "fmspc", span_of(t->fmspc, sizeof(t->fmspc)));
	tree_hex(o, "pce id", span_of(t->pce_id, sizeof(t->pce_id)));
	tree_int(o, "issued", t->issued_at);
	tree_int(o, "next update", t->next_update);
	tree_int(o, "evaluation", t->evaluation);
	for (size_t i = 0; i < t->n_modules; i++) {
		const struct tcb_module *m = &t->modules[i];
		json_t *one = json_object();

		json_object_set_new(
		    one, "id", json_stringn((const char *)m->id.p, m->id.n));
		tree_hex(one, "mrsigner", span_of(m->mrsigner, 48));
		json_object_set_new(one, "levels",
		    tree_levels(m->levels, m->n_levels, false, false));
		json_array_append_new(modules, one);
	}
	if (t->tdx)
		json_object_set_new(o, "TDX modules", modules);
	else
		json_decref(modules);
	json_object_set_new(
	    o, "levels", tree_levels(t->levels, t->n_levels, true, t->tdx));
	return o;
}

static json_t *
tree_identity(const struct qe_identity *q)
{
	json_t *o = json_object();

	json_object_set_new(
	    o, "id", json_stringn((const char *)q->id.p, q->id.n));
	tree_int(o, "issued", q->issued_at);
	tree_int(o, "next update", q->next_update);
	tree_int(o, "evaluation", q->evaluation);
	tree_hex(o, "mrsigner", span_of(q->mrsigner, sizeof(q->mrsigner)));
	tree_int(o, "isvprodid", q->isv_prod_id);
	tree_hex(o, "attributes", span_of(q->attributes, 16));
	tree_hex(o, "attributes mask", span_of(q->mask, 16));
	json_object_set_new(
	    o, "levels", tree_levels(q->levels, q->n_levels, false, false));
	return o;
}

/* Both parts, each if it is there. */
static int
fill_collateral(const struct tcb_bundle *b, json_t *o, struct seal_diag *d)
{
	struct tcb_info *t = calloc(1, sizeof(*t));
	struct qe_identity *q = calloc(1, sizeof(*q));
	int r = t == NULL || q == NULL ? SEAL_E_MEMORY : 0;

	if (r == 0 && b->tcb_info.n > 0 &&
	    (r = tcb_info_parse(b->tcb_info, b->tcb_signature, t, d)) == 0)
		json_object_set_new(o, "TCB Info", tree_info(t));
	if (r == 0 && b->qe_identity.n > 0 &&
	    (r = qe_identity_parse(b->qe_identity, b->qe_signature, q, d)) == 0)
		json_object_set_new(o, "Enclave Identity", tree_identity(q));
	free(t);
	free(q);
	return r;
}

json_t *
inspect_collateral(struct span in, struct seal_diag *d)
{
	struct tcb_bundle b = { 0 };
	json_t *o;

	if (tcb_bundle_parse(in, &b, d) != 0)
		return NULL;
	o = json_object();
	tree_text(o, "signatures", "not checked here");
	if (fill_collateral(&b, o, d) != 0) {
		json_decref(o);
		o = NULL;
	}
	tcb_bundle_free(&b);
	return o;
}
