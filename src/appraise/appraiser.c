/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/appraiser.h"

#include "base/text.h"

bool
appraiser_takes(const struct appraiser *by, struct span media_type)
{
	return by->takes != NULL
		   ? by->takes(media_type)
		   : media_type_equal(media_type, span_str(by->media_type));
}

const struct appraiser *
appraiser_find(struct span media_type)
{
	for (size_t i = 0; appraisers[i] != NULL; i++)
		if (appraiser_takes(appraisers[i], media_type) ||
		    span_is(media_type, appraisers[i]->media_type))
			return appraisers[i];
	return NULL;
}
