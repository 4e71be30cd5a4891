/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FORMAT_EVENTLOG_H
#define FORMAT_EVENTLOG_H

#include "base/rd.h"
#include "format/tpm.h"

/*
 * The log of what firmware and boot loaders measured (TCG PC Client Platform
 * Firmware Profile s10): records without end mark, little endian. Either
 * crypto-agile, told by a first record "Spec ID Event03" that lists the
 * banks, or the old form, SHA-1 alone.
 *
 * Nothing in a log is signed. Replaying it to a quoted PCR proves the order
 * and the digests of the events of that PCR, and nothing else: the type of an
 * event is never covered, and its data only where the digest is found to be
 * over the data; see eventlog_content().
 */
#define EVENTLOG_BANKS_MAX 8
#define EVENTLOG_EVENTS_MAX 16384u
#define EVENTLOG_DIGEST_MAX 64u

#define EV_NO_ACTION 0x00000003u
#define EV_SEPARATOR 0x00000004u
#define EV_ACTION 0x00000005u
#define EV_EVENT_TAG 0x00000006u
#define EV_IPL 0x0000000du
#define EV_OMIT_BOOT_DEVICE_EVENTS 0x00000012u
#define EV_EFI_VARIABLE_DRIVER_CONFIG 0x80000001u
#define EV_EFI_VARIABLE_BOOT 0x80000002u
#define EV_EFI_BOOT_SERVICES_APPLICATION 0x80000003u
#define EV_EFI_BOOT_SERVICES_DRIVER 0x80000004u
#define EV_EFI_GPT_EVENT 0x80000006u
#define EV_EFI_ACTION 0x80000007u
#define EV_EFI_VARIABLE_BOOT2 0x8000000cu
#define EV_EFI_HCRTM_EVENT 0x80000010u
#define EV_EFI_VARIABLE_AUTHORITY 0x800000e0u

struct eventlog_bank {
	uint16_t alg; /* TPM_ALG_*, also ones unknown here */
	uint16_t size;
};

/* Views into the input. */
struct eventlog {
	struct span records; /* those after the header */
	bool agile, cc;
	struct eventlog_bank banks[EVENTLOG_BANKS_MAX];
	size_t n_banks;
	size_t n_events;
	bool has_locality; /* "StartupLocality" was there */
	uint8_t locality;
};

struct eventlog_event {
	size_t number; /* from 0 */
	uint32_t pcr, type;
	struct span digests[EVENTLOG_BANKS_MAX]; /* in order of log's banks */
	struct span data;
};

/*
 * Reads the whole log, to its last byte. Refused: a digest of a bank that the
 * header lacks, or missing or given twice; a PCR past 23 in a measured event;
 * a StartupLocality twice, elsewhere than in PCR 0, of other than 0, 3 or 4,
 * or after PCR 0 was extended, since it sets the value that PCR 0 began with.
 */
int eventlog_parse(struct span in, struct eventlog *ret, struct seal_diag *d);

/*
 * The log of a confidential VM, as ACPI's CCEL table points to it (UEFI s38):
 * the same records, SHA-384 among the banks; a register of the VM in the
 * PCR's place: 0 is MRTD, 1 to 4 are RTMR 0 to 3; and 0xff behind the last,
 * to the end of the area. SEAL_E_UNSUPPORTED: it is no such log.
 */
#define EVENTLOG_CC_RTMR0 1u
#define EVENTLOG_CC_RTMRS 4u
int eventlog_parse_cc(
    struct span in, struct eventlog *ret, struct seal_diag *d);

/* The events in order, of a log that was parsed: init, then next until
 * false. */
struct eventlog_iter {
	struct rd rd;
	size_t number;
};
void eventlog_begin(const struct eventlog *l, struct eventlog_iter *it);
bool eventlog_next(const struct eventlog *l, struct eventlog_iter *it,
    struct eventlog_event *ret);
/* Is e extended into its PCR? EV_NO_ACTION is not, whatever its digest. */
bool eventlog_measured(const struct eventlog_event *e);
/* e's digest in this bank; false where the log lacks the bank. */
bool eventlog_digest(const struct eventlog *l, const struct eventlog_event *e,
    uint16_t bank, struct span *ret);

/* "EV_SEPARATOR"; NULL for what has no name. */
const char *eventlog_type_name(uint32_t type);

/* ---- Replay ---- */

struct eventlog_pcrs {
	uint32_t touched; /* bit n: some event extends PCR n */
	uint8_t value[TPM_PCRS][HASH_MAX];
};

/*
 * What the PCRs of bank hold after the log's events: PCR 0 starts at the
 * startup locality, 17 to 22 at all ones, as on a machine without dynamic
 * root of trust, the rest at zero. SEAL_E_UNSUPPORTED: the log lacks the
 * bank, or its hash is unknown here.
 */
int eventlog_replay(const struct eventlog *l, uint16_t bank,
    struct eventlog_pcrs *ret, struct seal_diag *d);

/* ---- Content ---- */

enum eventlog_content {
	/* The digest is of something that the log does not hold, as of a
	 * program: the data describes, and proves nothing. */
	EVENTLOG_DESCRIBED = 0,
	EVENTLOG_PROVED,      /* the digest is over the covered bytes */
	EVENTLOG_CONTRADICTED /* by its type it should be over the data */
};

/*
 * Is e's data what was measured? *ret_covered is the part of it that the
 * digest in bank is over; empty unless PROVED.
 */
enum eventlog_content eventlog_content(const struct eventlog *l,
    const struct eventlog_event *e, uint16_t bank, struct span *ret_covered);

/* UEFI_VARIABLE_DATA, the data of the variable events. */
#define EVENTLOG_VARIABLE_NAME_MAX 128u /* UTF-16 units */
struct eventlog_variable {
	uint8_t guid[16];
	struct span name; /* UTF-16LE, without NUL */
	struct span value;
};

bool eventlog_variable_parse(struct span data, struct eventlog_variable *ret);
/* Is it name of the EFI global variable namespace (UEFI s3.3)? */
bool eventlog_variable_is_global(
    const struct eventlog_variable *v, const char *name);

/*
 * TCG_PCClientTaggedEvent: an id and its bytes, the data of EV_EVENT_TAG. The
 * Linux EFI stub describes the kernel's command line and initrd so.
 */
bool eventlog_tag_parse(
    struct span data, uint32_t *ret_id, struct span *ret_value);

/* Text of data for people: UTF-16LE or ASCII, the rest as '?'; empty where it
 * does not look like text. Returns buf. */
const char *eventlog_text(struct span data, char *buf, size_t cap);

#endif
