/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "cbor/cbor.h"
#include "format/tpm_evidence.h"

static const struct span one = HEX(1);
static const uint8_t zeros[64], list[TPM_EVIDENCE_IMA_MAX + 1];

static const struct tpm_evidence small = {
	.quote = HEX(1, 1),
	.quote_signature = HEX(2, 2),
	.certify = HEX(3, 3),
	.certify_signature = HEX(4, 4),
	.subject_public = HEX(5, 5),
	.ak_public = HEX(6, 6),
	.pcrs = {
		{ TPM_ALG_SHA256, 0, { zeros, 32 } },
		{ TPM_ALG_SHA256, 7, { zeros, 32 } },
		{ TPM_ALG_SHA384, 0, { zeros, 48 } },
	},
	.n_pcrs = 3,
};

/* Changes the good one, or writes the whole map anew (raw). */
struct row {
	const char *name;
	void (*change)(struct tpm_evidence *e);
	void (*raw)(struct wr *w);
	int want;
};

static void
with_chain(struct tpm_evidence *e)
{
	e->ak_chain[0] = one;
	e->ak_chain[1] = one;
	e->n_ak_chain = 2;
}

static void
with_log(struct tpm_evidence *e)
{
	e->event_log = one;
}

static void
with_ima(struct tpm_evidence *e)
{
	e->ima_log = one;
}

static void
with_longest_ima(struct tpm_evidence *e)
{
	e->ima_log = span_of(list, TPM_EVIDENCE_IMA_MAX);
}

static void
with_all(struct tpm_evidence *e)
{
	with_chain(e);
	with_log(e);
	with_ima(e);
}

static void
pcr_twice(struct tpm_evidence *e)
{
	e->pcrs[1].index = 0;
}

static void
pcr_descending(struct tpm_evidence *e)
{
	e->pcrs[0].index = 8;
}

static void
bank_again(struct tpm_evidence *e)
{
	e->pcrs[0] = e->pcrs[2];
	e->pcrs[2].index = 1;
}

static void
index_24(struct tpm_evidence *e)
{
	e->pcrs[1].index = 24;
}

static void
value_short(struct tpm_evidence *e)
{
	e->pcrs[0].value.n = 31;
}

static void
bank_unknown(struct tpm_evidence *e)
{
	e->pcrs[2].bank = 0x12;
}

static void
cert_empty(struct tpm_evidence *e)
{
	with_chain(e);
	e->ak_chain[1].n = 0;
}

/* Key k with a value that fits it. */
static void
put_key(struct wr *w, uint64_t k)
{
	cbor_put_uint(w, k);
	if (k != 7) {
		cbor_put_bytes(w, one);
		return;
	}
	cbor_put_array(w, 1);
	cbor_put_array(w, 3);
	cbor_put_uint(w, TPM_ALG_SHA256);
	cbor_put_uint(w, 0);
	cbor_put_bytes(w, span_of(zeros, 32));
}

/* Keys from to to but not skip. */
static void
put_keys(struct wr *w, uint64_t from, uint64_t to, uint64_t skip)
{
	for (uint64_t k = from; k <= to; k++)
		if (k != skip)
			put_key(w, k);
}

static void
raw_good(struct wr *w)
{
	cbor_put_map(w, 7);
	put_keys(w, 1, 7, 0);
}

#define MISSING(k)                                \
	static void raw_without_##k(struct wr *w) \
	{                                         \
		cbor_put_map(w, 6);               \
		put_keys(w, 1, 7, k);             \
	}
MISSING(1)
MISSING(2)
MISSING(3)
MISSING(4)
MISSING(5)
MISSING(6)
MISSING(7)

static void
raw_key_zero(struct wr *w)
{
	cbor_put_map(w, 8);
	put_keys(w, 0, 7, 99);
}

static void
raw_key_eleven(struct wr *w)
{
	cbor_put_map(w, 8);
	put_keys(w, 1, 7, 0);
	put_key(w, 11);
}

static void
put_ima(struct wr *w, size_t n)
{
	cbor_put_map(w, 8);
	put_keys(w, 1, 7, 0);
	cbor_put_uint(w, 10);
	cbor_put_bytes(w, span_of(list, n));
}

static void
raw_ima_empty(struct wr *w)
{
	put_ima(w, 0);
}

static void
raw_ima_over(struct wr *w)
{
	put_ima(w, TPM_EVIDENCE_IMA_MAX + 1);
}

static void
raw_ima_text(struct wr *w)
{
	cbor_put_map(w, 8);
	put_keys(w, 1, 7, 0);
	cbor_put_uint(w, 10);
	cbor_put_text(w, span_str("10 x"));
}

static void
raw_key_text(struct wr *w)
{
	cbor_put_map(w, 8);
	put_keys(w, 1, 7, 0);
	cbor_put_text(w, span_str("x"));
	cbor_put_bytes(w, one);
}

static void
raw_key_twice(struct wr *w)
{
	cbor_put_map(w, 8);
	put_key(w, 1);
	put_keys(w, 1, 7, 0);
}

