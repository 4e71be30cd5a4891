/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEALTLS_ERROR_H
#define SEALTLS_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SEAL_API __attribute__((visibility("default")))
#define SEAL_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define SEAL_API
#define SEAL_PRINTF(f, a)
#endif

/*
 * What a decision about a peer can be; what both users and peers are told
 * (PROTOCOL 7). Zero is never sent and denies; unknown values deny.
 */
enum seal_outcome {
	SEAL_INVALID = 0,
	SEAL_ACCEPTED = 1,
	SEAL_REFUSED_POLICY = 2,   /* genuine, but not what policy accepts */
	SEAL_REFUSED_EVIDENCE = 3, /* bad signature, wrong binder, malformed */
	SEAL_REFUSED_KEY = 4,      /* key, certificate or identity refused */
	SEAL_STALE = 5,
	SEAL_UNAVAILABLE = 6, /* verifier, device or collateral: retry */
	SEAL_UNSUPPORTED = 7,
	SEAL_PROTOCOL = 8,
	SEAL_TIMEOUT = 9,
	SEAL_CLOSED = 10 /* closed normally */
};

/*
 * Why a call failed here. Functions return 0 or one of these. Values are
 * stable; seal_error_outcome() maps each to what the peer is told.
 */
enum seal_error {
	SEAL_E_ARGUMENT = -1,
	SEAL_E_MEMORY = -2,
	SEAL_E_IO = -3,
	SEAL_E_CONFIG = -4,
	SEAL_E_STATE = -5,
	SEAL_E_DECODE = -6,
	SEAL_E_LIMIT = -7,
	SEAL_E_CRYPTO = -8,
	SEAL_E_SIGNATURE = -9,
	SEAL_E_BINDER = -10,
	SEAL_E_EVIDENCE = -11,
	SEAL_E_KEY = -12,
	SEAL_E_CHAIN = -13,
	SEAL_E_IDENTITY = -14,
	SEAL_E_POLICY = -15,
	SEAL_E_STALE = -16,
	SEAL_E_UNAVAILABLE = -17,
	SEAL_E_UNSUPPORTED = -18,
	SEAL_E_PROTOCOL = -19,
	SEAL_E_TIMEOUT = -20,
	SEAL_E_TRUNCATED = -21, /* EOF without an orderly end */
	SEAL_E_CLOSED = -22,
	SEAL_E_TLS = -23,
	SEAL_E_RESUMED = -24,
	SEAL_E_REFUSED = -25, /* the peer refused us; its outcome says why */
	SEAL_E_LEASE = -26,   /* the lease has ended */

	/* RFC 9261: one code for each reason. */
	SEAL_E_EA_REQUEST_MALFORMED = -100,
	SEAL_E_EA_REQUEST_TYPE = -101,
	SEAL_E_EA_REQUEST_NO_SIGALGS = -102,
	SEAL_E_EA_MALFORMED = -103,
	SEAL_E_EA_UNEXPECTED_MESSAGE = -104,
	SEAL_E_EA_CERTIFICATE_MALFORMED = -105,
	SEAL_E_EA_EMPTY_CERTIFICATE_LIST = -106,
	SEAL_E_EA_CONTEXT_MISMATCH = -107,
	SEAL_E_EA_CONTEXT_REUSED = -108,
	SEAL_E_EA_EXTENSION_NOT_OFFERED = -109,
	SEAL_E_EA_SCHEME_NOT_TLS13 = -110,
	SEAL_E_EA_SCHEME_NOT_OFFERED = -111,
	SEAL_E_EA_SCHEME_KEY_MISMATCH = -112,
	SEAL_E_EA_KEY_USAGE = -113,
	SEAL_E_EA_SIGNATURE = -114,
	SEAL_E_EA_FINISHED_LENGTH = -115,
	SEAL_E_EA_FINISHED = -116,
	SEAL_E_EA_EMPTY = -117, /* a well-formed refusal by the peer */
	SEAL_E_EA_EMPTY_WITHOUT_REQUEST = -118,
	SEAL_E_EA_SPONTANEOUS = -119,
	SEAL_E_EA_CMW_MALFORMED = -120,
	SEAL_E_EA_CMW_PLACE = -121, /* not in the first entry, or twice */
	SEAL_E_EA_CMW_MISSING = -122
};

#define SEAL_DIAG_TEXT 256
#define SEAL_DIAG_REMEDY 160

/*
 * The story of the first failure: which check, what was expected, what was
 * found, and what to do about it. Initialise with {0}; reusable after a
 * success. text and remedy are NUL-terminated UTF-8, never contain secrets,
 * and may be empty.
 */
struct seal_diag {
	int code; /* 0, or the SEAL_E_* of the first failure */
	char text[SEAL_DIAG_TEXT];
	char remedy[SEAL_DIAG_REMEDY];
};

/* The outcome that an error code maps to; unknown codes: SEAL_INVALID. */
SEAL_API enum seal_outcome seal_error_outcome(int code);
/* "SEAL_E_DECODE"; a static string, also for unknown codes. */
SEAL_API const char *seal_error_name(int code);
/* "refused_policy"; a static string, also for unknown values. */
SEAL_API const char *seal_outcome_name(int outcome);
/*
 * The command line's exit status for an outcome (PROTOCOL 7): 0 accepted,
 * 2 do not retry, 3 retry.
 */
SEAL_API int seal_outcome_exit(int outcome);

#ifdef __cplusplus
}
#endif
#endif
