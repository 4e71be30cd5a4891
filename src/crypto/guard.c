/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/guard.h"

#include "crypto/ossl.h"

void
crypto_guard_begin(void)
{
	ossl_begin();
}

void
crypto_guard_end(void)
{
	ossl_end();
}
