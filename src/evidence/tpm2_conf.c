/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/tpm2.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int
dup_text(const char *text, char **ret, struct seal_diag *d)
{
	if (text == NULL)
		return 0;
	if ((*ret = strdup(text)) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "tpm2");
	return 0;
}

int
tpm2_conf_dup(const struct conf *conf, const char *key, const char *fallback,
    char **ret, struct seal_diag *d)
{
	return dup_text(conf_get(conf, key, fallback), ret, d);
}

int
tpm2_conf_log(const struct conf *conf, const char *key, const char *fallback,
    char **ret, struct seal_diag *d)
{
	const char *text = conf_get(conf, key, NULL);

	if (text != NULL && strcmp(text, "default") == 0)
		text = fallback;
	return dup_text(text, ret, d);
}

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
