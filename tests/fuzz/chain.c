/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "base/limits.h"
#include "crypto/cert_parts.h"
#include "crypto/known.h"

/*
 * A chain of up to three certificates under one root, each with what the input
 * says differently in it, and signed for all that. Where our own reader finds
 * a path (path.h), libcrypto has to find the same.
 */
#define NOW INT64_C(1700000000)
#define DAY INT64_C(86400)
#define CERTS 4 /* the root is the last */

struct plan {
	struct span subject, issuer; /* content; NULL: as it should be */
	struct span serial, from, to;
	struct span extensions[8];
	struct span ids[8];
	size_t n;
	uint8_t key, by, flags;
};
enum { NOT_CA = 1, UNUSED_BITS = 2, OFF_CURVE = 4, OTHER_OUTER = 8 };

static const uint8_t oids[][10] = {
	{ 3, 0x55, 0x1d, 0x0f },           /* keyUsage */
	{ 3, 0x55, 0x1d, 0x13 },           /* basicConstraints */
	{ 3, 0x55, 0x1d, 0x0e },           /* subjectKeyIdentifier */
	{ 3, 0x55, 0x1d, 0x23 },           /* authorityKeyIdentifier */
	{ 3, 0x55, 0x1d, 0x25 },           /* extKeyUsage */
	{ 3, 0x55, 0x1d, 0x11 },           /* subjectAltName */
	{ 3, 0x55, 0x1d, 0x12 },           /* issuerAltName */
	{ 3, 0x55, 0x1d, 0x1e },           /* nameConstraints */
	{ 3, 0x55, 0x1d, 0x1f },           /* cRLDistributionPoints */
	{ 3, 0x55, 0x1d, 0x20 },           /* certificatePolicies */
	{ 3, 0x55, 0x1d, 0x24 },           /* policyConstraints */
	{ 3, 0x55, 0x1d, 0x2e },           /* freshestCRL */
	{ 8, 0x2b, 6, 1, 5, 5, 7, 1, 1 },  /* authorityInfoAccess */
	{ 8, 0x2b, 6, 1, 5, 5, 7, 1, 14 }, /* proxyCertInfo */
	{ 8, 0x2b, 6, 1, 5, 5, 7, 1, 7 },  /* ipAddrBlocks */
	{ 8, 0x2b, 6, 1, 5, 5, 7, 1, 8 },  /* autonomousSysIds */
	{ 9, 0x60, 0x86, 0x48, 1, 0x86, 0xf8, 0x42, 1, 1 }, /* nsCertType */
	{ 3, 0x2a, 3, 4 }, { 3, 0x2a, 3, 0x80 },            /* malformed */
};

static const uint16_t scheme = SIG_ECDSA_P256_SHA256;
static struct privkey *keys[CERTS];
static uint8_t root[1024];
static struct span root_der;

/* ---- Writing ---- */

static void
put_extension(struct wr *w, struct span id, struct span value)
{
	uint8_t which = id.n > 0 ? *id.p : 0;
	const uint8_t *oid = oids[(which & 0x7f) % (sizeof(oids) / 10)];

	cert_put_extension(
	    w, span_of(oid + 1, *oid), (which & 0x80) != 0, value);
}

static void
put_extensions(struct wr *w, const struct plan *p, size_t at)
{
	static const uint8_t ca[] = { 0x30, 3, 1, 1, 0xff };
	static const uint8_t is_ca[] = { 0x81 };
	size_t wrap = der_begin(w, DER_CTX(3)), list = der_begin(w, DER_SEQ);

	if (at > 0 && (p->flags & NOT_CA) == 0)
		put_extension(w, span_of(is_ca, 1), span_of(ca, sizeof(ca)));
	for (size_t i = 0; i < p->n; i++)
		put_extension(w, p->ids[i], p->extensions[i]);
	der_end(w, list);
	der_end(w, wrap);
}

static void
put_name(struct wr *w, struct span own, size_t at)
{
	const char name[] = { (char)('a' + at), '\0' };

	if (own.p != NULL)
		der_put(w, DER_SEQ, own);
	else
		cert_put_name(w, name);
}

static void
put_validity(struct wr *w, const struct plan *p)
{
	const struct span own[] = { p->from, p->to };
	size_t mark = der_begin(w, DER_SEQ);

	for (size_t i = 0; i < 2; i++)
		if (own[i].n > 0)
			der_put(w,
			    own[i].n == 13 ? DER_UTC_TIME : DER_GENERAL_TIME,
			    own[i]);
		else
			cert_put_time(w, NOW + (i == 0 ? -DAY : DAY));
	der_end(w, mark);
}

