/* SPDX-License-Identifier: Apache-2.0 */
#include "service/query.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

#define MEDIA_TYPE_MAX 200

int
query_nonce(struct span text, uint8_t ret[NONCE_MAX], size_t *ret_n,
    struct seal_diag *d)
{
	uint8_t buf[NONCE_MAX];
	size_t whole = text.n;
	struct span got;
	struct wr w;

	/* Padding fills up to a multiple of four, or is not there. */
	for (int i = 0; i < 2 && text.n % 4 != 1 && whole % 4 == 0; i++)
		if (text.n > 0 && text.p[text.n - 1] == '=')
			text.n--;
	wr_init(&w, buf, sizeof(buf));
	if (!b64url_decode(text, &w) || wr_finish(&w, &got) != 0 ||
	    got.n < NONCE_MIN) {
		seal_fail(d, SEAL_E_ARGUMENT,
		    "nonce: expected base64url of %u to %u bytes", NONCE_MIN,
		    NONCE_MAX);
		seal_remedy(d, "or leave it out, and be given one");
		return SEAL_E_ARGUMENT;
	}
	memcpy(ret, got.p, got.n);
	*ret_n = got.n;
	return 0;
}

int
query_number(struct span text, const char *name, int64_t min, int64_t max,
    int64_t *ret, struct seal_diag *d)
{
	int64_t v = 0;
	bool ok =
	    text.n > 0 && text.n <= 18 && (text.p[0] != '0' || text.n == 1);

	for (size_t i = 0; ok && i < text.n; i++) {
		ok = text.p[i] >= '0' && text.p[i] <= '9';
		v = v * 10 + (text.p[i] - '0');
	}
	if (!ok || v < min || v > max)
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "%s: expected a number from %lld to %lld", name,
		    (long long)min, (long long)max);
	*ret = v;
	return 0;
}

static bool
is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool
query_uuid(struct span text, char ret[STORE_ID])
{
	if (text.n != STORE_ID - 1)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text.p[i] != '-' : !is_hex(text.p[i]))
			return false;
	}
	memcpy(ret, text.p, text.n);
	ret[text.n] = '\0';
	return true;
}

static int
hex_value(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

size_t
query_unescape(char *text)
{
	char *to = text;

	for (const char *at = text; *at != '\0'; at++) {
		int high = at[0] == '%' ? hex_value(at[1]) : -1;
		int low = high >= 0 ? hex_value(at[2]) : -1;

		if (low < 0 || (high == 0 && low == 0)) {
			*to++ = *at;
			continue;
		}
		*to++ = (char)(high << 4 | low);
		at += 2;
	}
	*to = '\0';
	return (size_t)(to - text);
}

bool
query_host_loopback(const char *host)
{
	size_t n;

	if (host == NULL)
		return false;
	if (strncmp(host, "[::1]", 5) == 0)
		return host[5] == '\0' || host[5] == ':';
	n = strcspn(host, ":");
	if (n == 9 && strncasecmp(host, "localhost", 9) == 0)
		return true;
	/* An address of 127/8, and no name that begins like one. */
	return strncmp(host, "127.", 4) == 0 &&
	       strspn(host, "0123456789.") == n;
}

static bool
is_name(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
}

int
query_name(struct span text, char ret[STORE_NAME_MAX], struct seal_diag *d)
{
	bool ok = text.n > 0 && text.n < STORE_NAME_MAX && text.p[0] != '.';

	for (size_t i = 0; ok && i < text.n; i++)
		ok = is_name(text.p[i]);
	if (!ok)
		return seal_fail(d, SEAL_E_ARGUMENT,
		    "name: expected 1 to %d letters, digits, '-', '_' and "
		    "'.', not first a dot",
		    STORE_NAME_MAX - 1);
	memcpy(ret, text.p, text.n);
	ret[text.n] = '\0';
	return 0;
}

bool
query_hex(struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!is_hex(text.p[i]))
			return false;
	return text.n <= 128;
}

bool
query_bearer(const char *authorization, struct span *ret)
{
	struct span token;

	if (authorization == NULL ||
	    strncasecmp(authorization, "Bearer ", 7) != 0)
		return false;
	token = span_str(authorization + 7);
	while (token.n > 0 && token.p[0] == ' ') {
		token.p++;
		token.n--;
	}
	if (token.n == 0)
		return false;
	*ret = token;
	return true;
}

bool
query_media_type(const char *type)
{
	size_t n = type != NULL ? strlen(type) : 0;

	for (size_t i = 0; i < n; i++)
		if (type[i] < 0x20 || type[i] > 0x7e)
			return false;
	return n > 0 && n <= MEDIA_TYPE_MAX && strchr(type, '/') != NULL;
}
