/* SPDX-License-Identifier: Apache-2.0 */
#include "format/tcb_info.h"

#include <stddef.h>
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

/* ---- Members ---- */

/*
 * A member of an object and where it goes: pull gets what stands at that
 * offset of the structure, and its size in bytes.
 */
struct member {
	const char *name;
	bool (*pull)(struct rd *r, void *at, size_t size);
	size_t at, size;
};
#define MEMBER(name, pull, type, field)            \
	{                                          \
		name, pull, offsetof(type, field), \
		    sizeof(((type *)NULL)->field)  \
	}
/* One that is pulled into more than one field. */
#define MEMBERS(name, pull)      \
	{                        \
		name, pull, 0, 0 \
	}

/* Members of other names are passed over; of these, one twice is refused.
 * *ret_seen: which came, as bits in the order of the table. */
static bool
pull_object(
    struct rd *r, const struct member *members, void *into, uint32_t *ret_seen)
{
	bool first = true;
	struct span key;

	*ret_seen = 0;
	if (!json_pull_object(r))
		return false;
	while (json_pull_key(r, &first, &key)) {
		const struct member *m = members;
		uint32_t bit;

		/* The first character tells most of them apart. */
		while (m->name != NULL &&
		       (key.n == 0 || key.p[0] != (uint8_t)m->name[0] ||
			   !span_is(key, m->name)))
			m++;
		bit = 1u << (m - members);
		if (m->name == NULL)
			(void)json_pull_skip(r, NULL);
		else if ((*ret_seen & bit) != 0 ||
			 !m->pull(r, (uint8_t *)into + m->at, m->size))
			return rd_fail(r);
		else
			*ret_seen |= bit;
	}
	return !r->failed;
}

static bool
pull_text(struct rd *r, void *ret, size_t size)
{
	(void)size;
	return json_pull_text(r, ret);
}

static bool
pull_uint(struct rd *r, void *ret, size_t size)
{
	(void)size;
	return json_pull_uint(r, ret);
}

static bool
pull_hex(struct rd *r, void *ret, size_t size)
{
	struct span text = { 0 };
	uint8_t buf[64];
	struct wr w;

	wr_init(&w, buf, size);
	if (!json_pull_text(r, &text) || text.n != 2 * size ||
	    !hex_decode(text, &w) || w.error != 0 || w.n != size)
		return rd_fail(r);
	memcpy(ret, buf, size);
	return true;
}

/* Numbers of SGX structures are written as integers: most significant byte
 * first, while the REPORT has them little endian. */
