/* SPDX-License-Identifier: Apache-2.0 */
#include "collateral/need.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crypto/pem.h"
#include "crypto/x509.h"
#include "format/azure.h"
#include "format/pck.h"
#include "format/quote.h"
#include "format/svsm.h"
#include "format/tsm_report.h"

/* ---- AMD ---- */

/* A report that does not say its product may come with a certificate that
 * does. */
static enum snp_product
product_of_table(const struct snp_table *t)
{
	struct snp_cert c;

	for (size_t i = 0; i < t->n; i++)
		if (snp_cert_parse(t->certs[i], &c, NULL) == 0)
			return c.product;
	return SNP_PRODUCT_NONE;
}

static void
take_chip(const struct snp_report *rep, struct coll_platform *p)
{
	static const uint8_t zeros[SNP_CHIP_ID];

	if (rep->signer != SNP_VLEK &&
	    span_equal(rep->chip_id, span_of(zeros, sizeof(zeros))))
		return;
	memcpy(p->id, rep->chip_id.p, sizeof(p->id));
	p->has_chip = snp_tcb_read(rep->reported, p->product, &p->chip.tcb);
	p->chip.product = p->product;
	if (rep->signer == SNP_VCEK)
		p->chip.chip_id =
		    span_of(p->id, p->product == SNP_TURIN ? 8 : SNP_CHIP_ID);
}

static int
of_snp(struct span in, enum snp_product product, struct coll_platform *p,
    struct seal_diag *d)
{
	struct snp_table t = { .n = 0 };
	struct snp_report rep;
	struct span report = { 0 };
	int r;

	if ((r = snp_evidence_parse(in, &report, &t, d)) != 0 ||
	    (r = snp_report_parse(report, &rep, d)) != 0)
		return r;
	p->vendor = COLL_AMD;
	p->vlek = rep.signer == SNP_VLEK;
	p->product = rep.product != SNP_PRODUCT_NONE ? rep.product
						     : product_of_table(&t);
	if (p->product == SNP_PRODUCT_NONE)
		p->product = product;
	if (p->product == SNP_PRODUCT_NONE) {
		seal_fail(d, SEAL_E_CONFIG,
		    "SNP report of version %u: it does not say which "
		    "processor it is from",
		    rep.version);
		seal_remedy(d, "say it: --product Milan, Genoa or Turin");
		return SEAL_E_CONFIG;
	}
	take_chip(&rep, p);
	return 0;
}

/* ---- Intel ---- */

static const char *
ca_of(struct span der)
{
	struct span name = { 0 };
	struct cert_parts parts;

	if (!cert_parts_read(der, &parts) ||
	    !cert_common_name(parts.issuer, &name))
		return NULL;
	if (span_is(name, "Intel SGX PCK Platform CA"))
		return "platform";
	return span_is(name, "Intel SGX PCK Processor CA") ? "processor" : NULL;
}

/* The leaf alone. */
static int
take_pck(void *ctx, const char *label, struct span der, struct seal_diag *d)
{
	struct coll_platform *p = ctx;
	struct pck pck;
	int r;

	if (strcmp(label, "CERTIFICATE") != 0)
		return 0;
	if ((r = pck_read(der, &pck, d)) != 0)
		return r;
	memcpy(p->fmspc, pck.fmspc, sizeof(p->fmspc));
	p->has_fmspc = true;
	if ((p->ca = ca_of(der)) == NULL)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "PCK certificate: issued by neither the platform nor the "
		    "processor CA");
	return PEM_STOP;
}

static int
of_quote(struct span in, struct coll_platform *p, struct seal_diag *d)
{
	struct quote q;
	int r;

	if ((r = quote_parse(in, &q, d)) != 0)
		return r;
	if (q.certs_type != QUOTE_CERTS_PEM)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "quote: its certification data, of type %u, has no PCK "
		    "certificate to read the platform from",
		    q.certs_type);
	p->vendor = COLL_INTEL;
	p->tdx = q.tee == QUOTE_TDX;
	r = pem_walk("quote", q.certs, take_pck, p, d);
	if (r != 0 && r != PEM_STOP)
		return r;
	return p->has_fmspc ? 0
			    : seal_fail(d, SEAL_E_CHAIN,
				  "quote: no PCK certificate in it");
}

/* ---- What holds either ---- */

static int
of_svsm(struct span in, enum snp_product product, struct coll_platform *ret,
    struct seal_diag *d)
{
	struct svsm_evidence e;
	int r = svsm_evidence_parse(in, &e, d);

	return r != 0 ? r : of_snp(e.snp, product, ret, d);
}

static int
of_azure(struct span in, enum snp_product product, struct coll_platform *ret,
    struct seal_diag *d)
{
	struct azure_member m;
	int r = azure_member_parse(in, &m, d);

