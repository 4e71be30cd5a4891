#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A program over NSS, with a socket of its own, against this command's server.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
client=${NSS_CLIENT:?examples/nss-client}

# client_config FILE MODE VALUE: a client that wants app=VALUE.
client_config() {
	soft_policy "$1.policy" "$pin" "$3"
	[ "$2" != intra ] ||
		sed -i 's/"version": 1,/"version": 1, "min_binding": "transcript",/' "$1.policy"
	printf '{ "mode": "%s", "policy": "%s.policy" }\n' "$2" "$1" >"$1"
}
# meets STATUS CONFIG: what the client makes of the server on $port.
meets() {
	got=0
	"$client" "$port" host.example "$2" >out 2>err </dev/null || got=$?
	[ "$got" -eq "$1" ] || {
		cat out err >&2
		die "nss-client $2: expected exit status $1, found $got"
	}
}
soft_key server-signer
"$seal" dev cert host.example cert.pem cert.key >/dev/null
attests='soft:key=server-signer.key;measurements=app=00ff'

for mode in post intra both; do
	say "mode $mode"
	client_config good.json $mode 00ff
	client_config other.json $mode 00fe
	if [ $mode = post ]; then
		serve $mode --echo --cert cert.pem --key cert.key --attest "$attests"
	else
		serve $mode --echo --mode $mode --attest "$attests"
	fi
	meets 0 good.json
	has out 'hello, attested world'
	meets 2 other.json
	has err 'refused: .*app'
	stop "$pid"
done

say "a server that does not attest"
soft_key client-signer
soft_policy of-client.json "$pin" 00ff
serve plain --echo --cert cert.pem --key cert.key --policy of-client.json
meets 2 good.json
meets 2 other.json
