/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "dcap_fixture.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crypto/der.h"
#include "crypto/x509.h"

#define SIGNER_NAME "Intel SGX TCB Signing"

static struct issued root, ca, pck, signer, twin_root, twin_ca, twin_pck,
    twin_signer, namesake, no_signer, signer_ca;
static EVP_PKEY *attestation, *stranger;
static struct span replaced[3];
static char root_file[] = "/tmp/seal-dcap-root-XXXXXX";
static char twin_file[] = "/tmp/seal-dcap-twin-XXXXXX";

static EVP_PKEY *
new_key(void)
{
	return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
}

/* ---- Certificates ---- */

static const uint8_t sgx_oid[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 1, 0x0d,
	1 };

static size_t
open_member(struct wr *w, const uint8_t *arcs, size_t n)
{
	uint8_t oid[sizeof(sgx_oid) + 2];
	size_t mark = der_begin(w, DER_SEQ);

	memcpy(oid, sgx_oid, sizeof(sgx_oid));
	memcpy(oid + sizeof(sgx_oid), arcs, n);
	der_put(w, DER_OID, span_of(oid, sizeof(sgx_oid) + n));
	return mark;
}

static void
put_octets(struct wr *w, uint8_t arc, const uint8_t *value, size_t n)
{
	size_t mark = open_member(w, &arc, 1);

	der_put(w, DER_OCTETS, span_of(value, n));
	der_end(w, mark);
}

static void
put_tcb(struct wr *w)
{
	static const uint8_t cpu_svn[16] = { 7 };
	uint8_t arcs[2] = { 2, 0 }, svn = DCAP_SVN;
	size_t outer = open_member(w, arcs, 1), list = der_begin(w, DER_SEQ);

	for (uint8_t i = 1; i <= 18; i++) {
		size_t mark;

		arcs[1] = i;
		mark = open_member(w, arcs, 2);
		if (i == 18)
			der_put(w, DER_OCTETS, span_of(cpu_svn, 16));
		else
			der_put_uint(w, span_of(&svn, 1));
		der_end(w, mark);
	}
	der_end(w, list);
	der_end(w, outer);
}

static struct span
sgx_extension(struct wr *w)
{
	static const uint8_t ppid[16] = { 0x99 }, pce_id[2],
			     fmspc[6] = { 0, 0xa1, 0xb2, 0xc3, 0xd4, 0xe5 };
	static const uint8_t type[] = { 0x0a, 1, 1 };
	uint8_t arc = 5;
	size_t list = der_begin(w, DER_SEQ), mark;

	put_octets(w, 1, ppid, sizeof(ppid));
	put_tcb(w);
	put_octets(w, 3, pce_id, sizeof(pce_id));
	put_octets(w, 4, fmspc, sizeof(fmspc));
	mark = open_member(w, &arc, 1);
	wr_bytes(w, span_of(type, sizeof(type)));
	der_end(w, mark);
	der_end(w, list);
	return wr_view(w);
}

/* Adds the extension to what was issued, and has it signed again. */
static void
add_sgx(struct issued *i, const struct issued *by)
{
	ASN1_OBJECT *oid = OBJ_txt2obj("1.2.840.113741.1.13.1", 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	unsigned char *der = NULL;
	uint8_t buf[1024];
	X509_EXTENSION *e;
	struct span s;
	struct wr w;
	int n;

	wr_init(&w, buf, sizeof(buf));
	s = sgx_extension(&w);
	assert_int_equal(w.error, 0);
	ASN1_OCTET_STRING_set(value, s.p, (int)s.n);
	e = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value);
	assert_true(X509_add_ext(i->x, e, -1));
	assert_true(X509_sign(i->x, by->key, EVP_sha256()) > 0);
	assert_true((n = i2d_X509(i->x, &der)) > 0);
	OPENSSL_free((void *)(uintptr_t)i->der.p);
	i->der = span_of(der, (size_t)n);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
}

