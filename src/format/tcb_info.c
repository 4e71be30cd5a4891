/* SPDX-License-Identifier: Apache-2.0 */
#include "format/tcb_info.h"

#include <string.h>
#include <time.h>

#include "base/text.h"
#include "format/json_pull.h"

#define INFO_VERSION 3
#define IDENTITY_VERSION 2
#define ADVISORY_MAX 64 /* bytes of one identifier */

static const char *const statuses[TCB_STATUSES] = {
	"unknown",
	"UpToDate",
	"SWHardeningNeeded",
	"ConfigurationNeeded",
	"ConfigurationAndSWHardeningNeeded",
	"OutOfDate",
	"OutOfDateConfigurationNeeded",
	"Revoked",
};

const char *
tcb_status_name(enum tcb_status s)
{
	return (unsigned)s < TCB_STATUSES ? statuses[s] : statuses[0];
}

enum tcb_status
tcb_status_by_name(struct span name)
{
	for (unsigned i = 1; i < TCB_STATUSES; i++)
		if (span_is(name, statuses[i]))
			return (enum tcb_status)i;
	return TCB_UNKNOWN;
}

/* ---- Scalars ---- */

static bool
pull_hex(struct rd *r, uint8_t *ret, size_t n)
{
	struct span text = { 0 };
	uint8_t buf[64];
	struct wr w;

	wr_init(&w, buf, n);
	if (!json_pull_text(r, &text) || text.n != 2 * n ||
	    !hex_decode(text, &w) || w.error != 0 || w.n != n)
		return rd_fail(r);
	memcpy(ret, buf, n);
	return true;
}

/* Numbers of SGX structures are written as integers: most significant byte
 * first, while the REPORT has them little endian. */
static void
reverse(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		uint8_t c = p[i];

		p[i] = p[n - 1 - i];
		p[n - 1 - i] = c;
	}
}

static bool
two_digits(struct rd *r, int *ret)
{
	uint8_t a = 0, b = 0;

	if (!rd_u8(r, &a) || !rd_u8(r, &b) || a < '0' || a > '9' || b < '0' ||
	    b > '9')
		return rd_fail(r);
	*ret = (a - '0') * 10 + (b - '0');
	return true;
}

/* "2026-01-31T12:00:00Z" and nothing else. */
static bool
read_date(struct span text, int64_t *ret)
{
	int century = 0, year = 0, month = 0, day = 0;
	struct tm tm = { 0 };
	struct rd r;

	rd_init(&r, text);
	if (!two_digits(&r, &century) || !two_digits(&r, &year) ||
	    !rd_expect(&r, span_str("-")) || !two_digits(&r, &month) ||
	    !rd_expect(&r, span_str("-")) || !two_digits(&r, &day) ||
	    !rd_expect(&r, span_str("T")) || !two_digits(&r, &tm.tm_hour) ||
	    !rd_expect(&r, span_str(":")) || !two_digits(&r, &tm.tm_min) ||
	    !rd_expect(&r, span_str(":")) || !two_digits(&r, &tm.tm_sec) ||
	    !rd_expect(&r, span_str("Z")) || !rd_end(&r) || tm.tm_hour > 23 ||
	    tm.tm_min > 59 || tm.tm_sec > 59)
		return false;
	tm.tm_year = century * 100 + year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	*ret = (int64_t)timegm(&tm);
	/* timegm() moves the 30th of February; no such day may pass. */
	return tm.tm_mon == month - 1 && tm.tm_mday == day;
}

static bool
pull_date(struct rd *r, int64_t *ret)
{
	struct span text = { 0 };

	return json_pull_text(r, &text) && (read_date(text, ret) || rd_fail(r));
}

/* Marks a known member as seen; refuses it the second time. */
static bool
once(struct rd *r, uint32_t *seen, unsigned which)
{
	if ((*seen & (1u << which)) != 0)
		return rd_fail(r);
	*seen |= 1u << which;
	return true;
}

/* Which of names (NULL ends) key is; their number where none. */
static unsigned
which_of(struct span key, const char *const *names)
{
	unsigned i = 0;

	while (names[i] != NULL && !span_is(key, names[i]))
		i++;
	return i;
}

/* ---- Levels ---- */

