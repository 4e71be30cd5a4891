#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Evidence of TDX, SGX and SEV-SNP machines, which a program plays, through a
# verifier: with collateral out of the folder that the policy names.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/verifier.lib.sh
. "$here/verifier.lib.sh"
platforms=${PLATFORMS?}
nonce=$(openssl rand -hex 32)
url_nonce=$(python3 -c 'import base64,sys
print(base64.urlsafe_b64encode(bytes.fromhex(sys.argv[1])).decode())' "$nonce")

prepare_verifier
mkdir anchors made
"$platforms" made "$nonce"
store=v.db
verifier v 'anchors = anchors'

# give KIND good|revoked: collateral, as one who refreshes it does.
give() {
	mkdir -p "anchors/$1"
	rm -f "anchors/$1"/*
	cp "made/$1.$2"/* "anchors/$1/"
}
# appraised KIND: its Evidence over the nonce; what the result says is in the
# file out, which is empty where the verifier could not look.
appraised() {
	ask 201 -X POST "$url$new_session?nonce=$url_nonce"
	at=$(sed -n 's/^Location: *//ip' head | tr -d '\r')
	ask 200 -H "Content-Type: $(cat "made/$1.type")" --data-binary "@made/$1" "$url$at"
	sed -n 's/.*"result":"\([^"]*\)".*/\1/p' body >result.jwt
	: >out
	[ ! -s result.jwt ] || expect 0 inspect result.jwt --json
}
# affirmed KIND, refused KIND CHECK: for what the log says of CHECK.
affirmed() {
	appraised "$1"
	has out '"status": *"affirming"'
}
refused() {
	appraised "$1"
	hasnt out '"status": *"affirming"'
	expect 0 verifier log --store $store --refused --json --max 1
	has out "$2"
}

for kind in tdx sgx snp; do
	say "$kind: no folder, no policy"
	provision "made/$kind.json" && die "$kind: a policy without its folder"
	say "$kind: without collateral refused, with it affirming, revoked refused"
	cp "made/$kind.pem" anchors/
	mkdir "anchors/$kind"
	provision "made/$kind.json" || die "$kind: no policy"
	refused $kind "$([ $kind = snp ] && echo snp.certificate || echo dcap.tcb.signer)"
	give $kind good
	provision "made/$kind.json" || die "$kind: no policy"
	affirmed $kind
	give $kind revoked
	tries=0
	while appraised $kind && grep -q '"status": *"affirming"' out; do
		tries=$((tries + 1))
		[ $tries -lt 60 ] || die "$kind: never read again"
		sleep 0.5
	done
	refused $kind crl
done

say "damage, and another nonce: refused"
give snp good
provision made/snp.json || die "no policy"
affirmed snp
printf x | dd of=made/snp bs=1 seek=200 conv=notrunc 2>/dev/null
refused snp snp.signature
"$platforms" made "$(openssl rand -hex 32)"
cp made/snp.pem anchors/
give snp good
provision made/snp.json || die "no policy"
refused snp binder

say "a policy may not name a folder elsewhere"
sed 's,"endorsements":"snp","endorsements":"/etc",' made/snp.json >elsewhere.json
provision elsewhere.json && die "a folder elsewhere"
exit 0
