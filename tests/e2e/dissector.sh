#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tshark, with contrib/seal.lua and OpenSSL's key log, names what our frames
# say: in captures of TLS, handshake included, and of what is inside of DTLS.
# Environment: FRAMES, which makes the captures; DISSECTOR, the script.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

need tshark
"${FRAMES:?}" tls.pcap handshake.pcap keys datagrams.pcap || die "no captures"
cp "${DISSECTOR:?}" seal.lua
chmod a+rX . seal.lua ./*.pcap keys

# As root, tshark of Debian 13 passes scripts over without a word.
not_root=
[ "$(id -u)" -ne 0 ] || not_root='setpriv --reuid=65534 --regid=65534 --clear-groups'

# shown FILE OPTION...: what tshark makes of it.
shown() {
	file=$1
	shift
	# shellcheck disable=SC2086 # a command and its options
	HOME=$PWD $not_root tshark -X lua_script:seal.lua -r "$file" "$@" 2>tshark.err ||
	    { cat tshark.err >&2; die "tshark: $*"; }
}
none_malformed() {
	if grep -q -i -e 'malformed' -e 'lua error' "$1"; then
		cat "$1" >&2
		die "$1: something is malformed"
	fi
}

say "TLS: every frame of a mutual attestation, by its ALPN"
shown tls.pcap -o tls.keylog_file:keys -Y seal -T fields -e _ws.col.Info \
    >info
cat info
none_malformed info
for type in HELLO REQUEST AUTHENTICATOR 'VERDICT (accepted)' DATA \
    'CLOSE (closed)'; do
	has info "$type"
done
shown tls.pcap -o tls.keylog_file:keys -Y seal -V >details
none_malformed details
has details 'Produces: application/eat+cwt.*(Evidence)'
has details 'Requires attestation: True'
has details 'Inner protocol: coap'
has details 'RFC 9261 message: ClientCertificateRequest (17)'
has details 'RFC 9261 message: CertificateRequest (of the server) (13)'
has details 'RFC 9261 message: CertificateVerify (15)'
has details 'Outcome: accepted (1)'
has details 'Lease in seconds: [1-9]'
data=$(printf 'hello, attested world' | od -An -tx1 | tr -d ' \n')
[ "$(shown tls.pcap -o tls.keylog_file:keys -T fields -e seal.data |
    tr -d '\n:')" = "$data" ] || die "seal.data: not what was sent"

say "TLS: both certificate_request_contexts, each in three frames"
shown tls.pcap -o tls.keylog_file:keys -Y seal.context -T fields \
    -e seal.context | tr ',' '\n' | sort | uniq -c >contexts
cat contexts
[ "$(awk '$1 == 3' contexts | wc -l)" -eq 2 ] ||
    die "expected each context in REQUEST, AUTHENTICATOR and VERDICT"

say "without the key log there is nothing to see"
[ -z "$(shown tls.pcap -Y seal)" ] || die "frames seen without keys"

say "the handshake: the extension in each of its four messages"
# told MESSAGE FIELD: what stands there, of all messages of the kind.
told() {
	shown handshake.pcap -o tls.keylog_file:keys \
	    -Y "seal_intra.message == $1" -T fields -e "$2"
}
shown handshake.pcap -o tls.keylog_file:keys -Y seal_intra -V >details
none_malformed details
for message in ClientHello EncryptedExtensions CertificateRequest Certificate; do
	has details "attestation in the handshake: $message\$"
done
soft='application/eat+cwt; eat_profile="tag:sealtls,2026:soft"'
for place in '1 seal_intra.server_attests' '1 seal_intra.client_attests' \
    '8 seal_intra.server_chose' '13 seal_intra.client_asked' \
    '11 seal_intra.cmw_type'; do
	# shellcheck disable=SC2086 # two words
	told $place >found
	has found "$soft"
done
[ "$(told 11 seal_intra.cmw | wc -w)" -eq 2 ] ||
    die "expected the server's Evidence, and the client's"
# As they went over the wire, in TLS's own words and in ours.
[ "$(shown handshake.pcap -o tls.keylog_file:keys \
    -Y 'tls.handshake.extension.type == 65282' -T fields \
    -e tls.handshake.extension.type | tr ',' '\n' | grep -c '^65282$')" -eq 5 ] ||
    die "expected the extension five times: Certificate comes both ways"
shown handshake.pcap -o tls.keylog_file:keys -Y seal -T fields -e _ws.col.Info \
    >info
cat info
none_malformed info
has info 'HELLO, VERDICT (accepted, of the handshake), REQUEST'
[ -z "$(shown handshake.pcap -Y 'seal_intra.cmw')" ] ||
    die "Evidence seen without keys"

say "datagrams: fragments, acknowledgements and data"
shown datagrams.pcap -d udp.port==5684,seal_datagram -Y seal_datagram \
    -T fields -e _ws.col.Info >info
cat info
none_malformed info
[ "$(wc -l <info)" -eq "$(shown datagrams.pcap | wc -l)" ] ||
    die "some datagrams were not told"
has info 'HELLO (message 0'
has info 'AUTHENTICATOR (message [0-9]*, [0-9]* at 1169 of 4000)'
has info 'VERDICT (message [0-9]*, accepted)'
has info '^ACK ([1-9][0-9]* ranges)'
has info '^DATA'
has info 'CLOSE (message [0-9]*, closed)'
shown datagrams.pcap -d udp.port==5684,seal_datagram -V >details
has details 'Message number: 1'
has details 'Length: 4000'

say "broken frames are marked, and end nothing"
printf '%s\n' '000000 08 00 00 00 00 00 01 00 00 61' \
    '000000 01 00 00 00 00 03 00 00 00 bf ff ff' \
    '000000 07 81 83 00' '000000 05 61' '000000 01' >broken
if command -v text2pcap >/dev/null; then
	text2pcap -q -u 40000,5684 broken broken.pcap 2>/dev/null
	shown broken.pcap -d udp.port==5684,seal_datagram -T fields \
	    -e _ws.col.Info >info
	cat info
	[ "$(grep -c -i malformed info)" -eq 4 ] ||
	    die "expected four that are malformed"
	has info '^DATA'
fi
