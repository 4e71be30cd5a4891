/* SPDX-License-Identifier: Apache-2.0 */
#include "format/snp.h"

#include <string.h>

#include "base/rd.h"
#include "cbor/cbor.h"
#include "crypto/der.h"
#include "crypto/x509.h"

/* ---- The certificate table ---- */

#define ENTRY_SIZE 24u

static const uint8_t cert_guids[][16] = {
	/* VCEK, VLEK, ASK or ASVK, ARK */
	{ 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4,
	    0xb9, 0x3b, 0xe8, 0xac, 0xcd },
	{ 0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e, 0xaa, 0xe6, 0x39,
	    0xc0, 0x45, 0xa0, 0xb8, 0xa1 },
	{ 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05,
	    0xae, 0xf3, 0x27, 0xc7, 0x82 },
	{ 0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f,
	    0xb6, 0x01, 0x4c, 0xd0, 0xae },
};

static bool
is_cert(struct span guid)
{
	for (size_t i = 0; i < sizeof(cert_guids) / sizeof(cert_guids[0]); i++)
		if (span_equal(guid, span_of(cert_guids[i], 16)))
			return true;
	return false;
}

static bool
read_part(struct span in, uint32_t offset, uint32_t n, struct span *ret)
{
	struct span skip = { 0 };
	struct rd r;

	rd_init(&r, in);
	return n > 0 && rd_bytes(&r, offset, &skip) && rd_bytes(&r, n, ret);
}

int
snp_table_parse(struct span in, struct snp_table *ret, struct seal_diag *d)
{
	static const uint8_t none[16];
	struct snp_table t = { .n = 0 };
	struct span guid = { 0 }, part = { 0 };
	uint32_t offset = 0, n = 0;
	struct rd r;

	rd_init(&r, in);
	for (size_t entries = 0; entries <= SNP_TABLE_MAX; entries++) {
		if (!rd_bytes(&r, 16, &guid) || !rd_u32le(&r, &offset) ||
		    !rd_u32le(&r, &n))
			break;
		if (in.n - rd_left(&r) > t.used)
			t.used = in.n - rd_left(&r);
		if (span_equal(guid, span_of(none, sizeof(none)))) {
			*ret = t;
			return 0;
		}
		if (entries == SNP_TABLE_MAX ||
		    !read_part(in, offset, n, &part))
			break;
		if (is_cert(guid))
			t.certs[t.n++] = part;
		if ((size_t)offset + n > t.used)
			t.used = (size_t)offset + n;
	}
	return seal_fail(d, SEAL_E_DECODE,
	    "SNP certificate table: cut off, or with more than %u entries",
	    SNP_TABLE_MAX);
}

int
snp_evidence_parse(struct span in, struct span *ret_report,
    struct snp_table *ret, struct seal_diag *d)
{
	struct snp_table t = { .n = 0 };
	struct span report = { 0 }, rest = { 0 };
	struct rd r;
	int code;

	rd_init(&r, in);
	if (!rd_bytes(&r, SNP_REPORT_SIZE, &report) ||
	    !rd_bytes(&r, rd_left(&r), &rest))
		return seal_fail(d, SEAL_E_DECODE,
		    "SNP Evidence: expected a report of %u bytes, found %zu",
		    SNP_REPORT_SIZE, in.n);
	if (rest.n > 0 && (code = snp_table_parse(rest, &t, d)) != 0)
		return code;
	*ret_report = report;
	*ret = t;
	return 0;
}

/* ---- What AMD certifies ---- */

/* 1.3.6.1.4.1.3704.1; its arcs follow. */
#define OID_AMD 0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01
#define DER_IA5 0x16

static bool
extension(
    const struct cert_parts *p, uint8_t arc, uint8_t below, struct span *ret)
{
	uint8_t oid[] = { OID_AMD, arc, below };

	return cert_parts_extension(
	    p, span_of(oid, sizeof(oid) - (below == 0)), ret);
}

static bool
read_svn(const struct cert_parts *p, uint8_t below, uint8_t *ret)
{
	struct span value = { 0 }, svn = { 0 };
	struct rd r;

	if (!extension(p, 3, below, &value))
		return false;
	rd_init(&r, value);
	if (!der_uint(&r, &svn) || !rd_end(&r) || svn.n > 1)
		return false;
	*ret = svn.n == 0 ? 0 : svn.p[0];
	return true;
}

static bool
read_text(const struct cert_parts *p, uint8_t arc, struct span *ret)
{
	struct span value = { 0 };
	struct rd r;

	if (!extension(p, arc, 0, &value))
		return false;
	rd_init(&r, value);
	return der_read(&r, DER_IA5, ret) && rd_end(&r);
}

/* "Milan", or with its stepping, "Milan-B0". */
static enum snp_product
product_named(struct span name)
{
	for (enum snp_product p = SNP_MILAN; p < SNP_PRODUCTS; p++) {
		const char *want = snp_product_name(p);
		size_t n = strlen(want);

		if (name.n >= n && memcmp(name.p, want, n) == 0 &&
		    (name.n == n || name.p[n] == '-'))
			return p;
	}
	return SNP_PRODUCT_NONE;
}

/* Of a chip, or of a provider of many, never both. */
static bool
read_whose(const struct cert_parts *p, struct snp_cert *c)
{
	bool chip = extension(p, 4, 0, &c->chip_id);
	bool csp = read_text(p, 5, &c->csp_id);
	size_t n = c->product == SNP_TURIN ? 8 : SNP_CHIP_ID;
	struct rd r;

	/* Bare bytes, or in some newer ones an OCTET STRING. */
	rd_init(&r, c->chip_id);
	if (c->chip_id.n == n + 2 &&
	    (!der_read(&r, DER_OCTETS, &c->chip_id) || !rd_end(&r)))
		return false;

	return chip != csp && (!chip || c->chip_id.n == n) &&
	       (!csp || c->csp_id.n > 0);
}

int
snp_cert_parse(struct span der, struct snp_cert *ret, struct seal_diag *d)
{
	static const uint8_t arcs[] = { 1, 2, 3, 8 };
	struct snp_cert c = { 0 };
	struct span name = { 0 };
	struct cert_parts p;
	bool ok;

	ok = cert_parts_read(der, &p) && read_text(&p, 2, &name) &&
	     (c.product = product_named(name)) != SNP_PRODUCT_NONE;
	for (size_t i = 0; ok && i < sizeof(arcs); i++)
		ok = read_svn(&p, arcs[i], &c.tcb.svn[i]);
	if (ok && c.product == SNP_TURIN)
		ok = read_svn(&p, 9, &c.tcb.svn[SNP_FMC]);
	if (!ok || !read_whose(&p, &c))
		return seal_fail(d, SEAL_E_DECODE,
		    "certificate: none of AMD's for a VCEK or VLEK");
	*ret = c;
	return 0;
}
