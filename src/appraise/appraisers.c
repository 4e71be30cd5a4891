/* SPDX-License-Identifier: Apache-2.0 */
#include "appraise/appraiser.h"

const struct appraiser *const appraisers[] = {
	&appraiser_tpm,
	&appraiser_tdx,
	&appraiser_sgx,
	&appraiser_snp,
	&appraiser_svsm,
	&appraiser_nitro,
	&appraiser_psa,
	&appraiser_cca,
	&appraiser_soft,
	&appraiser_nvidia,
	&appraiser_nvidia_json,
	&appraiser_tpm_quote,
	&appraiser_azure_snp,
	&appraiser_azure_tdx,
	&appraiser_collection,
	&appraiser_ear,
	NULL,
};
