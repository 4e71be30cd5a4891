/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "forge.h"

static const struct span cmw = STR("what a driver has collected");

struct scheme_case {
	enum who who;
	uint16_t scheme;
	uint8_t flips; /* bits to flip in each byte */
};

/* RSA and Ed448 are dear: for them a bit a byte has to do. */
static const struct scheme_case cases[] = {
	{ P256, SIG_ECDSA_P256_SHA256, 0xff },
	{ ED25519, SIG_ED25519, 0x40 },
	{ P384, SIG_ECDSA_P384_SHA384, 0x01 },
	{ P521, SIG_ECDSA_P521_SHA512, 0x80 },
	{ ED448, SIG_ED448, 0x10 },
	{ RSA2048, SIG_RSA_PSS_RSAE_SHA256, 0x02 },
	{ RSA2048, SIG_RSA_PSS_RSAE_SHA384, 0x40 },
	{ RSA2048, SIG_RSA_PSS_RSAE_SHA512, 0x08 },
	{ PSS, SIG_RSA_PSS_PSS_SHA256, 0x04 },
	{ PSS, SIG_RSA_PSS_PSS_SHA384, 0x20 },
	{ PSS, SIG_RSA_PSS_PSS_SHA512, 0x01 },
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

/* The four ends of a test: who sends, over what hash. */
struct end {
	enum ea_role sender;
	enum hash hash;
};

static const struct end ends[] = {
	{ EA_CLIENT, HASH_SHA256 },
	{ EA_SERVER, HASH_SHA256 },
	{ EA_CLIENT, HASH_SHA384 },
	{ EA_SERVER, HASH_SHA384 },
};

static int
validate(struct span in, const struct ea_keys *keys,
    const struct ea_request *req, struct ea_peer *ret, struct seal_diag *d)
{
	return ea_validate(in, keys, req, CMW_TYPE, NULL, NULL, NULL, ret, d);
}

static void
refused(struct span in, const struct ea_keys *keys,
    const struct ea_request *req, const char *what, size_t at)
{
	struct ea_peer peer;
	uint8_t *copy = NULL;
	int r;

	/* At its exact size, so that ASan sees the end. */
	assert_int_equal(span_dup(in, &copy), 0);
	r = validate(span_of(copy, in.n), keys, req, &peer, NULL);
	free(copy);
	if (r == 0)
		fail_msg("%s at %zu: accepted", what, at);
	if (r > SEAL_E_EA_REQUEST_MALFORMED)
		fail_msg("%s at %zu: %d is no reason", what, at, r);
}

static void
prefixes_and_flips(struct span in, const struct ea_keys *keys,
    const struct ea_request *req, uint8_t flips)
{
	uint8_t *bad = NULL;

	assert_int_equal(span_dup(in, &bad), 0);
	for (size_t i = 0; i < in.n; i++) {
		refused(span_of(in.p, i), keys, req, "prefix", i);
		for (unsigned bit = 1; bit < 0x100; bit <<= 1) {
			if ((flips & bit) == 0)
				continue;
			bad[i] ^= (uint8_t)bit;
			refused(span_of(bad, in.n), keys, req, "flip", i);
			bad[i] ^= (uint8_t)bit;
		}
	}
	free(bad);
}

static void
check_peer(struct ea_peer *peer, const struct person *p, uint16_t scheme)
{
	assert_int_equal(peer->scheme, scheme);
	assert_int_equal(peer->n_chain, 2);
	assert_true(span_equal(peer->chain[0], p->chain[0]));
	assert_true(span_equal(peer->chain[1], p->chain[1]));
	assert_true(span_equal(peer->cmw, cmw));
	assert_non_null(peer->leaf);
	cert_unref(&peer->leaf);
}

/* The sender has the request as it read it, the receiver as it wrote it. */
static void
round_trip(const struct scheme_case *c, const struct end *end, bool flip)
{
	const struct person *p = person(c->who);
	struct ea_identity id = person_identity(p, cmw);
	struct ea_keys keys = test_keys(end->hash, 1);
	struct seal_diag d = { 0 };
	struct ea_request req;
	struct ea_peer peer = { 0 };
	uint8_t buf[256];
	struct wr w, out;

	wr_init(&w, buf, sizeof(buf));
	req = make_request(&w, ea_peer_of(end->sender), &c->scheme, 1);
	wr_init_heap(&out, LIMIT_FRAME_AUTHENTICATOR);
	if (ea_authenticate(&out, &keys, &req, CMW_TYPE, &id, &d) != 0 ||
	    validate(wr_view(&out), &keys, &req, &peer, &d) != 0)
		fail_msg("%s: %s", sig_name(c->scheme), d.text);
	check_peer(&peer, p, c->scheme);
	if (flip)
		prefixes_and_flips(wr_view(&out), &keys, &req, c->flips);
	wr_free(&out);
}

static void
every_scheme(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES; i++) {
		for (size_t j = 0; j < 4; j++)
			round_trip(&cases[i], &ends[j], j == i % 4);
	}
}

