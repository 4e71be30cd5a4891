/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/transcript.h"

#include <string.h>

#include "base/rd.h"

#define TRANSCRIPT_MAX 262144u /* bytes: two ClientHellos, a ServerHello */
#define RANDOM_SIZE 32

enum { TYPE_CLIENT_HELLO = 1, TYPE_SERVER_HELLO = 2, TYPE_MESSAGE_HASH = 254 };

/* What makes a ServerHello a HelloRetryRequest: SHA-256("HelloRetryRequest"),
 * RFC 8446 s4.1.3. */
static const uint8_t retry_random[RANDOM_SIZE] = { 0xcf, 0x21, 0xad, 0x74, 0xe5,
	0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
	0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8,
	0xa8, 0x33, 0x9c };

static const struct {
	uint16_t suite;
	enum hash hash;
} suites[] = {
	{ 0x1301, HASH_SHA256 }, /* AES-128-GCM */
	{ 0x1302, HASH_SHA384 }, /* AES-256-GCM */
	{ 0x1303, HASH_SHA256 }, /* ChaCha20-Poly1305 */
	{ 0x1304, HASH_SHA256 }, /* AES-128-CCM */
	{ 0x1305, HASH_SHA256 }, /* AES-128-CCM-8 */
};

void
transcript_init(struct transcript *t)
{
	*t = (struct transcript){ .complete = false };
	wr_init_heap(&t->messages, TRANSCRIPT_MAX);
}

void
transcript_free(struct transcript *t)
{
	wr_free(&t->messages);
}

enum hash
transcript_suite_hash(uint16_t suite)
{
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (suites[i].suite == suite)
			return suites[i].hash;
	return HASH_NONE;
}

/* Up to the suite, which is all that is needed of it. */
static int
read_server_hello(
    struct rd *in, bool *ret_retry, enum hash *ret, struct seal_diag *d)
{
	struct span random, session;
	uint16_t version, suite = 0;

	if (!rd_u16(in, &version) || !rd_bytes(in, RANDOM_SIZE, &random) ||
	    !rd_vec8(in, &session) || !rd_u16(in, &suite))
		return seal_fail(d, SEAL_E_DECODE, "transcript: ServerHello");
	*ret_retry = span_equal(random, span_of(retry_random, RANDOM_SIZE));
	if ((*ret = transcript_suite_hash(suite)) == HASH_NONE)
		return seal_fail(d, SEAL_E_TLS,
		    "transcript: suite 0x%04x is none of TLS 1.3", suite);
	return 0;
}

/* RFC 8446 s4.4.1: message_hash in the place of the first ClientHello. */
static int
replace_hello(struct transcript *t, enum hash h, struct seal_diag *d)
{
	uint8_t digest[HASH_MAX];
	int r;

	if (t->retried)
		return seal_fail(
		    d, SEAL_E_PROTOCOL, "transcript: a second retry");
	if ((r = hash_one(h, wr_view(&t->messages), digest, d)) != 0)
		return r;
	t->retried = true;
	wr_free(&t->messages);
	wr_init_heap(&t->messages, TRANSCRIPT_MAX);
	wr_u8(&t->messages, TYPE_MESSAGE_HASH);
	wr_vec(&t->messages, 3, span_of(digest, hash_size(h)));
	return 0;
}

static int
add_server_hello(struct transcript *t, struct span message, struct rd *body,
    struct seal_diag *d)
{
	bool retry = false;
	enum hash h = HASH_NONE;
	int r;

	if ((r = read_server_hello(body, &retry, &h, d)) != 0)
		return r;
	if (t->hellos != (t->retried ? 2u : 1u))
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "transcript: expected a ServerHello after each ClientHello");
	if (retry && (r = replace_hello(t, h, d)) != 0)
		return r;
	wr_bytes(&t->messages, message);
	if (retry || t->messages.error != 0)
		return t->messages.error;
	if ((r = hash_one(h, wr_view(&t->messages), t->digest, d)) != 0)
		return r;
	t->hash = h;
	t->complete = true;
	wr_free(&t->messages);
	return 0;
}

static int
add_client_hello(struct transcript *t, struct span message, struct seal_diag *d)
{
	if (t->hellos++ != (t->retried ? 1u : 0u))
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "transcript: expected one ClientHello, and another after a "
		    "HelloRetryRequest");
	wr_bytes(&t->messages, message);
	return 0;
}

int
transcript_add(struct transcript *t, struct span message, struct seal_diag *d)
{
	uint8_t type = 0;
	struct span bytes;
	struct rd in;
	int r = 0;

	if (t->complete)
		return 0;
	rd_init(&in, message);
	if (!rd_u8(&in, &type) || !rd_vec24(&in, &bytes) || !rd_end(&in))
		return seal_fail(d, SEAL_E_DECODE, "transcript: message");
	rd_init(&in, bytes);
	if (type == TYPE_CLIENT_HELLO)
		r = add_client_hello(t, message, d);
	else if (type == TYPE_SERVER_HELLO)
		r = add_server_hello(t, message, &in, d);
	if (r == 0 && t->messages.error != 0)
		r = t->messages.error;
	return r == 0 ? 0 : seal_fail(d, r, "transcript");
}

bool
transcript_hash(
    const struct transcript *t, enum hash *ret_hash, uint8_t ret[HASH_MAX])
{
	if (!t->complete)
		return false;
	*ret_hash = t->hash;
	memcpy(ret, t->digest, hash_size(t->hash));
	return true;
}
