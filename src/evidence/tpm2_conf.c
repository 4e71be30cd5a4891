/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/tpm2.h"

#include <errno.h>
#include <stdlib.h>

int
tpm2_conf_handle(const struct conf *conf, const char *key, uint32_t fallback,
    uint32_t *ret, struct seal_diag *d)
{
	const char *text = conf_get(conf, key, NULL);
	char *end = NULL;
	unsigned long v;

	if (text == NULL) {
		*ret = fallback;
		return 0;
	}
	errno = 0;
	v = strtoul(text, &end, 0);
	if (errno != 0 || end == text || *end != '\0' || v >> 24 != 0x81) {
		seal_fail(d, SEAL_E_CONFIG,
		    "tpm2: %s '%s': not a persistent handle", key, text);
		seal_remedy(d, "persistent handles are 0x81000000 to "
			       "0x81ffffff");
		return SEAL_E_CONFIG;
	}
	*ret = (uint32_t)v;
	return 0;
}
