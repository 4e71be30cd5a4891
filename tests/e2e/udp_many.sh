#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Many peers at once on one UDP port of one process, mutual, some of which are to
# be refused: the right verdict for each, and memory that many more of them do
# not add to. PEERS: how many.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
many=${MANY:?the program many}
peers=${PEERS-50}
# What a sanitizer keeps of what was freed is no memory of the server's.
export ASAN_OPTIONS="quarantine_size_mb=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
each=256 # kilobytes, at most, of a peer that is connected
# Nor is what it lays around each block.
[ -z "${SANITIZED-}" ] || each=$((2 * each))
deadlines='"deadlines_ms": { "attest": 120000, "answer": 120000, "spacing": 0 }'

soft_key server
soft_policy of-server.json "$pin" 00ff
soft_policy other.json 0000000000000000000000000000000000000000000000000000000000000000 00ff
soft_key client
soft_policy of-client.json "$pin" 00ff
"$seal" dev cert localhost cert.pem cert.key >/dev/null
# conf NAME SIGNER VALUE POLICY
conf() {
	cat >"$1.json" <<-END
		{ "attesters": [ { "driver": "soft", "conf": { "key": "$2.key",
		    "measurements": "app=$3" } } ], "policy": "$4", $deadlines }
	END
}
conf serving server 00ff of-client.json
conf good client 00ff of-server.json
conf changed client 00fe of-server.json
conf strict client 00ff other.json

memory() { awk '/^RssAnon/ { print $2 }' "/proc/$server/status"; }

rounds=0
# have OUTCOME LINES: the server has said so, so often. (Ports come again, and
# tell no peers apart.)
have() { [ "$(grep -c "^[^ ]*: $1" server.log)" -eq "$2" ]; }
# round: all of them at once.
round() {
	few=$((peers / 10))
	begun=$(date +%s)
	"$many" "$port" localhost $((peers - 2 * few)) $((peers - 2 * few)) \
		good.json accepted udp >good.log 2>&1 &
	one=$!
	"$many" "$port" localhost $few $few changed.json refused_policy udp >changed.log 2>&1 &
	two=$!
	"$many" "$port" localhost $few $few strict.json refused_key udp >strict.log 2>&1 &
	three=$!
	pids="$pids $one $two $three"
	wrong=
	for p in $one $two $three; do
		finish "$p"
		[ "$status" -eq 0 ] || wrong=yes
	done
	cat good.log changed.log strict.log
	[ -z "$wrong" ] || die "wrong verdicts"
	# The server's own verdicts: strict clients refuse one that accepts them.
	rounds=$((rounds + 1))
	until_true have accepted $((rounds * (peers - few)))
	# Its verdict, and how the connection ended.
	until_true have refused_policy $((rounds * 2 * few))
	kill -0 "$server" || die "the server is gone: $(tail server.log)"
	echo "$peers peers: $(($(date +%s) - begun)) s, memory $(memory) KiB"
}

serve server --udp --config serving.json --cert cert.pem --key cert.key --echo \
	--max-connections "$peers"
server=$pid
before=$(memory)
say "$peers at once, of whom a fifth is to be refused"
round
first=$(memory)
say "and again"
round
grown=$(($(memory) - first))
echo "memory: $before KiB before, $first KiB after the first $peers, $grown KiB more after the second"
[ $((first - before)) -lt $((4096 + peers * each)) ] || die "a peer takes more than $each KiB"
[ "$grown" -lt $((4096 + peers * each / 4)) ] || die "memory grows"

say "nothing is left behind"
stop "$server"
[ "$status" -eq 0 ] || die "the server ended with $status: $(tail -n 40 server.log)"
