/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/raw_key.h"

#include "appraise/refs.h"
#include "appraise/refs_judge.h"
#include "jose/key.h"

struct search {
	const struct appraisal_in *in;
	const struct cose_sign1 *sign1;
	struct wr *ret;
	size_t n; /* tried so far */
	bool found;
};

/* Says whether to go on. */
static bool
try_key(struct search *s, struct span spki)
{
	struct pubkey *key = NULL;

	if (s->n == RAW_KEYS_MAX)
		return false;
	s->n++;
	if (key_cache_get(s->in->keys, spki, &key, NULL) == 0 &&
	    cose_sign1_verify(s->sign1, key, NULL) == 0) {
		wr_bytes(s->ret, spki);
		s->found = true;
	}
	pubkey_unref(&key);
	return !s->found;
}

/* Other JSON may lie there too. */
static bool
try_jwk(struct search *s, struct span text)
{
	json_t *j = json_loadb(
	    (const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	uint8_t buf[LIMIT_SPKI];
	bool go_on = true;
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	/* What JOSE may use it for says nothing of devices; trust comes from
	 * the policy. */
	json_object_del(j, "use");
	if (json_object_get(j, "kty") != NULL && jwk_to_spki(j, &w, NULL) == 0)
		go_on = try_key(s, wr_view(&w));
	json_decref(j);
	return go_on;
}

static bool
try_endorsed(struct search *s)
{
	const struct endorsements *of[] = { s->in->endorse, s->in->stapled };
	size_t keys[2] = { 0 }, sets[2] = { 0 };
	const struct endorsement *e;

	while ((e = endorse_next_of(of, 2, ENDORSE_KEY, keys)) != NULL)
		if (!try_key(s, e->bytes))
			return false;
	while ((e = endorse_next_of(of, 2, ENDORSE_JSON, sets)) != NULL)
		if (!try_jwk(s, e->bytes))
			return false;
	return true;
}

static void
try_refs(
    struct search *s, const struct refs *refs, const struct refs_evidence *e)
{
	uint8_t buf[LIMIT_SPKI];
	size_t at = 0;
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	while (refs_key_next(refs, e, &at, &w)) {
		if (!try_key(s, wr_view(&w)))
			return;
		wr_init(&w, buf, sizeof(buf));
	}
}

/* In our terms, then in those of each profile. */
static void
try_entry(
    struct search *s, const struct accept_entry *e, const struct findings *f)
{
	struct refs_description x;

	for (int i = -1; !s->found && e->refs != NULL; i++) {
		int r = refs_describe(e->by, i, f, &x);

		if (r == 0)
			try_refs(s, e->refs, &x.e);
		refs_description_wipe(&x);
		if (r == SEAL_E_CLOSED)
			break;
	}
}

int
raw_key_find(const struct appraisal_in *in, const struct appraiser *by,
    const struct findings *f, const struct cose_sign1 *s, struct wr *ret,
    struct seal_diag *d)
{
	struct search search = { .in = in, .sign1 = s, .ret = ret };
	const struct policy *p = in->policy;

	if (try_endorsed(&search) && p != NULL)
		for (size_t i = 0; i < p->n_accept && !search.found; i++)
			if (p->accept[i].by == by)
				try_entry(&search, &p->accept[i], f);
	if (search.found)
		return ret->error == 0
			   ? 0
			   : seal_fail(d, ret->error, "key of the signer");
	if (search.n > 0)
		return seal_fail(d, SEAL_E_SIGNATURE,
		    "%zu keys tried, none made this signature", search.n);
	seal_fail(d, SEAL_E_KEY, "no key to try for this device");
	seal_remedy(d,
	    "give the device's public key with --endorsements, or name a "
	    "CoRIM with an attest-key triple for it in 'corim'");
	return SEAL_E_KEY;
}
