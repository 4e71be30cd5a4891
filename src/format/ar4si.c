/* SPDX-License-Identifier: Apache-2.0 */
#include "format/ar4si.h"

static const char *const names[AR4SI_CLAIMS] = {
	[AR4SI_INSTANCE_IDENTITY] = "instance-identity",
	[AR4SI_CONFIGURATION] = "configuration",
	[AR4SI_EXECUTABLES] = "executables",
	[AR4SI_FILE_SYSTEM] = "file-system",
	[AR4SI_HARDWARE] = "hardware",
	[AR4SI_RUNTIME_OPAQUE] = "runtime-opaque",
	[AR4SI_STORAGE_OPAQUE] = "storage-opaque",
	[AR4SI_SOURCED_DATA] = "sourced-data",
};

/* From good to bad: the place in this table is the rank. */
static const struct tier {
	enum ar4si_tier tier;
	const char *name;
} tiers[] = {
	{ AR4SI_TIER_AFFIRMING, "affirming" },
	{ AR4SI_TIER_NONE, "none" },
	{ AR4SI_TIER_WARNING, "warning" },
	{ AR4SI_TIER_CONTRAINDICATED, "contraindicated" },
};
#define TIERS (sizeof(tiers) / sizeof(tiers[0]))

const char *
ar4si_name(enum ar4si claim)
{
	return (size_t)claim < AR4SI_CLAIMS ? names[claim] : "unknown";
}

bool
ar4si_find(struct span name, enum ar4si *ret)
{
	for (size_t i = 0; i < AR4SI_CLAIMS; i++) {
		if (span_is(name, names[i])) {
			*ret = (enum ar4si)i;
			return true;
		}
	}
	return false;
}

/* AR4SI s2.3.1: the ranges, with their mirror images below zero. */
enum ar4si_tier
ar4si_tier(int8_t value)
{
	if (value >= -1 && value <= 1)
		return AR4SI_TIER_NONE;
	if (value >= -32 && value <= 31)
		return AR4SI_TIER_AFFIRMING;
	if (value >= -96 && value <= 95)
		return AR4SI_TIER_WARNING;
	return AR4SI_TIER_CONTRAINDICATED;
}

static size_t
rank(enum ar4si_tier tier)
{
	size_t i = 0;

	while (i < TIERS && tiers[i].tier != tier)
		i++;
	return i; /* an unknown one is worse than all */
}

const char *
ar4si_tier_name(enum ar4si_tier tier)
{
	size_t i = rank(tier);

	return i < TIERS ? tiers[i].name : "unknown";
}

bool
ar4si_tier_find(struct span name, enum ar4si_tier *ret)
{
	for (size_t i = 0; i < TIERS; i++) {
		if (span_is(name, tiers[i].name)) {
			*ret = tiers[i].tier;
			return true;
		}
	}
	return false;
}

bool
ar4si_tier_known(int64_t number, enum ar4si_tier *ret)
{
	for (size_t i = 0; i < TIERS; i++) {
		if (number == (int64_t)tiers[i].tier) {
			*ret = tiers[i].tier;
			return true;
		}
	}
	return false;
}

bool
ar4si_any(const int8_t vector[AR4SI_CLAIMS])
{
	for (size_t i = 0; i < AR4SI_CLAIMS; i++) {
		if (vector[i] != 0)
			return true;
	}
	return false;
}

bool
ar4si_worse(enum ar4si_tier a, enum ar4si_tier b)
{
	return rank(a) > rank(b);
}

enum ar4si_tier
ar4si_worst(const int8_t vector[AR4SI_CLAIMS])
{
	enum ar4si_tier worst = AR4SI_TIER_NONE, tier;
	bool any = false;

	for (size_t i = 0; i < AR4SI_CLAIMS; i++) {
		if ((tier = ar4si_tier(vector[i])) == AR4SI_TIER_NONE)
			continue;
		if (!any || rank(tier) > rank(worst))
			worst = tier;
		any = true;
	}
	return worst;
}

bool
ar4si_honest(enum ar4si_tier status, enum ar4si_tier worst)
{
	if (rank(status) == TIERS)
		return false;
	return worst == AR4SI_TIER_NONE || rank(status) >= rank(worst);
}