static void
raw_order(struct wr *w)
{
	cbor_put_map(w, 7);
	put_keys(w, 2, 7, 0);
	put_key(w, 1);
}

static void
raw_long_head(struct wr *w)
{
	wr_u8(w, 0xb8); /* a map of 7, in two bytes */
	wr_u8(w, 7);
	put_keys(w, 1, 7, 0);
}

static void
raw_trailing(struct wr *w)
{
	raw_good(w);
	wr_u8(w, 0);
}

static void
raw_array(struct wr *w)
{
	cbor_put_array(w, 7);
	put_keys(w, 1, 7, 0);
}

static void
raw_empty_string(struct wr *w)
{
	cbor_put_map(w, 7);
	cbor_put_uint(w, 1);
	cbor_put_bytes(w, span_of(NULL, 0));
	put_keys(w, 2, 7, 0);
}

static void
raw_text(struct wr *w)
{
	cbor_put_map(w, 7);
	cbor_put_uint(w, 1);
	cbor_put_text(w, span_str("x"));
	put_keys(w, 2, 7, 0);
}

static void
raw_no_pcrs(struct wr *w)
{
	cbor_put_map(w, 7);
	put_keys(w, 1, 6, 0);
	cbor_put_uint(w, 7);
	cbor_put_array(w, 0);
}

static void
raw_pcr_count(struct wr *w)
{
	cbor_put_map(w, 7);
	put_keys(w, 1, 6, 0);
	cbor_put_uint(w, 7);
	cbor_put_array(w, TPM_BANKS_MAX * TPM_PCRS + 1);
	for (size_t i = 0; i <= TPM_BANKS_MAX * TPM_PCRS; i++)
		cbor_put_uint(w, 0);
}

static void
raw_pcr_pair(struct wr *w)
{
	cbor_put_map(w, 7);
	put_keys(w, 1, 6, 0);
	cbor_put_uint(w, 7);
	cbor_put_array(w, 1);
	cbor_put_array(w, 2);
	cbor_put_uint(w, TPM_ALG_SHA256);
	cbor_put_uint(w, 0);
}

/* The low 16 bits are those of SHA-256. */
static void
raw_bank_wide(struct wr *w)
{
	cbor_put_map(w, 7);
	put_keys(w, 1, 6, 0);
	cbor_put_uint(w, 7);
	cbor_put_array(w, 1);
	cbor_put_array(w, 3);
	cbor_put_uint(w, 0x10000 + TPM_ALG_SHA256);
	cbor_put_uint(w, 0);
	cbor_put_bytes(w, span_of(zeros, 32));
}

static void
put_chain(struct wr *w, size_t n)
{
	cbor_put_map(w, 8);
	put_keys(w, 1, 7, 0);
	cbor_put_uint(w, 8);
	cbor_put_array(w, n);
	for (size_t i = 0; i < n; i++)
		cbor_put_bytes(w, one);
}

static void
raw_chain_empty(struct wr *w)
{
	put_chain(w, 0);
}

static void
raw_chain_full(struct wr *w)
{
	put_chain(w, LIMIT_CHAIN);
}

static void
raw_chain_over(struct wr *w)
{
	put_chain(w, LIMIT_CHAIN + 1);
}

static void
raw_over_limit(struct wr *w)
{
	cbor_put_map(w, 8);
	put_keys(w, 1, 7, 0);
	cbor_put_uint(w, 9);
	cbor_put_uint(w, 0);
	memset(wr_room(w, LIMIT_CMW), 0, LIMIT_CMW);
}

