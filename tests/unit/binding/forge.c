/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "forge.h"

#include <string.h>

static struct person people[WHO_END];

static EVP_PKEY *
make_key(enum who who)
{
	static const char *const curves[] = {
		[P256] = "P-256",
		[P384] = "P-384",
		[P521] = "P-521",
		[NO_SIGN] = "P-256",
	};

	switch (who) {
	case ED25519:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	case ED448:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
	case RSA2048:
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	case PSS:
		return make_pss(false);
	default:
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", curves[who]);
	}
}

const struct person *
person(enum who who)
{
	const struct made ca = { "root", .basic = "critical,CA:TRUE" };
	const struct made ee = { "leaf",
		.usage = who == NO_SIGN ? "keyAgreement" : NULL };
	struct person *p = &people[who];

	if (p->key != NULL)
		return p;
	p->root =
	    issue(&ca, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), NULL);
	p->leaf = issue(&ee, make_key(who), &p->root);
	p->key = load_key(p->leaf.key);
	p->chain[0] = p->leaf.der;
	p->chain[1] = p->root.der;
	return p;
}

void
people_free(void)
{
	for (enum who who = P256; who < WHO_END; who++) {
		if (people[who].key == NULL)
			continue;
		issued_free(&people[who].root);
		issued_free(&people[who].leaf);
		privkey_free(&people[who].key);
	}
}

static int
sign(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	return privkey_sign(ctx, scheme, tbs, out, d);
}

struct ea_identity
person_identity(const struct person *p, struct span cmw)
{
	return (struct ea_identity){
		.chain = p->chain,
		.n_chain = 2,
		.cmw = cmw,
		.sign = sign,
		.sign_ctx = p->key,
	};
}

struct ea_keys
test_keys(enum hash h, uint8_t seed)
{
	struct ea_keys keys = { .hash = h };

	memset(keys.handshake_context, seed, hash_size(h));
	memset(keys.finished_key, seed ^ 0x80, hash_size(h));
	return keys;
}

struct ea_request
make_request(
    struct wr *w, enum ea_role requester, const uint16_t *schemes, size_t n)
{
	struct seal_diag d = { 0 };
	struct ea_request req;
	struct span message = { 0 };
	size_t start, extensions, body, list;

	start = ea_message_begin(w, requester == EA_SERVER ? 13 : 17);
	wr_vec(w, 1, span_str("the context of this request"));
	extensions = wr_vec_begin(w, 2);
	wr_u16(w, 13);
	body = wr_vec_begin(w, 2);
	list = wr_vec_begin(w, 2);
	for (size_t i = 0; i < n; i++)
		wr_u16(w, schemes[i]);
	wr_vec_end(w, list, 2);
	wr_vec_end(w, body, 2);
	wr_u16(w, CMW_TYPE);
	wr_u16(w, 0);
	wr_u16(w, 5); /* status_request, which an answer may carry */
	wr_u16(w, 0);
	wr_vec_end(w, extensions, 2);
	ea_message_end(w, start);
	assert_int_equal(wr_finish(w, &message), 0);
	if (ea_request_parse(message, requester, CMW_TYPE, &req, &d) != 0)
		fail_msg("%s", d.text);
	return req;
}

struct forge
forge_new(const struct ea_keys *keys, const struct ea_request *req,
    const struct person *p)
{
	static const uint8_t cmw[] = { 0xff, 0, 0, 5, 0, 3, 'c', 'm', 'w' };
	struct forge f = {
		.sign_keys = *keys,
		.finish_keys = *keys,
		.sign_request = req->message,
		.finish_request = req->message,
		.context = req->context,
		.n = 2,
		.signer = p,
		.scheme = SIG_ECDSA_P256_SHA256,
		.label = "Exported Authenticator",
		.type = { 11, 15, 20 },
	};

	f.entry[0].der = p->chain[0];
	f.entry[0].extensions = span_of(cmw, sizeof(cmw));
	f.entry[1].der = p->chain[1];
	return f;
}

static void
write_certificate(const struct forge *f, struct wr *w)
{
	size_t message = ea_message_begin(w, f->type[0]), list;

	wr_vec(w, 1, f->context);
	list = wr_vec_begin(w, 3);
	for (size_t i = 0; i < f->n; i++) {
		wr_vec(w, 3, f->entry[i].der);
		wr_vec(w, 2, f->entry[i].extensions);
	}
	wr_bytes(w, f->entries_tail);
	wr_vec_end(w, list, 3);
	wr_bytes(w, f->certificate_tail);
	ea_message_end(w, message);
}

static void
write_verify(const struct forge *f, struct span certificate, struct wr *w)
{
	uint8_t transcript[HASH_MAX], content[64 + 32 + HASH_MAX];
	size_t message, list;
	struct wr tbs;

	assert_int_equal(ea_transcript(&f->sign_keys, f->sign_request,
			     certificate, transcript, NULL),
	    0);
	wr_init(&tbs, content, sizeof(content));
	for (int i = 0; i < 64; i++)
		wr_u8(&tbs, ' ');
	wr_bytes(&tbs, span_str(f->label));
	wr_u8(&tbs, 0);
	wr_bytes(&tbs, span_of(transcript, hash_size(f->sign_keys.hash)));
	message = ea_message_begin(w, f->type[1]);
	wr_u16(w, f->scheme);
	list = wr_vec_begin(w, 2);
	if (!f->no_signature)
		assert_int_equal(privkey_sign(f->signer->key, f->scheme,
				     wr_view(&tbs), w, NULL),
		    0);
	wr_vec_end(w, list, 2);
	wr_bytes(w, f->verify_tail);
	ea_message_end(w, message);
}

static void
write_finished(const struct forge *f, struct span messages, struct wr *w)
{
	size_t n = hash_size(f->finish_keys.hash), message;
	uint8_t mac[HASH_MAX];

	assert_int_equal(ea_finished(&f->finish_keys, f->finish_request,
			     messages, mac, NULL),
	    0);
	mac[n - 1] ^= f->finished_flip;
	message = ea_message_begin(w, f->type[2]);
	wr_bytes(w, span_of(mac, n - f->finished_cut));
	wr_bytes(w, f->finished_tail);
	ea_message_end(w, message);
}

/* Type and length again, message_seq, fragment_offset, fragment_length. */
static void
write_dtls(struct span message, uint16_t seq, struct wr *out)
{
	struct span length = span_of(message.p + 1, 3);

	wr_bytes(out, span_of(message.p, 4));
	wr_u16(out, seq);
	wr_u24(out, 0);
	wr_bytes(out, length);
	wr_bytes(out, span_of(message.p + 4, message.n - 4));
}

void
forge_write(const struct forge *f, struct wr *out)
{
	size_t at[4] = { 0 };
	struct wr w;

	wr_init_heap(&w, 1u << 20);
	write_certificate(f, &w);
	at[1] = w.n;
	if (!f->skip_verify)
		write_verify(f, wr_view(&w), &w);
	at[2] = w.n;
	write_finished(f, wr_view(&w), &w);
	at[3] = w.n;
	assert_int_equal(w.error, 0);
	for (uint16_t i = 0; i < 3; i++) {
		struct span m = span_of(w.p + at[i], at[i + 1] - at[i]);

		if (f->drop[i] || m.n == 0)
			continue;
		if (f->dtls)
			write_dtls(m, i, out);
		else
			wr_bytes(out, m);
	}
	wr_bytes(out, f->tail);
	wr_free(&w);
	assert_int_equal(out->error, 0);
}
