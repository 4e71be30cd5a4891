/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "memory_fixture.h"

#include <stdlib.h>

char *memory_policy;
static struct keyring ring;
static struct seal_binding binding;
static struct evidence ev;
static const uint8_t exporter[32] = { 1 };

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
	evidence_make(&r, NULL, &ev);
	in = memory_input();
	if (code == 0)
		code = appraise_observe(&in, NULL, v, &memory_policy, NULL);
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
