/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "service/query.h"
#include "service/service_parts.h"

/*
 * The status page: HTML without script, every text escaped, for a screen of
 * any width. Colours say what words say too.
 */
#define PAGE_ROWS 50
#define CLAIMS 8

static const char style[] =
    ":root{color-scheme:light dark;--ok:#1a7f37;--warn:#9a6700;--bad:#cf222e;"
    "--none:#6e7781;--line:#8884}"
    "body{font:15px/1.45 system-ui,sans-serif;margin:0 auto;padding:1rem;"
    "max-width:72rem}"
    "h1{font-size:1.3rem;margin:.2rem 0}h2{font-size:1.05rem;margin:1.4rem 0 "
    ".5rem}"
    "p{margin:.3rem 0}.dim{color:var(--none)}"
    "form{display:flex;flex-wrap:wrap;gap:.5rem;align-items:end}"
    "label{display:flex;flex-direction:column;font-size:.85rem}"
    "input,select,button{font:inherit;padding:.3rem .5rem;min-width:0;"
    "max-width:100%;box-sizing:border-box;height:2.2rem}"
    "article{border:1px solid var(--line);border-left:.4rem solid "
    "var(--none);border-radius:.4rem;padding:.5rem .7rem;margin:.5rem 0;"
    "overflow-wrap:anywhere}"
    "article.ok{border-left-color:var(--ok)}article.warn{border-left-color:"
    "var(--warn)}article.bad{border-left-color:var(--bad)}"
    "header{display:flex;flex-wrap:wrap;gap:.2rem .8rem}"
    "time{margin-left:auto}"
    "b.ok{color:var(--ok)}b.warn{color:var(--warn)}b.bad{color:var(--bad)}"
    "code{font-size:.85em}"
    "ul.vector{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem;margin:"
    ".4rem 0;padding:0}"
    "ul.vector li{border-radius:.3rem;padding:.1rem .45rem;font-size:.8rem;"
    "color:#fff;background:var(--none)}"
    "ul.vector li.ok{background:var(--ok)}ul.vector "
    "li.warn{background:var(--warn)}ul.vector li.bad{background:var(--bad)}"
    "@media(prefers-color-scheme:dark){:root{--ok:#2ea043;--warn:#bb8009;"
    "--bad:#f85149}ul.vector li.bad,ul.vector li.ok,ul.vector "
    "li.warn{color:#000}}";

static const char *const claim_names[CLAIMS] = { "instance-identity",
	"configuration", "executables", "file-system", "hardware",
	"runtime-opaque", "storage-opaque", "sourced-data" };

/* ---- Pieces ---- */

/* A claim's tier (AR4SI s2.3.2), as a class and as a word. */
static const char *
claim_class(int c)
{
	if (c >= -1 && c <= 1)
		return "none";
	if ((c >= 2 && c < 32) || (c < -1 && c > -33))
		return "ok";
	return (c >= 32 && c < 96) || (c < -32 && c > -97) ? "warn" : "bad";
}

static const char *
claim_word(int c)
{
	const char *class = claim_class(c);

	if (strcmp(class, "ok") == 0)
		return "affirming";
	if (strcmp(class, "warn") == 0)
		return "warning";
	return strcmp(class, "bad") == 0 ? "contraindicated" : "no claim";
}

/* "0,2,…" as a list of what was claimed. */
static void
write_vector(struct wr *w, const char *vector)
{
	const char *at = vector;

	wr_printf(w, "<ul class=\"vector\">");
	for (size_t i = 0; i < CLAIMS && *at != '\0'; i++) {
		char *end;
		long c = strtol(at, &end, 10);

		if (end == at)
			break;
		at = *end == ',' ? end + 1 : end;
		if (c != 0)
			wr_printf(w, "<li class=\"%s\">%s: %s</li>",
			    claim_class((int)c), claim_names[i],
			    claim_word((int)c));
	}
	wr_printf(w, "</ul>");
}

/* Accepted with a warning in its vector is still to be looked at. */
static const char *
row_class(const struct ar_row *row)
{
	if (row->outcome != SEAL_ACCEPTED)
		return "bad";
	return row->tier >= 32 ? "warn" : "ok";
}

