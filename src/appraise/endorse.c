/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/endorse.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/wr.h"
#include "crypto/hash.h"
#include "crypto/pem.h"
#include "crypto/x509.h"

struct endorse_opened {
	pthread_mutex_t lock;
	void *what;
	void (*close)(void *opened);
};

struct endorsements *
endorse_new(void)
{
	struct endorsements *e = calloc(1, sizeof(*e));

	if (e == NULL || (e->opened = calloc(1, sizeof(*e->opened))) == NULL) {
		free(e);
		return NULL;
	}
	pthread_mutex_init(&e->opened->lock, NULL);
	e->refs = 1;
	return e;
}

const void *
endorse_opened(const struct endorsements *e,
    void *(*open)(const struct endorsements *e), void (*close)(void *opened))
{
	struct endorse_opened *o = e->opened;
	void *ret;

	pthread_mutex_lock(&o->lock);
	if (o->what == NULL) {
		o->what = open(e);
		o->close = close;
	}
	ret = o->what;
	pthread_mutex_unlock(&o->lock);
	return ret;
}

struct endorsements *
endorse_ref(struct endorsements *e)
{
	__atomic_add_fetch(&e->refs, 1, __ATOMIC_RELAXED);
	return e;
}

void
endorse_free(struct endorsements **ep)
{
	struct endorsements *e;

	if (ep == NULL || (e = *ep) == NULL)
		return;
	*ep = NULL;
	if (__atomic_sub_fetch(&e->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	if (e->opened->what != NULL)
		e->opened->close(e->opened->what);
	pthread_mutex_destroy(&e->opened->lock);
	free(e->opened);
	for (size_t i = 0; i < e->n; i++) {
		free(e->items[i].name);
		free(e->items[i].owned);
	}
	free(e->items);
	free(e);
}

const struct endorsement *
endorse_next(const struct endorsements *e, enum endorse_kind kind, size_t *at)
{
	while (e != NULL && *at < e->n) {
		const struct endorsement *item = &e->items[(*at)++];

		if (item->kind == kind)
			return item;
	}
	return NULL;
}

const struct endorsement *
endorse_next_of(const struct endorsements *const *of, size_t n,
    enum endorse_kind kind, size_t *at)
{
	const struct endorsement *item = NULL;

	for (size_t i = 0; item == NULL && i < n; i++)
		item = endorse_next(of[i], kind, &at[i]);
	return item;
}

/* ---- What bytes are ---- */

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_public_key(struct span in)
{
	struct pubkey *key = NULL;
	bool is = in.n > 0 && in.n <= LIMIT_SPKI &&
		  pubkey_from_spki(in, &key, NULL) == 0;

	pubkey_unref(&key);
	return is;
}

static enum endorse_kind
kind_of(struct span in)
{
	size_t i = 0;

	switch (x509_kind(in)) {
	case X509_KIND_CERT:
		return ENDORSE_CERT;
	case X509_KIND_CRL:
		return ENDORSE_CRL;
	case X509_KIND_NONE:
		break;
	}
	while (i < in.n && is_space(in.p[i]))
		i++;
	if (i < in.n && (in.p[i] == '{' || in.p[i] == '['))
		return ENDORSE_JSON;
	return is_public_key(in) ? ENDORSE_KEY : ENDORSE_OTHER;
}

static bool
is_pem(struct span in)
{
	static const char begin[] = "-----BEGIN ";

	return in.n > 0 && memmem(in.p, in.n, begin, sizeof(begin) - 1) != NULL;
}

/* ---- Adding ---- */

static int
add_item(struct endorsements *e, const char *name, enum endorse_kind kind,
    struct span bytes, struct seal_diag *d)
{
	struct endorsement item = { .kind = kind }, *more;

	if (e->n == ENDORSE_ITEMS_MAX)
		return seal_fail(d, SEAL_E_LIMIT,
		    "endorsements: '%s': more than %u parts in all", name,
		    ENDORSE_ITEMS_MAX);
	if (bytes.n > ENDORSE_BYTES_MAX - e->n_bytes)
		return seal_fail(d, SEAL_E_LIMIT,
		    "endorsements: '%s': more than %u bytes in all", name,
		    ENDORSE_BYTES_MAX);
	more = realloc(e->items, (e->n + 1) * sizeof(*more));
	if (more == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "endorsements");
	e->items = more;
	item.name = strdup(name);
	if (item.name == NULL || span_dup(bytes, &item.owned) != 0) {
		free(item.name);
		return seal_fail(d, SEAL_E_MEMORY, "endorsements");
	}
	item.bytes = span_of(item.owned, bytes.n);
	e->items[e->n++] = item;
	e->n_bytes += bytes.n;
	return 0;
}

struct pem_parts {
	struct endorsements *e;
	const char *name;
};

static enum endorse_kind
kind_of_label(const char *label)
{
	if (strcmp(label, "CERTIFICATE") == 0)
		return ENDORSE_CERT;
	if (strcmp(label, "X509 CRL") == 0)
		return ENDORSE_CRL;
	return strcmp(label, "PUBLIC KEY") == 0 ? ENDORSE_KEY : ENDORSE_NONE;
}

static int
add_block(void *ctx, const char *label, struct span der, struct seal_diag *d)
{
	struct pem_parts *p = ctx;
	enum endorse_kind kind = kind_of_label(label);

	if (kind == ENDORSE_NONE)
		return 0;
	/* The label says it, the bytes decide. */
	if (kind_of(der) != kind)
		return seal_fail(d, SEAL_E_DECODE,
		    "endorsements: '%s': a PEM block '%s' that holds none",
		    p->name, label);
	return add_item(p->e, p->name, kind, der, d);
}

int
endorse_add(struct endorsements *e, const char *name, struct span bytes,
    struct seal_diag *d)
{
	struct pem_parts parts = { e, name };
	enum endorse_kind kind = kind_of(bytes);

	/* JSON may hold PEM as text. */
	if (kind == ENDORSE_OTHER && is_pem(bytes))
		return pem_walk(name, bytes, add_block, &parts, d);
	return bytes.n == 0 ? 0 : add_item(e, name, kind, bytes, d);
}

/* ---- A folder ---- */

static int
add_file(struct endorsements *e, const char *path, struct seal_diag *d)
{
	uint8_t *bytes = NULL;
	size_t n = 0;
	int r;

	if ((r = file_read(path, LIMIT_FILE, &bytes, &n, d)) == 0)
		r = endorse_add(e, path, span_of(bytes, n), d);
	free(bytes);
	return r;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In an order that depends on no file system. */
static int
read_names(
    DIR *in, const char *dir, char **names, size_t *ret_n, struct seal_diag *d)
{
	struct dirent *entry;

	while ((entry = readdir(in)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (*ret_n == ENDORSE_FILES_MAX)
			return seal_fail(d, SEAL_E_LIMIT,
			    "endorsements '%s': more than %u files", dir,
			    ENDORSE_FILES_MAX);
		if ((names[*ret_n] = strdup(entry->d_name)) == NULL)
			return seal_fail(d, SEAL_E_MEMORY, "endorsements");
		(*ret_n)++;
	}
	qsort(names, *ret_n, sizeof(*names), by_name);
	return 0;
}

/* What is done with a file of a folder. */
typedef int entry_fn(void *ctx, const char *dir, const char *name,
    const struct stat *st, struct seal_diag *d);

/* Regular files, through links too: a pipe would make the reading wait. */
static int
walk_folder(
    const char *dir, DIR *in, entry_fn *each, void *ctx, struct seal_diag *d)
{
	char **names = calloc(ENDORSE_FILES_MAX, sizeof(*names));
	struct stat st;
	size_t n = 0;
	int r;

	if (names == NULL)
		return seal_fail(d, SEAL_E_MEMORY, "endorsements");
	r = read_names(in, dir, names, &n, d);
	for (size_t i = 0; i < n; i++) {
		if (r == 0 && fstatat(dirfd(in), names[i], &st, 0) == 0 &&
		    S_ISREG(st.st_mode))
			r = each(ctx, dir, names[i], &st, d);
		free(names[i]);
	}
	free(names);
	return r;
}

static int
cannot_open(const char *path, struct seal_diag *d)
{
	return seal_fail(d, SEAL_E_IO, "endorsements '%s': cannot open: %s",
	    path, strerror(errno));
}

static int
add_entry(void *ctx, const char *dir, const char *name, const struct stat *st,
    struct seal_diag *d)
{
	char *path = NULL;
	int r;

	(void)st;
	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return seal_fail(d, SEAL_E_MEMORY, "endorsements");
	r = add_file(ctx, path, d);
	free(path);
	return r;
}

int
endorse_load(const char *path, struct endorsements **ret, struct seal_diag *d)
{
	struct endorsements *e = endorse_new();
	DIR *in = opendir(path);
	int r;

	if (e == NULL)
		r = seal_fail(d, SEAL_E_MEMORY, "endorsements");
	else if (in != NULL)
		r = walk_folder(path, in, add_entry, e, d);
	else if (errno == ENOTDIR)
		r = add_file(e, path, d);
	else
		r = cannot_open(path, d);
	if (in != NULL)
		closedir(in);
	if (r != 0) {
		endorse_free(&e);
		return r;
	}
	*ret = e;
	return 0;
}

/* ---- Has it changed? ---- */

#define STAMP_MAX (ENDORSE_FILES_MAX * 512u) /* a name, and some numbers */

static int
stamp_entry(void *ctx, const char *dir, const char *name, const struct stat *st,
    struct seal_diag *d)
{
	const int64_t numbers[] = { (int64_t)st->st_dev, (int64_t)st->st_ino,
		st->st_size, st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
		st->st_ctim.tv_sec, st->st_ctim.tv_nsec };
	struct wr *w = ctx;

	(void)dir;
	wr_bytes(w, span_of(name, strlen(name) + 1));
	wr_bytes(w, span_of(numbers, sizeof(numbers)));
	return w->error == 0 ? 0 : seal_fail(d, w->error, "endorsements");
}

/* in: the folder; NULL: it is a file. */
static int
stamp(DIR *in, const char *path, const struct stat *st, uint8_t ret[32],
    struct seal_diag *d)
{
	uint8_t digest[HASH_MAX];
	struct wr w;
	int r;

	wr_init_heap(&w, STAMP_MAX);
	r = in != NULL ? walk_folder(path, in, stamp_entry, &w, d)
		       : stamp_entry(&w, path, path, st, d);
	if (r == 0 && (r = hash_one(HASH_SHA256, wr_view(&w), digest, d)) == 0)
		memcpy(ret, digest, 32);
	wr_free(&w);
	return r;
}

int
endorse_stamp(const char *path, uint8_t ret[32], struct seal_diag *d)
{
	DIR *in = opendir(path);
	int r =
	    in == NULL ? cannot_open(path, d) : stamp(in, path, NULL, ret, d);

	if (in != NULL)
		closedir(in);
	return r;
}

int
endorse_stamp_file(const char *path, uint8_t ret[32], struct seal_diag *d)
{
	struct stat st;

	return stat(path, &st) != 0 ? cannot_open(path, d)
				    : stamp(NULL, path, &st, ret, d);
}
