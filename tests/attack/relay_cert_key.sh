#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# CVE-2026-33697: a man in the middle who holds the key of the server's TLS
# certificate relays a genuine TPM's fresh Evidence. Control: the same server,
# reached directly, and through a relay that does not end TLS.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"
need swtpm tpm2_getrandom

start_tpm tpm
"$seal" tpm init --tcti "$tcti" --out keys >/dev/null
"$seal" dev cert localhost cert.pem cert.key >/dev/null
cat >server.json <<END
{ "attesters": [ { "driver": "tpm2", "conf": { "tcti": "$tcti",
    "subject_cert": "keys/subject.pem" } } ] }
END
serve server --config server.json --cert cert.pem --key cert.key --echo
genuine=$port
expect 0 policy learn "localhost:$genuine" -o golden.json
tr -d '\n' <golden.json | sed 's/"identity": *{[^}]*}/"identity": { "mode": "none" }/' >loose.json
echo secret >in

say "control: directly"
expect 0 connect "localhost:$genuine" --policy golden.json <in
cmp in out

# through POLICY: what the victim says who meets the man in the middle.
through() {
	start mitm "$relay" 0 "$genuine" cert.pem cert.key
	await mitm.out 'relaying on ' "$pid"
	expect 2 connect "localhost:$found" --policy "$1" --verdict <in
	has out 'refused_evidence\|refused_key'
	has out 'FAILED *authenticator'
	stop "$pid"
	start mitm "$relay" 0 "$genuine" cert.pem cert.key
	await mitm.out 'relaying on ' "$pid"
	expect 2 connect "localhost:$found" --policy "$1" <in
	[ ! -s out ] || die "data passed: $(cat out)"
	stop "$pid"
}

say "relayed: refused, with the pinned TLS key and without"
through golden.json
grep -q '"none"' loose.json || die "the policy still has its identity"
through loose.json

say "control: a relay of what is on the wire"
need python3
cat >wire.py <<'END'
import socket, sys, threading
def pump(a, b):
    try:
        while (data := a.recv(65536)):
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass
server = socket.create_server(("127.0.0.1", 0))
print("relaying on", server.getsockname()[1], flush=True)
a = server.accept()[0]
b = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
t = threading.Thread(target=pump, args=(a, b))
t.start()
pump(b, a)
t.join()
END
start wire python3 wire.py "$genuine"
await wire.out 'relaying on ' "$pid"
expect 0 connect "localhost:$found" --policy golden.json <in
cmp in out
