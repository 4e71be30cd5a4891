/* SPDX-License-Identifier: Apache-2.0 */
#include "authenticators.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "binding/ea_message.h"

/* ---- A Certificate, taken apart ---- */

struct parts {
	struct span context;
	struct span chain[LIMIT_CHAIN];
	size_t n_chain;
	struct span cmw;
	bool others; /* has extensions that this library never sends */
};

static bool
part_extension(struct parts *p, uint16_t cmw_type, struct span list)
{
	struct rd r, one;
	uint16_t type;
	struct span body;

	rd_init(&r, list);
	while (rd_left(&r) > 0) {
		if (!rd_u16(&r, &type) || !rd_vec16(&r, &body))
			return false;
		rd_init(&one, body);
		if (type != cmw_type || p->n_chain != 0 ||
		    !rd_vec16(&one, &p->cmw) || !rd_end(&one))
			p->others = true;
	}
	return true;
}

static bool
take_apart(struct span certificate, uint16_t cmw_type, struct parts *ret)
{
	struct ea_message m;
	struct span list;
	struct parts p = { 0 };
	struct rd r;

	rd_init(&r, certificate);
	if (!ea_message_read(&r, &m) || !rd_end(&r))
		return false;
	rd_init(&r, m.body);
	if (!rd_vec8(&r, &p.context) || !rd_vec24(&r, &list) || !rd_end(&r))
		return false;
	rd_init(&r, list);
	for (; rd_left(&r) > 0; p.n_chain++) {
		struct span extensions;

		if (p.n_chain == LIMIT_CHAIN ||
		    !rd_vec24(&r, &p.chain[p.n_chain]) ||
		    !rd_vec16(&r, &extensions) ||
		    !part_extension(&p, cmw_type, extensions))
			return false;
	}
	*ret = p;
	return true;
}

/* The certificates as the identity has them, instead of the vector's own. */
static void
identity_chain(struct row *row, const struct vector *v, struct parts *p)
{
	const json_t *chain = json_object_get(v->identity, "chain");

	for (size_t i = 0; i < p->n_chain && i < json_array_size(chain); i++)
		row_hex_value(
		    row, "chain", json_array_get(chain, i), &p->chain[i]);
}

/* ---- Each intermediate value ---- */

static void
check_certificate(struct row *row, const struct ea_request *req,
    const struct vector *v, const struct parts *p, struct span want)
{
	struct ea_identity id = {
		.chain = p->chain,
		.n_chain = p->n_chain,
		.cmw = p->cmw,
	};
	struct span got;
	struct wr w;

	wr_init_heap(&w, LIMIT_FRAME_AUTHENTICATOR);
	ea_certificate_write(&w, req->context, &id, v->cmw_type);
	if (wr_finish(&w, &got) != 0)
		row_mismatch(row, "certificate: cannot be written");
	else
		row_same(row, "certificate", want, got);
	wr_free(&w);
}

static void
check_signed(struct row *row, const json_t *told, const struct vector *v,
    struct span certificate)
{
	uint8_t hash[HASH_MAX], content[EA_SIGNED_MAX];
	struct seal_diag d = { 0 };
	struct span want, transcript = { hash, hash_size(v->keys.hash) };
	struct wr w;

	if (ea_transcript(&v->keys, v->message, certificate, hash, &d) != 0) {
		row_mismatch(row, "certificate_transcript_hash: %s", d.text);
		return;
	}
	if (row_hex(row, told, "certificate_transcript_hash", &want))
		row_same(row, "certificate_transcript_hash", want, transcript);
	wr_init(&w, content, sizeof(content));
	ea_signed_content(transcript, &w);
	if (row_hex(row, told, "signed_content", &want))
		row_same(row, "signed_content", want, wr_view(&w));
}

/* Given the CertificateVerify, whose signature differs each time. */
static void
check_told_finished(struct row *row, const json_t *told, const struct vector *v,
    struct span certificate)
{
	size_t n = hash_size(v->keys.hash);
	uint8_t got[4 + HASH_MAX] = { EA_FINISHED, 0, 0, (uint8_t)n };
	uint8_t hash[HASH_MAX];
	struct seal_diag d = { 0 };
	struct span verify, both = { 0 }, want;
	struct wr w;

