/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/stack.h"

/* meson.build says which are built in; the first is the reference. */
const struct stack_kind *const stack_kinds[] = {
	&stack_openssl_kind,
#ifdef SEAL_STACK_NSS
	&stack_nss_kind,
#endif
#ifdef SEAL_STACK_GNUTLS
	&stack_gnutls_kind,
#endif
#ifdef SEAL_STACK_WOLFSSL
	&stack_wolfssl_kind,
#endif
	NULL,
};
