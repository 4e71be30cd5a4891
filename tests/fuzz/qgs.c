/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "format/qgs.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct span quote;

	if (n >= QGS_PREFIX)
		MUST(qgs_message_size(span_of(p, QGS_PREFIX)) <=
		     QGS_MESSAGE_MAX);
	if (qgs_parse_answer(span_of(p, n), &quote, NULL) != 0)
		return 0;
	MUST(quote.n > 0 && quote.p > p && quote.p + quote.n == p + n);
	return 0;
}
