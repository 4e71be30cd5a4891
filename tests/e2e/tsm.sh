#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Confidential guests by Linux's configfs-tsm: real processes over a file system
# that behaves like it and signs under a development root.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

fake=${FAKE_TSM-}
[ -n "$fake" ] || {
	echo "skipped: built without libfuse3"
	exit 77
}
"$seal" dev cert localhost cert.pem cert.key >/dev/null
own='--cert cert.pem --key cert.key'
type=application/vnd.sealtls.sev-snp

# guest NAME PROVIDER: a platform; NAME.mount is its folder of reports.
guest() {
	guest_name=$1
	mkdir "$1.mount" "$1.state"
	start "$1" "$fake" "$2" "$1.mount" "$1.state"
	until_true guest_ready
}
guest_ready() {
	[ -e "$guest_name.mount/.control" ] && return 0
	kill -0 "$pid" 2>/dev/null && return 1
	finish "$pid"
	[ "$status" -ne 77 ] || {
		echo "skipped: FUSE is not to be had here"
		exit 77
	}
	die "fake-tsm ended with $status: $(cat "$guest_name.log")"
}
# fault NAME LINE...: what that platform does from now on.
fault() {
	fault_name=$1
	shift
	{
		echo reset
		printf '%s\n' "$@"
	} >"$fault_name.mount/.control"
}
clean() { has "$1.mount/.control" '^entries 0 '; }

# digest BYTE: a measurement of 48 such bytes.
digest() { printf "$1%.0s" $(seq 48); }
# snp_policy FILE ROOT MEASUREMENT [DEBUG]
snp_policy() {
	cat >"$1" <<-END
		{ "version": 1, "max_age_s": 60, "identity": { "mode": "none" },
		  "accept": [ { "scheme": "$type", "signers": [ { "ca": "$2" } ],
		    "debug": ${4-false}, "crl": false,
		    "tcb": { "reported": { "boot_loader": 3, "tee": 0, "snp": 8, "microcode": 115 } },
		    "measurements": { "measurement": "$3" } } ] }
	END
}
# tdx_policy FILE STATE ROOT MRTD [DEBUG]: with that guest's collateral.
tdx_policy() {
	cat >"$1" <<-END
		{ "version": 1, "max_age_s": 60, "identity": { "mode": "none" },
		  "endorsements": "$2/endorsements",
		  "accept": [ { "scheme": "application/vnd.sealtls.tdx-quote", "signers": [ { "ca": "$3" } ],
		    "debug": ${5-false}, "tcb": {}, "measurements": { "mrtd": "$4" } } ] }
	END
}
# cca_policy FILE CORIM [DEBUG]: key and values from there.
cca_policy() {
	cat >"$1" <<-END
		{ "version": 1, "max_age_s": 60, "identity": { "mode": "none" },
		  "accept": [ { "scheme": "application/vnd.sealtls.cca+cbor", "signers": [ { "corim": true } ],
		    "corim": [ "$2" ], "corim_unsigned": true, "debug": ${3-false} } ] }
	END
}

guest a sev_guest
guest b sev_guest
snp_policy good.json a.state/root.pem "$(digest 11)"
snp_policy of-b.json b.state/root.pem "$(digest 11)"
snp_policy other-root.json a.state/other.pem "$(digest 11)"
snp_policy other-code.json a.state/root.pem "$(digest 12)"
snp_policy debug.json a.state/root.pem "$(digest 11)" true

# shellcheck disable=SC2086 # $own is four words
{
	say "the server attests, over a suite with SHA-256 and one with SHA-384"
	serve server $own --echo --attest "tsm:dir=a.mount"
	hasnt server.log INSECURE
	suite TLS_AES_128_GCM_SHA256 talks --policy good.json
	has a.mount/.control 'binder 32$'
	hasnt err INSECURE
	suite TLS_AES_256_GCM_SHA384 talks --policy good.json
	has a.mount/.control 'binder 48$'
	expect 0 connect "localhost:$port" --policy good.json --verdict </dev/null
	has out '^verdict *accepted'
	has out snp.measurement
	clean a

	say "another root, another measurement, debug: refused, each for its reason"
	refused signer --policy other-root.json
	refused signer --policy of-b.json
	refused snp.measurement --policy other-code.json
	fault a debug
	refused debug --policy good.json
	talks --policy debug.json
	fault a 'measurement 18' # 0x12
	refused snp.measurement --policy good.json
	talks --policy other-code.json
	fault a ''

	say "learned, then connected"
	expect 0 policy learn "localhost:$port" -o learned.json
	has learned.json "$(digest 11)"

	say "the device busy, interrupted, raced, in pieces: all the same"
	fault a 'fail outblob 16 2' 'short 7' 'race 2'
	talks --policy good.json
	clean a

	say "the device broken, or answering somebody else: refused, and served again"
	for broken in 'fail outblob 5 1' other cut badaux 'race 100'; do
		fault a "$broken"
		got=0
		"$seal" connect "localhost:$port" --policy good.json </dev/null >out 2>err || got=$?
		[ "$got" -ge 2 ] || die "$broken: exit status $got"
		clean a
	done
	fault a ''
	talks --policy good.json

	say "without certificates: refused with what to do"
	fault a noaux
	refused snp.certificate --policy good.json
	fault a ''

	say "the client attests"
	serve gate $own --echo --policy good.json
	talks --ca cert.pem --attest "tsm:dir=a.mount"
	expect 2 connect "localhost:$port" --ca cert.pem </dev/null
	expect 2 connect "localhost:$port" --ca cert.pem --attest "tsm:dir=b.mount" </dev/null
	await gate.log refused_key

	say "both attest, each under its own root"
	serve mutual $own --echo --policy of-b.json --attest "tsm:dir=a.mount"
	suite TLS_AES_256_GCM_SHA384 talks --policy good.json --attest "tsm:dir=b.mount"
	expect 2 connect "localhost:$port" --policy good.json --attest "tsm:dir=a.mount" </dev/null
	clean a
	clean b
}

