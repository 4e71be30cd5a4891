#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Results of a running Verifier in the place of Evidence: presented by the
# attester, made for the connection or kept, and asked for by the Relying Party;
# for a server, a client, and both.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/lib.sh
. "$here/lib.sh"
# shellcheck source=tests/e2e/verifier.lib.sh
. "$here/verifier.lib.sh"

prepare_verifier
soft_key server-signer
server_pin=$pin
soft_key client-signer
"$seal" dev cert localhost cert.pem cert.key >/dev/null
entry() {
	echo "{ \"scheme\": \"$scheme\", \"signers\": [ { \"spki_sha256\": \"$1\" } ],
		\"debug\": true, \"measurements\": { \"app\": \"00ff\" } }"
}
echo "{ \"version\": 1, \"max_age_s\": 60, \"identity\": { \"mode\": \"none\" },
	\"accept\": [ $(entry "$server_pin"), $(entry "$pin") ] }" >policy.json
store=v.db
expect 0 verifier add policy.json --store v.db
verifier v
verifier_pid=$pid
ask 200 "$url/.well-known/jwks.json"
cp body v.jwks

# results FILE [LEVEL] [RULES]: a policy that trusts that Verifier.
results() {
	echo "{ \"version\": 1, \"max_age_s\": 60, \"min_binding\": \"${2-traffic}\",
	  \"identity\": { \"mode\": \"none\" }, \"accept\": [ { \"scheme\": \"ear\",
	    \"verifier\": \"https://v.example\", \"signers\": [ { \"jwks\": \"v.jwks\" } ],
	    \"status\": \"warning\", ${3-\"vector\": { \"executables\": \"warning\" \}} } ] }" |
		sed 's/\\}/}/' >"$1"
}
# conf FILE ROLE APP MODE POLICY: what a side attests with and relies on; MODE
# is that of its passport, evidence, or none; a POLICY with judges has the
# peer's Evidence judged by the Verifier.
conf() {
	case $4 in
	none) attests= ;;
	*)
		passport=
		[ "$4" = evidence ] ||
			passport=", \"passport\": { \"verifier\": \"v\", \"mode\": \"$4\" }"
		attests="\"attesters\": [ { \"driver\": \"soft\", \"conf\": {
			\"key\": \"$2-signer.key\", \"measurements\": \"app=$3\" }$passport } ],"
		;;
	esac
	relies=
	[ "$2" = server ] ||
		relies="\"identity\": { \"mode\": \"pkix\", \"ca\": \"cert.pem\" },"
	[ "$5" = - ] || relies="\"policy\": \"${5%:judges}\","
	judges=
	[ "$5" = "${5%:judges}" ] || judges=", \"judges\": [ \"$scheme\" ]"
	echo "{ $attests $relies \"verifiers\": [ { \"name\": \"v\", \"api\": \"veraison\",
		\"url\": \"$url\", \"id\": \"https://v.example\", \"plain_http\": true,
		\"timeout_ms\": 2000$judges } ] }" >"$1"
}
results fresh.json
results kept.json key

# roles MODE POLICY: MODE presented, POLICY relied on: each way, and both.
roles() {
	conf s-attests.json server 00ff "$1" -
	conf s-relies.json server 00ff none "$2"
	conf s-both.json server 00ff "$1" "$2"
	conf c-attests.json client 00ff "$1" -
	conf c-relies.json client 00ff none "$2"
	conf c-both.json client 00ff "$1" "$2"
	for pair in attests:relies relies:attests both:both; do
		serve "$1-${pair%:*}" --cert cert.pem --key cert.key --echo \
			--config "s-${pair%:*}.json"
		server_pid=$pid
		echo "hello $pair" >in
		expect 0 connect "localhost:$port" --config "c-${pair#*:}.json" <in
		cmp -s in out || die "$pair: received $(cat out)"
		stop "$server_pid"
	done
}
say "interactive passports"
roles interactive fresh.json
say "cached passports"
roles cached kept.json
say "background check by the Verifier"
roles evidence fresh.json:judges

say "what the verdict says of each"
for mode in interactive:fresh.json:traffic cached:kept.json:key evidence:fresh.json:judges:traffic; do
	first=${mode%%:*} policy=${mode#*:}
	conf s.json server 00ff "$first" -
	conf c.json client 00ff none "${policy%:*}"
	serve told --cert cert.pem --key cert.key --echo --config s.json
	expect 0 connect "localhost:$port" --config c.json --verdict </dev/null
	has out "${policy##*:}"
	has out 'ear.verifier.*https://v.example'
	stop "$pid"
done

say "a cached one where only a fresh one counts"
conf s.json server 00ff cached -
conf c.json client 00ff none fresh.json
serve cached --cert cert.pem --key cert.key --echo --config s.json
echo secret >in
expect 2 connect "localhost:$port" --config c.json <in
has err binder
[ ! -s out ] || die "data passed: $(cat out)"

say "the Verifier refuses what the server runs"
conf s.json server 00fe interactive -
serve wrong --cert cert.pem --key cert.key --echo --config s.json
wrong=$port
expect 2 connect "localhost:$port" --config c.json <in
has err contraindicated
[ ! -s out ] || die "data passed: $(cat out)"
conf s.json server 00fe evidence -
conf c-judges.json client 00ff none fresh.json:judges
serve bare --cert cert.pem --key cert.key --echo --config s.json
bare=$port
expect 2 connect "localhost:$port" --config c-judges.json <in
has err contraindicated

say "another Verifier's keys, another name, a better vector"
conf s.json server 00ff interactive -
serve right --cert cert.pem --key cert.key --echo --config s.json
right=$port
cp v.jwks keep
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out other.key 2>/dev/null
chmod 600 other.key
# shellcheck disable=SC2034 # for verifier
store=other.db
expect 0 verifier add policy.json --store other.db
at_first=$url
verifier other "key = other.key"
ask 200 "$url/.well-known/jwks.json"
cp body v.jwks
expect 2 connect "localhost:$right" --config c.json <in
has err signature
stop "$pid"
url=$at_first
cp keep v.jwks
sed 's,https://v.example",https://w.example",' fresh.json >named.json
conf c-named.json client 00ff none named.json
expect 2 connect "localhost:$right" --config c-named.json <in
results better.json traffic '"vector": { "hardware": "affirming" }'
conf c-better.json client 00ff none better.json
expect 2 connect "localhost:$right" --config c-better.json <in
has err hardware
expect 0 connect "localhost:$right" --config c.json <in

say "the Verifier is down: unavailable, and nothing hangs"
conf s.json server 00ff cached -
serve kept --cert cert.pem --key cert.key --echo --config s.json
kept=$port
conf c-kept.json client 00ff none kept.json
expect 0 connect "localhost:$kept" --config c-kept.json <in
stop "$verifier_pid"
expect 3 connect "localhost:$right" --config c.json <in
[ ! -s out ] || die "data passed: $(cat out)"
expect 3 connect "localhost:$bare" --config c-judges.json <in
[ ! -s out ] || die "data passed: $(cat out)"
# What is kept needs nobody.
expect 0 connect "localhost:$kept" --config c-kept.json <in
: "$wrong"

say "offline: a result as a file"
expect 0 policy lint fresh.json
expect 0 policy explain fresh.json
has out "a result of the Verifier 'https://v.example'"
