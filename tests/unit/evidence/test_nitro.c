/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of /dev/nsm, whose kernel and module are played here. */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/nitro_fixture.h"
#include "base/limits.h"
#include "cbor/cbor.h"
#include "evidence/device_fixture.h"
#include "evidence/drivers.h"
#include "evidence/nitro.h"
#include "format/nitro.h"

#define COLLECT_MS 60000u
#define SHORT_MS 200u
#define FD 9
#define FOR_EVER 1000000000u

static const struct span exporter = STR("0123456789abcdef0123456789abcdef");

enum answer {
	DOCUMENT = 0,
	ERROR,        /* {"Error": "InternalError"} */
	ERROR_NUMBER, /* … a number */
	OTHER_WORD,   /* another key than Attestation */
	TWO_WORDS,    /* a second pair */
	NO_DOCUMENT,  /* null in its place */
	TRUNCATED,
	TRAILING_BYTE,
	EMPTY,
	GARBAGE,
	TOO_LONG, /* more than the room that it was given */
};

struct module {
	int err;
	unsigned n_err;
	enum answer answer;
	enum nitro_shape shape;
};

static struct module now;
static uint8_t asked_nonce[HASH_MAX], asked_key[LIMIT_SPKI];
static size_t n_asked_nonce, n_asked_key;

/* Exactly what the module expects, to the last byte. */
static void
read_request(struct span in)
{
	struct span key = { 0 }, nonce = { 0 }, spki = { 0 };
	size_t n = 0;
	struct rd r;

	rd_init(&r, in);
	assert_true(cbor_map(&r, &n) && n == 1 && cbor_text(&r, &key) &&
		    span_is(key, "Attestation") && cbor_map(&r, &n) && n == 3);
	assert_true(
	    cbor_text(&r, &key) && span_is(key, "user_data") && cbor_null(&r));
	assert_true(cbor_text(&r, &key) && span_is(key, "nonce") &&
		    cbor_bytes(&r, &nonce));
	assert_true(cbor_text(&r, &key) && span_is(key, "public_key") &&
		    cbor_bytes(&r, &spki) && rd_end(&r));
	nitro_answer(nonce, spki);
	memcpy(asked_nonce, nonce.p, nonce.n);
	n_asked_nonce = nonce.n;
	memcpy(asked_key, spki.p, spki.n);
	n_asked_key = spki.n;
}

static void
put_answer(struct wr *w)
{
	struct wr document;

	nitro_make(now.shape, &document);
	cbor_put_map(w, now.answer == TWO_WORDS ? 2 : 1);
	cbor_put_text(w,
	    span_str(now.answer == ERROR || now.answer == ERROR_NUMBER ? "Error"
		     : now.answer == OTHER_WORD ? "Random"
						: "Attestation"));
	if (now.answer == ERROR) {
		cbor_put_text(w, span_str("InternalError"));
	} else if (now.answer == ERROR_NUMBER) {
		cbor_put_uint(w, 7);
	} else {
		cbor_put_map(w, 1);
		cbor_put_text(w, span_str("document"));
		if (now.answer == NO_DOCUMENT)
			cbor_put_null(w);
		else
			cbor_put_bytes(w, wr_view(&document));
	}
	if (now.answer == TWO_WORDS) {
		cbor_put_text(w, span_str("Error"));
		cbor_put_text(w, span_str("InternalError"));
	}
	if (now.answer == TRAILING_BYTE)
		cbor_put_null(w);
	wr_free(&document);
}

static int
fake_control(int fd, unsigned long what, void *argument)
{
	struct nsm_message *m = argument;
	struct wr w;

	assert_int_equal(fd, PLAYED_FD);
	assert_int_equal(what, 0xc0200a00); /* as the module's makers say */
	assert_int_equal(m->response.n, NSM_RESPONSE_MAX);
	if (now.n_err > 0) {
		now.n_err--;
		errno = now.err;
		return -1;
	}
	read_request(
	    span_of((void *)(uintptr_t)m->request.at, (size_t)m->request.n));
	wr_init(&w, (void *)(uintptr_t)m->response.at, NSM_RESPONSE_MAX);
	put_answer(&w);
	assert_int_equal(w.error, 0);
	m->response.n = now.answer == EMPTY       ? 0
			: now.answer == TOO_LONG  ? NSM_RESPONSE_MAX + 1
			: now.answer == TRUNCATED ? w.n - 1
						  : w.n;
	if (now.answer == GARBAGE)
		memset(w.p, 0xff, w.n);
	return 0;
}

static const struct device fake = { played_open, fake_control, played_close };

static int
open_on_fake(void *ctx, const struct conf *conf, uint64_t deadline_ms,
    struct seal_diag *d)
{
	(void)deadline_ms;
	return nitro_open_on(ctx, &fake, conf, d);
}

