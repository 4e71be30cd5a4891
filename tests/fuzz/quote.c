/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "format/pck.h"
#include "format/quote.h"

/* Every view lies within the input. */
static void
within(struct span s, const uint8_t *p, size_t n)
{
	MUST(s.n == 0 || (s.p >= p && s.p + s.n <= p + n));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct sgx_report s;
	struct td_report t;
	struct quote q = { 0 };
	struct pck pck;

	(void)pck_read(span_of(p, n), &pck, NULL);
	if (quote_parse(span_of(p, n), &q, NULL) != 0) {
		MUST(q.version == 0);
		return 0;
	}
	within(q.certs, p, n);
	within(q.qe_auth, p, n);
	MUST(q.signed_bytes.p == p && q.signature.n == 64 && q.key.n == 64);
	MUST(sgx_report_read(q.qe_report, &s));
	if (q.tee == QUOTE_SGX)
		MUST(sgx_report_read(q.body, &s));
	else
		MUST(td_report_read(&q, &t) && t.report_data.n == 64);
	return 0;
}
