#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A verifier as its users meet it: a session, Evidence, a signed result.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
need curl openssl python3

openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
	-out results.key 2>/dev/null
chmod 600 results.key
soft_key signer
soft_policy policy.json "$pin" 00ff
expect 0 verifier add policy.json --store v.db
expect 0 verifier list --store v.db
has out default
echo 'a secret of the provisioners' >token
chmod 600 token
start verifier "$seal" verifier run --store v.db --key results.key \
	--id https://v.example --listen 0 --token-file token
await verifier.log 'listening on ' "$pid"
url=http://$found
spec='soft:key=signer.key;measurements=app='

# ask STATUS CURL-ARGUMENT...: the body is in the file body.
ask() {
	want=$1
	shift
	got=$(curl -s -m 20 -D head -o body -w '%{http_code}' "$@")
	[ "$got" = "$want" ] || die "$*: expected $want, found $got: $(cat body)"
}
session() {
	ask 201 -X POST "$url/challenge-response/v1/newSession"
	at=$url$(sed -n 's/^Location: *//ip' head | tr -d '\r')
	nonce=$(python3 -c 'import json,base64
print(base64.b64decode(json.load(open("body"))["nonce"]).hex())')
}
submit() {
	"$seal" evidence --attest "$spec$2" --nonce "$3" -o e.cmw
	ask "$1" -H 'Content-Type: application/cmw+cbor' --data-binary @e.cmw "$at"
}

say "accepted, and a session takes Evidence once"
session
submit 200 00ff "$nonce"
has body '"status":"complete"'
has body '"result":"ey'
submit 409 00ff "$nonce"
ask 200 "$at"
ask 204 -X DELETE "$at"
ask 404 "$at"

say "refused: another measurement, another nonce, an unknown type"
session
submit 200 00fe "$nonce"
session
submit 200 00ff 00112233445566778899aabbccddeeff
session
ask 415 -H 'Content-Type: text/plain' -d x "$at"
has body '"accept":\['
expect 0 verifier log --store v.db --refused --json
[ "$(wc -l <out)" -eq 2 ] || die "expected two refusals: $(cat out)"

say "hostile requests"
new=$url/challenge-response/v1/newSession
ask 400 -X POST "$new?nonceSize=7"
ask 400 -X POST "$new?nonceSize=65"
ask 400 -X POST "$new?nonce=AA"
ask 400 -X POST "$new?nonce=AAAAAAAAAAAAAAAA&nonceSize=8"
ask 405 -X PUT "$new"
ask 404 "$url/../../etc/passwd" --path-as-is
ask 404 "$url/challenge-response/v1/session/'%20OR%201=1"
ask 400 "$url/?attester='"

say "provisioning: refused without the token"
to=$url/endorsement-provisioning/v1/submit
type='Content-Type: application/vnd.sealtls.policy+json'
ask 401 -H "$type" --data-binary @policy.json "$to"
ask 401 -H "$type" -H 'Authorization: Bearer wrong' --data-binary @policy.json "$to"
ask 415 -H "Authorization: Bearer $(cat token)" -d x "$to"
ask 400 -H "$type" -H "Authorization: Bearer $(cat token)" -d '{' "$to"
ask 200 -H "$type" -H "Authorization: Bearer $(cat token)" \
	--data-binary @policy.json "$to"

say "what it says of itself"
for path in /healthz /metrics / /style.css /.well-known/jwks.json \
	/.well-known/veraison/verification /.well-known/veraison/provisioning; do
	ask 200 "$url$path"
done
