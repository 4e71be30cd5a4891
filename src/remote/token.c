/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/token.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"
#include "remote/answer.h"
#include "remote/verifier.h"

#define JWT_TYPE "application/eat+jwt"

/* The second of the three parts, decoded. */
static bool
payload(struct span token, struct wr *out)
{
	const uint8_t *end = token.n == 0 ? NULL : token.p + token.n;
	const uint8_t *first, *second;

	if (end == NULL || (first = memchr(token.p, '.', token.n)) == NULL ||
	    (second = memchr(first + 1, '.', (size_t)(end - first - 1))) ==
		NULL)
		return false;
	return b64url_decode(
	    span_of(first + 1, (size_t)(second - first - 1)), out);
}

/* Only what needs no escape inside the quotation marks. */
static bool
profile_type(const char *uri, char ret[TOKEN_TYPE_MAX])
{
	int n;

	for (const char *c = uri; *c != '\0'; c++)
		if (*c <= ' ' || *c >= 0x7f || *c == '"' || *c == '\\')
			return false;
	n = snprintf(ret, TOKEN_TYPE_MAX, JWT_TYPE "; eat_profile=\"%s\"", uri);
	return uri[0] != '\0' && n > 0 && (unsigned)n < TOKEN_TYPE_MAX;
}

int
token_peek(struct span token, struct token_facts *ret, struct seal_diag *d)
{
	struct token_facts f = { .has_exp = false };
	json_t *j = NULL, *iat, *exp;
	const char *profile = NULL;
	struct wr w;
	int r = 0;

	wr_init_heap(&w, VERIFIER_RESULT_MAX);
	if (payload(token, &w))
		j = json_loadb(
		    (const char *)w.p, w.n, JSON_REJECT_DUPLICATES, NULL);
	wr_free(&w);
	iat = json_object_get(j, "iat");
	exp = json_object_get(j, "exp");
	profile = answer_text(j, "eat_profile");
	f.iat = json_integer_value(iat);
	f.exp = json_integer_value(exp);
	f.has_exp = exp != NULL;
	if (!json_is_integer(iat) || (exp != NULL && !json_is_integer(exp)) ||
	    profile == NULL || !profile_type(profile, f.media_type))
		r = seal_fail(d, SEAL_E_UNAVAILABLE,
		    "result: expected a JWT with eat_profile and iat, and "
		    "whole numbers for times");
	else
		*ret = f;
	json_decref(j);
	return r;
}
