/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Datagrams as they come off the network, before any key is at hand: what a
 * stranger's begins with, what a stack may see of it, and a ClientHello that
 * is put together.
 *
 * Input: settings, then records, each behind a byte of its length, of which the
 * highest bit adds 1,024; the datagram is all of them in a row.
 */
#include "fuzz.h"

#include <string.h>

#include "base/rd.h"
#include "tls/dtls_cookie.h"
#include "tls/dtls_record.h"

enum { BY_CLIENT = 1, ESTABLISHED = 2 };

#define RECORDS 16
#define CIPHER_MASK 0xe0u
#define CIPHER_BITS 0x20u

/* A copy on the heap, so that no read beyond it goes unnoticed. */
static uint8_t *
copy(struct span s)
{
	uint8_t *p = malloc(s.n > 0 ? s.n : 1);

	MUST(p != NULL);
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return p;
}

/* ---- What it begins with ---- */

static void
begins(struct span in)
{
	enum dtls_opening opening = dtls_opening(in);

	if (opening != DTLS_NO_HELLO) {
		MUST(dtls_epoch(in) == 0);
		MUST(!dtls_hello_part(in));
	}
	if (dtls_hello_part(in))
		MUST(dtls_epoch(in) == 0);
	MUST(dtls_epoch(in) >= -1 && dtls_epoch(in) <= UINT16_MAX);
}

/* Split, it is the same bytes, and comes to an end. */
static void
split(struct span in, size_t limit)
{
	size_t size;

	while (in.n > 0) {
		size = dtls_records_within(in, limit);
		MUST(size > 0 && size <= in.n);
		in = span_of(in.p + size, in.n - size);
	}
}

/* Nobody has a key for it. */
static void
cookie(struct span in)
{
	static const struct dtls_cookie_key key = { { 1, 2, 3 } };
	static const uint8_t address[] = { 2, 127, 0, 0, 1, 16, 225 };

	if (in.n == DTLS_COOKIE_SIZE)
		MUST(!dtls_cookie_holds(
		    &key, span_of(address, sizeof(address)), 1000, in));
}

/* ---- What a stack may see of it ---- */

static void
admit(struct span in, uint8_t settings)
{
	bool by_client = (settings & BY_CLIENT) != 0;
	bool established = (settings & ESTABLISHED) != 0;
	uint8_t *p = copy(in), *again;
	size_t n = dtls_admit(p, in.n, by_client, established);

	MUST(n <= in.n);
	again = copy(span_of(p, n));
	MUST(dtls_admit(again, n, by_client, established) == n);
	MUST(span_equal(span_of(again, n), span_of(p, n)));
	if (n > 0 && established)
		MUST((p[0] & CIPHER_MASK) == CIPHER_BITS);
	/* What is left is whole records. */
	if (n > 0)
		MUST(dtls_epoch(span_of(p, n)) >= 0);
	free(again);
	free(p);
}

/* ---- A ClientHello of its parts ---- */

static void
join(const struct span *records, size_t n_records, size_t cap)
{
	uint8_t *buf = malloc(cap > 0 ? cap : 1);
	size_t n = 0;

	MUST(buf != NULL);
	for (size_t i = 0; i < n_records; i++) {
		if (!dtls_hello_join(buf, cap, &n, records[i])) {
			MUST(n <= cap);
			continue;
		}
		MUST(n <= cap && !dtls_hello_part(span_of(buf, n)));
		MUST(dtls_epoch(span_of(buf, n)) == 0);
	}
	free(buf);
}

/* ---- All of it ---- */

static size_t
read_records(struct rd *r, struct span records[RECORDS])
{
	uint8_t length = 0;
	size_t n = 0, want;

	while (n < RECORDS && rd_u8(r, &length)) {
		want = length < 128 ? length : length - 128u + 1024u;
		want = want < rd_left(r) ? want : rd_left(r);
		rd_bytes(r, want, &records[n++]);
	}
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span records[RECORDS], in;
	uint8_t settings = 0, *datagram;
	size_t n = 0, n_records;
	struct rd r;

	rd_init(&r, span_of(data, size));
	if (!rd_u8(&r, &settings))
		return 0;
	n_records = read_records(&r, records);
	datagram = malloc(size);
	MUST(datagram != NULL);
	for (size_t i = 0; i < n_records; i++) {
		if (records[i].n > 0)
			memcpy(datagram + n, records[i].p, records[i].n);
		n += records[i].n;
	}
	in = span_of(datagram, n);
	begins(in);
	split(in, settings);
	split(in, 1 + 8u * settings);
	cookie(in);
	admit(in, settings);
	join(records, n_records, 8u * settings);
	free(datagram);
	return 0;
}
