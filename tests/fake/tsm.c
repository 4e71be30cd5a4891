/* SPDX-License-Identifier: Apache-2.0 */
#define FUSE_USE_VERSION 31
#include "tsm.h"

#include "unit/test.h"

#include <errno.h>
#include <fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "appraise/svsm_fixture.h"
#include "tsm_platform.h"

#define ENTRIES 32
#define INBLOB 64
#define MANIFEST_MAX 1024
#define LONG_MANIFEST 65536 /* bytes, more than anybody takes */
#define CONTROL "/.control"

enum attribute {
	PROVIDER,
	GENERATION,
	INBLOB_ATTR,
	OUTBLOB,
	AUXBLOB,
	PRIVLEVEL,
	FLOOR,
	MANIFEST,
	SERVICE,
	SERVICE_GUID,
	SERVICE_VERSION,
	ATTRIBUTES
};
static const char *const attributes[ATTRIBUTES] = { "provider", "generation",
	"inblob", "outblob", "auxblob", "privlevel", "privlevel_floor",
	"manifestblob", "service_provider", "service_guid",
	"service_manifest_version" };

struct entry {
	char name[64]; /* "": free */
	uint64_t written, read;
	uint8_t in[INBLOB];
	size_t n_in;
	unsigned level;
	uint8_t *out;
	size_t n_out;
	/* Of an SVSM. */
	char provider[16], guid[48];
	unsigned long version;
	uint8_t manifest[MANIFEST_MAX];
	size_t n_manifest;
};

/* An open file: what is being written, or was read. */
struct handle {
	struct entry *entry; /* NULL: the control file */
	enum attribute attribute;
	uint8_t *bytes;
	size_t n;
	bool writing, loaded;
};

static struct {
	const struct tsm_platform *platform;
	struct entry entries[ENTRIES];
	unsigned made, reports, n_binder; /* of the last report's data */
	/* Faults. */
	struct {
		char attribute[32];
		int err, count;
	} fail;
	unsigned long short_n, race, lost, early, late, hang_ms, floor;
	bool noaux, badaux, svsm;
	bool plain, other_manifest, no_manifest, long_manifest;
	char provider[64];
	struct tsm_wish wish;
} fs;

/* ---- Paths ---- */

static struct entry *
entry_find(const char *path, const char **ret_rest)
{
	for (size_t i = 0; i < ENTRIES; i++) {
		struct entry *e = &fs.entries[i];
		size_t n = strlen(e->name);

		if (n > 0 && strncmp(path + 1, e->name, n) == 0 &&
		    (path[1 + n] == '\0' || path[1 + n] == '/')) {
			*ret_rest = path + 1 + n;
			return e;
		}
	}
	return NULL;
}

static bool
shown(enum attribute a)
{
	bool sev = fs.platform->levels;

	return a <= OUTBLOB || (a == AUXBLOB && sev && !fs.noaux) ||
	       ((a == PRIVLEVEL || a == FLOOR) && sev) ||
	       (a >= MANIFEST && fs.svsm);
}

/* ATTRIBUTES: none. */
static enum attribute
attribute_find(const char *rest)
{
	for (enum attribute a = 0; a < ATTRIBUTES && rest[0] == '/'; a++)
		if (strcmp(rest + 1, attributes[a]) == 0 && shown(a))
			return a;
	return ATTRIBUTES;
}

static int
take_fault(const char *attribute)
{
	if (fs.fail.count == 0 || strcmp(fs.fail.attribute, attribute) != 0)
		return 0;
	fs.fail.count--;
	return -fs.fail.err;
}

static bool
take(unsigned long *count)
{
	if (*count == 0)
		return false;
	--*count;
	return true;
}

/* ---- The control file ---- */

static void
reset(void)
{
	memset(&fs.fail, 0, sizeof(fs.fail));
	fs.short_n = fs.race = fs.lost = fs.early = fs.late = fs.hang_ms = 0;
	fs.floor = 0;
	fs.noaux = fs.badaux = fs.svsm = fs.plain = false;
	fs.other_manifest = fs.no_manifest = fs.long_manifest = false;
	snprintf(fs.provider, sizeof(fs.provider), "%s", fs.platform->name);
	memset(&fs.wish, 0, sizeof(fs.wish));
}

