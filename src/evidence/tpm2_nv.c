/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/tpm2.h"

#include <tss2/tss2_esys.h>

#define CHUNK 512u /* bytes at a time, which every TPM can */

static int
find_index(
    struct tpm2_conn *c, uint32_t index, ESYS_TR *ret, struct seal_diag *d)
{
	TSS2_RC rc = Esys_TR_FromTPMPublic(
	    c->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ret);

	return tpm2_absent(rc)
		   ? seal_fail(d, SEAL_E_UNSUPPORTED,
			 "tpm2: nothing at NV index 0x%08x", (unsigned)index)
		   : tpm2_check(c, rc, "NV index", d);
}

/* How much is in it, and who may read. */
static int
read_public(struct tpm2_conn *c, ESYS_TR nv, ESYS_TR *ret_reader, size_t *ret_n,
    struct seal_diag *d)
{
	TPM2B_NV_PUBLIC *pub = NULL;
	int r = tpm2_check(c,
	    Esys_NV_ReadPublic(c->esys, nv, ESYS_TR_NONE, ESYS_TR_NONE,
		ESYS_TR_NONE, &pub, NULL),
	    "NV_ReadPublic", d);

	if (r != 0)
		return r;
	*ret_reader = (pub->nvPublic.attributes & TPMA_NV_OWNERREAD) != 0
			  ? ESYS_TR_RH_OWNER
			  : nv;
	*ret_n = pub->nvPublic.dataSize;
	Esys_Free(pub);
	return 0;
}

static int
read_chunk(struct tpm2_conn *c, ESYS_TR reader, ESYS_TR nv, size_t want,
    struct wr *out, struct seal_diag *d)
{
	TPM2B_MAX_NV_BUFFER *data = NULL;
	int r = tpm2_check(c,
	    Esys_NV_Read(c->esys, reader, nv, ESYS_TR_PASSWORD, ESYS_TR_NONE,
		ESYS_TR_NONE, (UINT16)want, (UINT16)out->n, &data),
	    "NV_Read", d);

	if (r == 0 && data->size != want)
		r = seal_fail(d, SEAL_E_IO,
		    "tpm2: NV_Read: expected %zu bytes, found %u", want,
		    (unsigned)data->size);
	if (r == 0)
		wr_bytes(out, span_of(data->buffer, data->size));
	Esys_Free(data);
	return r;
}

int
tpm2_nv_read(
    struct tpm2_conn *c, uint32_t index, struct wr *out, struct seal_diag *d)
{
	ESYS_TR nv = ESYS_TR_NONE, reader = ESYS_TR_NONE;
	size_t n = 0;
	int r;

	wr_free(out);
	if ((r = find_index(c, index, &nv, d)) != 0 ||
	    (r = read_public(c, nv, &reader, &n, d)) != 0)
		return r;
	while (out->n < n && out->error == 0) {
		size_t left = n - out->n;

		r = read_chunk(
		    c, reader, nv, left < CHUNK ? left : CHUNK, out, d);
		if (r != 0)
			return r;
	}
	return out->error == 0 ? 0
			       : seal_fail(d, out->error,
				     "tpm2: NV index 0x%08x", (unsigned)index);
}
