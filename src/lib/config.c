/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "appraise/strict.h"
#include "base/file.h"
#include "lib/config_attesters.h"
#include "lib/config_verifiers.h"
#include "tls/datagram.h"

#define WHERE CONFIG_WHERE

/* One key of the configuration: how its value gets into a context. */
struct config_key {
	const char *name;
	int (*apply)(struct seal_ctx *c, const json_t *value,
	    const char *base_dir, struct seal_diag *d);
};

int
config_type(const char *key, const char *expected, struct seal_diag *d)
{
	return seal_fail(
	    d, SEAL_E_CONFIG, WHERE ": '%s': expected %s", key, expected);
}

/* ---- What else is no plain value ---- */

static int
apply_policy(struct seal_ctx *c, const json_t *j, const char *base_dir,
    struct seal_diag *d)
{
	char *path = NULL;
	int r;

	if (!json_is_string(j))
		return config_type("policy", "a file name", d);
	if ((r = strict_path(base_dir, json_string_value(j), &path, d)) == 0)
		r = seal_ctx_require_peer(c, path, d);
	free(path);
	return r;
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
apply_deadlines(struct seal_ctx *c, const json_t *j, const char *base_dir,
    struct seal_diag *d)
{
	static const char where[] = WHERE ": deadlines_ms";
	static const char *const keys[] = { "attest", "answer", "spacing",
		NULL };
	int r;

	(void)base_dir;
	if ((r = strict_object(j, keys, where, d)) != 0 ||
	    (r = strict_uint(j, "attest", false, 100, 600000, where,
		 &c->attest_ms, d)) != 0 ||
	    (r = strict_uint(j, "answer", false, 100, 600000, where,
		 &c->answer_ms, d)) != 0)
		return r;
	return strict_uint(
	    j, "spacing", false, 0, 600000, where, &c->spacing_ms, d);
}

static int
apply_handshakes(struct seal_ctx *c, const json_t *j, const char *base_dir,
    struct seal_diag *d)
{
	static const char where[] = WHERE ": handshakes";
	static const char *const keys[] = { "per_source", "total", NULL };
	int r;

	(void)base_dir;
	if ((r = strict_object(j, keys, where, d)) != 0 ||
	    (r = strict_uint(j, "per_source", false, 1, CTX_WAITS_MAX, where,
		 &c->waits_per_source, d)) != 0)
		return r;
	return strict_uint(
	    j, "total", false, 1, CTX_WAITS_MAX, where, &c->waits_total, d);
}

/* Applied in this order, whatever the file's. */
static const struct config_key config_keys[] = {
	{ "verifiers", config_verifiers },
	{ "attesters", config_attesters },
	{ "policy", apply_policy },
	{ "identity", apply_identity },
	{ "alpn", apply_alpn },
	{ "deadlines_ms", apply_deadlines },
	{ "handshakes", apply_handshakes },
};

static const char *const config_names[] = { "verifiers", "attesters", "policy",
	"identity", "alpn", "deadlines_ms", "handshakes", "require",
	"reveal_after_peer", "lease_floor_s", "cmw_extension",
	"intra_extension", "mode", "mtu", NULL };

static int
config_mode(struct seal_ctx *c, const json_t *j, struct seal_diag *d)
{
	static const char *const modes[] = { [MODE_POST] = "post",
		[MODE_INTRA] = "intra",
		[MODE_BOTH] = "both" };
	const char *text = NULL;
	int r;

	if ((r = strict_text(j, "mode", false, WHERE, &text, d)) != 0 ||
	    text == NULL)
		return r;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(modes[i], text) == 0) {
			c->mode = (enum ctx_mode)i;
			return 0;
		}
	}
	return config_type("mode", "post, intra or both", d);
}

/* The plain values; the policy that `require` speaks of has been read. */
static int
config_values(struct seal_ctx *c, const json_t *j, struct seal_diag *d)
{
	bool require = c->require, reveal = false;
	uint32_t extension = c->cmw_type, intra = c->intra_type;
	int r;

	if ((r = strict_bool(j, "require", false, WHERE, &require, d)) != 0 ||
	    (r = strict_bool(
		 j, "reveal_after_peer", false, WHERE, &reveal, d)) != 0 ||
	    (r = strict_uint(j, "lease_floor_s", false, 1, 86400, WHERE,
		 &c->lease_floor_s, d)) != 0 ||
	    (r = strict_uint(j, "mtu", false, DATAGRAM_MTU_MIN,
		 DATAGRAM_MTU_MAX, WHERE, &c->mtu, d)) != 0 ||
	    (r = strict_uint(j, "cmw_extension", false, 1, 65535, WHERE,
		 &extension, d)) != 0 ||
	    (r = strict_uint(j, "intra_extension", false, 1, 65535, WHERE,
		 &intra, d)) != 0 ||
	    (r = config_mode(c, j, d)) != 0)
		return r;
	if (json_object_get(j, "require") != NULL && c->policy == NULL)
		return config_type("require", "a policy beside it", d);
	c->require = require;
	if (json_object_get(j, "reveal_after_peer") != NULL)
		c->reveal_after_peer = reveal;
	c->cmw_type = (uint16_t)extension;
	c->intra_type = (uint16_t)intra;
	return 0;
}

static int
config_apply(struct seal_ctx *c, const json_t *j, const char *base_dir,
    struct seal_diag *d)
{
	int r;

	if ((r = strict_object(j, config_names, WHERE, d)) != 0)
		return r;
	for (size_t i = 0; i < sizeof(config_keys) / sizeof(config_keys[0]);
	     i++) {
		const struct config_key *k = &config_keys[i];
		const json_t *value = json_object_get(j, k->name);

		if (value != NULL && (r = k->apply(c, value, base_dir, d)) != 0)
			return r;
	}
	return config_values(c, j, d);
}

static int
config_load(struct seal_ctx *c, struct span json, const char *base_dir,
    struct seal_diag *d)
{
	json_t *j = NULL;
	int r;

	if ((r = ctx_mutable(c, d)) != 0 ||
	    (r = strict_load(json, WHERE, &j, d)) != 0)
		return r;
	r = config_apply(c, j, base_dir, d);
	json_decref(j);
	return r;
}

int
seal_ctx_load(struct seal_ctx *c, const char *json, const char *base_dir,
    struct seal_diag *d)
{
	return config_load(c, span_str(json), base_dir, d);
}

int
seal_ctx_load_file(struct seal_ctx *c, const char *path, struct seal_diag *d)
{
	uint8_t *text = NULL;
	char *dir = NULL;
	size_t n = 0;
	int r;

	if ((r = file_read(path, LIMIT_JSON, &text, &n, d)) != 0)
		return r;
	if ((dir = file_folder(path)) == NULL)
		r = seal_fail(d, SEAL_E_MEMORY, WHERE);
	else if ((r = config_load(c, span_of(text, n), dir, d)) != 0)
		seal_fail_in(d, r, path);
	free(dir);
	free(text);
	return r;
}
