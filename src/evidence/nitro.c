/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attests with a document of the Nitro Secure Module, in an AWS Nitro Enclave:
 * its nonce is the binder, its public key the subject key, which lives in the
 * enclave's memory (PROTOCOL 5.3).
 */
#include "evidence/nitro.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cbor/cbor.h"
#include "evidence/drivers.h"
#include "evidence/subject.h"
#include "format/nitro.h"

#define NAME "nitro"
#define SHOWN 40

struct nitro_guest {
	struct subject subject;
	const struct device *dev;
	int fd; /* 0: not open */
};

/* ---- The module's language ---- */

static int
write_request(struct span nonce, struct span key, struct wr *out)
{
	cbor_put_map(out, 1);
	cbor_put_text(out, span_str("Attestation"));
	cbor_put_map(out, 3);
	cbor_put_text(out, span_str("user_data"));
	cbor_put_null(out);
	cbor_put_text(out, span_str("nonce"));
	cbor_put_bytes(out, nonce);
	cbor_put_text(out, span_str("public_key"));
	cbor_put_bytes(out, key);
	return out->error;
}

static int
read_error(struct rd *r, struct seal_diag *d)
{
	struct span code = { 0 };
	char shown[SHOWN];

	if (!cbor_text(r, &code) || !rd_end(r))
		return seal_fail(d, SEAL_E_DECODE,
		    NAME ": the module's error cannot be read");
	return seal_fail(d, SEAL_E_UNAVAILABLE,
	    NAME ": the module answers with the error %s",
	    text_safe(code, shown, sizeof(shown)));
}

/* {"Attestation": {"document": BYTES}}, or {"Error": TEXT}. */
static int
read_response(struct span in, struct span *ret, struct seal_diag *d)
{
	struct span key = { 0 }, document = { 0 };
	size_t n = 0;
	struct rd r;

	rd_init(&r, in);
	if (cbor_map_unique(&r, &n) && n == 1 && cbor_text(&r, &key) &&
	    span_is(key, "Error"))
		return read_error(&r, d);
	if (!span_is(key, "Attestation") || !cbor_map_unique(&r, &n) ||
	    n != 1 || !cbor_text(&r, &key) || !span_is(key, "document") ||
	    !cbor_bytes(&r, &document) || !rd_end(&r))
		return seal_fail(d, SEAL_E_DECODE,
		    NAME ": expected a document of the module, found "
			 "something else");
	*ret = document;
	return 0;
}

/* ---- Asking ---- */

static int
exchange(struct nitro_guest *g, struct span request, uint64_t deadline_ms,
    uint8_t buf[NSM_RESPONSE_MAX], size_t *ret_n, struct seal_diag *d)
{
	uint64_t pause = DEVICE_PAUSE_MS;
	struct nsm_message m;
	int err, r;

	do {
		m.request = (struct nsm_part){ (uint64_t)(uintptr_t)request.p,
			request.n };
		m.response = (struct nsm_part){ (uint64_t)(uintptr_t)buf,
			NSM_RESPONSE_MAX };
		err = g->dev->control(g->fd, NSM_RAW, &m) == -1 ? errno : 0;
	} while (err != 0 && device_again(err, deadline_ms, &pause));
	if (err != 0) {
		r = seal_fail(d,
		    err == ENOTTY ? SEAL_E_UNSUPPORTED : SEAL_E_UNAVAILABLE,
		    NAME ": no answer of the module: %s", strerror(err));
		seal_remedy(d, "%s",
		    err == ENOTTY ? "let 'device' name the security module's, "
				    "/dev/nsm of an enclave"
				  : "try again; the enclave's console says "
				    "more");
		return r;
	}
	if (m.response.n > NSM_RESPONSE_MAX)
		return seal_fail(d, SEAL_E_LIMIT,
		    NAME ": expected at most %u bytes, the module answers "
			 "with %llu",
		    NSM_RESPONSE_MAX, (unsigned long long)m.response.n);
	*ret_n = (size_t)m.response.n;
	return 0;
}

