/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "forge.h"

/*
 * Each row bends one part of an authenticator that is otherwise right, signed
 * and finished over the bent bytes, so that only the check of that part can
 * refuse it.
 */
static struct ea_keys keys;
static struct ea_request req, other_req;
static uint8_t req_buf[256], other_buf[256];
static const struct span one = STR("\1");

/* rsa_pkcs1_sha256 is legal in a request, never in a CertificateVerify. */
static const uint16_t offered[] = { SIG_ECDSA_P256_SHA256,
	SIG_ECDSA_P384_SHA384, SIG_RSA_PKCS1_SHA256, SIG_RSA_PSS_RSAE_SHA256 };

/* Bytes that outlive the function that names them. */
#define LIT(s) span_of(s, sizeof(s) - 1)

/* ---- Framing ---- */

static void
trailing_byte(struct forge *f)
{
	f->tail = one;
}

static void
trailing_message(struct forge *f)
{
	f->tail = LIT("\x14\x00\x00\x00");
}

static void
trailing_messages(struct forge *f)
{
	f->tail = LIT("\x18\x00\x00\x01\x00\x18\x00\x00\x00");
}

static void
dtls(struct forge *f)
{
	f->dtls = true;
}

static void
nothing(struct forge *f)
{
	f->drop[0] = f->drop[1] = f->drop[2] = true;
}

static void
no_certificate(struct forge *f)
{
	f->drop[0] = true;
}

static void
no_verify(struct forge *f)
{
	f->drop[1] = true;
}

static void
no_finished(struct forge *f)
{
	f->drop[2] = true;
}

static void
certificate_alone(struct forge *f)
{
	f->drop[1] = f->drop[2] = true;
}

static void
compressed_certificate(struct forge *f)
{
	f->type[0] = 25; /* RFC 8879 */
}

static void
other_verify(struct forge *f)
{
	f->type[1] = 16;
}

static void
other_finished(struct forge *f)
{
	f->type[2] = 24;
}

/* ---- Certificate ---- */

static void
certificate_tail(struct forge *f)
{
	f->certificate_tail = one;
}

static void
entries_tail(struct forge *f)
{
	f->entries_tail = one;
}

static void
other_context(struct forge *f)
{
	f->context = span_str("the context of this Request");
}

static void
shorter_context(struct forge *f)
{
	f->context.n--;
}

static void
no_context(struct forge *f)
{
	f->context = span_of(NULL, 0);
}

static void
empty_list(struct forge *f)
{
	f->n = 0;
}

static void
empty_entry(struct forge *f)
{
	f->entry[1].der = span_of(NULL, 0);
}

static void
large_entry(struct forge *f)
{
	static const uint8_t zeros[LIMIT_CERTIFICATE + 1];

	f->entry[1].der = span_of(zeros, sizeof(zeros));
}

static void
long_chain(struct forge *f)
{
	for (f->n = 1; f->n <= LIMIT_CHAIN; f->n++)
		f->entry[f->n] = f->entry[1];
}

static void
leaf_is_garbage(struct forge *f)
{
	f->entry[0].der = span_str("no certificate");
}

static void
leaf_has_tail(struct forge *f)
{
	static uint8_t buf[2048];
	struct span der = f->entry[0].der;

	memcpy(buf, der.p, der.n);
	f->entry[0].der = span_of(buf, der.n + 1);
}

/* ---- Extensions ---- */

#define CMW                        \
	"\xff\x00\x00\x03\x00\x01" \
	"c"
#define STATUS "\x00\x05\x00\x01\x01"

static void
extension_twice(struct forge *f)
{
	f->entry[0].extensions = LIT(STATUS CMW STATUS);
}

static void
cmw_twice(struct forge *f)
{
	f->entry[0].extensions = LIT(CMW CMW);
}

static void
extension_cut(struct forge *f)
{
	f->entry[0].extensions = LIT(CMW "\x00\x05\x00\x01");
}

static void
not_offered(struct forge *f)
{
	f->entry[0].extensions = LIT(CMW "\x00\x12\x00\x00");
}

