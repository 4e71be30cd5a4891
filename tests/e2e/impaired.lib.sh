# shellcheck shell=sh disable=SC2154 # $seal and $pids come from lib.sh
# SPDX-License-Identifier: Apache-2.0
# Attested DTLS between two hosts with a bad network between them: each host a
# network namespace, and a third one in which the relay stands. Sourced behind
# lib.sh. Environment: FAKE_RELAY, the relay.
fake_relay=${FAKE_RELAY:?the program fake-relay}
ns=seal-$$
client_side=10.203.1 server_side=10.203.2

hosts_close() {
	for host in client relay server; do
		ip netns del "$ns-$host" 2>/dev/null || true
	done
}
# on HOST COMMAND...: there.
on() {
	on=$1
	shift
	ip netns exec "$ns-$on" "$@"
}
# wire HOST NET: between it, NET.1, and the relay, NET.2.
wire() {
	ip link add "$1" netns "$ns-$1" type veth peer name "$1" netns "$ns-relay" &&
		on "$1" ip address add "$2.1/24" dev "$1" &&
		on relay ip address add "$2.2/24" dev "$1" &&
		on "$1" ip link set "$1" up && on relay ip link set "$1" up &&
		on "$1" ip link set lo up
}
hosts_make() {
	for host in client relay server; do
		ip netns add "$ns-$host" || return 1
	done
	wire client $client_side && wire server $server_side
}
# Skips where a machine, or this user, has no network namespaces.
hosts_open() {
	need ip
	trap 'cleanup; hosts_close' EXIT
	hosts_make 2>hosts.log || {
		echo "skipped: no network namespaces here: $(head -n 1 hosts.log)"
		exit 77
	}
}

# parties: the two of them, and what is to be refused: a client with another
# measurement, and one that demands another server.
parties() {
	soft_key server
	soft_policy of-server.json "$pin" 00ff
	soft_policy other.json "$pin" 00fe
	soft_key client
	soft_policy of-client.json "$pin" 00ff
	"$seal" dev cert localhost cert.pem cert.key >/dev/null
}
# conf FILE SIGNER VALUE POLICY MTU
conf() {
	cat >"$1" <<-END
		{ "attesters": [ { "driver": "soft", "conf": { "key": "$2.key",
		    "measurements": "app=$3" } } ], "policy": "$4", "mtu": $5 }
	END
}

now_ms() { date +%s%3N; }

# one FOLDER KIND NUMBER: a connection; a line in FOLDER/results: what it was to come
# to, what it came to, and after how many ms the verdict was there.
one() {
	begun=$(now_ms)
	# Nothing takes longer than two deadlines, and what a CLOSE takes.
	{
		code=0
		on client timeout 75 "$seal" connect "$client_side.2:$relay_port" --udp \
			--name localhost --config "$1/$2.json" --verdict 2>"$1/$3.err" || code=$?
		echo "$code" >"$1/$3.code"
	} </dev/null | {
		IFS= read -r _ || true
		now_ms >"$1/$3.at"
		cat >/dev/null
	}
	case $(cat "$1/$3.code") in
	0) came=accepted ;;
	2) came=refused ;;
	124) came=stuck ;;
	*) if grep -qiE 'timeout|deadline|not acknowledged|within [0-9]* ms' "$1/$3.err"; then
		came=deadline
	else
		came=failed
		cat "$1/$3.err" >&2
	fi ;;
	esac
	echo "$2 $came $(($(cat "$1/$3.at") - begun))" >>"$1/results"
}
# some FOLDER FIRST COUNT: one after the other; one in five is to be refused.
some() {
	for i in $(seq "$2" $(($2 + $3 - 1))); do
		case $((i % 10)) in
		3) one "$1" changed "$i" ;;
		8) one "$1" strict "$i" ;;
		*) one "$1" good "$i" ;;
		esac
	done
}

