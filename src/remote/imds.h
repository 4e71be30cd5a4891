/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMOTE_IMDS_H
#define REMOTE_IMDS_H

#include "base/wr.h"
#include "remote/http.h"

/*
 * What Azure's Instance Metadata Service, on the host, gives a confidential VM
 * about itself (Azure/confidential-computing-cvm-guest-attestation and the
 * Azure documentation of Trusted Hardware Identity Management). Nothing that
 * comes back is verified here: all of it is signed by those who make the
 * hardware.
 */
#define IMDS_URL "http://169.254.169.254"
#define IMDS_TD_REPORT 1024u /* bytes: a TDREPORT */
#define IMDS_ANSWER_MAX 65536u

/* The TD quote that a TDREPORT is made into, until deadline_ms
 * (http_now_ms()), as http_ask() does. SEAL_E_UNAVAILABLE for an answer that is
 * none. */
int imds_td_quote(struct http *h, struct span td_report, int64_t deadline_ms,
    struct wr *out, struct seal_diag *d);
/* PEM: the VCEK of this machine's processor, and the chain that signed it. */
int imds_certificates(
    struct http *h, int64_t deadline_ms, struct wr *out, struct seal_diag *d);

#endif
