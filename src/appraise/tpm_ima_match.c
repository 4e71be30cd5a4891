/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The IMA list against the quote, and the policy's rules about files.
 *
 * Whoever runs on the machine writes the list that we get, and may extend the
 * PCR further. What he cannot do is to take an entry out of the PCR, to move
 * it, or to give it another name or digest. So the whole list must make the
 * quoted value, in each bank: not one entry may stand behind what was quoted,
 * since nothing would vouch for it.
 */
#include "appraise/tpm_ima.h"

#include <stdio.h>
#include <stdlib.h>

#include "appraise/tpm_rules.h"
#include "base/text.h"

#define TEXT 320
#define TOLD_MAX 4 /* rows of a verdict about files */
#define BOOT_AGGREGATE "boot_aggregate"

/* ---- Replay ---- */

/* Why the list is not that of the quote. */
static bool
fail_replay(const struct tpm_facts *f, const struct tpm_pcr_value *quoted,
    const struct ima_replay *got, struct seal_verdict *v)
{
	char want[TEXT], text[TEXT], hex[HEX_SHORT];
	size_t size = hash_size(tpm_hash(quoted->bank)), n;
	struct ima_replay part;
	bool longer = ima_find(f->e.ima_log, quoted->bank, quoted->value, &part,
			  &n, NULL) == 0;

	snprintf(want, sizeof(want),
	    "a list that makes PCR %u of %s, as quoted, %s", IMA_PCR,
	    hash_name(tpm_hash(quoted->bank)), hex_short(quoted->value, hex));
	if (longer)
		snprintf(text, sizeof(text),
		    "%zu entries of which only the first %zu do",
		    got->n_entries, part.n_entries);
	else
		snprintf(text, sizeof(text), "%zu entries that make %s",
		    got->n_entries, hex_short(span_of(got->value, size), hex));
	return verdict_check(v, "tpm.ima.replay", false, SEAL_E_EVIDENCE, want,
	    text,
	    longer
		? "the attester sends the list up to what was quoted, no further"
		: "the list is another machine's or boot's, lacks entries or "
		  "was changed; kernels before 5.8 put padded SHA-1 into "
		  "the bank, which is not enough: use a newer one");
}

bool
tpm_ima_verify(struct tpm_facts *f, struct seal_verdict *v)
{
	struct ima_replay p = { 0 };
	struct seal_diag d = { 0 };
	size_t n = 0;
	int r;

	if (f->e.ima_log.n == 0)
		return true;
	r = ima_is_text(f->e.ima_log)
		? seal_fail(&d, SEAL_E_DECODE, "IMA log: lines of text")
		: ima_replay(f->e.ima_log, TPM_ALG_SHA256, &p, &d);
	if (!verdict_check(v, "tpm.ima.format", r == 0, r,
		"an IMA list as the kernel has it", r == 0 ? NULL : d.text,
		NULL))
		return false;
	for (size_t i = 0; i < f->e.n_pcrs; i++) {
		const struct tpm_pcr_value *q = &f->e.pcrs[i];

		if (q->index != IMA_PCR)
			continue;
		n++;
		r = ima_replay(f->e.ima_log, q->bank, &p, &d);
		if (r != 0 ||
		    !span_equal(q->value, span_of(p.value, q->value.n)))
			return fail_replay(f, q, &p, v);
	}
	if (!verdict_check(v, "tpm.ima.pcr", n > 0, SEAL_E_EVIDENCE,
		"PCR 10 in the quote, to hold the IMA list against",
		n > 0 ? NULL : "a list, and no PCR 10",
		"add PCR 10 to the attester's 'pcrs'"))
		return false;
	f->has_ima = true;
	(void)verdict_claim(v, "tpm.ima.entries", "%zu", p.n_entries);
	(void)verdict_claim(v, "tpm.ima.violations", "%zu", p.n_violations);
	return verdict_check(v, "tpm.ima.replay", true, 0, NULL, NULL, NULL);
}

/* ---- Rules ---- */

/* The digest in a form that rules speak of; empty for hashes that are weak or
 * that we do not know. */
