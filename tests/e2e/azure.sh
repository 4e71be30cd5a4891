#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Confidential VMs of Azure: real processes over virtual TPMs (swtpm), with a
# paravisor and a host that work under a development root, and that lie.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
need swtpm tpm2_getrandom tpm2_pcrextend tpm2_pcrreset

fake=${FAKE_AZURE:?the double of a VM}
"$seal" dev cert localhost cert.pem cert.key >/dev/null
own='--cert cert.pem --key cert.key'
a=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa

# vm NAME KIND: a VM, whose attester is in $attest and its TPM in $tcti.
vm() {
	start_tpm "$1.tpm"
	mkdir "$1.state"
	start "$1" "$fake" "$2" "$tcti" "$1.state"
	await "$1.out" 'port ' "$pid"
	attest="azure:tcti=$tcti;pcrs=sha256:0,16;imds=http://127.0.0.1:$found"
}
# tell NAME LINE: paravisor or host do so from now on.
tell() {
	before=$(wc -l <"$1.out")
	echo "$2" >"$1.state/control"
	until_true told "$1" "$before"
	tail -n 1 "$1.out" | grep -q 'done' || die "$1 does not know '$2'"
}
told() { [ "$(wc -l <"$1.out")" -gt "$2" ]; }

digest() { printf "$1%.0s" $(seq 48); }
zero=$(printf '00%.0s' $(seq 32))
# azure_policy FILE STATE ROOT MEASUREMENT HARDWARE
azure_policy() {
	case $5 in
	snp) rules='"crl": false, "measurements": { "measurement": "'$4'" },
		"tcb": { "reported": { "boot_loader": 3, "tee": 0, "snp": 8, "microcode": 115 } }' ;;
	tdx) rules='"tcb": {}, "measurements": { "mrtd": "'$4'" }' ;;
	esac
	[ "$5" = snp ] || folder='"endorsements": "'$2'/endorsements",'
	cat >"$1" <<-END
		{ "version": 1, "max_age_s": 60, "identity": { "mode": "none" }, ${folder-}
		  "accept": [ { "scheme": "application/cmw+cbor", "members": {
		    "platform": { "scheme": "application/vnd.sealtls.azure-hcl-$5+cbor",
		      "signers": [ { "ca": "$2/$3" } ], "debug": false, $rules },
		    "tpm": { "scheme": "application/vnd.sealtls.tpm-quote+cbor",
		      "signers": [ { "member": "platform" } ], "debug": false,
		      "pcrs": { "sha256": { "0": "$zero", "16": "$zero" } } } } } ] }
	END
}

