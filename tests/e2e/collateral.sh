#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Collateral, fetched from services that are played here, kept, carried and judged by.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
need python3
mkdir world
"$WORLD" world >world.log 2>&1 || die "no world: $(cat world.log)"
cat world/intel-root.pem world/amd-root.pem >anchors.pem
echo honest >mode
start vendor python3 "$VENDOR" world
await vendor.out 'listening on 127.0.0.1:' "$pid"
at=http://127.0.0.1:$found

# fetch STATUS OPTION...: from the services that are played.
fetch() {
	: >asked
	fetch_want=$1
	shift
	expect "$fetch_want" collateral fetch --anchors anchors.pem --kds "$at" --pcs "$at" "$@" </dev/null
}
asked() { wc -l <asked; }
# files DIR: how many, not counting what starts with a dot.
files() { find "$1" -maxdepth 1 -type f ! -name '.*' 2>/dev/null | wc -l; }
digest() { (cd "$1" && find . -type f ! -name '.*' -exec sha256sum {} + | sort); }

say "fetched for Evidence, once"
fetch 0 --dir a --for world/quote.bin
has out 'stored .*TCB Info tdx-00a1b2c3d4e5'
has out 'stored .*Enclave Identity td-qe'
has out 'stored .*revocation list platform'
has out 'stored .*root.*revocation list'
[ "$(asked)" -eq 4 ] || die "$(cat asked)"
fetch 0 --dir a --for world/quote.bin
has out 'kept .*TCB Info'
[ "$(asked)" -eq 0 ] || die "asked again: $(cat asked)"
fetch 0 --dir a --for world/report.bin
has out 'stored .*AMD chip key milan-0707'
grep -q 'blSPL=03&teeSPL=00&snpSPL=08&ucodeSPL=115' asked || die "$(cat asked)"
fetch 0 --dir a --for world/report.bin
[ "$(asked)" -eq 0 ] || die "asked again: $(cat asked)"
expect 0 collateral check --dir a --anchors anchors.pem
expect 0 collateral check --dir a --anchors anchors.pem --for world/quote.bin
expect 0 collateral list --dir a --json
has out '"intel-tcb"'
python3 -c 'import json,sys; json.load(open("out"))' || die "no JSON"

say "certificates as caches near the platform hand them out"
python3 - <<'END' || die "no certificates"
import json, re, urllib.parse
blocks = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", open("world/quote.bin", "rb").read().decode("latin-1"), re.S)
json.dump([{"tcb": {"pcesvn": 10}, "tcbm": "0a", "cert": urllib.parse.quote(blocks[0])},
           {"tcbm": "09", "cert": "Not available"}], open("pckcerts.json", "w"))
open("chain.pem", "w").write("".join(blocks[1:]))
END
expect 0 collateral import chain.pem pckcerts.json --dir caches --anchors anchors.pem
has out 'stored .*PCK'
cp pckcerts.json broken.json
printf x >>broken.json
expect 2 collateral import broken.json --dir caches --anchors anchors.pem
has out 'refused'
vcek=$(find a -name 'amd-vcek-*')
ask=$(find a -name 'amd-ask-*')
ark=$(find a -name 'amd-ark-*')
python3 - "$vcek" "$ask" "$ark" <<'END' || die "no certificates"
import base64, json, sys, textwrap
def pem(path):
    body = "\n".join(textwrap.wrap(base64.b64encode(open(path, "rb").read()).decode(), 64))
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"
v, a, r = map(pem, sys.argv[1:])
json.dump({"vcekCert": v, "tcbm": "7308000000000003", "certificateChain": a + r, "cacheControl": "86400"}, open("thim.json", "w"))
END
expect 0 collateral import thim.json --dir thim --anchors anchors.pem
has out 'stored .*AMD chip key milan-0707'
[ "$(files thim)" -eq 3 ] || die "$(find thim)"

say "what Intel's tool fetches for a cache of platforms, as it writes it"
cat >platforms.py <<'END'
import json, re, sys, urllib.parse
how = sys.argv[1]
pem = lambda *names: urllib.parse.quote("".join(open(f"world/{n}.pem").read() for n in names))
hexed = lambda name: open(f"world/{name}", "rb").read().hex()
blocks = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", open("world/quote.bin", "rb").read().decode("latin-1"), re.S)
tcb = json.load(open("world/tcb.json"))
if how == "changed":
    tcb["tcbInfo"]["tcbEvaluationDataNumber"] += 1
whole = {"platforms": [{"qe_id": "00", "pce_id": "0000"}], "collaterals": {"version": 4,
    "pck_certs": [{"qe_id": "00", "pce_id": "0000", "certs": [{"tcbm": "0a", "cert": urllib.parse.quote(blocks[0])}, {"cert": "Not available"}]}],
    "tcbinfos": [{"fmspc": "00a1b2c3d4e5", "tdx_tcbinfo": tcb}],
    "pckcacrl": {"processorCrl": "", "platformCrl": hexed("pck.crl")},
    "qeidentity": "", "tdqeidentity": open("world/qe.json").read(), "qveidentity": "{}",
    "certificates": {"SGX-PCK-Certificate-Issuer-Chain": {"PLATFORM": urllib.parse.quote("".join(blocks[1:]))},
        "TCB-Info-Issuer-Chain": pem("signer", "intel-root"), "SGX-Enclave-Identity-Issuer-Chain": pem("signer", "intel-root")},
    "rootcacrl": hexed("root.crl") + ("0" if how == "half" else ""), "rootcacrl_cdp": "https://127.0.0.1/root.crl"}}
