#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An attestation key certified by credential activation, by TPMs whose EKs have
# certificates; then a policy that trusts the CA alone.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/ek.lib.sh
. "$here/ek.lib.sh"
# flip FILE: its last byte.
flip() {
	n=$(($(wc -c <"$1") - 1))
	b=$(od -An -tu1 -j "$n" -N 1 "$1" | tr -d ' ')
	# shellcheck disable=SC2059 # the byte itself
	printf "\\$(printf %o $((b ^ 1)))" | dd of="$1" bs=1 seek="$n" conv=notrunc 2>/dev/null
}

manufacture one
one=$tcti
manufacture two
two=$tcti
ca privacy
ca stranger
issue="--ca-cert privacy.pem --ca-key privacy.key"

for ek in rsa2048 p384; do
	say "enrolled by $ek"
	expect 0 tpm enroll request --tcti "$one" --ek $ek -o request
	expect 0 tpm enroll challenge request --ek-ca one.ca/issuercert.pem \
		--state state -o challenge
	[ "$(stat -c %a state)" = 600 ] || die "others may read the secret"
	expect 0 tpm enroll answer challenge --tcti "$one" --ek $ek -o answer
	# shellcheck disable=SC2086 # options
	expect 0 tpm enroll certify answer --state state $issue -o "ak.$ek.pem"
	openssl verify -CAfile privacy.pem "ak.$ek.pem" >/dev/null ||
		die "not a certificate of the CA"
done
tpm2_getcap -T "$one" handles-transient >loaded
tpm2_getcap -T "$one" handles-loaded-session >>loaded
[ ! -s loaded ] || die "left in the TPM: $(cat loaded)"

say "a state serves once, and not at all after a wrong answer"
# shellcheck disable=SC2086
expect 1 tpm enroll certify answer --state state $issue -o x
expect 0 tpm enroll challenge request --ek-ca one.ca/issuercert.pem \
	--state state -o challenge
# shellcheck disable=SC2086
expect 2 tpm enroll certify answer --state state $issue -o x
has err 'another challenge'
[ ! -e state ] || die "the state is still there"
[ ! -e x ] || die "a certificate came of it"

say "an EK of another manufacturer, or with another's certificate"
expect 2 tpm enroll challenge request --ek-ca two.ca/issuercert.pem \
	--state state -o x
expect 0 tpm enroll request --tcti "$two" --ek rsa2048 -o request.two
tpm2_nvread -T "$two" 0x1c00002 2>/dev/null | openssl x509 -inform DER -out two.ek.pem
expect 0 tpm enroll request --tcti "$one" --ek rsa2048 --ek-cert two.ek.pem -o mixed
expect 2 tpm enroll challenge mixed --ek-ca two.ca/issuercert.pem --state state -o x
has err 'another key than the EK'

say "an AK that signs anything"
expect 0 tpm enroll request --tcti "$one" --ak 0x81010012 -o unrestricted
expect 2 tpm enroll challenge unrestricted --ek-ca one.ca/issuercert.pem \
	--state state -o x
has err 'restricted'
[ ! -e state ] || die "a state was left"

say "a challenge for another TPM, for another key, or changed on the way"
expect 0 tpm enroll request --tcti "$one" --ek rsa2048 -o request
expect 0 tpm enroll challenge request --ek-ca one.ca/issuercert.pem \
	--state state -o challenge
expect 1 tpm enroll answer challenge --tcti "$two" --ek rsa2048 -o x
has err 'ActivateCredential'
expect 1 tpm enroll answer challenge --tcti "$one" --ek rsa2048 --ak 0x81010012 -o x
cp challenge changed
flip changed
expect 1 tpm enroll answer changed --tcti "$one" --ek rsa2048 -o x
[ ! -e x ] || die "an answer came of it"
expect 0 tpm enroll answer challenge --tcti "$one" --ek rsa2048 -o answer
# shellcheck disable=SC2086
expect 0 tpm enroll certify answer --state state $issue -o ak.pem

say "a policy trusts the CA: the certified AK, and no other"
"$seal" dev cert localhost cert.pem cert.key >/dev/null
# config NAME TCTI CHAIN
config() {
	cat >"$1.json" <<-END
		{ "attesters": [ { "driver": "tpm2", "conf": { "tcti": "$2",
		    "pcrs": "sha256:16"$3 } } ] }
	END
}
config with "$one" ', "ak_chain": "ak.pem"'
config without "$one" ''
config other "$two" ', "ak_chain": "ak.pem"'
# policy NAME: trusts NAME.pem; PCR 16 of a TPM that just started is zero.
policy() {
	cat >"$1.policy" <<-END
		{ "version": 1, "max_age_s": 60, "identity": { "mode": "none" },
		  "accept": [ { "scheme": "application/vnd.sealtls.tpm+cbor",
		    "signers": [ { "ca": "$1.pem" } ], "debug": false,
		    "pcrs": { "sha256": { "16": "$(printf %064d 0)" } } } ] }
	END
}
policy privacy
policy stranger
n=0011223344556677
for c in with without other; do
	expect 0 evidence --config "$c.json" --nonce $n -o "$c.cmw"
done
expect 0 appraise with.cmw --policy privacy.policy --nonce $n
expect 2 appraise with.cmw --policy stranger.policy --nonce $n
has out 'signer'
expect 2 appraise without.cmw --policy privacy.policy --nonce $n
has out 'no certificate chain'
expect 2 appraise other.cmw --policy privacy.policy --nonce $n
has out 'not the key that signed'
