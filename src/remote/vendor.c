/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/vendor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

#define PATH 512

static const char *
key_kind(const struct vendor_about *a)
{
	return a->vlek ? "vlek" : "vcek";
}

static bool
put_vcek(const struct vendor_about *a, struct wr *w)
{
	const uint8_t *svn = a->tcb.svn;

	if (a->chip_id.n == 0 || a->vlek)
		return false;
	wr_printf(w, "/vcek/v1/%s/", snp_product_name(a->product));
	wr_hex(w, a->chip_id);
	wr_printf(w, "?blSPL=%02u&teeSPL=%02u&snpSPL=%02u&ucodeSPL=%02u",
	    svn[SNP_BOOT_LOADER], svn[SNP_TEE], svn[SNP_SNP],
	    svn[SNP_MICROCODE]);
	if (a->product == SNP_TURIN)
		wr_printf(w, "&fmcSPL=%02u", svn[SNP_FMC]);
	return true;
}

static bool
put_tcb_info(const struct vendor_about *a, struct wr *w)
{
	if (a->fmspc.n == 0)
		return false;
	wr_printf(w, "/%s/certification/v4/tcb?fmspc=", a->tdx ? "tdx" : "sgx");
	wr_hex(w, a->fmspc);
	return true;
}

static bool
put_path(enum vendor_what what, const struct vendor_about *a, struct wr *w)
{
	bool amd = what <= KDS_CRL;

	if (amd && a->product == SNP_PRODUCT_NONE)
		return false;
	switch (what) {
	case KDS_CHAIN:
		wr_printf(w, "/%s/v1/%s/cert_chain", key_kind(a),
		    snp_product_name(a->product));
		return true;
	case KDS_CRL:
		wr_printf(w, "/%s/v1/%s/crl", key_kind(a),
		    snp_product_name(a->product));
		return true;
	case KDS_VCEK:
		return put_vcek(a, w);
	case PCS_TCB_INFO:
		return put_tcb_info(a, w);
	case PCS_QE_IDENTITY:
		wr_printf(w, "/%s/certification/v4/qe/identity",
		    a->tdx ? "tdx" : "sgx");
		return true;
	case PCS_PCK_CRL:
		if (a->ca == NULL)
			return false;
		wr_printf(w, "/sgx/certification/v4/pckcrl?ca=%s&encoding=der",
		    a->ca);
		return true;
	case PCS_ROOT_CRL:
		wr_printf(w, "/sgx/certification/v4/rootcacrl");
		return true;
	case INTEL_ROOT_CRL:
		wr_printf(w, "/IntelSGXRootCA.der");
		return true;
	}
	return false;
}

bool
vendor_path(enum vendor_what what, const struct vendor_about *about, char *ret,
    size_t cap)
{
	struct wr w;

	wr_init(&w, ret, cap);
	if (!put_path(what, about, &w))
		return false;
	wr_u8(&w, 0);
	return w.error == 0;
}

const char *
vendor_header(enum vendor_what what)
{
	switch (what) {
	case PCS_TCB_INFO:
		return "TCB-Info-Issuer-Chain";
	case PCS_QE_IDENTITY:
		return "SGX-Enclave-Identity-Issuer-Chain";
	case PCS_PCK_CRL:
		return "SGX-PCK-CRL-Issuer-Chain";
	default:
		return NULL;
	}
}

/* ---- What came ---- */

static int
refuse(const struct http *h, const char *path, struct seal_diag *d,
    const char *expected, const char *found)
{
	seal_fail(d, SEAL_E_UNAVAILABLE, "GET %.80s%.*s: expected %s, found %s",
	    http_url(h), (int)strcspn(path, "?"), path, expected, found);
	seal_remedy(
	    d, "see that the URL is the vendor's service, or a cache of it");
	return SEAL_E_UNAVAILABLE;
}

