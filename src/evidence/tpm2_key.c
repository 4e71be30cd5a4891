/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/tpm2.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>

static int
name_copy(const TPM2B_NAME *name, uint8_t *ret, size_t *ret_n)
{
	if (name->size > TPM2_NAME_MAX)
		return SEAL_E_LIMIT;
	memcpy(ret, name->name, name->size);
	*ret_n = name->size;
	return 0;
}

static int
key_fill(
    struct tpm2_conn *c, ESYS_TR tr, struct tpm2_key *key, struct seal_diag *d)
{
	TPM2B_PUBLIC *pub = NULL;
	TPM2B_NAME *name = NULL, *qualified = NULL;
	int r;

	r = tpm2_check(c,
	    Esys_ReadPublic(c->esys, tr, ESYS_TR_NONE, ESYS_TR_NONE,
		ESYS_TR_NONE, &pub, &name, &qualified),
	    "ReadPublic", d);
	if (r != 0)
		goto out;
	key->pub.n = 0;
	r = tpm2_check(c,
	    Tss2_MU_TPMT_PUBLIC_Marshal(
		&pub->publicArea, key->pub.p, sizeof(key->pub.p), &key->pub.n),
	    "TPMT_PUBLIC", d);
	if (r == 0 && (name_copy(name, key->name, &key->name_n) != 0 ||
			  name_copy(qualified, key->qualified_name,
			      &key->qualified_name_n) != 0))
		r = seal_fail(d, SEAL_E_LIMIT, "tpm2: name too long");
out:
	Esys_Free(pub);
	Esys_Free(name);
	Esys_Free(qualified);
	return r;
}

/* The serialised handle, in memory of malloc() rather than of ESYS. */
static int
key_serialize(
    struct tpm2_conn *c, ESYS_TR tr, struct tpm2_key *key, struct seal_diag *d)
{
	uint8_t *blob = NULL;
	size_t n = 0;
	int r;

	r = tpm2_check(
	    c, Esys_TR_Serialize(c->esys, tr, &blob, &n), "handle", d);
	if (r != 0)
		return r;
	if (span_dup(span_of(blob, n), &key->blob) != 0)
		r = seal_fail(d, SEAL_E_MEMORY, "tpm2: handle");
	key->blob_n = n;
	Esys_Free(blob);
	return r;
}

int
tpm2_key_find(struct tpm2_conn *c, uint32_t handle, struct tpm2_key *key,
    bool *ret_found, struct seal_diag *d)
{
	ESYS_TR tr = ESYS_TR_NONE;
	char what[48];
	TSS2_RC rc;
	int r;

	tpm2_key_clear(key);
	key->handle = handle;
	rc = Esys_TR_FromTPMPublic(
	    c->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &tr);
	if (tpm2_absent(rc)) {
		*ret_found = false;
		return 0;
	}
	snprintf(what, sizeof(what), "key at 0x%08x", (unsigned)handle);
	if ((r = tpm2_check(c, rc, what, d)) != 0 ||
	    (r = key_fill(c, tr, key, d)) != 0 ||
	    (r = key_serialize(c, tr, key, d)) != 0)
		return r;
	*ret_found = true;
	return 0;
}

void
tpm2_key_clear(struct tpm2_key *key)
{
	free(key->blob);
	memset(key, 0, sizeof(*key));
}

int
tpm2_key_use(struct tpm2_conn *c, const struct tpm2_key *key, uint32_t *ret,
    struct seal_diag *d)
{
	return tpm2_check(c,
	    Esys_TR_Deserialize(c->esys, key->blob, key->blob_n, ret), "handle",
	    d);
}

struct span
tpm2_key_public(const struct tpm2_key *key)
{
	return span_of(key->pub.p, key->pub.n);
}
