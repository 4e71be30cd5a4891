/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_TSM_H
#define EVIDENCE_TSM_H

/* What the files about configfs-tsm share; private to them. */
#include "base/conf.h"
#include "evidence/report.h"
#include "format/svsm.h"
#include "format/tsm_report.h"

/*
 * Linux's reports of confidential guests (Documentation/ABI/testing/
 * configfs-tsm-report): a folder, made by who asks, in which inblob takes the
 * report data and outblob gives the report; generation counts the writes.
 */
#define TSM_DIR "/sys/kernel/config/tsm/report"
#define TSM_NAME 32     /* bytes of an entry's name, with NUL */
#define TSM_TEXT_MAX 64 /* bytes of an attribute that is text */
#define TSM_PRIVLEVEL_MAX 3u
#define TSM_VERSION 10  /* bytes of a manifest's version, with NUL */
#define TSM_ATTEMPTS 4u /* reports made where others interfere */

/* An entry of ours. */
struct tsm_entry {
	const char *dir; /* in messages */
	int root, at;    /* its folder, and itself */
	char name[TSM_NAME];
	uint64_t deadline_ms;
};

/*
 * Each operation waits while the device is busy (EBUSY, EAGAIN), takes up
 * again what a signal interrupted, and past the deadline is
 * SEAL_E_UNAVAILABLE. What the kernel does inside one call it may do for
 * longer: it has bounds of its own.
 */
int tsm_entry_make(const char *dir, uint64_t deadline_ms, struct tsm_entry *ret,
    struct seal_diag *d);
void tsm_entry_remove(struct tsm_entry *e); /* also a half-made one */
/* Without its newline; at most TSM_TEXT_MAX - 1 bytes. Where it may be
 * missing, and is, *ret is empty. */
int tsm_read_text(struct tsm_entry *e, const char *attribute, bool optional,
    char ret[TSM_TEXT_MAX], struct seal_diag *d);
int tsm_read_number(struct tsm_entry *e, const char *attribute, uint64_t *ret,
    struct seal_diag *d);
int tsm_read_blob(struct tsm_entry *e, const char *attribute, bool optional,
    struct wr *out, struct seal_diag *d);
bool tsm_has(const struct tsm_entry *e, const char *attribute);
/* Of a binary attribute the kernel takes the bytes at close, and tells of no
 * failure: only its generation does. */
int tsm_write(struct tsm_entry *e, const char *attribute, struct span value,
    struct seal_diag *d);

/* What is to be asked for. An SVSM's report is of all its services, or of the
 * one with this GUID, whose manifest has forms by number; texts, or empty. */
struct tsm_want {
	const struct tsm_kind *kind;
	bool has_privlevel, certificates;
	uint32_t privlevel;
	bool svsm;
	char guid[SVSM_GUID_TEXT], version[TSM_VERSION];
};

/* One report over data as Evidence. */
int tsm_report(const char *dir, const struct tsm_want *want,
    const uint8_t data[REPORT_DATA], uint64_t deadline_ms, struct wr *out,
    struct seal_diag *d);

/* What this kernel has; makes an entry for as long as it takes to look. */
struct tsm_found {
	const struct tsm_kind *kind;
	bool has_privlevel;
	bool has_services; /* below an SVSM */
	uint32_t floor;    /* of the privilege level */
};
int tsm_look(const char *dir, uint64_t deadline_ms, struct tsm_found *ret,
    struct seal_diag *d);

#endif
