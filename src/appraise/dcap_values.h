/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_DCAP_VALUES_H
#define APPRAISE_DCAP_VALUES_H

#include "appraise/dcap.h"

/*
 * "measurements" of an accept entry: names of registers with the value that
 * each must have, {"mrtd": HEX, "rtmr0": HEX, …}. Registers that it does not
 * name may have any.
 */
#define DCAP_VALUES_MAX 16
#define DCAP_VALUE_SIZE_MAX 48

/* A technology's registers, in the order of every array below. */
struct dcap_registers {
	const char *check;        /* "tdx.measurement" */
	const char *model;        /* in the environment of a CoMID */
	const char *const *names; /* NULL ends */
	size_t size;              /* bytes of each */
};

struct dcap_expected {
	bool by_refs; /* a CoRIM has the values, none stands here */
	bool set[DCAP_VALUES_MAX];
	uint8_t value[DCAP_VALUES_MAX][DCAP_VALUE_SIZE_MAX];
};

int dcap_values_load(const struct dcap_registers *regs, const json_t *entry,
    struct dcap_expected *ret, struct seal_diag *d);
void dcap_values_explain(const struct dcap_registers *regs,
    const struct dcap_expected *e, struct wr *out);
bool dcap_values_match(const struct dcap_registers *regs,
    const struct dcap_expected *e, const struct span *got,
    struct seal_verdict *v);
void dcap_values_claim(const struct dcap_registers *regs,
    const struct span *got, struct seal_verdict *v);
/* Pins those whose bit is set in which. */
int dcap_values_learn(const struct dcap_registers *regs, const struct span *got,
    unsigned which, json_t *entry);
/* In the terms of CoMID: a digest each, its name as mkey. */
int dcap_values_describe(const struct dcap_registers *regs,
    const struct span *got, const struct findings *f, struct wr *env,
    struct wr *measurements);

/* "attributes" and the like: bytes as the quote holds them, all compared. */
struct dcap_bytes {
	bool set;
	uint8_t value[64];
};
int dcap_bytes_load(const json_t *entry, const char *key, size_t n,
    struct dcap_bytes *ret, struct seal_diag *d);
bool dcap_bytes_match(const char *check, const struct dcap_bytes *e,
    struct span got, struct seal_verdict *v);
int dcap_hex_set(json_t *object, const char *key, struct span value);

#endif
