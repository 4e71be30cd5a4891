/* SPDX-License-Identifier: Apache-2.0 */
#include "format/tpm_evidence.h"

#include "cbor/cbor.h"

/* PROTOCOL 5.6. */
enum {
	KEY_QUOTE = 1,
	KEY_QUOTE_SIGNATURE,
	KEY_CERTIFY,
	KEY_CERTIFY_SIGNATURE,
	KEY_SUBJECT,
	KEY_AK,
	KEY_PCRS,
	KEY_AK_CHAIN,
	KEY_EVENT_LOG,
	KEY_IMA_LOG,
};

/* Those that are plain byte strings. */
static struct span *
field(struct tpm_evidence *e, uint64_t key)
{
	switch (key) {
	case KEY_QUOTE:
		return &e->quote;
	case KEY_QUOTE_SIGNATURE:
		return &e->quote_signature;
	case KEY_CERTIFY:
		return &e->certify;
	case KEY_CERTIFY_SIGNATURE:
		return &e->certify_signature;
	case KEY_SUBJECT:
		return &e->subject_public;
	case KEY_AK:
		return &e->ak_public;
	case KEY_EVENT_LOG:
		return &e->event_log;
	case KEY_IMA_LOG:
		return &e->ima_log;
	default:
		return NULL;
	}
}

/* May v follow those before it? Selection order means bank after bank, and
 * within a bank from low to high, so nothing can stand there twice. */
static bool
pcr_in_order(const struct tpm_evidence *e, const struct tpm_pcr_value *v)
{
	const struct tpm_pcr_value *last;

	if (e->n_pcrs == 0)
		return true;
	last = &e->pcrs[e->n_pcrs - 1];
	if (last->bank == v->bank)
		return last->index < v->index;
	for (size_t i = 0; i < e->n_pcrs; i++)
		if (e->pcrs[i].bank == v->bank)
			return false;
	return true;
}

/* [bank, index, value] */
static bool
pcr_parse(struct rd *r, struct tpm_evidence *e)
{
	struct tpm_pcr_value v = { 0 };
	uint64_t bank, index;
	size_t n;

	if (!cbor_array(r, &n) || n != 3 || !cbor_uint(r, &bank) ||
	    !cbor_uint(r, &index) || !cbor_bytes(r, &v.value))
		return rd_fail(r);
	if (bank > UINT16_MAX || index >= TPM_PCRS)
		return rd_fail(r);
	v.bank = (uint16_t)bank;
	v.index = (uint8_t)index;
	if (v.value.n == 0 || v.value.n != hash_size(tpm_hash(v.bank)) ||
	    !pcr_in_order(e, &v))
		return rd_fail(r);
	e->pcrs[e->n_pcrs++] = v;
	return true;
}

static bool
pcrs_parse(struct rd *r, struct tpm_evidence *e)
{
	size_t n;

	if (!cbor_array(r, &n) || n == 0 ||
	    n > sizeof(e->pcrs) / sizeof(e->pcrs[0]))
		return rd_fail(r);
	while (e->n_pcrs < n)
		if (!pcr_parse(r, e))
			return false;
	return true;
}

static bool
chain_parse(struct rd *r, struct tpm_evidence *e)
{
	size_t n;

	if (!cbor_array(r, &n) || n == 0 || n > LIMIT_CHAIN)
		return rd_fail(r);
	for (size_t i = 0; i < n; i++) {
		if (!cbor_bytes(r, &e->ak_chain[i]) || e->ak_chain[i].n == 0 ||
		    e->ak_chain[i].n > LIMIT_CERTIFICATE)
			return rd_fail(r);
	}
	e->n_ak_chain = n;
	return true;
}

static bool
entry_parse(struct rd *r, uint64_t key, struct tpm_evidence *e)
{
	struct span *f = field(e, key);

	if (key == KEY_PCRS)
		return pcrs_parse(r, e);
	if (key == KEY_AK_CHAIN)
		return chain_parse(r, e);
	return f != NULL && cbor_bytes(r, f) && f->n > 0 &&
	       (key != KEY_IMA_LOG || f->n <= TPM_EVIDENCE_IMA_MAX);
}

static bool
complete(const struct tpm_evidence *e)
{
	return e->quote.n > 0 && e->quote_signature.n > 0 && e->certify.n > 0 &&
	       e->certify_signature.n > 0 && e->subject_public.n > 0 &&
	       e->ak_public.n > 0 && e->n_pcrs > 0;
}

/* A quote and nothing that is about a key. */
static bool
quote_alone(const struct tpm_evidence *e)
{
	return e->quote.n > 0 && e->quote_signature.n > 0 &&
	       e->ak_public.n > 0 && e->n_pcrs > 0 && e->certify.n == 0 &&
	       e->certify_signature.n == 0 && e->subject_public.n == 0 &&
	       e->event_log.n == 0 && e->ima_log.n == 0 && e->n_ak_chain == 0;
}

