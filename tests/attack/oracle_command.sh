#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A machine that makes Evidence for anybody's nonce must not make any that
# passes on a connection (PROTOCOL 5.5 rule 1): what is signed is a hash of a
# label and the nonce, so that a nonce which is a connection's binder, or its
# context, is of no use. Control: as offline Evidence it passes.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

soft_key signer
soft_policy policy.json "$pin" 00ff
# The length of a binder; and that of a context, role byte and all.
binder=$(printf 'a binder' | sha256sum | cut -d' ' -f1)
context=02$binder
for nonce in "$binder" "$context"; do
	"$seal" evidence --attest 'soft:key=signer.key;measurements=app=00ff' \
		--nonce "$nonce" -o e.cmw
	say "control: offline Evidence for this nonce"
	expect 0 appraise e.cmw --policy policy.json --nonce "$nonce"
	say "the nonce itself is not what was signed"
	"$seal" inspect e.cmw >shown
	hasnt shown "$nonce"
done
expect 0 evidence --attest 'soft:key=signer.key;measurements=app=00ff' --nonce "$binder" -o e.cmw
expect 2 appraise e.cmw --policy policy.json --expect-binder "$binder" --json
has out 'binder'
labelled=$(
	{
		printf 'SEAL offline evidence v1'
		printf 'a binder' | openssl dgst -sha256 -binary
	} | sha256sum | cut -d' ' -f1
)
say "control: the labelled hash is"
expect 0 appraise e.cmw --policy policy.json --expect-binder "$labelled"

say "nothing else on the command line takes a binder to sign"
expect 1 evidence --attest 'soft:key=signer.key' --expect-binder "$binder"
expect 1 evidence --attest 'soft:key=signer.key' --binder "$binder"
expect 1 evidence --attest 'soft:key=signer.key;nonce='"$binder" --nonce "$binder"
