/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/policy.h"

#include <stdlib.h>
#include <string.h>

#include "appraise/strict.h"

#define PINS_MAX 16

static const char *const pkix_keys[] = { "mode", "name", "ca", NULL };
static const char *const pin_keys[] = { "mode", "spki_sha256", NULL };
static const char *const none_keys[] = { "mode", NULL };

void
identity_wipe(struct identity *id)
{
	free(id->name);
	free(id->ca_file);
	free(id->pins);
	memset(id, 0, sizeof(*id));
}

static int
parse_pkix(const json_t *j, const char *base_dir, struct identity *id,
    struct seal_diag *d)
{
	const char *name = NULL, *ca = NULL;
	int r;

	if ((r = strict_object(j, pkix_keys, "identity", d)) != 0 ||
	    (r = strict_text(j, "name", false, "identity", &name, d)) != 0 ||
	    (r = strict_text(j, "ca", false, "identity", &ca, d)) != 0)
		return r;
	if (name != NULL && (id->name = strdup(name)) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "identity");
	if (ca != NULL)
		return strict_path(base_dir, ca, &id->ca_file, d);
	return 0;
}

static int
parse_pins(const json_t *j, struct identity *id, struct seal_diag *d)
{
	const json_t *list = json_object_get(j, "spki_sha256");
	int r;

	if ((r = strict_object(j, pin_keys, "identity", d)) != 0 ||
	    (r = strict_array(list, 1, PINS_MAX, "identity.spki_sha256", d)) !=
		0)
		return r;
	id->pins = calloc(json_array_size(list), sizeof(*id->pins));
	if (id->pins == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "identity");
	for (size_t i = 0; i < json_array_size(list); i++) {
		if ((r = strict_hex(json_array_get(list, i), sizeof(*id->pins),
			 "identity.spki_sha256", id->pins[i], d)) != 0)
			return r;
		id->n_pins++;
	}
	return 0;
}

static int
parse_mode(const json_t *j, const char *base_dir, struct identity *id,
    struct seal_diag *d)
{
	const char *mode = NULL;
	int r;

	if (!json_is_object(j))
		return seal_fail(
		    d, SEAL_E_CONFIG, "identity: must be an object");
	if ((r = strict_text(j, "mode", true, "identity", &mode, d)) != 0)
		return r;
	if (strcmp(mode, "pkix") == 0) {
		id->mode = IDENTITY_PKIX;
		return parse_pkix(j, base_dir, id, d);
	}
	if (strcmp(mode, "pin") == 0) {
		id->mode = IDENTITY_PIN;
		return parse_pins(j, id, d);
	}
	if (strcmp(mode, "none") == 0) {
		id->mode = IDENTITY_NONE;
		return strict_object(j, none_keys, "identity", d);
	}
	return seal_fail(
	    d, SEAL_E_CONFIG, "identity: mode must be 'pkix', 'pin' or 'none'");
}

int
identity_parse(const json_t *j, const char *base_dir, struct identity *ret,
    struct seal_diag *d)
{
	struct identity id = { IDENTITY_UNSET };
	int r;

	if ((r = parse_mode(j, base_dir, &id, d)) != 0)
		identity_wipe(&id);
	else
		*ret = id;
	return r;
}
