/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "crypto/guard.h"
#include "crypto/hash.h"
#include "remote/http_parts.h"

/*
 * The client at rest: what it may connect to, and the handles that keep its
 * connections. A handle is used by one thread at a time and holds its own
 * connections, so reuse needs no sharing between threads inside libcurl.
 */
#define METADATA "169.254.169.254"
#define HTTP_IDLE 8u /* handles kept for reuse */

struct http {
	char *url, *ca_file, *cert_file, *key_file, *token_file, *unix_socket;
	bool plain;
	pthread_mutex_t lock; /* guards idle */
	CURL *idle[HTTP_IDLE];
	size_t n_idle;
};

static int
url_refuse(const char *url, const char *expected, const char *remedy,
    struct seal_diag *d)
{
	char shown[128];

	seal_fail(d, SEAL_E_CONFIG, "url '%s': expected %s",
	    text_safe(span_str(url), shown, sizeof(shown)), expected);
	seal_remedy(d, "%s", remedy);
	return SEAL_E_CONFIG;
}

/* libcurl resolves "localhost" to loopback by itself. */
static bool
host_is_loopback(const char *host)
{
	uint8_t address[4];

	if (strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, host, address) == 1 && address[0] == 127;
}

/* Where may plain http go? */
static bool
plain_allowed(const struct http_conf *conf, const char *host)
{
	return conf->unix_socket != NULL ||
	       (conf->plain_loopback && host_is_loopback(host)) ||
	       (conf->plain_metadata && strcmp(host, METADATA) == 0);
}

static char *
url_part(CURLU *u, CURLUPart part)
{
	char *text = NULL;

	return curl_url_get(u, part, &text, 0) == CURLUE_OK ? text : NULL;
}

static bool
url_has(CURLU *u, CURLUPart part)
{
	char *text = url_part(u, part);
	bool has = text != NULL;

	curl_free(text);
	return has;
}

static int
url_scheme_check(CURLU *u, const char *url, const struct http_conf *conf,
    struct seal_diag *d)
{
	char *scheme = url_part(u, CURLUPART_SCHEME);
	char *host = url_part(u, CURLUPART_HOST);
	int r = 0;

	if (scheme == NULL || host == NULL)
		r = url_refuse(
		    url, "https://host[:port][/path]", "write it whole", d);
	else if (strcmp(scheme, "http") == 0 && !plain_allowed(conf, host))
		r = url_refuse(url, "https://",
		    "plain http works to loopback alone, with 'plain_http'", d);
	else if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
		r = url_refuse(url, "https://", "use https", d);
	curl_free(scheme);
	curl_free(host);
	return r;
}

static int
url_check(const char *url, const struct http_conf *conf, struct seal_diag *d)
{
	CURLU *u;
	int r;

	if (strlen(url) >= HTTP_URL_MAX / 2)
		return url_refuse("", "a shorter one", "shorten it", d);
	if ((u = curl_url()) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "url");
	if (curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK)
		r = url_refuse(
		    url, "https://host[:port][/path]", "write it whole", d);
	else if (url_has(u, CURLUPART_USER) || url_has(u, CURLUPART_PASSWORD))
		r = url_refuse(url, "no user and no password",
		    "put a bearer token into a file: 'token'", d);
	else if (url_has(u, CURLUPART_QUERY) || url_has(u, CURLUPART_FRAGMENT))
		r = url_refuse(url, "no query and no fragment",
		    "leave out what follows ? or #", d);
	else
		r = url_scheme_check(u, url, conf, d);
	curl_url_cleanup(u);
	return r;
}

static int
copy(const char *text, char **ret)
{
	if (text == NULL)
		return 0;
	return (*ret = strdup(text)) == NULL ? SEAL_E_MEMORY : 0;
}

static int
conf_copy(struct http *h, const char *url, const struct http_conf *conf,
    struct seal_diag *d)
{
	size_t n;

	if (copy(url, &h->url) != 0 || copy(conf->ca_file, &h->ca_file) != 0 ||
	    copy(conf->cert_file, &h->cert_file) != 0 ||
	    copy(conf->key_file, &h->key_file) != 0 ||
	    copy(conf->token_file, &h->token_file) != 0 ||
	    copy(conf->unix_socket, &h->unix_socket) != 0)
		return seal_fail(d, SEAL_E_MEMORY, "verifier");
	h->plain = conf->plain_loopback || conf->plain_metadata ||
		   conf->unix_socket != NULL;
	for (n = strlen(h->url); n > 0 && h->url[n - 1] == '/'; n--)
		h->url[n - 1] = '\0';
	if ((h->cert_file == NULL) != (h->key_file == NULL))
		return seal_fail(d, SEAL_E_CONFIG,
		    "url '%.100s': expected both 'cert' and 'key', or neither",
		    h->url);
	return 0;
}

