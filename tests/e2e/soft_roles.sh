#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every pairing of roles, with software Evidence, and what flows through it.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

roles
own='--cert cert.pem --key cert.key'

# shellcheck disable=SC2086 # $own is four words
{
	say "the server attests"
	serve server $own --echo --attest "$server_attests"
	server=$port
	has server.log "INSECURE: attests with software"
	talks --policy of-server.json
	has err accepted
	has err INSECURE

	say "the wrong measurement: refused, named, and no byte comes through"
	echo secret >in
	expect 2 connect "localhost:$port" --policy other.json <in
	has err app
	[ ! -s out ] || die "data passed: $(cat out)"
	await server.log refused_policy
	expect 2 connect "localhost:$port" --policy of-client.json --verdict </dev/null
	has out signer

	say "learned, then connected"
	expect 0 policy learn "localhost:$port" -o learned.json
	expect 0 policy lint learned.json
	talks --policy learned.json
	expect 2 connect "127.0.0.1:$port" --policy of-server.json --name other.example </dev/null
	talks --policy of-server.json --name localhost

	say "the client attests"
	serve gate $own --echo --policy of-client.json
	talks --ca cert.pem --attest "$client_attests"
	has err "INSECURE: attests with software"
	await gate.log accepted
	has gate.log 'identity: none\|identity none\|"identity":"none"'
	expect 2 connect "localhost:$port" --ca cert.pem </dev/null
	expect 2 connect "localhost:$port" --ca cert.pem --attest "$server_attests" </dev/null

	say "mutual, the client without a TLS certificate"
	serve mutual $own --echo --policy of-client.json --attest "$server_attests"
	talks --policy of-server.json --attest "$client_attests"
	expect 2 connect "localhost:$port" --policy of-server.json </dev/null
	expect 2 connect "localhost:$port" --policy of-server.json --attest "$server_attests" </dev/null
	expect 2 connect "localhost:$port" --policy other.json --attest "$client_attests" </dev/null

	say "mutual, with certificates"
	serve certified $own --echo --policy of-client-pkix.json --attest "$server_attests"
	talks --policy of-server.json --attest "$client_attests" --cert client.pem --key client.key
	expect 2 connect "localhost:$port" --policy of-server.json --attest "$client_attests" </dev/null

	say "programs at both ends; the end of input passes as a half-close"
	serve upper $own --exec 'tr a-z A-Z' --attest "$server_attests"
	expect 0 connect "localhost:$port" --policy of-server.json --exec 'echo shout; exec >&-; cat >got'
	until_true grep -qx SHOUT got
	serve counter $own --exec 'wc -c' --attest "$server_attests"
	printf 12345 >in
	expect 0 connect "localhost:$port" --policy of-server.json <in
	has out '^ *5$'

	say "the inner protocol: agreed on, or not"
	serve inner $own --echo --alpn h2 --alpn http/1.1 --attest "$server_attests"
	talks --policy of-server.json --alpn http/1.1
	expect 2 connect "localhost:$port" --policy of-server.json --alpn smtp </dev/null

	say "an attester that this machine lacks, and may: told before anything else"
	cat >optional.json <<-END
		{ "identity": { "mode": "none" }, "attesters": [
		  { "driver": "tsm", "conf": { "dir": "/nonexistent" }, "optional": true },
		  { "driver": "soft", "conf": { "key": "server-signer.key", "measurements": "app=00ff" } } ] }
	END
	serve optional $own --echo --config optional.json
	has optional.log 'left out, since it is optional: tsm: '
	talks --policy of-server.json

	say "two megabytes come back whole"
	port=$server
	head -c 2097152 /dev/urandom >in
	expect 0 connect "localhost:$port" --policy of-server.json <in
	cmp in out || die "the echo differs"

	say "one connection, standard input and output"
	echo from-server >answer
	"$seal" serve 0 $own --attest "$server_attests" <answer >once.out 2>once.log &
	pid=$!
	pids="$pids $pid"
	await once.log 'listening on 127.0.0.1:' "$pid"
	echo from-client >in
	expect 0 connect "localhost:$found" --policy of-server.json <in
	has out from-server
	finish "$pid"
	[ "$status" -eq 0 ] || die "serve ended with $status: $(cat once.log)"
	has once.out from-client

	say "nobody listens any more"
	expect 3 connect "localhost:$found" --policy of-server.json </dev/null
}
