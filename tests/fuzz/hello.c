/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "tls/hello.h"
#include "tls/outcome_msg.h"

/* What HELLO says can be said again, and means the same. */
static void
again(const struct hello *h)
{
	struct session_conf conf = {
		.produce = h->produce,
		.n_produce = h->n_produce,
		.accept = h->accept,
		.n_accept = h->n_accept,
		.require = h->require,
		.reveal_after_peer = h->reveal_after_peer,
		.alpn = h->alpn,
		.n_alpn = h->n_alpn,
	};
	struct hello twin;
	struct wr w;

	wr_init_heap(&w, 65536);
	hello_write(&w, &conf);
	MUST(hello_parse(wr_view(&w), &twin, NULL) == 0);
	MUST(twin.n_produce == h->n_produce && twin.n_accept == h->n_accept);
	MUST(twin.require == h->require && twin.n_alpn == h->n_alpn);
	wr_free(&w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span in = span_of(data, n);
	enum seal_outcome outcome = SEAL_INVALID;
	struct verdict_msg m = { .outcome = SEAL_INVALID };
	struct hello h;

	if (hello_parse(in, &h, NULL) == 0)
		again(&h);
	if (verdict_msg_parse(in, &m, NULL) == 0) {
		MUST(m.outcome != SEAL_INVALID);
		MUST(m.outcome != SEAL_ACCEPTED || m.lease_s > 0);
	}
	if (close_msg_parse(in, &outcome, NULL) == 0)
		MUST(outcome > SEAL_ACCEPTED && outcome <= SEAL_CLOSED);
	return 0;
}
