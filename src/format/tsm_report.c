/* SPDX-License-Identifier: Apache-2.0 */
#include "format/tsm_report.h"

#include <string.h>

#include "base/text.h"
#include "cbor/cbor.h"
#include "format/cca.h"
#include "format/json_pull.h"
#include "format/quote.h"
#include "format/snp.h"

#define PROVIDER_MAX 64u
#define PARAMETER "provider="

const struct tsm_kind tsm_kinds[] = {
	{ "sev_guest", "AMD SEV-SNP", SNP_TYPE, true },
	{ "tdx_guest", "Intel TDX", QUOTE_TDX_TYPE, false },
	{ "arm_cca_guest", "Arm CCA", CCA_TYPE, false },
	{ NULL },
};

const struct tsm_kind *
tsm_kind_find(struct span provider)
{
	if (provider.n > 0 && provider.p[provider.n - 1] == '\n')
		provider.n--;
	for (const struct tsm_kind *k = tsm_kinds; k->provider != NULL; k++)
		if (span_is(provider, k->provider))
			return k;
	return NULL;
}

/* ---- The media type ---- */

/* What stands before the first semicolon, and after it without spaces and
 * quotes. */
static void
split_type(struct span type, struct span *ret_base, struct span *ret_rest)
{
	size_t n = 0, at;

	*ret_base = *ret_rest = span_of(NULL, 0);
	if (type.n == 0)
		return;
	while (n < type.n && type.p[n] != ';')
		n++;
	at = n < type.n ? n + 1 : n;
	while (n > 0 && type.p[n - 1] == ' ')
		n--;
	while (at < type.n && type.p[at] == ' ')
		at++;
	*ret_base = span_of(type.p, n);
	*ret_rest = span_of(type.p + at, type.n - at);
}

bool
tsm_report_takes(struct span media_type)
{
	struct span base, rest;

	split_type(media_type, &base, &rest);
	return media_type_equal(base, span_str(TSM_REPORT_TYPE)) ||
	       media_type_equal(base, span_str(TSM_REPORT_JSON_TYPE));
}

struct span
tsm_report_base(struct span media_type)
{
	struct span base, rest;

	split_type(media_type, &base, &rest);
	return tsm_report_takes(media_type) ? base : media_type;
}

/* False: it names another one, or something that is no provider. */
static bool
type_fits(struct span media_type, const struct tsm_kind *kind)
{
	static const char name[] = PARAMETER;
	struct span base, rest;

	split_type(media_type, &base, &rest);
	if (rest.n == 0)
		return true;
	if (rest.n < sizeof(name) - 1 ||
	    memcmp(rest.p, name, sizeof(name) - 1) != 0)
		return false;
	rest.p += sizeof(name) - 1;
	rest.n -= sizeof(name) - 1;
	if (rest.n >= 2 && rest.p[0] == '"' && rest.p[rest.n - 1] == '"')
		rest = span_of(rest.p + 1, rest.n - 2);
	return span_is(rest, kind->provider);
}

/* ---- Members ---- */

enum member { OUTBLOB, AUXBLOB, PROVIDER, MEMBERS };
static const char *const names[MEMBERS] = { "outblob", "auxblob", "provider" };

static enum member
member_named(struct span key)
{
	enum member m = 0;

	while (m < MEMBERS && !span_is(key, names[m]))
		m++;
	return m;
}

static bool
read_cbor(struct span in, struct span value[MEMBERS])
{
	struct span key = { 0 };
	size_t n = 0;
	struct rd r;
	bool ok;

	rd_init(&r, in);
	ok = cbor_map_unique(&r, &n);
	for (size_t i = 0; ok && i < n; i++) {
		enum member m = MEMBERS;

		ok = cbor_text(&r, &key) &&
		     (m = member_named(key)) != MEMBERS &&
		     (m == PROVIDER ? cbor_text(&r, &value[m])
				    : cbor_bytes(&r, &value[m]));
	}
	return ok && rd_end(&r);
}

