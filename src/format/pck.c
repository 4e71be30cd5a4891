/* SPDX-License-Identifier: Apache-2.0 */
#include "format/pck.h"

#include <string.h>

#include "crypto/der.h"
#include "crypto/x509.h"

/* 1.2.840.113741.1.13.1, the prefix of all its members. */
static const uint8_t oid_sgx[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 1, 0x0d,
	1 };
#define DER_ENUMERATED 0x0a

enum { PCK_PPID = 1, PCK_TCB, PCK_PCE_ID, PCK_FMSPC, PCK_TYPE };
enum {
	TCB_COMPONENT_1 = 1,
	TCB_COMPONENT_16 = 16,
	TCB_PCE_SVN = 17,
	TCB_CPU_SVN = 18
};

static bool
fixed(struct rd *r, uint8_t *ret, size_t n)
{
	struct span s = { 0 };

	if (!der_read(r, DER_OCTETS, &s) || s.n != n)
		return rd_fail(r);
	memcpy(ret, s.p, n);
	return true;
}

static bool
number(struct rd *r, uint8_t tag, uint32_t max, uint32_t *ret)
{
	struct span s = { 0 };
	uint32_t v = 0;

	if (!der_read(r, tag, &s) || s.n == 0 || s.n > 4 ||
	    (s.p[0] & 0x80) != 0)
		return rd_fail(r);
	for (size_t i = 0; i < s.n; i++)
		v = v << 8 | s.p[i];
	if (v > max)
		return rd_fail(r);
	*ret = v;
	return true;
}

/* The last arc of an OID below prefix; false where it is none. */
static bool
arc_below(struct rd *oid, struct span prefix, uint8_t *ret)
{
	return rd_expect(oid, prefix) && rd_u8(oid, ret) && rd_end(oid) &&
	       *ret < 0x80;
}

/* The next member { OID, value }, up to its value. */
static bool
member(struct rd *list, struct span prefix, struct rd *ret, uint8_t *ret_arc)
{
	struct rd oid;

	return der_enter(list, DER_SEQ, ret) && der_enter(ret, DER_OID, &oid) &&
	       arc_below(&oid, prefix, ret_arc);
}

static bool
read_tcb(struct rd *r, struct pck *p)
{
	uint8_t prefix[sizeof(oid_sgx) + 1], arc = 0;
	uint32_t seen = 0, v = 0;
	struct rd list, one;

	memcpy(prefix, oid_sgx, sizeof(oid_sgx));
	prefix[sizeof(oid_sgx)] = PCK_TCB;
	if (!der_enter(r, DER_SEQ, &list))
		return false;
	while (rd_left(&list) > 0) {
		if (!member(
			&list, span_of(prefix, sizeof(prefix)), &one, &arc) ||
		    arc < TCB_COMPONENT_1 || arc > TCB_CPU_SVN ||
		    (seen & (1u << arc)) != 0)
			return false;
		seen |= 1u << arc;
		if (arc == TCB_CPU_SVN) {
			if (!fixed(&one, p->cpu_svn, sizeof(p->cpu_svn)))
				return false;
		} else if (arc == TCB_PCE_SVN) {
			if (!number(&one, DER_INTEGER, 65535, &p->pce_svn))
				return false;
		} else if (number(&one, DER_INTEGER, 255, &v)) {
			p->components[arc - TCB_COMPONENT_1] = (uint8_t)v;
		}
		if (!rd_end(&one))
			return false;
	}
	/* All eighteen. */
	return rd_end(&list) && seen == (1u << (TCB_CPU_SVN + 1)) - 2;
}

static bool
read_member(struct rd *r, uint8_t arc, struct pck *p)
{
	switch (arc) {
	case PCK_PPID:
		return fixed(r, p->ppid, sizeof(p->ppid));
	case PCK_TCB:
		return read_tcb(r, p);
	case PCK_PCE_ID:
		return fixed(r, p->pce_id, sizeof(p->pce_id));
	case PCK_FMSPC:
		return fixed(r, p->fmspc, sizeof(p->fmspc));
	case PCK_TYPE:
		return number(r, DER_ENUMERATED, 255, &p->sgx_type);
	default: /* platform instance, configuration, and what may come */
		return true;
	}
}

static bool
read_extension(struct span value, struct pck *p)
{
	struct rd r, list, one;
	uint32_t seen = 0;
	uint8_t arc = 0;

	rd_init(&r, value);
	if (!der_enter(&r, DER_SEQ, &list) || !rd_end(&r))
		return false;
	while (rd_left(&list) > 0) {
		if (!member(
			&list, span_of(oid_sgx, sizeof(oid_sgx)), &one, &arc) ||
		    arc > 31 || (seen & (1u << arc)) != 0)
			return false;
		seen |= 1u << arc;
		if (!read_member(&one, arc, p) ||
		    (arc <= PCK_TYPE && !rd_end(&one)))
			return false;
	}
	return rd_end(&list) && (seen & 0x3e) == 0x3e;
}

int
pck_read(struct span cert, struct pck *ret, struct seal_diag *d)
{
	struct span value = { 0 };
	struct cert_parts parts;
	struct pck p = { 0 };

	if (!cert_parts_read(cert, &parts) ||
	    !cert_parts_extension(
		&parts, span_of(oid_sgx, sizeof(oid_sgx)), &value))
		return seal_fail(d, SEAL_E_DECODE,
		    "PCK certificate: expected the SGX extension "
		    "1.2.840.113741.1.13.1");
	if (!read_extension(value, &p))
		return seal_fail(d, SEAL_E_DECODE,
		    "PCK certificate: malformed SGX extension, or a member "
		    "missing or given twice");
	*ret = p;
	return 0;
}
