/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/psa_views.h"

#include "format/comid.h"

#define TAG_PSA_CLASS 600u     /* an implementation id, in the old form */
#define TAG_PSA_COMPONENT 601u /* a component's names, likewise */
#define KEY_MAX (2 * PSA_TEXT_MAX + HASH_MAX + 32)

/* ---- Values ---- */

static const char *
digest_name(size_t n)
{
	return n == 32 ? "sha-256" : n == 48 ? "sha-384" : "sha-512";
}

/* CoRIMs state either. */
void
psa_put_digests(struct wr *out, struct span value)
{
	cbor_put_array(out, 2);
	psa_put_digest(out, value);
	cbor_put_array(out, 2);
	cbor_put_text(out, span_str(digest_name(value.n)));
	cbor_put_bytes(out, value);
}

static void
put_version(struct wr *out, struct span version)
{
	cbor_put_map(out, 1);
	cbor_put_uint(out, 0);
	cbor_put_text(out, version);
}

static void
put_component(const struct psa_component *c, const char *mkey, struct wr *out)
{
	uint8_t key_buf[64], digest_buf[2 * HASH_MAX + 32],
	    signer_buf[HASH_MAX + 16], name_buf[PSA_TEXT_MAX + 8],
	    version_buf[PSA_TEXT_MAX + 8];
	struct comid_measurement m = { .other = false };
	struct wr key, digests, signer, name, version;

	wr_init(&key, key_buf, sizeof(key_buf));
	cbor_put_text(&key, span_str(mkey));
	wr_init(&digests, digest_buf, sizeof(digest_buf));
	psa_put_digests(&digests, c->measurement);
	wr_init(&signer, signer_buf, sizeof(signer_buf));
	cbor_put_array(&signer, 1);
	comid_put_bytes(&signer, COMID_KEY_BYTES, c->signer_id);
	wr_init(&name, name_buf, sizeof(name_buf));
	if (c->type.n > 0)
		cbor_put_text(&name, c->type);
	wr_init(&version, version_buf, sizeof(version_buf));
	if (c->version.n > 0)
		put_version(&version, c->version);
	m.mkey = wr_view(&key);
	m.val[COMID_VERSION] = wr_view(&version);
	m.val[COMID_DIGESTS] = wr_view(&digests);
	m.val[COMID_NAME] = wr_view(&name);
	m.val[COMID_CRYPTO_KEYS] = wr_view(&signer);
	comid_put_measurement(out, &m);
}

static void
put_config(struct span config, const char *mkey, struct wr *out)
{
	struct comid_measurement m = { .other = false };
	uint8_t key_buf[64];
	struct wr key, raw;

	wr_init(&key, key_buf, sizeof(key_buf));
	cbor_put_text(&key, span_str(mkey));
	wr_init_heap(&raw, config.n + 16);
	comid_put_bytes(&raw, COMID_KEY_BYTES, config);
	m.mkey = wr_view(&key);
	m.val[COMID_RAW] = wr_view(&raw);
	comid_put_measurement(out, &m);
	wr_free(&raw);
}

int
psa_view(const struct psa_claims *c, const char *mkey, const char *config_mkey,
    struct wr *env, struct wr *measurements, size_t *ret_must)
{
	bool config = config_mkey != NULL && c->config.n > 0;
	int r;

	if ((r = psa_put_env(c, COMID_KEY_BYTES, NULL, env)) != 0)
		return r;
	cbor_put_array(measurements, c->n_components + config);
	for (size_t i = 0; i < c->n_components; i++)
		put_component(&c->components[i], mkey, measurements);
	if (config)
		put_config(c->config, config_mkey, measurements);
	*ret_must = c->n_components;
	return measurements->error;
}

/* ---- The old form ---- */

static void
put_old_key(const struct psa_component *c, struct wr *out)
{
	cbor_put_tag(out, TAG_PSA_COMPONENT);
	cbor_put_map(
	    out, 1 + (size_t)(c->type.n > 0) + (size_t)(c->version.n > 0));
	if (c->type.n > 0) {
		cbor_put_uint(out, 1);
		cbor_put_text(out, c->type);
	}
	if (c->version.n > 0) {
		cbor_put_uint(out, 4);
		cbor_put_text(out, c->version);
	}
	cbor_put_uint(out, 5);
	cbor_put_bytes(out, c->signer_id);
}

int
psa_view_old(const struct psa_claims *c, struct wr *env,
    struct wr *measurements, size_t *ret_must)
{
	uint8_t key_buf[KEY_MAX], digest_buf[2 * HASH_MAX + 32];
	int r;

	if ((r = psa_put_env(c, TAG_PSA_CLASS, NULL, env)) != 0)
		return r;
	cbor_put_array(measurements, c->n_components);
	for (size_t i = 0; i < c->n_components; i++) {
		struct comid_measurement m = { .other = false };
		struct wr key, digests;

		wr_init(&key, key_buf, sizeof(key_buf));
		put_old_key(&c->components[i], &key);
		wr_init(&digests, digest_buf, sizeof(digest_buf));
		psa_put_digests(&digests, c->components[i].measurement);
		m.mkey = wr_view(&key);
		m.val[COMID_DIGESTS] = wr_view(&digests);
		comid_put_measurement(measurements, &m);
	}
	*ret_must = c->n_components;
	return measurements->error;
}
