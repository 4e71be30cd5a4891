/* SPDX-License-Identifier: Apache-2.0 */
#include <sealtls/error.h>

#include <stddef.h>

struct error_row {
	int code;
	enum seal_outcome outcome;
	const char *name;
};

#define ROW(code, outcome)           \
	{                            \
		code, outcome, #code \
	}

/* What failed here, and what peer and user are told (PROTOCOL 7). */
static const struct error_row errors[] = {
	ROW(SEAL_E_ARGUMENT, SEAL_INVALID),
	ROW(SEAL_E_MEMORY, SEAL_UNAVAILABLE),
	ROW(SEAL_E_IO, SEAL_UNAVAILABLE),
	ROW(SEAL_E_CONFIG, SEAL_INVALID),
	ROW(SEAL_E_STATE, SEAL_INVALID),
	ROW(SEAL_E_DECODE, SEAL_REFUSED_EVIDENCE),
	ROW(SEAL_E_LIMIT, SEAL_REFUSED_EVIDENCE),
	ROW(SEAL_E_CRYPTO, SEAL_UNAVAILABLE),
	ROW(SEAL_E_SIGNATURE, SEAL_REFUSED_EVIDENCE),
	ROW(SEAL_E_BINDER, SEAL_REFUSED_EVIDENCE),
	ROW(SEAL_E_EVIDENCE, SEAL_REFUSED_EVIDENCE),
	ROW(SEAL_E_KEY, SEAL_REFUSED_KEY),
	ROW(SEAL_E_CHAIN, SEAL_REFUSED_KEY),
	ROW(SEAL_E_IDENTITY, SEAL_REFUSED_KEY),
	ROW(SEAL_E_POLICY, SEAL_REFUSED_POLICY),
	ROW(SEAL_E_STALE, SEAL_STALE),
	ROW(SEAL_E_UNAVAILABLE, SEAL_UNAVAILABLE),
	ROW(SEAL_E_UNSUPPORTED, SEAL_UNSUPPORTED),
	ROW(SEAL_E_PROTOCOL, SEAL_PROTOCOL),
	ROW(SEAL_E_TIMEOUT, SEAL_TIMEOUT),
	ROW(SEAL_E_TRUNCATED, SEAL_PROTOCOL),
	ROW(SEAL_E_CLOSED, SEAL_CLOSED),
	ROW(SEAL_E_TLS, SEAL_PROTOCOL),
	ROW(SEAL_E_RESUMED, SEAL_PROTOCOL),
	ROW(SEAL_E_REFUSED, SEAL_REFUSED_POLICY),
	ROW(SEAL_E_LEASE, SEAL_TIMEOUT),
	ROW(SEAL_E_EA_REQUEST_MALFORMED, SEAL_PROTOCOL),
	ROW(SEAL_E_EA_REQUEST_TYPE, SEAL_PROTOCOL),
	ROW(SEAL_E_EA_REQUEST_NO_SIGALGS, SEAL_PROTOCOL),
	ROW(SEAL_E_EA_MALFORMED, SEAL_PROTOCOL),
	ROW(SEAL_E_EA_UNEXPECTED_MESSAGE, SEAL_PROTOCOL),
	ROW(SEAL_E_EA_CERTIFICATE_MALFORMED, SEAL_PROTOCOL),
	ROW(SEAL_E_EA_EMPTY_CERTIFICATE_LIST, SEAL_PROTOCOL),
	ROW(SEAL_E_EA_CONTEXT_MISMATCH, SEAL_PROTOCOL),
	ROW(SEAL_E_EA_CONTEXT_REUSED, SEAL_PROTOCOL),
	ROW(SEAL_E_EA_EXTENSION_NOT_OFFERED, SEAL_PROTOCOL),
	ROW(SEAL_E_EA_SCHEME_NOT_TLS13, SEAL_REFUSED_KEY),
	ROW(SEAL_E_EA_SCHEME_NOT_OFFERED, SEAL_REFUSED_KEY),
	ROW(SEAL_E_EA_SCHEME_KEY_MISMATCH, SEAL_REFUSED_KEY),
	ROW(SEAL_E_EA_KEY_USAGE, SEAL_REFUSED_KEY),
	ROW(SEAL_E_EA_SIGNATURE, SEAL_REFUSED_KEY),
	ROW(SEAL_E_EA_FINISHED_LENGTH, SEAL_PROTOCOL),
	ROW(SEAL_E_EA_FINISHED, SEAL_REFUSED_KEY),
	ROW(SEAL_E_EA_EMPTY, SEAL_UNAVAILABLE),
	ROW(SEAL_E_EA_EMPTY_WITHOUT_REQUEST, SEAL_PROTOCOL),
	ROW(SEAL_E_EA_SPONTANEOUS, SEAL_PROTOCOL),
	ROW(SEAL_E_EA_CMW_MALFORMED, SEAL_REFUSED_EVIDENCE),
	ROW(SEAL_E_EA_CMW_PLACE, SEAL_REFUSED_EVIDENCE),
	ROW(SEAL_E_EA_CMW_MISSING, SEAL_REFUSED_EVIDENCE),
};

struct outcome_row {
	const char *name;
	int exit;
};

/* Indexed by enum seal_outcome; exit codes as PROTOCOL 7 has them. */
static const struct outcome_row outcomes[] = {
	[SEAL_INVALID] = { "invalid", 1 },
	[SEAL_ACCEPTED] = { "accepted", 0 },
	[SEAL_REFUSED_POLICY] = { "refused_policy", 2 },
	[SEAL_REFUSED_EVIDENCE] = { "refused_evidence", 2 },
	[SEAL_REFUSED_KEY] = { "refused_key", 2 },
	[SEAL_STALE] = { "stale", 2 },
	[SEAL_UNAVAILABLE] = { "unavailable", 3 },
	[SEAL_UNSUPPORTED] = { "unsupported", 2 },
	[SEAL_PROTOCOL] = { "protocol", 2 },
	[SEAL_TIMEOUT] = { "timeout", 3 },
	[SEAL_CLOSED] = { "closed", 0 },
};

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static const struct error_row *
error_find(int code)
{
	for (size_t i = 0; i < LENGTH(errors); i++) {
		if (errors[i].code == code)
			return &errors[i];
	}
	return NULL;
}

enum seal_outcome
seal_error_outcome(int code)
{
	const struct error_row *row = error_find(code);

	return row == NULL ? SEAL_INVALID : row->outcome;
}

const char *
seal_error_name(int code)
{
	const struct error_row *row = error_find(code);

	return row == NULL ? "SEAL_E_UNKNOWN" : row->name;
}

const char *
seal_outcome_name(int outcome)
{
	if (outcome < 0 || (size_t)outcome >= LENGTH(outcomes))
		return "unknown";
	return outcomes[outcome].name;
}

int
seal_outcome_exit(int outcome)
{
	if (outcome < 0 || (size_t)outcome >= LENGTH(outcomes))
		return 2;
	return outcomes[outcome].exit;
}
