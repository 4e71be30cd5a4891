/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lib/udp_peers.h"

/* ---- Addresses ---- */

static struct udp_address
address(int family, const char *text, uint16_t port, uint32_t scope)
{
	struct sockaddr_storage s = { .ss_family = (sa_family_t)family };
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&s;
	struct sockaddr_in *v4 = (struct sockaddr_in *)&s;
	struct udp_address a;

	if (family == AF_INET) {
		assert_int_equal(inet_pton(family, text, &v4->sin_addr), 1);
		v4->sin_port = htons(port);
	} else {
		assert_int_equal(inet_pton(family, text, &v6->sin6_addr), 1);
		v6->sin6_port = htons(port);
		v6->sin6_scope_id = scope;
	}
	assert_true(udp_address_set(&a, &s, sizeof(s)));
	return a;
}

/* What makes another peer: family, address, port, scope. Flow labels and
 * what lies behind an address in memory do not. */
static void
test_address(void **state)
{
	struct udp_address a[] = {
		address(AF_INET, "127.0.0.1", 1, 0),
		address(AF_INET, "127.0.0.1", 2, 0),
		address(AF_INET, "127.0.0.2", 1, 0),
		address(AF_INET6, "::1", 1, 0),
		address(AF_INET6, "::1", 1, 7),
		address(AF_INET6, "::ffff:127.0.0.1", 1, 0),
	};
	struct sockaddr_storage s;
	struct udp_address b;

	(void)state;
	for (size_t i = 0; i < sizeof(a) / sizeof(a[0]); i++)
		for (size_t k = 0; k < sizeof(a) / sizeof(a[0]); k++)
			assert_int_equal(span_equal(udp_address_span(&a[i]),
					     udp_address_span(&a[k])),
			    i == k);
	memset(&s, 0xaa, sizeof(s));
	memcpy(&s, &a[0].to, sizeof(struct sockaddr_in));
	memset(((struct sockaddr_in *)&s)->sin_zero, 0x55, 8);
	assert_true(udp_address_set(&b, &s, sizeof(struct sockaddr_in)));
	assert_true(span_equal(udp_address_span(&a[0]), udp_address_span(&b)));
	s.ss_family = AF_UNIX;
	assert_false(udp_address_set(&b, &s, sizeof(s)));
	s.ss_family = AF_INET;
	assert_false(udp_address_set(&b, &s, 4));
}

/* ---- What waits for a peer ---- */

static void
test_queue(void **state)
{
	static uint8_t large[UDP_QUEUE_BYTES + 1];
	struct udp_peer p = { 0 };
	uint8_t buf[8];

	(void)state;
	assert_int_equal(udp_peer_pop(&p, buf, sizeof(buf)), -1);
	udp_peer_push(&p, span_str("first"));
	udp_peer_push(&p, span_of(NULL, 0));
	udp_peer_push(&p, span_str("longer than the buffer"));
	assert_int_equal(udp_peer_pop(&p, buf, sizeof(buf)), 5);
	assert_memory_equal(buf, "first", 5);
	assert_int_equal(udp_peer_pop(&p, buf, sizeof(buf)), 0);
	assert_int_equal(udp_peer_pop(&p, buf, sizeof(buf)), 8);
	assert_int_equal(udp_peer_pop(&p, buf, sizeof(buf)), -1);
	/* So many, and so many bytes; what is more is lost. */
	for (unsigned i = 0; i < 2 * UDP_QUEUE; i++)
		udp_peer_push(&p, span_str("x"));
	assert_int_equal(p.queued, UDP_QUEUE);
	udp_peer_wipe(&p);
	assert_int_equal(p.queued, 0);
	assert_int_equal(p.queued_bytes, 0);
	udp_peer_push(&p, span_of(large, sizeof(large)));
	assert_int_equal(p.queued, 0);
	udp_peer_push(&p, span_of(large, UDP_QUEUE_BYTES));
	udp_peer_push(&p, span_str("x"));
	assert_int_equal(p.queued, 1);
	udp_peer_wipe(&p);
}

/* ---- The table ---- */

#define PEERS 100

static void
test_table(void **state)
{
	static struct udp_peer peers[PEERS + 1];
	struct udp_peer twin = { 0 };
	struct udp_peers t;

	(void)state;
	assert_int_equal(udp_peers_init(&t, PEERS, 12345), 0);
	for (int i = 0; i <= PEERS; i++) {
		peers[i].address =
		    address(AF_INET, "127.0.0.1", (uint16_t)(1000 + i), 0);
		assert_int_equal(udp_peers_add(&t, &peers[i]), i < PEERS);
	}
	assert_int_equal(t.n, PEERS);
	for (int i = 0; i <= PEERS; i++)
		assert_ptr_equal(udp_peers_find(&t, &peers[i].address),
		    i < PEERS ? &peers[i] : NULL);
	/* Somebody is at that address already. */
	udp_peers_remove(&t, &peers[0]);
	twin.address = peers[1].address;
	assert_false(udp_peers_add(&t, &twin));
	assert_ptr_equal(udp_peers_find(&t, &twin.address), &peers[1]);
	/* Removed twice, or never added: nothing happens. */
	udp_peers_remove(&t, &peers[0]);
	udp_peers_remove(&t, &twin);
	assert_int_equal(t.n, PEERS - 1);
	assert_true(udp_peers_add(&t, &peers[PEERS]));
	for (int i = 1; i <= PEERS; i++)
		udp_peers_remove(&t, &peers[i]);
	assert_int_equal(t.n, 0);
	for (size_t i = 0; i < t.n_buckets; i++)
		assert_null(t.buckets[i]);
	udp_peers_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
