/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define VERDICT_GROW 8    /* checks or claims that one allocation adds */
#define VERDICT_LINE 1024 /* bytes of one claim's value, with its NUL */

struct seal_verdict *
verdict_new(void)
{
	struct seal_verdict *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return NULL;
	v->refs = 1;
	v->outcome = SEAL_REFUSED_POLICY;
	v->subject = "evidence";
	return v;
}

struct seal_verdict *
seal_verdict_ref(struct seal_verdict *v)
{
	if (v != NULL)
		__atomic_add_fetch(&v->refs, 1, __ATOMIC_RELAXED);
	return v;
}

static void
detail_wipe(struct verdict_check *c)
{
	free(c->detail);
	c->detail = NULL;
}

static void
check_wipe(struct verdict_check *c)
{
	detail_wipe(c);
	free(c->owned);
}

static void
checks_free(struct seal_verdict *v)
{
	for (size_t i = 0; i < v->n_checks; i++)
		check_wipe(&v->checks[i]);
	free(v->checks);
	v->checks = NULL;
	v->n_checks = 0;
}

static void
claims_free(struct seal_verdict *v)
{
	for (size_t i = 0; i < v->n_claims; i++) {
		free(v->claims[i].name);
		free(v->claims[i].value);
	}
	free(v->claims);
	v->claims = NULL;
	v->n_claims = 0;
}

