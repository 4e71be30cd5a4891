/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attests through ratsd, a daemon that asks the attesters of this machine: for
 * programs that may not open devices themselves. What comes back is a
 * collection; each member that is a report of a confidential guest is held
 * against the binder here already. The subject key lives in this process.
 */
#include "format/ratsd.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "evidence/drivers.h"
#include "evidence/report.h"
#include "evidence/subject.h"
#include "format/tsm_report.h"
#include "remote/ratsd.h"

#define NAME "ratsd"
#define PROBE_TIMEOUT_MS 500u
#define LABELS_SHOWN 64

struct ratsd {
	struct subject subject;
	struct http *http;
	char *attesters; /* NULL: as ratsd is set */
};

/* ---- Members ---- */

/* What a member's report may hold: what ratsd was asked with, or what it makes
 * of that for this member. */
struct challenge {
	uint8_t asked[REPORT_DATA], shaken[REPORT_DATA];
};

static int
challenge_make(
    const struct seal_binding *b, struct challenge *ret, struct seal_diag *d)
{
	report_data(b, ret->asked);
	return shake256(span_of(ret->asked, sizeof(ret->asked)), ret->shaken,
	    sizeof(ret->shaken), d);
}

/* A report as its platform makes it, in place of how ratsd wraps it. */
static int
take_report(struct span media_type, struct span in, const struct challenge *c,
    struct cmw_item *item, struct wr *out, struct seal_diag *d)
{
	struct tsm_report report = { 0 };
	report_fn make;
	int r;

	if ((r = tsm_report_parse(in, media_type, &report, d)) != 0)
		return r;
	make = report_maker(report.kind);
	if (make(report.outblob, report.auxblob, c->asked, out, NULL) != 0) {
		wr_free(out);
		r = make(report.outblob, report.auxblob, c->shaken, out, d);
	}
	item->media_type = span_str(report.kind->media_type);
	item->value = wr_view(out);
	tsm_report_wipe(&report);
	return r;
}

/* The collection without ratsd's claims, which nobody signed. */
static int
take_members(const struct ratsd_token *t, const struct challenge *c,
    struct cmw_item *items, struct wr *parts, size_t *ret_n,
    struct seal_diag *d)
{
	char label[LABELS_SHOWN];
	size_t n = 1;
	int r;

	items[0] = (struct cmw_item){ .kind = CMW_COLLECTION,
		.collection_type = span_str(RATSD_COLLECTION) };
	for (size_t i = 1; i < t->cmw.n; i++) {
		const struct cmw_item *from = &t->cmw.items[i];

		if (span_is(from->label, RATSD_CLAIMS_LABEL))
			continue;
		items[n] = *from;
		if (from->kind == CMW_RECORD &&
		    tsm_report_takes(from->media_type) &&
		    (r = take_report(from->media_type, from->value, c,
			 &items[n], &parts[n], d)) != 0)
			return seal_fail_in(
			    d, r, text_safe(from->label, label, sizeof(label)));
		n++;
	}
	*ret_n = n;
	return n > 1 ? 0
		     : seal_fail(d, SEAL_E_EVIDENCE,
			   NAME ": expected Evidence, found none");
}

static int
write_members(const struct ratsd_token *t, const struct challenge *c,
    struct wr *out, struct seal_diag *d)
{
	struct cmw_item items[1 + CMW_ITEMS];
	struct wr parts[1 + CMW_ITEMS];
	size_t n = 0;
	int r;

	for (size_t i = 0; i <= CMW_ITEMS; i++)
		wr_init_heap(&parts[i], LIMIT_CMW);
	if ((r = take_members(t, c, items, parts, &n, d)) == 0 &&
	    (r = cmw_write_cbor(out, items, n)) != 0)
		seal_fail(
		    d, r, NAME ": Evidence of more than %u bytes", LIMIT_CMW);
	for (size_t i = 0; i <= CMW_ITEMS; i++)
		wr_free(&parts[i]);
	return r;
}