static void
opening(void **state)
{
	static const struct played_row rows[] = {
		{ "as it is", NONE, 0, 0 },
		{ "unknown setting", KV("pcrs", "0"), 0, SEAL_E_CONFIG },
		{ "no such key", KV("key", "/nonexistent"), 0, SEAL_E_IO },
		{ "no such device", NONE, ENOENT, SEAL_E_UNSUPPORTED },
		{ "not allowed", NONE, EACCES, SEAL_E_CONFIG },
		{ NULL },
	};

	(void)state;
	now = (struct module){ 0 };
	played_opening(&evidence_nitro, open_on_fake, rows);
}

struct row {
	const char *name;
	struct module module;
	int want;
	const char *says;
	bool until_deadline;
};

static const struct row rows[] = {
	{ "as it should be", { 0 }, 0 },
	{ "interrupted", { .err = EINTR, .n_err = 3 }, 0 },
	{ "busy", { .err = EBUSY, .n_err = 3 }, 0 },
	{ "busy for ever", { .err = EBUSY, .n_err = FOR_EVER },
	    SEAL_E_UNAVAILABLE, .until_deadline = true },
	{ "interrupted for ever", { .err = EINTR, .n_err = FOR_EVER },
	    SEAL_E_UNAVAILABLE, .until_deadline = true },
	{ "broken", { .err = EIO, .n_err = 1 }, SEAL_E_UNAVAILABLE },
	{ "no module behind it", { .err = ENOTTY, .n_err = 1 },
	    SEAL_E_UNSUPPORTED },
	{ "an error", { .answer = ERROR }, SEAL_E_UNAVAILABLE,
	    "InternalError" },
	{ "an error that is a number", { .answer = ERROR_NUMBER },
	    SEAL_E_DECODE },
	{ "another answer", { .answer = OTHER_WORD }, SEAL_E_DECODE },
	{ "two answers", { .answer = TWO_WORDS }, SEAL_E_DECODE },
	{ "no document", { .answer = NO_DOCUMENT }, SEAL_E_DECODE },
	{ "cut off", { .answer = TRUNCATED }, SEAL_E_DECODE },
	{ "more behind it", { .answer = TRAILING_BYTE }, SEAL_E_DECODE },
	{ "nothing", { .answer = EMPTY }, SEAL_E_DECODE },
	{ "garbage", { .answer = GARBAGE }, SEAL_E_DECODE },
	{ "longer than its room", { .answer = TOO_LONG }, SEAL_E_LIMIT },
	{ "no nonce", { .shape = NO_NONCE }, SEAL_E_EVIDENCE },
	{ "zeros for a nonce", { .shape = ZERO_NONCE }, SEAL_E_EVIDENCE },
	{ "a short nonce", { .shape = SHORT_NONCE }, SEAL_E_EVIDENCE },
	{ "another nonce", { .shape = OTHER_NONCE }, SEAL_E_EVIDENCE },
	{ "the nonce as user data", { .shape = USER_NONCE }, SEAL_E_EVIDENCE },
	{ "no key", { .shape = NO_KEY }, SEAL_E_EVIDENCE },
	{ "another key", { .shape = OTHER_KEY }, SEAL_E_EVIDENCE },
	{ "no PCR 0", { .shape = NO_PCR0 }, SEAL_E_DECODE },
	{ "a debug enclave is for the peer to refuse", { .shape = DEBUG }, 0 },
	{ NULL },
};

static void
collecting(void **state)
{
	static const char *const none[] = NONE;

	(void)state;
	for (const struct row *row = rows; row->name != NULL; row++)
		for (int h = 0; h < 2; h++) {
			struct attester *a = NULL;
			struct seal_diag d = { 0 };
			struct seal_binding b;
			struct wr w;
			int r;

			now = (struct module){ 0 };
			assert_int_equal(played_attester(&evidence_nitro,
					     open_on_fake, none, &a, &d),
			    0);
			assert_false(attester_insecure(a));
			assert_int_equal(
			    binding_post(h == 0 ? HASH_SHA256 : HASH_SHA384,
				attester_spki(a), exporter, &b, NULL),
			    0);
			now = row->module;
			wr_init_heap(&w, LIMIT_CMW);
			r = attester_collect(a, &b,
			    row->until_deadline ? SHORT_MS : COLLECT_MS, &w,
			    &d);
			if (r != row->want ||
			    (row->says != NULL &&
				strstr(d.text, row->says) == NULL))
				fail_msg("%s: %d (%s)", row->name, r, d.text);
			if (r == 0) {
				struct nitro n;

				assert_int_equal(
				    nitro_parse(wr_view(&w), &n, NULL), 0);
				assert_true(span_equal(
				    span_of(asked_nonce, n_asked_nonce),
				    binding_value(&b)));
				assert_true(
				    span_equal(span_of(asked_key, n_asked_key),
					attester_spki(a)));
			} else {
				assert_int_equal(w.n, 0);
			}
			wr_free(&w);
			attester_free(&a);
		}
}

static int
set_up(void **state)
{
	(void)state;
	nitro_setup();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	nitro_teardown();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening),
		cmocka_unit_test(collecting),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
