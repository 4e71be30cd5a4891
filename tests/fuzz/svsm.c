/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "format/svsm.h"

/* A view is of the input, whole. */
static void
inside(struct span in, struct span part)
{
	MUST(part.n == 0 || (part.p >= in.p && part.n <= in.n &&
				(size_t)(part.p - in.p) <= in.n - part.n));
}

static void
services(struct span in)
{
	struct svsm_services s = { .n = 0 };
	char text[SVSM_GUID_TEXT];
	uint8_t guid[SVSM_GUID];

	if (svsm_services_parse(in, &s, NULL) != 0) {
		MUST(s.n == 0);
		return;
	}
	MUST(s.n <= SVSM_SERVICES_MAX && in.n >= 24 * (s.n + 1));
	for (size_t i = 0; i < s.n; i++) {
		inside(in, s.of[i].guid);
		inside(in, s.of[i].manifest);
		svsm_guid_text(s.of[i].guid, text);
		MUST(svsm_guid_read(span_str(text), guid));
		MUST(span_equal(s.of[i].guid, span_of(guid, sizeof(guid))));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct span in = span_of(p, n);
	struct svsm_evidence e = { { NULL, 0 }, { NULL, 0 } };
	uint8_t guid[SVSM_GUID];
	struct wr w;

	services(in);
	(void)svsm_guid_read(in, guid);
	if (svsm_evidence_parse(in, &e, NULL) != 0)
		return 0;
	inside(in, e.snp);
	inside(in, e.manifest);
	MUST(e.snp.n > 0 && e.manifest.n > 0);
	MUST(e.manifest.n <= SVSM_MANIFEST_MAX);
	services(e.manifest);
	/* There is one way to write it. */
	wr_init_heap(&w, n);
	MUST(svsm_evidence_write(&w, e.snp, e.manifest) == 0);
	MUST(span_equal(wr_view(&w), in));
	wr_free(&w);
	return 0;
}
