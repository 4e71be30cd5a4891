/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/stack_wolfssl_dtls.h"

#include <time.h>

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#define DTLS_1_3 0xfefc

#ifdef WOLFSSL_DTLS13

bool
wolfssl_is_datagram(WOLFSSL *ssl)
{
	return wolfSSL_dtls(ssl) != 0;
}

int
wolfssl_datagram_settings(WOLFSSL *ssl, bool server, struct seal_diag *d)
{
	if (wolfSSL_SetMinVersion(ssl, WOLFSSL_DTLSV1_3) != WOLFSSL_SUCCESS ||
	    wolfSSL_version(ssl) != DTLS_1_3)
		return seal_fail(
		    d, SEAL_E_CONFIG, "tls: DTLS 1.3: refused by wolfSSL");
	if (server && wolfSSL_send_hrr_cookie(ssl, NULL, 0) != WOLFSSL_SUCCESS)
		return seal_fail(
		    d, SEAL_E_CONFIG, "tls: cookies: refused by wolfSSL");
	/* What does not come is not late before our timer says so. */
	wolfSSL_dtls_set_using_nonblock(ssl, 1);
	return 0;
}

static int64_t
now_ms(void)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
wolfssl_timer_tick(struct wolfssl_timer *t, WOLFSSL *ssl)
{
	if (t->due_ms == 0 || now_ms() < t->due_ms)
		return;
	t->due_ms = 0;
	/* What cannot leave now is lost, and due again. */
	(void)wolfSSL_dtls_got_timeout(ssl);
}

void
wolfssl_timer_set(struct wolfssl_timer *t, WOLFSSL *ssl, bool waiting)
{
	int64_t ms = (int64_t)wolfSSL_dtls_get_current_timeout(ssl) * 1000;

	if (!waiting && !wolfSSL_dtls13_has_pending_msg(ssl)) {
		t->due_ms = 0;
		return;
	}
	if (wolfSSL_dtls13_use_quick_timeout(ssl))
		ms /= 4;
	if (t->due_ms == 0)
		t->due_ms = now_ms() + ms;
}

int
wolfssl_timer_left(const struct wolfssl_timer *t)
{
	int64_t left = t->due_ms - now_ms();

	if (t->due_ms == 0)
		return -1;
	return left > 0 ? (int)left : 0;
}

#else

bool
wolfssl_is_datagram(WOLFSSL *ssl)
{
	(void)ssl;
	return false;
}

int
wolfssl_datagram_settings(WOLFSSL *ssl, bool server, struct seal_diag *d)
{
	(void)ssl, (void)server;
	return seal_fail(d, SEAL_E_UNSUPPORTED,
	    "tls: this wolfSSL was built without WOLFSSL_DTLS13");
}

void
wolfssl_timer_tick(struct wolfssl_timer *t, WOLFSSL *ssl)
{
	(void)t, (void)ssl;
}

void
wolfssl_timer_set(struct wolfssl_timer *t, WOLFSSL *ssl, bool waiting)
{
	(void)t, (void)ssl, (void)waiting;
}

int
wolfssl_timer_left(const struct wolfssl_timer *t)
{
	(void)t;
	return -1;
}

#endif
