/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attests as a confidential VM of Azure: the HCL report, which names the key of
 * the virtual TPM, and a quote by that key, which carries the binder. So no
 * guest software but the paravisor's chooses what the hardware signs. The
 * subject key lives in the guest's memory.
 */
#include "format/azure.h"

#include <stdlib.h>
#include <string.h>

#include "evidence/drivers.h"
#include "evidence/subject.h"
#include "evidence/tpm2.h"
#include "evidence/tpm2_status.h"
#include "format/cmw.h"
#include "remote/imds.h"

#define NAME "azure"
#define AK_HANDLE 0x81000003u
#define PROBE_TIMEOUT_MS 3000u
#define TORN_TRIES 3 /* the report may be written while it is read */

struct azure {
	struct subject subject;
	char *tcti, *lock_dir;
	struct tpm2_where where;
	struct tpm2_pcrs pcrs;
	uint32_t ak_handle;
	struct tpm2_key ak;
	uint8_t ak_spki[LIMIT_SPKI];
	size_t n_ak_spki;
	size_t max_digest; /* bytes */
	bool certificates;
	struct http *imds;
	/* What the host added to this hardware report: a TD quote, or the
	 * certificates of its signer (PEM). */
	struct wr hardware, beside;
};

/* ---- The virtual TPM ---- */

/* One visit: the report and, where there is a binder, a quote. */
struct visit {
	struct azure *a;
	struct wr hcl;
	struct hcl_report report; /* views into hcl */
	struct tpm2_quote quote;
};

static struct visit *
visit_new(struct azure *a)
{
	struct visit *v = calloc(1, sizeof(*v)); /* large for a stack */

	if (v == NULL)
		return NULL;
	v->a = a;
	v->quote.ak = &a->ak;
	v->quote.pcrs = a->pcrs;
	wr_init_heap(&v->hcl, HCL_REPORT_MAX);
	return v;
}

static void
visit_free(struct visit *v)
{
	if (v != NULL)
		wr_free(&v->hcl);
	free(v);
}

/* One that stays torn goes along as it is: the peer's verdict then says what is
 * wrong with it. */
static int
read_hcl(struct tpm2_conn *c, struct visit *v, struct seal_diag *d)
{
	int r = 0;

	for (int i = 0; i < TORN_TRIES; i++) {
		if ((r = tpm2_nv_read(c, HCL_NV_INDEX, &v->hcl, d)) != 0)
			break;
		if ((r = hcl_parse(wr_view(&v->hcl), &v->report, d)) != 0 ||
		    hcl_whole(&v->report))
			return r;
	}
	if (r == SEAL_E_UNSUPPORTED)
		seal_remedy(d, "only confidential VMs of Azure have a report "
			       "there: use the driver of this machine");
	return r;
}

static int
no_ak(const struct azure *a, struct seal_diag *d)
{
	seal_fail(d, SEAL_E_CONFIG, NAME ": no key at 0x%08x",
	    (unsigned)a->ak_handle);
	seal_remedy(
	    d, "set 'ak' to the handle of the VM's own key, 0x%08x", AK_HANDLE);
	return SEAL_E_CONFIG;
}

static int
find_ak(struct tpm2_conn *c, struct azure *a, struct seal_diag *d)
{
	struct tpm_public pub = { 0 };
	bool found = false;
	struct wr spki;
	int r = tpm2_key_find(c, a->ak_handle, &a->ak, &found, d);

	if (r == 0 && !found)
		r = no_ak(a, d);
	wr_init(&spki, a->ak_spki, sizeof(a->ak_spki));
	if (r != 0 ||
	    (r = tpm_public_parse(tpm2_key_public(&a->ak), &pub, d)) != 0 ||
	    (r = tpm_public_spki(&pub, &spki, d)) != 0)
		return r;
	a->n_ak_spki = spki.n;
	return 0;
}

static int
open_job(struct tpm2_conn *c, void *arg, struct seal_diag *d)
{
	struct visit *v = arg;
	struct tpm2_status status;
	int r;

	if ((r = read_hcl(c, v, d)) != 0 || (r = find_ak(c, v->a, d)) != 0 ||
	    (r = tpm2_status_job(c, &status, d)) != 0)
		return r;
	v->a->max_digest = status.max_digest;
	return tpm2_pcrs_read(c, &v->a->pcrs, d);
}

static int
collect_job(struct tpm2_conn *c, void *arg, struct seal_diag *d)
{
	struct visit *v = arg;
	int r = read_hcl(c, v, d);

	return r != 0 ? r : tpm2_quote_job(c, &v->quote, d);
}

