/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "evidence/device_fixture.h"

#define SETTINGS 4

static int open_err;
static unsigned opens, closes;
struct played_asked played_asked;

int
played_open(const char *path)
{
	assert_non_null(path);
	opens++;
	if (open_err == 0)
		return PLAYED_FD;
	errno = open_err;
	return -1;
}

void
played_close(int fd)
{
	assert_int_equal(fd, PLAYED_FD);
	closes++;
}

void
played_put_ca(const char *path, struct wr *out)
{
	wr_printf(out, "{\"ca\":\"%s\"}", path);
}

void
played_ask(struct span challenge)
{
	assert_true(challenge.n <= sizeof(played_asked.bytes));
	memcpy(played_asked.bytes, challenge.p, challenge.n);
	played_asked.n = challenge.n;
	played_asked.times++;
}

int
played_attester(const struct played *p, const char *const *kv,
    struct attester **ret, struct seal_diag *d)
{
	static struct evidence_driver kept; /* as long as the attester */
	struct conf_pair pairs[SETTINGS];
	struct conf conf = { pairs, 0 };

	for (; kv[0] != NULL; kv += 2)
		pairs[conf.n++] = (struct conf_pair){ kv[0], kv[1] };
	kept = *p->driver;
	if (p->open != NULL)
		kept.open = p->open;
	return attester_open_driver(&kept, &conf, ret, d);
}

void
played_opening(const struct played *p, const struct played_row *rows)
{
	for (; rows->name != NULL; rows++) {
		struct attester *a = NULL;
		struct seal_diag d = { 0 };
		int r;

		open_err = rows->err;
		opens = closes = 0;
		r = played_attester(p, rows->kv, &a, &d);
		if (r != rows->want || (r != 0 && d.text[0] == '\0'))
			fail_msg("%s: %d (%s)", rows->name, r, d.text);
		attester_free(&a);
		if (closes != (rows->err == 0 ? opens : 0))
			fail_msg("%s: the device stays open", rows->name);
	}
	open_err = 0;
}
