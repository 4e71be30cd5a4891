/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's IMA list beside the quote.
 *
 * The list grows while we ask for it: any file that is opened may add to it.
 * The kernel puts an entry on the list before it extends the PCR, so a list
 * that is read after the quote holds all that was quoted, and perhaps more.
 * What is more is cut off here, where the quoted value is known: so nothing
 * travels that no signature covers, a peer needs one rule, "the whole list
 * makes PCR 10", and no quote is ever wasted by a race. (A list read before
 * would have to be read and quoted again until the machine is quiet, which a
 * busy one never is.)
 *
 * A list that never makes the value goes along as it is: the peer decides,
 * and its verdict says what is wrong.
 */
#include "evidence/tpm2.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/limits.h"
#include "format/ima.h"
#include "format/tpm_evidence.h"

/* The first bank that IMA's PCR is selected in, but SHA-1, which no peer
 * accepts; SIZE_MAX: none. */
static size_t
ima_bank(const struct tpm2_pcrs *p)
{
	for (size_t i = 0; i < p->n_selection; i++)
		if (p->selection[i].bank != TPM_ALG_SHA1 &&
		    (p->selection[i].pcrs >> IMA_PCR & 1) != 0)
			return i;
	return SIZE_MAX;
}

int
tpm2_ima_check(const struct tpm2_pcrs *p, struct seal_diag *d)
{
	if (ima_bank(p) != SIZE_MAX)
		return 0;
	seal_fail(d, SEAL_E_CONFIG,
	    "tpm2: 'ima_log' is set, but PCR %u, which makes an IMA list mean "
	    "something, is not among 'pcrs'",
	    IMA_PCR);
	seal_remedy(d, "add it, as in pcrs=sha256:0-7,%u", IMA_PCR);
	return SEAL_E_CONFIG;
}

static int
check_size(size_t n, struct seal_diag *d)
{
	if (n <= TPM_EVIDENCE_IMA_MAX)
		return 0;
	seal_fail(d, SEAL_E_LIMIT,
	    "tpm2: the IMA list has %zu bytes up to the quote, at most %u go "
	    "into Evidence",
	    n, TPM_EVIDENCE_IMA_MAX);
	seal_remedy(d, "have the kernel measure less (a narrower IMA policy, "
		       "from boot on), or leave out ima_log and pin other "
		       "PCRs");
	return SEAL_E_LIMIT;
}

static int
read_list(const char *path, uint8_t **ret, size_t *ret_n, struct seal_diag *d)
{
	int r = file_read(path, LIMIT_FILE, ret, ret_n, d);

	if (r == 0)
		return 0;
	seal_remedy(d,
	    "ima_log names binary_runtime_measurements of "
	    "securityfs, for root to read; the kernel needs "
	    "CONFIG_IMA and an IMA policy, of at most %u bytes of "
	    "list",
	    TPM_EVIDENCE_IMA_MAX);
	return r;
}

static int
check_form(const char *path, struct span list, struct seal_diag *d)
{
	if (list.n > 0 && !ima_is_text(list))
		return 0;
	seal_fail(d, SEAL_E_CONFIG, "tpm2: ima_log '%s' is %s", path,
	    list.n == 0 ? "empty" : "lines of text");
	seal_remedy(d, "name the kernel's binary_runtime_measurements");
	return SEAL_E_CONFIG;
}

int
tpm2_ima_read(const char *path, const struct tpm2_pcrs *p, uint8_t **ret,
    size_t *ret_n, struct seal_diag *d)
{
	size_t bank = ima_bank(p), n = 0;
	uint16_t alg = p->selection[bank].bank;
	struct span quoted =
	    span_of(p->value[bank][IMA_PCR], hash_size(tpm_hash(alg)));
	struct ima_replay made;
	uint8_t *list = NULL;
	int r;

	if ((r = read_list(path, &list, &n, d)) != 0)
		return r;
	if ((r = check_form(path, span_of(list, n), d)) != 0)
		goto out;
	r = ima_find(span_of(list, n), alg, quoted, &made, &n, NULL);
	if (r != 0 && r != SEAL_E_EVIDENCE && r != SEAL_E_DECODE &&
	    r != SEAL_E_UNSUPPORTED) {
		seal_fail(d, r, "tpm2: the IMA list cannot be replayed");
		goto out;
	}
	if ((r = check_size(n, d)) != 0)
		goto out;
	*ret = list;
	*ret_n = n;
	list = NULL;
out:
	free(list);
	return r;
}
