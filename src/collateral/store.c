/* SPDX-License-Identifier: Apache-2.0 */
#include "collateral/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "format/tar.h"

static int
cannot(const char *dir, const char *what, struct seal_diag *d)
{
	return seal_fail(d, SEAL_E_IO, "collateral '%s': cannot %s: %s", dir,
	    what, strerror(errno));
}

/* ---- Opening ---- */

/* Waits for whoever writes now. */
static int
take_lock(struct coll_store *s, struct seal_diag *d)
{
	s->lock = openat(
	    s->at, COLL_LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock == -1)
		return cannot(s->dir, "lock", d);
	while (flock(s->lock, LOCK_EX) == -1)
		if (errno != EINTR)
			return cannot(s->dir, "lock", d);
	return 0;
}

/* Left by a process that was killed while it wrote: with the lock, nobody
 * writes now. */
static void
sweep(struct coll_store *s)
{
	int fd = openat(s->at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *in = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (in == NULL) {
		if (fd != -1)
			close(fd);
		return;
	}
	while ((e = readdir(in)) != NULL)
		if (strncmp(e->d_name, COLL_TEMP, strlen(COLL_TEMP)) == 0)
			unlinkat(s->at, e->d_name, 0);
	closedir(in);
}

static int
load_folder(const char *dir, struct endorsements *out, struct seal_diag *d)
{
	struct endorsements *in = NULL;
	int r;

	if ((r = endorse_load(dir, &in, d)) == 0)
		r = coll_split(in, out, d);
	endorse_free(&in);
	return r;
}

static int
open_folder(struct coll_store *s, bool create, struct seal_diag *d)
{
	int r = 0;

	if (create && mkdir(s->dir, 0755) == -1 && errno != EEXIST)
		return cannot(s->dir, "make", d);
	s->at = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->at == -1) {
		r = cannot(s->dir, "open", d);
		seal_remedy(d, "fill it: seal collateral import, or fetch");
		return r;
	}
	if (create && (r = take_lock(s, d)) == 0)
		sweep(s);
	return r;
}

int
coll_store_open(
    const char *dir, bool create, struct coll_store *ret, struct seal_diag *d)
{
	struct coll_store s = {
		.dir = strdup(dir), .at = -1, .lock = -1, .held = endorse_new()
	};
	int r;

	if (s.dir == NULL || s.held == NULL)
		r = seal_fail(d, SEAL_E_MEMORY, "collateral");
	else if ((r = open_folder(&s, create, d)) == 0)
		r = load_folder(s.dir, s.held, d);
	if (r != 0)
		coll_store_close(&s);
	else
		*ret = s;
	return r;
}

void
coll_store_close(struct coll_store *s)
{
	if (s->lock != -1)
		close(s->lock);
	if (s->at != -1)
		close(s->at);
	endorse_free(&s->held);
	free(s->dir);
	memset(s, 0, sizeof(*s));
	s->at = s->lock = -1;
}

/* ---- Putting ---- */

static bool
write_whole(int fd, struct span s)
{
	for (size_t n = 0; n < s.n;) {
		ssize_t put = write(fd, s.p + n, s.n - n);

		if (put == -1 && errno == EINTR)
			continue;
		if (put == -1)
			return false;
		n += (size_t)put;
	}
	return fsync(fd) == 0;
}

/* Under a name that readers pass over, then under its own; on disk with both
 * its content and its name. */
static int
write_file(struct coll_store *s, const char *name, struct span content,
    struct seal_diag *d)
{
	char temp[COLL_NAME + 8];
	int fd, r = 0;

	snprintf(temp, sizeof(temp), "%s%s", COLL_TEMP, name);
	fd = openat(s->at, temp,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd == -1)
		return cannot(s->dir, "write", d);
	if (!write_whole(fd, content) ||
	    renameat(s->at, temp, s->at, name) == -1 || fsync(s->at) == -1) {
		r = cannot(s->dir, "write", d);
		unlinkat(s->at, temp, 0);
	}
	close(fd);
	return r;
}

/* What has the name now; SEAL_E_UNAVAILABLE: nothing. */
static int
read_old(struct coll_store *s, const char *name, uint8_t **ret, size_t *ret_n,
    struct seal_diag *d)
{
	char path[4096];
	struct stat st;
	int n;

