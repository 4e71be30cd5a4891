/* SPDX-License-Identifier: Apache-2.0 */
#include "base/conf.h"

#include <string.h>

const char *
conf_get(const struct conf *conf, const char *key, const char *fallback)
{
	for (size_t i = 0; conf != NULL && i < conf->n; i++) {
		if (strcmp(conf->pairs[i].key, key) == 0)
			return conf->pairs[i].value;
	}
	return fallback;
}

int
conf_yes(const struct conf *conf, const char *driver, const char *key,
    bool *ret, struct seal_diag *d)
{
	const char *text = conf_get(conf, key, "yes");

	*ret = strcmp(text, "yes") == 0;
	return *ret || strcmp(text, "no") == 0
		   ? 0
		   : seal_fail(d, SEAL_E_CONFIG,
			 "%s: %s: expected yes or no, found '%.40s'", driver,
			 key, text);
}
