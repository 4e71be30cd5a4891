/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/enroll.h"

#include "format/enroll_msg.h"

#define NAME_MAX 66
#define BLOB_MAX 256

/* ---- Challenge ---- */

/* The certificate names the very key that the credential is made for. */
static int
check_ek_key(const struct enroll_request *m, const struct tpm_ek *ek,
    struct seal_diag *d)
{
	uint8_t buf[LIMIT_SPKI];
	struct cert *cert = NULL;
	struct wr spki;
	bool same;
	int r;

	wr_init(&spki, buf, sizeof(buf));
	if ((r = tpm_ek_spki(ek, &spki, d)) != 0 ||
	    (r = cert_parse(m->chain[0], &cert, d)) != 0)
		return r;
	same = span_equal_ct(cert_spki(cert), wr_view(&spki));
	cert_unref(&cert);
	if (same)
		return 0;
	seal_fail(d, SEAL_E_KEY,
	    "enrolment: the EK certificate is of another key than the EK");
	seal_remedy(d, "name the EK that the certificate is for (--ek)");
	return SEAL_E_KEY;
}

/* PROTOCOL 5.3: what the AK must be, or its quotes prove nothing. */
static int
check_ak(struct span ak_public, struct tpm_public *ret, struct seal_diag *d)
{
	const uint32_t set = TPM_RESTRICTED | TPM_SIGN | TPM_FIXED_TPM |
			     TPM_FIXED_PARENT | TPM_SENSITIVE_DATA_ORIGIN;
	int r;

	if ((r = tpm_public_parse(ak_public, ret, d)) != 0)
		return r;
	if ((ret->attributes & set) == set &&
	    (ret->attributes & TPM_DECRYPT) == 0 &&
	    hash_size(tpm_hash(ret->name_alg)) >= 32)
		return 0;
	seal_fail(d, SEAL_E_KEY,
	    "enrolment: AK of attributes 0x%08x: expected restricted, sign, "
	    "fixedTPM, fixedParent and sensitiveDataOrigin, no decrypt, and "
	    "a name by SHA-256 or stronger",
	    (unsigned)ret->attributes);
	seal_remedy(d, "make the AK with `seal tpm init`");
	return SEAL_E_KEY;
}

static int
check_request(const struct trust *anchors, const struct enroll_request *m,
    int64_t now, struct tpm_ek *ek, struct tpm_public *ak, struct seal_diag *d)
{
	int r;

	if ((r = chain_verify(anchors, m->chain, m->n_chain, now, NULL, d)) !=
		0 ||
	    (r = ek_cert_check(m->chain[0], d)) != 0 ||
	    (r = tpm_ek_parse(m->ek_public, ek, d)) != 0 ||
	    (r = check_ek_key(m, ek, d)) != 0)
		return r;
	return check_ak(m->ak_public, ak, d);
}

struct fresh {
	uint8_t id[ENROLL_ID_SIZE], secret[TPM_CREDENTIAL_SECRET_MAX];
};

static int
write_challenge(const struct tpm_ek *ek, const struct tpm_public *ak,
    const struct fresh *f, struct wr *out, struct seal_diag *d)
{
	uint8_t name[NAME_MAX], blob[BLOB_MAX], seed[LIMIT_SIGNATURE];
	struct enroll_challenge m = { .id = span_of(f->id, sizeof(f->id)) };
	struct wr w_name, w_blob, w_seed;
	int r;

	wr_init(&w_name, name, sizeof(name));
	wr_init(&w_blob, blob, sizeof(blob));
	wr_init(&w_seed, seed, sizeof(seed));
	if ((r = tpm_public_name(ak, &w_name, d)) != 0 ||
	    (r = tpm_credential_make(ek, wr_view(&w_name),
		 span_of(f->secret, sizeof(f->secret)), &w_blob, &w_seed, d)) !=
		0)
		return r;
	m.blob = wr_view(&w_blob);
	m.seed = wr_view(&w_seed);
	enroll_challenge_write(out, &m);
	return out->error == 0
		   ? 0
		   : seal_fail(d, out->error, "enrolment: challenge");
}