/* What every peer will demand, told here already. */
static int
check_named(const struct visit *v, struct seal_diag *d)
{
	uint8_t buf[LIMIT_SPKI];
	struct wr named;
	int r;

	wr_init(&named, buf, sizeof(buf));
	if ((r = hcl_ak(v->report.json, &named, d)) != 0)
		return r;
	if (span_equal(
		wr_view(&named), span_of(v->a->ak_spki, v->a->n_ak_spki)))
		return 0;
	seal_fail(d, SEAL_E_CONFIG,
	    NAME ": the key at 0x%08x is not the one that the HCL report names",
	    (unsigned)v->a->ak_handle);
	seal_remedy(
	    d, "set 'ak' to the handle of the VM's own key, 0x%08x", AK_HANDLE);
	return SEAL_E_CONFIG;
}

/* ---- The host ---- */

static int
ask_host(struct azure *a, const struct hcl_report *h, uint64_t deadline_ms,
    struct seal_diag *d)
{
	if (h->hardware == HCL_TDX)
		return imds_td_quote(a->imds,
		    span_of(h->report.p, IMDS_TD_REPORT), (int64_t)deadline_ms,
		    &a->beside, d);
	if (!a->certificates)
		return 0;
	if (imds_certificates(a->imds, (int64_t)deadline_ms, &a->beside, d) ==
	    0)
		return 0;
	seal_remedy(d, "or set certificates=no, and give the VCEK to those who "
		       "appraise");
	return SEAL_E_UNAVAILABLE;
}

/* Once for each report of the hardware: a VM has one until it moves. */
static int
complete(struct azure *a, const struct hcl_report *h, uint64_t deadline_ms,
    struct seal_diag *d)
{
	int r;

	if (span_equal(wr_view(&a->hardware), h->report))
		return 0;
	wr_free(&a->hardware);
	wr_free(&a->beside);
	if ((r = ask_host(a, h, deadline_ms, d)) != 0) {
		wr_free(&a->beside);
		return r;
	}
	wr_bytes(&a->hardware, h->report);
	return a->hardware.error == 0
		   ? 0
		   : seal_fail(d, a->hardware.error, NAME ": report");
}

/* ---- open ---- */

static int
read_conf(struct azure *a, const struct conf *conf, struct seal_diag *d)
{
	static const struct http_conf host = { .plain_loopback = true,
		.plain_metadata = true };
	int r;

	if ((r = tpm2_conf_dup(conf, "tcti", TPM2_DEFAULT_TCTI, &a->tcti, d)) !=
		0 ||
	    (r = tpm2_conf_dup(conf, "lock_dir", NULL, &a->lock_dir, d)) != 0 ||
	    (r = tpm2_pcrs_parse(conf_get(conf, "pcrs", TPM2_DEFAULT_PCRS),
		 &a->pcrs, d)) != 0 ||
	    (r = tpm2_conf_handle(conf, "ak", AK_HANDLE, &a->ak_handle, d)) !=
		0 ||
	    (r = conf_yes(conf, NAME, "certificates", &a->certificates, d)) !=
		0)
		return r;
	a->where = (struct tpm2_where){ a->tcti, a->lock_dir };
	return http_new(conf_get(conf, "imds", IMDS_URL), &host, &a->imds, d);
}

static int
azure_open(void *ctx, const struct conf *conf, uint64_t deadline_ms,
    struct seal_diag *d)
{
	struct azure *a = ctx;
	struct visit *v;
	int r;

	wr_init_heap(&a->hardware, HCL_HARDWARE);
	wr_init_heap(&a->beside, IMDS_ANSWER_MAX);
	if ((r = read_conf(a, conf, d)) != 0 ||
	    (r = subject_open(&a->subject, NAME, true, conf, d)) != 0)
		return r;
	if ((v = visit_new(a)) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, NAME);
	if ((r = tpm2_run(&a->where, deadline_ms, open_job, v, d)) == 0 &&
	    (r = check_named(v, d)) == 0)
		r = complete(a, &v->report, deadline_ms, d);
	visit_free(v);
	return r;
}

static void
azure_close(void *ctx)
{
	struct azure *a = ctx;

	tpm2_key_clear(&a->ak);
	subject_wipe(&a->subject);
	http_free(&a->imds);
	wr_free(&a->hardware);
	wr_free(&a->beside);
	free(a->tcti);
	free(a->lock_dir);
}

/* ---- Evidence ---- */

