#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Two verifiers on one PostgreSQL behind a balancer: what one has begun the
# other ends, and what one has acknowledged outlives it.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/postgres.lib.sh
. "$(dirname "$0")/postgres.lib.sh"
# shellcheck source=tests/e2e/verifier.lib.sh
. "$(dirname "$0")/verifier.lib.sh"
start_postgres
store=$pg_url
prepare_verifier
# Each signs with a key of its own, and publishes the other's.
cp results.key a.key
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out b.key 2>/dev/null
chmod 600 b.key
for v in a b; do
	openssl pkey -in $v.key -pubout -out $v.pub 2>/dev/null
done
expect 0 verifier add policy.json --store "$store"

a_up() {
	verifier a 'key = a.key' 'retired = b.pub' "listen = 127.0.0.1:${a_port-0}"
	a=$url a_port=$port a_pid=$pid
}
b_up() {
	verifier b 'key = b.key' 'retired = a.pub' "listen = 127.0.0.1:${b_port-0}"
	b=$url b_port=$port b_pid=$pid
}
a_up
b_up
# appraised URL: how many results that one has given.
appraised() {
	ask 200 "$1/metrics"
	awk '/^seal_verifier_appraisals_total/ { n += $2 } END { print n + 0 }' body
}

say "a session opened on one is completed on the other, once"
session_at "$a"
submit 200 00ff "$nonce" "$b"
has body '"status":"complete"'
submit 409 00ff "$nonce" "$a"
ask 200 "$a$at"
has body '"result":"ey'
ask 204 -X DELETE "$a$at"
ask 404 "$b$at"
[ "$(appraised "$a") $(appraised "$b")" = "0 1" ] || die "expected b to appraise"

say "both publish the keys of both"
for v in "$a" "$b"; do
	ask 200 "$v/.well-known/jwks.json"
	python3 -c 'import json; print(*sorted(k["kid"] for k in json.load(open("body"))["keys"]))' \
		>>kids
done
[ "$(sort -u kids | wc -w)" -eq 2 ] || die "expected two keys: $(cat kids)"

say "a policy provisioned on one is in force on the other at once"
sed 's/00ff/aaaa/' policy.json >other.json
provision other.json "$a" || die "not provisioned"
session_at "$b"
submit 200 00ff "$nonce" "$b"
expect 0 verifier log --store "$store" --max 1
has out refused
provision policy.json "$b" || die "not provisioned"

say "behind a balancer, under load, one is killed"
start balancer python3 "$BALANCER" "$a_port" "$b_port"
await balancer.out 'balancing on ' "$pid"
front=$found
newest_result
since=$newest
start provisioner provision_on journal "http://127.0.0.1:$front"
start asker "$asker" "$front" 8 300 attester.json journal close
asker_pid=$pid
until_true grown journal '^done' 60
until_true grown journal '^policy' 2
[ "$(appraised "$a")" -gt 0 ] || die "a had nothing to do"
[ "$(appraised "$b")" -gt 1 ] || die "b had nothing to do"
kill -9 "$b_pid"
forget "$b_pid"
more=$(($(lines journal '^done') + 60))
until_true grown journal '^done' "$more"
kill -0 "$asker_pid" || die "the requesters gave up: $(cat asker.log)"
url=$a
acknowledged journal "$since"

say "it comes back, and takes part again"
b_up
session_at "$a"
submit 200 00ff "$nonce" "$b"
has body '"status":"complete"'

say "the other one is killed, too"
kill -9 "$a_pid"
forget "$a_pid"
url=$b
acknowledged journal "$since"
more=$(($(lines journal '^done') + 60))
until_true grown journal '^done' "$more"
touch enough
stop "$asker_pid"
[ "$status" -eq 0 ] || die "$(cat asker.log)"
acknowledged journal "$since"
echo "$(lines journal '^done') results, $(lines journal '^policy') policies, none lost"