static void
not_offered_later(struct forge *f)
{
	f->entry[1].extensions = LIT("\x00\x12\x00\x00");
}

/* RFC 8446 s4.2: it has no place in a Certificate. */
static void
request_extension(struct forge *f)
{
	f->entry[0].extensions = LIT("\x00\x0d\x00\x04\x00\x02\x04\x03");
}

static void
cmw_later(struct forge *f)
{
	f->entry[0].extensions = span_of(NULL, 0);
	f->entry[1].extensions = LIT(CMW);
}

static void
cmw_again_later(struct forge *f)
{
	f->entry[1].extensions = LIT(CMW);
}

static void
cmw_empty(struct forge *f)
{
	f->entry[0].extensions = LIT("\xff\x00\x00\x02\x00\x00");
}

static void
cmw_without_length(struct forge *f)
{
	f->entry[0].extensions = LIT("\xff\x00\x00\x00");
}

static void
cmw_too_short(struct forge *f)
{
	f->entry[0].extensions = LIT("\xff\x00\x00\x03\x00\x02"
				     "c");
}

static void
cmw_with_tail(struct forge *f)
{
	f->entry[0].extensions = LIT("\xff\x00\x00\x04\x00\x01"
				     "c"
				     "c");
}

/* ---- CertificateVerify ---- */

static void
use(struct forge *f, enum who who, uint16_t scheme)
{
	f->signer = person(who);
	f->entry[0].der = f->signer->chain[0];
	f->scheme = scheme;
}

static void
verify_tail(struct forge *f)
{
	f->verify_tail = one;
}

/* RFC 8446 s4.4.3: though the request offers it, and it verifies. */
static void
pkcs1(struct forge *f)
{
	use(f, RSA2048, SIG_RSA_PKCS1_SHA256);
}

static void
scheme_not_offered(struct forge *f)
{
	use(f, ED25519, SIG_ED25519);
}

static void
other_curve(struct forge *f)
{
	use(f, P384, SIG_ECDSA_P384_SHA384);
	f->entry[0].der = person(P256)->chain[0];
}

static void
other_algorithm(struct forge *f)
{
	use(f, RSA2048, SIG_RSA_PSS_RSAE_SHA256);
	f->entry[0].der = person(P256)->chain[0];
}

static void
key_usage(struct forge *f)
{
	use(f, NO_SIGN, SIG_ECDSA_P256_SHA256);
}

static void
other_key(struct forge *f)
{
	f->signer = person(NO_SIGN);
}

static void
no_signature(struct forge *f)
{
	f->no_signature = true;
}

/* The context strings of TLS itself (RFC 8446 s4.4.3). */
static void
tls_label(struct forge *f)
{
	f->label = "TLS 1.3, server CertificateVerify";
}

static void
signed_for_other_connection(struct forge *f)
{
	f->sign_keys = test_keys(HASH_SHA256, 2);
}

static void
signed_for_other_request(struct forge *f)
{
	f->sign_request = other_req.message;
}

static void
signed_without_request(struct forge *f)
{
	f->sign_request = span_of(NULL, 0);
}

static void
signed_without_header(struct forge *f)
{
	f->sign_request = span_of(f->sign_request.p + 4, f->sign_request.n - 4);
}

/* ---- Finished ---- */

static void
finished_short(struct forge *f)
{
	f->finished_cut = 1;
}

static void
finished_none(struct forge *f)
{
	f->finished_cut = 32;
}

static void
finished_long(struct forge *f)
{
	f->finished_tail = one;
}

static void
finished_last_bit(struct forge *f)
{
	f->finished_flip = 1;
}

static void
finished_other_key(struct forge *f)
{
	memset(f->finish_keys.finished_key, 9, HASH_MAX);
}

static void
finished_other_connection(struct forge *f)
{
	memset(f->finish_keys.handshake_context, 9, HASH_MAX);
}

static void
finished_other_request(struct forge *f)
{
	f->finish_request = other_req.message;
}

