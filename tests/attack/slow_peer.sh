#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Peers that stop in each phase. Each is ended at its deadline, others are
# served meanwhile, and no descriptor stays behind. Control: with a deadline
# that is far off they are still there.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"
stall=${STALL:?the peer that stops}

soft_key server-signer
soft_policy of-server.json "$pin" 00ff
soft_key client-signer
soft_policy of-client.json "$pin" 00ff
"$seal" dev cert localhost cert.pem cert.key >/dev/null
echo hello >in
# server NAME MS: one that asks its clients to attest within MS.
server() {
	cat >"$1.json" <<-END
		{ "attesters": [ { "driver": "soft", "conf": { "key": "server-signer.key",
		    "measurements": "app=00ff" } } ], "policy": "of-client.json",
		  "deadlines_ms": { "attest": $2 } }
	END
	serve "$1" --config "$1.json" --cert cert.pem --key cert.key --echo
}
good() {
	expect 0 connect "localhost:$port" --policy of-server.json \
		--attest 'soft:key=client-signer.key;measurements=app=00ff' <in
	cmp in out
}
no_more_fds() { [ "$(open_fds "$server_pid")" -le "$before" ]; }
phases='tcp clienthello tls frame request'

say "control: a far deadline ends none of them"
server patient 600000
good
for phase in $phases; do
	start "$phase" "$stall" "$port" "$phase"
	await "$phase.out" stalled "$pid"
done
good
for phase in $phases; do
	hasnt "$phase.out" ended
done
hasnt patient.log timeout

say "a near one ends each, by its name"
server strict 3000
server_pid=$pid
good
before=$(open_fds "$server_pid")
for phase in $phases; do
	start "$phase" "$stall" "$port" "$phase"
	stalled="${stalled-} $pid"
	await "$phase.out" stalled "$pid"
done
say "others are served meanwhile"
good
for p in $stalled; do
	finish "$p"
	[ "$status" -eq 0 ] || die "stall ended with $status"
done
for phase in $phases; do
	has "$phase.out" ended
done
[ "$(grep -c 'timeout' strict.log)" -eq 5 ] || die "not five time-outs: $(cat strict.log)"
[ "$(grep -c 'handshake' strict.log)" -eq 2 ] || die "not two in the handshake: $(cat strict.log)"
until_true no_more_fds
good

say "a hundred at once, and nothing stays behind"
for _ in $(seq 100); do
	start "crowd" "$stall" "$port" tls
	crowd="${crowd-} $pid"
done
good
for p in $crowd; do
	finish "$p"
done
until_true no_more_fds
good

say "servers that stop: the client ends too, and may try again"
cat >client.json <<END
{ "policy": "of-server.json", "deadlines_ms": { "attest": 1000 } }
END
start mute openssl s_server -accept 127.0.0.1:0 -cert cert.pem -key cert.key \
	-alpn seal/1 -www
await mute.out 'ACCEPT 127.0.0.1:' "$pid"
expect 3 connect "localhost:$found" --config client.json <in
has err 'not finished within'
kill -STOP "$server_pid"
expect 3 connect "localhost:$port" --config client.json <in
has err 'not finished within'
kill -CONT "$server_pid"
good

say "the server ends in order"
stop "$server_pid"
[ "$status" -eq 0 ] || die "the server ended with $status: $(cat strict.log)"
