#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A server that attests with a TPM: learned, changed behind its back, dead.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
need swtpm tpm2_getrandom tpm2_pcrextend tpm2_pcrreset

start_tpm tpm
tpm=$pid
a=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa

say "init twice: the second finds what the first made"
expect 3 tpm status --tcti swtpm:host=127.0.0.1,port=1
expect 0 tpm init --tcti "$tcti" --out keys
cp -r keys keys.first
expect 0 tpm init --tcti "$tcti" --out keys
diff -r keys keys.first || die "the second init changed the keys"
expect 0 tpm status --tcti "$tcti"
expect 0 doctor --tcti "$tcti"

"$seal" dev cert localhost cert.pem cert.key >/dev/null
cat >server.json <<END
{ "attesters": [ { "driver": "tpm2", "conf": { "tcti": "$tcti",
    "pcrs": "sha256:0-7,16", "subject_cert": "keys/subject.pem" } } ],
  "deadlines_ms": { "spacing": 0 } }
END
serve server --config server.json --cert cert.pem --key cert.key --echo
server=$pid

say "learned, then connected"
expect 0 policy learn "localhost:$port" -o golden.json
expect 0 policy lint golden.json
echo hello >in
expect 0 connect "localhost:$port" --policy golden.json <in
cmp in out
expect 0 connect "localhost:$port" --policy golden.json --verdict </dev/null
has out '^verdict *accepted'
has out 'tpm.pcr.sha256.16'
hasnt out INSECURE

say "a register extended: refused, and named; reset: accepted again"
tpm2_pcrextend -T "$tcti" "16:sha256=$a"
expect 2 connect "localhost:$port" --policy golden.json --verdict </dev/null
has out 'FAILED.*tpm.pcr.sha256.16'
expect 2 connect "localhost:$port" --policy golden.json <in
[ ! -s out ] || die "data passed"
tpm2_pcrreset -T "$tcti" 16
expect 0 connect "localhost:$port" --policy golden.json --verdict </dev/null

say "a live connection: the next re-attestation ends it"
mkfifo keyboard
"$seal" connect "localhost:$port" --policy golden.json --reattest-every 1 \
	<keyboard >live.out 2>live.log &
live=$!
pids="$pids $live"
exec 3>keyboard
echo trusted >&3
await live.out trusted "$live"
await live.log 'accepted' "$live"
tpm2_pcrextend -T "$tcti" "16:sha256=$a"
finish "$live"
exec 3>&-
[ "$status" -eq 2 ] || die "ended with $status: $(cat live.log)"
has live.log 'tpm.pcr.sha256.16'
tpm2_pcrreset -T "$tcti" 16

say "the TPM dies: unavailable, which is retryable; the server goes on serving"
stop "$tpm"
for _ in 1 2 3; do
	expect 3 connect "localhost:$port" --policy golden.json </dev/null
	has err unavailable
done
kill -0 "$server" || die "the server is gone: $(cat server.log)"

say "another TPM in its place: genuine, but not the machine that was pinned"
start_tpm other
expect 0 tpm init --tcti "$tcti" --out other-keys
sed "s/port=[0-9]*/port=$tpm_port/; s,keys/,other-keys/," server.json >other.json
serve impostor --config other.json --cert cert.pem --key cert.key --echo
expect 2 connect "localhost:$port" --policy golden.json --verdict </dev/null
has out 'FAILED'
expect 0 policy learn "localhost:$port" -o other-golden.json
expect 0 connect "localhost:$port" --policy other-golden.json --verdict </dev/null

say "the server ends in order"
stop "$server"
[ "$status" -eq 0 ] || die "the server ended with $status: $(cat server.log)"
