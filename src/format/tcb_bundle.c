/* SPDX-License-Identifier: Apache-2.0 */
#include "format/tcb_info.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "format/json_pull.h"

enum {
	IN_TCB_INFO,
	IN_QE_IDENTITY,
	IN_SIGNATURE,
	/* QuoteCollateralV3: all are texts. */
	V3_TCB_INFO,
	V3_TCB_SIGNATURE,
	V3_QE_IDENTITY,
	V3_QE_SIGNATURE,
	V3_CHAIN,
	V3_LIST = V3_CHAIN + TCB_CHAINS,
	MEMBERS = V3_LIST + TCB_LISTS
};

static const char *const names[MEMBERS] = { "tcbInfo", "enclaveIdentity",
	"signature", "tcb_info", "tcb_info_signature", "qe_identity",
	"qe_identity_signature", "pck_crl_issuer_chain",
	"tcb_info_issuer_chain", "qe_identity_issuer_chain", "root_ca_crl",
	"pck_crl" };

/* Where a member's text stands in the buffer, which may yet move. */
struct place {
	size_t at, n;
};

struct reading {
	struct span values[3]; /* IN_*, as they stand */
	struct place texts[MEMBERS];
	bool seen[MEMBERS];
	struct wr buf;
};

static bool
pull_v3(struct rd *r, size_t i, struct reading *in)
{
	size_t at = in->buf.n;

	if (!json_pull_unescape(r, &in->buf))
		return false;
	in->texts[i] = (struct place){ at, in->buf.n - at };
	return true;
}

static bool
pull_member(struct rd *r, struct span key, struct reading *in)
{
	size_t i = json_pull_which(r, key, names, MEMBERS, in->seen);

	if (i == MEMBERS)
		return json_pull_skip(r, NULL);
	if (i == IN_SIGNATURE)
		return json_pull_text(r, &in->values[i]);
	if (i < IN_SIGNATURE)
		return json_pull_skip(r, &in->values[i]);
	return pull_v3(r, i, in);
}

static bool
read_document(struct span json, struct reading *in)
{
	bool first = true;
	struct span key;
	struct rd r;

	rd_init(&r, json);
	if (!json_pull_object(&r))
		return false;
	while (json_pull_key(&r, &first, &key))
		if (!pull_member(&r, key, in))
			return false;
	return json_pull_end(&r);
}

/* Hex to bytes, in place: what is written stays behind what is read. */
static bool
unhex(uint8_t *base, struct place *p)
{
	struct wr w;

	wr_init(&w, base + p->at, p->n);
	if (!hex_decode(span_of(base + p->at, p->n), &w) || w.error != 0)
		return false;
	p->n = w.n;
	return true;
}

static struct span
view(const uint8_t *base, struct place p)
{
	return span_of(base == NULL ? NULL : base + p.at, p.n);
}

static int
publish(struct reading *in, struct tcb_bundle *b, struct seal_diag *d)
{
	size_t n = 0;
	int r;

	if ((r = wr_take(&in->buf, &b->owned, &n)) != 0)
		return seal_fail(d, r, "collateral");
	for (unsigned i = 0; i < TCB_LISTS; i++)
		if (in->texts[V3_LIST + i].n > 0 &&
		    !unhex(b->owned, &in->texts[V3_LIST + i]))
			return seal_fail(d, SEAL_E_DECODE,
			    "collateral: '%s' is no hex", names[V3_LIST + i]);
	b->tcb_info = view(b->owned, in->texts[V3_TCB_INFO]);
	b->tcb_signature = view(b->owned, in->texts[V3_TCB_SIGNATURE]);
	b->qe_identity = view(b->owned, in->texts[V3_QE_IDENTITY]);
	b->qe_signature = view(b->owned, in->texts[V3_QE_SIGNATURE]);
	for (unsigned i = 0; i < TCB_CHAINS; i++)
		b->chains[i] = view(b->owned, in->texts[V3_CHAIN + i]);
	for (unsigned i = 0; i < TCB_LISTS; i++)
		b->lists[i] = view(b->owned, in->texts[V3_LIST + i]);
	return 0;
}

/* One document of the service, or a bundle; not a mixture. */
static int
sort_out(struct reading *in, struct tcb_bundle *b, struct seal_diag *d)
{
	bool info = in->seen[IN_TCB_INFO], qe = in->seen[IN_QE_IDENTITY];
	bool v3 = in->seen[V3_TCB_INFO] || in->seen[V3_QE_IDENTITY];

	if (!info && !qe && !v3)
		return seal_fail(d, SEAL_E_UNSUPPORTED,
		    "collateral: JSON that holds neither TCB Info nor Enclave "
		    "Identity");
	if (v3 ? (info || qe || in->seen[IN_SIGNATURE]) : info == qe)
		return seal_fail(d, SEAL_E_DECODE,
		    "collateral: members of two documents in one");
	if (v3)
		return publish(in, b, d);
	b->tcb_info = in->values[IN_TCB_INFO];
	b->qe_identity = in->values[IN_QE_IDENTITY];
	*(info ? &b->tcb_signature : &b->qe_signature) =
	    in->values[IN_SIGNATURE];
	return 0;
}

int
tcb_bundle_parse(struct span json, struct tcb_bundle *ret, struct seal_diag *d)
{
	struct tcb_bundle b = { 0 };
	struct reading in;
	int r;

	memset(&in, 0, sizeof(in));
	/* Unescaped text is never longer than what stands for it. */
	wr_init_heap(&in.buf, TCB_JSON_MAX);
	if (json.n > TCB_JSON_MAX)
		r = seal_fail(d, SEAL_E_LIMIT,
		    "collateral: %zu bytes, at most %u allowed", json.n,
		    TCB_JSON_MAX);
	else if (!read_document(json, &in))
		r = seal_fail(d, SEAL_E_DECODE,
		    "collateral: malformed JSON, or a member given twice");
	else
		r = sort_out(&in, &b, d);
	wr_free(&in.buf);
	if (r != 0)
		tcb_bundle_free(&b);
	else
		*ret = b;
	return r;
}

void
tcb_bundle_free(struct tcb_bundle *b)
{
	free(b->owned);
	memset(b, 0, sizeof(*b));
}
