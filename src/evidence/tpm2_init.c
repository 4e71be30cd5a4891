/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/tpm2_init.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/limits.h"
#include "crypto/x509.h"
#include "evidence/driver.h"
#include "evidence/tpm2_make.h"

#define INIT_TIMEOUT_MS 60000u
#define CERT_DAYS 3650u
#define PEM_MAX 65536u

struct init {
	struct tpm2_where where;
	const char *out_dir;
	uint64_t deadline_ms;
	uint32_t handle[TPM2_KINDS];
	struct tpm2_key key[TPM2_KINDS];
	bool found[TPM2_KINDS];
	bool made[TPM2_KINDS]; /* by this call, also in an earlier attempt */
};

/* ---- The keys ---- */

static int
refuse(const struct init *in, enum tpm2_kind kind, struct seal_diag *d)
{
	seal_fail(d, SEAL_E_CONFIG,
	    "tpm init: handle 0x%08x holds something that is not our %s",
	    (unsigned)in->handle[kind], tpm2_kind_name(kind));
	seal_remedy(d,
	    "choose other handles; or, if nobody needs it: "
	    "tpm2_evictcontrol -C o -c 0x%08x",
	    (unsigned)in->handle[kind]);
	return SEAL_E_CONFIG;
}

/* Its template is ours, and so is its place in the tree of keys. */
static bool
is_ours(const struct init *in, enum tpm2_kind kind)
{
	const struct tpm2_key *srk = &in->key[TPM2_KIND_SRK];

	if (!tpm2_kind_is(kind, tpm2_key_public(&in->key[kind])))
		return false;
	if (kind == TPM2_KIND_SRK)
		return tpm2_is_under(&in->key[kind], NULL);
	/* Without its parent only the template can be told; once the parent
	 * is made again (from the same seed, so it is the same), this runs
	 * again. */
	return !in->found[TPM2_KIND_SRK] || tpm2_is_under(&in->key[kind], srk);
}

/* Nothing is changed before every handle is seen to be empty or ours. */
static int
survey(struct tpm2_conn *c, struct init *in, struct seal_diag *d)
{
	int r;

	for (int k = 0; k < TPM2_KINDS; k++) {
		r = tpm2_key_find(
		    c, in->handle[k], &in->key[k], &in->found[k], d);
		if (r != 0)
			return r;
	}
	for (int k = 0; k < TPM2_KINDS; k++)
		if (in->found[k] && !is_ours(in, (enum tpm2_kind)k))
			return refuse(in, (enum tpm2_kind)k, d);
	return 0;
}

static int
make_missing(struct tpm2_conn *c, struct init *in, enum tpm2_kind kind,
    struct seal_diag *d)
{
	const struct tpm2_key *srk =
	    kind == TPM2_KIND_SRK ? NULL : &in->key[TPM2_KIND_SRK];
	int r;

	if ((r = tpm2_make(c, kind, srk, in->handle[kind], d)) != 0)
		return r;
	in->made[kind] = true;
	r = tpm2_key_find(
	    c, in->handle[kind], &in->key[kind], &in->found[kind], d);
	if (r == 0 && !in->found[kind])
		r = seal_fail(d, SEAL_E_IO,
		    "tpm init: the TPM did not keep the %s",
		    tpm2_kind_name(kind));
	return r;
}

static int
init_job(struct tpm2_conn *c, void *arg, struct seal_diag *d)
{
	struct init *in = arg;
	int r;

	if ((r = survey(c, in, d)) != 0)
		return r;
	for (int k = 0; k < TPM2_KINDS; k++) {
		enum tpm2_kind kind = (enum tpm2_kind)k;

		if (!in->found[k] && (r = make_missing(c, in, kind, d)) != 0)
			return r;
		if (!is_ours(in, kind))
			return refuse(in, kind, d);
	}
	return 0;
}

/* ---- The files ---- */

static int
path_of(const struct init *in, const char *name, char ret[4096],
    struct seal_diag *d)
{
	int n = snprintf(ret, 4096, "%s/%s", in->out_dir, name);

	if (n < 0 || n >= 4096)
		return seal_fail(
		    d, SEAL_E_CONFIG, "tpm init: directory name too long");
	return 0;
}

static int
put_file(const struct init *in, const char *name, struct span content,
    struct seal_diag *d)
{
	char path[4096];
	int r;

	if ((r = path_of(in, name, path, d)) != 0)
		return r;
	return file_write(path, content, 0644, d);
}

static int
key_spki(const struct tpm2_key *key, struct wr *out, struct seal_diag *d)
{
	struct tpm_public pub = { 0 };
	int r = tpm_public_parse(tpm2_key_public(key), &pub, d);

	return r != 0 ? r : tpm_public_spki(&pub, out, d);
}

static int
write_ak(const struct init *in, struct seal_diag *d)
{
	const struct tpm2_key *ak = &in->key[TPM2_KIND_AK];
	uint8_t spki[LIMIT_SPKI], text[2 * LIMIT_SPKI];
	struct wr s, pem;
	int r;

	wr_init(&s, spki, sizeof(spki));
	wr_init(&pem, text, sizeof(text));
	if ((r = key_spki(ak, &s, d)) != 0 ||
	    (r = spki_to_pem(wr_view(&s), &pem, d)) != 0 ||
	    (r = put_file(in, "ak.pub", tpm2_key_public(ak), d)) != 0)
		return r;
	return put_file(in, "ak.pem", wr_view(&pem), d);
}

