/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/verdict.h"

#include <jansson.h>
#include <string.h>

#include "base/wr.h"

#define TEXT_MAX 262144 /* bytes of one verdict as text */

static const struct seal_diag no_diag = { 0 };

static const char *const levels[] = {
	[SEAL_LEVEL_NONE] = "none",
	[SEAL_LEVEL_KEY] = "key",
	[SEAL_LEVEL_TRANSCRIPT] = "transcript",
	[SEAL_LEVEL_TRAFFIC] = "traffic",
};

static const char *const statuses[] = {
	[SEAL_CHECK_FAILED] = "failed",
	[SEAL_CHECK_PASSED] = "passed",
	[SEAL_CHECK_SKIPPED] = "skipped",
};

const char *
level_name(enum seal_level level)
{
	return (size_t)level < sizeof(levels) / sizeof(*levels) ? levels[level]
								: "none";
}

enum seal_outcome
seal_verdict_outcome(const struct seal_verdict *v)
{
	return v == NULL ? SEAL_INVALID : v->outcome;
}

enum seal_level
seal_verdict_level(const struct seal_verdict *v)
{
	return v == NULL ? SEAL_LEVEL_NONE : v->level;
}

uint32_t
seal_verdict_lease_s(const struct seal_verdict *v)
{
	return v == NULL ? 0 : v->lease_s;
}

const char *
seal_verdict_scheme(const struct seal_verdict *v)
{
	return v == NULL || v->scheme == NULL ? "" : v->scheme;
}

int
seal_verdict_insecure(const struct seal_verdict *v)
{
	return v == NULL || v->insecure;
}

const char *
seal_verdict_identity(const struct seal_verdict *v)
{
	return v == NULL || v->identity == NULL ? "none" : v->identity;
}

int
seal_verdict_ar4si(const struct seal_verdict *v, unsigned claim)
{
	return v == NULL || claim >= AR4SI_CLAIMS ? 0 : v->ar4si[claim];
}

size_t
seal_verdict_checks(const struct seal_verdict *v)
{
	return v == NULL ? 0 : v->n_checks;
}

static const char *
or_empty(const char *s)
{
	return s == NULL ? "" : s;
}

int
seal_verdict_check(
    const struct seal_verdict *v, size_t i, struct seal_check *ret)
{
	const struct verdict_detail *detail;

	if (v == NULL || i >= v->n_checks)
		return -1;
	detail = v->checks[i].detail;
	ret->name = v->checks[i].name;
	ret->status = v->checks[i].status;
	ret->expected = or_empty(detail != NULL ? detail->expected : NULL);
	ret->got = or_empty(detail != NULL ? detail->got : NULL);
	ret->remedy = or_empty(detail != NULL ? detail->remedy : NULL);
	return 0;
}

const char *
seal_verdict_claim(const struct seal_verdict *v, const char *name)
{
	for (size_t i = 0; v != NULL && name != NULL && i < v->n_claims; i++)
		if (strcmp(v->claims[i].name, name) == 0)
			return or_empty(v->claims[i].value);
	return NULL;
}

const struct seal_diag *
seal_verdict_diag(const struct seal_verdict *v)
{
	return v == NULL || v->diag == NULL ? &no_diag : v->diag;
}

static const char *
diversion(const struct seal_verdict *v)
{
	return v->diversion_excluded ? "excluded" : "not excluded";
}

/* ---- JSON: doc/verdict.md describes the shape ---- */

static json_t *
json_checks(const struct seal_verdict *v)
{
	json_t *list = json_array();
	struct seal_check c;

	for (size_t i = 0; seal_verdict_check(v, i, &c) == 0; i++)
		if (json_array_append_new(list,
			json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", c.name,
			    "status", statuses[c.status], "expected",
			    c.expected, "got", c.got, "remedy", c.remedy)) != 0)
			goto fail;
	return list;
fail:
	json_decref(list);
	return NULL;
}

static json_t *
json_claims(const struct seal_verdict *v)
{
	json_t *map = json_object();

	for (size_t i = 0; i < v->n_claims; i++)
		if (json_object_set_new(map, v->claims[i].name,
			json_string(or_empty(v->claims[i].value))) != 0)
			goto fail;
	return map;
fail:
	json_decref(map);
	return NULL;
}

static json_t *
json_ar4si(const struct seal_verdict *v)
{
	json_t *map = json_object();

	for (size_t i = 0; i < AR4SI_CLAIMS; i++)
		if (json_object_set_new(map, ar4si_name((enum ar4si)i),
			json_integer(v->ar4si[i])) != 0)
			goto fail;
	return map;
fail:
	json_decref(map);
	return NULL;
}

static json_t *
json_error(const struct seal_verdict *v)
{
	const struct seal_diag *d = seal_verdict_diag(v);

	if (d->code == 0)
		return json_null();
	return json_pack("{s:s, s:s, s:s}", "code", seal_error_name(d->code),
	    "text", d->text, "remedy", d->remedy);
}

