/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_CERT_JSON_H
#define FORMAT_CERT_JSON_H

#include "base/diag.h"
#include "base/wr.h"

/*
 * JSON in which caches near a platform hand out its certificates:
 *  - Azure's THIM: {"vcekCert": PEM, "certificateChain": PEM, …};
 *  - Intel's PCS and PCCS, `pckcerts`: [{"tcb": …, "tcbm": HEX, "cert": PEM,
 *    in percent-encoding, or "Not available"}, …].
 */
/* Appends their PEM to out, and nothing of what else it says. 0,
 * SEAL_E_UNSUPPORTED for JSON that is neither, SEAL_E_DECODE. */
int cert_json_read(struct span json, struct wr *out, struct seal_diag *d);

#endif
