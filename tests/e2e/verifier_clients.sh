#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who may write into a verifier: a table of attempts with tokens, with client
# certificates and with neither, at each kind of thing that can be written.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/provision.lib.sh
. "$here/provision.lib.sh"

# ca NAME: who certifies clients.
ca() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$1.key" -out "$1.pem" -subj "/CN=$1" -days 2 \
		-addext basicConstraints=critical,CA:TRUE \
		-addext keyUsage=critical,keyCertSign 2>/dev/null
}
# client NAME CA SUBJECT EXTENSION... : NAME.pem and NAME.key.
client() {
	client_name=$1 client_ca=$2 subject=$3
	shift 3
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$client_name.key" -out csr -subj "$subject" 2>/dev/null
	printf '%s\n' 'basicConstraints=critical,CA:FALSE' "$@" >ext
	mkdir -p "$client_ca.db"
	: >"$client_ca.db/index"
	printf '[ca]\ndefault_ca=x\n[x]\ndatabase=%s.db/index\nrand_serial=yes\nnew_certs_dir=%s.db\npolicy=p\ndefault_md=sha256\nunique_subject=no\nemail_in_dn=no\n[p]\ncommonName=optional\n' \
		"$client_ca" "$client_ca" >ca.conf
	openssl ca -batch -config ca.conf -cert "$client_ca.pem" -keyfile "$client_ca.key" \
		-in csr -out "$client_name.pem" -extfile ext -notext \
		-startdate "${from:-20200101000000Z}" -enddate "${until:-20990101000000Z}" \
		>ca.log 2>&1 </dev/null || die "openssl ca: $(cat ca.log)"
}

results_key
soft_key signer
soft_policy policy.json "$pin" 00ff
expect 0 corim from-policy policy.json -o values.json
expect 0 corim create values.json -o values.corim
"$seal" dev cert maker maker.pem maker.key >/dev/null
expect 0 corim create values.json -o signed.corim --sign maker.key --cert maker.pem --signer A
ca clients
ca strangers
auth=extendedKeyUsage=clientAuth
client good clients /CN=any $auth subjectAltName=URI:spiffe://x/deploy
client dns clients /CN=any $auth subjectAltName=DNS:deploy.example
client bare clients /CN=deployer $auth
client pinned clients /CN=nobody $auth subjectAltName=DNS:unlisted.example
client unlisted clients /CN=nobody $auth subjectAltName=DNS:unlisted.example
client prefix clients /CN=any $auth subjectAltName=DNS:deploy.example.evil.example
client part clients /CN=any $auth subjectAltName=DNS:example
client wild clients /CN=any $auth 'subjectAltName=DNS:*.example'
client case clients /CN=any $auth subjectAltName=URI:spiffe://x/Deploy
client hidden clients /CN=deployer $auth subjectAltName=DNS:other.example
client server clients /CN=any extendedKeyUsage=serverAuth subjectAltName=DNS:deploy.example
client other strangers /CN=any $auth subjectAltName=DNS:deploy.example
until=20210101000000Z client expired clients /CN=any $auth subjectAltName=DNS:deploy.example
from=20980101000000Z client early clients /CN=any $auth subjectAltName=DNS:deploy.example
"$seal" dev cert deploy.example self.pem self.key >/dev/null
"$seal" dev cert localhost cert.pem cert.key >/dev/null
key_pin=$(openssl pkey -in pinned.key -pubout -outform DER 2>/dev/null | sha256sum | cut -d' ' -f1)
cat good.pem other.pem >mixed.pem
cp good.key mixed.key
store=v.db
# verifier LINE...: over TLS, with these lines of configuration.
verifier() {
	printf '%s\n' "listen = 127.0.0.1:0" "store = $store" "key = results.key" \
		"id = https://v.example" "tls_cert = cert.pem" "tls_key = cert.key" \
		"$@" >v.conf
	start v "$seal" verifier run --config v.conf
	await v.log 'listening on ' "$pid"
	verifier_pid=$pid
	url=https://localhost:${found##*:}
}
# attempt STATUS CURL-ARGUMENT...: everything that can be written.
attempt() {
	attempt_want=$1
	shift
	while read -r type file; do
		ask "$attempt_want" --cacert cert.pem -H "Content-Type: $type" "$@" \
			--data-binary "@$file" "$url$submit_to"
	done <<-END
		application/vnd.sealtls.policy+json policy.json
		application/rim+cbor values.corim
		application/corim-unsigned+cbor values.corim
		application/rim+cose signed.corim
	END
}
as() { echo "--cert $1.pem --key $1.key"; }
items() { "$seal" verifier list --store $store | wc -l; }
# refused NAME STATUS CURL-ARGUMENT...: and nothing was written.
refused() {
	say "refused: $1"
	before=$(items)
	shift
	attempt "$@"
	[ "$(items)" -eq "$before" ] || die "something was written"
}
taken() {
	say "taken: $1"
	before=$(items)
	shift
	attempt 200 "$@"
	[ "$(items)" -eq $((before + 4)) ] || die "nothing was written"
}

