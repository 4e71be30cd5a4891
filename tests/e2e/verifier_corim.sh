#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# CoRIMs provisioned to verifiers that share a store: in force at once and in
# all of them, by the word of their signers alone.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/provision.lib.sh
. "$here/provision.lib.sh"
signed=application/rim+cose
unsigned=application/rim+cbor

# values FILE ID VALUE PIN: the JSON of a CoRIM: app is VALUE, signed by PIN.
values() {
	cat >"$1" <<-END
		{ "id": "$2", "profile": "tag:sealtls,2026:corim", "tags": [ { "id": "$2.0",
		  "reference": [ { "environment": { "class": { "model": "soft" } },
		    "measurements": [ { "key": "app", "raw": "$3" } ] } ],
		  "attest_keys": [ { "environment": { "class": { "model": "soft" } },
		    "keys": [ { "spki_sha256": "$4" } ] } ] } ] }
	END
}
# policy FILE RULES: takes its values and signers from the store.
policy() {
	cat >"$1" <<-END
		{ "version": 1, "max_age_s": 60, "identity": { "mode": "none" },
		  "accept": [ { "scheme": "$scheme", "debug": true,
		    "signers": [ { "corim": true } ], "corim": "store", $2 } ] }
	END
}
# attester NAME VALUE: its configuration.
attester() {
	echo '{ "attesters": [ { "driver": "soft", "conf": { "key": "signer.key",
		"measurements": "app='"$2"'" } } ] }' >"$1.json"
}

results_key
soft_key signer
attester old 00aa
attester new 00bb
for who in maker stranger; do
	"$seal" dev cert $who $who.pem $who.key >/dev/null
done
maker=$(openssl pkey -in maker.key -pubout -outform DER 2>/dev/null |
	sha256sum | cut -d' ' -f1)
policy by-store.json "\"corim_signers\": [ { \"spki_sha256\": \"$maker\" } ]"
# rim FILE ID VALUE MAKER
rim() {
	values v.json "$2" "$3" "$pin"
	expect 0 corim create v.json -o "$1" --sign "$4.key" --cert "$4.pem" --signer ACME
}
rim old.corim app 00aa maker
rim new.corim app 00bb maker
rim more.corim more 00bb maker
rim strange.corim strange 00bb stranger
values v.json app 00bb "$pin"
expect 0 corim create v.json -o plain.corim

say "a policy of a store is for verifiers alone"
expect 1 policy lint by-store.json
has err 'only a verifier has'

store=shared.db
run_verifier one "$seal" verifier run --store $store --token-file token
one=$url
run_verifier two "$seal" verifier run --store $store --token-file token
two=$url

story() {
	say "without a CoRIM nothing matches"
	ask 503 -X POST "$one/challenge-response/v1/newSession"
	provision 200 "$one" application/vnd.sealtls.policy+json by-store.json
	judged "$one" contraindicated old.json

	say "provisioned to one, in force in both"
	provision 200 "$one" "$signed" old.corim
	has body '"status":"success"'
	has body '"kind":"corim","name":"app"'
	has body '"used":true'
	has head 'provisioning-session+json'
	judged "$two" warning old.json
	judged "$one" warning old.json
	judged "$two" contraindicated new.json

	say "one of the same id replaces it, at once, in both"
	provision 200 "$two" "$signed; profile=\"x\"" new.corim
	judged "$one" warning new.json
	judged "$two" contraindicated old.json
	provision 200 "$two" application/corim-signed+cbor old.corim
	judged "$one" warning old.json

	say "one of another id stands beside it; removed, it is gone"
	provision 200 "$two" "$signed" more.corim
	judged "$one" warning new.json
	judged "$one" warning old.json
	expect 0 verifier list --store "$store"
	has out 'in force  corim   more'
	has out 'replaced  corim   app'
	number=$(sed -n 's/^ *\([0-9]*\) .*corim *more .*/\1/p' out)
	expect 0 verifier remove "$number" --store "$store"
	judged "$one" contraindicated new.json
	judged "$two" contraindicated new.json
	expect 1 verifier remove "$number" --store "$store"
	expect 0 verifier list --store "$store" --json
	has out '"state":"removed","kind":"corim","name":"more"'

	say "what a removed one had replaced does not come back"
	number=$(sed -n 's/^{"id":\([0-9]*\),.*"state":"in force","kind":"corim","name":"app".*/\1/p' out)
	expect 0 verifier remove "$number" --store "$store"
	judged "$one" contraindicated old.json
	judged "$one" contraindicated new.json

	say "of a stranger, or of nobody: kept, and not used"
	provision 200 "$one" "$signed" strange.corim
	has body '"used":false'
	judged "$one" contraindicated new.json
	provision 200 "$one" "$unsigned" plain.corim
	has body '"used":false'
	judged "$two" contraindicated new.json
	policy plain.json '"corim_unsigned": true'
	provision 200 "$one" application/vnd.sealtls.policy+json plain.json
	judged "$two" warning new.json
	provision 200 "$one" application/vnd.sealtls.policy+json by-store.json
	judged "$two" contraindicated new.json

	say "added in place, too"
	expect 0 verifier add old.corim --store "$store"
	has out 'corim app, number'
	judged "$two" warning old.json
	expect 1 verifier add old.corim --store "$store" --name other
	expect 1 verifier add strange.pem --store "$store"
}
story

