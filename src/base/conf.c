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
