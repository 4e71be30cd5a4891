#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# kill -9 while a verifier is provisioned and appraises: its store opens again,
# and holds everything that was acknowledged. SEAL_CRASH_ROUNDS: how often.
# With "postgres" the database is killed as well, every other time.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/postgres.lib.sh
. "$(dirname "$0")/postgres.lib.sh"
# shellcheck source=tests/e2e/verifier.lib.sh
. "$(dirname "$0")/verifier.lib.sh"
rounds=${SEAL_CRASH_ROUNDS:-5}
prepare_verifier
store=v.db
if [ "${1-}" = postgres ]; then
	start_postgres
	pg_pid=$pid
	store=$pg_url
fi
expect 0 verifier add policy.json --store "$store"

# From the very first page of the schema on: some are killed while they make it.
say "killed while it makes its store"
for after in 0 1 2 4 8 16 32; do
	[ "$store" = v.db ] || break
	"$seal" verifier add policy.json --store "new$after.db" >/dev/null 2>&1 &
	victim=$!
	for _ in $(seq $after); do
		[ ! -e "new$after.db" ] || cat "new$after.db" >/dev/null
	done
	{ kill -9 $victim && wait $victim; } 2>/dev/null || true
	expect 0 verifier add policy.json --store "new$after.db"
done

total=0
for round in $(seq "$rounds"); do
	rm -f journal enough
	: >journal
	verifier v
	v_pid=$pid
	newest_result
	start provisioner provision_on journal
	provisioner=$pid
	start asker "$asker" "$port" 4 60 attester.json journal
	asker_pid=$pid
	# Another moment each time; some right at the start.
	until_true grown journal . $((1 + round * 37 % 90))
	if [ "$store" != v.db ] && [ $((round % 2)) -eq 0 ]; then
		kill -9 "$pg_pid"
		finish "$pg_pid"
		kill -9 "$v_pid"
		restart_postgres
		pg_pid=$pid
	else
		kill -9 "$v_pid"
	fi
	finish "$v_pid"
	finish "$asker_pid"
	[ "$status" -eq 0 ] || die "round $round: $(cat asker.log)"
	finish "$provisioner"
	verifier v
	acknowledged journal "$newest"
	# It goes on as before.
	provision policy.json || die "round $round: cannot be provisioned"
	session
	submit 200 00ff "$nonce"
	kill -9 "$pid"
	finish "$pid"
	total=$((total + $(lines journal .)))
done
if [ "$store" = v.db ]; then
	python3 -c 'import sqlite3
answer = sqlite3.connect("v.db").execute("PRAGMA integrity_check").fetchone()[0]
assert answer == "ok", answer'
fi
echo "$rounds kills, $total things acknowledged, none lost"
