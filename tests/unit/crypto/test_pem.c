/* SPDX-License-Identifier: Apache-2.0 */
/* pem_walk() against libcrypto, whatever the form; its own reader gives way. */
#include "test.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/limits.h"
#include "base/wr.h"
#include "crypto/pem.h"

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END "-----END CERTIFICATE-----"
#define LINE \
	"MIIBszCCAVqgAwIBAgIUVUVVVVVVVVVVVVVVVVVVVVVVVVUwCgYIKoZIzj0EAwIw\n"
#define BLOCK BEGIN LINE "AAAA\n" END "\n"

static const char *const texts[] = {
	"",
	"\n",
	"nothing here\n",
	BLOCK,
	BLOCK BLOCK BLOCK,
	BLOCK "\n" BLOCK,
	BLOCK "between\n" BLOCK,
	BLOCK "\n\n",
	BEGIN LINE "AAAA\n" END, /* no line's end behind it */
	"before\n" BLOCK,
	" " BLOCK,
	BEGIN LINE "AAA=\n" END "\n",
	BEGIN LINE "AA==\n" END "\n",
	BEGIN LINE "A===\n" END "\n",
	BEGIN LINE "====\n" END "\n",
	BEGIN LINE "AAB=\n" END "\n", /* spare bits */
	BEGIN LINE "AB==\n" END "\n",
	BEGIN LINE "AAAAA\n" END "\n",
	BEGIN LINE "AAA\n" END "\n",
	BEGIN LINE "AA=A\n" END "\n",
	BEGIN LINE "AAA=\n" LINE END "\n",
	BEGIN LINE "AAAA\n" LINE END "\n",
	BEGIN LINE "AA-_\n" END "\n",
	BEGIN LINE "AA__\n" END "\n",
	BEGIN LINE "AA+/\n" END "\n",
	BEGIN LINE "AA A\n" END "\n",
	BEGIN LINE "AAAA \n" END "\n",
	BEGIN LINE "AA\xc3\xa4\n" END "\n",
	BEGIN LINE "\n" END "\n",
	BEGIN LINE END "\n",
	BEGIN END "\n",
	BEGIN "\n" LINE END "\n",
	BEGIN LINE "AAAAAAAA" LINE END "\n", /* longer than a line is */
	BEGIN LINE "AAAA" END "\n",
	BEGIN LINE "AAAA\n",
	BEGIN LINE "AAAA\n-----END CERTIFICAT",
	BEGIN LINE "AAAA\n-----END X509 CRL-----\n",
	BEGIN LINE "AAAA\n" END "x\n" BLOCK,
	BEGIN LINE "AAAA\n" END BLOCK,
	"-----BEGIN X509 CRL-----\n" LINE "-----END X509 CRL-----\n" BLOCK,
	"-----BEGIN CERTIFICATE-----\r\n"
	"AAAA\r\n-----END CERTIFICATE-----\r\n",
	"-----BEGIN CERTIFICATE----- \nAAAA\n-----END CERTIFICATE-----\n",
	BEGIN "Proc-Type: 4,CLEAR\n\n" LINE END "\n",
};

/* Of all blocks, one after the other, each with its label. */
static int
note(void *ctx, const char *label, struct span der, struct seal_diag *d)
{
	(void)d;
	wr_printf(ctx, "%s:%zu:", label, der.n);
	wr_hex(ctx, der);
	return 0;
}

static int
by_libcrypto(struct span text, struct wr *out)
{
	BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
	char *label = NULL, *header = NULL;
	unsigned char *der = NULL;
	unsigned long e;
	long n = 0;

	while (PEM_read_bio(bio, &label, &header, &der, &n) == 1) {
		note(out, label, span_of(der, (size_t)n), NULL);
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_free(der);
	}
	e = ERR_peek_last_error();
	ERR_clear_error();
	BIO_free(bio);
	return ERR_GET_REASON(e) == PEM_R_NO_START_LINE ? 0 : SEAL_E_CONFIG;
}

static void
compare(struct span text)
{
	struct wr want, got;

	wr_init_heap(&want, LIMIT_FILE);
	wr_init_heap(&got, LIMIT_FILE);
	assert_int_equal(pem_walk("text", text, note, &got, NULL),
	    by_libcrypto(text, &want));
	assert_true(span_equal(wr_view(&want), wr_view(&got)));
	wr_free(&want);
	wr_free(&got);
}

static void
as_libcrypto(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		compare(span_str(texts[i]));
		compare(span_of(texts[i], strlen(texts[i]) + 1));
	}
}

/* Every byte of two blocks another one, or the last. */
static void
damaged(void **state)
{
	static const char bytes[] = "\n=-+A \r";
	char text[] = BLOCK BLOCK;

	(void)state;
	for (size_t i = 0; text[i] != '\0'; i++) {
		char kept = text[i];

		for (size_t k = 0; k < sizeof(bytes); k++) {
			text[i] = bytes[k];
			compare(span_of(text, sizeof(text) - 1));
		}
		text[i] = kept;
		compare(span_of(text, i));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_libcrypto),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
