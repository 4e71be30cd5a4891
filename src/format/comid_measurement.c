/* SPDX-License-Identifier: Apache-2.0 */
#include "format/comid.h"

#define TAG_BYTES 560u
#define TAG_MASKED 563u
#define TAG_RANGE 564u

/* Reads from the whole of a value. */
static struct rd
open(struct span value)
{
	struct rd r;

	rd_init(&r, value);
	return r;
}

/* ---- Digests ---- */

static const struct {
	const char *name;
	int64_t alg;
	enum hash hash;
} algs[] = {
	{ "sha-256", COMID_SHA256, HASH_SHA256 },
	{ "sha-384", COMID_SHA384, HASH_SHA384 },
	{ "sha-512", COMID_SHA512, HASH_SHA512 },
};
#define ALGS (sizeof(algs) / sizeof(*algs))

int64_t
comid_alg(enum hash h)
{
	for (size_t i = 0; i < ALGS; i++)
		if (algs[i].hash == h)
			return algs[i].alg;
	return 0;
}

enum hash
comid_hash(int64_t alg)
{
	for (size_t i = 0; i < ALGS; i++)
		if (algs[i].alg == alg)
			return algs[i].hash;
	return HASH_NONE;
}

/* One algorithm has one name here, however it is written. */
static bool
read_alg(struct rd *r, struct comid_digest *d)
{
	if (cbor_peek(r) != CBOR_TEXT)
		return cbor_int(r, &d->alg) && d->alg != 0;
	if (!cbor_text(r, &d->name) || d->name.n == 0)
		return rd_fail(r);
	for (size_t i = 0; i < ALGS; i++)
		if (span_is(d->name, algs[i].name))
			d->alg = algs[i].alg;
	return true;
}

static bool
read_digest(struct rd *r, struct comid_digest *ret)
{
	struct comid_digest d = { .alg = 0 };
	size_t n = 0, size;

	if (!cbor_array(r, &n) || n != 2 || !read_alg(r, &d) ||
	    !cbor_bytes(r, &d.value))
		return rd_fail(r);
	size = hash_size(comid_hash(d.alg));
	if (d.value.n == 0 || (size > 0 && d.value.n != size))
		return rd_fail(r);
	*ret = d;
	return true;
}

bool
comid_digest_next(struct comid_list *l, struct comid_digest *ret)
{
	if (l->left == 0)
		return false;
	l->left--;
	return read_digest(&l->r, ret);
}

bool
comid_digests(struct span value, struct comid_list *ret)
{
	return comid_list_open(value, ret) && ret->left > 0;
}

static bool
digests_valid(struct span value)
{
	struct comid_digest d;
	struct comid_list l;

	if (!comid_digests(value, &l))
		return false;
	while (comid_digest_next(&l, &d))
		;
	return rd_end(&l.r);
}

/* ---- Maps ---- */

bool
comid_pairs(struct span value, struct comid_list *ret)
{
	struct comid_list l = { .r = open(value) };

	if (!cbor_map_unique(&l.r, &l.left) || l.left == 0)
		return false;
	*ret = l;
	return true;
}

bool
comid_pair_next(
    struct comid_list *l, struct span *ret_key, struct span *ret_value)
{
	if (l->left == 0)
		return false;
	l->left--;
	return cbor_item(&l->r, ret_key) && cbor_item(&l->r, ret_value);
}

bool
comid_registers(struct span value, struct comid_list *ret)
{
	return comid_pairs(value, ret);
}

bool
comid_register_next(
    struct comid_list *l, struct span *ret_key, struct span *ret_digests)
{
	return comid_pair_next(l, ret_key, ret_digests);
}

static bool
registers_valid(struct span value)
{
	struct span key, digests;
	struct comid_list l;

	if (!comid_registers(value, &l))
		return false;
	while (comid_register_next(&l, &key, &digests))
		if (!digests_valid(digests))
			return false;
	return rd_end(&l.r);
}

/* ---- Numbers and bytes ---- */

bool
comid_svn(struct span value, uint64_t *ret, bool *ret_min)
{
	struct rd r = open(value);
	uint64_t tag = COMID_TAG_SVN, v = 0;

	if (cbor_peek(&r) == CBOR_TAG && !cbor_tag(&r, &tag))
		return false;
	if ((tag != COMID_TAG_SVN && tag != COMID_TAG_MIN_SVN) ||
	    !cbor_uint(&r, &v) || !rd_end(&r))
		return false;
	*ret = v;
	*ret_min = tag == COMID_TAG_MIN_SVN;
	return true;
}

static bool
read_masked(struct rd *r, struct span *value, struct span *mask)
{
	size_t n = 0;

	return cbor_array(r, &n) && n == 2 && cbor_bytes(r, value) &&
	       cbor_bytes(r, mask);
}

bool
comid_raw(struct span value, struct span old_mask, struct span *ret,
    struct span *ret_mask)
{
	struct rd r = open(value), m = open(old_mask);
	struct span bytes = { NULL, 0 }, mask = { NULL, 0 };
	uint64_t tag = TAG_BYTES;

	if (cbor_peek(&r) == CBOR_TAG && !cbor_tag(&r, &tag))
		return false;
	if (tag == TAG_MASKED && old_mask.n == 0) {
		if (!read_masked(&r, &bytes, &mask))
			return false;
	} else if (tag != TAG_BYTES || !cbor_bytes(&r, &bytes) ||
		   (old_mask.n > 0 && (!cbor_bytes(&m, &mask) || !rd_end(&m))))
		return false;
	/* An empty mask would compare nothing. */
	if (!rd_end(&r) || bytes.n == 0 ||
	    ((tag == TAG_MASKED || old_mask.n > 0) && mask.n != bytes.n))
		return false;
	*ret = bytes;
	*ret_mask = mask;
	return true;
}

