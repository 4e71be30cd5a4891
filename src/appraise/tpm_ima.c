/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/tpm_ima.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/strict.h"
#include "base/text.h"

#define WHERE 48
#define EXPLAINED_MAX 32 /* files of a list that explain names */

const char *const tpm_ima_keys[] = { "banks", "allowed", "required",
	"forbidden", "violations", NULL };
const char *const tpm_ima_file_keys[] = { "path", "digest", NULL };

void
tpm_ima_free(struct tpm_ima **ip)
{
	struct tpm_ima *ima = *ip;

	*ip = NULL;
	if (ima == NULL)
		return;
	free(ima->allowed.files);
	free(ima->required.files);
	free(ima->forbidden.files);
	json_decref(ima->text);
	free(ima);
}

/* ---- Loading ---- */

static int
load_banks(const json_t *list, struct tpm_ima *ima, struct seal_diag *d)
{
	const json_t *value;
	size_t i;
	int r;

	if ((r = strict_array(list, 1, TPM_IMA_BANKS, "ima.banks", d)) != 0)
		return r;
	json_array_foreach(list, i, value)
	{
		const char *name = json_string_value(value);
		enum hash h = name == NULL ? HASH_NONE : hash_by_name(name);

		/* PROTOCOL 5.3: the bank is not SHA-1. */
		if (h == HASH_NONE || h == HASH_SHA1)
			return seal_fail(d, SEAL_E_CONFIG,
			    "ima.banks[%zu]: expected sha256, sha384 or sha512",
			    i);
		for (size_t k = 0; k < ima->n_banks; k++)
			if (ima->banks[k] == tpm_hash_alg(h))
				return seal_fail(d, SEAL_E_CONFIG,
				    "ima.banks: %s is listed twice", name);
		ima->banks[ima->n_banks++] = tpm_hash_alg(h);
	}
	return 0;
}

/* partial: a path alone, which says nothing of content, will do. */
static int
load_file(const json_t *j, bool partial, const char *where,
    struct tpm_ima_file *ret, struct seal_diag *d)
{
	const json_t *digest = json_object_get(j, "digest");
	size_t n = 0;
	int r;

	if ((r = strict_object(j, tpm_ima_file_keys, where, d)) != 0 ||
	    (r = strict_text(j, "path", false, where, &ret->path, d)) != 0)
		return r;
	if (digest == NULL)
		return partial && ret->path != NULL
			   ? 0
			   : seal_fail(d, SEAL_E_CONFIG,
				 "%s: expected a 'digest'%s", where,
				 partial ? " or a 'path'" : "");
	r = strict_hex_range(digest, 32, HASH_MAX, where, ret->digest, &n, d);
	if (r != 0)
		return r;
	/* Shorter ones, SHA-1 and MD5, have collisions. */
	if (n != 32 && n != 48 && n != 64)
		return seal_fail(d, SEAL_E_CONFIG,
		    "%s: a digest of %zu bytes, expected 32, 48 or 64", where,
		    n);
	ret->n = (uint8_t)n;
	return 0;
}

static int
by_digest(const void *a, const void *b)
{
	const struct tpm_ima_file *x = a, *y = b;

	return x->n != y->n ? x->n - y->n : memcmp(x->digest, y->digest, x->n);
}

static int
load_list(const char *key, bool partial, const json_t *text,
    struct tpm_ima_list *ret, struct seal_diag *d)
{
	const json_t *list = json_object_get(text, key);
	char where[WHERE];
	json_t *value;
	size_t i;
	int r;

	if (list == NULL)
		return 0;
	snprintf(where, sizeof(where), "ima.%s", key);
	if ((r = strict_array(list, 1, TPM_IMA_FILES_MAX, where, d)) != 0)
		return r;
	ret->files = calloc(json_array_size(list), sizeof(*ret->files));
	if (ret->files == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "ima");
	json_array_foreach(list, i, value)
	{
		snprintf(where, sizeof(where), "ima.%s[%zu]", key, i);
		if ((r = load_file(value, partial, where, &ret->files[i], d)) !=
		    0)
			return r;
		ret->n++;
	}
	qsort(ret->files, ret->n, sizeof(*ret->files), by_digest);
	return 0;
}

/* PROTOCOL 5.4 rule 5: a list of which nothing is said proves nothing. */
static int
check_rules(const struct tpm_ima *ima, struct seal_diag *d)
{
	if (ima->allowed.n + ima->required.n > 0)
		return 0;
	return seal_fail(
	    d, SEAL_E_CONFIG, "ima: expected 'allowed' or 'required', or both");
}

int
tpm_ima_load(json_t *j, struct tpm_ima **ret, struct seal_diag *d)
{
	struct tpm_ima *ima;
	int r;

	if ((r = strict_object(j, tpm_ima_keys, "ima", d)) != 0)
		return r;
	if ((ima = calloc(1, sizeof(*ima))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "ima");
	ima->text = json_incref(j);
	if ((r = load_banks(json_object_get(j, "banks"), ima, d)) == 0 &&
	    (r = strict_bool(
		 j, "violations", false, "ima", &ima->violations, d)) == 0 &&
	    (r = load_list("allowed", false, j, &ima->allowed, d)) == 0 &&
	    (r = load_list("required", false, j, &ima->required, d)) == 0 &&
	    (r = load_list("forbidden", true, j, &ima->forbidden, d)) == 0)
		r = check_rules(ima, d);
	if (r == 0) {
		*ret = ima;
		ima = NULL;
	}
	tpm_ima_free(&ima);
	return r;
}

void
tpm_ima_of_digest(const struct tpm_ima_list *list, struct span digest,
    size_t *ret_first, size_t *ret_n)
{
	struct tpm_ima_file key = { .n = (uint8_t)digest.n };
	size_t low = 0, high = list->n;

	memcpy(key.digest, digest.p, digest.n);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (by_digest(&list->files[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_first = low;
	while (high < list->n && by_digest(&list->files[high], &key) == 0)
		high++;
	*ret_n = high - low;
}

/* ---- For people ---- */

static void
explain_list(const struct tpm_ima_list *list, const char *what, struct wr *out)
{
	char hex[HEX_SHORT];

	for (size_t i = 0; i < list->n && i < EXPLAINED_MAX; i++) {
		const struct tpm_ima_file *f = &list->files[i];

		wr_printf(out, "    %s: %.300s", what,
		    f->path == NULL ? "a file of any name" : f->path);
		if (f->n > 0)
			wr_printf(out, ", digest %s",
			    hex_short(span_of(f->digest, f->n), hex));
		wr_printf(out, "\n");
	}
	if (list->n > EXPLAINED_MAX)
		wr_printf(out, "    %s: %zu files more\n", what,
		    list->n - EXPLAINED_MAX);
}

void
tpm_ima_explain(const struct tpm_ima *ima, struct wr *out)
{
	for (size_t i = 0; i < ima->n_banks; i++)
		wr_printf(out,
		    "    PCR %s:%u holds what the IMA list replays to\n",
		    hash_name(tpm_hash(ima->banks[i])), IMA_PCR);
	explain_list(&ima->allowed, "allowed", out);
	wr_printf(
	    out, ima->allowed.n > 0
		     ? "    no other file was measured, but the kernel's "
		       "boot_aggregate\n"
		     : "    not proved: which other files were measured\n");
	explain_list(&ima->required, "required", out);
	explain_list(&ima->forbidden, "forbidden", out);
	if (ima->violations)
		wr_printf(out,
		    "    files that changed while they were measured pass; "
		    "not proved: which ones,\n    nor what they held\n");
}
