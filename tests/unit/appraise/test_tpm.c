/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/appraise.h"
#include "appraise/verdict_fixture.h"
#include "base/text.h"

#include "tpm_fixture.h"

#define POLICY_MAX 8192
#define KEY_POLICY_SIZE 32

static struct keyring rings[KEY_TYPES];
static struct seal_binding binding, other_binding;
static const uint8_t exporter[32] = { 1, 2, 3 }, other_exporter[32] = { 9 };
static const uint8_t key_policy[KEY_POLICY_SIZE] = { 0x11, 0x22 };
static const uint8_t zeros[HASH_MAX];

/* ---- Policies ---- */

static void
put_pin(struct wr *w, struct span spki)
{
	uint8_t digest[HASH_MAX];

	assert_int_equal(hash_one(HASH_SHA256, spki, digest, NULL), 0);
	wr_printf(w, "{\"spki_sha256\":\"");
	wr_hex(w, span_of(digest, 32));
	wr_printf(w, "\"}");
}

/* An entry that pins signer, and the given PCRs with the values that the
 * recipes quote. */
static void
put_entry(struct wr *w, struct span signer, const char *pcrs, const char *more)
{
	const char *sep = "";

	wr_printf(w, "{\"scheme\":\"%s\",\"signers\":[", TPM_EVIDENCE_TYPE);
	put_pin(w, signer);
	wr_printf(w, "],\"debug\":false%s,\"pcrs\":{\"sha256\":{", more);
	for (const char *p = pcrs; *p != '\0'; p++) {
		uint8_t i = (uint8_t)(*p - '0');

		wr_printf(w, "%s\"%u\":\"", sep, i);
		wr_hex(w, span_of(pcr_values[i], 32));
		wr_printf(w, "\"");
		sep = ",";
	}
	wr_printf(w, "}}}");
}

static struct policy *
policy_of(const char *head, struct span entries)
{
	struct policy *p = NULL;
	struct seal_diag d = { 0 };
	struct wr w;

	wr_init_heap(&w, POLICY_MAX);
	wr_printf(&w, "{\"version\":1,\"max_age_s\":60%s,\"accept\":[", head);
	wr_bytes(&w, entries);
	wr_printf(&w, "]}");
	if (policy_load(wr_view(&w), "", &p, &d) != 0)
		fail_msg("policy: %s", d.text);
	wr_free(&w);
	return p;
}

static struct policy *
policy_for(const struct keyring *k, const char *pcrs, const char *head,
    const char *more)
{
	struct policy *p;
	struct wr w;

	wr_init_heap(&w, POLICY_MAX);
	put_entry(&w, key_spki(&k->ak), pcrs, more);
	p = policy_of(head, wr_view(&w));
	wr_free(&w);
	return p;
}

/* ---- Judging ---- */

static struct appraisal_in
in_for(struct span evidence, const struct seal_binding *b)
{
	return (struct appraisal_in){
		.media_type = span_str(TPM_EVIDENCE_TYPE),
		.evidence = evidence,
		.expected = b,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = NOW,
		.binder_known = true,
	};
}

/* Accepted iff want is 0; else refused with that code by that check. */
static void
expect(const char *name, const struct policy *p, const struct appraisal_in *in,
    int want, const char *check)
{
	struct seal_verdict *v = verdict_new();
	int r = appraise(p, in, v);
	bool accepted = seal_verdict_outcome(v) == SEAL_ACCEPTED;

	if (r != want || strcmp(first_failed(v), check) != 0)
		fail_msg("%s: got %d, check '%s' (%s)", name, r,
		    first_failed(v), seal_verdict_diag(v)->text);
	if (accepted != (want == 0) ||
	    (seal_verdict_lease_s(v) > 0) != accepted)
		fail_msg("%s: outcome %d", name, seal_verdict_outcome(v));
	if (!accepted && seal_verdict_outcome(v) != seal_error_outcome(want))
		fail_msg("%s: outcome %d", name, seal_verdict_outcome(v));
	seal_verdict_free(&v);
}

/* ---- Good Evidence, by every kind of key ---- */

static void
accepted(void **state)
{
	(void)state;
	for (int t = 0; t < KEY_TYPES; t++) {
		struct policy *p = policy_for(&rings[t], "0127", "", "");
		struct seal_verdict *v = verdict_new();
		struct seal_binding b;
		struct appraisal_in in;
		struct evidence ev;
		struct recipe r;

		assert_int_equal(
		    binding_post(t == KEY_P384 ? HASH_SHA384 : HASH_SHA256,
			key_spki(&rings[t].subject), span_of(exporter, 32), &b,
			NULL),
		    0);
		recipe_init(&r, &rings[t], &b);
		evidence_make(&r, NULL, &ev);
		in = in_for(wr_view(&ev.whole), &b);
		if (appraise(p, &in, v) != 0)
			fail_msg("type %d: %s", t, seal_verdict_diag(v)->text);
		assert_int_equal(seal_verdict_outcome(v), SEAL_ACCEPTED);
		assert_int_equal(seal_verdict_level(v), SEAL_LEVEL_TRAFFIC);
		assert_int_equal(seal_verdict_lease_s(v), 300);
		assert_true(v->host_trusted);
		assert_true(v->key_attested);
		assert_true(v->binder_compared);
		assert_false(v->insecure);
		assert_int_equal(
		    v->ar4si[AR4SI_INSTANCE_IDENTITY], AR4SI_AFFIRMING);
		assert_int_equal(v->ar4si[AR4SI_HARDWARE], 0);
		assert_int_equal(v->ar4si[AR4SI_EXECUTABLES], AR4SI_AFFIRMING);
		assert_string_equal(
		    seal_verdict_claim(v, "tpm.firmware"), "2023010200000001");
		assert_string_equal(
		    seal_verdict_claim(v, "tpm.reset_count"), "7");
		assert_string_equal(
		    seal_verdict_claim(v, "tpm.host_trusted"), "true");
		assert_int_equal(
		    strncmp(
			seal_verdict_claim(v, "tpm.pcr.sha256.7"), "a704", 4),
		    0);
		assert_int_equal(strlen(seal_verdict_claim(v, "tpm.ak")), 64);
		seal_verdict_free(&v);
		evidence_free(&ev);
		policy_free(&p);
	}
}

