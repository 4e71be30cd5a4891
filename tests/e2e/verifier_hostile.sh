#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Injections and path tricks against a verifier, on SQLite, and with the
# argument "postgres" on PostgreSQL.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/postgres.lib.sh
. "$(dirname "$0")/postgres.lib.sh"
# shellcheck source=tests/e2e/verifier.lib.sh
. "$(dirname "$0")/verifier.lib.sh"
prepare_verifier
store=v.db
if [ "${1-}" = postgres ]; then
	start_postgres
	store=$pg_url
fi
expect 0 verifier add policy.json --store "$store"
verifier v
session
submit 200 00ff "$nonce"
newest_result
expect 0 verifier list --store "$store" --json
cp out items

say "hostile text in every place"
timeout 250 python3 "$HOSTILE" "$port" "$(cat token)" policy.json || die "see above"
kill -0 "$pid" || die "the verifier ended: $(cat v.log)"

say "nothing was changed by it"
expect 0 verifier list --store "$store" --json
cmp items out || die "the policies are others: $(cat out)"
ask 200 "$url$at"
session
submit 200 00ff "$nonce"
has body '"status":"complete"'
logged_since 0 >sessions
has sessions "${at##*/}"
stop "$pid"
[ "$status" -eq 0 ] || die "it ended with $status: $(cat v.log)"
