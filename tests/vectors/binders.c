/* SPDX-License-Identifier: Apache-2.0 */
#include "binders.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/wr.h"
#include "binding/binder.h"
#include "crypto/x509.h"
#include "row.h"

/* A failure of the library itself; true if there is none. */
static bool
ok(struct row *row, const char *what, int r, const struct seal_diag *d)
{
	if (r != 0)
		row_mismatch(row, "%s: %s", what, d->text);
	return r == 0;
}

static const char *
prefix_of(const struct row *row)
{
	return row_flag(row, "dtls") ? "dtls13" : "tls13 ";
}

/* ---- Keys ---- */

static bool
certificate_spki(struct row *row, const json_t *named, struct span *ret)
{
	struct seal_diag d = { 0 };
	struct span der, spki = { 0 };
	struct cert *c = NULL;
	uint8_t *copy = NULL;

	if (!row_hex(row, named, "certificate", &der))
		return row_need(row, named, "spki", ret);
	if (!ok(row, "certificate", cert_parse(der, &c, &d), &d))
		return false;
	if (span_dup(cert_spki(c), &copy) != 0)
		abort();
	row_hold(row, copy);
	*ret = span_of(copy, cert_spki(c).n);
	if (row_hex(row, named, "spki", &spki))
		row_same(row, "spki", spki, *ret);
	cert_unref(&c);
	return true;
}

/* The key that a row names, or brings along. */
static bool
row_spki(struct row *row, struct span *ret)
{
	const char *name = row_text(row, row->json, "certificate");
	const json_t *named =
	    json_object_get(json_object_get(row->file, "certificates"), name);

	if (row_hex(row, row->json, "spki", ret))
		return true;
	if (named == NULL) {
		row_mismatch(row, "certificate: expected the name of one");
		return false;
	}
	return certificate_spki(row, named, ret);
}

static void
hash_field(struct row *row, const json_t *o, const char *key, enum hash h,
    struct span in)
{
	struct seal_diag d = { 0 };
	uint8_t got[HASH_MAX];
	struct span want;

	if (row_hex(row, o, key, &want) &&
	    ok(row, key, hash_one(h, in, got, &d), &d))
		row_same(row, key, want, span_of(got, hash_size(h)));
}

static void
replay_certificate(struct row *row)
{
	struct span spki;

	if (!certificate_spki(row, row->json, &spki))
		return;
	hash_field(row, row->json, "spki_sha256", HASH_SHA256, spki);
	hash_field(row, row->json, "spki_sha384", HASH_SHA384, spki);
	hash_field(row, row->json, "spki_sha512", HASH_SHA512, spki);
}

/* ---- HKDF and exporters ---- */

static void
check_hkdf_label(struct row *row, enum hash h, struct span secret,
    const char *label, struct span context, size_t n, struct span want)
{
	uint8_t buf[2 + 256 + 256], out[EXPORT_MAX];
	struct span got = { 0 }, info = { 0 };
	struct seal_diag d = { 0 };
	size_t mark;
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	wr_u16(&w, (uint16_t)n);
	mark = wr_vec_begin(&w, 1);
	wr_bytes(&w, span_str(prefix_of(row)));
	wr_bytes(&w, span_str(label));
	wr_vec_end(&w, mark, 1);
	wr_vec(&w, 1, context);
	if (wr_finish(&w, &got) != 0 ||
	    !row_hex(row, row->json, "hkdf_label", &info))
		return;
	row_same(row, "hkdf_label", info, got);
	if (ok(row, "hkdf_label", hkdf_expand(h, secret, info, out, n, &d), &d))
		row_same(row, "out by hkdf_label", want, span_of(out, n));
}

static void
replay_hkdf(struct row *row)
{
	const char *label = row_text(row, row->json, "label");
	struct span secret, context = { 0 }, want;
	struct seal_diag d = { 0 };
	uint8_t got[EXPORT_MAX];
	enum hash h = HASH_NONE;
	json_int_t n;

	if (label == NULL)
		row_mismatch(row, "label: expected this field, found none");
	if (label == NULL || !row_hash(row, &h) ||
	    !row_need(row, row->json, "secret", &secret) ||
	    !row_need(row, row->json, "out", &want) ||
	    !row_int(row, "length", (json_int_t)want.n, 1, EXPORT_MAX, &n))
		return;
	row_hex(row, row->json, "context", &context);
	if (!ok(row, "out",
		hkdf_expand_label(h, secret, prefix_of(row), label, context,
		    got, (size_t)n, &d),
		&d))
		return;
	row_same(row, "out", want, span_of(got, (size_t)n));
	check_hkdf_label(row, h, secret, label, context, (size_t)n, want);
}

