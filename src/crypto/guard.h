/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_GUARD_H
#define CRYPTO_GUARD_H

/*
 * Stand around a call into another library that uses libcrypto on its own,
 * so that it leaves no error on this thread's queue: the next
 * SSL_get_error() there would take it for a failed connection.
 */
void crypto_guard_begin(void);
void crypto_guard_end(void);

#endif