/* ---- One thing wrong ---- */

static void
ak_not_restricted(struct recipe *r)
{
	r->ak_attributes &= ~TPM_RESTRICTED;
}

static void
ak_not_sign(struct recipe *r)
{
	r->ak_attributes &= ~TPM_SIGN;
}

static void
ak_not_fixed_tpm(struct recipe *r)
{
	r->ak_attributes &= ~TPM_FIXED_TPM;
}

static void
ak_not_fixed_parent(struct recipe *r)
{
	r->ak_attributes &= ~TPM_FIXED_PARENT;
}

static void
ak_imported(struct recipe *r)
{
	r->ak_attributes &= ~TPM_SENSITIVE_DATA_ORIGIN;
}

static void
ak_decrypts(struct recipe *r)
{
	r->ak_attributes |= TPM_DECRYPT;
}

static void
subject_not_sign(struct recipe *r)
{
	r->subject_attributes &= ~TPM_SIGN;
}

static void
subject_not_fixed_tpm(struct recipe *r)
{
	r->subject_attributes &= ~TPM_FIXED_TPM;
}

static void
subject_not_fixed_parent(struct recipe *r)
{
	r->subject_attributes &= ~TPM_FIXED_PARENT;
}

static void
subject_imported(struct recipe *r)
{
	r->subject_attributes &= ~TPM_SENSITIVE_DATA_ORIGIN;
}

static void
subject_restricted(struct recipe *r)
{
	r->subject_attributes |= TPM_RESTRICTED;
}

static void
subject_decrypts(struct recipe *r)
{
	r->subject_attributes |= TPM_DECRYPT;
}

static void
subject_duplicates(struct recipe *r)
{
	r->subject_attributes |= TPM_ENCRYPTED_DUPLICATION;
}

static void
subject_name_sha1(struct recipe *r)
{
	r->subject_name_alg = TPM_ALG_SHA1;
}

static void
subject_is_ak(struct recipe *r)
{
	r->subject = r->ak;
}

static void
subject_is_other(struct recipe *r)
{
	r->subject = &r->keys->stranger;
}

static void
ak_is_other(struct recipe *r)
{
	r->ak = r->quote_signer = r->certify_signer = &r->keys->stranger;
}

static void
ak_without_scheme(struct recipe *r)
{
	r->ak_scheme = TPM_ALG_NULL;
}

static void
ak_scheme_sha1(struct recipe *r)
{
	r->ak_scheme_hash = TPM_ALG_SHA1;
}

static void
ak_scheme_other(struct recipe *r)
{
	r->ak_scheme_hash = TPM_ALG_SHA384;
}

static void
quote_by_other(struct recipe *r)
{
	r->quote_signer = &r->keys->stranger;
}

static void
quote_by_subject(struct recipe *r)
{
	r->quote_signer = r->subject;
}

static void
certify_by_other(struct recipe *r)
{
	r->certify_signer = &r->keys->stranger;
}

static void
magic_quote(struct recipe *r)
{
	r->quote.magic = 0xff544346;
}

static void
magic_certify(struct recipe *r)
{
	r->certify.magic = 0;
}

static void
type_quote_other(struct recipe *r)
{
	r->quote.type = 0x8019;
}

static void
two_quotes(struct recipe *r)
{
	r->certify = r->quote;
}

static void
two_certifies(struct recipe *r)
{
	r->quote = r->certify;
}

#define EXTRA(field, name, ...)                                 \
	static void extra_##field##_##name(struct recipe *r)    \
	{                                                       \
		r->field.extra_data = (struct span)__VA_ARGS__; \
	}

EXTRA(quote, empty, { NULL, 0 })
EXTRA(quote, short, { binding.binder, 31 })
EXTRA(quote, first_byte, { binding.binder, 1 })
EXTRA(quote, long, { binding.binder, 33 })
EXTRA(quote, zero, { zeros, 32 })
EXTRA(quote, other, { other_binding.binder, 32 })
EXTRA(certify, empty, { NULL, 0 })
EXTRA(certify, short, { binding.binder, 31 })
EXTRA(certify, long, { binding.binder, 33 })
EXTRA(certify, zero, { zeros, 32 })
EXTRA(certify, other, { other_binding.binder, 32 })

static void
extra_both_other(struct recipe *r)
{
	extra_quote_other(r);
	extra_certify_other(r);
}

static void
selection_other(struct recipe *r)
{
	r->quote.selection[0].pcrs ^= 1u << 3 | 1u << 7;
}

