#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ClientHellos and garbage from many addresses, none of which ever shows that it
# receives: nothing is kept of them, no answer is larger than three times the
# question, and who does receive attests meanwhile.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
need python3
sender=${FLOOD:?the script udp_flood.py}
# A sanitizer would keep what was freed, and call it memory.
export ASAN_OPTIONS="quarantine_size_mb=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}"

soft_key signer
"$seal" dev cert localhost cert.pem cert.key >/dev/null
soft_policy policy.json "$pin" 00ff '{ "mode": "pkix", "ca": "cert.pem" }'

# memory PID: kilobytes of it that are its own.
memory() { awk '/^RssAnon/ { print $2 }' "/proc/$1/status"; }

say "a ClientHello to play again"
start record python3 "$sender" record hello
await record.out '^'
"$seal" connect "localhost:$(cat record.out)" --udp --policy policy.json \
	</dev/null >/dev/null 2>&1 &
client=$!
pids="$pids $client"
until_true test -s hello
stop "$client"

say "a flood of it, and of worse"
serve server --udp --cert cert.pem --key cert.key --echo --max-connections 8 \
	--attest 'soft:key=signer.key;measurements=app=00ff'
server=$pid
echo genuine >in
expect 0 connect "localhost:$port" --udp --policy policy.json <in
before=$(memory "$server")
start flood python3 "$sender" flood "$port" hello 8
flood=$pid
for _ in 1 2 3; do
	expect 0 connect "localhost:$port" --udp --policy policy.json <in
	has err accepted
done
kill -0 "$flood" 2>/dev/null || say "the flood was over before the last of them"
finish "$flood"
cat flood.out flood.log
[ "$status" -eq 0 ] || die "the flood: $(cat flood.log)"
after=$(memory "$server")
say "memory: $before kB before, $after kB after"
[ "$after" -lt $((before + 8192)) ] || die "memory grew"
kill -0 "$server" || die "the server ended: $(cat server.log)"
# Nobody of them became a peer.
[ "$(grep -c ': closed' server.log)" -le 4 ] || die "peers: $(cat server.log)"