/* A relay that terminates TLS on both of its sides: all keys differ. */
static void
relayed(struct forge *f)
{
	f->sign_keys = f->finish_keys = test_keys(HASH_SHA256, 2);
}

static void
good(struct forge *f)
{
	(void)f;
}

static void
other_extension(struct forge *f)
{
	f->entry[0].extensions = LIT(STATUS CMW);
	f->entry[1].extensions = LIT(STATUS);
}

static void
no_cmw(struct forge *f)
{
	f->entry[0].extensions = span_of(NULL, 0);
}

static void
longest_chain(struct forge *f)
{
	long_chain(f);
	f->n = LIMIT_CHAIN;
}

struct reason_case {
	const char *name;
	void (*bend)(struct forge *f);
	int want;
};

static const struct reason_case cases[] = {
	{ "good", good, 0 },
	{ "another extension that was offered", other_extension, 0 },
	{ "no CMW", no_cmw, 0 },
	{ "longest chain", longest_chain, 0 },

	{ "nothing", nothing, SEAL_E_EA_MALFORMED },
	{ "trailing byte", trailing_byte, SEAL_E_EA_MALFORMED },
	{ "headers of DTLS", dtls, SEAL_E_EA_MALFORMED },
	{ "trailing message", trailing_message, SEAL_E_EA_UNEXPECTED_MESSAGE },
	{ "trailing messages", trailing_messages,
	    SEAL_E_EA_UNEXPECTED_MESSAGE },
	{ "no Certificate", no_certificate, SEAL_E_EA_UNEXPECTED_MESSAGE },
	{ "no CertificateVerify", no_verify, SEAL_E_EA_UNEXPECTED_MESSAGE },
	{ "no Finished", no_finished, SEAL_E_EA_UNEXPECTED_MESSAGE },
	{ "Certificate alone", certificate_alone,
	    SEAL_E_EA_UNEXPECTED_MESSAGE },
	{ "CompressedCertificate", compressed_certificate,
	    SEAL_E_EA_UNEXPECTED_MESSAGE },
	{ "other than CertificateVerify", other_verify,
	    SEAL_E_EA_UNEXPECTED_MESSAGE },
	{ "other than Finished", other_finished, SEAL_E_EA_UNEXPECTED_MESSAGE },

	{ "byte after the list", certificate_tail,
	    SEAL_E_EA_CERTIFICATE_MALFORMED },
	{ "byte in the list", entries_tail, SEAL_E_EA_CERTIFICATE_MALFORMED },
	{ "empty entry", empty_entry, SEAL_E_EA_CERTIFICATE_MALFORMED },
	{ "large entry", large_entry, SEAL_E_EA_CERTIFICATE_MALFORMED },
	{ "long chain", long_chain, SEAL_E_EA_CERTIFICATE_MALFORMED },
	{ "leaf is garbage", leaf_is_garbage, SEAL_E_EA_CERTIFICATE_MALFORMED },
	{ "leaf has a tail", leaf_has_tail, SEAL_E_EA_CERTIFICATE_MALFORMED },
	{ "empty list", empty_list, SEAL_E_EA_EMPTY_CERTIFICATE_LIST },
	{ "other context", other_context, SEAL_E_EA_CONTEXT_MISMATCH },
	{ "shorter context", shorter_context, SEAL_E_EA_CONTEXT_MISMATCH },
	{ "no context", no_context, SEAL_E_EA_CONTEXT_MISMATCH },

	{ "extension twice", extension_twice, SEAL_E_EA_CERTIFICATE_MALFORMED },
	{ "CMW twice", cmw_twice, SEAL_E_EA_CERTIFICATE_MALFORMED },
	{ "extension cut", extension_cut, SEAL_E_EA_CERTIFICATE_MALFORMED },
	{ "extension of requests", request_extension,
	    SEAL_E_EA_CERTIFICATE_MALFORMED },
	{ "not offered", not_offered, SEAL_E_EA_EXTENSION_NOT_OFFERED },
	{ "not offered, later entry", not_offered_later,
	    SEAL_E_EA_EXTENSION_NOT_OFFERED },
	{ "CMW in a later entry", cmw_later, SEAL_E_EA_CMW_PLACE },
	{ "CMW in both entries", cmw_again_later, SEAL_E_EA_CMW_PLACE },
	{ "CMW empty", cmw_empty, SEAL_E_EA_CMW_MALFORMED },
	{ "CMW without a length", cmw_without_length, SEAL_E_EA_CMW_MALFORMED },
	{ "CMW too short", cmw_too_short, SEAL_E_EA_CMW_MALFORMED },
	{ "CMW with a tail", cmw_with_tail, SEAL_E_EA_CMW_MALFORMED },

	{ "byte after the signature", verify_tail, SEAL_E_EA_MALFORMED },
	{ "PKCS#1 v1.5", pkcs1, SEAL_E_EA_SCHEME_NOT_TLS13 },
	{ "scheme not offered", scheme_not_offered,
	    SEAL_E_EA_SCHEME_NOT_OFFERED },
	{ "scheme of another curve", other_curve,
	    SEAL_E_EA_SCHEME_KEY_MISMATCH },
	{ "scheme of another algorithm", other_algorithm,
	    SEAL_E_EA_SCHEME_KEY_MISMATCH },
	{ "key usage", key_usage, SEAL_E_EA_KEY_USAGE },
	{ "other key", other_key, SEAL_E_EA_SIGNATURE },
	{ "no signature", no_signature, SEAL_E_EA_SIGNATURE },
	{ "context string of TLS", tls_label, SEAL_E_EA_SIGNATURE },
	{ "signed for another connection", signed_for_other_connection,
	    SEAL_E_EA_SIGNATURE },
	{ "signed for another request", signed_for_other_request,
	    SEAL_E_EA_SIGNATURE },
	{ "signed without the request", signed_without_request,
	    SEAL_E_EA_SIGNATURE },
	{ "signed without its header", signed_without_header,
	    SEAL_E_EA_SIGNATURE },
	{ "relayed", relayed, SEAL_E_EA_SIGNATURE },

	{ "Finished short", finished_short, SEAL_E_EA_FINISHED_LENGTH },
	{ "Finished empty", finished_none, SEAL_E_EA_FINISHED_LENGTH },
	{ "Finished long", finished_long, SEAL_E_EA_FINISHED_LENGTH },
	{ "Finished, last bit", finished_last_bit, SEAL_E_EA_FINISHED },
	{ "Finished, other key", finished_other_key, SEAL_E_EA_FINISHED },
	{ "Finished, other connection", finished_other_connection,
	    SEAL_E_EA_FINISHED },
	{ "Finished, other request", finished_other_request,
	    SEAL_E_EA_FINISHED },
	{ NULL },
};

