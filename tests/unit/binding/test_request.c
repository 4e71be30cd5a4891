/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "binding/ea_message.h"

#define CMW_TYPE 0xff00
/* signature_algorithms with P-256 and a scheme that nobody knows. */
#define SIGALGS 0, 13, 0, 6, 0, 4, 4, 3, 0xaa, 0xbb
#define CMW 0xff, 0, 0, 0
/* One of no known type. */
#define OTHER 0xfa, 0xfa, 0, 2, 9, 9

struct request_case {
	const char *name;
	struct span body; /* the extensions, unless whole */
	int want;
	bool whole;
	bool no_cmw; /* what a good one does not offer */
};

#define MALFORMED SEAL_E_EA_REQUEST_MALFORMED
#define NO_SIGALGS SEAL_E_EA_REQUEST_NO_SIGALGS

static const struct request_case cases[] = {
	{ "good", HEX(SIGALGS, CMW), 0 },
	{ "other order", HEX(CMW, SIGALGS), 0 },
	{ "no CMW", HEX(SIGALGS), 0, .no_cmw = true },
	{ "unknown extension is ignored", HEX(OTHER, SIGALGS, CMW), 0 },
	{ "no extension", { NULL, 0 }, NO_SIGALGS },
	{ "no signature_algorithms", HEX(CMW), NO_SIGALGS },
	{ "signature_algorithms twice", HEX(SIGALGS, CMW, SIGALGS), MALFORMED },
	{ "CMW twice", HEX(SIGALGS, CMW, CMW), MALFORMED },
	{ "unknown extension twice", HEX(SIGALGS, OTHER, OTHER), MALFORMED },
	{ "CMW of one byte", HEX(SIGALGS, 0xff, 0, 0, 1, 0), MALFORMED },
	{ "CMW is an empty vector", HEX(SIGALGS, 0xff, 0, 0, 2, 0, 0),
	    MALFORMED },
	{ "signature_algorithms empty", HEX(0, 13, 0, 0), MALFORMED },
	{ "no scheme", HEX(0, 13, 0, 2, 0, 0), MALFORMED },
	{ "half a scheme", HEX(0, 13, 0, 3, 0, 1, 4), MALFORMED },
	{ "a scheme and a half", HEX(0, 13, 0, 5, 0, 3, 4, 3, 4), MALFORMED },
	{ "list longer than its extension", HEX(0, 13, 0, 4, 0, 4, 4, 3),
	    MALFORMED },
	{ "list shorter than its extension", HEX(0, 13, 0, 5, 0, 2, 4, 3, 0),
	    MALFORMED },
	{ "extension longer than its list", HEX(SIGALGS, 0xfa, 0xfa, 0, 1),
	    MALFORMED },
	{ "half an extension header", HEX(SIGALGS, 0xfa, 0xfa, 0), MALFORMED },
	{ "nothing", { NULL, 0 }, MALFORMED, .whole = true },
	{ "header alone", HEX(13, 0, 0, 0), MALFORMED, .whole = true },
	{ "no extensions field", HEX(13, 0, 0, 2, 1, 7), MALFORMED,
	    .whole = true },
	{ "context too long", HEX(13, 0, 0, 3, 9, 7, 7), MALFORMED,
	    .whole = true },
	{ "type of a client's", HEX(17, 0, 0, 13, 0, 0, 10, SIGALGS),
	    SEAL_E_EA_REQUEST_TYPE, .whole = true },
	{ "type of a Certificate", HEX(11, 0, 0, 13, 0, 0, 10, SIGALGS),
	    SEAL_E_EA_REQUEST_TYPE, .whole = true },
	{ "trailing byte inside", HEX(13, 0, 0, 14, 0, 0, 10, SIGALGS, 0),
	    MALFORMED, .whole = true },
	{ "trailing byte after", HEX(13, 0, 0, 13, 0, 0, 10, SIGALGS, 0),
	    MALFORMED, .whole = true },
	{ "two", HEX(13, 0, 0, 13, 0, 0, 10, SIGALGS, 13, 0, 0, 0), MALFORMED,
	    .whole = true },
	/* RFC 9261 s4: the TLS header, over DTLS too. */
	{ "header of DTLS",
	    HEX(13, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0, 13, 0, 0, 10, SIGALGS),
	    MALFORMED, .whole = true },
	{ NULL },
};

