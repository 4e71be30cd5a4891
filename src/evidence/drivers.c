/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/drivers.h"

#include <string.h>

const struct evidence_driver *const evidence_drivers[] = {
	&evidence_tpm2,
	&evidence_tsm,
	&evidence_sev_guest,
	&evidence_tdx_guest,
	&evidence_nitro,
	&evidence_azure,
	&evidence_psa,
	&evidence_ratsd,
	&evidence_soft,
	NULL,
};

const struct evidence_driver *
evidence_driver_find(const char *name)
{
	for (size_t i = 0; evidence_drivers[i] != NULL; i++)
		if (strcmp(evidence_drivers[i]->name, name) == 0)
			return evidence_drivers[i];
	return NULL;
}