# in_handshake NAME: what binds to the handshake alone will do.
in_handshake() {
	sed 's/"version": 1,/& "min_binding": "transcript",/' "$1.json" >"$1-handshake.json"
}
for one in good other-root other-code of-b; do
	in_handshake $one
done
say "in the handshake, over either hash; refusals"
serve handshake --mode intra --echo --attest "tsm:dir=a.mount"
suite TLS_AES_128_GCM_SHA256 talks --mode intra --policy good-handshake.json
has a.mount/.control 'binder 32$'
suite TLS_AES_256_GCM_SHA384 talks --mode intra --policy good-handshake.json
has a.mount/.control 'binder 48$'
expect 0 connect "localhost:$port" --mode intra --policy good-handshake.json --verdict </dev/null
has out '^level *transcript'
refused signer --mode intra --policy other-root-handshake.json
refused snp.measurement --mode intra --policy other-code-handshake.json

say "over both carriers"
serve carriers --mode both --echo --attest "tsm:dir=a.mount"
suite TLS_AES_256_GCM_SHA384 talks --mode both --policy good.json
expect 0 connect "localhost:$port" --mode both --policy good.json --verdict </dev/null
has out '^level *traffic'
refused snp.measurement --mode both --policy other-code.json

say "both attest in the handshake, without client authentication"
cat >mutual.conf <<END
{ "mode": "intra", "policy": "of-b-handshake.json", "reveal_after_peer": false,
  "attesters": [ { "driver": "tsm", "conf": { "dir": "a.mount" } } ] }
END
serve mutual-handshake --config mutual.conf --echo
suite TLS_AES_256_GCM_SHA384 talks --mode intra --policy good-handshake.json --attest "tsm:dir=b.mount"
expect 2 connect "localhost:$port" --mode intra --policy good-handshake.json \
	--attest "tsm:dir=a.mount" </dev/null
clean a
clean b

# svsm_policy FILE RULE
svsm_policy() {
	sed -e "s|$type|$type-svsm+cbor|" -e "s|\"crl\"|$2, \"crl\"|" good.json >"$1"
}
vtpm=c476f1eb-0123-45a5-9641-b4e7dde5bfe3
uefi=a4453a59-9e1b-4787-a033-1986d6adbe55
svsm_policy svsm.json "\"services\": { \"$vtpm\": \"any\", \"$uefi\": \"any\" }"
svsm_policy svsm-vtpm.json "\"services\": { \"$vtpm\": \"any\" }"
svsm_policy svsm-other.json "\"manifest\": \"$(printf '22%.0s' $(seq 32))\""
svsm_policy svsm-no-rule.json '"stapled": true'

