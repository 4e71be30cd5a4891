/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fibre.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define STACK_SIZE 524288u /* bytes, of which the kernel gives what is used */

struct fibre {
	ucontext_t mine, caller;
	void (*fn)(void *arg);
	void *arg;
	void *stack; /* below it a page that nothing may touch */
	size_t size;
	bool ended;
};

static void
begin(unsigned high, unsigned low)
{
	/* makecontext() hands over integers alone. */
	struct fibre *f =
	    (struct fibre *)(uintptr_t)(((uint64_t)high << 32) | low);

	f->fn(f->arg);
	f->ended = true;
}

struct fibre *
fibre_new(void (*fn)(void *arg), void *arg)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct fibre *f = calloc(1, sizeof(*f));
	uint64_t at = (uint64_t)(uintptr_t)f;

	if (f == NULL)
		return NULL;
	f->fn = fn;
	f->arg = arg;
	f->size = STACK_SIZE + page;
	f->stack = mmap(NULL, f->size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (f->stack == MAP_FAILED ||
	    mprotect(f->stack, page, PROT_NONE) != 0 ||
	    getcontext(&f->mine) != 0) {
		fibre_free(&f);
		return NULL;
	}
	f->mine.uc_stack.ss_sp = (uint8_t *)f->stack + page;
	f->mine.uc_stack.ss_size = STACK_SIZE;
	f->mine.uc_link = &f->caller;
	makecontext(&f->mine, (void (*)(void))begin, 2, (unsigned)(at >> 32),
	    (unsigned)at);
	return f;
}

void
fibre_free(struct fibre **fp)
{
	struct fibre *f = *fp;

	*fp = NULL;
	if (f == NULL)
		return;
	if (f->stack != MAP_FAILED)
		munmap(f->stack, f->size);
	free(f);
}

bool
fibre_resume(struct fibre *f)
{
	if (!f->ended)
		swapcontext(&f->caller, &f->mine);
	return f->ended;
}

void
fibre_pause(struct fibre *f)
{
	swapcontext(&f->mine, &f->caller);
}
