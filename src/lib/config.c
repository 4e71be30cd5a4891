/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "lib/config_verifiers.h"

#define CONF_PAIRS 32

/* One key of the configuration: how its value gets into a context. */
struct config_key {
	const char *name;
	int (*apply)(struct seal_ctx *c, const json_t *value,
	    const char *base_dir, struct seal_diag *d);
};

static int
config_type(const char *key, const char *expected, struct seal_diag *d)
{
	return seal_fail(d, SEAL_E_CONFIG, "configuration: '%s': expected %s",
	    key, expected);
}

/* Joins a file name with the folder of the file it was found in. */
static int
config_path(const char *base_dir, const char *name, char ret[PATH_MAX],
    struct seal_diag *d)
{
	int n = name[0] == '/' || base_dir == NULL
		    ? snprintf(ret, PATH_MAX, "%s", name)
		    : snprintf(ret, PATH_MAX, "%s/%s", base_dir, name);

	if (n < 0 || n >= PATH_MAX)
		return seal_fail(d, SEAL_E_CONFIG, "file name too long");
	return 0;
}

/* A setting whose name says that it is a file. */
static bool
setting_is_file(const char *key, const char *value)
{
	static const char *const files[] = { "key", "subject_cert", "ak_chain",
		"event_log", "lock_dir" };

	/* The driver knows where the kernel shows it. */
	if (strcmp(key, "event_log") == 0 && strcmp(value, "default") == 0)
		return false;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (strcmp(files[i], key) == 0)
			return true;
	}
	return false;
}

/* Settings of a driver as pairs; texts are copied into store. */
static int
attester_settings(const json_t *conf, const char *base_dir, const char **pairs,
    char (*store)[PATH_MAX], struct seal_diag *d)
{
	const char *key;
	json_t *value;
	size_t n = 0;
	int r = 0;

	json_object_foreach((json_t *)(uintptr_t)conf, key, value)
	{
		if (n == CONF_PAIRS)
			return config_type("conf", "fewer settings", d);
		if (!json_is_string(value))
			return config_type(key, "a text value", d);
		r = setting_is_file(key, json_string_value(value))
			? config_path(
			      base_dir, json_string_value(value), store[n], d)
			: config_path(
			      NULL, json_string_value(value), store[n], d);
		if (r != 0)
			return r;
		pairs[2 * n] = key;
		pairs[2 * n + 1] = store[n];
		n++;
	}
	pairs[2 * n] = NULL;
	return 0;
}

static int
apply_attester(struct seal_ctx *c, const json_t *j, const char *base_dir,
    struct seal_diag *d)
{
	const char *driver = json_string_value(json_object_get(j, "driver"));
	const json_t *conf = json_object_get(j, "conf");
	const json_t *passport = json_object_get(j, "passport");
	const char *pairs[2 * CONF_PAIRS + 1] = { NULL };
	char(*store)[PATH_MAX];
	int r;

	if (driver == NULL || (conf != NULL && !json_is_object(conf)) ||
	    json_object_size(j) != 1u + (conf != NULL) + (passport != NULL))
		return config_type("attesters",
		    "objects {\"driver\": NAME, \"conf\": {…}, \"passport\": "
		    "{…}}",
		    d);
	if ((store = calloc(CONF_PAIRS, sizeof(*store))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "configuration");
	if ((r = attester_settings(conf, base_dir, pairs, store, d)) == 0)
		r = seal_ctx_add_attester(c, driver, pairs, d);
	if (r == 0 && passport != NULL)
		r = config_passport(c, passport, c->n_attesters - 1, d);
	free(store);
	return r;
}

static int
apply_attesters(struct seal_ctx *c, const json_t *j, const char *base_dir,
    struct seal_diag *d)
{
	int r = 0;

	if (!json_is_array(j))
		return config_type("attesters", "a list", d);
	for (size_t i = 0; r == 0 && i < json_array_size(j); i++)
		r = apply_attester(c, json_array_get(j, i), base_dir, d);
	return r;
}

static int
apply_policy(struct seal_ctx *c, const json_t *j, const char *base_dir,
    struct seal_diag *d)
{
	char path[PATH_MAX];
	int r;

	if (!json_is_string(j))
		return config_type("policy", "a file name", d);
	if ((r = config_path(base_dir, json_string_value(j), path, d)) != 0)
		return r;
	return seal_ctx_require_peer(c, path, d);
}

static int
apply_require(struct seal_ctx *c, const json_t *j, const char *base_dir,
    struct seal_diag *d)
{
	(void)base_dir;
	if (!json_is_boolean(j))
		return config_type("require", "true or false", d);
	if (c->policy == NULL)
		return config_type("require", "a policy beside it", d);
	c->require = json_is_true(j);
	return 0;
}

static int
apply_identity(struct seal_ctx *c, const json_t *j, const char *base_dir,
    struct seal_diag *d)
{
	identity_wipe(&c->identity);
	return identity_parse(j, base_dir, &c->identity, d);
}

static int
apply_alpn(struct seal_ctx *c, const json_t *j, const char *base_dir,
    struct seal_diag *d)
{
	(void)base_dir;
	if (!json_is_array(j))
		return config_type("alpn", "a list of names", d);
	for (size_t i = 0; i < json_array_size(j); i++) {
		const char *name = json_string_value(json_array_get(j, i));
		int r = name == NULL ? config_type("alpn", "text", d)
				     : seal_ctx_alpn(c, &name, 1, d);

		if (r != 0)
			return r;
	}
	return 0;
}

static int
apply_reveal(struct seal_ctx *c, const json_t *j, const char *base_dir,
    struct seal_diag *d)
{
	(void)base_dir;
	if (!json_is_boolean(j))
		return config_type("reveal_after_peer", "true or false", d);
	c->reveal_after_peer = json_is_true(j);
	return 0;
}

static int
config_u32(const json_t *j, const char *key, json_int_t min, json_int_t max,
    uint32_t *ret, struct seal_diag *d)
{
	json_int_t v = json_integer_value(j);

	if (!json_is_integer(j) || v < min || v > max)
		return seal_fail(d, SEAL_E_CONFIG,
		    "configuration: '%s': expected a number from %lld to %lld",
		    key, (long long)min, (long long)max);
	*ret = (uint32_t)v;
	return 0;
}

static int
apply_deadlines(struct seal_ctx *c, const json_t *j, const char *base_dir,
    struct seal_diag *d)
{
	const char *key;
	json_t *value;
	int r = 0;

