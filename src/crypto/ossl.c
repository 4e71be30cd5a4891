/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ossl.h"

#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>

void
ossl_begin(void)
{
	ERR_set_mark();
}

/* On a queue that was empty no mark stands, and popping empties it again. */
void
ossl_end(void)
{
	ERR_pop_to_mark();
}

int
ossl_fail(struct seal_diag *d, int code, const char *fmt, ...)
{
	unsigned long e = ERR_peek_last_error();
	const char *why = ERR_reason_error_string(e);
	char text[SEAL_DIAG_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* Out of memory says nothing about the peer. */
	if (e != 0 && ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE)
		code = SEAL_E_MEMORY;
	if (why == NULL)
		return seal_fail(d, code, "%s", text);
	return seal_fail(d, code, "%s: %s", text, why);
}
