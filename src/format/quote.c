/* SPDX-License-Identifier: Apache-2.0 */
#include "format/quote.h"

#include <string.h>

#define KEY_ECDSA_P256 2u
#define TEE_SGX 0u
#define TEE_TDX 0x81u
#define CERTS_QE 6u /* QE report and all behind it, from version 4 on */

#define BODY_SGX 1u
#define BODY_TD10 2u
#define BODY_TD15 3u
#define TD10_SIZE 584u
#define TD15_SIZE 648u

#define VENDOR 16
#define USER_DATA 20
#define SIGNATURE 64
#define KEY 64

struct header {
	uint16_t key_type;
	uint32_t tee;
};

static int
read_header(struct rd *r, struct quote *q, struct seal_diag *d)
{
	struct header h = { 0 };
	struct span svns;

	if (!rd_u16le(r, &q->version) || !rd_u16le(r, &h.key_type) ||
	    !rd_u32le(r, &h.tee) || !rd_bytes(r, 4, &svns) ||
	    !rd_bytes(r, VENDOR, &q->vendor) ||
	    !rd_bytes(r, USER_DATA, &q->user_data))
		return seal_fail(d, SEAL_E_DECODE, "quote: header cut short");
	if (q->version < 3 || q->version > 5)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "quote: version %u, expected 3, 4 or 5", q->version);
	if (h.key_type != KEY_ECDSA_P256)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "quote: attestation key of type %u, expected 2 (ECDSA "
		    "P-256)",
		    h.key_type);
	/* Version 3 has SGX alone. */
	if (h.tee == TEE_SGX)
		q->tee = QUOTE_SGX;
	else if (h.tee == TEE_TDX && q->version > 3)
		q->tee = QUOTE_TDX;
	else
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "quote: TEE type 0x%x in version %u, expected 0 (SGX) or "
		    "0x81 (TDX)",
		    h.tee, q->version);
	return 0;
}

struct body {
	enum quote_tee tee;
	uint16_t type;
	uint32_t size;
};

static const struct body bodies[] = {
	{ QUOTE_SGX, BODY_SGX, SGX_REPORT_SIZE },
	{ QUOTE_TDX, BODY_TD10, TD10_SIZE },
	{ QUOTE_TDX, BODY_TD15, TD15_SIZE },
};

/* From version 5 on the body says its type and size, which are signed too. */
static bool
read_body_kind(struct rd *r, const struct quote *q, struct body *ret)
{
	struct body b = { .tee = q->tee };

	if (q->version < 5) {
		*ret = bodies[q->tee == QUOTE_SGX ? 0 : 1];
		return true;
	}
	if (!rd_u16le(r, &b.type) || !rd_u32le(r, &b.size))
		return false;
	*ret = b;
	return true;
}

static bool
body_known(const struct body *b)
{
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		if (b->tee == bodies[i].tee && b->type == bodies[i].type &&
		    b->size == bodies[i].size)
			return true;
	return false;
}

static int
read_body(struct rd *r, struct quote *q, struct seal_diag *d)
{
	struct body b = { 0 };

	if (!read_body_kind(r, q, &b))
		return seal_fail(d, SEAL_E_DECODE, "quote: cut short");
	if (!body_known(&b))
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "quote: body of type %u with %u bytes in a quote of %s",
		    b.type, b.size, q->tee == QUOTE_SGX ? "SGX" : "TDX");
	if (!rd_bytes(r, b.size, &q->body))
		return seal_fail(d, SEAL_E_DECODE, "quote: body cut short");
	q->td15 = b.type == BODY_TD15;
	return 0;
}

static bool
vec32le(struct rd *r, struct rd *ret)
{
	struct span content;
	uint32_t n = 0;

	if (!rd_u32le(r, &n) || !rd_bytes(r, n, &content))
		return false;
	rd_init(ret, content);
	return true;
}

static bool
read_qe(struct rd *r, struct quote *q)
{
	struct rd certs;
	uint16_t n = 0;

	return rd_bytes(r, SGX_REPORT_SIZE, &q->qe_report) &&
	       rd_bytes(r, SIGNATURE, &q->qe_signature) && rd_u16le(r, &n) &&
	       rd_bytes(r, n, &q->qe_auth) && rd_u16le(r, &q->certs_type) &&
	       vec32le(r, &certs) && rd_end(r) &&
	       rd_bytes(&certs, rd_left(&certs), &q->certs);
}

