/* SPDX-License-Identifier: Apache-2.0 */
/* Results that an attester presents: what Evidence they are asked for with,
 * how long they are kept, and what happens when the Verifier is away. */
#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fake/fake.h"
#include "format/cmw.h"
#include "format/eat.h"
#include "lib/passport.h"
#include "pair.h"

#define NOW 1700000000
#define ID "verifier.example"
#define PROFILE "tag:ietf.org,2026:rats/ear#04"

/* A Verifier's side of the story. */
struct desk {
	pthread_mutex_t lock;
	unsigned issued;
	uint8_t nonce[64], signed_nonce[64]; /* of the session; in Evidence */
	size_t n_nonce, n_signed;
	char claims[256];
};

static void
part(struct wr *out, const char *text)
{
	b64url_encode(span_str(text), out);
	wr_u8(out, '.');
}

static bool
issue(void *arg, const struct fake_question *q, struct wr *out)
{
	struct eat_soft *e = calloc(1, sizeof(*e));
	struct desk *desk = arg;

	if (eat_soft_parse(q->evidence, e, NULL) != 0)
		return false;
	pthread_mutex_lock(&desk->lock);
	desk->issued++;
	memcpy(desk->nonce, q->nonce.p, q->nonce.n);
	desk->n_nonce = q->nonce.n;
	memcpy(desk->signed_nonce, e->claims.nonce.p, e->claims.nonce.n);
	desk->n_signed = e->claims.nonce.n;
	part(out, "{\"alg\":\"ES256\"}");
	part(out, desk->claims);
	pthread_mutex_unlock(&desk->lock);
	wr_bytes(out, span_str("c2ln"));
	free(e);
	return true;
}

struct scene {
	struct desk desk;
	struct fake *fake;
	struct remote *remote;
	struct attester *attester;
	struct passport *passport;
	struct seal_binding binding;
};

static void
claims(struct scene *s, int64_t iat, int64_t exp)
{
	pthread_mutex_lock(&s->desk.lock);
	snprintf(s->desk.claims, sizeof(s->desk.claims),
	    "{\"eat_profile\":\"" PROFILE "\",\"iat\":%lld,\"exp\":%lld}",
	    (long long)iat, (long long)exp);
	pthread_mutex_unlock(&s->desk.lock);
}

static void
scene_open(struct scene *s, const struct world *w, bool cached, bool raw,
    uint32_t max_age_s)
{
	static const uint8_t exporter[32] = { 1 };
	struct fake_conf fc = { .issue = issue, .arg = &s->desk };
	char url[64], key[96];
	struct conf_pair pair = { "key", key };
	struct conf conf = { &pair, 1 };
	struct remote_conf rc = { .name = "v",
		.api = "veraison",
		.url = url,
		.id = ID,
		.plain_http = true,
		.raw_nonce = raw,
		.timeout_ms = 2000 };
	struct seal_diag d = { 0 };

	memset(s, 0, sizeof(*s));
	pthread_mutex_init(&s->desk.lock, NULL);
	claims(s, NOW, NOW + 1000);
	assert_non_null(s->fake = fake_start(&fc));
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", fake_port(s->fake));
	snprintf(key, sizeof(key), "%s/server.signer", w->dir);
	if (attester_open("soft", &conf, &s->attester, &d) != 0 ||
	    remote_new(&rc, &s->remote, &d) != 0 ||
	    passport_new(s->remote, s->attester, cached, max_age_s,
		&s->passport, &d) != 0 ||
	    binding_post(HASH_SHA256, attester_spki(s->attester),
		span_of(exporter, 32), &s->binding, &d) != 0)
		fail_msg("%s", d.text);
}

static void
scene_close(struct scene *s)
{
	passport_free(&s->passport);
	remote_free(&s->remote);
	attester_free(&s->attester);
	fake_stop(&s->fake);
	pthread_mutex_destroy(&s->desk.lock);
}

/* Presents at a time; checks the result's form where there is one. */
static int
present(struct scene *s, int64_t now_s)
{
	struct cmw *cmw = calloc(1, sizeof(*cmw));
	struct seal_diag d = { 0 };
	struct wr w;
	int r;

	wr_init_heap(&w, LIMIT_CMW);
	r = passport_present(s->passport, &s->binding, now_s, 2000, &w, &d);
	if (r == 0) {
		assert_int_equal(cmw_parse(wr_view(&w), cmw, NULL), 0);
		assert_true(span_is(cmw->items[0].media_type,
		    "application/eat+jwt; eat_profile=\"" PROFILE "\""));
		cmw_free(cmw);
	} else {
		assert_int_equal(w.n, 0);
		assert_int_not_equal(d.text[0], '\0');
	}
	wr_free(&w);
	free(cmw);
	return r;
}