/* [{"svn": N, …} x 16] */
static bool
pull_components(struct rd *r, uint8_t ret[TCB_COMPONENTS])
{
	bool more = true, first, has;
	struct span key;
	uint32_t svn = 0;
	size_t n = 0;

	if (!json_pull_array(r))
		return false;
	while (json_pull_more(r, &more)) {
		if (n == TCB_COMPONENTS || !json_pull_object(r))
			return rd_fail(r);
		has = false;
		for (first = true; json_pull_key(r, &first, &key);) {
			if (!span_is(key, "svn"))
				(void)json_pull_skip(r, NULL);
			else if (has || !json_pull_uint(r, &svn) || svn > 255)
				return rd_fail(r);
			else
				has = true;
		}
		if (!has)
			return rd_fail(r);
		ret[n++] = (uint8_t)svn;
	}
	return n == TCB_COMPONENTS ? !r->failed : rd_fail(r);
}

/* What a level's "tcb" must have. */
enum level_form { LEVEL_SGX, LEVEL_TDX, LEVEL_ISV };

static bool
pull_tcb(struct rd *r, enum level_form form, struct tcb_level *l)
{
	static const char *const names[] = { "sgxtcbcomponents", "pcesvn",
		"tdxtcbcomponents", "isvsvn", NULL };
	static const uint32_t want[] = { 3, 7, 8 };
	bool first = true;
	uint32_t seen = 0;
	struct span key;

	if (!json_pull_object(r))
		return false;
	while (json_pull_key(r, &first, &key)) {
		unsigned i = which_of(key, names);

		if (names[i] == NULL)
			(void)json_pull_skip(r, NULL);
		else if (!once(r, &seen, i))
			return false;
		else if (i == 0)
			(void)pull_components(r, l->sgx);
		else if (i == 1)
			(void)json_pull_uint(r, &l->pce_svn);
		else if (i == 2)
			(void)pull_components(r, l->tdx);
		else
			(void)json_pull_uint(r, &l->isv_svn);
	}
	return seen == want[form] ? !r->failed : rd_fail(r);
}

static bool
pull_advisories(struct rd *r, struct span *ret)
{
	const uint8_t *start = r->p;
	bool first = true;
	struct span one;
	size_t n = 0;

	if (!json_pull_array(r))
		return false;
	while (json_pull_more(r, &first))
		if (n++ == TCB_ADVISORIES_MAX || !json_pull_text(r, &one) ||
		    one.n == 0 || one.n > ADVISORY_MAX)
			return rd_fail(r);
	if (r->failed)
		return false;
	*ret = span_of(start, (size_t)(r->p - start));
	return true;
}

static bool
pull_status(struct rd *r, enum tcb_status *ret)
{
	struct span text = { 0 };

	if (!json_pull_text(r, &text))
		return false;
	*ret = tcb_status_by_name(text);
	return *ret != TCB_UNKNOWN || rd_fail(r);
}

static bool
pull_level(struct rd *r, enum level_form form, struct tcb_level *l)
{
	static const char *const names[] = { "tcb", "tcbDate", "tcbStatus",
		"advisoryIDs", NULL };
	bool first = true;
	uint32_t seen = 0;
	struct span key;

	if (!json_pull_object(r))
		return false;
	while (json_pull_key(r, &first, &key)) {
		unsigned i = which_of(key, names);

		if (names[i] == NULL)
			(void)json_pull_skip(r, NULL);
		else if (!once(r, &seen, i))
			return false;
		else if (i == 0)
			(void)pull_tcb(r, form, l);
		else if (i == 1)
			(void)pull_date(r, &l->date);
		else if (i == 2)
			(void)pull_status(r, &l->status);
		else
			(void)pull_advisories(r, &l->advisories);
	}
	return (seen & 7) == 7 ? !r->failed : rd_fail(r);
}

static bool
pull_levels(struct rd *r, enum level_form form, struct tcb_level *levels,
    size_t max, size_t *ret_n)
{
	bool first = true;
	size_t n = 0;

	if (!json_pull_array(r))
		return false;
	while (json_pull_more(r, &first))
		if (n == max || !pull_level(r, form, &levels[n++]))
			return rd_fail(r);
	*ret_n = n;
	return n > 0 ? !r->failed : rd_fail(r);
}