static struct span
strong_digest(const struct ima_entry *e)
{
	static const enum hash known[] = { HASH_SHA256, HASH_SHA384,
		HASH_SHA512 };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (span_is(e->file_alg, hash_name(known[i])) &&
		    e->file_digest.n == hash_size(known[i]))
			return e->file_digest;
	return span_of(NULL, 0);
}

/* Those of this digest; marks them in seen, which may be NULL. */
static bool
find_digest(const struct tpm_ima_list *list, struct span digest,
    struct span path, bool *seen)
{
	size_t first, n;
	bool found = false;

	tpm_ima_of_digest(list, digest, &first, &n);
	for (size_t i = first; i < first + n; i++) {
		const char *want = list->files[i].path;

		if (want != NULL && !span_is(path, want))
			continue;
		found = true;
		if (seen != NULL)
			seen[i] = true;
	}
	return found;
}

static bool
find_file(
    const struct tpm_ima_list *list, const struct ima_entry *e, bool *seen)
{
	struct span digest = strong_digest(e);
	bool any = find_digest(list, span_of("", 0), e->name, seen);

	return (digest.n > 0 && find_digest(list, digest, e->name, seen)) ||
	       any;
}

/* Made before any program runs. Later on a file can have that name, if it is
 * run from where no path leads. */
static bool
is_boot_aggregate(const struct ima_entry *e)
{
	return e->number == 0 && span_is(e->name, BOOT_AGGREGATE);
}

static const char *
entry_text(const struct ima_entry *e, const char *but, char buf[TEXT])
{
	char name[TEXT / 2], alg[24], hex[HEX_SHORT];

	snprintf(buf, TEXT, "entry %zu, %s%s, %s digest %s", e->number, but,
	    text_safe(e->name, name, sizeof(name)),
	    text_safe(e->file_alg, alg, sizeof(alg)),
	    hex_short(e->file_digest, hex));
	return buf;
}

/* Which of "required" were seen, and how many files do not satisfy: a list may
 * have thousands, of which the verdict tells the first. */
struct judging {
	const struct tpm_ima *rules;
	struct seal_verdict *v;
	bool *seen;
	size_t told;
};

static bool
refuse(struct judging *j, const char *check, const char *want, const char *got,
    const char *remedy)
{
	if (j->told < TOLD_MAX)
		(void)verdict_check(
		    j->v, check, false, SEAL_E_POLICY, want, got, remedy);
	j->told++;
	return false;
}

static bool
match_violation(struct judging *j, const struct ima_entry *e)
{
	char got[TEXT];

	return j->rules->violations ||
	       refuse(j, "tpm.ima.violation",
		   "no file that changed while it was measured",
		   entry_text(e, "said to be of ", got),
		   "leave that file out of the kernel's IMA policy, or say "
		   "'violations': true");
}

static bool
match_allowed(struct judging *j, const struct ima_entry *e)
{
	const struct tpm_ima_list *allowed = &j->rules->allowed;
	char got[TEXT];

	return allowed->n == 0 || is_boot_aggregate(e) ||
	       find_file(allowed, e, NULL) ||
	       refuse(j, "tpm.ima.allowed", "a file that is allowed",
		   entry_text(e, "", got),
		   strong_digest(e).n == 0
		       ? "measure with SHA-256: start the kernel with "
			 "ima_hash=sha256"
		       : "if it is meant to be there, add it to 'allowed'");
}

static bool
match_entry(struct judging *j, const struct ima_entry *e)
{
	char got[TEXT];
	bool ok = true;

	if (e->violation)
		return match_violation(j, e);
	(void)find_file(&j->rules->required, e, j->seen);
	if (find_file(&j->rules->forbidden, e, NULL))
		ok = refuse(j, "tpm.ima.forbidden", "no file that is forbidden",
		    entry_text(e, "", got), NULL);
	return match_allowed(j, e) && ok;
}

static bool
match_required(struct judging *j)
{
	const struct tpm_ima_list *required = &j->rules->required;
	bool ok = true;

	for (size_t i = 0; i < required->n; i++) {
		const struct tpm_ima_file *f = &required->files[i];
		char want[TEXT], hex[HEX_SHORT];

		if (j->seen[i])
			continue;
		snprintf(want, sizeof(want), "%.200s, digest %s",
		    f->path == NULL ? "a file" : f->path,
		    hex_short(span_of(f->digest, f->n), hex));
		ok = refuse(j, "tpm.ima.required", want, "not measured", NULL);
	}
	return ok;
}

