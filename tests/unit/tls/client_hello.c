/* SPDX-License-Identifier: Apache-2.0 */
#include "client_hello.h"

#include <string.h>
#include <unistd.h>

#include "base/rd.h"
#include "test.h"

void
client_hello_read(struct client_hello *h, int fd)
{
	ssize_t n = read(fd, h->bytes, sizeof(h->bytes));

	h->n = n > 0 ? (size_t)n : 0;
}

bool
client_hello_extension(
    const struct client_hello *h, uint16_t type, struct span *ret)
{
	struct span sid, suites, methods, list = { 0 }, body;
	struct rd r, e;
	uint16_t got;

	rd_init(&r, span_of(h->bytes, h->n));
	/* Record and message header, version and random. */
	assert_true(rd_bytes(&r, 5 + 4 + 2 + 32, &body));
	assert_true(rd_vec8(&r, &sid) && rd_vec16(&r, &suites) &&
		    rd_vec8(&r, &methods) && rd_vec16(&r, &list) && rd_end(&r));
	rd_init(&e, list);
	while (rd_left(&e) > 0) {
		assert_true(rd_u16(&e, &got) && rd_vec16(&e, &body));
		if (got == type) {
			*ret = body;
			return true;
		}
	}
	return false;
}

static void
check_groups(const struct client_hello *h, const char *name)
{
	static const uint16_t sound[] = { 0x17, 0x18, 0x19, 0x1d, 0x1e, 0x11eb,
		0x11ec, 0x11ed };
	struct span body;
	uint16_t group;
	struct rd r;

	assert_true(client_hello_extension(h, 10, &body));
	rd_init(&r, span_of(body.p + 2, body.n - 2));
	while (rd_left(&r) > 0) {
		size_t i = 0;

		assert_true(rd_u16(&r, &group));
		while (
		    i < sizeof(sound) / sizeof(sound[0]) && sound[i] != group)
			i++;
		if (i == sizeof(sound) / sizeof(sound[0]))
			fail_msg("%s: offers group 0x%04x", name, group);
	}
}

void
client_hello_check(const struct client_hello *h, const char *name)
{
	/* session_ticket, pre_shared_key, early_data, post_handshake_auth,
	 * client and server certificate types */
	static const uint16_t never[] = { 35, 41, 42, 49, 19, 20 };
	static const uint8_t tls13[] = { 2, 3, 4 };
	static const uint8_t alpn[] = "\0\7\6seal/1";
	struct span body;

	assert_true(h->n > 0);
	assert_true(client_hello_extension(h, 43, &body));
	if (!span_equal_ct(body, span_of(tls13, sizeof(tls13))))
		fail_msg("%s: offers other versions", name);
	assert_true(client_hello_extension(h, 16, &body));
	if (!span_equal_ct(body, span_of(alpn, sizeof(alpn) - 1)))
		fail_msg("%s: offers another ALPN", name);
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		if (client_hello_extension(h, never[i], &body))
			fail_msg("%s: offers extension %u", name, never[i]);
	}
	check_groups(h, name);
}
