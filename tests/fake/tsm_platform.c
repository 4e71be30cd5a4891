/* SPDX-License-Identifier: Apache-2.0 */
#include "tsm_platform.h"

#include <string.h>

const struct tsm_platform *
tsm_platform_find(const char *name)
{
	static const struct tsm_platform *const all[] = { &tsm_snp, &tsm_tdx,
		&tsm_cca };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}
