/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_DRIVER_H
#define EVIDENCE_DRIVER_H

#include "base/conf.h"
#include "base/wr.h"
#include "binding/binder.h"

struct privkey;

#define EVIDENCE_DRIVER_ABI 1u

/*
 * A way to attest with something. Sequence: open; subject, collect and sign,
 * repeatedly and in any order; close, also after a failed open. probe alone
 * at any time. The core serialises the calls on one ctx. deadline_ms is on
 * the clock of evidence_now_ms(); a driver whose device is busy gives up then
 * with SEAL_E_UNAVAILABLE.
 */
struct evidence_driver {
	uint32_t abi;
	const char *name;        /* stable: used in config, logs and tests */
	const char *media_type;  /* of what collect() writes; NULL: type() */
	bool insecure;           /* proves nothing about a platform */
	const char *const *keys; /* settings it knows; NULL ends */
	size_t ctx_size;         /* the core allocates, zeroes, wipes, frees */
	/* Can it work here, with conf (which may be NULL)? Cheap, changes
	 * nothing; writes one line about what it found to out. */
	int (*probe)(
	    const struct conf *conf, struct wr *out, struct seal_diag *d);
	int (*open)(void *ctx, const struct conf *conf, uint64_t deadline_ms,
	    struct seal_diag *d);
	/* The subject key's certificate chain: u24-prefixed DER, leaf first. */
	int (*subject)(void *ctx, struct wr *ret_chain, struct seal_diag *d);
	/* The largest hash (bytes) that a binder may have; 0: any. */
	size_t (*binder_max)(void *ctx);
	/* Evidence over b, of media_type. */
	int (*collect)(void *ctx, const struct seal_binding *b,
	    uint64_t deadline_ms, struct wr *out, struct seal_diag *d);
	/* Signs with the subject key, for the authenticator. */
	int (*sign)(void *ctx, uint16_t scheme, struct span tbs,
	    uint64_t deadline_ms, struct wr *out, struct seal_diag *d);
	void (*close)(void *ctx);
	/* The media type, once open, where the platform decides; static. */
	const char *(*type)(void *ctx);
	/* The subject key, borrowed, where it is in this process's memory;
	 * NULL: it is not. */
	const struct privkey *(*key)(void *ctx);
};

extern const struct evidence_driver *const evidence_drivers[]; /* NULL ends */
const struct evidence_driver *evidence_driver_find(const char *name);
uint64_t evidence_now_ms(void); /* monotonic */

/*
 * An open driver with its lock, shared by threads: one call at a time, first
 * come first served (PROTOCOL 4). Calls block: they belong into jobs.
 */
struct attester;

/* Refuses settings that the driver does not know, and one given twice. */
int attester_open(const char *driver, const struct conf *conf,
    struct attester **ret, struct seal_diag *d);
/* The same for a driver that is not in the table. */
int attester_open_driver(const struct evidence_driver *driver,
    const struct conf *conf, struct attester **ret, struct seal_diag *d);
void attester_free(struct attester **a);

/* One of several that attest together, as a collection; label is owned. */
#define ATTESTER_PARTS_MAX 4
struct attester_part {
	char *label;
	struct attester *by;
};
void attester_part_wipe(struct attester_part *p);
/* What goes along with their Evidence for whoever verifies it: a pack of
 * collateral (TAR_COLLATERAL_TYPE), as it is when Evidence is collected. */
#define ATTESTER_STAPLE_LABEL "collateral"
struct attester_staple {
	void *ctx; /* NULL: nothing */
	int (*pack)(void *ctx, struct span *ret, struct seal_diag *d);
	void (*close)(void *ctx);
};
/* An attester whose Evidence is the collection of theirs, for the subject key
 * of the first, which all of them must have. Takes the parts and staple over
 * where it succeeds. */
int attester_open_parts(struct attester_part *parts, size_t n,
    struct attester_staple *staple, struct attester **ret, struct seal_diag *d);
/* One alone, with what goes along: its Evidence is the member of that label;
 * a collection of its own gets one item more. Takes both over, which are empty
 * then, as they are where it fails after that. */
#define ATTESTER_ALONE_LABEL "evidence"
int attester_open_stapled(struct attester **by, struct attester_staple *staple,
    struct attester **ret, struct seal_diag *d);
const char *attester_name(const struct attester *a);
const char *attester_media_type(const struct attester *a);
bool attester_insecure(const struct attester *a);
bool attester_fits(struct attester *a, enum hash h);
/* The subject's chain, read once at open: DER, leaf first; borrowed. */
size_t attester_chain(const struct attester *a, const struct span **ret);
struct cert *attester_leaf(const struct attester *a); /* borrowed */
/* SPKI of the subject key; borrowed. */
struct span attester_spki(const struct attester *a);
/* The subject key for a TLS library that signs by itself, where it is in
 * memory; borrowed; NULL: it stays in its device. */
const struct privkey *attester_key(const struct attester *a);
/* Refuses a binding whose spki is not the subject's, one that is not valid,
 * and BINDING_REPLAY. That BINDING_RAW_NONCE comes only from a Verifier which
 * the configuration trusts is for the caller to see to. timeout_ms bounds
 * waiting for the lock and the device; past it SEAL_E_UNAVAILABLE. */
int attester_collect(struct attester *a, const struct seal_binding *b,
    uint32_t timeout_ms, struct wr *out, struct seal_diag *d);
/* What attester_collect() wrote, as a CMW: a record of its media type, or the
 * collection that it is (PROTOCOL 5.6). */
void attester_write_cmw(
    const struct attester *a, struct span evidence, struct wr *out);
/* A sign_fn; ctx is the struct attester. */
int attester_sign(void *ctx, uint16_t scheme, struct span tbs, struct wr *out,
    struct seal_diag *d);

#endif