static void
make_pck(struct issued *ret, const struct issued *by)
{
	const struct made m = { "Intel SGX PCK Certificate",
		.basic = "critical,CA:FALSE",
		.usage = "critical,digitalSignature" };

	*ret = issue(&m, new_key(), by);
	add_sgx(ret, by);
}

void
dcap_next_pck(void)
{
	issued_free(&pck);
	make_pck(&pck, &ca);
}

static void
make_family(
    struct issued *r, struct issued *c, struct issued *p, struct issued *s)
{
	const struct made m_root = { "Intel SGX Root CA",
		.basic = "critical,CA:TRUE",
		.usage = "critical,keyCertSign,cRLSign" };
	const struct made m_ca = { "Intel SGX PCK Platform CA",
		.basic = "critical,CA:TRUE,pathlen:0",
		.usage = "critical,keyCertSign,cRLSign" };
	const struct made m_signer = { SIGNER_NAME,
		.basic = "critical,CA:FALSE",
		.usage = "critical,digitalSignature" };

	*r = issue(&m_root, new_key(), NULL);
	*c = issue(&m_ca, new_key(), r);
	make_pck(p, c);
	*s = issue(&m_signer, new_key(), r);
}

static void
write_pem(char *path, const struct issued *i)
{
	FILE *f = fdopen(mkstemp(path), "w");

	assert_non_null(f);
	assert_true(PEM_write_X509(f, i->x));
	fclose(f);
}

void
dcap_setup(void)
{
	const struct made m_namesake = { SIGNER_NAME,
		.basic = "critical,CA:FALSE",
		.usage = "critical,digitalSignature" };
	const struct made m_no_signer = { "Intel SGX Other Signing",
		.basic = "critical,CA:FALSE",
		.usage = "critical,digitalSignature" };
	const struct made m_signer_ca = { SIGNER_NAME,
		.basic = "critical,CA:TRUE",
		.usage = "critical,digitalSignature,keyCertSign" };

	make_family(&root, &ca, &pck, &signer);
	make_family(&twin_root, &twin_ca, &twin_pck, &twin_signer);
	namesake = issue(&m_namesake, new_key(), &ca);
	no_signer = issue(&m_no_signer, new_key(), &root);
	signer_ca = issue(&m_signer_ca, new_key(), &root);
	attestation = new_key();
	stranger = new_key();
	write_pem(root_file, &root);
	write_pem(twin_file, &twin_root);
}

void
dcap_teardown(void)
{
	struct issued *all[] = { &root, &ca, &pck, &signer, &twin_root,
		&twin_ca, &twin_pck, &twin_signer, &namesake, &no_signer,
		&signer_ca };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		issued_free(all[i]);
	EVP_PKEY_free(attestation);
	EVP_PKEY_free(stranger);
	unlink(root_file);
	unlink(twin_file);
}

const char *
dcap_root_file(void)
{
	return root_file;
}

const char *
dcap_twin_file(void)
{
	return twin_file;
}

struct span
dcap_cert(size_t i)
{
	const struct issued *all[] = { &pck, &ca, &root };

	return replaced[i].n > 0 ? replaced[i] : all[i]->der;
}

struct span
dcap_signer(void)
{
	return signer.der;
}

void
dcap_replace_cert(size_t i, struct span der)
{
	replaced[i] = der;
}

/* ---- Signing ---- */

static const struct issued *
who(enum dcap_who by, const struct issued *right, const struct issued *twin)
{
	switch (by) {
	case BY_PCK:
		return &pck;
	case BY_CA:
		return &ca;
	case BY_TWIN:
		return twin;
	case BY_NAMESAKE:
		return &namesake;
	case BY_NO_SIGNER:
		return &no_signer;
	case BY_SIGNER_CA:
		return &signer_ca;
	case BY_RIGHT:
	case BY_STRANGER:
		break;
	}
	return right;
}

