/* SPDX-License-Identifier: Apache-2.0 */
/* Who may have how many handshakes wait. */
#include "test.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/un.h>

#include "lib/waits.h"

static struct waits_source
v4(const char *text)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = 7 };

	assert_int_equal(inet_pton(AF_INET, text, &a.sin_addr), 1);
	return waits_source_of(&a, sizeof(a));
}

static struct waits_source
v6(const char *text)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6 };

	assert_int_equal(inet_pton(AF_INET6, text, &a.sin6_addr), 1);
	return waits_source_of(&a, sizeof(a));
}

/* ---- Sources ---- */

struct source_case {
	const char *name, *a, *b;
	bool same;
};

static const struct source_case source_cases[] = {
	{ "one address", "192.0.2.1", "192.0.2.1", true },
	{ "neighbours", "192.0.2.1", "192.0.2.2", false },
	{ "IPv4 by way of IPv6", "192.0.2.1", "::ffff:192.0.2.1", true },
	{ "one network", "2001:db8::1", "2001:db8::f:1", true },
	{ "two networks", "2001:db8::1", "2001:db8:0:1::1", false },
	{ "IPv4 and the network that begins so", "32.1.13.184", "2001:db8::1",
	    false },
};

static struct waits_source
source(const char *text)
{
	return strchr(text, ':') != NULL ? v6(text) : v4(text);
}

static void
test_sources(void **state)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_un local = { .sun_family = AF_UNIX };

	(void)state;
	for (size_t i = 0; i < sizeof(source_cases) / sizeof(source_cases[0]);
	     i++) {
		const struct source_case *c = &source_cases[i];
		struct waits_source a = source(c->a), b = source(c->b);

		assert_true(a.known && b.known);
		if ((memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0) != c->same)
			fail_msg("%s", c->name);
	}
	assert_false(waits_source_of(&local, sizeof(local)).known);
	assert_false(waits_source_of(&six, sizeof(six) - 1).known);
	assert_false(waits_source_of(&six, 0).known);
}

/* ---- Limits ---- */

static int
enter(struct waits *w, const struct waits_source *s, int64_t now_ms)
{
	size_t place;

	return waits_enter(w, s, now_ms, &place, NULL);
}

static void
test_limits(void **state)
{
	struct waits_source a = v4("192.0.2.1"), b = v4("192.0.2.2");
	struct waits_source nobody = { .known = false };
	struct waits *w = waits_new(2, 4);
	size_t first = 9, place = 9;

	(void)state;
	assert_non_null(w);
	assert_int_equal(waits_enter(w, &a, 0, &first, NULL), 0);
	assert_int_equal(enter(w, &a, 0), 0);
	assert_int_equal(enter(w, &a, 0), SEAL_E_UNAVAILABLE);
	assert_int_equal(enter(w, &a, 5000), SEAL_E_UNAVAILABLE);
	/* Others are not held up by it, until there is no room at all. */
	assert_int_equal(waits_enter(w, &b, 5000, &place, NULL), 0);
	assert_int_equal(enter(w, &nobody, 5000), 0);
	assert_int_equal(enter(w, &nobody, 5000), SEAL_E_UNAVAILABLE);
	assert_int_equal(enter(w, &b, 5000), SEAL_E_UNAVAILABLE);
	waits_leave(w, place);
	assert_int_equal(enter(w, &nobody, 5000), 0);
	/* What began long ago and ends now leaves room at once. */
	waits_leave(w, first);
	assert_int_equal(waits_enter(w, &a, 5000, &place, NULL), 0);
	waits_free(&w);
	assert_null(w);
	waits_free(&w);
}

/* Quick work, again and again: so much of it in a second. */
static void
test_window(void **state)
{
	struct waits_source a = v4("192.0.2.1"), b = v4("192.0.2.2");
	struct waits *w = waits_new(2, 8);
	unsigned n = 0;

	(void)state;
	for (int64_t now = 0; now < 10000; now += 10) {
		size_t place;

		if (waits_enter(w, &a, now, &place, NULL) == 0) {
			waits_leave(w, place);
			n++;
		}
	}
	assert_int_equal(n, 20);
	/* The places are not used up by it. */
	for (int i = 0; i < 2; i++)
		assert_int_equal(enter(w, &b, 10000), 0);
	assert_int_equal(enter(w, &b, 10000), SEAL_E_UNAVAILABLE);
	waits_free(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
