/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_STACK_WOLFSSL_PARTS_H
#define TLS_STACK_WOLFSSL_PARTS_H

/* What the files of the stack share. */
#include "tls/stack_wolfssl.h"
#include "tls/stack_wolfssl_dtls.h"

struct wolfssl_conn {
	struct WOLFSSL *ssl;
	struct stack_rules rules;
	struct stack_peer peer;
	bool refused; /* the peer's certificate, as peer.why tells */
	bool shut;    /* close_notify is out */
	bool datagram;
	struct wolfssl_timer timer; /* of datagrams */
};

#endif
