/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attests with the report of a confidential guest, through Linux's
 * configfs-tsm: AMD SEV-SNP, Intel TDX, Arm CCA. The subject key lives in the
 * guest's memory; the report data commits to it.
 */
#include "evidence/tsm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/drivers.h"
#include "evidence/subject.h"

#define PROBE_TIMEOUT_MS 2000u

struct tsm {
	struct subject subject;
	char *dir;
	struct tsm_want want;
};

/* ---- Settings ---- */

static int
refuse(const char *key, const char *expected, const char *found,
    struct seal_diag *d)
{
	return seal_fail(d, SEAL_E_CONFIG,
	    "tsm: %s: expected %s, found '%.40s'", key, expected, found);
}

/* Of the platform that is there, if the settings say which. */
static int
conf_provider(
    const struct conf *conf, const struct tsm_found *found, struct seal_diag *d)
{
	const char *text = conf_get(conf, "provider", found->kind->provider);
	int r;

	if (strcmp(text, found->kind->provider) == 0)
		return 0;
	r = refuse("provider", text, found->kind->provider, d);
	seal_remedy(d, "this guest is another platform: change the setting, "
		       "or the machine");
	return r;
}

/* The level of the settings; without, the least one that may ask. */
static int
conf_privlevel(const struct conf *conf, const struct tsm_found *found,
    struct tsm_want *want, struct seal_diag *d)
{
	const char *text = conf_get(conf, "privlevel", NULL);
	int r;

	want->privlevel = found->floor;
	want->has_privlevel = found->has_privlevel && found->floor > 0;
	if (text == NULL)
		return 0;
	if (text[0] < '0' || text[0] > '0' + (int)TSM_PRIVLEVEL_MAX ||
	    text[1] != '\0')
		return refuse("privlevel", "0, 1, 2 or 3", text, d);
	if (!found->has_privlevel)
		return refuse(
		    "privlevel", "none: this platform has no levels", text, d);
	want->privlevel = (uint32_t)(text[0] - '0');
	want->has_privlevel = true;
	if (want->privlevel >= found->floor)
		return 0;
	r = seal_fail(d, SEAL_E_CONFIG,
	    "tsm: privlevel: expected %u or more, which is this guest's "
	    "floor, found %s",
	    (unsigned)found->floor, text);
	seal_remedy(d, "a guest below a paravisor or an SVSM attests for its "
		       "own level; the policy's 'vmpl' allows it");
	return r;
}

/* Which form of one service's manifest. */
static int
conf_version(
    const struct conf *conf, struct tsm_want *want, struct seal_diag *d)
{
	const char *text = conf_get(conf, "service_manifest_version", NULL);

	if (text == NULL)
		return 0;
	if (want->guid[0] == '\0')
		return refuse("service_manifest_version",
		    "none, for want of a service_guid", text, d);
	if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0' ||
	    strlen(text) >= sizeof(want->version))
		return refuse("service_manifest_version", "a number", text, d);
	snprintf(want->version, sizeof(want->version), "%s", text);
	return 0;
}

static int
conf_guid(const struct conf *conf, struct tsm_want *want, struct seal_diag *d)
{
	const char *text = conf_get(conf, "service_guid", NULL);
	uint8_t guid[SVSM_GUID];

	if (text == NULL)
		return 0;
	if (!svsm_guid_read(span_str(text), guid))
		return refuse(
		    "service_guid", "a GUID such as " SVSM_VTPM, text, d);
	svsm_guid_text(span_of(guid, sizeof(guid)), want->guid);
	return 0;
}

/* An SVSM attests in the guest's place, of its own level and its services. */
static int
conf_service(const struct conf *conf, const struct tsm_found *found,
    struct tsm_want *want, struct seal_diag *d)
{
	const char *text = conf_get(conf, "service_provider", NULL);
	int r;

