/* SPDX-License-Identifier: Apache-2.0 */
#include "format/eventlog.h"

#include <string.h>

/* PFP s10.4.1, tables 14 to 16. */
static const struct {
	uint32_t type;
	const char *name;
	bool over_data; /* the digest is by definition of the event's data */
} types[] = {
	{ 0x00000000, "EV_PREBOOT_CERT", false },
	{ 0x00000001, "EV_POST_CODE", false },
	{ 0x00000002, "EV_UNUSED", false },
	{ EV_NO_ACTION, "EV_NO_ACTION", false },
	{ EV_SEPARATOR, "EV_SEPARATOR", true },
	{ EV_ACTION, "EV_ACTION", true },
	{ EV_EVENT_TAG, "EV_EVENT_TAG", false }, /* Linux: of what it names */
	{ 0x00000007, "EV_S_CRTM_CONTENTS", false },
	{ 0x00000008, "EV_S_CRTM_VERSION", true },
	{ 0x00000009, "EV_CPU_MICROCODE", false },
	{ 0x0000000a, "EV_PLATFORM_CONFIG_FLAGS", false },
	{ 0x0000000b, "EV_TABLE_OF_DEVICES", false },
	{ 0x0000000c, "EV_COMPACT_HASH", false },
	{ EV_IPL, "EV_IPL", false },
	{ 0x0000000e, "EV_IPL_PARTITION_DATA", false },
	{ 0x0000000f, "EV_NONHOST_CODE", false },
	{ 0x00000010, "EV_NONHOST_CONFIG", false },
	{ 0x00000011, "EV_NONHOST_INFO", true },
	{ EV_OMIT_BOOT_DEVICE_EVENTS, "EV_OMIT_BOOT_DEVICE_EVENTS", true },
	{ 0x00000013, "EV_POST_CODE2", false },
	{ EV_EFI_VARIABLE_DRIVER_CONFIG, "EV_EFI_VARIABLE_DRIVER_CONFIG",
	    true },
	/* Some firmware measures the variable's value alone. */
	{ EV_EFI_VARIABLE_BOOT, "EV_EFI_VARIABLE_BOOT", false },
	{ EV_EFI_BOOT_SERVICES_APPLICATION, "EV_EFI_BOOT_SERVICES_APPLICATION",
	    false },
	{ EV_EFI_BOOT_SERVICES_DRIVER, "EV_EFI_BOOT_SERVICES_DRIVER", false },
	{ 0x80000005, "EV_EFI_RUNTIME_SERVICES_DRIVER", false },
	{ EV_EFI_GPT_EVENT, "EV_EFI_GPT_EVENT", true },
	{ EV_EFI_ACTION, "EV_EFI_ACTION", true },
	{ 0x80000008, "EV_EFI_PLATFORM_FIRMWARE_BLOB", false },
	{ 0x80000009, "EV_EFI_HANDOFF_TABLES", false },
	{ 0x8000000a, "EV_EFI_PLATFORM_FIRMWARE_BLOB2", false },
	{ 0x8000000b, "EV_EFI_HANDOFF_TABLES2", false },
	{ EV_EFI_VARIABLE_BOOT2, "EV_EFI_VARIABLE_BOOT2", false },
	{ 0x8000000d, "EV_EFI_GPT_EVENT2", true },
	{ EV_EFI_HCRTM_EVENT, "EV_EFI_HCRTM_EVENT", false },
	/* shim measures its own lists by the value alone. */
	{ EV_EFI_VARIABLE_AUTHORITY, "EV_EFI_VARIABLE_AUTHORITY", false },
	{ 0x800000e1, "EV_EFI_SPDM_FIRMWARE_BLOB", false },
	{ 0x800000e2, "EV_EFI_SPDM_FIRMWARE_CONFIG", true },
};
#define TYPES (sizeof(types) / sizeof(types[0]))

const char *
eventlog_type_name(uint32_t type)
{
	for (size_t i = 0; i < TYPES; i++)
		if (types[i].type == type)
			return types[i].name;
	return NULL;
}

static bool
over_data(uint32_t type)
{
	for (size_t i = 0; i < TYPES; i++)
		if (types[i].type == type)
			return types[i].over_data;
	return false;
}

/* ---- What was measured ---- */

static bool
is_digest_of(enum hash h, struct span digest, struct span data)
{
	uint8_t got[HASH_MAX];

	return hash_one(h, data, got, NULL) == 0 &&
	       span_equal(digest, span_of(got, hash_size(h)));
}

/* data after "label: ", as GRUB describes commands and files. */
static bool
after_label(struct span data, struct span *ret)
{
	struct rd r;
	uint8_t c = 0, next = 0;

	rd_init(&r, data);
	while (rd_u8(&r, &c)) {
		if (c != ':' || !rd_peek(&r, &next) || next != ' ')
			continue;
		return rd_u8(&r, &c) && rd_bytes(&r, rd_left(&r), ret) &&
		       ret->n > 0;
	}
	return false;
}