void
seal_verdict_free(struct seal_verdict **vp)
{
	struct seal_verdict *v;

	if (vp == NULL || (v = *vp) == NULL)
		return;
	*vp = NULL;
	if (__atomic_sub_fetch(&v->refs, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	checks_free(v);
	claims_free(v);
	free(v->scheme);
	free(v->identity);
	free(v->diag);
	free(v);
}

/* Bytes of a copy with its NUL; 0 for NULL and for empty text. */
static size_t
text_size(const char *s)
{
	return s == NULL || *s == '\0' ? 0 : strlen(s) + 1;
}

/* A copy at *at, which is moved behind it, that a terminal and JSON can show:
 * what is not printable ASCII becomes '?'. NULL where text_size() is 0. */
static char *
text_put(char **at, const char *s)
{
	size_t n = text_size(s);
	char *copy = *at;

	if (n == 0)
		return NULL;
	text_safe(span_of(s, n - 1), copy, n);
	*at += n;
	return copy;
}

/* The same, allocated; *ok stays as it is where there is nothing to copy. */
static char *
text_dup(const char *s, bool *ok)
{
	size_t n = text_size(s);
	char *copy = n > 0 ? malloc(n) : NULL, *at = copy;

	if (copy == NULL) {
		*ok = *ok && n == 0;
		return NULL;
	}
	return text_put(&at, s);
}

/*
 * Room for one more element of size bytes; NULL when full or out of memory.
 * Asks for whole steps each time: an array that verdict_brief() cut may have
 * room for no more than n.
 */
static void *
room(void **array, size_t n, size_t size, size_t max)
{
	void *p;

	if (n >= max)
		return NULL;
	p = realloc(*array, (n / VERDICT_GROW + 1) * VERDICT_GROW * size);
	if (p == NULL)
		return NULL;
	*array = p;
	memset((char *)p + n * size, 0, size);
	return (char *)p + n * size;
}

/*
 * Whatever comes after a failure, the verdict refuses: the first failure
 * names the outcome, and a code without one still denies.
 */
static void
fail(struct seal_verdict *v, int code, const char *name, const char *expected,
    const char *got, const char *remedy)
{
	enum seal_outcome outcome = seal_error_outcome(code);
	char e[SEAL_DIAG_TEXT / 3], g[SEAL_DIAG_TEXT / 3];

	if (v->failed)
		return;
	v->failed = true;
	v->outcome = outcome == SEAL_INVALID || outcome == SEAL_ACCEPTED
			 ? SEAL_REFUSED_POLICY
			 : outcome;
	v->lease_s = 0;
	if ((v->diag = calloc(1, sizeof(*v->diag))) == NULL)
		return;
	expected = expected == NULL ? "" : expected;
	got = got == NULL ? "" : got;
	text_safe(span_str(expected), e, sizeof(e));
	text_safe(span_str(got), g, sizeof(g));
	seal_fail(v->diag, code, "%s%s%s%s%s", name,
	    *e != '\0' ? ": expected " : "", e,
	    *g == '\0'   ? ""
	    : *e != '\0' ? ", got "
			 : ": ",
	    g);
	if (remedy != NULL && *remedy != '\0')
		seal_remedy(v->diag, "%s", remedy);
}

static bool
detail(struct verdict_check *c, const char *expected, const char *got,
    const char *remedy)
{
	size_t n = text_size(expected) + text_size(got) + text_size(remedy);
	char *at;

	if (n == 0)
		return true;
	if ((c->detail = malloc(sizeof(*c->detail) + n)) == NULL)
		return false;
	at = c->detail->text;
	c->detail->expected = text_put(&at, expected);
	c->detail->got = text_put(&at, got);
	c->detail->remedy = text_put(&at, remedy);
	return true;
}

/* Appends a row. What to do is told only where something is to be done. */
static bool
row(struct seal_verdict *v, const char *name, enum seal_check_status status,
    const char *expected, const char *got, const char *remedy)
{
	struct verdict_check *at;
	void *array = v->checks;

	at = room(&array, v->n_checks, sizeof(*at), VERDICT_CHECKS_MAX);
	v->checks = array;
	if (at == NULL)
		return false;
	at->name = name;
	at->status = status;
	v->n_checks++;
	return detail(
	    at, expected, got, status != SEAL_CHECK_PASSED ? remedy : NULL);
}

bool
verdict_check(struct seal_verdict *v, const char *name, bool passed, int code,
    const char *expected, const char *got, const char *remedy)
{
	bool recorded =
	    row(v, name, passed ? SEAL_CHECK_PASSED : SEAL_CHECK_FAILED,
		expected, got, remedy);

	if (passed && recorded)
		return true;
	if (passed)
		fail(v, SEAL_E_MEMORY, name, NULL, "cannot be recorded", NULL);
	else
		fail(v, code, name, expected, got, remedy);
	return false;
}

void
verdict_crypto_failed(struct seal_verdict *v)
{
	v->ar4si[AR4SI_INSTANCE_IDENTITY] = AR4SI_CRYPTO_FAILED;
	v->ar4si[AR4SI_HARDWARE] = AR4SI_CRYPTO_FAILED;
}

void
verdict_brief(struct seal_verdict *v)
{
	void *exact;

	for (size_t i = 0; i < v->n_checks; i++) {
		if (v->checks[i].status == SEAL_CHECK_PASSED)
			detail_wipe(&v->checks[i]);
	}
	exact = v->n_checks == 0
		    ? NULL
		    : realloc(v->checks, v->n_checks * sizeof(*v->checks));
	if (exact != NULL)
		v->checks = exact;
	exact = v->n_claims == 0
		    ? NULL
		    : realloc(v->claims, v->n_claims * sizeof(*v->claims));
	if (exact != NULL)
		v->claims = exact;
}

void
verdict_skip(struct seal_verdict *v, const char *name, const char *why)
{
	(void)row(v, name, SEAL_CHECK_SKIPPED, NULL, why, NULL);
}

static int
claim_add(struct seal_verdict *v, const char *name, const char *value)
{
	bool ok = true;
	struct verdict_claim c = { .name = text_dup(name, &ok),
		.value = text_dup(value, &ok) };
	void *array = v->claims;
	struct verdict_claim *at = NULL;

	if (ok && c.name != NULL)
		at = room(&array, v->n_claims, sizeof(c), VERDICT_CLAIMS_MAX);
	v->claims = array;
	if (at == NULL) {
		free(c.name);
		free(c.value);
		return SEAL_E_MEMORY;
	}
	*at = c;
	v->n_claims++;
	return 0;
}

int
verdict_claim(struct seal_verdict *v, const char *name, const char *fmt, ...)
{
	char value[VERDICT_LINE];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(value))
		return SEAL_E_LIMIT;
	return claim_add(v, name, value);
}

int
verdict_claim_hex(struct seal_verdict *v, const char *name, struct span value)
{
	char text[VERDICT_LINE];
	struct wr w;

	wr_init(&w, text, sizeof(text));
	wr_hex(&w, value);
	wr_u8(&w, 0);
	return w.error != 0 ? w.error : claim_add(v, name, text);
}

static bool
checks_take(struct seal_verdict *v, struct seal_verdict *from)
{
	void *array = v->checks;
	struct verdict_check *at;

	for (size_t i = 0; i < from->n_checks; i++) {
		at = room(&array, v->n_checks, sizeof(*at), VERDICT_CHECKS_MAX);
		v->checks = array;
		if (at == NULL)
			return false;
		*at = from->checks[i];
		from->checks[i] = (struct verdict_check){ .name = "" };
		v->n_checks++;
	}
	return true;
}

static bool
claims_take(struct seal_verdict *v, struct seal_verdict *from)
{
	void *array = v->claims;
	struct verdict_claim *at;

	for (size_t i = 0; i < from->n_claims; i++) {
		at = room(&array, v->n_claims, sizeof(*at), VERDICT_CLAIMS_MAX);
		v->claims = array;
		if (at == NULL)
			return false;
		*at = from->claims[i];
		from->claims[i] = (struct verdict_claim){ NULL };
		v->n_claims++;
	}
	return true;
}

static void
failure_take(
    struct seal_verdict *v, struct seal_verdict *from, const char *label)
{
	struct seal_diag *d = from->diag;

	if (v->failed || !from->failed)
		return;
	v->failed = true;
	v->outcome = from->outcome;
	v->lease_s = 0;
	if (label == NULL || d == NULL) {
		v->diag = d;
		from->diag = NULL;
		return;
	}
	if ((v->diag = calloc(1, sizeof(*v->diag))) == NULL)
		return;
	seal_fail(v->diag, d->code, "%s/%s", label, d->text);
	if (d->remedy[0] != '\0')
		seal_remedy(v->diag, "%s", d->remedy);
}

void
verdict_take(struct seal_verdict *v, struct seal_verdict *from)
{
	bool ok = checks_take(v, from) && claims_take(v, from);

	v->host_trusted = v->host_trusted || from->host_trusted;
	for (size_t i = 0; i < AR4SI_CLAIMS; i++)
		if (from->ar4si[i] != 0)
			v->ar4si[i] = from->ar4si[i];
	failure_take(v, from, NULL);
	if (!ok)
		fail(v, SEAL_E_MEMORY, "verdict", NULL, "cannot be recorded",
		    NULL);
}

/* "LABEL/NAME" in place of *name; false when out of memory. */
static bool
put_label(char **name, const char *label, const char *tail)
{
	size_t n = strlen(label) + strlen(tail) + 2;
	char *whole = malloc(n);

	if (whole == NULL)
		return false;
	snprintf(whole, n, "%s/%s", label, tail);
	free(*name);
	*name = whole;
	return true;
}

static bool
label_all(struct seal_verdict *v, const char *label)
{
	for (size_t i = 0; i < v->n_checks; i++) {
		struct verdict_check *c = &v->checks[i];

		if (!put_label(&c->owned, label, c->name))
			return false;
		c->name = c->owned;
	}
	for (size_t i = 0; i < v->n_claims; i++)
		if (!put_label(&v->claims[i].name, label, v->claims[i].name))
			return false;
	return true;
}

void
verdict_take_member(
    struct seal_verdict *v, struct seal_verdict *from, const char *label)
{
	bool ok = label_all(from, label) && checks_take(v, from) &&
		  claims_take(v, from);

	v->host_trusted = v->host_trusted || from->host_trusted;
	for (size_t i = 0; i < AR4SI_CLAIMS; i++)
		if (v->ar4si[i] == 0 ||
		    (from->ar4si[i] != 0 &&
			ar4si_worse(ar4si_tier(from->ar4si[i]),
			    ar4si_tier(v->ar4si[i]))))
			v->ar4si[i] = from->ar4si[i];
	failure_take(v, from, label);
	if (!ok)
		fail(v, SEAL_E_MEMORY, "verdict", NULL, "cannot be recorded",
		    NULL);
}
