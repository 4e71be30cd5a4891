/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "evidence/nitro_device.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "cbor/cbor.h"
#include "evidence/drivers.h"
#include "evidence/nitro.h"

struct nitro_play nitro_now;
static uint8_t asked_key[LIMIT_SPKI];
static size_t n_asked_key;

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
	played_ask(nonce);
	memcpy(asked_key, spki.p, spki.n);
	n_asked_key = spki.n;
}

static void
put_answer(struct wr *w)
{
	struct wr document;

	nitro_make(nitro_now.shape, &document);
	cbor_put_map(w, nitro_now.answer == TWO_WORDS ? 2 : 1);
	cbor_put_text(
	    w, span_str(
		   nitro_now.answer == ERROR || nitro_now.answer == ERROR_NUMBER
		       ? "Error"
		   : nitro_now.answer == OTHER_WORD ? "Random"
						    : "Attestation"));
	if (nitro_now.answer == ERROR) {
		cbor_put_text(w, span_str("InternalError"));
	} else if (nitro_now.answer == ERROR_NUMBER) {
		cbor_put_uint(w, 7);
	} else {
		cbor_put_map(w, 1);
		cbor_put_text(w, span_str("document"));
		if (nitro_now.answer == NO_DOCUMENT)
			cbor_put_null(w);
		else
			cbor_put_bytes(w, wr_view(&document));
	}
	if (nitro_now.answer == TWO_WORDS) {
		cbor_put_text(w, span_str("Error"));
		cbor_put_text(w, span_str("InternalError"));
	}
	if (nitro_now.answer == TRAILING_BYTE)
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
	if (nitro_now.n_err > 0) {
		nitro_now.n_err--;
		errno = nitro_now.err;
		return -1;
	}
	read_request(
	    span_of((void *)(uintptr_t)m->request.at, (size_t)m->request.n));
	wr_init(&w, (void *)(uintptr_t)m->response.at, NSM_RESPONSE_MAX);
	put_answer(&w);
	assert_int_equal(w.error, 0);
	m->response.n = nitro_now.answer == EMPTY       ? 0
			: nitro_now.answer == TOO_LONG  ? NSM_RESPONSE_MAX + 1
			: nitro_now.answer == TRUNCATED ? w.n - 1
							: w.n;
	if (nitro_now.answer == GARBAGE)
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

struct span
nitro_asked_key(void)
{
	return span_of(asked_key, n_asked_key);
}

static void
put_signer(bool stranger, struct wr *out)
{
	played_put_ca(stranger ? nitro_other_file() : nitro_root_file(), out);
}

const struct played nitro_device = {
	.driver = &evidence_nitro,
	.open = open_on_fake,
	.set_up = nitro_setup,
	.tear_down = nitro_teardown,
	.put_signer = put_signer,
};
