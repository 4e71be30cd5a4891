# shellcheck shell=sh disable=SC2034,SC2154 # for those that source it
# SPDX-License-Identifier: Apache-2.0
# A verifier to which things are provisioned; sourced after lib.sh.
need curl openssl python3
submit_to=/endorsement-provisioning/v1/submit

# results_key: who signs results, in results.key; a token, in token.
results_key() {
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
		-out results.key 2>/dev/null
	openssl pkey -in results.key -pubout -out results.pub 2>/dev/null
	echo 'a secret of the provisioners' >token
	chmod 600 results.key token
}
# run_verifier NAME OPTION...: its pid in $pid, its address in $url.
run_verifier() {
	start "$@" --key results.key --id https://v.example --listen 0
	await "$1.log" 'listening on ' "$pid"
	url=http://$found
}
# ask STATUS CURL-ARGUMENT...: the body is in the file body, the head in head.
ask() {
	want=$1
	shift
	got=$(curl -s -m 30 -D head -o body -w '%{http_code}' "$@") || true
	[ "$got" = "$want" ] || die "$*: expected $want, found $got: $(cat body)"
}
# session URL: its address in $at, its nonce in $nonce.
session() {
	ask 201 -X POST "$1/challenge-response/v1/newSession"
	at=$1$(sed -n 's/^Location: *//ip' head | tr -d '\r')
	nonce=$(sed -n 's/.*"nonce":"\([^"]*\)".*/\1/p' body | base64 -d |
		od -An -v -tx1 | tr -d ' \n')
}
# judged URL STATUS CONFIG: Evidence by CONFIG over a new session's nonce; the
# result says STATUS (affirming, contraindicated...). Its token is in result.jwt.
judged() {
	session "$1"
	"$seal" evidence --config "$3" --nonce "$nonce" -o e.cmw
	ask 200 -H 'Content-Type: application/cmw+cbor' --data-binary @e.cmw "$at"
	sed -n 's/.*"result":"\([^"]*\)".*/\1/p' body >result.jwt
	expect 0 inspect result.jwt --json
	grep -q "\"status\": *\"$2\"" out ||
		die "expected $2: $(cat out); $("$seal" verifier log \
			--store "$store" --max 1 --json)"
}
# provision STATUS URL TYPE FILE [CURL-ARGUMENT...]: with the token.
provision() {
	provision_want=$1 provision_url=$2 provision_type=$3 provision_file=$4
	shift 4
	ask "$provision_want" -H "Content-Type: $provision_type" \
		-H "Authorization: Bearer $(cat token)" "$@" \
		--data-binary "@$provision_file" "$provision_url$submit_to"
}
