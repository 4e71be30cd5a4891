#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the command says to wrong use: exit status 1 and a reason, never a guess.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

soft_key signer
soft_policy policy.json "$pin" 00ff
"$seal" dev cert localhost cert.pem cert.key >/dev/null

say "help: every command has one, with an example"
expect 0 --help
has out 'exit status: 0 accepted'
for c in serve connect 'policy learn' 'policy lint' 'policy explain' evidence 'passport get' \
	appraise inspect doctor 'tpm init' 'tpm status' 'dev key' 'dev cert' \
	'collateral fetch' 'collateral import' 'collateral pack' 'collateral check' 'collateral list' 'tcb status'; do
	# shellcheck disable=SC2086 # two words
	expect 0 $c --help
	has out '^usage: seal '
	has out '^example:'
	sed -n '/^example:/,$p' out >example
	has example "seal $c"
done

say "unknown commands, options and numbers"
expect 1
expect 1 frobnicate
has err "unknown command 'frobnicate'"
expect 1 policy
expect 1 policy frobnicate
expect 1 connect
expect 1 connect localhost:1 localhost:2
expect 1 connect localhost:1 --frobnicate
has err frobnicate
expect 1 connect localhost:1 --policy
expect 1 serve 0 --cert cert.pem --key cert.key --echo --workers 0
expect 1 serve 0 --cert cert.pem --key cert.key --echo --workers many
expect 1 serve 0 --cert cert.pem --key cert.key --echo --exec cat
expect 1 serve 70000 --cert cert.pem --key cert.key --echo
expect 1 serve 0 --echo
expect 1 connect localhost --policy policy.json
expect 1 connect ::1:4433 --policy policy.json
has err 'expected HOST:PORT'
expect 1 evidence --attest 'soft:key=signer.key' --nonce 00
expect 1 evidence --attest 'soft:key=signer.key' --nonce xyz
expect 1 evidence --attest 'soft:key=signer.key'
expect 1 evidence --attest 'hard:key=signer.key' --nonce 0011223344556677
has err hard
expect 1 evidence --attest 'soft:colour=blue' --nonce 0011223344556677

say "missing files, and a folder for a file"
mkdir folder
for file in missing folder; do
	expect 1 policy lint $file
	has err "$file"
	expect 1 policy explain $file
	expect 1 inspect $file
	expect 1 appraise $file --policy policy.json --nonce 0011223344556677
	expect 1 connect localhost:1 --policy $file
	has err "$file"
	expect 1 connect localhost:1 --config $file
	expect 1 serve 0 --cert $file --key cert.key --echo
	expect 1 serve 0 --cert cert.pem --key $file --echo
	expect 1 evidence --attest "soft:key=$file" --nonce 0011223344556677
	has err "$file"
done
expect 1 dev key folder
expect 1 dev key missing/key
expect 1 dev cert localhost missing/cert cert.key
expect 1 evidence --attest 'soft:key=signer.key' --nonce 0011223344556677 -o missing/out

say "key files that others may read"
cp signer.key open.key
chmod 644 open.key
expect 1 evidence --attest 'soft:key=open.key' --nonce 0011223344556677
has err open.key
[ "$(stat -c %a signer.key)" = 600 ] || die "dev key: mode $(stat -c %a signer.key)"
[ "$(stat -c %a cert.key)" = 600 ] || die "dev cert: mode $(stat -c %a cert.key)"

say "policies that would let anything pass"
echo '{}' >empty.json
echo '{ "version": 1 ' >cut.json
soft_policy none.json "" 00ff
sed 's/"debug": true, //' policy.json >release.json
sed 's/"max_age_s": 60, //' policy.json >ageless.json
sed 's/"version"/"colour": 1, "version"/' policy.json >colour.json
for file in empty cut none release ageless colour; do
	expect 1 policy lint $file.json
	expect 1 connect localhost:1 --policy $file.json
done
expect 0 policy lint policy.json

say "no TPM"
expect 3 tpm status --tcti swtpm:host=127.0.0.1,port=1
expect 3 tpm init --tcti swtpm:host=127.0.0.1,port=1
expect 0 doctor --tcti swtpm:host=127.0.0.1,port=1
has out tpm

say "nothing listens"
expect 3 connect 127.0.0.1:1 --policy policy.json

say "JSON"
if command -v jq >/dev/null; then
	parse() { jq -e . "$1" >/dev/null; }
elif command -v python3 >/dev/null; then
	parse() { python3 -c 'import json,sys
text = open(sys.argv[1]).read().strip()
while text: text = text[json.JSONDecoder().raw_decode(text)[1]:].strip()' "$1"; }
else
	echo "not checked: neither jq nor python3 is there"
	exit 0
fi
json() {
	expect "$@" --json
	[ -s out ] || mv err out
	parse out || {
		cat out
		die "seal $*: no JSON"
	}
}
json 0 doctor --tcti swtpm:host=127.0.0.1,port=1
json 0 policy lint policy.json
json 1 policy lint empty.json
json 0 policy explain policy.json
json 0 dev key other.key
json 0 dev cert localhost other.pem other.key
json 0 evidence --attest 'soft:key=signer.key;measurements=app=00ff' --nonce 0011223344556677
"$seal" evidence --attest 'soft:key=signer.key;measurements=app=00ff' \
	--nonce 0011223344556677 -o e.cmw
json 0 inspect e.cmw
json 0 appraise e.cmw --policy policy.json --nonce 0011223344556677
json 2 appraise e.cmw --policy policy.json --nonce 0011223344556678
json 3 connect 127.0.0.1:1 --policy policy.json
json 3 tpm status --tcti swtpm:host=127.0.0.1,port=1
json 1 appraise missing --policy policy.json --nonce 0011223344556677
