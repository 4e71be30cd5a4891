#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# TPM Evidence through a verifier: by PCRs, by events, out of the store.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/provision.lib.sh
. "$here/provision.lib.sh"
need swtpm tpm2_getrandom tpm2_pcrextend tpm2_pcrreset tpm2_pcrread
a=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
policy_type=application/vnd.sealtls.policy+json

start_tpm tpm
expect 0 tpm init --tcti "$tcti" --out keys
tpm2_getrandom -T "$tcti" 4 >/dev/null
# config FILE PCRS [MORE]: the attester.
config() {
	cat >"$1" <<-END
		{ "attesters": [ { "driver": "tpm2", "conf": { "tcti": "$tcti",
		    "pcrs": "sha256:$2"${3-} } } ] }
	END
}
# policy FILE RULES
policy() {
	cat >"$1" <<-END
		{ "version": 1, "max_age_s": 60, "identity": { "mode": "none" },
		  "accept": [ { "scheme": "application/vnd.sealtls.tpm+cbor",
		    "debug": false, $2 } ] }
	END
}
results_key
store=v.db
run_verifier verifier "$seal" verifier run --store $store --token-file token
config pcrs.json 0-7,16
expect 0 evidence --config pcrs.json --nonce 0011223344556677 -o first.cmw
expect 0 policy learn first.cmw -o golden.json
pin=$(sed -n 's/.*"spki_sha256": "\([0-9a-f]*\)".*/\1/p' golden.json | head -n 1)

say "by PCRs: affirming; one extended: contraindicated, and named"
provision 200 "$url" $policy_type golden.json
judged "$url" affirming pcrs.json
tpm2_pcrextend -T "$tcti" "16:sha256=$a"
judged "$url" contraindicated pcrs.json
expect 0 verifier log --store $store --refused --json --max 1
has out 'tpm.pcr.sha256.16'
tpm2_pcrreset -T "$tcti" 16
judged "$url" affirming pcrs.json

say "a subset of the PCRs, Evidence over another nonce: refused"
config fewer.json 0-7
judged "$url" contraindicated fewer.json
session "$url"
ask 200 -H 'Content-Type: application/cmw+cbor' --data-binary @first.cmw "$at"
hasnt body '"status":"affirming"'
expect 0 verifier log --store $store --refused --json --max 1
has out 'another extraData'

say "another TPM: genuine, and not the one that was pinned"
first_tcti=$tcti
start_tpm other
expect 0 tpm init --tcti "$tcti" --out other-keys
config other.json 0-7,16
judged "$url" contraindicated other.json
tcti=$first_tcti

say "the values out of a CoRIM of the store"
expect 0 corim from-policy golden.json -o values.json
"$seal" dev key maker.key >/dev/null
"$seal" dev cert maker maker.pem maker.key >/dev/null
maker=$(openssl pkey -in maker.key -pubout -outform DER 2>/dev/null |
	sha256sum | cut -d' ' -f1)
expect 0 corim create values.json -o values.corim --sign maker.key \
	--cert maker.pem --signer ACME
policy by-store.json "\"signers\": [ { \"corim\": true } ], \"corim\": \"store\",
	\"corim_signers\": [ { \"spki_sha256\": \"$maker\" } ]"
provision 200 "$url" $policy_type by-store.json
judged "$url" contraindicated pcrs.json
provision 200 "$url" application/rim+cose values.corim
judged "$url" affirming pcrs.json
judged "$url" contraindicated other.json
tpm2_pcrextend -T "$tcti" "16:sha256=$a"
judged "$url" contraindicated pcrs.json
expect 0 verifier log --store $store --refused --json --max 1
has out 'CoRIM'
tpm2_pcrreset -T "$tcti" 16

say "by events: what was measured is what the log says, and is allowed"
python3 - <<'END'
import hashlib, struct
# A log of the TCG's crypto-agile form: its head, then texts into PCR 9.
def spec():
    body = b"Spec ID Event03\0" + struct.pack("<IBBBBI", 0, 0, 2, 0, 2, 1)
    body += struct.pack("<HH", 0x000b, 32) + b"\0"
    return struct.pack("<II20sI", 0, 3, bytes(20), len(body)) + body
def event(pcr, text):
    d = hashlib.sha256(text).digest()
    return struct.pack("<IIIH", pcr, 13, 1, 0x000b) + d + struct.pack("<I", len(text)) + text
texts = [b"kernel-1.2", b"quiet"]
open("log", "wb").write(spec() + b"".join(event(9, t) for t in texts))
open("longer", "wb").write(open("log", "rb").read() + event(9, b"extra"))
open("digests", "w").write("".join(hashlib.sha256(t).hexdigest() + "\n" for t in texts))
END
while read -r d; do
	tpm2_pcrextend -T "$tcti" "9:sha256=$d" </dev/null
done <digests
config events.json 9 ", \"event_log\": \"$dir/log\""
config longer.json 9 ", \"event_log\": \"$dir/longer\""
config without.json 9
# by_events TEXT: the second event is TEXT.
by_events() {
	policy events.policy "\"signers\": [ { \"spki_sha256\": \"$pin\" } ],
		\"events\": { \"pcrs\": { \"sha256\": [9] }, \"allowed\": [
		{ \"pcr\": 9, \"text\": \"kernel-1.2\" }, { \"pcr\": 9, \"text\": \"$1\" } ] }"
	provision 200 "$url" $policy_type events.policy
}
by_events quiet
judged "$url" affirming events.json
judged "$url" contraindicated without.json
judged "$url" contraindicated longer.json
by_events debug
judged "$url" contraindicated events.json
expect 0 verifier log --store $store --refused --json --max 1
has out 'tpm.event.allowed'
by_events quiet
tpm2_pcrextend -T "$tcti" "9:sha256=$a"
judged "$url" contraindicated events.json

say "a passport about this machine, which the verifier's key signed"
provision 200 "$url" $policy_type golden.json
cat >passport.json <<-END
	{ "verifiers": [ { "name": "v", "api": "veraison", "url": "$url",
	    "id": "https://v.example", "plain_http": true } ],
	  "attesters": [ { "driver": "tpm2", "passport": { "verifier": "v", "mode": "cached" },
	    "conf": { "tcti": "$tcti", "pcrs": "sha256:0-7,16", "subject_cert": "keys/subject.pem" } } ] }
END
expect 0 passport get --config passport.json -o passport.jwt
expect 0 inspect passport.jwt --json
has out '"status": *"affirming"'
[ -s passport.jwt ] || die "no passport"