/* ---- The chain callback ---- */

struct asked {
	int calls, answer;
};

/* Called last: with everything that it may want to judge. */
static int
ask(void *ctx, const struct ea_peer *peer, struct seal_diag *d)
{
	struct asked *a = ctx;

	a->calls++;
	assert_non_null(peer->leaf);
	assert_true(peer->n_chain > 0 && peer->chain[0].n > 0);
	return a->answer == 0
		   ? 0
		   : seal_fail(d, a->answer, "expected a root, found none");
}

static int
validate(const struct forge *f, const struct ea_request *r, struct asked *asked,
    struct ea_peer *ret, struct seal_diag *d)
{
	struct wr w;
	int e;

	wr_init_heap(&w, 1u << 20);
	forge_write(f, &w);
	e = ea_validate(
	    wr_view(&w), &keys, r, CMW_TYPE, NULL, ask, asked, ret, d);
	wr_free(&w);
	return e;
}

static void
each_reason(void **state)
{
	(void)state;
	for (const struct reason_case *c = cases; c->name != NULL; c++) {
		struct forge f = forge_new(&keys, &req, person(P256));
		struct ea_peer peer = { .n_chain = 99 };
		struct asked asked = { 0 };
		struct seal_diag d = { 0 };
		int r;

		c->bend(&f);
		r = validate(&f, &req, &asked, &peer, &d);
		if (r != c->want)
			fail_msg("%s: got %s (%s)", c->name, seal_error_name(r),
			    d.text);
		if (asked.calls != (r == 0))
			fail_msg("%s: %d calls", c->name, asked.calls);
		if (r == 0) {
			assert_int_equal(peer.n_chain, f.n);
			cert_unref(&peer.leaf);
			continue;
		}
		/* The output is as it was, and the story is whole. */
		assert_int_equal(peer.n_chain, 99);
		if (strstr(d.text, "expected") == NULL ||
		    strstr(d.text, "found") == NULL || d.code != r)
			fail_msg("%s: story: %s", c->name, d.text);
		if (c->bend == request_extension &&
		    strstr(d.text, "signature_algorithms") == NULL)
			fail_msg("%s: story: %s", c->name, d.text);
	}
}