static int
write_quote(const struct azure *a, const struct tpm2_quote *q, struct wr *out)
{
	struct tpm_evidence e = {
		.quote = span_of(q->quote.p, q->quote.n),
		.quote_signature =
		    span_of(q->quote_signature.p, q->quote_signature.n),
		.ak_public = span_of(a->ak_spki, a->n_ak_spki),
	};

	tpm2_pcrs_put(&q->pcrs, &e);
	return tpm_quote_evidence_write(out, &e);
}

static int
write_members(const struct azure *a, const struct visit *v, struct wr *platform,
    struct wr *quote, struct wr *out)
{
	bool tdx = v->report.hardware == HCL_TDX;
	bool with_pem = !tdx && a->beside.n > 0;
	struct cmw_item items[] = {
		{ .kind = CMW_COLLECTION },
		{ .kind = CMW_RECORD,
		    .depth = 1,
		    .label = span_str("platform"),
		    .media_type =
			span_str(tdx ? AZURE_TDX_TYPE : AZURE_SNP_TYPE) },
		{ .kind = CMW_RECORD,
		    .depth = 1,
		    .label = span_str("tpm"),
		    .media_type = span_str(TPM_QUOTE_TYPE) },
		{ .kind = CMW_RECORD,
		    .depth = 1,
		    .label = span_str("vcek"),
		    .media_type = span_str("application/pem-certificate-chain"),
		    .value = wr_view(&a->beside),
		    .ind = CMW_IND_ENDORSEMENTS },
	};
	int r;

	if ((r = azure_member_write(platform, wr_view(&v->hcl),
		 tdx ? wr_view(&a->beside) : span_of(NULL, 0))) != 0 ||
	    (r = write_quote(a, &v->quote, quote)) != 0)
		return r;
	items[1].value = wr_view(platform);
	items[2].value = wr_view(quote);
	return cmw_write_cbor(out, items, with_pem ? 4 : 3);
}

static int
write_evidence(const struct azure *a, const struct visit *v, struct wr *out,
    struct seal_diag *d)
{
	struct wr platform, quote;
	int r;

	wr_init_heap(&platform, LIMIT_CMW);
	wr_init_heap(&quote, LIMIT_CMW);
	r = write_members(a, v, &platform, &quote, out);
	wr_free(&platform);
	wr_free(&quote);
	return r == 0 ? 0
		      : seal_fail(d, r, NAME ": Evidence of more than %u bytes",
			    LIMIT_CMW);
}

static int
azure_collect(void *ctx, const struct seal_binding *b, uint64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	struct azure *a = ctx;
	struct visit *v = visit_new(a);
	int r;

	if (v == NULL)
		return seal_fail(d, SEAL_E_MEMORY, NAME);
	v->quote.binder = binding_value(b);
	if ((r = tpm2_run(&a->where, deadline_ms, collect_job, v, d)) == 0 &&
	    (r = complete(a, &v->report, deadline_ms, d)) == 0)
		r = write_evidence(a, v, out, d);
	visit_free(v);
	return r;
}

/* ---- The rest ---- */

static int
probe_job(struct tpm2_conn *c, void *arg, struct seal_diag *d)
{
	return read_hcl(c, arg, d);
}

static int
azure_probe(const struct conf *conf, struct wr *out, struct seal_diag *d)
{
	const struct tpm2_where where = {
		conf_get(conf, "tcti", TPM2_DEFAULT_TCTI),
		conf_get(conf, "lock_dir", NULL),
	};
	struct visit v = { 0 };
	int r;

	wr_init_heap(&v.hcl, HCL_REPORT_MAX);
	r = tpm2_run(
	    &where, evidence_now_ms() + PROBE_TIMEOUT_MS, probe_job, &v, d);
	if (r == 0)
		wr_printf(out, "confidential VM of Azure, on %s",
		    v.report.hardware == HCL_TDX ? "Intel TDX" : "AMD SEV-SNP");
	wr_free(&v.hcl);
	return r;
}

static size_t
azure_binder_max(void *ctx)
{
	struct azure *a = ctx;

	return a->max_digest;
}

static const char *const azure_keys[] = { SUBJECT_KEYS, "tcti", "lock_dir",
	"pcrs", "ak", "imds", "certificates", NULL };

SUBJECT_FIRST(struct azure);
const struct evidence_driver evidence_azure = {
	.abi = EVIDENCE_DRIVER_ABI,
	.name = NAME,
	.media_type = CMW_TYPE,
	.keys = azure_keys,
	.ctx_size = sizeof(struct azure),
	.probe = azure_probe,
	.open = azure_open,
	.binder_max = azure_binder_max,
	SUBJECT_CALLS,
	.collect = azure_collect,
	.close = azure_close,
};
