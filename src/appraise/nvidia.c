/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/appraiser.h"
#include "appraise/refs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/strict.h"
#include "base/text.h"
#include "format/nvidia.h"

/*
 * Rules of an entry:
 *   "measurements": {"1": HEX, …}   by index, 48 bytes each; those not named
 *                                   may be anything; or CoRIMs
 *   "driver": TEXT, "vbios": TEXT   "550.90.07", "96.00.9F.00.01"
 *
 * A report says nothing of the machine that the GPU is in: whoever has one gets
 * reports over any nonce. In a collection the subject key, which lives with the
 * CPU's Evidence, signs for what stands beside it.
 */
static const char *const rule_keys[] = { "measurements", "driver", "vbios",
	NULL };

#define MODEL "nvidia-gpu" /* in the environment of a CoMID */
#define TEXT_MAX 64
#define TRIES_MAX 8
#define FOUND (HEX_FULL + 24)

struct nvidia_rules {
	bool by_refs;
	bool set[NVIDIA_BLOCKS];
	uint8_t value[NVIDIA_BLOCKS][NVIDIA_DIGEST];
	char driver[TEXT_MAX], vbios[TEXT_MAX]; /* empty: any */
};

struct nvidia_facts {
	struct nvidia_report report; /* views into the Evidence or opened */
	struct wr opened;            /* of JSON */
	struct endorsements *carried;
};

/* ---- Rules ---- */

/* In one spelling, so that none stands twice. */
static bool
index_of(const char *text, size_t *ret)
{
	char again[8];

	for (unsigned i = 1; i < NVIDIA_BLOCKS; i++) {
		snprintf(again, sizeof(again), "%u", i);
		if (strcmp(text, again) == 0)
			return *ret = i, true;
	}
	return false;
}

static int
load_values(json_t *map, struct nvidia_rules *r, struct seal_diag *d)
{
	const char *key;
	json_t *value;
	char where[40];
	size_t i = 0;
	int code;

	if (!json_is_object(map) || json_object_size(map) == 0)
		return seal_fail(d, SEAL_E_CONFIG,
		    "accept: 'measurements' is missing (or 'corim')");
	json_object_foreach(map, key, value)
	{
		if (!index_of(key, &i))
			return seal_fail(d, SEAL_E_CONFIG,
			    "measurements: '%.16s' is not an index, 1 to %u",
			    key, NVIDIA_BLOCKS - 1);
		snprintf(where, sizeof(where), "measurements.%zu", i);
		if ((code = strict_hex(
			 value, NVIDIA_DIGEST, where, r->value[i], d)) != 0)
			return code;
		r->set[i] = true;
	}
	return 0;
}

static int
load_text(const json_t *entry, const char *key, char ret[TEXT_MAX],
    struct seal_diag *d)
{
	const char *text = NULL;
	int r;

	if ((r = strict_text(entry, key, false, "accept", &text, d)) != 0 ||
	    text == NULL)
		return r;
	if (text[0] == '\0' || strlen(text) >= TEXT_MAX)
		return seal_fail(d, SEAL_E_CONFIG,
		    "accept: '%s' has 1 to %d bytes", key, TEXT_MAX - 1);
	memcpy(ret, text, strlen(text) + 1);
	return 0;
}

static int
rules_load(const json_t *entry, bool debug, void *rules, struct seal_diag *d)
{
	json_t *values = json_object_get(entry, "measurements");
	struct nvidia_rules *r = rules;
	int code;

	(void)debug;
	r->by_refs = json_object_get(entry, "corim") != NULL;
	if (r->by_refs && values != NULL)
		return seal_fail(d, SEAL_E_CONFIG,
		    "accept: 'measurements' or 'corim', not both");
	if (!r->by_refs && (code = load_values(values, r, d)) != 0)
		return code;
	if ((code = load_text(entry, "driver", r->driver, d)) != 0)
		return code;
	return load_text(entry, "vbios", r->vbios, d);
}

