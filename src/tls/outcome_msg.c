/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/outcome_msg.h"

#include "cbor/cbor.h"

/* PROTOCOL 7: what is not known is a refusal, and zero is never sent. */
static enum seal_outcome
outcome_known(uint64_t code)
{
	if (code > SEAL_INVALID && code <= SEAL_CLOSED)
		return (enum seal_outcome)code;
	return SEAL_REFUSED_POLICY;
}

bool
outcome_inconclusive(enum seal_outcome outcome)
{
	return outcome == SEAL_UNAVAILABLE || outcome == SEAL_TIMEOUT;
}

void
verdict_msg_write(struct wr *out, const struct verdict_msg *m)
{
	bool lease = m->outcome == SEAL_ACCEPTED;

	cbor_put_map(out, 2 + (size_t)lease);
	cbor_put_uint(out, 0);
	cbor_put_uint(out, (uint64_t)m->outcome);
	if (lease) {
		cbor_put_uint(out, 1);
		cbor_put_uint(out, m->lease_s);
	}
	cbor_put_uint(out, 2);
	cbor_put_bytes(out, m->context);
}

struct verdict_fields {
	uint64_t code, lease;
	struct span context;
	bool has_code, has_context;
};

static bool
read_verdict_value(struct rd *r, uint64_t key, struct verdict_fields *f)
{
	switch (key) {
	case 0:
		f->has_code = true;
		return cbor_uint(r, &f->code);
	case 1:
		return cbor_uint(r, &f->lease) && f->lease <= UINT32_MAX;
	case 2:
		f->has_context = true;
		return cbor_bytes(r, &f->context);
	default:
		return cbor_item(r, NULL);
	}
}

int
verdict_msg_parse(
    struct span body, struct verdict_msg *ret, struct seal_diag *d)
{
	struct verdict_fields f = { 0 };
	struct rd r;
	size_t n;
	bool ok;

	rd_init(&r, body);
	ok = cbor_map_unique(&r, &n);
	for (size_t i = 0; ok && i < n; i++) {
		uint64_t key = 0;

		ok = cbor_uint(&r, &key) && read_verdict_value(&r, key, &f);
	}
	if (!ok || !rd_end(&r) || !f.has_code || !f.has_context ||
	    f.code == SEAL_INVALID)
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "verdict: expected a map with a code and a context, found "
		    "other");
	/* PROTOCOL 6.2: a lease of 0, or none, is no acceptance. */
	if (f.code == SEAL_ACCEPTED && f.lease == 0)
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "verdict: expected a lease with an acceptance, found "
		    "none");
	*ret = (struct verdict_msg){ outcome_known(f.code), (uint32_t)f.lease,
		f.context };
	return 0;
}

void
close_msg_write(struct wr *out, enum seal_outcome outcome)
{
	cbor_put_map(out, 1);
	cbor_put_uint(out, 0);
	cbor_put_uint(out, (uint64_t)outcome);
}

int
close_msg_parse(struct span body, enum seal_outcome *ret, struct seal_diag *d)
{
	uint64_t code = SEAL_INVALID;
	struct span text;
	struct rd r;
	size_t n;
	bool ok;

	rd_init(&r, body);
	ok = cbor_map_unique(&r, &n);
	for (size_t i = 0; ok && i < n; i++) {
		uint64_t key = 0;

		ok = cbor_uint(&r, &key) &&
		     (key == 0      ? cbor_uint(&r, &code)
			 : key == 1 ? cbor_text(&r, &text)
				    : cbor_item(&r, NULL));
	}
	if (!ok || !rd_end(&r) || code == SEAL_INVALID)
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "close: expected a map with a code, found other");
	*ret = outcome_known(code);
	if (*ret == SEAL_ACCEPTED)
		*ret = SEAL_REFUSED_POLICY; /* a CLOSE accepts nothing */
	return 0;
}
