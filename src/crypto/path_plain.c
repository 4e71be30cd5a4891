/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/path.h"

/* ---- Small parts ---- */

/* X.690 s8.19.2: each arc in as few bytes as it takes, the last one ended. */
static bool
is_oid(struct span s)
{
	bool first = true;

	for (size_t i = 0; i < s.n; i++) {
		if (first && s.p[i] == 0x80)
			return false;
		first = (s.p[i] & 0x80) == 0;
	}
	return s.n > 0 && first;
}

/* X.690 s8.3.2; a negative one is well-formed. */
static bool
is_integer(struct span s)
{
	if (s.n < 2)
		return s.n == 1;
	return !(s.p[0] == 0 && (s.p[1] & 0x80) == 0) &&
	       !(s.p[0] == 0xff && (s.p[1] & 0x80) != 0);
}

static bool
is_ascii(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == 0 || s.p[i] >= 0x80)
			return false;
	return true;
}

/* A name of one attribute after the other, each of them ASCII. */
static bool
is_name(struct span name)
{
	struct rd r, list, set, pair;
	struct span oid, text;
	uint8_t tag = 0;

	rd_init(&r, name);
	if (!der_enter(&r, DER_SEQ, &list) || !rd_end(&r))
		return false;
	while (rd_left(&list) > 0)
		if (!der_enter(&list, DER_SET, &set) ||
		    !der_enter(&set, DER_SEQ, &pair) || !rd_end(&set) ||
		    !der_read(&pair, DER_OID, &oid) || !is_oid(oid) ||
		    !rd_peek(&pair, &tag) ||
		    (tag != DER_UTF8 && tag != DER_PRINTABLE &&
			tag != DER_IA5) ||
		    !der_read(&pair, tag, &text) || !rd_end(&pair) ||
		    !is_ascii(text))
			return false;
	return rd_end(&list);
}

/* ---- Extensions ---- */

/* At least one use, and no bit beyond those that it says to hold. */
static bool
usage_is_plain(struct rd *value)
{
	uint8_t unused = 0, last = 0;
	struct rd bits;

	if (!der_enter(value, DER_BITS, &bits) || !rd_u8(&bits, &unused) ||
	    unused > 7 || rd_left(&bits) == 0)
		return false;
	while (rd_left(&bits) > 0)
		rd_u8(&bits, &last);
	return last != 0 && (last & ((1u << unused) - 1)) == 0;
}

/* path_may_issue() reads the limit. */
static bool
basic_is_plain(struct rd *value)
{
	static const uint8_t ca[] = { 1, 1, 0xff };
	struct span limit = { 0 };
	struct rd seq;

	if (!der_enter(value, DER_SEQ, &seq))
		return false;
	if (rd_left(&seq) == 0)
		return true;
	if (!rd_expect(&seq, span_of(ca, sizeof(ca))))
		return false;
	return rd_left(&seq) == 0 ||
	       (der_uint(&seq, &limit) && limit.n <= 1 && rd_end(&seq));
}

static bool
key_id_is_plain(struct rd *value)
{
	struct span id = { 0 };

	return der_read(value, DER_OCTETS, &id);
}

static bool
issuer_key_is_plain(struct rd *value)
{
	struct span id = { 0 };
	struct rd seq;

	return der_enter(value, DER_SEQ, &seq) &&
	       der_read(&seq, DER_CTX_PRIM(0), &id) && rd_end(&seq);
}

static bool
uses_are_plain(struct rd *value)
{
	struct span oid = { 0 };
	struct rd list;

	if (!der_enter(value, DER_SEQ, &list) || rd_left(&list) == 0)
		return false;
	while (rd_left(&list) > 0)
		if (!der_read(&list, DER_OID, &oid) || !is_oid(oid))
			return false;
	return true;
}

/* otherName, as devices of SPDM have it: text, and an OID that says of what. */
static bool
other_is_plain(struct rd *list)
{
	struct span oid = { 0 }, text = { 0 };
	struct rd name, value;

	return der_enter(list, DER_CTX(0), &name) &&
	       der_read(&name, DER_OID, &oid) && is_oid(oid) &&
	       der_enter(&name, DER_CTX(0), &value) && rd_end(&name) &&
	       der_read(&value, DER_UTF8, &text) && rd_end(&value) &&
	       is_ascii(text);
}

/* GeneralName (RFC 5280 s4.2.1.6): such a one, or the name of a mailbox, a
 * host, a URI or an IP address. */
static bool
name_is_plain(struct rd *list)
{
	struct span name = { 0 };
	uint8_t tag = 0;

	if (der_next_is(list, DER_CTX(0)))
		return other_is_plain(list);
	return rd_peek(list, &tag) &&
	       (tag == DER_CTX_PRIM(1) || tag == DER_CTX_PRIM(2) ||
		   tag == DER_CTX_PRIM(6) || tag == DER_CTX_PRIM(7)) &&
	       der_read(list, tag, &name) &&
	       (tag == DER_CTX_PRIM(7) || is_ascii(name));
}

