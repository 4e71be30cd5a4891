/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates in the JSON of Azure's and of Intel's caches. */
#include "test.h"

#include <string.h>

#include "base/limits.h"
#include "base/span.h"
#include "format/cert_json.h"

static const struct row {
	const char *name, *json;
	int want;
	const char *pem; /* what comes out */
} rows[] = {
	{ "THIM",
	    "{\"vcekCert\":\"-----BEGIN A\\nx+/=\\n\",\"tcbm\":\"DB18\","
	    "\"certificateChain\":\"-----BEGIN B\\n\",\"cacheControl\":\"1\"}",
	    0, "-----BEGIN A\nx+/=\n\n-----BEGIN B\n\n" },
	{ "THIM, no chain", "{\"vcekCert\":\"A\"}", 0, "A\n" },
	{ "THIM, other order",
	    "{\"certificateChain\":\"B\",\"vcekCert\":\"A\"}", 0, "B\nA\n" },
	{ "pckcerts",
	    " [{\"tcb\":{\"pcesvn\":11},\"tcbm\":\"00\",\"cert\":\"A%0Ax+/%3D\"},"
	    "{\"cert\":\"Not available\"},{\"cert\":\"B\"}]\n",
	    0, "A\nx+/=\nB\n" },
	{ "a member twice", "{\"vcekCert\":\"A\",\"vcekCert\":\"B\"}",
	    SEAL_E_DECODE },
	{ "both forms", "{\"vcekCert\":\"A\",\"cert\":\"B\"}", SEAL_E_DECODE },
	{ "no text", "{\"vcekCert\":1}", SEAL_E_DECODE },
	{ "cut", "{\"vcekCert\":\"A\"", SEAL_E_DECODE },
	{ "trailing", "{\"vcekCert\":\"A\"} x", SEAL_E_DECODE },
	{ "bad escape", "[{\"cert\":\"A%0\"}]", SEAL_E_DECODE },
	{ "a newline beside escapes", "[{\"cert\":\"A%0A\\n\"}]",
	    SEAL_E_DECODE },
	{ "cert twice", "[{\"cert\":\"A\",\"cert\":\"A\"}]", SEAL_E_DECODE },
	{ "a list, cut", "[{\"cert\":\"A\"},", SEAL_E_DECODE },
	{ "a list, trailing", "[{\"cert\":\"A\"}]]", SEAL_E_DECODE },
	{ "other JSON", "{\"tcbInfo\":{}}", SEAL_E_UNSUPPORTED },
	{ "a certificate of something else", "{\"cert\":\"A\"}",
	    SEAL_E_UNSUPPORTED },
	{ "an empty list", "[]", SEAL_E_UNSUPPORTED },
	{ "a list of texts", "[\"A\"]", SEAL_E_UNSUPPORTED },
	{ "a list of others", "[{\"arch\":\"HOPPER\"}]", SEAL_E_UNSUPPORTED },
	{ "nothing", "", SEAL_E_UNSUPPORTED },
};

static void
table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span in = span_str(rows[i].json);
		struct seal_diag d = { 0 };
		struct wr w;
		int r;

		wr_init_heap(&w, LIMIT_FILE);
		r = cert_json_read(in, &w, &d);
		if (r != rows[i].want ||
		    !span_is(
			wr_view(&w), rows[i].pem == NULL ? "" : rows[i].pem))
			fail_msg("%s: %d (%s), '%.*s'", rows[i].name, r, d.text,
			    (int)w.n, (const char *)w.p);
		/* No prefix is whole. */
		for (size_t n = 0; r == 0 && n + 1 < in.n; n++) {
			w.n = 0;
			if (cert_json_read(span_of(in.p, n), &w, NULL) == 0)
				fail_msg("%s: %zu bytes", rows[i].name, n);
		}
		wr_free(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(table) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