char *
seal_verdict_json(const struct seal_verdict *v)
{
	char *text = NULL;
	json_t *j;

	if (v == NULL)
		return NULL;
	/* "o" takes the references, also where packing fails. */
	j = json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:s,"
		      " s:o, s:o, s:o, s:o}",
	    "outcome", seal_outcome_name((int)v->outcome), "level",
	    level_name(v->level), "lease_s", (json_int_t)v->lease_s, "scheme",
	    seal_verdict_scheme(v), "identity", seal_verdict_identity(v),
	    "diversion", diversion(v), "subject", or_empty(v->subject),
	    "insecure", (int)v->insecure, "host_trusted", (int)v->host_trusted,
	    "key_attested", (int)v->key_attested, "binder",
	    v->binder_compared ? "compared" : "not compared", "ar4si",
	    json_ar4si(v), "claims", json_claims(v), "checks", json_checks(v),
	    "error", json_error(v));
	if (j != NULL)
		text = json_dumps(j, JSON_INDENT(2));
	json_decref(j);
	return text;
}

/* ---- A table for people ---- */

static void
text_warnings(const struct seal_verdict *v, struct wr *w)
{
	if (v->insecure)
		wr_printf(w,
		    "warning    INSECURE: software evidence proves nothing "
		    "about a platform\n");
	if (v->host_trusted)
		wr_printf(w,
		    "warning    tpm: host-trusted (any software that can use "
		    "that TPM can quote any value)\n");
	if (!v->diversion_excluded)
		wr_printf(w,
		    "warning    diversion: not excluded (nothing says which "
		    "machine this should be)\n");
	if (!v->binder_compared)
		wr_printf(w,
		    "warning    binder: not compared (nothing links this "
		    "Evidence to a connection)\n");
	/* PROTOCOL 2: what the other levels lack. */
	if (v->level == SEAL_LEVEL_TRANSCRIPT)
		wr_printf(w,
		    "warning    level: transcript (the traffic's keys are not "
		    "bound: see mode both)\n");
	else if (v->level == SEAL_LEVEL_KEY)
		wr_printf(w,
		    "warning    level: key (a result that was not made for "
		    "this connection)\n");
}

static void
text_check(const struct seal_check *c, struct wr *w)
{
	if (c->status == SEAL_CHECK_SKIPPED)
		wr_printf(w, "  skipped  %s: %.512s\n", c->name, c->got);
	if (c->status != SEAL_CHECK_FAILED)
		return;
	wr_printf(w, "  FAILED   %s\n", c->name);
	if (*c->expected != '\0')
		wr_printf(w, "           expected  %.512s\n", c->expected);
	if (*c->got != '\0')
		wr_printf(w, "           got       %.512s\n", c->got);
	if (*c->remedy != '\0')
		wr_printf(w, "           remedy    %.512s\n", c->remedy);
}

/* Names what did not pass; JSON has every step. */
static void
text_checks(const struct seal_verdict *v, struct wr *w)
{
	struct seal_check c;
	size_t passed = 0;

	for (size_t i = 0; i < v->n_checks; i++)
		passed += v->checks[i].status == SEAL_CHECK_PASSED;
	wr_printf(w, "checks     %zu of %zu passed\n", passed, v->n_checks);
	for (size_t i = 0; seal_verdict_check(v, i, &c) == 0; i++)
		text_check(&c, w);
}

static void
text_head(const struct seal_verdict *v, struct wr *w)
{
	const struct seal_diag *d = seal_verdict_diag(v);

	wr_printf(w, "verdict    %s\n", seal_outcome_name((int)v->outcome));
	wr_printf(
	    w, "scheme     %.200s\n", v->scheme == NULL ? "(none)" : v->scheme);
	wr_printf(w, "level      %s\n", level_name(v->level));
	wr_printf(w, "lease      %u s\n", (unsigned)v->lease_s);
	wr_printf(w, "identity   %.300s\n", seal_verdict_identity(v));
	wr_printf(w, "subject    %s\n", or_empty(v->subject));
	if (d->code != 0)
		wr_printf(w, "reason     %s\n", d->text);
	if (d->remedy[0] != '\0')
		wr_printf(w, "remedy     %s\n", d->remedy);
}

char *
seal_verdict_text(const struct seal_verdict *v)
{
	char *text = NULL;
	struct wr w;

	if (v == NULL)
		return NULL;
	wr_init_heap(&w, TEXT_MAX);
	text_head(v, &w);
	text_warnings(v, &w);
	text_checks(v, &w);
	wr_printf(&w, "claims\n");
	for (size_t i = 0; i < v->n_claims; i++)
		wr_printf(&w, "  %.200s  %.700s\n", v->claims[i].name,
		    or_empty(v->claims[i].value));
	(void)wr_take_text(&w, &text);
	wr_free(&w);
	return text;
}