	(void)base_dir;
	if (!json_is_object(j))
		return config_type("deadlines_ms", "an object", d);
	json_object_foreach((json_t *)(uintptr_t)j, key, value)
	{
		if (strcmp(key, "attest") == 0)
			r = config_u32(
			    value, key, 100, 600000, &c->attest_ms, d);
		else if (strcmp(key, "answer") == 0)
			r = config_u32(
			    value, key, 100, 600000, &c->answer_ms, d);
		else if (strcmp(key, "spacing") == 0)
			r = config_u32(
			    value, key, 0, 600000, &c->spacing_ms, d);
		else
			r = seal_fail(d, SEAL_E_CONFIG,
			    "configuration: deadlines_ms: unknown key '%s'; "
			    "expected attest, answer or spacing",
			    key);
		if (r != 0)
			return r;
	}
	return 0;
}

static int
apply_lease_floor(struct seal_ctx *c, const json_t *j, const char *base_dir,
    struct seal_diag *d)
{
	(void)base_dir;
	return config_u32(j, "lease_floor_s", 1, 86400, &c->lease_floor_s, d);
}

static int
apply_extension(struct seal_ctx *c, const json_t *j, const char *base_dir,
    struct seal_diag *d)
{
	uint32_t v = 0;
	int r;

	(void)base_dir;
	if ((r = config_u32(j, "cmw_extension", 1, 65535, &v, d)) == 0)
		c->cmw_type = (uint16_t)v;
	return r;
}

/* Applied in this order, whatever the file's. */
static const struct config_key config_keys[] = {
	{ "verifiers", config_verifiers },
	{ "attesters", apply_attesters },
	{ "policy", apply_policy },
	{ "require", apply_require },
	{ "identity", apply_identity },
	{ "alpn", apply_alpn },
	{ "reveal_after_peer", apply_reveal },
	{ "deadlines_ms", apply_deadlines },
	{ "lease_floor_s", apply_lease_floor },
	{ "cmw_extension", apply_extension },
};
#define CONFIG_KEYS (sizeof(config_keys) / sizeof(config_keys[0]))

static int
config_known(const char *name, struct seal_diag *d)
{
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		if (strcmp(config_keys[i].name, name) == 0)
			return 0;
	}
	seal_fail(d, SEAL_E_CONFIG, "configuration: unknown key '%.40s'", name);
	seal_remedy(d, "the keys are listed in doc/config.schema.json");
	return SEAL_E_CONFIG;
}

static int
config_apply(struct seal_ctx *c, const json_t *j, const char *base_dir,
    struct seal_diag *d)
{
	const char *key;
	json_t *value;
	int r = 0;

	if (!json_is_object(j))
		return seal_fail(
		    d, SEAL_E_CONFIG, "configuration: expected a JSON object");
	json_object_foreach((json_t *)(uintptr_t)j, key, value)
	{
		if ((r = config_known(key, d)) != 0)
			return r;
	}
	for (size_t i = 0; r == 0 && i < CONFIG_KEYS; i++) {
		if ((value = json_object_get(j, config_keys[i].name)) != NULL)
			r = config_keys[i].apply(c, value, base_dir, d);
	}
	return r;
}

int
seal_ctx_load(struct seal_ctx *c, const char *json, const char *base_dir,
    struct seal_diag *d)
{
	json_error_t at;
	json_t *j;
	int r;

	if ((r = ctx_mutable(c, d)) != 0)
		return r;
	if (strlen(json) > LIMIT_JSON)
		return seal_fail(d, SEAL_E_LIMIT,
		    "configuration: larger than %u bytes", LIMIT_JSON);
	if ((j = json_loads(json, JSON_REJECT_DUPLICATES, &at)) == NULL)
		return seal_fail(d, SEAL_E_CONFIG, "configuration: line %d: %s",
		    at.line, at.text);
	r = config_apply(c, j, base_dir, d);
	json_decref(j);
	return r;
}

int
seal_ctx_load_file(struct seal_ctx *c, const char *path, struct seal_diag *d)
{
	char dir[PATH_MAX];
	uint8_t *text = NULL;
	size_t n = 0;
	char *slash;
	int r;

	if ((r = config_path(NULL, path, dir, d)) != 0 ||
	    (r = file_read(path, LIMIT_JSON, &text, &n, d)) != 0)
		return r;
	if ((slash = strrchr(dir, '/')) != NULL)
		*slash = '\0';
	if (strlen((char *)text) != n)
		r = seal_fail(d, SEAL_E_CONFIG,
		    "configuration '%s': contains a NUL byte", path);
	else
		r = seal_ctx_load(
		    c, (char *)text, slash != NULL ? dir : NULL, d);
	free(text);
	return r;
}
