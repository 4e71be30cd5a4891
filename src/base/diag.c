/* SPDX-License-Identifier: Apache-2.0 */
#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
seal_fail(struct seal_diag *d, int code, const char *fmt, ...)
{
	va_list ap;

	if (d == NULL || d->code != 0)
		return code;
	d->code = code;
	va_start(ap, fmt);
	vsnprintf(d->text, sizeof(d->text), fmt, ap);
	va_end(ap);
	return code;
}

int
seal_fail_in(struct seal_diag *d, int code, const char *name)
{
	char head[SEAL_DIAG_TEXT / 2];
	int n;

	if (d == NULL || d->code != code)
		return code;
	n = snprintf(head, sizeof(head), "%.120s: ", name);
	if (n < 0)
		return code;
	memmove(d->text + n, d->text, sizeof(d->text) - (size_t)n);
	d->text[sizeof(d->text) - 1] = '\0';
	memcpy(d->text, head, (size_t)n);
	return code;
}

void
seal_remedy(struct seal_diag *d, const char *fmt, ...)
{
	va_list ap;

	if (d == NULL || d->code == 0 || d->remedy[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(d->remedy, sizeof(d->remedy), fmt, ap);
	va_end(ap);
}

void
seal_diag_clear(struct seal_diag *d)
{
	if (d != NULL)
		memset(d, 0, sizeof(*d));
}