static int
rules_explain(const void *rules, struct wr *out)
{
	const struct nvidia_rules *r = rules;
	size_t n = 0;

	for (size_t i = 0; i < NVIDIA_BLOCKS; i++)
		n += r->set[i];
	if (n > 0)
		wr_printf(out, "    %zu of its measurements are given\n", n);
	if (r->driver[0] != '\0')
		wr_printf(out, "    its driver is %s\n", r->driver);
	if (r->vbios[0] != '\0')
		wr_printf(out, "    its VBIOS is %s\n", r->vbios);
	wr_printf(out, "    not proved: which machine the GPU is in, and "
		       "whether its certificate was revoked\n");
	return out->error;
}

/* ---- Verifying ---- */

static int
read_evidence(
    const struct appraisal_in *in, struct nvidia_facts *f, struct seal_diag *d)
{
	struct span report = in->evidence;
	struct wr chain;
	int r;

	if ((f->carried = endorse_new()) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "GPU report");
	if (media_type_equal(in->media_type, span_str(NVIDIA_JSON_TYPE))) {
		wr_init_heap(&f->opened, NVIDIA_REPORT_MAX);
		wr_init_heap(&chain, NVIDIA_JSON_MAX);
		r = nvidia_json_read(in->evidence, &f->opened, &chain, d);
		if (r == 0)
			r = endorse_add(
			    f->carried, "GPU Evidence", wr_view(&chain), d);
		wr_free(&chain);
		if (r != 0)
			return r == SEAL_E_CONFIG ? SEAL_E_DECODE : r;
		report = wr_view(&f->opened);
	}
	return nvidia_parse(report, &f->report, d);
}

/* The i-th certificate of the Evidence, then of the caller. */
static bool
next_cert(const struct nvidia_facts *f, const struct endorsements *given,
    size_t at[2], struct span *ret)
{
	const struct endorsement *e =
	    endorse_next(f->carried, ENDORSE_CERT, &at[0]);

	if (e == NULL)
		e = endorse_next(given, ENDORSE_CERT, &at[1]);
	if (e == NULL)
		return false;
	*ret = e->bytes;
	return true;
}

static int
check_signature(
    const struct nvidia_report *rep, struct span der, struct seal_diag *d)
{
	uint8_t buf[LIMIT_SIGNATURE];
	struct cert *c = NULL;
	struct wr sig;
	int r;

	wr_init(&sig, buf, sizeof(buf));
	if ((r = ecdsa_raw_to_der(rep->r, rep->s, &sig, d)) != 0 ||
	    (r = cert_parse(der, &c, d)) != 0)
		return r;
	r = cert_may_sign(c) ? pubkey_verify(cert_key(c), SIG_ECDSA_P384_SHA384,
				   rep->signed_bytes, wr_view(&sig), d)
			     : seal_fail(d, SEAL_E_KEY,
				   "GPU report: a certificate that may not "
				   "sign");
	cert_unref(&c);
	return r;
}

/* The certificate whose key made the signature: not one of a CA. */
static bool
find_signer(const struct nvidia_facts *f, const struct endorsements *given,
    struct span *ret, struct seal_verdict *v)
{
	struct seal_diag d = { 0 };
	size_t at[2] = { 0, 0 };
	struct span der;
	int tries = 0;

	while (tries < TRIES_MAX && next_cert(f, given, at, &der)) {
		tries++;
		seal_diag_clear(&d);
		if (check_signature(&f->report, der, &d) != 0)
			continue;
		*ret = der;
		return verdict_check(
		    v, "nvidia.signature", true, 0, NULL, NULL, NULL);
	}
	return verdict_check(v, "nvidia.signature", false,
	    tries == 0 ? SEAL_E_CHAIN : SEAL_E_SIGNATURE,
	    "a signature by the key of a device certificate",
	    tries == 0 ? "no certificate" : d.text,
	    "give the GPU's certificate chain with its report");
}