say "refused, and nothing changes"
echo x >junk
head -c 100 old.corim >cut.corim
cat old.corim junk >longer.corim
provision 400 "$one" $signed junk
provision 400 "$one" $signed cut.corim
provision 400 "$one" $signed longer.corim
provision 400 "$one" $signed /dev/null
provision 400 "$one" $unsigned old.corim
has body 'signed, which is application/rim+cose'
provision 400 "$one" $signed plain.corim
provision 400 "$one" application/corim-unsigned+cbor old.corim
provision 415 "$one" application/rim+cosey old.corim
provision 415 "$one" application/cbor old.corim
has body 'rim+cose'
head -c 1100000 /dev/zero >large
provision 413 "$one" $signed large
ask 401 -H "Content-Type: $signed" --data-binary @new.corim "$one$submit_to"
judged "$two" warning old.json
judged "$one" contraindicated new.json
ask 200 "$one/.well-known/veraison/provisioning"
has body '"application/rim+cose","application/rim+cbor"'

say "a policy opens no files of its choice"
for rules in '"corim": ["../old.corim"], "corim_unsigned": true' \
	'"corim": ["/etc/passwd"], "corim_unsigned": true' \
	'"corim": "store", "corim_signers": [ { "key": "/etc/passwd" } ]' \
	'"corim": "store", "corim_signers": [ { "ca": "../maker.pem" } ]' \
	'"corim": "store", "corim_signers": [ { "ca": "maker.pem" } ]'; do
	sed "s|\"corim\": \"store\".*|$rules } ] }|" by-store.json >bad.json
	provision 400 "$one" application/vnd.sealtls.policy+json bad.json
	has body 'folder for them'
done

say "changed in the store behind its back: nothing is appraised"
python3 - "$store" <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE item SET body = (SELECT body FROM item WHERE digest <> i.digest AND kind = 'corim' LIMIT 1) FROM (SELECT max(id) AS id, digest FROM item WHERE kind = 'corim' AND name = 'app') AS i WHERE item.id = i.id")
db.execute("UPDATE generation SET n = n + 1")
db.commit()
END
ask 503 -X POST "$one/challenge-response/v1/newSession"
has body 'expected SHA-256'
ask 503 -X POST "$two/challenge-response/v1/newSession"
expect 0 verifier add old.corim --store $store
judged "$one" warning old.json

say "the same on one PostgreSQL"
# shellcheck source=tests/e2e/postgres.lib.sh
. "$here/postgres.lib.sh"
start_postgres
store=$pg_url
run_verifier three "$seal" verifier run --store "$store" --token-file token
one=$url
run_verifier four "$seal" verifier run --store "$store" --token-file token
two=$url
story
