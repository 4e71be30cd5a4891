/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include "base/diag.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A driver's settings: flat text pairs, already read from the configuration
 * and checked against the driver's list of known keys. File names in it are
 * absolute or relative to the process's working directory.
 */
struct conf_pair {
	const char *key, *value;
};

struct conf {
	const struct conf_pair *pairs;
	size_t n;
};

/* The value of key, or fallback. */
const char *conf_get(
    const struct conf *conf, const char *key, const char *fallback);
/* One that is "yes" (also where it is absent) or "no"; of driver, for
 * messages. */
int conf_yes(const struct conf *conf, const char *driver, const char *key,
    bool *ret, struct seal_diag *d);

#endif