/* Of all that are offered, the one that fits is chosen. */
static void
scheme_is_chosen(void **state)
{
	struct ea_keys keys = test_keys(HASH_SHA256, 1);
	struct ea_request req;
	uint8_t buf[256];
	struct wr w;

	(void)state;
	wr_init(&w, buf, sizeof(buf));
	req = make_request(&w, EA_SERVER, sig_tls13_schemes, sig_tls13_count);
	for (enum who who = P256; who <= PSS; who++) {
		struct ea_identity id = person_identity(person(who), cmw);
		struct ea_peer peer;
		struct wr out;

		wr_init_heap(&out, LIMIT_FRAME_AUTHENTICATOR);
		assert_int_equal(
		    ea_authenticate(&out, &keys, &req, CMW_TYPE, &id, NULL), 0);
		assert_int_equal(
		    validate(wr_view(&out), &keys, &req, &peer, NULL), 0);
		assert_true(pubkey_fits(cert_key(peer.leaf), peer.scheme));
		cert_unref(&peer.leaf);
		wr_free(&out);
	}
}

/* An empty authenticator is told apart, and its every bit counts. */
static void
refusal(void **state)
{
	(void)state;
	for (size_t j = 0; j < 4; j++) {
		struct ea_keys keys = test_keys(ends[j].hash, 1);
		struct ea_request req;
		struct ea_peer peer;
		uint8_t buf[256], answer[4 + HASH_MAX];
		struct wr w, out;

		wr_init(&w, buf, sizeof(buf));
		req = make_request(&w, ea_peer_of(ends[j].sender),
		    sig_tls13_schemes, sig_tls13_count);
		wr_init(&out, answer, sizeof(answer));
		assert_int_equal(ea_refuse(&out, &keys, &req, NULL), 0);
		assert_int_equal(out.n, 4 + hash_size(ends[j].hash));
		assert_int_equal(
		    validate(wr_view(&out), &keys, &req, &peer, NULL),
		    SEAL_E_EA_EMPTY);
		for (size_t i = 0; i < 8 * out.n; i++) {
			answer[i / 8] ^= (uint8_t)(1 << i % 8);
			assert_int_not_equal(
			    validate(wr_view(&out), &keys, &req, &peer, NULL),
			    SEAL_E_EA_EMPTY);
			answer[i / 8] ^= (uint8_t)(1 << i % 8);
		}
		wr_init(&out, answer, out.n - 1);
		assert_int_equal(
		    ea_refuse(&out, &keys, &req, NULL), SEAL_E_LIMIT);
	}
}

/* ---- What this side does not send ---- */

static int
no_sign(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	(void)ctx, (void)scheme, (void)tbs, (void)out;
	return seal_fail(d, SEAL_E_UNAVAILABLE, "the device is gone");
}

static const uint16_t ed25519_alone[] = { SIG_ED25519 };

struct send_case {
	const char *name;
	enum who who;
	size_t n_chain, cmw;
	bool not_offered; /* the CMW */
	bool no_device, other_schemes, other_leaf, no_schemes;
	int want;
};

static const struct send_case send_cases[] = {
	{ "good", P256, 2, 3, .want = 0 },
	{ "leaf alone", P256, 1, 3, .want = 0 },
	{ "no CMW", P256, 2, 0, .want = 0 },
	{ "no CMW, none offered", P256, 2, 0, .not_offered = true, .want = 0 },
	{ "largest CMW", P256, 2, LIMIT_CMW, .want = 0 },
	{ "CMW too large", P256, 2, LIMIT_CMW + 1, .want = SEAL_E_LIMIT },
	{ "CMW not offered", P256, 2, 3, .not_offered = true,
	    .want = SEAL_E_EA_EXTENSION_NOT_OFFERED },
	{ "no chain", P256, 0, 3, .want = SEAL_E_EA_EMPTY_CERTIFICATE_LIST },
	{ "chain too long", P256, LIMIT_CHAIN + 1, 3, .want = SEAL_E_LIMIT },
	{ "no scheme in common", P256, 2, 3, .other_schemes = true,
	    .want = SEAL_E_EA_SCHEME_NOT_OFFERED },
	{ "no scheme at all", P256, 2, 3, .no_schemes = true,
	    .want = SEAL_E_EA_SCHEME_NOT_OFFERED },
	{ "key usage", NO_SIGN, 2, 3, .want = SEAL_E_EA_KEY_USAGE },
	{ "leaf is no certificate", P256, 2, 3, .other_leaf = true,
	    .want = SEAL_E_DECODE },
	{ "cannot sign", P256, 2, 3, .no_device = true,
	    .want = SEAL_E_UNAVAILABLE },
	{ NULL },
};

