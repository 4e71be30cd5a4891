/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What judging one file of Evidence costs: CPU of appraise(), us per time.
 * sample POLICY EVIDENCE GIVEN BINDER TIME TIMES: GIVEN is a folder of
 * endorsements, BINDER hex, TIME seconds since 1970. One line: with nothing
 * known before, and with all of it known.
 */
#include <stdio.h>
#include <stdlib.h>

#include "appraise/endorse_folder.h"
#include "appraise/policy.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "figures.h"
#include "lib/offline.h"

#define KEYS 64
#define BINDER_MAX 64 /* bytes */

struct known {
	struct policy *policy;
	struct offline_item item;
	struct seal_binding binding;
	struct appraisal_in in;
};

static void
must(int r, const char *what, const struct seal_diag *d)
{
	if (r == 0)
		return;
	fprintf(stderr, "sample: %s: %s\n", what, d->text);
	exit(1);
}

/* Everything as it is after a start: nothing verified yet. */
static void
open_known(
    struct known *k, const char *policy, const struct seal_appraise_args *args)
{
	struct seal_diag d = { 0 };

	*k = (struct known){ 0 };
	must(policy_load_file(policy, &k->policy, &d), policy, &d);
	must(offline_prepare(args, &k->item, &k->binding, &k->in, &d),
	    "evidence", &d);
	k->in.keys = key_cache_new(KEYS);
	k->in.certs = cert_cache_new(KEYS);
}

static void
close_known(struct known *k)
{
	key_cache_free(&k->in.keys);
	cert_cache_free(&k->in.certs);
	offline_item_wipe(&k->item);
	policy_free(&k->policy);
}

static double
appraise_us(struct known *k)
{
	struct seal_verdict *v = verdict_new();
	double us, start = cpu_us();

	must(appraise(k->policy, &k->in, v), "refused", v->diag);
	us = cpu_us() - start;
	seal_verdict_free(&v);
	return us;
}

int
main(int argc, char **argv)
{
	struct seal_appraise_args args = { 0 };
	struct wr binder;
	uint8_t *file = NULL;
	struct seal_diag d = { 0 };
	struct known k;
	double cold = 0, warm = 0;
	long times = argc == 7 ? strtol(argv[6], NULL, 10) : 0;

	if (times < 1) {
		fprintf(stderr,
		    "usage: sample POLICY EVIDENCE GIVEN BINDER TIME TIMES\n");
		return 2;
	}
	wr_init_heap(&binder, BINDER_MAX);
	must(file_read(argv[2], LIMIT_FILE, &file, &args.evidence_n, &d),
	    argv[2], &d);
	if (!hex_decode(span_str(argv[4]), &binder)) {
		fprintf(stderr, "sample: %s is not hex\n", argv[4]);
		return 2;
	}
	args.evidence = file;
	args.endorsements = argv[3];
	args.binder = wr_view(&binder).p;
	args.binder_n = wr_view(&binder).n;
	args.unix_s = strtoll(argv[5], NULL, 10);
	for (long i = 0; i < times; i++) {
		open_known(&k, argv[1], &args);
		cold += appraise_us(&k);
		warm += appraise_us(&k);
		close_known(&k);
	}
	printf("%.1f %.1f\n", cold / (double)times, warm / (double)times);
	free(file);
	wr_free(&binder);
	return 0;
}