static struct span
without_nul(struct span s)
{
	if (s.n > 0 && s.p[s.n - 1] == 0)
		s.n--;
	return s;
}

/* The part of the data that makes this digest; false if none does. */
static bool
find_covered(enum hash h, const struct eventlog_event *e, struct span digest,
    struct span *ret)
{
	struct eventlog_variable v;
	struct span tail = { 0 }, tries[5] = { e->data };
	size_t n = 1;

	if (after_label(e->data, &tail)) {
		tries[n++] = tail;
		tries[n++] = without_nul(tail);
	}
	if (eventlog_variable_parse(e->data, &v))
		tries[n++] = v.value;
	tries[n++] = without_nul(e->data);
	for (size_t i = 0; i < n; i++) {
		if (tries[i].n == 0 || !is_digest_of(h, digest, tries[i]))
			continue;
		*ret = tries[i];
		return true;
	}
	return false;
}

enum eventlog_content
eventlog_content(const struct eventlog *l, const struct eventlog_event *e,
    uint16_t bank, struct span *ret_covered)
{
	struct span digest = { 0 }, covered = { 0 };
	enum hash h = tpm_hash(bank);

	*ret_covered = covered;
	if (!eventlog_measured(e) || h == HASH_NONE ||
	    !eventlog_digest(l, e, bank, &digest))
		return EVENTLOG_DESCRIBED;
	if (over_data(e->type)) {
		if (!is_digest_of(h, digest, e->data))
			return EVENTLOG_CONTRADICTED;
		*ret_covered = e->data;
		return EVENTLOG_PROVED;
	}
	if (!find_covered(h, e, digest, &covered))
		return EVENTLOG_DESCRIBED;
	*ret_covered = covered;
	return EVENTLOG_PROVED;
}

/* ---- Structures ---- */

bool
eventlog_variable_parse(struct span data, struct eventlog_variable *ret)
{
	struct eventlog_variable v = { 0 };
	uint64_t name_units, value_n;
	struct rd r;

	rd_init(&r, data);
	if (!rd_copy(&r, v.guid, sizeof(v.guid)) ||
	    !rd_u64le(&r, &name_units) || !rd_u64le(&r, &value_n) ||
	    name_units > EVENTLOG_VARIABLE_NAME_MAX ||
	    !rd_bytes(&r, (size_t)name_units * 2, &v.name) ||
	    value_n != rd_left(&r) || !rd_bytes(&r, rd_left(&r), &v.value) ||
	    !rd_end(&r))
		return false;
	*ret = v;
	return true;
}

bool
eventlog_variable_is_global(const struct eventlog_variable *v, const char *name)
{
	/* 8be4df61-93ca-11d2-aa0d-00e098032b8c, as UEFI stores it. */
	static const uint8_t global[16] = { 0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93,
		0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c };
	struct rd r;
	uint16_t c;

	if (memcmp(v->guid, global, sizeof(global)) != 0)
		return false;
	rd_init(&r, v->name);
	for (; *name != '\0'; name++)
		if (!rd_u16le(&r, &c) || c != (uint8_t)*name)
			return false;
	return rd_end(&r);
}

bool
eventlog_tag_parse(struct span data, uint32_t *ret_id, struct span *ret_value)
{
	struct span value;
	uint32_t id, n;
	struct rd r;

	rd_init(&r, data);
	if (!rd_u32le(&r, &id) || !rd_u32le(&r, &n) ||
	    !rd_bytes(&r, n, &value) || !rd_end(&r))
		return false;
	*ret_id = id;
	*ret_value = value;
	return true;
}

/* ---- For people ---- */

static bool
printable(unsigned c)
{
	return c >= 0x20 && c < 0x7f;
}

/* Does it look like UTF-16LE text? Judged by its first two characters. */
static bool
is_wide(struct span s)
{
	return s.n >= 4 && s.n % 2 == 0 && printable(s.p[0]) && s.p[1] == 0 &&
	       printable(s.p[2]) && s.p[3] == 0;
}

const char *
eventlog_text(struct span data, char *buf, size_t cap)
{
	size_t step = is_wide(data) ? 2 : 1, n = 0;

	for (size_t i = 0; i < data.n && n + 1 < cap; i += step) {
		bool wide = step == 2 && data.p[i + 1] != 0;

		if (data.p[i] == 0 && !wide)
			break; /* the NUL of a C string */
		buf[n++] =
		    !wide && printable(data.p[i]) ? (char)data.p[i] : '?';
	}
	buf[n] = '\0';
	/* Binary data: do not show as text what merely starts like it. */
	if (step == 1 && (n < 2 || (n + 1 < data.n && n + 1 < cap) ||
			     memchr(buf, '?', n) != NULL))
		buf[0] = '\0';
	return buf;
}