json.dump(whole, open("platforms.json", "w"))
END
python3 platforms.py good || die "no file"
expect 0 collateral import platforms.json --dir platforms --anchors anchors.pem
has out 'stored .*TCB Info tdx-00a1b2c3d4e5'
has out 'stored .*Enclave Identity td-qe'
has out 'stored .*revocation list platform'
expect 0 collateral check --dir platforms --anchors anchors.pem --for world/quote.bin
python3 platforms.py changed || die "no file"
expect 4 collateral import platforms.json --dir changed --anchors anchors.pem
has out 'refused .*TCB Info'
python3 platforms.py half || die "no file"
expect 2 collateral import platforms.json --dir half --anchors anchors.pem
[ "$(files half)" -eq 0 ] || die "stored of a broken file: $(find half)"

say "and judged by, as the folder stands"
cat >policy.json <<END
{ "version": 1, "max_age_s": 60, "identity": { "mode": "none" }, "endorsements": "a", "accept": [ {
  "scheme": "application/vnd.sealtls.tdx-quote", "signers": [ { "ca": "anchors.pem" } ], "debug": false,
  "measurements": { "mrtd": "$(printf '11%.0s' $(seq 48))" }, "tcb": {} } ] }
END
expect 2 appraise world/quote.bin --policy policy.json
has out 'dcap.tcb.status'
hasnt out 'FAILED.*dcap'
mkdir empty
expect 3 appraise world/quote.bin --policy policy.json --endorsements empty
has out 'FAILED.*dcap.tcb.signer'

say "nobody else's word counts"
expect 2 collateral check --dir a
has out 'unverified'

say "lies of the services: each refused, and nothing is stored"
for lie in corrupt wrong-chain no-chain bad-chain two-chains stranger other ended html empty redirect missing; do
	echo $lie >mode
	rm -rf b
	fetch_at=0
	: >asked
	"$seal" collateral fetch --anchors anchors.pem --dir b --fmspc 00a1b2c3d4e5 --kds "$at" --pcs "$at" \
		--timeout 20 </dev/null >out 2>err || fetch_at=$?
	case $lie in
	no-chain | bad-chain | two-chains | wrong-chain | other) want_files=1 ;; # the root's list has no chain
	*) want_files=0 ;;
	esac
	[ "$fetch_at" -ne 0 ] || die "$lie: accepted"
	hasnt out 'stored .*TCB Info'
	hasnt out 'stored .*Enclave Identity'
	[ "$(files b)" -le $((want_files + 3)) ] || die "$lie: $(ls b)"
	[ "$(find b -name '*.json' | wc -l)" -eq 0 ] || die "$lie: $(ls b)"
	grep -q 'to do\|expected\|chain\|signature' out || die "$lie: says nothing: $(cat out err)"
done
echo other >mode
rm -rf b
fetch 4 --dir b --for world/quote.bin
has out 'without it'
echo redirect >mode
rm -rf b
fetch 3 --dir b --for world/quote.bin
has out 'expected no redirect'
echo no-chain >mode
fetch 4 --dir b --for world/quote.bin
has out 'TCB-Info-Issuer-Chain, found none'

say "services that are slow, cut off or without end"
echo busy >mode
rm -rf b
fetch 0 --dir b --for world/report.bin --timeout 60
[ "$(asked)" -eq 9 ] || die "asked $(asked) times: $(cat asked)"
for lie in hang cut huge busy-for-ever; do
	echo $lie >mode
	rm -rf b
	fetch 3 --dir b --product Milan --timeout 2
	[ "$(files b)" -eq 0 ] || die "$lie: $(ls b)"
	has out 'not to be had'
done
has out 'asked again in 3600 s'

say "nothing goes back, and what is newer comes"
echo old >mode
before=$(digest a)
fetch 4 --dir a --fmspc 00a1b2c3d4e5 --force
has out 'older than the one that is stored'
[ "$before" = "$(digest a)" ] || die "it went back"
for lie in stranger ended corrupt cut; do
	echo $lie >mode
	status=0
	"$seal" collateral fetch --anchors anchors.pem --dir a --fmspc 00a1b2c3d4e5 --force --kds "$at" --pcs "$at" \
		--timeout 3 </dev/null >out 2>err || status=$?
	[ "$status" -ge 2 ] || die "$lie: $status"
	[ "$before" = "$(digest a)" ] || die "$lie: changed"
done
echo new >mode
fetch 0 --dir a --fmspc 00a1b2c3d4e5 --force
has out 'renewed .*TCB Info'
[ "$before" != "$(digest a)" ] || die "nothing came"
echo hex >mode
fetch 4 --dir a --fmspc 00a1b2c3d4e5 --force
rm -rf b
fetch 0 --dir b --fmspc 00a1b2c3d4e5

