#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An attestation key enrolled with verifiers that share a store: over TLS, and
# with every lie that an attester could tell.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/provision.lib.sh
. "$here/provision.lib.sh"
# shellcheck source=tests/e2e/ek.lib.sh
. "$here/ek.lib.sh"
challenge_at=/enrolment/v1/challenge
certificate_at=/enrolment/v1/certificate

manufacture one
one=$tcti
manufacture two
two=$tcti
manufacture strange
strange=$tcti
ca privacy
results_key
cat one.ca/issuercert.pem two.ca/issuercert.pem >makers.pem
"$seal" dev cert localhost cert.pem cert.key >/dev/null
mkdir anchors
cp privacy.pem anchors
store=v.db
# verifier NAME LINE...: its address in $url, its pid in $pid.
verifier() {
	verifier_name=$1
	shift
	printf '%s\n' "listen = 127.0.0.1:0" "store = $store" "key = results.key" \
		"id = https://v.example" "anchors = anchors" "token_file = token" \
		"$@" >"$verifier_name.conf"
	start "$verifier_name" "$seal" verifier run --config "$verifier_name.conf"
	await "$verifier_name.log" 'listening on ' "$pid"
	url=http://$found
}
on='ek_ca = makers.pem
ak_ca_cert = privacy.pem
ak_ca_key = privacy.key'

say "configured whole or not at all, with files that are right"
for lines in 'ek_ca = makers.pem' 'ak_ca_cert = privacy.pem' 'ek_ca = makers.pem
ak_ca_cert = privacy.pem' 'ek_ca = none.pem
ak_ca_cert = privacy.pem
ak_ca_key = privacy.key' 'ek_ca = makers.pem
ak_ca_cert = privacy.pem
ak_ca_key = results.key' 'ek_ca = makers.pem
ak_ca_cert = cert.pem
ak_ca_key = cert.key'; do
	printf '%s\n' "listen = 127.0.0.1:0" "store = $store" "key = results.key" \
		"id = x" "$lines" >bad.conf
	expect 1 verifier run --config bad.conf
done

say "off is off"
verifier off
off=$url
ask 403 --data-binary @cert.pem "$off$challenge_at"
has body 'Enrolment is off'
ask 403 --data-binary @cert.pem "$off$certificate_at"
expect 2 tpm enroll --verifier "$off" --tcti "$one" -o x
has err 'not configured'

say "enrolled, over TLS"
verifier tls "$on" 'tls_cert = cert.pem' 'tls_key = cert.key'
tls=https://localhost:${url##*:}
expect 0 tpm enroll --verifier "$tls" --verifier-ca cert.pem --tcti "$one" -o ak.pem
openssl verify -CAfile privacy.pem ak.pem >/dev/null || die "not of the CA"
for ek in rsa2048 p384; do
	expect 0 tpm enroll --verifier "$tls" --verifier-ca cert.pem --tcti "$one" \
		--ek $ek -o "ak.$ek.pem"
done
expect 3 tpm enroll --verifier "$tls" --tcti "$one" -o x
expect 3 tpm enroll --verifier "$tls" --verifier-ca privacy.pem --tcti "$one" -o x
expect 1 tpm enroll --verifier http://v.example --tcti "$one" -o x
expect 1 tpm enroll request --verifier "$tls" -o x
expect 1 tpm enroll --verifier "$tls" --tcti "$one"
[ ! -e x ] || die "something came of it"
ask 200 --cacert cert.pem "$tls/metrics"
has body 'enrolments_total{outcome="certified"} 3'

say "what it certified, the verifier trusts"
cat >policy.json <<END
{ "version": 1, "max_age_s": 60, "identity": { "mode": "none" },
  "accept": [ { "scheme": "application/vnd.sealtls.tpm+cbor",
    "signers": [ { "ca": "privacy.pem" } ], "debug": false,
    "pcrs": { "sha256": { "16": "$(printf %064d 0)" } } } ] }
END
# config NAME TCTI CHAIN
config() {
	cat >"$1.json" <<-END
		{ "attesters": [ { "driver": "tpm2", "conf": { "tcti": "$2",
		    "pcrs": "sha256:16", "ak_chain": "$3" } } ] }
	END
}
verifier first "$on"
first=$url
verifier second "$on"
second=$url
provision 200 "$first" application/vnd.sealtls.policy+json policy.json
config good "$one" ak.pem
judged "$second" affirming good.json
config stolen "$two" ak.pem
judged "$second" contraindicated stolen.json