void
tcb_advisories_begin(const struct tcb_level *l, struct tcb_advisories *it)
{
	rd_init(&it->rd, l->advisories);
	it->first = true;
	if (l->advisories.n > 0)
		(void)json_pull_array(&it->rd);
	else
		(void)rd_fail(&it->rd);
}

bool
tcb_advisories_next(struct tcb_advisories *it, struct span *ret)
{
	return json_pull_more(&it->rd, &it->first) &&
	       json_pull_text(&it->rd, ret);
}

/* ---- TCB Info ---- */

static bool
pull_module(struct rd *r, bool named, struct tcb_module *m)
{
	static const char *const names[] = { "mrsigner", "attributes",
		"attributesMask", "id", "tcbLevels", NULL };
	bool first = true;
	uint32_t seen = 0;
	struct span key;

	if (!json_pull_object(r))
		return false;
	while (json_pull_key(r, &first, &key)) {
		unsigned i = which_of(key, names);

		if (names[i] == NULL)
			(void)json_pull_skip(r, NULL);
		else if (!once(r, &seen, i))
			return false;
		else if (i == 0)
			(void)pull_hex(r, m->mrsigner, sizeof(m->mrsigner));
		else if (i == 1)
			(void)pull_hex(r, m->attributes, sizeof(m->attributes));
		else if (i == 2)
			(void)pull_hex(r, m->mask, sizeof(m->mask));
		else if (i == 3)
			(void)json_pull_text(r, &m->id);
		else
			(void)pull_levels(r, LEVEL_ISV, m->levels,
			    TCB_MODULE_LEVELS_MAX, &m->n_levels);
	}
	return seen == (named ? 31u : 7u) ? !r->failed : rd_fail(r);
}

static bool
pull_modules(struct rd *r, struct tcb_info *t)
{
	bool first = true;

	if (!json_pull_array(r))
		return false;
	while (json_pull_more(r, &first))
		if (t->n_modules == TCB_MODULES_MAX ||
		    !pull_module(r, true, &t->modules[t->n_modules++]))
			return rd_fail(r);
	return !r->failed;
}

enum {
	INFO_ID,
	INFO_VERSION_AT,
	INFO_ISSUED,
	INFO_NEXT,
	INFO_FMSPC,
	INFO_PCE_ID,
	INFO_EVALUATION,
	INFO_LEVELS,
	INFO_MODULE,
	INFO_MODULES
};
static const char *const info_names[] = { "id", "version", "issueDate",
	"nextUpdate", "fmspc", "pceId", "tcbEvaluationDataNumber", "tcbLevels",
	"tdxModule", "tdxModuleIdentities", NULL };
#define INFO_ALWAYS ((1u << INFO_MODULE) - 1)

static bool
pull_info_member(
    struct rd *r, unsigned i, uint32_t *ret_version, struct tcb_info *t)
{
	switch (i) {
	case INFO_ID:
		return json_pull_text(r, &t->id);
	case INFO_VERSION_AT:
		return json_pull_uint(r, ret_version);
	case INFO_ISSUED:
		return pull_date(r, &t->issued_at);
	case INFO_NEXT:
		return pull_date(r, &t->next_update);
	case INFO_FMSPC:
		return pull_hex(r, t->fmspc, sizeof(t->fmspc));
	case INFO_PCE_ID:
		return pull_hex(r, t->pce_id, sizeof(t->pce_id));
	case INFO_EVALUATION:
		return json_pull_uint(r, &t->evaluation);
	case INFO_LEVELS:
		/* Their form is known by "id", which stands before them. */
		t->tdx = span_is(t->id, "TDX");
		return pull_levels(r, t->tdx ? LEVEL_TDX : LEVEL_SGX, t->levels,
		    TCB_LEVELS_MAX, &t->n_levels);
	case INFO_MODULE:
		t->has_module = true;
		return pull_module(r, false, &t->module);
	case INFO_MODULES:
		return pull_modules(r, t);
	default:
		return json_pull_skip(r, NULL);
	}
}

static bool
read_signature(struct span hex, uint8_t ret[64])
{
	struct wr w;

	wr_init(&w, ret, 64);
	return hex.n == 128 && hex_decode(hex, &w) && w.error == 0 && w.n == 64;
}

int
tcb_info_parse(struct span body, struct span signature, struct tcb_info *ret,
    struct seal_diag *d)
{
	uint32_t seen = 0, version = 0;
	bool first = true, ok;
	struct span key;
	struct rd r;

