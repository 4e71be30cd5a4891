/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "appraise.h"

#include <openssl/pem.h>
#include <stdio.h>

#include <string.h>
#include <unistd.h>

#include "appraise/dcap_fixture.h"
#include "appraise/nitro_fixture.h"
#include "appraise/snp_fixture.h"
#include "appraise/tpm_fixture.h"
#include "crypto/fixture.h"
#include "crypto/x509.h"
#include "format/nitro.h"

#define RSA_SIZE 512 /* bytes, as AMD's */
#define TWICE(c) c c
#define HEX32(c) TWICE(TWICE(TWICE(TWICE(TWICE(c)))))
#define HEX48(c) HEX32(c) TWICE(TWICE(TWICE(TWICE(c))))

struct seal_binding make_binding;
static uint8_t binder[32];

/* ---- Intel ---- */

static void
make_quote(enum quote_tee tee, struct wr *out)
{
	struct dcap_recipe r = { .tee = tee };

	dcap_next_pck();
	memcpy(r.report_data, binder, sizeof(binder));
	dcap_quote(&r, out);
}

static void
make_tdx(struct wr *out)
{
	make_quote(QUOTE_TDX, out);
}

static void
make_sgx(struct wr *out)
{
	make_quote(QUOTE_SGX, out);
}

static struct endorsements *
given_tdx(void)
{
	const struct dcap_recipe r = { .tee = QUOTE_TDX };

	return dcap_given(&r);
}

static struct endorsements *
given_sgx(void)
{
	const struct dcap_recipe r = { .tee = QUOTE_SGX };

	return dcap_given(&r);
}

static void
rules_tdx(struct wr *out)
{
	wr_printf(out,
	    "\"signers\":[{\"ca\":\"%s\"}],"
	    "\"measurements\":{\"mrtd\":\"" HEX48("11") "\"}",
	    dcap_root_file());
}

static void
rules_sgx(struct wr *out)
{
	wr_printf(out,
	    "\"signers\":[{\"ca\":\"%s\"}],"
	    "\"measurements\":{\"mrenclave\":\"" HEX32("22") "\"}",
	    dcap_root_file());
}

/* ---- AMD ---- */

static void
make_snp(struct wr *out)
{
	uint8_t rep[SNP_REPORT_SIZE];

	snp_next_chip();
	snp_make_report(rep, 3, NULL, 0);
	wr_init_heap(out, LIMIT_CMW);
	snp_extend(rep, out);
}

static struct endorsements *
given_snp(void)
{
	const struct snp_given g = { ASK, false, false, 1 };

	return snp_endorse(&g);
}

static void
rules_snp(struct wr *out)
{
	wr_printf(out,
	    "\"signers\":[{\"ca\":\"%s\"}],\"tcb\":{\"reported\":{"
	    "\"boot_loader\":3,\"tee\":0,\"snp\":8,\"microcode\":115}},"
	    "\"measurements\":{\"measurement\":\"" HEX48("11") "\"}",
	    snp_root_file());
}

/* ---- A TPM, whose AK somebody certified ---- */

static struct issued tpm_ca;
static char tpm_ca_file[] = "/tmp/seal-bench-XXXXXX";

static void
make_tpm(struct wr *out)
{
	const struct made m = { "AK", .usage = "critical,digitalSignature" };
	struct keyring keys;
	struct evidence e;
	struct issued ak;
	struct recipe r;

	keyring_make(KEY_P256, &keys);
	EVP_PKEY_up_ref(keys.ak.pkey);
	ak = issue(&m, keys.ak.pkey, &tpm_ca);
	recipe_init(&r, &keys, &make_binding);
	r.ak_chain[0] = ak.der;
	r.n_ak_chain = 1;
	evidence_make(&r, NULL, &e);
	wr_init_heap(out, LIMIT_CMW);
	wr_bytes(out, wr_view(&e.whole));
	evidence_free(&e);
	issued_free(&ak);
	keyring_free(&keys);
}

static void
rules_tpm(struct wr *out)
{
	static const unsigned quoted[] = { 0, 1, 2, 7 }; /* by the recipe */

	wr_printf(out, "\"signers\":[{\"ca\":\"%s\"}],\"pcrs\":{\"sha256\":{",
	    tpm_ca_file);
	for (size_t i = 0; i < sizeof(quoted) / sizeof(quoted[0]); i++) {
		wr_printf(out, "%s\"%u\":\"", i == 0 ? "" : ",", quoted[i]);
		wr_hex(out, span_of(pcr_values[quoted[i]], 32));
		wr_printf(out, "\"");
	}
	wr_printf(out, "}}");
}