static void
control_line(const char *line)
{
	const struct {
		const char *word;
		unsigned long *value;
	} numbers[] = { { "short", &fs.short_n }, { "race", &fs.race },
		{ "lost", &fs.lost }, { "early", &fs.early },
		{ "late", &fs.late }, { "hang", &fs.hang_ms },
		{ "floor", &fs.floor }, { "measurement", &fs.wish.measurement },
		{ NULL } };
	const struct {
		const char *word;
		bool *value;
	} flags[] = { { "noaux", &fs.noaux }, { "badaux", &fs.badaux },
		{ "svsm", &fs.svsm }, { "debug", &fs.wish.debug },
		{ "other", &fs.wish.other }, { "cut", &fs.wish.cut },
		{ "plain", &fs.plain }, { "nomanifest", &fs.no_manifest },
		{ "othermanifest", &fs.other_manifest },
		{ "longmanifest", &fs.long_manifest }, { NULL } };
	char word[32] = "", rest[64] = "";

	if (sscanf(line, "%31s %63[^\n]", word, rest) < 1)
		return;
	if (strcmp(word, "reset") == 0)
		reset();
	else if (strcmp(word, "fail") == 0)
		(void)sscanf(rest, "%31s %d %d", fs.fail.attribute,
		    &fs.fail.err, &fs.fail.count);
	else if (strcmp(word, "provider") == 0)
		snprintf(fs.provider, sizeof(fs.provider), "%s", rest);
	for (size_t i = 0; numbers[i].word != NULL; i++)
		if (strcmp(word, numbers[i].word) == 0)
			*numbers[i].value = strtoul(rest, NULL, 10);
	for (size_t i = 0; flags[i].word != NULL; i++)
		if (strcmp(word, flags[i].word) == 0)
			*flags[i].value = true;
}

static void
control(const char *text)
{
	char copy[1024], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *line = strtok_r(copy, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save))
		control_line(line);
}

static char *
status(void)
{
	unsigned there = 0;
	char *text = NULL;

	for (size_t i = 0; i < ENTRIES; i++)
		there += fs.entries[i].name[0] != '\0';
	if (asprintf(&text, "entries %u made %u reports %u binder %u\n", there,
		fs.made, fs.reports, fs.n_binder) < 0)
		return NULL;
	return text;
}

/* ---- Reports ---- */

/* The null GUID stands for all services. */
static int
manifest_new(struct entry *e)
{
	struct wr w;

	wr_init(&w, e->manifest, sizeof(e->manifest));
	if (strcmp(e->provider, "svsm") != 0 || e->version != 0)
		return -EINVAL;
	if (e->guid[0] == '\0')
		svsm_put_services(&w);
	else if (strcmp(e->guid, SVSM_FIXTURE_VTPM) == 0)
		svsm_put_ek(&w);
	else
		return -EINVAL;
	assert_int_equal(w.error, 0);
	e->n_manifest = fs.no_manifest ? 0 : w.n;
	return 0;
}

/* What the report is over, and at which level. */
static int
report_data_of(struct entry *e, uint8_t ret[INBLOB], struct tsm_wish *wish)
{
	int r;

	memcpy(ret, e->in, INBLOB);
	wish->level = e->level;
	if (e->provider[0] == '\0')
		return 0;
	if ((r = manifest_new(e)) != 0)
		return r;
	wish->level = 0;
	if (!fs.plain)
		svsm_data(e->in, span_of(e->manifest, e->n_manifest), ret);
	return 0;
}

static int
report_new(struct entry *e)
{
	struct tsm_wish wish = fs.wish;
	struct timespec ts = { (time_t)(fs.hang_ms / 1000),
		(long)(fs.hang_ms % 1000) * 1000000 };
	uint8_t data[INBLOB];
	int r;

	if (e->n_in != INBLOB)
		return -EINVAL;
	if (fs.hang_ms > 0) {
		nanosleep(&ts, NULL);
		return -ETIMEDOUT;
	}
	if (wish.other)
		e->in[0] ^= 1;
	if ((r = report_data_of(e, data, &wish)) != 0)
		return r;
	free(e->out);
	e->out = NULL;
	fs.platform->report(data, &wish, &e->out, &e->n_out);
	e->n_out -= wish.cut;
	e->read = e->written;
	fs.reports++;
	/* As long as a hash: the others behind it have zeros to their end. */
	fs.n_binder = 32;
	for (unsigned i = 32; i < INBLOB; i++)
		if (e->in[i] != 0)
			fs.n_binder = i < 48 ? 48 : 64;
	return 0;
}

static int
load_out(struct handle *h)
{
	struct entry *e = h->entry;
	int r;

	if (take(&fs.early))
		e->written++;
	if ((e->out == NULL || e->read != e->written) &&
	    (r = report_new(e)) != 0)
		return r;
	h->bytes = malloc(e->n_out);
	assert_non_null(h->bytes);
	memcpy(h->bytes, e->out, e->n_out);
	h->n = e->n_out;
	if (take(&fs.race))
		e->written++;
	return 0;
}

