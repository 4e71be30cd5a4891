/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/out.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"

/* ---- JSON ---- */

void
out_json_text(struct wr *w, const char *text)
{
	json_text(w, text);
}

void
out_json_member(struct wr *w, const char *key, const char *text)
{
	struct span before = wr_view(w);

	if (before.n > 0 && before.p[before.n - 1] != '{')
		wr_u8(w, ',');
	out_json_text(w, key);
	wr_u8(w, ':');
	out_json_text(w, text);
}

void
out_json_flat(struct wr *w, const char *json)
{
	/* No text in JSON holds a newline as it stands. */
	while (*json != '\0') {
		size_t n = strcspn(json, "\n");

		wr_bytes(w, span_of(json, n));
		json += n;
		json += strspn(json, "\n ");
	}
}

/* ---- Printing ---- */

static int
flushed(FILE *to)
{
	if (fflush(to) == 0 && !ferror(to))
		return EXIT_ACCEPTED;
	fprintf(stderr, "seal: cannot write its output\n");
	return EXIT_USAGE;
}

int
out_line(FILE *to, struct wr *w)
{
	struct span s;

	wr_u8(w, '\n');
	if (wr_finish(w, &s) == 0)
		fwrite(s.p, 1, s.n, to);
	else
		fprintf(stderr, "seal: out of memory for its output\n");
	wr_free(w);
	return flushed(to);
}

int
out_text(FILE *to, char *text)
{
	size_t n = text != NULL ? strlen(text) : 0;

	if (n > 0) {
		fwrite(text, 1, n, to);
		if (text[n - 1] != '\n')
			fputc('\n', to);
	}
	free(text);
	return flushed(to);
}

void
out_plain(struct wr *w, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		wr_u8(w, c < 0x20 || c == 0x7f ? '?' : c);
	}
}

/* ---- Failures ---- */

int
out_exit(int code)
{
	enum seal_outcome outcome = seal_error_outcome(code);

	/* A file that is not there does not come by trying again. */
	if (code == SEAL_E_IO || outcome == SEAL_INVALID)
		return EXIT_USAGE;
	return outcome == SEAL_ACCEPTED || outcome == SEAL_CLOSED
		   ? EXIT_REFUSED
		   : seal_outcome_exit(outcome);
}

void
out_json_error(struct wr *w, const struct seal_diag *d)
{
	struct span before = wr_view(w);

	if (before.n > 0 && before.p[before.n - 1] != '{')
		wr_u8(w, ',');
	wr_printf(w, "\"error\":{");
	out_json_member(w, "code", seal_error_name(d->code));
	out_json_member(
	    w, "outcome", seal_outcome_name(seal_error_outcome(d->code)));
	out_json_member(w, "text", d->text);
	out_json_member(w, "remedy", d->remedy);
	wr_u8(w, '}');
}

static void
diag_text(struct wr *w, const struct seal_diag *d)
{
	wr_printf(w, "seal: ");
	out_plain(w, d->text[0] != '\0' ? d->text : seal_error_name(d->code));
	if (d->remedy[0] == '\0')
		return;
	wr_printf(w, "\n      to do: ");
	out_plain(w, d->remedy);
}

int
out_diag(FILE *to, bool json, const struct seal_diag *d)
{
	struct wr w;

	wr_init_heap(&w, OUT_MAX);
	if (json) {
		wr_u8(&w, '{');
		out_json_error(&w, d);
		wr_u8(&w, '}');
	} else {
		diag_text(&w, d);
	}
	out_line(json ? to : stderr, &w);
	return out_exit(d->code);
}