/* Issuers by their names; what they are worth the chain's verification says. */
static void
find_issuers(const struct nvidia_facts *f, const struct endorsements *given,
    struct findings *ret)
{
	struct cert_parts p, q;
	struct span der;
	bool found = true;

	while (
	    found && ret->n_signer_chain < LIMIT_CHAIN &&
	    cert_parts_read(ret->signer_chain[ret->n_signer_chain - 1], &p) &&
	    !span_equal(p.issuer, p.subject)) {
		size_t at[2] = { 0, 0 };

		found = false;
		while (!found && next_cert(f, given, at, &der))
			found = cert_parts_read(der, &q) &&
				span_equal(q.subject, p.issuer);
		if (found)
			ret->signer_chain[ret->n_signer_chain++] = der;
	}
}

/* Where TCG's DICE has the identity of firmware: 2.23.133.5.4.1 and, of newer
 * GPUs, an arc below it. */
static const uint8_t dice_old[] = { 0x67, 0x81, 0x05, 0x05, 0x04, 0x01 },
		     dice_new[] = { 0x67, 0x81, 0x05, 0x05, 0x04, 0x01, 0x01 };

/* An OCTET STRING that is the firmware's digest, somewhere in the extension:
 * the rest of it is of no concern here. */
static bool
names_firmware(struct span ext, struct span fwid)
{
	static const uint8_t head[] = { 0x04, NVIDIA_DIGEST };
	size_t n = sizeof(head) + NVIDIA_DIGEST;

	for (size_t i = 0; i + n <= ext.n; i++)
		if (memcmp(ext.p + i, head, sizeof(head)) == 0 &&
		    span_equal(
			span_of(ext.p + i + sizeof(head), NVIDIA_DIGEST), fwid))
			return true;
	return false;
}

/* The firmware that the device's key was derived for is what it reports. */
static bool
check_fwid(
    const struct nvidia_report *rep, struct span leaf, struct seal_verdict *v)
{
	struct span ext = { NULL, 0 };
	struct cert_parts p;
	char g[HEX_SHORT];
	bool same;

	same = cert_parts_read(leaf, &p) &&
	       (cert_parts_extension(
		    &p, span_of(dice_old, sizeof(dice_old)), &ext) ||
		   cert_parts_extension(
		       &p, span_of(dice_new, sizeof(dice_new)), &ext)) &&
	       names_firmware(ext, rep->fwid);
	return verdict_check(v, "nvidia.fwid", same, SEAL_E_EVIDENCE,
	    "the firmware that the device certificate names",
	    hex_short(rep->fwid, g), "give the certificate of this firmware");
}

static bool
take_key(struct span leaf, struct findings *ret, struct seal_verdict *v)
{
	struct seal_diag d = { 0 };
	struct cert *c = NULL;
	struct span spki;
	int r = cert_parse(leaf, &c, &d);

	if (r == 0) {
		spki = cert_spki(c);
		memcpy(ret->signer_spki, spki.p, spki.n);
		ret->n_signer_spki = spki.n;
	}
	cert_unref(&c);
	ret->signer_chain[0] = leaf;
	ret->n_signer_chain = 1;
	return r == 0 ||
	       verdict_check(v, "nvidia.key", false, r, NULL, d.text, NULL);
}

/* Which GPU: the certificate that its maker issued to it, above that of its
 * firmware. */
static bool
name_instance(struct findings *ret, struct seal_verdict *v)
{
	uint8_t digest[HASH_MAX];
	int r = SEAL_E_CHAIN;

	if (ret->n_signer_chain >= 2)
		r = hash_one(HASH_SHA256, ret->signer_chain[1], digest, NULL);
	if (r != 0)
		return verdict_check(v, "nvidia.device", false, r,
		    "the certificate of the device", "none",
		    "give the GPU's whole certificate chain");
	memcpy(ret->instance, digest, sizeof(ret->instance));
	ret->has_instance = true;
	return true;
}