static void
put_tbs(struct wr *w, const struct plan *p, size_t at)
{
	static const uint8_t v3[] = { 2, 1, 2 }, one[] = { 1 };
	size_t mark = der_begin(w, DER_SEQ);

	der_put(w, DER_CTX(0), span_of(v3, sizeof(v3)));
	der_put(
	    w, DER_INTEGER, p->serial.p != NULL ? p->serial : span_of(one, 1));
	cert_put_algorithm(w, scheme_find(scheme));
	put_name(w, p->issuer, at + 1 < CERTS ? at + 1 : at);
	put_validity(w, p);
	put_name(w, p->subject, at);
	MUST(privkey_spki(keys[p->key % CERTS], w, NULL) == 0);
	if ((p->flags & OFF_CURVE) != 0 && w->error == 0)
		w->p[w->n - 1] ^= 1;
	put_extensions(w, p, at);
	der_end(w, mark);
}

static struct span
make(const struct plan *p, size_t at, uint8_t *buf, size_t cap)
{
	uint8_t tbs[1024], sig[128];
	struct wr t, s, w;
	size_t mark, bits;

	wr_init(&t, tbs, sizeof(tbs));
	wr_init(&s, sig, sizeof(sig));
	wr_init(&w, buf, cap);
	put_tbs(&t, p, at);
	if (t.error != 0 || privkey_sign(keys[p->by % CERTS], scheme,
				wr_view(&t), &s, NULL) != 0)
		return span_of(NULL, 0);
	mark = der_begin(&w, DER_SEQ);
	wr_bytes(&w, wr_view(&t));
	cert_put_algorithm(&w,
	    scheme_find((p->flags & OTHER_OUTER) != 0 ? SIG_ECDSA_P384_SHA384
						      : scheme));
	bits = der_begin(&w, DER_BITS);
	wr_u8(&w, (p->flags & UNUSED_BITS) != 0 ? 1 : 0);
	wr_bytes(&w, wr_view(&s));
	der_end(&w, bits);
	der_end(&w, mark);
	return w.error == 0 ? wr_view(&w) : span_of(NULL, 0);
}

/* ---- Plans ---- */

static struct span
some(struct rd *r)
{
	struct span s = { 0 };
	uint8_t n = 0;

	return rd_u8(r, &n) && rd_bytes(r, n, &s) ? s : span_of(NULL, 0);
}

static void
change(struct plan *p, uint8_t what, struct rd *r)
{
	struct span *const texts[] = { &p->subject, &p->issuer, &p->serial,
		&p->from, &p->to };
	uint8_t *const numbers[] = { &p->key, &p->by, &p->flags };

	if (what < 5) {
		*texts[what] = some(r);
	} else if (what < 8) {
		rd_u8(r, numbers[what - 5]);
	} else if (p->n < 8 && rd_bytes(r, 1, &p->ids[p->n])) {
		p->extensions[p->n++] = some(r);
	}
}

static void
read_plan(struct plan *p, size_t at, struct rd *r)
{
	uint8_t n = 0;

	*p = (struct plan){ .key = (uint8_t)at, .by = (uint8_t)(at + 1) };
	rd_u8(r, &n);
	for (size_t i = 0; i < n % 16; i++) {
		uint8_t what = 0;

		if (rd_u8(r, &what))
			change(p, what % 16, r);
	}
}

static void
set_up(void)
{
	const struct plan plan = { .key = CERTS - 1, .by = CERTS - 1 };

	if (root_der.n > 0)
		return;
	for (size_t i = 0; i < CERTS; i++)
		MUST(privkey_generate(CURVE_P256, &keys[i], NULL) == 0);
	root_der = make(&plan, CERTS - 1, root, sizeof(root));
	MUST(root_der.n > 0);
}

/* ---- Both ways ---- */

static void
ask(const struct span *chain, size_t n)
{
	struct trust *t = trust_new();
	struct known *k = known_new();
	const struct known_question q = { t, NOW, true };
	struct chain_end own, theirs;
	struct cert *leaf = NULL;

	MUST(t != NULL && k != NULL && trust_add_der(t, root_der, NULL) == 0);
	/* A key that is off its curve is of no use to whoever holds it. */
	if (known_chain(k, &q, chain, n, &own) &&
	    cert_parse(chain[0], &leaf, NULL) == 0) {
		/* Of two anchors of a name, libcrypto has to choose. */
		MUST(trust_add_der(t, root_der, NULL) == 0);
		MUST(chain_verify_end(t, chain, n, NOW, &theirs, NULL) == 0);
		MUST(own.until == theirs.until && own.anchor == theirs.anchor);
	}
	cert_unref(&leaf);
	known_free(&k);
	trust_free(&t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t bufs[CERTS][1536], count = 0;
	struct span chain[CERTS];
	struct plan plan;
	struct rd r;

	set_up();
	rd_init(&r, span_of(p, n));
	rd_u8(&r, &count);
	count = 1 + count % (CERTS - 1);
	/* The last that is asked for is the root's. */
	for (size_t i = 0; i < count; i++) {
		size_t at = CERTS - 1 - count + i;

		read_plan(&plan, at, &r);
		chain[i] = make(&plan, at, bufs[i], sizeof(bufs[i]));
		if (chain[i].n == 0)
			return 0;
	}
	ask(chain, count);
	return 0;
}