say "several at once ask once"
echo honest >mode
rm -rf c
: >asked
one=
for i in 1 2 3 4; do
	start "fetch$i" "$seal" collateral fetch --anchors anchors.pem --kds "$at" --pcs "$at" --dir c \
		--fmspc 00a1b2c3d4e5
	one="$one $pid"
done
for p in $one; do
	finish "$p"
	[ "$status" -eq 0 ] || die "a fetch ended with $status: $(cat fetch*.log fetch*.out)"
done
[ "$(asked)" -eq 4 ] || die "asked $(asked) times: $(cat asked)"

say "carried to where there is no network"
expect 0 collateral pack one.tar --dir a
expect 0 inspect one.tar
has out 'Collateral in a pack'
has out 'kind: Intel TCB Info'
expect 0 collateral import one.tar --dir d --anchors anchors.pem
[ "$(digest a)" = "$(digest d)" ] || die "carried is not the same"
expect 0 collateral pack two.tar --dir d
cmp one.tar two.tar || die "two packs of the same differ"
if command -v tar >/dev/null; then
	mkdir e
	tar -xf one.tar -C e || die "tar cannot read it"
	expect 0 collateral import e --dir f --anchors anchors.pem
	[ "$(digest a)" = "$(digest f)" ] || die "unpacked is not the same"
	(cd e && tar -cf ../foreign.tar ./*)
	expect 2 collateral import foreign.tar --dir g --anchors anchors.pem
	ln -s /etc/passwd link
	tar -cf link.tar link
	expect 2 collateral import link.tar --dir g --anchors anchors.pem
	[ "$(files g)" -eq 0 ] || die "$(ls g)"
fi
head -c 5000 one.tar >cut.tar
expect 2 collateral import cut.tar --dir g --anchors anchors.pem
expect 2 collateral import one.tar --dir g
[ "$(files g)" -eq 0 ] || die "$(ls g)"

say "files one by one"
expect 0 collateral import world/tcb.json world/signer.pem world/pck.crl world/ca.pem --dir h --anchors anchors.pem
expect 4 collateral import world/ca.pem world/stranger-pck.crl --dir h --anchors anchors.pem
expect 2 collateral import world/old-tcb.json --dir h --anchors anchors.pem
has out 'older than'
expect 2 collateral import world/stranger-tcb.json --dir h --anchors anchors.pem
expect 1 collateral import nothing.at.all --dir h --anchors anchors.pem
expect 2 collateral import policy.json --dir h --anchors anchors.pem

say "what ends, and when"
now=$(date +%s)
expect 0 collateral check --dir a --anchors anchors.pem
expect 3 collateral check --dir a --anchors anchors.pem --within 31
has out 'ends soon'
expect 3 collateral check --dir a --anchors anchors.pem --max-age 1 --time $((now + 60000))
has out 'too old'
expect 2 collateral check --dir a --anchors anchors.pem --time $((now + 40 * 86400))
has out 'ended'
expect 2 collateral check --dir h --anchors anchors.pem --for world/report.bin
has out 'missing .*AMD chip key'
for f in a/intel-tcb-*.json; do
	printf 'x' | dd of="$f" bs=1 seek=200 conv=notrunc 2>/dev/null
done
expect 2 collateral check --dir a --anchors anchors.pem
expect 0 collateral import d --dir a --anchors anchors.pem
expect 0 collateral check --dir a --anchors anchors.pem

say "killed while it writes: each file is old or new"
for i in $(seq 20); do
	"$seal" collateral import one.tar --dir "k$((i % 3))" --anchors anchors.pem >/dev/null 2>&1 &
	victim=$!
	python3 -c 'import time,sys; time.sleep(int(sys.argv[1]) % 10 / 200)' "$i"
	kill -9 $victim 2>/dev/null || true
	wait $victim 2>/dev/null || true
	expect 0 collateral list --dir "k$((i % 3))" --anchors anchors.pem
	hasnt out unverified
done
for i in 0 1 2; do
	expect 0 collateral import one.tar --dir "k$i" --anchors anchors.pem
	[ "$(digest d)" = "$(digest "k$i")" ] || die "k$i is not whole"
	[ -z "$(find "k$i" -name '.new-*')" ] || die "left over: $(ls -a "k$i")"
done

say "nothing but fetch asks anybody"
: >asked
expect 0 collateral check --dir a --anchors anchors.pem
expect 0 collateral list --dir a --anchors anchors.pem
expect 0 collateral import one.tar --dir a --anchors anchors.pem
[ "$(asked)" -eq 0 ] || die "$(cat asked)"
expect 1 collateral fetch --dir a
expect 1 collateral fetch --dir a --product Naples
expect 1 collateral fetch --dir a --fmspc 00
expect 1 collateral fetch --dir a --fmspc 00a1b2c3d4e5 --product Milan
expect 1 collateral fetch --dir a --product Milan --kds http://192.0.2.1
