/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_LIB_ENDS_H
#define UNIT_LIB_ENDS_H

#include "pair.h"

/* Every TLS stack that is built in; NULL ends. */
extern const struct end_stack *const end_stacks[];
extern const struct end_stack end_gnutls;
extern const struct end_stack end_nss;
struct PRFileDesc;
/* Puts something between NSS and the sockets of ends to come; or NULL. */
extern struct PRFileDesc *(*end_nss_below)(struct PRFileDesc *bottom);
/* One that takes a few bytes now and then, and one that gives them so. */
struct PRFileDesc *end_nss_choke(struct PRFileDesc *bottom);
struct PRFileDesc *end_nss_drip(struct PRFileDesc *bottom);
extern const struct end_stack end_wolfssl;
/* DTLS 1.3: both ends of a pair, or neither; one such pair at a time. */
extern const struct end_stack end_nss_dtls;
extern const struct end_stack end_wolfssl_dtls;
/* Those of them that are built in; NULL ends. */
extern const struct end_stack *const end_dtls_stacks[];

#endif
