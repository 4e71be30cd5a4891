#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A thousand mutual connections in a row and a hundred at once against one
# server on one TPM, clients that are to be refused among them; then four
# processes on one TPM. Every verdict is right, and nothing is left behind in
# the TPM or in the server. TOTAL: how many in a row.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
need swtpm tpm2_getcap
many=${MANY:?the program many}
total=${TOTAL-1000}

start_tpm tpm
"$seal" tpm init --tcti "$tcti" --out keys >/dev/null
"$seal" dev cert localhost cert.pem cert.key >/dev/null
soft_key client
soft_policy of-client.json "$pin" 00ff
cat >server.json <<END
{ "attesters": [ { "driver": "tpm2", "conf": { "tcti": "$tcti",
    "subject_cert": "keys/subject.pem" } } ],
  "policy": "of-client.json", "deadlines_ms": { "spacing": 0, "attest": 120000, "answer": 120000 } }
END
# What the client shows and what it demands.
client() {
	cat >"$1.json" <<-END
		{ "attesters": [ { "driver": "soft", "conf": { "key": "client.key",
		    "measurements": "app=$2" } } ], "policy": "$3",
		  "deadlines_ms": { "attest": 120000, "answer": 120000 } }
	END
}
server_run() {
	serve "$1" --config server.json --cert cert.pem --key cert.key --echo
}
server_run server
server=$pid
expect 0 policy learn "localhost:$port" --attest 'soft:key=client.key;measurements=app=00ff' -o golden.json
sed 's/"spki_sha256": *\(\[* *\)"[0-9a-f]*"/"spki_sha256": \1"0000000000000000000000000000000000000000000000000000000000000000"/' \
	golden.json >other.json
cmp -s golden.json other.json && die "the other policy is the same"
client good 00ff golden.json
client changed 00fe golden.json
client strict 00ff other.json

slots() {
	for what in handles-transient handles-loaded-session handles-saved-session; do
		tpm2_getcap -T "$tcti" $what
	done
}
rss() { awk '/^VmRSS/ { print $2 }' "/proc/$server/status"; }
no_more_fds() { [ "$(open_fds "$server")" -le "$fds" ]; }

# Caches fill and threads start, before anything is counted.
"$many" "$port" localhost 100 50 good.json accepted
slots >slots.before
fds=$(open_fds "$server")
rss=$(rss)

say "$total in a row"
"$many" "$port" localhost "$total" 1 good.json accepted
say "a hundred at once, twice"
"$many" "$port" localhost 200 100 good.json accepted
say "a hundred at once: changed clients and strict ones among good ones"
"$many" "$port" localhost 40 40 good.json accepted >good.log 2>&1 &
one=$!
"$many" "$port" localhost 30 30 changed.json refused_policy >changed.log 2>&1 &
two=$!
"$many" "$port" localhost 30 30 strict.json refused_key >strict.log 2>&1 &
three=$!
pids="$pids $one $two $three"
wrong=
for p in $one $two $three; do
	finish "$p"
	[ "$status" -eq 0 ] || wrong=yes
done
cat good.log changed.log strict.log
[ -z "$wrong" ] || die "wrong verdicts"

say "nothing is left behind"
slots >slots.after
diff slots.before slots.after || die "objects are left in the TPM"
until_true no_more_fds
grown=$(($(rss) - rss))
echo "descriptors: $fds before, $(open_fds "$server") after; memory: $rss KiB before, $grown KiB more after"
[ "$grown" -lt 8192 ] || die "the server has grown by $grown KiB"
kill -0 "$server" || die "the server is gone"

say "four processes on one TPM"
fours=
for i in 1 2 3 4; do
	server_run "four$i"
	"$many" "$port" localhost 50 5 good.json accepted >"four$i.many" 2>&1 &
	fours="$fours $!"
	pids="$pids $!"
done
wrong=
for p in $fours; do
	finish "$p"
	[ "$status" -eq 0 ] || wrong=yes
done
cat four?.many
[ -z "$wrong" ] || {
	tail -n 3 four?.log
	die "wrong verdicts"
}
slots >slots.after
diff slots.before slots.after || die "objects are left in the TPM"
