#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Peers that hold the right certificate and offer less: TLS without seal/1,
# TLS 1.2, a weak group, no scheme, silence. Control: the full offer.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"
need openssl

soft_key signer
"$seal" dev cert localhost cert.pem cert.key >/dev/null
soft_policy policy.json "$pin" 00ff '{ "mode": "pkix", "ca": "cert.pem" }'
spec='soft:key=signer.key;measurements=app=00ff'
echo secret >in

# plain OPTION...: a server of OpenSSL's own with the right certificate, which
# sends back each line that it gets, reversed.
plain() {
	start plain openssl s_server -accept 127.0.0.1:0 -cert cert.pem -key cert.key -rev "$@"
	await plain.out 'ACCEPT 127.0.0.1:' "$pid"
}
# refused NAME: whoever listens at $found.
refused() {
	say "$1"
	expect 2 connect "localhost:$found" --policy policy.json <in
	[ ! -s out ] || die "data passed: $(cat out)"
	has err "${2-seal: }"
	stop "$pid"
}

say "control: the full offer"
serve server --cert cert.pem --key cert.key --echo --attest "$spec"
server=$port
expect 0 connect "localhost:$port" --policy policy.json <in
cmp in out

plain
refused "a TLS 1.3 server without ALPN" 'ALPN'
plain -alpn h2
refused "one that speaks another protocol"
plain -tls1_2 -alpn seal/1
refused "TLS 1.2"
plain -alpn seal/1 -groups ffdhe2048
refused "a group without a sound check"
plain -alpn seal/1 -num_tickets 2
refused "one that selects seal/1, and knows no more of it"

say "a SEAL server that attests with nothing"
serve mute --cert cert.pem --key cert.key --echo
expect 2 connect "localhost:$port" --policy policy.json <in
has err 'unsupported\|scheme'
[ ! -s out ] || die "data passed"

say "clients of OpenSSL's own, at the genuine server"
# client OPTION...: must not get a byte of the echo.
client() {
	{
		cat in
		sleep 1
	} | openssl s_client -connect "127.0.0.1:$server" -quiet "$@" >got 2>&1 || true
	hasnt got secret
}
client
client -alpn h2
client -alpn seal/1 -tls1_2
client -alpn seal/1 -groups ffdhe2048
client -alpn seal/1
expect 0 connect "localhost:$server" --policy policy.json <in