static int
take_token(struct span in, const struct challenge *c, struct wr *out,
    struct seal_diag *d)
{
	struct ratsd_token t;
	int r;

	if ((r = ratsd_token_parse(in, &t, d)) != 0)
		return r;
	if (span_equal_ct(t.nonce, span_of(c->asked, sizeof(c->asked))))
		r = write_members(&t, c, out, d);
	else
		r = seal_fail(d, SEAL_E_EVIDENCE,
		    NAME ": expected the nonce that was asked with, found "
			 "another");
	ratsd_token_wipe(&t);
	return r;
}

/* ---- The driver ---- */

static int
client_new(const struct conf *conf, struct http **ret, struct seal_diag *d)
{
	const struct http_conf where = {
		.plain_loopback = true,
		.unix_socket = conf_get(conf, "socket", NULL),
		.ca_file = conf_get(conf, "ca", NULL),
		.token_file = conf_get(conf, "token", NULL),
	};

	return http_new(conf_get(conf, "url", RATSD_URL), &where, ret, d);
}

static int
ratsd_probe(const struct conf *conf, struct wr *out, struct seal_diag *d)
{
	struct http *h = NULL;
	struct wr names;
	int r;

	wr_init_heap(&names, LIMIT_CMW);
	if ((r = client_new(conf, &h, d)) == 0 &&
	    (r = ratsd_attesters(h,
		 (int64_t)(evidence_now_ms() + PROBE_TIMEOUT_MS), &names, d)) ==
		0)
		wr_printf(out, "ratsd, with %.*s", (int)names.n,
		    (const char *)names.p);
	wr_free(&names);
	http_free(&h);
	return r;
}

static int
ratsd_open(void *ctx, const struct conf *conf, uint64_t deadline_ms,
    struct seal_diag *d)
{
	const char *attesters = conf_get(conf, "attesters", NULL);
	struct ratsd *s = ctx;
	struct wr names;
	int r;

	if (attesters != NULL && (s->attesters = strdup(attesters)) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, NAME);
	if ((r = client_new(conf, &s->http, d)) != 0 ||
	    (r = subject_open(&s->subject, NAME, true, conf, d)) != 0)
		return r;
	wr_init_heap(&names, LIMIT_CMW);
	r = ratsd_attesters(s->http, (int64_t)deadline_ms, &names, d);
	wr_free(&names);
	return r;
}

static size_t
ratsd_binder_max(void *ctx)
{
	(void)ctx;
	return REPORT_DATA;
}

/* It is asked with 64 bytes, the longest nonce that it takes: as many as a
 * report holds, so that versions which hand them on as they are do as well. */
static int
ratsd_collect(void *ctx, const struct seal_binding *b, uint64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	struct ratsd *s = ctx;
	struct challenge c;
	struct wr token;
	int r;

	if ((r = challenge_make(b, &c, d)) != 0)
		return r;
	wr_init_heap(&token, RATSD_TOKEN_MAX);
	r = ratsd_challenge(s->http, span_of(c.asked, sizeof(c.asked)),
	    s->attesters, (int64_t)deadline_ms, &token, d);
	if (r == 0)
		r = take_token(wr_view(&token), &c, out, d);
	wr_free(&token);
	return r;
}

static void
ratsd_close(void *ctx)
{
	struct ratsd *s = ctx;

	http_free(&s->http);
	subject_wipe(&s->subject);
	free(s->attesters);
}

static const char *const ratsd_keys[] = { SUBJECT_KEYS, "url", "socket", "ca",
	"token", "attesters", NULL };

SUBJECT_FIRST(struct ratsd);
const struct evidence_driver evidence_ratsd = {
	.abi = EVIDENCE_DRIVER_ABI,
	.name = NAME,
	.media_type = CMW_TYPE,
	.keys = ratsd_keys,
	.ctx_size = sizeof(struct ratsd),
	.probe = ratsd_probe,
	.open = ratsd_open,
	.binder_max = ratsd_binder_max,
	SUBJECT_CALLS,
	.collect = ratsd_collect,
	.close = ratsd_close,
};
