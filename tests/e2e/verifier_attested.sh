#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A verifier that attests itself: `seal serve` before it, as doc/verifier.md
# says. Who has another policy for it never sends a byte.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/provision.lib.sh
. "$here/provision.lib.sh"
need bash

results_key
soft_key signer
soft_policy policy.json "$pin" 00ff
"$seal" dev key verifier.key >/dev/null
verifier_pin=$(openssl pkey -in verifier.key -pubout -outform DER 2>/dev/null |
	sha256sum | cut -d' ' -f1)
soft_policy right.json "$verifier_pin" 00dd
soft_policy wrong.json "$verifier_pin" 00de
"$seal" dev cert localhost cert.pem cert.key >/dev/null
store=v.db
expect 0 verifier add policy.json --store $store
printf '%s\n' 'listen = 127.0.0.1:0' "store = $store" 'key = results.key' \
	'id = https://v.example' 'token_file = token' 'status = off' >verifier.conf
start verifier "$seal" verifier run --config verifier.conf
await verifier.log 'listening on ' "$pid"
inner=$found
serve front --cert cert.pem --key cert.key \
	--attest 'soft:key=verifier.key;measurements=app=00dd' \
	--exec "bash -c 'exec 3<>/dev/tcp/127.0.0.1/${inner##*:}; exec 4<&0; cat <&4 >&3 & exec cat <&3'"

# http METHOD PATH [FILE TYPE]: the answer, head and body, in the file answer.
http() {
	{
		printf '%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n' "$1" "$2"
		[ $# -lt 4 ] || printf 'Content-Type: %s\r\n' "$4"
		printf 'Authorization: Bearer %s\r\n' "$(cat token)"
		printf 'Content-Length: %d\r\n\r\n' "$(wc -c <"${3-/dev/null}")"
		cat "${3-/dev/null}"
	} >question
	expect 0 connect "localhost:$port" --policy right.json <question
	cp out answer
}

say "its answers, over what it attested"
http GET /healthz
has answer '^HTTP/1.1 200'
has answer READY

say "a whole session, and a policy with the token"
http POST /challenge-response/v1/newSession
has answer '^HTTP/1.1 201'
at=$(sed -n 's/^Location: *//ip' answer | tr -d '\r')
nonce=$(tail -n 1 answer | python3 -c 'import base64, json, sys
print(base64.b64decode(json.load(sys.stdin)["nonce"]).hex())')
"$seal" evidence --attest 'soft:key=signer.key;measurements=app=00ff' \
	--nonce "$nonce" -o e.cmw
http POST "$at" e.cmw application/cmw+cbor
has answer '"status":"complete"'
http POST "$submit_to" policy.json application/vnd.sealtls.policy+json
has answer '"status":"success"'

say "everybody looks like loopback: what loopback may see is off"
http GET /
has answer '^HTTP/1.1 404'
http GET /metrics
has answer '^HTTP/1.1 404'

say "another measurement than it should have: not a byte is sent"
expect 2 connect "localhost:$port" --policy wrong.json <question
[ ! -s out ] || die "an answer came"
