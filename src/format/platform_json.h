/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_PLATFORM_JSON_H
#define FORMAT_PLATFORM_JSON_H

#include "base/diag.h"
#include "base/span.h"

/*
 * What Intel's administrator's tool for its cache (PCCS) fetches for platforms,
 * and a cache takes by `PUT …/platformcollateral`:
 *	{"platforms": …, "collaterals": {
 *	  "pck_certs": [{"certs": as pckcerts (cert_json.h), …}, …],
 *	  "tcbinfos": [{"sgx_tcbinfo", "tdx_tcbinfo" or "tcbinfo": {…}, …}, …],
 *	  "qeidentity", "tdqeidentity": a document, as text or as it is,
 *	  "pckcacrl": {NAME: hex, …}, "rootcacrl": hex, of DER, or PEM,
 *	  "certificates": {NAME: PEM in percent-encoding or {NAME: such}, …},
 *…}}
 *
 * take is given each piece, valid until it returns: PEM, a list in DER, or a
 * document as Intel's service gave it: the tool writes white space into some,
 * which is taken away, since the signature covers what there was before.
 * Documents of an early update and of the QvE are passed over. 0;
 * SEAL_E_UNSUPPORTED for JSON that has no collaterals; SEAL_E_DECODE, and
 * nothing was taken; what take returned.
 */
int platform_json_read(struct span json,
    int (*take)(void *ctx, struct span piece, struct seal_diag *d), void *ctx,
    struct seal_diag *d);

#endif
