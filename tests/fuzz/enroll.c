/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "crypto/issue.h"
#include "format/enroll_msg.h"

/* Whatever parses is written again as the same bytes. */
static void
same(struct wr *w, struct span in)
{
	struct span again = { 0 };

	MUST(wr_finish(w, &again) == 0 && span_equal(in, again));
}

static void
request(struct span in, struct wr *w)
{
	struct enroll_request m = { 0 };
	struct tpm_ek ek;

	if (enroll_request_parse(in, &m, NULL) != 0)
		return;
	enroll_request_write(w, &m);
	same(w, in);
	(void)ek_cert_check(m.chain[0], NULL);
	(void)tpm_ek_parse(m.ek_public, &ek, NULL);
	(void)der_trim(m.chain[0]);
}

static void
others(struct span in, struct wr *w)
{
	struct enroll_challenge c = { 0 };
	struct enroll_answer a = { 0 };
	struct enroll_state s = { 0 };

	if (enroll_challenge_parse(in, &c, NULL) == 0)
		enroll_challenge_write(w, &c);
	else if (enroll_answer_parse(in, &a, NULL) == 0)
		enroll_answer_write(w, &a);
	else if (enroll_state_parse(in, &s, NULL) == 0)
		enroll_state_write(w, &s);
	else
		return;
	same(w, in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct wr w;

	wr_init_heap(&w, ENROLL_MESSAGE_MAX);
	request(span_of(p, n), &w);
	wr_free(&w);
	others(span_of(p, n), &w);
	wr_free(&w);
	return 0;
}
