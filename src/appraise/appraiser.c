/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/appraiser.h"

#include "base/text.h"

const struct appraiser *const appraisers[] = {
	&appraiser_tpm,
	&appraiser_tdx,
	&appraiser_sgx,
	&appraiser_soft,
	NULL,
};

const struct appraiser *
appraiser_find(struct span media_type)
{
	for (size_t i = 0; appraisers[i] != NULL; i++)
		if (media_type_equal(
			media_type, span_str(appraisers[i]->media_type)))
			return appraisers[i];
	return NULL;
}
