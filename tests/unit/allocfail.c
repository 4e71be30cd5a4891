/* SPDX-License-Identifier: Apache-2.0 */
#include "allocfail.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/crypto.h>

/* The linker's --wrap gives these names; see meson.build. */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

static atomic_size_t count, fail_at;

void
allocfail_at(size_t n)
{
	count = 0;
	fail_at = n;
}

void
allocfail_off(void)
{
	allocfail_at(0);
}

bool
allocfail_hit(void)
{
	return fail_at != 0 && count >= fail_at;
}

size_t
allocfail_count(void)
{
	return count;
}

static bool
fails(void)
{
	return atomic_fetch_add(&count, 1) + 1 == fail_at;
}

void *
__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

char *
__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

char *
__wrap_strndup(const char *s, size_t n)
{
	return fails() ? NULL : __real_strndup(s, n);
}

/* ---- OpenSSL and jansson ---- */

static bool hooked, included;

static void *
crypto_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return included ? __wrap_malloc(n) : __real_malloc(n);
}

static void *
crypto_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return included ? __wrap_realloc(p, n) : __real_realloc(p, n);
}

static void
crypto_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

/* OpenSSL takes functions only before its first allocation, and a library's
 * constructor may be the first to make one. */
static void
hook(void)
{
	hooked = CRYPTO_set_mem_functions(
		     crypto_malloc, crypto_realloc, crypto_free) == 1;
}

__attribute__((section(".preinit_array"), used)) static void (*early)(
    void) = hook;

void
allocfail_include_libraries(void)
{
	if (!hooked)
		abort();
	included = true;
	json_set_alloc_funcs(__wrap_malloc, free);
}