static void
selection_more(struct recipe *r)
{
	r->quote.selection[0].pcrs |= 1u << 3;
}

static void
selection_fewer(struct recipe *r)
{
	r->quote.selection[0].pcrs &= ~(1u << 7);
}

static void
selection_none(struct recipe *r)
{
	r->quote.n_selection = 0;
}

static void
selection_other_bank(struct recipe *r)
{
	r->quote.selection[0].bank = TPM_ALG_SHA384;
}

static void
selection_second_bank(struct recipe *r)
{
	r->quote.selection[1] =
	    (struct tpm_selection){ TPM_ALG_SHA384, 1u << 4 };
	r->quote.n_selection = 2;
}

static void
bank_sha1(struct recipe *r)
{
	r->quote.selection[0].bank = TPM_ALG_SHA1;
	for (size_t i = 0; i < r->n_pcrs; i++) {
		r->pcrs[i].bank = TPM_ALG_SHA1;
		r->pcrs[i].value.n = 20;
	}
}

static void
bank_sha1_too(struct recipe *r)
{
	r->quote.selection[1] = (struct tpm_selection){ TPM_ALG_SHA1, 1u << 4 };
	r->quote.n_selection = 2;
	r->pcrs[r->n_pcrs++] =
	    (struct tpm_pcr_value){ TPM_ALG_SHA1, 4, span_of(zeros, 20) };
}

/* A bank of its own beside all that the policy asks for. */
static void
bank_more(struct recipe *r)
{
	r->quote.selection[1] =
	    (struct tpm_selection){ TPM_ALG_SHA384, 1u << 4 };
	r->quote.n_selection = 2;
	r->pcrs[r->n_pcrs++] =
	    (struct tpm_pcr_value){ TPM_ALG_SHA384, 4, span_of(zeros, 48) };
}

static void
digest_other_hash(struct recipe *r)
{
	r->digest_hash = HASH_SHA384;
}

static void
digest_zero(struct recipe *r)
{
	r->quote.pcr_digest = span_of(zeros, 32);
}

static void
pcr_extended(struct recipe *r)
{
	r->pcrs[3].value = span_of(pcr_values[0], 32);
}

static void
pcr_zero(struct recipe *r)
{
	r->pcrs[0].value = span_of(zeros, 32);
}

static void
pcr_more(struct recipe *r)
{
	r->pcrs[r->n_pcrs++] =
	    (struct tpm_pcr_value){ TPM_ALG_SHA256, 8, span_of(zeros, 32) };
	r->quote.selection[0].pcrs |= 1u << 8;
}

static void
pcr_fewer(struct recipe *r)
{
	r->n_pcrs--;
	r->quote.selection[0].pcrs &= ~(1u << 7);
}

static void
pcr_elsewhere(struct recipe *r)
{
	r->pcrs[3].index = 8;
	r->quote.selection[0].pcrs ^= 1u << 7 | 1u << 8;
}

static void
name_of_ak(struct recipe *r)
{
	static uint8_t buf[1024];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	public_write(&w, r->ak, r->ak_attributes, r->ak_name_alg,
	    span_of(NULL, 0), r->ak_scheme, r->ak_scheme_hash);
	r->named = wr_view(&w);
}

/* A key that may leave the TPM, shown as one that may not. */
static void
name_of_softer_key(struct recipe *r)
{
	static uint8_t buf[1024];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	public_write(&w, r->subject, r->subject_attributes & ~TPM_FIXED_TPM,
	    r->subject_name_alg, r->auth_policy, TPM_ALG_NULL, 0);
	r->named = wr_view(&w);
}

static void
name_zero(struct recipe *r)
{
	r->certify.name = span_of(zeros, 34);
}

static void
boot_other_reset(struct recipe *r)
{
	r->certify.reset_count++;
}

static void
boot_other_restart(struct recipe *r)
{
	r->certify.restart_count++;
}

static void
boot_other_firmware(struct recipe *r)
{
	r->certify.firmware++;
}

static void
boot_other_signer(struct recipe *r)
{
	r->certify.qualified_signer = span_of(pcr_values[0], 34);
}

static void
boot_no_signer(struct recipe *r)
{
	r->quote.qualified_signer = r->certify.qualified_signer =
	    span_of(NULL, 0);
}

static void
free_fields(struct recipe *r)
{
	r->quote.clock = 1;
	r->certify.clock = 2;
	r->quote.safe = 0;
	r->certify.qualified_name = span_of(NULL, 0);
	r->ak_attributes |= TPM_NO_DA;
	r->subject_attributes &= ~TPM_USER_WITH_AUTH;
}

static void
swap_signatures(struct tpm_evidence *e)
{
	struct span s = e->quote_signature;

	e->quote_signature = e->certify_signature;
	e->certify_signature = s;
}

/* TPMT_SIGNATURE: its hash stands in bytes 2 and 3. */
static void
signature_of_sha1(struct tpm_evidence *e)
{
	static uint8_t copy[LIMIT_SIGNATURE];

	memcpy(copy, e->quote_signature.p, e->quote_signature.n);
	copy[3] = TPM_ALG_SHA1;
	e->quote_signature.p = copy;
}

static void
swap_attests(struct tpm_evidence *e)
{
	struct span s = e->quote;

	swap_signatures(e);
	e->quote = e->certify;
	e->certify = s;
}

static void
signature_twice(struct tpm_evidence *e)
{
	e->certify_signature = e->quote_signature;
}

