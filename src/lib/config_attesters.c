/* SPDX-License-Identifier: Apache-2.0 */
/* "attesters" of a configuration: what this side attests with. */
#include "lib/config_attesters.h"

#include <stdlib.h>
#include <string.h>

#include "appraise/strict.h"
#include "lib/config_verifiers.h"
#include "lib/staple.h"

#define CONF_PAIRS 32
#define WHERE CONFIG_WHERE

/* A setting whose name says that it is a file. */
static bool
setting_is_file(const char *key, const char *value)
{
	static const char *const files[] = { "key", "subject_cert", "ak_chain",
		"event_log", "ima_log", "lock_dir", "dir", "socket", "ca",
		"token" };
	size_t n = strlen(key);

	/* The driver knows where the kernel shows its logs. */
	if (n > 4 && strcmp(key + n - 4, "_log") == 0 &&
	    strcmp(value, "default") == 0)
		return false;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (strcmp(files[i], key) == 0)
			return true;
	}
	return false;
}

/* Settings of a driver as pairs that end with NULL; values are in store. */
static int
attester_settings(const json_t *conf, const char *base_dir,
    const char *pairs[2 * CONF_PAIRS + 1], char *store[CONF_PAIRS],
    struct seal_diag *d)
{
	const char *key;
	json_t *value;
	size_t n = 0;
	int r;

	json_object_foreach((json_t *)(uintptr_t)conf, key, value)
	{
		const char *text = json_string_value(value);

		if (n == CONF_PAIRS)
			return config_type("conf", "fewer settings", d);
		if (text == NULL)
			return config_type(key, "a text value", d);
		if ((r = strict_path(
			 setting_is_file(key, text) ? base_dir : NULL, text,
			 &store[n], d)) != 0)
			return r;
		pairs[2 * n] = key;
		pairs[2 * n + 1] = store[n];
		n++;
	}
	return 0;
}

/* ---- One driver ---- */

/* {"driver": NAME, "conf": {…}}, whatever else stands there. */
static int
open_driver(const json_t *j, const char *base_dir, struct attester **ret,
    struct seal_diag *d)
{
	const char *driver = NULL, *pairs[2 * CONF_PAIRS + 1] = { NULL };
	const json_t *conf = json_object_get(j, "conf");
	char *store[CONF_PAIRS] = { NULL };
	struct conf_pair settings[CONF_PAIRS];
	struct conf all = { settings, 0 };
	int r;

	if ((r = strict_text(j, "driver", true, "attesters", &driver, d)) != 0)
		return r;
	if (conf != NULL && !json_is_object(conf))
		return config_type("conf", "an object", d);
	if ((r = attester_settings(conf, base_dir, pairs, store, d)) == 0) {
		for (; pairs[2 * all.n] != NULL; all.n++)
			settings[all.n] = (struct conf_pair){ pairs[2 * all.n],
				pairs[2 * all.n + 1] };
		r = attester_open(driver, &all, ret, d);
	}
	for (size_t i = 0; i < CONF_PAIRS; i++)
		free(store[i]);
	return r;
}

/* ---- Several that attest together ---- */

static int
open_member(const json_t *j, const char *base_dir, struct attester **ret,
    struct seal_diag *d)
{
	static const char *const keys[] = { "driver", "conf", NULL };
	int r = strict_object(j, keys, "members", d);

	return r != 0 ? r : open_driver(j, base_dir, ret, d);
}

/* The one whose key is attested stands first. */
static int
open_members(json_t *members, const char *subject, const char *base_dir,
    struct attester_part *parts, size_t *ret_n, struct seal_diag *d)
{
	const char *label;
	json_t *value;
	int r;

	for (int pass = 0; pass < 2; pass++)
		json_object_foreach(members, label, value)
		{
			struct attester_part *p = &parts[*ret_n];

			if ((strcmp(label, subject) == 0) != (pass == 0))
				continue;
			if (*ret_n == ATTESTER_PARTS_MAX)
				return config_type("members", "fewer", d);
			if ((p->label = strdup(label)) == NULL)
				return seal_fail(d, SEAL_E_MEMORY, WHERE);
			++*ret_n;
			if ((r = open_member(value, base_dir, &p->by, d)) != 0)
				return r;
		}
	return 0;
}

static int
open_staple(const json_t *j, const char *base_dir, struct attester_staple *ret,
    struct seal_diag *d)
{
	const char *name = NULL;
	char *path = NULL;
	int r;

	if ((r = strict_text(j, "staple", false, "attesters", &name, d)) != 0 ||
	    name == NULL)
		return r;
	if ((r = strict_path(base_dir, name, &path, d)) == 0)
		r = staple_open(path, ret, d);
	free(path);
	return r;
}