static void
wrap(const struct request_case *c, struct wr *w)
{
	size_t message;

	if (c->whole) {
		wr_bytes(w, c->body);
		return;
	}
	message = ea_message_begin(w, 13);
	wr_vec(w, 1, span_str("context"));
	wr_vec(w, 2, c->body);
	ea_message_end(w, message);
}

static void
check_good(const struct request_case *c, const struct ea_request *req)
{
	assert_true(span_is(req->context, "context"));
	assert_int_equal(req->requester, EA_SERVER);
	assert_int_equal(req->cmw_offered, !c->no_cmw);
	assert_int_equal(req->n_schemes, 1);
	assert_int_equal(req->schemes[0], SIG_ECDSA_P256_SHA256);
	assert_true(span_equal(req->offered, c->body));
}

static void
parse(void **state)
{
	(void)state;
	for (const struct request_case *c = cases; c->name != NULL; c++) {
		struct ea_request req = { .n_schemes = 99 };
		struct seal_diag d = { 0 };
		uint8_t buf[128];
		struct wr w;
		int r;

		wr_init(&w, buf, sizeof(buf));
		wrap(c, &w);
		r = ea_request_parse(
		    wr_view(&w), EA_SERVER, CMW_TYPE, &req, &d);
		if (r != c->want)
			fail_msg("%s: got %d (%s)", c->name, r, d.text);
		if (r == 0)
			check_good(c, &req);
		else if (req.n_schemes != 99 || d.text[0] == '\0')
			fail_msg("%s: output changed, or no story", c->name);
		for (size_t n = 0; r == 0 && n < w.n; n++)
			assert_int_not_equal(
			    ea_request_parse(span_of(buf, n), EA_SERVER,
				CMW_TYPE, &req, NULL),
			    0);
	}
}

/* What we write is what we read; each side refuses the other's type. */
static void
written(void **state)
{
	static const enum ea_role roles[] = { EA_CLIENT, EA_SERVER };
	static const uint8_t context[255] = { 1 };

	(void)state;
	for (size_t i = 0; i < 2 * 256; i++) {
		enum ea_role role = roles[i % 2];
		struct span want = { context, i / 2 }, got = { 0 };
		uint16_t cmw_type = i % 3 == 0 ? 0 : CMW_TYPE;
		struct ea_request req;
		uint8_t buf[512];
		struct wr w;

		wr_init(&w, buf, sizeof(buf));
		assert_int_equal(
		    ea_request_write(&w, role, want, cmw_type, NULL), 0);
		assert_int_equal(
		    ea_request_parse(wr_view(&w), role, CMW_TYPE, &req, NULL),
		    0);
		assert_true(span_equal(req.context, want));
		assert_int_equal(req.cmw_offered, cmw_type != 0);
		assert_int_equal(req.n_schemes, sig_tls13_count);
		assert_int_equal(ea_get_context(wr_view(&w), &got, NULL), 0);
		assert_true(span_equal(got, want));
		assert_int_equal(ea_request_parse(wr_view(&w), ea_peer_of(role),
				     CMW_TYPE, &req, NULL),
		    SEAL_E_EA_REQUEST_TYPE);
	}
}

static void
does_not_fit(void **state)
{
	static const uint8_t context[256];
	uint8_t buf[512];
	struct wr w;

	(void)state;
	wr_init(&w, buf, sizeof(buf));
	assert_int_equal(ea_request_write(&w, EA_CLIENT, span_of(context, 256),
			     CMW_TYPE, NULL),
	    SEAL_E_LIMIT);
	for (size_t n = 0; n < 20; n++) {
		wr_init(&w, buf, n);
		assert_int_equal(ea_request_write(&w, EA_CLIENT,
				     span_of(context, 5), CMW_TYPE, NULL),
		    SEAL_E_LIMIT);
	}
}

/* A peer that repeats a scheme hides no other, and fills no array. */
static void
many_schemes(void **state)
{
	struct request_case c = { "many" };
	struct ea_request req;
	uint8_t body[2048], buf[2200];
	size_t ext, list;
	struct wr e, w;

	(void)state;
	wr_init(&e, body, sizeof(body));
	wr_u16(&e, 13);
	ext = wr_vec_begin(&e, 2);
	list = wr_vec_begin(&e, 2);
	for (size_t i = 0; i < 200; i++) {
		wr_u16(&e, SIG_ECDSA_P256_SHA256);
		wr_u16(&e, (uint16_t)(0x0200 + i)); /* among them SHA-1's */
		wr_u16(&e, SIG_RSA_PKCS1_SHA256);
	}
	for (size_t i = 0; i < 2 * sig_tls13_count; i++)
		wr_u16(&e, sig_tls13_schemes[i % sig_tls13_count]);
	wr_vec_end(&e, list, 2);
	wr_vec_end(&e, ext, 2);
	c.body = wr_view(&e);
	wr_init(&w, buf, sizeof(buf));
	wrap(&c, &w);
	assert_int_equal(
	    ea_request_parse(wr_view(&w), EA_SERVER, CMW_TYPE, &req, NULL), 0);
	assert_int_equal(req.n_schemes, sig_tls13_count);
	for (size_t i = 0; i < req.n_schemes; i++)
		assert_true(sig_is_tls13(req.schemes[i]));
}