static void
keys_swapped(struct tpm_evidence *e)
{
	struct span s = e->ak_public;

	e->ak_public = e->subject_public;
	e->subject_public = s;
}

static void
value_unsigned(struct tpm_evidence *e)
{
	e->pcrs[3].value = span_of(pcr_values[0], 32);
}

static void
value_not_listed(struct tpm_evidence *e)
{
	e->n_pcrs--;
}

static void
value_listed_more(struct tpm_evidence *e)
{
	e->pcrs[e->n_pcrs++] =
	    (struct tpm_pcr_value){ TPM_ALG_SHA256, 8, span_of(zeros, 32) };
}

static void
cut_quote(struct tpm_evidence *e)
{
	e->quote.n--;
}

struct row {
	const char *name;
	void (*change)(struct recipe *r);
	void (*edit)(struct tpm_evidence *e);
	int want;
	const char *check;
};

static const struct row rows[] = {
	{ "as it is", NULL, NULL, 0, "" },
	{ "free fields", free_fields, NULL, 0, "" },
	/* PROTOCOL 5.3: what the AK must be. */
	{ "AK not restricted", ak_not_restricted, NULL, SEAL_E_EVIDENCE,
	    "tpm.ak.attributes" },
	{ "AK not sign", ak_not_sign, NULL, SEAL_E_EVIDENCE,
	    "tpm.ak.attributes" },
	{ "AK not fixedTPM", ak_not_fixed_tpm, NULL, SEAL_E_EVIDENCE,
	    "tpm.ak.attributes" },
	{ "AK not fixedParent", ak_not_fixed_parent, NULL, SEAL_E_EVIDENCE,
	    "tpm.ak.attributes" },
	{ "AK imported", ak_imported, NULL, SEAL_E_EVIDENCE,
	    "tpm.ak.attributes" },
	{ "AK decrypts", ak_decrypts, NULL, SEAL_E_EVIDENCE,
	    "tpm.ak.attributes" },
	{ "AK without scheme", ak_without_scheme, NULL, SEAL_E_SIGNATURE,
	    "tpm.quote.scheme" },
	{ "AK of SHA-1", ak_scheme_sha1, NULL, SEAL_E_SIGNATURE,
	    "tpm.quote.scheme" },
	{ "AK and signature of SHA-1", ak_scheme_sha1, signature_of_sha1,
	    SEAL_E_SIGNATURE, "tpm.quote.scheme" },
	{ "AK of another hash", ak_scheme_other, NULL, SEAL_E_SIGNATURE,
	    "tpm.quote.scheme" },
	{ "AK not in policy", ak_is_other, NULL, SEAL_E_KEY, "signer" },
	/* What the subject key must be. */
	{ "subject not sign", subject_not_sign, NULL, SEAL_E_EVIDENCE,
	    "tpm.subject.attributes" },
	{ "subject not fixedTPM", subject_not_fixed_tpm, NULL, SEAL_E_EVIDENCE,
	    "tpm.subject.attributes" },
	{ "subject not fixedParent", subject_not_fixed_parent, NULL,
	    SEAL_E_EVIDENCE, "tpm.subject.attributes" },
	{ "subject imported", subject_imported, NULL, SEAL_E_EVIDENCE,
	    "tpm.subject.attributes" },
	{ "subject restricted", subject_restricted, NULL, SEAL_E_EVIDENCE,
	    "tpm.subject.attributes" },
	{ "subject decrypts", subject_decrypts, NULL, SEAL_E_EVIDENCE,
	    "tpm.subject.attributes" },
	{ "subject encryptedDuplication", subject_duplicates, NULL,
	    SEAL_E_EVIDENCE, "tpm.subject.attributes" },
	{ "subject nameAlg SHA-1", subject_name_sha1, NULL, SEAL_E_EVIDENCE,
	    "tpm.subject.name_alg" },
	{ "subject is the AK", subject_is_ak, NULL, SEAL_E_EVIDENCE,
	    "tpm.subject.not_ak" },
	{ "subject is another key", subject_is_other, NULL, SEAL_E_KEY,
	    "subject.key" },
	/* Signatures. */
	{ "quote signed by another", quote_by_other, NULL, SEAL_E_SIGNATURE,
	    "tpm.quote.signature" },
	{ "quote signed by the subject", quote_by_subject, NULL,
	    SEAL_E_SIGNATURE, "tpm.quote.signature" },
	{ "certify signed by another", certify_by_other, NULL, SEAL_E_SIGNATURE,
	    "tpm.certify.signature" },
	{ "signatures swapped", NULL, swap_signatures, SEAL_E_SIGNATURE,
	    "tpm.quote.signature" },
	{ "one signature for both", NULL, signature_twice, SEAL_E_SIGNATURE,
	    "tpm.certify.signature" },
	{ "quote cut", NULL, cut_quote, SEAL_E_DECODE, "tpm.quote.format" },
	{ "keys swapped", NULL, keys_swapped, SEAL_E_EVIDENCE,
	    "tpm.ak.attributes" },
	/* What is signed. */
	{ "magic of quote", magic_quote, NULL, SEAL_E_DECODE,
	    "tpm.quote.format" },
	{ "magic of certify", magic_certify, NULL, SEAL_E_DECODE,
	    "tpm.certify.format" },
	{ "type of quote", type_quote_other, NULL, SEAL_E_DECODE,
	    "tpm.quote.format" },
	{ "two quotes", two_quotes, NULL, SEAL_E_EVIDENCE, "tpm.certify" },
	{ "two certifies", two_certifies, NULL, SEAL_E_EVIDENCE, "tpm.quote" },
	{ "attests swapped", NULL, swap_attests, SEAL_E_EVIDENCE, "tpm.quote" },
	/* The binder (GHSA-4r6g-mp48-j2rw, GHSA-j7r9-wq7m-6hcp). */
	{ "extraData of quote empty", extra_quote_empty, NULL, SEAL_E_BINDER,
	    "tpm.quote" },
	{ "extraData of quote short", extra_quote_short, NULL, SEAL_E_BINDER,
	    "tpm.quote" },
	{ "extraData of quote one byte", extra_quote_first_byte, NULL,
	    SEAL_E_BINDER, "tpm.quote" },
	{ "extraData of quote long", extra_quote_long, NULL, SEAL_E_BINDER,
	    "tpm.quote" },
	{ "extraData of quote zero", extra_quote_zero, NULL, SEAL_E_BINDER,
	    "tpm.quote" },
	{ "extraData of quote other", extra_quote_other, NULL, SEAL_E_BINDER,
	    "tpm.quote" },
	{ "extraData of certify empty", extra_certify_empty, NULL,
	    SEAL_E_BINDER, "tpm.certify" },
	{ "extraData of certify short", extra_certify_short, NULL,
	    SEAL_E_BINDER, "tpm.certify" },
	{ "extraData of certify long", extra_certify_long, NULL, SEAL_E_BINDER,
	    "tpm.certify" },
	{ "extraData of certify zero", extra_certify_zero, NULL, SEAL_E_BINDER,
	    "tpm.certify" },
	{ "extraData of certify other", extra_certify_other, NULL,
	    SEAL_E_BINDER, "tpm.certify" },
	{ "yesterday's quote and certify", extra_both_other, NULL,
	    SEAL_E_BINDER, "tpm.quote" },
	/* PCRs. */
	{ "selection other than listed", selection_other, NULL, SEAL_E_EVIDENCE,
	    "tpm.quote" },
	{ "selection more than listed", selection_more, NULL, SEAL_E_EVIDENCE,
	    "tpm.quote" },
	{ "selection fewer than listed", selection_fewer, NULL, SEAL_E_EVIDENCE,
	    "tpm.quote" },
	{ "selection empty", selection_none, NULL, SEAL_E_EVIDENCE,
	    "tpm.quote" },
	{ "selection of another bank", selection_other_bank, NULL,
	    SEAL_E_EVIDENCE, "tpm.quote" },
	{ "selection of a second bank", selection_second_bank, NULL,
	    SEAL_E_EVIDENCE, "tpm.quote" },
	{ "SHA-1 bank", bank_sha1, NULL, SEAL_E_EVIDENCE, "tpm.pcr.bank" },
	{ "SHA-1 bank beside", bank_sha1_too, NULL, SEAL_E_EVIDENCE,
	    "tpm.pcr.bank" },
	{ "pcrDigest by another hash", digest_other_hash, NULL, SEAL_E_EVIDENCE,
	    "tpm.quote" },
	{ "pcrDigest zero", digest_zero, NULL, SEAL_E_EVIDENCE, "tpm.quote" },
	{ "listed value not the quoted", NULL, value_unsigned, SEAL_E_EVIDENCE,
	    "tpm.quote" },
	{ "value not listed", NULL, value_not_listed, SEAL_E_EVIDENCE,
	    "tpm.quote" },
	{ "value listed more", NULL, value_listed_more, SEAL_E_EVIDENCE,
	    "tpm.quote" },
	{ "PCR 7 extended", pcr_extended, NULL, SEAL_E_POLICY,
	    "tpm.pcr.sha256.7" },
	{ "PCR 0 zero", pcr_zero, NULL, SEAL_E_POLICY, "tpm.pcr.sha256.0" },
	{ "PCR more", pcr_more, NULL, SEAL_E_POLICY, "tpm.pcr.selection" },
	{ "bank more", bank_more, NULL, SEAL_E_POLICY, "tpm.pcr.selection" },
	{ "PCR fewer", pcr_fewer, NULL, SEAL_E_POLICY, "tpm.pcr.selection" },
	{ "PCR elsewhere", pcr_elsewhere, NULL, SEAL_E_POLICY,
	    "tpm.pcr.selection" },
	/* The certified key. */
	{ "certify of the AK", name_of_ak, NULL, SEAL_E_EVIDENCE,
	    "tpm.certify" },
	{ "certify of a key with fixedTPM clear", name_of_softer_key, NULL,
	    SEAL_E_EVIDENCE, "tpm.certify" },
	{ "certify of no name", name_zero, NULL, SEAL_E_EVIDENCE,
	    "tpm.certify" },
	/* One TPM, one boot. */
	{ "another resetCount", boot_other_reset, NULL, SEAL_E_EVIDENCE,
	    "tpm.same.reset_count" },
	{ "another restartCount", boot_other_restart, NULL, SEAL_E_EVIDENCE,
	    "tpm.same.restart_count" },
	{ "another firmwareVersion", boot_other_firmware, NULL, SEAL_E_EVIDENCE,
	    "tpm.same.firmware" },
	{ "another qualifiedSigner", boot_other_signer, NULL, SEAL_E_EVIDENCE,
	    "tpm.same.signer" },
	{ "no qualifiedSigner", boot_no_signer, NULL, SEAL_E_EVIDENCE,
	    "tpm.same.signer" },
	{ NULL },
};

