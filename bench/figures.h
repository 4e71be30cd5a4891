/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include <stddef.h>

/* CPU of this thread so far, in microseconds. */
double cpu_us(void);
/* By size. */
void sort_figures(double *v, size_t n);
/* Sorts them; n is not 0. */
double median(double *v, size_t n);

#endif