/* One exporter value; o is the row itself or one of a handshake's. */
static void
check_exporter(struct row *row, const json_t *o, enum hash h,
    const char *prefix, struct span master)
{
	const char *label = row_text(row, o, "label");
	struct span context = { 0 }, want;
	struct seal_diag d = { 0 };
	uint8_t got[EXPORT_MAX];
	const json_t *length = json_object_get(o, "length");

	if (!row_need(row, o, "value", &want))
		return;
	if (label == NULL || want.n == 0 || want.n > EXPORT_MAX ||
	    (length != NULL &&
		json_integer_value(length) != (json_int_t)want.n)) {
		row_mismatch(row,
		    "exporter: expected a label, and a value of 1 to %d bytes "
		    "that is as long as it says",
		    EXPORT_MAX);
		return;
	}
	row_hex(row, o, "context", &context);
	if (ok(row, label,
		exporter(h, prefix, master, label, context, got, want.n, &d),
		&d))
		row_same(row, label, want, span_of(got, want.n));
}

/* DTLS 1.3 has its own prefix (RFC 9147 s5.9). */
static void
replay_dtls_exporter(struct row *row)
{
	struct span master;
	enum hash h = HASH_NONE;

	if (row_hash(row, &h) &&
	    row_need(row, row->json, "exporter_master_secret", &master))
		check_exporter(row, row->json, h, "dtls13", master);
}

/* ---- Binders ---- */

/* PROTOCOL 5.3: 64-byte report data is the binder, then zeros. */
static void
check_padded(struct row *row, const json_t *o, struct span binder)
{
	uint8_t padded[64] = { 0 };
	struct span want;

	if (!row_hex(row, o, "binder_zero_padded_64", &want))
		return;
	memcpy(padded, binder.p, binder.n);
	row_same(row, "binder_zero_padded_64", want,
	    span_of(padded, sizeof(padded)));
}

static void
check_not_these(struct row *row, struct span binder)
{
	const json_t *these = json_object_get(row->json, "expat_not_these"), *v;
	const char *why;
	struct span wrong;

	json_object_foreach((json_t *)(uintptr_t)these, why, v)
	{
		if (row_hex_value(row, "expat_not_these", v, &wrong) &&
		    span_equal(wrong, binder))
			row_mismatch(
			    row, "binder: got the wrong one, '%.40s'", why);
	}
}

/* o holds the expected values of PROTOCOL 5.1: the row or a part of it. */
static void
check_post(struct row *row, const json_t *o, enum hash h, struct span spki)
{
	struct span master, context = { 0 }, exported = { 0 }, want;
	struct seal_diag d = { 0 };
	struct seal_binding b;
	uint8_t got[EXPORT_MAX];

	row_hex(row, row->json, "certificate_request_context", &context);
	row_hex(row, o, "exported_value", &exported);
	if (row_hex(row, row->json, "exporter_master_secret", &master)) {
		if (!ok(row, "exported_value",
			exporter(h, prefix_of(row), master,
			    BINDER_EXPORTER_LABEL, context, got,
			    BINDER_EXPORTER_SIZE, &d),
			&d))
			return;
		if (exported.n > 0)
			row_same(row, "exported_value", exported,
			    span_of(got, BINDER_EXPORTER_SIZE));
		exported = span_of(got, BINDER_EXPORTER_SIZE);
	}
	hash_field(row, o, "aik_pub_hash", h, spki);
	if (!ok(row, "binder", binding_post(h, spki, exported, &b, &d), &d) ||
	    !row_need(row, o, "binder", &want))
		return;
	row_same(row, "binder", want, binding_value(&b));
	check_padded(row, o, binding_value(&b));
	check_not_these(row, binding_value(&b));
}

/* PROTOCOL 5.2; transcript may be empty: then o has it. */
static void
check_intra(struct row *row, const json_t *o, enum hash h, struct span spki,
    struct span transcript)
{
	static const uint8_t zeros[HASH_MAX];
	struct seal_diag d = { 0 };
	struct span want, told;
	struct seal_binding b;
	uint8_t base[HASH_MAX];
	size_t n = hash_size(h);

	if (row_hex(row, o, "transcript_hash", &told)) {
		if (transcript.n > 0)
			row_same(row, "transcript_hash", told, transcript);
		transcript = told;
	}
	hash_field(row, o, "spki_hash", h, spki);
	if (row_hex(row, o, "attest_base", &want) &&
	    ok(row, "attest_base",
		hkdf_expand_label(h, span_of(zeros, n), prefix_of(row),
		    "attestation base", transcript, base, n, &d),
		&d))
		row_same(row, "attest_base", want, span_of(base, n));
	if (ok(row, "early binder",
		binding_intra(
		    h, spki, transcript, row_flag(row, "dtls"), &b, &d),
		&d) &&
	    row_need(row, o, "binder", &want))
		row_same(row, "early binder", want, binding_value(&b));
}