static bool
match_files(struct judging *j, struct span list)
{
	struct ima_entry e;
	struct ima_iter it;
	bool ok = true;
	int r;

	ima_begin(list, &it);
	while ((r = ima_next(&it, &e, NULL)) == 1)
		ok = match_entry(j, &e) && ok;
	return match_required(j) && ok && r == 0;
}

bool
tpm_ima_match(const struct tpm_ima *rules, const struct tpm_facts *f,
    struct seal_verdict *v)
{
	struct judging j = { .rules = rules, .v = v };
	char got[TEXT];
	bool ok;

	if (rules == NULL)
		return true;
	if (!verdict_check(v, "tpm.ima.list", f->has_ima, SEAL_E_POLICY,
		"an IMA list", f->has_ima ? NULL : "none",
		"set the attester's 'ima_log'"))
		return false;
	j.seen = calloc(rules->required.n + 1, sizeof(*j.seen));
	ok = j.seen != NULL && match_files(&j, f->e.ima_log);
	free(j.seen);
	snprintf(got, sizeof(got), "%zu that are not", j.told);
	return verdict_check(v, "tpm.ima.files", ok, SEAL_E_POLICY,
	    "files by the policy", ok ? NULL : got, NULL);
}

/* ---- Learning ---- */

static bool
append_file(json_t *list, const struct ima_entry *e)
{
	bool named = e->name.n > 0 && utf8_valid(e->name), ok;
	json_t *file = json_object();
	char hex[HEX_FULL];

	hex_full(strong_digest(e), hex);
	ok = json_object_set_new(file, "digest", json_string(hex)) == 0;
	/* A name that JSON cannot hold: its content then, of any name. */
	if (named)
		ok = json_object_set_new(file, "path",
			 json_stringn((const char *)e->name.p, e->name.n)) ==
			 0 &&
		     ok;
	return json_array_append_new(list, file) == 0 && ok;
}

/* All files as rules; *ret_whole is false where one cannot be. Violations are
 * left out: a policy that lets them pass is written by hand. */
static int
learn_files(const struct tpm_facts *f, json_t *list, bool *ret_whole)
{
	struct ima_entry e;
	struct ima_iter it;
	int r;

	*ret_whole = true;
	ima_begin(f->e.ima_log, &it);
	while ((r = ima_next(&it, &e, NULL)) == 1) {
		if (e.violation || is_boot_aggregate(&e))
			continue;
		if (strong_digest(&e).n == 0 ||
		    json_array_size(list) == TPM_IMA_FILES_MAX)
			return *ret_whole = false, 0;
		if (!append_file(list, &e))
			return SEAL_E_MEMORY;
	}
	*ret_whole = json_array_size(list) > 0;
	return r;
}

/* PCR 10 has no fixed value any more; its banks are those that it had. */
static int
move_pcr(json_t *entry, json_t *banks)
{
	json_t *pcrs = json_object_get(entry, "pcrs"), *bank;
	const char *name;
	void *next;

	json_object_foreach_safe(pcrs, next, name, bank)
	{
		if (json_object_del(bank, "10") != 0)
			continue;
		if (json_array_append_new(banks, json_string(name)) != 0)
			return SEAL_E_MEMORY;
		if (json_object_size(bank) == 0)
			(void)json_object_del(pcrs, name);
	}
	if (json_object_size(pcrs) == 0)
		(void)json_object_del(entry, "pcrs");
	return 0;
}

int
tpm_ima_learn(const struct tpm_facts *f, json_t *entry)
{
	json_t *ima, *banks = json_array(), *allowed = json_array();
	bool whole = false;
	int r = 0;

	if (f->has_ima)
		r = learn_files(f, allowed, &whole);
	if (r == 0 && whole) {
		ima =
		    json_pack("{s:O, s:O}", "banks", banks, "allowed", allowed);
		r = ima == NULL || json_object_set_new(entry, "ima", ima) != 0
			? SEAL_E_MEMORY
			: move_pcr(entry, banks);
	}
	json_decref(allowed);
	json_decref(banks);
	return r;
}