static bool
pull_reversed(struct rd *r, void *ret, size_t size)
{
	uint8_t *p = ret;

	if (!pull_hex(r, p, size))
		return false;
	for (size_t i = 0; i < size / 2; i++) {
		uint8_t c = p[i];

		p[i] = p[size - 1 - i];
		p[size - 1 - i] = c;
	}
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
	if (!rd_digits2(&r, &century) || !rd_digits2(&r, &year) ||
	    !rd_expect(&r, span_str("-")) || !rd_digits2(&r, &month) ||
	    !rd_expect(&r, span_str("-")) || !rd_digits2(&r, &day) ||
	    !rd_expect(&r, span_str("T")) || !rd_digits2(&r, &tm.tm_hour) ||
	    !rd_expect(&r, span_str(":")) || !rd_digits2(&r, &tm.tm_min) ||
	    !rd_expect(&r, span_str(":")) || !rd_digits2(&r, &tm.tm_sec) ||
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
pull_date(struct rd *r, void *ret, size_t size)
{
	struct span text = { 0 };

	(void)size;
	return json_pull_text(r, &text) && (read_date(text, ret) || rd_fail(r));
}

/* ---- Levels ---- */

struct component {
	uint32_t svn;
};

static const struct member component_members[] = {
	MEMBER("svn", pull_uint, struct component, svn),
	{ NULL },
};

/* [{"svn": N, …} x 16] */
static bool
pull_components(struct rd *r, void *ret, size_t size)
{
	uint8_t *svn = ret;
	bool first = true;
	uint32_t seen;
	size_t n = 0;

	if (!json_pull_array(r))
		return false;
	while (json_pull_more(r, &first)) {
		struct component c = { 0 };

		if (n == size ||
		    !pull_object(r, component_members, &c, &seen) ||
		    seen != 1 || c.svn > UINT8_MAX)
			return rd_fail(r);
		svn[n++] = (uint8_t)c.svn;
	}
	return n == size ? !r->failed : rd_fail(r);
}

static const struct member tcb_members[] = {
	MEMBER("sgxtcbcomponents", pull_components, struct tcb_level, sgx),
	MEMBER("pcesvn", pull_uint, struct tcb_level, pce_svn),
	MEMBER("tdxtcbcomponents", pull_components, struct tcb_level, tdx),
	MEMBER("isvsvn", pull_uint, struct tcb_level, isv_svn),
	{ NULL },
};

/* Which of them a level's "tcb" must have, and no other. */
enum level_form { LEVEL_SGX = 3, LEVEL_TDX = 7, LEVEL_ISV = 8 };

static bool
pull_tcb(struct rd *r, void *level, size_t size)
{
	struct tcb_level *l = level;

	(void)size;
	return pull_object(r, tcb_members, l, &l->given);
}

static bool
pull_status(struct rd *r, void *ret, size_t size)
{
	struct span text = { 0 };
	enum tcb_status s;

	(void)size;
	if (!json_pull_text(r, &text))
		return false;
	*(enum tcb_status *)ret = s = tcb_status_by_name(text);
	return s != TCB_UNKNOWN || rd_fail(r);
}

static bool
pull_advisories(struct rd *r, void *ret, size_t size)
{
	const uint8_t *start = r->p;
	bool first = true;
	struct span one;
	size_t n = 0;

	(void)size;
	if (!json_pull_array(r))
		return false;
	while (json_pull_more(r, &first))
		if (n++ == TCB_ADVISORIES_MAX || !json_pull_text(r, &one) ||
		    one.n == 0 || one.n > ADVISORY_MAX)
			return rd_fail(r);
	if (r->failed)
		return false;
	*(struct span *)ret = span_of(start, (size_t)(r->p - start));
	return true;
}

static const struct member level_members[] = {
	MEMBERS("tcb", pull_tcb),
	MEMBER("tcbDate", pull_date, struct tcb_level, date),
	MEMBER("tcbStatus", pull_status, struct tcb_level, status),
	MEMBER("advisoryIDs", pull_advisories, struct tcb_level, advisories),
	{ NULL },
};
#define LEVEL_ALWAYS 7u /* no advisory is none */

static bool
pull_levels(struct rd *r, enum level_form form, struct tcb_level *levels,
    size_t max, size_t *ret_n)
{
	bool first = true;
	uint32_t seen;
	size_t n = 0;

	if (!json_pull_array(r))
		return false;
	for (; json_pull_more(r, &first); n++)
		if (n == max ||
		    !pull_object(r, level_members, &levels[n], &seen) ||
		    (seen & LEVEL_ALWAYS) != LEVEL_ALWAYS ||
		    levels[n].given != (uint32_t)form)
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
pull_module_levels(struct rd *r, void *module, size_t size)
{
	struct tcb_module *m = module;

	(void)size;
	return pull_levels(
	    r, LEVEL_ISV, m->levels, TCB_MODULE_LEVELS_MAX, &m->n_levels);
}

static const struct member module_members[] = {
	MEMBER("mrsigner", pull_hex, struct tcb_module, mrsigner),
	MEMBER("attributes", pull_hex, struct tcb_module, attributes),
	MEMBER("attributesMask", pull_hex, struct tcb_module, mask),
	MEMBER("id", pull_text, struct tcb_module, id),
	MEMBERS("tcbLevels", pull_module_levels),
	{ NULL },
};
/* Which of them: tdxModule, and one of tdxModuleIdentities. */
enum module_form { MODULE_ALONE = 7, MODULE_NAMED = 31 };

static bool
pull_module(struct rd *r, enum module_form form, struct tcb_module *m)
{
	uint32_t seen;

	return pull_object(r, module_members, m, &seen) &&
	       (seen == (uint32_t)form || rd_fail(r));
}

static bool
pull_first_module(struct rd *r, void *info, size_t size)
{
	struct tcb_info *t = info;

	(void)size;
	t->has_module = true;
	return pull_module(r, MODULE_ALONE, &t->module);
}

static bool
pull_modules(struct rd *r, void *info, size_t size)
{
	struct tcb_info *t = info;
	bool first = true;

	(void)size;
	if (!json_pull_array(r))
		return false;
	while (json_pull_more(r, &first))
		if (t->n_modules == TCB_MODULES_MAX ||
		    !pull_module(r, MODULE_NAMED, &t->modules[t->n_modules++]))
			return rd_fail(r);
	return !r->failed;
}

/* Their form is known by "id", which stands before them. */
static bool
pull_info_levels(struct rd *r, void *info, size_t size)
{
	struct tcb_info *t = info;

	(void)size;
	t->tdx = span_is(t->id, "TDX");
	return pull_levels(r, t->tdx ? LEVEL_TDX : LEVEL_SGX, t->levels,
	    TCB_LEVELS_MAX, &t->n_levels);
}

static const struct member info_members[] = {
	MEMBER("id", pull_text, struct tcb_info, id),
	MEMBER("version", pull_uint, struct tcb_info, version),
	MEMBER("issueDate", pull_date, struct tcb_info, issued_at),
	MEMBER("nextUpdate", pull_date, struct tcb_info, next_update),
	MEMBER("fmspc", pull_hex, struct tcb_info, fmspc),
	MEMBER("pceId", pull_hex, struct tcb_info, pce_id),
	MEMBER(
	    "tcbEvaluationDataNumber", pull_uint, struct tcb_info, evaluation),
	MEMBERS("tcbLevels", pull_info_levels),
	MEMBERS("tdxModule", pull_first_module),
	MEMBERS("tdxModuleIdentities", pull_modules),
	{ NULL },
};
#define INFO_HAS_VERSION 2u
#define INFO_ALWAYS 0xffu /* all but the modules */

/* ---- The whole ---- */

static bool
read_signature(struct span hex, uint8_t ret[64])
{
	struct wr w;

	wr_init(&w, ret, 64);
	return hex.n == 128 && hex_decode(hex, &w) && w.error == 0 && w.n == 64;
}

/* One document, whose signature is apart. */
static bool
read_document(struct span body, const struct member *members, void *into,
    uint32_t *ret_seen)
{
	struct rd r;

	rd_init(&r, body);
	return body.n <= TCB_JSON_MAX &&
	       pull_object(&r, members, into, ret_seen) && json_pull_end(&r);
}

int
tcb_info_parse(struct span body, struct span signature, struct tcb_info *ret,
    struct seal_diag *d)
{
	uint32_t seen = 0;
	bool ok;

	memset(ret, 0, sizeof(*ret));
	ret->signed_bytes = body;
	ok = read_signature(signature, ret->signature) &&
	     read_document(body, info_members, ret, &seen);
	if (ok && (seen & INFO_HAS_VERSION) != 0 &&
	    ret->version != INFO_VERSION)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "TCB Info: version %u, expected %d", ret->version,
		    INFO_VERSION);
	if (!ok || (seen & INFO_ALWAYS) != INFO_ALWAYS ||
	    ret->tdx != span_is(ret->id, "TDX") || ret->tdx != ret->has_module)
		return seal_fail(d, SEAL_E_DECODE,
		    "TCB Info: malformed, or a member missing, given twice or "
		    "too large");
	return 0;
}

/* ---- Enclave Identity ---- */

static bool
pull_identity_levels(struct rd *r, void *identity, size_t size)
{
	struct qe_identity *q = identity;

	(void)size;
	return pull_levels(
	    r, LEVEL_ISV, q->levels, TCB_LEVELS_MAX, &q->n_levels);
}

static const struct member identity_members[] = {
	MEMBER("id", pull_text, struct qe_identity, id),
	MEMBER("version", pull_uint, struct qe_identity, version),
	MEMBER("issueDate", pull_date, struct qe_identity, issued_at),
	MEMBER("nextUpdate", pull_date, struct qe_identity, next_update),
	MEMBER("tcbEvaluationDataNumber", pull_uint, struct qe_identity,
	    evaluation),
	MEMBER("miscselect", pull_reversed, struct qe_identity, misc_select),
	MEMBER("miscselectMask", pull_reversed, struct qe_identity, misc_mask),
	MEMBER("attributes", pull_hex, struct qe_identity, attributes),
	MEMBER("attributesMask", pull_hex, struct qe_identity, mask),
	MEMBER("mrsigner", pull_hex, struct qe_identity, mrsigner),
	MEMBER("isvprodid", pull_uint, struct qe_identity, isv_prod_id),
	MEMBERS("tcbLevels", pull_identity_levels),
	{ NULL },
};
#define IDENTITY_ALWAYS 0xfffu /* all */

int
qe_identity_parse(struct span body, struct span signature,
    struct qe_identity *ret, struct seal_diag *d)
{
	uint32_t seen = 0;

	memset(ret, 0, sizeof(*ret));
	ret->signed_bytes = body;
	if (!read_signature(signature, ret->signature) ||
	    !read_document(body, identity_members, ret, &seen) ||
	    seen != IDENTITY_ALWAYS)
		return seal_fail(d, SEAL_E_DECODE,
		    "Enclave Identity: malformed, or a member missing, given "
		    "twice or too large");
	if (ret->version != IDENTITY_VERSION)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "Enclave Identity: version %u, expected %d", ret->version,
		    IDENTITY_VERSION);
	return 0;
}
