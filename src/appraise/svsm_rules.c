/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/svsm.h"

#include <stdio.h>
#include <string.h>

#include "appraise/strict.h"
#include "base/text.h"

#define ANY "any"
#define SHA256 32u
#define TEXT 96

const char *const svsm_rule_keys[] = { "measurements", "tcb", "crl", "stapled",
	"policy", "host_data", "family_id", "image_id", "chip_id", "product",
	"manifest", "services", NULL };

/* ---- Loading ---- */

static const struct svsm_expected *
find(const struct svsm_rules *r, struct span guid)
{
	for (size_t i = 0; i < r->n; i++)
		if (span_equal(guid, span_of(r->services[i].guid, SVSM_GUID)))
			return &r->services[i];
	return NULL;
}

static int
load_service(const char *key, const json_t *value, struct svsm_rules *r,
    struct seal_diag *d)
{
	struct svsm_expected e = { .any = false };
	const char *text = json_string_value(value);

	if (!svsm_guid_read(span_str(key), e.guid) ||
	    find(r, span_of(e.guid, SVSM_GUID)) != NULL)
		return seal_fail(d, SEAL_E_CONFIG,
		    "services: expected GUIDs, none twice, found '%.40s'", key);
	e.any = text != NULL && strcmp(text, ANY) == 0;
	r->services[r->n++] = e;
	return e.any ? 0
		     : strict_hex(value, SHA256, "services",
			   r->services[r->n - 1].sha256, d);
}

static int
load_services(const json_t *list, struct svsm_rules *r, struct seal_diag *d)
{
	const char *key;
	json_t *value;
	int code;

	if (json_object_size(list) == 0 ||
	    json_object_size(list) > SVSM_SERVICES_MAX)
		return seal_fail(d, SEAL_E_CONFIG,
		    "accept: 'services': expected an object of 1 to %u "
		    "services, found %zu",
		    SVSM_SERVICES_MAX, json_object_size(list));
	json_object_foreach((json_t *)(uintptr_t)list, key, value)
	{
		if ((code = load_service(key, value, r, d)) != 0)
			return code;
	}
	return 0;
}

int
svsm_rules_load(
    const json_t *entry, bool debug, void *rules, struct seal_diag *d)
{
	const json_t *list = json_object_get(entry, "services");
	struct svsm_rules *r = rules;
	int code;

	if ((code = snp_rules_load(entry, debug, &r->snp, d)) != 0 ||
	    (code = dcap_bytes_load(
		 entry, "manifest", SHA256, &r->manifest, d)) != 0)
		return code;
	if (r->manifest.set == (list != NULL))
		return seal_fail(d, SEAL_E_CONFIG,
		    "accept: expected 'manifest' or 'services', to say which "
		    "services of the SVSM are allowed; found %s",
		    list != NULL ? "both" : "neither");
	return list == NULL ? 0 : load_services(list, r, d);
}

/* ---- In words ---- */

int
svsm_rules_explain(const void *rules, struct wr *out)
{
	const struct svsm_rules *r = rules;
	char guid[SVSM_GUID_TEXT], hex[HEX_SHORT];

	(void)snp_rules_explain(&r->snp, out);
	wr_printf(out, "    an SVSM at that level attests for it\n");
	if (r->manifest.set)
		wr_printf(out, "    the SHA-256 of its manifest is %s\n",
		    hex_short(span_of(r->manifest.value, SHA256), hex));
	for (size_t i = 0; i < r->n; i++) {
		const struct svsm_expected *e = &r->services[i];
		struct span id = span_of(e->guid, SVSM_GUID);
		const char *name = svsm_service_name(id);

		wr_printf(out, "    it has service %s%s%s%s, manifest %s\n",
		    svsm_guid_text(id, guid), name == NULL ? "" : " (",
		    name == NULL ? "" : name, name == NULL ? "" : ")",
		    e->any ? "as it may be"
			   : hex_short(span_of(e->sha256, SHA256), hex));
	}
	if (r->n > 0)
		wr_printf(out, "    and no other service\n");
	return out->error;
}

/* ---- Matching ---- */

#define REMEDY "if the SVSM changed on purpose, learn the policy again"

