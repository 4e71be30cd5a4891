/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/dcap_values.h"

#include <stdio.h>

#include "appraise/refs.h"
#include "appraise/strict.h"
#include "base/text.h"

#define TEXT 96

static size_t
count(const struct dcap_registers *regs)
{
	size_t n = 0;

	while (regs->names[n] != NULL)
		n++;
	return n;
}

int
dcap_values_load(const struct dcap_registers *regs, const json_t *entry,
    struct dcap_expected *ret, struct seal_diag *d)
{
	const json_t *list = json_object_get(entry, "measurements");
	char where[TEXT];
	int r;

	ret->by_refs = json_object_get(entry, "corim") != NULL;
	if (ret->by_refs)
		return list == NULL
			   ? 0
			   : seal_fail(d, SEAL_E_CONFIG,
				 "accept: 'measurements' or 'corim', not both");
	if (list == NULL || json_object_size(list) == 0)
		return seal_fail(d, SEAL_E_CONFIG,
		    "accept: 'measurements' is missing or empty (or 'corim')");
	if ((r = strict_object(list, regs->names, "measurements", d)) != 0)
		return r;
	for (size_t i = 0; i < count(regs); i++) {
		const json_t *value = json_object_get(list, regs->names[i]);

		if (value == NULL)
			continue;
		snprintf(
		    where, sizeof(where), "measurements.%s", regs->names[i]);
		if ((r = strict_hex(
			 value, regs->size, where, ret->value[i], d)) != 0)
			return r;
		ret->set[i] = true;
	}
	return 0;
}

void
dcap_values_explain(const struct dcap_registers *regs,
    const struct dcap_expected *e, struct wr *out)
{
	char hex[HEX_SHORT];

	for (size_t i = 0; i < count(regs); i++)
		if (e->set[i])
			wr_printf(out, "    its %s is %s\n", regs->names[i],
			    hex_short(span_of(e->value[i], regs->size), hex));
		else if (!e->by_refs)
			wr_printf(
			    out, "    its %s is anything\n", regs->names[i]);
}

static bool
match_one(const struct dcap_registers *regs, const struct dcap_expected *e,
    size_t i, struct span got, struct seal_verdict *v)
{
	struct span want = span_of(e->value[i], regs->size);
	char expected[TEXT], found[TEXT], hex[HEX_SHORT];

	snprintf(expected, sizeof(expected), "%s = %s", regs->names[i],
	    hex_short(want, hex));
	snprintf(found, sizeof(found), "%s = %s", regs->names[i],
	    hex_short(got, hex));
	return verdict_check(v, regs->check, span_equal_ct(want, got),
	    SEAL_E_POLICY, expected, found,
	    "if the peer changed on purpose, learn the policy again");
}

bool
dcap_values_match(const struct dcap_registers *regs,
    const struct dcap_expected *e, const struct span *got,
    struct seal_verdict *v)
{
	bool ok = true, any = false;

	if (e->by_refs)
		return true; /* the reference triples decide */
	for (size_t i = 0; i < count(regs); i++)
		if (e->set[i]) {
			any = true;
			ok = match_one(regs, e, i, got[i], v) && ok;
		}
	v->ar4si[AR4SI_EXECUTABLES] =
	    ok && any ? AR4SI_AFFIRMING : AR4SI_CONTRAINDICATED;
	return ok && any;
}

void
dcap_values_claim(const struct dcap_registers *regs, const struct span *got,
    struct seal_verdict *v)
{
	char name[TEXT];
	struct wr w;

	for (size_t i = 0; i < count(regs); i++) {
		if (got[i].n == 0)
			continue;
		wr_init(&w, name, sizeof(name));
		wr_bytes(&w, span_str(regs->check));
		wr_u8(&w, '.');
		wr_bytes(&w, span_str(regs->names[i]));
		wr_u8(&w, 0);
		verdict_claim_hex(v, name, got[i]);
	}
}

int
dcap_hex_set(json_t *object, const char *key, struct span value)
{
	char hex[2 * HASH_MAX + 1];
	struct wr w;

	wr_init(&w, hex, sizeof(hex));
	wr_hex(&w, value);
	wr_u8(&w, 0);
	return w.error == 0 &&
		       json_object_set_new(object, key, json_string(hex)) == 0
		   ? 0
		   : SEAL_E_MEMORY;
}

int
dcap_values_learn(const struct dcap_registers *regs, const struct span *got,
    unsigned which, json_t *entry)
{
	json_t *list = json_object();
	int r = list == NULL ? SEAL_E_MEMORY : 0;

	for (size_t i = 0; r == 0 && i < count(regs); i++)
		if ((which & 1u << i) != 0 && got[i].n > 0)
			r = dcap_hex_set(list, regs->names[i], got[i]);
	if (r != 0) {
		json_decref(list);
		return r;
	}
	return json_object_set_new(entry, "measurements", list) == 0
		   ? 0
		   : SEAL_E_MEMORY;
}

static void
put_measurement(const char *name, struct span value, struct wr *out)
{
	struct comid_measurement m = { .other = false };
	uint8_t key_buf[32], raw_buf[HASH_MAX + 8], digest_buf[HASH_MAX + 8];
	struct wr key, raw, digest;

	wr_init(&key, key_buf, sizeof(key_buf));
	cbor_put_text(&key, span_str(name));
	wr_init(&raw, raw_buf, sizeof(raw_buf));
	comid_put_bytes(&raw, COMID_KEY_BYTES, value);
	wr_init(&digest, digest_buf, sizeof(digest_buf));
	cbor_put_array(&digest, 1);
	comid_put_digest(
	    &digest, value.n == 48 ? COMID_SHA384 : COMID_SHA256, value);
	m.mkey = wr_view(&key);
	m.val[COMID_RAW] = wr_view(&raw);
	m.val[COMID_DIGESTS] = wr_view(&digest);
	comid_put_measurement(out, &m);
}

int
dcap_values_describe(const struct dcap_registers *regs, const struct span *got,
    const struct findings *f, struct wr *env, struct wr *measurements)
{
	size_t n = 0;
	int r;

	if ((r = refs_put_env(env, regs->model,
		 span_of(f->signer_spki, f->n_signer_spki))) != 0)
		return r;
	for (size_t i = 0; i < count(regs); i++)
		n += got[i].n > 0;
	cbor_put_array(measurements, n);
	for (size_t i = 0; i < count(regs); i++)
		if (got[i].n > 0)
			put_measurement(regs->names[i], got[i], measurements);
	return measurements->error;
}

int
dcap_bytes_load(const json_t *entry, const char *key, size_t n,
    struct dcap_bytes *ret, struct seal_diag *d)
{
	const json_t *value = json_object_get(entry, key);

	ret->set = value != NULL;
	return value == NULL ? 0 : strict_hex(value, n, key, ret->value, d);
}

bool
dcap_bytes_match(const char *check, const struct dcap_bytes *e, struct span got,
    struct seal_verdict *v)
{
	struct span want = span_of(e->value, got.n);
	char expected[HEX_SHORT], found[HEX_SHORT];

	return !e->set ||
	       verdict_check(v, check, span_equal_ct(want, got), SEAL_E_POLICY,
		   hex_short(want, expected), hex_short(got, found),
		   "if the peer changed on purpose, learn the policy again");
}
