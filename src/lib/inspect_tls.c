/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "binding/ea.h"
#include "base/rd.h"
#include "lib/inspect.h"

json_t *
inspect_request(struct span in, struct seal_diag *d)
{
	enum ea_role requester =
	    in.n > 0 && in.p[0] == 13 ? EA_SERVER : EA_CLIENT;
	struct ea_request req;
	json_t *o, *schemes;

	if (ea_request_parse(in, requester, 0xff00, &req, d) != 0)
		return NULL;
	o = json_object();
	json_object_set_new(o, "from",
	    json_string(requester == EA_SERVER ? "server" : "client"));
	tree_hex(o, "context", req.context);
	schemes = json_array();
	for (size_t i = 0; i < req.n_schemes; i++)
		json_array_append_new(
		    schemes, json_string(sig_name(req.schemes[i])));
	json_object_set_new(o, "signature schemes", schemes);
	json_object_set_new(
	    o, "cmw_attestation offered", json_boolean(req.cmw_offered));
	return o;
}

/* The extensions of one entry; cmw_attestation is opened. */
static bool
tree_extensions(json_t *entry, struct span extensions)
{
	struct rd r;

	rd_init(&r, extensions);
	while (rd_left(&r) > 0) {
		struct span body, cmw;
		char key[32];
		uint16_t type = 0;
		struct rd inner;
		json_t *tree;

		if (!rd_u16(&r, &type) || !rd_vec16(&r, &body))
			return false;
		snprintf(key, sizeof(key), "extension 0x%04x", type);
		rd_init(&inner, body);
		if (type == 0xff00 && rd_vec16(&inner, &cmw) &&
		    rd_end(&inner) && (tree = inspect_cmw(cmw, NULL)) != NULL)
			json_object_set_new(entry, key, tree);
		else
			tree_hex(entry, key, body);
	}
	return rd_end(&r);
}

static bool
tree_certificate(json_t *o, struct span body)
{
	struct span context, list, der, extensions;
	json_t *entries = json_array();
	struct rd r;

	json_object_set_new(o, "entries", entries);
	rd_init(&r, body);
	if (!rd_vec8(&r, &context) || !rd_vec24(&r, &list) || !rd_end(&r))
		return false;
	tree_hex(o, "context", context);
	rd_init(&r, list);
	while (rd_left(&r) > 0) {
		json_t *entry = json_object();

		json_array_append_new(entries, entry);
		if (!rd_vec24(&r, &der) || !rd_vec16(&r, &extensions) ||
		    !tree_extensions(entry, extensions))
			return false;
		tree_hex(entry, "certificate", der);
	}
	return rd_end(&r);
}

static bool
tree_verify(json_t *o, struct span body)
{
	struct span sig;
	uint16_t scheme;
	struct rd r;

	rd_init(&r, body);
	if (!rd_u16(&r, &scheme) || !rd_vec16(&r, &sig) || !rd_end(&r))
		return false;
	json_object_set_new(o, "scheme", json_string(sig_name(scheme)));
	tree_hex(o, "signature", sig);
	return true;
}

static bool
tree_messages(json_t *o, struct span in)
{
	struct rd r;

	rd_init(&r, in);
	while (rd_left(&r) > 0) {
		json_t *m = json_object();
		struct span body;
		uint8_t type;
		bool ok = rd_u8(&r, &type) && rd_vec24(&r, &body);

		if (ok && type == 11) {
			json_object_set_new(o, "Certificate", m);
			ok = tree_certificate(m, body);
		} else if (ok && type == 15) {
			json_object_set_new(o, "CertificateVerify", m);
			ok = tree_verify(m, body);
		} else if (ok && type == 20) {
			json_object_set_new(o, "Finished", m);
			tree_hex(m, "verify_data", body);
		} else {
			json_decref(m);
			return false;
		}
		if (!ok)
			return false;
	}
	return rd_end(&r) && json_object_get(o, "Finished") != NULL;
}

json_t *
inspect_authenticator(struct span in, struct seal_diag *d)
{
	json_t *o = json_object();

	if (tree_messages(o, in))
		return o;
	json_decref(o);
	seal_fail(d, SEAL_E_DECODE,
	    "expected Certificate, CertificateVerify and Finished, or "
	    "Finished alone");
	return NULL;
}