# shellcheck disable=SC2086 # $own is four words
{
	say "the SVSM attests for the server: its level, what was asked and its manifest, in one report"
	fault a svsm 'floor 2'
	serve svsm $own --echo --attest "tsm:dir=a.mount;service_provider=svsm"
	suite TLS_AES_128_GCM_SHA256 talks --policy svsm.json
	suite TLS_AES_256_GCM_SHA384 talks --policy svsm.json
	expect 0 connect "localhost:$port" --policy svsm.json --verdict </dev/null
	has out "svsm.service.$vtpm"
	clean a

	say "a plain report where a manifest must be, and the other way round; other services; no rule"
	refused scheme --policy good.json
	refused svsm.services --policy svsm-vtpm.json
	refused svsm.manifest --policy svsm-other.json
	expect 1 connect "localhost:$port" --policy svsm-no-rule.json </dev/null
	has err "'manifest' or 'services'"
	serve beside $own --echo --attest "tsm:dir=a.mount;privlevel=2"
	refused scheme --policy svsm.json
	refused snp.vmpl --policy good.json

	say "learned: what this SVSM has, and of one service its manifest alone"
	serve svsm-again $own --echo --attest "tsm:dir=a.mount;service_provider=svsm"
	expect 0 policy learn "localhost:$port" -o learned-svsm.json
	has learned-svsm.json "$uefi"
	expect 0 policy lint learned-svsm.json
	expect 0 policy explain learned-svsm.json
	has out 'virtual TPM.*manifest'
	serve vtpm $own --echo --attest "tsm:dir=a.mount;service_provider=svsm;service_guid=$vtpm"
	refused svsm.services --policy learned-svsm.json
	expect 0 policy learn "localhost:$port" -o learned-vtpm.json
	has learned-vtpm.json '"manifest"'
	talks --policy learned-vtpm.json

	say "a manifest that was not signed, none, one too long, a raced one: refused, and served again"
	for broken in othermanifest nomanifest longmanifest plain 'late 100'; do
		fault a svsm "$broken"
		got=0
		"$seal" connect "localhost:$port" --policy learned-vtpm.json </dev/null >out 2>err || got=$?
		[ "$got" -ge 2 ] || die "$broken: exit status $got"
		clean a
	done
	fault a svsm 'late 2' 'short 100'
	talks --policy learned-vtpm.json

	say "as a member of a collection, under the same rules"
	cat >svsm-member.json <<-END
		{ "attesters": [ { "driver": "collection", "subject": "cpu", "members": { "cpu": {
		  "driver": "tsm", "conf": { "dir": "a.mount", "service_provider": "svsm" } } } } ] }
	END
	sed -e 's|"accept": \[ {|"accept": [ { "scheme": "application/cmw+cbor", "members": { "cpu": {|' \
		-e 's|} } \] }$|} } } } ] }|' svsm.json >svsm-members.json
	expect 0 policy lint svsm-members.json
	serve svsm-member $own --echo --config svsm-member.json
	talks --policy svsm-members.json
	fault a svsm plain
	got=0
	"$seal" connect "localhost:$port" --policy svsm-members.json </dev/null >out 2>err || got=$?
	[ "$got" -ge 2 ] || die "a plain report as a member: exit status $got"
	fault a svsm

	say "kept in a file, it is inspected and judged"
	expect 0 evidence --attest "tsm:dir=a.mount;service_provider=svsm" --nonce 0011223344556677 -o svsm.cmw
	expect 0 inspect svsm.cmw
	has out 'endorsement key of a virtual TPM'
	expect 0 appraise svsm.cmw --policy svsm.json --nonce 0011223344556677
	expect 2 appraise svsm.cmw --policy svsm.json --nonce 0011223344556678
	fault a ''
	expect 2 evidence --attest "tsm:dir=a.mount;service_provider=svsm" --nonce 0011223344556677
	has err 'below an SVSM'
}

guest tdx tdx_guest
tdx_policy tdx.json tdx.state tdx.state/root.pem "$(digest 11)"
tdx_policy tdx-other-root.json tdx.state tdx.state/other.pem "$(digest 11)"
tdx_policy tdx-other-code.json tdx.state tdx.state/root.pem "$(digest 12)"
tdx_policy tdx-debug.json tdx.state tdx.state/root.pem "$(digest 11)" true
guest cca arm_cca_guest
cca_policy cca.json cca.state/root.corim
cca_policy cca-other-root.json cca.state/other.corim
cca_policy cca-debug.json cca.state/root.corim true