	memset(ret, 0, sizeof(*ret));
	rd_init(&r, body);
	ok = body.n <= TCB_JSON_MAX &&
	     read_signature(signature, ret->signature) && json_pull_object(&r);
	while (ok && json_pull_key(&r, &first, &key)) {
		unsigned i = which_of(key, info_names);

		ok = (info_names[i] == NULL || once(&r, &seen, i)) &&
		     pull_info_member(&r, i, &version, ret);
	}
	ret->signed_bytes = body;
	if (ok && (seen & (1u << INFO_VERSION_AT)) != 0 &&
	    version != INFO_VERSION)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "TCB Info: version %u, expected %d", version, INFO_VERSION);
	if (!ok || (seen & INFO_ALWAYS) != INFO_ALWAYS || !json_pull_end(&r) ||
	    ret->tdx != span_is(ret->id, "TDX") || ret->tdx != ret->has_module)
		return seal_fail(d, SEAL_E_DECODE,
		    "TCB Info: malformed, or a member missing, given twice or "
		    "too large");
	return 0;
}

/* ---- Enclave Identity ---- */

enum {
	QE_ID,
	QE_VERSION,
	QE_ISSUED,
	QE_NEXT,
	QE_EVALUATION,
	QE_MISC,
	QE_MISC_MASK,
	QE_ATTRIBUTES,
	QE_MASK,
	QE_MRSIGNER,
	QE_PROD_ID,
	QE_LEVELS,
	QE_MEMBERS
};
static const char *const qe_names[] = { "id", "version", "issueDate",
	"nextUpdate", "tcbEvaluationDataNumber", "miscselect", "miscselectMask",
	"attributes", "attributesMask", "mrsigner", "isvprodid", "tcbLevels",
	NULL };

static bool
pull_qe_member(
    struct rd *r, unsigned i, uint32_t *ret_version, struct qe_identity *q)
{
	switch (i) {
	case QE_ID:
		return json_pull_text(r, &q->id);
	case QE_VERSION:
		return json_pull_uint(r, ret_version);
	case QE_ISSUED:
		return pull_date(r, &q->issued_at);
	case QE_NEXT:
		return pull_date(r, &q->next_update);
	case QE_EVALUATION:
		return json_pull_uint(r, &q->evaluation);
	case QE_MISC:
		return pull_hex(r, q->misc_select, 4);
	case QE_MISC_MASK:
		return pull_hex(r, q->misc_mask, 4);
	case QE_ATTRIBUTES:
		return pull_hex(r, q->attributes, sizeof(q->attributes));
	case QE_MASK:
		return pull_hex(r, q->mask, sizeof(q->mask));
	case QE_MRSIGNER:
		return pull_hex(r, q->mrsigner, sizeof(q->mrsigner));
	case QE_PROD_ID:
		return json_pull_uint(r, &q->isv_prod_id);
	case QE_LEVELS:
		return pull_levels(
		    r, LEVEL_ISV, q->levels, TCB_LEVELS_MAX, &q->n_levels);
	default:
		return json_pull_skip(r, NULL);
	}
}

int
qe_identity_parse(struct span body, struct span signature,
    struct qe_identity *ret, struct seal_diag *d)
{
	uint32_t seen = 0, version = 0;
	bool first = true, ok;
	struct span key;
	struct rd r;

	memset(ret, 0, sizeof(*ret));
	rd_init(&r, body);
	ok = body.n <= TCB_JSON_MAX &&
	     read_signature(signature, ret->signature) && json_pull_object(&r);
	while (ok && json_pull_key(&r, &first, &key)) {
		unsigned i = which_of(key, qe_names);

		ok = (qe_names[i] == NULL || once(&r, &seen, i)) &&
		     pull_qe_member(&r, i, &version, ret);
	}
	ret->signed_bytes = body;
	reverse(ret->misc_select, 4);
	reverse(ret->misc_mask, 4);
	if (!ok || seen != (1u << QE_MEMBERS) - 1 || !json_pull_end(&r))
		return seal_fail(d, SEAL_E_DECODE,
		    "Enclave Identity: malformed, or a member missing, given "
		    "twice or too large");
	if (version != IDENTITY_VERSION)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "Enclave Identity: version %u, expected %d", version,
		    IDENTITY_VERSION);
	return 0;
}
