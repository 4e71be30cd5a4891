/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wr.h"
#include "service/conf.h"

/* What the verifier's configuration may say, and all that it may not. */
#define H32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define WHOLE "store = s.db\nkey = k\nid = v\n"
#define TLS WHOLE "tls_cert = c\ntls_key = t\n"

struct row {
	const char *name, *text;
	const char *why; /* part of the story; NULL: taken */
};

static const struct row rows[] = {
	{ "least", WHOLE, NULL },
	{ "blanks, comments and carriage returns",
	    "# a comment\n\n  store =  s.db  \r\nkey=k\n\tid = v\n#x = y\n",
	    NULL },
	{ "no line end", "store = s.db\nkey = k\nid = v", NULL },
	{ "over TLS", TLS "listen = 0.0.0.0:443\n", NULL },
	{ "retired twice", WHOLE "retired = a\nretired = b\n", NULL },
	{ "clients by name", TLS "client_ca = ca\nclient_name = a\n", NULL },
	{ "clients by key", TLS "client_ca = ca\nclient_pin = " H32 "\n",
	    NULL },
	{ "several clients",
	    TLS "client_ca = ca\nclient_name = a\nclient_name = b\nclient_pin "
		"= " H32 "\n",
	    NULL },
	{ "enrolment", WHOLE "ek_ca = e\nak_ca_cert = c\nak_ca_key = k\n",
	    NULL },
	{ "empty", "", "'store'" },
	{ "no store", "key = k\nid = v\n", "'store'" },
	{ "no key", "store = s\nid = v\n", "'key'" },
	{ "no id", "store = s\nkey = k\n", "'id'" },
	{ "unknown", WHOLE "colour = red\n", "unknown setting 'colour'" },
	{ "near miss", WHOLE "Listen = 80\n", "unknown setting" },
	{ "twice", WHOLE "id = w\n", "'id' twice" },
	{ "no equals", WHOLE "status\n", "`name = value`" },
	{ "no value", WHOLE "status =\n", "has no value" },
	{ "no name", WHOLE "= x\n", "unknown setting" },
	{ "certificate without key", WHOLE "tls_cert = c\n", "'tls_key'" },
	{ "key without certificate", WHOLE "tls_key = c\n", "'tls_cert'" },
	{ "plain for all", WHOLE "listen = 0.0.0.0:80\n", "loopback" },
	{ "plain for a name", WHOLE "listen = v.example:80\n", "loopback" },
	{ "plain for one that looks near", WHOLE "listen = 128.0.0.1:80\n",
	    "loopback" },
	{ "plain for one that starts so", WHOLE "listen = localhost.x:80\n",
	    "loopback" },
	{ "status", WHOLE "status = some\n", "off, loopback or all" },
	{ "policy name", WHOLE "policy = ../x\n", "name" },
	{ "policy name of dots", WHOLE "policy = .x\n", "name" },
	{ "number zero", WHOLE "threads = 0\n", "from 1 to 64" },
	{ "number too large", WHOLE "threads = 65\n", "from 1 to 64" },
	{ "number negative", WHOLE "threads = -1\n", "from 1 to 64" },
	{ "number and more", WHOLE "threads = 4x\n", "from 1 to 64" },
	{ "number with zero", WHOLE "threads = 04\n", "from 1 to 64" },
	{ "number huge", WHOLE "threads = 99999999999999999999\n",
	    "from 1 to 64" },
	{ "session too short", WHOLE "session_s = 9\n", "from 10 to" },
	{ "clients without names", TLS "client_ca = ca\n", "client_pin" },
	{ "names without clients", TLS "client_name = a\n", "'client_ca'" },
	{ "pins without clients", TLS "client_pin = " H32 "\n", "'client_ca'" },
	{ "clients without TLS", WHOLE "client_ca = ca\nclient_name = a\n",
	    "'tls_cert'" },
	{ "pin too short", TLS "client_ca = ca\nclient_pin = 00\n", "64 hex" },
	{ "pin in capitals",
	    TLS "client_ca = ca\nclient_pin = "
		"000102030405060708090A0b0c0d0e0f101112131415161718191a1b1c1d1e"
		"1f\n",
	    "64 hex" },
	{ "pin of no digits",
	    TLS "client_ca = ca\nclient_pin = "
		"g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e"
		"1f\n",
	    "64 hex" },
	{ "enrolment by halves", WHOLE "ek_ca = e\n", "'ak_ca_cert'" },
	{ "enrolment without anchors", WHOLE "ak_ca_cert = c\nak_ca_key = k\n",
	    "'ek_ca'" },
	{ "enrolment without key", WHOLE "ek_ca = e\nak_ca_cert = c\n",
	    "'ak_ca_key'" },
	{ "enrolment for ever",
	    WHOLE "ek_ca = e\nak_ca_cert = c\nak_ca_key = k\nak_cert_s = "
		  "99999999\n",
	    "from 60 to" },
	{ NULL, NULL, NULL },
};

static int
load(struct span text, struct seal_diag *d)
{
	struct service_conf c;
	int r;

	assert_int_equal(conf_init(&c, d), 0);
	if ((r = conf_parse(&c, text, "/dir", d)) == 0)
		r = conf_check(&c, d);
	conf_wipe(&c);
	return r;
}

static void
files(void **state)
{
	(void)state;
	for (const struct row *c = rows; c->name != NULL; c++) {
		struct seal_diag d = { 0 };
		int r = load(span_str(c->text), &d);

		if ((r == 0) != (c->why == NULL) ||
		    (r != 0 && strstr(d.text, c->why) == NULL &&
			strstr(d.remedy, c->why) == NULL))
			fail_msg(
			    "%s: %d '%s' '%s'", c->name, r, d.text, d.remedy);
	}
}

static void
hostile_files(void **state)
{
	static const char nul[] = WHOLE "status = off\0all\n";
	char *large = malloc(2000000);
	struct wr many;
	struct seal_diag d = { 0 };

	(void)state;
	assert_non_null(large);
	memset(large, '\n', 2000000);
	assert_int_not_equal(load(span_of(nul, sizeof(nul) - 1), &d), 0);
	assert_int_not_equal(load(span_of(large, 2000000), NULL), 0);
	wr_init_heap(&many, 8192);
	wr_printf(&many, "client_ca = ca\n");
	for (int i = 0; i <= CONF_LIST_MAX; i++)
		wr_printf(&many, "client_name = somebody\n");
	d = (struct seal_diag){ 0 };
	assert_int_equal(load(wr_view(&many), &d), SEAL_E_LIMIT);
	wr_free(&many);
	free(large);
}

/* Names of files are the file's own folder's; that of a database is not one. */
static void
places(void **state)
{
	struct service_conf c;

	(void)state;
	assert_int_equal(conf_init(&c, NULL), 0);
	assert_int_equal(
	    conf_parse(&c, span_str("store = s.db\nkey = /k\nek_ca = e\n"),
		"/dir", NULL),
	    0);
	assert_string_equal(c.store, "/dir/s.db");
	assert_string_equal(c.key, "/k");
	assert_string_equal(c.ek_ca, "/dir/e");
	/* An option wins over the file. */
	assert_int_equal(
	    conf_set(&c, "store", "postgres://x/y", "/dir", NULL), 0);
	assert_string_equal(c.store, "postgres://x/y");
	assert_int_equal(c.status, STATUS_LOOPBACK);
	assert_int_equal(c.session_s, 150);
	conf_wipe(&c);
	assert_null(c.store);
	conf_wipe(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files),
		cmocka_unit_test(hostile_files),
		cmocka_unit_test(places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