static void
mutations(void **state)
{
	struct policy *p = policy_for(&rings[KEY_P256], "0127", "", "");

	(void)state;
	for (const struct row *row = rows; row->name != NULL; row++) {
		struct appraisal_in in;
		struct evidence ev;
		struct recipe r;

		recipe_init(&r, &rings[KEY_P256], &binding);
		if (row->change != NULL)
			row->change(&r);
		evidence_make(&r, row->edit, &ev);
		in = in_for(wr_view(&ev.whole), &binding);
		expect(row->name, p, &in, row->want, row->check);
		evidence_free(&ev);
	}
	policy_free(&p);
}

/*
 * Genuinely signed attests with one bit other than a TPM would have written.
 * Only clock, safe and qualifiedName may vary alone.
 */
static bool
may_vary(size_t at, size_t n, bool quote)
{
	const size_t clock = 4 + 2 + 2 + 34 + 2 + 32, safe = clock + 8 + 8;

	if ((at >= clock && at < clock + 8) || at == safe)
		return true;
	return !quote && at >= n - 34;
}

static void
signed_flips(void **state)
{
	struct policy *p = policy_for(&rings[KEY_P256], "0127", "", "");

	(void)state;
	for (size_t i = 0; i < 2 * 256; i++) {
		struct seal_verdict *v = verdict_new();
		bool quote = i % 2 == 0, ok;
		struct appraisal_in in;
		struct evidence ev;
		struct recipe r;
		size_t n;

		recipe_init(&r, &rings[KEY_P256], &binding);
		*(quote ? &r.flip_quote : &r.flip_certify) = i / 2;
		evidence_make(&r, NULL, &ev);
		n = quote ? ev.quote.n : ev.certify.n;
		in = in_for(wr_view(&ev.whole), &binding);
		ok = appraise(p, &in, v) == 0;
		if (ok != (i / 2 >= n || may_vary(i / 2, n, quote)))
			fail_msg("%s, byte %zu: %s",
			    quote ? "quote" : "certify", i / 2,
			    ok ? "accepted" : seal_verdict_diag(v)->text);
		seal_verdict_free(&v);
		evidence_free(&ev);
	}
	policy_free(&p);
}