# shellcheck disable=SC2086 # $own is four words
for kind in tdx cca; do
	say "$kind: in the handshake, over either hash"
	in_handshake $kind
	serve $kind-handshake --mode intra --echo --attest "tsm:dir=$kind.mount"
	suite TLS_AES_128_GCM_SHA256 talks --mode intra --policy $kind-handshake.json
	suite TLS_AES_256_GCM_SHA384 talks --mode intra --policy $kind-handshake.json
	fault $kind 'measurement 18'
	expect 2 connect "localhost:$port" --mode intra --policy $kind-handshake.json </dev/null
	fault $kind ''

	say "$kind: the server attests, over either hash; the client; refusals"
	serve $kind-server $own --echo --attest "tsm:dir=$kind.mount"
	suite TLS_AES_128_GCM_SHA256 talks --policy $kind.json
	has $kind.mount/.control 'binder 32$'
	suite TLS_AES_256_GCM_SHA384 talks --policy $kind.json
	has $kind.mount/.control 'binder 48$'
	case $kind in
	tdx) refused signer --policy tdx-other-root.json ;;
	cca) refused psa.signature --policy cca-other-root.json ;;
	esac
	[ $kind = cca ] || refused tdx.measurement --policy tdx-other-code.json
	fault $kind 'measurement 18'
	case $kind in
	tdx) refused tdx.measurement --policy tdx.json ;;
	cca) refused corim.reference --policy cca.json ;;
	esac
	fault $kind debug
	refused debug --policy $kind.json
	talks --policy $kind-debug.json
	fault $kind other
	got=0
	"$seal" connect "localhost:$port" --policy $kind.json </dev/null >out 2>err || got=$?
	[ "$got" -ge 2 ] || die "other data: exit status $got"
	fault $kind 'fail outblob 4 2' 'short 100' 'race 1'
	talks --policy $kind.json
	clean $kind
	serve $kind-gate $own --echo --policy $kind.json
	talks --ca cert.pem --attest "tsm:dir=$kind.mount"
	expect 2 connect "localhost:$port" --ca cert.pem --attest "tsm:dir=a.mount" </dev/null
done

say "collateral that the peer sends along: taken, or not, by policy; renewed without a restart"
# stapled FILE ROOT TAKEN
stapled() {
	cat >"$1" <<-END
		{ "version": 1, "max_age_s": 60, "identity": { "mode": "none" },
		  "accept": [ { "scheme": "application/cmw+cbor", "members": { "cpu": {
		    "scheme": "application/vnd.sealtls.tdx-quote", "signers": [ { "ca": "$2" } ],
		    "debug": false, "stapled": $3, "tcb": {}, "measurements": { "mrtd": "$(digest 11)" } } } } ] }
	END
}
fault tdx ''
stapled stapled.json tdx.state/root.pem true
stapled own-alone.json tdx.state/root.pem false
stapled stapled-other.json tdx.state/other.pem true
cp -r tdx.state/endorsements stapled
cat >stapler.json <<-END
	{ "attesters": [ { "driver": "collection", "subject": "cpu", "staple": "stapled",
	    "members": { "cpu": { "driver": "tsm", "conf": { "dir": "tdx.mount" } } } } ] }
END
# shellcheck disable=SC2086 # $own is four words
serve stapler $own --echo --config stapler.json
talks --policy stapled.json
expect 0 connect "localhost:$port" --policy stapled.json --verdict </dev/null
has out 'cpu/dcap.stapled.*TCB Info'
expect 3 connect "localhost:$port" --policy own-alone.json </dev/null
has err cpu/dcap.crl.root
refused cpu/signer --policy stapled-other.json
expect 0 policy learn "localhost:$port" -o learned-stapled.json
talks --policy learned-stapled.json
expect 0 evidence --config stapler.json --nonce 0011223344556677 -o stapled.cmw
expect 0 inspect stapled.cmw
has out 'kind: Intel TCB Info'
got=0
"$seal" collateral check --dir tdx.state/endorsements --anchors tdx.state/root.pem --for stapled.cmw </dev/null >out 2>err || got=$?
has out '00a1b2c3d4e5'
hasnt out 'missing.*TCB Info'
for f in stapled/*; do
	if grep -q tcbInfo "$f"; then mv "$f" kept; fi
done
expect 3 connect "localhost:$port" --policy stapled.json </dev/null
has err cpu/dcap.tcb.info
mv kept stapled/tcb
talks --policy stapled.json

say "one driver alone sends it along too, as a collection with one member"
sed 's/"cpu"/"evidence"/' stapled.json >stapled-alone.json
cat >alone.json <<-END
	{ "attesters": [ { "driver": "tsm", "staple": "stapled", "conf": { "dir": "tdx.mount" } } ] }
END
# shellcheck disable=SC2086 # $own is four words
serve alone $own --echo --config alone.json
talks --policy stapled-alone.json
expect 0 connect "localhost:$port" --policy stapled-alone.json --verdict </dev/null
has out 'evidence/dcap.stapled.*TCB Info'
refused scheme --policy tdx.json
sed 's/"stapled"/"nowhere"/' alone.json >nowhere.json
expect 1 evidence --config nowhere.json --nonce 0011223344556677
has err nowhere

say "a setting that names another platform: it does not start"
expect 1 evidence --attest "tsm:dir=tdx.mount;provider=sev_guest" --nonce 0011223344556677
has err 'expected sev_guest, found .tdx_guest'
expect 1 evidence --attest "tsm:dir=tdx.mount;privlevel=1" --nonce 0011223344556677

say "doctor says what is missing here"
expect 0 doctor
for driver in tsm sev_guest tdx_guest nitro azure psa ratsd; do
	has out "^$driver  *\(no \|yes\) "
done