/* PROTOCOL 5.5 rule 1: the Verifier is given the binder, and the Evidence
 * carries it; each request anew. */
static void
interactive(void **state)
{
	struct scene s;

	scene_open(&s, *state, false, false, 60);
	for (unsigned i = 1; i <= 2; i++) {
		assert_int_equal(present(&s, NOW), 0);
		assert_int_equal(s.desk.issued, i);
		assert_int_equal(s.desk.n_nonce, 32);
		assert_memory_equal(s.desk.nonce, s.binding.binder, 32);
		assert_int_equal(s.desk.n_signed, 32);
		assert_memory_equal(s.desk.signed_nonce, s.binding.binder, 32);
	}
	fake_tell(s.fake, FAKE_ERROR);
	assert_int_equal(present(&s, NOW), SEAL_E_UNAVAILABLE);
	scene_close(&s);
}

/* The Verifier's nonce only ever stands in its own domain. */
static void
domains(void **state)
{
	for (int raw = 0; raw <= 1; raw++) {
		struct seal_binding want;
		struct scene s;

		scene_open(&s, *state, true, raw, 3600);
		assert_int_equal(present(&s, NOW), 0);
		assert_int_equal(binding_verifier(span_str(ID),
				     span_of(s.desk.nonce, s.desk.n_nonce),
				     s.binding.spki, &want, NULL),
		    0);
		assert_int_equal(s.desk.n_signed, 32);
		if (raw)
			assert_memory_equal(
			    s.desk.signed_nonce, s.desk.nonce, 32);
		else
			assert_memory_equal(
			    s.desk.signed_nonce, want.binder, 32);
		scene_close(&s);
	}
}

struct moment {
	const char *name;
	int64_t now;
	enum fake_lie lie;
	int want;
	unsigned issued; /* so far */
};

/* A result from NOW to NOW + 1000; renewed ones last 1000 s from when they
 * are made. */
static const struct moment moments[] = {
	{ "the first", NOW, FAKE_HONEST, 0, 1 },
	{ "kept", NOW + 10, FAKE_HONEST, 0, 1 },
	{ "kept while the Verifier is away", NOW + 500, FAKE_ERROR, 0, 1 },
	{ "kept at 79 %", NOW + 799, FAKE_HONEST, 0, 1 },
	{ "away at 80 %: the old one", NOW + 800, FAKE_ERROR, 0, 1 },
	{ "not asked again at once", NOW + 805, FAKE_HONEST, 0, 1 },
	{ "asked again later", NOW + 811, FAKE_HONEST, 0, 2 },
	{ "kept again", NOW + 1600, FAKE_HONEST, 0, 2 },
	{ "away at 80 % again", NOW + 1700, FAKE_ERROR, 0, 2 },
	{ "away at the end", NOW + 1811, FAKE_ERROR, SEAL_E_UNAVAILABLE, 2 },
	{ "refused at the end", NOW + 1812, FAKE_REFUSES, SEAL_E_EVIDENCE, 2 },
	{ "back at once", NOW + 1813, FAKE_HONEST, 0, 3 },
	{ NULL },
};

static void
renewal(void **state)
{
	struct scene s;
	int r;

	scene_open(&s, *state, true, false, 3600);
	for (const struct moment *m = moments; m->name != NULL; m++) {
		fake_tell(s.fake, m->lie);
		claims(&s, m->now, m->now + 1000);
		if ((r = present(&s, m->now)) != m->want)
			fail_msg("%s: got %d", m->name, r);
		if (s.desk.issued != m->issued)
			fail_msg("%s: %u issued", m->name, s.desk.issued);
	}
	scene_close(&s);
}

/* The maximum age ends it before exp does. */
static void
max_age(void **state)
{
	struct scene s;

	scene_open(&s, *state, true, false, 100);
	assert_int_equal(present(&s, NOW), 0);
	assert_int_equal(present(&s, NOW + 79), 0);
	assert_int_equal(s.desk.issued, 1);
	fake_tell(s.fake, FAKE_ERROR);
	assert_int_equal(present(&s, NOW + 99), 0);
	assert_int_equal(present(&s, NOW + 100), SEAL_E_UNAVAILABLE);
	scene_close(&s);
}