# shellcheck disable=SC2086 # $own is four words
for kind in snp tdx; do
	measured=$kind.measurement
	vm $kind $kind
	azure_policy $kind.json $kind.state root.pem "$(digest 11)" $kind
	azure_policy $kind-root.json $kind.state other.pem "$(digest 11)" $kind
	azure_policy $kind-code.json $kind.state root.pem "$(digest 12)" $kind

	say "$kind: the server attests, over a suite with SHA-256 and one with SHA-384"
	serve $kind-server $own --echo --attest "$attest"
	server=$pid
	hasnt $kind-server.log INSECURE
	suite TLS_AES_128_GCM_SHA256 talks --policy $kind.json
	suite TLS_AES_256_GCM_SHA384 talks --policy $kind.json
	expect 0 connect "localhost:$port" --policy $kind.json --verdict </dev/null
	has out '^verdict *accepted'
	has out "platform/$kind"
	has out tpm/tpm.pcr.sha256.16
	expect 0 policy learn "localhost:$port" -o learned.json
	has learned.json '"member": "platform"'

	say "$kind: another root, other code, another PCR: refused, each for its reason"
	refused platform/signer --policy $kind-root.json
	refused platform/$measured --policy $kind-code.json
	tell $kind 'report other-code'
	refused platform/$measured --policy $kind.json
	tell $kind 'report good'
	tpm2_pcrextend -T "$tcti" "16:sha256=$a"
	refused tpm/tpm.pcr.sha256.16 --policy $kind.json
	tpm2_pcrreset -T "$tcti" 16
	talks --policy $kind.json

	say "$kind: a report that names another key, that was changed, that is torn"
	tell $kind 'report other-key'
	refused collection.link --policy $kind.json
	tell $kind 'report unhashed'
	refused platform/link --policy $kind.json
	tell $kind 'report torn'
	refused platform/link --policy $kind.json

	say "$kind: no report, a host out of order: retryable; then served again"
	tell $kind 'report none'
	expect 3 connect "localhost:$port" --policy $kind.json </dev/null
	tell $kind 'report good'
	talks --policy $kind.json
	tell $kind 'report other-code'
	tell $kind 'host error'
	expect 3 connect "localhost:$port" --policy $kind.json </dev/null
	tell $kind 'host good'
	refused platform/$measured --policy $kind.json
	tell $kind 'report good'
	talks --policy $kind.json

	say "$kind: it does not start where it could not attest"
	evidence="evidence --nonce 0011223344556677 -o ev.cmw --attest"
	for how in huge error html redirect empty; do
		tell $kind "host $how"
		expect 3 $evidence "$attest"
		has err '127.0.0.1'
	done
	tell $kind 'host hang'
	timeout 30 "$seal" $evidence "$attest" >out 2>err && die "the host hung, and it went well"
	has err 'imds\|answer'
	tell $kind 'host good'
	tell $kind 'report other-key'
	expect 1 $evidence "$attest"
	has err 'not the one that the HCL report names'
	tell $kind 'report none'
	expect 2 $evidence "$attest"
	has err 'only confidential VMs of Azure'
	tell $kind 'report good'
	expect 1 $evidence "$attest;ak=0x81000009"
	expect 1 $evidence "${attest%imds=*}imds=http://203.0.113.1"
	has err 'plain http'
	expect 0 $evidence "$attest"

	say "$kind: the host's word proves nothing of itself"
	tell $kind 'host other'
	case $kind in
	snp)
		serve $kind-liar $own --echo --attest "$attest"
		refused platform/ --policy $kind.json
		expect 0 $evidence "$attest;certificates=no"
		;;
	tdx)
		serve $kind-liar $own --echo --attest "$attest"
		refused platform/link --policy $kind.json
		;;
	esac
	tell $kind 'host good'

	say "$kind: in the handshake, over either hash"
	for one in $kind $kind-code; do
		sed 's/"version": 1,/& "min_binding": "transcript",/' $one.json >$one-handshake.json
	done
	serve $kind-handshake --mode intra --echo --attest "$attest"
	suite TLS_AES_128_GCM_SHA256 talks --mode intra --policy $kind-handshake.json
	suite TLS_AES_256_GCM_SHA384 talks --mode intra --policy $kind-handshake.json
	refused platform/$measured --mode intra --policy $kind-code-handshake.json

	say "$kind: the client attests"
	serve $kind-gate $own --echo --policy $kind.json
	talks --ca cert.pem --attest "$attest"
	expect 2 connect "localhost:$port" --ca cert.pem </dev/null

	expect 0 doctor --tcti "$tcti"
	has out '^azure  *yes'
	stop "$server"
	[ "$status" -eq 0 ] || die "the server ended with $status: $(cat $kind-server.log)"
done

say "another VM, under its own root, and both attest"
first=$attest
vm other snp
azure_policy other.json other.state root.pem "$(digest 11)" snp
# shellcheck disable=SC2086 # $own is four words
serve mutual $own --echo --policy other.json --attest "$first"
talks --policy tdx.json --attest "$attest"
refused platform/scheme --policy other.json --attest "$attest"
expect 2 connect "localhost:$port" --policy tdx.json --attest "$first" </dev/null
# shellcheck disable=SC2086 # $own is four words
serve other $own --echo --attest "$attest"
refused platform/signer --policy snp.json
talks --policy other.json
