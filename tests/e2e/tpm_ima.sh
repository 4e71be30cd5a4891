#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A server that attests with a TPM and with its list of measured files: as it
# is, and told otherwise in every way that the list can lie.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
need swtpm tpm2_getrandom tpm2_pcrextend python3

start_tpm tpm
expect 0 tpm init --tcti "$tcti" --out keys

# Lists as Linux IMA writes them (ima-ng), and what it extends PCR 10 by.
cat >lists.py <<'END'
import hashlib, struct
def vec(b):
    return struct.pack("<I", len(b)) + b
def fields(path, content):
    return vec(b"sha256:\0" + hashlib.sha256(content).digest()) + vec(path + b"\0")
def entry(f, digest=None):
    digest = hashlib.sha1(f).digest() if digest is None else digest
    return struct.pack("<I", 10) + digest + vec(b"ima-ng") + vec(f)
files = [(b"boot_aggregate", b"PCRs"), (b"/sbin/init", b"init"),
         (b"/usr/bin/agent", b"agent"), (b"/bin/sh", b"shell")]
e = [entry(fields(*f)) for f in files]
nc = fields(b"/bin/nc", b"netcat")
evil = fields(b"/bin/sh", b"evil")
violation = entry(fields(b"/var/log/x", b""), bytes(20))
def save(name, *parts):
    open(name, "wb").write(b"".join(parts))
save("list", *e)
save("longer", *e, entry(nc))
save("shorter", *e[:3])
save("removed", e[0], e[1], e[3])
save("reordered", e[0], e[2], e[1], e[3])
save("tampered", *e[:3], entry(evil))
save("patched", *e[:3], e[3].replace(hashlib.sha256(b"shell").digest(),
                                     hashlib.sha256(b"evil").digest()))
save("cut", *e[:3], e[3][:-1])
save("violated", *e, violation)
save("violated-nc", *e, violation, entry(nc))
save("violated-agent", *e, violation, entry(fields(b"/usr/bin/agent", b"agent")))
save("large", *[entry(fields(b"/usr/bin/%d" % i, b"")) for i in range(1000)])
def extended(f):
    return hashlib.sha256(f).hexdigest() + "\n"
open("digests", "w").write("".join(extended(fields(*f)) for f in files))
open("digest.nc", "w").write(extended(nc))
END
python3 lists.py
# measure FILE: extends PCR 10 by each digest in it.
measure() {
	while read -r d; do
		tpm2_pcrextend -T "$tcti" "10:sha256=$d" </dev/null
	done <"$1"
}
# shows FILE: it is what the kernel shows from now on.
shows() {
	cp "$1" ima.new
	mv ima.new ima
}
measure digests
shows list

"$seal" dev cert localhost cert.pem cert.key >/dev/null
# config FILE PCRS LIST: the attester.
config() {
	cat >"$1" <<-END
		{ "attesters": [ { "driver": "tpm2", "conf": { "tcti": "$tcti",
		    "pcrs": "$2", "subject_cert": "keys/subject.pem", "ima_log": "$3" } } ],
		  "deadlines_ms": { "spacing": 0 } }
	END
}
config server.json sha256:0-7,10 ima
serve server --config server.json --cert cert.pem --key cert.key --echo
server=$pid
# judged STATUS [PATTERN]: the server, by policy.json, and why.
judged() {
	expect "$1" connect "localhost:$port" --policy "${policy:-golden.json}" \
		--verdict </dev/null
	[ "$1" -eq 0 ] || has out "FAILED.*$2"
}

say "learned: a rule for each file instead of a value of PCR 10"
expect 0 policy learn "localhost:$port" -o golden.json
has golden.json '"/usr/bin/agent"'
hasnt golden.json '"10"'
expect 0 policy lint golden.json
expect 0 policy explain golden.json
has out 'PCR sha256:10 holds what the IMA list replays to'
echo hello >in
expect 0 connect "localhost:$port" --policy golden.json <in
cmp in out
judged 0
has out 'tpm.ima.entries *4$'

say "lists that are not what was measured: refused"
for lie in shorter removed reordered tampered; do
	shows $lie
	judged 2 tpm.ima.replay
done
for lie in patched cut; do
	shows $lie
	judged 2 tpm.ima.format
done
expect 2 connect "localhost:$port" --policy golden.json <in
[ ! -s out ] || die "data passed"

say "a list that grew since the quote: what was quoted counts"
shows longer
judged 0
has out 'tpm.ima.entries *4$'

say "a file that nobody allowed: refused, and named; hidden: refused"
measure digest.nc
judged 2 tpm.ima.allowed
has out '/bin/nc'
shows list
judged 2 tpm.ima.replay

say "too large for Evidence, or without its PCR: said before anybody asks"
config large.json sha256:0-7,10 large
expect 2 evidence --config large.json --nonce 0011223344556677 -o x
has err '61440'
config no-pcr.json sha256:0-7 ima
expect 1 evidence --config no-pcr.json --nonce 0011223344556677 -o x
has err 'PCR 10'

say "no list where the policy has rules about it"
sed 's/, "ima_log": "ima"//' server.json >without.json
serve without --config without.json --cert cert.pem --key cert.key --echo
judged 2 tpm.ima.list
stop "$pid"
stop "$server"

say "a machine with a violation: refused, unless the policy lets it pass"
start_tpm other
expect 0 tpm init --tcti "$tcti" --out keys
config other.json sha256:0-7,10 ima
measure digests
shows list
serve other --config other.json --cert cert.pem --key cert.key --echo
expect 0 policy learn "localhost:$port" -o golden.json
judged 0
printf '%064d\n' 0 | tr 0 f >digest.violation
measure digest.violation
shows violated
judged 2 tpm.ima.violation
has out '/var/log/x'
sed 's/"ima": *{/"ima": { "violations": true,/' golden.json >lenient.json
policy=lenient.json
judged 0
shows violated-nc
measure digest.nc
judged 2 tpm.ima.allowed
shows violated-agent
judged 2 tpm.ima.replay
other=$pid

say "a client that attests: the same list, the same rules"
expect 0 evidence --config other.json --nonce 0011223344556677 -o evidence.cmw
expect 0 inspect evidence.cmw
has out '/usr/bin/agent'
stop "$other"
python3 - <<'END'
import json
p = json.load(open("lenient.json"))
p["identity"] = {"mode": "none"}
json.dump(p, open("strict.client", "w"))
p["accept"][0]["ima"]["forbidden"] = [{"path": "/bin/sh"}]
p["accept"][0]["ima"]["allowed"].append(
    {"path": "/bin/nc", "digest": __import__("hashlib").sha256(b"netcat").hexdigest()})
json.dump(p, open("forbidding.client", "w"))
del p["accept"][0]["ima"]["forbidden"]
json.dump(p, open("good.client", "w"))
END
shows violated-nc
# asks POLICY STATUS: a server with that policy, and the client at its door.
asks() {
	serve "$1" --policy "$1" --cert cert.pem --key cert.key --echo
	expect "$2" connect "localhost:$port" --ca cert.pem --config other.json <in
	stop "$pid"
}
asks good.client 0
cmp in out
asks strict.client 2
has strict.client.log 'tpm.ima.allowed'
asks forbidding.client 2
has forbidding.client.log 'tpm.ima.forbidden'
