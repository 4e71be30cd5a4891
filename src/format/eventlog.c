/* SPDX-License-Identifier: Apache-2.0 */
#include "format/eventlog.h"

#include <string.h>

#define SHA1_SIZE 20u
#define SIGNATURE_SIZE 16u /* of a header or of StartupLocality, with NUL */
#define LOCALITY_HCRTM 4u

static const char spec_id[SIGNATURE_SIZE] = "Spec ID Event03";
static const char startup_locality[SIGNATURE_SIZE] = "StartupLocality";

/* TCG_PCR_EVENT: the form of old logs, and of every log's first record. */
static bool
legacy_read(struct rd *r, struct eventlog_event *e)
{
	uint32_t n;

	return rd_u32le(r, &e->pcr) && rd_u32le(r, &e->type) &&
	       rd_bytes(r, SHA1_SIZE, &e->digests[0]) && rd_u32le(r, &n) &&
	       rd_bytes(r, n, &e->data);
}

static size_t
bank_index(const struct eventlog *l, uint16_t alg)
{
	size_t i = 0;

	while (i < l->n_banks && l->banks[i].alg != alg)
		i++;
	return i;
}

/* TPML_DIGEST_VALUES: each bank of the header once, in any order. */
static bool
digests_read(const struct eventlog *l, struct rd *r, struct eventlog_event *e)
{
	uint32_t count;
	uint16_t alg;

	if (!rd_u32le(r, &count) || count != l->n_banks)
		return rd_fail(r);
	for (uint32_t i = 0; i < count; i++) {
		size_t at;

		if (!rd_u16le(r, &alg))
			return false;
		if ((at = bank_index(l, alg)) == l->n_banks ||
		    e->digests[at].n != 0 ||
		    !rd_bytes(r, l->banks[at].size, &e->digests[at]))
			return rd_fail(r);
	}
	return true;
}

/* TCG_PCR_EVENT2 */
static bool
agile_read(const struct eventlog *l, struct rd *r, struct eventlog_event *e)
{
	uint32_t n;

	return rd_u32le(r, &e->pcr) && rd_u32le(r, &e->type) &&
	       digests_read(l, r, e) && rd_u32le(r, &n) &&
	       rd_bytes(r, n, &e->data);
}

/* ---- Header ---- */

/* TCG_EfiSpecIdEvent, PFP s10.4.5.1 */
static bool
header_read(struct span data, struct eventlog *l)
{
	uint32_t platform, count;
	uint8_t minor, major, errata, uintn;
	struct span vendor;
	struct rd r;

	rd_init(&r, data);
	if (!rd_expect(&r, span_of(spec_id, sizeof(spec_id))) ||
	    !rd_u32le(&r, &platform) || !rd_u8(&r, &minor) ||
	    !rd_u8(&r, &major) || !rd_u8(&r, &errata) || !rd_u8(&r, &uintn) ||
	    !rd_u32le(&r, &count) || count == 0 || count > EVENTLOG_BANKS_MAX)
		return false;
	while (l->n_banks < count) {
		struct eventlog_bank *b = &l->banks[l->n_banks];
		uint16_t alg, size;

		if (!rd_u16le(&r, &alg) || !rd_u16le(&r, &size) || size == 0 ||
		    size > EVENTLOG_DIGEST_MAX ||
		    bank_index(l, alg) != l->n_banks)
			return false;
		/* A known hash of another length would never replay. */
		if (tpm_hash(alg) != HASH_NONE &&
		    hash_size(tpm_hash(alg)) != size)
			return false;
		*b = (struct eventlog_bank){ alg, size };
		l->n_banks++;
	}
	return rd_vec8(&r, &vendor) && rd_end(&r);
}

static bool
has_signature(struct span data, const char signature[SIGNATURE_SIZE])
{
	return data.n >= SIGNATURE_SIZE &&
	       memcmp(data.p, signature, SIGNATURE_SIZE) == 0;
}

/* Fills in the kind of log and its banks; records start at the first event. */
static int
open_log(struct span in, struct eventlog *l, struct seal_diag *d)
{
	struct eventlog_event first = { 0 };
	struct rd r;

	rd_init(&r, in);
	if (!legacy_read(&r, &first))
		return seal_fail(d, SEAL_E_DECODE,
		    "event log: no complete record at its start");
	if (first.type != EV_NO_ACTION || !has_signature(first.data, spec_id)) {
		l->banks[0] = (struct eventlog_bank){ TPM_ALG_SHA1, SHA1_SIZE };
		l->n_banks = 1;
		l->records = in;
		return 0;
	}
	l->agile = true;
	if (!header_read(first.data, l))
		return seal_fail(
		    d, SEAL_E_DECODE, "event log: malformed Spec ID Event03");
	l->records = span_of(r.p, r.n);
	return 0;
}

/* ---- Events ---- */

void
eventlog_begin(const struct eventlog *l, struct eventlog_iter *it)
{
	rd_init(&it->rd, l->records);
	it->number = 0;
}

bool
eventlog_next(const struct eventlog *l, struct eventlog_iter *it,
    struct eventlog_event *ret)
{
	struct eventlog_event e = { .number = it->number };

	if (rd_left(&it->rd) == 0 ||
	    !(l->agile ? agile_read(l, &it->rd, &e) : legacy_read(&it->rd, &e)))
		return false;
	it->number++;
	*ret = e;
	return true;
}

bool
eventlog_measured(const struct eventlog_event *e)
{
	return e->type != EV_NO_ACTION;
}