	if (fstatat(s->at, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? SEAL_E_UNAVAILABLE
				       : cannot(s->dir, "read", d);
	if (!S_ISREG(st.st_mode))
		return seal_fail(d, SEAL_E_CONFIG,
		    "collateral '%s': '%s': expected a regular file or none, "
		    "found another kind",
		    s->dir, name);
	n = snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return seal_fail(d, SEAL_E_LIMIT, "collateral: name too long");
	return file_read(path, LIMIT_FILE, ret, ret_n, d);
}

static enum endorse_kind
form_of(enum coll_class c)
{
	return c == COLL_IS_CERT   ? ENDORSE_CERT
	       : c == COLL_IS_LIST ? ENDORSE_CRL
				   : ENDORSE_JSON;
}

/* An old file that is damaged says nothing, and is replaced. */
static int
check_order(const struct coll_item *item, struct span old, enum coll_put *ret,
    struct seal_diag *d)
{
	const struct endorsement e = { .kind = form_of(coll_class(item->kind)),
		.bytes = old };
	struct coll_item have;

	*ret = COLL_PUT_NEWER;
	if (span_equal(old, item->bytes)) {
		*ret = COLL_PUT_SAME;
		return 0;
	}
	if (coll_read(&e, &have, NULL) != 0 || have.kind != item->kind ||
	    coll_compare(&have, item) >= 0)
		return 0;
	seal_fail(d, SEAL_E_STALE,
	    "%s: older than the one that is stored: who sent it takes "
	    "back what is known",
	    coll_kind_text(item->kind));
	seal_remedy(d, "ask another source; what is stored stays");
	return SEAL_E_STALE;
}

const char *
coll_put_name(enum coll_put put)
{
	return put == COLL_PUT_NEW     ? "stored"
	       : put == COLL_PUT_NEWER ? "renewed"
				       : "unchanged";
}

int
coll_store_put(struct coll_store *s, const struct coll_item *item,
    enum coll_put *ret, char *ret_name, struct seal_diag *d)
{
	enum coll_put put = COLL_PUT_NEW;
	uint8_t *old = NULL;
	size_t n = 0;
	int r;

	coll_name(item, ret_name);
	r = read_old(s, ret_name, &old, &n, d);
	if (r == 0)
		r = check_order(item, span_of(old, n), &put, d);
	else if (r == SEAL_E_UNAVAILABLE)
		r = 0;
	if (r == 0 && put != COLL_PUT_SAME)
		r = write_file(s, ret_name, item->bytes, d);
	free(old);
	if (r == 0)
		*ret = put;
	return r;
}

/* ---- One file ---- */

/* By kind and digest: the name in the store is longer than tar's, and is made
 * anew of what it holds anyway. */
static void
pack_name(const struct coll_item *item, char ret[TAR_NAME + 1])
{
	static const char *const ends[] = { ".der", ".crl", ".json" };
	struct wr w;

	memset(ret, 0, TAR_NAME + 1);
	wr_init(&w, ret, TAR_NAME);
	wr_printf(&w, "%s-", coll_kind_name(item->kind));
	wr_hex(&w, span_of(item->digest, 16));
	wr_printf(&w, "%s", ends[coll_class(item->kind)]);
}

static int
by_kind_and_digest(const void *a, const void *b)
{
	const struct coll_item *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return memcmp(x->digest, y->digest, sizeof(x->digest));
}

int
coll_pack(const struct endorsements *held, struct wr *out, size_t *ret_n,
    struct seal_diag *d)
{
	struct coll_item *items = calloc(held->n + 1, sizeof(*items));
	size_t n = 0, put = 0;
	int r = items == NULL ? SEAL_E_MEMORY : 0;

	for (size_t i = 0; i < held->n && r != SEAL_E_MEMORY; i++)
		if ((r = coll_read(&held->items[i], &items[n], NULL)) == 0)
			n++;
	if (r == SEAL_E_MEMORY) { /* rather than a pack with less in it */
		free(items);
		return seal_fail(d, r, "collateral");
	}
	qsort(items, n, sizeof(*items), by_kind_and_digest);
	for (size_t i = 0; i < n; i++) {
		char name[TAR_NAME + 1];

		if (i > 0 && by_kind_and_digest(&items[i - 1], &items[i]) == 0)
			continue;
		pack_name(&items[i], name);
		tar_put(out, name, items[i].bytes);
		put++;
	}
	tar_end(out);
	free(items);
	*ret_n = put;
	return out->error == 0
		   ? 0
		   : seal_fail(d, out->error, "pack: larger than expected");
}

static int
load_pack(const char *path, struct span in, struct endorsements *out,
    struct seal_diag *d)
{
	struct endorsements *inside = endorse_new();
	struct tar_entry e;
	struct rd rd;
	int r = 0;

	if (inside == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "collateral");
	rd_init(&rd, in);
	while (r == 0 && (r = tar_next(&rd, &e, d)) == 0)
		r = endorse_add(inside, e.name, e.content, d);
	r = r == SEAL_E_CLOSED ? coll_split(inside, out, d)
			       : seal_fail_in(d, r, path);
	endorse_free(&inside);
	return r;
}

int
coll_load(const char *path, struct endorsements *out, struct seal_diag *d)
{
	struct stat st;
	uint8_t *bytes = NULL;
	size_t n = 0;
	int r;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return load_folder(path, out, d);
	if ((r = file_read(path, COLL_PACK_MAX, &bytes, &n, d)) != 0)
		return r;
	r = tar_is(span_of(bytes, n))
		? load_pack(path, span_of(bytes, n), out, d)
		: load_folder(path, out, d);
	free(bytes);
	return r;
}