say "who may is always said"
for lines in 'client_ca = clients.pem' 'client_name = deploy.example' \
	'client_pin = 00' 'client_pin = zz' 'client_ca = none.pem
client_name = x'; do
	printf '%s\n' "store = $store" "key = results.key" "id = x" "tls_cert = cert.pem" \
		"tls_key = cert.key" "listen = 127.0.0.1:0" "$lines" >bad.conf
	expect 1 verifier run --config bad.conf
done

verifier
refused "off is off" 403
# shellcheck disable=SC2046 # two options
refused "off is off, also for a certificate" 403 $(as good)
refused "off is off, also for a token" 403 -H "Authorization: Bearer $(cat token)"
stop "$verifier_pid"

verifier 'token_file = token'
# shellcheck disable=SC2046
refused "certificates are off" 401 $(as good)
taken "the token" -H "Authorization: Bearer $(cat token)"
stop "$verifier_pid"

verifier 'client_ca = clients.pem' 'client_name = spiffe://x/deploy' \
	'client_name = deploy.example' 'client_name = deployer' "client_pin = $key_pin"
refused "tokens are off" 401 -H "Authorization: Bearer $(cat token)"
for who in good dns bare pinned; do
	# shellcheck disable=SC2046
	taken "$who" $(as $who)
done
has v.conf client_pin
"$seal" verifier list --store $store >out
has out 'by spiffe://x/deploy'
has out "by key $(echo "$key_pin" | cut -c1-16)"
for who in unlisted prefix part wild case hidden server other expired early self; do
	# shellcheck disable=SC2046
	refused "$who" 401 $(as $who)
done
stop "$verifier_pid"

verifier 'client_ca = clients.pem' 'client_name = deploy.example' 'token_file = token'
refused "neither" 401
has head '[Ww][Ww][Ww]-[Aa]uthenticate: Bearer'
token=$(cat token)
jwt=eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.
refused "an empty token" 401 -H 'Authorization: Bearer '
refused "a wrong token" 401 -H 'Authorization: Bearer wrong'
refused "the start of the token" 401 -H "Authorization: Bearer ${token%?}"
refused "more than the token" 401 -H "Authorization: Bearer ${token}x"
refused "the token twice" 401 -H "Authorization: Bearer $token $token"
refused "another scheme" 401 -H "Authorization: Basic $(printf %s "$token" | base64)"
refused "the token as a password" 401 -u "admin:$token"
refused "no scheme" 401 -H "Authorization: $token"
refused "a token of another kind" 401 -H "Authorization: Bearer $jwt"
refused "the token elsewhere" 401 -H "X-Auth-Token: $token" -H "Cookie: token=$token"
refused "a proxy's word" 401 -H 'X-SSL-Client-Verify: SUCCESS' \
	-H 'X-Client-Cert: deploy.example' -H 'X-Forwarded-For: 127.0.0.1' \
	-H 'X-Forwarded-Client-Cert: URI=deploy.example' -H 'Forwarded: for=127.0.0.1'
refused "a wrong token first" 401 -H 'Authorization: Bearer wrong' -H "Authorization: Bearer $token"
refused "a header that ends early" 401 -H "Authorization: Bearer wrong, Bearer $token"
# shellcheck disable=SC2046
refused "another's certificate and a wrong token" 401 $(as other) -H 'Authorization: Bearer x'
# shellcheck disable=SC2046
taken "the certificate, with a wrong token" $(as dns) -H 'Authorization: Bearer x'
# shellcheck disable=SC2046
taken "the token, with another's certificate" $(as other) -H "Authorization: Bearer $token"

say "other methods and paths write nothing"
before=$(items)
for method in PUT PATCH DELETE GET; do
	ask 405 --cacert cert.pem -X $method "$url$submit_to"
done
for path in /endorsement-provisioning/v1/submit/ /Endorsement-provisioning/v1/submit \
	//endorsement-provisioning/v1/submit /endorsement-provisioning/v1/submit%00; do
	got=$(curl -s -m 20 -o body -w '%{http_code}' --path-as-is --cacert cert.pem \
		-H 'Content-Type: application/vnd.sealtls.policy+json' \
		--data-binary @policy.json "$url$path")
	case $got in
	400 | 401 | 404) ;;
	*) die "$path: found $got" ;;
	esac
done
ask 401 --cacert cert.pem -H 'X-HTTP-Method-Override: POST' -X POST "$url$submit_to"
[ "$(items)" -eq "$before" ] || die "something was written"