/*
 * Bytes of the AK's public area whose lowest bit is an attribute without
 * meaning here. Nothing signs that area: trust in the AK comes from policy's
 * pin or CA, over its SPKI.
 */
static size_t
ak_attributes_at(struct span whole, struct span ak_public)
{
	const uint8_t *area =
	    memmem(whole.p, whole.n, ak_public.p, ak_public.n);

	assert_non_null(area);
	return (size_t)(area - whole.p) + 4;
}

static bool
ak_bit_ignored(size_t attributes, size_t at)
{
	return at == attributes || at == attributes + 2 || at == attributes + 3;
}

/* Every byte of the Evidence, and every prefix of it. */
static void
flips_and_prefixes(void **state)
{
	struct policy *p = policy_for(&rings[KEY_P256], "0127", "", "");
	struct appraisal_in in;
	struct evidence ev;
	size_t attributes;
	struct recipe r;

	(void)state;
	recipe_init(&r, &rings[KEY_P256], &binding);
	evidence_make(&r, NULL, &ev);
	attributes =
	    ak_attributes_at(wr_view(&ev.whole), wr_view(&ev.ak_public));
	for (size_t i = 0; i < 2 * ev.whole.n; i++) {
		struct seal_verdict *v = verdict_new();
		bool flip = i < ev.whole.n, ok;
		size_t at = flip ? i : i - ev.whole.n;

		if (flip)
			ev.whole.p[at] ^= 1;
		in = in_for(
		    span_of(ev.whole.p, flip ? ev.whole.n : at), &binding);
		ok = appraise(p, &in, v) == 0;
		assert_true(ok == (seal_verdict_outcome(v) == SEAL_ACCEPTED));
		if (ok != (flip && ak_bit_ignored(attributes, at)))
			fail_msg("%s %zu: %s", flip ? "byte" : "prefix", at,
			    ok ? "accepted" : seal_verdict_diag(v)->text);
		if (flip)
			ev.whole.p[at] ^= 1;
		seal_verdict_free(&v);
	}
	in = in_for(wr_view(&ev.whole), &binding);
	expect("unharmed", p, &in, 0, "");
	evidence_free(&ev);
	policy_free(&p);
}

/* ---- Policies that ask for something else ---- */

struct policy_row {
	const char *name;
	const char *pcrs, *head, *more;
	uint32_t clear; /* attributes of the subject */
	bool with_policy;
	int want;
	const char *check;
};

#define KEY_POLICY                                                         \
	",\"key_policy\":\"1122000000000000000000000000000000000000000000" \
	"000000000000000000\""

