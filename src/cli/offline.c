/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/offline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/diag.h"
#include "base/file.h"
#include "base/limits.h"

/* ---- Time ---- */

/* Seconds since 1970, in decimal. */
static bool
parse_unix(const char *text, int64_t *ret)
{
	char *end = NULL;
	long long v;

	errno = 0;
	v = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || v < 0 ||
	    text[0] < '0' || text[0] > '9')
		return false;
	*ret = v;
	return true;
}

/* "Z", "+01:00" or "-05:30", in seconds. */
static bool
parse_zone(const char *text, int64_t *ret)
{
	struct tm tm = { 0 };
	const char *rest;

	if (strcmp(text, "Z") == 0) {
		*ret = 0;
		return true;
	}
	if (strlen(text) != 6 || (text[0] != '+' && text[0] != '-') ||
	    (rest = strptime(text + 1, "%H:%M", &tm)) == NULL || *rest != '\0')
		return false;
	*ret = (tm.tm_hour * 60 + tm.tm_min) * 60 * (text[0] == '-' ? -1 : 1);
	return true;
}

/* RFC 3339 without fractions of seconds. */
static bool
parse_date(const char *text, int64_t *ret)
{
	struct tm tm = { 0 }, check;
	const char *rest;
	int64_t zone;
	time_t t;

	if (strlen(text) < 20 || text[4] != '-' || text[10] != 'T' ||
	    (rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm)) != text + 19 ||
	    !parse_zone(rest, &zone))
		return false;
	check = tm;
	/* timegm() would quietly turn 31 February into a day of March. */
	if ((t = timegm(&check)) == -1 || check.tm_mday != tm.tm_mday)
		return false;
	*ret = (int64_t)t - zone;
	return true;
}

static int
parse_time(const char *text, int64_t *ret, struct seal_diag *d)
{
	if (text == NULL) {
		*ret = time(NULL);
		return 0;
	}
	if (parse_unix(text, ret) || parse_date(text, ret))
		return 0;
	return seal_fail(d, SEAL_E_CONFIG,
	    "--time: expected seconds since 1970 or 2026-01-31T12:00:00Z, "
	    "found '%s'",
	    text);
}

/* ---- Binder ---- */

static int
check_binder(const struct offline *o, struct seal_diag *d)
{
	size_t n = o->binder.n;

	if (n > 0 && o->nonce.n > 0)
		return seal_fail(d, SEAL_E_CONFIG,
		    "--expect-binder, --nonce: expected one of them, found "
		    "both");
	if (n != 0 && n != 32 && n != 48 && n != 64)
		return seal_fail(d, SEAL_E_CONFIG,
		    "--expect-binder: expected 32, 48 or 64 bytes, found %zu",
		    n);
	if (o->nonce.n > 0 && o->nonce.n < 8)
		return seal_fail(d, SEAL_E_CONFIG,
		    "--nonce: expected 8 to 64 bytes, found %zu", o->nonce.n);
	return 0;
}

int
offline_args(const struct offline *o, struct seal_appraise_args *ret,
    struct seal_diag *d)
{
	struct seal_appraise_args args = { .type = o->type,
		.endorsements = o->endorsements };
	int r;

	if ((r = check_binder(o, d)) != 0 ||
	    (r = parse_time(o->time, &args.unix_s, d)) != 0)
		return r;
	if (o->binder.n > 0) {
		args.binder = o->binder.p;
		args.binder_n = o->binder.n;
	}
	if (o->nonce.n > 0) {
		args.nonce = o->nonce.p;
		args.nonce_n = o->nonce.n;
	}
	*ret = args;
	return 0;
}

int
offline_read(
    const char *path, uint8_t **ret, size_t *ret_n, struct seal_diag *d)
{
	if (strcmp(path, "-") == 0)
		return file_read_stdin(LIMIT_FILE, ret, ret_n, d);
	return file_read(path, LIMIT_FILE, ret, ret_n, d);
}