	want->svsm = text != NULL;
	if ((r = conf_guid(conf, want, d)) != 0 ||
	    (r = conf_version(conf, want, d)) != 0)
		return r;
	if (text == NULL)
		return want->guid[0] == '\0'
			   ? 0
			   : refuse("service_guid",
				 "none, for want of a service_provider",
				 want->guid, d);
	if (strcmp(text, "svsm") != 0)
		return refuse("service_provider", "svsm, or none", text, d);
	if (found->has_services && report_maker(found->kind) == report_snp)
		return 0;
	seal_fail(d, SEAL_E_UNSUPPORTED,
	    "tsm: service_provider: expected a guest below an SVSM with Linux "
	    "6.10 or newer, found none");
	seal_remedy(d, "leave it out: the guest then attests for its own "
		       "level");
	return SEAL_E_UNSUPPORTED;
}

/* Whose level the report names: an SVSM's is its own. */
static int
conf_level(const struct conf *conf, const struct tsm_found *found,
    struct tsm_want *want, struct seal_diag *d)
{
	const char *text = conf_get(conf, "privlevel", NULL);

	if (!want->svsm)
		return conf_privlevel(conf, found, want, d);
	return text == NULL ? 0
			    : refuse("privlevel",
				  "none: an SVSM attests for its own", text, d);
}

static int
configure(struct tsm *t, const struct conf *conf, uint64_t deadline_ms,
    struct seal_diag *d)
{
	struct tsm_found found;
	int r;

	if ((r = conf_yes(
		 conf, "tsm", "certificates", &t->want.certificates, d)) != 0 ||
	    (r = tsm_look(t->dir, deadline_ms, &found, d)) != 0 ||
	    (r = conf_provider(conf, &found, d)) != 0 ||
	    (r = conf_service(conf, &found, &t->want, d)) != 0)
		return r;
	t->want.kind = found.kind;
	return conf_level(conf, &found, &t->want, d);
}

/* ---- The driver ---- */

static int
tsm_probe(const struct conf *conf, struct wr *out, struct seal_diag *d)
{
	const char *dir = conf_get(conf, "dir", TSM_DIR);
	struct tsm_found found;
	int r;

	if ((r = tsm_look(
		 dir, evidence_now_ms() + PROBE_TIMEOUT_MS, &found, d)) != 0)
		return r;
	wr_printf(out, "%s (%s)", found.kind->what, found.kind->provider);
	if (found.floor > 0)
		wr_printf(
		    out, ", from privilege level %u on", (unsigned)found.floor);
	if (found.has_services)
		wr_printf(out, ", below an SVSM (service_provider=svsm)");
	return 0;
}

static int
tsm_open(void *ctx, const struct conf *conf, uint64_t deadline_ms,
    struct seal_diag *d)
{
	struct tsm *t = ctx;
	int r;

	if ((t->dir = strdup(conf_get(conf, "dir", TSM_DIR))) == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "tsm");
	if ((r = configure(t, conf, deadline_ms, d)) != 0)
		return r;
	return subject_open(&t->subject, "tsm", true, conf, d);
}

/* 64 bytes hold any of our hashes. */
static size_t
tsm_binder_max(void *ctx)
{
	(void)ctx;
	return REPORT_DATA;
}

static int
tsm_collect(void *ctx, const struct seal_binding *b, uint64_t deadline_ms,
    struct wr *out, struct seal_diag *d)
{
	struct tsm *t = ctx;
	uint8_t data[REPORT_DATA];

	report_data(b, data);
	return tsm_report(t->dir, &t->want, data, deadline_ms, out, d);
}

static void
tsm_close(void *ctx)
{
	struct tsm *t = ctx;

	subject_wipe(&t->subject);
	free(t->dir);
}

static const char *
tsm_type(void *ctx)
{
	const struct tsm_want *want = &((const struct tsm *)ctx)->want;

	return want->svsm ? SVSM_TYPE : want->kind->media_type;
}

static const char *const tsm_keys[] = { SUBJECT_KEYS, "dir", "provider",
	"privlevel", "certificates", "service_provider", "service_guid",
	"service_manifest_version", NULL };

SUBJECT_FIRST(struct tsm);
const struct evidence_driver evidence_tsm = {
	.abi = EVIDENCE_DRIVER_ABI,
	.name = "tsm",
	.keys = tsm_keys,
	.ctx_size = sizeof(struct tsm),
	.probe = tsm_probe,
	.open = tsm_open,
	.binder_max = tsm_binder_max,
	SUBJECT_CALLS,
	.collect = tsm_collect,
	.close = tsm_close,
	.type = tsm_type,
};