static const struct policy_row policy_rows[] = {
	{ "same", "0127", "", "", 0, false, 0, "" },
	{ "one PCR more", "01247", "", "", 0, false, SEAL_E_POLICY,
	    "tpm.pcr.selection" },
	{ "one PCR fewer", "012", "", "", 0, false, SEAL_E_POLICY,
	    "tpm.pcr.selection" },
	{ "other PCRs", "0124", "", "", 0, false, SEAL_E_POLICY,
	    "tpm.pcr.selection" },
	{ "key policy obeyed", "0127", "", KEY_POLICY, TPM_USER_WITH_AUTH, true,
	    0, "" },
	{ "key policy and password", "0127", "", KEY_POLICY, 0, true,
	    SEAL_E_POLICY, "tpm.subject.no_password" },
	{ "key without policy", "0127", "", KEY_POLICY, TPM_USER_WITH_AUTH,
	    false, SEAL_E_POLICY, "tpm.subject.policy" },
	{ "key policy not asked for", "0127", "", "", TPM_USER_WITH_AUTH, true,
	    0, "" },
	{ NULL },
};

static void
policies(void **state)
{
	(void)state;
	for (const struct policy_row *row = policy_rows; row->name != NULL;
	     row++) {
		struct policy *p = policy_for(
		    &rings[KEY_P256], row->pcrs, row->head, row->more);
		struct appraisal_in in;
		struct evidence ev;
		struct recipe r;

		recipe_init(&r, &rings[KEY_P256], &binding);
		r.subject_attributes &= ~row->clear;
		if (row->with_policy)
			r.auth_policy = span_of(key_policy, sizeof(key_policy));
		evidence_make(&r, NULL, &ev);
		in = in_for(wr_view(&ev.whole), &binding);
		expect(row->name, p, &in, row->want, row->check);
		evidence_free(&ev);
		policy_free(&p);
	}
}

static void
key_policy_is_told(void **state)
{
	struct policy *p = policy_for(&rings[KEY_P256], "0127", "", KEY_POLICY);
	struct seal_verdict *v = verdict_new();
	struct appraisal_in in;
	struct evidence ev;
	struct recipe r;

	(void)state;
	recipe_init(&r, &rings[KEY_P256], &binding);
	r.subject_attributes &= ~TPM_USER_WITH_AUTH;
	r.auth_policy = span_of(key_policy, sizeof(key_policy));
	evidence_make(&r, NULL, &ev);
	in = in_for(wr_view(&ev.whole), &binding);
	assert_int_equal(appraise(p, &in, v), 0);
	assert_false(v->host_trusted);
	assert_null(seal_verdict_claim(v, "tpm.host_trusted"));
	seal_verdict_free(&v);
	evidence_free(&ev);
	policy_free(&p);
}

/* What the verdict says about a changed PCR, in full. */
static void
changed_pcr_is_named(void **state)
{
	struct policy *p = policy_for(&rings[KEY_P256], "0127", "", "");
	struct seal_verdict *v = verdict_new();
	struct seal_check c = { .name = "" };
	struct appraisal_in in;
	struct evidence ev;
	struct recipe r;

	(void)state;
	recipe_init(&r, &rings[KEY_P256], &binding);
	pcr_extended(&r);
	evidence_make(&r, NULL, &ev);
	in = in_for(wr_view(&ev.whole), &binding);
	assert_int_equal(appraise(p, &in, v), SEAL_E_POLICY);
	for (size_t i = 0; seal_verdict_check(v, i, &c) == 0; i++)
		if (strcmp(c.name, "tpm.pcr.sha256.7") == 0)
			break;
	assert_string_equal(c.name, "tpm.pcr.sha256.7");
	assert_int_equal(strlen(c.expected), 64);
	assert_int_equal(strncmp(c.expected, "a704", 4), 0);
	assert_int_equal(strncmp(c.got, "a001", 4), 0);
	assert_true(strlen(c.remedy) > 0);
	assert_int_equal(v->ar4si[AR4SI_EXECUTABLES], AR4SI_CONTRAINDICATED);
	assert_int_equal(v->ar4si[AR4SI_INSTANCE_IDENTITY], AR4SI_AFFIRMING);
	seal_verdict_free(&v);
	evidence_free(&ev);
	policy_free(&p);
}

/* ---- Learning ---- */

static char *
learn_from(const struct appraisal_in *in, const struct identity *id, int want)
{
	struct seal_verdict *v = verdict_new();
	struct seal_diag d = { 0 };
	char *text = NULL;
	int r = appraise_observe(in, id, v, &text, &d);

	if (r != want)
		fail_msg("learn: got %d (%s)", r, d.text);
	assert_true((text != NULL) == (r == 0));
	assert_int_not_equal(seal_verdict_outcome(v), SEAL_ACCEPTED);
	assert_int_equal(seal_verdict_lease_s(v), 0);
	if (r == 0)
		assert_int_equal(seal_verdict_outcome(v), SEAL_REFUSED_POLICY);
	else
		assert_int_equal(d.code, r);
	seal_verdict_free(&v);
	return text;
}

