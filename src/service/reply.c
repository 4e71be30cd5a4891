/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "service/request.h"

#define PROBLEM_TYPE "application/problem+json"

bool
request_arg(const struct request *req, const char *name, struct span *ret)
{
	for (size_t i = 0; i < req->n_args; i++) {
		if (strcmp(req->args[i].name, name) == 0) {
			*ret = req->args[i].value;
			return true;
		}
	}
	return false;
}

/* ---- Replies ---- */

void
reply_init(struct reply *r)
{
	*r = (struct reply){ 0 };
	wr_init_heap(&r->body, REPLY_MAX);
}

void
reply_wipe(struct reply *r)
{
	wr_free(&r->body);
}

void
reply_problem(struct reply *r, unsigned status, const char *title,
    const struct seal_diag *d)
{
	wr_free(&r->body);
	r->status = status;
	r->type = PROBLEM_TYPE;
	wr_u8(&r->body, '{');
	json_member(&r->body, "type", "about:blank");
	json_member(&r->body, "title", title);
	json_number(&r->body, "status", status);
	json_member(&r->body, "detail", d->text);
	if (d->remedy[0] != '\0')
		json_member(&r->body, "remedy", d->remedy);
	wr_u8(&r->body, '}');
}

void
reply_problem_text(
    struct reply *r, unsigned status, const char *title, const char *fmt, ...)
{
	struct seal_diag d = { 0 };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(d.text, sizeof(d.text), fmt, ap);
	va_end(ap);
	reply_problem(r, status, title, &d);
}

void
reply_failure(struct reply *r, const struct seal_diag *d)
{
	switch (d->code) {
	case SEAL_E_STATE:
		reply_problem(r, 404, "Not found", d);
		break;
	case SEAL_E_LIMIT:
		reply_problem(r, 413, "Too large", d);
		break;
	case SEAL_E_UNSUPPORTED:
		reply_problem(r, 415, "Unsupported media type", d);
		break;
	case SEAL_E_UNAVAILABLE:
	case SEAL_E_TIMEOUT:
		r->retry_s = 2;
		reply_problem(r, 503, "Unavailable, retry", d);
		break;
	case SEAL_E_ARGUMENT:
	case SEAL_E_DECODE:
	case SEAL_E_CONFIG:
		reply_problem(r, 400, "Bad request", d);
		break;
	default:
		reply_problem(r, 500, "Internal error", d);
	}
}

/* ---- JSON ---- */

void
json_key(struct wr *w, const char *key)
{
	struct span before = wr_view(w);
	uint8_t last = before.n > 0 ? before.p[before.n - 1] : '{';

	if (last != '{' && last != '[')
		wr_u8(w, ',');
	json_text(w, key);
	wr_u8(w, ':');
}

void
json_member(struct wr *w, const char *key, const char *text)
{
	json_key(w, key);
	json_text(w, text);
}

void
json_number(struct wr *w, const char *key, int64_t n)
{
	json_key(w, key);
	wr_printf(w, "%lld", (long long)n);
}

void
base64_encode(struct span in, struct wr *w)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < in.n; i += 3) {
		size_t left = in.n - i;
		uint32_t v = (uint32_t)in.p[i] << 16;

		v |= left > 1 ? (uint32_t)in.p[i + 1] << 8 : 0;
		v |= left > 2 ? (uint32_t)in.p[i + 2] : 0;
		wr_u8(w, (uint8_t)alphabet[v >> 18 & 63]);
		wr_u8(w, (uint8_t)alphabet[v >> 12 & 63]);
		wr_u8(w, left > 1 ? (uint8_t)alphabet[v >> 6 & 63] : '=');
		wr_u8(w, left > 2 ? (uint8_t)alphabet[v & 63] : '=');
	}
}

const char *
time_text(int64_t unix_s, char buf[TIME_TEXT])
{
	time_t t = (time_t)unix_s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(buf, TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(buf, TIME_TEXT, "?");
	return buf;
}

/* ---- HTML ---- */

void
html_text(struct wr *w, const char *text)
{
	bool utf8 = utf8_valid(span_str(text));

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '<' || c == '>' || c == '&' || c == '"' || c == '\'')
			wr_printf(w, "&#%u;", c);
		else if (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8))
			wr_u8(w, '?');
		else
			wr_u8(w, c);
	}
}