/* Read by itself it makes a report too, as in the kernel. */
static int
load_manifest(struct handle *h)
{
	struct entry *e = h->entry;
	int r;

	if ((e->out == NULL || e->read != e->written) &&
	    (r = report_new(e)) != 0)
		return r;
	h->n = fs.long_manifest ? LONG_MANIFEST : e->n_manifest;
	h->bytes = calloc(1, h->n + 1);
	assert_non_null(h->bytes);
	memcpy(h->bytes, e->manifest,
	    h->n < sizeof(e->manifest) ? h->n : sizeof(e->manifest));
	if (fs.other_manifest)
		h->bytes[h->n - 1] ^= 1;
	if (take(&fs.late))
		e->written++;
	return 0;
}

static int
load_aux(struct handle *h)
{
	h->bytes = calloc(1, TSM_TABLE);
	assert_non_null(h->bytes);
	h->n = TSM_TABLE;
	if (fs.badaux)
		memset(h->bytes, 0xff, h->n);
	else if (fs.platform->certificates != NULL)
		fs.platform->certificates(h->bytes, h->n);
	return 0;
}

static int
load_text(struct handle *h)
{
	char *text = NULL;
	int n = -1;

	if (h->entry == NULL)
		n = (text = status()) == NULL ? -1 : (int)strlen(text);
	else if (h->attribute == PROVIDER)
		n = asprintf(&text, "%s\n", fs.provider);
	else if (h->attribute == GENERATION)
		n = asprintf(&text, "%lu\n", (unsigned long)h->entry->written);
	else if (h->attribute == FLOOR)
		n = asprintf(&text, "%lu\n", fs.floor);
	if (n < 0)
		return -EACCES; /* write only */
	h->bytes = (uint8_t *)text;
	h->n = (size_t)n;
	return 0;
}

static int
load(struct handle *h)
{
	int r = h->entry == NULL ? 0 : take_fault(attributes[h->attribute]);

	if (r == 0)
		r = h->entry == NULL           ? load_text(h)
		    : h->attribute == OUTBLOB  ? load_out(h)
		    : h->attribute == MANIFEST ? load_manifest(h)
		    : h->attribute == AUXBLOB  ? load_aux(h)
					       : load_text(h);
	h->loaded = r == 0;
	return r;
}

/* ---- Writes ---- */

static void
set_service(struct entry *e, enum attribute a, const char *text)
{
	if (a == SERVICE)
		snprintf(e->provider, sizeof(e->provider), "%.15s", text);
	else if (a == SERVICE_GUID)
		snprintf(e->guid, sizeof(e->guid), "%.47s", text);
	else
		e->version = strtoul(text, NULL, 0);
}

/* What is written to a binary attribute counts at close, and if that fails,
 * nobody hears of it. */
static int
commit(struct handle *h)
{
	struct entry *e = h->entry;
	char text[64];

	snprintf(text, sizeof(text), "%.*s", (int)h->n, (char *)h->bytes);
	if (e == NULL) {
		control((char *)h->bytes);
	} else if (h->attribute == INBLOB_ATTR) {
		if (take(&fs.lost) || h->n > INBLOB)
			return 0;
		memcpy(e->in, h->bytes, h->n);
		e->n_in = h->n;
		e->written++;
	} else if (h->attribute == PRIVLEVEL) {
		unsigned long v = strtoul(text, NULL, 10);

		if (v < fs.floor || v > 3)
			return -EINVAL;
		e->level = (unsigned)v;
		e->written++;
	} else if (h->attribute >= SERVICE) {
		set_service(e, h->attribute, text);
		e->written++;
	}
	return 0;
}

/* ---- Operations ---- */

static struct handle *
handle_of(const struct fuse_file_info *fi)
{
	return (struct handle *)(uintptr_t)fi->fh;
}

static int
op_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	const char *rest = "";
	struct entry *e = entry_find(path, &rest);

	(void)fi;
	memset(st, 0, sizeof(*st));
	st->st_nlink = 1;
	st->st_mode = S_IFDIR | 0755;
	if (strcmp(path, "/") == 0 || (e != NULL && rest[0] == '\0'))
		return 0;
	st->st_mode = S_IFREG | 0644;
	return strcmp(path, CONTROL) == 0 ||
		       (e != NULL && attribute_find(rest) != ATTRIBUTES)
		   ? 0
		   : -ENOENT;
}

static int
op_mkdir(const char *path, mode_t mode)
{
	const char *rest;
	int r = take_fault("mkdir");

	(void)mode;
	if (r != 0)
		return r;
	if (entry_find(path, &rest) != NULL)
		return -EEXIST;
	if (strchr(path + 1, '/') != NULL)
		return -EPERM;
	for (size_t i = 0; i < ENTRIES; i++) {
		struct entry *e = &fs.entries[i];

		if (e->name[0] != '\0')
			continue;
		memset(e, 0, sizeof(*e));
		snprintf(e->name, sizeof(e->name), "%s", path + 1);
		fs.made++;
		return 0;
	}
	return -ENOSPC;
}

