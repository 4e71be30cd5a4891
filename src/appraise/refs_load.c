/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/refs_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/strict.h"
#include "base/file.h"

#define WHERE 64 /* bytes of the name of a place in the policy */

const char *const refs_signer_keys[] = { "spki_sha256", "ca", "key", NULL };

static int
load_key(const char *path, struct refs_signer *ret, struct seal_diag *d)
{
	uint8_t buf[LIMIT_SPKI];
	struct wr w;
	int r;

	wr_init(&w, buf, sizeof(buf));
	if ((r = spki_from_file(path, &w, d)) != 0)
		return r;
	return pubkey_from_spki(wr_view(&w), &ret->key, d);
}

static int
load_ca(const char *path, struct refs_signer *ret, struct seal_diag *d)
{
	if ((ret->ca = trust_new()) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "corim_signers");
	return trust_add_pem_file(ret->ca, path, d);
}

/* Exactly one of the three. */
static int
load_signer(const json_t *j, const char *base_dir, const char *where,
    struct refs_signer *ret, struct seal_diag *d)
{
	const json_t *pin = json_object_get(j, "spki_sha256");
	const char *ca = NULL, *key = NULL;
	char *path = NULL;
	int r;

	if ((r = strict_object(j, refs_signer_keys, where, d)) != 0 ||
	    (r = strict_text(j, "ca", false, where, &ca, d)) != 0 ||
	    (r = strict_text(j, "key", false, where, &key, d)) != 0)
		return r;
	if ((pin != NULL) + (ca != NULL) + (key != NULL) != 1)
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: needs one of 'spki_sha256', 'ca' and 'key'", where);
	if (pin != NULL) {
		ret->pinned = true;
		return strict_hex(
		    pin, sizeof(ret->spki_sha256), where, ret->spki_sha256, d);
	}
	if ((r = strict_path(base_dir, ca != NULL ? ca : key, &path, d)) != 0)
		return r;
	r = ca != NULL ? load_ca(path, ret, d) : load_key(path, ret, d);
	free(path);
	return r;
}

static int
load_trust(const json_t *entry, const char *base_dir, const char *where,
    struct refs_trust *t, struct seal_diag *d)
{
	const json_t *list = json_object_get(entry, "corim_signers");
	char place[WHERE];
	int r;

	if ((r = strict_bool(entry, "corim_unsigned", false, where,
		 &t->unsigned_ok, d)) != 0)
		return r;
	if (list == NULL && t->unsigned_ok)
		return 0;
	if (list == NULL) {
		seal_fail(
		    d, SEAL_E_CONFIG, "%s: 'corim_signers' is missing", where);
		seal_remedy(d, "name who signs the CoRIMs, or say "
			       "\"corim_unsigned\": true");
		return SEAL_E_CONFIG;
	}
	snprintf(place, sizeof(place), "%.32s.corim_signers", where);
	if ((r = strict_array(list, 1, REFS_SIGNERS_MAX, place, d)) != 0)
		return r;
	for (size_t i = 0; i < json_array_size(list); i++) {
		t->n_signers++;
		if ((r = load_signer(json_array_get(list, i), base_dir, place,
			 &t->signers[i], d)) != 0)
			return r;
	}
	return 0;
}

/* Whatever is wrong with a file, it is the configuration that names it. */
static int
add_file(
    struct refs *refs, const char *name, struct span bytes, struct seal_diag *d)
{
	struct seal_diag why = { 0 };
	int r = refs_add(refs, name, bytes, &why);

	if (r == 0 || r == SEAL_E_MEMORY)
		return r == 0 ? 0 : seal_fail(d, r, "corim '%.100s'", name);
	seal_fail(d, SEAL_E_CONFIG, "%s", why.text);
	if (why.remedy[0] != '\0')
		seal_remedy(d, "%s", why.remedy);
	return SEAL_E_CONFIG;
}

static int
load_file(const json_t *name, const char *base_dir, const char *where,
    struct refs *refs, struct seal_diag *d)
{
	uint8_t *bytes = NULL;
	char *path = NULL;
	size_t n = 0;
	int r;

	if (!json_is_string(name) || json_string_length(name) == 0)
		return seal_fail(
		    d, SEAL_E_CONFIG, "%s: must be names of files", where);
	if ((r = strict_path(base_dir, json_string_value(name), &path, d)) != 0)
		return r;
	if ((r = file_read(path, CORIM_MAX, &bytes, &n, d)) == 0)
		r = add_file(
		    refs, json_string_value(name), span_of(bytes, n), d);
	free(bytes);
	free(path);
	return r;
}

static int
load_files(const json_t *list, const char *base_dir, const char *where,
    struct refs *refs, struct seal_diag *d)
{
	char place[WHERE];
	int r;

	if (json_is_string(list) &&
	    strcmp(json_string_value(list), REFS_STORE) == 0) {
		refs->from_store = true;
		return 0;
	}
	snprintf(place, sizeof(place), "%.32s.corim", where);
	if ((r = strict_array(list, 1, REFS_FILES_MAX, place, d)) != 0)
		return r;
	for (size_t i = 0; i < json_array_size(list); i++)
		if ((r = load_file(json_array_get(list, i), base_dir, place,
			 refs, d)) != 0)
			return r;
	return 0;
}

int
refs_load(const json_t *entry, const char *base_dir, const char *where,
    const char *const *profiles, struct refs **ret, struct seal_diag *d)
{
	const json_t *list = json_object_get(entry, "corim");
	struct refs_trust trust = { .profiles = profiles };
	struct refs *refs = NULL;
	int r;

	if (list == NULL) {
		if (json_object_get(entry, "corim_signers") == NULL &&
		    json_object_get(entry, "corim_unsigned") == NULL)
			return 0;
		return seal_fail(
		    d, SEAL_E_CONFIG, "%s: 'corim' is missing", where);
	}
	if ((r = load_trust(entry, base_dir, where, &trust, d)) != 0) {
		refs_trust_wipe(&trust);
		return r;
	}
	if ((r = refs_new(&trust, &refs, d)) != 0)
		return r;
	if ((r = load_files(list, base_dir, where, refs, d)) != 0)
		refs_free(&refs);
	else
		*ret = refs;
	return r;
}
