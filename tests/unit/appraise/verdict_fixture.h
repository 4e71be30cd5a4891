/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPRAISE_VERDICT_FIXTURE_H
#define APPRAISE_VERDICT_FIXTURE_H

#include "appraise/verdict.h"

/* The check that failed first; "" where none did. */
static inline const char *
first_failed(const struct seal_verdict *v)
{
	for (size_t i = 0; i < v->n_checks; i++)
		if (v->checks[i].status == SEAL_CHECK_FAILED)
			return v->checks[i].name;
	return "";
}

#endif
