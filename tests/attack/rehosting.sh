#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The key of the server's TLS certificate is stolen, and put to use on another
# machine with a genuine TPM that runs the same software. Control: the policy
# that was learned from that machine accepts it.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"
need swtpm tpm2_getrandom

"$seal" dev cert localhost cert.pem cert.key >/dev/null
# machine NAME: a TPM of its own and a server on it.
machine() {
	start_tpm "$1"
	"$seal" tpm init --tcti "$tcti" --out "$1-keys" >/dev/null
	cat >"$1.json" <<-END
		{ "attesters": [ { "driver": "tpm2", "conf": { "tcti": "$tcti",
		    "subject_cert": "$1-keys/subject.pem" } } ] }
	END
	serve "$1-server" --config "$1.json" --cert cert.pem --key cert.key --echo
}
machine home
home=$port
machine thief
expect 0 policy learn "localhost:$home" -o home-policy.json
expect 0 policy learn "localhost:$port" -o thief-policy.json
echo secret >in

say "control: each is accepted as itself"
expect 0 connect "localhost:$home" --policy home-policy.json <in
expect 0 connect "localhost:$port" --policy thief-policy.json <in

say "the stolen key on the other machine: refused for who signs"
expect 2 connect "localhost:$port" --policy home-policy.json --verdict <in
has out 'refused_key'
has out 'FAILED.*signer'
expect 2 connect "localhost:$port" --policy home-policy.json <in
[ ! -s out ] || die "data passed"
