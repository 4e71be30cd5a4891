#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Attestation in the handshake: this command at both ends, a TPM's key as
# TLS's, and peers that never heard of it.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
need openssl curl
PATH=$PATH:/usr/sbin # nginx

# policy FILE PIN VALUE [IDENTITY]: accepts what binds to the handshake alone.
policy() {
	soft_policy "$@"
	sed -i 's/"version": 1,/"version": 1, "min_binding": "transcript",/' "$1"
}
soft_key server-signer
policy of-server.json "$pin" 00ff
policy other.json "$pin" 00fe
soft_policy of-server-traffic.json "$pin" 00ff
"$seal" dev cert localhost cert.pem cert.key >/dev/null
policy by-ca.json "$pin" 00ff '{ "mode": "pkix", "ca": "cert.pem" }'
soft_key client-signer
policy of-client.json "$pin" 00ff
server_attests='soft:key=server-signer.key;measurements=app=00ff'
client_attests='soft:key=client-signer.key;measurements=app=00ff'

# on_some_port NAME COMMAND...: a server that is given its port as the last
# word; its pid in $pid, the port in $port.
ports_tried=0
on_some_port() {
	some_name=$1
	shift
	for _ in $(seq 20); do
		ports_tried=$((ports_tried + 1))
		port=$((20000 + ($$ * 11 + ports_tried * 97) % 12000))
		start "$some_name" "$@" "$port"
		sleep 0.3
		if kill -0 "$pid" 2>/dev/null &&
			! grep -q 'Address already in use' "$some_name.log"; then
			return 0
		fi
		stop "$pid"
	done
	die "$some_name: no port to be had"
}

say "the server attests in the handshake"
serve server --mode intra --echo --attest "$server_attests"
server=$port
talks --mode intra --policy of-server.json
expect 0 connect "localhost:$port" --mode intra --policy of-server.json --verdict </dev/null
has out transcript
expect 2 connect "localhost:$port" --mode intra --policy other.json </dev/null
has err app
[ ! -s out ] || die "data passed: $(cat out)"
await server.log 'alert' # the refusal reached the server

say "a policy that asks for traffic binding is no policy for it"
expect 1 connect "localhost:$port" --mode intra --policy of-server-traffic.json </dev/null
has err min_binding
expect 1 connect "localhost:$port" --mode sideways --policy of-server.json </dev/null
has err 'post, intra or both'

say "learned in the handshake, then connected"
expect 0 policy learn "localhost:$port" --mode intra -o learned.json
talks --mode intra --policy learned.json

say "a peer of the other carrier is told so"
expect 2 connect "localhost:$port" --policy of-server-traffic.json </dev/null

say "both carriers: the handshake opens the door, the session lifts the binding"
serve both --mode both --echo --attest "$server_attests"
talks --mode both --policy of-server-traffic.json
expect 0 connect "localhost:$port" --mode both --policy of-server-traffic.json --verdict </dev/null
has out traffic
expect 2 connect "localhost:$port" --mode both --policy other.json </dev/null

say "learned over both, it asks for what both give"
expect 0 policy learn "localhost:$port" --mode both -o learned-both.json
has learned-both.json '"min_binding": "traffic"'
talks --mode both --policy learned-both.json
expect 1 connect "localhost:$port" --mode intra --policy learned-both.json </dev/null
has err min_binding

say "mutual, without client authentication"
cat >mutual.conf <<END
{ "mode": "intra", "policy": "of-client.json", "reveal_after_peer": false,
  "attesters": [ { "driver": "soft", "conf": { "key": "server-signer.key",
    "measurements": "app=00ff" } } ] }
END
serve mutual --config mutual.conf --echo
mutual=$port
talks --mode intra --policy of-server.json --attest "$client_attests"
expect 2 connect "localhost:$port" --mode intra --policy of-server.json </dev/null
expect 1 serve 0 --mode intra --policy of-client.json --attest "$server_attests" </dev/null
has err reveal_after_peer

