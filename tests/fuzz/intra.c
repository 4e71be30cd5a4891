/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/rd.h"
#include "tls/intra.h"
#include "tls/transcript.h"

/*
 * The first byte says who reads; then messages follow, each with a byte for
 * its place and two for its length: for the extension, or for the transcript.
 */
static const struct scheme schemes[] = { { 0, { (const uint8_t *)"a/b", 3 } },
	{ 1, { (const uint8_t *)"v", 1 } } };

static void
offer(struct intra *i)
{
	struct wr w;

	wr_init_heap(&w, INTRA_OFFER_MAX);
	MUST(intra_write(i, INTRA_CLIENT_HELLO, &w, NULL) == 0);
	wr_free(&w);
}

static void
take(struct intra *i, struct transcript *t, uint8_t place, struct span s)
{
	if (place == 0xff)
		transcript_add(t, s, NULL);
	else
		intra_read(i, (enum intra_message)place, s, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct session_conf conf = { .require = true,
		.produce = schemes,
		.n_produce = 2,
		.accept = schemes,
		.n_accept = 2,
		.answer_ms = 1000 };
	struct transcript t;
	struct intra *i;
	struct span body;
	uint8_t place;
	struct rd in;

	rd_init(&in, span_of(data, n));
	if (!rd_u8(&in, &place))
		return 0;
	conf.role = (place & 1) != 0 ? EA_SERVER : EA_CLIENT;
	MUST((i = intra_new(&conf)) != NULL);
	transcript_init(&t);
	offer(i);
	while (rd_u8(&in, &place) && rd_vec16(&in, &body))
		take(i, &t, place, body);
	/* Nobody judged anything: nothing is accepted. */
	MUST(intra_finish(i, NULL) != 0);
	MUST(intra_leaves(i).outcome != SEAL_ACCEPTED);
	transcript_free(&t);
	intra_free(&i);
	return 0;
}