/* {"driver": "collection", "members": {LABEL: {driver, conf}…}, "subject":
 * LABEL, "staple": FOLDER or FILE or absent} */
static int
config_collection(struct seal_ctx *c, const json_t *j, const char *base_dir,
    struct seal_diag *d)
{
	static const char *const keys[] = { "driver", "members", "subject",
		"staple", "optional", NULL };
	struct attester_part parts[ATTESTER_PARTS_MAX] = { { NULL, NULL } };
	struct attester_staple staple = { .ctx = NULL };
	json_t *members = json_object_get(j, "members");
	const char *driver = NULL, *subject = NULL;
	struct attester *a = NULL;
	size_t n = 0;
	int r;

	if ((r = strict_object(j, keys, "attesters", d)) != 0 ||
	    (r = strict_text(j, "driver", true, "attesters", &driver, d)) !=
		0 ||
	    (r = strict_text(j, "subject", true, "attesters", &subject, d)) !=
		0)
		return r;
	if (strcmp(driver, "collection") != 0)
		return config_type("members", "driver collection beside it", d);
	if (json_object_get(members, subject) == NULL)
		return config_type("subject", "the label of a member", d);
	if ((r = open_staple(j, base_dir, &staple, d)) == 0 &&
	    (r = open_members(members, subject, base_dir, parts, &n, d)) == 0 &&
	    (r = attester_open_parts(parts, n, &staple, &a, d)) == 0 &&
	    (r = ctx_add_attester(c, a, d)) != 0)
		attester_free(&a);
	for (size_t i = 0; i < n; i++)
		attester_part_wipe(&parts[i]);
	if (staple.ctx != NULL)
		staple.close(staple.ctx);
	return r;
}

/* ---- Each of the list ---- */

/* One driver, alone or with what goes along. */
static int
open_one(const json_t *j, const char *base_dir, struct attester **ret,
    struct seal_diag *d)
{
	struct attester_staple staple = { .ctx = NULL };
	struct attester *a = NULL;
	int r;

	if ((r = open_staple(j, base_dir, &staple, d)) == 0)
		r = open_driver(j, base_dir, &a, d);
	if (r == 0 && staple.ctx != NULL) {
		r = attester_open_stapled(&a, &staple, ret, d);
	} else if (r == 0) {
		*ret = a;
		a = NULL;
	}
	attester_free(&a);
	if (staple.ctx != NULL)
		staple.close(staple.ctx);
	return r;
}

static int
apply_attester(struct seal_ctx *c, const json_t *j, const char *base_dir,
    struct seal_diag *d)
{
	static const char *const keys[] = { "driver", "conf", "staple",
		"passport", "optional", NULL };
	const json_t *passport = json_object_get(j, "passport");
	struct attester *a = NULL;
	bool optional = false;
	int r;

	if (json_is_object(j) && (r = strict_bool(j, "optional", false,
				      "attesters", &optional, d)) != 0)
		return r;
	if (json_object_get(j, "members") != NULL)
		return config_collection(c, j, base_dir, d);
	if ((r = strict_object(j, keys, "attesters", d)) == 0 &&
	    (r = open_one(j, base_dir, &a, d)) == 0 &&
	    (r = ctx_add_attester(c, a, d)) != 0)
		attester_free(&a);
	if (r == 0 && passport != NULL)
		r = config_passport(c, passport, c->n_attesters - 1, d);
	return r;
}

/* What this machine does not have, where the configuration says that it need
 * not: any other failure is one. */
static bool
is_missing(const json_t *j, int r)
{
	return r == SEAL_E_UNSUPPORTED &&
	       json_is_true(json_object_get(j, "optional"));
}

int
config_attesters(struct seal_ctx *c, const json_t *j, const char *base_dir,
    struct seal_diag *d)
{
	size_t before = c->n_attesters;
	int r = 0;

	if (!json_is_array(j))
		return config_type("attesters", "a list", d);
	for (size_t i = 0; r == 0 && i < json_array_size(j); i++) {
		const json_t *one = json_array_get(j, i);
		struct seal_diag why = { 0 };
		size_t n = c->n_attesters;

		r = apply_attester(c, one, base_dir, &why);
		if (c->n_attesters == n && is_missing(one, r))
			r = ctx_leave_out(c, why.text, &why);
		if (why.code != 0 && d != NULL)
			*d = why;
	}
	/* None is left, and what is said is what the last one lacks. */
	if (r == 0 && json_array_size(j) > 0 && c->n_attesters == before)
		return SEAL_E_UNSUPPORTED;
	if (r == 0 && d != NULL)
		*d = (struct seal_diag){ 0 };
	return r;
}
