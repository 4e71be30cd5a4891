/* SPDX-License-Identifier: Apache-2.0 */
#include "binding/ea_message.h"

#include <string.h>

enum ea_role
ea_peer_of(enum ea_role role)
{
	return role == EA_CLIENT ? EA_SERVER : EA_CLIENT;
}

/* RFC 9261 s5.1 */
const char *
ea_label_context(enum ea_role sender)
{
	return sender == EA_CLIENT
		   ? "EXPORTER-client authenticator handshake context"
		   : "EXPORTER-server authenticator handshake context";
}

const char *
ea_label_finished(enum ea_role sender)
{
	return sender == EA_CLIENT
		   ? "EXPORTER-client authenticator finished key"
		   : "EXPORTER-server authenticator finished key";
}

bool
ea_message_read(struct rd *r, struct ea_message *ret)
{
	struct ea_message m;

	m.whole = span_of(r->p, 0);
	if (!rd_u8(r, &m.type) || !rd_vec24(r, &m.body))
		return false;
	m.whole.n = 4 + m.body.n;
	*ret = m;
	return true;
}

size_t
ea_message_begin(struct wr *w, uint8_t type)
{
	wr_u8(w, type);
	return wr_vec_begin(w, 3);
}

void
ea_message_end(struct wr *w, size_t mark)
{
	wr_vec_end(w, mark, 3);
}

int
ea_transcript(const struct ea_keys *keys, struct span request,
    struct span messages, uint8_t ret[HASH_MAX], struct seal_diag *d)
{
	struct span parts[] = {
		span_of(keys->handshake_context, hash_size(keys->hash)),
		request,
		messages,
	};

	return hash_parts(keys->hash, parts, 3, ret, d);
}

void
ea_signed_content(struct span transcript, struct wr *out)
{
	for (int i = 0; i < 64; i++)
		wr_u8(out, 0x20);
	wr_bytes(out, span_str("Exported Authenticator"));
	wr_u8(out, 0);
	wr_bytes(out, transcript);
}

/* The exported key is the HMAC key itself, and the HMAC is over the hash of
 * the transcript (RFC 9261 s5.2.3). */
int
ea_finished(const struct ea_keys *keys, struct span request,
    struct span messages, uint8_t ret[HASH_MAX], struct seal_diag *d)
{
	uint8_t transcript[HASH_MAX];
	struct span part = { transcript, hash_size(keys->hash) };
	int r;

	if ((r = ea_transcript(keys, request, messages, transcript, d)) != 0)
		return r;
	return hmac_parts(keys->hash,
	    span_of(keys->finished_key, hash_size(keys->hash)), &part, 1, ret,
	    d);
}

int
ea_finished_empty(const struct ea_keys *keys, const struct ea_request *req,
    uint8_t ret[HASH_MAX], struct seal_diag *d)
{
	uint8_t buf[4 + 1 + 255 + 3];
	struct wr w;
	size_t mark;

	wr_init(&w, buf, sizeof(buf));
	mark = ea_message_begin(&w, EA_CERTIFICATE);
	wr_vec(&w, 1, req->context);
	wr_u24(&w, 0);
	ea_message_end(&w, mark);
	return ea_finished(keys, req->message, wr_view(&w), ret, d);
}

bool
ea_extensions_walk(struct span list, ea_ext_fn each, void *ctx)
{
	uint16_t seen[EA_EXTENSIONS_MAX];
	size_t n = 0;
	struct rd r;

	rd_init(&r, list);
	while (rd_left(&r) > 0) {
		struct span body;
		uint16_t type;

		if (!rd_u16(&r, &type) || !rd_vec16(&r, &body) ||
		    n == EA_EXTENSIONS_MAX)
			return false;
		for (size_t i = 0; i < n; i++) {
			if (seen[i] == type)
				return false;
		}
		seen[n++] = type;
		if (!each(ctx, type, body))
			return false;
	}
	return rd_end(&r);
}

struct find {
	uint16_t type;
	bool found;
};

static bool
find_one(void *ctx, uint16_t type, struct span body)
{
	struct find *f = ctx;

	(void)body;
	f->found = f->found || f->type == type;
	return true;
}

bool
ea_extensions_have(struct span list, uint16_t type)
{
	struct find f = { .type = type };

	return ea_extensions_walk(list, find_one, &f) && f.found;
}

/* RFC 9261 s7.2, s7.3 */
int
ea_get_context(struct span message, struct span *ret, struct seal_diag *d)
{
	struct ea_message m;
	struct rd r;

	rd_init(&r, message);
	if (!ea_message_read(&r, &m))
		return seal_fail(d, SEAL_E_EA_MALFORMED,
		    "context: expected a message with a 4-byte header, found "
		    "other framing");
	if (m.type == EA_FINISHED)
		return seal_fail(d, SEAL_E_EA_EMPTY,
		    "context: expected a message that has one, found an empty "
		    "authenticator");
	if (m.type != EA_CERTIFICATE && m.type != EA_CERTIFICATE_REQUEST &&
	    m.type != EA_CLIENT_CERTIFICATE_REQUEST)
		return seal_fail(d, SEAL_E_EA_UNEXPECTED_MESSAGE,
		    "context: expected a request or an authenticator, found "
		    "message type %u",
		    m.type);
	rd_init(&r, m.body);
	if (!rd_vec8(&r, ret))
		return seal_fail(d, SEAL_E_EA_MALFORMED,
		    "context: expected a context, found a length that does "
		    "not fit");
	return 0;
}
