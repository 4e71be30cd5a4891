/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/tpm2.h"

#include <string.h>

#include <tss2/tss2_esys.h>

/* ---- The setting ---- */

/* A decimal number up to end; false where there is none, or it is no PCR. */
static bool
read_index(const char **at, unsigned *ret)
{
	unsigned v = 0;
	const char *p = *at;

	while (*p >= '0' && *p <= '9' && p - *at < 3)
		v = v * 10 + (unsigned)(*p++ - '0');
	if (p == *at || v >= TPM_PCRS)
		return false;
	*at = p;
	*ret = v;
	return true;
}

/* "0-7" or "14" into the mask; one PCR twice is a mistake. */
static bool
read_range(const char **at, uint32_t *mask)
{
	unsigned first, last;

	if (!read_index(at, &first))
		return false;
	last = first;
	if (**at == '-') {
		(*at)++;
		if (!read_index(at, &last) || last < first)
			return false;
	}
	for (unsigned i = first; i <= last; i++) {
		if ((*mask & 1u << i) != 0)
			return false;
		*mask |= 1u << i;
	}
	return true;
}

static bool
read_bank(const char **at, struct tpm2_pcrs *p)
{
	const char *colon = strchr(*at, ':');
	char name[16] = "";
	size_t n;
	enum hash h;
	struct tpm_selection *s = &p->selection[p->n_selection];

	if (colon == NULL || (n = (size_t)(colon - *at)) >= sizeof(name) ||
	    p->n_selection == TPM_BANKS_MAX)
		return false;
	memcpy(name, *at, n);
	if ((h = hash_by_name(name)) == HASH_NONE)
		return false;
	s->bank = tpm_hash_alg(h);
	for (size_t i = 0; i < p->n_selection; i++)
		if (p->selection[i].bank == s->bank)
			return false;
	*at = colon;
	do {
		(*at)++;
		if (!read_range(at, &s->pcrs))
			return false;
	} while (**at == ',');
	p->n_selection++;
	return true;
}

int
tpm2_pcrs_parse(const char *text, struct tpm2_pcrs *ret, struct seal_diag *d)
{
	struct tpm2_pcrs p = { 0 };
	const char *at = text;
	bool ok = read_bank(&at, &p);

	while (ok && *at == '+') {
		at++;
		ok = read_bank(&at, &p);
	}
	if (!ok || *at != '\0') {
		seal_fail(d, SEAL_E_CONFIG,
		    "tpm2: pcrs '%s': not a list of PCRs", text);
		seal_remedy(d, "write it as sha256:0-7,14+sha384:0");
		return SEAL_E_CONFIG;
	}
	*ret = p;
	return 0;
}

/* ---- Their values ---- */

void
tpm2_pcrs_to_tss(
    const struct tpm_selection *s, size_t n, struct TPML_PCR_SELECTION *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->count = (UINT32)n;
	for (size_t i = 0; i < n; i++) {
		ret->pcrSelections[i].hash = s[i].bank;
		ret->pcrSelections[i].sizeofSelect = 3;
		for (size_t k = 0; k < 3; k++)
			ret->pcrSelections[i].pcrSelect[k] =
			    (BYTE)(s[i].pcrs >> 8 * k);
	}
}

/* Which of the wanted PCRs of bank does an answer hold? */
static uint32_t
answered(const TPML_PCR_SELECTION *out, const struct tpm_selection *want)
{
	uint32_t got = 0;

	for (size_t i = 0; i < out->count; i++) {
		const TPMS_PCR_SELECTION *s = &out->pcrSelections[i];

		if (s->hash != want->bank)
			continue;
		for (size_t k = 0; k < s->sizeofSelect && k < 3; k++)
			got |= (uint32_t)s->pcrSelect[k] << 8 * k;
	}
	return got & want->pcrs;
}

/* Moves an answer's digests to their places, and out of what is left. */
static bool
take_values(struct tpm2_pcrs *p, struct tpm_selection *left,
    const TPML_PCR_SELECTION *out, const TPML_DIGEST *values)
{
	size_t k = 0;

	for (size_t i = 0; i < p->n_selection; i++) {
		size_t size = hash_size(tpm_hash(left[i].bank));
		uint32_t got = answered(out, &left[i]);

		for (unsigned pcr = 0; pcr < TPM_PCRS; pcr++) {
			if ((got & 1u << pcr) == 0)
				continue;
			if (k == values->count ||
			    values->digests[k].size != size)
				return false;
			memcpy(p->value[i][pcr], values->digests[k++].buffer,
			    size);
		}
		left[i].pcrs &= ~got;
	}
	return k > 0 && k == values->count;
}

static bool
any_left(const struct tpm_selection *left, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (left[i].pcrs != 0)
			return true;
	return false;
}

static int
read_some(struct tpm2_conn *c, struct tpm2_pcrs *p, struct tpm_selection *left,
    struct seal_diag *d)
{
	TPML_PCR_SELECTION in, *out = NULL;
	TPML_DIGEST *values = NULL;
	UINT32 counter = 0;
	int r;

	tpm2_pcrs_to_tss(left, p->n_selection, &in);
	r = tpm2_check(c,
	    Esys_PCR_Read(c->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
		&in, &counter, &out, &values),
	    "PCR_Read", d);
	if (r == 0 && !take_values(p, left, out, values)) {
		r = seal_fail(d, SEAL_E_CONFIG,
		    "tpm2: pcrs: the TPM has no value for one of them");
		seal_remedy(d, "see its banks: tpm2_getcap pcrs");
	}
	Esys_Free(out);
	Esys_Free(values);
	return r;
}

/* The TPM answers with at most eight values at a time. */
int
tpm2_pcrs_read(struct tpm2_conn *c, struct tpm2_pcrs *p, struct seal_diag *d)
{
	struct tpm_selection left[TPM_BANKS_MAX];
	int r;

	memcpy(left, p->selection, sizeof(left));
	while (any_left(left, p->n_selection))
		if ((r = read_some(c, p, left, d)) != 0)
			return r;
	return 0;
}

int
tpm2_pcrs_digest(
    const struct tpm2_pcrs *p, enum hash h, uint8_t *ret, struct seal_diag *d)
{
	struct span parts[TPM_BANKS_MAX * TPM_PCRS];
	size_t n = 0;

	for (size_t i = 0; i < p->n_selection; i++)
		for (unsigned pcr = 0; pcr < TPM_PCRS; pcr++)
			if ((p->selection[i].pcrs & 1u << pcr) != 0)
				parts[n++] = span_of(p->value[i][pcr],
				    hash_size(tpm_hash(p->selection[i].bank)));
	return hash_parts(h, parts, n, ret, d);
}

void
tpm2_pcrs_put(const struct tpm2_pcrs *p, struct tpm_evidence *e)
{
	for (size_t i = 0; i < p->n_selection; i++) {
		uint16_t bank = p->selection[i].bank;

		for (unsigned pcr = 0; pcr < TPM_PCRS; pcr++) {
			if ((p->selection[i].pcrs & 1u << pcr) == 0)
				continue;
			e->pcrs[e->n_pcrs++] = (struct tpm_pcr_value){
				bank,
				(uint8_t)pcr,
				{ p->value[i][pcr], hash_size(tpm_hash(bank)) },
			};
		}
	}
}
