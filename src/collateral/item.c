/* SPDX-License-Identifier: Apache-2.0 */
#include "collateral/item.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/tcb_signer.h"
#include "base/text.h"
#include "crypto/crl.h"
#include "format/pck.h"
#include "format/snp.h"
#include "format/tcb_info.h"

static const struct {
	const char *name, *text;
	enum coll_class is;
} kinds[COLL_KINDS] = {
	[COLL_NONE] = { "none", "nothing", COLL_IS_CERT },
	[COLL_AMD_ARK] = { "amd-ark", "AMD root key", COLL_IS_CERT },
	[COLL_AMD_ASK] = { "amd-ask", "AMD signing key", COLL_IS_CERT },
	[COLL_AMD_VCEK] = { "amd-vcek", "AMD chip key", COLL_IS_CERT },
	[COLL_AMD_VLEK] = { "amd-vlek", "AMD provider key", COLL_IS_CERT },
	[COLL_AMD_CRL] = { "amd-crl", "AMD revocation list", COLL_IS_LIST },
	[COLL_INTEL_ROOT] = { "intel-root", "Intel SGX root", COLL_IS_CERT },
	[COLL_INTEL_CA] = { "intel-ca", "Intel PCK CA", COLL_IS_CERT },
	[COLL_INTEL_PCK] = { "intel-pck", "Intel platform key", COLL_IS_CERT },
	[COLL_INTEL_SIGNER] = { "intel-signer", "Intel TCB signer",
	    COLL_IS_CERT },
	[COLL_INTEL_ROOT_CRL] = { "intel-root-crl",
	    "Intel root's revocation list", COLL_IS_LIST },
	[COLL_INTEL_PCK_CRL] = { "intel-pck-crl",
	    "Intel PCK CA's revocation list", COLL_IS_LIST },
	[COLL_TCB_INFO] = { "intel-tcb", "Intel TCB Info", COLL_IS_DOCUMENT },
	[COLL_QE_IDENTITY] = { "intel-qe", "Intel Enclave Identity",
	    COLL_IS_DOCUMENT },
	[COLL_CERT] = { "cert", "certificate", COLL_IS_CERT },
	[COLL_CRL] = { "crl", "revocation list", COLL_IS_LIST },
};

const char *
coll_kind_name(enum coll_kind k)
{
	return kinds[k < COLL_KINDS ? k : COLL_NONE].name;
}

const char *
coll_kind_text(enum coll_kind k)
{
	return kinds[k < COLL_KINDS ? k : COLL_NONE].text;
}

enum coll_class
coll_class(enum coll_kind k)
{
	return kinds[k < COLL_KINDS ? k : COLL_NONE].is;
}

/* ---- Keys ---- */