static bool
names_are_plain(struct rd *list)
{
	if (rd_left(list) == 0)
		return false;
	while (rd_left(list) > 0)
		if (!name_is_plain(list))
			return false;
	return true;
}

static bool
alt_names_are_plain(struct rd *value)
{
	struct rd list;

	return der_enter(value, DER_SEQ, &list) && names_are_plain(&list);
}

/* By their full names alone (RFC 5280 s4.2.1.13). */
static bool
crl_places_are_plain(struct rd *value)
{
	struct rd list, place, point, names;

	if (!der_enter(value, DER_SEQ, &list) || rd_left(&list) == 0)
		return false;
	while (rd_left(&list) > 0)
		if (!der_enter(&list, DER_SEQ, &place) ||
		    !der_enter(&place, DER_CTX(0), &point) || !rd_end(&place) ||
		    !der_enter(&point, DER_CTX(0), &names) || !rd_end(&point) ||
		    !names_are_plain(&names))
			return false;
	return true;
}

/* Nobody here asks what it says. */
static bool
is_let_be(struct rd *value)
{
	struct span all = { 0 };

	return rd_bytes(value, rd_left(value), &all);
}

#define OF_ANY true
#define OF_LEAVES false
static const struct usual {
	uint8_t n, oid[8];
	bool (*is_plain)(struct rd *value);
	bool of_issuers; /* constrains nothing that they issue */
} usual[] = {
	{ 3, { 0x55, 0x1d, 0x0e }, key_id_is_plain, OF_ANY },
	{ 3, { 0x55, 0x1d, 0x0f }, usage_is_plain, OF_ANY },
	{ 3, { 0x55, 0x1d, 0x11 }, alt_names_are_plain, OF_LEAVES },
	{ 3, { 0x55, 0x1d, 0x13 }, basic_is_plain, OF_ANY },
	{ 3, { 0x55, 0x1d, 0x1f }, crl_places_are_plain, OF_ANY },
	{ 3, { 0x55, 0x1d, 0x20 }, is_let_be, OF_ANY }, /* policies */
	{ 3, { 0x55, 0x1d, 0x23 }, issuer_key_is_plain, OF_ANY },
	{ 3, { 0x55, 0x1d, 0x25 }, uses_are_plain, OF_LEAVES },
	/* authorityInfoAccess: where something is to be found */
	{ 8, { 0x2b, 6, 1, 5, 5, 7, 1, 1 }, is_let_be, OF_ANY },
};

/* id-ce, id-pe and Netscape's: all that libcrypto may take to heart, critical
 * or not, is of these. */
static const struct {
	uint8_t n, oid[7];
} arcs[] = {
	{ 2, { 0x55, 0x1d } },
	{ 7, { 0x2b, 6, 1, 5, 5, 7, 1 } },
	{ 7, { 0x60, 0x86, 0x48, 1, 0x86, 0xf8, 0x42 } },
};

static bool
is_of_arcs(struct span oid)
{
	for (size_t i = 0; i < sizeof(arcs) / sizeof(arcs[0]); i++)
		if (oid.n >= arcs[i].n && span_equal(span_of(oid.p, arcs[i].n),
					      span_of(arcs[i].oid, arcs[i].n)))
			return true;
	return false;
}

static bool
extension_is_plain(struct span oid, struct span value, bool of_issuer)
{
	struct rd r;

	rd_init(&r, value);
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (span_equal(oid, span_of(usual[i].oid, usual[i].n)))
			return (usual[i].of_issuers || !of_issuer) &&
			       usual[i].is_plain(&r) && rd_end(&r);
	return !of_issuer && is_oid(oid) && !is_of_arcs(oid);
}

static bool
extensions_are_plain(struct span extensions, bool of_issuer)
{
	struct span oid = { 0 }, value = { 0 };
	struct rd list, one;

	rd_init(&list, extensions);
	while (rd_left(&list) > 0) {
		if (!der_enter(&list, DER_SEQ, &one) ||
		    !der_read(&one, DER_OID, &oid))
			return false;
		if (der_next_is(&one, DER_BOOLEAN) &&
		    !der_read(&one, DER_BOOLEAN, &value))
			return false;
		if (!der_read(&one, DER_OCTETS, &value) || !rd_end(&one) ||
		    !extension_is_plain(oid, value, of_issuer))
			return false;
	}
	return rd_end(&list);
}

bool
path_is_plain(const struct cert_parts *p)
{
	return is_integer(p->serial) && is_name(p->subject) &&
	       extensions_are_plain(p->extensions, false);
}

bool
path_constrains_nothing(const struct cert_parts *p)
{
	return extensions_are_plain(p->extensions, true);
}
