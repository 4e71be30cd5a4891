/* SPDX-License-Identifier: Apache-2.0 */
#include "format/tpm.h"

/* TPM_ALG_ID of the hashes that we know (part 2, table 9). */
static const struct {
	uint16_t alg;
	enum hash hash;
} algs[] = {
	{ TPM_ALG_SHA1, HASH_SHA1 },
	{ TPM_ALG_SHA256, HASH_SHA256 },
	{ TPM_ALG_SHA384, HASH_SHA384 },
	{ TPM_ALG_SHA512, HASH_SHA512 },
};

enum hash
tpm_hash(uint16_t alg)
{
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
		if (algs[i].alg == alg)
			return algs[i].hash;
	return HASH_NONE;
}

uint16_t
tpm_hash_alg(enum hash h)
{
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
		if (algs[i].hash == h)
			return algs[i].alg;
	return TPM_ALG_NULL;
}