/* null stands for no bound. */
static bool
read_bound(struct rd *r, int64_t *ret)
{
	return cbor_peek(r) == CBOR_SIMPLE ? cbor_null(r) : cbor_int(r, ret);
}

bool
comid_range(struct span value, int64_t *ret_min, int64_t *ret_max)
{
	struct rd r = open(value);
	int64_t min = INT64_MIN, max = INT64_MAX;
	uint64_t tag = 0;
	size_t n = 0;

	if (cbor_peek(&r) != CBOR_TAG) {
		if (!cbor_int(&r, &min))
			return false;
		max = min;
	} else if (!cbor_tag(&r, &tag) || tag != TAG_RANGE ||
		   !cbor_array(&r, &n) || n != 2 || !read_bound(&r, &min) ||
		   !read_bound(&r, &max)) {
		return false;
	}
	if (!rd_end(&r) || min > max)
		return false;
	*ret_min = min;
	*ret_max = max;
	return true;
}

/* ---- Measurements ---- */

static bool
values_valid(const struct comid_measurement *m)
{
	struct comid_list l;
	struct span raw, mask;
	int64_t low, high;
	uint64_t svn;
	bool min;

	return (m->val[COMID_SVN].n == 0 ||
		   comid_svn(m->val[COMID_SVN], &svn, &min)) &&
	       (m->val[COMID_DIGESTS].n == 0 ||
		   digests_valid(m->val[COMID_DIGESTS])) &&
	       (m->val[COMID_FLAGS].n == 0 ||
		   comid_pairs(m->val[COMID_FLAGS], &l)) &&
	       (m->val[COMID_RAW].n == 0 ||
		   comid_raw(
		       m->val[COMID_RAW], m->val[COMID_MASK], &raw, &mask)) &&
	       (m->val[COMID_MASK].n == 0 || m->val[COMID_RAW].n > 0) &&
	       (m->val[COMID_REGISTERS].n == 0 ||
		   registers_valid(m->val[COMID_REGISTERS])) &&
	       (m->val[COMID_RANGE].n == 0 ||
		   comid_range(m->val[COMID_RANGE], &low, &high));
}

/* A measurement without a value would match anything. */
static bool
read_values(struct rd *r, struct comid_measurement *m)
{
	struct span other;
	int64_t key = 0;
	size_t n = 0;

	if (!cbor_map_unique(r, &n) || n == 0)
		return rd_fail(r);
	for (; n > 0; n--) {
		bool known;

		if (!comid_label(r, &key))
			return false;
		known = key >= 0 && key < COMID_MVALS;
		m->other = m->other || !known;
		if (!cbor_item(r, known ? &m->val[key] : &other))
			return false;
	}
	return values_valid(m) || rd_fail(r);
}

static bool
read_authorities(struct rd *r, struct comid_list *ret)
{
	struct comid_list l;
	struct comid_key k;
	struct span keys;

	if (cbor_peek(r) != CBOR_ARRAY || !cbor_item(r, &keys) ||
	    !comid_list_open(keys, ret) || ret->left == 0)
		return rd_fail(r);
	l = *ret;
	while (comid_key_next(&l, &k))
		;
	return rd_end(&l.r) || rd_fail(r);
}

bool
comid_measurement_next(struct comid_list *l, struct comid_measurement *ret)
{
	struct comid_measurement m = { .other = false };
	struct span other;
	int64_t key = 0;
	bool values = false, ok;
	size_t n = 0;

	if (l->left == 0)
		return false;
	l->left--;
	if (!cbor_map_unique(&l->r, &n))
		return false;
	for (; n > 0; n--) {
		if (!comid_label(&l->r, &key))
			return false;
		if (key == 0)
			ok = cbor_item(&l->r, &m.mkey);
		else if (key == 1)
			ok = (values = read_values(&l->r, &m));
		else if (key == 2)
			ok = read_authorities(&l->r, &m.authorized_by);
		else
			ok = (m.other = true) && cbor_item(&l->r, &other);
		if (!ok)
			return rd_fail(&l->r);
	}
	if (!values)
		return rd_fail(&l->r);
	*ret = m;
	return true;
}

/* ---- Keys ---- */

static bool
read_key(struct rd *r, struct comid_key *k)
{
	switch (k->tag) {
	case COMID_KEY_PEM:
	case COMID_KEY_CERT_PEM:
	case COMID_KEY_PATH_PEM:
		return cbor_text(r, &k->value) && k->value.n > 0;
	case COMID_KEY_THUMBPRINT:
	case COMID_KEY_CERT_THUMBPRINT:
	case COMID_KEY_PATH_THUMBPRINT:
		return read_digest(r, &k->digest);
	case COMID_KEY_COSE:
		return cbor_peek(r) == CBOR_MAP && cbor_item(r, &k->value);
	case COMID_KEY_BYTES:
	case COMID_KEY_CERT_DER:
		return cbor_bytes(r, &k->value) && k->value.n > 0;
	default: /* of a profile: told, and never trusted */
		return cbor_item(r, &k->value);
	}
}

bool
comid_key_next(struct comid_list *l, struct comid_key *ret)
{
	struct comid_key k = { .tag = 0 };

	if (l->left == 0)
		return false;
	l->left--;
	if (!cbor_tag(&l->r, &k.tag) || !read_key(&l->r, &k))
		return rd_fail(&l->r);
	*ret = k;
	return true;
}