/* The same as a tool: the first attester with a passport, if there is one. */
static void
get(void **state)
{
	struct seal_diag d = { 0 };
	struct seal_ctx *ctx;
	char json[512], *token = NULL;
	struct scene s;

	scene_open(&s, *state, true, false, 60);
	snprintf(json, sizeof(json),
	    "{\"verifiers\":[{\"name\":\"v\",\"api\":\"veraison\",\"url\":"
	    "\"http://127.0.0.1:%u\",\"id\":\"" ID "\",\"plain_http\":true}],"
	    "\"attesters\":[{\"driver\":\"soft\",\"conf\":{\"key\":"
	    "\"server.signer\"},\"passport\":{\"verifier\":\"v\",\"mode\":"
	    "\"cached\"}}]}",
	    fake_port(s.fake));
	ctx = world_ctx(*state, json);
	assert_int_equal(seal_passport_get(ctx, &token, &d), 0);
	assert_non_null(strstr(token, ".c2ln"));
	assert_int_equal(s.desk.issued, 1);
	free(token);
	fake_tell(s.fake, FAKE_ERROR);
	assert_int_equal(
	    seal_passport_get(ctx, &token, &d), SEAL_E_UNAVAILABLE);
	seal_ctx_free(&ctx);
	ctx = world_ctx(*state, "{}");
	assert_int_equal(seal_passport_get(ctx, &token, NULL), SEAL_E_CONFIG);
	seal_ctx_free(&ctx);
	scene_close(&s);
}

struct useless_case {
	const char *name, *claims;
	int want;
};

static void
useless(void **state)
{
	static const struct useless_case cases[] = {
		{ "ended",
		    "{\"eat_profile\":\"" PROFILE
		    "\",\"iat\":1699999000,\"exp\":1700000000}",
		    SEAL_E_STALE },
		{ "without end",
		    "{\"eat_profile\":\"" PROFILE "\",\"iat\":1700000000}",
		    SEAL_E_STALE },
		{ "without iat",
		    "{\"eat_profile\":\"" PROFILE "\",\"exp\":1800000000}",
		    SEAL_E_UNAVAILABLE },
		{ "float iat",
		    "{\"eat_profile\":\"" PROFILE
		    "\",\"iat\":1.7e9,\"exp\":1800000000}",
		    SEAL_E_UNAVAILABLE },
		{ "without profile", "{\"iat\":1700000000,\"exp\":1800000000}",
		    SEAL_E_UNAVAILABLE },
		{ "profile that ends its quotes",
		    "{\"eat_profile\":\"a\\\"; x=\\\"\",\"iat\":1700000000,"
		    "\"exp\":1800000000}",
		    SEAL_E_UNAVAILABLE },
		{ "no claims", "no JSON", SEAL_E_UNAVAILABLE },
		{ NULL },
	};

	for (const struct useless_case *c = cases; c->name != NULL; c++) {
		struct scene s;
		int r;

		scene_open(&s, *state, true, false, 3600);
		snprintf(s.desk.claims, sizeof(s.desk.claims), "%s", c->claims);
		if ((r = present(&s, NOW)) != c->want)
			fail_msg("%s: got %d", c->name, r);
		scene_close(&s);
	}
}

static void *
present_one(void *arg)
{
	return present(arg, NOW) == 0 ? arg : NULL;
}

/* Many at once: one asks, the others wait for its answer. */
static void
single_flight(void **state)
{
	pthread_t threads[8];
	struct scene s;
	void *ok;

	scene_open(&s, *state, true, false, 3600);
	fake_tell(s.fake, FAKE_SLOW);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, present_one, &s), 0);
	for (size_t i = 0; i < 8; i++) {
		pthread_join(threads[i], &ok);
		assert_non_null(ok);
	}
	assert_int_equal(s.desk.issued, 1);
	scene_close(&s);
}

/* Nor does each ask for itself what has just failed: that would be one
 * deadline after the other. */
static void
failure_shared(void **state)
{
	pthread_t threads[8];
	struct scene s;
	void *ok;

	scene_open(&s, *state, true, false, 3600);
	claims(&s, NOW - 2000, NOW - 1000);
	fake_tell(s.fake, FAKE_SLOW);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, present_one, &s), 0);
	for (size_t i = 0; i < 8; i++) {
		pthread_join(threads[i], &ok);
		assert_null(ok);
	}
	assert_int_equal(s.desk.issued, 1);
	/* Who comes later asks again. */
	claims(&s, NOW, NOW + 1000);
	assert_int_equal(present(&s, NOW), 0);
	assert_int_equal(s.desk.issued, 2);
	scene_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interactive),
		cmocka_unit_test(domains),
		cmocka_unit_test(renewal),
		cmocka_unit_test(max_age),
		cmocka_unit_test(useless),
		cmocka_unit_test(get),
		cmocka_unit_test(single_flight),
		cmocka_unit_test(failure_shared),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
