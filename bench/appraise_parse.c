/* SPDX-License-Identifier: Apache-2.0 */
/* What the reading of documents costs, by itself. */
#include "appraise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/endorse.h"
#include "crypto/crl.h"
#include "figures.h"
#include "format/nitro.h"
#include "format/pck.h"
#include "format/quote.h"
#include "format/snp.h"
#include "format/tcb_info.h"
#include "format/tpm_evidence.h"

#define TIMES 200
#define SERIES 9

static bool
read_quote(struct span in)
{
	struct quote q;

	return quote_parse(in, &q, NULL) == 0;
}

static bool
read_snp(struct span in)
{
	struct span report = { 0 };
	struct snp_table table;
	struct snp_report r;

	return snp_evidence_parse(in, &report, &table, NULL) == 0 &&
	       snp_report_parse(report, &r, NULL) == 0;
}

static bool
read_tpm(struct span in)
{
	static struct tpm_evidence e;

	return tpm_evidence_parse(in, &e, NULL) == 0;
}

static bool
read_nitro(struct span in)
{
	struct nitro n;

	return nitro_parse(in, &n, NULL) == 0;
}

/* A document of Intel's, of either kind. */
static bool
read_json(struct span in)
{
	struct tcb_bundle b = { 0 };
	static struct tcb_info info;
	static struct qe_identity qe;
	bool ok = tcb_bundle_parse(in, &b, NULL) == 0;

	if (b.tcb_info.n > 0)
		ok = ok && tcb_info_parse(
			       b.tcb_info, b.tcb_signature, &info, NULL) == 0;
	if (b.qe_identity.n > 0)
		ok = ok && qe_identity_parse(
			       b.qe_identity, b.qe_signature, &qe, NULL) == 0;
	tcb_bundle_free(&b);
	return ok;
}

static bool
read_list(struct span in)
{
	struct crl c;

	return crl_parse(in, &c, NULL) == 0;
}

static bool
read_cert(struct span in)
{
	struct span spki;

	return cert_spki_read(in, &spki);
}

static double
once_us(bool (*read)(struct span in), struct span in)
{
	double start = cpu_us();

	for (int i = 0; i < TIMES; i++)
		if (!read(in)) {
			fprintf(stderr, "bench: a document is not read\n");
			exit(1);
		}
	return (cpu_us() - start) / TIMES;
}

/* The least of several: others want the machine too. */
static void
tell(
    const char *what, bool (*read)(struct span in), struct span in, double unit)
{
	double best = once_us(read, in), us;

	for (int i = 1; i < SERIES; i++)
		if ((us = once_us(read, in)) < best)
			best = us;
	printf("      reading %-24s %6zu bytes %6.2f us, %4.1f %% of a P-256 "
	       "verification\n",
	    what, in.n, best, 100 * best / unit);
}

static void
tell_given(const struct endorsements *e, double unit)
{
	static const struct {
		enum endorse_kind kind;
		const char *what;
		bool (*read)(struct span in);
	} kinds_of[] = { { ENDORSE_JSON, "a document of Intel", read_json },
		{ ENDORSE_CRL, "a revocation list", read_list },
		{ ENDORSE_CERT, "a certificate", read_cert } };
	const struct endorsement *item;

	for (size_t i = 0; i < sizeof(kinds_of) / sizeof(kinds_of[0]); i++) {
		size_t at = 0;

		while ((item = endorse_next(e, kinds_of[i].kind, &at)) != NULL)
			tell(kinds_of[i].what, kinds_of[i].read, item->bytes,
			    unit);
	}
}

void
parse_report(const struct kind *k, struct span evidence,
    const struct endorsements *given, double p256_us)
{
	static const struct {
		const char *name;
		bool (*read)(struct span in);
	} of[] = { { "SNP", read_snp }, { "TDX", read_quote },
		{ "SGX", read_quote }, { "TPM", read_tpm },
		{ "Nitro", read_nitro } };

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		if (strcmp(of[i].name, k->name) == 0)
			tell("its Evidence", of[i].read, evidence, p256_us);
	tell_given(given, p256_us);
}
