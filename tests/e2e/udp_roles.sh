#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every pairing of roles over DTLS 1.3 and real UDP, and what flows through it.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

roles
own='--udp --cert cert.pem --key cert.key'

# shellcheck disable=SC2086 # $own is five words
{
	say "the server attests"
	serve server $own --echo --attest "$server_attests"
	server=$port
	talks --udp --policy of-server.json
	has err accepted

	say "the wrong measurement: refused, named, and no byte comes through"
	echo secret >in
	expect 2 connect "localhost:$port" --udp --policy other.json <in
	has err app
	[ ! -s out ] || die "data passed: $(cat out)"
	await server.log refused_policy
	expect 2 connect "localhost:$port" --udp --policy of-client.json --verdict </dev/null
	has out signer

	say "learned, then connected"
	expect 0 policy learn "localhost:$port" --udp -o learned.json
	talks --udp --policy learned.json
	expect 2 connect "127.0.0.1:$port" --udp --policy of-server.json --name other.example </dev/null
	has err other.example

	say "the client attests"
	serve gate $own --echo --policy of-client.json
	talks --udp --ca cert.pem --attest "$client_attests"
	await gate.log accepted
	expect 2 connect "localhost:$port" --udp --ca cert.pem </dev/null
	expect 2 connect "localhost:$port" --udp --ca cert.pem --attest "$server_attests" </dev/null

	say "mutual, the client without a TLS certificate"
	serve mutual $own --echo --policy of-client.json --attest "$server_attests"
	talks --udp --policy of-server.json --attest "$client_attests"
	expect 2 connect "localhost:$port" --udp --policy of-server.json </dev/null
	expect 2 connect "localhost:$port" --udp --policy other.json --attest "$client_attests" </dev/null

	say "mutual, with certificates"
	serve certified $own --echo --policy of-client-pkix.json --attest "$server_attests"
	talks --udp --policy of-server.json --attest "$client_attests" --cert client.pem --key client.key
	expect 2 connect "localhost:$port" --udp --policy of-server.json --attest "$client_attests" </dev/null

	say "a program at the other end, a datagram at a time"
	serve upper $own --exec 'tr a-z A-Z' --attest "$server_attests"
	echo shout >in
	expect 0 connect "localhost:$port" --udp --policy of-server.json <in
	grep -qx SHOUT out || [ ! -s out ] || die "received $(cat out)"

	say "TLS and DTLS do not meet, and each says so"
	port=$server
	expect 3 connect "localhost:$port" --policy of-server.json </dev/null
	expect 1 serve 0 --udp --echo </dev/null

	say "two at once, on one port"
	start first "$seal" connect "localhost:$port" --udp --policy of-server.json --exec 'echo one; read -r x; echo $x >first.got'
	first=$pid
	start second "$seal" connect "localhost:$port" --udp --policy of-server.json --exec 'echo two; read -r x; echo $x >second.got'
	second=$pid
	until_true grep -qx one first.got
	until_true grep -qx two second.got
	stop "$first"
	stop "$second"
}
