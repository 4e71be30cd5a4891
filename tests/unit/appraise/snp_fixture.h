/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_SNP_FIXTURE_H
#define APPRAISE_SNP_FIXTURE_H

#include "appraise/appraise.h"
#include "crypto/fixture.h"
#include "format/snp.h"

/*
 * AMD's part played by the test: a root, what AMD would certify under it,
 * reports and revocation lists. Times are relative to fixture_clock.
 */
enum snp_who {
	ARK,
	ASK,
	OTHER_ARK,
	VCEK,
	VCEK_NEWER,
	VCEK_TURIN,
	VLEK,
	SNP_WHO
};
extern struct span snp_der[SNP_WHO];

void snp_setup(size_t rsa_size); /* bytes of a signature of the CAs */
void snp_teardown(void);
const char *snp_root_file(void); /* PEM */
const char *snp_other_root_file(void);

/* Changed bytes of a report. */
struct snp_change {
	size_t at;
	uint8_t value[8];
	size_t n;
};

/* Signed by the chip; its report data are 32 times b1, and zeros. */
void snp_make_report(uint8_t rep[SNP_REPORT_SIZE], uint8_t version,
    const struct snp_change *changes, size_t n);

/* One with these report data, and zeros behind. */
void snp_make_report_over(uint8_t rep[SNP_REPORT_SIZE], struct span data);

/* Another chip, whose VCEK (Milan's) the same ASK certifies. */
void snp_next_chip(void);
/* A report with VCEK and ASK in a certificate table behind it, as the kernel
 * hands it over. */
void snp_extend(const uint8_t rep[SNP_REPORT_SIZE], struct wr *out);

struct snp_given {
	enum snp_who leaf;
	bool ask, other_ark;
	int list; /* 0: none, 1: empty, 2: with the ASK, 3: 19 days older,
		     4: newer than that, and ended */
};

struct endorsements *snp_endorse(const struct snp_given *g);

/* A hypervisor's certificate table of VCEK and ASK; its size, without the
 * zeros that fill the rest of cap. */
size_t snp_certificates(uint8_t *to, size_t cap);

#endif
