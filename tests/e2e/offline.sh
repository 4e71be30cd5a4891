#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Evidence without a connection: made, shown, judged, learned from.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

soft_key signer
nonce=00112233445566778899aabbccddeeff
spec='soft:key=signer.key;measurements=app=00ff'
soft_policy policy.json "$pin" 00ff
soft_policy other.json "$pin" 00fe
soft_key stranger
soft_policy stranger.json "$pin" 00ff

say "made and shown"
expect 0 evidence --attest "$spec" --nonce $nonce -o e.cmw
expect 0 evidence --attest "$spec" --nonce $nonce
[ -s out ] || die "no Evidence on stdout"
expect 0 evidence --attest "$spec" --nonce $nonce --json
has out '"'
expect 0 inspect e.cmw
has out 'eat_profile'
has out '00ff'
expect 0 inspect - <e.cmw
has out '00ff'
expect 2 inspect - <"$seal"

say "judged"
expect 0 appraise e.cmw --policy policy.json --nonce $nonce
has out accepted
expect 0 appraise - --policy policy.json --nonce $nonce <e.cmw
expect 2 appraise e.cmw --policy policy.json --nonce 00112233445566778899aabbccddeefe
has out 'FAILED.*binder'
has out 'made for another nonce'
expect 2 appraise e.cmw --policy policy.json
expect 2 appraise e.cmw --policy policy.json --expect-binder \
	0000000000000000000000000000000000000000000000000000000000000000
expect 2 appraise e.cmw --policy policy.json --expect-binder \
	1111111111111111111111111111111111111111111111111111111111111111
has out 'it signed another value'
expect 2 appraise e.cmw --policy other.json --nonce $nonce
has out 'expected  app = 00fe'
expect 2 appraise e.cmw --policy stranger.json --nonce $nonce

say "in the clothes that people keep it in"
base64 e.cmw >e.base64
base64 -w0 e.cmw | tr -d '=' | tr +/ -_ >e.base64url
od -An -v -tx1 e.cmw >e.hex
{
	echo '-----BEGIN EVIDENCE-----'
	cat e.base64
	echo '-----END EVIDENCE-----'
} >e.pem
for form in base64 base64url hex pem; do
	expect 0 appraise e.$form --policy policy.json --nonce $nonce
	expect 0 inspect e.$form
	has out 00ff
done
{
	cat e.base64
	echo '!'
} >e.broken
expect 2 appraise e.broken --policy policy.json --nonce $nonce

say "what is none says why"
expect 2 appraise - --policy policy.json --nonce $nonce </dev/null
has err 'it is empty'
head -c 64 /dev/zero >zeros
expect 2 inspect zeros
has err '64 zeros'
expect 2 appraise zeros --policy policy.json --nonce $nonce
printf '\002\000\000\000cut short' >report.bin
expect 2 appraise report.bin --policy policy.json --nonce $nonce
has out sev-snp
printf '\004\000\002\000\201\000\000\000cut short' >quote.bin
expect 2 appraise quote.bin --policy policy.json --nonce $nonce
has out tdx-quote
expect 2 inspect quote.bin --type quote
has err 'cut short'
hasnt err 'name the format'

say "at another time"
now=$(date +%s)
expect 0 appraise e.cmw --policy policy.json --nonce $nonce --time "$now"
expect 2 appraise e.cmw --policy policy.json --nonce $nonce --time $((now + 3600))
has out stale
expect 2 appraise e.cmw --policy policy.json --nonce $nonce --time $((now - 3600))
expect 2 appraise e.cmw --policy policy.json --nonce $nonce --time 2050-01-01T00:00:00Z
expect 1 appraise e.cmw --policy policy.json --nonce $nonce --time yesterday

say "learned from a file"
expect 0 policy learn e.cmw --nonce $nonce -o learned.json
expect 0 policy lint learned.json
has out 'no mistakes'
has out 'note: identity'
has out 'note: accept\[0\].debug'
expect 0 policy lint learned.json --json
has out '"notes":\["identity: .*","accept\[0\].debug: .*"\]}'
expect 0 policy explain learned.json
has out 00ff
expect 0 appraise e.cmw --policy learned.json --nonce $nonce
expect 2 policy learn e.cmw --nonce 00112233445566778899aabbccddeefe

say "several files: some but not all is a status of its own"
"$seal" evidence --attest 'soft:key=stranger.key;measurements=app=00ff' --nonce $nonce -o f.cmw
head -c 100 e.cmw >cut.cmw
expect 0 appraise e.cmw e.cmw --policy policy.json --nonce $nonce
expect 4 appraise e.cmw f.cmw --policy policy.json --nonce $nonce
expect 4 appraise cut.cmw e.cmw --policy policy.json --nonce $nonce
expect 2 appraise f.cmw cut.cmw --policy policy.json --nonce $nonce
