/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>
#include <sealtls/tools.h>

#include "service/query.h"
#include "service/service_parts.h"

/*
 * The verifier's HTTP API behind its sockets. An input is a line `METHOD
 * TARGET`, lines `Name: value` for the fields that handlers see, an empty
 * line and the body; `Loopback: ` makes the requester one of this machine.
 * Whatever comes is answered, never with an error of ours, and in the form
 * that it says it has. SESSION is always open.
 */
#define SESSION "00000000-0000-4000-8000-000000000000"
#define TOKEN "0123456789abcdef"
#define HEAD_MAX 4096
#define TIDY_EVERY 512

static const char policy[] =
    "{\"version\":1,\"max_age_s\":60,\"identity\":{\"mode\":\"none\"},"
    "\"accept\":[{\"scheme\":\"application/eat+cwt; "
    "eat_profile=\\\"tag:sealtls,2026:soft\\\"\",\"signers\":"
    "[{\"spki_sha256\":\"000000000000000000000000000000000000000000000000"
    "0000000000000000\"}],\"debug\":true,\"measurements\":{\"app\":\"00\"}}]}";

static char dir[64], names[3][96];
static struct service_conf conf;
static struct service *service;

/* ---- A service of its own ---- */

static void
remove_all(void)
{
	static const char *const more[] = { "", "-wal", "-shm" };
	char path[sizeof(names[0]) + 8];

	service_free(&service);
	conf_wipe(&conf);
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 3; k++) {
			snprintf(path, sizeof(path), "%.*s%s",
			    (int)sizeof(names[0]), names[i], more[k]);
			unlink(path);
		}
	rmdir(dir);
}

static void
write_token(const char *path)
{
	FILE *f = fopen(path, "w");

	MUST(f != NULL && fputs(TOKEN, f) >= 0 && fclose(f) == 0);
	MUST(chmod(path, 0600) == 0);
}

static void
provision_policy(void)
{
	struct request req = { .method = "POST",
		.path = API_SUBMIT,
		.type = "application/vnd.sealtls.policy+json",
		.authorization = "Bearer " TOKEN,
		.peer = "fuzz",
		.body = span_str(policy) };
	struct reply r;

	reply_init(&r);
	service_answer(service, &req, &r);
	MUST(r.status == 200);
	reply_wipe(&r);
}

static void
start(void)
{
	const char *files[] = { "v.db", "key", "token" };
	const char *settings[] = { "store", "key", "token_file" };
	char *pin = NULL;

	/* Not on a disk, which would be waited for. */
	snprintf(dir, sizeof(dir), "%s/seal-fuzz-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	MUST(mkdtemp(dir) != NULL && conf_init(&conf, NULL) == 0);
	for (size_t i = 0; i < 3; i++) {
		snprintf(names[i], sizeof(names[i]), "%s/%s", dir, files[i]);
		MUST(conf_set(&conf, settings[i], names[i], NULL, NULL) == 0);
	}
	MUST(conf_set(&conf, "id", "v", NULL, NULL) == 0);
	MUST(conf_set(&conf, "keep_results", "100", NULL, NULL) == 0);
	MUST(conf_set(&conf, "session_s", "10", NULL, NULL) == 0);
	MUST(seal_soft_keygen(names[1], &pin, NULL) == 0);
	free(pin);
	write_token(names[2]);
	MUST(service_new(&conf, &service, NULL) == 0);
	atexit(remove_all);
	provision_policy();
}

/* One to send Evidence to, whatever was done to it before. */
static void
reopen_session(void)
{
	struct session s = { .id = SESSION,
		.nonce = { 1 },
		.nonce_n = 32,
		.expiry_s = service_now() + 60,
		.state = SESSION_WAITING };

	store_session_delete(service_store(service), SESSION, 0, NULL);
	MUST(store_session_add(service_store(service), &s, NULL) == 0);
}

/* ---- An input as a request ---- */

static void
take_args(char *query, struct request *req)
{
	char *arg, *value;

	while ((arg = strsep(&query, "&")) != NULL) {
		if (req->n_args == REQUEST_ARGS_MAX) {
			req->too_many_args = true;
			return;
		}
		if ((value = strchr(arg, '=')) != NULL)
			*value++ = '\0';
		query_unescape(arg);
		req->args[req->n_args].name = arg;
		req->args[req->n_args++].value =
		    value != NULL ? span_of(value, query_unescape(value))
				  : span_of(NULL, 0);
	}
}

static void
take_field(char *line, struct request *req)
{
	char *value = strstr(line, ": ");

	if (value == NULL)
		return;
	*value = '\0';
	value += 2;
	if (strcmp(line, "Type") == 0)
		req->type = value;
	else if (strcmp(line, "Authorization") == 0)
		req->authorization = value;
	else if (strcmp(line, "Host") == 0)
		req->host = value;
	else if (strcmp(line, "Loopback") == 0)
		req->loopback = true;
}

static bool
take_head(char *head, struct request *req)
{
	char *line = strsep(&head, "\n"), *target = strchr(line, ' '), *query;

	if (target == NULL || target[1] != '/')
		return false;
	*target++ = '\0';
	if ((query = strchr(target, '?')) != NULL)
		*query++ = '\0';
	query_unescape(target);
	req->method = line;
	req->path = target;
	take_args(query, req);
	while ((line = strsep(&head, "\n")) != NULL)
		take_field(line, req);
	return true;
}

/* ---- What must hold of every reply ---- */

static void
check(const struct reply *r)
{
	struct span body = wr_view(&r->body);

	MUST(r->status >= 200 && r->status < 600 && r->status != 500);
	MUST(r->body.error == 0);
	MUST(r->type != NULL || body.n == 0);
	MUST((r->status == 405) == (r->allow != NULL));
	if (r->type != NULL && strstr(r->type, "json") != NULL) {
		json_t *j = json_loadb((const char *)body.p, body.n, 0, NULL);

		MUST(json_is_object(j));
		json_decref(j);
	}
	if (r->type != NULL && strncmp(r->type, "text/html", 9) == 0)
		MUST(memmem(body.p, body.n, "<script", 7) == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static unsigned runs;
	struct request req = { .peer = "192.0.2.1" };
	const uint8_t *blank = n > 0 ? memmem(p, n, "\n\n", 2) : NULL;
	size_t head_n = blank != NULL ? (size_t)(blank - p) : n;
	char head[HEAD_MAX];
	struct reply r;

	if (service == NULL)
		start();
	if (runs++ % TIDY_EVERY == 0)
		MUST(service_tidy(service, NULL) == 0);
	if (head_n == 0 || head_n >= sizeof(head) ||
	    memchr(p, 0, head_n) != NULL)
		return 0;
	memcpy(head, p, head_n);
	head[head_n] = '\0';
	if (!take_head(head, &req))
		return 0;
	if (blank != NULL)
		req.body = span_of(blank + 2, n - head_n - 2);
	req.source[0] = (uint8_t)runs; /* quotas have tests of their own */
	reopen_session();
	reply_init(&r);
	service_answer(service, &req, &r);
	check(&r);
	reply_wipe(&r);
	return 0;
}
