/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_NVIDIA_H
#define FORMAT_NVIDIA_H

#include "base/diag.h"
#include "base/span.h"
#include "base/wr.h"

/*
 * Attestation report of an NVIDIA GPU: a GET_MEASUREMENTS request of SPDM 1.1
 * (DMTF DSP0274) with the asker's nonce, the MEASUREMENTS response, and the
 * device's signature over both, ECDSA P-384. Integers are little endian.
 */
#define NVIDIA_TYPE "application/vnd.sealtls.nvidia-gpu-report"
/* As Veraison's services take it: [{arch, certificate, evidence, nonce}]. */
#define NVIDIA_JSON_TYPE "application/vnd.veraison.nvidia-gpu-evidence+json"

#define NVIDIA_REPORT_MAX 16384u /* bytes */
#define NVIDIA_JSON_MAX 65536u
#define NVIDIA_NONCE 32u
#define NVIDIA_DIGEST 48u
#define NVIDIA_BLOCKS 255u /* indexes 1 to 254 */

/* Views into the input; what the report does not have is empty. */
struct nvidia_report {
	struct span nonce;                      /* of the request */
	struct span measurement[NVIDIA_BLOCKS]; /* by index */
	struct span driver, vbios, fwid;        /* of the opaque data */
	struct span signed_bytes, r, s;
};

/* To the last byte. */
int nvidia_parse(
    struct span in, struct nvidia_report *ret, struct seal_diag *d);
/* "96.00.9F.00.01"; false where it is no version. */
bool nvidia_vbios_text(struct span vbios, char *buf, size_t cap);
/* JSON of exactly one GPU: its report and its chain (PEM). Several GPUs are
 * several members of a collection. */
int nvidia_json_read(struct span json, struct wr *ret_report,
    struct wr *ret_chain, struct seal_diag *d);

#endif