say "openssl's own client: served where nothing is asked of it"
echo plain >in
port=$server
(cat in && sleep 1) | timeout 20 openssl s_client -quiet -verify_quiet \
	-connect "localhost:$port" >out 2>err || true
has out plain

say "and refused, with certificate_required, where it has to attest"
timeout 20 openssl s_client -connect "localhost:$mutual" <in >out 2>err || true
has err 'certificate required'
await mutual.log 'requires the client to attest'

say "curl, over the application's own ALPN"
serve web --mode intra --alpn http/1.1 --attest "$server_attests" \
	--exec 'read -r line; printf "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nok\n"; cat >/dev/null'
web=$port
curl -sk --http1.1 --max-time 20 "https://localhost:$web/" >out 2>err || die "curl: $(cat err)"
has out ok
expect 2 connect "localhost:$port" --mode intra --alpn smtp --policy of-server.json </dev/null

say "openssl's own server: refused where it has to attest, else not attested"
openssl_server() {
	exec openssl s_server -rev -cert cert.pem -key cert.key -accept "127.0.0.1:$1"
}
on_some_port openssl openssl_server
expect 2 connect "localhost:$port" --mode intra --policy by-ca.json </dev/null
has err 'requires the peer to attest'
has err 'does the peer speak the extension'
cat >prefer.conf <<END
{ "mode": "intra", "policy": "by-ca.json", "require": false }
END
echo abc >in
expect 0 connect "localhost:$port" --config prefer.conf --exec 'cat in; head -n 1 >reversed' </dev/null
has reversed cba
has err unsupported

say "nginx, which serves, and asks others in turn"
if command -v nginx >/dev/null; then
	cat >nginx.in <<END
daemon off;
master_process off;
pid nginx.pid;
error_log stderr info;
events { worker_connections 64; }
http {
	access_log off;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	proxy_ssl_protocols TLSv1.3;
	server {
		listen 127.0.0.1:PORT ssl;
		ssl_protocols TLSv1.3;
		ssl_certificate cert.pem;
		ssl_certificate_key cert.key;
		location / { return 200 "from nginx"; }
		location /attester { proxy_pass https://127.0.0.1:$web/; }
		location /asker { proxy_pass https://127.0.0.1:$mutual/; }
	}
}
END
	nginx_server() {
		sed "s/PORT/$1/" nginx.in >nginx.conf
		exec nginx -p "$dir/" -c nginx.conf -e stderr
	}
	on_some_port nginx nginx_server
	expect 2 connect "localhost:$port" --mode intra --policy by-ca.json </dev/null
	has err 'requires the peer to attest'
	has err 'does the peer speak the extension'
	await nginx.log 'alert handshake failure'
	expect 0 connect "localhost:$port" --config prefer.conf --exec \
		'printf "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"; cat >reply' </dev/null
	has reply 'from nginx'
	has err unsupported
	has err 'the peer does not attest'
	curl -sk --max-time 20 "https://localhost:$port/attester" >out 2>err || die "nginx: $(cat nginx.log)"
	has out ok
	curl -sk --max-time 20 "https://localhost:$port/asker" >out 2>err || die "nginx: $(cat nginx.log)"
	has out '502 Bad Gateway'
	await nginx.log 'alert certificate required'
else
	say "skipped: there is no nginx on this machine"
fi

say "a TPM's key is TLS's"
if command -v swtpm >/dev/null && command -v tpm2_getrandom >/dev/null; then
	start_tpm tpm
	expect 0 tpm init --tcti "$tcti" --out keys
	serve tpm --mode intra --echo \
		--attest "tpm2:tcti=$tcti;pcrs=sha256:0-7;subject_cert=keys/subject.pem"
	expect 0 policy learn "localhost:$port" --mode intra -o tpm.json
	talks --mode intra --policy tpm.json
	expect 0 connect "localhost:$port" --mode intra --policy tpm.json --verdict </dev/null
	has out transcript
	hasnt out INSECURE
else
	say "skipped: there is no swtpm on this machine"
fi
