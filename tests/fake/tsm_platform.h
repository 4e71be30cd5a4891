/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_TSM_PLATFORM_H
#define FAKE_TSM_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a report says, other than usual. */
struct tsm_wish {
	unsigned long measurement; /* each byte of it; 0: as usual */
	unsigned level;            /* privilege */
	bool debug, other, cut;
};

#define TSM_TABLE 16384u /* bytes of a certificate table, with padding */

/* A platform that signs under a DEVELOPMENT ROOT. */
struct tsm_platform {
	const char *name;
	bool levels; /* of privilege, and certificates */
	void (*start)(const char *state);
	void (*stop)(void);
	void (*report)(const uint8_t data[64], const struct tsm_wish *w,
	    uint8_t **ret, size_t *ret_n);
	void (*certificates)(uint8_t *to, size_t cap);
};

extern const struct tsm_platform tsm_snp, tsm_tdx, tsm_cca;
extern const char fake_tsm_mark[];
/* What Relying Parties need, into the folder state under that name. */
void platform_copy(const char *state, const char *name, const char *from);
const struct tsm_platform *tsm_platform_find(const char *name);

#endif