	if (!row_hex(row, told, "certificate_verify", &verify))
		return;
	wr_init_heap(&w, LIMIT_FRAME_AUTHENTICATOR);
	wr_bytes(&w, certificate);
	wr_bytes(&w, verify);
	if (wr_finish(&w, &both) != 0 ||
	    ea_transcript(&v->keys, v->message, both, hash, &d) != 0 ||
	    ea_finished(&v->keys, v->message, both, got + 4, &d) != 0)
		row_mismatch(row, "finished: cannot be made: %s", d.text);
	else {
		if (row_hex(row, told, "finished_transcript_hash", &want))
			row_same(row, "finished_transcript_hash", want,
			    span_of(hash, n));
		if (row_hex(row, told, "finished", &want))
			row_same(row, "finished", want, span_of(got, 4 + n));
	}
	wr_free(&w);
}

/* ---- One of our own ---- */

/* Through a file: the library reads keys from nowhere else. */
static struct privkey *
key_import(struct span der, struct seal_diag *d)
{
	char path[] = "/tmp/seal-vectors-XXXXXX";
	const unsigned char *p = der.p;
	EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &p, (long)der.n);
	struct privkey *key = NULL;
	int fd = pkey == NULL ? -1 : mkstemp(path); /* mode 0600 */
	FILE *f = fd == -1 ? NULL : fdopen(fd, "w");

	if (f != NULL) {
		PEM_write_PKCS8PrivateKey(f, pkey, NULL, NULL, 0, NULL, NULL);
		fclose(f);
		privkey_load(path, &key, d);
	}
	if (fd != -1)
		unlink(path);
	EVP_PKEY_free(pkey);
	return key;
}

static int
sign_with(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	return privkey_sign(ctx, scheme, tbs, out, d);
}

static void
check_own(struct row *row, const struct ea_request *req, struct vector *v,
    const struct parts *p, struct privkey *key)
{
	struct ea_identity id = {
		.chain = p->chain,
		.n_chain = p->n_chain,
		.cmw = p->cmw,
		.sign = sign_with,
		.sign_ctx = key,
	};
	struct seal_diag d = { 0 };
	struct ea_peer peer;
	struct wr w;

	wr_init_heap(&w, LIMIT_FRAME_AUTHENTICATOR);
	if (ea_authenticate(&w, &v->keys, req, v->cmw_type, &id, &d) != 0)
		row_mismatch(row, "cannot authenticate: %s", d.text);
	else if (ea_validate(wr_view(&w), &v->keys, req, v->cmw_type, NULL,
		     vector_chain, v, &peer, &d) != 0)
		row_mismatch(row, "our own does not validate: %s", d.text);
	else {
		row_same(row, "our own cmw_data", p->cmw, peer.cmw);
		cert_unref(&peer.leaf);
	}
	wr_free(&w);
}

static void
make_own(struct row *row, const struct ea_request *req, struct vector *v,
    const struct parts *p)
{
	struct seal_diag d = { 0 };
	struct privkey *key;
	struct span der;

	if (!row_hex(row, v->identity, "key_pkcs8", &der))
		return;
	if ((key = key_import(der, &d)) == NULL)
		row_mismatch(
		    row, "key_pkcs8: expected a private key: %s", d.text);
	else
		check_own(row, req, v, p, key);
	privkey_free(&key);
}

/* An empty authenticator has one form, so that ours is the same bytes. */
static void
make_refusal(
    struct row *row, const struct ea_request *req, const struct vector *v)
{
	uint8_t buf[4 + HASH_MAX];
	struct seal_diag d = { 0 };
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	if (ea_refuse(&w, &v->keys, req, &d) != 0)
		row_mismatch(row, "cannot refuse: %s", d.text);
	else
		row_same(
		    row, "empty authenticator", v->authenticator, wr_view(&w));
}

static bool
expects_empty(const struct row *row)
{
	const char *reason = json_string_value(
	    json_object_get(json_object_get(row->json, "expect"), "reason"));

	return reason != NULL && strcmp(reason, "empty_authenticator") == 0;
}

void
check_making(struct row *row, struct vector *v)
{
	const json_t *told = json_object_get(row->json, "intermediate");
	struct parts p = { 0 };
	struct ea_request req;
	struct span certificate;
	bool parsed = ea_request_parse(v->message, ea_peer_of(v->role),
			  v->cmw_type, &req, NULL) == 0;

	if (parsed && expects_empty(row))
		make_refusal(row, &req, v);
	if (!row_hex(row, told, "certificate", &certificate))
		return;
	check_signed(row, told, v, certificate);
	check_told_finished(row, told, v, certificate);
	if (!v->valid || !parsed)
		return;
	if (!take_apart(certificate, v->cmw_type, &p)) {
		row_mismatch(row, "certificate: expected a Certificate");
		return;
	}
	if (p.others)
		return;
	identity_chain(row, v, &p);
	check_certificate(row, &req, v, &p, certificate);
	make_own(row, &req, v, &p);
}
