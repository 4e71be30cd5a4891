/* SPDX-License-Identifier: Apache-2.0 */
#include "service/conf.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "service/query.h"

enum kind {
	K_TEXT,
	K_FILE,
	K_STORE,
	K_LIST,
	K_NAMES,
	K_PINS,
	K_NUMBER,
	K_STATUS
};

struct setting {
	const char *name;
	enum kind kind;
	size_t at; /* offset in struct service_conf */
	int64_t min, max;
	const char *fallback;
};
#define PIN_HEX 64
#define AT(member) offsetof(struct service_conf, member)

static const struct setting settings[] = {
	{ "listen", K_TEXT, AT(listen), .fallback = "127.0.0.1:8080" },
	{ "tls_cert", K_FILE, AT(tls_cert) },
	{ "tls_key", K_FILE, AT(tls_key) },
	{ "store", K_STORE, AT(store) },
	{ "id", K_TEXT, AT(id) },
	{ "key", K_FILE, AT(key) },
	{ "retired", K_LIST, AT(retired) },
	{ "policy", K_TEXT, AT(policy), .fallback = "default" },
	{ "anchors", K_FILE, AT(anchors) },
	{ "token_file", K_FILE, AT(token_file) },
	{ "client_ca", K_FILE, AT(client_ca) },
	{ "client_name", K_NAMES, AT(client_names) },
	{ "client_pin", K_PINS, AT(client_pins) },
	{ "ek_ca", K_FILE, AT(ek_ca) },
	{ "ak_ca_cert", K_FILE, AT(ak_ca_cert) },
	{ "ak_ca_key", K_FILE, AT(ak_ca_key) },
	{ "challenge_s", K_NUMBER, AT(challenge_s), 1, 3600, "120" },
	{ "ak_cert_s", K_NUMBER, AT(ak_cert_s), 60, 31536000, "86400" },
	{ "session_s", K_NUMBER, AT(session_s), 10, 3600, "150" },
	{ "result_s", K_NUMBER, AT(result_s), 30, 86400, "300" },
	{ "keep_days", K_NUMBER, AT(keep_days), 1, 3650, "90" },
	{ "keep_results", K_NUMBER, AT(keep_results), 100, 1000000000,
	    "1000000" },
	{ "sessions_per_address", K_NUMBER, AT(sessions_per_address), 1,
	    1000000000, "10000" },
	{ "threads", K_NUMBER, AT(threads), 1, 64, "4" },
	{ "connections", K_NUMBER, AT(connections), 4, 10000, "512" },
	{ "per_address", K_NUMBER, AT(per_address), 1, 10000, "256" },
	{ "request_s", K_NUMBER, AT(request_s), 1, 600, "20" },
	{ "status", K_STATUS, AT(status), .fallback = "loopback" },
};
#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

static const struct setting *
setting_find(const char *name)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (strcmp(settings[i].name, name) == 0)
			return &settings[i];
	return NULL;
}

/* ---- Values ---- */

static int
set_text(char **at, const char *value, struct seal_diag *d)
{
	char *copy = strdup(value);

	if (copy == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "configuration");
	free(*at);
	*at = copy;
	return 0;
}

static int
set_file(
    char **at, const char *value, const char *base_dir, struct seal_diag *d)
{
	char path[PATH_MAX];
	int n = base_dir == NULL || value[0] == '/'
		    ? snprintf(path, sizeof(path), "%s", value)
		    : snprintf(path, sizeof(path), "%s/%s", base_dir, value);

	if (n < 0 || (size_t)n >= sizeof(path))
		return seal_fail(d, SEAL_E_CONFIG, "file name too long");
	return set_text(at, path, d);
}

static int
set_status(enum status_to *at, const char *value, struct seal_diag *d)
{
	if (strcmp(value, "off") == 0)
		*at = STATUS_OFF;
	else if (strcmp(value, "loopback") == 0)
		*at = STATUS_LOOPBACK;
	else if (strcmp(value, "all") == 0)
		*at = STATUS_ALL;
	else
		return seal_fail(d, SEAL_E_CONFIG,
		    "status: expected off, loopback or all, found '%.40s'",
		    value);
	return 0;
}

static int
set_retired(struct service_conf *c, const char *value, const char *base_dir,
    struct seal_diag *d)
{
	int r;

	if (c->n_retired == CONF_RETIRED_MAX)
		return seal_fail(d, SEAL_E_LIMIT,
		    "retired: expected at most %d keys", CONF_RETIRED_MAX);
	if ((r = set_file(&c->retired[c->n_retired], value, base_dir, d)) == 0)
		c->n_retired++;
	return r;
}

