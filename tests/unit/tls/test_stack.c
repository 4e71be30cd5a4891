/* SPDX-License-Identifier: Apache-2.0 */
/* What the adapters share: whose certificate is taken for whose. */
#include "test.h"

#include <string.h>

#include "../crypto/fixture.h"
#include "tls/stack.h"

enum who { CA, SERVER, CLIENT, PLAIN, OTHER, OLD, V1, WHO };

static struct issued made[WHO];
static struct trust *anchors;

static int64_t
now(void *arg)
{
	(void)arg;
	return NOW;
}

static int
set_up(void **state)
{
	static const struct made plans[WHO] = {
		[CA] = { "ca", .basic = "critical,CA:TRUE" },
		[SERVER] = { "s", .san = "DNS:host.test", .ext = "serverAuth" },
		[CLIENT] = { "c", .san = "DNS:host.test", .ext = "clientAuth" },
		[PLAIN] = { "p", .san = "DNS:host.test" },
		[OTHER] = { "o", .san = "DNS:host.test" },
		[OLD] = { "d", .san = "DNS:host.test", .from = -9, .to = -1 },
		[V1] = { "h", .v1 = true },
	};

	(void)state;
	for (enum who w = CA; w < WHO; w++)
		made[w] = issue(&plans[w],
		    EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"),
		    w == CA || w == OTHER ? NULL : &made[CA]);
	anchors = trust_new();
	return trust_add_der(anchors, made[CA].der, NULL);
}

static int
tear_down(void **state)
{
	(void)state;
	for (enum who w = CA; w < WHO; w++)
		issued_free(&made[w]);
	trust_free(&anchors);
	return 0;
}

#define NONE STACK_VERIFY_NONE
#define SHOWN STACK_VERIFY_SHOWN
#define PKIX STACK_VERIFY_PKIX
#define OPTIONAL STACK_VERIFY_PKIX_OPTIONAL
#define NOBODY WHO

static const struct judge_case {
	const char *name;
	enum seal_role role; /* of who judges */
	enum stack_verify verify;
	const char *host; /* NULL: no name is verified */
	enum who peer;
	int want;
	bool verified;
} cases[] = {
	{ "server", SEAL_CLIENT, PKIX, "host.test", SERVER, 0, true },
	{ "for any use", SEAL_CLIENT, PKIX, "host.test", PLAIN, 0, true },
	{ "a client's", SEAL_CLIENT, PKIX, "host.test", CLIENT,
	    SEAL_E_IDENTITY },
	{ "another name", SEAL_CLIENT, PKIX, "x.test", SERVER,
	    SEAL_E_IDENTITY },
	{ "no name", SEAL_CLIENT, PKIX, "", SERVER, SEAL_E_IDENTITY },
	{ "another issuer", SEAL_CLIENT, PKIX, "host.test", OTHER,
	    SEAL_E_IDENTITY },
	{ "expired", SEAL_CLIENT, PKIX, "host.test", OLD, SEAL_E_IDENTITY },
	{ "nobody", SEAL_CLIENT, PKIX, "host.test", NOBODY, SEAL_E_IDENTITY },
	{ "not X.509 v3", SEAL_CLIENT, SHOWN, NULL, V1, SEAL_E_DECODE },
	{ "shown", SEAL_CLIENT, SHOWN, NULL, OTHER, 0 },
	{ "not shown", SEAL_SERVER, SHOWN, NULL, NOBODY, SEAL_E_IDENTITY },
	{ "a client may have none", SEAL_SERVER, NONE, NULL, NOBODY, 0 },
	{ "client", SEAL_SERVER, PKIX, NULL, CLIENT, 0, true },
	{ "a server's", SEAL_SERVER, PKIX, NULL, SERVER, SEAL_E_IDENTITY },
	{ "client, with a name", SEAL_SERVER, PKIX, "host.test", CLIENT, 0,
	    true },
	{ "optional, none", SEAL_SERVER, OPTIONAL, NULL, NOBODY, 0 },
	{ "optional, one", SEAL_SERVER, OPTIONAL, NULL, PLAIN, 0, true },
	{ "optional, a bad one", SEAL_SERVER, OPTIONAL, NULL, OTHER,
	    SEAL_E_IDENTITY },
	{ NULL },
};

static void
check_facts(const struct judge_case *c, const struct stack_rules *rules,
    const struct stack_peer *peer)
{
	struct seal_stack_facts f = { 0 };

	stack_peer_facts(rules, peer, &f);
	if ((f.peer_spki_n > 0) != (c->peer != NOBODY))
		fail_msg("%s: key", c->name);
	if (f.peer_verified != c->verified)
		fail_msg("%s: verified", c->name);
	if ((f.verified_name != NULL) != (c->verified && c->host != NULL))
		fail_msg("%s: name", c->name);
	if (c->peer != NOBODY && !c->verified && f.verify_error == NULL)
		fail_msg("%s: no reason", c->name);
}

static void
judge(void **state)
{
	(void)state;
	for (const struct judge_case *c = cases; c->name != NULL; c++) {
		struct stack_rules rules = { c->role, c->verify,
			c->host != NULL, "", anchors, now, NULL };
		struct stack_peer peer;
		int r;

		if (c->host != NULL)
			memcpy(rules.name, c->host, strlen(c->host) + 1);
		r = stack_judge(&rules,
		    c->peer != NOBODY ? &made[c->peer].der : NULL,
		    c->peer != NOBODY, &peer);
		if (r != c->want || peer.verified != c->verified ||
		    (r != 0 && peer.why.code != r))
			fail_msg("%s: %d (%s)", c->name, r, peer.why.text);
		if (r == 0)
			check_facts(c, &rules, &peer);
	}
}

static void
nothing_found(void **state)
{
	struct stack_rules rules = { SEAL_CLIENT, PKIX, true, "host.test" };
	struct stack_peer peer = { .verified = true };
	struct seal_stack_facts f = { 0 };

	(void)state;
	stack_peer_facts(&rules, &peer, &f);
	assert_false(f.peer_verified);
	assert_null(f.verified_name);
}

static void
names(void **state)
{
	static const struct {
		const char *name, *sni;
	} rows[] = {
		{ "host.test", "host.test" },
		{ "192.0.2.1", NULL },
		{ "2001:db8::1", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stack_rules rules = { SEAL_CLIENT };
		const char *sni;

		memcpy(rules.name, rows[i].name, strlen(rows[i].name) + 1);
		sni = stack_server_name(&rules);
		assert_int_equal(sni == NULL, rows[i].sni == NULL);
		if (sni != NULL)
			assert_string_equal(sni, rows[i].sni);
		rules.role = SEAL_SERVER;
		assert_null(stack_server_name(&rules));
		rules.verify_name = true;
		assert_int_equal(stack_rules_check(&rules, NULL),
		    rows[i].name[0] == '\0' ? SEAL_E_CONFIG : 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judge),
		cmocka_unit_test(nothing_found),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
