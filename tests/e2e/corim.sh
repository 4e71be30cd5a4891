#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reference values in CoRIMs: learned, signed, appraised by; then all the ways
# in which that must fail.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
need openssl swtpm tpm2_getrandom tpm2_pcrextend tpm2_pcrreset

a=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
tpm_scheme=application/vnd.sealtls.tpm+cbor

# corim_policy FILE SCHEME DEBUG SIGNERS RULES: a policy of one entry.
corim_policy() {
	cat >"$1" <<-END
		{ "version": 1, "max_age_s": 60, "identity": { "mode": "none" },
		  "accept": [ { "scheme": "$2", "debug": $3, "signers": [ $4 ], $5 } ] }
	END
}
# maker NAME: a key that signs CoRIMs, and its public half.
maker() {
	"$seal" dev key "$1.key" >/dev/null
	openssl pkey -in "$1.key" -pubout -out "$1.pub" 2>/dev/null
}

start_tpm tpm
expect 0 tpm init --tcti "$tcti" --out keys
"$seal" dev cert localhost cert.pem cert.key >/dev/null
cat >server.json <<END
{ "attesters": [ { "driver": "tpm2", "conf": { "tcti": "$tcti",
    "pcrs": "sha256:0-7,16", "subject_cert": "keys/subject.pem" } } ],
  "deadlines_ms": { "spacing": 0 } }
END
serve server --config server.json --cert cert.pem --key cert.key --echo
server=$pid
maker maker
maker stranger

say "learned from a peer, turned into a signed CoRIM"
expect 0 policy learn "localhost:$port" -o golden.json
expect 0 corim from-policy golden.json -o values.json --not-after 2099-01-01T00:00:00Z
expect 0 corim create values.json -o values.corim --sign maker.key --signer ACME
expect 0 corim create values.json -o again.corim
expect 0 corim create values.json -o once-more.corim
cmp again.corim once-more.corim
expect 0 corim show values.corim
has out 'signer: ACME'
expect 0 inspect values.corim
has out 'format: CoRIM'
expect 0 corim verify values.corim --key maker.pub
has out '^verified'
has out 'reference\[0\]'
expect 2 corim verify values.corim --key stranger.pub
expect 2 corim verify values.corim --key maker.pub --time 2100-01-01T00:00:00Z
has err 'valid until'

say "a policy that takes values and signers from it: accepted"
by_corim='{ "corim": true }'
signed='"corim": ["values.corim"], "corim_signers": [ { "key": "maker.pub" } ]'
corim_policy by-corim.json $tpm_scheme false "$by_corim" "$signed"
expect 0 policy lint by-corim.json
expect 0 policy explain by-corim.json
has out 'CoRIM values.corim, signed by ACME'
has out 'reference\[0\]'
has out 'attest-key\[0\]'
echo hello >in
expect 0 connect "localhost:$port" --policy by-corim.json <in
cmp in out
expect 0 connect "localhost:$port" --policy by-corim.json --verdict </dev/null
has out '^verdict *accepted'
has out "corim.reference  CoRIM 'policy-.*reference\[0\] (values.corim)"
has out 'corim.signer  CoRIM'

say "a register extended: refused, and the triple is named; reset: accepted"
tpm2_pcrextend -T "$tcti" "16:sha256=$a"
expect 2 connect "localhost:$port" --policy by-corim.json --verdict </dev/null
has out 'FAILED.*corim.reference'
has out "expected  CoRIM 'policy-.*reference\[0\] (values.corim): key 16: sha256"
expect 2 connect "localhost:$port" --policy by-corim.json <in
[ ! -s out ] || die "data passed"
tpm2_pcrreset -T "$tcti" 16
expect 0 connect "localhost:$port" --policy by-corim.json --verdict </dev/null

say "a register that the CoRIM does not know: refused"
sed 's/0-7,16/0-8,16/' server.json >more.json
serve more --config more.json --cert cert.pem --key cert.key --echo
expect 2 connect "localhost:$port" --policy by-corim.json --verdict </dev/null
has out 'key 8, for which there is no reference value'
stop "$pid"
serve server2 --config server.json --cert cert.pem --key cert.key --echo

