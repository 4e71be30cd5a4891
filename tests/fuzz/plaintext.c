/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "tls/plaintext.h"

/* What was handed on, as one number. */
struct seen {
	uint64_t sum;
	unsigned messages;
};

static int
see(void *arg, struct span message, struct seal_diag *d)
{
	struct seen *s = arg;

	(void)d;
	MUST(message.n >= 4 && message.n <= 4 + PLAINTEXT_MESSAGE_MAX);
	MUST(message.n == 4 + ((size_t)message.p[1] << 16 |
				  (size_t)message.p[2] << 8 | message.p[3]));
	for (size_t i = 0; i < message.n; i++)
		s->sum = s->sum * 31 + message.p[i];
	s->messages++;
	return 0;
}

/* The stream in parts of size; 0: whole. */
static struct seen
read_by(size_t size, const uint8_t *data, size_t n)
{
	struct seen seen = { 0 };
	struct plaintext p;

	plaintext_init(&p);
	for (size_t at = 0, part; at < n; at += part) {
		part = size == 0 || size > n - at ? n - at : size;
		plaintext_take(&p, span_of(data + at, part), see, &seen, NULL);
		MUST(p.bytes.n <= 4 + PLAINTEXT_MESSAGE_MAX + 16384);
	}
	plaintext_free(&p);
	return seen;
}

/* However it is cut, the same messages. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct seen whole = read_by(0, data, n), parts = read_by(1, data, n),
		    odd = read_by(7, data, n);

	MUST(whole.messages == parts.messages && whole.sum == parts.sum);
	MUST(whole.messages == odd.messages && whole.sum == odd.sum);
	return 0;
}
