/* SPDX-License-Identifier: Apache-2.0 */
#include "format/qgs.h"

#include "base/rd.h"

#define MAJOR 1u
#define MINOR 1u
#define GET_QUOTE 0u
#define GET_QUOTE_ANSWER 1u
#define HEADER 16u /* major, minor, type, size, error */
#define FIXED 8u   /* two sizes behind it, in request and answer */

static void
put_le16(struct wr *w, uint16_t v)
{
	wr_u8(w, (uint8_t)v);
	wr_u8(w, (uint8_t)(v >> 8));
}

static void
put_le32(struct wr *w, uint32_t v)
{
	put_le16(w, (uint16_t)v);
	put_le16(w, (uint16_t)(v >> 16));
}

void
qgs_write_request(struct wr *out, struct span td_report)
{
	uint32_t size = HEADER + FIXED + (uint32_t)td_report.n;

	wr_u32(out, size);
	put_le16(out, MAJOR);
	put_le16(out, MINOR);
	put_le32(out, GET_QUOTE);
	put_le32(out, size);
	put_le32(out, 0);
	put_le32(out, (uint32_t)td_report.n);
	put_le32(out, 0); /* any attestation key will do */
	wr_bytes(out, td_report);
}

size_t
qgs_message_size(struct span prefix)
{
	uint32_t n = 0;
	struct rd r;

	rd_init(&r, prefix);
	return rd_u32(&r, &n) && rd_end(&r) && n >= HEADER + FIXED &&
		       n <= QGS_MESSAGE_MAX
		   ? n
		   : 0;
}

int
qgs_parse_answer(struct span in, struct span *ret_quote, struct seal_diag *d)
{
	uint32_t type = 0, size = 0, error = 0, n_id = 0, n_quote = 0;
	uint16_t major = 0, minor = 0;
	struct span id, quote;
	struct rd r;

	rd_init(&r, in);
	if (!rd_u16le(&r, &major) || !rd_u16le(&r, &minor) ||
	    !rd_u32le(&r, &type) || !rd_u32le(&r, &size) ||
	    !rd_u32le(&r, &error) || major != MAJOR ||
	    type != GET_QUOTE_ANSWER || size != in.n)
		return seal_fail(d, SEAL_E_DECODE,
		    "QGS: expected an answer of version 1 and %zu bytes, found "
		    "version %u, type %u, %u bytes",
		    in.n, (unsigned)major, (unsigned)type, (unsigned)size);
	if (error != 0) {
		seal_fail(d, SEAL_E_UNAVAILABLE, "QGS: no quote: error 0x%x",
		    (unsigned)error);
		seal_remedy(d, "see the log of the host's quoting service "
			       "(qgsd)");
		return SEAL_E_UNAVAILABLE;
	}
	if (!rd_u32le(&r, &n_id) || !rd_u32le(&r, &n_quote) ||
	    !rd_bytes(&r, n_id, &id) || !rd_bytes(&r, n_quote, &quote) ||
	    !rd_end(&r) || quote.n == 0)
		return seal_fail(d, SEAL_E_DECODE,
		    "QGS: expected a quote to the answer's end");
	*ret_quote = quote;
	return 0;
}
