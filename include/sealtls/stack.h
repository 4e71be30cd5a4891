/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALTLS_STACK_H
#define SEALTLS_STACK_H

#include <stddef.h>
#include <stdint.h>

#include <sealtls/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a stack's handshake, read, write and shutdown return besides 0. */
enum seal_io {
	SEAL_IO_DONE = 0,
	SEAL_IO_WANT_READ = 1,
	SEAL_IO_WANT_WRITE = 2,
	SEAL_IO_EOF = 3,       /* close_notify */
	SEAL_IO_TRUNCATED = 4, /* EOF without close_notify */
	SEAL_IO_ERROR = 5      /* told in diag */
};

enum seal_role { SEAL_CLIENT = 1, SEAL_SERVER = 2 };

#define SEAL_SPKI_MAX 2048 /* bytes, DER */

/* Facts about an established connection. Zero values deny. */
struct seal_stack_facts {
	enum seal_role role;
	uint16_t version;      /* 0x0304 for TLS 1.3, 0xfefc for DTLS 1.3 */
	uint16_t hash;         /* of the suite: 256 or 384; 0 unknown */
	uint16_t group;        /* TLS NamedGroup; 0 unknown */
	uint8_t resumed;       /* 1: resumed, or early data was accepted */
	uint8_t peer_verified; /* 1: chain (and, for pkix, name) verified */
	char alpn[32];         /* selected; "" for none */
	/* DER SPKI of the peer's leaf as it stands there; 0 bytes: none */
	uint8_t peer_spki[SEAL_SPKI_MAX];
	size_t peer_spki_n;
	/* The name that the chain was verified for; borrowed; or NULL. */
	const char *verified_name;
	/* Why the chain did not verify; static or borrowed; or NULL. */
	const char *verify_error;
};

/*
 * All that the library asks of a TLS stack. Calls come from the connection's
 * thread only. I/O never blocks if the transport does not.
 */
struct seal_stack {
	uint32_t abi; /* SEAL_STACK_ABI */
	const char *name;
	/* Only DONE once the peer's Finished has come (RFC 9261 s9). */
	enum seal_io (*handshake)(void *tls, struct seal_diag *d);
	enum seal_io (*read)(void *tls, void *buf, size_t cap, size_t *ret_n,
	    struct seal_diag *d);
	/* All of buf or nothing; after WANT_* the same bytes come again. */
	enum seal_io (*write)(
	    void *tls, const void *buf, size_t n, struct seal_diag *d);
	/* close_notify goes out; the peer's is not waited for. */
	enum seal_io (*shutdown)(void *tls, struct seal_diag *d);
	/* TLS-Exporter (RFC 8446 s7.5); 0 or SEAL_E_*. */
	int (*exporter)(void *tls, const char *label, const uint8_t *context,
	    size_t context_n, uint8_t *ret, size_t n, struct seal_diag *d);
	int (*facts)(
	    void *tls, struct seal_stack_facts *ret, struct seal_diag *d);
	/* Frees what stands behind tls, once the connection is freed; NULL
	 * where the caller owns it. */
	void (*release)(void *tls);
	/* DTLS: milliseconds until handshake() or read() is to be called though
	 * nothing came; 0: something waits to be read; -1: no timer runs. NULL
	 * for a stream. There a read yields one record, and a write makes one,
	 * which may be lost. */
	int (*timeout_ms)(void *tls);
};
#define SEAL_STACK_ABI 3u

#ifdef __cplusplus
}
#endif
#endif