/* The document answers this request, for this key? */
static int
check_document(struct span document, struct span nonce, struct span key,
    struct seal_diag *d)
{
	struct nitro *n = calloc(1, sizeof(*n));
	int r;

	if (n == NULL)
		return seal_fail(d, SEAL_E_MEMORY, NAME);
	if ((r = nitro_parse(document, n, d)) == 0 &&
	    (!span_equal_ct(n->nonce, nonce) ||
		!span_equal_ct(n->public_key, key)))
		r = seal_fail(d, SEAL_E_EVIDENCE,
		    NAME ": expected a document with this nonce and key, "
			 "found another");
	free(n);
	return r;
}

static int
collect(struct nitro_guest *g, struct span nonce, uint64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	struct span key = subject_spki(&g->subject), document = { 0 };
	uint8_t request[NSM_REQUEST_MAX], response[NSM_RESPONSE_MAX];
	struct wr w;
	size_t n = 0;
	int r;

	wr_init(&w, request, sizeof(request));
	if ((r = write_request(nonce, key, &w)) != 0)
		return seal_fail(d, r, NAME ": the key is too large");
	if ((r = exchange(g, wr_view(&w), deadline_ms, response, &n, d)) != 0 ||
	    (r = read_response(span_of(response, n), &document, d)) != 0 ||
	    (r = check_document(document, nonce, key, d)) != 0)
		return r;
	wr_bytes(out, document);
	return 0;
}

/* ---- The driver ---- */

static int
nitro_probe(const struct conf *conf, struct wr *out, struct seal_diag *d)
{
	const char *path = conf_get(conf, "device", NSM_DEVICE);
	int fd = -1, r = device_open(&device_kernel, NAME, path, &fd, d);

	if (r != 0)
		return r;
	device_kernel.close(fd);
	wr_printf(out, "AWS Nitro Enclave (%s)", path);
	return 0;
}

int
nitro_open_on(void *ctx, const struct device *dev, const struct conf *conf,
    struct seal_diag *d)
{
	struct nitro_guest *g = ctx;
	int r;

	g->dev = dev;
	if ((r = device_open(dev, NAME, conf_get(conf, "device", NSM_DEVICE),
		 &g->fd, d)) != 0 ||
	    (r = subject_open(&g->subject, NAME, true, conf, d)) != 0)
		return r;
	return g->subject.n_spki <= NITRO_FIELD_MAX
		   ? 0
		   : seal_fail(d, SEAL_E_CONFIG,
			 NAME ": expected a public key of at most %u bytes, "
			      "found %zu",
			 NITRO_FIELD_MAX, g->subject.n_spki);
}

static int
nitro_open(void *ctx, const struct conf *conf, uint64_t deadline_ms,
    struct seal_diag *d)
{
	(void)deadline_ms;
	return nitro_open_on(ctx, &device_kernel, conf, d);
}

static size_t
nitro_binder_max(void *ctx)
{
	(void)ctx;
	return 0;
}

static int
nitro_collect(void *ctx, const struct seal_binding *b, uint64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	return collect(ctx, binding_value(b), deadline_ms, out, d);
}

static void
nitro_close(void *ctx)
{
	struct nitro_guest *g = ctx;

	if (g->fd > 0)
		g->dev->close(g->fd);
	subject_wipe(&g->subject);
}

static const char *const nitro_keys[] = { SUBJECT_KEYS, "device", NULL };

SUBJECT_FIRST(struct nitro_guest);
const struct evidence_driver evidence_nitro = {
	.abi = EVIDENCE_DRIVER_ABI,
	.name = NAME,
	.media_type = NITRO_TYPE,
	.keys = nitro_keys,
	.ctx_size = sizeof(struct nitro_guest),
	.probe = nitro_probe,
	.open = nitro_open,
	.binder_max = nitro_binder_max,
	SUBJECT_CALLS,
	.collect = nitro_collect,
	.close = nitro_close,
};
