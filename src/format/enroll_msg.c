/* SPDX-License-Identifier: Apache-2.0 */
#include "format/enroll_msg.h"

#include "cbor/cbor.h"

/* The map's head, with n entries, in deterministic encoding. */
static bool
open_map(struct span in, size_t n, struct rd *r)
{
	size_t got;

	if (in.n > ENROLL_MESSAGE_MAX || !cbor_deterministic(in))
		return false;
	rd_init(r, in);
	return cbor_map(r, &got) && got == n;
}

static bool
read_key(struct rd *r, uint64_t want)
{
	uint64_t key;

	return cbor_uint(r, &key) && (key == want || rd_fail(r));
}

/* The entry of that key: a byte string that is not empty. */
static bool
read_field(struct rd *r, uint64_t key, struct span *ret)
{
	return read_key(r, key) && cbor_bytes(r, ret) &&
	       (ret->n > 0 || rd_fail(r));
}

static bool
read_id(struct rd *r, struct span *ret)
{
	return read_field(r, 1, ret) &&
	       (ret->n == ENROLL_ID_SIZE || rd_fail(r));
}

static int
malformed(const char *what, struct seal_diag *d)
{
	return seal_fail(d, SEAL_E_DECODE, "enrolment: malformed %s", what);
}

static void
put_field(struct wr *out, uint64_t key, struct span value)
{
	cbor_put_uint(out, key);
	cbor_put_bytes(out, value);
}

/* ---- Request ---- */

static bool
read_chain(struct rd *r, struct enroll_request *m)
{
	size_t n;

	if (!read_key(r, 1) || !cbor_array(r, &n) || n == 0 || n > LIMIT_CHAIN)
		return rd_fail(r);
	for (size_t i = 0; i < n; i++)
		if (!cbor_bytes(r, &m->chain[i]) || m->chain[i].n == 0 ||
		    m->chain[i].n > LIMIT_CERTIFICATE)
			return rd_fail(r);
	m->n_chain = n;
	return true;
}

int
enroll_request_parse(
    struct span in, struct enroll_request *ret, struct seal_diag *d)
{
	struct enroll_request m = { 0 };
	struct rd r;

	if (!open_map(in, 3, &r) || !read_chain(&r, &m) ||
	    !read_field(&r, 2, &m.ek_public) ||
	    !read_field(&r, 3, &m.ak_public) || !rd_end(&r))
		return malformed("request", d);
	*ret = m;
	return 0;
}

void
enroll_request_write(struct wr *out, const struct enroll_request *m)
{
	cbor_put_map(out, 3);
	cbor_put_uint(out, 1);
	cbor_put_array(out, m->n_chain);
	for (size_t i = 0; i < m->n_chain; i++)
		cbor_put_bytes(out, m->chain[i]);
	put_field(out, 2, m->ek_public);
	put_field(out, 3, m->ak_public);
}

/* ---- Challenge ---- */

int
enroll_challenge_parse(
    struct span in, struct enroll_challenge *ret, struct seal_diag *d)
{
	struct enroll_challenge m = { 0 };
	struct rd r;

	if (!open_map(in, 3, &r) || !read_id(&r, &m.id) ||
	    !read_field(&r, 2, &m.blob) || !read_field(&r, 3, &m.seed) ||
	    !rd_end(&r))
		return malformed("challenge", d);
	*ret = m;
	return 0;
}

void
enroll_challenge_write(struct wr *out, const struct enroll_challenge *m)
{
	cbor_put_map(out, 3);
	put_field(out, 1, m->id);
	put_field(out, 2, m->blob);
	put_field(out, 3, m->seed);
}

/* ---- Answer ---- */

int
enroll_answer_parse(
    struct span in, struct enroll_answer *ret, struct seal_diag *d)
{
	struct enroll_answer m = { 0 };
	struct rd r;

	if (!open_map(in, 2, &r) || !read_id(&r, &m.id) ||
	    !read_field(&r, 2, &m.secret) || !rd_end(&r))
		return malformed("answer", d);
	*ret = m;
	return 0;
}

void
enroll_answer_write(struct wr *out, const struct enroll_answer *m)
{
	cbor_put_map(out, 2);
	put_field(out, 1, m->id);
	put_field(out, 2, m->secret);
}

/* ---- State ---- */

int
enroll_state_parse(
    struct span in, struct enroll_state *ret, struct seal_diag *d)
{
	struct enroll_state m = { 0 };
	struct rd r;

	if (!open_map(in, 4, &r) || !read_id(&r, &m.id) ||
	    !read_field(&r, 2, &m.secret) || !read_field(&r, 3, &m.ak_public) ||
	    !read_key(&r, 4) || !cbor_uint(&r, &m.expires) || !rd_end(&r) ||
	    m.secret.n != TPM_CREDENTIAL_SECRET_MAX)
		return malformed("state", d);
	*ret = m;
	return 0;
}

void
enroll_state_write(struct wr *out, const struct enroll_state *m)
{
	cbor_put_map(out, 4);
	put_field(out, 1, m->id);
	put_field(out, 2, m->secret);
	put_field(out, 3, m->ak_public);
	cbor_put_uint(out, 4);
	cbor_put_uint(out, m->expires);
}