static int
list_add(struct conf_list *l, const char *name, const char *value,
    struct seal_diag *d)
{
	int r;

	if (l->n == CONF_LIST_MAX)
		return seal_fail(d, SEAL_E_LIMIT, "%s: expected at most %d",
		    name, CONF_LIST_MAX);
	if ((r = set_text(&l->v[l->n], value, d)) == 0)
		l->n++;
	return r;
}

static int
add_pin(struct conf_list *l, const char *name, const char *value,
    struct seal_diag *d)
{
	if (strlen(value) == PIN_HEX && query_hex(span_str(value)))
		return list_add(l, name, value, d);
	seal_fail(d, SEAL_E_CONFIG,
	    "%s: expected %d hex digits in lower case, found '%.80s'", name,
	    PIN_HEX, value);
	seal_remedy(d, "openssl x509 -in CERT -pubkey -noout | openssl pkey "
		       "-pubin -outform DER | sha256sum");
	return SEAL_E_CONFIG;
}

static int
apply(struct service_conf *c, const struct setting *s, const char *value,
    const char *base_dir, struct seal_diag *d)
{
	char *at = (char *)c + s->at;
	void *to = at;

	switch (s->kind) {
	case K_FILE:
		return set_file(to, value, base_dir, d);
	case K_STORE:
		return strstr(value, "://") != NULL
			   ? set_text(to, value, d)
			   : set_file(to, value, base_dir, d);
	case K_LIST:
		return set_retired(c, value, base_dir, d);
	case K_NAMES:
		return list_add(to, s->name, value, d);
	case K_PINS:
		return add_pin(to, s->name, value, d);
	case K_NUMBER:
		return query_number(
		    span_str(value), s->name, s->min, s->max, to, d);
	case K_STATUS:
		return set_status(to, value, d);
	default:
		return set_text(to, value, d);
	}
}

int
conf_set(struct service_conf *c, const char *name, const char *value,
    const char *base_dir, struct seal_diag *d)
{
	const struct setting *s = setting_find(name);

	if (s == NULL) {
		seal_fail(d, SEAL_E_CONFIG,
		    "configuration: unknown setting '%.40s'", name);
		seal_remedy(d, "doc/verifier.md lists them");
		return SEAL_E_CONFIG;
	}
	if (value[0] == '\0')
		return seal_fail(
		    d, SEAL_E_CONFIG, "configuration: '%s' has no value", name);
	return apply(c, s, value, base_dir, d);
}

int
conf_init(struct service_conf *c, struct seal_diag *d)
{
	int r = 0;

	*c = (struct service_conf){ 0 };
	for (size_t i = 0; r == 0 && i < SETTINGS; i++)
		if (settings[i].fallback != NULL)
			r = apply(
			    c, &settings[i], settings[i].fallback, NULL, d);
	if (r != 0)
		conf_wipe(c);
	return r;
}

static void
list_wipe(struct conf_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
}

void
conf_wipe(struct service_conf *c)
{
	for (size_t i = 0; i < SETTINGS; i++) {
		const struct setting *s = &settings[i];
		void *at = (char *)c + s->at;

		if (s->kind == K_TEXT || s->kind == K_FILE ||
		    s->kind == K_STORE)
			free(*(char **)at);
	}
	for (size_t i = 0; i < c->n_retired; i++)
		free(c->retired[i]);
	list_wipe(&c->client_names);
	list_wipe(&c->client_pins);
	*c = (struct service_conf){ 0 };
}

/* ---- The file ---- */

static char *
trim(char *s)
{
	size_t n;

	s += strspn(s, " \t\r");
	for (n = strlen(s); n > 0 && strchr(" \t\r", s[n - 1]) != NULL; n--)
		s[n - 1] = '\0';
	return s;
}

static bool
is_list(const struct setting *s)
{
	return s->kind == K_LIST || s->kind == K_NAMES || s->kind == K_PINS;
}

/* One line; seen remembers which settings there were. */
static int
parse_line(struct service_conf *c, char *line, const char *base_dir,
    bool seen[SETTINGS], struct seal_diag *d)
{
	char *equals, *name, *value;
	const struct setting *s;

	line = trim(line);
	if (line[0] == '\0' || line[0] == '#')
		return 0;
	if ((equals = strchr(line, '=')) == NULL)
		return seal_fail(d, SEAL_E_CONFIG,
		    "configuration: expected `name = value`, found '%.40s'",
		    line);
	*equals = '\0';
	name = trim(line);
	value = trim(equals + 1);
	s = setting_find(name);
	if (s != NULL && !is_list(s) && seen[s - settings])
		return seal_fail(
		    d, SEAL_E_CONFIG, "configuration: '%s' twice", name);
	if (s != NULL)
		seen[s - settings] = true;
	return conf_set(c, name, value, base_dir, d);
}

