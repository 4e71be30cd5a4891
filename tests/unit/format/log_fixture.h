/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_LOG_FIXTURE_H
#define FORMAT_LOG_FIXTURE_H

#include "base/wr.h"
#include "format/eventlog.h"

/* Writes event logs, good ones or not, for tests. */
void log_le(struct wr *w, uint64_t v, size_t n);
/* "Spec ID Event03" with these banks; sizes are the hashes' own. */
void log_header(struct wr *w, const uint16_t *banks, size_t n);
/* A record whose digests are over measured, in SHA-256 and SHA-384. */
void log_event(struct wr *w, uint32_t pcr, uint32_t type, struct span measured,
    struct span data);
/* The same where the digests are over the data. */
void log_plain(struct wr *w, uint32_t pcr, uint32_t type, struct span data);
void log_locality(struct wr *w, uint32_t pcr, uint8_t locality);
/* UEFI_VARIABLE_DATA; the global namespace, unless other. */
void log_variable_data(
    struct wr *w, bool other, const char *name, struct span value);
void log_variable(struct wr *w, uint32_t pcr, uint32_t type, const char *name,
    struct span value);

extern const uint16_t log_banks[2]; /* SHA-256, SHA-384 */
extern const struct span log_separator, log_on, log_off;

/*
 * A boot: firmware, secure boot on, one boot application, and a command line
 * as GRUB measures it. secure is the value of SecureBoot.
 */
#define LOG_SHIM "the boot application"
#define LOG_CMDLINE "/vmlinuz root=/dev/vda1 ro"
void log_boot(struct wr *w, struct span secure);

#endif