static void
claim(const struct nvidia_facts *f, struct seal_verdict *v)
{
	char name[40], shown[TEXT_MAX];

	verdict_claim(v, "nvidia.driver", "%s",
	    text_safe(f->report.driver, shown, sizeof(shown)));
	if (nvidia_vbios_text(f->report.vbios, shown, sizeof(shown)))
		verdict_claim(v, "nvidia.vbios", "%s", shown);
	verdict_claim_hex(v, "nvidia.fwid", f->report.fwid);
	for (size_t i = 0; i < NVIDIA_BLOCKS; i++) {
		if (f->report.measurement[i].n == 0)
			continue;
		snprintf(name, sizeof(name), "nvidia.measurement.%zu", i);
		verdict_claim_hex(v, name, f->report.measurement[i]);
	}
}

static int
verify(
    const struct appraisal_in *in, struct findings *ret, struct seal_verdict *v)
{
	struct nvidia_facts *f = calloc(1, sizeof(*f));
	struct seal_diag d = { 0 };
	struct span leaf = { NULL, 0 };
	int r;

	if ((ret->facts = f) == NULL)
		return SEAL_E_MEMORY;
	r = read_evidence(in, f, &d);
	if (!verdict_check(v, "nvidia.form", r == 0, r,
		"an attestation report of an NVIDIA GPU", d.text, NULL))
		return r;
	if (!find_signer(f, in->endorse, &leaf, v) || !take_key(leaf, ret, v) ||
	    !check_fwid(&f->report, leaf, v))
		return v->diag == NULL ? SEAL_E_MEMORY : v->diag->code;
	find_issuers(f, in->endorse, ret);
	if (!name_instance(ret, v))
		return SEAL_E_CHAIN;
	ret->signed_binder[0] = f->report.nonce;
	ret->n_signed_binder = 1;
	ret->subject_by_binder = true;
	ret->undated = true;
	claim(f, v);
	return 0;
}

static void
facts_free(void *facts)
{
	struct nvidia_facts *f = facts;

	endorse_free(&f->carried);
	wr_free(&f->opened);
	free(f);
}

/* ---- Matching ---- */

static bool
match_one(const struct nvidia_rules *r, const struct nvidia_report *rep,
    size_t i, struct seal_verdict *v)
{
	struct span want = span_of(r->value[i], NVIDIA_DIGEST);
	char e[FOUND], g[FOUND], hex[HEX_FULL];

	snprintf(e, sizeof(e), "%zu = %s", i, hex_full(want, hex));
	snprintf(g, sizeof(g), "%zu = %s", i,
	    rep->measurement[i].n > 0 ? hex_full(rep->measurement[i], hex)
				      : "none");
	return verdict_check(v, "nvidia.measurement",
	    span_equal_ct(rep->measurement[i], want), SEAL_E_POLICY, e, g,
	    "if driver or VBIOS changed on purpose, learn the policy again");
}

static bool
match_text(const char *check, const char *want, const char *got,
    struct seal_verdict *v)
{
	return want[0] == '\0' ||
	       verdict_check(v, check, strcmp(want, got) == 0, SEAL_E_POLICY,
		   want, got, "if it changed on purpose, change the policy");
}

static bool
match(const void *rules, const struct findings *f, struct seal_verdict *v)
{
	const struct nvidia_report *rep =
	    &((const struct nvidia_facts *)f->facts)->report;
	const struct nvidia_rules *r = rules;
	char driver[TEXT_MAX] = "", vbios[TEXT_MAX] = "";
	bool ok = true, any = false;

	for (size_t i = 0; i < NVIDIA_BLOCKS; i++)
		if (r->set[i]) {
			any = true;
			ok = match_one(r, rep, i, v) && ok;
		}
	ok = ok && (any || r->by_refs);
	if (!r->by_refs)
		v->ar4si[AR4SI_EXECUTABLES] =
		    ok ? AR4SI_AFFIRMING : AR4SI_CONTRAINDICATED;
	text_safe(rep->driver, driver, sizeof(driver));
	(void)nvidia_vbios_text(rep->vbios, vbios, sizeof(vbios));
	ok = match_text("nvidia.driver", r->driver, driver, v) && ok;
	return match_text("nvidia.vbios", r->vbios, vbios, v) && ok;
}