static void
setup_tpm(void)
{
	const struct made m = { "CA of AKs", .basic = "critical,CA:TRUE",
		.usage = "critical,keyCertSign" };
	FILE *f = fdopen(mkstemp(tpm_ca_file), "w");

	tpm_ca = issue(&m, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), NULL);
	assert_true(f != NULL && PEM_write_X509(f, tpm_ca.x));
	fclose(f);
}

/* ---- AWS ---- */

static void
make_nitro(struct wr *out)
{
	nitro_next_machine();
	nitro_answer(span_of(binder, sizeof(binder)), nitro_stranger());
	nitro_make(NORMAL, out);
}

/* As `seal policy learn` writes it: the root's key, whose certificate comes
 * along. */
static void
rules_nitro(struct wr *out)
{
	struct trust *t = trust_new();
	uint8_t digest[HASH_MAX];
	struct span spki;

	assert_int_equal(trust_add_pem_file(t, nitro_root_file(), NULL), 0);
	assert_true(cert_spki_read(trust_get0(t, 0), &spki));
	assert_int_equal(hash_one(HASH_SHA256, spki, digest, NULL), 0);
	wr_printf(out, "\"signers\":[{\"root_sha256\":\"");
	wr_hex(out, span_of(digest, 32));
	wr_printf(
	    out, "\"}],\"pcrs\":{\"sha384\":{\"0\":\"" HEX48("a0") "\"}}");
	trust_free(&t);
}

/* ---- All ---- */

/*
 * Intel, cold: quote, QE, PCK, CA, TCB signer, two lists, TCB Info, identity;
 * keys of attestation, PCK, CA, root, signer. AMD: the report; VCEK, ASK, list.
 * AWS: the document; leaf, machine, zone, region; their keys and the root's.
 * Root, region and zone are issuers.
 */
#define INTEL                                                        \
	{                                                            \
		[COLD] = { [VERIFY_P256] = 9, [IMPORT_P256] = 5 },   \
		[PINNED] = { [VERIFY_P256] = 3, [IMPORT_P256] = 2 }, \
		[CACHED] = { [VERIFY_P256] = 2, [IMPORT_P256] = 1 }, \
	}

const struct kind kinds[] = {
	{ "SNP", SNP_TYPE,
	    { [COLD] = { [VERIFY_P384] = 1,
		  [VERIFY_PSS] = 3,
		  [IMPORT_P384] = 1,
		  [IMPORT_RSA] = 2 },
		[PINNED] = { [VERIFY_P384] = 1,
		    [VERIFY_PSS] = 1,
		    [IMPORT_P384] = 1 },
		[CACHED] = { [VERIFY_P384] = 1 } },
	    make_snp, given_snp, rules_snp },
	{ "TDX", QUOTE_TDX_TYPE, INTEL, make_tdx, given_tdx, rules_tdx },
	{ "SGX", QUOTE_SGX_TYPE, INTEL, make_sgx, given_sgx, rules_sgx },
	/* Quote and certified key; the AK's certificate. */
	{ "TPM", TPM_EVIDENCE_TYPE,
	    { [COLD] = { [VERIFY_P256] = 3, [IMPORT_P256] = 3 },
		[PINNED] = { [VERIFY_P256] = 3, [IMPORT_P256] = 2 },
		[CACHED] = { [VERIFY_P256] = 2 } },
	    make_tpm, NULL, rules_tpm },
	{ "Nitro", NITRO_TYPE,
	    { [COLD] = { [VERIFY_P384] = 5, [IMPORT_P384] = 5 },
		[PINNED] = { [VERIFY_P384] = 3, [IMPORT_P384] = 2 },
		[CACHED] = { [VERIFY_P384] = 1 } },
	    make_nitro, NULL, rules_nitro },
	{ NULL },
};

void
make_setup(bool rsa)
{
	memset(binder, 0xb1, sizeof(binder));
	assert_int_equal(binding_replay(span_of(binder, sizeof(binder)),
			     span_of(NULL, 0), &make_binding, NULL),
	    0);
	dcap_setup();
	if (rsa)
		snp_setup(RSA_SIZE);
	setup_tpm();
	nitro_setup();
}

void
make_teardown(void)
{
	nitro_teardown();
	dcap_teardown();
	snp_teardown();
	issued_free(&tpm_ca);
	unlink(tpm_ca_file);
}