/* What the callback says is the result; it cannot turn a failure around. */
static void
chain_decides(void **state)
{
	static const int answers[] = { SEAL_E_CHAIN, SEAL_E_STALE, -1 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct forge f = forge_new(&keys, &req, person(P256));
		struct asked asked = { .answer = answers[i] };
		struct ea_peer peer = { .n_chain = 99 };

		assert_int_equal(
		    validate(&f, &req, &asked, &peer, NULL), answers[i]);
		assert_int_equal(peer.n_chain, 99);
		assert_null(peer.leaf);
	}
}

/* PROTOCOL 4: there are no spontaneous authenticators. */
static void
without_request(void **state)
{
	struct forge f = forge_new(&keys, &req, person(P256));
	struct asked asked = { 0 };
	struct ea_peer peer;

	(void)state;
	f.sign_request = f.finish_request = span_of(NULL, 0);
	assert_int_equal(
	    validate(&f, NULL, &asked, &peer, NULL), SEAL_E_EA_SPONTANEOUS);
	f.drop[0] = f.drop[1] = true;
	assert_int_equal(validate(&f, NULL, &asked, &peer, NULL),
	    SEAL_E_EA_EMPTY_WITHOUT_REQUEST);
	f.tail = one;
	assert_int_equal(
	    validate(&f, NULL, &asked, &peer, NULL), SEAL_E_EA_MALFORMED);
	assert_int_equal(asked.calls, 0);
}

struct empty_case {
	const char *name;
	void (*bend)(struct forge *f);
	int want;
};

static const struct empty_case empty_cases[] = {
	{ "good", good, SEAL_E_EA_EMPTY },
	{ "trailing byte", trailing_byte, SEAL_E_EA_MALFORMED },
	{ "trailing message", trailing_message, SEAL_E_EA_UNEXPECTED_MESSAGE },
	{ "short", finished_short, SEAL_E_EA_FINISHED_LENGTH },
	{ "no bytes", finished_none, SEAL_E_EA_FINISHED_LENGTH },
	{ "long", finished_long, SEAL_E_EA_FINISHED_LENGTH },
	{ "last bit", finished_last_bit, SEAL_E_EA_FINISHED },
	{ "other key", finished_other_key, SEAL_E_EA_FINISHED },
	{ "other request", finished_other_request, SEAL_E_EA_FINISHED },
	{ "other context", other_context, SEAL_E_EA_FINISHED },
	{ NULL },
};

/* RFC 9261 s7.4: well formed, and still no success. */
static void
empty(void **state)
{
	(void)state;
	for (const struct empty_case *c = empty_cases; c->name != NULL; c++) {
		struct forge f = forge_new(&keys, &req, person(P256));
		struct asked asked = { 0 };
		struct seal_diag d = { 0 };
		struct ea_peer peer;
		int r;

		f.n = 0;
		f.drop[0] = f.drop[1] = f.skip_verify = true;
		c->bend(&f);
		r = validate(&f, &req, &asked, &peer, &d);
		if (r != c->want || asked.calls != 0)
			fail_msg("%s: got %s (%s)", c->name, seal_error_name(r),
			    d.text);
	}
}

