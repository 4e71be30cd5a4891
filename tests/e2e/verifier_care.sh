#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What doc/verifier.md tells its readers to do: new keys, backup and restore
# on both databases, three verifiers on one.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/postgres.lib.sh
. "$(dirname "$0")/postgres.lib.sh"
# shellcheck source=tests/e2e/verifier.lib.sh
. "$(dirname "$0")/verifier.lib.sh"
prepare_verifier
store=v.db

# kid: of the key that signed the result in the file body.
kid() {
	python3 -c 'import json, base64
head = json.load(open("body"))["result"].split(".")[0]
print(json.loads(base64.urlsafe_b64decode(head + "==="))["kid"])'
}
published() {
	ask 200 "$url/.well-known/jwks.json"
	python3 -c 'import json
print(*[k["kid"] for k in json.load(open("body"))["keys"]])'
}
appraise() {
	session
	submit 200 00ff "$nonce"
	has body '"status":"complete"'
}
results() {
	expect 0 verifier log --store "$store" --json --max 200
	lines out .
}

say "new keys"
expect 0 verifier add policy.json --store "$store"
verifier v
appraise
old=$(kid)
openssl pkey -in results.key -pubout -out results-old.pub 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out new.key 2>/dev/null
chmod 600 new.key
stop "$pid"
verifier v 'key = new.key' 'retired = results-old.pub'
appraise
new=$(kid)
[ "$old" != "$new" ] || die "the old key still signs"
[ "$(published)" = "$new $old" ] || die "expected both keys: $(published)"
stop "$pid"
verifier v 'key = new.key'
[ "$(published)" = "$new" ] || die "expected the new key alone: $(published)"

say "backup of SQLite while it runs, and restore"
if command -v sqlite3 >/dev/null; then
	sqlite3 v.db '.backup backup.db'
else
	echo "there is no sqlite3 here: by its library instead"
	python3 -c 'import sqlite3
sqlite3.connect("v.db").backup(sqlite3.connect("backup.db"))'
fi
appraise
[ "$(results)" -eq 3 ] || die "expected 3 results"
stop "$pid"
rm -f v.db v.db-wal v.db-shm
cp backup.db v.db
chmod 600 v.db
verifier v
[ "$(results)" -eq 2 ] || die "expected the 2 results of the backup"
appraise
[ "$(results)" -eq 3 ] || die "expected a new result after the old ones"
stop "$pid"

start_postgres
say "three on one PostgreSQL"
store=$pg_url
expect 0 verifier add policy.json --store "$store"
verifier a
a=$url a_pid=$pid
verifier b
b=$url b_pid=$pid
verifier c
c=$url c_pid=$pid
session_at "$a"
submit 200 00ff "$nonce" "$b"
ask 200 "$c$at"
has body '"status":"complete"'

say "backup of PostgreSQL while they run, and restore"
"$pg_bin/pg_dump" -h "$pg_dir" -U seal postgres >backup.sql
appraise
[ "$(results)" -eq 2 ] || die "expected 2 results"
for p in $a_pid $b_pid $c_pid; do
	stop "$p"
done
"$pg_bin/createdb" -h "$pg_dir" -U seal restored
"$pg_bin/psql" -q -h "$pg_dir" -U seal -v ON_ERROR_STOP=1 -f backup.sql restored >/dev/null
store="postgres://seal@/restored?host=$pg_dir"
verifier v
[ "$(results)" -eq 1 ] || die "expected the result of the backup"
appraise
[ "$(results)" -eq 2 ] || die "expected a new result after the old one"
provision policy.json || die "cannot be provisioned"
stop "$pid"