/* Is there a certificate for this key already? */
static bool
subject_is_there(const struct init *in, struct span spki)
{
	struct span chain[LIMIT_CHAIN];
	struct cert *leaf = NULL;
	uint8_t *buf = NULL;
	char path[4096];
	size_t n = 0;
	bool same = false;

	if (path_of(in, "subject.pem", path, NULL) == 0 &&
	    chain_load(path, chain, &n, &buf, NULL) == 0 &&
	    cert_parse(chain[0], &leaf, NULL) == 0)
		same = span_equal(cert_spki(leaf), spki);
	cert_unref(&leaf);
	free(buf);
	return same;
}

static int
sign_subject(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	struct init *in = ctx;
	struct tpm2_sign s = {
		.srk = &in->key[TPM2_KIND_SRK],
		.subject = &in->key[TPM2_KIND_SUBJECT],
		.scheme = scheme,
		.tbs = tbs,
	};

	return tpm2_sign(&in->where, in->deadline_ms, &s, out, d);
}

static int
write_subject(struct init *in, bool *ret_kept, struct seal_diag *d)
{
	uint8_t buf[LIMIT_SPKI];
	struct wr spki, der, pem;
	int r;

	wr_init(&spki, buf, sizeof(buf));
	wr_init_heap(&der, LIMIT_CERTIFICATE);
	wr_init_heap(&pem, PEM_MAX);
	if ((r = key_spki(&in->key[TPM2_KIND_SUBJECT], &spki, d)) != 0)
		goto out;
	if ((*ret_kept = subject_is_there(in, wr_view(&spki))))
		goto out;
	r = cert_self_sign(wr_view(&spki), "SEAL subject key", time(NULL),
	    CERT_DAYS, SIG_ECDSA_P256_SHA256, sign_subject, in, &der, d);
	if (r == 0 && (r = cert_to_pem(wr_view(&der), &pem, d)) == 0)
		r = put_file(in, "subject.pem", wr_view(&pem), d);
out:
	wr_free(&der);
	wr_free(&pem);
	return r;
}

/* ---- The report ---- */

static void
write_report(const struct init *in, bool subject_kept, struct wr *out)
{
	for (int k = 0; k < TPM2_KINDS; k++)
		wr_printf(out, "%-16s  0x%08x  %s\n",
		    tpm2_kind_name((enum tpm2_kind)k), (unsigned)in->handle[k],
		    in->made[k] ? "made" : "kept, it is ours already");
	wr_printf(out, "wrote %s/ak.pub (TPMT_PUBLIC) and %s/ak.pem\n",
	    in->out_dir, in->out_dir);
	wr_printf(out, "%s %s/subject.pem\n", subject_kept ? "kept" : "wrote",
	    in->out_dir);
	wr_printf(out, "To undo:\n");
	for (int k = TPM2_KINDS - 1; k >= 0; k--)
		wr_printf(out, "  tpm2_evictcontrol -T '%s' -C o -c 0x%08x\n",
		    in->where.tcti, (unsigned)in->handle[k]);
}

static int
init_with(struct init *in, struct wr *report, struct seal_diag *d)
{
	bool kept = false;
	int r;

	if (in->handle[0] == in->handle[1] || in->handle[0] == in->handle[2] ||
	    in->handle[1] == in->handle[2])
		return seal_fail(
		    d, SEAL_E_CONFIG, "tpm init: a handle is given twice");
	for (int k = 0; k < TPM2_KINDS; k++)
		if (in->handle[k] >> 24 != 0x81)
			return seal_fail(d, SEAL_E_CONFIG,
			    "tpm init: 0x%08x is no persistent handle",
			    (unsigned)in->handle[k]);
	if (mkdir(in->out_dir, 0755) == -1 && errno != EEXIST)
		return seal_fail(d, SEAL_E_IO, "tpm init: directory '%s': %s",
		    in->out_dir, strerror(errno));
	r = tpm2_run(&in->where, in->deadline_ms, init_job, in, d);
	if (r != 0) {
		seal_remedy(
		    d, "the owner hierarchy must have an empty password");
		return r;
	}
	if ((r = write_ak(in, d)) != 0 ||
	    (r = write_subject(in, &kept, d)) != 0)
		return r;
	write_report(in, kept, report);
	return report->error == 0
		   ? 0
		   : seal_fail(d, report->error, "tpm init: report too long");
}

static uint32_t
or_default(uint32_t handle, uint32_t fallback)
{
	return handle == 0 ? fallback : handle;
}

int
tpm2_init(
    const struct tpm2_init_conf *conf, struct wr *report, struct seal_diag *d)
{
	struct init *in = calloc(1, sizeof(*in));
	uint32_t timeout =
	    conf->timeout_ms == 0 ? INIT_TIMEOUT_MS : conf->timeout_ms;
	int r;

	if (in == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "tpm init");
	in->where.tcti = conf->tcti == NULL ? TPM2_DEFAULT_TCTI : conf->tcti;
	in->where.lock_dir = conf->lock_dir;
	in->out_dir = conf->out_dir == NULL ? "." : conf->out_dir;
	in->deadline_ms = evidence_now_ms() + timeout;
	in->handle[TPM2_KIND_SRK] = or_default(conf->srk, TPM2_DEFAULT_SRK);
	in->handle[TPM2_KIND_AK] = or_default(conf->ak, TPM2_DEFAULT_AK);
	in->handle[TPM2_KIND_SUBJECT] =
	    or_default(conf->subject, TPM2_DEFAULT_SUBJECT);
	r = init_with(in, report, d);
	for (int k = 0; k < TPM2_KINDS; k++)
		tpm2_key_clear(&in->key[k]);
	free(in);
	return r;
}