static void
write_attester(struct wr *w, const char *attester)
{
	if (attester[0] == '\0') {
		wr_printf(w, "<span class=\"dim\">unproved</span>");
		return;
	}
	/* Hex, or it is not linked. */
	if (!query_hex(span_str(attester))) {
		html_text(w, attester);
		return;
	}
	wr_printf(w, "<a href=\"/?attester=%s\"><code>%.16s…</code></a>",
	    attester, attester);
}

static void
write_head(struct wr *w, const struct ar_row *row)
{
	const char *outcome =
	    seal_outcome_name((enum seal_outcome)row->outcome);
	char when[TIME_TEXT];

	wr_printf(w, "<header><b class=\"%s\">", row_class(row));
	html_text(w, outcome);
	wr_printf(w, "</b><span>");
	write_attester(w, row->attester);
	wr_printf(w, "</span><time class=\"dim\">%s</time></header>",
	    time_text(row->at_s, when));
}

static int
write_row(void *arg, const struct ar_row *row, struct seal_diag *d)
{
	struct wr *w = arg;

	(void)d;
	wr_printf(w, "<article class=\"%s\">", row_class(row));
	write_head(w, row);
	if (row->reason[0] != '\0') {
		wr_printf(w, "<p>");
		html_text(w, row->reason);
		wr_printf(w, "</p>");
	}
	if (row->remedy[0] != '\0') {
		wr_printf(w, "<p class=\"dim\">To do: ");
		html_text(w, row->remedy);
		wr_printf(w, "</p>");
	}
	write_vector(w, row->vector);
	wr_printf(w, "<p class=\"dim\"><code>");
	html_text(w, row->scheme);
	wr_printf(w, "</code>, policy ");
	html_text(w, row->policy);
	wr_printf(w, ", by ");
	html_text(w, row->verifier);
	wr_printf(w, "</p></article>");
	return w->error;
}

/* ---- Filters ---- */

struct filters {
	struct ar_filter ar;
	char attester[129], scheme[201];
};

static bool
take_text(const struct request *req, const char *name, char *buf, size_t cap)
{
	struct span v = { 0 };

	if (!request_arg(req, name, &v) || v.n == 0)
		return true;
	if (v.n >= cap || memchr(v.p, 0, v.n) != NULL || !utf8_valid(v))
		return false;
	memcpy(buf, v.p, v.n);
	buf[v.n] = '\0';
	return true;
}

static int
filters_of(const struct request *req, struct filters *ret, struct seal_diag *d)
{
	struct span v = { 0 };

	ret->ar.max = PAGE_ROWS;
	if (!take_text(req, "attester", ret->attester, sizeof(ret->attester)) ||
	    !query_hex(span_str(ret->attester)))
		return seal_fail(d, SEAL_E_ARGUMENT, "attester: expected hex");
	if (!take_text(req, "scheme", ret->scheme, sizeof(ret->scheme)))
		return seal_fail(
		    d, SEAL_E_ARGUMENT, "scheme: expected a media type");
	ret->ar.attester = ret->attester;
	ret->ar.scheme = ret->scheme;
	if (request_arg(req, "outcome", &v)) {
		if (span_is(v, "accepted"))
			ret->ar.which = AR_ACCEPTED;
		else if (span_is(v, "refused"))
			ret->ar.which = AR_REFUSED;
		else if (v.n > 0 && !span_is(v, "all"))
			return seal_fail(d, SEAL_E_ARGUMENT,
			    "outcome: expected all, accepted or refused");
	}
	if (request_arg(req, "before", &v))
		return query_number(
		    v, "before", 1, INT64_MAX, &ret->ar.before_id, d);
	return 0;
}

static void
write_option(struct wr *w, const char *name, bool chosen)
{
	wr_printf(w, "<option%s>%s</option>", chosen ? " selected" : "", name);
}

static void
write_form(struct wr *w, const struct filters *f)
{
	wr_printf(w, "<form method=\"get\" action=\"/\"><label>Outcome "
		     "<select name=\"outcome\">");
	write_option(w, "all", f->ar.which == AR_ALL);
	write_option(w, "accepted", f->ar.which == AR_ACCEPTED);
	write_option(w, "refused", f->ar.which == AR_REFUSED);
	wr_printf(w, "</select></label><label>Attester <input "
		     "name=\"attester\" value=\"");
	html_text(w, f->attester);
	wr_printf(w, "\"></label><label>Evidence <input name=\"scheme\" "
		     "value=\"");
	html_text(w, f->scheme);
	wr_printf(w, "\"></label><button>Show</button></form>");
}