/* The walk has a bound on extensions, and it is a bound on the good, too. */
static void
many_extensions(void **state)
{
	(void)state;
	for (uint16_t n = EA_EXTENSIONS_MAX - 2; n <= EA_EXTENSIONS_MAX; n++) {
		struct request_case c = { "many" };
		struct ea_request req;
		uint8_t body[512], buf[600];
		struct wr e, w;

		wr_init(&e, body, sizeof(body));
		wr_bytes(&e, (struct span)HEX(SIGALGS));
		for (uint16_t i = 0; i < n; i++)
			wr_u32(&e, (0xa000u + i) << 16);
		c.body = wr_view(&e);
		wr_init(&w, buf, sizeof(buf));
		wrap(&c, &w);
		assert_int_equal(ea_request_parse(wr_view(&w), EA_SERVER,
				     CMW_TYPE, &req, NULL),
		    n < EA_EXTENSIONS_MAX ? 0 : MALFORMED);
	}
}

/* A cmw_type of 0 switches the extension off: it is one more unknown. */
static void
without_cmw(void **state)
{
	static const uint8_t m[] = { 13, 0, 0, 18, 0, 0, 15, SIGALGS, 0, 0, 0,
		1, 7 };
	struct ea_request req;

	(void)state;
	assert_int_equal(
	    ea_request_parse(span_of(m, sizeof(m)), EA_SERVER, 0, &req, NULL),
	    0);
	assert_false(req.cmw_offered);
}

struct context_case {
	const char *name;
	struct span in;
	int want;
};

static const struct context_case context_cases[] = {
	{ "request", HEX(13, 0, 0, 2, 1, 7), 0 },
	{ "client's request", HEX(17, 0, 0, 2, 1, 7), 0 },
	{ "authenticator", HEX(11, 0, 0, 2, 1, 7, 15, 0, 0, 0), 0 },
	{ "empty authenticator", HEX(20, 0, 0, 1, 7), SEAL_E_EA_EMPTY },
	{ "other", HEX(15, 0, 0, 2, 1, 7), SEAL_E_EA_UNEXPECTED_MESSAGE },
	{ "context too long", HEX(13, 0, 0, 2, 2, 7), SEAL_E_EA_MALFORMED },
	{ "no body", HEX(13, 0, 0, 0), SEAL_E_EA_MALFORMED },
	{ "cut", HEX(13, 0, 0, 2, 1), SEAL_E_EA_MALFORMED },
	{ "nothing", { NULL, 0 }, SEAL_E_EA_MALFORMED },
	{ NULL },
};

static void
get_context(void **state)
{
	(void)state;
	for (const struct context_case *c = context_cases; c->name != NULL;
	     c++) {
		struct span got = { 0 };

		if (ea_get_context(c->in, &got, NULL) != c->want)
			fail_msg("%s", c->name);
		assert_int_equal(got.n, c->want == 0 ? 1 : 0);
	}
}

/* RFC 9261 s5.1 */
static void
labels(void **state)
{
	(void)state;
	assert_string_equal(ea_label_context(EA_CLIENT),
	    "EXPORTER-client authenticator handshake context");
	assert_string_equal(ea_label_context(EA_SERVER),
	    "EXPORTER-server authenticator handshake context");
	assert_string_equal(ea_label_finished(EA_CLIENT),
	    "EXPORTER-client authenticator finished key");
	assert_string_equal(ea_label_finished(EA_SERVER),
	    "EXPORTER-server authenticator finished key");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse),
		cmocka_unit_test(written),
		cmocka_unit_test(does_not_fit),
		cmocka_unit_test(many_schemes),
		cmocka_unit_test(many_extensions),
		cmocka_unit_test(without_cmw),
		cmocka_unit_test(get_context),
		cmocka_unit_test(labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
