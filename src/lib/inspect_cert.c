/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates, chains of them and public keys, by what policies name: the
 * digest of the key, in pins and signers, and who issued whom until when.
 */
#include <string.h>

#include "base/text.h"
#include "crypto/der.h"
#include "crypto/pem.h"
#include "crypto/x509.h"
#include "jose/key.h"
#include "lib/inspect.h"

#define NAME 80

/* A whole Name by its common name, where it has one. */
static void
tree_name(json_t *o, const char *key, struct span name)
{
	struct span cn = { 0 };
	char text[NAME];

	if (cert_common_name(name, &cn))
		tree_text(o, key, "%s", text_safe(cn, text, sizeof(text)));
	else
		tree_hex(o, key, name);
}

static void
tree_key(json_t *o, struct span spki)
{
	uint8_t x[66], y[66];
	enum curve c = CURVE_NONE;
	struct span n, e;

	if (spki_to_ec(spki, &c, x, y, NULL) == 0)
		tree_text(o, "key", "on a curve of %zu bits",
		    c == CURVE_P521 ? 521 : 8 * curve_size(c));
	else if (spki_to_rsa(spki, &n, &e, NULL) == 0)
		tree_text(o, "key", "RSA of %zu bytes", n.n);
	tree_sha256(o, "spki_sha256", spki);
}

/* ---- Certificates ---- */

static json_t *
tree_cert(struct span der, struct seal_diag *d)
{
	struct cert_parts p;
	struct cert *c = NULL;
	json_t *o;

	if (cert_parse(der, &c, d) != 0)
		return NULL;
	o = json_object();
	if (cert_parts_read(der, &p)) {
		tree_name(o, "subject", p.subject);
		tree_name(o, "issuer", p.issuer);
		tree_hex(o, "serial", p.serial);
		if (span_equal(p.subject, p.issuer))
			tree_text(o, "root", "its issuer is itself");
	}
	tree_time(o, "not before", cert_not_before(c));
	tree_time(o, "not after", cert_not_after(c));
	tree_key(o, cert_spki(c));
	tree_sha256(o, "sha256", der);
	cert_unref(&c);
	return o;
}

static int
add_cert(void *ctx, const char *label, struct span der, struct seal_diag *d)
{
	json_t *o;

	if (strcmp(label, "CERTIFICATE") != 0)
		return seal_fail(d, SEAL_E_DECODE,
		    "PEM: expected certificates, found another block");
	if ((o = tree_cert(der, d)) == NULL)
		return SEAL_E_DECODE;
	json_array_append_new(ctx, o);
	return 0;
}

/* Text, and no quote that carries some: PEM or JSON. */
static bool
is_text(struct span in)
{
	return in.n > 0 && in.p[0] != DER_SEQ && memchr(in.p, 0, in.n) == NULL;
}

json_t *
inspect_cert(struct span in, struct seal_diag *d)
{
	json_t *list = json_array(), *o;
	int r = is_text(in) ? pem_walk("PEM", in, add_cert, list, d)
			    : add_cert(list, "CERTIFICATE", in, d);

	if (r == 0 && json_array_size(list) == 0)
		r = seal_fail(d, SEAL_E_DECODE, "PEM: no certificate in it");
	if (r != 0) {
		json_decref(list);
		return NULL;
	}
	o = json_object();
	tree_text(o, "signatures", "not checked here");
	json_object_set_new(o, "certificates", list);
	return o;
}

/* ---- Keys ---- */

static int
read_key(struct span in, struct wr *spki, struct seal_diag *d)
{
	struct pubkey *key = NULL;
	json_t *j;
	int r;

	if (!is_text(in) && (in.n == 0 || in.p[0] != DER_SEQ))
		return seal_fail(
		    d, SEAL_E_DECODE, "key: expected PEM, DER or a JWK");
	j = json_loadb((const char *)in.p, in.n, JSON_REJECT_DUPLICATES, NULL);
	/* What JOSE may use it for does not matter to look at it. */
	json_object_del(j, "use");
	json_object_del(j, "key_ops");
	if (json_is_object(j))
		r = jwk_to_spki(j, spki, d);
	else
		r = spki_from_bytes("key", in, spki, d);
	json_decref(j);
	if (r == 0)
		r = pubkey_from_spki(wr_view(spki), &key, d);
	pubkey_unref(&key);
	return r;
}

json_t *
inspect_key(struct span in, struct seal_diag *d)
{
	uint8_t buf[LIMIT_SPKI];
	json_t *o = NULL;
	struct wr spki;

	wr_init(&spki, buf, sizeof(buf));
	if (read_key(in, &spki, d) == 0) {
		o = json_object();
		tree_key(o, wr_view(&spki));
	}
	return o;
}