static bool
match_digest(const char *what, const uint8_t want[SHA256], struct span bytes,
    struct seal_verdict *v)
{
	char expected[TEXT], found[TEXT], hex[HEX_SHORT];
	uint8_t digest[HASH_MAX] = { 0 };
	struct span got = span_of(digest, SHA256);
	int r = hash_one(HASH_SHA256, bytes, digest, NULL);

	if (r != 0)
		return verdict_check(v, "svsm.manifest", false, r, NULL,
		    "cannot be computed", NULL);
	snprintf(expected, sizeof(expected), "%s%s", what,
	    hex_short(span_of(want, SHA256), hex));
	snprintf(found, sizeof(found), "%s%s", what, hex_short(got, hex));
	return verdict_check(v, "svsm.manifest",
	    span_equal_ct(got, span_of(want, SHA256)), SEAL_E_POLICY, expected,
	    found, REMEDY);
}

/* Each service of the table is one of the rules'. */
static bool
match_service(const struct svsm_rules *r, const struct svsm_service *s,
    struct seal_verdict *v)
{
	const struct svsm_expected *e = find(r, s->guid);
	char what[TEXT], guid[SVSM_GUID_TEXT];

	svsm_guid_text(s->guid, guid);
	if (!verdict_check(v, "svsm.services", e != NULL, SEAL_E_POLICY,
		"the services that policy names", guid,
		"add it to 'services', or leave it out of the SVSM") ||
	    e == NULL)
		return false;
	snprintf(what, sizeof(what), "%s = ", guid);
	return e->any || match_digest(what, e->sha256, s->manifest, v);
}

/* And, since none stands there twice, the other way round. */
static bool
match_services(
    const struct svsm_rules *r, struct span manifest, struct seal_verdict *v)
{
	struct svsm_services s = { .n = 0 };
	struct seal_diag d = { 0 };
	char expected[32], found[32];
	bool ok = true;
	int code = svsm_services_parse(manifest, &s, &d);

	if (!verdict_check(v, "svsm.services", code == 0, SEAL_E_POLICY,
		"a table of all services", d.text,
		"set no service_guid where it attests, or give the digest in "
		"'manifest'"))
		return false;
	for (size_t i = 0; i < s.n; i++)
		ok = match_service(r, &s.of[i], v) && ok;
	snprintf(expected, sizeof(expected), "%zu services", r->n);
	snprintf(found, sizeof(found), "%zu services", s.n);
	return verdict_check(v, "svsm.services", s.n == r->n, SEAL_E_POLICY,
		   expected, found, REMEDY) &&
	       ok;
}

bool
svsm_match(const void *rules, const struct findings *f, struct seal_verdict *v)
{
	const struct svsm_rules *r = rules;
	const struct snp_facts *facts = f->facts;
	bool snp = snp_match(&r->snp, f, v), manifest;

	manifest = r->manifest.set
		       ? match_digest("", r->manifest.value, facts->manifest, v)
		       : match_services(r, facts->manifest, v);
	if (!manifest)
		v->ar4si[AR4SI_EXECUTABLES] = AR4SI_CONTRAINDICATED;
	return snp && manifest;
}

/* ---- Learning ---- */

static int
learn_digest(json_t *object, const char *key, struct span bytes)
{
	uint8_t digest[HASH_MAX];
	int r = hash_one(HASH_SHA256, bytes, digest, NULL);

	return r != 0 ? r : dcap_hex_set(object, key, span_of(digest, SHA256));
}

int
svsm_learn(const struct findings *f, json_t *entry)
{
	const struct snp_facts *facts = f->facts;
	char guid[SVSM_GUID_TEXT];
	struct svsm_services s;
	json_t *list;
	int r = snp_learn(f, entry);

	(void)json_object_del(entry, "vmpl"); /* it is 0 */
	if (r != 0)
		return r;
	if (svsm_services_parse(facts->manifest, &s, NULL) != 0 || s.n == 0)
		return learn_digest(entry, "manifest", facts->manifest);
	if (json_object_set_new(entry, "services", json_object()) != 0)
		return SEAL_E_MEMORY;
	list = json_object_get(entry, "services");
	for (size_t i = 0; r == 0 && i < s.n; i++)
		r = learn_digest(
		    list, svsm_guid_text(s.of[i].guid, guid), s.of[i].manifest);
	return r;
}
