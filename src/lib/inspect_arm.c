/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "format/cca.h"
#include "lib/inspect.h"

#define TAG_MAC0 17u

static void
tree_string(json_t *o, const char *key, struct span value)
{
	char shown[PSA_TEXT_MAX + 1];

	if (value.n > 0)
		tree_text(o, key, "%s", text_safe(value, shown, sizeof(shown)));
}

static json_t *
tree_component(const struct psa_component *c)
{
	json_t *o = json_object();

	tree_string(o, "type", c->type);
	tree_string(o, "version", c->version);
	tree_string(o, "description", c->description);
	tree_hex(o, "measurement", c->measurement);
	tree_hex(o, "signer id", c->signer_id);
	return o;
}

static void
tree_claims(json_t *o, const struct psa_claims *c)
{
	json_t *list = json_array();

	tree_string(o, "profile", c->profile);
	tree_text(o, "lifecycle", "0x%04x (%s)", (unsigned)c->lifecycle,
	    psa_lifecycle_name(c->state));
	tree_hex(o, "implementation id", c->implementation_id);
	tree_hex(o, "instance id", c->instance_id);
	if (c->boot_seed.n > 0)
		tree_hex(o, "boot seed", c->boot_seed);
	if (c->config.n > 0)
		tree_hex(o, "platform config", c->config);
	tree_string(o, "hash algorithm", c->hash_alg);
	tree_string(o, "certification reference", c->certification);
	tree_string(o, "verification service", c->service);
	for (size_t i = 0; i < c->n_components; i++)
		json_array_append_new(list, tree_component(&c->components[i]));
	json_object_set_new(o, "software", list);
}

static void
tree_signature(json_t *o, const struct cose_sign1 *s)
{
	tree_text(o, "algorithm", "%s", sig_name(cose_alg_to_scheme(s->alg)));
	tree_hex(o, "signature (not checked here)", s->signature);
}

static json_t *
tree_psa(const struct psa_claims *c)
{
	json_t *o = json_object();

	tree_hex(o, "nonce", c->nonce);
	tree_text(o, "client id", "%" PRId64 " (%s)", c->client_id,
	    c->client_id < 0 ? "non-secure side" : "secure side");
	tree_claims(o, c);
	return o;
}

/* A COSE_Mac0 (RFC 9052 s6.2), which no appraiser here takes. */
static bool
read_mac0(struct span in, struct span *ret_payload, struct span *ret_mac)
{
	struct span headers = { 0 };
	uint64_t tag = 0;
	size_t n = 0;
	struct rd r;

	rd_init(&r, in);
	return in.n <= PSA_TOKEN_MAX && cbor_tag(&r, &tag) && tag == TAG_MAC0 &&
	       cbor_array(&r, &n) && n == 4 && cbor_bytes(&r, &headers) &&
	       cbor_item(&r, NULL) && cbor_bytes(&r, ret_payload) &&
	       cbor_bytes(&r, ret_mac) && rd_end(&r);
}

static json_t *
inspect_mac0(struct span payload, struct span mac, struct seal_diag *d)
{
	struct psa_claims c;
	json_t *o;

	if (psa_claims_parse(payload, PSA_TOKEN, &c, d) != 0)
		return NULL;
	o = tree_psa(&c);
	tree_text(o, "signature",
	    "none: a MAC, by a key that its reader would have to share");
	tree_hex(o, "MAC", mac);
	return o;
}

json_t *
inspect_psa(struct span in, struct seal_diag *d)
{
	struct span payload = { 0 }, mac = { 0 };
	struct psa_token t;
	json_t *o;

	if (read_mac0(in, &payload, &mac))
		return inspect_mac0(payload, mac, d);
	if (psa_parse(in, &t, d) != 0)
		return NULL;
	o = tree_psa(&t.claims);
	tree_signature(o, &t.sign1);
	return o;
}

static json_t *
tree_realm(const struct cca_token *t)
{
	json_t *o = json_object();
	char key[8];

	tree_string(o, "profile", t->r.profile);
	tree_hex(o, "challenge", t->r.challenge);
	tree_hex(o, "personalization value", t->r.personalization);
	tree_string(o, "hash algorithm", t->r.hash_alg);
	tree_hex(o, "rim", t->r.rim);
	for (unsigned i = 0; i < CCA_REMS; i++) {
		snprintf(key, sizeof(key), "rem%u", i);
		tree_hex(o, key, t->r.rem[i]);
	}
	tree_hex(o, "public key", t->r.rak);
	tree_string(o, "hash algorithm of the key", t->r.rak_hash_alg);
	tree_signature(o, &t->realm);
	return o;
}

static json_t *
tree_platform(const struct cca_token *t)
{
	json_t *o = json_object();
	uint8_t digest[HASH_MAX];
	size_t n = 0;
	bool fits = cca_rak_digest(t, digest, &n, NULL) == 0 &&
		    span_equal(t->claims.nonce, span_of(digest, n));

	tree_hex(o, "challenge", t->claims.nonce);
	tree_text(o, "the challenge is", "%s",
	    fits ? "the hash of the realm's key"
		 : "NOT the hash of the realm's key");
	tree_claims(o, &t->claims);
	tree_signature(o, &t->platform);
	return o;
}

json_t *
inspect_cca(struct span in, struct seal_diag *d)
{
	struct cca_token t;
	json_t *o;

	if (cca_parse(in, &t, d) != 0)
		return NULL;
	o = json_object();
	tree_int(o, "tag", (int64_t)t.tag);
	json_object_set_new(o, "platform", tree_platform(&t));
	json_object_set_new(o, "realm", tree_realm(&t));
	return o;
}
