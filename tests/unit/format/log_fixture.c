/* SPDX-License-Identifier: Apache-2.0 */
#include "log_fixture.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t zeros[4], one[] = { 1 }, zero[] = { 0 };
const struct span log_separator = { zeros, 4 }, log_on = { one, 1 },
		  log_off = { zero, 1 };
const uint16_t log_banks[2] = { TPM_ALG_SHA256, TPM_ALG_SHA384 };

void
log_le(struct wr *w, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wr_u8(w, (uint8_t)(v >> 8 * i));
}

void
log_header(struct wr *w, const uint16_t *banks, size_t n)
{
	static const uint8_t none[20];

	log_le(w, 0, 4);
	log_le(w, EV_NO_ACTION, 4);
	wr_bytes(w, span_of(none, sizeof(none)));
	log_le(w, 29 + 4 * n, 4);
	wr_bytes(w, span_of("Spec ID Event03", 16));
	log_le(w, 0, 4);
	log_le(w, 0x02000200, 4); /* 2.0, errata 0, 64 bits */
	log_le(w, n, 4);
	for (size_t i = 0; i < n; i++) {
		log_le(w, banks[i], 2);
		log_le(w, hash_size(tpm_hash(banks[i])), 2);
	}
	wr_u8(w, 0);
}

void
log_event(struct wr *w, uint32_t pcr, uint32_t type, struct span measured,
    struct span data)
{
	log_le(w, pcr, 4);
	log_le(w, type, 4);
	log_le(w, 2, 4);
	for (size_t i = 0; i < 2; i++) {
		enum hash h = tpm_hash(log_banks[i]);
		uint8_t digest[HASH_MAX] = { 0 };

		if (type != EV_NO_ACTION &&
		    hash_one(h, measured, digest, NULL) != 0)
			abort();
		log_le(w, log_banks[i], 2);
		wr_bytes(w, span_of(digest, hash_size(h)));
	}
	log_le(w, data.n, 4);
	wr_bytes(w, data);
}

void
log_plain(struct wr *w, uint32_t pcr, uint32_t type, struct span data)
{
	log_event(w, pcr, type, data, data);
}

void
log_locality(struct wr *w, uint32_t pcr, uint8_t locality)
{
	uint8_t data[17] = "StartupLocality";

	data[16] = locality;
	log_plain(w, pcr, EV_NO_ACTION, span_of(data, sizeof(data)));
}

void
log_variable_data(struct wr *w, bool other, const char *name, struct span value)
{
	uint8_t guid[16] = { 0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
		0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c };

	guid[0] ^= other;
	wr_bytes(w, span_of(guid, sizeof(guid)));
	log_le(w, strlen(name), 8);
	log_le(w, value.n, 8);
	for (; *name != '\0'; name++)
		log_le(w, (uint8_t)*name, 2);
	wr_bytes(w, value);
}

void
log_variable(struct wr *w, uint32_t pcr, uint32_t type, const char *name,
    struct span value)
{
	uint8_t buf[1024];
	struct wr v;

	wr_init(&v, buf, sizeof(buf));
	log_variable_data(&v, false, name, value);
	log_plain(w, pcr, type, wr_view(&v));
}

void
log_boot(struct wr *w, struct span secure)
{
	log_header(w, log_banks, 2);
	log_locality(w, 0, 3);
	log_plain(w, 0, 0x8, span_str("firmware 1.0"));
	log_variable(w, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, "SecureBoot", secure);
	log_variable(w, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, "PK",
	    span_str("platform key"));
	for (uint32_t pcr = 0; pcr < 8; pcr++)
		log_plain(w, pcr, EV_SEPARATOR, log_separator);
	log_variable(w, 7, EV_EFI_VARIABLE_AUTHORITY, "db", span_str("a CA"));
	log_plain(w, 4, EV_EFI_ACTION,
	    span_str("Calling EFI Application from Boot Option"));
	log_event(w, 4, EV_EFI_BOOT_SERVICES_APPLICATION, span_str(LOG_SHIM),
	    span_str("a device path"));
	log_event(w, 8, EV_IPL, span_str(LOG_CMDLINE),
	    span_of("kernel_cmdline: " LOG_CMDLINE,
		sizeof("kernel_cmdline: " LOG_CMDLINE)));
}
