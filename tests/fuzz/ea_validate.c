/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "binding/ea_message.h"

#define CMW_TYPE 0xff00

/* A server's, for every scheme, status_request and a CMW; the context is 7. */
static const uint8_t request[] = { 13, 0, 0, 46, 1, 7, 0, 42, 0, 13, 0, 26, 0,
	24, 4, 3, 8, 7, 5, 3, 6, 3, 8, 8, 8, 4, 8, 5, 8, 6, 8, 9, 8, 10, 8, 11,
	4, 1, 0, 5, 0, 0, 0xff, 0, 0, 0, 0, 50, 0, 0 };

/*
 * The peer's bytes, and, as a fuzzer finds no MAC: the same with a Finished
 * that is right, so that everything but the signature can be reached.
 */
static void
finish(struct wr *w, const struct ea_keys *keys, const struct ea_request *req)
{
	uint8_t mac[HASH_MAX];
	size_t mark;

	if (ea_finished(keys, req->message, wr_view(w), mac, NULL) != 0)
		return;
	mark = ea_message_begin(w, EA_FINISHED);
	wr_bytes(w, span_of(mac, hash_size(keys->hash)));
	ea_message_end(w, mark);
}

static int calls;

static int
count(void *ctx, const struct ea_peer *peer, struct seal_diag *d)
{
	(void)ctx, (void)d;
	MUST(peer->leaf != NULL && peer->n_chain > 0);
	calls++;
	return 0;
}

/* Nobody here holds a key, so that nothing may pass; what is refused says
 * why, leaves the output alone and asks nobody about a chain. */
static void
refuse(struct span in, const struct ea_keys *keys, const struct ea_request *req)
{
	struct ea_peer peer = { .n_chain = 99 };
	struct seal_diag d = { 0 };
	int r;

	calls = 0;
	r = ea_validate(in, keys, req, CMW_TYPE, NULL, count, NULL, &peer, &d);
	MUST(r != 0 && r == d.code && d.text[0] != '\0');
	MUST(calls == 0 && peer.n_chain == 99);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ea_keys keys = { .hash = HASH_SHA256 };
	struct ea_request req;
	struct span in = { p, n }, context;
	struct wr w;

	memset(keys.handshake_context, 1, HASH_MAX);
	memset(keys.finished_key, 2, HASH_MAX);
	MUST(ea_request_parse(span_of(request, sizeof(request)), EA_SERVER,
		 CMW_TYPE, &req, NULL) == 0);
	refuse(in, &keys, &req);
	refuse(in, &keys, NULL);
	(void)ea_get_context(in, &context, NULL);
	wr_init_heap(&w, 1u << 20);
	wr_bytes(&w, in);
	finish(&w, &keys, &req);
	if (w.error == 0)
		refuse(wr_view(&w), &keys, &req);
	wr_free(&w);
	return 0;
}