int
http_new(const char *url, const struct http_conf *conf, struct http **ret,
    struct seal_diag *d)
{
	struct http *h = NULL;
	int r;

	/* Counted and thread-safe; http_free() undoes it. */
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return seal_fail(d, SEAL_E_MEMORY, "libcurl");
	if ((r = url_check(url, conf, d)) != 0)
		goto out;
	if ((h = calloc(1, sizeof(*h))) == NULL) {
		r = seal_fail(d, SEAL_E_MEMORY, "verifier");
		goto out;
	}
	pthread_mutex_init(&h->lock, NULL);
	if ((r = conf_copy(h, url, conf, d)) != 0)
		goto out;
	*ret = h;
	return 0;
out:
	if (h != NULL)
		http_free(&h);
	else
		curl_global_cleanup();
	return r;
}

void
http_free(struct http **hp)
{
	struct http *h = *hp;

	*hp = NULL;
	if (h == NULL)
		return;
	crypto_guard_begin();
	for (size_t i = 0; i < h->n_idle; i++)
		curl_easy_cleanup(h->idle[i]);
	crypto_guard_end();
	pthread_mutex_destroy(&h->lock);
	free(h->url);
	free(h->ca_file);
	free(h->cert_file);
	free(h->key_file);
	free(h->token_file);
	free(h->unix_socket);
	free(h);
	curl_global_cleanup();
}

const char *
http_socket(const struct http *h)
{
	return h->unix_socket;
}

const char *
http_url(const struct http *h)
{
	return h->url;
}

/* What never changes from one request to the next. */
static bool
handle_setup(const struct http *h, CURL *c)
{
	bool ok = true;

#define SET(option, value) \
	(ok = ok && curl_easy_setopt(c, option, value) == CURLE_OK)
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROTOCOLS_STR, h->plain ? "https,http" : "https");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, ""); /* and none from the environment */
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_USERAGENT, "sealtls");
	if (h->ca_file != NULL) {
		/* These anchors instead of the system's, not beside them. */
		SET(CURLOPT_CAINFO, h->ca_file);
		SET(CURLOPT_CAPATH, NULL);
	}
	if (h->unix_socket != NULL)
		SET(CURLOPT_UNIX_SOCKET_PATH, h->unix_socket);
	if (h->cert_file != NULL) {
		SET(CURLOPT_SSLCERT, h->cert_file);
		SET(CURLOPT_SSLKEY, h->key_file);
	}
#undef SET
	return ok;
}

CURL *
http_handle_take(struct http *h)
{
	CURL *c = NULL;

	pthread_mutex_lock(&h->lock);
	if (h->n_idle > 0)
		c = h->idle[--h->n_idle];
	pthread_mutex_unlock(&h->lock);
	if (c == NULL && (c = curl_easy_init()) == NULL)
		return NULL;
	if (handle_setup(h, c))
		return c;
	curl_easy_cleanup(c);
	return NULL;
}

void
http_handle_put(struct http *h, CURL *c)
{
	/* Lets go of the buffers of the request that it served. */
	curl_easy_reset(c);
	pthread_mutex_lock(&h->lock);
	if (h->n_idle < HTTP_IDLE) {
		h->idle[h->n_idle++] = c;
		c = NULL;
	}
	pthread_mutex_unlock(&h->lock);
	if (c != NULL)
		curl_easy_cleanup(c);
}

/* The header line that the token file makes; *ret is NULL without one. The
 * caller wipes and frees it. */
int
http_token_header(const struct http *h, char **ret, struct seal_diag *d)
{
	static const char name[] = "Authorization: Bearer ";
	uint8_t *text = NULL;
	char *line;
	size_t n = 0;
	int r;

	*ret = NULL;
	if (h->token_file == NULL)
		return 0;
	if ((r = file_read_secret(
		 h->token_file, HTTP_TOKEN_MAX, &text, &n, d)) != 0)
		return r;
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	for (size_t i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f)
			r = SEAL_E_CONFIG;
	if (r != 0 || n == 0)
		r = seal_fail(d, SEAL_E_CONFIG,
		    "token file '%.100s': expected one line of printable "
		    "characters without space",
		    h->token_file);
	else if ((line = calloc(1, sizeof(name) + n)) == NULL)
		r = seal_fail(d, SEAL_E_MEMORY, "token");
	else {
		memcpy(line, name, sizeof(name) - 1);
		memcpy(line + sizeof(name) - 1, text, n);
		*ret = line;
	}
	seal_wipe(text, n);
	free(text);
	return r;
}