static void
put_signature(EVP_PKEY *key, struct span tbs, struct wr *out)
{
	uint8_t der[128];
	size_t n = sizeof(der);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	assert_int_equal(
	    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
	assert_int_equal(EVP_DigestSign(ctx, der, &n, tbs.p, tbs.n), 1);
	EVP_MD_CTX_free(ctx);
	assert_int_equal(ecdsa_der_to_raw(span_of(der, n), 32, out, NULL), 0);
}

/* ---- Quotes ---- */

static void
put_le(struct wr *w, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wr_u8(w, (uint8_t)(v >> 8 * i));
}

static void
put_fill(struct wr *w, uint8_t c, size_t n)
{
	memset(wr_room(w, n), c, n);
}

static void
put_sgx(struct wr *w, uint64_t flags, uint8_t signer_byte, uint32_t misc,
    unsigned prod, unsigned svn, const uint8_t data[QUOTE_REPORT_DATA])
{
	put_fill(w, 7, 16); /* CPUSVN */
	put_le(w, misc, 4);
	put_fill(w, 0, 28);
	put_le(w, flags, 8);
	put_le(w, 0xe7, 8);
	put_fill(w, 0x22, 32); /* MRENCLAVE */
	put_fill(w, 0, 32);
	put_fill(w, signer_byte, 32);
	put_fill(w, 0, 32 + 64);
	put_le(w, prod, 2);
	put_le(w, svn, 2);
	put_fill(w, 0, 2 + 42 + 16);
	wr_bytes(w, span_of(data, QUOTE_REPORT_DATA));
}

static void
put_td(struct wr *w, const struct dcap_recipe *r)
{
	wr_u8(
	    w, (uint8_t)(r->module_svn == 0 ? DCAP_MODULE_SVN : r->module_svn));
	wr_u8(w, (uint8_t)(r->module_major == 0  ? 1
			   : r->module_major < 0 ? 0
						 : r->module_major));
	put_fill(w, DCAP_SVN, 14);
	put_fill(w, 0x44, 48);                       /* MRSEAM */
	put_fill(w, r->other_module ? 0x45 : 0, 48); /* MRSIGNERSEAM */
	put_fill(w, 0, 8);
	put_le(w, r->flags == 0 ? 0x10000000 : r->flags, 8);
	put_le(w, 0xe7, 8);
	put_fill(w, r->mrtd == 0 ? 0x11 : r->mrtd, 48); /* MRTD */
	put_fill(w, 0, 3 * 48);
	for (uint8_t i = 0; i < TD_RTMRS; i++)
		if (r->rtmrs != NULL)
			wr_bytes(w, span_of(r->rtmrs[i], 48));
		else
			put_fill(w, (uint8_t)(0x50 + i), 48);
	wr_bytes(w, span_of(r->report_data, QUOTE_REPORT_DATA));
	if (r->td15) {
		put_fill(w, 0, 16);
		put_fill(w, r->service, 48);
	}
}

static void
put_header(struct wr *w, const struct dcap_recipe *r, int version)
{
	put_le(w, (uint64_t)version, 2);
	put_le(w, 2, 2);
	put_le(w, r->tee == QUOTE_TDX ? 0x81 : 0, 4);
	put_fill(w, 0, 4 + 16 + 20);
	if (version < 5)
		return;
	put_le(w, r->tee == QUOTE_SGX ? 1 : r->td15 ? 3 : 2, 2);
	put_le(w, r->tee == QUOTE_SGX ? 384 : r->td15 ? 648 : 584, 4);
}

/* x || y */
static void
put_key(EVP_PKEY *key, struct wr *out)
{
	unsigned char *der = NULL;
	uint8_t x[66], y[66];
	enum curve c;
	int n = i2d_PUBKEY(key, &der);

	assert_true(n > 0);
	assert_int_equal(
	    spki_to_ec(span_of(der, (size_t)n), &c, x, y, NULL), 0);
	wr_bytes(out, span_of(x, 32));
	wr_bytes(out, span_of(y, 32));
	OPENSSL_free(der);
}

/* Of any bytes, also what is no certificate. */
static void
put_pem(struct span der, struct wr *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long n;

	assert_true(
	    PEM_write_bio(bio, "CERTIFICATE", "", der.p, (long)der.n) > 0);
	n = BIO_get_mem_data(bio, &text);
	wr_bytes(out, span_of(text, (size_t)n));
	BIO_free(bio);
}

/* QE report, its signature, auth and certificates. */
static void
put_qe(const struct dcap_recipe *r, EVP_PKEY *named, struct wr *out)
{
	uint8_t buf[SGX_REPORT_SIZE], data[QUOTE_REPORT_DATA] = { 0 }, key[64],
				      digest[HASH_MAX], auth[32];
	struct span parts[] = { span_of(key, sizeof(key)),
		span_of(auth, sizeof(auth)) };
	struct wr w, report, pem;

	memset(auth, 0x77, sizeof(auth));
	wr_init(&w, key, sizeof(key));
	put_key(named, &w);
	assert_int_equal(hash_parts(HASH_SHA256, parts, 2, digest, NULL), 0);
	memcpy(data, digest, 32);
	data[63] = r->pad_key;
	wr_init(&report, buf, sizeof(buf));
	put_sgx(&report, r->qe_debug ? 0x13 : 0x11,
	    r->qe_other_signer ? 0x34 : 0x33, r->qe_other_misc ? 1 : 0,
	    r->qe_other_product ? 9 : 2,
	    r->qe_svn == 0 ? DCAP_QE_SVN : r->qe_svn, data);
	wr_bytes(out, wr_view(&report));
	put_signature(r->qe_by == BY_STRANGER
			  ? stranger
			  : who(r->qe_by, &pck, &twin_pck)->key,
	    wr_view(&report), out);
	put_le(out, sizeof(auth), 2);
	wr_bytes(out, parts[1]);
	wr_init_heap(&pem, 16384);
	for (size_t i = 0; i + (size_t)r->drop_certs < 3; i++)
		put_pem(dcap_cert(i), &pem);
	wr_u8(&pem, 0);
	put_le(out, r->certs_type == 0 ? 5 : r->certs_type, 2);
	put_le(out, pem.n, 4);
	wr_bytes(out, wr_view(&pem));
	wr_free(&pem);
}

void
dcap_quote(const struct dcap_recipe *r, struct wr *out)
{
	int version = r->version != 0       ? r->version
		      : r->tee == QUOTE_SGX ? 3
					    : 4;
	struct wr sig, qe;

	wr_init_heap(out, 65536);
	wr_init_heap(&sig, 65536);
	wr_init_heap(&qe, 65536);
	put_header(out, r, version);
	if (r->tee == QUOTE_TDX)
		put_td(out, r);
	else
		put_sgx(out, r->flags == 0 ? 5 : r->flags, 0x23, 0, 3, 6,
		    r->report_data);
	put_signature(r->quote_by == BY_STRANGER ? stranger : attestation,
	    wr_view(out), &sig);
	put_key(attestation, &sig);
	put_qe(r, r->other_key ? stranger : attestation, &qe);
	if (version > 3) {
		put_le(&sig, 6, 2);
		put_le(&sig, qe.n, 4);
	}
	wr_bytes(&sig, wr_view(&qe));
	put_le(out, sig.n, 4);
	wr_bytes(out, wr_view(&sig));
	put_fill(out, 0, r->padding + 1);
	put_fill(out, 1, r->garbage);
	out->n -= r->padding + r->garbage == 0 ? 1 : 0;
	assert_int_equal(out->error, 0);
	wr_free(&sig);
	wr_free(&qe);
}

/* ---- Collateral ---- */

static void
put_date(struct wr *w, const char *name, int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm;
	char text[32];

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	wr_printf(w, "\"%s\":\"%s\",", name, text);
}

static void
put_window(struct wr *w, int64_t from, int64_t to)
{
	put_date(w, "issueDate", fixture_clock + (from == 0 ? -DAY : from));
	put_date(w, "nextUpdate", fixture_clock + (to == 0 ? DAY : to));
}

static void
put_components(struct wr *w, const char *name, int svn)
{
	wr_printf(w, "\"%s\":[", name);
	for (int i = 0; i < 16; i++)
		wr_printf(w, "%s{\"svn\":%d,\"category\":\"BIOS\"}",
		    i == 0 ? "" : ",", svn);
	wr_printf(w, "],");
}

static void
put_status(struct wr *w, const struct dcap_level *l)
{
	wr_printf(w, ",\"tcbDate\":\"%s\",\"tcbStatus\":\"%s\"",
	    l->date == NULL ? DATE_NEW : l->date, l->status);
	if (l->advisories != NULL)
		wr_printf(w, ",\"advisoryIDs\":[%s]", l->advisories);
	wr_printf(w, "}");
}

static void
put_isv_levels(struct wr *w, const struct dcap_level *levels, int normal)
{
	const struct dcap_level usual[DCAP_LEVELS] = { { normal, 0, 0,
	    "UpToDate" } };

	levels = levels[0].status == NULL ? usual : levels;
	wr_printf(w, "\"tcbLevels\":[");
	for (int i = 0; i < DCAP_LEVELS && levels[i].status != NULL; i++) {
		wr_printf(w, "%s{\"tcb\":{\"isvsvn\":%d}", i == 0 ? "" : ",",
		    levels[i].sgx);
		put_status(w, &levels[i]);
	}
	wr_printf(w, "]");
}

#define ZEROS48                                                              \
	"000000000000000000000000000000000000000000000000000000000000000000" \
	"000000000000000000000000000000"
#define MODULE                                                              \
	"\"mrsigner\":\"" ZEROS48 "\",\"attributes\":\"0000000000000000\"," \
	"\"attributesMask\":\"FFFFFFFFFFFFFFFF\""

static void
put_modules(struct wr *w, const struct dcap_recipe *r)
{
	wr_printf(w, "\"tdxModule\":{" MODULE "},\"tdxModuleIdentities\":"
		     "[{\"id\":\"TDX_01\"," MODULE ",");
	put_isv_levels(w, r->module_levels, DCAP_MODULE_SVN);
	wr_printf(w, "}],");
}

static void
put_info(struct wr *w, const struct dcap_recipe *r)
{
	static const struct dcap_level usual[DCAP_LEVELS] = { { DCAP_SVN,
	    DCAP_SVN, DCAP_SVN, "UpToDate" } };
	const struct dcap_level *levels =
	    r->levels[0].status == NULL ? usual : r->levels;
	const char *id = r->info_id != NULL    ? r->info_id
			 : r->tee == QUOTE_TDX ? "TDX"
					       : "SGX";
	bool tdx = strcmp(id, "TDX") == 0;

	wr_printf(w, "{\"id\":\"%s\",\"version\":3,", id);
	put_window(w, r->info_from, r->info_to);
	wr_printf(w,
	    "\"fmspc\":\"%s\",\"pceId\":\"%s\",\"tcbType\":0,"
	    "\"tcbEvaluationDataNumber\":%d,",
	    r->fmspc == NULL ? DCAP_FMSPC : r->fmspc,
	    r->pce_id == NULL ? "0000" : r->pce_id,
	    r->evaluation == 0 ? 17 : r->evaluation);
	if (tdx)
		put_modules(w, r);
	wr_printf(w, "\"tcbLevels\":[");
	for (int i = 0; i < DCAP_LEVELS && levels[i].status != NULL; i++) {
		wr_printf(w, "%s{\"tcb\":{", i == 0 ? "" : ",");
		put_components(w, "sgxtcbcomponents", levels[i].sgx);
		if (tdx)
			put_components(w, "tdxtcbcomponents", levels[i].tdx);
		wr_printf(w, "\"pcesvn\":%d}", levels[i].pce);
		put_status(w, &levels[i]);
	}
	wr_printf(w, "]}");
}

static void
put_identity(struct wr *w, const struct dcap_recipe *r)
{
	wr_printf(w, "{\"id\":\"%s\",\"version\":2,",
	    r->qe_id != NULL      ? r->qe_id
	    : r->tee == QUOTE_TDX ? "TD_QE"
				  : "QE");
	put_window(w, r->qe_from, r->qe_to);
	wr_printf(w,
	    "\"tcbEvaluationDataNumber\":%d,\"miscselect\":\"00000000\","
	    "\"miscselectMask\":\"FFFFFFFF\","
	    "\"attributes\":\"11000000000000000000000000000000\","
	    "\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\","
	    "\"mrsigner\":\"3333333333333333333333333333333333333333333333333"
	    "333333333333333\",\"isvprodid\":2,",
	    r->qe_evaluation == 0 ? 17 : r->qe_evaluation);
	put_isv_levels(w, r->qe_levels, DCAP_QE_SVN);
	wr_printf(w, "}");
}

static void
sign_body(enum dcap_who by, struct span body, struct wr *hex)
{
	uint8_t raw[64];
	struct wr w;

	wr_init(&w, raw, sizeof(raw));
	put_signature(
	    by == BY_STRANGER ? stranger : who(by, &signer, &twin_signer)->key,
	    body, &w);
	wr_hex(hex, wr_view(&w));
}

static void
add(struct endorsements *e, const char *name, struct span bytes)
{
	struct seal_diag d = { 0 };

	if (endorse_add(e, name, bytes, &d) != 0)
		fail_msg("%s", d.text);
}

static void
add_document(struct endorsements *e, const char *member, struct span body,
    enum dcap_who by, bool touched)
{
	uint8_t hex[128];
	struct wr w, h;

	wr_init(&h, hex, sizeof(hex));
	sign_body(by, body, &h);
	wr_init_heap(&w, 65536);
	wr_printf(&w, "{\"%s\":", member);
	wr_bytes(&w, span_of(body.p, 1));
	if (touched)
		wr_printf(&w, " ");
	wr_bytes(&w, span_of(body.p + 1, body.n - 1));
	wr_printf(&w, ",\"signature\":\"%.128s\"}", (const char *)hex);
	add(e, member, wr_view(&w));
	wr_free(&w);
}

static void
put_text(struct wr *w, const char *name, struct span text)
{
	uint8_t c = 0;
	struct rd r;

	wr_printf(w, "\"%s\":\"", name);
	rd_init(&r, text);
	while (rd_u8(&r, &c))
		if (c == '"' || c == '\\')
			wr_printf(w, "\\%c", c);
		else if (c == '\n')
			wr_printf(w, "\\n");
		else
			wr_u8(w, c);
	wr_printf(w, "\"");
}

static void
add_bundle(struct endorsements *e, struct span info, struct span qe)
{
	uint8_t hex[128];
	struct wr w, h, pem;

	wr_init_heap(&w, 65536);
	wr_init_heap(&pem, 16384);
	assert_int_equal(cert_to_pem(signer.der, &pem, NULL), 0);
	wr_printf(&w, "{");
	put_text(&w, "tcb_info", info);
	wr_init(&h, hex, sizeof(hex));
	sign_body(BY_RIGHT, info, &h);
	wr_printf(&w, ",\"tcb_info_signature\":\"%.128s\",", (const char *)hex);
	put_text(&w, "qe_identity", qe);
	wr_init(&h, hex, sizeof(hex));
	sign_body(BY_RIGHT, qe, &h);
	wr_printf(
	    &w, ",\"qe_identity_signature\":\"%.128s\",", (const char *)hex);
	put_text(&w, "tcb_info_issuer_chain", wr_view(&pem));
	wr_printf(&w, "}");
	add(e, "bundle", wr_view(&w));
	wr_free(&pem);
	wr_free(&w);
}

static void
number_list(X509_CRL *crl, int number)
{
	ASN1_INTEGER *n = ASN1_INTEGER_new();

	ASN1_INTEGER_set(n, number);
	if (number != 0)
		assert_true(
		    X509_CRL_add1_ext_i2d(crl, NID_crl_number, n, 0, 0));
	ASN1_INTEGER_free(n);
}

static int list_number;
static int64_t list_from, list_to;

static void
add_list(struct endorsements *e, const struct issued *by, EVP_PKEY *key,
    bool old, const struct issued *a, const struct issued *b)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_set(NULL, fixture_clock + list_from);
	const struct issued *gone[] = { a, b };
	unsigned char *der = NULL;
	int n;

	assert_true(X509_CRL_set_version(crl, 1));
	assert_true(
	    X509_CRL_set_issuer_name(crl, X509_get_subject_name(by->x)));
	X509_CRL_set1_lastUpdate(crl, t);
	for (size_t i = 0; i < 2; i++) {
		X509_REVOKED *one;

		if (gone[i] == NULL)
			continue;
		one = X509_REVOKED_new();
		X509_REVOKED_set_serialNumber(
		    one, X509_get_serialNumber(gone[i]->x));
		X509_REVOKED_set_revocationDate(one, t);
		assert_true(X509_CRL_add0_revoked(crl, one));
	}
	ASN1_TIME_set(t, fixture_clock + (old ? -DAY : list_to));
	X509_CRL_set1_nextUpdate(crl, t);
	number_list(crl, list_number);
	assert_true(X509_CRL_sign(crl, key, EVP_sha256()) > 0);
	assert_true((n = i2d_X509_CRL(crl, &der)) > 0);
	add(e, "list", span_of(der, (size_t)n));
	OPENSSL_free(der);
	ASN1_TIME_free(t);
	X509_CRL_free(crl);
}

