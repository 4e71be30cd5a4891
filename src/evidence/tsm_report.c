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
	ret->has_services = tsm_has(e, "service_provider");
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
	const struct {
		const char *attribute, *value;
	} options[] = {
		{ "privlevel", want->has_privlevel ? level : "" },
		{ "service_provider", want->svsm ? "svsm" : "" },
		{ "service_guid", want->guid },
		{ "service_manifest_version", want->version },
	};
	int r;

	*ret_n = 1;
	snprintf(level, sizeof(level), "%u", (unsigned)want->privlevel);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (options[i].value[0] == '\0')
			continue;
		if ((r = tsm_write(e, options[i].attribute,
			 span_str(options[i].value), d)) != 0)
			return r;
		++*ret_n;
	}
	return tsm_write(e, "inblob", span_of(data, REPORT_DATA), d);
}

/* What an entry gives, all of one generation. */
struct blobs {
	struct wr report, beside, manifest;
};

static int
read_blobs(struct tsm_entry *e, const struct tsm_want *want, struct blobs *b,
    struct seal_diag *d)
{
	int r = tsm_read_blob(e, "outblob", false, &b->report, d);

	if (r == 0 && want->svsm)
		r = tsm_read_blob(e, "manifestblob", false, &b->manifest, d);
	if (r == 0 && want->certificates)
		r = tsm_read_blob(e, "auxblob", true, &b->beside, d);
	return r;
}

/* Where somebody else wrote too, or a write of ours was lost, the generation
 * is another than what we count: *ret_raced. */
static int
attempt(struct tsm_entry *e, const struct tsm_want *want,
    const uint8_t data[REPORT_DATA], struct blobs *b, bool *ret_raced,
    struct seal_diag *d)
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
	if ((r = read_blobs(e, want, b, d)) != 0 ||
	    (r = tsm_read_number(e, "generation", &end, d)) != 0)
		return r;
	*ret_raced = end != asked;
	return 0;
}

/* Each in an entry of its own, so that who knows one's name can spoil one. */
static int
attempts(const char *dir, const struct tsm_want *want,
    const uint8_t data[REPORT_DATA], uint64_t deadline_ms, struct blobs *b,
    struct seal_diag *d)
{
	for (unsigned i = 0; i < TSM_ATTEMPTS; i++) {
		struct tsm_entry e;
		bool raced = false;
		int r;

		b->report.n = b->beside.n = b->manifest.n = 0;
		if ((r = tsm_entry_make(dir, deadline_ms, &e, d)) != 0)
			return r;
		r = attempt(&e, want, data, b, &raced, d);
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

static int
evidence_of(const struct tsm_want *want, const struct blobs *b,
    const uint8_t data[REPORT_DATA], struct wr *out, struct seal_diag *d)
{
	struct span report = wr_view(&b->report), beside = wr_view(&b->beside);

	if (want->svsm)
		return report_svsm(
		    report, beside, wr_view(&b->manifest), data, out, d);
	return report_maker(want->kind)(report, beside, data, out, d);
}

int
tsm_report(const char *dir, const struct tsm_want *want,
    const uint8_t data[REPORT_DATA], uint64_t deadline_ms, struct wr *out,
    struct seal_diag *d)
{
	struct blobs b;
	int r;

	wr_init_heap(&b.report, LIMIT_CMW);
	wr_init_heap(&b.beside, LIMIT_CMW);
	wr_init_heap(&b.manifest, SVSM_MANIFEST_MAX);
	if ((r = attempts(dir, want, data, deadline_ms, &b, d)) == 0)
		r = evidence_of(want, &b, data, out, d);
	wr_free(&b.report);
	wr_free(&b.beside);
	wr_free(&b.manifest);
	return r;
}
