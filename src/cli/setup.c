/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/setup.h"

#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "cli/out.h"

#define SETTINGS_MAX 32 /* of one attester */
#define PIECE_MAX 8192u /* bytes of configuration that an option makes */

/* ---- --attest ---- */

/* Cuts "KEY=VALUE;KEY=VALUE" in place into pairs that end with NULL. */
static bool
split_settings(char *text, const char *pairs[2 * SETTINGS_MAX + 1])
{
	char *rest = NULL;
	size_t n = 0;

	for (char *s = strtok_r(text, ";", &rest); s != NULL;
	     s = strtok_r(NULL, ";", &rest)) {
		char *value = strchr(s, '=');

		if (value == NULL || value == s || n == SETTINGS_MAX)
			return false;
		*value = '\0';
		pairs[2 * n] = s;
		pairs[2 * n + 1] = value + 1;
		n++;
	}
	pairs[2 * n] = NULL;
	return true;
}

static int
add_attester(struct seal_ctx *c, const char *spec, struct seal_diag *d)
{
	const char *pairs[2 * SETTINGS_MAX + 1] = { NULL };
	char *text = strdup(spec), *settings;
	int r;

	if (text == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "--attest");
	if ((settings = strchr(text, ':')) != NULL)
		*settings++ = '\0';
	if (settings == NULL || split_settings(settings, pairs)) {
		r = seal_ctx_add_attester(c, text, pairs, d);
	} else {
		r = seal_fail(d, SEAL_E_CONFIG,
		    "--attest: expected DRIVER[:KEY=VALUE[;KEY=VALUE]...], "
		    "found '%s'",
		    spec);
		seal_remedy(d, "for example 'tpm2:pcrs=sha256:0-7'; put "
			       "quotes around it");
	}
	free(text);
	return r;
}

/* ---- --ca and --pin: the identity rule of a configuration ---- */

static void
write_identity(const struct setup *s, struct wr *w)
{
	if (s->ca != NULL) {
		wr_printf(w, "{\"identity\":{\"mode\":\"pkix\",\"ca\":");
		out_json_text(w, s->ca);
		wr_printf(w, "}}");
		return;
	}
	wr_printf(w, "{\"identity\":{\"mode\":\"pin\",\"spki_sha256\":[");
	for (size_t i = 0; i < s->pin.n; i++) {
		wr_printf(w, i > 0 ? "," : "");
		out_json_text(w, s->pin.values[i]);
	}
	wr_printf(w, "]}}");
}

/* What an option means, as a piece of configuration; frees w. */
static int
load_piece(
    struct seal_ctx *c, const char *option, struct wr *w, struct seal_diag *d)
{
	char *json = NULL;
	int r = wr_take_text(w, &json);

	if (r == 0)
		r = seal_ctx_load(c, json, NULL, d);
	else
		seal_fail(d, r, "%s: too long", option);
	free(json);
	wr_free(w);
	return r;
}

static int
set_identity(const struct setup *s, struct seal_ctx *c, struct seal_diag *d)
{
	struct wr w;

	if (s->ca == NULL && s->pin.n == 0)
		return 0;
	if (s->policy != NULL || (s->ca != NULL && s->pin.n > 0)) {
		seal_fail(d, SEAL_E_CONFIG,
		    "--ca, --pin, --policy: expected one of them, found more");
		seal_remedy(d, "a policy says itself who the peer must be: "
			       "see its \"identity\"");
		return SEAL_E_CONFIG;
	}
	wr_init_heap(&w, PIECE_MAX);
	write_identity(s, &w);
	return load_piece(c, "--ca, --pin", &w, d);
}

/* ---- --mode ---- */

static int
set_mode(const struct setup *s, struct seal_ctx *c, struct seal_diag *d)
{
	struct wr w;

	wr_init_heap(&w, PIECE_MAX);
	wr_printf(&w, "{\"mode\":");
	out_json_text(&w, s->mode);
	wr_printf(&w, "}");
	return load_piece(c, "--mode", &w, d);
}

/* ---- The whole ---- */

static int
fill(const struct setup *s, struct seal_ctx *c, struct seal_diag *d)
{
	int r = 0;

	if (s->config != NULL)
		r = seal_ctx_load_file(c, s->config, d);
	for (size_t i = 0; r == 0 && i < s->attest.n; i++)
		r = add_attester(c, s->attest.values[i], d);
	if (r == 0 && s->policy != NULL)
		r = seal_ctx_require_peer(c, s->policy, d);
	if (r == 0)
		r = set_identity(s, c, d);
	if (r == 0 && s->mode != NULL)
		r = set_mode(s, c, d);
	if (r == 0 && s->alpn.n > 0)
		r = seal_ctx_alpn(c, s->alpn.values, s->alpn.n, d);
	return r;
}

int
setup_ctx(const struct setup *s, struct seal_ctx **ret, struct seal_diag *d)
{
	struct seal_ctx *c = seal_ctx_new();
	int r;

	if (c == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "context");
	if ((r = fill(s, c, d)) == 0) {
		*ret = c;
		c = NULL;
	}
	seal_ctx_free(&c);
	return r;
}

int
setup_endpoint(const struct setup *s, struct seal_ctx *ctx, enum seal_role role,
    struct seal_endpoint **ret, struct seal_diag *d)
{
	struct seal_tls_args args = {
		.role = role,
		.cert_file = s->cert,
		.key_file = s->key,
		.peer_name = s->name,
		.udp = s->udp,
	};

	return seal_endpoint_new(ctx, &args, ret, d);
}