static int
op_rmdir(const char *path)
{
	const char *rest = "";
	struct entry *e = entry_find(path, &rest);
	int r = take_fault("rmdir");

	if (e == NULL || rest[0] != '\0')
		return -ENOENT;
	if (r != 0)
		return r;
	free(e->out);
	memset(e, 0, sizeof(*e));
	return 0;
}

static int
op_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t at,
    struct fuse_file_info *fi, enum fuse_readdir_flags flags)
{
	(void)at;
	(void)fi;
	(void)flags;
	if (strcmp(path, "/") == 0) {
		for (size_t i = 0; i < ENTRIES; i++)
			if (fs.entries[i].name[0] != '\0')
				fill(buf, fs.entries[i].name, NULL, 0, 0);
		return 0;
	}
	for (enum attribute a = 0; a < ATTRIBUTES; a++)
		if (shown(a))
			fill(buf, attributes[a], NULL, 0, 0);
	return 0;
}

static int
op_open(const char *path, struct fuse_file_info *fi)
{
	const char *rest = "";
	struct handle *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	h->entry = entry_find(path, &rest);
	h->attribute = attribute_find(rest);
	if (h->entry != NULL && h->attribute == ATTRIBUTES) {
		free(h);
		return -ENOENT;
	}
	fi->fh = (uint64_t)(uintptr_t)h;
	fi->direct_io = 1; /* short reads stay short */
	return 0;
}

static size_t
piece(size_t n)
{
	return fs.short_n > 0 && n > fs.short_n ? fs.short_n : n;
}

static int
op_read(
    const char *path, char *buf, size_t n, off_t at, struct fuse_file_info *fi)
{
	struct handle *h = handle_of(fi);
	int r;

	(void)path;
	if (!h->loaded && (r = load(h)) != 0)
		return r;
	if ((size_t)at >= h->n)
		return 0;
	n = piece(n < h->n - (size_t)at ? n : h->n - (size_t)at);
	memcpy(buf, h->bytes + at, n);
	return (int)n;
}

static int
op_write(const char *path, const char *buf, size_t n, off_t at,
    struct fuse_file_info *fi)
{
	struct handle *h = handle_of(fi);
	int r = h->entry == NULL ? 0 : take_fault(attributes[h->attribute]);

	(void)path;
	if (r != 0)
		return r;
	n = h->entry == NULL ? n : piece(n);
	h->bytes = realloc(h->bytes, (size_t)at + n + 1);
	assert_non_null(h->bytes);
	memcpy(h->bytes + at, buf, n);
	h->n = (size_t)at + n;
	h->bytes[h->n] = '\0';
	h->writing = true;
	return (int)n;
}

static int
op_truncate(const char *path, off_t n, struct fuse_file_info *fi)
{
	(void)path;
	(void)n;
	(void)fi;
	return 0;
}

static int
op_flush(const char *path, struct fuse_file_info *fi)
{
	struct handle *h = handle_of(fi);
	int r = h->writing ? commit(h) : 0;

	(void)path;
	h->writing = false;
	return r;
}

static int
op_release(const char *path, struct fuse_file_info *fi)
{
	struct handle *h = handle_of(fi);

	(void)path;
	free(h->bytes);
	free(h);
	return 0;
}

static void *
op_init(struct fuse_conn_info *conn, struct fuse_config *cfg)
{
	(void)conn;
	cfg->entry_timeout = cfg->attr_timeout = cfg->negative_timeout = 0;
	cfg->direct_io = 1;
	return NULL;
}

static const struct fuse_operations operations = {
	.init = op_init,
	.getattr = op_getattr,
	.mkdir = op_mkdir,
	.rmdir = op_rmdir,
	.readdir = op_readdir,
	.open = op_open,
	.read = op_read,
	.write = op_write,
	.truncate = op_truncate,
	.flush = op_flush,
	.release = op_release,
};

int
fake_tsm(const char *provider, const char *mount, const char *state)
{
	char name[] = "fake-tsm", front[] = "-f", single[] = "-s";
	char *argv[] = { name, front, single, (char *)(uintptr_t)mount, NULL };
	int r;

	if (access("/dev/fuse", R_OK | W_OK) != 0)
		return FAKE_TSM_SKIP;
	if ((fs.platform = tsm_platform_find(provider)) == NULL)
		return 1;
	reset();
	fs.platform->start(state);
	r = fuse_main(4, argv, &operations, NULL);
	fs.platform->stop();
	/* 4 and above: mounting failed. */
	return r >= 4 ? FAKE_TSM_SKIP : r;
}