static void
replay_post(struct row *row)
{
	enum hash h = HASH_NONE;
	struct span spki;

	if (row_hash(row, &h) && row_spki(row, &spki))
		check_post(row, row->json, h, spki);
}

static void
replay_intra(struct row *row)
{
	enum hash h = HASH_NONE;
	struct span spki;

	if (row_hash(row, &h) && row_spki(row, &spki))
		check_intra(row, row->json, h, spki, span_of(NULL, 0));
}

/* ---- Handshakes ---- */

/* Empty if the row has no messages, or bad ones. */
static struct span
handshake_transcript(struct row *row, enum hash h, uint8_t buf[HASH_MAX])
{
	const json_t *list = json_object_get(row->json, "messages");
	struct span messages[TRANSCRIPT_MAX];
	const json_t *flag = json_object_get(row->json, "hello_retry_request");
	struct seal_diag d = { 0 };
	size_t n = json_array_size(list);

	if (list == NULL)
		return span_of(NULL, 0);
	if (n < 2 || n > TRANSCRIPT_MAX) {
		row_mismatch(row, "messages: expected 2 to %d", TRANSCRIPT_MAX);
		return span_of(NULL, 0);
	}
	for (size_t i = 0; i < n; i++) {
		if (!row_hex_value(
			row, "messages", json_array_get(list, i), &messages[i]))
			return span_of(NULL, 0);
	}
	if (json_is_boolean(flag) &&
	    json_is_true(flag) != is_retry(messages[1]))
		row_mismatch(row, "hello_retry_request: expected %s, got %s",
		    json_is_true(flag) ? "one" : "none",
		    json_is_true(flag) ? "none" : "one");
	if (!ok(row, "messages", transcript_hash(h, messages, n, buf, &d), &d))
		return span_of(NULL, 0);
	return span_of(buf, hash_size(h));
}

static void
replay_handshake(struct row *row)
{
	const json_t *exporters = json_object_get(row->json, "exporters");
	const json_t *expat = json_object_get(row->json, "expat");
	const json_t *early = json_object_get(row->json, "early");
	struct span master = { 0 }, spki, transcript;
	uint8_t buf[HASH_MAX];
	enum hash h = HASH_NONE;

	if (!row_hash(row, &h) || !row_spki(row, &spki))
		return;
	if (json_array_size(exporters) > 0 &&
	    row_need(row, row->json, "exporter_master_secret", &master)) {
		for (size_t i = 0; i < json_array_size(exporters); i++)
			check_exporter(row, json_array_get(exporters, i), h,
			    prefix_of(row), master);
	}
	transcript = handshake_transcript(row, h, buf);
	if (json_array_size(exporters) == 0 && !json_is_object(expat) &&
	    !json_is_object(early))
		row_mismatch(row, "expected exporters, expat or early, found "
				  "nothing to compare");
	if (json_is_object(expat))
		check_post(row, expat, h, spki);
	if (json_is_object(early))
		check_intra(row, early, h, spki, transcript);
}

/* ---- All of it ---- */

static void
replay_one(const json_t *file, struct tally *tally, const char *group,
    size_t index, const char *name, const json_t *v, void (*each)(struct row *))
{
	struct row row;

	row_begin(&row, tally, file, v, group, index, name);
	if (row.mismatches == 0)
		each(&row);
	row_end(&row);
}

static const struct group {
	const char *name;
	void (*each)(struct row *);
} groups[] = {
	{ "hkdf_expand_label", replay_hkdf },
	{ "handshakes", replay_handshake },
	{ "expat_binder", replay_post },
	{ "early_binder", replay_intra },
	{ "dtls13_exporter", replay_dtls_exporter },
	{ NULL, NULL },
};

void
replay_binders(const json_t *file, struct tally *tally)
{
	const json_t *certificates = json_object_get(file, "certificates"), *v;
	const char *name;
	size_t i = 0;

	json_object_foreach((json_t *)(uintptr_t)certificates, name, v)
	    replay_one(
		file, tally, "certificates", i++, name, v, replay_certificate);
	for (const struct group *g = groups; g->name != NULL; g++) {
		const json_t *rows = json_object_get(file, g->name);

		if (rows != NULL && !json_is_array(rows))
			replay_one(
			    file, tally, g->name, 0, NULL, rows, g->each);
		for (i = 0; i < json_array_size(rows); i++)
			replay_one(file, tally, g->name, i, NULL,
			    json_array_get(rows, i), g->each);
	}
}
