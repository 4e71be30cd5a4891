/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "memory_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "../format/ima_fixture.h"

char *memory_policy;
static struct keyring ring;
static struct seal_binding binding;
static struct evidence ev;
static const uint8_t exporter[32] = { 1 };

static uint8_t list_room[1024];
static struct wr list;
static struct ima_replay made;

static void
add_list(struct tpm_evidence *e)
{
	e->ima_log = wr_view(&list);
}

/* PCR 10 and the list that makes it, besides what is quoted already. */
static void
measure(struct recipe *r)
{
	wr_init(&list, list_room, sizeof(list_room));
	ima_put_file(&list, "boot_aggregate", "PCRs", HASH_SHA256);
	ima_put_file(&list, "/sbin/init", "init", HASH_SHA256);
	ima_put_file(&list, "/bin/sh", "shell", HASH_SHA256);
	assert_int_equal(
	    ima_replay(wr_view(&list), TPM_ALG_SHA256, &made, NULL), 0);
	r->pcrs[r->n_pcrs++] = (struct tpm_pcr_value){ TPM_ALG_SHA256, IMA_PCR,
		span_of(made.value, 32) };
	r->quote.selection[0].pcrs |= 1u << IMA_PCR;
}

struct appraisal_in
memory_input(void)
{
	return (struct appraisal_in){
		.media_type = span_str(TPM_EVIDENCE_TYPE),
		.evidence = wr_view(&ev.whole),
		.expected = &binding,
		.carrier = SEAL_LEVEL_TRAFFIC,
		.now = NOW,
		.binder_known = true,
	};
}

int
memory_setup(void **state)
{
	struct seal_verdict *v = verdict_new();
	struct appraisal_in in;
	struct recipe r;
	int code;

	(void)state;
	keyring_make(KEY_P256, &ring);
	code = binding_post(HASH_SHA256, key_spki(&ring.subject),
	    span_of(exporter, 32), &binding, NULL);
	recipe_init(&r, &ring, &binding);
	measure(&r);
	evidence_make(&r, add_list, &ev);
	in = memory_input();
	if (code == 0)
		code = appraise_observe(&in, NULL, v, &memory_policy, NULL);
	assert_true(code != 0 || strstr(memory_policy, "\"ima\"") != NULL);
	seal_verdict_free(&v);
	return code;
}

int
memory_teardown(void **state)
{
	(void)state;
	free(memory_policy);
	evidence_free(&ev);
	keyring_free(&ring);
	return 0;
}