/* The Finished of an empty one does not stand for a Certificate's. */
static void
finished_without_verify(void **state)
{
	struct forge f = forge_new(&keys, &req, person(P256)), g = f;
	struct asked asked = { 0 };
	struct ea_peer peer;
	struct wr w;
	int r;

	(void)state;
	g.skip_verify = g.drop[0] = true;
	f.drop[2] = true;
	wr_init_heap(&w, 1u << 16);
	forge_write(&f, &w);
	forge_write(&g, &w);
	r = ea_validate(
	    wr_view(&w), &keys, &req, CMW_TYPE, NULL, ask, &asked, &peer, NULL);
	wr_free(&w);
	assert_int_equal(r, SEAL_E_EA_FINISHED);
}

/* With the extension switched off, its bytes are not looked into. */
static void
without_cmw_type(void **state)
{
	struct forge f = forge_new(&keys, &req, person(P256));
	struct ea_peer peer = { 0 };
	struct wr w;

	(void)state;
	cmw_empty(&f);
	wr_init_heap(&w, 1u << 16);
	forge_write(&f, &w);
	assert_int_equal(ea_validate(wr_view(&w), &keys, &req, 0, NULL, NULL,
			     NULL, &peer, NULL),
	    0);
	assert_int_equal(peer.cmw.n, 0);
	cert_unref(&peer.leaf);
	wr_free(&w);
}

/* Keys without a hash prove nothing, whatever the peer sends. */
static void
no_hash(void **state)
{
	static const uint8_t finished[] = { 20, 0, 0, 0 };
	struct forge f = forge_new(&keys, &req, person(P256));
	struct ea_keys none = { 0 };
	struct ea_peer peer;
	struct wr w;

	(void)state;
	wr_init_heap(&w, 1u << 16);
	forge_write(&f, &w);
	assert_int_not_equal(ea_validate(wr_view(&w), &none, &req, CMW_TYPE,
				 NULL, NULL, NULL, &peer, NULL),
	    0);
	wr_free(&w);
	assert_int_not_equal(
	    ea_validate(span_of(finished, sizeof(finished)), &none, &req,
		CMW_TYPE, NULL, NULL, NULL, &peer, NULL),
	    SEAL_E_EA_EMPTY);
}

/* A cache saves the parsing; it must not save a check. */
static void
through_a_cache(void **state)
{
	struct cert_cache *cache = cert_cache_new(4);
	struct ea_peer peer = { 0 };
	struct wr w;

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct forge f = forge_new(&keys, &req, person(P256));

		if (i % 2 == 1)
			f.signer = person(NO_SIGN);
		wr_init_heap(&w, 1u << 16);
		forge_write(&f, &w);
		assert_int_equal(ea_validate(wr_view(&w), &keys, &req, CMW_TYPE,
				     cache, NULL, NULL, &peer, NULL),
		    i % 2 == 1 ? SEAL_E_EA_SIGNATURE : 0);
		if (i % 2 == 0)
			cert_unref(&peer.leaf);
		wr_free(&w);
	}
	cert_cache_free(&cache);
}

static int
set_up(void **state)
{
	struct wr w;

	(void)state;
	keys = test_keys(HASH_SHA256, 1);
	wr_init(&w, req_buf, sizeof(req_buf));
	req = make_request(&w, EA_CLIENT, offered, 4);
	wr_init(&w, other_buf, sizeof(other_buf));
	other_req = make_request(&w, EA_CLIENT, offered, 1);
	return 0;
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
		cmocka_unit_test(each_reason),
		cmocka_unit_test(chain_decides),
		cmocka_unit_test(without_request),
		cmocka_unit_test(empty),
		cmocka_unit_test(finished_without_verify),
		cmocka_unit_test(without_cmw_type),
		cmocka_unit_test(no_hash),
		cmocka_unit_test(through_a_cache),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