int
enroll_challenge_make(const struct trust *ek_anchors, struct span request,
    int64_t now, uint32_t challenge_s, struct wr *ret_challenge,
    struct wr *ret_state, struct seal_diag *d)
{
	struct enroll_request m = { 0 };
	struct enroll_state state;
	struct tpm_public ak = { 0 };
	struct tpm_ek ek = { 0 };
	struct fresh f;
	int r;

	if (now < 0)
		return seal_fail(d, SEAL_E_ARGUMENT, "enrolment: time");
	if ((r = enroll_request_parse(request, &m, d)) != 0 ||
	    (r = check_request(ek_anchors, &m, now, &ek, &ak, d)) != 0)
		return r;
	if ((r = random_bytes(f.id, sizeof(f.id), d)) != 0 ||
	    (r = random_bytes(f.secret, sizeof(f.secret), d)) != 0 ||
	    (r = write_challenge(&ek, &ak, &f, ret_challenge, d)) != 0)
		goto out;
	state = (struct enroll_state){
		.id = span_of(f.id, sizeof(f.id)),
		.secret = span_of(f.secret, sizeof(f.secret)),
		.ak_public = m.ak_public,
		.expires = (uint64_t)now + challenge_s,
	};
	enroll_state_write(ret_state, &state);
	if ((r = ret_state->error) != 0)
		seal_fail(d, r, "enrolment: state");
out:
	seal_wipe(&f, sizeof(f));
	return r;
}

/* ---- Certificate ---- */

static int
check_answer(const struct enroll_state *s, const struct enroll_answer *a,
    int64_t now, struct seal_diag *d)
{
	if (!span_equal_ct(s->id, a->id))
		return seal_fail(d, SEAL_E_PROTOCOL,
		    "enrolment: the answer is to another challenge");
	if (now < 0 || (uint64_t)now >= s->expires) {
		seal_fail(d, SEAL_E_STALE, "enrolment: the challenge expired");
		seal_remedy(d, "start again with a new request");
		return SEAL_E_STALE;
	}
	if (!span_equal_ct(s->secret, a->secret))
		return seal_fail(d, SEAL_E_KEY,
		    "enrolment: not the secret that only the TPM with this EK "
		    "and this AK could tell");
	return 0;
}

static int
certify_ak(const struct issuer *issuer, const struct tpm_public *ak,
    int64_t now, uint32_t cert_s, struct wr *out, struct seal_diag *d)
{
	uint8_t buf[LIMIT_SPKI], digest[HASH_MAX];
	char name[32] = "SEAL AK ";
	struct wr spki, der, text;
	int r;

	wr_init(&spki, buf, sizeof(buf));
	wr_init_heap(&der, LIMIT_CERTIFICATE);
	wr_init(&text, name + 8, sizeof(name) - 9);
	if ((r = tpm_public_spki(ak, &spki, d)) != 0 ||
	    (r = hash_one(HASH_SHA256, wr_view(&spki), digest, d)) != 0)
		goto out;
	wr_hex(&text, span_of(digest, 8));
	if ((r = issuer_certify(
		 issuer, wr_view(&spki), name, now, cert_s, &der, d)) == 0 &&
	    (r = cert_to_pem(wr_view(&der), out, d)) == 0)
		r = issuer_put_chain(issuer, out, d);
out:
	wr_free(&der);
	return r;
}

int
enroll_certify(const struct issuer *issuer, struct span state,
    struct span answer, int64_t now, uint32_t cert_s, struct wr *ret_pem,
    struct seal_diag *d)
{
	struct enroll_answer a = { 0 };
	struct enroll_state s = { 0 };
	struct tpm_public ak = { 0 };
	int r;

	if ((r = enroll_state_parse(state, &s, d)) != 0 ||
	    (r = enroll_answer_parse(answer, &a, d)) != 0 ||
	    (r = check_answer(&s, &a, now, d)) != 0 ||
	    (r = check_ak(s.ak_public, &ak, d)) != 0)
		return r;
	return certify_ak(issuer, &ak, now, cert_s, ret_pem, d);
}