static const struct row rows[] = {
	{ "small", NULL, NULL, 0 },
	{ "with a chain", with_chain, NULL, 0 },
	{ "with an event log", with_log, NULL, 0 },
	{ "with an IMA list", with_ima, NULL, 0 },
	{ "with an IMA list at its limit", with_longest_ima, NULL, 0 },
	{ "with everything", with_all, NULL, 0 },
	{ "written by hand", NULL, raw_good, 0 },
	{ "chain of eight", NULL, raw_chain_full, 0 },
	{ "PCR twice", pcr_twice, NULL, SEAL_E_DECODE },
	{ "PCRs descending", pcr_descending, NULL, SEAL_E_DECODE },
	{ "bank comes again", bank_again, NULL, SEAL_E_DECODE },
	{ "PCR 24", index_24, NULL, SEAL_E_DECODE },
	{ "value shorter than its bank's hash", value_short, NULL,
	    SEAL_E_DECODE },
	{ "unknown bank", bank_unknown, NULL, SEAL_E_DECODE },
	{ "bank of 17 bits", NULL, raw_bank_wide, SEAL_E_DECODE },
	{ "empty certificate", cert_empty, NULL, SEAL_E_DECODE },
	{ "without quote", NULL, raw_without_1, SEAL_E_DECODE },
	{ "without quote's signature", NULL, raw_without_2, SEAL_E_DECODE },
	{ "without certify", NULL, raw_without_3, SEAL_E_DECODE },
	{ "without certify's signature", NULL, raw_without_4, SEAL_E_DECODE },
	{ "without subject", NULL, raw_without_5, SEAL_E_DECODE },
	{ "without AK", NULL, raw_without_6, SEAL_E_DECODE },
	{ "without PCRs", NULL, raw_without_7, SEAL_E_DECODE },
	{ "empty PCR list", NULL, raw_no_pcrs, SEAL_E_DECODE },
	{ "PCR list over its limit", NULL, raw_pcr_count, SEAL_E_DECODE },
	{ "PCR without value", NULL, raw_pcr_pair, SEAL_E_DECODE },
	{ "key 0", NULL, raw_key_zero, SEAL_E_DECODE },
	{ "key 11", NULL, raw_key_eleven, SEAL_E_DECODE },
	{ "empty IMA list", NULL, raw_ima_empty, SEAL_E_DECODE },
	{ "IMA list over its limit", NULL, raw_ima_over, SEAL_E_DECODE },
	{ "IMA list as text", NULL, raw_ima_text, SEAL_E_DECODE },
	{ "text key", NULL, raw_key_text, SEAL_E_DECODE },
	{ "a key twice", NULL, raw_key_twice, SEAL_E_DECODE },
	{ "keys out of order", NULL, raw_order, SEAL_E_DECODE },
	{ "head not shortest", NULL, raw_long_head, SEAL_E_DECODE },
	{ "trailing byte", NULL, raw_trailing, SEAL_E_DECODE },
	{ "an array", NULL, raw_array, SEAL_E_DECODE },
	{ "empty quote", NULL, raw_empty_string, SEAL_E_DECODE },
	{ "quote as text", NULL, raw_text, SEAL_E_DECODE },
	{ "empty chain", NULL, raw_chain_empty, SEAL_E_DECODE },
	{ "chain of nine", NULL, raw_chain_over, SEAL_E_DECODE },
	{ "larger than a CMW", NULL, raw_over_limit, SEAL_E_LIMIT },
	{ NULL },
};

static void
check_prefixes(const char *name, struct span good)
{
	struct tpm_evidence e;

	for (size_t n = 0; n < good.n; n++) {
		uint8_t *copy = malloc(n == 0 ? 1 : n);

		memcpy(copy, good.p, n);
		if (tpm_evidence_parse(span_of(copy, n), &e, NULL) == 0)
			fail_msg("%s: passes with %zu bytes", name, n);
		free(copy);
	}
}

static void
test_parse(void **state)
{
	(void)state;
	for (const struct row *row = rows; row->name != NULL; row++) {
		struct tpm_evidence e = small, got = { .n_pcrs = 42 };
		struct seal_diag d = { 0 };
		struct wr w;
		int r;

		wr_init_heap(&w, 2 * LIMIT_CMW);
		if (row->change != NULL)
			row->change(&e);
		if (row->raw != NULL)
			row->raw(&w);
		else
			assert_int_equal(tpm_evidence_write(&w, &e), 0);
		assert_int_equal(w.error, 0);
		r = tpm_evidence_parse(wr_view(&w), &got, &d);
		if (r != row->want)
			fail_msg("%s: got %d (%s)", row->name, r, d.text);
		if (r == 0)
			check_prefixes(row->name, wr_view(&w));
		else
			assert_int_equal(got.n_pcrs, 42);
		wr_free(&w);
	}
}

static void
test_fields(void **state)
{
	struct tpm_evidence e = small, got = { 0 };
	struct wr w;

	(void)state;
	with_all(&e);
	wr_init_heap(&w, LIMIT_CMW);
	assert_int_equal(tpm_evidence_write(&w, &e), 0);
	assert_int_equal(tpm_evidence_parse(wr_view(&w), &got, NULL), 0);
	assert_true(span_equal(got.quote, e.quote));
	assert_true(span_equal(got.quote_signature, e.quote_signature));
	assert_true(span_equal(got.certify, e.certify));
	assert_true(span_equal(got.certify_signature, e.certify_signature));
	assert_true(span_equal(got.subject_public, e.subject_public));
	assert_true(span_equal(got.ak_public, e.ak_public));
	assert_true(span_equal(got.event_log, e.event_log));
	assert_true(span_equal(got.ima_log, e.ima_log));
	assert_int_equal(got.n_pcrs, 3);
	assert_int_equal(got.pcrs[2].bank, TPM_ALG_SHA384);
	assert_int_equal(got.pcrs[1].index, 7);
	assert_int_equal(got.n_ak_chain, 2);
	assert_true(span_equal(got.ak_chain[1], one));
	wr_free(&w);
}

/* What could not be read back is not written. */
static void
test_write_refuses(void **state)
{
	struct tpm_evidence e = small;
	struct wr w;

	(void)state;
	wr_init_heap(&w, LIMIT_CMW);
	e.n_pcrs = 0;
	assert_int_equal(tpm_evidence_write(&w, &e), SEAL_E_ARGUMENT);
	e = small;
	e.ak_public.n = 0;
	assert_int_equal(tpm_evidence_write(&w, &e), SEAL_E_ARGUMENT);
	e = small;
	e.ima_log = span_of(list, sizeof(list));
	assert_int_equal(tpm_evidence_write(&w, &e), SEAL_E_LIMIT);
	wr_free(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_write_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
