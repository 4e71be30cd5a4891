/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/nvidia.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define TRIES_MAX 8

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

/* The next certificate of the Evidence, then of the caller, then of what the
 * peer sent beside it. */
#define SOURCES 3
static bool
next_cert(const struct nvidia_facts *f, const struct appraisal_in *in,
    size_t at[SOURCES], struct span *ret)
{
	const struct endorsements *of[SOURCES] = { f->carried, in->endorse,
		in->stapled };
	const struct endorsement *e =
	    endorse_next_of(of, SOURCES, ENDORSE_CERT, at);

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
find_signer(const struct nvidia_facts *f, const struct appraisal_in *in,
    struct span *ret, struct seal_verdict *v)
{
	struct seal_diag d = { 0 };
	size_t at[SOURCES] = { 0 };
	struct span der;
	int tries = 0;

	while (tries < TRIES_MAX && next_cert(f, in, at, &der)) {
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
find_issuers(const struct nvidia_facts *f, const struct appraisal_in *in,
    struct findings *ret)
{
	struct cert_parts p, q;
	struct span der;
	bool found = true;

	while (
	    found && ret->n_signer_chain < LIMIT_CHAIN &&
	    cert_parts_read(ret->signer_chain[ret->n_signer_chain - 1], &p) &&
	    !span_equal(p.issuer, p.subject)) {
		size_t at[SOURCES] = { 0 };

		found = false;
		while (!found && next_cert(f, in, at, &der))
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
	char name[40], shown[NVIDIA_RULE_TEXT_MAX];

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
	if (!find_signer(f, in, &leaf, v) || !take_key(leaf, ret, v) ||
	    !check_fwid(&f->report, leaf, v))
		return v->diag == NULL ? SEAL_E_MEMORY : v->diag->code;
	find_issuers(f, in, ret);
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

#define NVIDIA_APPRAISER(type, called)                                   \
	{                                                                \
		.media_type = (type), .name = (called),                  \
		.rules = nvidia_rule_keys, .profiles = refs_profiles,    \
		.measures = 1u << AR4SI_EXECUTABLES,                     \
		.describe = nvidia_describe,                             \
		.rules_size = sizeof(struct nvidia_rules),               \
		.rules_load = nvidia_rules_load,                         \
		.rules_explain = nvidia_rules_explain, .verify = verify, \
		.match = nvidia_match, .brief_signer = true,             \
		.learn = nvidia_learn, .facts_free = facts_free,         \
	}

const struct appraiser appraiser_nvidia =
    NVIDIA_APPRAISER(NVIDIA_TYPE, "nvidia");
const struct appraiser appraiser_nvidia_json =
    NVIDIA_APPRAISER(NVIDIA_JSON_TYPE, "nvidia_json");