	if (r != 0)
		return r;
	return m.td_quote.n > 0 ? of_quote(m.td_quote, ret, d)
				: of_snp(m.report.report, product, ret, d);
}

static int
of_evidence(struct span media_type, struct span evidence,
    enum snp_product product, struct coll_platform *ret, struct seal_diag *d)
{
	char shown[80];

	if (media_type_equal(media_type, span_str(SVSM_TYPE)))
		return of_svsm(evidence, product, ret, d);
	if (media_type_equal(media_type, span_str(AZURE_SNP_TYPE)) ||
	    media_type_equal(media_type, span_str(AZURE_TDX_TYPE)))
		return of_azure(evidence, product, ret, d);
	if (media_type_equal(media_type, span_str(SNP_TYPE)))
		return of_snp(evidence, product, ret, d);
	if (media_type_equal(media_type, span_str(QUOTE_TDX_TYPE)) ||
	    media_type_equal(media_type, span_str(QUOTE_SGX_TYPE)))
		return of_quote(evidence, ret, d);
	return seal_fail(d, SEAL_E_UNSUPPORTED,
	    "'%s': Evidence of a kind without collateral of a vendor",
	    text_safe(media_type, shown, sizeof(shown)));
}

int
coll_platform_of(struct span media_type, struct span evidence,
    enum snp_product product, struct coll_platform *ret, struct seal_diag *d)
{
	struct tsm_report tsm;
	struct wr w;
	int r;

	memset(ret, 0, sizeof(*ret));
	if (!tsm_report_takes(media_type))
		return of_evidence(media_type, evidence, product, ret, d);
	if ((r = tsm_report_parse(evidence, media_type, &tsm, d)) != 0)
		return r;
	wr_init_heap(&w, TSM_REPORT_MAX);
	tsm_report_evidence(&tsm, &w);
	r = w.error != 0 ? seal_fail(d, w.error, "TSM report")
			 : of_evidence(span_str(tsm.kind->media_type),
			       wr_view(&w), product, ret, d);
	wr_free(&w);
	tsm_report_wipe(&tsm);
	return r;
}

/* ---- What it needs ---- */

static void
need(struct coll_need *ret, size_t *n, enum coll_kind kind, const char *before,
    const char *key)
{
	char text[COLL_KEY];

	snprintf(text, sizeof(text), "%s%s", before, key);
	ret[*n].kind = kind;
	coll_key_lower(text, ret[*n].key);
	(*n)++;
}

static size_t
needs_of_amd(const struct coll_platform *p, struct coll_need *ret)
{
	const char *product = snp_product_name(p->product);
	size_t n = 0;

	need(ret, &n, COLL_AMD_ARK, "", product);
	need(ret, &n, COLL_AMD_ASK, p->vlek ? "vlek-" : "vcek-", product);
	need(ret, &n, COLL_AMD_CRL, "", product);
	if (!p->has_chip)
		return n;
	ret[n].kind = p->vlek ? COLL_AMD_VLEK : COLL_AMD_VCEK;
	coll_key_chip(&p->chip, ret[n].key);
	return n + 1;
}

static size_t
needs_of_intel(const struct coll_platform *p, struct coll_need *ret)
{
	size_t n = 0;
	struct wr w;

	if (p->ca != NULL)
		need(ret, &n, COLL_INTEL_PCK_CRL, "", p->ca);
	need(ret, &n, COLL_INTEL_SIGNER, "", "tcb");
	need(ret, &n, COLL_QE_IDENTITY, "", p->tdx ? "td_qe" : "qe");
	if (p->has_fmspc) {
		need(ret, &n, COLL_TCB_INFO, p->tdx ? "tdx-" : "sgx-", "");
		wr_init(&w, ret[n - 1].key + 4, COLL_KEY - 5);
		wr_hex(&w, span_of(p->fmspc, sizeof(p->fmspc)));
	}
	/* The root itself comes along with the others. */
	need(ret, &n, COLL_INTEL_ROOT_CRL, "", "sgx");
	return n;
}

size_t
coll_needs(const struct coll_platform *p, struct coll_need ret[COLL_NEEDS_MAX])
{
	memset(ret, 0, COLL_NEEDS_MAX * sizeof(*ret));
	switch (p->vendor) {
	case COLL_AMD:
		return needs_of_amd(p, ret);
	case COLL_INTEL:
		return needs_of_intel(p, ret);
	case COLL_VENDOR_NONE:
		break;
	}
	return 0;
}

bool
coll_is(const struct coll_item *item, const struct coll_need *n)
{
	return item->kind == n->kind && strcmp(item->key, n->key) == 0;
}