static void
send_one(const struct send_case *c, struct span evidence)
{
	static const struct span garbage = STR("no certificate");
	struct ea_identity id = person_identity(person(c->who), evidence);
	struct ea_keys keys = test_keys(HASH_SHA256, 1);
	struct span chain[LIMIT_CHAIN + 1];
	struct seal_diag d = { 0 };
	struct ea_request req;
	uint8_t buf[256];
	struct wr w, out;
	int r;

	for (size_t i = 0; i <= LIMIT_CHAIN; i++)
		chain[i] = c->other_leaf ? garbage : id.chain[i > 0];
	id.chain = chain;
	id.n_chain = c->n_chain;
	if (c->no_device)
		id.sign = no_sign;
	wr_init(&w, buf, sizeof(buf));
	req = make_request(&w, EA_SERVER,
	    c->other_schemes ? ed25519_alone : sig_tls13_schemes,
	    c->other_schemes ? 1 : sig_tls13_count);
	req.cmw_offered = !c->not_offered;
	if (c->no_schemes)
		req.n_schemes = 0;
	wr_init_heap(&out, LIMIT_FRAME_AUTHENTICATOR);
	r = ea_authenticate(&out, &keys, &req, CMW_TYPE, &id, &d);
	if (r != c->want || (r != 0) != (d.text[0] != '\0'))
		fail_msg("%s: got %d (%s)", c->name, r, d.text);
	wr_free(&out);
}

static void
sending(void **state)
{
	static const uint8_t evidence[LIMIT_CMW + 1];

	(void)state;
	for (const struct send_case *c = send_cases; c->name != NULL; c++)
		send_one(c, span_of(evidence, c->cmw));
}

/* The size is checked before anything is made, and the story tells it; the
 * 16-bit lengths would stop it later, without a number. */
static void
too_large_is_told(void **state)
{
	static const uint8_t evidence[LIMIT_CMW + 1];
	struct ea_identity id =
	    person_identity(person(P256), span_of(evidence, sizeof(evidence)));
	struct ea_keys keys = test_keys(HASH_SHA256, 1);
	struct seal_diag d = { 0 };
	struct ea_request req;
	uint8_t buf[256];
	struct wr w, out;

	(void)state;
	wr_init(&w, buf, sizeof(buf));
	req = make_request(&w, EA_SERVER, sig_tls13_schemes, sig_tls13_count);
	wr_init_heap(&out, LIMIT_FRAME_AUTHENTICATOR);
	assert_int_equal(ea_authenticate(&out, &keys, &req, CMW_TYPE, &id, &d),
	    SEAL_E_LIMIT);
	assert_non_null(strstr(d.text, "found 65530"));
	assert_int_equal(out.n, 0);
	wr_free(&out);
}

/* No room for any byte of it is an error, and nothing is written past. */
static void
room_runs_out(void **state)
{
	struct ea_identity id = person_identity(person(ED25519), cmw);
	struct ea_keys keys = test_keys(HASH_SHA256, 1);
	struct ea_request req;
	uint8_t buf[256], answer[2048];
	struct wr w, out;
	size_t whole;

	(void)state;
	wr_init(&w, buf, sizeof(buf));
	req = make_request(&w, EA_SERVER, ed25519_alone, 1);
	wr_init(&out, answer, sizeof(answer));
	assert_int_equal(
	    ea_authenticate(&out, &keys, &req, CMW_TYPE, &id, NULL), 0);
	whole = out.n;
	for (size_t n = 0; n < whole; n++) {
		struct seal_diag d = { 0 };

		wr_init(&out, answer, n);
		assert_int_equal(
		    ea_authenticate(&out, &keys, &req, CMW_TYPE, &id, &d),
		    SEAL_E_LIMIT);
		if (strstr(d.text, "room") == NULL)
			fail_msg("%zu bytes: story: %s", n, d.text);
	}
}

static int
tear_down(void **state)
{
	(void)state;
	people_free();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_scheme),
		cmocka_unit_test(scheme_is_chosen),
		cmocka_unit_test(refusal),
		cmocka_unit_test(sending),
		cmocka_unit_test(too_large_is_told),
		cmocka_unit_test(room_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