/* Percent-encoded PEM. */
static int
take_chain(const struct http *h, enum vendor_what what, const char *path,
    const char *value, struct vendor_answer *ret, struct seal_diag *d)
{
	const char *name = vendor_header(what);
	char expected[80];
	struct wr w;
	int r;

	if (name == NULL)
		return 0;
	snprintf(expected, sizeof(expected), "one header %s", name);
	if (value == NULL)
		return refuse(h, path, d, expected, "none, or several");
	wr_init_heap(&w, HTTP_HEADER_MAX);
	if (!percent_decode(span_str(value), &w)) {
		wr_free(&w);
		return refuse(h, path, d, expected,
		    "one that is not percent-encoded text");
	}
	if ((r = wr_take(&w, &ret->chain, &ret->n_chain)) != 0)
		seal_fail(d, r, "collateral");
	wr_free(&w);
	return r;
}

/* Caches give a list as hex. */
static int
take_body(const struct http *h, enum vendor_what what, const char *path,
    struct http_answer *a, struct vendor_answer *ret, struct seal_diag *d)
{
	struct wr w;

	if (a->n_body == 0)
		return refuse(h, path, d, "a body", "none");
	wr_init_heap(&w, a->n_body);
	if ((what == PCS_ROOT_CRL || what == PCS_PCK_CRL) &&
	    hex_decode(span_of(a->body, a->n_body), &w)) {
		int r = wr_take(&w, &ret->body, &ret->n_body);

		return r == 0 ? 0 : seal_fail(d, r, "collateral");
	}
	wr_free(&w);
	ret->body = a->body;
	ret->n_body = a->n_body;
	a->body = NULL;
	a->n_body = 0;
	return 0;
}

/* A vendor does not know every platform that asks, and has not always time. */
static int
refuse_status(const struct http *h, const struct http_ask *ask,
    const struct http_answer *a, struct seal_diag *d)
{
	int n = (int)strcspn(ask->path, "?");

	if (a->status == 404) {
		seal_fail(d, SEAL_E_UNSUPPORTED,
		    "GET %.80s%.*s: expected collateral of this platform, "
		    "found status 404",
		    http_url(h), n, ask->path);
		seal_remedy(d, "the vendor knows no such platform, or the URL "
			       "is not of its service");
		return SEAL_E_UNSUPPORTED;
	}
	if (a->retry_after_s == 0)
		return http_refuse(h, ask, a, false, d);
	seal_fail(d, SEAL_E_UNAVAILABLE,
	    "GET %.80s%.*s: expected success, found status %ld", http_url(h), n,
	    ask->path, a->status);
	seal_remedy(
	    d, "the service wants to be asked again in %u s", a->retry_after_s);
	return SEAL_E_UNAVAILABLE;
}

int
vendor_fetch(struct http *h, enum vendor_what what,
    const struct vendor_about *about, int64_t deadline_ms,
    struct vendor_answer *ret, struct seal_diag *d)
{
	struct vendor_answer got = { 0 };
	struct http_answer a = { 0 };
	char path[PATH];
	struct http_ask ask = { .method = HTTP_GET,
		.path = path,
		.deadline_ms = deadline_ms,
		.header = vendor_header(what),
		.body_max = LIMIT_FILE };
	int r;

	if (!vendor_path(what, about, path, sizeof(path)))
		return seal_fail(
		    d, SEAL_E_ARGUMENT, "collateral: not said what of");
	if ((r = http_ask(h, &ask, &a, d)) != 0)
		return r;
	r = a.status != 200 ? refuse_status(h, &ask, &a, d)
			    : take_chain(h, what, path, a.header, &got, d);
	if (r == 0)
		r = take_body(h, what, path, &a, &got, d);
	http_answer_wipe(&a);
	if (r != 0)
		vendor_answer_wipe(&got);
	else
		*ret = got;
	return r;
}

void
vendor_answer_wipe(struct vendor_answer *a)
{
	free(a->body);
	free(a->chain);
	memset(a, 0, sizeof(*a));
}
