/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/dtls_record.h"

#include <string.h>

#include "base/rd.h"
#include "base/wr.h"

#define TYPE_ALERT 21
#define TYPE_HANDSHAKE 22
#define TYPE_ACK 26
#define CLIENT_HELLO 1
#define EXTENSION_COOKIE 44
#define VERSION_10 0xfeffu /* of a first ClientHello, perhaps */
#define VERSION_12 0xfefdu /* of all others */
#define PLAIN_HEADER 13u   /* bytes: type, version, epoch, sequence, length */
#define MESSAGE_HEADER 12u /* type, length, sequence, offset, part */
#define MESSAGE_BEGIN 6u   /* the first three of these */
#define HELLO_HEADER (PLAIN_HEADER + MESSAGE_HEADER)
#define ACK_ENTRY 16u /* bytes: epoch and sequence, of 64 bits each */

/* The unified header of ciphertext (RFC 9147 s4): 001CSLEE. */
#define CIPHER_MASK 0xe0u
#define CIPHER_BITS 0x20u
#define CIPHER_CID 0x10u
#define CIPHER_SEQ16 0x08u
#define CIPHER_LENGTH 0x04u
#define CIPHER_EPOCH 0x03u
#define CIPHER_MIN                                                 \
	17u /* bytes: a type, and the tag of any suite that we use \
	     */
#define CIPHER_MAX (16384u + 256u)

struct record {
	bool plain;
	uint8_t type; /* of plaintext; ciphertext does not show it */
	uint16_t version, epoch;
	struct span body;
};

static bool
read_plain(struct rd *r, struct record *ret)
{
	uint16_t sequence_high;
	uint32_t sequence_low;

	ret->plain = true;
	return rd_u8(r, &ret->type) && rd_u16(r, &ret->version) &&
	       rd_u16(r, &ret->epoch) && rd_u16(r, &sequence_high) &&
	       rd_u32(r, &sequence_low) && rd_vec16(r, &ret->body);
}

/* No connection IDs are negotiated (PROTOCOL 8). A record without a length
 * fills the datagram. */
static bool
read_cipher(struct rd *r, struct record *ret)
{
	uint8_t flags = 0;
	struct span sequence;

	if (!rd_u8(r, &flags) || (flags & CIPHER_CID) != 0 ||
	    !rd_bytes(r, (flags & CIPHER_SEQ16) != 0 ? 2 : 1, &sequence))
		return rd_fail(r);
	ret->plain = false;
	ret->epoch = flags & CIPHER_EPOCH;
	if ((flags & CIPHER_LENGTH) != 0)
		return rd_vec16(r, &ret->body);
	return rd_bytes(r, rd_left(r), &ret->body);
}

static bool
read_record(struct rd *r, struct record *ret)
{
	uint8_t first = 0;

	if (!rd_peek(r, &first))
		return false;
	return (first & CIPHER_MASK) == CIPHER_BITS ? read_cipher(r, ret)
						    : read_plain(r, ret);
}

/* What a stack may see: of ciphertext, all that can be some (RFC 9147 s4.2.3,
 * RFC 8446 s5.2). */
static bool
known(const struct record *r, bool established)
{
	if (!r->plain)
		return r->body.n >= CIPHER_MIN && r->body.n <= CIPHER_MAX;
	return !established && r->epoch == 0 &&
	       (r->version == VERSION_12 || r->version == VERSION_10) &&
	       (r->type == TYPE_ALERT || r->type == TYPE_HANDSHAKE ||
		   r->type == TYPE_ACK);
}

/* ---- ClientHello ---- */

/* RFC 8446 s4.1.2, as far as its extensions; with DTLS's old cookie. */
static bool
read_hello(struct span body, struct span *ret_extensions)
{
	struct span random, session, cookie, suites, compression;
	uint16_t version;
	struct rd r;

	rd_init(&r, body);
	return rd_u16(&r, &version) && rd_bytes(&r, 32, &random) &&
	       rd_vec8(&r, &session) && rd_vec8(&r, &cookie) &&
	       rd_vec16(&r, &suites) && rd_vec8(&r, &compression) &&
	       rd_vec16(&r, ret_extensions) && rd_end(&r);
}

static enum dtls_opening
find_cookie(struct span extensions)
{
	enum dtls_opening found = DTLS_HELLO;
	struct span value;
	uint16_t type = 0;
	struct rd r;

	rd_init(&r, extensions);
	while (rd_left(&r) > 0) {
		if (!rd_u16(&r, &type) || !rd_vec16(&r, &value))
			return DTLS_NO_HELLO;
		if (type == EXTENSION_COOKIE)
			found = DTLS_HELLO_COOKIE;
	}
	return found;
}

enum dtls_opening
dtls_opening(struct span datagram)
{
	struct record record = { 0 };
	uint32_t length = 0, offset = 0, part = 0;
	struct span body, extensions;
	uint16_t sequence;
	uint8_t type = 0;
	struct rd r;

	rd_init(&r, datagram);
	if (!read_record(&r, &record) || !known(&record, false) ||
	    !record.plain || record.type != TYPE_HANDSHAKE)
		return DTLS_NO_HELLO;
	rd_init(&r, record.body);
	/* A part of a ClientHello would ask for state before the cookie. */
	if (!rd_u8(&r, &type) || type != CLIENT_HELLO || !rd_u24(&r, &length) ||
	    !rd_u16(&r, &sequence) || !rd_u24(&r, &offset) || offset != 0 ||
	    !rd_u24(&r, &part) || part != length ||
	    !rd_bytes(&r, length, &body) || !rd_end(&r) ||
	    !read_hello(body, &extensions))
		return DTLS_NO_HELLO;
	return find_cookie(extensions);
}