# challenge STATUS REQUEST [URL]: the challenge, in the file REQUEST.challenge.
challenge() {
	ask "$1" --data-binary "@$2" "${3-$first}$challenge_at"
	cp body "$2.challenge"
}
# certify STATUS ANSWER [URL]
certify() { ask "$1" --data-binary "@$2" "${3-$second}$certificate_at"; }
request() { expect 0 tpm enroll request --tcti "$1" --ek rsa2048 -o "$2"; }
answer() {
	expect 0 tpm enroll answer "$2.challenge" --tcti "$1" --ek rsa2048 -o "$2.answer"
}

say "asked of one, answered to another; and answered once"
request "$one" r1
challenge 201 r1
has head 'enrol-challenge+cbor'
answer "$one" r1
certify 200 r1.answer
has body 'BEGIN CERTIFICATE'
certify 404 r1.answer
certify 404 r1.answer "$first"
challenge 201 r1
answer "$one" r1
for _ in 1 2 3 4 5 6 7 8; do
	for to in "$first" "$second"; do
		# shellcheck disable=SC2028 # for curl to expand
		printf '%s\n' "url = \"$to$certificate_at\"" \
			'data-binary = "@r1.answer"' 'output = /dev/null' \
			'write-out = "%{http_code}\n"' next
	done
done | sed '$d' >many
curl -s -m 60 -Z --parallel-immediate -K many | sort | uniq -c >statuses
[ "$(awk '$2 == 200 { print $1 }' statuses)" = 1 ] ||
	die "one answer to one challenge: $(cat statuses)"

say "an EK of another maker, with another's certificate, an AK that signs anything"
request "$strange" r3
challenge 403 r3
tpm2_nvread -T "$two" 0x1c00002 2>/dev/null | openssl x509 -inform DER -out two.ek.pem
expect 0 tpm enroll request --tcti "$one" --ek rsa2048 --ek-cert two.ek.pem -o mixed
challenge 403 mixed
has body 'another key than the EK'
expect 0 tpm enroll request --tcti "$one" --ak 0x81010012 -o unrestricted
challenge 403 unrestricted
has body restricted
expect 2 tpm enroll --verifier "$first" --tcti "$strange" -o x
[ ! -e x ] || die "something came of it"

say "another TPM's answer, a changed one, a guessed one: refused, and used up"
request "$two" r2
challenge 201 r1
challenge 201 r2
expect 1 tpm enroll answer r1.challenge --tcti "$two" --ek rsa2048 -o x
answer "$one" r1
answer "$two" r2
# The id of r2 and the secret of r1: answer is a map of the two.
python3 -c 'a, b = (open(f + ".answer", "rb").read() for f in ("r1", "r2"))
open("crossed", "wb").write(b[:19] + a[19:])'
certify 403 crossed
has body 'only the TPM with this EK'
certify 404 r2.answer
certify 200 r1.answer
challenge 201 r1
answer "$one" r1
python3 -c 'a = open("r1.answer", "rb").read()
open("changed", "wb").write(a[:-1] + bytes([a[-1] ^ 1]))
open("guessed", "wb").write(a[:3] + bytes(16) + a[19:])'
certify 404 guessed
certify 403 changed
certify 404 r1.answer

say "no more from one address than it may have"
verifier few "$on" 'sessions_per_address = 1'
few=$url
ask 200 "$few/.well-known/veraison/verification"
has body '"enrolmentChallenge":"/enrolment/v1/challenge"'
cp r1 rq
challenge 201 rq "$few"
challenge 429 rq "$few"

say "malformed"
for file in /dev/null cert.pem r1 r1.challenge; do
	case $file in r1.challenge) status=404 ;; *) status=400 ;; esac
	certify $status $file
done
for file in /dev/null cert.pem r1.answer r1.challenge; do
	challenge_status=400
	ask $challenge_status --data-binary "@$file" "$first$challenge_at"
done
head -c 70000 /dev/zero >large
ask 413 --data-binary @large "$first$challenge_at"
ask 413 --data-binary @large "$first$certificate_at"
ask 405 "$first$challenge_at"

say "too late"
verifier quick "$on" 'challenge_s = 1'
challenge 201 r1 "$url"
answer "$one" r1
late=$(($(date +%s) + 1))
past() { [ "$(date +%s)" -gt $late ]; }
until_true past
certify 403 r1.answer
has body expired
certify 404 r1.answer

say "nothing is left in the TPM"
tpm2_getcap -T "$one" handles-transient >loaded
tpm2_getcap -T "$one" handles-loaded-session >>loaded
[ ! -s loaded ] || die "left in the TPM: $(cat loaded)"
