/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/refs.h"
#include "appraise/tpm_rules.h"

#include "appraise/appraiser.h"

/* The banks in which PCR index is quoted, in the order of their numbers. */
static size_t
put_digests(const struct tpm_facts *facts, uint8_t index, struct wr *out)
{
	static const enum hash banks[] = { HASH_SHA256, HASH_SHA384,
		HASH_SHA512 };
	const struct tpm_pcr_value *found[3];
	enum hash of[3];
	size_t n = 0;

	for (size_t b = 0; b < 3; b++)
		for (size_t i = 0; i < facts->e.n_pcrs; i++)
			if (facts->e.pcrs[i].index == index && n < 3 &&
			    tpm_hash(facts->e.pcrs[i].bank) == banks[b]) {
				found[n] = &facts->e.pcrs[i];
				of[n++] = banks[b];
			}
	if (n > 0)
		cbor_put_array(out, n);
	for (size_t i = 0; i < n; i++)
		comid_put_digest(out, comid_alg(of[i]), found[i]->value);
	return n;
}

/* A measurement for each PCR: its number as mkey, its value in each quoted
 * bank as digests. */
int
tpm_describe(const struct findings *f, struct wr *env, struct wr *measurements)
{
	const struct tpm_facts *facts = f->facts;
	uint8_t buf[3 * (HASH_MAX + 8)];
	uint32_t quoted = 0;
	size_t n = 0;
	int r;

	if ((r = refs_put_env(env, TPM_MODEL,
		 span_of(f->signer_spki, f->n_signer_spki))) != 0)
		return r;
	for (size_t i = 0; i < facts->e.n_pcrs; i++)
		quoted |= 1u << facts->e.pcrs[i].index;
	for (uint8_t i = 0; i < TPM_PCRS; i++)
		n += quoted >> i & 1;
	cbor_put_array(measurements, n);
	for (uint8_t i = 0; i < TPM_PCRS; i++) {
		struct comid_measurement m = { .other = false };
		uint8_t key_buf[4];
		struct wr key, digests;

		if ((quoted >> i & 1) == 0)
			continue;
		wr_init(&key, key_buf, sizeof(key_buf));
		cbor_put_uint(&key, i);
		wr_init(&digests, buf, sizeof(buf));
		/* A bank that no algorithm names is left without a value, and
		 * then no measurement is well-formed. */
		(void)put_digests(facts, i, &digests);
		m.mkey = wr_view(&key);
		m.val[COMID_DIGESTS] = wr_view(&digests);
		comid_put_measurement(measurements, &m);
	}
	return measurements->error;
}