int
conf_parse(struct service_conf *c, struct span text, const char *base_dir,
    struct seal_diag *d)
{
	bool seen[SETTINGS] = { false };
	char *copy, *line, *rest;
	int r = 0;

	if (text.n > LIMIT_JSON || memchr(text.p, 0, text.n) != NULL)
		return seal_fail(d, SEAL_E_CONFIG,
		    "configuration: expected text of at most %u bytes",
		    LIMIT_JSON);
	if ((copy = strndup((const char *)text.p, text.n)) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "configuration");
	rest = copy;
	while (r == 0 && (line = strsep(&rest, "\n")) != NULL)
		r = parse_line(c, line, base_dir, seen, d);
	free(copy);
	return r;
}

int
conf_load(struct service_conf *c, const char *path, struct seal_diag *d)
{
	char dir[PATH_MAX];
	uint8_t *text = NULL;
	size_t n = 0;
	char *slash;
	int r;

	if ((r = file_read(path, LIMIT_JSON, &text, &n, d)) != 0)
		return r;
	snprintf(dir, sizeof(dir), "%s", path);
	if ((slash = strrchr(dir, '/')) != NULL)
		*slash = '\0';
	r = conf_parse(c, span_of(text, n), slash == NULL ? NULL : dir, d);
	free(text);
	return r;
}

/* ---- Checks ---- */

static bool
listens_on_loopback(const char *listen)
{
	const char *colon = strrchr(listen, ':');

	/* A port alone listens on loopback (cli/net.h has the same rule). */
	return colon == NULL || colon == listen ||
	       strncmp(listen, "127.", 4) == 0 ||
	       strncmp(listen, "[::1]:", 6) == 0 ||
	       strncmp(listen, "localhost:", 10) == 0;
}

static int
missing(const char *name, const char *why, struct seal_diag *d)
{
	seal_fail(
	    d, SEAL_E_CONFIG, "configuration: expected '%s', found none", name);
	seal_remedy(d, "%s", why);
	return SEAL_E_CONFIG;
}

/* A CA certifies many: which of them may provision is always said. */
static int
check_clients(const struct service_conf *c, struct seal_diag *d)
{
	size_t n = c->client_names.n + c->client_pins.n;

	if (c->client_ca == NULL && n > 0)
		return missing("client_ca",
		    "client_name and client_pin say who "
		    "of its certificates may",
		    d);
	if (c->client_ca == NULL)
		return 0;
	if (n == 0)
		return missing("client_name' or 'client_pin",
		    "say which of the CA's certificates may provision", d);
	if (c->tls_cert == NULL)
		return missing("tls_cert", "client certificates need TLS", d);
	return 0;
}

/* On or off, and nothing in between. */
static int
check_enrolment(const struct service_conf *c, struct seal_diag *d)
{
	if (c->ek_ca == NULL && c->ak_ca_cert == NULL && c->ak_ca_key == NULL)
		return 0;
	if (c->ek_ca == NULL)
		return missing("ek_ca", "whose EK certificates are taken", d);
	if (c->ak_ca_cert == NULL || c->ak_ca_key == NULL)
		return missing(
		    c->ak_ca_cert == NULL ? "ak_ca_cert" : "ak_ca_key",
		    "enrolment needs a CA that certifies AKs, and its key", d);
	return 0;
}

int
conf_check(const struct service_conf *c, struct seal_diag *d)
{
	char name[STORE_NAME_MAX];
	int r;

	if (c->store == NULL)
		return missing("store", "a file name, or postgres://…", d);
	if ((r = query_name(span_str(c->policy), name, d)) != 0)
		return r;
	if (c->key == NULL)
		return missing("key",
		    "make one: openssl genpkey -algorithm EC -pkeyopt "
		    "ec_paramgen_curve:P-256 -out results.key",
		    d);
	if (c->id == NULL)
		return missing("id", "a name for this verifier, as a URL", d);
	if ((c->tls_cert == NULL) != (c->tls_key == NULL))
		return missing(c->tls_cert == NULL ? "tls_cert" : "tls_key",
		    "a certificate and its key belong together", d);
	if (c->tls_cert == NULL && !listens_on_loopback(c->listen)) {
		seal_fail(d, SEAL_E_CONFIG,
		    "listen '%s': expected loopback, or tls_cert and tls_key",
		    c->listen);
		seal_remedy(d, "plain HTTP never leaves this machine");
		return SEAL_E_CONFIG;
	}
	if ((r = check_clients(c, d)) != 0)
		return r;
	return check_enrolment(c, d);
}