/* What is learned accepts the same Evidence, and nothing that differs. */
static void
learned(void **state)
{
	(void)state;
	for (int with = 0; with < 2; with++) {
		struct policy *p = NULL;
		struct appraisal_in in;
		struct evidence ev;
		struct recipe r;
		char *text;

		recipe_init(&r, &rings[KEY_P256], &binding);
		if (with) {
			r.subject_attributes &= ~TPM_USER_WITH_AUTH;
			r.auth_policy = span_of(key_policy, sizeof(key_policy));
		}
		evidence_make(&r, NULL, &ev);
		in = in_for(wr_view(&ev.whole), &binding);
		text = learn_from(&in, NULL, 0);
		assert_true(
		    (strstr(text, "key_policy") != NULL) == (with != 0));
		assert_int_equal(policy_load(span_str(text), "", &p, NULL), 0);
		assert_int_equal(p->identity.mode, IDENTITY_NONE);
		assert_int_equal(p->min_binding, SEAL_LEVEL_TRAFFIC);
		expect("learned", p, &in, 0, "");
		evidence_free(&ev);

		pcr_extended(&r);
		evidence_make(&r, NULL, &ev);
		in = in_for(wr_view(&ev.whole), &binding);
		expect(
		    "changed since", p, &in, SEAL_E_POLICY, "tpm.pcr.sha256.7");
		evidence_free(&ev);
		policy_free(&p);
		free(text);
	}
}

static void
learned_identity(void **state)
{
	uint8_t pins[1][32] = { { 1, 2 } };
	struct identity id = {
		.mode = IDENTITY_PIN, .pins = pins, .n_pins = 1
	};
	char name[] = "host", ca[] = "/etc/ca.pem";
	struct policy *p = NULL;
	struct appraisal_in in;
	struct evidence ev;
	struct recipe r;
	char *text;

	(void)state;
	recipe_init(&r, &rings[KEY_P256], &binding);
	evidence_make(&r, NULL, &ev);
	in = in_for(wr_view(&ev.whole), &binding);
	in.carrier = SEAL_LEVEL_TRANSCRIPT;
	text = learn_from(&in, &id, 0);
	assert_int_equal(policy_load(span_str(text), "", &p, NULL), 0);
	assert_int_equal(p->identity.mode, IDENTITY_PIN);
	assert_memory_equal(p->identity.pins[0], pins[0], 32);
	assert_int_equal(p->min_binding, SEAL_LEVEL_TRANSCRIPT);
	policy_free(&p);
	free(text);

	id = (struct identity){
		.mode = IDENTITY_PKIX, .name = name, .ca_file = ca
	};
	text = learn_from(&in, &id, 0);
	assert_int_equal(policy_load(span_str(text), "", &p, NULL), 0);
	assert_string_equal(p->identity.name, "host");
	assert_string_equal(p->identity.ca_file, ca);
	policy_free(&p);
	free(text);
	evidence_free(&ev);
}

/* Signatures and, where it is known, the binder hold while learning, too. */
static void
nothing_to_learn(void **state)
{
	static const struct row bad[] = {
		{ "quote signed by another", quote_by_other, NULL,
		    SEAL_E_SIGNATURE, "" },
		{ "yesterday's", extra_both_other, NULL, SEAL_E_BINDER, "" },
		{ "another subject", subject_is_other, NULL, SEAL_E_KEY, "" },
		{ "PCR not the quoted", NULL, value_unsigned, SEAL_E_EVIDENCE,
		    "" },
		{ NULL },
	};

	(void)state;
	for (const struct row *row = bad; row->name != NULL; row++) {
		struct appraisal_in in;
		struct evidence ev;
		struct recipe r;

		recipe_init(&r, &rings[KEY_P256], &binding);
		if (row->change != NULL)
			row->change(&r);
		evidence_make(&r, row->edit, &ev);
		in = in_for(wr_view(&ev.whole), &binding);
		assert_null(learn_from(&in, NULL, row->want));
		in.media_type = span_str("a/b");
		assert_null(learn_from(&in, NULL, SEAL_E_UNSUPPORTED));
		evidence_free(&ev);
	}
}

/* A file has nothing to compare with: learned from, never accepted. */
static void
learned_from_file(void **state)
{
	struct policy *p = NULL;
	struct appraisal_in in;
	struct evidence ev;
	struct recipe r;
	char *text;

	(void)state;
	recipe_init(&r, &rings[KEY_P256], &binding);
	evidence_make(&r, NULL, &ev);
	in = in_for(wr_view(&ev.whole), NULL);
	in.binder_known = false;
	in.carrier = SEAL_LEVEL_NONE;
	text = learn_from(&in, NULL, 0);
	assert_int_equal(policy_load(span_str(text), "", &p, NULL), 0);
	expect("file", p, &in, SEAL_E_POLICY, "binder.known");
	in = in_for(wr_view(&ev.whole), &binding);
	expect("connection", p, &in, 0, "");
	policy_free(&p);
	free(text);
	evidence_free(&ev);
}

static int
setup(void **state)
{
	(void)state;
	for (int t = 0; t < KEY_TYPES; t++)
		keyring_make((enum key_type)t, &rings[t]);
	return binding_post(HASH_SHA256, key_spki(&rings[KEY_P256].subject),
		   span_of(exporter, 32), &binding, NULL) != 0 ||
	       binding_post(HASH_SHA256, key_spki(&rings[KEY_P256].subject),
		   span_of(other_exporter, 32), &other_binding, NULL) != 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (int t = 0; t < KEY_TYPES; t++)
		keyring_free(&rings[t]);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted),
		cmocka_unit_test(mutations),
		cmocka_unit_test(signed_flips),
		cmocka_unit_test(flips_and_prefixes),
		cmocka_unit_test(policies),
		cmocka_unit_test(key_policy_is_told),
		cmocka_unit_test(changed_pcr_is_named),
		cmocka_unit_test(learned),
		cmocka_unit_test(learned_identity),
		cmocka_unit_test(nothing_to_learn),
		cmocka_unit_test(learned_from_file),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
