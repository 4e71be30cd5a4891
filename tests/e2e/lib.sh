# shellcheck shell=sh disable=SC2034 # for those that source it
# SPDX-License-Identifier: Apache-2.0
# What the end-to-end tests share; each sources it first. It leaves the test in
# a folder of its own, which goes away at the end with all that was started.
# Environment: SEAL, the command; RELAY, the man in the middle.
set -eu
seal=${SEAL:?the command seal}
relay=${RELAY-}
dir=$(mktemp -d "${TMPDIR:-/tmp}/seal-e2e.XXXXXX")
pids=
cleanup() {
	for p in $pids; do
		kill "$p" 2>/dev/null || true
	done
	for p in $pids; do
		wait "$p" 2>/dev/null || true
	done
	cd /
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP
cd "$dir"
export TSS2_LOG=all+NONE
scheme='application/eat+cwt; eat_profile=\"tag:sealtls,2026:soft\"'

say() { echo "== $*"; }
die() {
	echo "FAILED: $*" >&2
	exit 1
}
# need COMMAND...: without it there is nothing to test with.
need() {
	for c; do
		command -v "$c" >/dev/null || {
			echo "skipped: there is no $c on this machine"
			exit 77
		}
	done
}

# expect STATUS COMMAND...: holds seal to its exit status; leaves what it said
# in the files out and err. Its input is that of the caller.
expect() {
	want=$1
	shift
	got=0
	"$seal" "$@" >out 2>err || got=$?
	[ "$got" -eq "$want" ] || {
		cat out err >&2
		die "seal $*: expected exit status $want, found $got"
	}
}
# has FILE PATTERN: a line of it matches.
has() {
	grep -q -- "$2" "$1" || {
		cat "$1" >&2
		die "$1: expected '$2'"
	}
}
hasnt() {
	! grep -q -- "$2" "$1" || {
		cat "$1" >&2
		die "$1: unexpected '$2'"
	}
}

# start NAME COMMAND...: in the background, its pid in $pid, with the files
# NAME.out and NAME.log.
start() {
	name=$1
	shift
	rm -f "$name.out" "$name.log" # lest an earlier one's be waited for
	"$@" </dev/null >"$name.out" 2>"$name.log" &
	pid=$!
	pids="$pids $pid"
}
# finish PID: waits for it to end by itself; its status in $status.
finish() {
	status=0
	wait "$1" || status=$?
	forget "$1"
}
stop() {
	kill "$1" 2>/dev/null || true
	finish "$1"
}
forget() {
	left=
	for p in $pids; do
		[ "$p" = "$1" ] || left="$left $p"
	done
	pids=$left
}

# whole_lines FILE: its last line is not still being written.
whole_lines() { [ -z "$(tail -c 1 "$1")" ]; }
# await FILE PATTERN [PID]: until a line of FILE matches, or PID has ended.
# What follows the match on that line is in $found.
await() {
	for _ in $(seq 600); do
		if grep -q -- "$2" "$1" 2>/dev/null && whole_lines "$1"; then
			found=$(sed -n "s/.*$2//p" "$1" | head -n 1)
			return 0
		fi
		[ -z "${3-}" ] || kill -0 "$3" 2>/dev/null ||
			die "ended early: $(cat "$1")"
		sleep 0.05
	done
	die "$1 never said '$2': $(cat "$1")"
}
# until COMMAND...: it holds at last.
until_true() {
	for _ in $(seq 600); do
		"$@" && return 0
		sleep 0.05
	done
	die "never came true: $*"
}

# serve NAME OPTION...: a server, its pid in $pid and its port in $port.
serve() {
	serve_name=$1
	shift
	start "$serve_name" "$seal" serve 0 "$@"
	await "$serve_name.log" 'listening on 127.0.0.1:' "$pid"
	port=$found
}

# talks OPTION...: what goes in to that server comes back.
talks() {
	echo "hello $*" >in
	expect 0 connect "localhost:$port" "$@" <in
	cmp -s in out || die "connect $*: sent $(cat in), received $(cat out)"
}
# refused CHECK OPTION...: for that check, and no byte comes through.
refused() {
	check=$1
	shift
	echo secret >in
	expect 2 connect "localhost:$port" "$@" <in
	has err "$check"
	[ ! -s out ] || die "data passed: $(cat out)"
}
# suite NAME COMMAND...: it alone is to be had.
suite() {
	printf '%s\n' 'openssl_conf = a' '[a]' 'ssl_conf = b' '[b]' \
		'system_default = c' '[c]' "Ciphersuites = $1" >suite.cnf
	shift
	OPENSSL_CONF=$PWD/suite.cnf "$@"
}

# start_tpm NAME [STATE]: an emulator on fresh state, or on that folder's; its pid in $pid, how to reach it
# in $tcti. The pid file comes once both of its ports are its own.
start_tpm() {
	need swtpm tpm2_getrandom
	tpm_state=${2-$1.state}
	[ -d "$tpm_state" ] || mkdir "$tpm_state"
	for try in $(seq 100); do
		tpm_port=$((20000 + ($$ * 7 + try * 38) % 12000 / 2 * 2))
		rm -f "$1.pid"
		swtpm socket --tpm2 --tpmstate dir="$tpm_state" \
			--flags not-need-init,startup-clear --pid file="$1.pid" \
			--server type=tcp,port=$tpm_port,bindaddr=127.0.0.1 \
			--ctrl type=tcp,port=$((tpm_port + 1)),bindaddr=127.0.0.1 \
			>"$1.swtpm" 2>&1 &
		pid=$!
		pids="$pids $pid"
		tcti=swtpm:host=127.0.0.1,port=$tpm_port
		while kill -0 "$pid" 2>/dev/null && [ ! -s "$1.pid" ]; do
			sleep 0.05
		done
		[ ! -s "$1.pid" ] || break
		forget "$pid"
	done
	tpm2_getrandom -T "$tcti" 4 >/dev/null 2>&1 || die "swtpm: $(cat "$1.swtpm")"
}

# soft_policy FILE PIN VALUE [IDENTITY]: accepts software Evidence of PIN.
soft_policy() {
	identity='{ "mode": "none" }'
	cat >"$1" <<-END
		{ "version": 1, "max_age_s": 60, "identity": ${4-$identity},
		  "accept": [ { "scheme": "$scheme", "signers": [ { "spki_sha256": "$2" } ],
		    "debug": true, "measurements": { "app": "$3" } } ] }
	END
}
# soft_key NAME: a signer in NAME.key; its pin in $pin.
soft_key() {
	"$seal" dev key "$1.key" >/dev/null
	pin=$(openssl pkey -in "$1.key" -pubout -outform DER 2>/dev/null |
		sha256sum | cut -d' ' -f1)
}
# roles: keys, certificates and policies of a server and of a client that may attest with software.
roles() {
	soft_key server-signer
	server_pin=$pin
	soft_key client-signer
	client_pin=$pin
	"$seal" dev cert localhost cert.pem cert.key >/dev/null
	"$seal" dev cert client client.pem client.key >/dev/null
	by_ca='{ "mode": "pkix", "ca": "cert.pem" }'
	soft_policy of-server.json "$server_pin" 00ff "$by_ca"
	soft_policy other.json "$server_pin" 00fe "$by_ca"
	soft_policy of-client.json "$client_pin" 00ff
	soft_policy of-client-pkix.json "$client_pin" 00ff '{ "mode": "pkix", "ca": "client.pem" }'
	server_attests='soft:key=server-signer.key;measurements=app=00ff'
	client_attests='soft:key=client-signer.key;measurements=app=00ff'
}
# open_fds PID: how many.
open_fds() { find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l; }