/* ---- The page ---- */

/* Rows go out one by one; the last one's id leads to older ones. */
struct listing {
	struct wr *w;
	size_t n;
	int64_t last;
};

static int
list_row(void *arg, const struct ar_row *row, struct seal_diag *d)
{
	struct listing *l = arg;

	l->n++;
	l->last = row->id;
	return write_row(l->w, row, d);
}

static void
write_older(struct wr *w, const struct filters *f, int64_t before)
{
	static const char *const which[] = { "all", "accepted", "refused" };

	wr_printf(w,
	    "<form method=\"get\" action=\"/\"><input type=\"hidden\" "
	    "name=\"outcome\" value=\"%s\">",
	    which[f->ar.which]);
	wr_printf(w, "<input type=\"hidden\" name=\"attester\" value=\"");
	html_text(w, f->attester);
	wr_printf(w, "\"><input type=\"hidden\" name=\"scheme\" value=\"");
	html_text(w, f->scheme);
	wr_printf(w,
	    "\"><input type=\"hidden\" name=\"before\" value=\"%lld\">"
	    "<button>Older</button></form>",
	    (long long)before);
}

static int
write_lists(struct service *s, struct wr *w, const struct filters *f,
    struct seal_diag *d)
{
	bool whole = f->ar.before_id == 0 && f->attester[0] == '\0' &&
		     f->scheme[0] == '\0' && f->ar.which == AR_ALL;
	struct listing attesters = { .w = w }, recent = { .w = w };
	int r = 0;

	if (whole) {
		wr_printf(w, "<h2>Attesters, as last seen</h2>");
		r = store_ar_attesters(
		    s->store, PAGE_ROWS, list_row, &attesters, d);
		if (r == 0 && attesters.n == 0)
			wr_printf(w, "<p>None was seen yet.</p>");
	}
	if (r != 0)
		return r;
	wr_printf(w, "<h2>Recent appraisals</h2>");
	write_form(w, f);
	r = store_ar_list(s->store, &f->ar, list_row, &recent, d);
	if (r == 0 && recent.n == 0)
		wr_printf(w, "<p>There is nothing to show.</p>");
	else if (r == 0 && recent.n == PAGE_ROWS)
		write_older(w, f, recent.last);
	return r;
}

static int
write_page(struct service *s, struct wr *w, const struct filters *f,
    struct seal_diag *d)
{
	struct store_counts c = { 0 };
	int r;

	if ((r = store_count(s->store, &c, d)) != 0)
		return r;
	wr_printf(w,
	    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
	    "<meta name=\"viewport\" content=\"width=device-width,"
	    "initial-scale=1\"><title>Verifier</title><link "
	    "rel=\"stylesheet\" href=\"/style.css\"></head><body><h1>");
	html_text(w, s->conf->id);
	wr_printf(w,
	    "</h1><p class=\"dim\">%lld results, %lld of them refused; %lld "
	    "open sessions; store: %s. <a href=\"/\">All</a></p>",
	    (long long)c.results, (long long)c.refused, (long long)c.sessions,
	    store_kind(s->store));
	if ((r = write_lists(s, w, f, d)) != 0)
		return r;
	wr_printf(w, "</body></html>\n");
	return w->error == 0 ? 0 : seal_fail(d, w->error, "page");
}

void
page_status(struct service *s, const struct request *req, struct reply *ret)
{
	struct filters f = { 0 };
	struct seal_diag d = { 0 };

	ret->status = 200;
	ret->type = "text/html; charset=utf-8";
	if (filters_of(req, &f, &d) != 0 ||
	    write_page(s, &ret->body, &f, &d) != 0)
		reply_failure(ret, &d);
}

void
page_style(struct service *s, const struct request *req, struct reply *ret)
{
	(void)s;
	(void)req;
	ret->status = 200;
	ret->type = "text/css; charset=utf-8";
	wr_bytes(&ret->body, span_str(style));
}
