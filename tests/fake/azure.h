/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_AZURE_H
#define FAKE_AZURE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A confidential VM of Azure, under a DEVELOPMENT ROOT: the paravisor, which
 * puts an HCL report into a virtual TPM (swtpm), and the host, whose metadata
 * service completes it. One of either kind in a process.
 */
enum azure_kind { AZURE_VM_SNP = 1, AZURE_VM_TDX };

/* Makes the quoting key in the TPM, and the report. Into the folder state, as
 * root.pem, other.pem and endorsements/, goes what Relying Parties need. */
void azure_vm_start(enum azure_kind kind, const char *tcti, const char *state);
void azure_vm_stop(void);
/* Writes a report anew: "good", "other-key" (names a key that the TPM does not
 * have), "unhashed" (the JSON was changed afterwards), "torn" (half of it is
 * another), "none" (the index is gone), "other-code" (another measurement).
 * False: no such. */
bool azure_vm_report(const char *how);

/* The metadata service, on a loopback port. */
unsigned azure_host_start(enum azure_kind kind);
/* "good", "hang", "huge", "error", "html", "redirect", "empty", "other" (a
 * quote over other data; certificates of nobody). False: no such. */
bool azure_host_tell(const char *how);

#endif
