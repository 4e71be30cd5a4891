#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Servers at IPv6 addresses and at wildcards, over TCP and, where it is built in,
# UDP: whatever address a client asks, the answer comes from there.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

soft_key signer
"$seal" dev cert localhost cert.pem cert.key >/dev/null
"$seal" dev cert ::1 six.pem six.key >/dev/null
soft_policy policy.json "$pin" 00ff '{ "mode": "pkix", "ca": "cert.pem" }'
soft_policy six.json "$pin" 00ff '{ "mode": "pkix", "ca": "six.pem" }'
six=yes
grep -q '^0*1 ' /proc/net/if_inet6 2>/dev/null || six=
kinds=tcp
"$seal" doctor 2>/dev/null | grep -q '^nss *yes' && kinds='tcp udp'

# at ADDRESS CERT: a server there, its port in $port.
at() {
	# shellcheck disable=SC2086 # $udp is one word or none
	start server "$seal" serve "$1" $udp --cert "$2.pem" --key "$2.key" --echo \
		--attest 'soft:key=signer.key;measurements=app=00ff'
	server=$pid
	await server.log 'listening on ' "$pid"
	port=${found##*:}
}
# asks HOST POLICY [OPTION...]
asks() {
	host=$1 policy=$2
	shift 2
	echo "hello $host" >in
	# shellcheck disable=SC2086 # $udp is one word or none
	expect 0 connect "$host:$port" $udp --policy "$policy" "$@" <in
	has err accepted
	cmp -s in out || die "connect $host $udp: sent $(cat in), received $(cat out)"
}

for kind in $kinds; do
	udp=
	[ "$kind" = tcp ] || udp=--udp
	say "$kind: any address of IPv4"
	at 0.0.0.0:0 cert
	asks 127.0.0.1 policy.json --name localhost
	asks 127.0.0.2 policy.json --name localhost
	stop "$server"
	[ -n "$six" ] || {
		say "there is no IPv6 here"
		continue
	}
	say "$kind: IPv6's loopback, by the address that its certificate names"
	at '[::1]:0' six
	has server.log 'listening on \[::1\]:'
	asks '[::1]' six.json
	has server.log '^\[::1\]:[0-9]*: ready'
	# shellcheck disable=SC2086 # $udp is one word or none
	expect 2 connect "[::1]:$port" $udp --policy policy.json </dev/null
	stop "$server"
	say "$kind: any address of either"
	at '[::]:0' cert
	asks '[::1]' policy.json --name localhost
	[ "$(cat /proc/sys/net/ipv6/bindv6only)" -ne 0 ] ||
		asks 127.0.0.2 policy.json --name localhost
	stop "$server"
done
