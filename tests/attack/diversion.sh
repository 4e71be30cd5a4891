#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The right software on a machine that is not the one meant. With an identity
# in the policy it is refused before it is asked for anything; without one the
# verdict says that this was not excluded.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

soft_key signer
"$seal" dev cert localhost cert.pem cert.key >/dev/null
"$seal" dev cert localhost other.pem other.key >/dev/null
soft_policy pinned.json "$pin" 00ff '{ "mode": "pkix", "ca": "cert.pem" }'
soft_policy named.json "$pin" 00ff \
	'{ "mode": "pkix", "ca": "other.pem", "name": "elsewhere.example" }'
soft_policy none.json "$pin" 00ff
spec='soft:key=signer.key;measurements=app=00ff'
echo secret >in

serve meant --cert cert.pem --key cert.key --echo --attest "$spec"
say "control: the machine that is meant"
expect 0 connect "localhost:$port" --policy pinned.json --verdict <in
hasnt out diversion

serve other --cert other.pem --key other.key --echo --attest "$spec"
say "another one: refused for its certificate, and not asked for Evidence"
expect 2 connect "localhost:$port" --policy pinned.json <in
[ ! -s out ] || die "data passed"
hasnt other.log accepted
say "its certificate is good, and names another"
expect 2 connect "localhost:$port" --policy named.json <in
has err 'identity\|certificate'

say "no identity in the policy: accepted, and the verdict warns"
expect 0 connect "localhost:$port" --policy none.json --verdict <in
has out 'diversion: not excluded'
has out '^identity *none'
expect 0 connect "localhost:$port" --policy none.json --verdict --json <in
has out 'diversion'