static int
map_parse(struct span in, bool (*whole)(const struct tpm_evidence *e),
    struct tpm_evidence *ret, struct seal_diag *d)
{
	struct tpm_evidence e = { 0 };
	struct rd r;
	uint64_t key;
	size_t n;

	if (in.n > LIMIT_CMW)
		return seal_fail(d, SEAL_E_LIMIT,
		    "TPM evidence: %zu bytes, at most %u", in.n, LIMIT_CMW);
	/* This includes: no key twice, since the keys ascend. */
	if (!cbor_deterministic(in))
		return seal_fail(
		    d, SEAL_E_DECODE, "TPM evidence: not deterministic CBOR");
	rd_init(&r, in);
	if (!cbor_map(&r, &n))
		return seal_fail(d, SEAL_E_DECODE, "TPM evidence: not a map");
	for (size_t i = 0; i < n; i++) {
		if (!cbor_uint(&r, &key))
			return seal_fail(d, SEAL_E_DECODE,
			    "TPM evidence: a key is not an unsigned integer");
		if (!entry_parse(&r, key, &e))
			return seal_fail(d, SEAL_E_DECODE,
			    "TPM evidence: key %llu is unknown or malformed",
			    (unsigned long long)key);
	}
	if (!rd_end(&r) || !whole(&e))
		return seal_fail(d, SEAL_E_DECODE,
		    "TPM evidence: a required key is missing, or one too many");
	*ret = e;
	return 0;
}

int
tpm_evidence_parse(
    struct span in, struct tpm_evidence *ret, struct seal_diag *d)
{
	return map_parse(in, complete, ret, d);
}

int
tpm_quote_evidence_parse(
    struct span in, struct tpm_evidence *ret, struct seal_diag *d)
{
	return map_parse(in, quote_alone, ret, d);
}

static void
put_field(struct wr *out, uint64_t key, struct span value)
{
	cbor_put_uint(out, key);
	cbor_put_bytes(out, value);
}

static void
put_pcrs(struct wr *out, const struct tpm_evidence *e)
{
	cbor_put_uint(out, KEY_PCRS);
	cbor_put_array(out, e->n_pcrs);
	for (size_t i = 0; i < e->n_pcrs; i++) {
		cbor_put_array(out, 3);
		cbor_put_uint(out, e->pcrs[i].bank);
		cbor_put_uint(out, e->pcrs[i].index);
		cbor_put_bytes(out, e->pcrs[i].value);
	}
}

static void
put_chain(struct wr *out, const struct tpm_evidence *e)
{
	cbor_put_uint(out, KEY_AK_CHAIN);
	cbor_put_array(out, e->n_ak_chain);
	for (size_t i = 0; i < e->n_ak_chain; i++)
		cbor_put_bytes(out, e->ak_chain[i]);
}

int
tpm_evidence_write(struct wr *out, const struct tpm_evidence *e)
{
	if (!complete(e))
		return SEAL_E_ARGUMENT;
	if (e->ima_log.n > TPM_EVIDENCE_IMA_MAX)
		return SEAL_E_LIMIT;
	cbor_put_map(out, (size_t)7 + (e->n_ak_chain > 0 ? 1 : 0) +
			      (e->event_log.n > 0 ? 1 : 0) +
			      (e->ima_log.n > 0 ? 1 : 0));
	put_field(out, KEY_QUOTE, e->quote);
	put_field(out, KEY_QUOTE_SIGNATURE, e->quote_signature);
	put_field(out, KEY_CERTIFY, e->certify);
	put_field(out, KEY_CERTIFY_SIGNATURE, e->certify_signature);
	put_field(out, KEY_SUBJECT, e->subject_public);
	put_field(out, KEY_AK, e->ak_public);
	put_pcrs(out, e);
	if (e->n_ak_chain > 0)
		put_chain(out, e);
	if (e->event_log.n > 0)
		put_field(out, KEY_EVENT_LOG, e->event_log);
	if (e->ima_log.n > 0)
		put_field(out, KEY_IMA_LOG, e->ima_log);
	return out->error;
}

int
tpm_quote_evidence_write(struct wr *out, const struct tpm_evidence *e)
{
	if (!quote_alone(e))
		return SEAL_E_ARGUMENT;
	cbor_put_map(out, 4);
	put_field(out, KEY_QUOTE, e->quote);
	put_field(out, KEY_QUOTE_SIGNATURE, e->quote_signature);
	put_field(out, KEY_AK, e->ak_public);
	put_pcrs(out, e);
	return out->error;
}
