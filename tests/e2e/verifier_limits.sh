#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Slow, many, large and odd requests to a verifier: nothing hangs, others are
# served, and its memory has bounds.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/verifier.lib.sh
. "$(dirname "$0")/verifier.lib.sh"
prepare_verifier
store=v.db
expect 0 verifier add policy.json --store "$store"
verifier v 'request_s = 4' 'connections = 512' 'per_address = 400' \
	'sessions_per_address = 300'
before=$(open_fds "$pid")
timeout 280 python3 "$LIMITS" "$port" "$pid" || die "see above"
kill -0 "$pid" || die "the verifier ended: $(cat v.log)"
no_more_fds() { [ "$(open_fds "$pid")" -le $((before + 8)) ]; } # of the store
until_true no_more_fds
stop "$pid"
[ "$status" -eq 0 ] || die "it ended with $status: $(cat v.log)"