say "another signer, no signature, a broken one: no policy at all"
expect 0 corim create values.json -o other.corim --sign stranger.key --signer ACME
corim_policy wrong.json $tpm_scheme false "$by_corim" \
	'"corim": ["other.corim"], "corim_signers": [ { "key": "maker.pub" } ]'
expect 1 policy lint wrong.json
has err 'not signed by a key'
expect 1 connect "localhost:$port" --policy wrong.json <in
[ ! -s out ] || die "data passed"
corim_policy wrong.json $tpm_scheme false "$by_corim" \
	'"corim": ["again.corim"], "corim_signers": [ { "key": "maker.pub" } ]'
expect 1 policy lint wrong.json
has err 'expected a signature, found none'
corim_policy wrong.json $tpm_scheme false "$by_corim" '"corim": ["again.corim"]'
expect 1 policy lint wrong.json
has err "'corim_signers' is missing"
corim_policy wrong.json $tpm_scheme false "$by_corim" "$signed, \"pcrs\": {}"
expect 1 policy lint wrong.json
has err 'not both'
corim_policy unsigned.json $tpm_scheme false "$by_corim" \
	'"corim": ["again.corim"], "corim_unsigned": true'
expect 0 connect "localhost:$port" --policy unsigned.json --verdict </dev/null

say "expired: refused"
expect 0 corim from-policy golden.json -o old.json --not-after 2020-01-01T00:00:00Z
expect 0 corim create old.json -o old.corim --sign maker.key --signer ACME
corim_policy old-policy.json $tpm_scheme false "$by_corim" \
	'"corim": ["old.corim"], "corim_signers": [ { "key": "maker.pub" } ]'
expect 2 connect "localhost:$port" --policy old-policy.json --verdict </dev/null
has out 'FAILED.*corim.valid'
pin=$(sed -n 's/.*"spki_sha256": "\([0-9a-f]*\)".*/\1/p' values.json | head -n 1)
corim_policy old-policy.json $tpm_scheme false "{ \"spki_sha256\": \"$pin\" }" \
	'"corim": ["old.corim"], "corim_signers": [ { "key": "maker.pub" } ]'
expect 2 connect "localhost:$port" --policy old-policy.json --verdict </dev/null
has out 'FAILED.*corim.valid'
has out 'was valid until'

say "another machine with the same values: not a key of the CoRIM's"
start_tpm other
expect 0 tpm init --tcti "$tcti" --out other-keys
sed "s/port=[0-9]*/port=$tpm_port/; s,keys/,other-keys/," server.json >other.json
serve impostor --config other.json --cert cert.pem --key cert.key --echo
expect 2 connect "localhost:$port" --policy by-corim.json --verdict </dev/null
has out 'FAILED.*signer'

say "the maker's certificate, pinned and under a CA"
"$seal" dev cert maker certified.pem certified.key >/dev/null
expect 0 corim create values.json -o certified.corim --sign certified.key \
	--cert certified.pem --signer ACME
expect 0 corim verify certified.corim --ca certified.pem
expect 2 corim verify certified.corim --ca cert.pem
certified=$(openssl pkey -in certified.key -pubout -outform DER 2>/dev/null |
	sha256sum | cut -d' ' -f1)
expect 0 corim verify certified.corim --spki-sha256 "$certified"
expect 2 corim verify certified.corim --spki-sha256 "$a"
expect 1 corim create values.json -o x --sign maker.key --cert certified.pem --signer A

say "software Evidence"
soft_key signer
soft_policy soft.json "$pin" "$a"
expect 0 corim from-policy soft.json -o soft-values.json
expect 0 corim create soft-values.json -o soft.corim
corim_policy soft-by-corim.json "$scheme" true "$by_corim" \
	'"corim": ["soft.corim"], "corim_unsigned": true'
serve soft --attest "soft:key=signer.key;measurements=app=$a" --cert cert.pem --key cert.key --echo
expect 0 connect "localhost:$port" --policy soft-by-corim.json --verdict </dev/null
has out 'corim.reference'
has out INSECURE
serve soft2 --attest "soft:key=signer.key;measurements=app=00" --cert cert.pem --key cert.key --echo
expect 2 connect "localhost:$port" --policy soft-by-corim.json --verdict </dev/null
has out 'FAILED.*corim.reference'
stop "$server"
