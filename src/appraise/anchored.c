/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/anchored.h"

/* Those that know the chain are asked first: it costs them nothing. */
static bool
known_end(const struct accept_entry *e, const struct span *chain, size_t n,
    int64_t now, const struct trust **ret_ca, struct chain_end *ret)
{
	for (size_t i = 0; i < e->n_signers; i++)
		if (chain_known(e->signers[i].ca, chain, n, now, ret)) {
			*ret_ca = e->signers[i].ca;
			return true;
		}
	return false;
}

bool
anchored_recalled(const struct accept_entry *e, const uint8_t digest[32],
    int64_t now, const struct trust **ret_ca, struct chain_end *ret)
{
	for (size_t i = 0; i < e->n_signers; i++)
		if (chain_recalled(e->signers[i].ca, digest, now, ret)) {
			*ret_ca = e->signers[i].ca;
			return true;
		}
	return false;
}

int
anchored_end(const struct accept_entry *e, const struct span *chain, size_t n,
    int64_t now, const struct trust **ret_ca, struct chain_end *ret,
    struct seal_diag *d)
{
	struct seal_diag first = { 0 };

	if (known_end(e, chain, n, now, ret_ca, ret))
		return 0;
	for (size_t i = 0; i < e->n_signers; i++) {
		const struct trust *ca = e->signers[i].ca;

		if (ca == NULL ||
		    chain_verify_end(ca, chain, n, now, ret, &first) != 0)
			continue;
		*ret_ca = ca;
		return 0;
	}
	if (first.code == 0) {
		seal_fail(&first, SEAL_E_KEY,
		    "chain: the policy's signers name no 'ca'");
		seal_remedy(&first, "add {\"ca\": FILE} to 'signers'");
	}
	seal_fail(d, first.code, "%s", first.text);
	if (first.remedy[0] != '\0')
		seal_remedy(d, "%s", first.remedy);
	return first.code;
}

bool
anchored_next(const struct accept_entry *e, struct span subject, size_t *at,
    struct span *ret)
{
	size_t k = 0;

	for (size_t i = 0; i < e->n_signers; i++)
		for (size_t a = 0;; a++, k++) {
			struct span der = trust_get0(e->signers[i].ca, a);
			struct cert_parts p;

			if (der.n == 0)
				break;
			if (k < *at || !cert_parts_read(der, &p) ||
			    !span_equal(p.subject, subject))
				continue;
			*at = k + 1;
			*ret = der;
			return true;
		}
	return false;
}
