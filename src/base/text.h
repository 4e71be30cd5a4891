/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/wr.h"

/* Bytes as text and back. Decoders refuse every character that is not theirs,
 * write into *out and return false, with out unfinished, on bad input. */
bool hex_decode(struct span text, struct wr *out);
/* base64url without padding (RFC 4648 s5); unused bits must be zero. */
bool b64url_decode(struct span text, struct wr *out);
/* base64 of either alphabet, with padding or without. */
bool base64_decode(struct span text, struct wr *out);
void b64url_encode(struct span in, struct wr *out);

/* Text with %XX for bytes (RFC 3986 s2.1), of printable ASCII otherwise. */
bool percent_decode(struct span text, struct wr *out);

/* Hex of s for messages, shortened to the first 16 bytes with an ellipsis;
 * buf holds at least HEX_SHORT bytes. Returns buf. */
#define HEX_SHORT 40
const char *hex_short(struct span s, char buf[HEX_SHORT]);

/* The whole of s, at most as long as a hash: "" where it is longer. Returns
 * buf. */
#define HEX_FULL 129
const char *hex_full(struct span s, char buf[HEX_FULL]);

/* Copies text with every byte that is not printable ASCII replaced by '?';
 * for showing what a peer sent. cap includes the NUL. Returns buf. */
const char *text_safe(struct span s, char *buf, size_t cap);

/* Media types: equal after folding the case of type and subtype, and with
 * parameters compared as they stand (PROTOCOL 5.6). */
bool media_type_equal(struct span a, struct span b);

/* text as a JSON string, quotes included; what is no UTF-8 becomes '?', since
 * strict readers refuse it. */
void json_text(struct wr *w, const char *text);

/* Well-formed UTF-8 (RFC 3629)? */
bool utf8_valid(struct span s);

#endif
