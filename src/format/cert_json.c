/* SPDX-License-Identifier: Apache-2.0 */
#include "format/cert_json.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "format/json_pull.h"

enum { VCEK, CHAIN, CERT, MEMBERS };
static const char *const names[MEMBERS] = { "vcekCert", "certificateChain",
	"cert" };

struct reading {
	bool seen[MEMBERS];
	struct wr text; /* of the member that is read */
	struct wr *out;
};

/* PEM as it stands, or in percent-encoding: "%" is none of PEM's characters. */
static bool
put_pem(struct reading *in)
{
	struct span text = wr_view(&in->text);
	bool ok = true;

	if (span_is(text, "Not available"))
		return true;
	if (text.n > 0 && memchr(text.p, '%', text.n) != NULL)
		ok = percent_decode(text, in->out);
	else
		wr_bytes(in->out, text);
	wr_u8(in->out, '\n');
	return ok && in->out->error == 0;
}

static bool
pull_member(struct rd *r, struct span key, struct reading *in)
{
	size_t i = json_pull_which(r, key, names, MEMBERS, in->seen);

	if (i == MEMBERS)
		return json_pull_skip(r, NULL);
	in->text.n = 0;
	return json_pull_unescape(r, &in->text) && put_pem(in);
}

static bool
pull_object(struct rd *r, struct reading *in)
{
	bool first = true;
	struct span key;

	memset(in->seen, 0, sizeof(in->seen));
	if (!json_pull_object(r))
		return false;
	while (json_pull_key(r, &first, &key))
		if (!pull_member(r, key, in))
			return false;
	return !r->failed;
}

/* Every element has to be one of them. */
static bool
pull_list(struct rd *r, struct reading *in, bool *ret_any)
{
	bool first = true;

	if (!json_pull_array(r))
		return false;
	while (json_pull_more(r, &first)) {
		if (!pull_object(r, in))
			return false;
		*ret_any = in->seen[CERT] && !in->seen[VCEK];
		if (!*ret_any)
			return true;
	}
	return json_pull_end(r);
}

static bool
starts_list(struct span json)
{
	size_t i = 0;

	while (i < json.n && (json.p[i] == ' ' || json.p[i] == '\t' ||
				 json.p[i] == '\r' || json.p[i] == '\n'))
		i++;
	return i < json.n && json.p[i] == '[';
}

int
cert_json_read(struct span json, struct wr *out, struct seal_diag *d)
{
	struct reading in = { .out = out };
	size_t before = out->n;
	bool any = false, list = starts_list(json), ok;
	struct rd r;

	if (json.n > LIMIT_FILE)
		return seal_fail(d, SEAL_E_LIMIT,
		    "certificates in JSON: %zu bytes, at most %u allowed",
		    json.n, LIMIT_FILE);
	wr_init_heap(&in.text, json.n + 1);
	rd_init(&r, json);
	if (list) {
		ok = pull_list(&r, &in, &any);
	} else {
		ok = pull_object(&r, &in) && json_pull_end(&r);
		any = in.seen[VCEK] && !in.seen[CERT];
	}
	wr_free(&in.text);
	if (any && ok)
		return 0;
	out->n = before;
	if (out->error != 0)
		return seal_fail(d, out->error, "certificates in JSON");
	if (any || in.seen[VCEK] || (list && in.seen[CERT]))
		return seal_fail(d, SEAL_E_DECODE,
		    "certificates in JSON: malformed, a member given twice, or "
		    "two forms in one");
	return seal_fail(d, SEAL_E_UNSUPPORTED,
	    "certificates in JSON: neither of Azure's form nor of Intel's");
}