static bool
read_signature(struct rd *r, struct quote *q)
{
	uint16_t type = 0;
	struct rd inner;

	if (!rd_bytes(r, SIGNATURE, &q->signature) ||
	    !rd_bytes(r, KEY, &q->key))
		return false;
	if (q->version < 4)
		return read_qe(r, q);
	return rd_u16le(r, &type) && type == CERTS_QE && vec32le(r, &inner) &&
	       rd_end(r) && read_qe(&inner, q);
}

/* Devices and drivers hand out buffers of a fixed size. */
static bool
only_zeros(struct rd *r)
{
	struct span rest = { 0 };

	return rd_bytes(r, rd_left(r), &rest) && span_is_zero(rest);
}

int
quote_parse(struct span in, struct quote *ret, struct seal_diag *d)
{
	struct quote q = { 0 };
	struct rd r, sig;
	int code;

	rd_init(&r, in);
	if ((code = read_header(&r, &q, d)) != 0 ||
	    (code = read_body(&r, &q, d)) != 0)
		return code;
	q.signed_bytes = span_of(in.p, in.n - rd_left(&r));
	if (!vec32le(&r, &sig) || !read_signature(&sig, &q))
		return seal_fail(d, SEAL_E_DECODE,
		    "quote: signature data cut short, or not what version %u "
		    "has",
		    q.version);
	if (!only_zeros(&r))
		return seal_fail(d, SEAL_E_DECODE,
		    "quote: bytes behind its end that are no zeros");
	*ret = q;
	return 0;
}

static uint64_t
u64le(struct span s)
{
	uint64_t v = 0;
	struct rd r;

	rd_init(&r, s);
	(void)rd_u64le(&r, &v);
	return v;
}

bool
sgx_report_read(struct span body, struct sgx_report *ret)
{
	struct sgx_report s = { 0 };
	struct span skip;
	struct rd r;

	rd_init(&r, body);
	if (!rd_bytes(&r, 16, &s.cpu_svn) || !rd_bytes(&r, 4, &s.misc_select) ||
	    !rd_bytes(&r, 12 + 16, &skip) || /* reserved, ISVEXTPRODID */
	    !rd_bytes(&r, 16, &s.attributes) ||
	    !rd_bytes(&r, 32, &s.mrenclave) || !rd_bytes(&r, 32, &skip) ||
	    !rd_bytes(&r, 32, &s.mrsigner) || !rd_bytes(&r, 32, &skip) ||
	    !rd_bytes(&r, 64, &s.config_id) || !rd_u16le(&r, &s.isv_prod_id) ||
	    !rd_u16le(&r, &s.isv_svn) || !rd_u16le(&r, &s.config_svn) ||
	    !rd_bytes(&r, 42 + 16, &skip) || /* reserved, ISVFAMILYID */
	    !rd_bytes(&r, QUOTE_REPORT_DATA, &s.report_data) || !rd_end(&r))
		return false;
	s.flags = u64le(s.attributes);
	*ret = s;
	return true;
}

bool
td_report_read(const struct quote *q, struct td_report *ret)
{
	struct td_report t = { 0 };
	struct rd r;

	rd_init(&r, q->body);
	if (q->tee != QUOTE_TDX || !rd_bytes(&r, 16, &t.tee_tcb_svn) ||
	    !rd_bytes(&r, 48, &t.mrseam) ||
	    !rd_bytes(&r, 48, &t.mrsignerseam) ||
	    !rd_bytes(&r, 8, &t.seam_attributes) ||
	    !rd_bytes(&r, 8, &t.attributes) || !rd_bytes(&r, 8, &t.xfam) ||
	    !rd_bytes(&r, 48, &t.mrtd) || !rd_bytes(&r, 48, &t.mrconfigid) ||
	    !rd_bytes(&r, 48, &t.mrowner) ||
	    !rd_bytes(&r, 48, &t.mrownerconfig))
		return false;
	for (size_t i = 0; i < TD_RTMRS; i++)
		if (!rd_bytes(&r, 48, &t.rtmr[i]))
			return false;
	if (!rd_bytes(&r, QUOTE_REPORT_DATA, &t.report_data))
		return false;
	if (q->td15 && (!rd_bytes(&r, 16, &t.tee_tcb_svn2) ||
			   !rd_bytes(&r, 48, &t.mrservicetd)))
		return false;
	if (!rd_end(&r))
		return false;
	t.flags = u64le(t.attributes);
	*ret = t;
	return true;
}
