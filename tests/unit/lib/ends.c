/* SPDX-License-Identifier: Apache-2.0 */
#include "ends.h"

const struct end_stack *const end_stacks[] = {
	&end_openssl,
#ifdef SEAL_STACK_GNUTLS
	&end_gnutls,
#endif
#ifdef SEAL_STACK_NSS
	&end_nss,
#endif
#ifdef SEAL_STACK_WOLFSSL
	&end_wolfssl,
#endif
	NULL,
};

const struct end_stack *const end_dtls_stacks[] = {
#ifdef SEAL_STACK_NSS
	&end_nss_dtls,
#endif
#ifdef SEAL_STACK_WOLFSSL_DTLS
	&end_wolfssl_dtls,
#endif
	NULL,
};