void
coll_key_lower(const char *text, char *ret)
{
	size_t n = 0;

	for (; *text != '\0' && n < COLL_KEY - 1; text++) {
		char c = *text;

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		ret[n++] =
		    (char)((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
			       ? c
			       : '-');
	}
	ret[n] = '\0';
}

/* product, chip (or nothing for a provider's), security versions */
void
coll_key_chip(const struct snp_cert *c, char *ret)
{
	struct wr w;

	memset(ret, 0, COLL_KEY);
	wr_init(&w, ret, COLL_KEY - 1);
	coll_key_lower(snp_product_name(c->product), ret);
	w.n = strlen(ret);
	if (c->chip_id.n > 0) {
		wr_u8(&w, '-');
		wr_hex(&w, c->chip_id);
	}
	wr_u8(&w, '-');
	wr_hex(&w, span_of(c->tcb.svn, SNP_PARTS));
}

/* ---- Certificates ---- */

/* By the names that vendors give their authorities. Anybody may take such a
 * name: what it is worth, coll_verify() finds out. */
static const struct {
	const char *name; /* a prefix, where product is set */
	enum coll_kind cert, list;
	const char *key; /* before the product's */
	bool product;
} authorities[] = {
	{ "ARK-", COLL_AMD_ARK, COLL_AMD_CRL, "", true },
	{ "SEV-VLEK-", COLL_AMD_ASK, COLL_CRL, "vlek-", true },
	{ "SEV-", COLL_AMD_ASK, COLL_CRL, "vcek-", true },
	{ "Intel SGX Root CA", COLL_INTEL_ROOT, COLL_INTEL_ROOT_CRL, "sgx",
	    false },
	{ "Intel SGX PCK Platform CA", COLL_INTEL_CA, COLL_INTEL_PCK_CRL,
	    "platform", false },
	{ "Intel SGX PCK Processor CA", COLL_INTEL_CA, COLL_INTEL_PCK_CRL,
	    "processor", false },
	{ TCB_SIGNER, COLL_INTEL_SIGNER, COLL_CRL, "tcb", false },
};

static const char *
product_of(struct span rest)
{
	for (enum snp_product p = SNP_MILAN; p < SNP_PRODUCTS; p++)
		if (span_is(rest, snp_product_name(p)))
			return snp_product_name(p);
	return NULL;
}

/* Fills the key, and says which of the two it is. */
static enum coll_kind
by_name(struct span subject, bool list, char *ret_key)
{
	struct span name = { 0 };
	char key[COLL_KEY];

	if (!cert_common_name(subject, &name))
		return list ? COLL_CRL : COLL_CERT;
	for (size_t i = 0; i < sizeof(authorities) / sizeof(authorities[0]);
	     i++) {
		size_t n = strlen(authorities[i].name);
		const char *product = "";

		if (name.n < n || memcmp(name.p, authorities[i].name, n) != 0 ||
		    (!authorities[i].product && name.n != n))
			continue;
		if (authorities[i].product &&
		    (product = product_of(span_of(name.p + n, name.n - n))) ==
			NULL)
			continue;
		snprintf(key, sizeof(key), "%s%s", authorities[i].key, product);
		coll_key_lower(key, ret_key);
		return list ? authorities[i].list : authorities[i].cert;
	}
	return list ? COLL_CRL : COLL_CERT;
}

/* Of any authority: a digest of its name. */
static int
key_of_name(struct span name, char *ret, struct seal_diag *d)
{
	uint8_t digest[HASH_MAX];
	struct wr w;
	int r;

	if ((r = hash_one(HASH_SHA256, name, digest, d)) != 0)
		return r;
	memset(ret, 0, COLL_KEY);
	wr_init(&w, ret, COLL_KEY - 1);
	wr_hex(&w, span_of(digest, 8));
	return 0;
}

static int
read_cert(struct coll_item *item, struct seal_diag *d)
{
	struct cert_parts parts;
	struct snp_cert snp;
	struct cert *c = NULL;
	struct pck pck;
	struct wr w;
	int r;

	if ((r = cert_parse(item->bytes, &c, d)) != 0)
		return r;
	item->from = cert_not_before(c);
	item->until = cert_not_after(c);
	cert_unref(&c);
	if (snp_cert_parse(item->bytes, &snp, NULL) == 0) {
		item->kind = snp.csp_id.n > 0 ? COLL_AMD_VLEK : COLL_AMD_VCEK;
		coll_key_chip(&snp, item->key);
		return 0;
	}
	if (pck_read(item->bytes, &pck, NULL) == 0) {
		item->kind = COLL_INTEL_PCK;
		wr_init(&w, item->key, COLL_KEY - 1);
		wr_hex(&w, span_of(pck.fmspc, sizeof(pck.fmspc)));
		return 0;
	}
	if (!cert_parts_read(item->bytes, &parts))
		return seal_fail(d, SEAL_E_DECODE, "malformed certificate");
	item->kind = by_name(parts.subject, false, item->key);
	return item->kind == COLL_CERT
		   ? key_of_name(parts.subject, item->key, d)
		   : 0;
}

static int
read_list(struct coll_item *item, struct seal_diag *d)
{
	struct crl c;
	int r;

	if ((r = crl_parse(item->bytes, &c, d)) != 0)
		return r;
	item->from = c.this_update;
	item->until = c.next_update;
	item->number = c.number;
	item->kind = by_name(c.issuer, true, item->key);
	return item->kind == COLL_CRL ? key_of_name(c.issuer, item->key, d) : 0;
}

/* ---- Documents ---- */

static int
read_info(
    const struct tcb_bundle *b, struct coll_item *item, struct seal_diag *d)
{
	struct tcb_info *i = calloc(1, sizeof(*i));
	struct wr w;
	int r;

	if (i == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "TCB Info");
	if ((r = tcb_info_parse(b->tcb_info, b->tcb_signature, i, d)) == 0) {
		item->kind = COLL_TCB_INFO;
		item->from = i->issued_at;
		item->until = i->next_update;
		item->evaluation = i->evaluation;
		wr_init(&w, item->key, COLL_KEY - 1);
		wr_printf(&w, "%s-", i->tdx ? "tdx" : "sgx");
		wr_hex(&w, span_of(i->fmspc, sizeof(i->fmspc)));
	}
	free(i);
	return r;
}

static int
read_identity(
    const struct tcb_bundle *b, struct coll_item *item, struct seal_diag *d)
{
	struct qe_identity *q = calloc(1, sizeof(*q));
	char id[16];
	int r;

	if (q == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "Enclave Identity");
	if ((r = qe_identity_parse(b->qe_identity, b->qe_signature, q, d)) ==
	    0) {
		item->kind = COLL_QE_IDENTITY;
		item->from = q->issued_at;
		item->until = q->next_update;
		item->evaluation = q->evaluation;
		coll_key_lower(text_safe(q->id, id, sizeof(id)), item->key);
	}
	free(q);
	return r;
}

static int
read_document(struct coll_item *item, struct seal_diag *d)
{
	struct tcb_bundle b;
	int r;

	if ((r = tcb_bundle_parse(item->bytes, &b, d)) != 0)
		return r;
	if (b.owned != NULL)
		r = seal_fail(d, SEAL_E_UNSUPPORTED,
		    "a bundle, which is taken apart first");
	else
		r = b.tcb_info.n > 0 ? read_info(&b, item, d)
				     : read_identity(&b, item, d);
	tcb_bundle_free(&b);
	return r;
}

int
coll_read(
    const struct endorsement *e, struct coll_item *ret, struct seal_diag *d)
{
	struct coll_item item = { .bytes = e->bytes };
	uint8_t digest[HASH_MAX];
	int r;

	switch (e->kind) {
	case ENDORSE_CERT:
		r = read_cert(&item, d);
		break;
	case ENDORSE_CRL:
		r = read_list(&item, d);
		break;
	case ENDORSE_JSON:
		r = read_document(&item, d);
		break;
	default:
		r = seal_fail(d, SEAL_E_UNSUPPORTED,
		    "neither certificate, revocation list nor collateral");
		break;
	}
	if (r != 0 || (r = hash_one(HASH_SHA256, item.bytes, digest, d)) != 0)
		return r;
	memcpy(item.digest, digest, sizeof(item.digest));
	*ret = item;
	return 0;
}

/* ---- Names, and which is newer ---- */

void
coll_name(const struct coll_item *item, char *ret)
{
	bool cert = coll_class(item->kind) == COLL_IS_CERT;
	struct wr w;

	memset(ret, 0, COLL_NAME);
	wr_init(&w, ret, COLL_NAME - 1);
	wr_printf(&w, "%s-%s-", coll_kind_name(item->kind), item->key);
	wr_hex(&w, span_of(cert ? item->digest : item->by, 8));
	wr_printf(&w, "%s",
	    cert                                     ? ".der"
	    : coll_class(item->kind) == COLL_IS_LIST ? ".crl"
						     : ".json");
}

int
coll_compare(const struct coll_item *a, const struct coll_item *b)
{
	int c = crl_compare_numbers(a->number, b->number);

	if (c == 0 && a->evaluation != b->evaluation)
		c = b->evaluation > a->evaluation ? 1 : -1;
	if (c == 0 && a->from != b->from)
		c = b->from > a->from ? 1 : -1;
	return c;
}
