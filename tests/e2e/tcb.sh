#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What refuses a platform's TCB, now and soon, and why.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
mkdir world good old
"$WORLD" world >world.log 2>&1 || die "no world: $(cat world.log)"
cat world/intel-root.pem world/amd-root.pem >anchors.pem
import() { expect 0 collateral import "$@" --anchors anchors.pem; }
import world/tcb.json world/qe.json world/signer.pem world/pck.crl world/root.crl world/ca.pem --dir good
import world/outofdate-tcb.json world/qe.json world/signer.pem world/pck.crl world/root.crl world/ca.pem --dir old
import world/amd.pem world/amd.crl world/vcek.der --dir good
now=$(date +%s)

# policy FILE TCB: for the TD of that world.
policy() {
	cat >"$1" <<-END
		{ "version": 1, "max_age_s": 60, "identity": { "mode": "none" }, "accept": [ {
		  "scheme": "application/vnd.sealtls.tdx-quote", "signers": [ { "ca": "anchors.pem" } ],
		  "debug": false, "tcb": { $2 }, "measurements": { "mrtd": "$(printf '11%.0s' $(seq 48))" } } ] }
	END
}
policy strict.json ''
policy lax.json '"status": [ "UpToDate", "OutOfDate" ], "advisories": [ "DEV-SA-0001" ]'
policy named.json '"status": [ "UpToDate", "OutOfDate" ]'
policy grace.json '"grace_s": 8683200, "advisories": "any"' # 100 days and a half
policy aged.json '"max_age_s": 172800'

say "of a platform: nothing refuses it, and then its collateral ends"
expect 0 tcb status world/quote.bin --policy strict.json --endorsements good
has out 'now  *nothing refuses it'
has out 'dcap.tcb.status  *UpToDate'
has out 'dcap.fmspc  *00a1b2c3d4e5'
expect 3 tcb status world/quote.bin --policy strict.json --endorsements good --days 31
has out 'then  *refused from'
has out 'ended at'
expect 3 tcb status world/quote.bin --policy strict.json --endorsements good --days 31 --json
python3 - "$now" <<-'END' || die "$(cat out)"
	import json, sys, datetime
	o = json.load(open("out"))
	assert o["now"]["refusals"] == [] and o["next"]["refusals"], o
	at = datetime.datetime.fromisoformat(o["next"]["at"].replace("Z", "+00:00")).timestamp()
	# The list ends first, or all in one second: a month after the world was made.
	assert abs(at - int(sys.argv[1]) - 30 * 86400) < 60, at
END
expect 2 tcb status world/quote.bin --policy strict.json --endorsements good --time $((now + 31 * 86400))
has out 'refused:'

say "a TCB out of date, by the policy's words"
expect 2 tcb status world/quote.bin --policy strict.json --endorsements old
has out 'dcap.tcb.status'
has out 'found  *OutOfDate'
expect 2 tcb status world/quote.bin --policy named.json --endorsements old
has out 'DEV-SA-0001'
expect 0 tcb status world/quote.bin --policy lax.json --endorsements old

say "a grace, and an age that are over before the collateral"
expect 3 tcb status world/quote.bin --policy aged.json --endorsements good --days 3
has out 'at most 172800 allowed'
expect 3 tcb status world/quote.bin --policy grace.json --endorsements old
has out 'dcap.tcb.status  *OutOfDate'
has out 'found  *OutOfDate'
expect 0 tcb status world/quote.bin --policy grace.json --endorsements old --days 0
expect 2 tcb status world/quote.bin --policy grace.json --endorsements old --time $((now + 44000))
expect 3 tcb status --policy grace.json --endorsements old
has out 'OutOfDate  *accepted, refused from'

say "other platforms, and what is missing"
mkdir none
expect 2 tcb status world/quote.bin --policy strict.json --endorsements none
has out 'dcap.tcb.signer'
cat >amd.json <<END
{ "version": 1, "max_age_s": 60, "identity": { "mode": "none" }, "accept": [ {
  "scheme": "application/vnd.sealtls.sev-snp", "signers": [ { "ca": "anchors.pem" } ], "debug": false,
  "tcb": { "reported": { "boot_loader": 3, "tee": 0, "snp": 8, "microcode": 115 } }, "measurements": { "measurement": "$(printf '11%.0s' $(seq 48))" } } ] }
END
expect 0 policy lint amd.json
expect 0 tcb status world/report.bin --policy amd.json --endorsements good
expect 3 tcb status world/report.bin --policy amd.json --endorsements good --days 20
has out 'snp.crl'

say "without Evidence: each level"
expect 2 tcb status --policy strict.json --endorsements old
has out 'TDX 00a1b2c3d4e5, evaluation 20'
has out 'UpToDate  *accepted'
has out 'OutOfDate  *refused.*DEV-SA-0001'
expect 0 tcb status --policy lax.json --endorsements old
expect 0 tcb status --policy strict.json --endorsements good
expect 3 tcb status --policy strict.json --endorsements good --days 31
expect 3 tcb status --policy strict.json --endorsements none
expect 2 tcb status --policy strict.json --endorsements old --json
has out '"refusals"'
expect 1 tcb status --policy strict.json
expect 1 tcb status world/quote.bin
expect 1 tcb status world/quote.bin --policy strict.json --days 4000
mkdir forged
cp old/intel-* forged
for f in forged/intel-tcb-*; do
	cp world/stranger-tcb.json "$f"
done
expect 3 tcb status --policy strict.json --endorsements forged
has err 'no TCB Info that an entry'

say "without Evidence, by a root that the policy names by its key"
expect 0 policy learn world/quote.bin --endorsements good -o learned.json
has learned.json root_sha256
expect 0 tcb status --policy learned.json --endorsements good
has out 'TDX 00a1b2c3d4e5, evaluation 17'
sed 's/"root_sha256": "[0-9a-f]*"/"root_sha256": "'"$(printf '11%.0s' $(seq 32))"'"/' learned.json >named.json
expect 3 tcb status --policy named.json --endorsements good
has err 'no TCB Info that an entry'
