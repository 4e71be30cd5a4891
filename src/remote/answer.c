/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "remote/verifier.h"

#define BASE64_MAX 256u /* characters of a nonce */

static int
broken(const struct http *h, const char *expected, const char *found,
    struct seal_diag *d)
{
	seal_fail(d, SEAL_E_UNAVAILABLE,
	    "verifier %.100s: expected %s, found %s", http_url(h), expected,
	    found);
	seal_remedy(d, "check 'api' and 'url'; see the verifier's log");
	return SEAL_E_UNAVAILABLE;
}

int
answer_object(const struct http *h, const struct http_answer *a, json_t **ret,
    struct seal_diag *d)
{
	json_t *j = json_loadb(
	    (const char *)a->body, a->n_body, JSON_REJECT_DUPLICATES, NULL);
	char shown[48];

	if (json_is_object(j)) {
		*ret = j;
		return 0;
	}
	json_decref(j);
	return broken(h, "a JSON object",
	    a->n_body == 0
		? "nothing"
		: text_safe(span_of(a->body, a->n_body), shown, sizeof(shown)),
	    d);
}

const char *
answer_text(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

bool
answer_base64(const char *text, struct wr *out)
{
	char plain[BASE64_MAX];
	size_t n = strlen(text);

	while (n > 0 && text[n - 1] == '=')
		n--;
	if (n == 0 || n > sizeof(plain) || strlen(text) - n > 2)
		return false;
	for (size_t i = 0; i < n; i++)
		plain[i] = text[i] == '+'   ? '-'
			   : text[i] == '/' ? '_'
					    : text[i];
	return b64url_decode(span_of(plain, n), out);
}

static bool
is_base64url(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Three parts with something in each (RFC 7515 s7.1). */
static bool
is_token(struct span s)
{
	size_t dots = 0, part = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' && part > 0) {
			dots++;
			part = 0;
		} else if (is_base64url(s.p[i])) {
			part++;
		} else {
			return false;
		}
	}
	return dots == 2 && part > 0;
}

static struct span
trim(struct span s)
{
	while (s.n > 0 && s.p[s.n - 1] <= ' ')
		s.n--;
	while (s.n > 0 && s.p[0] <= ' ')
		s = span_of(s.p + 1, s.n - 1);
	return s;
}

int
answer_token(const struct http *h, struct span text, uint8_t **ret,
    size_t *ret_n, struct seal_diag *d)
{
	struct span s = trim(text);
	char shown[48];

	if (s.n > VERIFIER_RESULT_MAX)
		return broken(h, "a result of at most 65529 bytes", "more", d);
	if (!is_token(s))
		return broken(h, "a signed token",
		    s.n == 0 ? "nothing" : text_safe(s, shown, sizeof(shown)),
		    d);
	if (span_dup(s, ret) != 0)
		return seal_fail(d, SEAL_E_MEMORY, "verifier");
	*ret_n = s.n;
	return 0;
}