/* ---- CoRIM and learning ---- */

/* Values of another size are no digests. */
static bool
telling(const struct nvidia_report *rep, size_t i)
{
	return rep->measurement[i].n == NVIDIA_DIGEST;
}

static int
describe(const struct findings *f, struct wr *env, struct wr *measurements)
{
	const struct nvidia_report *rep =
	    &((const struct nvidia_facts *)f->facts)->report;
	struct comid_env e = { .other = false };
	uint8_t buf[32], key_buf[4], digest_buf[NVIDIA_DIGEST + 16];
	struct wr model, key, digests;
	size_t count = 0;

	wr_init(&model, buf, sizeof(buf));
	cbor_put_text(&model, span_str(MODEL));
	e.model = wr_view(&model);
	comid_put_env(env, &e);
	for (size_t i = 0; i < NVIDIA_BLOCKS; i++)
		count += telling(rep, i);
	cbor_put_array(measurements, count);
	for (size_t i = 0; i < NVIDIA_BLOCKS; i++) {
		struct comid_measurement m = { .other = false };

		if (!telling(rep, i))
			continue;
		wr_init(&key, key_buf, sizeof(key_buf));
		cbor_put_uint(&key, i);
		wr_init(&digests, digest_buf, sizeof(digest_buf));
		cbor_put_array(&digests, 1);
		comid_put_digest(&digests, COMID_SHA384, rep->measurement[i]);
		m.mkey = wr_view(&key);
		m.val[COMID_DIGESTS] = wr_view(&digests);
		comid_put_measurement(measurements, &m);
	}
	return env->error != 0 ? env->error : measurements->error;
}

static int
learn(const struct findings *f, json_t *entry)
{
	const struct nvidia_report *rep =
	    &((const struct nvidia_facts *)f->facts)->report;
	json_t *values = json_object();
	char key[8], hex[HEX_FULL], text[TEXT_MAX];
	int bad = values == NULL;

	for (size_t i = 0; !bad && i < NVIDIA_BLOCKS; i++) {
		if (!telling(rep, i))
			continue;
		snprintf(key, sizeof(key), "%zu", i);
		bad = json_object_set_new(values, key,
		    json_string(hex_full(rep->measurement[i], hex)));
	}
	bad = json_object_set_new(entry, "measurements", values) != 0 || bad;
	if (rep->driver.n > 0)
		bad = json_object_set_new(entry, "driver",
			  json_string(text_safe(
			      rep->driver, text, sizeof(text)))) != 0 ||
		      bad;
	if (nvidia_vbios_text(rep->vbios, text, sizeof(text)))
		bad = json_object_set_new(entry, "vbios", json_string(text)) !=
			  0 ||
		      bad;
	return bad ? SEAL_E_MEMORY : 0;
}

#define NVIDIA_APPRAISER(type, called)                                      \
	{                                                                   \
		.media_type = (type), .name = (called), .rules = rule_keys, \
		.profiles = refs_profiles,                                  \
		.measures = 1u << AR4SI_EXECUTABLES, .describe = describe,  \
		.rules_size = sizeof(struct nvidia_rules),                  \
		.rules_load = rules_load, .rules_explain = rules_explain,   \
		.verify = verify, .match = match, .brief_signer = true,     \
		.learn = learn, .facts_free = facts_free,                   \
	}

const struct appraiser appraiser_nvidia =
    NVIDIA_APPRAISER(NVIDIA_TYPE, "nvidia");
const struct appraiser appraiser_nvidia_json =
    NVIDIA_APPRAISER(NVIDIA_JSON_TYPE, "nvidia_json");
