/* SPDX-License-Identifier: Apache-2.0 */
/* One report of configfs-tsm, while others may interfere. */
#include "evidence/tsm.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/text.h"
#include "evidence/driver.h"

#define SHOWN 40

/* Before anything else is asked: the rest depends on whose report it is. */
static int
read_provider(
    struct tsm_entry *e, const struct tsm_kind **ret, struct seal_diag *d)
{
	char name[TSM_TEXT_MAX], shown[SHOWN];
	const struct tsm_kind *kind;
	int r;

	if ((r = tsm_read_text(e, "provider", false, name, d)) != 0)
		return r;
	if ((kind = tsm_kind_find(span_str(name))) == NULL) {
		seal_fail(d, SEAL_E_UNSUPPORTED,
		    "tsm: expected provider sev_guest, tdx_guest or "
		    "arm_cca_guest, found '%s'",
		    text_safe(span_str(name), shown, sizeof(shown)));
		seal_remedy(d, "this build has no appraiser for that platform");
		return SEAL_E_UNSUPPORTED;
	}
	*ret = kind;
	return 0;
}

/* ---- Looking ---- */

static int
look(struct tsm_entry *e, struct tsm_found *ret, struct seal_diag *d)
{
	char text[TSM_TEXT_MAX];
	uint64_t floor = 0;
	int r;

	if ((r = read_provider(e, &ret->kind, d)) != 0 ||
	    (r = tsm_read_text(e, "privlevel_floor", true, text, d)) != 0)
		return r;
	ret->has_privlevel = text[0] != '\0';
	if (ret->has_privlevel &&
	    (r = tsm_read_number(e, "privlevel_floor", &floor, d)) != 0)
		return r;
	if (floor > TSM_PRIVLEVEL_MAX)
		return seal_fail(d, SEAL_E_DECODE,
		    "tsm: privlevel_floor: expected at most %u, found %s",
		    TSM_PRIVLEVEL_MAX, text);
	ret->floor = (uint32_t)floor;
	ret->has_manifest = tsm_has(e, "manifestblob");
	return 0;
}

int
tsm_look(const char *dir, uint64_t deadline_ms, struct tsm_found *ret,
    struct seal_diag *d)
{
	struct tsm_found found = { 0 };
	struct tsm_entry e;
	int r;

	if ((r = tsm_entry_make(dir, deadline_ms, &e, d)) != 0)
		return r;
	if ((r = look(&e, &found, d)) == 0)
		*ret = found;
	tsm_entry_remove(&e);
	return r;
}

/* ---- Reporting ---- */

static int
check_provider(
    struct tsm_entry *e, const struct tsm_want *want, struct seal_diag *d)
{
	const struct tsm_kind *kind = NULL;
	int r;

	if ((r = read_provider(e, &kind, d)) != 0)
		return r;
	return kind == want->kind ? 0
				  : seal_fail(d, SEAL_E_EVIDENCE,
					"tsm: expected provider %s, found %s",
					want->kind->provider, kind->provider);
}

/* Writes what is wanted; *ret_n is how often. */
static int
ask(struct tsm_entry *e, const struct tsm_want *want,
    const uint8_t data[REPORT_DATA], uint64_t *ret_n, struct seal_diag *d)
{
	char level[16];
	int r;

	*ret_n = 1 + (uint64_t)want->has_privlevel;
	snprintf(level, sizeof(level), "%u", (unsigned)want->privlevel);
	if (want->has_privlevel &&
	    (r = tsm_write(e, "privlevel", span_str(level), d)) != 0)
		return r;
	return tsm_write(e, "inblob", span_of(data, REPORT_DATA), d);
}

/* Report and certificates. Where somebody else wrote too, or a write of ours
 * was lost, the generation is another than what we count: *ret_raced. */
static int
attempt(struct tsm_entry *e, const struct tsm_want *want,
    const uint8_t data[REPORT_DATA], struct wr *report, struct wr *beside,
    bool *ret_raced, struct seal_diag *d)
{
	uint64_t start = 0, written = 0, asked = 0, end = 0;
	int r;

	if ((r = check_provider(e, want, d)) != 0 ||
	    (r = tsm_read_number(e, "generation", &start, d)) != 0 ||
	    (r = ask(e, want, data, &written, d)) != 0 ||
	    (r = tsm_read_number(e, "generation", &asked, d)) != 0)
		return r;
	*ret_raced = asked != start + written;
	if (*ret_raced)
		return 0;
	if ((r = tsm_read_blob(e, "outblob", false, report, d)) != 0 ||
	    (want->certificates &&
		(r = tsm_read_blob(e, "auxblob", true, beside, d)) != 0) ||
	    (r = tsm_read_number(e, "generation", &end, d)) != 0)
		return r;
	*ret_raced = end != asked;
	return 0;
}

/* Each in an entry of its own, so that who knows one's name can spoil one. */
static int
attempts(const char *dir, const struct tsm_want *want,
    const uint8_t data[REPORT_DATA], uint64_t deadline_ms, struct wr *report,
    struct wr *beside, struct seal_diag *d)
{
	for (unsigned i = 0; i < TSM_ATTEMPTS; i++) {
		struct tsm_entry e;
		bool raced = false;
		int r;

		report->n = beside->n = 0;
		if ((r = tsm_entry_make(dir, deadline_ms, &e, d)) != 0)
			return r;
		r = attempt(&e, want, data, report, beside, &raced, d);
		tsm_entry_remove(&e);
		if (r != 0 || !raced)
			return r;
		if (evidence_now_ms() >= deadline_ms)
			break;
	}
	seal_fail(d, SEAL_E_UNAVAILABLE,
	    "tsm: expected a report of one generation, found another one "
	    "whenever it was read");
	seal_remedy(
	    d, "something else writes to entries of '%.60s': stop it", dir);
	return SEAL_E_UNAVAILABLE;
}

int
tsm_report(const char *dir, const struct tsm_want *want,
    const uint8_t data[REPORT_DATA], uint64_t deadline_ms, struct wr *out,
    struct seal_diag *d)
{
	struct wr report, beside;
	int r;

	wr_init_heap(&report, LIMIT_CMW);
	wr_init_heap(&beside, LIMIT_CMW);
	if ((r = attempts(dir, want, data, deadline_ms, &report, &beside, d)) ==
	    0)
		r = report_maker(want->kind)(
		    wr_view(&report), wr_view(&beside), data, out, d);
	wr_free(&report);
	wr_free(&beside);
	return r;
}
