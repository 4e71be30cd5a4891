/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "crypto/x509.h"
#include "place.h"

static int
sign(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d)
{
	return privkey_sign(ctx, scheme, tbs, out, d);
}

/* A key, and a certificate for name that it signs itself. */
static void
make(const char *name, const char *cert_file, const char *key_file)
{
	struct wr spki, der, pem, key;
	struct privkey *k = NULL;

	wr_init_heap(&spki, 4096);
	wr_init_heap(&der, 16384);
	wr_init_heap(&pem, 16384);
	wr_init_heap(&key, 16384);
	assert_int_equal(privkey_generate(CURVE_P256, &k, NULL), 0);
	assert_int_equal(privkey_spki(k, &spki, NULL), 0);
	assert_int_equal(cert_self_sign(wr_view(&spki), name, time(NULL), 2,
			     SIG_ECDSA_P256_SHA256, sign, k, &der, NULL),
	    0);
	assert_int_equal(cert_to_pem(wr_view(&der), &pem, NULL), 0);
	assert_int_equal(privkey_to_pem(k, &key, NULL), 0);
	assert_int_equal(file_write(cert_file, wr_view(&pem), 0644, NULL), 0);
	assert_int_equal(file_write(key_file, wr_view(&key), 0600, NULL), 0);
	privkey_free(&k);
	wr_free(&spki);
	wr_free(&der);
	wr_free(&pem);
	wr_free(&key);
}

int
place_setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	snprintf(p->dir, sizeof(p->dir), "/tmp/seal-remote-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->here_cert, sizeof(p->here_cert), "%s/here.pem", p->dir);
	snprintf(p->here_key, sizeof(p->here_key), "%s/here.key", p->dir);
	snprintf(p->other_cert, sizeof(p->other_cert), "%s/other.pem", p->dir);
	snprintf(p->other_key, sizeof(p->other_key), "%s/other.key", p->dir);
	snprintf(p->token, sizeof(p->token), "%s/token", p->dir);
	make("127.0.0.1", p->here_cert, p->here_key);
	make("elsewhere.example", p->other_cert, p->other_key);
	assert_int_equal(
	    file_write(p->token, span_str("s3cret\n"), 0600, NULL), 0);
	*state = p;
	return 0;
}

int
place_teardown(void **state)
{
	struct place *p = *state;

	unlink(p->here_cert);
	unlink(p->here_key);
	unlink(p->other_cert);
	unlink(p->other_key);
	unlink(p->token);
	rmdir(p->dir);
	free(p);
	return 0;
}