static void
add_lists(struct endorsements *e, const struct dcap_recipe *r)
{
	bool strange = r->list_by != BY_RIGHT;

	list_number = r->list_number;
	list_from = r->list_from == 0 ? -2 * DAY : r->list_from;
	list_to = r->list_to == 0 ? DAY : r->list_to;
	if (!r->no_root_list)
		add_list(e, &root, strange ? stranger : root.key,
		    r->old_root_list, r->revoke_ca ? &ca : NULL,
		    r->revoke_signer ? &signer : NULL);
	if (!r->no_pck_list)
		add_list(e, &ca, strange ? stranger : ca.key, r->old_pck_list,
		    r->revoke_pck ? &pck : NULL, NULL);
	if (r->old_list_revokes)
		add_list(e, &ca, ca.key, true, &pck, NULL);
}

void
dcap_documents(const struct dcap_recipe *r, struct endorsements *e)
{
	struct wr info, qe;

	wr_init_heap(&info, 65536);
	wr_init_heap(&qe, 65536);
	put_info(&info, r);
	put_identity(&qe, r);
	assert_int_equal(info.error | qe.error, 0);
	if (r->bundle) {
		add_bundle(e, wr_view(&info), wr_view(&qe));
	} else {
		add_document(
		    e, "tcbInfo", wr_view(&info), r->info_by, r->touched_info);
		add_document(
		    e, "enclaveIdentity", wr_view(&qe), r->qe_info_by, false);
		add(e, "signer", who(r->info_by, &signer, &twin_signer)->der);
	}
	wr_free(&info);
	wr_free(&qe);
}

struct endorsements *
dcap_given(const struct dcap_recipe *r)
{
	struct endorsements *e = endorse_new();

	add_lists(e, r);
	if (!r->no_collateral)
		dcap_documents(r, e);
	return e;
}