bool
eventlog_digest(const struct eventlog *l, const struct eventlog_event *e,
    uint16_t bank, struct span *ret)
{
	size_t at = bank_index(l, bank);

	if (at == l->n_banks)
		return false;
	*ret = e->digests[at];
	return true;
}

/* PFP s10.4.5.3; extended is whether PCR 0 has been. */
static int
locality_read(struct eventlog *l, const struct eventlog_event *e, bool extended,
    struct seal_diag *d)
{
	if (e->data.n != SIGNATURE_SIZE + 1 || e->pcr != 0 || extended ||
	    l->has_locality)
		return seal_fail(d, SEAL_E_DECODE,
		    "event log: event %zu: expected one StartupLocality, "
		    "before PCR 0 is extended",
		    e->number);
	l->locality = e->data.p[SIGNATURE_SIZE];
	l->has_locality = true;
	if (l->locality != 0 && l->locality != 3 &&
	    l->locality != LOCALITY_HCRTM)
		return seal_fail(d, SEAL_E_DECODE,
		    "event log: StartupLocality %u, expected 0, 3 or 4",
		    l->locality);
	return 0;
}

static int
event_check(struct eventlog *l, const struct eventlog_event *e, bool *extended,
    struct seal_diag *d)
{
	if (!eventlog_measured(e))
		return has_signature(e->data, startup_locality)
			   ? locality_read(l, e, *extended, d)
			   : 0;
	if (e->pcr >= TPM_PCRS || (l->cc && e->pcr > EVENTLOG_CC_RTMRS))
		return seal_fail(d, SEAL_E_DECODE,
		    "event log: event %zu is of %s %u, expected 0 to %u",
		    e->number, l->cc ? "register" : "PCR", (unsigned)e->pcr,
		    l->cc ? EVENTLOG_CC_RTMRS : TPM_PCRS - 1);
	*extended = *extended || e->pcr == 0;
	return 0;
}

/* What firmware leaves of its area; never a record, by its number of digests.
 */
static bool
is_padding(const struct rd *r)
{
	size_t i = 0;

	while (i < r->n && r->p[i] == 0xff)
		i++;
	return i == r->n;
}

/* Ends the records where padding begins. */
static void
drop_padding(struct eventlog *l)
{
	struct eventlog_event e;
	struct eventlog_iter it;

	eventlog_begin(l, &it);
	while (!is_padding(&it.rd) && eventlog_next(l, &it, &e))
		;
	/* Where a record is malformed, it is for the caller to find. */
	if (!it.rd.failed)
		l->records.n -= rd_left(&it.rd);
}

static int
read_events(struct eventlog *opened, struct eventlog *ret, struct seal_diag *d)
{
	struct eventlog l = *opened;
	struct eventlog_event e;
	struct eventlog_iter it;
	bool extended = false;
	int r;

	eventlog_begin(&l, &it);
	while (eventlog_next(&l, &it, &e)) {
		if (it.number > EVENTLOG_EVENTS_MAX)
			return seal_fail(d, SEAL_E_LIMIT,
			    "event log: more than %u events",
			    EVENTLOG_EVENTS_MAX);
		if ((r = event_check(&l, &e, &extended, d)) != 0)
			return r;
	}
	if (!rd_end(&it.rd))
		return seal_fail(d, SEAL_E_DECODE,
		    "event log: event %zu is malformed or cut short",
		    it.number);
	l.n_events = it.number;
	*ret = l;
	return 0;
}

int
eventlog_parse(struct span in, struct eventlog *ret, struct seal_diag *d)
{
	struct eventlog l = { 0 };
	int r = open_log(in, &l, d);

	return r != 0 ? r : read_events(&l, ret, d);
}

int
eventlog_parse_cc(struct span in, struct eventlog *ret, struct seal_diag *d)
{
	struct eventlog l = { .cc = true };

	if (open_log(in, &l, NULL) != 0 || !l.agile ||
	    bank_index(&l, TPM_ALG_SHA384) == l.n_banks)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "event log: not one of a confidential VM, with digests of "
		    "SHA-384");
	drop_padding(&l);
	return read_events(&l, ret, d);
}

/* ---- Replay ---- */

static void
pcrs_reset(const struct eventlog *l, size_t size, struct eventlog_pcrs *p)
{
	memset(p, 0, sizeof(*p));
	/* PC Client PTP s4.6.2: what a reset leaves. */
	for (unsigned i = 17; i <= 22; i++)
		memset(p->value[i], 0xff, size);
	p->value[0][size - 1] = l->locality;
}

int
eventlog_replay(const struct eventlog *l, uint16_t bank,
    struct eventlog_pcrs *ret, struct seal_diag *d)
{
	enum hash h = tpm_hash(bank);
	size_t size = hash_size(h);
	struct eventlog_event e;
	struct eventlog_iter it;
	struct eventlog_pcrs p;
	struct span digest = { 0 };
	int r;

	if (h == HASH_NONE || bank_index(l, bank) == l->n_banks)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "event log: has no digests of bank %04x", (unsigned)bank);
	pcrs_reset(l, size, &p);
	eventlog_begin(l, &it);
	while (eventlog_next(l, &it, &e)) {
		struct span parts[2];

		if (!eventlog_measured(&e) ||
		    !eventlog_digest(l, &e, bank, &digest))
			continue;
		parts[0] = span_of(p.value[e.pcr], size);
		parts[1] = digest;
		if ((r = hash_parts(h, parts, 2, p.value[e.pcr], d)) != 0)
			return r;
		p.touched |= 1u << e.pcr;
	}
	*ret = p;
	return 0;
}
