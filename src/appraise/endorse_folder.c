/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/endorse_folder.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct endorse_folder {
	char *path;
	pthread_mutex_t lock; /* guards what follows */
	struct endorsements *held;
	uint8_t stamp[32]; /* of held; used by the thread that is busy */
	int64_t looked;    /* seconds since 1970 */
	bool started, busy;
	struct seal_diag why; /* the last change could not be read */
};

/* The stamp is older than what is read: a change in between is found by the
 * next look. */
static int
read_folder(const char *path, uint8_t stamp[32], struct endorsements **ret,
    struct seal_diag *d)
{
	int r = endorse_stamp(path, stamp, d);

	return r == 0 ? endorse_load(path, ret, d) : r;
}

int
endorse_folder_open(
    const char *path, struct endorse_folder **ret, struct seal_diag *d)
{
	struct endorse_folder *f = calloc(1, sizeof(*f));
	struct seal_diag why = { 0 };
	int r;

	if (f == NULL || (f->path = strdup(path)) == NULL) {
		free(f);
		return seal_fail(d, SEAL_E_MEMORY, "endorsements");
	}
	pthread_mutex_init(&f->lock, NULL);
	if ((r = read_folder(path, f->stamp, &f->held, &why)) == 0) {
		*ret = f;
		return 0;
	}
	endorse_folder_close(&f);
	r = r == SEAL_E_MEMORY ? r : SEAL_E_CONFIG;
	seal_fail(d, r, "policy: %s", why.text);
	seal_remedy(d, "let 'endorsements' name a folder of certificates, "
		       "revocation lists, keys and collateral");
	return r;
}

void
endorse_folder_close(struct endorse_folder **fp)
{
	struct endorse_folder *f = *fp;

	*fp = NULL;
	if (f == NULL)
		return;
	endorse_free(&f->held);
	pthread_mutex_destroy(&f->lock);
	free(f->path);
	free(f);
}

/* ---- Looking again ---- */

/* By the caller's clock, which a test, or an administrator, may set back. */
static bool
take_turn(struct endorse_folder *f, int64_t now)
{
	if (f->busy || (f->started && now - f->looked < ENDORSE_LOOK_S &&
			   f->looked - now < ENDORSE_LOOK_S))
		return false;
	f->busy = f->started = true;
	f->looked = now;
	return true;
}

static void
end_turn(struct endorse_folder *f, struct endorsements *fresh,
    const struct seal_diag *why)
{
	struct endorsements *old = NULL;

	pthread_mutex_lock(&f->lock);
	if (fresh != NULL) {
		old = f->held;
		f->held = fresh;
	}
	if (fresh != NULL || why->code != 0)
		f->why = *why;
	f->busy = false;
	pthread_mutex_unlock(&f->lock);
	endorse_free(&old);
}

static void
look(struct endorse_folder *f)
{
	struct endorsements *fresh = NULL;
	struct seal_diag why = { 0 };
	uint8_t stamp[32] = { 0 };
	int r;

	if ((r = endorse_stamp(f->path, stamp, &why)) == 0 &&
	    memcmp(stamp, f->stamp, sizeof(stamp)) != 0)
		r = endorse_load(f->path, &fresh, &why);
	/* What failed is tried again, changed or not. */
	memcpy(f->stamp, stamp, sizeof(stamp));
	if (r != 0)
		memset(f->stamp, 0, sizeof(f->stamp));
	end_turn(f, fresh, &why);
}

struct endorsements *
endorse_folder_get(struct endorse_folder *f, int64_t now, struct seal_diag *why)
{
	struct endorsements *e;
	bool turn;

	pthread_mutex_lock(&f->lock);
	turn = take_turn(f, now);
	pthread_mutex_unlock(&f->lock);
	if (turn)
		look(f);
	pthread_mutex_lock(&f->lock);
	e = endorse_ref(f->held);
	*why = f->why;
	pthread_mutex_unlock(&f->lock);
	return e;
}

/* ---- Telling ---- */

void
endorse_folder_explain(struct endorse_folder *f, struct wr *out)
{
	size_t n[ENDORSE_OTHER + 1] = { 0 };

	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->held->n; i++)
		n[f->held->items[i].kind]++;
	pthread_mutex_unlock(&f->lock);
	wr_printf(out,
	    "What vouches for platforms (collateral, certificates, keys) comes "
	    "from\n%.300s, read again when\nits files change: %zu "
	    "certificates, %zu revocation lists, %zu public keys, %zu JSON "
	    "documents.\n",
	    f->path, n[ENDORSE_CERT], n[ENDORSE_CRL], n[ENDORSE_KEY],
	    n[ENDORSE_JSON]);
}
