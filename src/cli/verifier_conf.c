/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verifier_conf.h"

int
verifier_conf(const struct verifier_opts *o, struct service_conf *ret,
    struct seal_diag *d)
{
	const struct {
		const char *name, *value;
	} given[] = {
		{ "listen", o->listen },
		{ "store", o->store },
		{ "key", o->key },
		{ "id", o->id },
		{ "policy", o->policy },
		{ "tls_cert", o->cert },
		{ "tls_key", o->cert_key },
		{ "token_file", o->token },
		{ "anchors", o->anchors },
	};
	int r;

	if ((r = conf_init(ret, d)) != 0)
		return r;
	if (o->config != NULL)
		r = conf_load(ret, o->config, d);
	for (size_t i = 0; r == 0 && i < sizeof(given) / sizeof(given[0]); i++)
		if (given[i].value != NULL)
			r = conf_set(
			    ret, given[i].name, given[i].value, NULL, d);
	if (r != 0)
		conf_wipe(ret);
	return r;
}