struct part {
	struct span message; /* its type, length and sequence, as they came */
	uint32_t length, offset;
	struct span body;
};

static bool
read_part(struct span datagram, struct part *ret)
{
	struct record record = { 0 };
	uint16_t sequence;
	uint32_t n = 0;
	uint8_t type = 0;
	struct rd r;

	rd_init(&r, datagram);
	if (!read_record(&r, &record) || !known(&record, false) ||
	    !record.plain || record.type != TYPE_HANDSHAKE)
		return false;
	rd_init(&r, record.body);
	if (!rd_bytes(&r, MESSAGE_BEGIN, &ret->message))
		return false;
	rd_init(&r, record.body);
	return rd_u8(&r, &type) && type == CLIENT_HELLO &&
	       rd_u24(&r, &ret->length) && rd_u16(&r, &sequence) &&
	       rd_u24(&r, &ret->offset) && ret->offset <= ret->length &&
	       rd_u24(&r, &n) && n < ret->length &&
	       n <= ret->length - ret->offset && rd_bytes(&r, n, &ret->body);
}

bool
dtls_hello_part(struct span datagram)
{
	struct part part;

	return read_part(datagram, &part);
}

/* Of a whole message, in one record. */
static void
put_lengths(uint8_t *buf, size_t cap, uint32_t length)
{
	struct wr w;

	wr_init(&w, buf + PLAIN_HEADER - 2, cap - PLAIN_HEADER + 2);
	wr_u16(&w, (uint16_t)(MESSAGE_HEADER + length));
	wr_init(&w, buf + HELLO_HEADER - 6, cap - HELLO_HEADER + 6);
	wr_u24(&w, 0);
	wr_u24(&w, length);
}

bool
dtls_hello_join(uint8_t *buf, size_t cap, size_t *n, struct span record)
{
	struct part part;
	size_t had = *n;

	*n = 0;
	if (!read_part(record, &part) || cap < HELLO_HEADER ||
	    part.length > cap - HELLO_HEADER)
		return false;
	if (part.offset == 0) {
		memcpy(buf, record.p, HELLO_HEADER);
		had = HELLO_HEADER;
	}
	if (had < HELLO_HEADER || part.offset != had - HELLO_HEADER ||
	    !span_equal(
		part.message, span_of(buf + PLAIN_HEADER, MESSAGE_BEGIN)))
		return false;
	memcpy(buf + had, part.body.p, part.body.n);
	*n = had + part.body.n;
	if (*n < HELLO_HEADER + part.length)
		return false;
	put_lengths(buf, cap, part.length);
	return true;
}

/* ---- Records ---- */

int
dtls_epoch(struct span datagram)
{
	struct record record = { 0 };
	struct rd r;

	rd_init(&r, datagram);
	return read_record(&r, &record) ? record.epoch : -1;
}

size_t
dtls_records_within(struct span datagram, size_t limit)
{
	struct record record;
	size_t fit = 0, end;
	struct rd r;

	if (datagram.n <= limit)
		return datagram.n;
	rd_init(&r, datagram);
	while (rd_left(&r) > 0) {
		if (!read_record(&r, &record))
			return fit > 0 ? fit : datagram.n;
		end = datagram.n - rd_left(&r);
		if (end > limit)
			return fit > 0 ? fit : end;
		fit = end;
	}
	return fit;
}

/* ---- ACKs ---- */

/* Of one ACK's body; returns its new length, 0 where nothing is left to say.
 * What is malformed stays, for the stack to refuse. */
static size_t
drop_entries(uint8_t *p, size_t n)
{
	struct span list, entry;
	uint64_t epoch = 0;
	size_t kept = 0;
	struct rd r, e;

	rd_init(&r, span_of(p, n));
	if (!rd_vec16(&r, &list) || !rd_end(&r) || list.n % ACK_ENTRY != 0)
		return n;
	rd_init(&r, list);
	while (rd_bytes(&r, ACK_ENTRY, &entry)) {
		rd_init(&e, entry);
		if (!rd_u64(&e, &epoch) || epoch == 0)
			continue;
		memmove(p + 2 + kept, entry.p, ACK_ENTRY);
		kept += ACK_ENTRY;
	}
	p[0] = (uint8_t)(kept >> 8);
	p[1] = (uint8_t)kept;
	return kept > 0 ? 2 + kept : 0;
}

size_t
dtls_admit(uint8_t *p, size_t n, bool by_client, bool established)
{
	struct record record = { 0 };
	size_t out = 0, at = 0, end, head, body;
	struct rd r;

	rd_init(&r, span_of(p, n));
	for (; read_record(&r, &record); at = end) {
		end = n - rd_left(&r);
		body = record.body.n;
		head = end - at - body;
		if (!known(&record, established))
			continue;
		if (by_client && record.plain && record.type == TYPE_ACK &&
		    (body = drop_entries(p + end - body, body)) == 0)
			continue;
		memmove(p + out, p + at, head + body);
		if (body != record.body.n) {
			p[out + PLAIN_HEADER - 2] = (uint8_t)(body >> 8);
			p[out + PLAIN_HEADER - 1] = (uint8_t)body;
		}
		out += head + body;
	}
	return out;
}
