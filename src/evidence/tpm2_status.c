/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/tpm2_status.h"

#include <string.h>

#include <tss2/tss2_esys.h>

/* First handle of each kind; the TSS's own macros shift into the sign. */
#define FIRST_TRANSIENT 0x80000000u
#define FIRST_SESSION 0x02000000u
#define FIRST_PERSISTENT 0x81000000u

static int
get(struct tpm2_conn *c, TPM2_CAP cap, uint32_t property, uint32_t count,
    TPMS_CAPABILITY_DATA **ret, struct seal_diag *d)
{
	TPMI_YES_NO more;

	return tpm2_check(c,
	    Esys_GetCapability(c->esys, ESYS_TR_NONE, ESYS_TR_NONE,
		ESYS_TR_NONE, cap, property, count, &more, ret),
	    "GetCapability", d);
}

/* Four characters in a number, appended without what is not printable. */
static void
append_text(char *text, size_t cap, uint32_t v)
{
	size_t n = strlen(text);

	for (int shift = 24; shift >= 0; shift -= 8) {
		char ch = (char)(v >> shift & 0x7f);

		if (ch > ' ' && ch < 0x7f && n + 1 < cap)
			text[n++] = ch;
	}
	text[n] = '\0';
}

static void
take_property(struct tpm2_status *s, const TPMS_TAGGED_PROPERTY *p)
{
	switch (p->property) {
	case TPM2_PT_MANUFACTURER:
		append_text(s->manufacturer, sizeof(s->manufacturer), p->value);
		break;
	case TPM2_PT_VENDOR_STRING_1:
	case TPM2_PT_VENDOR_STRING_2:
	case TPM2_PT_VENDOR_STRING_3:
	case TPM2_PT_VENDOR_STRING_4:
		append_text(s->vendor, sizeof(s->vendor), p->value);
		break;
	case TPM2_PT_FIRMWARE_VERSION_1:
		s->firmware[0] = p->value;
		break;
	case TPM2_PT_FIRMWARE_VERSION_2:
		s->firmware[1] = p->value;
		break;
	case TPM2_PT_MAX_DIGEST:
		s->max_digest = p->value;
		break;
	default:
		break;
	}
}

static int
read_properties(struct tpm2_conn *c, struct tpm2_status *s, struct seal_diag *d)
{
	TPMS_CAPABILITY_DATA *data = NULL;
	int r;

	r = get(c, TPM2_CAP_TPM_PROPERTIES, TPM2_PT_MANUFACTURER,
	    TPM2_PT_MAX_DIGEST - TPM2_PT_MANUFACTURER + 1, &data, d);
	for (size_t i = 0; r == 0 && i < data->data.tpmProperties.count; i++)
		take_property(s, &data->data.tpmProperties.tpmProperty[i]);
	Esys_Free(data);
	return r;
}

static bool
any_pcr(const TPMS_PCR_SELECTION *s)
{
	for (size_t k = 0; k < s->sizeofSelect; k++)
		if (s->pcrSelect[k] != 0)
			return true;
	return false;
}

static int
read_banks(struct tpm2_conn *c, struct tpm2_status *s, struct seal_diag *d)
{
	TPMS_CAPABILITY_DATA *data = NULL;
	int r = get(c, TPM2_CAP_PCRS, 0, 1, &data, d);

	for (size_t i = 0; r == 0 && i < data->data.assignedPCR.count; i++) {
		const TPMS_PCR_SELECTION *sel =
		    &data->data.assignedPCR.pcrSelections[i];

		if (any_pcr(sel) && s->n_banks < 8)
			s->banks[s->n_banks++] = sel->hash;
	}
	Esys_Free(data);
	return r;
}

/* Handles from first on, up to the end of their range. */
static int
read_handles(struct tpm2_conn *c, uint32_t first, uint32_t *ret, size_t *ret_n,
    struct seal_diag *d)
{
	TPMS_CAPABILITY_DATA *data = NULL;
	size_t n = 0;
	int r = get(c, TPM2_CAP_HANDLES, first, TPM2_HANDLES_MAX, &data, d);

	for (size_t i = 0; r == 0 && i < data->data.handles.count; i++) {
		if (n == TPM2_HANDLES_MAX)
			break;
		if (ret != NULL)
			ret[n] = data->data.handles.handle[i];
		n++;
	}
	Esys_Free(data);
	*ret_n = n;
	return r;
}

int
tpm2_status_job(struct tpm2_conn *c, void *arg, struct seal_diag *d)
{
	struct tpm2_status *s = arg;
	int r;

	memset(s, 0, sizeof(*s));
	if ((r = read_properties(c, s, d)) != 0 ||
	    (r = read_banks(c, s, d)) != 0 ||
	    (r = read_handles(c, FIRST_TRANSIENT, NULL, &s->transients, d)) !=
		0 ||
	    (r = read_handles(c, FIRST_SESSION, NULL, &s->sessions, d)) != 0)
		return r;
	return read_handles(
	    c, FIRST_PERSISTENT, s->persistent, &s->n_persistent, d);
}

int
tpm2_status(const struct tpm2_where *where, uint64_t deadline_ms,
    struct tpm2_status *ret, struct seal_diag *d)
{
	struct tpm2_status s;
	int r = tpm2_run(where, deadline_ms, tpm2_status_job, &s, d);

	if (r == 0)
		*ret = s;
	return r;
}

void
tpm2_status_write(const struct tpm2_status *s, struct wr *out)
{
	wr_printf(out, "%s %s, firmware %x.%x, banks", s->manufacturer,
	    s->vendor, (unsigned)s->firmware[0], (unsigned)s->firmware[1]);
	for (size_t i = 0; i < s->n_banks; i++)
		wr_printf(out, " %s",
		    tpm_hash(s->banks[i]) == HASH_NONE
			? "other"
			: hash_name(tpm_hash(s->banks[i])));
	wr_printf(out, ", %zu transient objects and %zu sessions loaded",
	    s->transients, s->sessions);
}
