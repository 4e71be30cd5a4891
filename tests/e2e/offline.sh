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
expect 2 appraise e.cmw --policy policy.json
expect 2 appraise e.cmw --policy policy.json --expect-binder \
	0000000000000000000000000000000000000000000000000000000000000000
expect 2 appraise e.cmw --policy other.json --nonce $nonce
has out 'expected  app = 00fe'
expect 2 appraise e.cmw --policy stranger.json --nonce $nonce

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