# row NAME TOTAL AT-ONCE MTU SETTING...: a network, a server and its clients;
# prints a line, with the times
# of those that were accepted. Fails where one was stuck, or was judged wrongly.
row() {
	net=$1 total=$2 at_once=$3 mtu=$4
	shift 4
	f=$(echo "$net" | tr -c 'a-z0-9\n' _)
	mkdir "$f"
	ln -s ../server.key ../client.key ../of-server.json ../of-client.json ../other.json "$f"
	conf "$f/server.json" server 00ff of-client.json "$mtu"
	conf "$f/good.json" client 00ff of-server.json "$mtu"
	conf "$f/changed.json" client 00fe of-server.json "$mtu"
	conf "$f/strict.json" client 00ff other.json "$mtu"
	# Not by on(): its shell would be ended, and what it runs would not.
	start "$f/server" ip netns exec "$ns-server" "$seal" serve "$server_side.1:0" --udp --config "$f/server.json" \
		--cert cert.pem --key cert.key --echo
	row_server=$pid
	await "$f/server.log" "listening on $server_side.1:" "$pid"
	relay_port=$((20000 + found % 20000))
	start "$f/relay" ip netns exec "$ns-relay" "$fake_relay" "$client_side.2:$relay_port" "$server_side.1:$found" "$@"
	row_relay=$pid
	await "$f/relay.out" ready "$pid"
	: >"$f/results"
	row_clients=
	for k in $(seq "$at_once"); do
		some "$f" $((k * total / at_once)) $(((k + 1) * total / at_once - k * total / at_once)) &
		row_clients="$row_clients $!"
		pids="$pids $!"
	done
	for p in $row_clients; do
		finish "$p"
	done
	kill -0 "$row_server" || die "$net: the server ended: $(tail "$f/server.log")"
	stop "$row_server"
	stop "$row_relay"
	awk -v name="$net" -v total="$total" '
		{ of[$2]++; if ($2 == "accepted") ms[++n] = $3 }
		$2 == "accepted" && $1 != "good" || $2 == "refused" && $1 == "good" { wrong++ }
		function at(share) { i = int(n * share + 0.999); return n ? ms[i < 1 ? 1 : i] : 0 }
		END {
			for (i = 2; i <= n; i++)
				for (j = i; j > 1 && ms[j] < ms[j - 1]; j--) {
					t = ms[j]; ms[j] = ms[j - 1]; ms[j - 1] = t
				}
			printf "%-18s %8d %7d %9d %7d %5d %5d %8d ms %6d ms %6d ms\n", name,
				of["accepted"], of["refused"], of["deadline"], of["failed"],
				of["stuck"], wrong, at(0.5), at(0.95), at(1)
			exit of["failed"] + of["stuck"] + wrong > 0 || NR != total
		}' "$f/results" || die "$net: $(cat "$f"/*.err | sort | uniq -c | sort -rn | head -n 5)"
}
# alone COMMAND...: in a process of its own, which leaves the folder and the
# hosts to the first.
alone() {
	pids=
	trap 'for p in $pids; do kill "$p" 2>/dev/null || true; done' EXIT
	"$@"
}
# The same by the kernel's own, where it has one.
netem() {
	for side in client server; do
		on relay tc qdisc "$1" dev "$side" root netem delay 10ms 2ms loss 10% \
			duplicate 2% reorder 10% 2>>hosts.log || return 1
	done
}
# netem_row TOTAL AT-ONCE
netem_row() {
	netem add || {
		say "skipped: no netem in this kernel: $(tail -n 1 hosts.log)"
		return 0
	}
	row "netem, loss 10 %" "$1" "$2" 1200 seed=0
	netem del
}
head_of_rows() {
	printf '%-18s %8s %7s %9s %7s %5s %5s %11s %9s %9s\n' network accepted refused \
		deadline failed stuck wrong median "95 %" slowest
}
# The rows: a name, the MTU that both are told, the network's settings.
networks='delay 10 ms|1200|delay=10
loss 1 %|1200|loss=1 delay=10
loss 5 %|1200|loss=5 delay=10
loss 20 %|1200|loss=20 delay=10
loss 30 %|1200|loss=30 delay=10
reordering 25 %|1200|reorder=25 delay=10
duplication 10 %|1200|duplicate=10 delay=10
delay 300 ms|1200|delay=300
mtu 576|548|mtu=548 delay=10
mtu 1280|1232|mtu=1232 delay=10'