/* Decoded, behind what decoded holds already; where it ends there is ends. */
static bool
read_member(struct rd *r, enum member m, struct wr *decoded, size_t ends[2])
{
	struct span text = { 0 };
	bool ok;

	ends[0] = decoded->n;
	ok = m == PROVIDER
		 ? json_pull_unescape(r, decoded)
		 : json_pull_text(r, &text) && b64url_decode(text, decoded);
	ends[1] = decoded->n;
	return ok && decoded->error == 0;
}

static bool
read_json(struct span in, struct wr *decoded, struct span value[MEMBERS])
{
	size_t ends[MEMBERS][2] = { { 0 } };
	bool seen[MEMBERS] = { false }, ok;
	struct span key = { 0 };
	struct rd r;

	rd_init(&r, in);
	ok = json_pull_object(&r);
	for (bool first = true; ok && json_pull_key(&r, &first, &key);) {
		enum member m = member_named(key);

		ok = m != MEMBERS && !seen[m] &&
		     read_member(&r, m, decoded, ends[m]);
		if (ok)
			seen[m] = true;
	}
	if (!ok || !json_pull_end(&r))
		return false;
	for (enum member m = 0; m < MEMBERS; m++)
		if (ends[m][1] > ends[m][0])
			value[m] = span_of(
			    decoded->p + ends[m][0], ends[m][1] - ends[m][0]);
	return true;
}

/* ---- The whole ---- */

static int
finish(struct span media_type, const struct span value[MEMBERS],
    struct tsm_report *r, struct seal_diag *d)
{
	char shown[PROVIDER_MAX];

	r->kind = tsm_kind_find(value[PROVIDER]);
	r->outblob = value[OUTBLOB];
	r->auxblob = value[AUXBLOB];
	if (r->kind == NULL)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "TSM report: expected provider sev_guest, tdx_guest or "
		    "arm_cca_guest, found '%s'",
		    text_safe(value[PROVIDER], shown, sizeof(shown)));
	if (!type_fits(media_type, r->kind))
		return seal_fail(d, SEAL_E_DECODE,
		    "TSM report: its media type names another provider than "
		    "%s",
		    r->kind->provider);
	if (r->outblob.n == 0 || (r->auxblob.n > 0 && !r->kind->table))
		return seal_fail(d, SEAL_E_DECODE,
		    "TSM report of %s: expected an outblob%s",
		    r->kind->provider,
		    r->kind->table ? "" : ", and no auxblob");
	return 0;
}

int
tsm_report_parse(struct span in, struct span media_type, struct tsm_report *ret,
    struct seal_diag *d)
{
	struct span value[MEMBERS] = { { 0 } };
	struct tsm_report r = { 0 };
	bool json = in.n > 0 && (in.p[0] == '{' || in.p[0] <= ' '), ok;
	int code;

	wr_init_heap(&r.decoded, TSM_REPORT_MAX);
	ok = json ? read_json(in, &r.decoded, value) : read_cbor(in, value);
	if (r.decoded.error == SEAL_E_MEMORY)
		code = seal_fail(d, SEAL_E_MEMORY, "TSM report");
	else if (!ok)
		code = seal_fail(d, SEAL_E_DECODE,
		    "TSM report: expected a map of outblob, auxblob and "
		    "provider alone, as CBOR or JSON");
	else
		code = finish(media_type, value, &r, d);
	if (code != 0)
		tsm_report_wipe(&r);
	else
		*ret = r;
	return code;
}

void
tsm_report_wipe(struct tsm_report *r)
{
	wr_free(&r->decoded);
	*r = (struct tsm_report){ 0 };
}

void
tsm_report_evidence(const struct tsm_report *r, struct wr *out)
{
	wr_bytes(out, r->outblob);
	wr_bytes(out, r->auxblob);
}
